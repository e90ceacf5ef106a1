"""Bits of integers: and, or, exclusive or, inversion, shifts, counting. No gradient flows."""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.graph.definitions.opdef import apply, register
from pantarhei.graph.operation import Tensor
from pantarhei.ops.math.binary import Binary
from pantarhei.ops.math.unary import Unary
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Value

_INTEGERS = "{int8, int16, int32, int64, uint8, uint16, uint32, uint64}"


def _shift_count(b: Builder, x: Value, count: Value) -> Any:
    """Shifts by a negative number are none; those beyond the width are by width - 1."""
    limits = [b.constant(np.asarray(each, x.dtype)) for each in (0, x.dtype.itemsize * 8 - 1)]
    return b.minimum(b.maximum(count, limits[0]), limits[1])


for _row in (
    Binary("BitwiseAnd", _INTEGERS, lambda b, x, y: b.bitwise_and(x, y), differentiable=False),
    Binary("BitwiseOr", _INTEGERS, lambda b, x, y: b.bitwise_or(x, y), differentiable=False),
    Binary("BitwiseXor", _INTEGERS, lambda b, x, y: b.bitwise_xor(x, y), differentiable=False),
    Binary(
        "LeftShift",
        _INTEGERS,
        lambda b, x, y: b.left_shift(x, _shift_count(b, x, y)),
        differentiable=False,
    ),
    Binary(
        "RightShift",
        _INTEGERS,
        lambda b, x, y: b.right_shift(x, _shift_count(b, x, y)),
        differentiable=False,
    ),
    Unary("Invert", _INTEGERS, lambda b, x: b.invert(x)),
):
    register(_row)


def bitwise_and(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Bits that are set in both.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.bitwise.bitwise_and([12], [10]))
      array([8], dtype=int32)
    """
    tensor: Tensor = apply("BitwiseAnd", x, y, name=name)
    return tensor


def bitwise_or(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Bits that are set in one or both.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.bitwise.bitwise_or([12], [10]))
      array([14], dtype=int32)
    """
    tensor: Tensor = apply("BitwiseOr", x, y, name=name)
    return tensor


def bitwise_xor(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Bits that are set in exactly one.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.bitwise.bitwise_xor([12], [10]))
      array([6], dtype=int32)
    """
    tensor: Tensor = apply("BitwiseXor", x, y, name=name)
    return tensor


def left_shift(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x times 2 to the power y: bits moved up, those beyond the width lost.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.bitwise.left_shift([3], [2]))
      array([12], dtype=int32)
    """
    tensor: Tensor = apply("LeftShift", x, y, name=name)
    return tensor


def right_shift(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x divided by 2 to the power y, rounded down: bits moved down, the sign kept.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.bitwise.right_shift([-8], [1]))
      array([-4], dtype=int32)
    """
    tensor: Tensor = apply("RightShift", x, y, name=name)
    return tensor


def invert(x: Any, name: str | None = None) -> Tensor:
    """Every bit the other way round.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.bitwise.invert([0, 5]))
      array([-1, -6], dtype=int32)
    """
    tensor: Tensor = apply("Invert", x, name=name)
    return tensor
