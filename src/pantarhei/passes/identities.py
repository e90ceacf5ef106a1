"""The table of identities: laws of arithmetic that hold to the bit.

NaN, infinities and signs of zero are what they were, for floating-point numbers and whole ones. So
`x * 0` is not 0, `x + 0` is not `x` (for -0.0 it is 0), `-(x - y)` is not `y - x`, and nothing is
reordered that rounds. Nor does a rule ask how large a constant is: that may be an extent, and
programs for two batch sizes are to have one structure.
"""

from __future__ import annotations

import numpy as np

from pantarhei.passes.patterns import uniform
from pantarhei.passes.rewriting import FLOATS, REAL, WHOLE, Example, Rule, Rules
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Node, Value

SIGNED = "if"
COMPLEX = "c"


def _chosen(b: Builder, node: Node, constant: Value, x: Value, y: Value) -> Value | None:
    truth = None if constant.constant is None else uniform(constant.constant)
    if truth is None:
        return None
    return x if truth else y


def _is_part(x: Value, y: Value) -> bool:
    """Whether complex numbers have parts of this dtype; those of half precision are single."""
    return x.dtype in (np.float32, np.float64)


def _example(before: str, after: str, inputs: str = "x: float32[2,3]; y: float32[2,3]") -> Example:
    return Example(inputs, before, after)


REAL_NUMBERS = [
    Rule("times one", "multiply(x, 1)", "x", _example("multiply(x, 1.0)", "x"), REAL),
    Rule("divided by one", "divide(x, 1)", "x", _example("divide(x, 1.0)", "x"), REAL),
    Rule("minus zero", "subtract(x, 0)", "x", _example("subtract(x, 0.0)", "x"), REAL),
    Rule(
        "plus zero, of whole numbers",
        "add(x, 0)",
        "x",
        _example("add(x, 0)", "x", "x: int32[2,3]"),
        WHOLE,
    ),
    Rule("to the first power", "power(x, 1)", "x", _example("power(x, 1.0)", "x"), REAL),
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
        "where(constant, x, y)",
        _chosen,
        _example("where(constant(False), x, y)", "y"),
    ),
    Rule(
        "choice between the same",
        "where(condition, x, x)",
        "x",
        _example("where(condition, x, x)", "x", "x: float32[2,3]; condition: bool[2,3]"),
    ),
]

PARTS = [
    Rule("conjugate of real numbers", "conj(x)", "x", _example("conj(x)", "x"), REAL),
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
        when=lambda x: x.dtype.kind == COMPLEX,
    ),
    Rule(
        "real part put together",
        "real(complex(x, y))",
        "x",
        _example("real(complex(x, y))", "x"),
        when=_is_part,
    ),
    Rule(
        "imaginary part put together",
        "imag(complex(x, y))",
        "y",
        _example("imag(complex(x, y))", "y"),
        when=_is_part,
    ),
]

TABLE = Rules([*REAL_NUMBERS, *SIGNS, *CHOICES, *PARTS])
