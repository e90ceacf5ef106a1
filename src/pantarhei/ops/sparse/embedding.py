"""Rows of a table at sparse numbers, combined for each row of them."""

from __future__ import annotations

import logging
from typing import Any

from pantarhei.core import dtypes
from pantarhei.core.shapes import unknown_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.sparse_tensor import SparseTensor
from pantarhei.ops.array.broadcasting import tile
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.filling import fill, ones_like, zeros_like
from pantarhei.ops.array.indexing import gather
from pantarhei.ops.array.indexing import slice as sliced
from pantarhei.ops.array.joining import concat, stack
from pantarhei.ops.array.shapes import expand_dims, rank, reshape, size
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.ops.math.binary import pow as power
from pantarhei.ops.math.comparison import greater, greater_equal, logical_and, where
from pantarhei.ops.math.division import div
from pantarhei.ops.math.reductions import reduce_prod
from pantarhei.ops.math.segments import segment_sum
from pantarhei.ops.math.unary import sqrt
from pantarhei.ops.nn.embedding import embedding_lookup
from pantarhei.ops.search.distinct import unique
from pantarhei.ops.sparse.arranging import sparse_reshape
from pantarhei.ops.sparse.empty_rows import sparse_fill_empty_rows
from pantarhei.ops.sparse.parts import sparse_retain
from pantarhei.ops.sparse.segments import (
    sparse_segment_mean,
    sparse_segment_sqrt_n,
    sparse_segment_sum,
)

_UNWEIGHTED = {
    "sum": sparse_segment_sum,
    "mean": sparse_segment_mean,
    "sqrtn": sparse_segment_sqrt_n,
}


def embedding_lookup_sparse(
    params: Any,
    sp_ids: SparseTensor,
    sp_weights: SparseTensor | None,
    partition_strategy: str = "mod",
    name: str | None = None,
    combiner: str | None = None,
    max_norm: Any = None,
) -> Tensor:
    """Rows of a table at sparse numbers, combined for each row of them.

    Args:
      params: the table, or a list of its parts; see `tf.nn.embedding_lookup`.
      sp_ids: an integer SparseTensor with an element in each row.
      sp_weights: a weight for each of the numbers, at the same positions; None for 1.
      partition_strategy: how rows are dealt to parts: "mod" or "div".
      name: name of the operation.
      combiner: "sum"; "mean", the sum over the sum of the weights; or "sqrtn", the sum over the
        root of the sum of their squares. "mean" by default.
      max_norm: to which norm rows are shortened before.

    Raises:
      TypeError: an argument that should be sparse is not. ValueError: there is no such combiner.

    Example:
      >>> import pantarhei as tf
      >>> ids = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [2, 0, 1], [2, 2])
      >>> table = [[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]]
      >>> tf.Session().run(tf.nn.embedding_lookup_sparse(tf.constant(table), ids, None, \
combiner="sum"))
      array([[5., 5.],
             [2., 2.]], dtype=float32)
    """
    if combiner is None:
        logging.getLogger("tensorflow").warning(
            'The default value of combiner will change from "mean" to "sqrtn" after 2016/11/01.'
        )
        combiner = "mean"
    if combiner not in _UNWEIGHTED:
        raise ValueError("combiner must be one of 'mean', 'sqrtn' or 'sum'")
    if not isinstance(sp_ids, SparseTensor):
        raise TypeError("sp_ids must be SparseTensor")
    if sp_weights is not None:
        _check_weights(sp_ids, sp_weights)
    parts = _as_list(params)
    with name_scope(name, "embedding_lookup_sparse", [*parts, sp_ids.values]) as scope:
        rows = cast(sp_ids.indices[:, 0], dtypes.int32)
        ids, places = unique(sp_ids.values)
        found = embedding_lookup(
            parts, ids, partition_strategy=partition_strategy, max_norm=max_norm
        )
        if found.dtype.base_dtype in (dtypes.float16, dtypes.bfloat16):
            found = cast(found, dtypes.float32)
        if sp_weights is None:
            return _UNWEIGHTED[combiner](found, places, rows, name=scope)
        weights = cast(sp_weights.values, found.dtype)
        return _weighted(combiner, gather(found, places), weights, rows, scope)


def _as_list(params: Any) -> list[Any]:
    if hasattr(params, "_get_variable_list"):  # a variable kept in parts
        return list(params)
    return params if isinstance(params, list) else [params]


def _check_weights(ids: SparseTensor, weights: Any) -> None:
    if not isinstance(weights, SparseTensor):
        raise TypeError("sp_weights must be either None or SparseTensor")
    for ours, theirs in (
        (ids.values, weights.values),
        (ids.indices, weights.indices),
        (ids.dense_shape, weights.dense_shape),
    ):
        ours.shape.assert_is_compatible_with(theirs.shape)


