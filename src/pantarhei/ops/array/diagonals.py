"""Diagonals of matrices and of tensors of higher rank, and bands around them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply, first_input_shape
from pantarhei.graph.definitions.shape_rules import (
    merged,
    merged_extents,
    shape_error,
    shown,
    with_rank_at_least,
)
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.filling import neutral, ones, zeros, zeros_like
from pantarhei.ops.array.joining import concat
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value

_DIAGONAL_DTYPES = "T: {bfloat16, float16, float32, float64, int32, int64, complex64, complex128}"


def on_diagonal(b: Builder, x: Value) -> Value:
    """The last axis of `x` spread on the diagonals of square matrices."""
    extent = x.shape[-1]
    scalar = np.empty((), x.dtype)
    scalar[()] = neutral(x.dtype)
    # With n elements between any two neighbours, each row begins one place later than the last.
    flat = b.pad(
        x,
        b.constant(scalar),
        low=(0,) * x.ndim,
        high=(0,) * x.ndim,
        interior=(*(0 for _ in x.shape[:-1]), extent),
    )
    return b.reshape(flat, shape=(*x.shape, extent))


def of_diagonal(b: Builder, x: Value) -> Value:
    """The diagonals of the matrices in the last two axes."""
    *stack, rows, columns = x.shape
    length = min(rows, columns)
    top = b.slice(
        x,
        start=(0,) * x.ndim,
        stop=(*stack, length, columns),
        step=(1,) * x.ndim,
    )
    flat = b.reshape(top, shape=(*stack, length * columns))
    return b.slice(
        flat,
        start=(0,) * flat.ndim,
        stop=flat.shape,
        step=(*(1 for _ in stack), columns + 1),
    )


class Diag(OpDef):
    """A tensor on the diagonal of one of twice its rank."""

    signature = f"diagonal: T -> output: T | {_DIAGONAL_DTYPES}"

    def infer(self, op: Operation) -> list[TensorShape]:
        given = op.inputs[0].shape
        if given.ndims is not None and given.ndims < 1:
            raise shape_error(op, f"Shape must be at least rank 1 but is rank {given.ndims}")
        return [given.concatenate(given)]

    def grad(self, op: Operation, g: Any) -> Tensor:
        return diag_part(g)

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        if x.ndim < 1:
            raise ProgramError("Input must be at least rank 1, got 0")
        matrix = on_diagonal(b, b.reshape(x, shape=(x.size,)))
        return b.reshape(matrix, shape=(*x.shape, *x.shape))


class DiagPart(OpDef):
    """The diagonal of a tensor of even rank."""

    signature = f"input: T -> diagonal: T | {_DIAGONAL_DTYPES}"

    def infer(self, op: Operation) -> list[TensorShape]:
        given = op.inputs[0].shape
        if given.ndims is None:
            return [unknown_shape()]
        if given.ndims % 2 or not given.ndims:
            raise shape_error(
                op, f"Input must have even and non-zero rank, input rank is {given.ndims}"
            )
        half, extents = given.ndims // 2, given.as_list()
        pairs = zip(extents[:half], extents[half:], strict=True)
        return [TensorShape([merged_extents(op, *pair) for pair in pairs])]

    def grad(self, op: Operation, g: Any) -> Tensor:
        return diag(g)

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        half = x.ndim // 2
        if x.ndim % 2 or not x.ndim:
            raise ProgramError(f"The rank of the tensor should be even and positive, got {x.ndim}")
        for axis in range(half):
            if x.shape[axis] != x.shape[axis + half]:
                raise ProgramError(
                    f"Invalid shape {shown(x.shape)}: dimensions {axis} and {axis + half} do not "
                    "match."
                )
        extent = math.prod(x.shape[:half])
        diagonal = of_diagonal(b, b.reshape(x, shape=(extent, extent)))
        return b.reshape(diagonal, shape=x.shape[:half])


def diag(diagonal: Any, name: str | None = None) -> Tensor:
    """A tensor of twice the rank with `diagonal` on its diagonal, zero elsewhere.

    Args:
      diagonal: a tensor of rank 1 or more.
      name: name of the operation.

    Raises:
      ValueError: `diagonal` is known to be a scalar.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.diag([1, 2]))
      array([[1, 0],
             [0, 2]], dtype=int32)
    """
    result: Tensor = apply("Diag", diagonal, name=name)
    return result


def diag_part(input: Any, name: str | None = None) -> Tensor:
    """The diagonal of a tensor whose shape is some shape twice over.

    Args:
      input: a tensor of even rank.
      name: name of the operation.

    Raises:
      ValueError: the shape is known not to be some shape twice over. InvalidArgumentError: it turns
      out not to be.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.diag_part([[1, 2], [3, 4]]))
      array([1, 4], dtype=int32)
    """
    result: Tensor = apply("DiagPart", input, name=name)
    return result


class MatrixDiag(OpDef):
    """Vectors on the diagonals of square matrices."""

    signature = "diagonal: T -> output: T | T: type"

    def infer(self, op: Operation) -> list[TensorShape]:
        given = with_rank_at_least(op, 0, 1)
        return [unknown_shape() if given.ndims is None else given.concatenate(given[-1:])]

    def grad(self, op: Operation, g: Any) -> Tensor:
        return matrix_diag_part(g)

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        if x.ndim < 1:
            raise ProgramError(f"input must be at least 1-dim, received shape: {shown(x.shape)}")
        return on_diagonal(b, x)


class MatrixDiagPart(OpDef):
    """The diagonals of matrices."""

    signature = "input: T -> diagonal: T | T: type"

    def infer(self, op: Operation) -> list[TensorShape]:
        given = with_rank_at_least(op, 0, 2)
        if given.ndims is None:
            return [unknown_shape()]
        return [given[:-2].concatenate([shorter_side(given)])]

    def grad(self, op: Operation, g: Any) -> Tensor:
        return matrix_set_diag(zeros_like(op.inputs[0]), g)

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        if x.ndim < 2:
            raise ProgramError(f"input must be at least 2-dim, received shape: {shown(x.shape)}")
        return of_diagonal(b, x)


def shorter_side(matrix: TensorShape) -> int | None:
    """How long the diagonal of a matrix is: 0 if one side is, else known if both are."""
    rows, columns = matrix.as_list()[-2:]
    if rows is None or columns is None:
        return 0 if 0 in (rows, columns) else None
    return min(rows, columns)


class MatrixSetDiag(OpDef):
    """Matrices with other diagonals."""

    signature = "input: T, diagonal: T -> output: T | T: type"

    def infer(self, op: Operation) -> list[TensorShape]:
        given, diagonal = with_rank_at_least(op, 0, 2), with_rank_at_least(op, 1, 1)
        if given.ndims is not None and diagonal.ndims not in (None, given.ndims - 1):
            raise shape_error(
                op, f"Shape must be rank {given.ndims - 1} but is rank {diagonal.ndims}"
            )
        if given.ndims is not None and diagonal.ndims is not None:
            merged_extents(op, shorter_side(given), diagonal.as_list()[-1])
        if diagonal.ndims is None:
            return [given]
        batch = diagonal[:-1].concatenate(unknown_shape(2))
        return [merged(op, given, batch)]

    def grad(self, op: Operation, g: Any) -> Any:
        return matrix_set_diag(g, zeros_like(op.inputs[1])), matrix_diag_part(g)

    def lower(self, b: Builder, op: Operation, x: Value, diagonal: Value) -> Value:
        if x.ndim < 2:
            raise ProgramError(f"input must be at least 2-dim, received shape: {shown(x.shape)}")
        *stack, rows, columns = x.shape
        length = min(rows, columns)
        if diagonal.shape != (*stack, length):
            raise ProgramError(
                "Either first dimensions of diagonal don't match input.shape[:-2], or "
                "diagonal.shape[:-1] is not equal to the longests diagonal in range "
                "[lower_diag_index:upper_diag_index]."
            )
        square = on_diagonal(b, diagonal)
        scalar = np.empty((), x.dtype)
        scalar[()] = neutral(x.dtype)
        spread = b.pad(
            square,
            b.constant(scalar),
            low=(0,) * x.ndim,
            high=(*(0 for _ in stack), rows - length, columns - length),
            interior=(0,) * x.ndim,
        )
        return b.where(b.equal(*places(b, rows, columns)), spread, x)


def places(b: Builder, rows: int, columns: int) -> tuple[Value, Value]:
    """Numbers of the rows, as a column, and of the columns."""
    column = b.reshape(b.iota(size=rows, dtype=dtypes.int64.numpy), shape=(rows, 1))
    return column, b.iota(size=columns, dtype=dtypes.int64.numpy)


class MatrixBandPart(OpDef):
    """Matrices with zeros outside a band around the diagonal."""

    signature = (
        "input: T, num_lower: Tindex, num_upper: Tindex -> band: T | T: type "
        "| Tindex: index = int64"
    )
    infer = staticmethod(first_input_shape)

    def grad(self, op: Operation, g: Any) -> Any:
        return matrix_band_part(g, op.inputs[1], op.inputs[2]), None, None

    def lower(self, b: Builder, op: Operation, x: Value, lower: Value, upper: Value) -> Value:
        if x.ndim < 2:
            raise ProgramError(f"input must be at least 2-dim, received shape: {shown(x.shape)}")
        rows, columns = x.shape[-2:]
        below, above = int(b.static(lower)), int(b.static(upper))
        if below > rows:
            raise ProgramError(
                f"num_lower must be negative or less or equal to number of rows ({rows}) got: "
                f"{below}"
            )
        if above > columns:
            raise ProgramError(
                "num_upper must be negative or less or equal to number of columns "
                f"({columns}) got: {above}"
            )
        row, column = places(b, rows, columns)
        zero = np.empty((), x.dtype)
        zero[()] = neutral(x.dtype)
        for inside, limit in (
            (b.subtract(row, column), below),
            (b.subtract(column, row), above),
        ):
            if limit >= 0:
                x = b.where(b.less_equal(inside, limit), x, b.constant(zero))
        return x


def matrix_diag(diagonal: Any, name: str = "diag") -> Tensor:
    """Square matrices with the vectors of `diagonal` on their diagonals.

    Args:
      diagonal: a tensor whose last axis holds the vectors.
      name: name of the operation.

    Raises:
      ValueError: `diagonal` is known to be a scalar.

    Example:
      >>> import pantarhei as tf
      >>> tf.matrix_diag(tf.zeros([5, 3])).shape.as_list()
      [5, 3, 3]
    """
    result: Tensor = apply("MatrixDiag", diagonal, name=name)
    return result


def matrix_diag_part(input: Any, name: str = "diag_part") -> Tensor:
    """The diagonals of the matrices in the last two axes of `input`.

    Args:
      input: a tensor of rank 2 or more.
      name: name of the operation.

    Raises:
      ValueError: the rank is known to be less than 2.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.matrix_diag_part([[1, 2, 3], [4, 5, 6]]))
      array([1, 5], dtype=int32)
    """
    result: Tensor = apply("MatrixDiagPart", input, name=name)
    return result


def matrix_set_diag(input: Any, diagonal: Any, name: str = "set_diag") -> Tensor:
    """The matrices of `input` with the vectors of `diagonal` on their diagonals.

    Args:
      input: a tensor of rank 2 or more.
      diagonal: a tensor, one vector for each matrix.
      name: name of the operation.

    Raises:
      ValueError: the shapes are known not to fit. InvalidArgumentError: they turn out not to.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.matrix_set_diag([[7, 7, 7], [7, 7, 7]], [1, 2]))
      array([[1, 7, 7],
             [7, 2, 7]], dtype=int32)
    """
    result: Tensor = apply("MatrixSetDiag", input, diagonal, name=name)
    return result


def matrix_band_part(input: Any, num_lower: Any, num_upper: Any, name: str | None = None) -> Tensor:
    """The matrices of `input` with zeros outside a band around the diagonal.

    Args:
      input: a tensor of rank 2 or more.
      num_lower: how many diagonals below the main one are kept; all if negative.
      num_upper: how many above are kept; all if negative.
      name: name of the operation.

    Raises:
      InvalidArgumentError: a number is larger than the matrix.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.matrix_band_part([[1, 2], [3, 4]], -1, 0))
      array([[1, 0],
             [3, 4]], dtype=int32)
    """
    result: Tensor = apply("MatrixBandPart", input, num_lower, num_upper, name=name)
    return result


def eye(
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """A matrix with ones on the diagonal, or a stack of them.

    Args:
      num_rows: how many rows.
      num_columns: how many columns; as many as rows by default.
      batch_shape: the shape of the stack.
      dtype: element type.
      name: name of the scope.

    Raises:
      TypeError: the numbers are no integers.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.eye(2, 3))
      array([[1., 0., 0.],
             [0., 1., 0.]], dtype=float32)
    """
    with name_scope(name, "eye", [num_rows, num_columns, batch_shape]):
        square = num_columns is None
        batch_shape = [] if batch_shape is None else batch_shape
        columns = num_rows if square else num_columns
        shorter: Any
        if isinstance(num_rows, Tensor) or isinstance(columns, Tensor):
            shorter = apply("Minimum", num_rows, columns)
        else:
            if not isinstance(num_rows, (int, np.integer)) or not isinstance(
                columns, (int, np.integer)
            ):
                raise TypeError("num_rows and num_columns must be positive integer values.")
            square = num_rows == columns
            shorter = min(num_rows, columns)
        diagonal_shape: Any
        full_shape: Any = None
        if isinstance(batch_shape, Tensor) or isinstance(shorter, Tensor):
            batch = convert_to_tensor(batch_shape, name="shape", dtype=dtypes.int32)
            diagonal_shape = concat((batch, [shorter]), axis=0)
            if not square:
                full_shape = concat((batch, [num_rows, columns]), axis=0)
        else:
            diagonal_shape = [*batch_shape, shorter]
            full_shape = [*batch_shape, num_rows, columns]
        diagonal = ones(diagonal_shape, dtype=dtype)
        if square:
            return matrix_diag(diagonal)
        return matrix_set_diag(zeros(full_shape, dtype=dtype), diagonal)
