"""Exponentials and logarithms of one element, without branches, so that loops over them vectorise.

Arguments are reduced to a small range exactly (Cody and Waite 1980), a series follows, and the
result is put together from it. Results are within 2.5 units in the last place; NaN, infinities,
subnormal numbers and signed zeros come out as IEEE 754 recommends.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from pantarhei.engines.native.codegen.values import SSAValue, polynomial

LOG2E = 1 / math.log(2)


@dataclass(frozen=True)
class Format:
    """What the functions depend on in a float format."""

    fraction_bits: int
    bias: int
    # ln 2 in two parts: products of the first with whole exponents are exact.
    ln2_high: float
    ln2_low: float
    # Terms of the exponential's series after which nothing is left within |r| <= ln(2) / 2.
    exponential_terms: int
    # Terms of the series of log((1 + s) / (1 - s)) in s * s, for |s| <= 0.172.
    logarithm_terms: int
    # Below and above these exp is 0 and infinite; half of it too, without a larger power of 2.
    exponential_low: float
    exponential_high: float
    smallest_normal: float
    # Terms of the sine's series after the first, within |r| <= pi / 4.
    sine_terms: int = 8
    # Whether fitted polynomials have to be right to the last of a double's bits.
    is_full: bool = True

    @property
    def rounder(self) -> float:
        """Adding and subtracting it rounds to an integer, which stays in the lowest bits."""
        return 1.5 * 2.0**self.fraction_bits


FORMATS = {
    "float": Format(23, 127, 0.693359375, -2.12194440054690583e-4, 7, 5, -104, 89, 2.0**-126),
    "double": Format(
        52, 1023, 0.6931471803691238, 1.9082149292705877e-10, 13, 10, -746, 710.6, 2.0**-1022
    ),
}

# Doubles that become floats need fewer terms.
FLOAT_IN_DOUBLE = replace(
    FORMATS["double"], exponential_terms=9, logarithm_terms=7, sine_terms=5, is_full=False
)


def _power_of_two(exponent: SSAValue, format: Format) -> SSAValue:
    """2 to a whole power (an integer within the range of normal exponents)."""
    return (exponent + format.bias).binary("shl", format.fraction_bits).as_float


def _reduced(x: SSAValue, format: Format) -> tuple[SSAValue, SSAValue]:
    """The nearest whole n to x / ln 2, as an integer, and x - n ln 2."""
    rounder = x.of(format.rounder)
    shifted = x * LOG2E + rounder
    whole = shifted - rounder
    rest = (x - whole * format.ln2_high) - whole * format.ln2_low
    return shifted.bits - rounder.bits, rest


def _clamped(x: SSAValue, low: float, high: float) -> SSAValue:
    """x between the limits; NaN stays."""
    x = x.below(low).choose(x.of(low), x)
    return x.of(high).below(x).choose(x.of(high), x)


def _series(rest: SSAValue, format: Format) -> SSAValue:
    """(exp(r) - 1 - r) / r / r."""
    terms = range(format.exponential_terms, 1, -1)
    return polynomial(rest, [1 / math.factorial(each) for each in terms])


def exp(x: SSAValue) -> SSAValue:
    """e to the power x."""
    return exponential(x, FORMATS[x.type])


def exponential(
    x: SSAValue,
    format: Format,
    low: SSAValue | None = None,
    factor: SSAValue | None = None,
    doublings: int = 0,
) -> SSAValue:
    """exp(x + low) * factor * 2**doublings; out of range only where the result is."""
    with x.function.contracting():
        n, rest = _reduced(_clamped(x, format.exponential_low, format.exponential_high), format)
        rest = rest if low is None else rest + low
        value = 1 + (rest + rest * rest * _series(rest, format))
        value = value if factor is None else value * factor
        # In two steps, since 2**n alone may be out of range where the result is not.
        half = n.binary("ashr", 1)
        return value * _power_of_two(half, format) * _power_of_two(n - half + doublings, format)


def half_expm1(x: SSAValue, format: Format) -> SSAValue:
    """(exp(x) - 1) / 2; the sign of zero is lost."""
    with x.function.contracting():
        n, rest = _reduced(_clamped(x, -50.0, format.exponential_high), format)
        # exp(r) - 1, exact to its own last place; then 2**n times it, and 2**n - 1, with a quarter
        # of 2**n so that it is not out of range before the result is.
        small = rest + rest * rest * _series(rest, format)
        quarter = _power_of_two(n - 2, format)
        return 2 * (quarter * small + (quarter - 0.25))


def expm1(x: SSAValue) -> SSAValue:
    """exp(x) - 1, exact near 0 too."""
    return through_double(_expm1)(x)


def _expm1(x: SSAValue, format: Format) -> SSAValue:
    return x.magnitude.below(1e-17).choose(x, 2 * half_expm1(x, format))


ElementFunction = Callable[..., SSAValue]


def through_double(function: ElementFunction) -> ElementFunction:
    """A function of doubles and their format, for floats too: with as many terms as those need."""

    def either(*operands: SSAValue) -> SSAValue:
        if operands[0].type == "double":
            return function(*operands, FORMATS["double"])
        wide = [each.convert("fpext", "double") for each in operands]
        return function(*wide, FLOAT_IN_DOUBLE).convert("fptrunc", "float")

    return either


# (tanh(x) / x - 1) / x**2 in x**2, for |x| up to 0.625; see tools/fit_polynomials.py.
TANH_NEAR = (
    0.0022918094207583814,
    -0.008343119638544937,
    0.021768666325115475,
    -0.05395922855611936,
    0.1333330342585789,
    -0.33333333171275803,
)


def tanh(x: SSAValue) -> SSAValue:
    """Hyperbolic tangent: far from 0 its complement 2 / (exp(2 |x|) + 1) is small."""
    format = FORMATS[x.type]
    with x.function.contracting():
        size = x.magnitude
        size = x.of(22.0).below(size).choose(x.of(22.0), size)
        if x.type == "float":
            square = x * x
            near = x + x * (square * polynomial(square, TANH_NEAR))
            far = 1 - 2 / (exp(size + size) + 1)
            return size.below(0.625).choose(near, far).with_sign_of(x)
        grown = 2 * half_expm1(size + size, format)
        is_far = x.of(0.6).below(size)
        part = is_far.choose(x.of(2), grown) / (grown + 2)
        part = size.below(1e-9).choose(size, part)
        return is_far.choose(1 - part, part).with_sign_of(x)


def sigmoid(x: SSAValue) -> SSAValue:
    """1 / (1 + exp(-x)), never by way of infinity: for x below 0 small / (1 + small)."""
    format = FORMATS[x.type]
    with x.function.contracting():
        n, rest = _reduced(_clamped(-x.magnitude, format.exponential_low, 0.0), format)
        part = rest + rest * rest * _series(rest, format)
        value = 1 + part
        half = n.binary("ashr", 1)
        small = value * _power_of_two(half, format) * _power_of_two(n - half, format)
        is_positive = x.of(0).at_most(x)
        # What the addition of 1 lost matters where the numerator has lost it, too.
        lost = is_positive.choose(x.of(0.0), part - (value - 1))
        denominator = 1 + (small - lost * (1 + small))
        return is_positive.choose(x.of(1), small) / denominator


def log(x: SSAValue) -> SSAValue:
    """Natural logarithm; NaN below 0."""
    with x.function.contracting():
        return _special_logarithms(x, logarithm(x, FORMATS[x.type]))


def _special_logarithms(x: SSAValue, result: SSAValue) -> SSAValue:
    result = x.equals(math.inf).choose(x, result)
    result = x.equals(0).choose(x.of(-math.inf), result)
    # What is below 0 or NaN is not at least 0.
    return x.of(0).at_most(x).choose(result, x.of(math.nan))


def split(x: SSAValue, format: Format) -> tuple[SSAValue, SSAValue]:
    """n and m with x = 2**n * m and m between sqrt(1/2) and sqrt(2), for positive finite x."""
    scaling = 2.0 ** (format.fraction_bits + 2)
    subnormal = x.below(format.smallest_normal)
    bits = subnormal.choose(x * scaling, x).bits
    # The exponent is counted from sqrt(1/2).
    middle = x.of(math.sqrt(0.5)).bits
    offset = bits - middle
    exponent = offset.binary("ashr", format.fraction_bits)
    mantissa = (bits - exponent.binary("shl", format.fraction_bits)).as_float
    # An integer becomes a float by way of its bits: not every processor converts vectors of int64.
    rounder = x.of(format.rounder)
    n = (exponent + rounder.bits).as_float - rounder
    return n - subnormal.choose(x.of(format.fraction_bits + 2), 0), mantissa


def _logarithm_series(s: SSAValue, format: Format) -> SSAValue:
    """(log((1 + s) / (1 - s)) - 2 s) / s."""
    square = s * s
    terms = range(format.logarithm_terms, 0, -1)
    return square * polynomial(square, [2 / (2 * each + 1) for each in terms])


def logarithm(x: SSAValue, format: Format) -> SSAValue:
    """Logarithm of a positive finite number."""
    n, mantissa = split(x, format)
    f = mantissa - 1
    s = f / (f + 2)
    series = _logarithm_series(s, format)
    half = 0.5 * f * f
    return n * format.ln2_high - ((half - (s * (half + series) + n * format.ln2_low)) - f)


def logarithm_in_two(x: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Logarithm of a positive finite double to 68 bits: the first 26, and the rest."""
    format = FORMATS["double"]
    with x.function.exactly():
        n, mantissa = split(x, format)
        f, denominator = mantissa - 1, mantissa + 1
        whole = denominator.high
        rest = mantissa - (whole - 1)
        # s = f / (m + 1) in two parts; what the first leaves is exact.
        inverse = 1 / denominator
        s_high = (f * inverse).high
        s_low = ((f - s_high * whole) - s_high * rest) * inverse
        s = s_high + s_low
        tail = s * _logarithm_series(s, format)
        large, small = n * format.ln2_high, 2 * s_high
        total = large + small
        low = (small - (total - large)) + (2 * s_low + tail + n * format.ln2_low)
        high = (total + low).high
        return high, (total - high) + low


def log1p(x: SSAValue) -> SSAValue:
    """log(1 + x), exact near 0 too."""
    return through_double(log1p_of)(x)


def log1p_of(x: SSAValue, format: Format) -> SSAValue:
    """log(1 + x) of a double."""
    with x.function.exactly():
        u = x + 1
        lost = x - (u - 1)
    with x.function.contracting():
        result = _special_logarithms(u, logarithm(u, format) + lost / u)
    return x.magnitude.below(1e-17).choose(x, result)


# By the names of the primitives.
FUNCTIONS = {
    "exp": exp,
    "expm1": expm1,
    "log": log,
    "log1p": log1p,
    "tanh": tanh,
    "sigmoid": sigmoid,
}
