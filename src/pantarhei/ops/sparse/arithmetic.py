"""Sums, products and extrema of sparse tensors, with each other and with ordinary ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape, broadcast_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply, register
from pantarhei.graph.definitions.shape_rules import with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.sparse_tensor import SparseTensor, SparseTensorValue
from pantarhei.graph.tensor_operators import OPERATORS
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.filling import ones, zeros_like
from pantarhei.ops.array.indexing import slice as sliced
from pantarhei.ops.array.joining import concat
from pantarhei.ops.array.scattering import gather_nd
from pantarhei.ops.array.shapes import expand_dims, renamed, size
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.ops.host.results import host_results
from pantarhei.ops.math.unary import square
from pantarhei.ops.sparse.rows import (
    check_counts,
    check_same_shape,
    extents_of,
    found_at,
    grouped,
    listed,
    unknown_elements,
)
from pantarhei.ops.sparse.tensors import as_sparse
from pantarhei.program.ir import Array, ProgramError, Type, Value

_TWO = (
    "a_indices: int64, a_values: T, a_shape: int64, b_indices: int64, b_values: T, b_shape: int64"
)
_SPARSE = (SparseTensor, SparseTensorValue)


# --- sums -----------------------------------------------------------------------------------------


class SparseAdd(OpDef):
    """The sum of two sparse tensors, without elements that are smaller than a threshold."""

    signature = (
        f"{_TWO}, thresh: Treal "
        "-> sum_indices: int64, sum_values: T, sum_shape: int64 | T: numeric | Treal: real"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        return unknown_elements(extents_of(op, 2, 1)[0])

    def grad(self, op: Operation, _: Any, g: Any, __: Any) -> Any:
        rows = (op.inputs[0], op.inputs[3], op.outputs[0])
        first, second = apply("SparseAddGrad", g, *rows)
        first.set_shape(op.inputs[1].shape)
        second.set_shape(op.inputs[4].shape)
        return None, first, None, None, second, None, None

    def lower(self, b: Any, op: Operation, *inputs: Value) -> list[Value]:
        check_counts(*inputs[:2])
        check_counts(*inputs[3:5])

        def added(*arrays: Array) -> list[Array]:
            *parts, threshold = arrays
            rows, (first, second), shape = _together(*parts)
            total = np.add(first, second, dtype=first.dtype)
            kept = np.abs(total) >= threshold
            return [rows[kept], total[kept], shape]

        return host_results(b, added, inputs)


def _together(
    rows: Array, elements: Array, shape: Array, other_rows: Array, others: Array, other: Array
) -> tuple[Array, tuple[Array, Array], Array]:
    """The positions of two sparse tensors, the elements of both there, and their shape."""
    check_same_shape(shape, other)
    distinct, numbers = grouped(np.concatenate([rows, other_rows]))
    first, second = (np.zeros(len(distinct), elements.dtype) for _ in range(2))
    np.add.at(first, numbers[: len(rows)], elements)
    np.add.at(second, numbers[len(rows) :], others)
    return distinct, (first, second), shape


class SparseAddGrad(OpDef):
    """The gradients of both addends' elements: those of the sum, or zero."""

    signature = (
        "backprop_val_grad: T, a_indices: int64, b_indices: int64, sum_indices: int64 "
        "-> a_val_grad: T, b_val_grad: T | T: numeric"
    )
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [TensorShape(extents_of(op, index, 2)[:1]) for index in (1, 2)]

    def lower(self, b: Any, op: Operation, *inputs: Value) -> list[Value]:
        def parted(grads: Array, rows: Array, others: Array, found: Array) -> list[Array]:
            return [found_at(found, grads, wanted) for wanted in (rows, others)]

        types = [Type(inputs[0].dtype, each.shape[:1]) for each in inputs[1:3]]
        return host_results(b, parted, inputs, types)


