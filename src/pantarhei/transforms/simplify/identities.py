"""The table of identities: laws of arithmetic that hold to the bit.

NaN, infinities and signs of zero are what they were, for floating-point numbers and whole ones. So
`x * 0` is not 0, `x + 0` is not `x` (for -0.0 it is 0), `-(x - y)` is not `y - x`, and nothing is
reordered that rounds.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.program.ir import Value
from pantarhei.transforms.simplify.rewriting import FLOATS, REAL, WHOLE, Example, Rule, Rules

ANY = "biufcSUOV"
SIGNED = "if"
COMPLEX = "c"


def _is_power_of_two(constant: Value, **_: Any) -> bool:
    """Whether dividing by a constant is multiplying by another one, which has to be normal."""
    array = constant.node.constant
    if array is None or array.dtype not in (np.float32, np.float64):
        return False
    mantissas, exponents = np.frexp(array)
    limit = 100 if array.dtype == np.float32 else 1000
    return bool((np.abs(mantissas) == 0.5).all() and (np.abs(exponents) < limit).all())


def _example(before: str, after: str, inputs: str = "x: float32[2,3]; y: float32[2,3]") -> Example:
    return Example(inputs, before, after)


REAL_NUMBERS = [
    Rule("times one", "multiply(x, 1)", "x", _example("multiply(x, 1.0)", "x"), REAL),
    Rule("divided by one", "divide(x, 1)", "x", _example("divide(x, 1.0)", "x"), REAL),
    Rule("minus zero", "subtract(x, 0)", "x", _example("subtract(x, 0.0)", "x"), REAL),
    Rule("plus minus zero", "add(x, -0.0)", "x", _example("add(x, -0.0)", "x"), FLOATS),
    Rule(
        "plus zero, of whole numbers",
        "add(x, 0)",
        "x",
        _example("add(x, 0)", "x", "x: int32[2,3]"),
        WHOLE,
    ),
    Rule("to the first power", "power(x, 1)", "x", _example("power(x, 1.0)", "x"), REAL),
    Rule(
        "division by a power of two",
        "divide(x, constant)",
        "multiply(x, divide(1, constant))",
        _example("divide(x, 32.0)", "multiply(x, 0.03125)"),
        FLOATS,
        _is_power_of_two,
    ),
]

SIGNS = [
    Rule("negative twice", "negative(negative(x))", "x", _example("negative(negative(x))", "x")),
    Rule(
        "plus a negative",
        "add(x, negative(y))",
        "subtract(x, y)",
        _example("add(negative(x), y)", "subtract(y, x)"),
        REAL,
    ),
    Rule(
        "minus a negative",
        "subtract(x, negative(y))",
        "add(x, y)",
        _example("subtract(x, negative(y))", "add(x, y)"),
        REAL,
    ),
    Rule(
        "product of negatives",
        "multiply(negative(x), negative(y))",
        "multiply(x, y)",
        _example("multiply(negative(x), negative(y))", "multiply(x, y)"),
        SIGNED,
    ),
    Rule(
        "quotient of negatives",
        "divide(negative(x), negative(y))",
        "divide(x, y)",
        _example("divide(negative(x), negative(y))", "divide(x, y)"),
        FLOATS,
    ),
    Rule(
        "sign into a constant factor",
        ("multiply(negative(x), constant)", "negative(multiply(x, constant))"),
        "multiply(x, negative(constant))",
        _example("multiply(negative(x), 3.0)", "multiply(x, -3.0)"),
        SIGNED,
    ),
    Rule(
        "sign into a constant divisor",
        ("divide(negative(x), constant)", "negative(divide(x, constant))"),
        "divide(x, negative(constant))",
        _example("negative(divide(x, 3.0))", "divide(x, -3.0)"),
        FLOATS,
    ),
    Rule(
        "sign into a constant dividend",
        ("divide(constant, negative(x))", "negative(divide(constant, x))"),
        "divide(negative(constant), x)",
        _example("negative(divide(3.0, x))", "divide(-3.0, x)"),
        FLOATS,
    ),
    Rule(
        "magnitude of a negative",
        "absolute(negative(x))",
        "absolute(x)",
        _example("absolute(negative(x))", "absolute(x)"),
        SIGNED,
    ),
]

CHOICES = [
    Rule(
        "choice that is made",
        "where(True, x, y)",
        "x",
        _example("where(constant(True), x, y)", "x"),
        ANY,
    ),
    Rule(
        "other choice that is made",
        "where(False, x, y)",
        "y",
        _example("where(constant(False), x, y)", "y"),
        ANY,
    ),
    Rule(
        "choice between the same",
        "where(condition, x, x)",
        "x",
        _example("where(condition, x, x)", "x", "x: float32[2,3]; condition: bool[2,3]"),
        ANY,
    ),
]

PARTS = [
    Rule("conjugate of real numbers", "conj(x)", "x", _example("conj(x)", "x"), REAL),
    Rule(
        "real part of real numbers",
        "real(x)",
        "x",
        _example("real(x)", "x"),
        REAL,
        lambda x: x.dtype.kind in REAL,
    ),
    Rule(
        "conjugate twice",
        "conj(conj(x))",
        "x",
        _example("conj(conj(x))", "x", "x: complex64[2]"),
        COMPLEX,
    ),
    Rule(
        "real part of a conjugate",
        "real(conj(x))",
        "real(x)",
        _example("real(conj(x))", "real(x)", "x: complex64[2]"),
    ),
    Rule(
        "imaginary part of a conjugate",
        "imag(conj(x))",
        "negative(imag(x))",
        _example("imag(conj(x))", "negative(imag(x))", "x: complex64[2]"),
    ),
    Rule(
        "real part put together", "real(complex(x, y))", "x", _example("real(complex(x, y))", "x")
    ),
    Rule(
        "imaginary part put together",
        "imag(complex(x, y))",
        "y",
        _example("imag(complex(x, y))", "y"),
    ),
]

TABLE = Rules([*REAL_NUMBERS, *SIGNS, *CHOICES, *PARTS])
