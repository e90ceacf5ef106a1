"""Inverses, determinants and solutions of systems of linear equations, for stacks of matrices."""

from __future__ import annotations

from typing import Any, NamedTuple

from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import merged_extents, with_rank_at_least
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.diagonals import eye, matrix_band_part, matrix_diag_part, matrix_set_diag
from pantarhei.ops.array.shapes import expand_dims, shape
from pantarhei.ops.array.transposing import matrix_transpose
from pantarhei.ops.linalg.decompositions import MATRIX, adjoint_of
from pantarhei.ops.linalg.matrices import matmul
from pantarhei.ops.math.reductions import reduce_sum
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Value


def _square(op: Operation) -> list[int | None] | None:
    """The extents of a stack of square matrices; None where the rank is not known."""
    given = with_rank_at_least(op, 0, 2)
    if given.ndims is None:
        return None
    *stack, rows, columns = given.as_list()
    size = merged_extents(op, rows, columns)
    return [*stack, size, size]


def _adjoint(b: Builder, x: Value) -> Value:
    axes = (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2)
    result: Value = b.conj(b.transpose(x, permutation=axes))
    return result


class MatrixInverse(OpDef):
    """The inverses of square matrices, or of their adjoints."""

    signature = f"input: T -> output: T | adjoint: bool = False | T: {MATRIX}"

    def infer(self, op: Operation) -> list[TensorShape]:
        extents = _square(op)
        return [unknown_shape() if extents is None else TensorShape(extents)]

    def grad(self, op: Operation, g: Tensor) -> Any:
        y = op.outputs[0]
        if op.attributes["adjoint"]:
            return -matmul(y, matmul(g, y, adjoint_a=True))
        return -matmul(y, matmul(g, y, adjoint_b=True), adjoint_a=True)

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        result: Value = b.inv(x)
        return _adjoint(b, result) if op.attributes["adjoint"] else result


class MatrixDeterminant(OpDef):
    """The determinants of square matrices."""

    signature = "input: T -> output: T | T: {float16, float32, float64, complex64, complex128}"

    def infer(self, op: Operation) -> list[TensorShape]:
        extents = _square(op)
        return [unknown_shape() if extents is None else TensorShape(extents[:-2])]

    def grad(self, op: Operation, g: Tensor) -> Any:
        factor = expand_dims(expand_dims(g * op.outputs[0], -1), -1)
        return factor * matrix_inverse(op.inputs[0], adjoint=True)

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        result: Value = b.det(x)
        return result