class SparseTensorDenseAdd(OpDef):
    """A tensor with sparse elements added."""

    signature = (
        "a_indices: Tindices, a_values: T, a_shape: Tindices, b: T -> output: T "
        "| T: numeric | Tindices: index"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        return [op.inputs[3].shape]

    def grad(self, op: Operation, g: Any) -> Any:
        return None, gather_nd(g, op.inputs[0]), None, g

    def lower(self, b: Any, op: Operation, *inputs: Value) -> Value:
        indices, values, shape, dense = inputs
        check_counts(indices, values)
        if shape.size != dense.ndim:
            raise ProgramError(
                f"Two operands have different ranks; received: {shape.size} and {dense.ndim}"
            )
        extents = b.static(shape).tolist()
        for axis, (ours, theirs) in enumerate(zip(extents, dense.shape, strict=True)):
            if ours != theirs:
                raise ProgramError(
                    f"Dimension {axis} does not equal (no broadcasting is supported): sparse side "
                    f"{ours} vs dense side {theirs}"
                )
        result: Value = b.scatter(dense, indices, values, combine="add")
        return result


def sparse_add(a: Any, b: Any, threshold: Any = None, thresh: Any = None) -> Any:
    """The sum of two sparse tensors, or of a sparse and an ordinary one.

    Args:
      a: a SparseTensor, or a tensor.
      b: likewise; one of the two is sparse. Both have one shape.
      threshold: of two sparse ones, elements of the sum whose magnitude is less are left out.
      thresh: the old name of `threshold`.

    Returns:
      A SparseTensor if both are sparse, otherwise a tensor.

    Raises:
      TypeError: neither is sparse. ValueError: the shapes are known to differ.
      tf.errors.InvalidArgumentError: when it runs and they differ.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 0], [1, 2]], [5, 6], [2, 3])
      >>> tf.Session().run(tf.sparse_add(x, x)).values
      array([10, 12], dtype=int32)
    """
    threshold = renamed("threshold", threshold, "thresh", thresh)
    if not isinstance(a, _SPARSE) and not isinstance(b, _SPARSE):
        raise TypeError("At least one input should be SparseTensor; do you mean to use tf.add()?")
    if isinstance(a, _SPARSE) != isinstance(b, _SPARSE):
        sparse, dense = (a, b) if isinstance(a, _SPARSE) else (b, a)
        parts = (sparse.indices, sparse.values, sparse.dense_shape)
        return apply("SparseTensorDenseAdd", *parts, dense)
    a, b = as_sparse(a), as_sparse(b)
    limit = convert_to_tensor(threshold or 0, a.dtype.real_dtype.base_dtype, "threshold")
    left = (a.indices, a.values, a.dense_shape)
    indices, values, shape = apply("SparseAdd", *left, b.indices, b.values, b.dense_shape, limit)
    a.shape.assert_is_compatible_with(b.shape)
    static = broadcast_shape(a.shape, b.shape)
    return SparseTensor(indices, values, static.as_list() if static.is_fully_defined() else shape)


# --- with an ordinary tensor, element by element --------------------------------------------------


class SparseDenseElementwise(OpDef, abstract=True):
    """Each element combined with a broadcast tensor's at its position: type and primitive."""

    signature = (
        "sp_indices: int64, sp_values: T, sp_shape: int64, dense: T -> output: T | T: numeric"
    )

    def __init__(self, type: str, primitive: str) -> None:
        self.type = type
        self._primitive = primitive

    def infer(self, op: Operation) -> list[TensorShape]:
        return [TensorShape(extents_of(op, 0, 2)[:1])]

    def grad(self, op: Operation, g: Any) -> Any:
        if self._primitive == "add":
            return super().grad(op, g)
        indices, values, shape, dense = op.inputs
        extents = cast(shape_of(dense), dtypes.int64)
        added = expand_dims(size(shape) - size(extents), 0)
        scale = shape // concat([ones(added, dtypes.int64), extents], 0)
        places = sliced(indices // scale, concat([[0], added], 0), [-1, -1])
        found = gather_nd(dense, places)
        if self._primitive == "multiply":
            ours, theirs = g * found, g * values
        else:
            ours, theirs = g / found, g * (-values / square(found))
        back = sparse_add(zeros_like(dense), SparseTensor(places, theirs, extents))
        return None, ours, None, back

    def lower(self, b: Any, op: Operation, *inputs: Value) -> Value:
        indices, values, shape, dense = inputs
        check_counts(indices, values)
        extents = tuple(b.static(shape).tolist())
        try:
            fits = np.broadcast_shapes(dense.shape, extents) == extents
        except ValueError:
            fits = False
        if not fits:
            raise ProgramError(
                "SparseDenseBinaryOpShared broadcasts dense to sparse only; got incompatible "
                f"shapes: {listed(extents)} vs. {listed(dense.shape)}"
            )
        found = b.gather_nd(b.broadcast_to(dense, shape=extents), indices)
        result: Value = getattr(b, self._primitive)(values, found)
        return result


register(SparseDenseElementwise("SparseDenseCwiseAdd", "add"))
register(SparseDenseElementwise("SparseDenseCwiseMul", "multiply"))
register(SparseDenseElementwise("SparseDenseCwiseDiv", "divide"))


def _multiplied(sparse: SparseTensor, dense: Tensor, name: str) -> Any:
    parts = (sparse.indices, sparse.values, sparse.dense_shape)
    return apply("SparseDenseCwiseMul", *parts, dense, name=name)


def _divided(sparse: SparseTensor, dense: Tensor, name: str) -> Any:
    """Whole numbers are divided as floating-point numbers."""
    values, target = sparse.values, None
    if dense.dtype.base_dtype.is_integer:
        small = dense.dtype.base_dtype.size <= 2
        target = dtypes.float32 if small else dtypes.float64
        values, dense = cast(values, target), cast(dense, target)
    parts = (sparse.indices, values, sparse.dense_shape)
    return apply("SparseDenseCwiseDiv", *parts, dense, name=name)


OPERATORS["sparse_mul"] = _multiplied
OPERATORS["sparse_truediv"] = _divided


# --- extrema --------------------------------------------------------------------------------------


class SparseExtremum(OpDef, abstract=True):
    """The larger or smaller element at each position; what is not there is zero."""

    def __init__(self, type: str, function: Any, allowed: str) -> None:
        self.type = type
        self.signature = (  # type: ignore[misc]
            f"{_TWO} -> output_indices: int64, output_values: T | T: {allowed}"
        )
        self._function = function

    def infer(self, op: Operation) -> list[TensorShape]:
        for index in (0, 3):
            with_rank(op, index, 2)
        return [TensorShape([None, None]), TensorShape([None])]

    def lower(self, b: Any, op: Operation, *inputs: Value) -> list[Value]:
        check_counts(*inputs[:2])
        check_counts(*inputs[3:5])

        def chosen(*arrays: Array) -> list[Array]:
            rows, both, _ = _together(*arrays)
            return [rows, self._function(*both)]

        return host_results(b, chosen, inputs)


register(SparseExtremum("SparseSparseMaximum", np.maximum, "real"))
register(SparseExtremum("SparseSparseMinimum", np.minimum, "numeric"))


def _extremum(type: str, a: SparseTensor, b: SparseTensor, name: str | None) -> SparseTensor:
    with name_scope(name, type, [a.indices, a.values, b.indices, b.values]) as scope:
        left = (a.indices, a.values, a.dense_shape)
        right = (b.indices, b.values, b.dense_shape)
        indices, values = apply(type, *left, *right, name=scope)
    return SparseTensor(indices, values, a.dense_shape)


def sparse_maximum(sp_a: SparseTensor, sp_b: SparseTensor, name: str | None = None) -> SparseTensor:
    """The larger element at each position; what is not there counts as zero.

    Args:
      sp_a, sp_b: SparseTensors of one shape.
      name: name of the operation.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0], [1]], [5, -6], [3])
      >>> y = tf.SparseTensor([[0], [2]], [7, 1], [3])
      >>> tf.Session().run(tf.sparse_maximum(x, y)).values
      array([7, 0, 1], dtype=int32)
    """
    return _extremum("SparseSparseMaximum", sp_a, sp_b, name)


def sparse_minimum(sp_a: SparseTensor, sp_b: SparseTensor, name: str | None = None) -> SparseTensor:
    """The smaller element at each position; see `tf.sparse_maximum`.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0], [1]], [5, -6], [3])
      >>> y = tf.SparseTensor([[0], [2]], [7, 1], [3])
      >>> tf.Session().run(tf.sparse_minimum(x, y)).values
      array([ 5, -6,  0], dtype=int32)
    """
    return _extremum("SparseSparseMinimum", sp_a, sp_b, name)
