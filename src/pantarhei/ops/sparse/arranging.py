"""Elements of sparse tensors in another order or under another shape."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.constant import constant_value, shape_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.sparse_tensor import SparseTensor
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.filling import ones_like, zeros
from pantarhei.ops.array.filling import range as count_up
from pantarhei.ops.array.identity import identity
from pantarhei.ops.array.indexing import gather
from pantarhei.ops.array.indexing import slice as sliced
from pantarhei.ops.array.joining import concat
from pantarhei.ops.array.shapes import rank as rank_of
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.ops.array.transposing import transpose
from pantarhei.ops.control_flow.dependencies import with_dependencies
from pantarhei.ops.debug.assertions import assert_equal, assert_less_equal
from pantarhei.ops.host.results import host_results
from pantarhei.ops.math.binary import add, maximum
from pantarhei.ops.math.comparison import where_v2
from pantarhei.ops.math.reductions import reduce_max
from pantarhei.ops.search.distinct import invert_permutation
from pantarhei.ops.sparse.rows import check_counts, extents_of, in_order, listed
from pantarhei.ops.sparse.tensors import as_sparse
from pantarhei.program.ir import Array, ProgramError, Type, Value


class SparseReorder(OpDef):
    """Elements in the order of their positions, row after row."""

    signature = (
        "input_indices: int64, input_values: T, input_shape: int64 "
        "-> output_indices: int64, output_values: T | T: type"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 2, 1)
        return [with_rank(op, 0, 2), with_rank(op, 1, 1)]

    def grad(self, op: Operation, _: Any, g: Any) -> Any:
        indices, _, shape = op.inputs
        places = count_up(shape_of(indices)[0])
        moved = sparse_reorder(SparseTensor(indices, places, shape))
        return None, gather(g, invert_permutation(moved.values)), None

    def lower(self, b: Any, op: Operation, *inputs: Value) -> list[Value]:
        indices, values, _ = inputs
        check_counts(indices, values)

        def reordered(rows: Array, elements: Array) -> list[Array]:
            order = in_order(rows)
            return [rows[order], elements[order]]

        return host_results(b, reordered, [indices, values], [indices.type, values.type])


def sparse_reorder(sp_input: Any, name: str | None = None) -> SparseTensor:
    """The elements in the order of their positions, row after row.

    Args:
      sp_input: a SparseTensor.
      name: name of the operation.

    Raises:
      TypeError: it is not sparse.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[1, 0], [0, 2]], ["b", "a"], [2, 3])
      >>> tf.Session().run(tf.sparse_reorder(x)).values
      array([b'a', b'b'], dtype=object)
    """
    sparse = as_sparse(sp_input)
    indices, values = apply(
        "SparseReorder", sparse.indices, sparse.values, sparse.dense_shape, name=name
    )
    known = sparse.shape.is_fully_defined()
    return SparseTensor(
        indices, values, sparse.shape.as_list() if known else identity(sparse.dense_shape)
    )


class SparseReshape(OpDef):
    """The positions of elements under another shape."""

    signature = (
        "input_indices: int64, input_shape: int64, new_shape: int64 "
        "-> output_indices: int64, output_shape: int64"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 1, 1)
        shape = with_rank(op, 2, 1)
        return [TensorShape([extents_of(op, 0, 2)[0], shape.as_list()[0]]), shape]

    def lower(self, b: Any, op: Operation, *inputs: Value) -> list[Value]:
        indices, _, wanted = inputs

        def reshaped(rows: Array, old: Array, new: Array) -> list[Array]:
            extents = _completed(old.tolist(), new.tolist())
            shape = np.array(extents, np.int64)
            if extents == old.tolist():
                return [rows, shape]
            flat = rows @ _strides(old)
            steps = _strides(shape)
            return [flat[:, None] // np.maximum(steps, 1) % np.maximum(shape, 1), shape]

        types = [Type(indices.dtype, (indices.shape[0], wanted.size)), wanted.type]
        return host_results(b, reshaped, inputs, types)


def _strides(extents: Array) -> Array:
    return np.append(np.cumprod(extents[:0:-1])[::-1], 1).astype(np.int64)[: len(extents)]


def _completed(old: list[int], new: list[int]) -> list[int]:
    """The new extents without -1."""
    free = [axis for axis, extent in enumerate(new) if extent == -1]
    if len(free) > 1:
        raise ProgramError(f"only one output dimension may be -1, not both {free[0]} and {free[1]}")
    for axis, extent in enumerate(new):
        if extent < -1:
            raise ProgramError(f"size {axis} must be non-negative, not {extent}")
    elements, known = math.prod(old), math.prod(extent for extent in new if extent != -1)
    if free:
        if known <= 0:
            raise ProgramError(
                "reshape cannot infer the missing input size for an empty tensor unless all "
                "specified input sizes are non-zero"
            )
        new = [elements // known if extent == -1 else extent for extent in new]
        if elements % known:
            raise ProgramError(
                f"Input to reshape is a SparseTensor with {elements} dense values, but the "
                f"requested shape requires a multiple of {known}. input_shape={listed(old)} "
                f"output_shape={listed(new)}"
            )
    if elements != math.prod(new):
        raise ProgramError(
            f"Input to reshape is a tensor with {elements} dense values, but the requested shape "
            f"has {math.prod(new)}. input_shape={listed(old)} output_shape={listed(new)}"
        )
    return new


def sparse_reshape(sp_input: Any, shape: Any, name: str | None = None) -> SparseTensor:
    """The same elements in the same order under another shape.

    Args:
      sp_input: a SparseTensor.
      shape: the new shape; one extent may be -1, which the others determine.
      name: name of the operation.

    Raises:
      TypeError: `sp_input` is not sparse. ValueError: the shapes are known and do not fit.
      tf.errors.InvalidArgumentError: when it runs and they do not fit.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 1], [1, 2]], [5, 6], [2, 3])
      >>> tf.Session().run(tf.sparse_reshape(x, [3, -1])).indices
      array([[0, 1],
             [2, 1]])
    """
    sparse = as_sparse(sp_input)
    shape = cast(shape, dtypes.int64)
    with name_scope(name, "SparseReshape", [sparse.indices]) as scope:
        indices, extents = apply(
            "SparseReshape", sparse.indices, sparse.dense_shape, shape, name=scope
        )
        known = _known_extents(sparse.shape, shape)
        if known is not None:
            extents = constant(known, dtypes.int64)
        return SparseTensor(indices, identity(sparse.values), extents)


def _known_extents(old: TensorShape, shape: Tensor) -> list[int] | None:
    """The new extents where static shapes determine all of them."""
    new = shape_value(shape)
    if new.ndims is None or not old.is_fully_defined():
        return None
    given = constant_value(shape)
    if given is not None and (given == -1).sum() > 1:
        raise ValueError(f"At most one dimension can be inferred (-1). Found: {given}")
    extents = new.as_list()
    if extents.count(None) > 1:
        return None
    elements = old.num_elements() or 0
    rest = math.prod(extent for extent in extents if extent is not None)
    known = [elements // max(rest, 1) if extent is None else extent for extent in extents]
    if math.prod(known) != elements:
        raise ValueError(
            f"Cannot reshape a tensor with {elements} elements to shape {extents} "
            f"({math.prod(known)} elements)."
        )
    return known


def sparse_transpose(sp_input: Any, perm: Any = None, name: str | None = None) -> SparseTensor:
    """The axes in another order.

    Args:
      sp_input: a SparseTensor.
      perm: the old axes in their new order; reversed by default.
      name: name of the scope.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 1], [0, 2]], [5, 6], [2, 3])
      >>> tf.Session().run(tf.sparse.transpose(x)).indices
      array([[1, 0],
             [2, 0]])
    """
    with name_scope(name, "SparseTranspose", [sp_input.indices]):
        if perm is None:
            rank = rank_of(sp_input)
            perm = (rank - 1) - count_up(0, rank, 1)
        indices = transpose(gather(transpose(sp_input.indices), perm))
        known = constant_value(convert_to_tensor(perm))
        shape: Any
        if known is not None and sp_input.shape.is_fully_defined():
            old = sp_input.shape.as_list()
            shape = [old[axis] for axis in known]
        else:
            shape = gather(sp_input.dense_shape, perm)
        return sparse_reorder(SparseTensor(indices, sp_input.values, shape))


def sparse_expand_dims(sp_input: Any, axis: Any = None, name: str | None = None) -> SparseTensor:
    """The same elements with an axis of extent 1 put in.

    Args:
      sp_input: a SparseTensor.
      axis: where the new axis will be; last by default.
      name: name of the scope.

    Raises:
      TypeError: `axis` is not an integer.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 1]], [5], [2, 3])
      >>> tf.Session().run(tf.sparse.expand_dims(x, 0)).dense_shape
      array([1, 2, 3])
    """
    rank = sp_input.dense_shape.shape[0]
    with name_scope(name, "expand_dims", [sp_input.indices]):
        axis = -1 if axis is None else axis
        if isinstance(axis, (int, np.integer)):
            axis = convert_to_tensor(axis, dtypes.int32, "axis")
        elif not isinstance(axis, Tensor):
            raise TypeError(
                "axis must be an integer value in range [-rank(sp_input) - 1, rank(sp_input)]"
            )
        axis = where_v2(axis >= 0, axis, axis + rank + 1)
        count = shape_of(sp_input.indices)[0]
        column = zeros([count, 1], dtype=dtypes.int64)
        before = sliced(sp_input.indices, [0, 0], [-1, axis])
        after = sliced(sp_input.indices, [0, axis], [-1, -1])
        indices = concat([before, column, after], axis=1)
        first = sliced(sp_input.dense_shape, [0], [axis])
        last = sliced(sp_input.dense_shape, [axis], [-1])
        new = convert_to_tensor([1], dtypes.int64, "new_shape")
        return SparseTensor(indices, sp_input.values, concat([first, new, last], axis=0))


def sparse_reset_shape(sp_input: Any, new_shape: Any = None) -> SparseTensor:
    """The same elements at the same positions under a shape that holds them.

    Args:
      sp_input: a SparseTensor.
      new_shape: the new shape, no extent less than the old one; by default the smallest that
        holds all elements.

    Raises:
      TypeError: `sp_input` is not sparse. ValueError: the new shape is known to be too small.
      tf.errors.InvalidArgumentError: when it runs and it is too small.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 1]], [5], [2, 3])
      >>> tf.Session().run(tf.sparse_reset_shape(x)).dense_shape
      array([1, 2])
    """
    sparse = as_sparse(sp_input)
    indices, values = identity(sparse.indices), identity(sparse.values)
    old = identity(sparse.dense_shape)
    shape: Any
    if new_shape is None:
        largest = reduce_max(indices, axis=0)
        shape = maximum(constant(0, dtypes.int64), add(largest, ones_like(old)))
        return SparseTensor(indices, values, shape)
    shape = convert_to_tensor(new_shape)
    shape.shape.assert_has_rank(1)
    shape = cast(shape, dtypes.int64)
    shape.shape.merge_with(old.shape)
    known = constant_value(shape)
    if known is not None and sparse.shape.is_fully_defined():
        extents = np.array(sparse.shape.as_list())
        if (extents > known).any():
            raise ValueError(
                "Requested new_shape should have dimension sizes >= sp_input.shape.  Found "
                f"new_shape ({known}), sp_input.shape ({extents})."
            )
        return SparseTensor(indices, values, known)
    shape = with_dependencies([assert_equal(shape_of(old), shape_of(shape))], shape)
    shape = with_dependencies([assert_less_equal(old, shape)], shape)
    return SparseTensor(indices, values, shape)
