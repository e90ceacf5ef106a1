"""Products of sparse matrices with ordinary ones, and softmax of sparse rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.constant import shape_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import merged_extents, with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.sparse_tensor import SparseTensor
from pantarhei.ops.array.indexing import gather
from pantarhei.ops.array.transposing import transpose
from pantarhei.ops.host.results import host_results
from pantarhei.ops.math.reductions import reduce_sum
from pantarhei.ops.sparse.arithmetic import SparseDenseElementwise  # noqa: F401  # its definitions
from pantarhei.ops.sparse.reductions import sparse_reduce_sum
from pantarhei.ops.sparse.rows import check_counts, count_of, extents_of, grouped
from pantarhei.ops.sparse.tensors import as_sparse
from pantarhei.program.ir import Array, ProgramError, Type, Value


class SparseTensorDenseMatMul(OpDef):
    """The product of a sparse matrix and an ordinary one."""

    signature = (
        "a_indices: Tindices, a_values: T, a_shape: int64, b: T -> product: T "
        "| T: type | Tindices: index = int64 | adjoint_a: bool = False | adjoint_b: bool = False"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        extents_of(op, 0, 2)
        with_rank(op, 1, 1)
        left = shape_value(op.inputs[2]).with_rank(2).as_list()
        right = extents_of(op, 3, 2)
        left = left[::-1] if op.attributes["adjoint_a"] else left
        right = right[::-1] if op.attributes["adjoint_b"] else right
        merged_extents(op, left[1], right[0])
        return [TensorShape([left[0], right[1]])]

    def grad(self, op: Operation, g: Any) -> Any:
        indices, values, shape, dense = op.inputs
        if values.dtype.is_complex:
            raise NotImplementedError(
                "SparseTensorDenseMatMul op does not support complex gradients."
            )
        transposed, adjoint = op.attributes["adjoint_a"], op.attributes["adjoint_b"]
        back = apply("SparseTensorDenseMatMul", indices, values, shape, g, adjoint_a=not transposed)
        rows, columns = indices[:, 0], indices[:, 1]
        if transposed:
            rows, columns = columns, rows
        ours = gather(g, rows)
        theirs = gather(transpose(dense) if adjoint else dense, columns)
        return (
            None,
            reduce_sum(ours * theirs, axis=1),
            None,
            transpose(back) if adjoint else back,
        )

    def lower(self, b: Any, op: Operation, *inputs: Value) -> Value:
        indices, values, shape, dense = inputs
        transposed, adjoint = op.attributes["adjoint_a"], op.attributes["adjoint_b"]
        if dense.ndim != 2:
            raise ProgramError("Tensor 'b' is not a matrix")
        if shape.shape != (2,):
            raise ProgramError("Tensor 'a_shape' must have 2 elements")
        if indices.shape[0] != values.size:
            raise ProgramError(
                "Number of rows of a_indices does not match number of entries in a_values"
            )
        extents = tuple(b.static(shape).tolist())
        rows, inner = extents[::-1] if transposed else extents
        have, columns = dense.shape[::-1] if adjoint else dense.shape
        if inner != have:
            raise ProgramError(
                "Cannot multiply A and B because inner dimension does not match: "
                f"{inner} vs. {have}.  Did you forget a transpose?  Dimensions of A: "
                f"[{extents[0]}, {extents[1]}).  Dimensions of B: "
                f"[{dense.shape[0]},{dense.shape[1]}]"
            )

        def product(positions: Array, elements: Array, matrix: Array) -> list[Array]:
            if transposed:
                positions, elements = positions[:, ::-1], elements.conj()
            matrix = matrix.conj().T if adjoint else matrix
            return [_product(positions, elements, matrix, rows, transposed)]

        types = [Type(values.dtype, (rows, columns))]
        return host_results(b, product, [indices, values, dense], types)[0]


def _product(
    positions: Array, elements: Array, matrix: Array, count: int, transposed: bool
) -> Array:
    """The rows of `matrix`, weighted and added up, by SciPy's loops."""
    from scipy.sparse import csr_array

    rows, columns = positions.T
    for name, places, axis, limit in (
        ("k", columns, 0 if transposed else 1, len(matrix)),
        ("m", rows, 1 if transposed else 0, count),
    ):
        for place in np.flatnonzero((places < 0) | (places >= limit))[:1]:
            raise ProgramError(
                f"{name} ({places[place]}) from index[{place},{axis}] out of bounds (>={limit})"
            )
    if (rows[1:] < rows[:-1]).any():
        order = np.argsort(rows, kind="stable")
        rows, columns, elements = rows[order], columns[order], elements[order]
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=count))])
    sparse = csr_array((elements, columns, starts), shape=(count, len(matrix)))
    return np.asarray(sparse @ matrix, elements.dtype)


