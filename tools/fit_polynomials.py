"""Prints the fitted polynomials of the native engine's elementary functions.

Each is Chebyshev's interpolation of a smooth function on an interval, computed with 60 decimal
digits and written in powers; its error is measured between the nodes. Usage:

    python tools/fit_polynomials.py
"""

from __future__ import annotations

import decimal
from collections.abc import Callable
from decimal import Decimal

decimal.getcontext().prec = 60

Function = Callable[[Decimal], Decimal]

PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")


def cosine(x: Decimal) -> Decimal:
    """The cosine, by its series."""
    total = term = Decimal(1)
    for number in range(1, 120):
        term *= -x * x / (2 * number * (2 * number - 1))
        total += term
    return total


def arctangent_ratio(square: Decimal) -> Decimal:
    """(arctan(t) / t - 1) / t**2 for t**2 below 0.2."""
    return sum(
        ((-1) ** each * square ** (each - 1) / (2 * each + 1) for each in range(1, 120)), Decimal(0)
    )


def tanh_ratio(square: Decimal) -> Decimal:
    """(tanh(x) / x - 1) / x**2."""
    x = square.sqrt()
    grown = (2 * x).exp()
    return ((grown - 1) / (grown + 1) / x - 1) / square


def erf_ratio(square: Decimal) -> Decimal:
    """erf(x) / x."""
    total, term = Decimal(1), Decimal(1)
    for number in range(1, 400):
        term *= -square / number
        total += term / (2 * number + 1)
    return total * 2 / PI.sqrt()


def scaled_erfc(x: Decimal) -> Decimal:
    """exp(x**2) * erfc(x): by its series of positive terms, far out by a continued fraction."""
    if x < 4:
        with decimal.localcontext() as context:
            context.prec = 90
            term = total = x
            for number in range(1, 500):
                term *= 2 * x * x / (2 * number + 1)
                total += term
            return (x * x).exp() - total * 2 / PI.sqrt()
    fraction = x
    for number in range(900, 0, -1):
        fraction = x + Decimal(number) / 2 / fraction
    return 1 / (fraction * PI.sqrt())


# erfc(x) = exp(-x**2) * u * polynomial(u) with u = 1 / (x + SHIFT), for x from LEAST on.
SHIFT = Decimal(3)
LEAST = Decimal("0.75")


def erfc_ratio(u: Decimal) -> Decimal:
    """exp(x**2) * erfc(x) / u."""
    return scaled_erfc(1 / u - SHIFT) / u


def fit(function: Function, low: Decimal, high: Decimal, degree: int) -> list[Decimal]:
    """Coefficients, from the highest power down, of the interpolation at Chebyshev's nodes."""
    count = degree + 1
    nodes = [
        (low + high) / 2 + (high - low) / 2 * cosine(PI * (2 * each + 1) / (2 * count))
        for each in range(count)
    ]
    # Newton's divided differences, then multiplied out.
    divided = [function(node) for node in nodes]
    for order in range(1, count):
        for place in range(count - 1, order - 1, -1):
            gap = nodes[place] - nodes[place - order]
            divided[place] = (divided[place] - divided[place - 1]) / gap
    powers = [divided[-1]]
    for place in range(count - 2, -1, -1):
        shifted = [*powers, Decimal(0)]
        for index, coefficient in enumerate(powers):
            shifted[index + 1] -= nodes[place] * coefficient
        shifted[-1] += divided[place]
        powers = shifted
    return powers


def error(function: Function, powers: list[Decimal], low: Decimal, high: Decimal) -> float:
    """The largest relative error between the nodes."""
    worst = Decimal(0)
    for each in range(1, 200):
        x = low + (high - low) * each / 200
        value = Decimal(0)
        for coefficient in powers:
            value = value * x + coefficient
        worst = max(worst, abs(value / function(x) - 1))
    return float(worst)


TINY = Decimal("1e-12")
EIGHTH = (Decimal(2).sqrt() - 1) ** 2  # tan(pi / 8) squared

ROWS: list[tuple[str, Function, Decimal, Decimal, int]] = [
    ("ARCTANGENT, float64", arctangent_ratio, TINY, EIGHTH, 11),
    ("ARCTANGENT, float32", arctangent_ratio, TINY, EIGHTH, 5),
    ("TANH_NEAR, float32", tanh_ratio, TINY, Decimal("0.391"), 5),
    ("ERF_NEAR, float64", erf_ratio, TINY, LEAST**2, 10),
    ("ERF_NEAR, float32", erf_ratio, TINY, LEAST**2, 5),
    ("ERFC_FAR, float64", erfc_ratio, 1 / (28 + SHIFT), 1 / (LEAST + SHIFT), 19),
    ("ERFC_FAR, float32", erfc_ratio, 1 / (11 + SHIFT), 1 / (LEAST + SHIFT), 9),
]


def main() -> None:
    """Prints all of them."""
    for name, function, low, high, degree in ROWS:
        powers = fit(function, low, high, degree)
        print(f"# {name}: relative error {error(function, powers, low, high):.1e}")
        for coefficient in powers:
            print(f"    {float(coefficient)!r},")


if __name__ == "__main__":
    main()
