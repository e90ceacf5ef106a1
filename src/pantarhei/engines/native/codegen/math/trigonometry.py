"""Trigonometric functions of one element and their inverses.

Angles are reduced to a quarter of a half turn by Cody and Waite's subtraction of pi / 2 in parts,
where that is exact enough; larger ones are looked at again with as many bits of 2 / pi as they need
(Payne and Hanek 1983). Inverses all come from the arctangent of a quotient.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

from pantarhei.engines.native.codegen.math.elementary import FORMATS, Format, through_double
from pantarhei.engines.native.codegen.math.rare import again, constant_at
from pantarhei.engines.native.codegen.values import SSAValue, polynomial

# pi / 2: twice 33 bits, whose products with integers below 2**20 are exact, and the rest.
QUARTER = (
    float.fromhex("0x1.921fb54400000p+0"),
    float.fromhex("0x1.0b4611a600000p-34"),
    float.fromhex("0x1.3198a2e037073p-69"),
)
QUARTER_LOW = float.fromhex("0x1.1a62633145c07p-54")  # of pi / 2 beyond its double
# Up to here this reduction does.
LARGEST = 1e6
# sin(x) = x below this.
SMALLEST = 1e-9

# The number of quarters of a turn, and what is left of the angle in two parts.
Reduced = tuple[SSAValue, SSAValue, SSAValue]


def _sine(rest: SSAValue, low: SSAValue, terms: int) -> SSAValue:
    """sin(rest + low) within a quarter of a half turn."""
    square = rest * rest
    series = [(-1) ** each / math.factorial(2 * each + 1) for each in range(terms, 0, -1)]
    return rest + (rest * square * polynomial(square, series) + low * (1 - 0.5 * square))


def _cosine(rest: SSAValue, low: SSAValue, terms: int) -> SSAValue:
    """cos(rest + low) within a quarter of a half turn."""
    square = rest * rest
    half = 0.5 * square
    series = [(-1) ** each / math.factorial(2 * each) for each in range(terms, 1, -1)]
    whole = 1 - half
    lost = (1 - whole) - half
    return whole + (lost + (square * square * polynomial(square, series) - rest * low))


def _reduced(x: SSAValue) -> Reduced:
    """The nearest whole n to x / (pi / 2), as an integer, and the rest in two parts."""
    with x.function.exactly():
        rounder = x.of(FORMATS["double"].rounder)
        shifted = x * (2 / math.pi) + rounder
        whole = shifted - rounder
        first = x - whole * QUARTER[0]
        second = whole * QUARTER[1]
        high = first - second
        # What the subtraction lost, whichever of the two is larger.
        back = first - high
        lost = (first - (high + back)) + (back - second)
        low = lost - whole * QUARTER[2]
        rest = high + low
        return shifted.bits - rounder.bits, rest, low - (rest - high)


# --- large angles -------------------------------------------------------------------------------

# Windows into 2 / pi, of which each is eight bits further on.
WINDOW_BITS = 192
FIRST_EXPONENT = -40


@cache
def _windows() -> list[int]:
    """2 / pi without what gives whole turns for multiples of 2**(FIRST_EXPONENT + 8 * index)."""
    bits = 1500

    def inverse_tangent(number: int) -> int:
        total = term = (1 << bits) // number
        divisor = 1
        while term:
            term = -term // (number * number)
            divisor += 2
            total += term // divisor
        return total

    pi = 4 * (4 * inverse_tangent(5) - inverse_tangent(239))  # Machin 1706
    inverse = (1 << (2 * bits + 1)) // pi
    return [
        (inverse >> (bits - (WINDOW_BITS - 2) - exponent)) & ((1 << WINDOW_BITS) - 1)
        for exponent in range(FIRST_EXPONENT, 980, 8)
    ]


def _reduced_large(x: SSAValue) -> Reduced:
    """As `_reduced`, for any finite number from 2**13 on."""
    wide = f"i{WINDOW_BITS}"
    bits = x.bits & ((1 << 63) - 1)
    exponent = bits.binary("lshr", 52) - 1075 - FIRST_EXPONENT
    # Infinities and NaN have no place of their own.
    exponent = exponent.below(1012).choose(exponent, 0)
    mantissa = (bits & ((1 << 52) - 1)) | (1 << 52)
    mantissa = mantissa.binary("shl", exponent & 7)
    index = exponent.binary("lshr", 3)
    window = constant_at(_windows(), wide, index)
    # Quarters of a turn, with 190 bits after the point.
    point = WINDOW_BITS - 2
    product = window * mantissa.convert("zext", wide)
    n = (product + (1 << (point - 1))).binary("lshr", point)
    fraction = product - n.binary("shl", point)
    # Pieces of 32 bits become doubles exactly, the first with the sign. No double is so near to a
    # multiple of pi / 2 that more than two of them are 0.
    high = fraction.binary("ashr", 160).convert("trunc", "i64").convert("sitofp", "double")
    high, low = high * 2.0 ** (160 - point), x.of(0)
    for shift in (128, 96, 64):
        piece = fraction.binary("lshr", shift).convert("trunc", "i64") & ((1 << 32) - 1)
        value = piece.convert("sitofp", "double") * 2.0 ** (shift - point)
        total = high + value
        back = total - high
        low = low + ((high - (total - back)) + (value - back))
        high = total
    # Times pi / 2.
    quarter = math.pi / 2
    first = x.of(quarter).high
    second = quarter - first
    rest = high * quarter
    head, tail = high.high, high - high.high
    lost = ((head * first - rest) + head * second + tail * first) + tail * second
    low = lost + (high * QUARTER_LOW + low * quarter)
    total = rest + low
    low = low - (total - rest)
    negative = x.below(0)
    turns = n.convert("trunc", "i64")
    return negative.choose(-turns, turns), total.with_flipped(negative), low.with_flipped(negative)


# --- functions of angles ------------------------------------------------------------------------


def _sin_of(reduced: Reduced, terms: int, turn: int) -> SSAValue:
    """The sine of a reduced angle, `turn` quarters of a turn further."""
    n, rest, low = reduced
    n = n + turn
    with rest.function.contracting():
        odd = (n & 1).differs(0)
        value = odd.choose(_cosine(rest, low, terms), _sine(rest, low, terms))
    return value.with_flipped((n & 2).differs(0))


def sine_and_cosine(x: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Both, of a double below `LARGEST`."""
    n, rest, low = _reduced(x)
    with x.function.contracting():
        terms = FORMATS["double"].sine_terms
        sine, cosine = _sine(rest, low, terms), _cosine(rest, low, terms)
    odd = (n & 1).differs(0)
    return (
        odd.choose(cosine, sine).with_flipped((n & 2).differs(0)),
        odd.choose(sine, cosine).with_flipped(((n + 1) & 2).differs(0)),
    )


