"""Normalisations of images that are one operation: batch normalisation and local response.

The statistics of a batch are computed in float32. The gradient of batch normalisation is written in
public operations and goes through the statistics, so that it can be differentiated again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape, as_shape, unknown_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import merged, merged_extents, with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.constant import constant
from pantarhei.ops.math.binary import squared_difference
from pantarhei.ops.math.reductions import reduce_mean, reduce_sum
from pantarhei.ops.math.unary import reciprocal, rsqrt
from pantarhei.ops.nn.window_geometry import channel_axis, check_choice
from pantarhei.program.ir import Builder, ProgramError, Value

_SPACE = [0, 1, 2]

_IMAGE = "{float16, bfloat16, float32}"
_ATTRIBUTES = "epsilon: float = 0.0001 | data_format: string = 'NHWC' | is_training: bool = True"

# The least epsilon that TensorFlow passes on, for the sake of a library of another processor.
_LEAST_EPSILON = 1.001e-5


def _epsilon(op: Operation) -> float:
    """The attribute as it is kept, in single precision."""
    return float(np.float32(op.attributes["epsilon"]))


def _check_layout(op: Operation) -> None:
    if op.attributes["data_format"] != "NHWC":
        raise ProgramError(
            f"The CPU implementation of {op.type.removesuffix('V3')} only supports NHWC tensor "
            "format for now.",
            kind="InternalError",
        )


class FusedBatchNormV3(OpDef):
    """Batch normalisation of images, by their own moments or by given ones."""

    signature = (
        "x: T, scale: U, offset: U, mean: U, variance: U -> y: T, batch_mean: U, "
        "batch_variance: U, reserve_space_1: U, reserve_space_2: U, reserve_space_3: U "
        f"| T: {_IMAGE} | U: {{float32}} | {_ATTRIBUTES}"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        extents = with_rank(op, 0, 4).as_list()
        axis = channel_axis(op.attributes["data_format"], 2)
        for index in range(1, 3 if op.attributes["is_training"] else 5):
            (count,) = with_rank(op, index, 1).as_list()
            extents[axis] = merged_extents(op, extents[axis], count)
        vector = as_shape([extents[axis]])
        return [as_shape(extents), vector, vector, vector, vector, unknown_shape()]

    def grad(self, op: Operation, g: Any, *others: Any) -> list[Any]:
        images, scale, _, mean, variance = op.inputs
        x, g = cast(images, dtypes.float32), cast(g, dtypes.float32)
        g_offset = reduce_sum(g, _SPACE)
        if not op.attributes["is_training"]:
            factor = rsqrt(variance + _epsilon(op))
            g_scale = reduce_sum(g * (x - mean) * factor, _SPACE)
            return [cast(g * scale * factor, images.dtype), g_scale, g_offset, None, None]
        mean = reduce_mean(x, _SPACE)
        variance = reduce_mean(squared_difference(x, mean), _SPACE)
        factor = rsqrt(variance + _epsilon(op))
        centred = x - mean
        along = reciprocal(variance + _epsilon(op)) * reduce_mean(g * centred, _SPACE)
        g_x = scale * factor * (g - reduce_mean(g, _SPACE) - along * centred)
        g_scale = factor * reduce_sum(g * centred, _SPACE)
        return [cast(g_x, images.dtype), g_scale, g_offset, None, None]

    def lower(
        self, b: Builder, op: Operation, x: Value, scale: Value, offset: Value, *moments: Value
    ) -> list[Value]:
        _check_layout(op)
        wide = b.cast(x, dtype=np.dtype(np.float32))
        mean, variance = moments
        unbiased = variance
        if op.attributes["is_training"]:
            count = x.size // max(x.shape[-1], 1)
            mean = b.divide(b.sum(wide, axes=(0, 1, 2)), count)
            apart = b.subtract(wide, mean)
            squares = b.sum(b.multiply(apart, apart), axes=(0, 1, 2))
            variance = b.divide(squares, count)
            unbiased = b.divide(squares, max(count - 1, 1 if count else 0))
        else:
            apart = b.subtract(wide, mean)
        root = b.sqrt(b.add(variance, _epsilon(op)))
        y = b.add(b.multiply(apart, b.divide(scale, root)), offset)
        nothing = b.constant(np.float32(0))
        return [b.cast(y, dtype=x.dtype), mean, unbiased, mean, variance, nothing]


class FusedBatchNormV2(FusedBatchNormV3):
    """Batch normalisation as an earlier version has it."""

    signature = (
        "x: T, scale: U, offset: U, mean: U, variance: U -> y: T, batch_mean: U, "
        "batch_variance: U, reserve_space_1: U, reserve_space_2: U "
        f"| T: {_IMAGE} | U: {{float32}} | {_ATTRIBUTES}"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        return super().infer(op)[:5]

    def lower(
        self, b: Builder, op: Operation, x: Value, scale: Value, offset: Value, *moments: Value
    ) -> list[Value]:
        return super().lower(b, op, x, scale, offset, *moments)[:5]


class FusedBatchNorm(FusedBatchNormV2):
    """Batch normalisation as the first version has it."""

    signature = (
        "x: T, scale: T, offset: T, mean: T, variance: T -> y: T, batch_mean: T, "
        "batch_variance: T, reserve_space_1: T, reserve_space_2: T "
        f"| T: {{float32}} | {_ATTRIBUTES}"
    )


class FusedBatchNormGradV3(OpDef):
    """The gradient of batch normalisation as TensorFlow's graphs have it."""

    signature = (
        "y_backprop: T, x: T, scale: float32, reserve_space_1: U, reserve_space_2: U, "
        "reserve_space_3: U -> x_backprop: T, scale_backprop: U, offset_backprop: U, "
        f"reserve_space_4: U, reserve_space_5: U | T: {_IMAGE} | U: {{float32}} | {_ATTRIBUTES}"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        extents = merged(op, with_rank(op, 0, 4), with_rank(op, 1, 4))
        (count,) = with_rank(op, 2, 1).as_list()
        axis = channel_axis(op.attributes["data_format"], 2)
        vector = as_shape([merged_extents(op, extents.as_list()[axis], count)])
        rest = as_shape([0]) if op.attributes["is_training"] else vector
        return [extents, vector, vector, rest, rest]

    def lower(
        self,
        b: Builder,
        op: Operation,
        g: Value,
        x: Value,
        scale: Value,
        mean: Value,
        variance: Value,
        *_: Value,
    ) -> list[Value]:
        _check_layout(op)
        wide, incoming = (b.cast(each, dtype=np.dtype(np.float32)) for each in (x, g))
        moved = b.add(variance, _epsilon(op))
        factor = b.divide(b.constant(np.float32(1)), b.sqrt(moved))
        centred = b.subtract(wide, mean)
        g_offset = b.sum(incoming, axes=(0, 1, 2))
        along = b.sum(b.multiply(incoming, centred), axes=(0, 1, 2))
        if op.attributes["is_training"]:
            count = x.size // max(x.shape[-1], 1)
            through = b.multiply(centred, b.divide(b.divide(along, count), moved))
            incoming = b.subtract(b.subtract(incoming, b.divide(g_offset, count)), through)
        g_x = b.multiply(incoming, b.multiply(scale, factor))
        nothing = np.zeros(0 if op.attributes["is_training"] else scale.size, np.float32)
        return [
            b.cast(g_x, dtype=x.dtype),
            b.multiply(along, factor),
            g_offset,
            b.constant(nothing),
            b.constant(nothing),
        ]


class FusedBatchNormGradV2(FusedBatchNormGradV3):
    """The gradient of batch normalisation as an earlier version has it."""

    signature = (
        "y_backprop: T, x: T, scale: float32, reserve_space_1: U, reserve_space_2: U -> "
        "x_backprop: T, scale_backprop: U, offset_backprop: U, reserve_space_3: U, "
        f"reserve_space_4: U | T: {_IMAGE} | U: {{float32}} | {_ATTRIBUTES}"
    )


class FusedBatchNormGrad(FusedBatchNormGradV3):
    """The gradient of batch normalisation as the first version has it."""

    signature = (
        "y_backprop: T, x: T, scale: T, reserve_space_1: T, reserve_space_2: T -> "
        "x_backprop: T, scale_backprop: T, offset_backprop: T, reserve_space_3: T, "
        f"reserve_space_4: T | T: {{float32}} | {_ATTRIBUTES}"
    )


def fused_batch_norm(
    x: Any,
    scale: Any,
    offset: Any,
    mean: Any = None,
    variance: Any = None,
    epsilon: float = 0.001,
    data_format: str = "NHWC",
    is_training: bool = True,
    name: str | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Batch normalisation of images as one operation.

    Args:
      x: `[batch, height, width, channels]`, float32 or a half precision.
      scale: what each channel is multiplied by, float32.
      offset: what is added to each channel, float32.
      mean: of each channel; None when training.
      variance: of each channel; None when training.
      epsilon: a small number that keeps the root away from zero; at least 1.001e-5.
      data_format: "NHWC"; "NCHW" can be described, not run.
      is_training: whether to normalise by the moments of the batch.
      name: name of the operation; `FusedBatchNormV3` by default.

    Returns:
      The result, the mean, and the (unbiased) variance of the batch.

    Raises:
      ValueError: shapes that do not fit, or moments given when training.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.reshape([1.0, 3.0], [2, 1, 1, 1])
      >>> y, mean, variance = tf.nn.fused_batch_norm(x, [1.0], [0.0])
      >>> tf.Session().run([mean, variance])
      [array([2.], dtype=float32), array([2.], dtype=float32)]

    Source:
      Ioffe and Szegedy, Batch Normalization, 2015.
    """
    x = convert_to_tensor(x, name="input")
    scale = convert_to_tensor(scale, name="scale")
    offset = convert_to_tensor(offset, name="offset")
    if is_training and (mean is not None or variance is not None):
        raise ValueError("Both 'mean' and 'variance' must be None if is_training is True.")
    mean = constant([]) if mean is None else mean
    variance = constant([]) if variance is None else variance
    check_choice("FusedBatchNormV3", "data_format", data_format, ("NHWC", "NCHW"))
    y, batch_mean, batch_variance, *_ = apply(
        "FusedBatchNormV3",
        x,
        scale,
        offset,
        mean,
        variance,
        epsilon=max(epsilon, _LEAST_EPSILON),
        data_format=data_format,
        is_training=is_training,
        name=name,
    )
    return y, batch_mean, batch_variance


_LRN_ATTRIBUTES = (
    "depth_radius: int = 5 | bias: float = 1.0 | alpha: float = 1.0 | beta: float = 0.5 "
    "| T: {float16, bfloat16, float32} = float32"
)


def _neighbours(b: Builder, op: Operation, x: Value) -> Value:
    """The sum over the channels within the radius of each."""
    radius = op.attributes["depth_radius"]
    ones, nothing = (1, 1, 1, 1), (0, 0)
    return b.window_sum(
        x,
        window=(1, 1, 1, 2 * radius + 1),
        strides=ones,
        padding=(nothing, nothing, nothing, (radius, radius)),
    )


def _response(b: Builder, op: Operation, x: Value) -> Value:
    squares = _neighbours(b, op, b.multiply(x, x))
    return b.add(b.multiply(squares, op.attributes["alpha"]), op.attributes["bias"])


class LRN(OpDef):
    """Each element divided by a power of the squares of its neighbours among the channels."""

    signature = f"input: T -> output: T | {_LRN_ATTRIBUTES}"

    def infer(self, op: Operation) -> list[TensorShape]:
        return [with_rank(op, 0, 4)]

    def grad(self, op: Operation, g: Tensor) -> Tensor:
        names = ("depth_radius", "bias", "alpha", "beta")
        kept = {key: op.attributes[key] for key in names}
        result: Tensor = apply("LRNGrad", g, op.inputs[0], op.outputs[0], **kept)
        return result

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        power = b.constant(-op.attributes["beta"], x.dtype)
        return b.multiply(x, b.power(_response(b, op, x), power))


class LRNGrad(OpDef):
    """The gradient of LRN."""

    signature = f"input_grads: T, input_image: T, output_image: T -> output: T | {_LRN_ATTRIBUTES}"

    def infer(self, op: Operation) -> list[TensorShape]:
        for index in range(3):
            with_rank(op, index, 4)
        shapes = [tensor.shape for tensor in op.inputs]
        return [merged(op, merged(op, shapes[0], shapes[1]), shapes[2])]

    def lower(self, b: Builder, op: Operation, g: Value, x: Value, y: Value) -> Value:
        alpha, beta = op.attributes["alpha"], op.attributes["beta"]
        response = _response(b, op, x)
        direct = b.multiply(g, b.power(response, b.constant(-beta, x.dtype)))
        through = _neighbours(b, op, b.divide(b.multiply(g, y), response))
        return b.subtract(direct, b.multiply(b.multiply(x, through), 2 * alpha * beta))


def local_response_normalization(
    input: Any,
    depth_radius: int = 5,
    bias: float = 1.0,
    alpha: float = 1.0,
    beta: float = 0.5,
    name: str | None = None,
) -> Tensor:
    """input / (bias + alpha * sum of squares of neighbouring channels) ** beta.

    Args:
      input: `[batch, height, width, channels]`, float32 or a half precision.
      depth_radius: how many channels on each side are neighbours.
      bias: keeps the denominator away from zero.
      alpha: factor of the squares.
      beta: the exponent.
      name: name of the operation; `LRN` by default.

    Raises:
      ValueError: an input that is not four-dimensional.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.reshape([1.0, 1.0, 1.0], [1, 1, 1, 3])
      >>> tf.Session().run(tf.nn.lrn(x, depth_radius=1))[0, 0, 0]
      array([0.57735026, 0.5       , 0.57735026], dtype=float32)

    Source:
      Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks, 2012.
    """
    tensor: Tensor = apply(
        "LRN",
        input,
        depth_radius=depth_radius,
        bias=bias,
        alpha=alpha,
        beta=beta,
        name=name,
    )
    return tensor
