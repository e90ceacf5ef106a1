"""Whether the elements of a tensor, taken in row-major order, grow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.shapes import reshape, shape, size
from pantarhei.ops.array.slicing import strided_slice
from pantarhei.ops.control_flow.cond import cond
from pantarhei.ops.math.comparison import less, less_equal
from pantarhei.ops.math.reductions import reduce_all


def _steps(x: Any) -> Tensor:
    """Each element minus the one before it; nothing where there are less than two elements."""
    flat = reshape(x, [-1])
    if not (flat.dtype.is_floating or flat.dtype.is_integer or flat.dtype.is_complex):
        raise TypeError(f"Expected x to be numeric, instead found: {flat}")
    is_short = less(size(flat), 2)
    count = shape(flat) - 1

    def differences() -> Tensor:
        first = [1]
        following = strided_slice(flat, first, first + count)
        tensor: Tensor = following - strided_slice(flat, [0], count)
        return tensor

    steps: Tensor = cond(is_short, lambda: convert_to_tensor([], dtype=flat.dtype), differences)
    return steps


def _all_steps(x: Any, name: str | None, scope: str, compare: Callable[..., Tensor]) -> Tensor:
    with name_scope(name, scope, [x]):
        steps = _steps(x)
        zero = convert_to_tensor(0, dtype=steps.dtype)
        return reduce_all(compare(zero, steps))


def is_non_decreasing(x: Any, name: str | None = None) -> Tensor:
    """Whether no element is smaller than the one before it, in row-major order.

    Args:
      x: numeric tensor; with less than two elements it is non-decreasing.
      name: name of the scope; `is_non_decreasing` by default.

    Raises:
      TypeError: if x is not numeric.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.is_non_decreasing([1, 2, 2])))
      True
    """
    return _all_steps(x, name, "is_non_decreasing", less_equal)


def is_strictly_increasing(x: Any, name: str | None = None) -> Tensor:
    """Whether every element is larger than the one before it, in row-major order.

    Args:
      x: numeric tensor; with less than two elements it is strictly increasing.
      name: name of the scope; `is_strictly_increasing` by default.

    Raises:
      TypeError: if x is not numeric.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.is_strictly_increasing([1, 2, 2])))
      False
    """
    return _all_steps(x, name, "is_strictly_increasing", less)
