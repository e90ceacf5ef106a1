"""Which results may overwrite the inputs that they replace, and when.

A variable's next value can be written where the variable lies if everything that reads the old one
has run, and if the step that writes reads each element only for the same element. Steps that hold
up nobody are moved behind the last reader.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from pantarhei.engines.native.schedule.fusion import Fused, GuardStep, NestStep, RoutineStep, Step
from pantarhei.engines.native.schedule.placement import changes_base
from pantarhei.engines.native.schedule.views import View
from pantarhei.program.ir import Value


def in_place(
    fused: Fused,
    uses: Callable[[Step], Collection[Value]],
    replaced: Mapping[Value, Value | None],
) -> tuple[list[Step], set[Value]]:
    """The steps in an order that serves, and the values that may overwrite what they replace.

    Args:
      fused: steps and views of a program.
      uses: the buffers that a step reads or writes.
      replaced: value that is stored as a whole -> the input whose place it should take, or None
        for other memory that lasts.
    """
    users: dict[Value, list[Step]] = {}
    number = {id(step): index for index, step in enumerate(fused.steps)}
    for step in fused.steps:
        for buffer in uses(step):
            users.setdefault(buffer, []).append(step)
    writers = {
        value: writer
        for value, input in replaced.items()
        if (writer := _writer(fused, value, users.get(value, ()))) is not None
        and (input is None or _same_elements(fused, writer, input))
    }
    # Steps are sorted by these: a step that is moved comes behind another one's number.
    order = {id(step): (number[id(step)], 0) for step in fused.steps}
    guards = [step for step in fused.steps if isinstance(step, GuardStep)]
    before = {  # what has to have run when an input is overwritten
        value: [*(users.get(input, ()) if input else ()), *guards]
        for value, input in replaced.items()
    }
    for value, writer in writers.items():
        last = max((number[id(step)] for step in before[value]), default=-1)
        if last > order[id(writer)][0] and _may_wait(fused, writer, last, users, number):
            order[id(writer)] = (last, 1)
    steps = sorted(fused.steps, key=lambda step: order[id(step)])
    final = {id(step): index for index, step in enumerate(steps)}
    fitting = {
        value
        for value, writer in writers.items()
        if all(final[id(step)] <= final[id(writer)] for step in before[value])
    }
    return steps, fitting


def _writer(fused: Fused, value: Value, users: Collection[Step]) -> NestStep | RoutineStep | None:
    """The first step that stores a value element by element, or changes some of them."""
    for step in users:
        if isinstance(step, RoutineStep) and step.node is value.node:
            if not changes_base(step.node):
                return None
            base = fused.resolved(step.node.operands[0])
            there = fused.views[base].buffer == fused.views[value].buffer
            return _writer(fused, base, users) if there else step
        if isinstance(step, NestStep) and id(value.node) in step.stored:
            primitive = value.node.primitive
            return step if primitive is not None and primitive.elementwise else None
    return None


def _same_elements(fused: Fused, step: NestStep | RoutineStep, input: Value) -> bool:
    """Whether all that a step reads of an input is the element at the position itself."""
    whole = View.whole(input, input.shape)
    if isinstance(step, RoutineStep):
        base, *others = (fused.views[fused.resolved(each)] for each in step.node.operands)
        return base == whole and all(each.buffer != input for each in others)
    for node in step.nodes:
        for operand in node.operands:
            view = fused.views.get(fused.resolved(operand))
            reads = view is not None and view.buffer == input
            if reads and (view != whole or whole.shape != step.space):
                return False
    return True


def _may_wait(
    fused: Fused,
    step: NestStep | RoutineStep,
    last: int,
    users: Mapping[Value, list[Step]],
    number: Mapping[int, int],
) -> bool:
    """Whether nothing up to the step of number `last` needs what a step stores."""
    own = number[id(step)]
    if isinstance(step, RoutineStep):
        step = NestStep((), nodes=[step.node], stored={id(step.node)})
    for node in step.nodes:
        if id(node) in step.stored or not (node.primitive and node.primitive.elementwise):
            buffer: Any = fused.views[Value(node)].buffer
            others = (number[id(user)] for user in users.get(buffer, ()))
            if any(own < other <= last for other in others):
                return False
    return True
