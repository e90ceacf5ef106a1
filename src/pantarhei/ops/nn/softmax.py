"""Softmax and its logarithm.

The operations work along the last axis; the public functions move another axis there and back with
the operations that TensorFlow adds for it. Half precision is computed in single precision.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core import errors
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import with_rank_at_least
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.filling import range
from pantarhei.ops.array.joining import concat
from pantarhei.ops.array.shapes import rank, renamed
from pantarhei.ops.array.transposing import transpose
from pantarhei.ops.math.binary import subtract
from pantarhei.ops.math.comparison import less, where
from pantarhei.ops.math.reductions import reduce_sum
from pantarhei.ops.math.unary import exp
from pantarhei.ops.nn.activations import FLOATING
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Value


def normalised_exponentials(b: Builder, x: Value) -> tuple[Value, Value, Value]:
    """Along the last axis, in at least single precision: x less its maximum, exp of it, its sum."""
    x = b.cast(x, dtype=np.dtype(np.float32)) if x.dtype.itemsize < 4 else x
    last, kept = (x.ndim - 1,), (*x.shape[:-1], 1)
    shifted = b.subtract(x, b.reshape(b.max(x, axes=last), shape=kept))
    raised = b.exp(shifted)
    return shifted, raised, b.reshape(b.sum(raised, axes=last), shape=kept)


class Softmax(OpDef):
    """exp(x) divided by its sum along the last axis."""

    signature = f"logits: T -> softmax: T | T: {FLOATING}"

    def infer(self, op: Operation) -> list[TensorShape]:
        return [with_rank_at_least(op, 0, 1)]

    def grad(self, op: Operation, g: Tensor) -> Any:
        y = op.outputs[0]
        return (g - reduce_sum(g * y, -1, keepdims=True)) * y

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        _, raised, total = normalised_exponentials(b, x)
        return b.cast(b.divide(raised, total), dtype=x.dtype)


class LogSoftmax(OpDef):
    """The logarithm of softmax, without the detour through it."""

    signature = f"logits: T -> logsoftmax: T | T: {FLOATING}"

    def infer(self, op: Operation) -> list[TensorShape]:
        return [with_rank_at_least(op, 0, 1)]

    def grad(self, op: Operation, g: Tensor) -> Any:
        y = exp(op.outputs[0])
        return g - reduce_sum(g, -1, keepdims=True) * y

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        shifted, _, total = normalised_exponentials(b, x)
        return b.cast(b.subtract(shifted, b.log(total)), dtype=x.dtype)


def given_axis(axis: Any, dim: Any) -> Any:
    """The axis under its name or its older one; the last one by default."""
    axis = renamed("axis", axis, "dim", dim)
    return -1 if axis is None else axis


def _along(op_type: str, logits: Any, axis: Any, name: str | None) -> Tensor:
    """Applies an operation on the last axis to another one, moved there and back."""
    logits = convert_to_tensor(logits)
    static = logits.shape
    if not isinstance(axis, Tensor) and (axis == -1 or axis == (static.ndims or -1) - 1):
        tensor: Tensor = apply(op_type, logits, name=name)
        return tensor
    ndims = static.ndims
    if ndims is None:
        raise TypeError(f"An axis other than the last needs logits of known rank, not {logits}")
    known = constant_value(axis) if isinstance(axis, Tensor) else axis
    if known is not None and not -ndims <= known < ndims:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"Dimension ({known}) must be in the range [{-ndims}, {ndims}) where {ndims} is the "
            "number of dimensions in the input.",
        )
    dimensions = rank(logits)
    if isinstance(axis, Tensor):
        axis = where(less(axis, 0), axis + dimensions, axis)
    elif axis < 0:
        axis = axis + dimensions
    again = rank(logits)
    axis = axis % ndims
    moved = _swapped(logits, axis, subtract(again, 1))
    output = _swapped(apply(op_type, moved), axis, subtract(again, 1), name)
    output.set_shape(static)
    return output


def _swapped(x: Tensor, axis: Any, last: Tensor, name: Any = None) -> Tensor:
    order = concat([range(axis), [last], range(axis + 1, last), [axis]], 0)
    return transpose(x, order, name=name)


def softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """exp(logits) / sum(exp(logits)) along an axis: positive numbers that sum to 1.

    Args:
      logits: a floating tensor of at least one dimension.
      axis: along which the numbers sum to 1; the last one by default.
      name: name of the operation; `Softmax` by default.
      dim: the older name of `axis`.

    Raises:
      InvalidArgumentError: `axis` is no axis of `logits`. ValueError: `logits` is a scalar.
      TypeError: `logits` is not floating, or of unknown rank and `axis` not the last.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.nn.softmax([0.0, 0.0, 200.0, 200.0]))
      array([0. , 0. , 0.5, 0.5], dtype=float32)
    """
    return _along("Softmax", logits, given_axis(axis, dim), name)


def log_softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """log(softmax(logits)) along an axis, exact where softmax itself would be 0.

    Args:
      logits: a floating tensor of at least one dimension.
      axis: the axis of the softmax; the last one by default.
      name: name of the operation; `LogSoftmax` by default.
      dim: the older name of `axis`.

    Raises:
      InvalidArgumentError: `axis` is no axis of `logits`. ValueError: `logits` is a scalar.
      TypeError: `logits` is not floating, or of unknown rank and `axis` not the last.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.nn.log_softmax([0.0, 0.0, 100.0]))
      array([-100., -100.,    0.], dtype=float32)
    """
    return _along("LogSoftmax", logits, given_axis(axis, dim), name)
