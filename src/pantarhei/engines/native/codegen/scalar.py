"""Writing LLVM's language for one element: typed values with operators that append instructions.

`Code` holds the text; a `Scalar` is a value in it, or a literal. This module knows LLVM's syntax
and nothing of programs, loops or the primitives' reference implementations.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

FLOATS = ("float", "double")
# Types of the same width that hold a float's bits.
BITS = {"float": "i32", "double": "i64"}
SHORT = {"float": "f32", "double": "f64", "i32": "i32", "i64": "i64"}


def literal(value: float, type: str) -> str:
    """A number as LLVM writes it; floats by their bits, so that nothing is lost."""
    if type == "i1":
        return "true" if value else "false"
    if type not in FLOATS:
        return str(int(value))
    if type == "float":
        (value,) = struct.unpack("<f", struct.pack("<f", value))
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


@dataclass
class Code:
    """Instructions in the order of their execution, and what they call."""

    lines: list[str] = field(default_factory=list)
    declarations: set[str] = field(default_factory=set)
    # Functions that the instructions call, by name; see rare.py.
    helpers: dict[str, str] = field(default_factory=dict)
    # Fast-math flags of float arithmetic.
    flags: str = ""
    count: int = 0

    def fresh(self) -> str:
        """A name that nothing else has."""
        self.count += 1
        return f"%t{self.count}"

    def emit(self, instruction: str, type: str) -> Scalar:
        """Appends an instruction whose result has the type."""
        name = self.fresh()
        self.lines.append(f"  {name} = {instruction}")
        return Scalar(self, name, type)

    def constant(self, value: float, type: str) -> Scalar:
        """A literal."""
        return Scalar(self, literal(value, type), type)

    def intrinsic(self, name: str, *operands: Scalar) -> Scalar:
        """A call of the intrinsic `llvm.NAME` for the operands' type."""
        type = operands[0].type
        full = f"llvm.{name}.{SHORT[type]}"
        parameters = ", ".join(each.type for each in operands)
        self.declarations.add(f"declare {type} @{full}({parameters})")
        arguments = ", ".join(f"{each.type} {each.name}" for each in operands)
        return self.emit(f"call {type} @{full}({arguments})", type)

    @property
    def intrinsics(self) -> list[str]:
        """What has to stand in the module beside the instructions."""
        return [*self.declarations, *self.helpers.values()]

    @contextmanager
    def exactly(self) -> Iterator[None]:
        """Inside, every operation is rounded by itself, whatever holds around."""
        before, self.flags = self.flags, ""
        try:
            yield
        finally:
            self.flags = before

    @contextmanager
    def contracting(self) -> Iterator[None]:
        """Inside, a product and a sum may become one instruction with one rounding."""
        before, self.flags = self.flags, "contract "
        try:
            yield
        finally:
            self.flags = before


@dataclass(frozen=True, eq=False)
class Scalar:
    """A value of the loop body."""

    code: Code
    name: str
    type: str

    @property
    def is_float(self) -> bool:
        """Whether it is a floating-point number."""
        return self.type in FLOATS

    def of(self, value: Scalar | float) -> Scalar:
        """A literal of this value's type; values stay as they are."""
        return value if isinstance(value, Scalar) else self.code.constant(value, self.type)

    def binary(self, instruction: str, other: Scalar | float) -> Scalar:
        """An instruction with two operands of one type."""
        right = self.of(other)
        return self.code.emit(f"{instruction} {self.type} {self.name}, {right.name}", self.type)

    def _arithmetic(self, floating: str, whole: str, other: Scalar | float) -> Scalar:
        return self.binary(f"{floating} {self.code.flags}" if self.is_float else whole, other)

    def __add__(self, other: Scalar | float) -> Scalar:
        return self._arithmetic("fadd", "add", other)

    def __radd__(self, other: float) -> Scalar:
        return self.of(other) + self

    def __sub__(self, other: Scalar | float) -> Scalar:
        return self._arithmetic("fsub", "sub", other)

    def __rsub__(self, other: float) -> Scalar:
        return self.of(other) - self

    def __mul__(self, other: Scalar | float) -> Scalar:
        return self._arithmetic("fmul", "mul", other)

    def __rmul__(self, other: float) -> Scalar:
        return self.of(other) * self

    def __truediv__(self, other: Scalar | float) -> Scalar:
        return self.binary(f"fdiv {self.code.flags}", other)

    def __rtruediv__(self, other: float) -> Scalar:
        return self.of(other) / self

    def __neg__(self) -> Scalar:
        if self.is_float:
            return self.code.emit(f"fneg {self.type} {self.name}", self.type)
        return self.of(0) - self

    def __and__(self, other: Scalar | float) -> Scalar:
        return self.binary("and", other)

    def __or__(self, other: Scalar | float) -> Scalar:
        return self.binary("or", other)

    def __xor__(self, other: Scalar | float) -> Scalar:
        return self.binary("xor", other)

    def compare(self, floating: str, whole: str, other: Scalar | float) -> Scalar:
        """A comparison, by its name among float and among integer comparisons."""
        right = self.of(other)
        instruction = f"fcmp {floating}" if self.is_float else f"icmp {whole}"
        return self.code.emit(f"{instruction} {self.type} {self.name}, {right.name}", "i1")

    def below(self, other: Scalar | float) -> Scalar:
        """Less; false for NaN."""
        return self.compare("olt", "ult" if self.type == "i1" else "slt", other)

    def at_most(self, other: Scalar | float) -> Scalar:
        """Less or equal; false for NaN."""
        return self.compare("ole", "ule" if self.type == "i1" else "sle", other)

    def equals(self, other: Scalar | float) -> Scalar:
        """Equal; false for NaN."""
        return self.compare("oeq", "eq", other)

    def differs(self, other: Scalar | float) -> Scalar:
        """Not equal; true for NaN."""
        return self.compare("une", "ne", other)

    def choose(self, then: Scalar, otherwise: Scalar | float) -> Scalar:
        """Where this condition holds `then`, `otherwise` elsewhere."""
        other = then.of(otherwise)
        operands = f"i1 {self.name}, {then.type} {then.name}, {other.type} {other.name}"
        return self.code.emit(f"select {operands}", then.type)

    def convert(self, instruction: str, type: str) -> Scalar:
        """A conversion by LLVM's name of it."""
        return self.code.emit(f"{instruction} {self.type} {self.name} to {type}", type)

    @property
    def bits(self) -> Scalar:
        """The bits of a float as an integer."""
        return self.convert("bitcast", BITS[self.type])

    @property
    def as_float(self) -> Scalar:
        """The float with an integer's bits."""
        return self.convert("bitcast", "float" if self.type == "i32" else "double")

    @property
    def high(self) -> Scalar:
        """A double's first 26 bits: products of two such are exact. The rest has 27."""
        return (self.bits & -(1 << 27)).as_float

    @property
    def magnitude(self) -> Scalar:
        """The float without its sign."""
        return self.code.intrinsic("fabs", self)

    def with_sign_of(self, other: Scalar) -> Scalar:
        """This magnitude with another sign."""
        return self.code.intrinsic("copysign", self, other)

    def with_flipped(self, condition: Scalar) -> Scalar:
        """The negative where the condition holds."""
        return condition.choose(-self, self)


def polynomial(x: Scalar, coefficients: Sequence[float]) -> Scalar:
    """Horner's rule; coefficients from the highest power down to the constant."""
    result = x.code.constant(coefficients[0], x.type)
    for coefficient in coefficients[1:]:
        result = result * x + coefficient
    return result
