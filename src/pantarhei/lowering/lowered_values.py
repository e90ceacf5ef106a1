"""What tensors become while lowering, besides the values of the segment being built.

References to variables, values stored in slots, handles of stacks and tensor arrays; and the
exceptions by which lowering ends before its last operation.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from pantarhei.graph.operation import Operation, Tensor
from pantarhei.lowering.plan import Slot
from pantarhei.program.ir import Type


@dataclass(frozen=True)
class Ref:
    """A variable, by reference: its value is read when the reference is used."""

    key: str
    tensor: Tensor


@dataclass(frozen=True)
class Stored:
    """A value stored in a slot between steps."""

    slot: Slot
    type: Type


@dataclass(frozen=True)
class Handle:
    """A stack or tensor array of this run, which is in a slot.

    Two handles are of the same object if and only if they have the same `root`; `size` is how many
    elements it has, None if that is unknown.
    """

    slot: Slot
    root: Hashable
    size: int | None = None


class NeedsStaticFeeds(Exception):
    """Lowering has to start again with the values of these feeds."""

    def __init__(self, tensors: set[Tensor]) -> None:
        super().__init__(", ".join(tensor.name for tensor in tensors))
        self.tensors = tensors


class PlanEnds(Exception):
    """The plan ends early, at a specialization point."""


class NeedsCut(Exception):
    """Lowering has to start again with a new segment before `op`, which observes values there."""

    def __init__(self, op: Operation) -> None:
        super().__init__(op.name)
        self.op = op
