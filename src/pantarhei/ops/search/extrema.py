"""Positions of extreme elements: argmax, argmin, the k largest.

Of equal elements the first counts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.definitions.opdef import OpDef, apply, register
from pantarhei.graph.definitions.shape_rules import (
    merged_extents,
    shape_error,
    shown,
    with_rank,
    with_rank_at_least,
)
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.shapes import renamed, reshape, shape
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value


class ArgExtremum(OpDef, abstract=True):
    """The position of the largest or smallest element along an axis; of equal ones the first."""

    signature = (
        "input: T, dimension: Tidx -> output: output_type | T: numeric | "
        "Tidx: index = int32 | output_type: index = int64"
    )
    differentiable = False

    def __init__(self, type: str) -> None:
        self.type = type

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 1, 0)
        given, value = op.inputs[0].shape, constant_value(op.inputs[1])
        if given.ndims is None:
            return [unknown_shape()]
        if given.ndims <= 1:
            return [TensorShape([])]
        if value is None:
            return [unknown_shape(given.ndims - 1)]
        axis = int(value)
        if not -given.ndims <= axis < given.ndims:
            raise shape_error(
                op,
                f"Dimension ({axis}) must be in the range [{-given.ndims}, {given.ndims}), "
                f"where {given.ndims} is the number of dimensions in the input.",
                computed=(1,),
            )
        extents = given.as_list()
        del extents[axis]
        return [TensorShape(extents)]

    def lower(self, b: Builder, op: Operation, x: Value, dimension: Value) -> Value:
        value = b.static(dimension)
        if value.ndim:
            raise ProgramError(
                f"dim must be a scalar, but received tensor of shape: {shown(value.shape)}"
            )
        axis = int(value)
        if not -x.ndim <= axis < x.ndim:
            raise ProgramError(
                f"Expected dimension in the range [{-x.ndim}, {x.ndim}), but got {axis}"
            )
        dtype = op.attributes["output_type"].numpy
        search = b.argmax if self.type == "ArgMax" else b.argmin
        result: Value = search(x, axis=axis % x.ndim, dtype=dtype)
        return result


register(ArgExtremum("ArgMax"))
register(ArgExtremum("ArgMin"))


def argmax(
    input: Any,
    axis: Any = None,
    name: str | None = None,
    dimension: Any = None,
    output_type: Any = dtypes.int64,
) -> Tensor:
    """Position of the largest element along an axis; of equal ones the first.

    Args:
      input: numbers of any dtype.
      axis: along which to search; 0 by default, negative ones count from the end.
      name: name of the operation.
      dimension: the old name of `axis`.
      output_type: `tf.int32` or `tf.int64`.

    Returns:
      A tensor of the shape of `input` without the axis.

    Raises:
      ValueError: the input does not have the axis. InvalidArgumentError: nothing is along it.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.argmax([[1, 3, 2], [9, 8, 7]], axis=1))
      array([1, 0])
    """
    axis = renamed("axis", axis, "dimension", dimension)
    return arg_max(input, 0 if axis is None else axis, output_type, name)


def argmin(
    input: Any,
    axis: Any = None,
    name: str | None = None,
    dimension: Any = None,
    output_type: Any = dtypes.int64,
) -> Tensor:
    """Position of the smallest element along an axis; see `tf.argmax` for the arguments.

    Raises:
      ValueError: the input does not have the axis. InvalidArgumentError: nothing is along it.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.argmin([[1, 3, 2], [9, 8, 7]], axis=1))
      array([0, 2])
    """
    axis = renamed("axis", axis, "dimension", dimension)
    return arg_min(input, 0 if axis is None else axis, output_type, name)


def arg_max(
    input: Any, dimension: Any, output_type: Any = dtypes.int64, name: str | None = None
) -> Tensor:
    """The older form of `tf.argmax`, in which the axis has to be given.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.arg_max([1, 3, 2], 0)))
      1
    """
    result: Tensor = apply("ArgMax", input, dimension, output_type=output_type, name=name)
    return result


def arg_min(
    input: Any, dimension: Any, output_type: Any = dtypes.int64, name: str | None = None
) -> Tensor:
    """The older form of `tf.argmin`, in which the axis has to be given.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.arg_min([1, 3, 2], 0)))
      0
    """
    result: Tensor = apply("ArgMin", input, dimension, output_type=output_type, name=name)
    return result


class TopKV2Definition(OpDef, type="TopKV2"):
    """The k largest elements along the last axis and their positions, largest first."""

    signature = "input: T, k: int32 -> values: T, indices: int32 | sorted: bool = True | T: real"

    def infer(self, op: Operation) -> list[TensorShape]:
        given = with_rank_at_least(op, 0, 1)
        with_rank(op, 1, 0)
        value = constant_value(op.inputs[1])
        k = None if value is None else int(value)
        if k is not None and k < 0:
            raise shape_error(
                op,
                f"Dimension size, given by scalar input 1, must be non-negative but is {k}",
                computed=(1,),
            )
        if given.ndims is None:
            return [unknown_shape(), unknown_shape()]
        *rest, last = given.as_list()
        if k is not None and last is not None and last < k:
            raise shape_error(
                op, f"input must have last dimension >= k = {k} but is {last}", computed=(1,)
            )
        return [TensorShape([*rest, k])] * 2

    def grad(self, op: Operation, g: Tensor, _: Any) -> Any:
        x, positions = op.inputs[0], op.outputs[1]
        extent, k = shape(x)[-1], shape(positions)[-1]
        rows = reshape(positions, apply("Pack", [-1, k]))
        # Positions in the flattened input: that of the row, and that in the row.
        begins = apply("Range", 0, shape(rows)[0], 1) * extent
        places = reshape(rows + reshape(begins, [-1, 1]), [-1, 1])
        size = reshape(apply("Size", x), [1])
        flat = apply("ScatterNd", places, reshape(g, [-1]), size)
        return reshape(flat, shape(x)), None

    def lower(self, b: Builder, op: Operation, x: Value, k: Value) -> Any:
        if not x.ndim:
            raise ProgramError("input must be >= 1-D, got shape []")
        count = int(b.static(k))
        if count < 0:
            raise ProgramError(f"Need k >= 0, got {count}")
        return b.top_k(x, k=count)


class TopKV2(NamedTuple):
    """The k largest elements and their positions."""

    values: Tensor
    indices: Tensor


def top_k(input: Any, k: Any = 1, sorted: bool = True, name: str | None = None) -> TopKV2:
    """The k largest elements along the last axis, and their positions; of equal ones the first.

    Args:
      input: numbers, with at least one axis.
      k: how many.
      sorted: whether the largest has to come first; it always does.
      name: name of the operation.

    Returns:
      `values` and `indices`, of the shape of `input` with `k` for the last extent.

    Raises:
      ValueError: the last extent is known to be below `k`. InvalidArgumentError: it proves to be.

    Example:
      >>> import pantarhei as tf
      >>> values, indices = tf.Session().run(tf.nn.top_k([3, 1, 4, 1, 5], 2))
      >>> print(values, indices)
      [5 4] [4 2]
    """
    return TopKV2(*apply("TopKV2", input, k, sorted=sorted, name=name))


class InTopKV2(OpDef):
    """Whether each target is among the k classes with the largest predictions."""

    signature = "predictions: float32, targets: T, k: T -> precision: bool | T: index = int32"

    def infer(self, op: Operation) -> list[TensorShape]:
        batch = with_rank(op, 0, 2).as_list()[0]
        targets = with_rank(op, 1, 1).as_list()[0]
        with_rank(op, 2, 0)
        return [TensorShape([merged_extents(op, batch, targets)])]

    def lower(self, b: Builder, op: Operation, predictions: Value, targets: Value, k: Value) -> Any:
        if predictions.ndim != 2:
            raise ProgramError("predictions must be 2-dimensional")
        if targets.ndim != 1:
            raise ProgramError("targets must be 1-dimensional")
        rows, classes = predictions.shape
        if targets.shape != (rows,):
            raise ProgramError(
                f"First dimension of predictions {rows} must match length of targets "
                f"{targets.shape[0]}"
            )
        inside = b.logical_and(
            b.less_equal(b.constant(0, targets.dtype), targets), b.less(targets, classes)
        )
        if not classes:
            return inside
        chosen = b.where(inside, targets, b.constant(0, targets.dtype))
        row = b.iota(size=rows, dtype=targets.dtype)
        place = b.concatenate(
            b.reshape(row, shape=(rows, 1)), b.reshape(chosen, shape=(rows, 1)), axis=1
        )
        target = b.gather_nd(predictions, place)
        larger = b.less(b.reshape(target, shape=(rows, 1)), predictions)
        better = b.sum(b.cast(larger, dtype=targets.dtype), axes=(1,))
        finite = b.all(b.isfinite(predictions), axes=(1,))
        found = b.logical_and(b.less(better, k), b.isfinite(target))
        # A row that holds what is no number cannot be ranked.
        return b.logical_and(inside, b.logical_and(found, finite))


def in_top_k(predictions: Any, targets: Any, k: Any, name: str | None = None) -> Tensor:
    """Whether each target is among the `k` classes with the largest predictions.

    Classes that tie at the limit all count. It is False for targets that are no class, and in rows
    with infinite numbers or NaN.

    Args:
      predictions: `[batch, classes]`, float32.
      targets: a vector of classes, int32 or int64.
      k: how many classes count.
      name: scope of the operation.

    Returns:
      A boolean vector.

    Raises:
      ValueError: shapes that do not fit.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.nn.in_top_k([[0.1, 0.9], [0.8, 0.2]], [1, 1], 1))
      array([ True, False])
    """
    with name_scope(name, "in_top_k"):
        result: Tensor = apply("InTopKV2", predictions, targets, k)
        return result