def _tan_of(reduced: Reduced, terms: int) -> SSAValue:
    n, rest, low = reduced
    with rest.function.contracting():
        sine, cosine = _sine(rest, low, terms), _cosine(rest, low, terms)
    odd = (n & 1).differs(0)
    return (odd.choose(cosine, sine) / odd.choose(sine, cosine)).with_flipped(odd)


def _everywhere(name: str, x: SSAValue, usual: SSAValue) -> SSAValue:
    """A function of angles of any size, from its values for moderate ones."""

    def rare(x: SSAValue) -> SSAValue:
        value = OF_REDUCED[name](_reduced_large(x), FORMATS["double"].sine_terms)
        return x.magnitude.below(math.inf).choose(value, math.nan)

    # NaN is not below either.
    usual = x.magnitude.below(LARGEST).choose(usual, math.nan)
    return again(f"{name}_large", usual, (x,), rare)


OF_REDUCED: dict[str, Callable[[Reduced, int], SSAValue]] = {
    "sin": lambda reduced, terms: _sin_of(reduced, terms, 0),
    "cos": lambda reduced, terms: _sin_of(reduced, terms, 1),
    "tan": _tan_of,
}


def _angular(name: str, x: SSAValue, format: Format) -> SSAValue:
    usual = OF_REDUCED[name](_reduced(x), format.sine_terms)
    if name != "cos":
        usual = x.magnitude.below(SMALLEST).choose(x, usual)
    return _everywhere(name, x, usual)


