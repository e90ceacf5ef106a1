"""Confusion matrices: how often each class was taken for each class."""

from __future__ import annotations

from typing import Any

from pantarhei.core import dtypes
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.sparse_tensor import SparseTensor
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.filling import ones_like, zeros
from pantarhei.ops.array.joining import stack
from pantarhei.ops.array.shapes import rank, squeeze
from pantarhei.ops.control_flow.cond import cond
from pantarhei.ops.control_flow.dependencies import with_dependencies
from pantarhei.ops.debug.assertions import assert_less, assert_non_negative
from pantarhei.ops.math.reductions import reduce_max
from pantarhei.ops.sparse.arithmetic import sparse_add


def remove_squeezable_dimensions(
    labels: Any, predictions: Any, expected_rank_diff: int = 0, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """`labels` and `predictions`, without a last axis of extent 1 that only one of them has.

    Args:
      labels: a tensor.
      predictions: a tensor whose rank is that of the labels plus `expected_rank_diff`, or one more
        or less.
      expected_rank_diff: by how much the rank of the predictions should be larger.
      name: scope of the operations.

    Raises:
      ValueError: the last axis is known not to have extent 1.
    """
    with name_scope(name, "remove_squeezable_dimensions", [labels, predictions]):
        guess, truth = convert_to_tensor(predictions), convert_to_tensor(labels)
        if guess.shape.ndims is not None and truth.shape.ndims is not None:
            surplus = guess.shape.ndims - truth.shape.ndims - expected_rank_diff
            if surplus == 1:
                guess = squeeze(guess, [-1])
            elif surplus == -1:
                truth = squeeze(truth, [-1])
            return truth, guess
        difference = rank(guess) - rank(truth)
        guess = _squeezed_if(expected_rank_diff + 1, difference, guess)
        truth = _squeezed_if(expected_rank_diff - 1, difference, truth)
        return truth, guess


def _squeezed_if(expected: int, difference: Tensor, tensor: Tensor) -> Tensor:
    """`tensor` without its last axis, if the difference of the ranks says so in the run."""
    if tensor.shape.ndims is not None and not tensor.shape[-1].is_compatible_with(1):
        return tensor
    result: Tensor = cond(
        apply("Equal", expected, difference), lambda: squeeze(tensor, [-1]), lambda: tensor
    )
    return result


def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    dtype: Any = dtypes.int32,
    name: str | None = None,
    weights: Any = None,
) -> Tensor:
    """How often each class (a row) was predicted as each class (a column).

    Args:
      labels: a vector of classes: integers that are not negative.
      predictions: a vector of classes.
      num_classes: how many classes there are; by default one more than the largest number.
      dtype: dtype of the counts.
      name: scope of the operations.
      weights: a vector: how much each prediction counts.

    Returns:
      A matrix with a row and a column for each class.

    Raises:
      ValueError: shapes that do not fit. InvalidArgumentError: a negative class, or one too large.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.confusion_matrix([0, 1, 1], [0, 0, 1]))
      array([[1, 0],
             [1, 1]], dtype=int32)
    """
    values = [predictions, labels, num_classes, weights]
    with name_scope(name, "confusion_matrix", values):
        truth, guess = remove_squeezable_dimensions(
            convert_to_tensor(labels, name="labels"),
            convert_to_tensor(predictions, name="predictions"),
        )
        guess, truth = cast(guess, dtypes.int64), cast(truth, dtypes.int64)
        truth = _checked_sign(truth, "labels")
        guess = _checked_sign(guess, "predictions")
        if num_classes is None:
            num_classes = apply("Maximum", reduce_max(guess), reduce_max(truth)) + 1
        else:
            limit = cast(num_classes, dtypes.int64)
            truth = _checked_limit(truth, limit, "labels")
            guess = _checked_limit(guess, limit, "predictions")
        if weights is not None:
            weights = convert_to_tensor(weights, name="weights")
            guess.shape.assert_is_compatible_with(weights.shape)
            weights = cast(weights, dtype)
        extents = stack([num_classes, num_classes])
        places = stack([truth, guess], axis=1)
        counts = ones_like(guess, dtype) if weights is None else weights
        found = SparseTensor(places, counts, cast(extents, dtypes.int64))
        result: Tensor = sparse_add(zeros(cast(extents, dtypes.int32), dtype), found)
        return result


def _checked_sign(classes: Tensor, name: str) -> Tensor:
    check = assert_non_negative(classes, message=f"`{name}` contains negative values")
    result: Tensor = with_dependencies([check], classes)
    return result


def _checked_limit(classes: Tensor, limit: Tensor, name: str) -> Tensor:
    check = assert_less(classes, limit, message=f"`{name}` out of bound")
    result: Tensor = with_dependencies([check], classes)
    return result
