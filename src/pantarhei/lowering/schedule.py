"""The order in which a run's operations take effect.

Data and control edges come first. Where they leave a choice, operations that change state wait:
what no update has to precede sees the variables as they were when the run began. Among equals the
one that was made first goes first, so that the order is the same in every run.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.walk import needed, predecessors
from pantarhei.lowering.faults import raise_inside_loop, raise_no_loop
from pantarhei.lowering.loop_structure import LoopFrame, NoLoop, frames_of, is_loop_merge
from pantarhei.ops.control_flow.contexts import EXITS


def schedule(
    targets: Iterable[Operation], fed: Container[Tensor] = (), done: Container[Operation] = ()
) -> list[Operation]:
    """All operations needed for `targets`, in the order in which they take effect.

    What lies behind tensors in `fed` and operations in `done` is not needed.
    """

    return schedule_with_loops(targets, fed, done)[0]


def schedule_with_loops(
    targets: Iterable[Operation], fed: Container[Tensor] = (), done: Container[Operation] = ()
) -> tuple[list[Operation], dict[Operation, LoopFrame]]:
    """The same, and for every `Exit` among them its loop.

    A loop runs when its first exit does: all that any of its exits needs comes before each.
    """
    frames: dict[Operation, LoopFrame] = {}
    wanted = [op for op in targets if op not in done]

    def before(op: Operation) -> list[Operation]:
        if op.type in EXITS:
            if op not in frames:
                frames.update(frames_of([op]))
            return [each for each in frames[op].enters if each not in done]
        if is_loop_merge(op):
            raise_inside_loop(op, wanted)
        return [each for each in predecessors(op, fed) if each not in done]

    def rank(op: Operation) -> bool:
        return op.definition.writes or (op in frames and bool(frames[op].written))

    try:
        order = needed(wanted, before, rank)
        if frames:  # now all exits are known
            frames = frames_of([op for op in order if op in frames])
            order = needed(wanted, before, rank)
    except NoLoop as fault:
        raise_no_loop(fault.op, str(fault))
    return order, frames
