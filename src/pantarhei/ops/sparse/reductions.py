"""Sums and maxima of sparse tensors over some of their axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.definitions.opdef import OpDef, apply, register
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.sparse_tensor import SparseTensor
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.filling import ones_like
from pantarhei.ops.array.filling import range as count_up
from pantarhei.ops.array.partitioning import dynamic_stitch
from pantarhei.ops.array.scattering import gather_nd
from pantarhei.ops.array.shapes import rank as rank_of
from pantarhei.ops.array.shapes import renamed, reshape, size
from pantarhei.ops.host.results import host_results
from pantarhei.ops.sparse.rows import check_counts, grouped
from pantarhei.program.ir import Array, ProgramError, Type, Value

_INPUTS = "input_indices: int64, input_values: T, input_shape: int64, reduction_axes: int32"


def _kept(rank: int, axes: Array) -> list[int]:
    """The axes that are not reduced."""
    for axis in axes.ravel().tolist():
        if not -rank <= axis < rank:
            raise ProgramError(
                f"Invalid reduction dimension {axis}, for input with {rank} dimensions."
            )
    reduced = {axis % rank for axis in axes.ravel().tolist()}
    return [axis for axis in range(rank) if axis not in reduced]


def _extents(shape: Array, kept: list[int], keep_dims: bool) -> list[int]:
    if keep_dims:
        return [extent if axis in kept else 1 for axis, extent in enumerate(shape.tolist())]
    return [int(shape[axis]) for axis in kept]


def _combined(rows: Array, elements: Array, kept: list[int], maximum: bool) -> tuple[Array, Array]:
    """The positions that remain, and what is there."""
    distinct, numbers = grouped(rows[:, kept])
    if maximum:
        order = np.argsort(numbers, kind="stable")
        starts = np.searchsorted(numbers[order], np.arange(len(distinct)))
        found = elements[order]
        return distinct, np.maximum.reduceat(found, starts) if len(found) else found
    total = np.zeros(len(distinct), elements.dtype)
    np.add.at(total, numbers, elements)
    return distinct, total


def _kept_shape(shape: Tensor, axes: Tensor) -> Tensor:
    """The shape with extent 1 along the axes."""
    rank = size(shape)
    axes = (axes + rank) % rank
    stitched: Tensor = dynamic_stitch([count_up(rank), axes], [shape, ones_like(axes)])
    return stitched


class SparseReduction(OpDef, abstract=True):
    """A sum or maximum over axes as an ordinary tensor, zero where nothing is."""

    def __init__(self, type: str, allowed: str) -> None:
        self.type = type
        self.signature = (  # type: ignore[misc]
            f"{_INPUTS} -> output: T | keep_dims: bool = False | T: {allowed}"
        )
        self._maximum = type.endswith("Max")

    def infer(self, op: Operation) -> list[TensorShape]:
        shape, axes = (constant_value(op.inputs[index]) for index in (2, 3))
        if shape is None or axes is None:
            return [TensorShape(None)]
        try:
            kept = _kept(len(shape), axes)
        except ProgramError as error:
            raise ValueError(str(error)) from None
        return [TensorShape(_extents(shape, kept, op.attributes["keep_dims"]))]

    def grad(self, op: Operation, g: Any) -> Any:
        if self._maximum:
            return super().grad(op, g)
        indices, _, shape, axes = op.inputs
        extents = _kept_shape(cast(shape, dtypes.int32), axes)
        scale = shape // cast(extents, dtypes.int64)
        return None, gather_nd(reshape(g, extents), indices // scale), None, None

    def lower(self, b: Any, op: Operation, *inputs: Value) -> Value:
        indices, values, given, axes = inputs
        check_counts(indices, values)
        shape = b.static(given)
        kept = _kept(len(shape), b.static(axes))
        extents = [int(shape[axis]) for axis in kept]
        result = tuple(_extents(shape, kept, op.attributes["keep_dims"]))

        def reduced(rows: Array, elements: Array) -> list[Array]:
            positions, found = _combined(rows, elements, kept, self._maximum)
            outside = (positions < 0) | (positions >= np.array(extents, np.int64))
            if outside.any():
                raise ProgramError("Indices are not valid (out of bounds).")
            total = np.zeros(extents, elements.dtype)
            if len(positions):
                total[tuple(positions.T)] = found if kept else found[0]
            return [total.reshape(result)]

        return host_results(b, reduced, [indices, values], [Type(values.dtype, result)])[0]


class SparseReductionToSparse(OpDef, abstract=True):
    """A sum or maximum over axes as a sparse tensor."""

    def __init__(self, type: str, allowed: str) -> None:
        self.type = type
        self.signature = (  # type: ignore[misc]
            f"{_INPUTS} -> output_indices: int64, output_values: T, output_shape: int64 "
            f"| keep_dims: bool = False | T: {allowed}"
        )
        self._maximum = "Max" in type

    def lower(self, b: Any, op: Operation, *inputs: Value) -> list[Value]:
        keep_dims = op.attributes["keep_dims"]
        check_counts(*inputs[:2])

        def reduced(rows: Array, elements: Array, shape: Array, axes: Array) -> list[Array]:
            kept = _kept(len(shape), axes)
            positions, found = _combined(rows, elements, kept, self._maximum)
            if keep_dims:
                whole = np.zeros((len(positions), len(shape)), np.int64)
                whole[:, kept] = positions
                positions = whole
            return [positions, found, np.array(_extents(shape, kept, keep_dims), np.int64)]

        return host_results(b, reduced, inputs)


register(SparseReduction("SparseReduceSum", "numeric"))
register(SparseReduction("SparseReduceMax", "real"))
register(SparseReductionToSparse("SparseReduceSumSparse", "numeric"))
register(SparseReductionToSparse("SparseReduceMaxSparse", "real"))


def _axes(sparse: SparseTensor, axis: Any) -> Any:
    if axis is not None:
        return axis
    rank = sparse.dense_shape.shape.with_rank(1).as_list()[0]
    if rank is not None:
        return constant(np.arange(rank), dtypes.int32)
    return count_up(0, rank_of(sparse))


def _reduced(
    type: str, sparse: SparseTensor, axis: Any, keepdims: Any, reduction_axes: Any, keep_dims: Any
) -> Any:
    keeps = renamed("keepdims", keepdims, "keep_dims", keep_dims)
    if axis is not None and reduction_axes is not None:
        raise ValueError("Can't specify both axis' and 'reduction_indices'.")
    axes = _axes(sparse, axis if reduction_axes is None else reduction_axes)
    parts = (sparse.indices, sparse.values, sparse.dense_shape)
    return apply(type, *parts, axes, keep_dims=bool(keeps))


def sparse_reduce_sum(
    sp_input: SparseTensor,
    axis: Any = None,
    keepdims: Any = None,
    reduction_axes: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """The sum of the elements over some axes, as an ordinary tensor.

    Args:
      sp_input: a SparseTensor of numbers.
      axis: one axis or a list of them, negative ones counted from the end; all axes by default.
      keepdims: whether reduced axes stay, with extent 1.
      reduction_axes: the old name of `axis`.
      keep_dims: the old name of `keepdims`.

    Raises:
      ValueError: there is no such axis.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 0], [0, 2], [1, 1]], [1, 2, 3], [2, 3])
      >>> tf.Session().run(tf.sparse_reduce_sum(x, 1))
      array([3, 3], dtype=int32)
    """
    result: Tensor = _reduced(
        "SparseReduceSum", sp_input, axis, keepdims, reduction_axes, keep_dims
    )
    return result


def sparse_reduce_max(
    sp_input: SparseTensor,
    axis: Any = None,
    keepdims: Any = None,
    reduction_axes: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """The largest of the elements that are there, over some axes; see `tf.sparse_reduce_sum`.

    Where there is no element the result is zero.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 0], [0, 2]], [-1, -2], [2, 3])
      >>> tf.Session().run(tf.sparse_reduce_max(x, 1))
      array([-1,  0], dtype=int32)
    """
    result: Tensor = _reduced(
        "SparseReduceMax", sp_input, axis, keepdims, reduction_axes, keep_dims
    )
    return result


def sparse_reduce_sum_sparse(
    sp_input: SparseTensor,
    axis: Any = None,
    keepdims: Any = None,
    reduction_axes: Any = None,
    keep_dims: Any = None,
) -> SparseTensor:
    """The sum of the elements over some axes, as a sparse tensor; see `tf.sparse_reduce_sum`.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 0], [0, 2], [7, 1]], [1, 2, 3], [9, 3])
      >>> tf.Session().run(tf.sparse_reduce_sum_sparse(x, 1)).values
      array([3, 3], dtype=int32)
    """
    return SparseTensor(
        *_reduced("SparseReduceSumSparse", sp_input, axis, keepdims, reduction_axes, keep_dims)
    )


def sparse_reduce_max_sparse(
    sp_input: SparseTensor,
    axis: Any = None,
    keepdims: Any = None,
    reduction_axes: Any = None,
    keep_dims: Any = None,
) -> SparseTensor:
    """The largest of the elements over some axes, as a sparse tensor; see `tf.sparse_reduce_sum`.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 0], [0, 2], [7, 1]], [1, 2, 3], [9, 3])
      >>> tf.Session().run(tf.sparse_reduce_max_sparse(x, 1)).values
      array([2, 3], dtype=int32)
    """
    return SparseTensor(
        *_reduced("SparseReduceMaxSparse", sp_input, axis, keepdims, reduction_axes, keep_dims)
    )
