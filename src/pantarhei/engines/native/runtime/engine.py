"""The native engine: programs run as machine code, or by NumPy where that cannot be.

Nothing is shared between two calls that run at the same time; inputs are never written, and no
array that is handed out is ever touched again.
"""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from pantarhei.engines.contract import DONE, Engine, Observer, Run
from pantarhei.engines.native.codegen.jit import Compiler, Unavailable, compiler
from pantarhei.engines.native.codegen.ops import TYPES
from pantarhei.engines.native.kernels.lowering import Fetch, HostCall
from pantarhei.engines.native.pipeline import assemble
from pantarhei.engines.native.runtime.bound import bind
from pantarhei.engines.native.runtime.context import CompiledProgram, ExecutionContext
from pantarhei.engines.native.runtime.entry import address_of
from pantarhei.engines.numpy import engine as numpy_engine
from pantarhei.engines.numpy.engine import EngineFault
from pantarhei.engines.recycler import maker
from pantarhei.program.ir import Array, Node, Program, ProgramError, out_of_memory

_warned = False


def engine(threads: int = 0) -> Engine:
    """The engine for a session that may use so many threads; 0 for as many as there are cores."""
    jit = _compiler()
    if jit is None:
        return numpy_engine.engine(threads)
    compiled, observed = (
        partial(compile, threads=threads),
        partial(compile_observed, threads=threads),
    )
    return Engine("native", compiled, observed, bind=partial(bind, jit, threads))


def compile(program: Program, threads: int = 0) -> Run:
    """A function from the arrays of the program's inputs to those of its outputs.

    Where no machine code can be made here, a warning says so once, and the reference engine runs.
    """
    jit = _compiler()
    return numpy_engine.compile(program) if jit is None else Runner(jit, program, threads)


def compile_observed(program: Program, note: Observer, threads: int = 0) -> Run:
    """As `compile`; `note` is called after every kernel and every call of NumPy."""
    jit = _compiler()
    if jit is None:
        return numpy_engine.compile_observed(program, note)
    return Runner(jit, program, threads, note)


def _compiler() -> Compiler | None:
    """The compiler of this process; one warning says why there is none."""
    global _warned
    try:
        return compiler()
    except Unavailable as error:
        if not _warned:
            _warned = True
            warnings.warn(
                f"The native engine is not available ({error}); programs run on the numpy engine.",
                RuntimeWarning,
                stacklevel=4,
            )
        return None


class Runner:
    """A compiled program: arrays in, one call for each native part, fresh arrays out.

    Args:
      jit: compiles.
      program: what runs.
      threads: how many may share a kernel's tasks; 0 for as many as there are cores.
      note: called after each kernel, which costs time; see `contract.Observer`.
    """

    def __init__(
        self, jit: Compiler, program: Program, threads: int = 0, note: Observer | None = None
    ) -> None:
        self.code = CompiledProgram(jit, assemble(program, machine=jit.machine), threads)
        self.layout = self.code.layout
        self.makers = [maker(each) for each in self.layout.outputs]
        self.note = note
        self.first, self.rest = (0, 0), self.code.parts
        if note is not None:
            self.rest = self.code.single_steps()
        elif self.rest and isinstance(self.rest[0], tuple):
            self.first, self.rest = self.rest[0], self.rest[1:]
        self.given = range(len(self.layout.inputs) + len(self.layout.outputs))
        self.contexts: list[ExecutionContext] = []

    def __call__(self, arrays: Sequence[Array]) -> list[Array]:
        """Runs the program."""
        try:
            context = (
                self.contexts.pop()
                if self.contexts
                else ExecutionContext(self.code, self.given, self.first)
            )
            objects: list[Any] = [*arrays, *[make() for make in self.makers]]
        except (IndexError, MemoryError):
            context, objects = self._made_slowly(arrays)
        if context.enter(*objects) != DONE:
            self._conform(objects)
            answer = context.enter(*objects)
            assert answer == DONE, f"array {answer} does not fit"
        objects += self.layout.constants
        if self.rest:
            objects += [None] * self.layout.hosted
            objects.append(context.memory)
            self._run_parts(context, objects)
        # After a fault the context is not kept: a traceback may still show parts of it.
        self.contexts.append(context)
        return [objects[slot] for slot in self.layout.results]

    def _made_slowly(self, arrays: Sequence[Array]) -> tuple[ExecutionContext, list[Any]]:
        """A new context and arrays to return; an error names what does not fit into memory."""
        node = self.layout.largest
        try:
            context, objects = ExecutionContext(self.code, self.given, self.first), list(arrays)
            for make, value in zip(self.makers, self.layout.returned, strict=True):
                node = value.node
                objects.append(make())
        except MemoryError:
            assert node is not None
            raise EngineFault(node, out_of_memory(node.types)) from None
        return context, objects

    def _conform(self, objects: list[Any]) -> None:
        """Copies inputs that kernels cannot read as they are."""
        for index, type in enumerate(self.layout.inputs):
            if type.dtype in TYPES:
                objects[index] = _conforming(objects[index], type.dtype)

    def _run_parts(self, context: ExecutionContext, objects: list[Any]) -> None:
        with np.errstate(all="ignore"):
            for part, nodes in zip(self.rest, self._nodes(), strict=True):
                start = time.perf_counter_ns() if self.note else 0
                if isinstance(part, HostCall):
                    self._host(part, context, objects)
                else:
                    context.walk(part)
                if self.note:
                    self.note(nodes, start)

    def _nodes(self) -> Iterable[Sequence[Node]]:
        """The nodes that each of the parts computes, for an observer."""
        kernels = iter(self.layout.nodes)
        if self.note is None:
            return itertools.repeat((), len(self.rest))
        return [[part.node] if isinstance(part, HostCall) else next(kernels) for part in self.rest]

    def _host(self, call: HostCall, context: ExecutionContext, objects: list[Any]) -> None:
        """Runs a reference implementation; its results get arrays of their own."""
        node = call.node
        assert node.primitive is not None
        operands = [_fetched(each, objects) for each in call.operands]
        try:
            results = node.primitive.meaning(*operands, **node.attributes)
        except ProgramError as error:
            raise EngineFault(node, error) from None
        except MemoryError:
            raise EngineFault(node, out_of_memory(node.types)) from None
        if len(call.results) == 1:
            results = (results,)
        for slot, type, result in zip(call.results, node.types, results, strict=True):
            array = np.asarray(result)
            # The workspace changes later; what shows a part of it has to be copied now.
            if array.base is not None or any(array is each for each in operands):
                array = array.copy()
            if type.dtype in TYPES:
                array = _conforming(array, type.dtype)
                context.buffers[slot] = address_of(array)
            objects[slot] = array


def _conforming(array: Any, dtype: np.dtype[Any]) -> Array:
    """The array, or a copy, aligned, in C order and of NumPy's own class."""
    if np.ndim(array) == 0:
        return np.array(array, dtype)
    return np.asarray(np.require(array, dtype, ("C", "A")))


def _fetched(fetch: Fetch, objects: list[Any]) -> Array:
    """An operand of a reference implementation."""
    source = objects[fetch.slot]
    if fetch.whole:
        return source
    if fetch.type.size == 0:
        return np.empty(fetch.type.shape, fetch.type.dtype)
    memory = source.reshape(-1).view(np.uint8) if source.dtype != np.uint8 else source
    view: Array = np.ndarray(
        fetch.type.shape, fetch.type.dtype, memory.data, fetch.offset, fetch.strides
    )
    view.flags.writeable = False
    return view
