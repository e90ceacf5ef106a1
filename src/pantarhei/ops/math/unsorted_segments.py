"""Reductions of the rows that share a segment id, where the caller gives the number of segments.

Ids come in any order and shape; rows with a negative id belong to no segment.
"""

from __future__ import annotations

from typing import Any

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply, register
from pantarhei.graph.definitions.shape_rules import (
    shape_error,
    shown,
    with_rank,
    with_rank_at_least,
)
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.filling import ones, ones_like, zeros_like
from pantarhei.ops.array.shapes import rank, reshape, shape, shape_internal
from pantarhei.ops.math.segments import Gradient, combined, ones_vector, rows_of
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value

# --- unsorted segments --------------------------------------------------------------------------


class UnsortedSegments(OpDef, abstract=True):
    """A reduction of rows with the same id, in a row: type, dtypes, way to combine, gradient."""

    def __init__(self, type: str, allowed: str, combine: str, gradient: Gradient) -> None:
        self.type = type
        self.signature = (  # type: ignore[misc]
            "data: T, segment_ids: Tindices, num_segments: Tnumsegments -> output: T | "
            f"T: {allowed} | Tindices: index | Tnumsegments: index = int32"
        )
        self._combine = combine
        self._gradient = gradient

    def infer(self, op: Operation) -> list[TensorShape]:
        data, ids = op.inputs[0].shape, op.inputs[1].shape
        with_rank(op, 2, 0)
        value = constant_value(op.inputs[2])
        count = None if value is None else int(value)
        if count is not None and count < 0:
            raise shape_error(
                op,
                f"Dimension size, given by scalar input 2, must be non-negative but is {count}",
                computed=(2,),
            )
        if ids.ndims is None or data.ndims is None:
            return [unknown_shape()]
        with_rank_at_least(op, 0, ids.ndims)
        pairs = zip(data.as_list(), ids.as_list(), strict=False)
        for ours, theirs in pairs:
            if ours is not None and theirs is not None and ours != theirs:
                raise shape_error(op, f"Dimensions must be equal, but are {ours} and {theirs}")
        return [TensorShape([count, *data.as_list()[ids.ndims :]])]

    def grad(self, op: Operation, g: Tensor) -> Any:
        return self._gradient(op, g), None, None

    def lower(self, b: Builder, op: Operation, data: Value, ids: Value, number: Value) -> Any:
        if number.ndim:
            raise ProgramError(f"num_segments should be a scalar, not shape {shown(number.shape)}")
        if data.shape[: ids.ndim] != ids.shape:
            raise ProgramError(
                f"data.shape = {shown(data.shape)} does not start with segment_ids.shape = "
                f"{shown(ids.shape)}"
            )
        count = int(b.static(number))
        if count < 0:
            raise ProgramError(f"Input num_segments == {count} must not be negative.")
        ids = b.check_range(
            b.maximum(ids, -1),
            limit=count,
            low=-1,
            message=f"segment_ids{{where}} = {{wrong}} is out of range [0, {count})",
        )
        # Rows that belong to no segment go to one more in front.
        result = combined(b, data, b.add(ids, 1), count + 1, self._combine)
        rest = result.shape[1:]
        return b.slice(
            result,
            start=(1,) + (0,) * len(rest),
            stop=(count + 1, *rest),
            step=(1,) * (1 + len(rest)),
        )


def _like_rows(mask: Tensor, rows: Tensor) -> Tensor:
    """A mask over ids, under a shape that broadcasts against the rows."""
    missing = ones_vector(rank(rows) - rank(mask))
    return reshape(mask, apply("ConcatV2", [shape(mask), missing], 0))


