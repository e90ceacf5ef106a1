"""Decompositions of matrices: QR, singular values, eigenvalues of self-adjoint matrices."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import merged_extents, with_rank_at_least
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.diagonals import (
    matrix_band_part,
    matrix_diag,
    matrix_diag_part,
    matrix_set_diag,
)
from pantarhei.ops.array.filling import ones_like, zeros_like
from pantarhei.ops.array.shapes import expand_dims
from pantarhei.ops.array.transposing import matrix_transpose
from pantarhei.ops.linalg.matrices import matmul
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Value

MATRIX = "{float64, float32, float16, complex64, complex128}"


def adjoint_of(x: Tensor) -> Tensor:
    """The conjugated transposes of matrices."""
    return matrix_transpose(x, conjugate=True)


def _differences(x: Tensor) -> Tensor:
    """One over `x[j] - x[i]` as a matrix, with zeros on the diagonal."""
    difference = expand_dims(x, -2) - expand_dims(x, -1)
    difference = matrix_set_diag(difference, ones_like(x))
    return matrix_set_diag(apply("Reciprocal", difference), zeros_like(x))


def _inner_extents(op: Operation) -> tuple[list[int | None], int | None, int | None] | None:
    """Axes of the stack, rows and columns; None where not even the rank is known."""
    given = with_rank_at_least(op, 0, 2)
    if given.ndims is None:
        return None
    *stack, rows, columns = given.as_list()
    return stack, rows, columns


def _smaller(rows: int | None, columns: int | None) -> int | None:
    return None if rows is None or columns is None else min(rows, columns)


class QrDefinition(OpDef, type="Qr"):
    """A matrix as the product of one with orthonormal columns and an upper triangular one."""

    signature = f"input: T -> q: T, r: T | full_matrices: bool = False | T: {MATRIX}"

    def infer(self, op: Operation) -> list[TensorShape]:
        extents = _inner_extents(op)
        if extents is None:
            return [unknown_shape(), unknown_shape()]
        stack, rows, columns = extents
        inner = rows if op.attributes["full_matrices"] else _smaller(rows, columns)
        return [TensorShape([*stack, rows, inner]), TensorShape([*stack, inner, columns])]

    def grad(self, op: Operation, for_q: Tensor, for_r: Tensor) -> Any:
        q, r = op.outputs
        _, rows, columns = _inner_extents_of(r)
        if q.dtype.is_complex or rows is None or rows != columns:
            raise LookupError(
                f"The gradient of Qr ('{op.name}') is known for real matrices of known shape, with "
                "no more columns than rows, and without full_matrices."
            )
        # The skew parts of both factors' gradients, brought back through r.
        left, right = matmul(q, for_q, adjoint_a=True), matmul(r, for_r, adjoint_b=True)
        skew = left - adjoint_of(left) + (right - adjoint_of(right))
        lower = matrix_band_part(skew, -1, 0)
        rotation = matmul(q, for_r + _behind_triangle(lower, r))
        return rotation + _behind_triangle(for_q - matmul(q, left), r)

    def lower(self, b: Builder, op: Operation, x: Value) -> Any:
        return b.qr(x, full=op.attributes["full_matrices"])


def _inner_extents_of(x: Tensor) -> tuple[list[int | None], int | None, int | None]:
    if x.shape.ndims is None:
        return [], None, None
    *stack, rows, columns = x.shape.as_list()
    return stack, rows, columns


def _behind_triangle(x: Tensor, r: Tensor) -> Tensor:
    """`x` times the inverse of the adjoint of an upper triangular `r`."""
    solved = apply("MatrixTriangularSolve", r, adjoint_of(x), lower=False, adjoint=False)
    return adjoint_of(solved)


class Qr(NamedTuple):
    """The factors of a matrix."""

    q: Tensor
    r: Tensor


def qr(input: Any, full_matrices: bool = False, name: str | None = None) -> Qr:
    """A matrix (or a stack of them) as `q @ r`.

    Args:
      input: [..., rows, columns].
      full_matrices: whether `q` is square, with columns that `r` does not use.
      name: name of the operation.

    Returns:
      q with orthonormal columns, r upper triangular.

    Raises:
      ValueError: a rank below 2.

    Example:
      >>> import pantarhei as tf
      >>> q, r = tf.linalg.qr([[3.0, 1.0], [4.0, 2.0]])
      >>> print(tf.Session().run(abs(q @ r)).round(4).tolist())
      [[3.0, 1.0], [4.0, 2.0]]
    """
    return Qr(*apply("Qr", input, full_matrices=full_matrices, name=name))


class Svd(OpDef):
    """The singular values of matrices, and their left and right singular vectors."""

    signature = (
        "input: T -> s: T, u: T, v: T | compute_uv: bool = True | full_matrices: bool = False | "
        f"T: {MATRIX}"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        extents = _inner_extents(op)
        if extents is None:
            return [unknown_shape()] * 3
        stack, rows, columns = extents
        inner = _smaller(rows, columns)
        if not op.attributes["compute_uv"]:
            return [TensorShape([*stack, inner]), TensorShape([0]), TensorShape([0])]
        full = op.attributes["full_matrices"]
        return [
            TensorShape([*stack, inner]),
            TensorShape([*stack, rows, rows if full else inner]),
            TensorShape([*stack, columns, columns if full else inner]),
        ]

    def grad(self, op: Operation, for_s: Tensor, for_u: Tensor, for_v: Tensor) -> Any:
        x = op.inputs[0]
        if not op.attributes["compute_uv"]:
            _, u, v = apply("Svd", x, compute_uv=True)
            return matmul(u, matmul(matrix_diag(for_s), v, adjoint_b=True))
        _, rows, columns = _inner_extents_of(x)
        if rows is None or columns is None or x.dtype.is_complex or op.attributes["full_matrices"]:
            raise LookupError(
                f"The gradient of Svd ('{op.name}') through singular vectors is known for real "
                "matrices of known shape, and without full_matrices."
            )
        s, u, v = op.outputs
        if rows > columns:
            return adjoint_of(_svd_gradient(s, v, u, for_s, for_v, for_u, columns < rows))
        return _svd_gradient(s, u, v, for_s, for_u, for_v, rows < columns)

    def lower(self, b: Builder, op: Operation, x: Value) -> Any:
        s, u, v = b.svd(x, full=op.attributes["full_matrices"])
        if op.attributes["compute_uv"]:
            return s, u, v
        nothing = b.constant(np.zeros(0, x.dtype))
        return s, nothing, nothing


def _svd_gradient(
    s: Tensor, u: Tensor, v: Tensor, for_s: Tensor, for_u: Tensor, for_v: Tensor, wide: bool
) -> Any:
    """The gradient for a matrix with no more rows than columns."""
    diagonal = matrix_diag(s)
    weights = _differences(apply("Square", s))
    around_u = weights * matmul(u, for_u, adjoint_a=True)
    around_v = weights * matmul(v, for_v, adjoint_a=True)
    middle = matrix_diag(for_s) + matmul(around_u + adjoint_of(around_u), diagonal)
    middle = middle + matmul(diagonal, around_v + adjoint_of(around_v))
    found = matmul(u, matmul(middle, v, adjoint_b=True))
    if not wide:
        return found
    # What of the gradient for v is orthogonal to v: v has more rows than columns.
    rest = adjoint_of(for_v)
    rest = rest - matmul(matmul(rest, v), v, adjoint_b=True)
    return found + matmul(matmul(u, matrix_diag(apply("Reciprocal", s))), rest)


def svd(
    tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None
) -> Any:
    """Singular values and vectors: `tensor` is `u @ diag(s) @ adjoint(v)`.

    Args:
      tensor: `[..., rows, columns]`.
      full_matrices: whether `u` and `v` are square.
      compute_uv: whether to give the singular vectors.
      name: name of the operation.

    Returns:
      `s`, largest first, and `u` and `v` with the singular vectors as columns, whose signs are not
      determined; without `compute_uv` only `s`.

    Raises:
      ValueError: a rank below 2.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.svd([[3.0, 0.0], [0.0, 5.0]], compute_uv=False))
      array([5., 3.], dtype=float32)
    """
    s, u, v = apply("Svd", tensor, compute_uv=compute_uv, full_matrices=full_matrices, name=name)
    values = apply("Real", s, Tout=s.dtype.real_dtype) if s.dtype.is_complex else s
    return (values, u, v) if compute_uv else values


class SelfAdjointEigV2(OpDef):
    """Eigenvalues and eigenvectors of self-adjoint matrices; only their lower triangle is read."""

    signature = f"input: T -> e: T, v: T | compute_v: bool = True | T: {MATRIX}"

    def infer(self, op: Operation) -> list[TensorShape]:
        extents = _inner_extents(op)
        if extents is None:
            return [unknown_shape(), unknown_shape()]
        stack, rows, columns = extents
        size = merged_extents(op, rows, columns)
        vectors = [*stack, size, size] if op.attributes["compute_v"] else [0]
        return [TensorShape([*stack, size]), TensorShape(vectors)]

    def grad(self, op: Operation, for_e: Tensor, for_v: Tensor) -> Tensor:
        middle = matrix_diag(for_e)
        if op.attributes["compute_v"]:
            e, v = op.outputs
            middle = middle + _differences(e) * matmul(v, for_v, adjoint_a=True)
        else:
            _, v = self_adjoint_eig(op.inputs[0])
        found = matmul(v, matmul(middle, v, adjoint_b=True))
        # Everything comes from the lower triangle; the diagonal is counted twice in the sum.
        lower = matrix_band_part(found + adjoint_of(found), -1, 0)
        return matrix_set_diag(lower, 0.5 * matrix_diag_part(lower))

    def lower(self, b: Builder, op: Operation, x: Value) -> Any:
        values, vectors = b.eigh(x)
        if op.attributes["compute_v"]:
            return values, vectors
        return values, b.constant(np.zeros(0, x.dtype))


def self_adjoint_eig(tensor: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of self-adjoint matrices.

    Args:
      tensor: `[..., n, n]`; only the lower triangle is read.
      name: name of the operation.

    Returns:
      The eigenvalues, smallest first, and the eigenvectors as columns, of undetermined signs.

    Raises:
      ValueError: a matrix that is not square.

    Example:
      >>> import pantarhei as tf
      >>> values, vectors = tf.self_adjoint_eig([[2.0, 0.0], [0.0, 1.0]])
      >>> tf.Session().run(values)
      array([1., 2.], dtype=float32)
    """
    values, vectors = apply("SelfAdjointEigV2", tensor, compute_v=True, name=name)
    return values, vectors


def self_adjoint_eigvals(tensor: Any, name: str | None = None) -> Tensor:
    """Eigenvalues of self-adjoint matrices, smallest first; see `tf.self_adjoint_eig`.

    Raises:
      ValueError: a matrix that is not square.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.self_adjoint_eigvals([[2.0, 0.0], [0.0, 1.0]]))
      array([1., 2.], dtype=float32)
    """
    values: Tensor = apply("SelfAdjointEigV2", tensor, compute_v=False, name=name)[0]
    return values
