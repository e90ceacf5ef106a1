"""Bound programs: one call on persistent memory, whose results may overwrite donated inputs.

The variables of a training step are read and written in place; a call looks up, checks and
allocates only what changes from call to call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pantarhei.engines.contract import DONE, FAULT, EntryPoint
from pantarhei.engines.native.codegen.jit import Compiler
from pantarhei.engines.native.codegen.ops import READ
from pantarhei.engines.native.kernels.lowering import HostCall
from pantarhei.engines.native.memory.plan import MemoryPlan
from pantarhei.engines.native.pipeline import assemble_bound
from pantarhei.engines.native.runtime.context import (
    STEP_BYTES,
    CompiledProgram,
    ExecutionContext,
    Steps,
)
from pantarhei.engines.native.runtime.entry import address_of
from pantarhei.engines.numpy.engine import EngineFault
from pantarhei.program.ir import Array, Program, Type, out_of_memory

# Steps of innermost loops from which a call can be interrupted between its kernels: some 50 ms.
LONG = 1 << 28


class BoundKernels:
    """The kernels of a program on persistent memory; see `contract.BoundProgram`."""

    def __init__(self, jit: Compiler, layout: MemoryPlan, threads: int) -> None:
        self.code = CompiledProgram(jit, layout, threads)
        layout = self.code.layout
        self.places: Sequence[int] = layout.results
        self.donations: Mapping[int, int] = layout.donations
        self.types: Sequence[Type] = (*layout.inputs, *layout.outputs)
        (part,) = self.code.parts or [(0, 0)]
        assert not isinstance(part, HostCall)
        self.steps = part

    def function(self, given: Sequence[int]) -> tuple[EntryPoint, Callable[[int, Array], None]]:
        """A function of the arrays in the places `given`, and one that sets the others."""
        table, count = self.steps
        early = min(self.code.layout.before_replacing, count)
        first, later = (table, early), (table + STEP_BYTES * early, count - early)
        interruptible = self.code.work >= LONG
        try:
            if interruptible:
                context = ExecutionContext(self.code, given, (0, 0))
            elif self.code.layout.guarding:
                context = ExecutionContext(self.code, given, first, later)
            else:
                context = ExecutionContext(self.code, given, self.steps)
        except MemoryError:
            node = self.code.layout.largest
            assert node is not None
            raise EngineFault(node, out_of_memory(node.types)) from None

        def bind(place: int, array: Array) -> None:
            context.buffers[place] = address_of(array)

        return _interruptible(context, first, later) if interruptible else context.enter, bind


def _interruptible(context: ExecutionContext, first: Steps, later: Steps) -> EntryPoint:
    """Stops for Ctrl-C between kernels, until the first that changes what lasts."""

    def enter(*arrays: Array) -> int:
        answer = context.enter(*arrays)
        if answer == DONE:
            for number in range(first[1]):
                context.walk((first[0] + STEP_BYTES * number, 1))
            if context.fault.value:
                context.fault.value = 0
                return FAULT
            context.walk(later)
        return answer

    return enter


def bind(
    jit: Compiler, threads: int, program: Program, donations: Mapping[int, int | None]
) -> BoundKernels | None:
    """The program as one call; None where parts of it cannot be machine code."""
    types = [value.type for value in (*program.inputs, *program.outputs)]
    if any(type.dtype not in READ for type in types):
        return None
    layout = assemble_bound(program, donations, jit.machine)
    if layout is None:
        return None
    bound = BoundKernels(jit, layout, threads)
    placed = all(
        # What is handed out has a place of its own: an input has not, nor has a constant.
        len(program.inputs) <= place < len(bound.types) or bound.donations.get(number) == place
        for number, place in enumerate(bound.places)
    )
    return bound if placed else None
