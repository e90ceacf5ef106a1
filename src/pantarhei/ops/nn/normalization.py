"""Moments of a batch, and normalisation by them or by the length.

All is composed of elementwise operations and sums, node for node as in TensorFlow. The fused batch
normalisation of images and the local response normalisation are in ops/nn/fused_normalization.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pantarhei.core import dtypes
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.filling import zeros, zeros_like
from pantarhei.ops.array.identity import identity, stop_gradient
from pantarhei.ops.array.indexing import gather
from pantarhei.ops.array.shapes import renamed, shape, size, squeeze
from pantarhei.ops.control_flow.cond import cond
from pantarhei.ops.math.binary import add, maximum, multiply, squared_difference, subtract
from pantarhei.ops.math.comparison import not_equal
from pantarhei.ops.math.reductions import reduce_mean, reduce_prod, reduce_sum
from pantarhei.ops.math.unary import reciprocal, rsqrt, square


def l2_normalize(
    x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None, dim: Any = None
) -> Tensor:
    """`x` divided by its Euclidean length along axes.

    Args:
      x: a floating tensor.
      axis: along which the length is measured; all by default.
      epsilon: least squared length to divide by.
      name: name of the operations; `l2_normalize` by default.
      dim: the older name of `axis`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.nn.l2_normalize([3.0, 4.0], 0))
      array([0.6, 0.8], dtype=float32)
    """
    axis = renamed("axis", axis, "dim", dim)
    with name_scope(name, "l2_normalize", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        total = reduce_sum(square(x), axis, keepdims=True)
        return multiply(x, rsqrt(maximum(total, epsilon)), name=scope)


def _count_of_nonzero(x: Tensor, dtype: Any) -> Tensor:
    with name_scope("count_nonzero", values=[x]):
        zero = zeros([], dtype=x.dtype)
        return reduce_sum(cast(not_equal(x, zero), dtype=dtype), name="nonzero_count")


def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """The share of zeros among the elements, a float32 scalar.

    Args:
      value: a tensor of numbers.
      name: name of the operations; `zero_fraction` by default.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.nn.zero_fraction([0, 1, 0, 2])))
      0.5
    """
    with name_scope(name, "zero_fraction", [value]):
        value = convert_to_tensor(value, name="value")
        count = size(value, out_type=dtypes.int64)
        nonzero = cond(
            count <= dtypes.int32.max,
            true_fn=lambda: cast(_count_of_nonzero(value, dtypes.int32), dtype=dtypes.int64),
            false_fn=lambda: _count_of_nonzero(value, dtypes.int64),
        )
        with name_scope("counts_to_fraction"):
            zero = cast(count - nonzero, dtype=dtypes.float32)
            fraction = zero / cast(count, dtype=dtypes.float32)
        return identity(fraction, "fraction")


def moments(
    x: Any,
    axes: Any,
    shift: Any = None,
    name: str | None = None,
    keep_dims: Any = None,
    keepdims: Any = None,
) -> tuple[Tensor, Tensor]:
    """Mean and (biased) variance over axes.

    Args:
      x: a floating tensor; float16 is computed in float32.
      axes: a list of axes; all but the last for the moments of each channel.
      shift: has no effect any more.
      name: name of the operations; `moments` by default.
      keep_dims: the older name of `keepdims`.
      keepdims: whether the axes stay, with extent 1.

    Example:
      >>> import pantarhei as tf
      >>> mean, variance = tf.nn.moments(tf.constant([1.0, 2.0, 3.0, 4.0]), axes=[0])
      >>> tf.Session().run([mean, variance])
      [np.float32(2.5), np.float32(1.25)]
    """
    keepdims = renamed("keepdims", keepdims, "keep_dims", keep_dims)
    with name_scope(name, "moments", [x, axes]):
        narrow = x.dtype == dtypes.float16
        y = cast(x, dtypes.float32) if narrow else x
        mean = reduce_mean(y, axes, keepdims=True, name="mean")
        deviations = squared_difference(y, stop_gradient(mean))
        variance = reduce_mean(deviations, axes, keepdims=True, name="variance")
        if not keepdims:
            mean, variance = squeeze(mean, axes), squeeze(variance, axes)
        if narrow:
            return cast(mean, dtypes.float16), cast(variance, dtypes.float16)
        return mean, variance


def weighted_moments(
    x: Any,
    axes: Any,
    frequency_weights: Any,
    name: str | None = None,
    keep_dims: Any = None,
    keepdims: Any = None,
) -> tuple[Tensor, Tensor]:
    """Mean and variance over axes, where each element counts as often as its weight says.

    Args:
      x: a floating tensor; float16 is computed in float32.
      axes: a list of axes.
      frequency_weights: how often each element counts; broadcast against `x`.
      name: name of the operations; `weighted_moments` by default.
      keep_dims: the older name of `keepdims`.
      keepdims: whether the axes stay, with extent 1.

    Example:
      >>> import pantarhei as tf
      >>> mean, variance = tf.nn.weighted_moments([0.0, 4.0], [0], [3.0, 1.0])
      >>> tf.Session().run([mean, variance])
      [np.float32(1.0), np.float32(3.0)]
    """
    keepdims = renamed("keepdims", keepdims, "keep_dims", keep_dims)
    with name_scope(name, "weighted_moments", [x, frequency_weights, axes]):
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(frequency_weights, name="frequency_weights")
        narrow = x.dtype == dtypes.float16
        x = cast(x, dtypes.float32) if narrow else x
        weights = weights if weights.dtype == x.dtype else cast(weights, x.dtype)
        total = reduce_sum(weights * x, axes, name="weighted_input_sum", keepdims=True)
        spread = weights + zeros_like(x)
        count = reduce_sum(spread, axes, name="sum_of_weights", keepdims=True)
        divisor = reciprocal(count, name="inv_weight_sum")
        mean = multiply(total, divisor)
        squares = weights * squared_difference(x, mean)
        distance = reduce_sum(squares, axes, name="weighted_distsq", keepdims=True)
        variance = multiply(distance, divisor)
        if not keepdims:
            mean, variance = squeeze(mean, axis=axes), squeeze(variance, axis=axes)
        if narrow:
            return cast(mean, dtypes.float16), cast(variance, dtypes.float16)
        return mean, variance


def sufficient_statistics(
    x: Any,
    axes: Sequence[int],
    shift: Any = None,
    keep_dims: Any = None,
    name: str | None = None,
    keepdims: Any = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Count, sum and sum of squares over axes: of these, unlike moments, parts can be added up.

    Args:
      x: a floating tensor.
      axes: a list of axes.
      shift: a value near the mean that is taken off first, for precision.
      keep_dims: the older name of `keepdims`.
      name: name of the operations; `sufficient_statistics` by default.
      keepdims: whether the axes stay, with extent 1.

    Returns:
      Count, sum, sum of squares, and `shift`; see `normalize_moments`.

    Example:
      >>> import pantarhei as tf
      >>> count, total, squares, _ = tf.nn.sufficient_statistics(tf.constant([1.0, 3.0]), [0])
      >>> tf.Session().run([count, total, squares])
      [np.float32(2.0), np.float32(4.0), np.float32(10.0)]
    """
    axes = list(set(axes))
    keepdims = bool(renamed("keepdims", keepdims, "keep_dims", keep_dims))
    with name_scope(name, "sufficient_statistics", [x, shift]):
        x = convert_to_tensor(x, name="x")
        extents = [None] if x.shape.ndims is None else [x.shape.as_list()[axis] for axis in axes]
        if None in extents:
            count = reduce_prod(gather(cast(shape(x), x.dtype), axes), name="count")
        else:
            product = 1
            for extent in extents:
                product *= extent or 0
            count = constant(product, dtype=x.dtype)
        if shift is None:
            sums, squares = x, square(x)
        else:
            shift = convert_to_tensor(shift, name="shift")
            sums, squares = subtract(x, shift), squared_difference(x, shift)
        sums = reduce_sum(sums, axes, keepdims=keepdims, name="mean_ss")
        squares = reduce_sum(squares, axes, keepdims=keepdims, name="var_ss")
    return count, sums, squares, shift


