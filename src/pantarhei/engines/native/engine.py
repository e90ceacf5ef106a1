"""The native engine's call: arrays in, one native call for each part, fresh arrays out.

Nothing is shared between two calls that run at the same time; inputs are never written, and no
array that is handed out is ever touched again.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from pantarhei.engines import numpy_engine
from pantarhei.engines.contract import Engine, Run
from pantarhei.engines.native.assemble import ALIGNMENT, Fetch, HostCall, Layout, assemble
from pantarhei.engines.native.jit import Compiler, Unavailable, compiler
from pantarhei.engines.native.nests import Kernel
from pantarhei.engines.native.operations import TYPES
from pantarhei.engines.numpy_engine import EngineFault
from pantarhei.program.ir import Array, Program, ProgramError, Type, out_of_memory

# Bytes from which arrays that are handed out come from a recycler.
LARGE = 1 << 16

_warned = False


def engine(threads: int = 0) -> Engine:
    """The engine for a session that may use so many threads; 0 for as many as there are cores."""
    return Engine("native", compile)


def compile(program: Program) -> Run:
    """A function from the arrays of the program's inputs to those of its outputs.

    Where no machine code can be made here, a warning says so once, and the reference engine runs.
    """
    global _warned
    try:
        jit = compiler()
    except Unavailable as error:
        if not _warned:
            _warned = True
            warnings.warn(
                f"The native engine is not available ({error}); programs run on the numpy engine.",
                RuntimeWarning,
                stacklevel=2,
            )
        return numpy_engine.compile(program)
    return Runner(jit, assemble(program))


class Workspace:
    """What one call needs for itself: memory, the table of buffers, and the record for `run`."""

    def __init__(self, runner: Runner) -> None:
        size = runner.layout.workspace
        memory = np.empty(size + ALIGNMENT, np.uint8)
        address = _address(memory)
        skip = -address % ALIGNMENT
        self.memory = memory[skip : skip + size]
        self.buffers = (ctypes.c_void_p * runner.slots)()
        self.buffers[runner.slots - 1] = address + skip
        for slot, constant in runner.constants:
            self.buffers[slot] = constant
        self.objects = (ctypes.c_int64 * (runner.bound + 1))()
        self.table = ctypes.addressof(self.buffers)
        record = (
            ctypes.addressof(self.objects),
            runner.expected,
            runner.bound,
            self.table,
            id(np.ndarray),
            *runner.first_part,
        )
        self.record = (ctypes.c_int64 * len(record))(*record)
        self.address = ctypes.addressof(self.record)


class Recycler:
    """Large arrays to hand out; those that nobody holds any more are handed out again.

    Fresh memory costs a page fault for every page. Two arrays are kept, since a variable holds the
    one while its next value is computed. What anybody refers to, by a view too, is left alone.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = shape, dtype
        self.lock = threading.Lock()
        self.kept: list[Array] = []
        # References to an array that only this object holds; the number differs between Pythons.
        self.unused = -1

    def __call__(self) -> Array:
        """An array that nobody else holds."""
        with self.lock:
            for index in range(len(self.kept)):
                if self._references(index) == self.unused and self._as_made(self.kept[index]):
                    return self.kept[index]
            self.kept = [*self.kept[-1:], np.empty(self.shape, self.dtype)]
            self.unused = self._references(-1)
            return self.kept[-1]

    def _references(self, index: int) -> int:
        return sys.getrefcount(self.kept[index])

    def _as_made(self, array: Array) -> bool:
        """Whether its last holder has left the array's own properties alone."""
        right = array.shape == self.shape and array.dtype == self.dtype
        return right and array.flags.writeable and array.flags.c_contiguous


