"""Losses that a graph has collected: each loss function adds its own, regularizers add theirs."""

from __future__ import annotations

from typing import Any

from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import add_to_collection, get_collection
from pantarhei.ops.array.constant import constant
from pantarhei.ops.math.binary import add_n


def add_loss(loss: Any, loss_collection: str | None = GraphKeys.LOSSES) -> None:
    """Adds a loss to a collection.

    Args:
      loss: a tensor.
      loss_collection: name of the collection; None for none.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> tf.losses.add_loss(tf.constant(1.0))
      >>> len(tf.losses.get_losses())
      1
    """
    if loss_collection:
        add_to_collection(loss_collection, loss)


def get_losses(scope: str | None = None, loss_collection: str = GraphKeys.LOSSES) -> list[Any]:
    """The losses of a collection.

    Args:
      scope: a regular expression that the beginning of their names has to match.
      loss_collection: name of the collection.
    """
    return get_collection(loss_collection, scope)


def get_regularization_losses(scope: str | None = None) -> list[Any]:
    """The penalties that regularizers have added.

    Args:
      scope: a regular expression that the beginning of their names has to match.
    """
    return get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


def get_regularization_loss(
    scope: str | None = None, name: str = "total_regularization_loss"
) -> Tensor:
    """The sum of the penalties that regularizers have added; 0.0 if there are none.

    Args:
      scope: a regular expression that the beginning of their names has to match.
      name: name of the operation.
    """
    losses = get_regularization_losses(scope)
    return add_n(losses, name=name) if losses else constant(0.0)


def get_total_loss(
    add_regularization_losses: bool = True, name: str = "total_loss", scope: str | None = None
) -> Tensor:
    """The sum of all collected losses.

    Args:
      add_regularization_losses: whether the penalties of regularizers belong to it.
      name: name of the operation.
      scope: a regular expression that the beginning of the losses' names has to match.

    Raises:
      ValueError: there are no losses.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> for loss in (1.0, 2.5):
      ...     tf.losses.add_loss(tf.constant(loss))
      >>> print(tf.Session().run(tf.losses.get_total_loss()))
      3.5
    """
    losses = get_losses(scope=scope)
    if add_regularization_losses:
        losses += get_regularization_losses(scope=scope)
    return add_n(losses, name=name)
