"""Typed SSA values of an LLVM function, with operators that append instructions to it.

An operand of another type raises `TypeError` where the instruction is written. This module holds
LLVM's arithmetic; functions, control flow and memory are in builder.py.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pantarhei.engines.native.codegen.builder import Function

FLOATS = ("float", "double")
# Types of the same width that hold a float's bits.
BITS = {"float": "i32", "double": "i64"}


def vector(lanes: int, type: str) -> str:
    """The type of vectors of so many elements."""
    return f"<{lanes} x {type}>"


def lanes_of(type: str) -> int:
    """How many elements a vector has."""
    return int(type[1:].partition(" ")[0])


def element_of(type: str) -> str:
    """The type of a vector's elements; of other types themselves."""
    return type.rstrip(">").rpartition(" ")[2]


@cache
def suffix(type: str) -> str:
    """A type in the name of an overloaded intrinsic, as `v8f32` in `llvm.fma.v8f32`."""
    if type.startswith("<"):
        return f"v{lanes_of(type)}{suffix(element_of(type))}"
    return {"float": "f32", "double": "f64", "ptr": "p0"}.get(type, type)


def literal(value: float, type: str) -> str:
    """A number as LLVM writes it; floats by their bits, so that nothing is lost."""
    if value == 0 and type in FLOATS and math.copysign(1, value) < 0:
        return "0x8000000000000000"  # the one number that equals another one
    return _literal(value, type)


@lru_cache(4096)
def _literal(value: float, type: str) -> str:
    if type == "i1":
        return "true" if value else "false"
    if type not in FLOATS:
        return str(int(value))
    if type == "float":
        (value,) = struct.unpack("<f", struct.pack("<f", value))
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


