"""Layers that convolve sequences, images and volumes."""

from __future__ import annotations

from typing import Any, ClassVar

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Tensor
from pantarhei.layers import arguments
from pantarhei.layers.arguments import ZEROS
from pantarhei.layers.base import InputSpec, Layer, known_extent
from pantarhei.ops.array.padding import pad
from pantarhei.ops.array.shapes import reshape
from pantarhei.ops.nn.bias import bias_add
from pantarhei.ops.nn.dilated_convolution import convolve_of_rank, with_gaps


class Convolutional(Layer):
    """Base of the convolutional layers: their arguments, a bias and an activation at the end.

    Args:
      filters: number of output channels.
      kernel_size: extents of the window: one number, or one for each axis of space.
      strides: steps of the window, given like `kernel_size`.
      padding: "valid" or "same".
      data_format: "channels_last"; "channels_first" can be described, not run.
      dilation_rate: distances of neighbours in the window, given like `kernel_size`.
      activation: function of the result, or its name; none by default.
      use_bias: whether a bias is added.
      bias_initializer: zeros by default.
      bias_regularizer: function of the bias that becomes a loss.
      activity_regularizer: the same of the output.
      bias_constraint: function that optimizers apply to the bias after each step.
      trainable: whether optimizers change the variables.
      name: name of the layer.
    """

    space: ClassVar[int]
    causal: ClassVar[bool] = False

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        bias_initializer: Any = ZEROS,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            trainable=trainable, name=name, activity_regularizer=activity_regularizer, **kwargs
        )
        self.filters = filters
        self.kernel_size = arguments.whole_numbers(kernel_size, self.space, "kernel_size")
        self.strides = arguments.whole_numbers(strides, self.space, "strides")
        self.padding = arguments.padding_name(padding, self.causal)
        self.data_format = arguments.data_format_name(data_format)
        self.dilation_rate = arguments.whole_numbers(dilation_rate, self.space, "dilation_rate")
        self.activation = arguments.activation(activation)
        self.use_bias = use_bias
        self.bias_initializer = arguments.initializer(bias_initializer)
        self.bias_regularizer = bias_regularizer
        self.bias_constraint = bias_constraint
        self.input_spec = InputSpec(ndim=self.space + 2)
        self.bias: Any = None

    @property
    def _last(self) -> bool:
        return self.data_format == "channels_last"

    def _channels(self, input_shape: TensorShape) -> int:
        """The number of input channels, which has to be known."""
        axis = -1 if self._last else 1
        channels = known_extent(input_shape, axis)
        if channels is None:
            raise ValueError("The channel dimension of the inputs should be defined. Found `None`.")
        self.input_spec = InputSpec(ndim=self.space + 2, axes={axis: channels})
        return channels

    def _add_bias(self) -> None:
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                shape=(self.filters,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def _finished(self, outputs: Tensor) -> Tensor:
        """`outputs` with bias and activation."""
        if self.use_bias:
            if self.space == 1 and not self._last:
                outputs = outputs + reshape(self.bias, (1, self.filters, 1))
            else:
                layout = "NHWC" if self._last else "NCHW"
                outputs = bias_add(outputs, self.bias, data_format=layout)
        result: Tensor = outputs if self.activation is None else self.activation(outputs)
        return result


class Convolution(Convolutional):
    """Base of the plain convolutions: one kernel, applied with steps or gaps.

    Args (besides those of the base):
      kernel_initializer: the variable scope's, or Glorot's uniform one, by default.
      kernel_regularizer: function of the kernel that becomes a loss.
      kernel_constraint: function that optimizers apply to the kernel after each step.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
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
        self.kernel_initializer = arguments.initializer(kernel_initializer)
        self.kernel_regularizer = kernel_regularizer
        self.kernel_constraint = kernel_constraint
        self.kernel: Any = None
        self._rate: Any = None

    def _kernel_shape(self, channels: int) -> tuple[int, ...]:
        return (*self.kernel_size, channels, self.filters)

    def _add_kernel(self, input_shape: TensorShape) -> None:
        self.kernel = self.add_weight(
            "kernel",
            shape=self._kernel_shape(self._channels(input_shape)),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )

    def build(self, input_shape: TensorShape) -> None:
        """Makes kernel and bias."""
        if any(each > 1 for each in self.strides) and any(each > 1 for each in self.dilation_rate):
            raise ValueError("strides > 1 not supported in conjunction with dilation_rate > 1")
        self._add_kernel(input_shape)
        self._add_bias()
        self._rate = convert_to_tensor(list(self.dilation_rate), dtypes.int32, name="dilation_rate")
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        """The convolved inputs."""
        space, layout = self.space, arguments.layout(self.data_format, self.space)
        ones = [1] * (space + 2)
        strides = [1, *self.strides, 1] if self._last else [1, 1, *self.strides]
        padding = self.padding
        if padding == "causal":
            before = [self.dilation_rate[0] * (self.kernel_size[0] - 1), 0]
            still = [0, 0]
            inputs = pad(inputs, [still, before, still] if self._last else [still, still, before])
            padding = "valid"

        def dense(x: Tensor, padding: str) -> Tensor:
            return convolve_of_rank(space, x, self.kernel, strides, padding, layout, ones, None)

        first = 1 if self._last else 2
        axes = range(first, first + space)
        shape = self.kernel.shape
        return self._finished(with_gaps(inputs, shape, self._rate, padding.upper(), dense, axes))


class Conv1D(Convolution):
    """Every window of sequences `[batch, width, channels]` times a kernel.

    Arguments as for `tf.layers.Conv2D`; `padding` may be "causal": zeros only before the beginning.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.layers.Conv1D(4, 3)(tf.zeros([1, 6, 2])).shape)
      (1, 4, 4)
    """

    space = 1
    causal = True


class Conv2D(Convolution):
    """Every window of images `[batch, height, width, channels]` times a kernel.

    Args:
      filters: number of output channels.
      kernel_size: extents of the window: one number, or one for height and width each.
      strides: steps of the window, given like `kernel_size`.
      padding: "valid" or "same".
      data_format: "channels_last"; "channels_first" can be described, not run.
      dilation_rate: distances of neighbours in the window; only with steps of 1.
      activation: function of the result, or its name; none by default.
      use_bias: whether a bias is added.
      kernel_initializer: the variable scope's, or Glorot's uniform one, by default.
      bias_initializer: zeros by default.
      kernel_regularizer: function of the kernel that becomes a loss.
      bias_regularizer: the same of the bias.
      activity_regularizer: the same of the output.
      kernel_constraint: function that optimizers apply to the kernel after each step.
      bias_constraint: the same for the bias.
      trainable: whether optimizers change the variables.
      name: name of the layer.

    Raises:
      ValueError: arguments of another form, or (when called) an input of another rank or of an
        unknown number of channels.

    Example:
      >>> import pantarhei as tf
      >>> layer = tf.layers.Conv2D(4, 3, padding="same", name="conv")
      >>> print(layer(tf.zeros([1, 6, 6, 2])).shape, layer.kernel.shape)
      (1, 6, 6, 4) (3, 3, 2, 4)
    """

    space = 2


class Conv3D(Convolution):
    """Every window of volumes `[batch, depth, height, width, channels]` times a kernel.

    Arguments as for `tf.layers.Conv2D`.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.layers.Conv3D(4, 3)(tf.zeros([1, 4, 6, 6, 2])).shape)
      (1, 2, 4, 4, 4)
    """

    space = 3


def keywords_of(names: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a function that makes a layer and applies it, as those of the layer."""
    kept = {key: value for key, value in names.items() if key not in ("inputs", "reuse")}
    return {**kept, "_scope": names["name"], "_reuse": names["reuse"]}