def normalize_moments(
    counts: Any, mean_ss: Any, variance_ss: Any, shift: Any, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Mean and variance from the results of `sufficient_statistics`.

    Args:
      counts: the number of elements.
      mean_ss: their sum.
      variance_ss: the sum of their squares.
      shift: what was taken off before, or None.
      name: name of the operations; `normalize` by default.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.nn.normalize_moments(2.0, 4.0, 10.0, None))
      (np.float32(2.0), np.float32(1.0))
    """
    with name_scope(name, "normalize", [counts, mean_ss, variance_ss, shift]):
        divisor = reciprocal(counts, name="divisor")
        if shift is None:
            shifted = mean = multiply(mean_ss, divisor, name="mean")
        else:
            shifted = multiply(mean_ss, divisor, name="shifted_mean")
            mean = add(shifted, shift, name="mean")
        variance = subtract(multiply(variance_ss, divisor), square(shifted), name="variance")
    return mean, variance


def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    offset: Any,
    scale: Any,
    variance_epsilon: Any,
    name: str | None = None,
) -> Tensor:
    """scale * (x - mean) / sqrt(variance + variance_epsilon) + offset, with broadcasting.

    Args:
      x: a floating tensor.
      mean: of each channel, or of whatever broadcasts against `x`.
      variance: the same.
      offset: what is added at the end, or None.
      scale: what is multiplied, or None.
      variance_epsilon: a small number that keeps the root away from zero.
      name: name of the operations; `batchnorm` by default.

    Example:
      >>> import pantarhei as tf
      >>> y = tf.nn.batch_normalization(tf.constant([1.0, 3.0]), 2.0, 1.0, None, None, 0.0)
      >>> tf.Session().run(y)
      array([-1.,  1.], dtype=float32)

    Source:
      Ioffe and Szegedy, Batch Normalization, 2015.
    """
    with name_scope(name, "batchnorm", [x, mean, variance, scale, offset]):
        factor = rsqrt(variance + variance_epsilon)
        if scale is not None:
            factor *= scale
        scaled = x * cast(factor, x.dtype)
        moved = offset - mean * factor if offset is not None else -mean * factor
        result: Tensor = scaled + cast(moved, x.dtype)
        return result