class SSAValue:
    """The result of an instruction, a parameter or a literal, with its LLVM type."""

    __slots__ = ("function", "name", "type")

    def __init__(self, function: Function, name: str, type: str) -> None:
        self.function = function
        self.name = name
        self.type = type

    def __str__(self) -> str:
        return f"{self.type} {self.name}"

    def check(self, type: str) -> SSAValue:
        """Itself; raises if it has another type."""
        if self.type != type:
            raise TypeError(f"{self} is no value of type {type}")
        return self

    @property
    def is_float(self) -> bool:
        """Whether it is a floating-point number, or a vector of them."""
        return self.type in FLOATS or element_of(self.type) in FLOATS

    def of(self, value: SSAValue | float) -> SSAValue:
        """A literal of this value's type; values, which must have this type, stay as they are."""
        if isinstance(value, SSAValue):
            return value if value.type == self.type else value.check(self.type)
        return SSAValue(self.function, literal(value, self.type), self.type)

    def binary(self, instruction: str, other: SSAValue | float) -> SSAValue:
        """An instruction with two operands of one type."""
        type = self.type
        right = other if isinstance(other, SSAValue) and other.type == type else self.of(other)
        return self.function.emit(f"{instruction} {type} {self.name}, {right.name}", type)

    def _arithmetic(self, floating: str, whole: str, other: SSAValue | float) -> SSAValue:
        if self.type in FLOATS or self.is_float:
            return self.binary(f"{floating} {self.function.flags}", other)
        return self.binary(whole, other)

    def __add__(self, other: SSAValue | float) -> SSAValue:
        return self._arithmetic("fadd", "add", other)

    def __radd__(self, other: float) -> SSAValue:
        return self.of(other) + self

    def __sub__(self, other: SSAValue | float) -> SSAValue:
        return self._arithmetic("fsub", "sub", other)

    def __rsub__(self, other: float) -> SSAValue:
        return self.of(other) - self

    def __mul__(self, other: SSAValue | float) -> SSAValue:
        return self._arithmetic("fmul", "mul", other)

    def __rmul__(self, other: float) -> SSAValue:
        return self.of(other) * self

    def __truediv__(self, other: SSAValue | float) -> SSAValue:
        return self.binary(f"fdiv {self.function.flags}", other)

    def __rtruediv__(self, other: float) -> SSAValue:
        return self.of(other) / self

    def __neg__(self) -> SSAValue:
        if self.is_float:
            return self.function.emit(f"fneg {self.type} {self.name}", self.type)
        return self.of(0) - self

    def __and__(self, other: SSAValue | float) -> SSAValue:
        return self.binary("and", other)

    def __or__(self, other: SSAValue | float) -> SSAValue:
        return self.binary("or", other)

    def __xor__(self, other: SSAValue | float) -> SSAValue:
        return self.binary("xor", other)

    def compare(self, floating: str, whole: str, other: SSAValue | float) -> SSAValue:
        """A comparison, by its name among float and among integer comparisons."""
        right = self.of(other)
        instruction = f"fcmp {floating}" if self.is_float else f"icmp {whole}"
        text = f"{instruction} {self.type} {self.name}, {right.name}"
        result = "i1" if self.type[0] != "<" else vector(lanes_of(self.type), "i1")
        return self.function.emit(text, result)

    def below(self, other: SSAValue | float) -> SSAValue:
        """Less; false for NaN."""
        return self.compare("olt", "ult" if self.type == "i1" else "slt", other)

    def below_unsigned(self, other: SSAValue | float) -> SSAValue:
        """Less, of integers without a sign."""
        return self.compare("", "ult", other)

    def at_most(self, other: SSAValue | float) -> SSAValue:
        """Less or equal; false for NaN."""
        return self.compare("ole", "ule" if self.type == "i1" else "sle", other)

    def equals(self, other: SSAValue | float) -> SSAValue:
        """Equal; false for NaN."""
        return self.compare("oeq", "eq", other)

    def differs(self, other: SSAValue | float) -> SSAValue:
        """Not equal; true for NaN."""
        return self.compare("une", "ne", other)

    def choose(self, then: SSAValue, otherwise: SSAValue | float) -> SSAValue:
        """Where this condition holds `then`, `otherwise` elsewhere."""
        other = then.of(otherwise)
        return self.function.emit(f"select {self.check('i1')}, {then}, {other}", then.type)

    def convert(self, instruction: str, type: str) -> SSAValue:
        """A conversion by LLVM's name of it."""
        return self.function.emit(f"{instruction} {self.type} {self.name} to {type}", type)

    def intrinsic(self, name: str, *others: SSAValue) -> SSAValue:
        """A call of the intrinsic `llvm.NAME` for operands of this value's type."""
        for each in others:
            each.check(self.type)
        return self.function.call(self.type, f"@llvm.{name}.{suffix(self.type)}", self, *others)

    @property
    def bits(self) -> SSAValue:
        """The bits of a float as an integer."""
        return self.convert("bitcast", BITS[self.type])

    @property
    def as_float(self) -> SSAValue:
        """The float with an integer's bits."""
        return self.convert("bitcast", "float" if self.type == "i32" else "double")

    @property
    def high(self) -> SSAValue:
        """A double's first 26 bits: products of two such are exact. The rest has 27."""
        return (self.bits & -(1 << 27)).as_float

    @property
    def magnitude(self) -> SSAValue:
        """The float without its sign."""
        return self.intrinsic("fabs")

    def with_sign_of(self, other: SSAValue) -> SSAValue:
        """This magnitude with another sign."""
        return self.intrinsic("copysign", other)

    def with_flipped(self, condition: SSAValue) -> SSAValue:
        """The negative where the condition holds."""
        return condition.choose(-self, self)


def polynomial(x: SSAValue, coefficients: Sequence[float]) -> SSAValue:
    """Horner's rule; coefficients from the highest power down to the constant."""
    result = x.of(coefficients[0])
    for coefficient in coefficients[1:]:
        result = result * x + coefficient
    return result
