"""Layers that pool sequences and images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from pantarhei.graph.operation import Tensor
from pantarhei.layers import arguments
from pantarhei.layers.base import InputSpec, Layer
from pantarhei.ops.array.shapes import expand_dims, squeeze
from pantarhei.ops.array.transposing import transpose
from pantarhei.ops.nn.pooling import avg_pool, max_pool


class Pooling(Layer):
    """Base of the pooling layers: a function over windows of `space` axes."""

    function: ClassVar[Callable[..., Tensor]]
    space: ClassVar[int]

    def __init__(
        self,
        pool_size: Any,
        strides: Any,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if strides is None:
            raise ValueError("Argument `strides` must not be None.")
        super().__init__(name=name, **kwargs)
        self.pool_size = arguments.whole_numbers(pool_size, self.space, "pool_size")
        self.strides = arguments.whole_numbers(strides, self.space, "strides")
        self.padding = arguments.padding_name(padding)
        self.data_format = arguments.data_format_name(data_format)
        self.input_spec = InputSpec(ndim=self.space + 2)

    def _pooled(
        self, inputs: Tensor, size: tuple[int, ...], strides: tuple[int, ...], layout: str
    ) -> Tensor:
        last = layout == "NHWC"
        return type(self).function(
            inputs,
            [1, *size, 1] if last else [1, 1, *size],
            [1, *strides, 1] if last else [1, 1, *strides],
            padding=self.padding.upper(),
            data_format=layout,
        )


class _Pooling1D(Pooling):
    """Pools sequences, as images of width 1."""

    space = 1

    def call(self, inputs: Tensor) -> Tensor:
        """The pooled sequences."""
        last = self.data_format == "channels_last"
        axis = 2 if last else 3
        images = expand_dims(inputs, axis)
        images = images if last else transpose(images, [0, 2, 3, 1])
        pooled = self._pooled(images, (*self.pool_size, 1), (*self.strides, 1), "NHWC")
        return squeeze(pooled if last else transpose(pooled, [0, 3, 1, 2]), axis)


class _Pooling2D(Pooling):
    """Pools images."""

    space = 2

    def call(self, inputs: Tensor) -> Tensor:
        """The pooled images."""
        layout = arguments.layout(self.data_format, 2)
        return self._pooled(inputs, self.pool_size, self.strides, layout)


class MaxPooling1D(_Pooling1D):
    """The maximum of every window of sequences `[batch, width, channels]`.

    Args:
      pool_size: extent of the window.
      strides: step of the window.
      padding: "valid" or "same".
      data_format: "channels_last" or "channels_first".
      name: name of the layer.

    Raises:
      ValueError: arguments of another form.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.layers.MaxPooling1D(2, 2)(tf.zeros([1, 6, 3])).shape)
      (1, 3, 3)
    """

    function = staticmethod(max_pool)


class AveragePooling1D(_Pooling1D):
    """The mean of every window of sequences; arguments as for `MaxPooling1D`.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.layers.AveragePooling1D(2, 2)(tf.zeros([1, 6, 3])).shape)
      (1, 3, 3)
    """

    function = staticmethod(avg_pool)


class MaxPooling2D(_Pooling2D):
    """The maximum of every window of images `[batch, height, width, channels]`.

    Args:
      pool_size: extents of the window: one number, or one for height and width each.
      strides: steps of the window, given like `pool_size`.
      padding: "valid" or "same".
      data_format: "channels_last"; "channels_first" can be described, not run.
      name: name of the layer.

    Raises:
      ValueError: arguments of another form.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.layers.MaxPooling2D(2, 2)(tf.zeros([1, 6, 4, 3])).shape)
      (1, 3, 2, 3)
    """

    function = staticmethod(max_pool)


class AveragePooling2D(_Pooling2D):
    """The mean of every window of images; arguments as for `MaxPooling2D`.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.layers.AveragePooling2D(2, 2)(tf.zeros([1, 6, 4, 3])).shape)
      (1, 3, 2, 3)
    """

    function = staticmethod(avg_pool)


def max_pooling1d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Tensor:
    """The maximum of every window of sequences; arguments as for `tf.layers.MaxPooling1D`.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.layers.max_pooling1d(tf.zeros([1, 6, 3]), 2, 2).shape)
      (1, 3, 3)
    """
    result: Tensor = MaxPooling1D(pool_size, strides, padding, data_format, name).apply(inputs)
    return result


def average_pooling1d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Tensor:
    """The mean of every window of sequences; arguments as for `tf.layers.AveragePooling1D`.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.layers.average_pooling1d(tf.zeros([1, 6, 3]), 2, 2).shape)
      (1, 3, 3)
    """
    result: Tensor = AveragePooling1D(pool_size, strides, padding, data_format, name).apply(inputs)
    return result


def max_pooling2d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Tensor:
    """The maximum of every window of images; arguments as for `tf.layers.MaxPooling2D`.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.layers.max_pooling2d(tf.zeros([1, 6, 4, 3]), 2, 2).shape)
      (1, 3, 2, 3)
    """
    result: Tensor = MaxPooling2D(pool_size, strides, padding, data_format, name).apply(inputs)
    return result


def average_pooling2d(
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Tensor:
    """The mean of every window of images; arguments as for `tf.layers.AveragePooling2D`.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.layers.average_pooling2d(tf.zeros([1, 6, 4, 3]), 2, 2).shape)
      (1, 3, 2, 3)
    """
    result: Tensor = AveragePooling2D(pool_size, strides, padding, data_format, name).apply(inputs)
    return result
