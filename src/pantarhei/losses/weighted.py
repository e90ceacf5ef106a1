"""How the losses of single elements are weighted and reduced to one number."""

from __future__ import annotations

from typing import Any

from pantarhei.core import dtypes
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import control_dependencies, name_scope
from pantarhei.losses.collected import add_loss
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.filling import ones_like, zeros_like
from pantarhei.ops.array.filling import range as numbers
from pantarhei.ops.array.shapes import rank, size
from pantarhei.ops.math.binary import multiply
from pantarhei.ops.math.comparison import equal, where
from pantarhei.ops.math.division import div_no_nan
from pantarhei.ops.math.reductions import reduce_sum
from pantarhei.ops.nn.weights import assert_broadcastable, broadcast_weights


class Reduction:
    """How weighted losses become one number.

    Attributes:
      NONE: they stay as they are.
      SUM: their sum.
      SUM_OVER_BATCH_SIZE: their sum divided by how many there are.
      MEAN: their sum divided by the sum of the weights.
      SUM_BY_NONZERO_WEIGHTS: their sum divided by how many weights are not zero.
      SUM_OVER_NONZERO_WEIGHTS: the same, under an older name.
    """

    NONE = "none"
    SUM = "weighted_sum"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    MEAN = "weighted_mean"
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """All ways."""
        return (
            cls.NONE,
            cls.SUM,
            cls.MEAN,
            cls.SUM_OVER_BATCH_SIZE,
            cls.SUM_OVER_NONZERO_WEIGHTS,
            cls.SUM_BY_NONZERO_WEIGHTS,
        )

    @classmethod
    def validate(cls, key: str) -> None:
        """Raises ValueError if `key` is none of them."""
        if key not in cls.all():
            raise ValueError(f"Invalid Reduction Key {key}.")


def required(**arguments: Any) -> None:
    """Raises ValueError for the first argument that is None."""
    for name, value in arguments.items():
        if value is None:
            raise ValueError(f"{name} must not be None.")


def as_floats(predictions: Any, labels: Any) -> tuple[Tensor, Tensor]:
    """Both as float32 tensors, whose shapes have to fit; raises ValueError."""
    predictions = cast(predictions, dtypes.float32)
    labels = cast(labels, dtypes.float32)
    predictions.shape.assert_is_compatible_with(labels.shape)
    return predictions, labels


def number_present(losses: Tensor, weights: Tensor, per_batch: bool = False) -> Tensor:
    """How many weights are not zero; for each element of the batch on request."""
    with name_scope(None, "num_present", [losses, weights]) as scope:
        weights = cast(weights, dtypes.float32)
        present = where(equal(weights, 0.0), zeros_like(weights), ones_like(weights))
        present = broadcast_weights(present, losses)
        if not per_batch:
            return reduce_sum(present, name=scope)
        axes = numbers(1, rank(present))
        return reduce_sum(present, axis=axes, keepdims=True, name=scope)


def _number_of_elements(losses: Tensor) -> Tensor:
    with name_scope(None, "num_elements", [losses]) as scope:
        return cast(size(losses, name=scope), losses.dtype)


def _mean(total: Tensor, count: Tensor) -> Tensor:
    """A quotient that is zero where nothing counts."""
    return div_no_nan(reduce_sum(total), count, name="value")


def _reduced(losses: Tensor, weights: Tensor, reduction: str) -> Tensor:
    weighted = multiply(losses, weights)
    if reduction == Reduction.NONE:
        return weighted
    total = reduce_sum(weighted)
    if reduction == Reduction.MEAN:
        return _mean(total, reduce_sum(ones_like(losses) * weights))
    if reduction == Reduction.SUM_BY_NONZERO_WEIGHTS:
        return _mean(total, number_present(losses, weights))
    if reduction == Reduction.SUM_OVER_BATCH_SIZE:
        return _mean(total, _number_of_elements(losses))
    return total


def compute_weighted_loss(
    losses: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """Losses times weights, reduced to a number.

    Args:
      losses: a tensor.
      weights: of the same rank, each dimension 1 or that of `losses`; or a scalar.
      scope: name scope; `weighted_loss` by default.
      loss_collection: the collection that the result is added to.
      reduction: one of `tf.losses.Reduction`.

    Returns:
      A scalar of the dtype of `losses`; a tensor of their shape without reduction.

    Raises:
      ValueError: the weights do not fit, or the reduction is unknown. InvalidArgumentError: in a
        run where the weights do not fit.

    Example:
      >>> import pantarhei as tf
      >>> loss = tf.losses.compute_weighted_loss([1.0, 2.0, 4.0], [0.0, 1.0, 2.0])
      >>> print(tf.Session().run(loss))
      5.0
    """
    Reduction.validate(reduction)
    with (
        name_scope(scope, "weighted_loss", [losses, weights]),
        control_dependencies([assert_broadcastable(weights, losses)]),
    ):
        losses = convert_to_tensor(losses)
        dtype = losses.dtype
        losses, weights = cast(losses, dtypes.float32), cast(weights, dtypes.float32)
        loss: Tensor = cast(_reduced(losses, weights, reduction), dtype)
        add_loss(loss, loss_collection)
        return loss
