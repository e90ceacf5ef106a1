"""Adding a vector to every position of a tensor: biases, and affine layers made with them."""

from __future__ import annotations

from typing import Any

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import (
    merged_extents,
    shown,
    with_rank,
    with_rank_at_least,
)
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.broadcasting import broadcast_to
from pantarhei.ops.array.filling import ones_like
from pantarhei.ops.array.joining import concat
from pantarhei.ops.array.shapes import reshape, shape
from pantarhei.ops.linalg.matrices import matmul
from pantarhei.ops.nn.activations import relu
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value


def _channels_first(op: Operation) -> bool:
    return bool(op.attributes.get("data_format") == "NCHW")


class BiasAdd(OpDef):
    """A vector added along the channels."""

    signature = "value: T, bias: T -> output: T | T: numeric | data_format: string = 'NHWC'"

    def infer(self, op: Operation) -> list[TensorShape]:
        first = _channels_first(op)
        value = with_rank_at_least(op, 0, 3 if first else 2)
        (count,) = with_rank(op, 1, 1).as_list()
        if value.ndims is None:
            return [value]
        extents = value.as_list()
        axis = 1 if first else value.ndims - 1
        extents[axis] = merged_extents(op, extents[axis], count)
        return [TensorShape(extents)]

    def grad(self, op: Operation, g: Tensor) -> list[Any]:
        data_format = op.attributes.get("data_format", "NHWC")
        return [g, apply("BiasAddGrad", g, data_format=data_format)]

    def lower(self, b: Builder, op: Operation, x: Value, bias: Value) -> Value:
        if bias.ndim != 1:
            raise ProgramError(f"Biases must be 1D: {shown(bias.shape)}")
        if x.ndim < 2:
            raise ProgramError(f"Input tensor must be at least 2D: {shown(x.shape)}")
        axis = 1 if _channels_first(op) else x.ndim - 1
        if x.shape[axis] != bias.size:
            raise ProgramError(
                "Must provide as many biases as the last dimension of the input tensor: "
                f"{shown(bias.shape)} vs. {shown(x.shape)}"
            )
        return b.add(x, b.reshape(bias, shape=(bias.size, *(1,) * (x.ndim - 1 - axis))))


class BiasAddV1(BiasAdd):
    """A vector added along the last axis; the type that older files use."""

    signature = "value: T, bias: T -> output: T | T: numeric"


class BiasAddGrad(OpDef):
    """The sum over everything but the channels."""

    signature = "out_backprop: T -> output: T | T: numeric | data_format: string = 'NHWC'"

    def infer(self, op: Operation) -> list[TensorShape]:
        first = _channels_first(op)
        given = with_rank_at_least(op, 0, 3 if first else 2)
        if given.ndims is None:
            return [TensorShape([None])]
        return [TensorShape([given.as_list()[1 if first else -1]])]

    def grad(self, op: Operation, g: Tensor) -> Tensor:
        sizes = shape(op.inputs[0])
        if _channels_first(op):
            g = reshape(g, concat([[-1], ones_like(sizes[2:])], 0))
        return broadcast_to(g, sizes)

    def lower(self, b: Builder, op: Operation, g: Value) -> Value:
        channel = 1 if _channels_first(op) else g.ndim - 1
        return b.sum(g, axes=tuple(axis for axis in range(g.ndim) if axis != channel))


def bias_add(
    value: Any, bias: Any, data_format: str | None = None, name: str | None = None
) -> Tensor:
    """`value` with a vector added at every position.

    Args:
      value: a tensor of at least two dimensions.
      bias: a vector with one element for each channel, of the same dtype.
      data_format: `N...C` (channels last, the default) or `NC...` (channels first).
      name: name of the operation; `BiasAdd` by default.

    Raises:
      ValueError: shapes that do not fit, or an unknown data format.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.nn.bias_add([[1.0, 2.0], [3.0, 4.0]], [10.0, 20.0]))
      array([[11., 22.],
             [13., 24.]], dtype=float32)
    """
    with name_scope(name, "BiasAdd", [value, bias]) as scope:
        if data_format is not None:
            if data_format.startswith("NC"):
                data_format = "NCHW"
            elif data_format.startswith("N") and data_format.endswith("C"):
                data_format = "NHWC"
            else:
                raise ValueError("data_format must be of the form `N...C` or `NC...`")
        value = convert_to_tensor(value, name="input")
        bias = convert_to_tensor(bias, dtype=value.dtype, name="bias")
        tensor: Tensor = apply("BiasAdd", value, bias, data_format=data_format, name=scope)
        return tensor


def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """matmul(x, weights) + biases.

    Args:
      x: `[batch, inputs]`.
      weights: `[inputs, outputs]`.
      biases: `[outputs]`.
      name: name of the operations; `xw_plus_b` by default.

    Raises:
      ValueError: shapes that do not fit.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.nn.xw_plus_b([[1.0, 2.0]], [[1.0], [10.0]], [0.5]))
      array([[21.5]], dtype=float32)
    """
    with name_scope(name, "xw_plus_b", [x, weights, biases]) as scope:
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(weights, name="weights")
        biases = convert_to_tensor(biases, name="biases")
        return bias_add(matmul(x, weights), biases, name=scope)


def relu_layer(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """relu(matmul(x, weights) + biases).

    Args:
      x: `[batch, inputs]`.
      weights: `[inputs, outputs]`.
      biases: `[outputs]`.
      name: name of the operations; `relu_layer` by default.

    Raises:
      ValueError: shapes that do not fit.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.nn.relu_layer([[1.0, 2.0]], [[1.0, -1.0], [1.0, -1.0]], [0.5, 0.5]))
      array([[3.5, 0. ]], dtype=float32)
    """
    with name_scope(name, "relu_layer", [x, weights, biases]) as scope:
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(weights, name="weights")
        biases = convert_to_tensor(biases, name="biases")
        return relu(bias_add(matmul(x, weights), biases), name=scope)
