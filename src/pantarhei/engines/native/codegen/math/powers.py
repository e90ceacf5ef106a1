"""Powers and hyperbolic functions of one element, from exponentials and logarithms.

Powers of doubles take the logarithm in two parts: its error would come out multiplied by the
exponent and by the logarithm itself. Special values are those of IEEE 754's pow.
"""

from __future__ import annotations

import math

from pantarhei.engines.native.codegen.math.elementary import (
    Format,
    exponential,
    half_expm1,
    log1p_of,
    logarithm,
    logarithm_in_two,
    through_double,
)
from pantarhei.engines.native.codegen.values import SSAValue

# Beyond this, positive or negative, exp is infinite or 0 for certain.
LARGEST = 800.0
# From here on x + 1 and sqrt(x * x + 1) are x.
HUGE = 2.0**60


def _power(x: SSAValue, y: SSAValue, format: Format) -> SSAValue:
    size = x.magnitude
    with x.function.exactly():
        if format.is_full:
            log_high, log_low = logarithm_in_two(size)
            log = log_high + log_low
        else:
            log = logarithm(size, format)
        log = size.equals(0).choose(x.of(-math.inf), log)
        log = size.equals(math.inf).choose(size, log)
        log = size.differs(size).choose(size, log)
        product, low = y * log, None
        if format.is_full:
            y_high = y.high
            moderate = product.magnitude.below(LARGEST)
            rest = y * log_low + (y - y_high) * log_high
            product = moderate.choose(y_high * log_high, product)
            low = moderate.choose(rest, 0.0)
    value = exponential(product, format, low=low)
    value = (size.equals(1) | y.equals(0)).choose(x.of(1), value)
    floor, half = y.intrinsic("floor"), 0.5 * y
    is_whole = floor.equals(y)
    is_odd = is_whole & half.intrinsic("floor").differs(half)
    value = is_odd.choose(value.with_sign_of(x), value)
    # -1 to the power NaN is here, too.
    undefined = x.below(0) & (is_whole ^ 1) & size.below(math.inf)
    return undefined.choose(x.of(math.nan), value)


def _sinh(x: SSAValue, format: Format) -> SSAValue:
    half = half_expm1(x.magnitude, format)
    value = half + half / (2 * half + 1)
    value = half.equals(math.inf).choose(half, value)
    value = value.with_sign_of(x)
    return x.magnitude.below(1e-9).choose(x, value)


def _cosh(x: SSAValue, format: Format) -> SSAValue:
    half = exponential(x.magnitude, format, doublings=-1)
    return half + 0.25 / half


def _arcsinh(x: SSAValue, format: Format) -> SSAValue:
    size = x.magnitude
    huge = x.of(HUGE).below(size)
    square = size * size
    moved = size + square / (1 + (square + 1).intrinsic("sqrt"))
    value = log1p_of(huge.choose(size, moved), format)
    value = value + huge.choose(x.of(math.log(2)), 0.0)
    return value.with_sign_of(x)


def _arccosh(x: SSAValue, format: Format) -> SSAValue:
    huge = x.of(HUGE).below(x)
    t = x - 1
    moved = t + (t * (x + 1)).intrinsic("sqrt")
    value = log1p_of(huge.choose(x, moved), format) + huge.choose(x.of(math.log(2)), 0.0)
    return x.of(1).at_most(x).choose(value, math.nan)


def _arctanh(x: SSAValue, format: Format) -> SSAValue:
    size = x.magnitude
    value = 0.5 * log1p_of(2 * size / (1 - size), format)
    return x.magnitude.below(1e-9).choose(x, value.with_sign_of(x))


# By the names of the primitives.
FUNCTIONS = {
    "sinh": through_double(_sinh),
    "cosh": through_double(_cosh),
    "arcsinh": through_double(_arcsinh),
    "arccosh": through_double(_arccosh),
    "arctanh": through_double(_arctanh),
}
power = through_double(_power)
