"""Primitives that work element by element, with NumPy's broadcasting.

A row is a name, the rule for the result's dtype and a NumPy function, the reference implementation.
Floating NaN, infinities and signed zeros follow IEEE 754; integers wrap around.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pantarhei.program import special
from pantarhei.program.ir import Array, Primitive, ProgramError, Type

BOOL = np.dtype(bool)

# Kinds of dtypes that have no infinity: dividing by zero is a fault.
WHOLE = "iu"


def broadcast(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """NumPy's common shape, or ProgramError in TensorFlow's words."""
    if shapes.count(shapes[0]) == len(shapes):
        return shapes[0]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        shown = " vs. ".join(f"[{','.join(map(str, shape))}]" for shape in shapes)
        raise ProgramError(f"Incompatible shapes: {shown}") from None


def same_dtype(*types: Type) -> Type:
    """The operands' common dtype and shape."""
    dtype = types[0].dtype
    if any(each.dtype is not dtype and each.dtype != dtype for each in types):
        raise ProgramError(f"Mixed dtypes: {', '.join(map(str, types))}")
    return Type(dtype, broadcast(*[each.shape for each in types]))


def to_bool(*types: Type) -> Type:
    """Bools of the operands' common shape."""
    return Type(BOOL, same_dtype(*types).shape)


def to_real(x: Type) -> Type:
    """The dtype of the parts of a complex dtype."""
    return Type(np.zeros((), x.dtype).real.dtype, x.shape)


def choice(condition: Type, x: Type, y: Type) -> Type:
    """The type of a choice between two values by a condition."""
    if condition.dtype != BOOL:
        raise ProgramError(f"where needs a bool condition, not {condition}")
    common = same_dtype(x, y)
    return Type(common.dtype, broadcast(condition.shape, common.shape))


def cast_type(x: Type, *, dtype: np.dtype[Any]) -> Type:
    """The operand with another dtype."""
    return Type(np.dtype(dtype), x.shape)


def cast(x: Array, *, dtype: np.dtype[Any]) -> Array:
    """The elements in another dtype: what TensorFlow's kernels give."""
    dtype = np.dtype(dtype)
    if x.dtype.kind == "c" and dtype.kind != "c":
        x = x.real
    if dtype.kind in "iu" and x.dtype.kind not in "iub":
        return whole_numbers(x, dtype)
    return x.astype(dtype)


def whole_numbers(x: Array, dtype: np.dtype[Any]) -> Array:
    """Floating-point numbers cut towards 0; those out of range as x86 processors convert them.

    That is: by way of int32 for dtypes not wider, else of int64, and what that does not hold (NaN
    too) is its smallest number.
    """
    narrow = dtype.itemsize < 4 or dtype == np.int32
    middle: np.dtype[Any] = np.dtype(np.int32 if narrow else np.int64)
    if x.dtype.itemsize < 4:
        x = x.astype(np.float32)
    limit = 2.0 ** (middle.itemsize * 8 - 1)
    fits = (x >= -limit) & (x < limit)
    if fits.all():
        return x.astype(middle).astype(dtype)
    smallest = np.iinfo(middle).min
    return np.where(fits, np.where(fits, x, 0).astype(middle), smallest).astype(dtype)


def row(
    name: str,
    reference: Callable[..., Any],
    type_rule: Callable[..., Type] = same_dtype,
    commutative: bool = False,
    faults: str = "",
) -> Primitive:
    """A primitive of this family."""

    def keeping_dtype(*arrays: Array) -> Array:
        # NumPy widens some small types (bool, int8, float16) on the way; the rule's dtype holds.
        return np.asarray(reference(*arrays), arrays[-1].dtype)

    def truth_values(*arrays: Array) -> Array:
        return np.asarray(reference(*arrays), bool)  # comparisons of strings give objects

    references = {same_dtype: keeping_dtype, to_bool: truth_values}
    return Primitive(
        name, type_rule, references.get(type_rule, reference), True, commutative, faults
    )


