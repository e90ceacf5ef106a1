"""Special functions: the error function, the gamma family, zeta and Bessel functions.

Derivatives that are special functions again are operations here too, so that every order is there.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply, register
from pantarhei.graph.definitions.shape_rules import merged, shown
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.filling import zeros_like
from pantarhei.ops.math.binary import Binary
from pantarhei.ops.math.broadcast_gradients import unbroadcast
from pantarhei.ops.math.comparison import where
from pantarhei.ops.math.reductions import reduce_sum
from pantarhei.ops.math.unary import FLOATING, Unary, abs, exp, log, sign, square
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value

_PRECISE = "{float32, float64}"


class Betainc(OpDef):
    """The regularised incomplete beta function."""

    signature = f"a: T, b: T, x: T -> z: T | T: {_PRECISE}"

    def infer(self, op: Operation) -> list[TensorShape]:
        ranked = [tensor.shape for tensor in op.inputs if tensor.shape.ndims != 0]
        if not ranked:
            return [op.inputs[0].shape]
        shape = ranked[0]
        for each in ranked[1:]:
            shape = merged(op, shape, each)
        return [shape]

    def grad(self, op: Operation, g: Tensor) -> Any:
        a, b, x = op.inputs
        log_beta = lgamma(a) + lgamma(b) - lgamma(a + b)
        density = exp((b - 1) * log(1 - x) + (a - 1) * log(x) - log_beta)
        return None, None, unbroadcast(g * density, x, op.outputs[0])

    def lower(self, b: Builder, op: Operation, *inputs: Value) -> Any:
        ranked = [(name, each.shape) for name, each in zip("abx", inputs, strict=True) if each.ndim]
        for name, shape in ranked[1:]:
            if shape != ranked[0][1]:
                raise ProgramError(
                    f"Shapes of {ranked[0][0]} and {name} are inconsistent: "
                    f"{shown(ranked[0][1])} vs. {shown(shape)}"
                )
        return b.betainc(*inputs)


def _bell(op: Operation, g: Tensor) -> Any:
    return g * (2.0 / math.sqrt(math.pi)) * exp(-square(op.inputs[0]))


def _polygamma_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    order, x = op.inputs
    return None, g * polygamma(order + 1, x)


def _zeta_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    x, q = op.inputs
    return None, g * (-x * zeta(x + 1, q))


def _igamma_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    a, x = op.inputs
    density = exp(-x + (a - 1) * log(x) - lgamma(a))
    return g * apply("IgammaGradA", a, x), g * density


def _igammac_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    for_a, for_x = _igamma_gradient(op, g)
    return -for_a, -for_x


def _bessel_i0e_gradient(op: Operation, g: Tensor) -> Any:
    x, y = op.inputs[0], op.outputs[0]
    return g * (bessel_i1e(x) - sign(x) * y)


def _bessel_i1e_gradient(op: Operation, g: Tensor) -> Any:
    x, y = op.inputs[0], op.outputs[0]
    far = abs(x) > float(np.finfo(x.dtype.as_numpy_dtype).eps)  # at 0 the formula is 0 / 0
    zeros = zeros_like(x)
    safe = where(far, x, zeros + 1)
    derivative = bessel_i0e(safe) - y * (sign(safe) + 1.0 / safe)
    return g * where(far, derivative, zeros + 0.5)


for _row in (
    Unary("Erf", FLOATING, lambda b, x: b.erf(x), _bell),
    Unary("Erfc", FLOATING, lambda b, x: b.erfc(x), lambda op, g: -_bell(op, g)),
    Unary("BesselI0e", FLOATING, lambda b, x: b.bessel_i0e(x), _bessel_i0e_gradient),
    Unary("BesselI1e", FLOATING, lambda b, x: b.bessel_i1e(x), _bessel_i1e_gradient),
    Unary("Lgamma", FLOATING, lambda b, x: b.lgamma(x), lambda op, g: g * digamma(op.inputs[0])),
    Unary(
        "Digamma",
        FLOATING,
        lambda b, x: b.digamma(x),
        lambda op, g: g * apply("Polygamma", op.inputs[0] * 0 + 1, op.inputs[0]),
    ),
    Binary(
        "Polygamma",
        _PRECISE,
        lambda b, a, x: b.polygamma(a, x),
        _polygamma_gradient,
        names="ax",
    ),
    Binary("Zeta", _PRECISE, lambda b, x, q: b.zeta(x, q), _zeta_gradient, names="xq"),
    Binary("IgammaGradA", _PRECISE, lambda b, a, x: b.igamma_derivative(a, x), names="ax"),
    Binary("Igamma", _PRECISE, lambda b, a, x: b.igamma(a, x), _igamma_gradient, names="ax"),
    Binary("Igammac", _PRECISE, lambda b, a, x: b.igammac(a, x), _igammac_gradient, names="ax"),
):
    register(_row)


def erf(x: Any, name: str | None = None) -> Tensor:
    """Error function: 2 / sqrt(pi) times the integral of exp(-t * t) from 0 to x.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.erf([0.0, 1.0])).round(3)
      array([0.   , 0.843], dtype=float32)
    """
    tensor: Tensor = apply("Erf", x, name=name)
    return tensor


def erfc(x: Any, name: str | None = None) -> Tensor:
    """1 - erf(x), accurate for large x too.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.erfc([0.0, 1.0])).round(3)
      array([1.   , 0.157], dtype=float32)
    """
    tensor: Tensor = apply("Erfc", x, name=name)
    return tensor


def lgamma(x: Any, name: str | None = None) -> Tensor:
    """Logarithm of the absolute value of the gamma function.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.lgamma([1.0, 4.0])).round(3)
      array([0.   , 1.792], dtype=float32)
    """
    tensor: Tensor = apply("Lgamma", x, name=name)
    return tensor


def digamma(x: Any, name: str | None = None) -> Tensor:
    """Derivative of `lgamma`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.digamma([1.0, 4.0])).round(3)
      array([-0.577,  1.256], dtype=float32)
    """
    tensor: Tensor = apply("Digamma", x, name=name)
    return tensor


def polygamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """Derivative number `a` of `digamma` at x, for whole a not below 0.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.polygamma([0.0, 1.0], [1.0, 1.0])).round(3)
      array([-0.577,  1.645], dtype=float32)
    """
    tensor: Tensor = apply("Polygamma", a, x, name=name)
    return tensor


def zeta(x: Any, q: Any, name: str | None = None) -> Tensor:
    """Hurwitz zeta function: the sum of (n + q) to the power -x over n = 0, 1, 2 ...

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.zeta([2.0, 3.0], [1.0, 2.0])).round(3)
      array([1.645, 0.202], dtype=float32)
    """
    tensor: Tensor = apply("Zeta", x, q, name=name)
    return tensor


def igamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """Lower regularised incomplete gamma function, from 0 to 1.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.igamma([1.0, 2.0], [1.0, 1.0])).round(3)
      array([0.632, 0.264], dtype=float32)
    """
    tensor: Tensor = apply("Igamma", a, x, name=name)
    return tensor


def igammac(a: Any, x: Any, name: str | None = None) -> Tensor:
    """Upper regularised incomplete gamma function, 1 - igamma(a, x).

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.igammac([1.0, 2.0], [1.0, 1.0])).round(3)
      array([0.368, 0.736], dtype=float32)
    """
    tensor: Tensor = apply("Igammac", a, x, name=name)
    return tensor


def betainc(a: Any, b: Any, x: Any, name: str | None = None) -> Tensor:
    """Regularised incomplete beta function, from 0 at x = 0 to 1 at x = 1.

    Its gradient flows to x alone.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.math.betainc(2.0, 3.0, [0.25, 0.5])).round(3)
      array([0.262, 0.688], dtype=float32)
    """
    tensor: Tensor = apply("Betainc", a, b, x, name=name)
    return tensor


def bessel_i0e(x: Any, name: str | None = None) -> Tensor:
    """exp(-|x|) times the modified Bessel function of order 0.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.math.bessel_i0e([0.0, 1.0])).round(3)
      array([1.   , 0.466], dtype=float32)
    """
    tensor: Tensor = apply("BesselI0e", x, name=name)
    return tensor


def bessel_i1e(x: Any, name: str | None = None) -> Tensor:
    """exp(-|x|) times the modified Bessel function of order 1.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.math.bessel_i1e([0.0, 1.0])).round(3)
      array([0.   , 0.208], dtype=float32)
    """
    tensor: Tensor = apply("BesselI1e", x, name=name)
    return tensor


def bessel_i0(x: Any, name: str | None = None) -> Tensor:
    """Modified Bessel function of order 0; grows like exp(|x|), `bessel_i0e` does not.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.math.bessel_i0([0.0, 1.0])).round(3)
      array([1.   , 1.266], dtype=float32)
    """
    with name_scope(name, "bessel_i0", [x]):
        tensor: Tensor = exp(abs(x)) * bessel_i0e(x)
        return tensor


def bessel_i1(x: Any, name: str | None = None) -> Tensor:
    """Modified Bessel function of order 1; grows like exp(|x|), `bessel_i1e` does not.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.math.bessel_i1([0.0, 1.0])).round(3)
      array([0.   , 0.565], dtype=float32)
    """
    with name_scope(name, "bessel_i1", [x]):
        tensor: Tensor = exp(abs(x)) * bessel_i1e(x)
        return tensor


def lbeta(x: Any, name: str | None = None) -> Tensor:
    """Logarithm of the absolute value of the beta function along the last axis.

    Args:
      x: floating tensor with at least one axis; the last one holds the arguments.
      name: name of the scope; `lbeta` by default.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.lbeta([[1.0, 1.0], [2.0, 3.0]])).round(3)
      array([ 0.   , -2.485], dtype=float32)
    """
    with name_scope(name, "lbeta", [x]):
        x = convert_to_tensor(x, name="x")
        log_product = reduce_sum(lgamma(x), axis=[-1])
        tensor: Tensor = log_product - lgamma(reduce_sum(x, axis=[-1]))
        return tensor


def polyval(coeffs: Any, x: Any, name: str | None = None) -> Tensor:
    """The value of a polynomial at x, by Horner's rule.

    Args:
      coeffs: list of tensors or numbers, that of the highest power first.
      x: tensor.
      name: name of the scope; `polyval` by default.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.math.polyval([1.0, 2.0, 3.0], [0.0, 10.0]))
      array([  3., 123.], dtype=float32)
    """
    with name_scope(name, "polyval", [*coeffs, x]) as scope:
        x = convert_to_tensor(x, name="x")
        if len(coeffs) < 1:
            return zeros_like(x, name=scope)
        tensors = [
            convert_to_tensor(each, name=f"coeff_{index}") for index, each in enumerate(coeffs)
        ]
        value = tensors[0]
        for each in tensors[1:]:
            value = each + value * x
        return value
