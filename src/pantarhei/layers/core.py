"""Layers for tensors of any kind: dense connections, dropout, flattening."""

from __future__ import annotations

import math
from typing import Any

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.operation import Tensor
from pantarhei.layers import arguments
from pantarhei.layers.arguments import ZEROS
from pantarhei.layers.base import InputSpec, Layer, known_extent, smart_cond
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.identity import identity
from pantarhei.ops.array.shapes import reshape
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.ops.array.transposing import transpose
from pantarhei.ops.linalg.contractions import tensordot
from pantarhei.ops.nn import dropout as dropping
from pantarhei.ops.nn.bias import bias_add


class Dense(Layer):
    """activation(inputs @ kernel + bias).

    Args:
      units: number of outputs.
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

    Attributes:
      kernel: the variable `[inputs, units]`.
      bias: the variable `[units]`, or None.

    Example:
      >>> import pantarhei as tf
      >>> layer = tf.layers.Dense(3, name="hidden")
      >>> print(layer(tf.zeros([2, 4])).shape, layer.kernel.name)
      (2, 3) hidden/kernel:0
    """

    def __init__(
        self,
        units: int,
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
            trainable=trainable, name=name, activity_regularizer=activity_regularizer, **kwargs
        )
        self.units = int(units)
        self.activation = arguments.activation(activation)
        self.use_bias = use_bias
        self.kernel_initializer = arguments.initializer(kernel_initializer)
        self.bias_initializer = arguments.initializer(bias_initializer)
        self.kernel_regularizer = kernel_regularizer
        self.bias_regularizer = bias_regularizer
        self.kernel_constraint = kernel_constraint
        self.bias_constraint = bias_constraint
        self.input_spec = InputSpec(min_ndim=2)
        self.kernel: Any = None
        self.bias: Any = None

    def build(self, input_shape: TensorShape) -> None:
        """Makes kernel and bias."""
        dtype = self.dtype or dtypes.float32
        if not (dtype.is_floating or dtype.is_complex):
            raise TypeError(f"Unable to build `Dense` layer with non-floating point dtype {dtype}")
        inputs = known_extent(input_shape, -1)
        if inputs is None:
            raise ValueError(
                "The last dimension of the inputs to `Dense` should be defined. Found `None`."
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: inputs})
        self.kernel = self.add_weight(
            "kernel",
            shape=[inputs, self.units],
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                shape=[self.units],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        """The result for `[..., inputs]`."""
        rank = inputs.shape.ndims or 2
        if rank > 2:
            outputs = tensordot(inputs, self.kernel, [[rank - 1], [0]])
            outputs.set_shape([*inputs.shape.as_list()[:-1], self.units])
        else:
            outputs = apply("MatMul", cast(inputs, self.dtype), self.kernel)
        if self.use_bias:
            outputs = bias_add(outputs, self.bias)
        result: Tensor = outputs if self.activation is None else self.activation(outputs)
        return result


class Dropout(Layer):
    """Sets elements to zero at random, in training; see `tf.nn.dropout`.

    Args:
      rate: probability that an element is dropped: a number or a scalar tensor.
      noise_shape: shape of the random decisions; one of extent 1 is shared along its axis, None
        stands for the extent of the input.
      seed: of the random numbers.
      name: name of the layer.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.ones([3])
      >>> tf.Session().run(tf.layers.Dropout(0.9)(x, training=False))
      array([1., 1., 1.], dtype=float32)
    """

    def __init__(
        self,
        rate: Any = 0.5,
        noise_shape: Any = None,
        seed: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.rate = rate
        self.noise_shape = noise_shape
        self.seed = seed

    def _noise_shape(self, inputs: Tensor) -> Tensor | None:
        if self.noise_shape is None:
            return None
        sizes = shape_of(inputs)
        pairs = enumerate(self.noise_shape)
        return convert_to_tensor([sizes[axis] if size is None else size for axis, size in pairs])

    def call(self, inputs: Tensor, training: Any = False) -> Tensor:
        """The input, with elements dropped if `training` (a bool or a bool tensor) holds."""
        result: Tensor = smart_cond(
            training,
            lambda: dropping.dropout(
                inputs, noise_shape=self._noise_shape(inputs), seed=self.seed, rate=self.rate
            ),
            lambda: identity(inputs),
        )
        return result


class Flatten(Layer):
    """All axes but the first joined into one.

    Args:
      data_format: "channels_first" moves the channels to the end first.
      name: name of the layer.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.layers.Flatten()(tf.zeros([2, 3, 4])).shape)
      (2, 12)
    """

    def __init__(
        self, data_format: str = "channels_last", name: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.data_format = arguments.data_format_name(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Tensor) -> Tensor:
        """The input as `[batch, everything]`."""
        rank = inputs.shape.ndims or 1
        if self.data_format == "channels_first" and rank > 1:
            inputs = transpose(inputs, perm=[0, *range(2, rank), 1])
        batch, *rest = inputs.shape.as_list()
        outputs = reshape(inputs, (batch or shape_of(inputs)[0], -1))
        known = [each for each in rest if each]
        outputs.set_shape([batch, math.prod(known) if len(known) == len(rest) else None])
        return outputs


def dense(
    inputs: Any,
    units: int,
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
    """A densely connected layer, applied to `inputs`; arguments as for `tf.layers.Dense`.

    Args:
      inputs: a tensor of at least two dimensions, the last of known extent.
      reuse: whether to use the variables of the layer of this name again.

    Raises:
      ValueError: an input of unknown extent or of too few dimensions.
      TypeError: an input that is not floating.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> y = tf.layers.dense(tf.ones([2, 4]), 3, activation=tf.nn.relu)
      >>> [variable.name for variable in tf.trainable_variables()]
      ['dense/kernel:0', 'dense/bias:0']
    """
    layer = Dense(
        units,
        activation=activation,
        use_bias=use_bias,
        kernel_initializer=kernel_initializer,
        bias_initializer=bias_initializer,
        kernel_regularizer=kernel_regularizer,
        bias_regularizer=bias_regularizer,
        activity_regularizer=activity_regularizer,
        kernel_constraint=kernel_constraint,
        bias_constraint=bias_constraint,
        trainable=trainable,
        name=name,
        _scope=name,
        _reuse=reuse,
    )
    result: Tensor = layer.apply(inputs)
    return result


def dropout(
    inputs: Any,
    rate: Any = 0.5,
    noise_shape: Any = None,
    seed: int | None = None,
    training: Any = False,
    name: str | None = None,
) -> Tensor:
    """Dropout applied to `inputs` where `training` holds; arguments as for `tf.layers.Dropout`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.layers.dropout(tf.ones([2]), 0.5, training=False))
      array([1., 1.], dtype=float32)
    """
    layer = Dropout(rate, noise_shape=noise_shape, seed=seed, name=name)
    result: Tensor = layer.apply(inputs, training=training)
    return result


def flatten(inputs: Any, name: str | None = None, data_format: str = "channels_last") -> Tensor:
    """`inputs` with all axes but the first joined into one; see `tf.layers.Flatten`.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.layers.flatten(tf.zeros([2, 3, 4])).shape)
      (2, 12)
    """
    result: Tensor = Flatten(name=name, data_format=data_format).apply(inputs)
    return result
