"""Reductions of the rows that share a segment: the sum, mean, product or extremum of each segment.

Ids are sorted. There are as many segments as the last id says, so their number is data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.definitions.opdef import OpDef, apply, register
from pantarhei.graph.definitions.shape_rules import with_rank, with_rank_at_least
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.filling import ones, zeros_like
from pantarhei.ops.array.shapes import rank, reshape, shape
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value

Gradient = Callable[[Operation, Tensor], Tensor]


def _start(dtype: np.dtype[Any], combine: str) -> Any:
    """What a segment without rows holds; extrema begin with the last finite number."""
    if combine in ("add", "multiply"):
        return int(combine == "multiply")
    limits = np.iinfo(dtype) if np.issubdtype(dtype, np.integer) else dtypes.as_dtype(dtype)
    return limits.min if combine == "maximum" else limits.max


def combined(b: Builder, data: Value, ids: Value, count: int, combine: str) -> Any:
    """Rows combined by segment; every id is in [0, count)."""
    rest = data.shape[ids.ndim :]
    start = b.constant(np.asarray(_start(data.dtype, combine)).astype(data.dtype))
    base = b.broadcast_to(start, shape=(count, *rest))
    rows = b.reshape(data, shape=(ids.size, *rest))
    return b.scatter(base, b.reshape(ids, shape=(ids.size, 1)), rows, combine=combine)


class SortedSegments(OpDef, abstract=True):
    """A reduction of neighbouring rows with the same id, in a row: type, dtypes, way to combine."""

    def __init__(
        self, type: str, allowed: str, combine: str, gradient: Gradient | None = None
    ) -> None:
        self.type = type
        self.signature = (  # type: ignore[misc]
            f"data: T, segment_ids: Tindices -> output: T | T: {allowed} | Tindices: index"
        )
        self._combine = combine
        self._gradient = gradient

    def infer(self, op: Operation) -> list[TensorShape]:
        data = with_rank_at_least(op, 0, 1)
        with_rank(op, 1, 1)
        if data.ndims is None:
            return [unknown_shape()]
        return [TensorShape([None, *data.as_list()[1:]])]

    def grad(self, op: Operation, g: Tensor) -> Any:
        if self._gradient is None:
            return super().grad(op, g)
        return self._gradient(op, g), None

    def lower(self, b: Builder, op: Operation, data: Value, ids: Value) -> Any:
        ids, count = sorted_ids(b, ids, data.shape[0] if data.shape else None)
        mean = self._combine == "mean"
        result = combined(b, data, ids, count, "add" if mean else self._combine)
        if self._combine not in ("add", "multiply"):
            number = b.reshape(
                row_count(b, ids, count, data.dtype), shape=(count,) + (1,) * (data.ndim - 1)
            )
            nothing = b.equal(number, 0)
            if mean:
                return b.divide(result, b.maximum(number, 1))
            result = b.where(nothing, b.constant(0, data.dtype), result)
        return result


def sorted_ids(b: Builder, ids: Value, rows: int | None) -> tuple[Value, int]:
    """The ids, which will be checked when they are used, and the number of segments."""
    if ids.ndim != 1:
        raise ProgramError("segment_ids should be a vector.")
    if rows != ids.size:
        raise ProgramError("segment_ids should be the same size as dimension 0 of input.")
    if not ids.size:
        return ids, 0

    def part(start: int, stop: int) -> Value:
        taken: Value = b.slice(ids, start=(start,), stop=(stop,), step=(1,))
        return taken

    first, last = part(0, 1), part(ids.size - 1, ids.size)
    count = max(int(b.static(last)[0]) + 1, 0)
    steps = b.check_range(
        b.subtract(part(1, ids.size), part(0, ids.size - 1)),
        limit=int(np.iinfo(ids.dtype).max),
        message="segment ids are not increasing",
    )
    ids = b.concatenate(first, b.add(part(0, ids.size - 1), steps), axis=0)
    message = (
        f"Segment id {{wrong}} out of range [0, {count}), possibly because 'segment_ids' input"
    )
    return b.check_range(ids, limit=count, message=f"{message} is not sorted."), count


def row_count(b: Builder, ids: Value, count: int, dtype: np.dtype[Any]) -> Value:
    """How many rows each segment has."""
    one = b.constant(np.ones(ids.shape, dtype))
    result: Value = combined(b, one, ids, count, "add")
    return result


def rows_of(params: Any, ids: Any) -> Tensor:
    """The row of each id's segment."""
    result: Tensor = apply("GatherV2", params, ids, 0)
    return result


