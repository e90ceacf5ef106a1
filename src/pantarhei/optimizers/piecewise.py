"""A learning rate that is given in pieces: constant between the steps at which it changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pantarhei.core import dtypes
from pantarhei.graph.convert import convert_n_to_tensor, convert_to_tensor
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.casting import cast
from pantarhei.ops.control_flow.case import case


def piecewise_constant(
    x: Any, boundaries: Sequence[Any], values: Sequence[Any], name: str | None = None
) -> Tensor:
    """`values[0]` up to and including `boundaries[0]`, then `values[1]`, and so on.

    Args:
      x: a scalar tensor, mostly the number of the step.
      boundaries: ascending numbers of the dtype of `x`.
      values: one more than boundaries, of one dtype.
      name: name scope; `PiecewiseConstant` by default.

    Returns:
      A scalar of the dtype of the values.

    Raises:
      ValueError: dtypes differ, or the lengths do not fit.

    Example:
      >>> import pantarhei as tf
      >>> rate = tf.train.piecewise_constant(tf.constant(7), [3, 8], [0.5, 0.25, 0.125])
      >>> print(tf.Session().run(rate))
      0.25
    """
    boundaries, values = convert_n_to_tensor(boundaries), convert_n_to_tensor(values)
    boundaries = _like(convert_to_tensor(x), boundaries)
    for value in values[1:]:
        if value.dtype.base_dtype != values[0].dtype.base_dtype:
            raise ValueError(
                "Values must have elements all with the same dtype "
                f"({values[0].dtype.base_dtype} vs {value.dtype.base_dtype})."
            )
    if len(boundaries) != len(values) - 1:
        raise ValueError("The length of boundaries should be 1 less than the length of values")
    with name_scope(name or "PiecewiseConstant"):
        x = convert_to_tensor(x)
        pieces: list[tuple[Any, Callable[[], Tensor]]] = [
            (x <= boundaries[0], _constantly(values[0])),
            (x > boundaries[-1], _constantly(values[-1])),
        ]
        inner = zip(boundaries[:-1], boundaries[1:], values[1:-1], strict=True)
        for low, high, value in inner:
            pieces.append(((x > low) & (x <= high), _constantly(value)))
        rate: Tensor = case(pieces, _constantly(values[0]), exclusive=True)
        return rate


def _constantly(value: Tensor) -> Callable[[], Tensor]:
    return lambda: value


def _like(x: Tensor, boundaries: Sequence[Tensor]) -> list[Tensor]:
    """The boundaries in the dtype of `x`: int32 becomes int64, all else has to be equal."""
    ours = x.dtype.base_dtype
    result = []
    for boundary in boundaries:
        theirs = boundary.dtype.base_dtype
        if theirs != ours and (theirs, ours) != (dtypes.int32, dtypes.int64):
            raise ValueError(f"Boundaries ({theirs}) must have the same dtype as x ({ours}).")
        result.append(cast(boundary, ours))
    return result