class Runner:
    """A program laid out and compiled."""

    def __init__(self, jit: Compiler, layout: Layout) -> None:
        self.layout = layout
        self.run, self.walk = jit.run, jit.walk
        self.slots = layout.workspace_slot + 1
        self.bound = len(layout.inputs) + len(layout.outputs)
        self.makers = [_maker(each, jit.reads_arrays) for each in layout.outputs]
        # Inputs of other dtypes have no address that `run` could use.
        self.in_one_go = jit.reads_arrays and all(each.dtype in TYPES for each in layout.inputs)
        types = [*layout.inputs, *layout.outputs]
        self.dtypes = (ctypes.c_int64 * (len(types) + 1))(*(id(_common(t.dtype)) for t in types))
        self.expected = ctypes.addressof(self.dtypes)
        self.constants = [
            (self.bound + index, _address(array))
            for index, array in enumerate(layout.constants)
            if array.dtype in TYPES
        ]
        self.kept: list[Any] = []  # what native code reads by address
        kernels = [k for part in layout.parts if isinstance(part, list) for k in part]
        addresses = jit.kernels(k.structure for k in kernels if not isinstance(k.structure, str))
        self.parts = [
            part if isinstance(part, HostCall) else self._table(jit, part, addresses)
            for part in layout.parts
        ]
        self.first_part, self.rest = (0, 0), self.parts
        if self.parts and isinstance(self.parts[0], tuple):
            self.first_part, self.rest = self.parts[0], self.parts[1:]
        self.pool: list[Workspace] = []

    def _table(self, jit: Compiler, part: list[Kernel], addresses: Any) -> tuple[int, int]:
        """Address and length of a native part: pairs of a function and its arguments."""
        table = (ctypes.c_int64 * (2 * len(part)))()
        for index, kernel in enumerate(part):
            numbers = kernel.arguments
            if isinstance(kernel.structure, str):
                function = jit.product[kernel.structure]
                numbers = (jit.gemm(kernel.structure), *numbers)
            else:
                function = addresses[kernel.structure]
            arguments = (ctypes.c_int64 * len(numbers))(*numbers)
            table[2 * index], table[2 * index + 1] = function, ctypes.addressof(arguments)
            self.kept.append(arguments)
        self.kept.append(table)
        return ctypes.addressof(table), len(part)

    def __call__(self, arrays: Sequence[Array]) -> list[Array]:
        """Runs the program."""
        try:
            workspace = self.pool.pop() if self.pool else Workspace(self)
            objects: list[Any] = [*arrays, *[make() for make in self.makers]]
        except (IndexError, MemoryError):
            workspace, objects = self._made_slowly(arrays)
        workspace.objects[: self.bound] = [*map(id, objects)]
        if not self.in_one_go or self.run(workspace.address) != -1:
            self._bind_slowly(workspace, objects)
            self.walk(*self.first_part, workspace.table)
        objects += self.layout.constants
        if self.rest:
            objects += [None] * self.layout.hosted
            objects.append(workspace.memory)
            self._run_parts(workspace, objects)
        # After a fault the workspace is not kept: a traceback may still show parts of it.
        self.pool.append(workspace)
        return [objects[slot] for slot in self.layout.results]

    def _made_slowly(self, arrays: Sequence[Array]) -> tuple[Workspace, list[Any]]:
        """A new workspace and arrays to hand out; tells which of them does not fit into memory."""
        node = self.layout.largest
        try:
            workspace, objects = Workspace(self), list(arrays)
            for make, value in zip(self.makers, self.layout.handed_out, strict=True):
                node = value.node
                objects.append(make())
        except MemoryError:
            assert node is not None
            raise EngineFault(node, out_of_memory(node.types)) from None
        return workspace, objects

    def _bind_slowly(self, workspace: Workspace, objects: list[Any]) -> None:
        """Takes addresses one by one, and copies inputs that kernels cannot read as they are."""
        types = [*self.layout.inputs, *self.layout.outputs]
        for index, (array, type) in enumerate(zip(objects, types, strict=True)):
            if type.dtype in TYPES:
                objects[index] = _conforming(array, type.dtype)
                workspace.buffers[index] = _address(objects[index])

    def _run_parts(self, workspace: Workspace, objects: list[Any]) -> None:
        with np.errstate(all="ignore"):
            for part in self.rest:
                if isinstance(part, HostCall):
                    self._host(part, workspace, objects)
                else:
                    self.walk(*part, workspace.table)

    def _host(self, call: HostCall, workspace: Workspace, objects: list[Any]) -> None:
        """Runs a NumPy meaning; its results get arrays of their own."""
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
                workspace.buffers[slot] = _address(array)
            objects[slot] = array


def _maker(type: Type, recycling: bool) -> Callable[[], Array]:
    """Makes arrays to hand out."""
    if recycling and type.size * type.dtype.itemsize >= LARGE:
        return Recycler(type.shape, type.dtype)
    return partial(np.empty, type.shape, type.dtype)


def _common(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The one object that NumPy uses for a dtype."""
    return np.dtype(dtype.type) if dtype in TYPES else dtype


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])


def _conforming(array: Any, dtype: np.dtype[Any]) -> Array:
    """The array, or a copy, aligned and in C order."""
    return np.require(array, dtype, ("C", "A")) if np.ndim(array) else np.array(array, dtype)


def _fetched(fetch: Fetch, objects: list[Any]) -> Array:
    """An operand of a NumPy meaning."""
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
