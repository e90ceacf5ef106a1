"""Initial values that are safe although variables are initialized in no particular order.

Where an initial value depends on other variables, the operations between are made once more on what
those variables are or will be when they are initialized.
"""

from __future__ import annotations

from typing import Any

from pantarhei.graph.definitions.definition import REGISTRY
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import Operation, Tensor

_VARIABLES = ("Variable", "VariableV2", "VarHandleOp")
# These are left alone: they ask about a variable, or order their reads themselves.
_KEPT = ("IsVariableInitialized", "VarIsInitializedOp", "ReadVariableOp", "If")


def guarded(scope: str, initial_value: Tensor) -> Tensor:
    """`initial_value`, or a copy of its graph in which variables have their initialized values.

    Args:
      scope: name scope of the variable to be initialized; copies are called `<operation>_<scope>`.
      initial_value: what is to be assigned.
    """
    if _has_cycle(initial_value.op):
        return initial_value
    made: dict[Operation, Any] = {}
    waiting = [initial_value.op]
    while waiting:
        op = waiting[-1]
        missing = (
            []
            if op.type in _KEPT or op.type in _VARIABLES
            else [tensor.op for tensor in op.inputs if tensor.op not in made]
        )
        if op not in made and missing:
            waiting.append(missing[0])
            continue
        waiting.pop()
        if op not in made:
            made[op] = _safe(scope, op, made)
    tensor: Tensor = made[initial_value.op].outputs[initial_value.value_index]
    return tensor


def _has_cycle(op: Operation) -> bool:
    """Whether the operation is behind a loop."""
    finished: set[Operation] = set()
    started: list[tuple[Operation, list[Operation]]] = [(op, _before(op))]
    on_the_way = {op}
    while started:
        current, rest = started[-1]
        if not rest:
            started.pop()
            on_the_way.discard(current)
            finished.add(current)
            continue
        each = rest.pop()
        if each in on_the_way:
            return True
        if each not in finished:
            on_the_way.add(each)
            started.append((each, _before(each)))
    return False


def _before(op: Operation) -> list[Operation]:
    return [*(tensor.op for tensor in op.inputs), *op.control_inputs]


def _safe(scope: str, op: Operation, made: dict[Operation, Any]) -> Operation:
    if op.type in _KEPT:
        return op
    if op.type in _VARIABLES:
        value = _initialized_value(op)
        return op if value is None else value.op
    inputs = [made[tensor.op].outputs[tensor.value_index] for tensor in op.inputs]
    if all(new is old for new, old in zip(inputs, op.inputs, strict=True)):
        return op
    definition = REGISTRY["Switch"] if op.type == "RefSwitch" else op.definition
    types = [tensor.dtype.base_dtype for tensor in op.outputs]
    name = f"{op.name}_{scope}".replace(":", "_")
    return op.graph.add_operation(definition, inputs, types, dict(op.attributes), name)


def _initialized_value(op: Operation) -> Any:
    for key in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES):
        for variable in op.graph.get_collection(key):
            if getattr(variable, "op", None) is op and hasattr(variable, "initialized_value"):
                return variable.initialized_value()
    return None
