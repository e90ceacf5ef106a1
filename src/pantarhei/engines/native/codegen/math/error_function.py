"""The error function and its complement, of one element.

Near 0 a polynomial; from 0.75 on exp(-x * x) times a polynomial in 1 / (x + 3), where the square is
taken in two parts so that its rounding does not grow with it.
"""

from __future__ import annotations

from pantarhei.engines.native.codegen.math.elementary import Format, exponential, through_double
from pantarhei.engines.native.codegen.values import SSAValue, polynomial

LEAST = 0.75
SHIFT = 3.0
# From here on both are what they are at infinity.
LARGEST = 28.0

# All fitted by tools/fit_polynomials.py. erf(x) / x in x * x:
NEAR = (
    1.1472499701089409e-08,
    -1.5940066854660156e-07,
    1.6430684179741352e-06,
    -1.4924196305569603e-05,
    0.00012055289567541706,
    -0.0008548326188759752,
    0.005223977615420539,
    -0.026866170644428485,
    0.11283791670952596,
    -0.37612638903183715,
    1.1283791670955126,
)
NEAR_SHORT = (
    -0.0006756479568677156,
    0.005115332112531778,
    -0.02683511456860945,
    0.11283386538414537,
    -0.37612619469437675,
    1.1283791655787516,
)
# exp(x * x) erfc(x) / u in u = 1 / (x + SHIFT); the short one is for x up to 11.
FAR = (
    -7488466.867069068,
    30052657.40223401,
    -51468601.59845659,
    50461978.364084505,
    -31720112.22745226,
    13583267.685700348,
    -4183582.6023411676,
    991924.3202744905,
    -184688.93434472446,
    24608.026697457943,
    -3473.5168856939104,
    356.504393883711,
    151.96021459819713,
    125.75637282191887,
    67.22936925925872,
    30.89105094007569,
    12.69422515080779,
    4.795612131650355,
    1.6925687438411292,
    0.5641895835794034,
)
FAR_SHORT = (
    2675.87719270806,
    -4795.361250133763,
    2868.1209789192176,
    -714.7118686876076,
    233.34554898308204,
    9.161406126617209,
    14.571958254485102,
    4.692487295627961,
    1.6958279070306987,
    0.5641445027785764,
)


def _parts(x: SSAValue, format: Format) -> tuple[SSAValue, SSAValue, SSAValue]:
    """Whether |x| is small, erf(x) if so, and erfc(|x|) if not; NaN for NaN."""
    size = x.magnitude
    size = x.of(LARGEST).below(size).choose(x.of(LARGEST), size)
    is_near = size.below(LEAST)
    with x.function.exactly():
        high = size.high
        square = high * high
        rest = (size - high) * (size + high)
    with x.function.contracting():
        near = x * polynomial(x * x, NEAR if format.is_full else NEAR_SHORT)
        u = 1 / (size + SHIFT)
        factor = u * polynomial(u, FAR if format.is_full else FAR_SHORT)
    return is_near, near, exponential(-square, format, low=-rest, factor=factor)


def _erf(x: SSAValue, format: Format) -> SSAValue:
    is_near, near, far = _parts(x, format)
    return is_near.choose(near, (1 - far).with_sign_of(x))


def _erfc(x: SSAValue, format: Format) -> SSAValue:
    is_near, near, far = _parts(x, format)
    return is_near.choose(1 - near, x.below(0).choose(2 - far, far))


# By the names of the primitives.
FUNCTIONS = {"erf": through_double(_erf), "erfc": through_double(_erfc)}
