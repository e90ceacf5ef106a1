"""The namespace `tf.linalg`: products, factors, inverses, norms and diagonals of matrices."""

from pantarhei.ops.array.diagonals import diag as tensor_diag
from pantarhei.ops.array.diagonals import diag_part as tensor_diag_part
from pantarhei.ops.array.diagonals import eye
from pantarhei.ops.array.diagonals import matrix_band_part as band_part
from pantarhei.ops.array.diagonals import matrix_diag as diag
from pantarhei.ops.array.diagonals import matrix_diag_part as diag_part
from pantarhei.ops.array.diagonals import matrix_set_diag as set_diag
from pantarhei.ops.array.transposing import matrix_transpose as transpose
from pantarhei.ops.linalg.contractions import einsum, tensordot
from pantarhei.ops.linalg.decompositions import qr, svd
from pantarhei.ops.linalg.decompositions import self_adjoint_eig as eigh
from pantarhei.ops.linalg.decompositions import self_adjoint_eigvals as eigvalsh
from pantarhei.ops.linalg.matrices import cross, matmul, matvec, trace
from pantarhei.ops.linalg.norms import norm
from pantarhei.ops.linalg.solving import (
    adjoint,
    cholesky,
    cholesky_solve,
    logdet,
    slogdet,
)
from pantarhei.ops.linalg.solving import matrix_determinant as det
from pantarhei.ops.linalg.solving import matrix_inverse as inv
from pantarhei.ops.linalg.solving import matrix_solve as solve
from pantarhei.ops.linalg.solving import matrix_triangular_solve as triangular_solve
from pantarhei.ops.math.clip import global_norm

__all__ = [
    "adjoint",
    "band_part",
    "cholesky",
    "cholesky_solve",
    "cross",
    "det",
    "diag",
    "diag_part",
    "eigh",
    "eigvalsh",
    "einsum",
    "eye",
    "global_norm",
    "inv",
    "logdet",
    "matmul",
    "matvec",
    "norm",
    "qr",
    "set_diag",
    "slogdet",
    "solve",
    "svd",
    "tensor_diag",
    "tensor_diag_part",
    "tensordot",
    "trace",
    "transpose",
    "triangular_solve",
]
