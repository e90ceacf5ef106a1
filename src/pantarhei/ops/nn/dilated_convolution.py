"""Convolutions and pooling with dilation, over one, two or three axes.

A dilated convolution is a dense one on each part of a batch into which space has been moved, as
TensorFlow builds it (ops/array/blocks.py); the operations are those of ops/nn/convolution.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.blocks import batch_to_space_nd, space_to_batch_nd
from pantarhei.ops.array.joining import concat, stack
from pantarhei.ops.array.padding import required_space_to_batch_paddings
from pantarhei.ops.array.shapes import renamed, shape
from pantarhei.ops.nn.convolution import CONV2D, CONV3D
from pantarhei.ops.nn.convolve import conv1d, convolve
from pantarhei.ops.nn.pooling import avg_pool, avg_pool1d, max_pool, max_pool1d
from pantarhei.ops.nn.window_geometry import per_axis

Dense = Callable[[Tensor, str], Tensor]


def with_gaps(
    x: Tensor,
    filter_shape: Any,
    rate: Any,
    padding: Any,
    dense: Dense,
    axes: Sequence[int] | None = None,
) -> Tensor:
    """Applies `dense(input, padding)` as if neighbours in its windows were `rate` apart.

    Args:
      x: `[batch, *space, ...]`.
      filter_shape: the windows' shape, or a function that gives it, called only for "SAME".
      rate: a vector with one number for each axis of space.
      padding: "SAME" or "VALID"; with gaps, `dense` gets "VALID".
      dense: the operation without gaps.
      axes: the axes of space; those after the first by default.
    """
    x = convert_to_tensor(x, name="input")
    rate = convert_to_tensor(rate, dtypes.int32, name="dilation_rate")
    if rate.shape.ndims != 1:
        raise ValueError("rate must be rank 1")
    if not rate.shape.is_fully_defined():
        raise ValueError("rate must have known shape")
    space = int(rate.shape.as_list()[0] or 0)
    axes = range(1, space + 1) if axes is None else axes
    known = constant_value(rate)
    if known is not None:
        if (known < 1).any():
            raise ValueError("dilation_rate must be positive")
        if (known == 1).all():
            return dense(x, padding)
    base: Any
    if padding == "SAME":
        base = _base_paddings(filter_shape, space, rate if known is None else known)
    elif padding == "VALID":
        base = np.zeros([space, 2], np.int32)
    else:
        raise ValueError(f"Invalid padding method {padding!r}")
    extents: Any = [None] if x.shape.ndims is None else [x.shape.as_list()[axis] for axis in axes]
    if None in extents:
        sizes = shape(x)
        extents = stack([sizes[axis] for axis in axes])
    paddings, crops = required_space_to_batch_paddings(
        input_shape=extents, base_paddings=base, block_shape=rate
    )
    block = _from_first_axis(rate, 1, axes)
    moved = space_to_batch_nd(x, block, _from_first_axis(paddings, 0, axes))
    return batch_to_space_nd(dense(moved, "VALID"), block, _from_first_axis(crops, 0, axes))


def _base_paddings(filter_shape: Any, space: int, rate: Any) -> Tensor:
    """The padding of "SAME" for windows with gaps and steps of 1."""
    if callable(filter_shape):
        filter_shape = filter_shape()
    sizes: Any = convert_to_tensor(filter_shape, name="filter_shape")
    known = constant_value(sizes)
    sizes = (sizes if known is None else known)[:space]
    extra = sizes + (sizes - 1) * (rate - 1) - 1
    before = extra // 2
    after = extra - before
    return stack([[before[axis], after[axis]] for axis in range(space)])


def _from_first_axis(values: Tensor, fill: int, axes: Sequence[int]) -> Any:
    """Values for axes, with fillers for those from the first spatial one on that are not theirs."""
    known = constant_value(values)
    parts: list[Any] = []
    if axes[0] > 1:
        row = [axes[0] - 1, *(values.shape.as_list()[1:])]
        parts.append(np.full(row, fill, values.dtype.numpy))
    if known is not None:
        return np.concatenate([*parts, known])
    return concat([*parts, values[:]], 0)


def atrous_conv2d(
    value: Any, filters: Any, rate: Any, padding: Any, name: str | None = None
) -> Tensor:
    """Convolution with holes: neighbours in a window are `rate` apart.

    Args:
      value: `[batch, height, width, channels]`, floating.
      filters: `[height, width, channels, output channels]`, of the same dtype.
      rate: distance of neighbours, a positive int.
      padding: "SAME" or "VALID".
      name: name of the operations; `convolution` by default.

    Raises:
      ValueError: shapes, rate or padding that do not fit.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.reshape([1.0, 2.0, 4.0], [1, 1, 3, 1])
      >>> tf.Session().run(tf.nn.atrous_conv2d(x, tf.ones([1, 2, 1, 1]), 2, "VALID")).item()
      5.0

    Source:
      Yu and Koltun, Multi-Scale Context Aggregation by Dilated Convolutions, 2016.
    """
    return convolution(
        value, filters, padding, dilation_rate=np.broadcast_to(rate, (2,)), name=name
    )


def convolution(
    input: Any,
    filter: Any,
    padding: Any,
    strides: Any = None,
    dilation_rate: Any = None,
    name: str | None = None,
    data_format: Any = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """Convolution over one, two or three axes, with steps or gaps.

    Args:
      input: `[batch, *space, channels]`, floating.
      filter: `[*space, channels, output channels]`, of the same dtype.
      padding: "SAME" or "VALID".
      strides: steps of the window, one for each axis of space.
      dilation_rate: distances of neighbours in a window, one for each axis of space; with gaps the
        steps have to be 1.
      name: name of the operations; `convolution` by default.
      data_format: channels last by default; channels first can be described, not run.
      filters: another name of `filter`.
      dilations: another name of `dilation_rate`.

    Raises:
      ValueError: shapes, steps or padding that do not fit.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.reshape([1.0, 2.0, 4.0], [1, 3, 1])
      >>> tf.Session().run(tf.nn.convolution(x, tf.ones([2, 1, 1]), "VALID"))[0, :, 0]
      array([3., 6.], dtype=float32)
    """
    filter = renamed("filters", filters, "filter", filter)
    rate = renamed("dilations", dilations, "dilation_rate", dilation_rate)
    rank = _rank_of(input) or _rank_of(filter)
    if rank is None:
        raise ValueError("rank of input or filter must be known")
    space = rank - 2
    if not 1 <= space <= 3:
        raise ValueError(f"Input tensor must be of rank 3, 4 or 5 but was {rank}.")
    channel = 1 if (data_format or "").startswith("NC") else space + 1
    strides = per_axis(strides, space, channel, "strides")
    rate = per_axis(rate, space, channel, "dilations")
    inner = slice(2, None) if channel == 1 else slice(1, -1)

    with name_scope(name, "convolution", [input, filter]) as scope:
        if all(each == 1 for each in rate):
            return convolve_of_rank(
                space, input, filter, strides, padding, data_format, rate, scope
            )
        if any(each != 1 for each in strides[inner]):
            raise ValueError("strides > 1 not supported in conjunction with dilation_rate > 1")
        x, w = _shape_of(input), _shape_of(filter)
        if x.ndims is not None and w.ndims is not None:
            channels, taken = x.as_list()[channel], w.as_list()[space]
            if channels is not None and taken is not None and channels != taken:
                raise ValueError(
                    "number of input channels does not match corresponding dimension of filter, "
                    f"{channels} != {taken}"
                )

        def dense(x: Tensor, padding: str) -> Tensor:
            ones = [1] * (space + 2)
            return convolve_of_rank(space, x, filter, ones, padding, data_format, ones, scope)

        axes = range(2, space + 2) if channel == 1 else range(1, space + 1)
        sizes = w if w.is_fully_defined() else lambda: shape(filter)
        return with_gaps(input, sizes, rate[inner], padding, dense, axes)


def _shape_of(value: Any) -> TensorShape:
    return value.shape if hasattr(value, "shape") else convert_to_tensor(value).shape


def _rank_of(value: Any) -> int | None:
    return len(value.shape) if getattr(value, "shape", None) is not None and _known(value) else None


def _known(value: Any) -> bool:
    return not isinstance(value.shape, TensorShape) or value.shape.ndims is not None


def convolve_of_rank(
    space: int,
    x: Any,
    w: Any,
    strides: list[int],
    padding: Any,
    data_format: Any,
    rate: list[int],
    name: str | None,
) -> Tensor:
    """Convolution over `space` axes; strides and rate have a number for every axis."""
    if space == 1:
        return conv1d(x, w, strides, padding, data_format=data_format, dilations=rate, name=name)
    family = CONV2D if space == 2 else CONV3D
    layout = data_format or ("NHWC" if space == 2 else "NDHWC")
    return convolve(
        family.forward,
        x,
        w,
        strides=strides,
        padding=padding,
        data_format=layout,
        dilations=rate,
        name=name,
    )


def pool(
    input: Any,
    window_shape: Any,
    pooling_type: str,
    padding: Any,
    dilation_rate: Any = None,
    strides: Any = None,
    name: str | None = None,
    data_format: Any = None,
    dilations: Any = None,
) -> Tensor:
    """Pooling over one or two axes, with steps or gaps.

    Args:
      input: `[batch, *space, channels]`.
      window_shape: extents of the window, one for each axis of space.
      pooling_type: "MAX" or "AVG".
      padding: "SAME" or "VALID".
      dilation_rate: distances of neighbours in a window; 1 by default.
      strides: steps of the window; 1 by default.
      name: name of the operations.
      data_format: channels last by default; channels first can be described, not run.
      dilations: another name of `dilation_rate`.

    Raises:
      ValueError: an unknown type, or shapes, steps or padding that do not fit.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.reshape([1.0, 3.0, 2.0, 5.0], [1, 2, 2, 1])
      >>> tf.Session().run(tf.nn.pool(x, [2, 2], "MAX", "VALID")).item()
      5.0
    """
    rate = renamed("dilations", dilations, "dilation_rate", dilation_rate)
    scope_name = f"{pooling_type.lower()}_pool"
    with name_scope(name, scope_name, [input]) as scope:
        input = convert_to_tensor(input, name="input")
        space = len(window_shape)
        if not 1 <= space <= 2 or pooling_type not in ("MAX", "AVG"):
            raise ValueError(f"{space}-D {pooling_type} pooling is not supported.")
        strides = [1] * space if strides is None else list(strides)
        rate = [1] * space if rate is None else list(rate)
        if any(each != 1 for each in strides) and any(each != 1 for each in rate):
            raise ValueError("strides > 1 not supported in conjunction with dilation_rate > 1")
        if padding == "SAME" and any(each != 1 for each in rate):
            raise ValueError("pooling with SAME padding is not implemented for dilation_rate > 1")
        if any(step > window for step, window in zip(strides, window_shape, strict=True)):
            raise ValueError(
                "strides > window_shape not supported due to inconsistency between CPU and GPU "
                "implementations"
            )

        def dense(x: Tensor, padding: str) -> Tensor:
            poolings: dict[tuple[str, int], Any] = {
                ("MAX", 1): max_pool1d,
                ("MAX", 2): max_pool,
                ("AVG", 1): avg_pool1d,
                ("AVG", 2): avg_pool,
            }
            function = poolings[pooling_type, space]
            pooled: Tensor = function(
                x, list(window_shape), strides, padding, data_format, name=scope
            )
            return pooled

        first = 2 if (data_format or "").startswith("NC") else 1
        return with_gaps(input, None, rate, padding, dense, range(first, first + space))
