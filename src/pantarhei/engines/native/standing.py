"""A program as one call on memory that stays where it is: results may overwrite inputs.

For what runs again and again: the variables of a training step are read and written where they
lie, and nothing is looked up, checked or allocated but what changes from call to call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pantarhei.engines.contract import DONE, Enter
from pantarhei.engines.native.assemble import Assembler
from pantarhei.engines.native.entry import address_of
from pantarhei.engines.native.frame import STEP_BYTES, Code, Frame
from pantarhei.engines.native.fuse import HostStep
from pantarhei.engines.native.jit import Compiler
from pantarhei.engines.native.layout import HostCall, Layout
from pantarhei.engines.native.operations import TYPES
from pantarhei.engines.numpy_engine import EngineFault
from pantarhei.program.ir import Array, Program, Type, out_of_memory

# Steps of innermost loops from which a call can be interrupted between its kernels: some 50 ms.
LONG = 1 << 28


class Standing:
    """A program laid out and compiled; see `contract.Standing`."""

    def __init__(self, jit: Compiler, layout: Layout, threads: int) -> None:
        self.code = Code(jit, layout, threads)
        layout = self.code.layout
        self.places: Sequence[int] = layout.results
        self.replaced: Mapping[int, int] = layout.replaced
        self.types: Sequence[Type] = (*layout.inputs, *layout.outputs)
        (part,) = self.code.parts or [(0, 0)]
        assert not isinstance(part, HostCall)
        self.steps = part

    def function(self, given: Sequence[int]) -> tuple[Enter, Callable[[int, Array], None]]:
        """A function of the arrays in the places `given`, and one that sets the others."""
        interruptible = self.code.work >= LONG
        try:
            frame = Frame(self.code, given, (0, 0) if interruptible else self.steps)
        except MemoryError:
            node = self.code.layout.largest
            assert node is not None
            raise EngineFault(node, out_of_memory(node.types)) from None

        def bind(place: int, array: Array) -> None:
            frame.buffers[place] = address_of(array)

        return self._interruptible(frame) if interruptible else frame.enter, bind

    def _interruptible(self, frame: Frame) -> Enter:
        """Stops for Ctrl-C between kernels, until the first that changes a variable."""
        table, count = self.steps
        early = min(self.code.layout.before_replacing, count)

        def enter(*arrays: Array) -> int:
            answer = frame.enter(*arrays)
            if answer == DONE:
                for number in range(early):
                    frame.walk((table + STEP_BYTES * number, 1))
                frame.walk((table + STEP_BYTES * early, count - early))
            return answer

        return enter


def stand(
    jit: Compiler, threads: int, program: Program, replaced: Mapping[int, int]
) -> Standing | None:
    """The program as one call; None where parts of it cannot be machine code."""
    types = [value.type for value in (*program.inputs, *program.outputs)]
    if any(type.dtype not in TYPES for type in types):
        return None
    assembler = Assembler(program, replaced)
    if any(isinstance(step, HostStep) for step in assembler.fused.steps):
        return None
    standing = Standing(jit, assembler.run(), threads)
    placed = all(
        # What is handed out has a place of its own: an input has not, nor has a constant.
        len(program.inputs) <= place < len(standing.types) or standing.replaced.get(number) == place
        for number, place in enumerate(standing.places)
    )
    return standing if placed else None
