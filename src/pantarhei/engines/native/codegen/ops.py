"""The primitives that the engine compiles, for one element each.

`compiles` is whether an application can become machine code; `write` appends its instructions. What
is not here runs by its reference implementation: dtypes without a row in `TYPES`, and whatever may
find a fault in the data.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pantarhei.engines.native.codegen.math import (
    elementary,
    error_function,
    powers,
    remainders,
    trigonometry,
)
from pantarhei.engines.native.codegen.values import FLOATS, SSAValue
from pantarhei.engines.native.passes.unchecked import is_unchecked
from pantarhei.program.ir import Node

# dtype -> type of an element while it is computed with.
TYPES: dict[np.dtype[Any], str] = {
    np.dtype(np.float32): "float",
    np.dtype(np.float64): "double",
    np.dtype(np.int32): "i32",
    np.dtype(np.int64): "i64",
    np.dtype(np.bool_): "i1",
    np.dtype(np.uint8): "i8",
}

# What native code can read: also the states of random operations.
READ = frozenset({*TYPES, np.dtype(np.uint32)})

# Type of an element -> its bytes in memory.
BYTES = {"float": 4, "double": 8, "i32": 4, "i64": 8, "i1": 1, "i8": 1}

NUMBERS = frozenset({"float", "double", "i32", "i64"})
WHOLE = frozenset({"i32", "i64"})
REAL = frozenset(FLOATS)
ANY = NUMBERS | {"i1"}
# Bytes (pixels, letters) are moved, compared and converted; nothing is computed with them.
STORABLE = ANY | {"i8"}

Writer = Callable[..., SSAValue]


def _absolute(x: SSAValue) -> SSAValue:
    if x.is_float:
        return x.magnitude
    return x.below(0).choose(-x, x)


def _sign(x: SSAValue) -> SSAValue:
    if x.is_float:
        above = x.of(0).below(x).choose(x.of(1), 0)
        return x.below(0).choose(x.of(-1), above)
    return x.below(0).choose(x.of(-1), x.of(0).below(x).choose(x.of(1), 0))


def _invert(x: SSAValue) -> SSAValue:
    return x ^ (1 if x.type == "i1" else -1)


def _divide(x: SSAValue, y: SSAValue) -> SSAValue:
    return x / y if x.is_float else remainders.quotient(x, y)


def _floor_divide(x: SSAValue, y: SSAValue) -> SSAValue:
    return (x / y).intrinsic("floor") if x.is_float else remainders.floor_quotient(x, y)


def _fmod(x: SSAValue, y: SSAValue) -> SSAValue:
    return remainders.fmod(x, y) if x.is_float else remainders.whole_fmod(x, y)


def _shifts_all_out(x: SSAValue, by: SSAValue) -> SSAValue:
    """Whether no bit stays: negative shifts count as large ones."""
    return by.compare("", "uge", BYTES[x.type] * 8)


def _left_shift(x: SSAValue, by: SSAValue) -> SSAValue:
    out = _shifts_all_out(x, by)
    return out.choose(x.of(0), x.binary("shl", out.choose(x.of(0), by)))


def _right_shift(x: SSAValue, by: SSAValue) -> SSAValue:
    most = x.of(BYTES[x.type] * 8 - 1)
    return x.binary("ashr", _shifts_all_out(x, by).choose(most, by))


def _nextafter(x: SSAValue, y: SSAValue) -> SSAValue:
    outward = x.below(y) ^ x.below(0)
    bits = x.bits
    stepped = (bits + outward.choose(bits.of(1), -1)).as_float
    first = bits.of(1).as_float.with_sign_of(y)
    stepped = x.equals(0).choose(first, stepped)
    stepped = x.equals(y).choose(y, stepped)
    return (x.differs(x) | y.differs(y)).choose(x + y, stepped)


def _rounded(name: str) -> Writer:
    return lambda x: x.intrinsic(name)


def _cast(x: SSAValue, *, to: str) -> SSAValue:
    if x.type == to:
        return x
    if to == "i1":
        return x.differs(0)
    if to == "i8":  # by way of int32, as processors do
        middle = _cast(x, to="i32") if x.is_float else x
        return middle.convert("zext" if x.type == "i1" else "trunc", to)
    if x.type in ("i1", "i8"):
        return x.convert("uitofp" if to in FLOATS else "zext", to)
    if x.is_float and to in FLOATS:
        return x.convert("fpext" if to == "double" else "fptrunc", to)
    if to in FLOATS:
        return x.convert("sitofp", to)
    if x.is_float:
        # Out of range, NaN too, x86 processors give the smallest number; LLVM would give anything.
        limit = 2.0 ** (31 if to == "i32" else 63)
        fits = x.of(-limit).at_most(x) & x.below(limit)
        smallest = -(2**31) if to == "i32" else -(2**63)
        return fits.choose(fits.choose(x, 0).convert("fptosi", to), smallest)
    return x.convert("sext" if to == "i64" else "trunc", to)


# Primitive -> the types of its operands for which it is compiled, and how.
ROWS: dict[str, tuple[frozenset[str], Writer]] = {
    "add": (NUMBERS, lambda x, y: x + y),
    "subtract": (NUMBERS, lambda x, y: x - y),
    "multiply": (NUMBERS, lambda x, y: x * y),
    # Those that may fault are compiled for integers if the divisor is known: see `compiles`.
    "divide": (NUMBERS, _divide),
    "floor_divide": (NUMBERS, _floor_divide),
    "fmod": (NUMBERS, _fmod),
    "mod": (NUMBERS, remainders.floor_mod),
    "nextafter": (REAL, _nextafter),
    "maximum": (NUMBERS, lambda x, y: x.below(y).choose(y, x)),
    "minimum": (NUMBERS, lambda x, y: y.below(x).choose(y, x)),
    "negative": (NUMBERS, lambda x: -x),
    "absolute": (NUMBERS, _absolute),
    "sign": (NUMBERS, _sign),
    "conj": (NUMBERS, lambda x: x),
    "real": (NUMBERS, lambda x: x),
    "imag": (NUMBERS, lambda x: x.of(0)),
    "sqrt": (REAL, _rounded("sqrt")),
    "floor": (REAL, _rounded("floor")),
    "ceil": (REAL, _rounded("ceil")),
    "rint": (REAL, _rounded("rint")),
    "equal": (STORABLE, lambda x, y: x.equals(y)),
    "not_equal": (STORABLE, lambda x, y: x.differs(y)),
    "less": (ANY, lambda x, y: x.below(y)),
    "less_equal": (ANY, lambda x, y: x.at_most(y)),
    "logical_and": (frozenset({"i1"}), lambda x, y: x & y),
    "logical_or": (frozenset({"i1"}), lambda x, y: x | y),
    "logical_not": (frozenset({"i1"}), lambda x: x ^ 1),
    "isnan": (REAL, lambda x: x.differs(x)),
    "isinf": (REAL, lambda x: x.magnitude.equals(float("inf"))),
    "isfinite": (REAL, lambda x: x.magnitude.below(float("inf"))),
    "bitwise_and": (WHOLE | {"i1"}, lambda x, y: x & y),
    "bitwise_or": (WHOLE | {"i1"}, lambda x, y: x | y),
    "bitwise_xor": (WHOLE | {"i1"}, lambda x, y: x ^ y),
    "invert": (WHOLE | {"i1"}, _invert),
    "left_shift": (WHOLE, _left_shift),
    "right_shift": (WHOLE, _right_shift),
    # What a reduction takes in the place of NaN.
    "number_for_max": (REAL, lambda x: x.equals(x).choose(x, -math.inf)),
    "number_for_min": (REAL, lambda x: x.equals(x).choose(x, math.inf)),
    "where": (STORABLE, lambda condition, x, y: condition.choose(x, y)),
    "cast": (STORABLE, _cast),
    # What `element_operation` returns for powers.
    "copy": (STORABLE, lambda x: x),
    "square": (NUMBERS, lambda x: x * x),
    "cube": (NUMBERS, lambda x: x * x * x),
    "reciprocal": (REAL, lambda x: 1 / x),
    **{
        name: (REAL, function)
        for module in (elementary, trigonometry, powers, error_function)
        for name, function in module.FUNCTIONS.items()
    },
    "arctan2": (REAL, trigonometry.arctan2),
    "power": (REAL, powers.power),
}


def types_of(node: Node) -> tuple[list[str], list[str]] | None:
    """Types of the operands' and of the results' elements; None where one cannot be compiled."""
    try:
        operands = [TYPES[value.dtype] for value in node.operands]
        return operands, [TYPES[each.dtype] for each in node.types]
    except KeyError:
        return None


# By integers that are not constants these may find a fault.
DIVISIONS = frozenset({"divide", "floor_divide", "fmod", "mod"})

# Powers with constant whole exponents, by the name of the operation that is written for them.
POWERS: dict[float, str] = {-1: "reciprocal", 1: "copy", 2: "square", 3: "cube"}


def element_operation(node: Node) -> tuple[str, int]:
    """The name of an application among `ROWS`, and how many operands that takes."""
    exponent = node.operands[1].constant if node.kind == "power" else None
    if exponent is None or exponent.size != 1:
        return node.kind, len(node.operands)
    name = POWERS.get(exponent.item())
    # The exponent must not decide the shape.
    same_shape = node.operands[0].shape == node.types[0].shape
    return (name, 1) if name and same_shape else (node.kind, len(node.operands))


def compiles(node: Node) -> bool:
    """Whether an application of an elementwise primitive can become machine code."""
    types = types_of(node)
    name, _ = element_operation(node)
    if types is None or name not in ROWS:
        return False
    if not all(each in ROWS[name][0] for each in types[0]):
        return False
    if name in DIVISIONS and types[0][0] in WHOLE:
        if is_unchecked(node):
            return True
        divisor = node.operands[1].constant
        return divisor is not None and bool(np.all(divisor))
    return True


def write(name: str, operands: Sequence[SSAValue], type: str) -> SSAValue:
    """The element of the result, of the type, from the elements of the operands."""
    function = ROWS[name][1]
    return function(*operands, to=type) if name == "cast" else function(*operands)


# --- reductions ---------------------------------------------------------------------------------


def neutral(kind: str, type: str) -> float:
    """What a reduction starts from."""
    if kind in ("sum", "any"):
        return 0
    if kind in ("prod", "all"):
        return 1
    sign = -1 if kind == "max" else 1
    if type in FLOATS:
        return sign * float("inf")
    bits = 31 if type == "i32" else 63
    return -(2**bits) if kind == "max" else 2**bits - 1


def combine(kind: str, x: SSAValue, y: SSAValue) -> SSAValue:
    """One step of a reduction; the order of steps is LLVM's choice for sums and products."""
    if kind in ("any", "all"):
        return x | y if kind == "any" else x & y
    if kind in ("sum", "prod"):
        with x.function.with_flags("reassoc "):
            return x + y if kind == "sum" else x * y
    if x.is_float:
        return x.intrinsic("maximum" if kind == "max" else "minimum", y)  # NaN stays
    return x.intrinsic("smax" if kind == "max" else "smin", y)


REDUCTIONS = {
    "sum": NUMBERS,
    "prod": NUMBERS,
    "max": NUMBERS,
    "min": NUMBERS,
    "any": frozenset({"i1"}),
    "all": frozenset({"i1"}),
}


def loses_nan(node: Node) -> bool:
    """Whether NaN is no result of a reduction: it compares floats with one another."""
    shape = node.operands[0].shape
    several = any(shape[axis] != 1 for axis in node.attributes["axes"])
    return node.kind in ("max", "min") and several and TYPES[node.types[0].dtype] in FLOATS


def reduces(node: Node) -> bool:
    """Whether a reduction can become machine code."""
    types = types_of(node)
    return types is not None and types[0][0] in REDUCTIONS.get(node.kind, ())
