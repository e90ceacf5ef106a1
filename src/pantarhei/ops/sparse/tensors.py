"""Sparse tensors made, fed, and written out as ordinary ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import shape_from, shown
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.sparse_tensor import SparseTensor, SparseTensorValue
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.filling import ones, zeros, zeros_like
from pantarhei.ops.array.filling import range as count_up
from pantarhei.ops.array.joining import stack
from pantarhei.ops.array.placeholder import placeholder
from pantarhei.ops.array.scattering import gather_nd
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.ops.host.results import host_results
from pantarhei.ops.math.binary import minimum
from pantarhei.ops.math.comparison import not_equal, where_v2
from pantarhei.ops.math.reductions import reduce_sum
from pantarhei.ops.sparse.rows import in_order, listed
from pantarhei.program.ir import Array, ProgramError, Type, Value


def as_sparse(value: Any) -> SparseTensor:
    """A SparseTensor, of itself or of its arrays.

    Raises:
      TypeError: it is neither.
    """
    if isinstance(value, SparseTensorValue):
        return SparseTensor.from_value(value)
    if not isinstance(value, SparseTensor):
        raise TypeError("Input must be a SparseTensor.")
    return value


def convert_to_tensor_or_sparse_tensor(
    value: Any, dtype: Any = None, name: str | None = None
) -> Tensor | SparseTensor:
    """A tensor, or a SparseTensor where `value` is one or holds the arrays of one.

    Args:
      value: a SparseTensor, a SparseTensorValue, or what converts to a tensor.
      dtype: the dtype that it must have.
      name: name of a new constant.

    Raises:
      RuntimeError: a SparseTensor has another dtype.

    Example:
      >>> import pantarhei as tf
      >>> tf.convert_to_tensor_or_sparse_tensor([1, 2]).dtype
      tf.int32
    """
    if not isinstance(value, (SparseTensor, SparseTensorValue)):
        return convert_to_tensor(value, dtype, name)
    sparse = as_sparse(value)
    if dtype is not None and not dtypes.as_dtype(dtype).is_compatible_with(sparse.dtype):
        raise RuntimeError(
            f"Sparse dtype: requested = {dtypes.as_dtype(dtype).name}, actual = {sparse.dtype.name}"
        )
    return sparse


def sparse_placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> SparseTensor:
    """A sparse tensor that is fed: with a `tf.SparseTensorValue`, or its three parts in a tuple.

    Args:
      dtype: type of the elements.
      shape: the shape; None where nothing is known, None within it where an extent is not known.
      name: prefix of the names of its placeholders.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.sparse_placeholder(tf.float32)
      >>> y = tf.sparse_reduce_sum(x)
      >>> print(tf.Session().run(y, {x: ([[3, 2], [4, 5]], [1.0, 2.0], [7, 9])}))
      3.0
    """

    def named(part: str) -> str | None:
        return None if name is None else f"{name}/{part}"

    rank: Any = None
    if shape is not None:
        given = shape.shape[0] if isinstance(shape, Tensor) else len(shape)
        rank = getattr(given, "value", given)
        if not isinstance(shape, Tensor) and None in shape:
            shape = None
        else:
            shape = convert_to_tensor(shape, dtypes.int64, named("shape"))
    if shape is None:
        shape = placeholder(dtypes.int64, [rank], named("shape"))
    values = placeholder(dtype, [None], named("values"))
    return SparseTensor(placeholder(dtypes.int64, [None, rank], named("indices")), values, shape)


class SparseToDense(OpDef):
    """Elements at their positions, a default everywhere else."""

    signature = (
        "sparse_indices: Tindices, output_shape: Tindices, sparse_values: T, default_value: T "
        "-> dense: T | validate_indices: bool = True | T: type | Tindices: index"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        return [shape_from(op, 1)]

    def grad(self, op: Operation, g: Any) -> Any:
        indices, shape, given = op.inputs[:3]
        values = gather_nd(g, indices)
        values.set_shape(given.shape)
        default = reduce_sum(g) - reduce_sum(values)
        return [zeros_like(indices), zeros_like(shape), values, default]

    def lower(self, b: Any, op: Operation, indices: Value, shape: Value, *rest: Value) -> Value:
        values, default = rest
        _check_parts(indices, shape, values, default)
        extents = tuple(int(each) for each in b.static(shape))
        for extent in extents:
            if extent < 0:
                raise ProgramError(f"Dimension {extent} must be >= 0")
        validate = op.attributes["validate_indices"]

        def spread(positions: Array, elements: Array, other: Array) -> list[Array]:
            rows = positions.reshape(-1, len(extents))
            _check_positions(rows, extents, validate)
            result = np.full(extents, other, values.dtype)
            result[tuple(rows.T)] = elements
            return [result]

        return host_results(b, spread, [indices, values, default], [Type(values.dtype, extents)])[0]


def _check_parts(indices: Value, shape: Value, values: Value, default: Value) -> None:
    if indices.ndim > 2:
        raise ProgramError(
            "sparse_indices should be a scalar, vector, or matrix, got shape "
            f"{shown(indices.shape)}"
        )
    count = indices.shape[0] if indices.ndim else 1
    depth = indices.shape[1] if indices.ndim == 2 else 1
    if shape.ndim != 1:
        raise ProgramError(f"output_shape should be a vector, got shape {shown(shape.shape)}")
    if shape.size != depth:
        raise ProgramError(
            f"output_shape has incorrect number of elements: {shape.size} should be: {depth}"
        )
    if values.shape not in ((), (count,)):
        raise ProgramError(
            f"sparse_values has incorrect shape {shown(values.shape)}, should be [] or [{count}]"
        )
    if default.ndim:
        raise ProgramError("default_value should be a scalar.")


def _check_positions(rows: Array, extents: tuple[int, ...], validate: bool) -> None:
    outside = ((rows < 0) | (rows >= np.array(extents, rows.dtype))).any(axis=1)
    if outside.any() and not validate:
        raise ProgramError(f"Indices are not valid (out of bounds).  Shape: {listed(extents)}")
    if not validate:
        return
    wrong = [(int(place), "outside") for place in np.flatnonzero(outside)[:1]]
    order = in_order(rows)
    if (order[1:] < order[:-1]).any():
        previous = rows[:-1].tolist()
        late = (i + 1 for i, row in enumerate(previous) if rows[i + 1].tolist() < row)
        wrong.append((next(late), "late"))
    repeated = np.flatnonzero((rows[1:] == rows[:-1]).all(axis=1))
    wrong += [(int(place) + 1, "repeated") for place in repeated[:1]]
    if not wrong:
        return
    place, fault = min(wrong)
    words = {
        "outside": f"is out of bounds: need 0 <= index < {listed(extents)}",
        "late": "is out of order. Many sparse ops require sorted indices.",
        "repeated": "is repeated",
    }[fault]
    raise ProgramError(f"indices[{place}] = {listed(rows[place])} {words}")


def sparse_to_dense(
    sparse_indices: Any,
    output_shape: Any,
    sparse_values: Any,
    default_value: Any = 0,
    validate_indices: bool = True,
    name: str | None = None,
) -> Tensor:
    """A tensor with some elements given and one value everywhere else.

    Args:
      sparse_indices: positions: a matrix with one row for each, a vector, or a scalar.
      output_shape: a vector: the shape of the result.
      sparse_values: a vector with an element for each position, or one for all.
      default_value: a scalar: the value everywhere else.
      validate_indices: whether positions must be in order, without repetitions.
      name: name of the operation.

    Raises:
      tf.errors.InvalidArgumentError: when it runs and positions are out of range, or not in order.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.sparse_to_dense([1, 2], [4], [5, 6]))
      array([0, 5, 6, 0], dtype=int32)
    """
    result: Tensor = apply(
        "SparseToDense",
        sparse_indices,
        output_shape,
        sparse_values,
        default_value,
        validate_indices=validate_indices,
        name=name,
    )
    return result


def sparse_tensor_to_dense(
    sp_input: Any, default_value: Any = None, validate_indices: bool = True, name: str | None = None
) -> Tensor:
    """A sparse tensor as an ordinary one.

    Args:
      sp_input: a SparseTensor.
      default_value: a scalar: the value where no element is; zero by default.
      validate_indices: whether positions must be in order, without repetitions.
      name: name of the operation.

    Raises:
      TypeError: `sp_input` is not sparse.
      tf.errors.InvalidArgumentError: when it runs and positions are out of range, or not in order.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 1], [1, 0]], ["a", "b"], [2, 2])
      >>> tf.Session().run(tf.sparse_tensor_to_dense(x, default_value=""))
      array([[b'', b'a'],
             [b'b', b'']], dtype=object)
    """
    sparse = as_sparse(sp_input)
    if default_value is None:
        default_value = zeros([], dtype=sparse.dtype)
    return sparse_to_dense(
        sparse.indices, sparse.dense_shape, sparse.values, default_value, validate_indices, name
    )


def from_dense(tensor: Any, name: str | None = None) -> SparseTensor:
    """The elements of a tensor that are not zero.

    Args:
      tensor: numbers.
      name: name of the scope.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.sparse.from_dense([[0, 3], [4, 0]])).indices
      array([[0, 1],
             [1, 0]])
    """
    with name_scope(name, "dense_to_sparse"):
        tensor = convert_to_tensor(tensor)
        indices = where_v2(not_equal(tensor, constant(0, tensor.dtype)))
        values = gather_nd(tensor, indices)
        return SparseTensor(indices, values, shape_of(tensor, out_type=dtypes.int64))


def sparse_eye(
    num_rows: Any, num_columns: Any = None, dtype: Any = dtypes.float32, name: str | None = None
) -> SparseTensor:
    """The identity matrix, of which only the diagonal is there.

    Args:
      num_rows: how many rows.
      num_columns: how many columns; as many as rows by default.
      dtype: type of the elements.
      name: name of the scope.

    Raises:
      TypeError: a number is not an integer.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.sparse.eye(2)).values
      array([1., 1.], dtype=float32)
    """
    with name_scope(name, "eye", [num_rows, num_columns]):
        rows = _as_int64(num_rows, "num_rows")
        columns = rows if num_columns is None else _as_int64(num_columns, "num_columns")
        size = minimum(rows, columns)
        diagonal = count_up(size, dtype=dtypes.int64)
        indices = stack([diagonal, diagonal], axis=1)
        return SparseTensor(indices, ones(size, dtype=dtype), [rows, columns])


def _as_int64(value: Any, name: str) -> Tensor:
    if isinstance(value, (int, np.integer)):
        return convert_to_tensor(value, dtypes.int64, name)
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be an integer value")
    result: Tensor = cast(value, dtypes.int64)
    return result