def sparse_tensor_dense_matmul(
    sp_a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: str | None = None
) -> Tensor:
    """The product of a sparse matrix and an ordinary one.

    Args:
      sp_a: a SparseTensor of rank 2.
      b: a matrix of the same dtype.
      adjoint_a: whether `sp_a` is transposed (and conjugated).
      adjoint_b: whether `b` is.
      name: name of the operation.

    Raises:
      TypeError: `sp_a` is not sparse. ValueError: extents are known not to fit.
      tf.errors.InvalidArgumentError: when it runs and they do not fit.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 0], [1, 2]], [5.0, 6.0], [2, 3])
      >>> tf.Session().run(tf.sparse_tensor_dense_matmul(x, [[1.0], [2.0], [3.0]]))
      array([[ 5.],
             [18.]], dtype=float32)
    """
    sparse = as_sparse(sp_a)
    with name_scope(name, "SparseTensorDenseMatMul", [sparse.indices, sparse.values, b]):
        b = convert_to_tensor(b, name="b")
        result: Tensor = apply(
            "SparseTensorDenseMatMul",
            sparse.indices,
            sparse.values,
            sparse.dense_shape,
            b,
            adjoint_a=adjoint_a,
            adjoint_b=adjoint_b,
        )
        return result


class SparseSoftmax(OpDef):
    """Softmax along the last axis, over the elements that are there."""

    signature = (
        "sp_indices: int64, sp_values: T, sp_shape: int64 -> output: T | T: {float32, float64}"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        count = count_of(op, 0, 1)
        with_rank(op, 2, 1)
        return [TensorShape([count])]

    def grad(self, op: Operation, g: Any) -> Any:
        indices, _, shape = op.inputs
        result = op.outputs[0]
        product = SparseTensor(indices, result * g, shape)
        total = -sparse_reduce_sum(product, [-1], keepdims=True)
        back = apply("SparseDenseCwiseAdd", indices, g, shape, total)
        return None, back * result, None

    def lower(self, b: Any, op: Operation, *inputs: Value) -> Value:
        indices, values, shape = inputs
        check_counts(indices, values)
        if shape.size < 2:
            extents = " ".join(map(str, b.static(shape).tolist()))
            raise ProgramError(f"Input should have rank >= 2, but received shape: {extents}")

        def softmax(rows: Array, elements: Array) -> list[Array]:
            distinct, numbers = grouped(rows[:, :-1])
            largest = np.full(len(distinct), -np.inf, elements.dtype)
            np.maximum.at(largest, numbers, elements)
            powers = np.exp(elements - largest[numbers])
            total = np.zeros(len(distinct), elements.dtype)
            np.add.at(total, numbers, powers)
            return [powers / total[numbers]]

        return host_results(b, softmax, [indices, values], [values.type])[0]


def sparse_softmax(sp_input: SparseTensor, name: str | None = None) -> SparseTensor:
    """Softmax along the last axis, over the elements that are there.

    Args:
      sp_input: a SparseTensor of rank 2 or more.
      name: name of the operation.

    Raises:
      tf.errors.InvalidArgumentError: when it runs and the rank is less than 2.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 0], [0, 2], [1, 2]], [1.0, 1.0, 7.0], [2, 3])
      >>> tf.Session().run(tf.sparse_softmax(x)).values
      array([0.5, 0.5, 1. ], dtype=float32)
    """
    parts = (sp_input.indices, sp_input.values)
    with name_scope(name, "SparseSoftmax", parts):
        values = apply("SparseSoftmax", *parts, sp_input.dense_shape)
        return SparseTensor(sp_input.indices, values, sp_input.dense_shape)
