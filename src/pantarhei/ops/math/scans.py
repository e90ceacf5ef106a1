"""Running sums and products along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply, first_input_shape, register
from pantarhei.graph.definitions.shape_rules import shown
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value

Gradient = Callable[[Operation, Tensor], Tensor]


class Scan(OpDef, abstract=True):
    """A running combination, in a row: type, the primitive, its neutral element, gradient."""

    def __init__(self, type: str, neutral: int, gradient: Gradient) -> None:
        self.type = type
        self.signature = (  # type: ignore[misc]
            "x: T, axis: Tidx -> out: T | exclusive: bool = False | reverse: bool = False | "
            "T: numeric | Tidx: index = int32"
        )
        self._neutral = neutral
        self._gradient = gradient

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def grad(self, op: Operation, g: Tensor) -> Any:
        return self._gradient(op, g), None

    def lower(self, b: Builder, op: Operation, x: Value, axis: Value) -> Value:
        value = b.static(axis)
        if value.ndim:
            raise ProgramError(f"ScanOp: axis must be a scalar, not {shown(value.shape)}")
        place = int(value)
        if not -x.ndim <= place < x.ndim:
            raise ProgramError(
                f"ScanOp: Expected scan axis in the range [{-x.ndim}, {x.ndim}), but got {place}"
            )
        place %= x.ndim
        if op.attributes["reverse"]:
            x = b.flip(x, axes=(place,))
        if op.attributes["exclusive"]:
            x = self._shifted(b, x, place)
        scan = b.cumsum if self.type == "Cumsum" else b.cumprod
        result: Value = scan(x, axis=place)
        return b.flip(result, axes=(place,)) if op.attributes["reverse"] else result

    def _shifted(self, b: Builder, x: Value, axis: int) -> Value:
        """`x` without its last element along the axis, and with a neutral one in front."""
        if not x.shape[axis]:
            return x
        stop = tuple(n - (each == axis) for each, n in enumerate(x.shape))
        zeros = (0,) * x.ndim
        kept = b.slice(x, start=zeros, stop=stop, step=(1,) * x.ndim)
        low = tuple(int(each == axis) for each in range(x.ndim))
        neutral = b.constant(self._neutral, x.dtype)
        shifted: Value = b.pad(kept, neutral, low=low, high=zeros, interior=zeros)
        return shifted


def _cumsum_gradient(op: Operation, g: Tensor) -> Tensor:
    """Each element is in the sums at and behind it."""
    exclusive, reverse = op.attributes["exclusive"], op.attributes["reverse"]
    return cumsum(g, op.inputs[1], exclusive=exclusive, reverse=not reverse)


def _cumprod_gradient(op: Operation, g: Tensor) -> Any:
    """As TensorFlow's: where an element is zero, it is not a number."""
    x, axis = op.inputs
    exclusive, reverse = op.attributes["exclusive"], op.attributes["reverse"]
    products = cumprod(x, axis, exclusive=exclusive, reverse=reverse)
    return cumsum(products * g, axis, exclusive=exclusive, reverse=not reverse) / x


register(Scan("Cumsum", 0, _cumsum_gradient))
register(Scan("Cumprod", 1, _cumprod_gradient))


def cumsum(
    x: Any,
    axis: Any = 0,
    exclusive: bool = False,
    reverse: bool = False,
    name: str | None = None,
) -> Tensor:
    """Running sums along an axis.

    Args:
      x: numbers of any dtype.
      axis: along which to sum; negative ones count from the end.
      exclusive: whether the element itself is left out of its sum, so that the first one is 0.
      reverse: whether to sum from the end.
      name: name of the operation.

    Returns:
      A tensor of the shape and dtype of `x`.

    Raises:
      InvalidArgumentError: `x` does not have the axis.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run([tf.cumsum([1, 2, 3]), tf.cumsum([1, 2, 3], exclusive=True)])
      [array([1, 3, 6], dtype=int32), array([0, 1, 3], dtype=int32)]
    """
    with name_scope(name, "Cumsum", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        result: Tensor = apply("Cumsum", x, axis, exclusive=exclusive, reverse=reverse, name=scope)
        return result


def cumprod(
    x: Any,
    axis: Any = 0,
    exclusive: bool = False,
    reverse: bool = False,
    name: str | None = None,
) -> Tensor:
    """Running products along an axis; see `tf.cumsum` for the arguments.

    The gradient divides by the elements: where one is zero, it is not a number.

    Raises:
      InvalidArgumentError: `x` does not have the axis.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.cumprod([2, 3, 4], reverse=True))
      array([24, 12,  4], dtype=int32)
    """
    with name_scope(name, "Cumprod", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        result: Tensor = apply("Cumprod", x, axis, exclusive=exclusive, reverse=reverse, name=scope)
        return result
