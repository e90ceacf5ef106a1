"""Reductions that are built out of several operations: norm, spread, logsumexp, counts.

They make the operations that TensorFlow's functions of the same names make, and define no kind of
operation of their own; the reductions themselves are in reductions.py.
"""

from __future__ import annotations

from typing import Any

from pantarhei.core import dtypes
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.filling import zeros, zeros_like
from pantarhei.ops.array.shapes import renamed, reshape, shape
from pantarhei.ops.math.reductions import (
    old_names,
    reduce_max,
    reduce_mean,
    reduce_sum,
    reduction,
    scalar_if_all,
)


def reduce_euclidean_norm(
    input_tensor: Any, axis: Any = None, keepdims: Any = False, name: str | None = None
) -> Tensor:
    """Square root of the sum of squares over some axes; it has no gradient (`tf.norm` has one).

    Args:
      input_tensor: numbers of any dtype.
      axis: one axis or a list of them; all axes by default.
      keepdims: whether reduced axes stay, with extent 1.
      name: name of the operation.

    Raises:
      ValueError: an axis that the input does not have.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.math.reduce_euclidean_norm([3.0, 4.0])))
      5.0
    """
    return reduction("EuclideanNorm", input_tensor, axis, keepdims, name)


def reduce_variance(
    input_tensor: Any, axis: Any = None, keepdims: Any = False, name: str | None = None
) -> Tensor:
    """Mean of the squared distance from the mean, over some axes.

    Args:
      input_tensor: numbers.
      axis: one axis or a list of them; all axes by default.
      keepdims: whether reduced axes stay, with extent 1.
      name: scope of the operations.

    Raises:
      ValueError: an axis that the input does not have.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.math.reduce_variance([[1.0, 2.0], [3.0, 4.0]], 0))
      array([1., 1.], dtype=float32)
    """
    with name_scope(name or "reduce_variance"):
        means = reduce_mean(input_tensor, axis=axis, keepdims=True)
        squares = apply("Square", input_tensor - means)
        return reduce_mean(squares, axis=axis, keepdims=keepdims)


def reduce_std(
    input_tensor: Any, axis: Any = None, keepdims: Any = False, name: str | None = None
) -> Tensor:
    """Standard deviation over some axes: the square root of `tf.math.reduce_variance`.

    Raises:
      ValueError: an axis that the input does not have.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.math.reduce_std([[1.0, 2.0], [3.0, 4.0]], 1))
      array([0.5, 0.5], dtype=float32)
    """
    with name_scope(name or "reduce_std"):
        variance = reduce_variance(input_tensor, axis=axis, keepdims=keepdims)
        result: Tensor = apply("Sqrt", variance)
        return result


def reduce_logsumexp(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """Logarithm of the sum of exponentials over some axes, without overflow on the way.

    Args:
      input_tensor: floating numbers.
      axis: one axis or a list of them; all axes by default.
      keepdims: whether reduced axes stay, with extent 1.
      name: scope of the operations.
      reduction_indices: the old name of `axis`.
      keep_dims: the old name of `keepdims`.

    Raises:
      ValueError: an axis that the input does not have, or an argument under both of its names.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.reduce_logsumexp([1000.0, 1000.0])).round(3))
      1000.693
    """
    axis, keepdims = old_names(axis, keepdims, reduction_indices, keep_dims)
    keeps = False if keepdims is None else keepdims
    x = convert_to_tensor(input_tensor)
    with name_scope(name, "ReduceLogSumExp", [x]):
        largest = reduce_max(x, axis=axis, keepdims=True)
        # Infinities would turn into NaN in the difference; the offset counts as a constant.
        finite = apply("IsFinite", largest)
        offset = apply("StopGradient", apply("Select", finite, largest, zeros_like(largest)))
        total = reduce_sum(apply("Exp", apply("Sub", x, offset)), axis, keepdims=keeps)
        result = apply("Log", total)
        if not keeps:
            offset = reshape(offset, shape(result))
        return scalar_if_all(apply("Add", result, offset), axis, keeps)


def count_nonzero(
    input_tensor: Any = None,
    axis: Any = None,
    keepdims: Any = None,
    dtype: Any = dtypes.int64,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
    input: Any = None,
) -> Tensor:
    """Number of elements other than zero (or False, or the empty string) over some axes.

    Args:
      input_tensor: numbers, booleans or strings.
      axis: one axis or a list of them; all axes by default.
      keepdims: whether reduced axes stay, with extent 1.
      dtype: dtype of the counts.
      name: scope of the operations.
      reduction_indices: the old name of `axis`.
      keep_dims: the old name of `keepdims`.
      input: another name of `input_tensor`.

    Raises:
      ValueError: an axis that the input does not have, or an argument under both of its names.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.count_nonzero([[0, 1, 0], [1, 1, 0]], 0))
      array([1, 2, 0])
    """
    axis, keepdims = old_names(axis, keepdims, reduction_indices, keep_dims)
    values = renamed("input", input, "input_tensor", input_tensor)
    with name_scope(name, "count_nonzero", [values]):
        tensor = convert_to_tensor(values, name="input")
        zero = zeros([], dtype=tensor.dtype)
        marks = cast(apply("NotEqual", tensor, zero), dtypes.int64)
        result: Tensor = cast(reduce_sum(marks, axis=axis, keepdims=keepdims), dtype=dtype)
        return result
