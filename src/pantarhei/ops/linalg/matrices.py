"""Products of matrices and vectors, and of stacks of them: `tf.matmul` and the operator `@`.

Which operation is made follows from the ranks, as in TensorFlow: MatMul for two matrices,
BatchMatMulV2 where there may be more axes, SparseMatMul where the caller expects many zeros.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import (
    merged,
    merged_extents,
    shape_error,
    shown,
    with_rank,
    with_rank_at_least,
)
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.tensor_operators import OPERATORS
from pantarhei.ops.array.diagonals import matrix_diag_part
from pantarhei.ops.array.shapes import expand_dims, reshape, shape, squeeze
from pantarhei.ops.math.reductions import reduce_sum
from pantarhei.ops.math.unary import conj
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value

FACTOR = "{bfloat16, float16, float32, float64, int32, int64, complex64, complex128}"


def _matrix_product_shape(op: Operation) -> list[TensorShape]:
    """The shape rule of the products of two matrices."""
    left = with_rank(op, 0, 2).as_list()
    right = with_rank(op, 1, 2).as_list()
    if op.attributes["transpose_a"]:
        left.reverse()
    if op.attributes["transpose_b"]:
        right.reverse()
    merged_extents(op, left[1], right[0])
    return [TensorShape([left[0], right[1]])]


def product(b: Builder, x: Value, y: Value, transpose_x: bool, transpose_y: bool) -> Value:
    """The product, in single precision for types that are too narrow to sum in."""
    dtype = x.dtype
    narrow = dtype in (dtypes.float16.numpy, dtypes.bfloat16.numpy)
    if narrow:
        x, y = (b.cast(each, dtype=np.dtype(np.float32)) for each in (x, y))
    result: Value = b.matmul(x, y, transpose_x=transpose_x, transpose_y=transpose_y)
    return b.cast(result, dtype=dtype) if narrow else result


class MatMul(OpDef):
    """The product of two matrices."""

    signature = (
        "a: T, b: T -> product: T | transpose_a: bool = False | transpose_b: bool = False | "
        f"T: {FACTOR}"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        return _matrix_product_shape(op)

    def grad(self, op: Operation, g: Tensor) -> Any:
        a, b = conj(op.inputs[0]), conj(op.inputs[1])
        flips = op.attributes["transpose_a"], op.attributes["transpose_b"]
        return matrix_product_gradients(a, b, g, *flips)

    def lower(self, b: Builder, op: Operation, x: Value, y: Value) -> Value:
        for index, each in enumerate((x, y)):
            if each.ndim != 2:
                raise ProgramError(
                    f"In[{index}] is not a matrix. Instead it has shape {shown(each.shape)}"
                )
        flips = op.attributes["transpose_a"], op.attributes["transpose_b"]
        return product(b, x, y, *flips)


def matrix_product_gradients(
    a: Tensor, b: Tensor, g: Tensor, transpose_a: bool, transpose_b: bool
) -> tuple[Tensor, Tensor]:
    """Gradients for the two factors, read transposed rather than copied."""

    def times(x: Tensor, y: Tensor, transpose_x: bool, transpose_y: bool) -> Tensor:
        result: Tensor = apply("MatMul", x, y, transpose_a=transpose_x, transpose_b=transpose_y)
        return result

    for_a = times(b, g, transpose_b, True) if transpose_a else times(g, b, False, not transpose_b)
    for_b = times(g, a, True, transpose_a) if transpose_b else times(a, g, not transpose_a, False)
    return for_a, for_b


class SparseMatMul(OpDef):
    """The product of two matrices of which one is said to have many zeros; always float32."""

    signature = (
        "a: Ta, b: Tb -> product: float32 | "
        "transpose_a: bool = False | transpose_b: bool = False | a_is_sparse: bool = False | "
        "b_is_sparse: bool = False | "
        "Ta: {float32, bfloat16} = float32 | Tb: {float32, bfloat16} = float32"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        return _matrix_product_shape(op)

    def grad(self, op: Operation, g: Tensor) -> Any:
        x, y = (apply("Cast", each, DstT=dtypes.float32) for each in op.inputs)
        flips = op.attributes["transpose_a"], op.attributes["transpose_b"]
        gradients = matrix_product_gradients(x, y, g, *flips)
        return [
            apply("Cast", gradient, DstT=each.dtype)
            for gradient, each in zip(gradients, op.inputs, strict=True)
        ]

    def lower(self, b: Builder, op: Operation, x: Value, y: Value) -> Value:
        single = np.dtype(np.float32)
        flips = op.attributes["transpose_a"], op.attributes["transpose_b"]
        if x.shape[0 if flips[0] else 1] != y.shape[1 if flips[1] else 0]:
            raise ProgramError(
                f"Matrix size incompatible: a: {shown(x.shape)}, b: {shown(y.shape)}"
            )
        return product(b, b.cast(x, dtype=single), b.cast(y, dtype=single), *flips)


class BatchMatMulV2(OpDef):
    """The products of the matrices of two stacks that broadcast."""

    signature = f"x: T, y: T -> output: T | T: {FACTOR} | adj_x: bool = False | adj_y: bool = False"

    def infer(self, op: Operation) -> list[TensorShape]:
        left, right = with_rank_at_least(op, 0, 2), with_rank_at_least(op, 1, 2)
        if left.ndims is None or right.ndims is None:
            return [unknown_shape()]
        x, y = left.as_list(), right.as_list()
        rows, inner = x[-2:] if not op.attributes["adj_x"] else x[:-3:-1]
        other, columns = y[-2:] if not op.attributes["adj_y"] else y[:-3:-1]
        batch = _broadcast_batch(op, x[:-2], y[:-2])
        merged_extents(op, inner, other)
        return [TensorShape([*batch, rows, columns])]

    def grad(self, op: Operation, g: Tensor) -> Any:
        x, y = op.inputs
        adj_x, adj_y = op.attributes["adj_x"], op.attributes["adj_y"]
        if adj_x:
            for_x = matmul(y, g, adjoint_a=adj_y, adjoint_b=True)
        else:
            for_x = matmul(g, y, adjoint_b=not adj_y)
        if adj_y:
            for_y = matmul(g, x, adjoint_a=True, adjoint_b=adj_x)
        else:
            for_y = matmul(x, g, adjoint_a=not adj_x)
        if x.shape.is_fully_defined() and x.shape == y.shape:
            return for_x, for_y
        # The matrices in the last two axes never broadcast: only the axes before them count.
        shape_x, shape_y = shape(x), shape(y)
        axes = apply("BroadcastGradientArgs", shape_x[:-2], shape_y[:-2])
        return (
            reshape(apply("Sum", for_x, axes[0]), shape_x),
            reshape(apply("Sum", for_y, axes[1]), shape_y),
        )

    def lower(self, b: Builder, op: Operation, x: Value, y: Value) -> Value:
        for index, each in enumerate((x, y)):
            if each.ndim < 2:
                raise ProgramError(f"In[{index}] ndims must be >= 2: {each.ndim}")
        adj_x, adj_y = op.attributes["adj_x"], op.attributes["adj_y"]
        shapes = shown(x.shape), shown(y.shape)
        try:
            np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
        except ValueError:
            raise ProgramError(
                "In[0] and In[1] must have compatible batch dimensions: {} vs. {}".format(*shapes)
            ) from None
        inner, other = x.shape[-2 if adj_x else -1], y.shape[-1 if adj_y else -2]
        if inner != other:
            raise ProgramError(
                f"In[0] mismatch In[1] shape: {inner} vs. {other}: {shapes[0]} {shapes[1]} "
                f"{int(adj_x)} {int(adj_y)}"
            )
        x = b.conj(x) if adj_x else x
        y = b.conj(y) if adj_y else y
        return product(b, x, y, adj_x, adj_y)


class BatchMatMul(BatchMatMulV2):
    """The products of the matrices of two stacks of one shape; the type that older files use."""


def _broadcast_batch(op: Operation, x: list[int | None], y: list[int | None]) -> list[int | None]:
    """The axes that stacks of matrices have in common, as far as they are known."""
    rank = max(len(x), len(y))
    result: list[int | None] = []
    for left, right in zip([1] * (rank - len(x)) + x, [1] * (rank - len(y)) + y, strict=True):
        if left == 1 or right == 1:
            result.append(right if left == 1 else left)
        elif left is None or right is None:
            result.append(right if left is None else left)
        elif left != right:
            raise shape_error(op, f"Dimensions must be equal, but are {left} and {right}")
        else:
            result.append(left)
    return result


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """The product of two matrices, or of the matrices in two stacks.

    Args:
      a: a matrix, or a tensor whose last two axes are those of matrices.
      b: the same, of the same dtype; axes before the last two broadcast against those of `a`.
      transpose_a: whether `a` is taken transposed.
      transpose_b: whether `b` is taken transposed.
      adjoint_a: whether `a` is taken conjugated and transposed.
      adjoint_b: whether `b` is taken conjugated and transposed.
      a_is_sparse: whether `a` may be expected to have many zeros.
      b_is_sparse: whether `b` may be expected to have many zeros.
      name: name of the operation.

    Returns:
      A tensor of the same dtype: `[..., rows of a, columns of b]`.

    Raises:
      ValueError: shapes that are known do not fit, or a matrix is to be transposed and adjoint.
      InvalidArgumentError: shapes turn out not to fit. TypeError: dtypes differ.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.matmul([[1, 2], [3, 4]], [[5], [6]]))
      array([[17],
             [39]], dtype=int32)
    """
    with name_scope(name, "MatMul", [a, b]) as scope:
        if transpose_a and adjoint_a:
            raise ValueError("Only one of transpose_a and adjoint_a can be True.")
        if transpose_b and adjoint_b:
            raise ValueError("Only one of transpose_b and adjoint_b can be True.")
        x, y = convert_to_tensor(a, name="a"), convert_to_tensor(b, name="b")
        sparse = a_is_sparse or b_is_sparse
        stacked = any(each.shape.ndims is None or each.shape.ndims > 2 for each in (x, y))
        result: Tensor
        if stacked and not sparse:
            # BatchMatMulV2 only has the adjoint, which undoes a conjugation.
            x, y = (conj(x) if transpose_a else x), (conj(y) if transpose_b else y)
            flips = {"adj_x": adjoint_a or transpose_a, "adj_y": adjoint_b or transpose_b}
            result = apply("BatchMatMulV2", x, y, **flips, name=scope)
            return result
        x, y = (conj(x) if adjoint_a else x), (conj(y) if adjoint_b else y)
        flips = {"transpose_a": transpose_a or adjoint_a, "transpose_b": transpose_b or adjoint_b}
        kinds = {x.dtype.base_dtype, y.dtype.base_dtype}
        narrow = kinds <= {dtypes.bfloat16, dtypes.float32}
        if (sparse and narrow) or (dtypes.bfloat16 in kinds and len(kinds) == 2):
            hints = {"a_is_sparse": a_is_sparse, "b_is_sparse": b_is_sparse}
            result = apply("SparseMatMul", x, y, **flips, **hints, name=scope)
            if kinds == {dtypes.bfloat16}:
                result = apply("Cast", result, DstT=dtypes.bfloat16)
        else:
            result = apply("MatMul", x, y, **flips, name=scope)
        return result


def matvec(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    adjoint_a: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """The product of a matrix and a vector, or of the matrices and vectors in two stacks.

    Args:
      a: a matrix, or a tensor whose last two axes are those of matrices.
      b: a vector, or a tensor whose last axis is that of vectors.
      transpose_a: whether `a` is taken transposed.
      adjoint_a: whether `a` is taken conjugated and transposed.
      a_is_sparse: whether `a` may be expected to have many zeros.
      b_is_sparse: whether `b` may be expected to have many zeros.
      name: scope of the operations.

    Raises:
      ValueError: shapes that do not fit.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.linalg.matvec([[1, 2], [3, 4]], [10, 1]))
      array([12, 34], dtype=int32)
    """
    with name_scope(name, "MatVec", [a, b]):
        columns = expand_dims(b, axis=-1)
        found = matmul(
            a,
            columns,
            transpose_a=transpose_a,
            adjoint_a=adjoint_a,
            a_is_sparse=a_is_sparse,
            b_is_sparse=b_is_sparse,
        )
        return squeeze(found, axis=-1)


def trace(x: Any, name: str | None = None) -> Tensor:
    """The sum of the diagonal of a matrix, or of each matrix in a stack.

    Args:
      x: `[..., rows, columns]`.
      name: name of the operation.

    Raises:
      ValueError: a rank below 2.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.trace([[1, 2], [3, 4]])))
      5
    """
    with name_scope(name, "Trace", [x]) as scope:
        return reduce_sum(matrix_diag_part(convert_to_tensor(x, name="x")), [-1], name=scope)


class Cross(OpDef):
    """The cross products of the vectors along the last axis."""

    signature = "a: T, b: T -> product: T | T: real"

    def infer(self, op: Operation) -> list[TensorShape]:
        for index in (0, 1):
            with_rank_at_least(op, index, 1)
        common = merged(op, op.inputs[0].shape, op.inputs[1].shape)
        if common.ndims is not None and common.as_list()[-1] not in (None, 3):
            raise shape_error(op, f"Dimension must be 3 but is {common.as_list()[-1]}")
        return [common]

    def grad(self, op: Operation, g: Tensor) -> Any:
        return cross(op.inputs[1], g), cross(g, op.inputs[0])

    def lower(self, b: Builder, op: Operation, x: Value, y: Value) -> Value:
        if x.shape != y.shape:
            raise ProgramError(
                f"Both inputs must be of same shape: {shown(x.shape)} {shown(y.shape)}"
            )
        if not x.ndim or x.shape[-1] != 3:
            raise ProgramError(
                "Cross-products are only defined for 3-element vectors.",
                kind="FailedPreconditionError",
            )

        def permuted(z: Value, places: list[int]) -> Value:
            taken: Value = b.gather(z, b.constant(np.array(places, np.int32)), axis=z.ndim - 1)
            return taken

        first = b.multiply(permuted(x, [1, 2, 0]), permuted(y, [2, 0, 1]))
        result: Value = b.subtract(
            first, b.multiply(permuted(x, [2, 0, 1]), permuted(y, [1, 2, 0]))
        )
        return result


def cross(a: Any, b: Any, name: str | None = None) -> Tensor:
    """The cross products of two vectors of length 3, or of those along the last axis.

    Args:
      a: `[..., 3]`.
      b: the same shape and dtype.
      name: name of the operation.

    Raises:
      ValueError: shapes that differ, or another length. FailedPreconditionError: another length,
      found in the run.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.linalg.cross([1, 0, 0], [0, 1, 0]))
      array([0, 0, 1], dtype=int32)
    """
    result: Tensor = apply("Cross", a, b, name=name)
    return result


def _operator(x: Any, y: Any, reflected: bool = False) -> Tensor:
    """`x @ y`. What is not a tensor takes the dtype of the other one."""
    with name_scope(None, "matmul", [x, y]) as scope:
        if reflected:
            x = convert_to_tensor(x, dtype=y.dtype.base_dtype, name="x")
        else:
            y = convert_to_tensor(y, dtype=x.dtype.base_dtype, name="y")
        return matmul(x, y, name=scope)


OPERATORS["matmul"] = _operator
