"""Losses between classes: how far predictions are from the right classes."""

from __future__ import annotations

from typing import Any

from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.losses.weighted import Reduction, as_floats, compute_weighted_loss, required
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.filling import ones_like
from pantarhei.ops.array.identity import stop_gradient
from pantarhei.ops.array.shapes import rank, squeeze
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.ops.control_flow.cond import cond
from pantarhei.ops.math.binary import multiply, subtract
from pantarhei.ops.math.comparison import equal
from pantarhei.ops.math.unary import log
from pantarhei.ops.nn.activations import relu
from pantarhei.ops.nn.losses import sigmoid_cross_entropy_with_logits
from pantarhei.ops.nn.softmax_cross_entropy import (
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
)


def hinge_loss(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean of `max(0, 1 - logits)` for labels of 1, of `max(0, 1 + logits)` for labels of 0.

    Args:
      labels: zeros and ones.
      logits: of the same shape; above zero for class 1.
      weights: of the rank of the losses, or a scalar.
      scope: name scope.
      loss_collection: the collection that the loss is added to.
      reduction: one of `tf.losses.Reduction`.

    Raises:
      ValueError: shapes do not fit, or an argument is None.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.losses.hinge_loss([1.0, 0.0], [0.5, 0.5])))
      1.0
    """
    required(labels=labels, logits=logits)
    with name_scope(scope, "hinge_loss", [logits, labels, weights]) as scope:
        logits, labels = as_floats(logits, labels)
        ones = ones_like(labels)
        signs = subtract(2 * labels, ones)
        losses = relu(subtract(ones, multiply(signs, logits)))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def log_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean of `-labels * log(predictions) - (1 - labels) * log(1 - predictions)`.

    Args:
      labels: zeros and ones, or probabilities.
      predictions: probabilities of class 1, of the same shape.
      weights: of the rank of the losses, or a scalar.
      epsilon: added under the logarithms.
      scope: name scope.
      loss_collection: the collection that the loss is added to.
      reduction: one of `tf.losses.Reduction`.

    Raises:
      ValueError: shapes do not fit, or an argument is None.

    Example:
      >>> import pantarhei as tf
      >>> print(round(float(tf.Session().run(tf.losses.log_loss([1.0, 0.0], [0.5, 0.5]))), 4))
      0.6931
    """
    required(labels=labels, predictions=predictions)
    with name_scope(scope, "log_loss", [predictions, labels, weights]) as scope:
        predictions, labels = as_floats(predictions, labels)
        first = -multiply(labels, log(predictions + epsilon))
        losses = first - multiply(1 - labels, log(1 - predictions + epsilon))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def sigmoid_cross_entropy(
    multi_class_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean cross entropy of classes that do not exclude each other.

    Args:
      multi_class_labels: zeros and ones, `[batch, classes]`.
      logits: of the same shape.
      weights: of the rank of the losses, or a scalar.
      label_smoothing: how far labels are moved towards one half.
      scope: name scope.
      loss_collection: the collection that the loss is added to.
      reduction: one of `tf.losses.Reduction`.

    Raises:
      ValueError: shapes do not fit, or an argument is None.

    Example:
      >>> import pantarhei as tf
      >>> loss = tf.losses.sigmoid_cross_entropy([[1.0, 0.0]], [[0.0, 0.0]])
      >>> print(round(float(tf.Session().run(loss)), 4))
      0.6931
    """
    labels = multi_class_labels
    required(multi_class_labels=labels, logits=logits)
    with name_scope(scope, "sigmoid_cross_entropy_loss", [logits, labels, weights]) as scope:
        logits = convert_to_tensor(logits)
        labels = cast(labels, logits.dtype)
        logits.shape.assert_is_compatible_with(labels.shape)
        if label_smoothing > 0:
            labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = sigmoid_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def softmax_cross_entropy(
    onehot_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean cross entropy of classes of which one is right.

    Args:
      onehot_labels: `[batch, classes]`, 1 for the right class and 0 elsewhere.
      logits: of the same shape.
      weights: one for each element of the batch, or a scalar.
      label_smoothing: how far labels are moved towards equal probabilities.
      scope: name scope.
      loss_collection: the collection that the loss is added to.
      reduction: one of `tf.losses.Reduction`.

    Raises:
      ValueError: shapes do not fit, or an argument is None.

    Example:
      >>> import pantarhei as tf
      >>> loss = tf.losses.softmax_cross_entropy([[1.0, 0.0]], [[3.0, 3.0]])
      >>> print(round(float(tf.Session().run(loss)), 4))
      0.6931
    """
    labels = onehot_labels
    required(onehot_labels=labels, logits=logits)
    with name_scope(scope, "softmax_cross_entropy_loss", [logits, labels, weights]) as scope:
        logits = convert_to_tensor(logits)
        labels = cast(labels, logits.dtype)
        logits.shape.assert_is_compatible_with(labels.shape)
        if label_smoothing > 0:
            classes = cast(shape_of(labels)[-1], logits.dtype)
            added = label_smoothing / classes
            labels = labels * (1.0 - label_smoothing) + added
        labels = stop_gradient(labels, name="labels_stop_gradient")
        losses = softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def sparse_softmax_cross_entropy(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean cross entropy of classes of which one, given by its number, is right.

    Args:
      labels: numbers of classes, `[batch]` or `[batch, 1]`.
      logits: `[batch, classes]`.
      weights: one for each element of the batch, or a scalar.
      scope: name scope.
      loss_collection: the collection that the loss is added to.
      reduction: one of `tf.losses.Reduction`.

    Raises:
      ValueError: shapes do not fit, or an argument is None.

    Example:
      >>> import pantarhei as tf
      >>> loss = tf.losses.sparse_softmax_cross_entropy([1], [[3.0, 3.0]])
      >>> print(round(float(tf.Session().run(loss)), 4))
      0.6931
    """
    required(labels=labels, logits=logits)
    values = [logits, labels, weights]
    with name_scope(scope, "sparse_softmax_cross_entropy_loss", values) as scope:
        labels, logits = _squeezed(labels, logits)
        weights = _squeezed_weights(convert_to_tensor(weights), labels)
        losses = sparse_softmax_cross_entropy_with_logits(
            labels=labels, logits=logits, name="xentropy"
        )
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def _may_squeeze(x: Tensor) -> bool:
    """Whether the last extent of a tensor may be 1."""
    if x.shape.ndims is None:
        return True
    return x.shape.ndims > 0 and x.shape.as_list()[-1] in (None, 1)


def _squeezed_if(condition: Tensor, x: Tensor) -> Tensor:
    result: Tensor = cond(condition, lambda: squeeze(x, [-1]), lambda: x)
    return result


def _squeezed(labels: Any, logits: Any) -> tuple[Tensor, Tensor]:
    """Labels and logits without a last axis of extent 1 that one has too much."""
    with name_scope(None, "remove_squeezable_dimensions", [labels, logits]):
        logits, labels = convert_to_tensor(logits), convert_to_tensor(labels)
        if labels.shape.ndims is not None and logits.shape.ndims is not None:
            surplus = logits.shape.ndims - labels.shape.ndims
            if surplus == 2:
                logits = squeeze(logits, [-1])
            elif surplus == 0:
                labels = squeeze(labels, [-1])
            return labels, logits
        difference = rank(logits) - rank(labels)
        if _may_squeeze(logits):
            logits = _squeezed_if(equal(2, difference), logits)
        if _may_squeeze(labels):
            labels = _squeezed_if(equal(0, difference), labels)
        return labels, logits


def _squeezed_weights(weights: Tensor, labels: Tensor) -> Tensor:
    if labels.shape.ndims is not None and weights.shape.ndims is not None:
        one_more = weights.shape.ndims - labels.shape.ndims == 1
        return squeeze(weights, [-1]) if one_more else weights
    difference = rank(weights) - rank(labels)
    if not _may_squeeze(weights):
        return weights
    return _squeezed_if(equal(1, difference), weights)