# --- inverses -----------------------------------------------------------------------------------

# (arctan(t) / t - 1) / t**2 in t**2, for |t| up to tan(pi / 8); see tools/fit_polynomials.py.
ARCTANGENT = (
    0.016285756855134323,
    -0.03457056198134207,
    0.045515932206228675,
    -0.05230454270649343,
    0.058789289978346364,
    -0.06666424885738241,
    0.07692296375032141,
    -0.09090908753500877,
    0.11111111105155447,
    -0.14285714285659828,
    0.19999999999999804,
    -0.3333333333333333,
)
ARCTANGENT_SHORT = (
    0.05048138512067175,
    -0.08624675643545244,
    0.1107136502188377,
    -0.14284151193628536,
    0.19999977258688384,
    -0.333333332792548,
)


def _arctan2(y: SSAValue, x: SSAValue, format: Format) -> SSAValue:
    """The angle of the point (x, y)."""
    up, along = y.magnitude, x.magnitude
    steep = along.below(up)
    small, large = steep.choose(along, up), steep.choose(up, along)
    # Sums of the two stay in range; both infinite is a slope of 1, both zero one of 0.
    scale = x.of(2.0**1000).below(large).choose(x.of(2.0**-10), 1)
    infinite = small.equals(math.inf)
    small = infinite.choose(x.of(1), small * scale)
    large = infinite.choose(x.of(1), large * scale)
    large = large.equals(0).choose(x.of(1), large)
    # arctan(q) = pi / 4 + arctan((q - 1) / (q + 1)).
    large_angle = (large * math.tan(math.pi / 8)).below(small)
    t = large_angle.choose(small - large, small) / large_angle.choose(small + large, large)
    square = t * t
    with x.function.contracting():
        tail = t * square * polynomial(square, ARCTANGENT if format.is_full else ARCTANGENT_SHORT)
    # pi / 4, pi / 2 and pi in two parts: what is added is t, or -t.
    quarter, low = math.pi / 4, QUARTER_LOW / 2
    base = large_angle.choose(x.of(quarter), 0.0)
    base_low = large_angle.choose(x.of(low), 0.0)
    base, base_low = (
        steep.choose(2 * quarter - base, base),
        steep.choose(2 * low - base_low, base_low),
    )
    value, tail = t.with_flipped(steep), tail.with_flipped(steep)
    backward = x.bits.below(0)
    base, base_low = (
        backward.choose(4 * quarter - base, base),
        backward.choose(4 * low - base_low, base_low),
    )
    value, tail = value.with_flipped(backward), tail.with_flipped(backward)
    angle = (base + (value + (tail + base_low))).with_sign_of(y)
    unordered = x.differs(x) | y.differs(y)
    return unordered.choose(x + y, angle)


def _arctan(x: SSAValue, format: Format) -> SSAValue:
    angle = _arctan2(x, x.of(1), format)
    return x.magnitude.below(SMALLEST).choose(x, angle)


def _other_side(x: SSAValue) -> SSAValue:
    """sqrt(1 - x * x), NaN out of range."""
    return ((1 - x) * (1 + x)).intrinsic("sqrt")


def _arcsin(x: SSAValue, format: Format) -> SSAValue:
    angle = _arctan2(x, _other_side(x), format)
    return x.magnitude.below(SMALLEST).choose(x, angle)


def _arccos(x: SSAValue, format: Format) -> SSAValue:
    return _arctan2(_other_side(x), x, format)


# By the names of the primitives.
FUNCTIONS = {
    "sin": through_double(lambda x, format: _angular("sin", x, format)),
    "cos": through_double(lambda x, format: _angular("cos", x, format)),
    "tan": through_double(lambda x, format: _angular("tan", x, format)),
    "arctan": through_double(_arctan),
    "arcsin": through_double(_arcsin),
    "arccos": through_double(_arccos),
}
arctan2 = through_double(_arctan2)