class LogMatrixDeterminantDefinition(OpDef, type="LogMatrixDeterminant"):
    """The signs of determinants, and the logarithms of their magnitudes."""

    signature = (
        "input: T -> sign: T, log_abs_determinant: T | "
        "T: {float16, float32, float64, complex64, complex128}"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        extents = _square(op)
        return [unknown_shape() if extents is None else TensorShape(extents[:-2])] * 2

    def grad(self, op: Operation, _: Any, g: Tensor) -> Any:
        factor = expand_dims(expand_dims(g, -1), -1)
        return factor * matrix_inverse(op.inputs[0], adjoint=True)

    def lower(self, b: Builder, op: Operation, x: Value) -> Any:
        return b.slogdet(x)


class Cholesky(OpDef):
    """The lower triangular factors of positive definite matrices; the upper half is not read."""

    signature = f"input: T -> output: T | T: {MATRIX}"

    def infer(self, op: Operation) -> list[TensorShape]:
        extents = _square(op)
        return [unknown_shape() if extents is None else TensorShape(extents)]

    def grad(self, op: Operation, g: Tensor) -> Any:
        factor = op.outputs[0]
        extents = shape(factor)
        identity = eye(extents[-1], batch_shape=extents[:-2], dtype=factor.dtype)
        inverse = matrix_triangular_solve(factor, identity)
        middle = matmul(factor, g, adjoint_a=True)
        middle = matrix_set_diag(middle, 0.5 * matrix_diag_part(middle))
        middle = matrix_band_part(middle, -1, 0)
        found = matmul(matmul(inverse, middle, adjoint_a=True), inverse)
        return (found + adjoint_of(found)) * 0.5

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        result: Value = b.cholesky(x)
        return result


def _solution_shape(op: Operation) -> list[TensorShape]:
    extents = _square(op)
    right = with_rank_at_least(op, 1, 2)
    if extents is None or right.ndims is None:
        return [unknown_shape()]
    stack = TensorShape(extents[:-2]).merge_with(right[:-2])
    rows = merged_extents(op, extents[-1], right.as_list()[-2])
    return [stack.concatenate([rows, right.as_list()[-1]])]


def _solution_gradients(op: Operation, solved: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients for the matrix and the right side, given the latter."""
    x = op.outputs[0]
    if op.attributes["adjoint"]:
        return -matmul(x, solved, adjoint_b=True), solved
    return -matmul(solved, x, adjoint_b=True), solved


class MatrixSolve(OpDef):
    """The solutions of systems of linear equations."""

    signature = f"matrix: T, rhs: T -> output: T | adjoint: bool = False | T: {MATRIX}"

    def infer(self, op: Operation) -> list[TensorShape]:
        return _solution_shape(op)

    def grad(self, op: Operation, g: Tensor) -> Any:
        return _solution_gradients(
            op, matrix_solve(op.inputs[0], g, adjoint=not op.attributes["adjoint"])
        )

    def lower(self, b: Builder, op: Operation, x: Value, y: Value) -> Value:
        result: Value = b.solve(_adjoint(b, x) if op.attributes["adjoint"] else x, y)
        return result


class MatrixTriangularSolve(OpDef):
    """The solutions of triangular systems; the other triangle is not read."""

    signature = (
        f"matrix: T, rhs: T -> output: T | lower: bool = True | adjoint: bool = False | T: {MATRIX}"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        return _solution_shape(op)

    def grad(self, op: Operation, g: Tensor) -> Any:
        lower, adjoint = op.attributes["lower"], op.attributes["adjoint"]
        solved = matrix_triangular_solve(op.inputs[0], g, lower=lower, adjoint=not adjoint)
        for_matrix, for_right = _solution_gradients(op, solved)
        bands = (-1, 0) if lower else (0, -1)
        return matrix_band_part(for_matrix, *bands), for_right

    def lower(self, b: Builder, op: Operation, x: Value, y: Value) -> Value:
        lower, adjoint = op.attributes["lower"], op.attributes["adjoint"]
        matrix = _adjoint(b, x) if adjoint else x
        result: Value = b.solve_triangular(matrix, y, lower=lower != adjoint)
        return result


# --- public functions ---------------------------------------------------------------------------


def matrix_inverse(input: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """The inverses of square matrices.

    Args:
      input: `[..., n, n]`.
      adjoint: whether the adjoints are inverted.
      name: name of the operation.

    Raises:
      ValueError: a matrix that is not square. InvalidArgumentError: one that has no inverse.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.linalg.inv([[2.0, 0.0], [0.0, 4.0]]))
      array([[0.5 , 0.  ],
             [0.  , 0.25]], dtype=float32)
    """
    result: Tensor = apply("MatrixInverse", input, adjoint=adjoint, name=name)
    return result


def matrix_determinant(input: Any, name: str | None = None) -> Tensor:
    """The determinants of square matrices.

    Args:
      input: `[..., n, n]`.
      name: name of the operation.

    Raises:
      ValueError: a matrix that is not square.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.linalg.det([[2.0, 0.0], [0.0, 4.0]])))
      8.0
    """
    result: Tensor = apply("MatrixDeterminant", input, name=name)
    return result


class LogMatrixDeterminant(NamedTuple):
    """Sign of a determinant, and the logarithm of its magnitude."""

    sign: Tensor
    log_abs_determinant: Tensor


def slogdet(input: Any, name: str | None = None) -> LogMatrixDeterminant:
    """The signs of determinants, and the logarithms of their magnitudes.

    Args:
      input: `[..., n, n]`.
      name: name of the operation.

    Raises:
      ValueError: a matrix that is not square.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.linalg.slogdet([[1.0, 0.0], [0.0, -1.0]]).sign))
      -1.0
    """
    return LogMatrixDeterminant(*apply("LogMatrixDeterminant", input, name=name))


def cholesky(input: Any, name: str | None = None) -> Tensor:
    """The lower triangular `l` for which `l @ adjoint(l)` is the positive definite input.

    Args:
      input: `[..., n, n]`; only the lower triangle is read.
      name: name of the operation.

    Raises:
      ValueError: a matrix that is not square. InvalidArgumentError: one that is not positive
      definite.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.cholesky([[4.0, 0.0], [0.0, 9.0]]))
      array([[2., 0.],
             [0., 3.]], dtype=float32)
    """
    result: Tensor = apply("Cholesky", input, name=name)
    return result


def logdet(matrix: Any, name: str | None = None) -> Tensor:
    """The logarithms of the determinants of positive definite matrices.

    Args:
      matrix: `[..., n, n]`.
      name: scope of the operations.

    Raises:
      ValueError: a matrix that is not square. InvalidArgumentError: one that is not positive
      definite.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.linalg.logdet([[1.0, 0.0], [0.0, 1.0]])))
      0.0
    """
    with name_scope(name, "logdet", [matrix]):
        diagonal = matrix_diag_part(cholesky(matrix))
        if diagonal.dtype.is_complex:
            diagonal = apply("Real", diagonal, Tout=diagonal.dtype.real_dtype)
        result: Tensor = 2.0 * reduce_sum(apply("Log", diagonal), axis=[-1])
        return result


def matrix_solve(matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """The `x` for which `matrix @ x` is `rhs`.

    Args:
      matrix: `[..., n, n]`.
      rhs: `[..., n, k]`.
      adjoint: whether the adjoint of the matrix is taken.
      name: name of the operation.

    Raises:
      ValueError: shapes that do not fit. InvalidArgumentError: there is no unique solution.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.matrix_solve([[2.0, 0.0], [0.0, 4.0]], [[2.0], [2.0]]))
      array([[1. ],
             [0.5]], dtype=float32)
    """
    result: Tensor = apply("MatrixSolve", matrix, rhs, adjoint=adjoint, name=name)
    return result


def matrix_triangular_solve(
    matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Tensor:
    """The `x` for which `matrix @ x` is `rhs`, for triangular matrices.

    Args:
      matrix: `[..., n, n]`; only one triangle is read.
      rhs: `[..., n, k]`.
      lower: whether it is the lower triangle.
      adjoint: whether the adjoint of the matrix is taken.
      name: name of the operation.

    Raises:
      ValueError: shapes that do not fit. InvalidArgumentError: a zero on the diagonal.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.matrix_triangular_solve([[2.0, 0.0], [2.0, 4.0]], [[2.0], [6.0]]))
      array([[1.],
             [1.]], dtype=float32)
    """
    result: Tensor = apply(
        "MatrixTriangularSolve", matrix, rhs, lower=lower, adjoint=adjoint, name=name
    )
    return result


def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Tensor:
    """The `x` for which `chol @ adjoint(chol) @ x` is `rhs`.

    Args:
      chol: what `tf.cholesky` gave for a matrix.
      rhs: `[..., n, k]`.
      name: scope of the operations.

    Raises:
      ValueError: shapes that do not fit.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.cholesky_solve([[2.0, 0.0], [0.0, 1.0]], [[8.0], [3.0]]))
      array([[2.],
             [3.]], dtype=float32)
    """
    with name_scope(name, "cholesky_solve", [chol, rhs]):
        found = matrix_triangular_solve(chol, rhs, adjoint=False, lower=True)
        return matrix_triangular_solve(chol, found, adjoint=True, lower=True)


def adjoint(matrix: Any, name: str | None = None) -> Tensor:
    """The conjugated transposes of matrices.

    Args:
      matrix: `[..., rows, columns]`.
      name: scope of the operations.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.linalg.adjoint([[1, 2]]))
      array([[1],
             [2]], dtype=int32)
    """
    with name_scope(name, "adjoint", [matrix]):
        return matrix_transpose(convert_to_tensor(matrix, name="matrix"), conjugate=True)
