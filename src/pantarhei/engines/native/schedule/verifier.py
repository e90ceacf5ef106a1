"""Rules that schedules keep: each node runs once, and after what it reads."""

from __future__ import annotations

from collections.abc import Iterator

from pantarhei.engines.native.kernels.indexing import is_routine
from pantarhei.engines.native.schedule.aliasing import AliasedSchedule, reads_same_elements
from pantarhei.engines.native.schedule.placement import (
    is_another_name,
    is_nested,
    is_placing,
    parts_of,
)
from pantarhei.engines.native.schedule.schedule import (
    GuardStep,
    HostCallStep,
    NestStep,
    RoutineStep,
    Schedule,
    Step,
    nodes_of,
)
from pantarhei.engines.native.schedule.views import VIEWING
from pantarhei.program.ir import Node, Value, VerificationError


def verify_schedule(schedule: Schedule) -> None:
    """Checks a schedule.

    Raises:
      VerificationError: a node is in two steps, or is not of the program; a value is read before it
        is stored, is never computed, or is read by the nest that reduces to it; a node that may
        find a fault, such as a guard, does not run; a view is not of the shape of its value.
    """
    step_of = _steps_of(schedule)
    for value, view in schedule.views.items():
        if view.shape != value.shape:
            raise VerificationError(f"The view of {value} has shape {view.shape}.")
    for index, step in enumerate(schedule.steps):
        inside: set[Value] = set()
        for node in nodes_of(step):
            for operand in _read(schedule, node):
                if operand not in inside:
                    _check_read(schedule, step_of, node, operand, index)
            nested = isinstance(step, NestStep) and node.types[0].shape == step.space
            if nested and node.primitive is not None and node.primitive.elementwise:
                inside.add(Value(node))
    for node in schedule.program.nodes:
        if node.may_fault and id(node) not in step_of and not _has_no_fault(schedule, node):
            raise VerificationError(f"No step runs {node.kind}, which may find a fault.")
    for value in map(schedule.resolved, schedule.program.outputs):
        _check_read(schedule, step_of, None, value, len(schedule.steps))


def _steps_of(schedule: Schedule) -> dict[int, int]:
    """Of each node that a step computes, by its id: the number of the step."""
    known = {id(node) for node in schedule.program.nodes}
    step_of: dict[int, int] = {}
    for index, step in enumerate(schedule.steps):
        for node in nodes_of(step):
            if id(node) not in known:
                raise VerificationError(f"Step {index} computes {node.kind} of another program.")
            if id(node) in step_of:
                raise VerificationError(
                    f"Steps {step_of[id(node)]} and {index}: {node.kind} twice."
                )
            step_of[id(node)] = index
    return step_of


def _read(schedule: Schedule, node: Node) -> list[Value]:
    """The operands that are read: a join does not read what is computed in its place."""
    operands = list(map(schedule.resolved, node.operands))
    if node.kind != "concatenate" or Value(node) not in schedule.views:
        return operands
    parts = parts_of(node, schedule.views[Value(node)])
    pairs = zip(operands, parts, strict=True)
    return [operand for operand, part in pairs if not schedule.views[operand].shows(part)]


def _check_read(
    schedule: Schedule, step_of: dict[int, int], reader: Node | None, value: Value, index: int
) -> None:
    """Checks that what a value is made of is stored before step `index`."""
    who = "The program returns" if reader is None else f"Step {index} ({reader.kind}) reads"
    for node in _origins(schedule, step_of, value):
        if id(node) not in step_of:
            raise VerificationError(f"{who} {node.kind}, which no step computes.")
        number = step_of[id(node)]
        if number >= index:
            when = "itself" if number == index else f"step {number}"
            raise VerificationError(f"{who} {node.kind}, which is stored by {when}.")
        step: Step = schedule.steps[number]
        elementwise = node.primitive is not None and node.primitive.elementwise
        if isinstance(step, NestStep) and elementwise and id(node) not in step.stored:
            raise VerificationError(f"{who} {node.kind}, which step {number} does not store.")


def _origins(schedule: Schedule, step_of: dict[int, int], value: Value) -> Iterator[Node]:
    """The nodes that have to run before a value is stored: itself, or what it shows."""
    waiting, seen = [value], set()
    while waiting:
        node = waiting.pop().node
        if node.primitive is None or id(node) in seen:
            continue
        seen.add(id(node))
        shown = id(node) not in step_of and _is_shown(schedule, node)
        if not shown:
            yield node
        if shown or (node.kind == "concatenate" and Value(node) in schedule.views):
            waiting += node.operands


def _is_shown(schedule: Schedule, node: Node) -> bool:
    """Whether a node needs no step: a view, another name, a sum or a join that is made in place."""
    if Value(node) not in schedule.views:
        return False
    if node.kind in VIEWING or is_another_name(node) or Value(node) in schedule.same:
        return True
    buffer = schedule.views[Value(node)].buffer
    in_place = all(schedule.views[each].buffer == buffer for each in node.operands)
    return in_place and (is_placing(node) or node.kind == "add")


def _has_no_fault(schedule: Schedule, node: Node) -> bool:
    """Whether a node that may have a fault by its dtype has none: machine code has no faults."""
    return Value(node) in schedule.same or is_nested(node) or is_routine(node)


def verify_aliased(aliased: AliasedSchedule) -> None:
    """Checks an aliased schedule.

    Raises:
      VerificationError: a rule of schedules is broken; two results overwrite one input, or one of
        another type; an input is read, or a guard runs, after it has been overwritten.
    """
    schedule = aliased.schedule
    verify_schedule(schedule)
    if len(set(aliased.donations.values())) != len(aliased.donations):
        raise VerificationError("Two results overwrite one donated input.")
    for value, input in aliased.donations.items():
        if value.type != input.type:
            raise VerificationError(f"{value} overwrites a donated input of type {input.type}.")
    for value in aliased.in_place:
        writer = _first_writer(schedule, value)
        replaced = aliased.donations.get(value)
        for index, step in enumerate(schedule.steps):
            if index > writer and isinstance(step, GuardStep):
                raise VerificationError(f"Step {index} is a guard that runs after {value}.")
            if replaced is None or replaced not in schedule.uses(step):
                continue
            if index > writer:
                raise VerificationError(f"Step {index} reads a donated input after {value}.")
            if index == writer and not (
                isinstance(step, NestStep | RoutineStep)
                and reads_same_elements(schedule, step, replaced)
            ):
                raise VerificationError(f"Step {index} overwrites elements that it has to read.")


def _first_writer(schedule: Schedule, value: Value) -> int:
    """The number of the first step that writes to the buffer of a value."""
    buffer = schedule.views[value].buffer
    for index, step in enumerate(schedule.steps):
        written = (each for node in nodes_of(step) for each in node.values)
        stored = (
            each
            for each in written
            if not isinstance(step, NestStep)
            or id(each.node) in step.stored
            or not (each.node.primitive and each.node.primitive.elementwise)
        )
        if not isinstance(step, HostCallStep) and any(
            each in schedule.views and schedule.views[each].buffer == buffer for each in stored
        ):
            return index
    raise VerificationError(f"No step writes {value}.")
