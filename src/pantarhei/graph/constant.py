"""What is known of a tensor's value while the graph is built, for shape rules.

A pure operation whose inputs are known is lowered into a builder, which folds it: the program's
reference implementation of each primitive is the only evaluator. Results are kept with the
tensor.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.program.builder import Builder, NotStatic
from pantarhei.program.ir import Array, ProgramError, Value
from pantarhei.program.primitives import TABLE

_UNKNOWN: Any = object()


def constant_value(tensor: Tensor) -> Array | None:
    """The value of `tensor`, where it is the same in every run; None where that is not known.

    Values that are large and computed are not known. Feeding can still change a value for a run.
    """
    if tensor._known_value is None:
        _fill(tensor)
    return None if tensor._known_value is _UNKNOWN else tensor._known_value


def partial_value(tensor: Tensor) -> list[int | None] | None:
    """The elements of an integer vector or scalar, None for those not known; None if nothing is."""
    value = constant_value(tensor)
    if value is not None:
        return [int(each) for each in value.ravel()]
    partial = tensor.op.definition.partial(tensor.op)
    if partial is None and tensor.shape.ndims == 1 and tensor.shape.is_fully_defined():
        return [None] * (tensor.shape.num_elements() or 0)
    return partial


def shape_value(tensor: Tensor) -> TensorShape:
    """The shape that an integer vector holds; -1 and unknown elements are unknown dimensions."""
    sizes = partial_value(tensor)
    if sizes is None:
        rank = tensor.shape.as_list()[0] if tensor.shape.ndims == 1 else None
        return unknown_shape(rank)
    return TensorShape([None if size is None or size < 0 else size for size in sizes])


def _fill(tensor: Tensor) -> None:
    """Fills in the known values of everything that `tensor` needs, deepest first."""
    waiting = [tensor.op]
    while waiting:
        op = waiting[-1]
        if op.outputs and op.outputs[0]._known_value is not None:
            waiting.pop()
            continue
        known = op.definition.known(op)
        if known is not None:
            _set(op, [known])
        elif not op.definition.pure or not op.outputs:
            _set(op, None)
        else:
            missing = [each.op for each in op.inputs if each._known_value is None]
            if missing:
                # One unknown input settles it; the others need not be looked at.
                waiting.append(missing[0])
                continue
            _set(op, _evaluated(op))
        waiting.pop()


def _set(op: Operation, values: list[Array | None] | None) -> None:
    for index, tensor in enumerate(op.outputs):
        value = values[index] if values is not None else None
        tensor._known_value = _UNKNOWN if value is None else value


def _evaluated(op: Operation) -> list[Array | None] | None:
    values = [tensor._known_value for tensor in op.inputs]
    if any(value is _UNKNOWN for value in values):
        return None
    builder = Builder(TABLE)
    try:
        outputs = op.definition.lower(builder, op, *map(builder.constant, values))
    except (NotStatic, ProgramError, LookupError):
        return None
    outputs = [outputs] if isinstance(outputs, Value) else outputs
    # What a branch that is not taken gives is no value.
    known = [each.constant if isinstance(each, Value) else None for each in outputs]
    return [None if each is None else np.asarray(each) for each in known]
