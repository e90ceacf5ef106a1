"""What laying a program out gives: the calls, the slots of the table of buffers, the workspace.

It knows how parts of the workspace are given out, and neither steps nor machine code.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pantarhei.engines.native.kernels.loops import Kernel
from pantarhei.engines.native.schedule.parallel import Tasks
from pantarhei.program.ir import Array, Node, Type, Value

ALIGNMENT = 64


@dataclass(frozen=True)
class Fetch:
    """How a reference implementation takes an operand from the table: whole, or a view."""

    slot: int
    whole: bool
    type: Type
    offset: int = 0
    strides: tuple[int, ...] = ()


@dataclass
class HostCall:
    """A primitive that runs by its reference implementation, and the slots of its results."""

    node: Node
    operands: list[Fetch]
    results: list[int]


@dataclass
class Layout:
    """Everything that a run needs: calls, and what the slots of the table of buffers are.

    Slots are numbered: inputs, arrays handed out, constants, results of NumPy, the workspace.
    """

    inputs: list[Type] = field(default_factory=list)
    outputs: list[Type] = field(default_factory=list)
    constants: list[Array] = field(default_factory=list)
    hosted: int = 0
    workspace: int = 0
    parts: list[list[Kernel | Tasks] | HostCall] = field(default_factory=list)
    results: list[int] = field(default_factory=list)
    nodes: list[list[Node]] = field(default_factory=list)  # of every kernel, those it computes
    # Number of a result -> the input whose memory holds it in the end; how many kernels run before
    # the first that writes there.
    donations: dict[int, int] = field(default_factory=dict)
    before_replacing: int = 0
    # Whether guards look at data, and write to the cell in the slot behind the workspace.
    guarding: bool = False
    # The values in the arrays handed out, and what takes most of the workspace.
    handed_out: list[Value] = field(default_factory=list)
    largest: Node | None = None

    @property
    def workspace_slot(self) -> int:
        """The number of the workspace, which is the last."""
        return len(self.inputs) + len(self.outputs) + len(self.constants) + self.hosted

    @property
    def fault_slot(self) -> int:
        """The number of the cell that guards write to."""
        return self.workspace_slot + 1


class Pool:
    """Parts of the workspace: who asks gets the smallest free part that is large enough."""

    def __init__(self) -> None:
        self.size = 0
        self.free: list[tuple[int, int]] = []  # start and size, by start

    def take(self, size: int) -> tuple[int, int]:
        """A part of at least `size` bytes: where it starts and how long it is."""
        size = max(-(-size // ALIGNMENT), 1) * ALIGNMENT
        fitting = [part for part in self.free if part[1] >= size]
        if not fitting:
            if self.free and sum(self.free[-1]) == self.size:
                start, _ = self.free.pop()
            else:
                start = self.size
            self.size = start + size
            return start, size
        start, length = min(fitting, key=lambda part: part[1])
        self.free.remove((start, length))
        if length > size:
            self.free.append((start + size, length - size))
            self.free.sort()
        return start, size

    def give(self, part: tuple[int, int]) -> None:
        """Gives a part back; neighbours become one."""
        merged: list[tuple[int, int]] = []
        for start, size in sorted([*self.free, part]):
            if merged and sum(merged[-1]) == start:
                merged[-1] = (merged[-1][0], merged[-1][1] + size)
            else:
                merged.append((start, size))
        self.free = merged
