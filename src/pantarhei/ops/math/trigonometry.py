"""Trigonometric and hyperbolic functions and their inverses, in radians."""

from __future__ import annotations

from typing import Any

from pantarhei.graph.definitions.opdef import apply, register
from pantarhei.graph.operation import Tensor
from pantarhei.ops.math.unary import (
    INEXACT,
    SIGNED,
    Unary,
    conj_of_input,
    conj_of_output,
    reciprocal,
    sqrt,
    square,
)

for _row in (
    Unary("Sin", INEXACT, lambda b, x: b.sin(x), lambda op, g: g * cos(conj_of_input(op))),
    Unary("Cos", INEXACT, lambda b, x: b.cos(x), lambda op, g: -g * sin(conj_of_input(op))),
    Unary(
        "Tan",
        SIGNED,
        lambda b, x: b.tan(x),
        lambda op, g: g * square(reciprocal(cos(conj_of_input(op)))),
    ),
    Unary(
        "Asin",
        SIGNED,
        lambda b, x: b.arcsin(x),
        lambda op, g: g * reciprocal(sqrt(1.0 - square(conj_of_input(op)))),
    ),
    Unary(
        "Acos",
        SIGNED,
        lambda b, x: b.arccos(x),
        lambda op, g: -g * reciprocal(sqrt(1.0 - square(conj_of_input(op)))),
    ),
    Unary(
        "Atan",
        SIGNED,
        lambda b, x: b.arctan(x),
        lambda op, g: g * reciprocal(1.0 + square(conj_of_input(op))),
    ),
    Unary("Sinh", INEXACT, lambda b, x: b.sinh(x), lambda op, g: g * cosh(conj_of_input(op))),
    Unary("Cosh", INEXACT, lambda b, x: b.cosh(x), lambda op, g: g * sinh(conj_of_input(op))),
    Unary("Asinh", INEXACT, lambda b, x: b.arcsinh(x), lambda op, g: g / cosh(conj_of_output(op))),
    Unary("Acosh", INEXACT, lambda b, x: b.arccosh(x), lambda op, g: g / sinh(conj_of_output(op))),
    Unary(
        "Atanh",
        INEXACT,
        lambda b, x: b.arctanh(x),
        lambda op, g: g * reciprocal(1.0 - square(conj_of_input(op))),
    ),
):
    register(_row)


def sin(x: Any, name: str | None = None) -> Tensor:
    """Sine, element by element.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.sin([0.0, 1.0])).round(3)
      array([0.   , 0.841], dtype=float32)
    """
    tensor: Tensor = apply("Sin", x, name=name)
    return tensor


def cos(x: Any, name: str | None = None) -> Tensor:
    """Cosine, element by element.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.cos([0.0, 1.0])).round(3)
      array([1.  , 0.54], dtype=float32)
    """
    tensor: Tensor = apply("Cos", x, name=name)
    return tensor


def tan(x: Any, name: str | None = None) -> Tensor:
    """Tangent, element by element.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.tan([0.0, 1.0])).round(3)
      array([0.   , 1.557], dtype=float32)
    """
    tensor: Tensor = apply("Tan", x, name=name)
    return tensor


def asin(x: Any, name: str | None = None) -> Tensor:
    """The angle from -pi/2 to pi/2 whose sine is x; NaN where |x| > 1.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.asin([0.0, 1.0])).round(3)
      array([0.   , 1.571], dtype=float32)
    """
    tensor: Tensor = apply("Asin", x, name=name)
    return tensor


def acos(x: Any, name: str | None = None) -> Tensor:
    """The angle from 0 to pi whose cosine is x; NaN where |x| > 1.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.acos([0.0, 1.0])).round(3)
      array([1.571, 0.   ], dtype=float32)
    """
    tensor: Tensor = apply("Acos", x, name=name)
    return tensor


def atan(x: Any, name: str | None = None) -> Tensor:
    """The angle between -pi/2 and pi/2 whose tangent is x.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.atan([0.0, 1.0])).round(3)
      array([0.   , 0.785], dtype=float32)
    """
    tensor: Tensor = apply("Atan", x, name=name)
    return tensor


def sinh(x: Any, name: str | None = None) -> Tensor:
    """Hyperbolic sine, element by element.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.sinh([0.0, 1.0])).round(3)
      array([0.   , 1.175], dtype=float32)
    """
    tensor: Tensor = apply("Sinh", x, name=name)
    return tensor


def cosh(x: Any, name: str | None = None) -> Tensor:
    """Hyperbolic cosine, element by element.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.cosh([0.0, 1.0])).round(3)
      array([1.   , 1.543], dtype=float32)
    """
    tensor: Tensor = apply("Cosh", x, name=name)
    return tensor


def asinh(x: Any, name: str | None = None) -> Tensor:
    """The number whose hyperbolic sine is x.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.asinh([0.0, 1.0])).round(3)
      array([0.   , 0.881], dtype=float32)
    """
    tensor: Tensor = apply("Asinh", x, name=name)
    return tensor


def acosh(x: Any, name: str | None = None) -> Tensor:
    """The number, not negative, whose hyperbolic cosine is x; NaN where x < 1.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.acosh([1.0, 2.0])).round(3)
      array([0.   , 1.317], dtype=float32)
    """
    tensor: Tensor = apply("Acosh", x, name=name)
    return tensor


def atanh(x: Any, name: str | None = None) -> Tensor:
    """The number whose hyperbolic tangent is x; NaN where |x| > 1.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.atanh([0.0, 0.5])).round(3)
      array([0.   , 0.549], dtype=float32)
    """
    tensor: Tensor = apply("Atanh", x, name=name)
    return tensor
