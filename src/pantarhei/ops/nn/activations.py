"""Activation functions of neural networks, element by element, with their gradients as operations.

Each is one class or row: dtypes, lowering, gradient. Sigmoid and tanh are in ops/math/unary.py,
softmax, which works along an axis, in ops/nn/softmax.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply, first_input_shape, register
from pantarhei.graph.definitions.shape_rules import merged
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import control_dependencies, name_scope
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.filling import zeros, zeros_like
from pantarhei.ops.array.joining import concat
from pantarhei.ops.array.shapes import shape
from pantarhei.ops.math.comparison import where
from pantarhei.ops.math.unary import exp, sigmoid
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Value

FLOATING = "{float16, bfloat16, float32, float64}"

Lowering = Callable[..., Value]

# Constants of selu: the fixed point of mean 0 and variance 1 (Klambauer et al., 2017).
SELU_SCALE = 1.0507009873554804934193349852946
SELU_SCALE_ALPHA = 1.7580993408473768599402175208123


class Activation(OpDef, abstract=True):
    """An elementwise activation: type, dtypes, lowering, and the gradient from (operation, g)."""

    def __init__(
        self, type: str, dtypes: str, lower: Lowering, gradient: Callable[[Operation, Tensor], Any]
    ) -> None:
        self.type = type
        self.signature = f"features: T -> activations: T | T: {dtypes}"  # type: ignore[misc]
        self._lower = lower
        self._gradient = gradient

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def grad(self, op: Operation, g: Tensor) -> Any:
        return self._gradient(op, g)

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        return self._lower(b, x)


class ActivationGradient(OpDef, abstract=True):
    """The gradient of an activation: of the incoming gradient and the features (or outputs)."""

    def __init__(
        self,
        type: str,
        dtypes: str,
        lower: Lowering,
        gradient: Callable[[Operation, Tensor], Any] | None,
        second: str = "features",
    ) -> None:
        self.type = type
        self.signature = (  # type: ignore[misc]
            f"gradients: T, {second}: T -> backprops: T | T: {dtypes}"
        )
        self._lower = lower
        self._gradient = gradient

    def infer(self, op: Operation) -> list[TensorShape]:
        return [merged(op, op.inputs[0].shape, op.inputs[1].shape)]

    def grad(self, op: Operation, g: Tensor) -> Any:
        return super().grad(op, g) if self._gradient is None else self._gradient(op, g)

    def lower(self, b: Builder, op: Operation, g: Value, x: Value) -> Value:
        return self._lower(b, g, x)


def _positive(b: Builder, x: Value) -> Value:
    return b.less(b.constant(0, x.dtype), x)


def _negative(b: Builder, x: Value) -> Value:
    return b.less(x, 0)


def _zero(b: Builder, x: Value) -> Value:
    return b.constant(0, x.dtype)


def _softplus(b: Builder, x: Value) -> Value:
    # Beyond this 1 + exp(x) rounds to exp(x), and exp would overflow.
    limit = -(np.log(np.finfo(np.float32 if x.dtype.itemsize < 4 else x.dtype).eps) + 2)
    return b.where(
        b.less(b.constant(limit, x.dtype), x), x, b.log1p(b.exp(b.minimum(x, float(limit))))
    )


def _softsign_gradient(b: Builder, g: Value, x: Value) -> Value:
    spread = b.add(b.absolute(x), 1)
    return b.divide(g, b.multiply(spread, spread))


def _linear_second(op: Operation, g: Tensor) -> tuple[Tensor, Tensor]:
    """For the gradient of a function that is straight between kinks: nothing flows to where."""
    x = op.inputs[1]
    again: Tensor = apply(op.type, g, x)
    return again, zeros(shape=shape(x), dtype=x.dtype)


def _exponential_second(op: Operation, g: Tensor) -> tuple[Tensor, Tensor]:
    """For elu and selu, whose gradients are written in terms of their outputs."""
    y = op.inputs[1]
    again: Tensor = apply(op.type, g, y)
    return again, where(y < 0.0, g * op.inputs[0], zeros_like(y))


def _softplus_second(op: Operation, g: Tensor) -> tuple[Tensor, Tensor]:
    incoming, x = op.inputs
    with control_dependencies([g]):
        again: Tensor = apply("SoftplusGrad", g, x)
        return again, g * incoming / (exp(-x) + 2.0 + exp(x))


for _row in (
    Activation(
        "Relu",
        "real",
        lambda b, x: b.maximum(x, 0),
        lambda op, g: apply("ReluGrad", g, op.outputs[0]),
    ),
    ActivationGradient(
        "ReluGrad",
        "real",
        lambda b, g, x: b.where(_positive(b, x), g, _zero(b, g)),
        _linear_second,
    ),
    Activation(
        "Relu6",
        "real",
        lambda b, x: b.minimum(b.maximum(x, 0), 6),
        lambda op, g: apply("Relu6Grad", g, op.outputs[0]),
    ),
    ActivationGradient(
        "Relu6Grad",
        "real",
        lambda b, g, x: b.where(b.logical_and(_positive(b, x), b.less(x, 6)), g, _zero(b, g)),
        _linear_second,
    ),
    Activation(
        "Elu",
        FLOATING,
        lambda b, x: b.where(_negative(b, x), b.expm1(x), x),
        lambda op, g: apply("EluGrad", g, op.outputs[0]),
    ),
    ActivationGradient(
        "EluGrad",
        FLOATING,
        lambda b, g, y: b.where(_negative(b, y), b.multiply(b.add(y, 1), g), g),
        _exponential_second,
        second="outputs",
    ),
    Activation(
        "Selu",
        FLOATING,
        lambda b, x: b.where(
            _negative(b, x),
            b.multiply(b.expm1(x), SELU_SCALE_ALPHA),
            b.multiply(x, SELU_SCALE),
        ),
        lambda op, g: apply("SeluGrad", g, op.outputs[0]),
    ),
    ActivationGradient(
        "SeluGrad",
        FLOATING,
        lambda b, g, y: b.where(
            _negative(b, y),
            b.multiply(g, b.add(y, SELU_SCALE_ALPHA)),
            b.multiply(g, SELU_SCALE),
        ),
        _exponential_second,
        second="outputs",
    ),
    Activation("Softplus", FLOATING, _softplus, lambda op, g: g * sigmoid(op.inputs[0])),
    ActivationGradient(
        "SoftplusGrad", FLOATING, lambda b, g, x: b.multiply(g, b.sigmoid(x)), _softplus_second
    ),
    Activation(
        "Softsign",
        FLOATING,
        lambda b, x: b.divide(x, b.add(b.absolute(x), 1)),
        lambda op, g: apply("SoftsignGrad", g, op.inputs[0]),
    ),
    ActivationGradient("SoftsignGrad", FLOATING, _softsign_gradient, None),
):
    register(_row)


class LeakyRelu(OpDef):
    """x where it is positive, alpha * x where it is not."""

    signature = f"features: T -> activations: T | alpha: float = 0.2 | T: {FLOATING} = float32"

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def grad(self, op: Operation, g: Tensor) -> Any:
        return apply("LeakyReluGrad", g, op.inputs[0], alpha=op.attributes["alpha"])

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        return b.where(_positive(b, x), x, b.multiply(x, _alpha(op)))


class LeakyReluGrad(OpDef):
    """The gradient of LeakyRelu from the incoming one and the features."""

    signature = (
        f"gradients: T, features: T -> backprops: T | alpha: float = 0.2 | T: {FLOATING} = float32"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        return [merged(op, op.inputs[0].shape, op.inputs[1].shape)]

    def grad(self, op: Operation, g: Tensor) -> Any:
        x = op.inputs[1]
        again = apply("LeakyReluGrad", g, x, alpha=op.attributes["alpha"])
        return again, zeros(shape=shape(x), dtype=x.dtype)

    def lower(self, b: Builder, op: Operation, g: Value, x: Value) -> Value:
        return b.where(_positive(b, x), g, b.multiply(g, _alpha(op)))


def _alpha(op: Operation) -> float:
    """The slope as a float attribute stores it, in single precision."""
    return float(np.float32(op.attributes["alpha"]))


def relu(features: Any, name: str | None = None) -> Tensor:
    """max(features, 0), element by element.

    Args:
      features: a tensor of a real dtype.
      name: name of the operation; `Relu` by default.

    Returns:
      A tensor of the same shape and dtype.

    Raises:
      TypeError: complex, bool or string features.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.nn.relu([-2.0, 0.0, 3.0]))
      array([0., 0., 3.], dtype=float32)
    """
    tensor: Tensor = apply("Relu", features, name=name)
    return tensor


def relu6(features: Any, name: str | None = None) -> Tensor:
    """min(max(features, 0), 6), element by element.

    Args:
      features: a tensor of a real dtype.
      name: name of the operation; `Relu6` by default.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.nn.relu6([-2.0, 3.0, 8.0]))
      array([0., 3., 6.], dtype=float32)

    Source:
      Krizhevsky, Convolutional Deep Belief Networks on CIFAR-10, 2010.
    """
    with name_scope(name, "Relu6", [features]) as scope:
        features = convert_to_tensor(features, name="features")
        tensor: Tensor = apply("Relu6", features, name=scope)
        return tensor


def crelu(features: Any, name: str | None = None, axis: Any = -1) -> Tensor:
    """relu of the features and of their negatives, one after the other along `axis`.

    Args:
      features: a tensor of a real, signed dtype.
      name: name of the operations.
      axis: along which the two halves are joined.

    Returns:
      A tensor that is twice as long along `axis`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.nn.crelu([-2.0, 3.0]))
      array([0., 3., 2., 0.], dtype=float32)

    Source:
      Shang et al., Understanding and Improving Convolutional Neural Networks via Concatenated
      Rectified Linear Units, 2016.
    """
    with name_scope(name, "CRelu", [features]) as scope:
        features = convert_to_tensor(features, name="features")
        both = concat([features, -features], axis, name=scope)
        return relu(both)


def elu(features: Any, name: str | None = None) -> Tensor:
    """features where they are positive, exp(features) - 1 where they are not.

    Args:
      features: a floating tensor.
      name: name of the operation; `Elu` by default.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.nn.elu([-1.0, 2.0]))
      array([-0.63212055,  2.        ], dtype=float32)

    Source:
      Clevert et al., Fast and Accurate Deep Network Learning by Exponential Linear Units, 2015.
    """
    tensor: Tensor = apply("Elu", features, name=name)
    return tensor


def selu(features: Any, name: str | None = None) -> Tensor:
    """The scaled elu that keeps mean 0 and variance 1 from layer to layer.

    Args:
      features: a floating tensor.
      name: name of the operation; `Selu` by default.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.nn.selu([-1.0, 1.0]))
      array([-1.1113307,  1.050701 ], dtype=float32)

    Source:
      Klambauer et al., Self-Normalizing Neural Networks, 2017.
    """
    tensor: Tensor = apply("Selu", features, name=name)
    return tensor


def leaky_relu(features: Any, alpha: Any = 0.2, name: str | None = None) -> Tensor:
    """features where they are positive, alpha * features where they are not.

    Args:
      features: a floating tensor; integers become float32.
      alpha: slope on the negative side, a Python number or a NumPy scalar.
      name: name of the operation; `LeakyRelu` by default.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.nn.leaky_relu([-1.0, 1.0], alpha=0.5))
      array([-0.5,  1. ], dtype=float32)

    Source:
      Maas et al., Rectifier Nonlinearities Improve Neural Network Acoustic Models, 2013.
    """
    with name_scope(name, "LeakyRelu", [features, alpha]) as scope:
        features = convert_to_tensor(features, name="features")
        if features.dtype.is_integer:
            features = cast(features, "float32")
        alpha = alpha.item() if isinstance(alpha, np.ndarray) else alpha
        tensor: Tensor = apply("LeakyRelu", features, alpha=alpha, name=scope)
        return tensor


def softplus(features: Any, name: str | None = None) -> Tensor:
    """log(1 + exp(features)), element by element, without overflow.

    Args:
      features: a floating tensor.
      name: name of the operation; `Softplus` by default.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.nn.softplus([0.0, 100.0]))
      array([  0.6931472, 100.       ], dtype=float32)
    """
    tensor: Tensor = apply("Softplus", features, name=name)
    return tensor


def softsign(features: Any, name: str | None = None) -> Tensor:
    """features / (1 + |features|), element by element.

    Args:
      features: a floating tensor.
      name: name of the operation; `Softsign` by default.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.nn.softsign([-1.0, 3.0]))
      array([-0.5 ,  0.75], dtype=float32)
    """
    tensor: Tensor = apply("Softsign", features, name=name)
    return tensor
