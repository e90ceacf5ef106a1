"""Aliasing: which results overwrite donated inputs, and when.

A variable's next value can be written where the variable lies if everything that reads the old one
has run, and if the step that writes reads each element only for the same element. Steps that hold
up nobody are moved behind the last reader.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pantarhei.engines.native.schedule.placement import changes_base
from pantarhei.engines.native.schedule.schedule import (
    GuardStep,
    HostCallStep,
    NestStep,
    RoutineStep,
    Schedule,
    Step,
)
from pantarhei.engines.native.schedule.views import View
from pantarhei.program.ir import Value


@dataclass
class AliasedSchedule:
    """A schedule in an order in which results can overwrite what they replace.

    Args:
      schedule: the steps, in that order.
      outputs: the values that are returned, by the names under which they are stored.
      donations: result -> the donated input whose memory holds it in the end.
      in_place: results that are written to persistent memory at once; other donated inputs are
        overwritten by copies when all steps have run.
      persistent: results for persistent memory that is no input.
      external: values that need no memory of ours: inputs, constants, results of NumPy.
    """

    schedule: Schedule
    outputs: list[Value]
    donations: dict[Value, Value]
    in_place: set[Value]
    persistent: set[Value]
    external: set[Value]

    @property
    def overwriting(self) -> set[int]:
        """Ids of the nodes that write to persistent memory."""
        views = self.schedule.views.items()
        return {id(value.node) for value, view in views if view.buffer in self.in_place}


def alias(schedule: Schedule, donations: Mapping[int, int | None]) -> AliasedSchedule:
    """Decides which donated inputs are overwritten, and when.

    Args:
      schedule: steps and views of a program.
      donations: number of a result -> of the input that it overwrites; None for persistent memory
        that is no input.
    """
    program = schedule.program
    external = {*program.inputs, *(Value(n) for n in program.nodes if n.constant is not None)}
    for step in schedule.steps:
        if isinstance(step, HostCallStep):
            external.update(step.node.values)
    outputs = [schedule.resolved(value) for value in program.outputs]
    donated = _donated(schedule, outputs, donations, external)
    persistent = {outputs[number] for number, input in donations.items() if input is None}
    replaced = {**donated, **dict.fromkeys(persistent - {*external, *donated})}
    steps, in_place = _in_place(schedule, replaced)
    ordered = replace(schedule, steps=steps)
    return AliasedSchedule(ordered, outputs, donated, in_place, persistent, external)


def _donated(
    schedule: Schedule,
    outputs: list[Value],
    donations: Mapping[int, int | None],
    external: set[Value],
) -> dict[Value, Value]:
    """Results, and the inputs that they overwrite: one each, of the same type."""
    shown = {schedule.views[each].buffer for each in outputs if each in schedule.views}
    donated: dict[Value, Value] = {}
    for number, input_number in donations.items():
        if input_number is None:
            continue
        value, input = outputs[number], schedule.program.inputs[input_number]
        free = value not in external and value not in donated and input not in shown
        if free and value.type == input.type:
            donated[value] = input
            shown.add(input)
    return donated


def _in_place(
    schedule: Schedule, replaced: Mapping[Value, Value | None]
) -> tuple[list[Step], set[Value]]:
    """The steps in an order that serves, and the values that may overwrite what they replace.

    Args:
      schedule: steps and views of a program.
      replaced: value that is stored as a whole -> the input that it should overwrite, or None for
        other persistent memory.
    """
    users: dict[Value, list[Step]] = {}
    number = {id(step): index for index, step in enumerate(schedule.steps)}
    for step in schedule.steps:
        for buffer in schedule.uses(step):
            users.setdefault(buffer, []).append(step)
    writers = {
        value: writer
        for value, input in replaced.items()
        if (writer := _writer(schedule, value, users.get(value, ()))) is not None
        and (input is None or reads_same_elements(schedule, writer, input))
    }
    # Steps are sorted by these: a step that is moved comes behind another one's number.
    order = {id(step): (number[id(step)], 0) for step in schedule.steps}
    guards = [step for step in schedule.steps if isinstance(step, GuardStep)]
    before = {  # what has to have run when an input is overwritten
        value: [*(users.get(input, ()) if input else ()), *guards]
        for value, input in replaced.items()
    }
    for value, writer in writers.items():
        last = max((number[id(step)] for step in before[value]), default=-1)
        if last > order[id(writer)][0] and _may_wait(schedule, writer, last, users, number):
            order[id(writer)] = (last, 1)
    steps = sorted(schedule.steps, key=lambda step: order[id(step)])
    final = {id(step): index for index, step in enumerate(steps)}
    fitting = {
        value
        for value, writer in writers.items()
        if all(final[id(step)] <= final[id(writer)] for step in before[value])
    }
    return steps, fitting


def _writer(
    schedule: Schedule, value: Value, users: Collection[Step]
) -> NestStep | RoutineStep | None:
    """The first step that stores a value element by element, or changes some of them."""
    for step in users:
        if isinstance(step, RoutineStep) and step.node is value.node:
            if not changes_base(step.node):
                return None
            base = schedule.resolved(step.node.operands[0])
            there = schedule.views[base].buffer == schedule.views[value].buffer
            return _writer(schedule, base, users) if there else step
        if isinstance(step, NestStep) and id(value.node) in step.stored:
            primitive = value.node.primitive
            return step if primitive is not None and primitive.elementwise else None
    return None


def reads_same_elements(schedule: Schedule, step: NestStep | RoutineStep, input: Value) -> bool:
    """Whether all that a step reads of an input is the element at the position itself."""
    whole = View.whole(input, input.shape)
    if isinstance(step, RoutineStep):
        base, *others = (schedule.views[schedule.resolved(each)] for each in step.node.operands)
        return base == whole and all(each.buffer != input for each in others)
    for node in step.nodes:
        for operand in node.operands:
            view = schedule.views.get(schedule.resolved(operand))
            reads = view is not None and view.buffer == input
            if reads and (view != whole or whole.shape != step.space):
                return False
    return True


def _may_wait(
    schedule: Schedule,
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
            buffer: Any = schedule.views[Value(node)].buffer
            others = (number[id(user)] for user in users.get(buffer, ()))
            if any(own < other <= last for other in others):
                return False
    return True
