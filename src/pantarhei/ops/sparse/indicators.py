"""Numbers as positions: sparse tensors of which the elements say where something is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.sparse_tensor import SparseTensor, SparseTensorValue
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.filling import fill
from pantarhei.ops.array.joining import concat
from pantarhei.ops.array.shapes import expand_dims
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.ops.sparse.arranging import sparse_reorder
from pantarhei.ops.sparse.tensors import as_sparse, sparse_tensor_to_dense


def sparse_merge(
    sp_ids: Any,
    sp_values: Any,
    vocab_size: Any,
    name: str | None = None,
    already_sorted: bool = False,
) -> SparseTensor:
    """Values at the positions given by numbers beside them: the last axis counts numbers.

    Args:
      sp_ids: an integer SparseTensor, or a list of them, one for each new axis.
      sp_values: a SparseTensor with a value for each of the numbers.
      vocab_size: how many numbers there are: the extent of the new axis, or a list of extents.
      name: name of the scope.
      already_sorted: whether the new positions are in order.

    Raises:
      TypeError: the arguments are of other kinds. ValueError: there are not as many extents as
        axes.

    Example:
      >>> import pantarhei as tf
      >>> ids = tf.SparseTensor([[0, 0], [0, 1]], [3, 1], [1, 2])
      >>> values = tf.SparseTensor([[0, 0], [0, 1]], [5.0, 7.0], [1, 2])
      >>> tf.Session().run(tf.sparse_merge(ids, values, 4)).indices
      array([[0, 1],
             [0, 3]])
    """
    ids, extents = _as_lists(sp_ids, vocab_size)
    with name_scope(name, "SparseMerge"):
        ids = [as_sparse(each) for each in ids]
        values = as_sparse(sp_values)
        columns = [expand_dims(cast(each.values, dtypes.int64), axis=1) for each in ids]
        sizes = [cast(extent, dtypes.int64) for extent in extents]
        indices = concat([ids[0].indices[:, :-1], *columns], 1)
        shape = concat([ids[0].dense_shape[:-1], sizes], 0)
        merged = SparseTensor(indices, values.values, shape)
        if already_sorted:
            return merged
        ordered = sparse_reorder(merged)
        return SparseTensor(ordered.indices, ordered.values, shape)


def _as_lists(sp_ids: Any, vocab_size: Any) -> tuple[list[Any], list[Any]]:
    """The numbers and the extents, one for each new axis."""
    if isinstance(sp_ids, (SparseTensor, SparseTensorValue)):
        if not _is_size(vocab_size):
            raise TypeError(
                f"vocab_size has to be a Tensor or Python int. Found {type(vocab_size)}"
            )
        return [sp_ids], [vocab_size]
    if not isinstance(sp_ids, Iterable):
        raise TypeError(f"sp_ids has to be a SparseTensor or list thereof. Found {type(sp_ids)}")
    if not isinstance(vocab_size, Iterable) or isinstance(vocab_size, Tensor):
        raise TypeError(
            f"vocab_size has to be a list of Tensors or Python ints. Found {type(vocab_size)}"
        )
    ids, sizes = list(sp_ids), list(vocab_size)
    for each in sizes:
        if not _is_size(each):
            raise TypeError(
                f"vocab_size has to be a list of Tensors or Python ints. Found {type(each)}"
            )
    if len(ids) != len(sizes):
        raise ValueError("sp_ids and vocab_size have to have equal lengths.")
    return ids, sizes


def _is_size(value: Any) -> bool:
    return isinstance(value, (Tensor, int, np.integer))


def sparse_to_indicator(sp_input: Any, vocab_size: Any, name: str | None = None) -> Tensor:
    """For each row, which of the numbers are among its elements.

    Args:
      sp_input: an integer SparseTensor.
      vocab_size: how many numbers there are.
      name: name of the scope.

    Returns:
      A tensor of booleans; its last axis counts numbers.

    Raises:
      TypeError: `sp_input` is not sparse.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [3, 1, 0], [2, 2])
      >>> tf.Session().run(tf.sparse_to_indicator(x, 4))
      array([[False,  True, False,  True],
             [ True, False, False, False]])
    """
    sparse = as_sparse(sp_input)
    with name_scope(name, "SparseToIndicator", [sparse.indices]) as scope:
        count = shape_of(sparse.indices)[0]
        present = fill(expand_dims(count, 0), True)
        values = SparseTensor(sparse.indices, present, sparse.dense_shape)
        merged = sparse_merge(sparse, values, vocab_size, scope)
        return sparse_tensor_to_dense(merged, False, validate_indices=False, name=scope)