def conv1d(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = 1,
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
    """A convolutional layer, applied to sequences; arguments as for `tf.layers.Conv1D`.

    Args:
      reuse: whether to use the variables of the layer of this name again.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.layers.conv1d(tf.zeros([1, 6, 2]), 4, 3, padding="same").shape)
      (1, 6, 4)
    """
    keywords = keywords_of(locals())
    result: Tensor = Conv1D(**keywords).apply(inputs)
    return result


def conv2d(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = (1, 1),
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
    """A convolutional layer, applied to images; arguments as for `tf.layers.Conv2D`.

    Args:
      reuse: whether to use the variables of the layer of this name again.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.layers.conv2d(tf.zeros([1, 6, 6, 2]), 4, 3, activation=tf.nn.relu).shape)
      (1, 4, 4, 4)
    """
    keywords = keywords_of(locals())
    result: Tensor = Conv2D(**keywords).apply(inputs)
    return result


def conv3d(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = (1, 1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = (1, 1, 1),
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
    """A convolutional layer, applied to volumes; arguments as for `tf.layers.Conv2D`.

    Args:
      reuse: whether to use the variables of the layer of this name again.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.layers.conv3d(tf.zeros([1, 4, 4, 4, 2]), 3, 2).shape)
      (1, 3, 3, 3, 3)
    """
    keywords = keywords_of(locals())
    result: Tensor = Conv3D(**keywords).apply(inputs)
    return result
