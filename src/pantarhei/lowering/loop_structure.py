"""Loops recovered from the graph: which operations belong to the frame behind an `Exit`.

TensorFlow's loops are rings: `Merge` takes a loop variable's first value from `Enter` and the
others from `NextIteration`; `Switch` passes it on to the body or, when `LoopCond` is false, to
`Exit`. A frame is identified by its `LoopCond`, and has only operations that the exits need.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.control_flow.contexts import ENTERS, EXITS, SWITCHES

NEXTS = frozenset(("NextIteration", "RefNextIteration"))
MERGES = frozenset(("Merge", "RefMerge"))


@dataclass(eq=False)
class LoopFrame:
    """A loop, as far as `exits` need it.

    Attributes:
      condition: its `LoopCond`.
      exits: the exits that are needed.
      carried: for each loop variable its `Enter`, `Merge` and `NextIteration`.
      invariants: the enters of values that are the same in every iteration.
      inside: the operations of its condition and body, inner loops included.
      written: the enters of references to variables that an operation inside writes to.
    """

    condition: Operation
    exits: list[Operation]
    carried: list[tuple[Operation, Operation, Operation]] = field(default_factory=list)
    invariants: list[Operation] = field(default_factory=list)
    inside: list[Operation] = field(default_factory=list)
    written: list[Operation] = field(default_factory=list)

    @property
    def enters(self) -> list[Operation]:
        """All operations that bring values into the loop."""
        return [enter for enter, _, _ in self.carried] + self.invariants


class NoLoop(Exception):
    """Operations of the types that form loops, but in another structure."""

    def __init__(self, op: Operation, message: str) -> None:
        super().__init__(message)
        self.op = op


def is_loop_merge(op: Operation) -> bool:
    """Whether an operation merges the values of a loop variable."""
    return op.type in MERGES and any(tensor.op.type in NEXTS for tensor in op.inputs)


def switch_of(leave: Operation) -> Operation:
    """The switch from which an `Exit` leaves its loop; identities may lie between them."""
    source = leave.inputs[0].op
    while source.type in ("Identity", "RefIdentity"):
        source = source.inputs[0].op
    if source.type in SWITCHES and source.inputs[1].op.type == "LoopCond":
        return source
    raise NoLoop(leave, f"'{leave.name}' leaves no loop: its input is no switch of a LoopCond")


def frames_of(exits: Iterable[Operation]) -> dict[Operation, LoopFrame]:
    """The frame of each exit; one for all exits of the same loop."""
    groups: dict[Operation, list[Operation]] = {}
    for leave in exits:
        groups.setdefault(switch_of(leave).inputs[1].op, []).append(leave)
    frames = [_frame(condition, leaves) for condition, leaves in groups.items()]
    return {leave: frame for frame in frames for leave in frame.exits}


def _frame(condition: Operation, leaves: Sequence[Operation]) -> LoopFrame:
    frame = LoopFrame(condition, list(leaves))
    entered: list[Operation] = []
    merges: list[Operation] = []
    seen: set[Operation] = set()
    waiting = [leave.inputs[0].op for leave in leaves]
    while waiting:
        op = waiting.pop()
        if op in seen:
            continue
        seen.add(op)
        if op.type in ENTERS:
            entered.append(op)
            continue
        frame.inside.append(op)
        if op.type in EXITS:  # of an inner loop: what enters that belongs to this one
            inner = frames_of([op])[op]
            frame.inside += inner.inside
            for enter in inner.enters:
                frame.inside.append(enter)
                waiting += _before(enter)
        else:
            if is_loop_merge(op):
                merges.append(op)
            waiting += _before(op)
    carried = set()
    for merge in sorted(merges, key=lambda op: op._id):
        sides = sorted(merge.inputs, key=lambda tensor: tensor.op.type in NEXTS)
        if len(sides) != 2 or sides[0].op.type not in ENTERS:
            raise NoLoop(merge, f"'{merge.name}' merges no loop variable: it takes {sides}")
        frame.carried.append((sides[0].op, merge, sides[1].op))
        carried.add(sides[0].op)
    frame.invariants = sorted(
        (enter for enter in entered if enter not in carried), key=lambda op: op._id
    )
    frame.written = _written(frame)
    return frame


def _before(op: Operation) -> list[Operation]:
    return [*(tensor.op for tensor in op.inputs), *op.control_inputs]


def _written(frame: LoopFrame) -> list[Operation]:
    """Enters of the variables that operations inside write to."""
    own = set(frame.enters)
    found: dict[Operation, None] = {}
    for op in frame.inside:
        if op.definition.writes:
            for tensor in filter(is_reference, op.inputs):
                source = tensor.op
                while source not in own and source.inputs:
                    source = source.inputs[0].op
                if source in own:
                    found[source] = None
    return list(found)


def is_reference(tensor: Tensor) -> bool:
    """Whether a tensor is a reference to a variable, or another resource."""
    return tensor.dtype._is_ref_dtype or tensor.dtype.name == "resource"
