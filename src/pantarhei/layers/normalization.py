"""Batch normalisation as a layer, with moving averages of the moments for inference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pantarhei.core import dtypes
from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import colocate_with, name_scope
from pantarhei.layers import arguments
from pantarhei.layers.arguments import ONES, ZEROS
from pantarhei.layers.base import InputSpec, Layer, known_truth, smart_cond
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.shapes import reshape
from pantarhei.ops.nn import normalization
from pantarhei.ops.nn.fused_normalization import fused_batch_norm
from pantarhei.ops.state.reference import assign_sub
from pantarhei.variables.modes import VariableAggregation, VariableSynchronization


class BatchNormalization(Layer):
    """gamma * (inputs - mean) / sqrt(variance + epsilon) + beta, for each index along `axis`.

    In training, the moments are those of the batch, and moving averages of them are kept up by
    operations in the collection `UPDATE_OPS`, which have to be run with each step; at inference,
    the moving averages are used.

    Args:
      axis: the axis (or axes) that keep moments of their own, mostly that of the channels.
      momentum: share of the old value in a moving average.
      epsilon: a small number that keeps the root away from zero.
      center: whether beta is added.
      scale: whether gamma is multiplied.
      beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer:
      first
        values of the variables.
      beta_regularizer, gamma_regularizer: functions of the variables that become losses.
      beta_constraint, gamma_constraint: functions that optimizers apply to the variables.
      trainable: whether optimizers change beta and gamma, and the moving averages are kept up.
      name: name of the layer.
      fused: whether to use one operation for images; by default wherever it can be used.

    Raises:
      ValueError: an axis that is not there or of unknown extent.

    Example:
      >>> import pantarhei as tf
      >>> layer = tf.layers.BatchNormalization(name="norm")
      >>> y = layer(tf.ones([4, 3]), training=True)
      >>> [variable.name for variable in layer.variables]
      ['norm/gamma:0', 'norm/beta:0', 'norm/moving_mean:0', 'norm/moving_variance:0']

    Source:
      Ioffe and Szegedy, Batch Normalization, 2015.
    """

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = ZEROS,
        gamma_initializer: Any = ONES,
        moving_mean_initializer: Any = ZEROS,
        moving_variance_initializer: Any = ONES,
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        fused: bool | None = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=trainable, name=name, **kwargs)
        if not isinstance(axis, (int, list)):
            raise TypeError(f"axis must be int or list, type given: {type(axis)}")
        self.axis = [axis] if isinstance(axis, int) else list(axis)
        self.momentum = momentum
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = arguments.initializer(beta_initializer)
        self.gamma_initializer = arguments.initializer(gamma_initializer)
        self.moving_mean_initializer = arguments.initializer(moving_mean_initializer)
        self.moving_variance_initializer = arguments.initializer(moving_variance_initializer)
        self.beta_regularizer = beta_regularizer
        self.gamma_regularizer = gamma_regularizer
        self.beta_constraint = beta_constraint
        self.gamma_constraint = gamma_constraint
        self.fused = True if fused is None else fused
        self.gamma: Any = None
        self.beta: Any = None

    @property
    def _moment_dtype(self) -> DType:
        narrow = self.dtype in (dtypes.float16, dtypes.bfloat16)
        return dtypes.float32 if narrow or self.dtype is None else self.dtype

    def build(self, input_shape: TensorShape) -> None:
        """Makes gamma, beta and the moving averages."""
        if not input_shape.ndims:
            raise ValueError("Input has undefined rank:", input_shape)
        rank = input_shape.ndims
        self.axis = [rank + each if each < 0 else each for each in self.axis]
        for each in self.axis:
            if not 0 <= each < rank:
                raise ValueError(f"Invalid axis: {each}")
        if len(self.axis) != len(set(self.axis)):
            raise ValueError(f"Duplicate axis: {self.axis}")
        self.fused = self.fused and rank == 4 and self.axis in ([1], [3])
        extents = {each: input_shape.as_list()[each] for each in self.axis}
        if None in extents.values():
            raise ValueError("Input has undefined `axis` dimension. Input shape: ", input_shape)
        self.input_spec = InputSpec(ndim=rank, axes=extents)
        self._make_variables([extents.get(each, 1) for each in range(rank)])
        self.built = True

    def _make_variables(self, extents: list[Any]) -> None:
        size = extents if len(self.axis) > 1 else [extents[self.axis[0]]]
        if self.scale:
            self.gamma = self.add_weight(
                "gamma",
                shape=size,
                dtype=self._moment_dtype,
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )
        elif self.fused:
            self.gamma = constant(1.0, dtype=self._moment_dtype, shape=size)
        if self.center:
            self.beta = self.add_weight(
                "beta",
                shape=size,
                dtype=self._moment_dtype,
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
            )
        elif self.fused:
            self.beta = constant(0.0, dtype=self._moment_dtype, shape=size)
        assert self._scope is not None
        partitioner = self._scope.partitioner
        self._scope.set_partitioner(None)
        try:
            self.moving_mean = self._average("moving_mean", size, self.moving_mean_initializer)
            self.moving_variance = self._average(
                "moving_variance", size, self.moving_variance_initializer
            )
        finally:
            self._scope.set_partitioner(partitioner)

    def _average(self, name: str, size: list[Any], initializer: Any) -> Any:
        return self.add_weight(
            name,
            shape=size,
            dtype=self._moment_dtype,
            initializer=initializer,
            trainable=False,
            synchronization=VariableSynchronization.ON_READ,
            aggregation=VariableAggregation.MEAN,
        )

    def _move(self, average: Any, value: Any, momentum: Any) -> Any:
        """Moves a moving average towards a value."""
        with name_scope("AssignMovingAvg") as scope, colocate_with(average):
            decay = convert_to_tensor(1.0 - momentum, name="decay")
            if decay.dtype != average.dtype.base_dtype:
                decay = cast(decay, average.dtype.base_dtype)
            delta = (average - cast(value, average.dtype.base_dtype)) * decay
            return assign_sub(average, delta, name=scope)

    def call(self, inputs: Tensor, training: Any = False) -> Tensor:
        """The normalised input, by its own moments if `training` (a bool or a tensor) holds."""
        return self._fused(inputs, training) if self.fused else self._composed(inputs, training)

    def _fused(self, inputs: Tensor, training: Any) -> Tensor:
        layout = "NHWC" if self.axis == [3] else "NCHW"
        options: dict[str, Any] = {"epsilon": self.epsilon, "data_format": layout}
        output, mean, variance = smart_cond(
            training,
            lambda: fused_batch_norm(inputs, self.gamma, self.beta, **options),
            lambda: fused_batch_norm(
                inputs,
                self.gamma,
                self.beta,
                mean=self.moving_mean,
                variance=self.moving_variance,
                is_training=False,
                **options,
            ),
        )
        known = known_truth(training)
        momentum: Any
        if known is None:
            momentum = smart_cond(training, lambda: self.momentum, lambda: 1.0)
        else:
            momentum = convert_to_tensor(self.momentum)
        if known is not False:
            self.add_update(lambda: self._move(self.moving_mean, mean, momentum))
            self.add_update(lambda: self._move(self.moving_variance, variance, momentum))
        result: Tensor = output
        return result

    def _composed(self, inputs: Tensor, training: Any) -> Tensor:
        rank = inputs.shape.ndims or 0
        others = [each for each in range(rank) if each not in self.axis]
        extents = inputs.shape.as_list()
        aligned = [extents[each] if each == self.axis[0] else 1 for each in range(rank)]

        def spread(vector: Any) -> Any:
            """A vector along the axis, unless it broadcasts as it is."""
            if vector is None or len(vector.shape) == rank or others == list(range(rank - 1)):
                return vector
            return reshape(vector, aligned)

        scale, offset = spread(self.gamma), spread(self.beta)
        mean, variance = self.moving_mean, self.moving_variance
        if known_truth(training) is not False:
            mean, variance = self._moments(inputs, others, training)
        mean, variance = cast(mean, inputs.dtype), cast(variance, inputs.dtype)
        offset = None if offset is None else cast(offset, inputs.dtype)
        scale = None if scale is None else cast(scale, inputs.dtype)
        outputs = normalization.batch_normalization(
            inputs, spread(mean), spread(variance), offset, scale, self.epsilon
        )
        outputs.set_shape(inputs.shape)
        return outputs

    def _moments(self, inputs: Tensor, axes: list[int], training: Any) -> tuple[Any, Any]:
        """The moments to normalise by; the moving averages follow those of the batch."""
        mean, variance = normalization.moments(
            cast(inputs, self._moment_dtype), axes, keep_dims=len(self.axis) > 1
        )
        averages = (self.moving_mean, self.moving_variance)

        def chosen(new: Tensor, old: Any) -> Any:
            return smart_cond(training, lambda: new, lambda: convert_to_tensor(old))

        def moved(new: Tensor, old: Any) -> Any:
            return smart_cond(training, lambda: self._move(old, new, self.momentum), lambda: old)

        mean = chosen(mean, averages[0])
        variance = chosen(variance, averages[1])
        self.add_update(lambda: moved(mean, averages[0]))
        self.add_update(lambda: moved(variance, averages[1]))
        return mean, variance


def batch_normalization(
    inputs: Any,
    axis: int | Sequence[int] = -1,
    momentum: float = 0.99,
    epsilon: float = 0.001,
    center: bool = True,
    scale: bool = True,
    beta_initializer: Any = ZEROS,
    gamma_initializer: Any = ONES,
    moving_mean_initializer: Any = ZEROS,
    moving_variance_initializer: Any = ONES,
    beta_regularizer: Any = None,
    gamma_regularizer: Any = None,
    beta_constraint: Any = None,
    gamma_constraint: Any = None,
    training: Any = False,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
    fused: bool | None = None,
) -> Tensor:
    """Batch normalisation of `inputs`; arguments as for `tf.layers.BatchNormalization`.

    Args:
      training: whether to normalise by the moments of the batch: a bool or a bool tensor.
      reuse: whether to use the variables of the layer of this name again.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> y = tf.layers.batch_normalization(tf.ones([4, 3]), training=True)
      >>> len(tf.get_collection(tf.GraphKeys.UPDATE_OPS))
      2
    """
    layer = BatchNormalization(
        axis=axis,
        momentum=momentum,
        epsilon=epsilon,
        center=center,
        scale=scale,
        beta_initializer=beta_initializer,
        gamma_initializer=gamma_initializer,
        moving_mean_initializer=moving_mean_initializer,
        moving_variance_initializer=moving_variance_initializer,
        beta_regularizer=beta_regularizer,
        gamma_regularizer=gamma_regularizer,
        beta_constraint=beta_constraint,
        gamma_constraint=gamma_constraint,
        trainable=trainable,
        name=name,
        fused=fused,
        _reuse=reuse,
        _scope=name,
    )
    result: Tensor = layer.apply(inputs, training=training)
    return result
