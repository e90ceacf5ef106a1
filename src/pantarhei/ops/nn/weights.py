"""Weights beside the values that they weigh: of the same rank, each extent 1 or that of the values.

This is narrower than broadcasting in general: weights of a lower rank do not fit, a scalar does.
"""

from __future__ import annotations

from typing import Any

from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import control_dependencies, name_scope
from pantarhei.ops.array.filling import ones_like
from pantarhei.ops.array.identity import no_op
from pantarhei.ops.array.joining import concat
from pantarhei.ops.array.shapes import expand_dims, rank, size
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.ops.control_flow.checks import Assert
from pantarhei.ops.control_flow.cond import cond
from pantarhei.ops.math.binary import multiply
from pantarhei.ops.math.comparison import equal
from pantarhei.ops.search.set_operations import set_difference

_CANNOT_BROADCAST = "weights can not be broadcast to values."


def _measured(x: Any, name: str) -> tuple[Tensor, Tensor, Tensor]:
    """A tensor, its shape and its rank."""
    with name_scope(None, name, [x]) as scope:
        x = convert_to_tensor(x, name=scope)
        return x, shape_of(x, name="shape"), rank(x, name="rank")


def assert_broadcastable(weights: Any, values: Any) -> Operation | Tensor:
    """What fails unless `weights` fit `values`; to be used as a control dependency.

    Args:
      weights: a tensor.
      values: a tensor.

    Raises:
      ValueError: the static shapes do not fit. InvalidArgumentError: in a run where they do not.
    """
    with name_scope(None, "assert_broadcastable", [weights, values]) as scope:
        weights, weights_shape, weights_rank = _measured(weights, "weights")
        values, values_shape, values_rank = _measured(values, "values")
        if weights.shape.ndims is not None and values.shape.ndims is not None:
            if weights.shape.ndims == 0:
                return no_op(name="static_scalar_check_success")
            if weights.shape.ndims != values.shape.ndims:
                raise ValueError(
                    f"{_CANNOT_BROADCAST} values.rank={values.shape.ndims}. "
                    f"weights.rank={weights.shape.ndims}. values.shape={values.shape}. "
                    f"weights.shape={weights.shape}."
                )
            ours, theirs = constant_value(weights_shape), constant_value(values_shape)
            if ours is not None and theirs is not None:
                for axis, extents in enumerate(zip(ours, theirs, strict=True)):
                    if extents[0] not in (1, extents[1]):
                        raise ValueError(
                            f"{_CANNOT_BROADCAST} Mismatch at dim {axis}. values.shape={theirs} "
                            f"weights.shape={ours}."
                        )
                return no_op(name="static_dims_check_success")
        is_scalar = equal(0, weights_rank, name="is_scalar")
        fits = cond(
            is_scalar,
            lambda: is_scalar,
            lambda: _fits(weights_rank, weights_shape, values_rank, values_shape),
            name="is_valid_shape",
        )
        parts: list[Any] = [_CANNOT_BROADCAST, "weights.shape=", weights.name, weights_shape]
        parts += ["values.shape=", values.name, values_shape, "is_scalar=", is_scalar]
        return Assert(fits, parts, name=scope)


def _fits(
    weights_rank: Tensor, weights_shape: Tensor, values_rank: Tensor, values_shape: Tensor
) -> Any:
    """Whether ranks are equal and each extent of the weights is 1 or that of the values."""
    values = [weights_rank, weights_shape, values_rank, values_shape]
    with name_scope(None, "has_valid_nonscalar_shape", values) as scope:
        same_rank = equal(values_rank, weights_rank, name="is_same_rank")
        return cond(
            same_rank,
            lambda: _extents_broadcast(weights_shape, values_shape),
            lambda: same_rank,
            name=scope,
        )


def _extents_broadcast(weights_shape: Tensor, values_shape: Tensor) -> Tensor:
    with name_scope(None, "has_invalid_dims", [weights_shape, values_shape]) as scope:
        # A row for each axis: the extents that are allowed, and the one that is there.
        extents = expand_dims(values_shape, -1)
        allowed = concat((extents, ones_like(extents)), axis=1)
        _, wrong, _ = set_difference(expand_dims(weights_shape, -1), allowed)
        return equal(0, size(wrong, name="num_invalid_dims"), name=scope)


def broadcast_weights(weights: Any, values: Any) -> Tensor:
    """The weights with the shape of the values.

    Args:
      weights: of the rank of `values`, each extent 1 or that of `values`; or a scalar.
      values: a tensor.

    Raises:
      ValueError: the static shapes do not fit. InvalidArgumentError: in a run where they do not.
    """
    with name_scope(None, "broadcast_weights", [weights, values]) as scope:
        values = convert_to_tensor(values, name="values")
        weights = convert_to_tensor(weights, dtype=values.dtype.base_dtype, name="weights")
        ours, theirs = weights.shape, values.shape
        if ours.is_fully_defined() and theirs.is_fully_defined() and ours == theirs:
            return weights
        with control_dependencies([assert_broadcastable(weights, values)]):
            return multiply(weights, ones_like(values), name=scope)