def guard_zero(divide: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """Integers have no infinity: dividing one by zero is an error."""

    def guarded(x: Array, y: Array) -> Array:
        if y.dtype.kind in "iu" and not np.all(y):
            raise ProgramError("Integer division by zero")
        return divide(x, y)

    return guarded


def truncated_quotient(x: Array, y: Array) -> Array:
    """The quotient, rounded towards 0."""
    if x.dtype.kind not in "iu":
        return np.asarray(np.trunc(x / y))
    quotient = np.floor_divide(x, y)
    inexact = quotient * y != x
    return np.asarray(quotient + (inexact & ((x < 0) != (y < 0))))


def integer_power(x: Array, y: Array) -> Array:
    """Powers; whole numbers to negative powers are an error."""
    if x.dtype.kind in "iu" and np.any(y < 0):
        raise ProgramError("Integers to negative integer powers are not allowed")
    if y.dtype.kind == "f" and np.any(y == 0.5):
        # Where one exponent serves for all NumPy takes roots: other than powers for -0 and -inf.
        y = np.array(np.broadcast_to(y, np.broadcast_shapes(x.shape, y.shape)))
    return np.asarray(np.power(x, y))


def larger(x: Array, y: Array) -> Array:
    """`y if x < y else x`: a NaN in x stays, one in y loses."""
    if y.dtype.kind not in "iub" and np.isnan(y).any():
        return np.where(x < y, y, x)
    return np.maximum(x, y)


def smaller(x: Array, y: Array) -> Array:
    """`y if y < x else x`: a NaN in x stays, one in y loses."""
    if y.dtype.kind not in "iub" and np.isnan(y).any():
        return np.where(y < x, y, x)
    return np.minimum(x, y)


def complex_type(real: Type, imag: Type) -> Type:
    """The complex dtype of two real ones."""
    common = same_dtype(real, imag)
    return Type(np.result_type(common.dtype, np.complex64), common.shape)


def complex_numbers(real: Array, imag: Array) -> Array:
    """Complex numbers of their parts; infinite parts stay apart."""
    shape = np.broadcast_shapes(real.shape, imag.shape)
    result = np.empty(shape, np.result_type(real.dtype, np.complex64))
    result.real, result.imag = real, imag
    return result


PRIMITIVES = [
    # arithmetic
    row("add", np.add, commutative=True),
    row("subtract", np.subtract),
    row("multiply", np.multiply, commutative=True),
    row(
        "divide",
        guard_zero(
            lambda x, y: truncated_quotient(x, y) if x.dtype.kind in "iu" else np.divide(x, y)
        ),
        faults=WHOLE,
    ),
    row(
        "floor_divide",
        guard_zero(
            lambda x, y: (
                np.floor_divide(x, y) if x.dtype.kind in "iu" else np.floor(np.divide(x, y))
            )
        ),
        faults=WHOLE,
    ),
    row("mod", guard_zero(special.floor_mod), faults=WHOLE),
    row("fmod", guard_zero(np.fmod), faults=WHOLE),
    row("power", integer_power, faults=WHOLE),
    row("maximum", larger),
    row("minimum", smaller),
    row("arctan2", np.arctan2),
    row("nextafter", np.nextafter),
    row("negative", np.negative),
    row("absolute", np.abs, to_real),
    row("sign", special.sign),
    row("conj", np.conj),
    # roots, exponentials, logarithms
    row("sqrt", np.sqrt),
    row("exp", np.exp),
    row("expm1", np.expm1),
    row("log", np.log),
    row("log1p", np.log1p),
    row("tanh", np.tanh),
    row("sigmoid", special.sigmoid),
    # trigonometry
    row("sin", np.sin),
    row("cos", np.cos),
    row("tan", np.tan),
    row("arcsin", np.arcsin),
    row("arccos", np.arccos),
    row("arctan", np.arctan),
    row("sinh", np.sinh),
    row("cosh", np.cosh),
    row("arcsinh", np.arcsinh),
    row("arccosh", np.arccosh),
    row("arctanh", np.arctanh),
    # special functions
    row("erf", special.erf),
    row("erfc", special.erfc),
    row("lgamma", special.lgamma),
    row("digamma", special.digamma),
    row("polygamma", special.polygamma),
    row("zeta", special.zeta),
    row("igamma", special.igamma),
    row("igammac", special.igammac),
    row("betainc", special.betainc),
    row("igamma_derivative", special.igamma_derivative),  # with respect to the first operand
    row("bessel_i0e", special.bessel_i0e),
    row("bessel_i1e", special.bessel_i1e),
    # rounding
    row("floor", np.floor),
    row("ceil", np.ceil),
    row("rint", np.rint),
    # comparison and logic
    row("equal", np.equal, to_bool, commutative=True),
    row("not_equal", np.not_equal, to_bool, commutative=True),
    row("less", np.less, to_bool),
    row("less_equal", np.less_equal, to_bool),
    row("logical_and", np.logical_and, to_bool, commutative=True),
    row("logical_or", np.logical_or, to_bool, commutative=True),
    row("logical_not", np.logical_not, to_bool),
    row("isnan", np.isnan, to_bool),
    row("isinf", np.isinf, to_bool),
    row("isfinite", np.isfinite, to_bool),
    # bits
    row("bitwise_and", np.bitwise_and, commutative=True),
    row("bitwise_or", np.bitwise_or, commutative=True),
    row("bitwise_xor", np.bitwise_xor, commutative=True),
    row("invert", np.invert),
    row("left_shift", np.left_shift),
    row("right_shift", np.right_shift),
    # choice and conversion
    Primitive("where", choice, np.where, elementwise=True),
    Primitive("cast", cast_type, cast, elementwise=True),
    row("complex", complex_numbers, complex_type),
    row("real", np.real, to_real),
    row("imag", np.imag, to_real),
]
