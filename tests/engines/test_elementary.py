"""Elementary functions of the native engine against extended precision, in last places."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from pantarhei.engines.native.runtime import engine
from tests.engines.agreement import builder, inputs

# Errors in units of the last place, of float32 and of float64: what was found, rounded up to the
# next half. Where float32 goes by way of float64 little more than its rounding is left.
LIMITS = {
    "exp": (1.5, 1.5),
    "expm1": (1.0, 2.0),
    "log": (1.0, 1.0),
    "log1p": (1.0, 1.5),
    "tanh": (1.5, 3.0),
    "sigmoid": (2.0, 2.0),
    "sin": (1.0, 1.0),
    "cos": (1.0, 1.0),
    "tan": (1.0, 2.5),
    "arcsin": (1.0, 2.5),
    "arccos": (1.0, 2.5),
    "arctan": (1.0, 2.0),
    "sinh": (1.0, 2.5),
    "cosh": (1.0, 1.5),
    "arcsinh": (1.0, 2.5),
    "arccosh": (1.0, 3.0),
    "arctanh": (1.0, 2.5),
    "erf": (1.0, 2.5),
    "erfc": (1.0, 6.5),
}
# A power of float64 is within 7e-15: its logarithm has 60 bits, of which 10 stand before the point.
PAIRS = {"power": (1.0, 32.0), "arctan2": (1.0, 2.5)}

CASES = [(name, dtype) for name in sorted(LIMITS) for dtype in ("float32", "float64")]

# Where functions change their way, and where their results leave the range of normal numbers.
BOUNDARIES = [
    *(0.25, 0.375, 0.41421357, 0.5, 0.6, 0.625, 0.70710678, 0.75, 1.0, 1.41421356, 2.41421356, 2.0),
    *(1e-17, 1e-9, 3e-8, 11.0, 22.0, 28.0, 50.0, 1e6, 2.0**20, 2.0**28, 2.0**60, 2.0**64, 1e38),
    6381956970095103 * 2.0**797,  # of all doubles the nearest to a multiple of pi / 2
    *(9.1, 10.05, 26.5, 27.2, 87.3, 88.72, 89.41, 103.97, 708.39, 709.78, 710.47, 745.13, 800.0),
]

pytestmark = pytest.mark.skipif(
    np.finfo(np.longdouble).nmant < 60, reason="needs extended precision to compare with"
)


def complement(x: Any) -> Any:
    """erfc of numbers from 2 on: its continued fraction."""
    x = np.minimum(x, np.longdouble(200))
    fraction = x
    for number in range(160, 0, -1):
        fraction = x + np.longdouble(number) / 2 / fraction
    return np.exp(-x * x) / fraction / np.sqrt(np.longdouble(np.pi) + PI_REST)


# What float64's pi lacks.
PI_REST = np.longdouble(1.2246467991473532e-16)


def erf_near(x: Any) -> Any:
    """erf of numbers up to 2: a series without cancellation."""
    term = total = x
    for number in range(1, 70):
        term = term * (2 * x * x / (2 * number + 1))
        total = total + term
    return 2 * np.exp(-x * x) * total / np.sqrt(np.longdouble(np.pi) + PI_REST)


def exact(name: str, *operands: Any) -> Any:
    """The function in extended precision."""
    (x, *_) = operands
    if name == "sigmoid":
        return np.where(x < 0, np.exp(np.minimum(x, 0)), 1) / (1 + np.exp(-np.abs(x)))
    if name in ("erf", "erfc"):
        size = np.abs(x)
        is_near = size < 2
        near, far = np.zeros_like(x), np.ones_like(x)
        near[is_near], far[~is_near] = erf_near(size[is_near]), complement(size[~is_near])
        if name == "erf":
            return np.copysign(np.where(is_near, near, 1 - far), x)
        return np.where(is_near, 1 - np.copysign(near, x), np.where(x < 0, 2 - far, far))
    return getattr(np, name)(*operands)


@cache
def _compiled(name: str, types: tuple[Any, ...]) -> Any:
    b = builder()
    operands = [b.input(type) for type in types]
    return engine.compile(b.finish([getattr(b, name)(*operands)]))


def native(name: str) -> Callable[..., Any]:
    """The function as the engine computes it."""

    def run(*arrays: Any) -> Any:
        b = builder()
        types = tuple(value.type for value in inputs(b, list(arrays)))
        return _compiled(name, types)(list(arrays))[0]

    return run


@cache
def numbers(dtype: str) -> Any:
    """Numbers over all of a format: of every exponent, evenly, and around all boundaries."""
    random = np.random.default_rng(7)
    whole = np.uint32 if dtype == "float32" else np.uint64
    bits = np.arange(0, 2**32, 35_009, dtype=np.uint64)
    if dtype == "float64":
        bits = (bits << np.uint64(32)) | random.integers(0, 2**32, bits.size, dtype=np.uint64)
    quarters = np.concatenate([np.arange(1, 2000), random.integers(2000, 2_000_000, 5000)])
    edges = np.array([*BOUNDARIES, *(quarters * np.pi / 2), *(np.pi * 2.0 ** np.arange(20, 120))])
    edges = edges[edges < np.finfo(dtype).max].astype(dtype)
    around = [edges]
    for limit in (-np.inf, np.inf):
        step = edges
        for _ in range(3):
            step = np.nextafter(step, np.asarray(limit, dtype))
            around.append(step)
    parts = [
        bits.astype(whole).view(dtype),
        *around,
        -edges,
        random.uniform(-1, 1, 20_000),
        random.uniform(-12, 12, 20_000),
        random.uniform(-750, 750, 20_000),
        1 + random.normal(size=5_000) * 1e-3,
        [0.0, -0.0, np.inf, -np.inf, np.nan, -1.0],
    ]
    joined = np.concatenate([np.asarray(part).astype(dtype) for part in parts])
    joined[np.isnan(joined)] = np.nan  # no signalling ones: conversions would warn
    return joined


def last_places(found: Any, wanted: Any) -> Any:
    """Differences in units of the last place; infinite for another infinity, NaN or sign."""
    dtype = found.dtype
    rounded = wanted.astype(dtype)
    unit = np.maximum(np.spacing(np.abs(rounded)), np.finfo(dtype).smallest_subnormal)
    # What overflows to within a rounding may be either.
    error = np.abs(found - wanted) / unit
    same = (found == rounded) & (np.signbit(found) == np.signbit(rounded))
    error = np.where(np.isfinite(found) & np.isfinite(rounded), error, np.where(same, 0, np.inf))
    error = np.where(np.signbit(found) == np.signbit(rounded), error, np.inf)
    return np.where(np.isnan(rounded), np.where(np.isnan(found), 0, np.inf), error)


def assert_within(limit: float, found: Any, wanted: Any, *operands: Any) -> None:
    error = last_places(found, wanted)
    worst = int(error.argmax())
    assert error[worst] <= limit, (
        f"{error[worst]} units at {[each[worst] for each in operands]}: "
        f"{found[worst]} instead of {wanted[worst]}"
    )


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_last_places(name: str, dtype: str) -> None:
    x = numbers(dtype)
    with np.errstate(all="ignore"):
        wanted = exact(name, x.astype(np.longdouble))
        assert_within(LIMITS[name][dtype == "float64"], native(name)(x), wanted, x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(PAIRS))
def test_last_places_of_pairs(name: str, dtype: str) -> None:
    random = np.random.default_rng(11)
    x, y = random.permutation(numbers(dtype))[:60_000], random.permutation(numbers(dtype))[:60_000]
    # Most powers are out of range: here are some that are not.
    base = np.exp(random.uniform(-80, 80, 40_000))
    exponent = random.uniform(-745, 709, 40_000) / np.log(base)
    near = 1 + random.normal(size=20_000) * 1e-4
    x = np.concatenate([x, base, -base[:5_000], near]).astype(dtype)
    far = random.uniform(-7e6, 7e6, 20_000)
    y = np.concatenate([y, exponent, np.rint(exponent[:5_000]), far]).astype(dtype)
    with np.errstate(all="ignore"):
        wanted = exact(name, x.astype(np.longdouble), y.astype(np.longdouble))
        assert_within(PAIRS[name][dtype == "float64"], native(name)(x, y), wanted, x, y)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["power", "arctan2", "fmod", "mod", "nextafter"])
def test_special_pairs(name: str, dtype: str) -> None:
    """To the bit what NumPy gives, the sign of zero too, for all pairs of special numbers."""
    kind = np.finfo(dtype)
    sizes = [0.0, 1.0, 0.5, 2.0, 3.0, 2.5, np.inf, float(kind.smallest_subnormal), float(kind.max)]
    both = np.array([*sizes, *(-size for size in sizes), np.nan], dtype)
    x, y = (each.ravel() for each in np.meshgrid(both, both))
    with np.errstate(all="ignore"):
        b = builder()
        reference = getattr(b, name)(*inputs(b, [x, y])).node.primitive.reference
        wanted, found = reference(x, y), native(name)(x, y)
    close = np.isclose(found, wanted, rtol=2 * kind.eps, atol=0, equal_nan=True)
    bad = ~close | ((np.signbit(found) != np.signbit(wanted)) & ~np.isnan(wanted))
    assert not bad.any(), list(zip(x[bad], y[bad], found[bad], wanted[bad], strict=True))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["fmod", "mod", "nextafter"])
def test_remainders_are_exact(name: str, dtype: str) -> None:
    random = np.random.default_rng(3)
    x, y = random.permutation(numbers(dtype)), random.permutation(numbers(dtype))
    # Quotients about the size up to which two products do.
    ratio = 2.0 ** random.uniform(20, 30, 20_000)
    near = random.uniform(1, 2, 20_000).astype(dtype)
    multiple = (near * np.rint(random.uniform(1, 2**24, 20_000))).astype(dtype)
    x = np.concatenate([x[:40_000], near * ratio, multiple, near]).astype(dtype)
    y = np.concatenate([y[:40_000], near[::-1], near, multiple]).astype(dtype)
    with np.errstate(all="ignore"):
        b = builder()
        reference = getattr(b, name)(*inputs(b, [x, y])).node.primitive.reference
        wanted = reference(x, y)
        assert_within(0.0, native(name)(x, y), wanted, x, y)


def test_the_parts_of_a_vector_and_its_end_agree() -> None:
    """An element has one value wherever it stands: in a vector of eight or among the rest."""
    for dtype in ("float32", "float64"):
        for value in (0.7311, 7.3e8):
            x = np.full(67, value, dtype)
            for name in LIMITS:
                assert np.unique(native(name)(x)).size == 1
