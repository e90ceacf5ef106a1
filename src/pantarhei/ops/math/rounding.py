"""Rounding to whole numbers: down, up, to the nearest. No gradient flows through any of it."""

from __future__ import annotations

from typing import Any

from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import apply, register
from pantarhei.graph.operation import Tensor
from pantarhei.ops.math.unary import FLOATING, SIGNED, Unary

for _row in (
    Unary("Floor", FLOATING, lambda b, x: b.floor(x)),
    Unary("Ceil", FLOATING, lambda b, x: b.ceil(x)),
    Unary("Rint", FLOATING, lambda b, x: b.rint(x)),
    Unary("Round", SIGNED, lambda b, x: b.rint(x)),
):
    register(_row)


def floor(x: Any, name: str | None = None) -> Tensor:
    """The largest whole number not above x.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.floor([-1.5, 1.5]))
      array([-2.,  1.], dtype=float32)
    """
    tensor: Tensor = apply("Floor", x, name=name)
    return tensor


def ceil(x: Any, name: str | None = None) -> Tensor:
    """The smallest whole number not below x.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.ceil([-1.5, 1.5]))
      array([-1.,  2.], dtype=float32)
    """
    tensor: Tensor = apply("Ceil", x, name=name)
    return tensor


def rint(x: Any, name: str | None = None) -> Tensor:
    """The nearest whole number; halves go to the even one.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.rint([0.5, 1.5, 2.5]))
      array([0., 2., 2.], dtype=float32)
    """
    tensor: Tensor = apply("Rint", x, name=name)
    return tensor


def round(x: Any, name: str | None = None) -> Any:
    """The nearest whole number; halves go to the even one. Integers are returned as they are.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.round([0.5, 1.5, -2.7]))
      array([ 0.,  2., -3.], dtype=float32)
    """
    tensor = convert_to_tensor(x, name="x")
    return tensor if tensor.dtype.is_integer else apply("Round", tensor, name=name)
