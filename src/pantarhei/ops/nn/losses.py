"""Loss functions of squares, of independent classes and of counts.

Shapes are checked while the graph is described, as far as they are known then. Cross entropies of
softmax are in softmax_cross_entropy.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.filling import ones_like, zeros_like
from pantarhei.ops.array.shapes import renamed
from pantarhei.ops.math.binary import add
from pantarhei.ops.math.comparison import logical_and, where
from pantarhei.ops.math.unary import abs, exp, log, log1p
from pantarhei.ops.nn.activations import FLOATING, relu
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Value


class L2Loss(OpDef):
    """Half the sum of the squares of all elements."""

    signature = f"t: T -> output: T | T: {FLOATING}"

    def infer(self, op: Operation) -> list[TensorShape]:
        return [as_shape([])]

    def grad(self, op: Operation, g: Tensor) -> Tensor:
        return op.inputs[0] * g

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        wide = b.cast(x, dtype=np.dtype(np.float32)) if x.dtype.itemsize < 4 else x
        total = b.sum(b.multiply(wide, wide), axes=tuple(i for i, _ in enumerate(x.shape)))
        return b.cast(b.divide(total, 2), dtype=x.dtype)


def l2_loss(t: Any, name: str | None = None) -> Tensor:
    """sum(t ** 2) / 2: the penalty on weights whose gradient is the weights themselves.

    Args:
      t: a floating tensor.
      name: name of the operation; `L2Loss` by default.

    Returns:
      A scalar.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.nn.l2_loss([3.0, 4.0])))
      12.5
    """
    tensor: Tensor = apply("L2Loss", t, name=name)
    return tensor


def check_named(function: str, sentinel: Any, labels: Any, logits: Any) -> None:
    """Labels and logits are easily swapped; so they must be given by name."""
    if sentinel is not None:
        raise ValueError(
            f"Only call `{function}` with named arguments (labels=..., logits=..., ...)"
        )
    if labels is None or logits is None:
        raise ValueError("Both labels and logits must be provided.")


def _logistic_pair(labels: Any, logits: Any) -> tuple[Tensor, Tensor]:
    logits = convert_to_tensor(logits, name="logits")
    labels = convert_to_tensor(labels, name="labels")
    if not labels.shape.is_compatible_with(logits.shape):
        raise ValueError(
            f"logits and labels must have the same shape ({logits.shape} vs {labels.shape})"
        )
    return labels, logits


def sigmoid_cross_entropy_with_logits(
    _sentinel: Any = None, labels: Any = None, logits: Any = None, name: str | None = None
) -> Tensor:
    """Cross entropy of independent yes-or-no questions: labels against the sigmoid of logits.

    Computed as max(x, 0) - x * z + log(1 + exp(-|x|)) for logits x and labels z, so that nothing
    overflows.

    Args:
      _sentinel: not to be given: labels and logits are given by name.
      labels: probabilities, of the shape and dtype of `logits`.
      logits: floating scores.
      name: name of the operations.

    Raises:
      ValueError: positional arguments, one of them missing, or different shapes.

    Example:
      >>> import pantarhei as tf
      >>> loss = tf.nn.sigmoid_cross_entropy_with_logits(labels=[1.0, 0.0], logits=[0.0, 100.0])
      >>> tf.Session().run(loss)
      array([  0.6931472, 100.       ], dtype=float32)
    """
    check_named("sigmoid_cross_entropy_with_logits", _sentinel, labels, logits)
    with name_scope(name, "logistic_loss", [logits, labels]) as scope:
        labels, logits = _logistic_pair(labels, logits)
        zero = zeros_like(logits, dtype=logits.dtype)
        positive = logits >= zero
        above = where(positive, logits, zero)
        below = where(positive, -logits, logits)
        return add(above - logits * labels, log1p(exp(below)), name=scope)


def weighted_cross_entropy_with_logits(
    labels: Any = None,
    logits: Any = None,
    pos_weight: Any = None,
    name: str | None = None,
    targets: Any = None,
) -> Tensor:
    """Sigmoid cross entropy in which a missed yes costs `pos_weight` times as much.

    Args:
      labels: probabilities, of the shape and dtype of `logits`.
      logits: floating scores.
      pos_weight: the factor for positive labels: above 1 it favours recall, below 1 precision.
      name: name of the operations.
      targets: the older name of `labels`.

    Raises:
      ValueError: different shapes, or `labels` and `targets` together.

    Example:
      >>> import pantarhei as tf
      >>> loss = tf.nn.weighted_cross_entropy_with_logits([1.0, 0.0], [0.0, 0.0], pos_weight=2.0)
      >>> tf.Session().run(loss)
      array([1.3862944, 0.6931472], dtype=float32)
    """
    labels = renamed("labels", labels, "targets", targets)
    with name_scope(name, "logistic_loss", [logits, labels]) as scope:
        labels, logits = _logistic_pair(labels, logits)
        weight = 1 + (pos_weight - 1) * labels
        # The order in which the operands are made is TensorFlow's.
        rest = (1 - labels) * logits
        return add(rest, weight * (log1p(exp(-abs(logits))) + relu(-logits)), name=scope)


def log_poisson_loss(
    targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None
) -> Tensor:
    """Negative log likelihood of counts, given the logarithm of their expected values.

    Args:
      targets: counts, of the shape and dtype of `log_input`.
      log_input: logarithms of the expected values.
      compute_full_loss: whether to add Stirling's approximation of log(targets!), which does not
        depend on the prediction.
      name: name of the operations.

    Raises:
      ValueError: different shapes.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.nn.log_poisson_loss([2.0], [0.0]))
      array([1.], dtype=float32)
    """
    with name_scope(name, "log_poisson_loss", [log_input, targets]):
        log_input = convert_to_tensor(log_input, name="log_input")
        targets = convert_to_tensor(targets, name="targets")
        if not targets.shape.is_compatible_with(log_input.shape):
            raise ValueError(
                "log_input and targets must have the same shape "
                f"({log_input.shape} vs {targets.shape})"
            )
        result = exp(log_input) - log_input * targets
        if compute_full_loss:
            half = constant(0.5, dtype=targets.dtype)
            two_pi = constant(2 * math.pi, dtype=targets.dtype)
            stirling = targets * log(targets) - targets + half * log(two_pi * targets)
            zeros = zeros_like(targets, dtype=targets.dtype)
            ones = ones_like(targets, dtype=targets.dtype)
            small = logical_and(targets >= zeros, targets <= ones)
            result += where(small, zeros, stirling)
        return result
