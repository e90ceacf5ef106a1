"""Reductions by segment of rows that are picked out of a tensor: sums, means, sums over root n."""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.definitions.opdef import OpDef, apply, register
from pantarhei.graph.definitions.shape_rules import with_rank, with_rank_at_least
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.shapes import reshape, shape
from pantarhei.ops.math.segments import combined, row_count, sorted_ids
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Value


class SparseSegments(OpDef, abstract=True):
    """A reduction of picked rows: type, dtypes, the power of the count that divides the sum."""

    def __init__(self, type: str, allowed: str, power: float, counted: bool) -> None:
        self.type = type + ("WithNumSegments" if counted else "")
        more = (", num_segments: Tnumsegments", " | Tnumsegments: index = int32")
        argument, attribute = more if counted else ("", "")
        self.signature = (  # type: ignore[misc]
            f"data: T, indices: Tidx, segment_ids: int32{argument} -> output: T | "
            f"T: {allowed} | Tidx: index = int32{attribute}"
        )
        self._power = power

    def infer(self, op: Operation) -> list[TensorShape]:
        data = with_rank_at_least(op, 0, 1)
        with_rank(op, 1, 1)
        with_rank(op, 2, 1)
        if data.ndims is None:
            return [unknown_shape()]
        count = constant_value(op.inputs[3]) if len(op.inputs) == 4 else None
        return [TensorShape([None if count is None else int(count), *data.as_list()[1:]])]

    def grad(self, op: Operation, g: Tensor) -> Any:
        data, indices, ids = op.inputs[:3]
        if self._power:
            ones = apply("Fill", shape(ids), np.ones((), g.dtype.as_numpy_dtype))
            number = apply("UnsortedSegmentSum", ones, ids, shape(g)[0])
            number = apply("Maximum", number, 1)
            extents = apply("ConcatV2", [shape(number), apply("OnesLike", shape(g)[1:])], 0)
            number = reshape(number, extents)
            g = g / (number if self._power == 1 else apply("Sqrt", number))
        rows = apply("GatherV2", g, ids, 0)
        found = apply("UnsortedSegmentSum", rows, indices, shape(data)[0])
        return [found, *[None] * (len(op.inputs) - 1)]

    def lower(self, b: Builder, op: Operation, data: Value, *rest: Value) -> Any:
        indices, ids, *number = rest
        rows = b.gather(data, indices, axis=0)
        ids, count = sorted_ids(b, ids, indices.size if indices.ndim == 1 else None)
        if number:
            count = int(b.static(number[0]))
            ids = b.check_range(ids, limit=count, message="segment ids must be < num_segments")
        total = combined(b, rows, ids, count, "add")
        if not self._power:
            return total
        times = b.maximum(row_count(b, ids, count, data.dtype), 1)
        times = times if self._power == 1 else b.sqrt(times)
        return b.divide(total, b.reshape(times, shape=(count,) + (1,) * (data.ndim - 1)))


for _counted in (False, True):
    register(SparseSegments("SparseSegmentSum", "real", 0, _counted))
    register(SparseSegments("SparseSegmentMean", "{float32, float64}", 1, _counted))
    register(SparseSegments("SparseSegmentSqrtN", "{float32, float64}", 0.5, _counted))


def _reduced(
    type: str, data: Any, indices: Any, segment_ids: Any, name: str | None, num_segments: Any
) -> Tensor:
    result: Tensor
    if num_segments is None:
        result = apply(type, data, indices, segment_ids, name=name)
    else:
        result = apply(
            f"{type}WithNumSegments", data, indices, segment_ids, num_segments, name=name
        )
    return result


def sparse_segment_sum(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None, num_segments: Any = None
) -> Tensor:
    """Sums, by segment, of rows that are picked out of `data`.

    Args:
      data: rows.
      indices: a vector: which rows.
      segment_ids: a sorted vector: the segment of each of them.
      name: name of the operation.
      num_segments: how many segments there are; by default one more than the last id.

    Raises:
      ValueError: ranks that do not fit. InvalidArgumentError: ids that are not sorted.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.sparse_segment_sum([1, 2, 4], [0, 2, 1], [0, 0, 1]))
      array([5, 2], dtype=int32)
    """
    return _reduced("SparseSegmentSum", data, indices, segment_ids, name, num_segments)


def sparse_segment_mean(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None, num_segments: Any = None
) -> Tensor:
    """Means, by segment, of rows that are picked out of `data`; see `tf.sparse_segment_sum`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.sparse_segment_mean([1.0, 2.0, 4.0], [0, 2, 1], [0, 0, 1]))
      array([2.5, 2. ], dtype=float32)
    """
    return _reduced("SparseSegmentMean", data, indices, segment_ids, name, num_segments)


def sparse_segment_sqrt_n(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None, num_segments: Any = None
) -> Tensor:
    """Sums of picked rows over the root of their number; see `tf.sparse_segment_sum`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.sparse_segment_sqrt_n([1.0, 3.0], [0, 1, 1, 0], [0, 0, 0, 0]))
      array([4.], dtype=float32)
    """
    return _reduced("SparseSegmentSqrtN", data, indices, segment_ids, name, num_segments)
