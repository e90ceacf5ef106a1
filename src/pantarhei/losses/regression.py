"""Losses between numbers: how far predictions are from what they should be."""

from __future__ import annotations

from typing import Any

from pantarhei.core import dtypes
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import control_dependencies, name_scope
from pantarhei.losses.collected import add_loss
from pantarhei.losses.weighted import (
    Reduction,
    as_floats,
    compute_weighted_loss,
    number_present,
    required,
)
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.filling import range as numbers
from pantarhei.ops.array.filling import zeros_like
from pantarhei.ops.array.shapes import rank
from pantarhei.ops.math.binary import add, maximum, minimum, multiply, squared_difference, subtract
from pantarhei.ops.math.comparison import where
from pantarhei.ops.math.division import div_no_nan
from pantarhei.ops.math.reductions import reduce_sum
from pantarhei.ops.math.unary import abs, square
from pantarhei.ops.nn.weights import assert_broadcastable


def absolute_difference(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean of `abs(predictions - labels)`.

    Args:
      labels: what is right.
      predictions: of the same shape.
      weights: of the rank of the losses, or a scalar.
      scope: name scope.
      loss_collection: the collection that the loss is added to.
      reduction: one of `tf.losses.Reduction`.

    Raises:
      ValueError: shapes do not fit, or an argument is None.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.losses.absolute_difference([1.0, 2.0], [3.0, 2.0])))
      1.0
    """
    required(labels=labels, predictions=predictions)
    with name_scope(scope, "absolute_difference", [predictions, labels, weights]) as scope:
        predictions, labels = as_floats(predictions, labels)
        losses = abs(subtract(predictions, labels))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean of `(predictions - labels) ** 2`.

    Args:
      labels: what is right.
      predictions: of the same shape.
      weights: of the rank of the losses, or a scalar.
      scope: name scope.
      loss_collection: the collection that the loss is added to.
      reduction: one of `tf.losses.Reduction`.

    Raises:
      ValueError: shapes do not fit, or an argument is None.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.losses.mean_squared_error([1.0, 2.0], [3.0, 2.0])))
      2.0
    """
    required(labels=labels, predictions=predictions)
    with name_scope(scope, "mean_squared_error", [predictions, labels, weights]) as scope:
        predictions, labels = as_floats(predictions, labels)
        losses = squared_difference(predictions, labels)
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def huber_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    delta: float = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The mean of half the squared error where that is small, of a line through it elsewhere.

    Args:
      labels: what is right.
      predictions: of the same shape.
      weights: of the rank of the losses, or a scalar.
      delta: the error from which on the loss is a straight line.
      scope: name scope.
      loss_collection: the collection that the loss is added to.
      reduction: one of `tf.losses.Reduction`.

    Raises:
      ValueError: shapes do not fit, or an argument is None.

    Source: Huber, Robust Estimation of a Location Parameter, 1964.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.losses.huber_loss([0.0, 0.0], [1.0, 3.0])))
      1.5
    """
    required(labels=labels, predictions=predictions)
    with name_scope(scope, "huber_loss", [predictions, labels, weights]) as scope:
        predictions, labels = as_floats(predictions, labels)
        error = abs(subtract(predictions, labels))
        near = minimum(error, delta)
        far = subtract(error, near)
        half = convert_to_tensor(0.5, dtype=near.dtype)
        losses = add(multiply(half, multiply(near, near)), multiply(delta, far))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def cosine_distance(
    labels: Any,
    predictions: Any,
    axis: int | None = None,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
    dim: int | None = None,
) -> Tensor:
    """The mean of one minus the cosine of the angle between vectors of length one.

    Args:
      labels: vectors of length one.
      predictions: of the same shape, of length one too.
      axis: the axis along which the vectors lie.
      weights: of the rank of `labels`, 1 along `axis`; or a scalar.
      scope: name scope.
      loss_collection: the collection that the loss is added to.
      reduction: one of `tf.losses.Reduction`.
      dim: older name of `axis`.

    Raises:
      ValueError: shapes do not fit, no axis is given, or an argument is None.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.losses.cosine_distance([[1.0, 0.0]], [[0.0, 1.0]], axis=1)))
      1.0
    """
    if dim is not None:
        if axis is not None:
            raise ValueError("Cannot specify both 'axis' and 'dim'")
        axis = dim
    if axis is None:
        raise ValueError("You must specify 'axis'.")
    required(labels=labels, predictions=predictions)
    with name_scope(scope, "cosine_distance_loss", [predictions, labels, weights]) as scope:
        predictions, labels = as_floats(predictions, labels)
        cosine = reduce_sum(multiply(predictions, labels), axis=(axis,), keepdims=True)
        return compute_weighted_loss(1 - cosine, weights, scope, loss_collection, reduction)


def mean_pairwise_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
) -> Tensor:
    """How differently predictions and labels differ among themselves.

    For each element of the batch, over all pairs of its numbers, the mean of the square of the
    difference between the pair's errors; then the sum over the batch.

    Args:
      labels: what is right; the first dimension is that of the batch.
      predictions: of the same shape.
      weights: a scalar, or one for each element of the batch in a tensor of the same rank.
      scope: name scope.
      loss_collection: the collection that the loss is added to.

    Raises:
      ValueError: shapes do not fit, or an argument is None.

    Example:
      >>> import pantarhei as tf
      >>> loss = tf.losses.mean_pairwise_squared_error([[0.0, 0.0]], [[1.0, 4.0]])
      >>> print(tf.Session().run(loss))
      9.0
    """
    required(labels=labels, predictions=predictions)
    values = [predictions, labels, weights]
    with name_scope(scope, "mean_pairwise_squared_error", values) as scope:
        weights, labels = cast(weights, dtypes.float32), cast(labels, dtypes.float32)
        with control_dependencies([assert_broadcastable(weights, labels)]):
            predictions = cast(predictions, dtypes.float32)
            predictions.shape.assert_is_compatible_with(labels.shape)
            errors = subtract(predictions, labels)
            axes = numbers(1, rank(errors))
            squares = reduce_sum(square(errors), axis=axes, keepdims=True)
            count = number_present(errors, weights, per_batch=True)
            first = 2.0 * div_no_nan(squares, maximum(count - 1, 0), name="value")
            total = reduce_sum(errors, axis=axes, keepdims=True)
            squared_total = square(total)
            pairs = maximum(multiply(count, count - 1), 0)
            second = 2.0 * div_no_nan(squared_total, pairs, name="value")
            loss = reduce_sum(multiply(first - second, weights))
            present = reduce_sum(count) > 0
            loss = where(present, loss, zeros_like(loss), name="value")
            add_loss(loss, loss_collection)
            return loss
