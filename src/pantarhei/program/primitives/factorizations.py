"""Primitives that factor, invert and solve with matrices: implemented by LAPACK.

Operands are stacks of matrices, in the last two axes. Half precision is computed in single
precision. Solutions and inverses that do not exist are faults found in the data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pantarhei.program.ir import ANY_KIND, Array, Primitive, ProgramError, Type


def _square(x: Type) -> tuple[int, ...]:
    """Axes of the stack, and the extent of the matrices in it."""
    if len(x.shape) < 2:
        raise ProgramError(f"Input must have rank >= 2, got {len(x.shape)}")
    if x.shape[-1] != x.shape[-2]:
        raise ProgramError("Input matrix must be square.")
    return x.shape[:-1]


def _same(x: Type) -> Type:
    _square(x)
    return x


def _solution(x: Type, y: Type, **_: Any) -> Type:
    if _square(x) != y.shape[:-1] or x.dtype != y.dtype:
        raise ProgramError("Input matrix and rhs are incompatible.")
    return y


def _in_lapack(function: Callable[..., Any], fault: str = "", **options: Any) -> Callable[..., Any]:
    """`function` in a precision that LAPACK has; `fault` is what a singular matrix is called."""

    def reference(*arrays: Array, **attributes: Any) -> Any:
        dtype = arrays[0].dtype
        wide = [x.astype(np.float32) if x.dtype.itemsize == 2 else x for x in arrays]
        try:
            found = function(*wide, **options, **attributes)
        except np.linalg.LinAlgError:
            raise ProgramError(fault) from None
        if isinstance(found, tuple):
            return tuple(np.asarray(each).astype(dtype, copy=False) for each in found)
        return np.asarray(found).astype(dtype, copy=False)

    return reference


def _solve_triangular(x: Array, y: Array, *, lower: bool) -> Array:
    """Only one triangle of `x` is read."""
    result: Array = np.linalg.solve(np.tril(x) if lower else np.triu(x), y)
    return result


def _qr_types(x: Type, *, full: bool) -> tuple[Type, Type]:
    *stack, rows, columns = x.shape
    inner = rows if full else min(rows, columns)
    return Type(x.dtype, (*stack, rows, inner)), Type(x.dtype, (*stack, inner, columns))


def _qr(x: Array, *, full: bool) -> tuple[Array, Array]:
    q, r = np.linalg.qr(x, "complete" if full else "reduced")
    return q, r


def _svd_types(x: Type, *, full: bool) -> tuple[Type, Type, Type]:
    *stack, rows, columns = x.shape
    inner = min(rows, columns)
    shapes = (
        (*stack, inner),
        (*stack, rows, rows if full else inner),
        (*stack, columns, columns if full else inner),
    )
    first, second, third = (Type(x.dtype, shape) for shape in shapes)
    return first, second, third


def _svd(x: Array, *, full: bool) -> tuple[Array, Array, Array]:
    """Singular values, largest first, and the left and the right singular vectors as columns."""
    u, s, adjoint_of_v = np.linalg.svd(x, full_matrices=full)
    return s, u, np.conj(np.swapaxes(adjoint_of_v, -1, -2))


def _eigh_types(x: Type) -> tuple[Type, Type]:
    return Type(x.dtype, _square(x)), x


def _eigh(x: Array) -> tuple[Array, Array]:
    """Eigenvalues, smallest first, and eigenvectors as columns; only the lower triangle is read."""
    values, vectors = np.linalg.eigh(x)
    return values, vectors


def _det_types(x: Type) -> Type:
    return Type(x.dtype, _square(x)[:-1])


def _slogdet(x: Array) -> tuple[Array, Array]:
    sign, logarithm = np.linalg.slogdet(x)
    return sign, logarithm


_INVALID = "Cholesky decomposition was not successful. The input might not be valid."
_SINGULAR = "Input matrix is not invertible."

PRIMITIVES = [
    Primitive("inv", _same, _in_lapack(np.linalg.inv, "Input is not invertible."), faults=ANY_KIND),
    Primitive("det", _det_types, _in_lapack(np.linalg.det), faults=ANY_KIND),
    Primitive(
        "slogdet", lambda x: (_det_types(x), _det_types(x)), _in_lapack(_slogdet), faults=ANY_KIND
    ),
    Primitive("cholesky", _same, _in_lapack(np.linalg.cholesky, _INVALID), faults=ANY_KIND),
    Primitive("solve", _solution, _in_lapack(np.linalg.solve, _SINGULAR), faults=ANY_KIND),
    Primitive(
        "solve_triangular", _solution, _in_lapack(_solve_triangular, _SINGULAR), faults=ANY_KIND
    ),
    Primitive("qr", _qr_types, _in_lapack(_qr), faults=ANY_KIND),
    Primitive("svd", _svd_types, _in_lapack(_svd, "SVD did not converge."), faults=ANY_KIND),
    Primitive(
        "eigh", _eigh_types, _in_lapack(_eigh, "Eigenvalues did not converge."), faults=ANY_KIND
    ),
]
