"""Layers with transposed and with separable convolutions of images."""

from __future__ import annotations

from typing import Any

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.operation import Tensor
from pantarhei.layers import arguments
from pantarhei.layers.arguments import ZEROS
from pantarhei.layers.convolutional import Convolution, Convolutional, keywords_of
from pantarhei.ops.array.joining import stack
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.ops.array.transposing import transpose
from pantarhei.ops.nn import convolve, depthwise_convolution


def _grown(extent: Any, window: int, stride: int, padding: str) -> Any:
    """The extent of which a convolution makes `extent`, a number, a tensor or None."""
    if extent is None:
        return None
    extent = extent * stride
    return extent + max(window - stride, 0) if padding == "valid" else extent


class Conv2DTranspose(Convolution):
    """The transpose of a convolution: every element of images spreads over a window.

    Arguments as for `tf.layers.Conv2D`, without `dilation_rate`; the kernel is
    `[height, width, filters, channels]`.

    Example:
      >>> import pantarhei as tf
      >>> layer = tf.layers.Conv2DTranspose(4, 3, strides=2, padding="same")
      >>> print(layer(tf.zeros([1, 5, 5, 2])).shape)
      (1, 10, 10, 4)
    """

    space = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str = "channels_last",
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = ZEROS,
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            1,
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            trainable,
            name,
            **kwargs,
        )

    def _kernel_shape(self, channels: int) -> tuple[int, ...]:
        return (*self.kernel_size, self.filters, channels)

    def build(self, input_shape: TensorShape) -> None:
        """Makes kernel and bias."""
        self._add_kernel(input_shape)
        self._add_bias()
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        """The images, grown by the strides."""
        sizes = shape_of(inputs)
        batch, first = sizes[0], 1 if self._last else 2
        height, width = sizes[first], sizes[first + 1]
        grown = [self._grown(height, 0), self._grown(width, 1)]
        wanted = [batch, *grown, self.filters] if self._last else [batch, self.filters, *grown]
        extents: Any = stack(wanted)
        if self._last:
            batch = extents[0]  # not used, but TensorFlow's graph has it
        else:
            # The operation runs with channels last only.
            inputs = transpose(inputs, (0, 2, 3, 1))
            extents = stack([extents[0], extents[2], extents[3], extents[1]])
        outputs = convolve.conv2d_transpose(
            inputs,
            self.kernel,
            extents,
            [1, *self.strides, 1],
            padding=self.padding.upper(),
        )
        outputs = outputs if self._last else transpose(outputs, (0, 3, 1, 2))
        outputs.set_shape(self._static_shape(inputs.shape.as_list()))
        return self._finished(outputs)

    def _grown(self, extent: Any, axis: int) -> Any:
        return _grown(extent, self.kernel_size[axis], self.strides[axis], self.padding)

    def _static_shape(self, extents: list[int | None]) -> list[int | None]:
        """The output's shape from the input's, which has its channels last."""
        batch, height, width, _ = extents
        grown = [self._grown(height, 0), self._grown(width, 1)]
        return [batch, *grown, self.filters] if self._last else [batch, self.filters, *grown]


class SeparableConv2D(Convolutional):
    """A convolution of each channel of images by itself, then one that mixes the channels.

    Arguments as for `tf.layers.Conv2D`, with an initializer, a regularizer and a constraint for
    each of the two kernels, and:

    Args:
      depth_multiplier: number of filters for each input channel in the first convolution.

    Example:
      >>> import pantarhei as tf
      >>> layer = tf.layers.SeparableConv2D(4, 3, depth_multiplier=2, name="separable")
      >>> print(layer(tf.zeros([1, 6, 6, 3])).shape, layer.pointwise_kernel.shape)
      (1, 4, 4, 4) (1, 1, 6, 4)
    """

    space = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = None,
        pointwise_initializer: Any = None,
        bias_initializer: Any = ZEROS,
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer,
            bias_regularizer,
            activity_regularizer,
            bias_constraint,
            trainable,
            name,
            **kwargs,
        )
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = arguments.initializer(depthwise_initializer)
        self.pointwise_initializer = arguments.initializer(pointwise_initializer)
        self.depthwise_regularizer = depthwise_regularizer
        self.pointwise_regularizer = pointwise_regularizer
        self.depthwise_constraint = depthwise_constraint
        self.pointwise_constraint = pointwise_constraint
        self.depthwise_kernel: Any = None
        self.pointwise_kernel: Any = None

    def build(self, input_shape: TensorShape) -> None:
        """Makes both kernels and the bias."""
        channels = self._channels(input_shape)
        self.depthwise_kernel = self.add_weight(
            "depthwise_kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.pointwise_kernel = self.add_weight(
            "pointwise_kernel",
            shape=(1, 1, channels * self.depth_multiplier, self.filters),
            initializer=self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
        )
        self._add_bias()
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        """The convolved images."""
        return self._finished(
            depthwise_convolution.separable_conv2d(
                inputs,
                self.depthwise_kernel,
                self.pointwise_kernel,
                strides=[1, *self.strides, 1] if self._last else [1, 1, *self.strides],
                padding=self.padding.upper(),
                rate=list(self.dilation_rate),
                data_format=arguments.layout(self.data_format, 2),
            )
        )


def conv2d_transpose(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    activation: Any = None,
    use_bias: bool = True,
    kernel_initializer: Any = None,
    bias_initializer: Any = ZEROS,
    kernel_regularizer: Any = None,
    bias_regularizer: Any = None,
    activity_regularizer: Any = None,
    kernel_constraint: Any = None,
    bias_constraint: Any = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
) -> Tensor:
    """A transposed convolution, applied to images; arguments as for `tf.layers.Conv2DTranspose`.

    Args:
      reuse: whether to use the variables of the layer of this name again.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.layers.conv2d_transpose(tf.zeros([1, 5, 5, 2]), 4, 3, 2, "same").shape)
      (1, 10, 10, 4)
    """
    keywords = keywords_of(locals())
    result: Tensor = Conv2DTranspose(**keywords).apply(inputs)
    return result


def separable_conv2d(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = (1, 1),
    depth_multiplier: int = 1,
    activation: Any = None,
    use_bias: bool = True,
    depthwise_initializer: Any = None,
    pointwise_initializer: Any = None,
    bias_initializer: Any = ZEROS,
    depthwise_regularizer: Any = None,
    pointwise_regularizer: Any = None,
    bias_regularizer: Any = None,
    activity_regularizer: Any = None,
    depthwise_constraint: Any = None,
    pointwise_constraint: Any = None,
    bias_constraint: Any = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
) -> Tensor:
    """A separable convolution, applied to images; arguments as for `tf.layers.SeparableConv2D`.

    Args:
      reuse: whether to use the variables of the layer of this name again.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.layers.separable_conv2d(tf.zeros([1, 6, 6, 3]), 4, 3).shape)
      (1, 4, 4, 4)
    """
    keywords = keywords_of(locals())
    result: Tensor = SeparableConv2D(**keywords).apply(inputs)
    return result