def _weighted(combiner: str, found: Tensor, weights: Tensor, rows: Tensor, scope: str) -> Tensor:
    """The sum of weighted elements for each row, over what the combiner says."""
    inner = fill(expand_dims(rank(found) - 1, 0), 1)
    static = weights.shape
    weights = reshape(weights, concat([shape_of(weights), inner], 0))
    if found.shape.ndims is not None:
        weights.set_shape(static.concatenate([1] * (found.shape.ndims - 1)))
    found = found * weights
    if combiner == "sum":
        return segment_sum(found, rows, name=scope)
    total = segment_sum(found, rows)
    if combiner == "mean":
        return div(total, segment_sum(weights, rows), name=scope)
    return div(total, sqrt(segment_sum(power(weights, 2), rows)), name=scope)


def safe_embedding_lookup_sparse(
    embedding_weights: Any,
    sparse_ids: SparseTensor,
    sparse_weights: SparseTensor | None = None,
    combiner: str = "mean",
    default_id: Any = None,
    name: str | None = None,
    partition_strategy: str = "div",
    max_norm: Any = None,
) -> Tensor:
    """As `tf.nn.embedding_lookup_sparse`, for numbers of any rank, rows without any included.

    Numbers less than 0 are left out, and those of weight 0 or less (unless they are summed).

    Args:
      embedding_weights: the table, or a list of its parts.
      sparse_ids: an integer SparseTensor; its last axis is combined.
      sparse_weights: a weight for each of the numbers, at the same positions; None for 1.
      combiner: "sum", "mean" or "sqrtn".
      default_id: the number that rows without any get; None for a result of zeros.
      name: name of the operation.
      partition_strategy: how rows are dealt to parts: "mod" or "div".
      max_norm: to which norm rows are shortened before.

    Raises:
      ValueError: there is no table, or no such combiner.

    Example:
      >>> import pantarhei as tf
      >>> ids = tf.SparseTensor([[0, 0], [0, 1]], tf.constant([1, -1], tf.int64), [2, 2])
      >>> tf.Session().run(tf.nn.safe_embedding_lookup_sparse(tf.constant([[1.0], [2.0]]), ids))
      array([[2.],
             [0.]], dtype=float32)
    """
    tables = [] if embedding_weights is None else _as_list(embedding_weights)
    if not tables:
        raise ValueError(f"Missing embedding_weights {embedding_weights}.")
    dtype = None if sparse_weights is None else sparse_weights.dtype
    tables = [
        each
        if hasattr(each, "handle") and dtype in (None, each.dtype)
        else convert_to_tensor(each, dtype)
        for each in tables
    ]
    with name_scope(name, "embedding_lookup", [*tables, sparse_ids.values]) as scope:
        extents = sparse_ids.dense_shape
        known = extents.shape.as_list()[0]
        last: Any = size(extents) if known is None else known
        outer = reduce_prod(sliced(extents, [0], [last - 1]))
        ids = sparse_reshape(sparse_ids, [outer, gather(extents, last - 1)])
        weights = sparse_weights
        if weights is not None:
            weights = SparseTensor(ids.indices, weights.values, ids.dense_shape)
        ids, weights = _without_invalid_ids(ids, weights)
        if combiner != "sum" and weights is not None:
            valid = greater(weights.values, 0)
            ids, weights = sparse_retain(ids, valid), sparse_retain(weights, valid)
        ids, empty = sparse_fill_empty_rows(ids, default_id or 0)
        if weights is not None:
            weights, _ = sparse_fill_empty_rows(weights, 1.0)
        result = embedding_lookup_sparse(
            tables,
            ids,
            weights,
            combiner=combiner,
            partition_strategy=partition_strategy,
            name=None if default_id is None else scope,
            max_norm=max_norm,
        )
        if default_id is None:
            nothing = tile(reshape(empty, [-1, 1]), stack([1, shape_of(result)[1]]))
            result = where(nothing, zeros_like(result), result, name=scope)
        first = sliced(cast(extents, dtypes.int32), [0], [last - 1])
        final = reshape(result, concat([first, sliced(shape_of(result), [1], [-1])], 0))
        rest = unknown_shape(None if known is None else known - 1)
        final.set_shape(rest.concatenate(result.shape[1:]))
        return final


def _without_invalid_ids(
    ids: SparseTensor, weights: SparseTensor | None
) -> tuple[SparseTensor, SparseTensor | None]:
    valid = greater_equal(ids.values, 0)
    if weights is None:
        return sparse_retain(ids, valid), None
    valid = logical_and(valid, ones_like(weights.values, dtype=dtypes.bool))
    return sparse_retain(ids, valid), sparse_retain(weights, valid)
