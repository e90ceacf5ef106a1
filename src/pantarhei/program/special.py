"""Elementwise functions that NumPy lacks, in the accuracy of their dtype.

The error function, the gamma family and the zeta function come from SciPy, a well-kept library,
which is imported when the first of them runs: it costs more to import than all of the package.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.program.ir import Array


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)) without overflow."""
    if np.issubdtype(x.dtype, np.complexfloating):
        return np.asarray(1 / (1 + np.exp(-x)))
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1, small).astype(x.dtype) / (1 + small))


def sign(x: Array) -> Array:
    """Sign, 0 for NaN; for complex numbers the point of the unit circle in the same direction."""
    if np.issubdtype(x.dtype, np.complexfloating):
        length = np.abs(x)
        return np.where(length == 0, 0, x / np.where(length == 0, 1, length))
    return np.asarray((x > 0).astype(x.dtype) - (x < 0).astype(x.dtype))


def floor_mod(x: Array, y: Array) -> Array:
    """The remainder with the sign of the divisor; 0 keeps the sign of the dividend."""
    if np.issubdtype(x.dtype, np.integer):
        return np.asarray(np.mod(x, y))
    remainder = np.fmod(x, y)
    wrong = (remainder != 0) & ((remainder < 0) != (y < 0))
    return np.where(wrong, remainder + y, remainder)


def _scipy(name: str, *operands: Array) -> Array:
    # Imported when used: see the module's docstring.
    import scipy.special

    # float16 and bfloat16 have no loops of their own in SciPy.
    narrow = operands[0].dtype not in (np.dtype("float32"), np.dtype("float64"))
    wide = [np.asarray(each, np.float32) for each in operands] if narrow else operands
    result: Any = getattr(scipy.special, name)(*wide)
    return np.asarray(result, operands[0].dtype)


def erf(x: Array) -> Array:
    """Error function."""
    return _scipy("erf", x)


def erfc(x: Array) -> Array:
    """1 - erf(x), without cancellation."""
    return _scipy("erfc", x)


def lgamma(x: Array) -> Array:
    """Logarithm of the absolute value of the gamma function."""
    return np.where(np.isinf(x), np.asarray(np.inf, x.dtype), _scipy("gammaln", x))


def digamma(x: Array) -> Array:
    """Derivative of lgamma; infinite where lgamma is."""
    poles = (x <= 0) & (np.floor(x) == x)
    return np.where(poles, np.asarray(np.inf, x.dtype), _scipy("digamma", x))


def _outside(a: Array, x: Array, values: Array) -> Array:
    """NaN where the incomplete gamma functions are not defined, `values` elsewhere."""
    return np.where((a <= 0) | (x < 0), np.asarray(np.nan, x.dtype), values)


def igamma(a: Array, x: Array) -> Array:
    """Lower regularised incomplete gamma function."""
    return np.where(x == 0, np.asarray(0, x.dtype), _outside(a, x, _scipy("gammainc", a, x)))


def igammac(a: Array, x: Array) -> Array:
    """Upper regularised incomplete gamma function."""
    return _outside(a, x, _scipy("gammaincc", a, x))


def igamma_derivative(a: Array, x: Array) -> Array:
    """Derivative of igamma with respect to a: its power series in x, term by term."""
    import scipy.special  # see the module's docstring

    order, point = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(x, np.float64))
    safe = np.where(point > 0, point, 1.0)
    term = np.exp(order * np.log(safe) - safe - scipy.special.gammaln(order + 1))
    derivative = np.log(safe) - scipy.special.digamma(order + 1)
    total = np.zeros(order.shape)
    largest = float(np.max(safe, initial=1.0, where=np.isfinite(safe)))
    # The terms grow until their number passes x; after that they fall faster than geometrically.
    for number in range(1, int(largest + 12 * largest**0.5) + 60):
        total += term * derivative
        term = term * safe / (order + number)
        derivative = derivative - 1 / (order + number)
    return _outside(a, x, np.where(point > 0, total, 0.0)).astype(x.dtype)


def betainc(a: Array, b: Array, x: Array) -> Array:
    """Regularised incomplete beta function."""
    return _scipy("betainc", a, b, x)


def bessel_i0e(x: Array) -> Array:
    """exp(-|x|) times the modified Bessel function of order 0."""
    return _scipy("i0e", x)


def bessel_i1e(x: Array) -> Array:
    """exp(-|x|) times the modified Bessel function of order 1."""
    return _scipy("i1e", x)


def zeta(x: Array, q: Array) -> Array:
    """Hurwitz zeta function: the sum of (n + q) ** -x."""
    shift = np.where(q < 0, -np.floor(q), 0)
    if not np.any(shift):
        return _scipy("zeta", x, q)
    # SciPy requires q > 0: the terms before that are added one by one.
    total = _scipy("zeta", x, np.where(shift > 0, q + shift, q))
    for number in range(int(np.max(shift))):
        base = q + np.asarray(number, q.dtype)
        term = np.power(base, -x)
        total = np.where(number < shift, total + term, total)
    poles = (q < 0) & (np.floor(q) == q)
    return np.where(poles, np.asarray(np.inf, q.dtype), total).astype(q.dtype)


def polygamma(n: Array, x: Array) -> Array:
    """Derivative number n of digamma, for whole n >= 0; NaN for others."""
    order = np.asarray(n, np.float64)
    whole = (order >= 0) & (np.floor(order) == order)
    order, point = np.broadcast_arrays(np.where(whole, order, 1), np.asarray(x, np.float64))
    factorial = np.exp(lgamma(order + 1))
    higher = np.where(order % 2 == 0, -1.0, 1.0) * factorial * zeta(order + 1, point)
    result = np.where(order == 0, digamma(np.asarray(point)), higher)
    return np.where(whole, result, np.nan).astype(x.dtype)
