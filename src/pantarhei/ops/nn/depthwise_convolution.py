"""Convolutions that work on each channel by itself: depthwise, and separable.

With a dilation rate they run by `dilated_convolution.with_gaps`.
"""

from __future__ import annotations

from typing import Any

from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.shapes import renamed, shape
from pantarhei.ops.nn.convolution import DEPTHWISE
from pantarhei.ops.nn.convolve import conv2d, convolve
from pantarhei.ops.nn.dilated_convolution import with_gaps


def depthwise_conv2d_native(
    input: Any,
    filter: Any,
    strides: Any,
    padding: Any,
    data_format: Any = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
) -> Tensor:
    """Convolution of each channel by itself, with several filters for each.

    Args:
      input: `[batch, height, width, channels]`, floating.
      filter: `[height, width, channels, filters for each]`, of the same dtype.
      strides: steps of the window, one for each axis.
      padding: "SAME" or "VALID".
      data_format: "NHWC"; "NCHW" can be described, not run.
      dilations: distances of neighbours in a window, one for each axis.
      name: name of the operation; `DepthwiseConv2dNative` by default.

    Returns:
      `[batch, new height, new width, channels * filters for each]`.

    Raises:
      ValueError: shapes, strides or padding that do not fit.

    Example:
      >>> import pantarhei as tf
      >>> x, w = tf.ones([1, 1, 1, 2]), tf.reshape([1.0, 2.0, 3.0, 4.0], [1, 1, 2, 2])
      >>> tf.Session().run(tf.nn.depthwise_conv2d_native(x, w, [1, 1, 1, 1], "SAME"))[0, 0, 0]
      array([1., 2., 3., 4.], dtype=float32)
    """
    return convolve(
        DEPTHWISE.forward,
        input,
        filter,
        strides=strides,
        padding=padding,
        data_format="NHWC" if data_format is None else data_format,
        dilations=list(dilations),
        name=name,
    )


def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: Any,
    rate: Any = None,
    name: str | None = None,
    data_format: Any = None,
    dilations: Any = None,
) -> Tensor:
    """Convolution of each channel by itself, with several filters for each, with steps or gaps.

    Args:
      input: `[batch, height, width, channels]`, floating.
      filter: `[height, width, channels, filters for each]`, of the same dtype.
      strides: steps of the window, one for each axis.
      padding: "SAME" or "VALID".
      rate: distances of neighbours in a window, for height and width; only with steps of 1.
      name: name of the operations; `depthwise` by default.
      data_format: "NHWC"; "NCHW" can be described, not run.
      dilations: another name of `rate`.

    Raises:
      ValueError: shapes, strides or padding that do not fit.

    Example:
      >>> import pantarhei as tf
      >>> x, w = tf.ones([1, 1, 1, 2]), tf.reshape([1.0, 2.0, 3.0, 4.0], [1, 1, 2, 2])
      >>> tf.Session().run(tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME"))[0, 0, 0]
      array([1., 2., 3., 4.], dtype=float32)
    """
    rate = renamed("dilations", dilations, "rate", rate)
    with name_scope(name, "depthwise", [input, filter]) as scope:
        x = convert_to_tensor(input, name="tensor_in")
        w = convert_to_tensor(filter, name="filter_in")

        def dense(x: Tensor, padding: str) -> Tensor:
            return depthwise_conv2d_native(x, w, strides, padding, data_format, name=scope)

        return with_gaps(x, shape(w), [1, 1] if rate is None else rate, padding, dense)


def separable_conv2d(
    input: Any,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: Any,
    rate: Any = None,
    name: str | None = None,
    data_format: Any = None,
    dilations: Any = None,
) -> Tensor:
    """A convolution of each channel by itself, then one that mixes the channels of each position.

    Args:
      input: `[batch, height, width, channels]`, floating.
      depthwise_filter: `[height, width, channels, filters for each]`.
      pointwise_filter: `[1, 1, channels * filters for each, output channels]`.
      strides: steps of the first, one for each axis.
      padding: "SAME" or "VALID".
      rate: distances of neighbours in a window of the first, for height and width.
      name: name of the operations; `separable_conv2d` by default.
      data_format: "NHWC"; "NCHW" can be described, not run.
      dilations: another name of `rate`.

    Raises:
      ValueError: shapes, strides or padding that do not fit.

    Example:
      >>> import pantarhei as tf
      >>> x, d, p = tf.ones([1, 2, 2, 1]), tf.ones([2, 2, 1, 1]), tf.ones([1, 1, 1, 1]) * 3.0
      >>> tf.Session().run(tf.nn.separable_conv2d(x, d, p, [1, 1, 1, 1], "VALID")).item()
      12.0

    Source:
      Sifre, Rigid-Motion Scattering for Image Classification, 2014.
    """
    rate = renamed("dilations", dilations, "rate", rate)
    with name_scope(name, "separable_conv2d", [input, depthwise_filter, pointwise_filter]) as scope:
        x = convert_to_tensor(input, name="tensor_in")
        w = convert_to_tensor(depthwise_filter, name="depthwise_filter")
        mixing = convert_to_tensor(pointwise_filter, name="pointwise_filter")
        for extent in mixing.shape.with_rank(4)[:2]:
            extent.assert_is_compatible_with(1)

        def dense(x: Tensor, padding: str) -> Tensor:
            return depthwise_conv2d_native(x, w, strides, padding, data_format, name="depthwise")

        parts = with_gaps(x, shape(w), [1, 1] if rate is None else rate, padding, dense)
        return conv2d(
            parts, mixing, [1, 1, 1, 1], padding="VALID", data_format=data_format, name=scope
        )