def _mean_gradient(op: Operation, g: Tensor) -> Tensor:
    ids = op.inputs[1]
    # A one for each row, of the rank of the rows, so that it divides them.
    extents = apply("ConcatV2", [shape(ids), ones_vector(rank(op.inputs[0]) - 1)], 0)
    count = apply("SegmentSum", ones(extents, g.dtype), ids)
    return rows_of(g / count, ids)


def ones_vector(length: Tensor) -> Tensor:
    """A vector of ones, to extend a shape."""
    result: Tensor = apply("Fill", reshape(length, [1]), 1)
    return result


def _extremum_gradient(op: Operation, g: Tensor) -> Tensor:
    """Rows of a segment that share its extreme value share its gradient."""
    data, ids = op.inputs
    chosen = apply("Equal", data, rows_of(op.outputs[0], ids))
    count = apply("SegmentSum", apply("Cast", chosen, DstT=g.dtype), ids)
    result: Tensor = apply("Select", chosen, rows_of(g / count, ids), zeros_like(data))
    return result


for _row in (
    SortedSegments("SegmentSum", "numeric", "add", lambda op, g: rows_of(g, op.inputs[1])),
    SortedSegments("SegmentMean", "numeric", "mean", _mean_gradient),
    SortedSegments("SegmentProd", "numeric", "multiply"),
    SortedSegments("SegmentMax", "real", "maximum", _extremum_gradient),
    SortedSegments("SegmentMin", "real", "minimum", _extremum_gradient),
):
    register(_row)


def segment_sum(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Sums of neighbouring rows with the same id.

    Args:
      data: rows: a tensor of any shape with at least one axis.
      segment_ids: a sorted vector with the id of each row.
      name: name of the operation.

    Returns:
      A row for each id from 0 to the last; zeros for ids that no row has.

    Raises:
      ValueError: ranks that do not fit. InvalidArgumentError: ids that are not sorted, or not as
      many as there are rows.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.segment_sum([[1, 2], [3, 4], [5, 6]], [0, 0, 1]))
      array([[4, 6],
             [5, 6]], dtype=int32)
    """
    result: Tensor = apply("SegmentSum", data, segment_ids, name=name)
    return result


def segment_mean(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Means of neighbouring rows with the same id; arguments and errors as for `tf.segment_sum`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.segment_mean([1.0, 3.0, 5.0], [0, 0, 1]))
      array([2., 5.], dtype=float32)
    """
    result: Tensor = apply("SegmentMean", data, segment_ids, name=name)
    return result


def segment_prod(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Products of neighbouring rows with the same id; 1 for ids that no row has.

    Arguments and errors are those of `tf.segment_sum`. It has no gradient.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.segment_prod([2, 3, 5], [0, 0, 1]))
      array([6, 5], dtype=int32)
    """
    result: Tensor = apply("SegmentProd", data, segment_ids, name=name)
    return result


def segment_max(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Largest elements of neighbouring rows with the same id; see `tf.segment_sum`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.segment_max([2, 3, 5], [0, 0, 1]))
      array([3, 5], dtype=int32)
    """
    result: Tensor = apply("SegmentMax", data, segment_ids, name=name)
    return result


def segment_min(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Smallest elements of neighbouring rows with the same id; see `tf.segment_sum`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.segment_min([2, 3, 5], [0, 0, 1]))
      array([2, 5], dtype=int32)
    """
    result: Tensor = apply("SegmentMin", data, segment_ids, name=name)
    return result