def _own_rows(params: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
    """For each id the row of its segment, zeros where there is none; and whether there is one."""
    rows = rows_of(params, apply("Maximum", ids, zeros_like(ids)))
    owned = _like_rows(apply("GreaterEqual", ids, zeros_like(ids)), rows)
    return apply("SelectV2", owned, rows, zeros_like(rows)), owned


def _unsorted_extremum_gradient(op: Operation, g: Tensor) -> Tensor:
    data, ids, number = op.inputs
    extremes, owned = _own_rows(op.outputs[0], ids)
    chosen = apply("LogicalAnd", apply("Equal", data, extremes), owned)
    count = apply("UnsortedSegmentSum", apply("Cast", chosen, DstT=g.dtype), ids, number)
    rows = _own_rows(g / count, ids)[0]
    result: Tensor = apply("Select", chosen, rows, zeros_like(rows))
    return result


def _unsorted_prod_gradient(op: Operation, g: Tensor) -> Any:
    """Each row's is the product of its segment's others: dividing works where no row is zero."""
    data, ids, number = op.inputs
    zero = apply("Equal", data, zeros_like(data))
    zeros = apply("UnsortedSegmentSum", apply("Cast", zero, DstT=dtypes.int32), ids, number)
    # With two zeros every product of others is zero.
    g = apply("Select", apply("Greater", zeros, 1), zeros_like(g), g)
    filled = apply("Select", zero, ones_like(data), data)
    others = apply("UnsortedSegmentProd", filled, ids, number)
    clipped = apply("Maximum", ids, zeros_like(ids))
    quotient = rows_of(op.outputs[0], clipped) / data
    partial = apply("Select", zero, rows_of(others, clipped), quotient)
    return _own_rows(g, ids)[0] * partial


for _each in (
    UnsortedSegments(
        "UnsortedSegmentSum", "numeric", "add", lambda op, g: _own_rows(g, op.inputs[1])[0]
    ),
    UnsortedSegments("UnsortedSegmentProd", "numeric", "multiply", _unsorted_prod_gradient),
    UnsortedSegments("UnsortedSegmentMax", "real", "maximum", _unsorted_extremum_gradient),
    UnsortedSegments("UnsortedSegmentMin", "real", "minimum", _unsorted_extremum_gradient),
):
    register(_each)


def unsorted_segment_sum(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """Sums of the rows with the same id, in any order.

    Args:
      data: rows.
      segment_ids: an id for each row, or, with more axes, for each of the elements of the first
        axes; rows with a negative id are left out.
      num_segments: how many segments there are.
      name: name of the operation.

    Returns:
      A row for each segment: zeros where it has none.

    Raises:
      ValueError: shapes that do not fit. InvalidArgumentError: an id that is not below
      `num_segments`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.unsorted_segment_sum([1, 2, 3, 4], [1, 0, 1, -1], 3))
      array([2, 4, 0], dtype=int32)
    """
    result: Tensor = apply("UnsortedSegmentSum", data, segment_ids, num_segments, name=name)
    return result


def unsorted_segment_prod(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """Products of the rows with the same id; 1 where a segment has none.

    Arguments and errors are those of `tf.unsorted_segment_sum`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.unsorted_segment_prod([2, 3, 4], [1, 0, 1], 3))
      array([3, 8, 1], dtype=int32)
    """
    result: Tensor = apply("UnsortedSegmentProd", data, segment_ids, num_segments, name=name)
    return result


def unsorted_segment_max(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """Largest elements of the rows with the same id; the lowest number where a segment has none.

    Arguments and errors are those of `tf.unsorted_segment_sum`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.unsorted_segment_max([2, 3, 4], [1, 0, 1], 2))
      array([3, 4], dtype=int32)
    """
    result: Tensor = apply("UnsortedSegmentMax", data, segment_ids, num_segments, name=name)
    return result


def unsorted_segment_min(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """Smallest elements of the rows with the same id; the highest number where a segment has none.

    Arguments and errors are those of `tf.unsorted_segment_sum`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.unsorted_segment_min([2, 3, 4], [1, 0, 1], 2))
      array([3, 2], dtype=int32)
    """
    result: Tensor = apply("UnsortedSegmentMin", data, segment_ids, num_segments, name=name)
    return result


def _count(data: Tensor, segment_ids: Tensor, num_segments: Any) -> Tensor:
    """How many rows each segment has, at least 1, under a shape that broadcasts against sums."""
    marks = ones(shape_internal(segment_ids), dtype=data.dtype)
    number = apply("UnsortedSegmentSum", marks, segment_ids, num_segments)
    if data.shape.ndims is None or segment_ids.shape.ndims is None:
        raise TypeError("The ranks of data and segment_ids must be known.")
    extents = [num_segments] + [1] * (data.shape.ndims - segment_ids.shape.ndims)
    result: Tensor = apply("Maximum", reshape(number, extents), 1)
    return result


def unsorted_segment_mean(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """Means of the rows with the same id; zeros where a segment has none.

    Arguments and errors are those of `tf.unsorted_segment_sum`; ranks have to be known.

    Raises:
      TypeError: a rank is not known.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.unsorted_segment_mean([2.0, 3.0, 4.0], [1, 0, 1], 3))
      array([3., 3., 0.], dtype=float32)
    """
    with name_scope(name, "UnsortedSegmentMean"):
        data, segment_ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
        number = _count(data, segment_ids, num_segments)
        total: Tensor = apply("UnsortedSegmentSum", data, segment_ids, num_segments)
        result: Tensor = total / number
        return result


def unsorted_segment_sqrt_n(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """Sums of the rows with the same id, divided by the square root of how many they are.

    Arguments and errors are those of `tf.unsorted_segment_mean`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.unsorted_segment_sqrt_n([2.0] * 4, [0, 0, 0, 0], 1))
      array([4.], dtype=float32)
    """
    with name_scope(name, "UnsortedSegmentSqrtN"):
        data, segment_ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
        number = _count(data, segment_ids, num_segments)
        total: Tensor = apply("UnsortedSegmentSum", data, segment_ids, num_segments)
        result: Tensor = total / apply("Sqrt", number)
        return result
