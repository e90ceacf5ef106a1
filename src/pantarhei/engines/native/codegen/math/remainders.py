"""Quotients and remainders of one element: of floats, and of integers by divisors not 0.

Remainders of floats are exact. Where the quotient is small two products and differences give them;
where it is not, the divisor is doubled until it is near, and subtracted on the way back.
"""

from __future__ import annotations

import math

from pantarhei.engines.native.codegen.math.elementary import Format, through_double
from pantarhei.engines.native.codegen.math.rare import again
from pantarhei.engines.native.codegen.values import SSAValue

# Below this the quotient times either half of the divisor is exact.
LARGEST_QUOTIENT = 2.0**25


def _fmod(x: SSAValue, y: SSAValue, format: Format) -> SSAValue:
    """x - y * trunc(x / y)."""
    size, divisor = x.magnitude, y.magnitude
    with x.function.exactly():
        quotient = (size / divisor).intrinsic("trunc")
        high = divisor.high
        rest = (size - quotient * high) - quotient * (divisor - high)
        # The quotient may have been rounded up.
        rest = rest.below(0).choose(rest + divisor, rest)
    rest = size.below(divisor).choose(size, rest)
    usual = quotient.below(LARGEST_QUOTIENT).choose(rest, math.nan)
    return again("fmod_large", usual, (size, divisor), _long_division).with_sign_of(x)


def _long_division(size: SSAValue, divisor: SSAValue) -> SSAValue:
    """The remainder of two numbers not below 0, for any quotient; every step is exact."""
    function = size.function
    fits = size.below(math.inf) & size.of(0).below(divisor)
    # For others the loops end at once.
    start = fits.choose(divisor, 1.0)
    rest = fits.choose(size, 0.0)
    with function.repeat() as up:
        doubled = up.phi(start)
        twice = doubled + doubled
        up.next(doubled, twice)
        up.again = twice.at_most(rest)
    with function.repeat() as down:
        part, left = down.phi(doubled), down.phi(rest)
        less = part.at_most(left).choose(left - part, left)
        down.next(left, less)
        down.next(part, part * 0.5)
        down.again = part.differs(start)
    return fits.choose(less, math.nan)


fmod = through_double(_fmod)


def floor_mod(x: SSAValue, y: SSAValue) -> SSAValue:
    """The remainder with the sign of the divisor; 0 keeps the sign of the dividend."""
    rest = fmod(x, y) if x.is_float else whole_fmod(x, y)
    wrong = rest.differs(0) & (rest.below(0) ^ y.below(0))
    return wrong.choose(rest + y, rest)


def _safe(x: SSAValue, y: SSAValue, instruction: str) -> SSAValue:
    """A division that does not fault; for divisors -1 the divisor is 1."""
    return x.binary(instruction, y.equals(-1).choose(y.of(1), y))


def quotient(x: SSAValue, y: SSAValue) -> SSAValue:
    """The quotient of integers, rounded towards 0; negating the smallest one wraps around."""
    value = _safe(x, y, "sdiv")
    return value.with_flipped(y.equals(-1))


def floor_quotient(x: SSAValue, y: SSAValue) -> SSAValue:
    """The quotient of integers, rounded down."""
    value = quotient(x, y)
    inexact = whole_fmod(x, y).differs(0)
    return value - (inexact & (x.below(0) ^ y.below(0))).choose(x.of(1), 0)


def whole_fmod(x: SSAValue, y: SSAValue) -> SSAValue:
    """The remainder of integers, with the sign of the dividend."""
    return _safe(x, y, "srem")
