"""The schedule: the order in which the operations of a run take effect.

Data and control edges come first. Where they leave a choice, operations that change state come
last: reads that no update has to precede see the variables as they were when the run began. The
order of creation breaks ties, so that every run has the same schedule.
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

    Operations that only tensors in `fed` or operations in `done` depend on are not needed.
    """

    return schedule_with_loops(targets, fed, done)[0]


def schedule_with_loops(
    targets: Iterable[Operation], fed: Container[Tensor] = (), done: Container[Operation] = ()
) -> tuple[list[Operation], dict[Operation, LoopFrame]]:
    """The schedule, and for every `Exit` in it its loop.

    A loop runs at its first exit: the inputs of all its exits come before each of them.
    """
    frames: dict[Operation, LoopFrame] = {}
    remaining = [op for op in targets if op not in done]

    def before(op: Operation) -> list[Operation]:
        if op.type in EXITS:
            if op not in frames:
                frames.update(frames_of([op]))
            return [each for each in frames[op].enters if each not in done]
        if is_loop_merge(op):
            raise_inside_loop(op, remaining)
        return [each for each in predecessors(op, fed) if each not in done]

    def rank(op: Operation) -> bool:
        return op.definition.writes or (op in frames and bool(frames[op].written))

    try:
        order = needed(remaining, before, rank)
        if frames:  # now all exits are known
            frames = frames_of([op for op in order if op in frames])
            order = needed(remaining, before, rank)
    except NoLoop as fault:
        raise_no_loop(fault.op, str(fault))
    return order, frames
