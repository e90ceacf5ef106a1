"""Writing routines: functions that are no nests of loops, instruction by instruction.

A `Routine` names a function and what it is written for; a `Writer` takes its arguments one after
the other and opens loops. What routines there are is not known here; see routines.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pantarhei.engines.native.codegen.ops import BYTES, STORED
from pantarhei.engines.native.codegen.scalar import Code, Scalar


@dataclass(frozen=True)
class Routine:
    """A function by its name and what it is written for: types, a number, a way to combine."""

    kind: str
    variant: tuple[str, ...]


@dataclass
class Writer:
    """Writes a routine: its arguments one after the other, then loops."""

    code: Code = field(default_factory=Code)
    block: str = "entry"
    _arguments: int = 0
    _loops: int = 0

    def number(self) -> Scalar:
        """The next argument."""
        place = self.code.emit(f"getelementptr i64, ptr %arguments, i64 {self._arguments}", "ptr")
        self._arguments += 1
        return self.code.emit(f"load i64, ptr {place.name}", "i64")

    def pointer(self) -> str:
        """The next two arguments: the number of a buffer, and an offset in bytes."""
        slot, offset = self.number(), self.number()
        place = self.code.emit(f"getelementptr ptr, ptr %buffers, i64 {slot.name}", "ptr")
        base = self.code.emit(f"load ptr, ptr {place.name}", "ptr")
        return self.moved(base.name, offset)

    def moved(self, pointer: str, bytes: Scalar) -> str:
        """A place so many bytes further on."""
        return self.code.emit(f"getelementptr i8, ptr {pointer}, i64 {bytes.name}", "ptr").name

    def element(self, pointer: str, index: Scalar, type: str) -> str:
        """The place of an element of an array."""
        return self.moved(pointer, index * BYTES[type])

    def load(self, pointer: str, type: str) -> Scalar:
        """An element as it is computed with."""
        value = self.code.emit(f"load {STORED[type]}, ptr {pointer}", STORED[type])
        return value.convert("trunc", "i1") if type == "i1" else value

    def index(self, pointer: str, index: Scalar, type: str) -> Scalar:
        """A whole number out of an array, as a long one."""
        value = self.load(self.element(pointer, index, type), type)
        return value if type == "i64" else value.convert("sext", "i64")

    def store(self, value: Scalar, pointer: str) -> None:
        """Stores an element."""
        stored = value.convert("zext", "i8") if value.type == "i1" else value
        self.code.lines.append(f"  store {stored.type} {stored.name}, ptr {pointer}")

    def copy(self, source: str, target: str, bytes: Scalar) -> None:
        """Copies memory; the two places do not overlap."""
        function = "void @llvm.memcpy.p0.p0.i64"
        self.code.declarations.add(f"declare {function}(ptr, ptr, i64, i1)")
        operands = f"ptr {target}, ptr {source}, i64 {bytes.name}, i1 false"
        self.code.lines.append(f"  call {function}({operands})")

    def cell(self, start: Scalar) -> str:
        """A variable of the routine's own, which LLVM keeps in a register."""
        place = self.code.emit(f"alloca {start.type}", "ptr").name
        # All of them belong to the function's entry, where they are made once.
        self.code.lines.insert(0, self.code.lines.pop())
        self.store(start, place)
        return place

    @contextmanager
    def loop(self, begin: Scalar, end: Scalar) -> Iterator[Scalar]:
        """Instructions inside are run for every number from `begin` up to `end`."""
        name = f"loop{self._loops}"
        self._loops += 1
        any = self.code.emit(f"icmp slt i64 {begin.name}, {end.name}", "i1")
        self.code.lines += [
            f"  br i1 {any.name}, label %{name}, label %{name}.done",
            f"{name}:",
            f"  %{name}.i = phi i64 [ {begin.name}, %{self.block} ], "
            f"[ %{name}.next, %{name}.back ]",
        ]
        self.block = name
        yield Scalar(self.code, f"%{name}.i", "i64")
        self.code.lines += [
            f"  br label %{name}.back",
            f"{name}.back:",
            f"  %{name}.next = add nsw i64 %{name}.i, 1",
            f"  %{name}.more = icmp slt i64 %{name}.next, {end.name}",
            f"  br i1 %{name}.more, label %{name}, label %{name}.done",
            f"{name}.done:",
        ]
        self.block = f"{name}.done"

    @contextmanager
    def repeated(self) -> Iterator[list[Scalar]]:
        """Instructions inside are run once, and again as long as the condition that they put into
        the list holds."""
        name = f"loop{self._loops}"
        self._loops += 1
        self.code.lines += [f"  br label %{name}", f"{name}:"]
        self.block = name
        conditions: list[Scalar] = []
        yield conditions
        (again,) = conditions
        self.code.lines += [
            f"  br i1 {again.name}, label %{name}, label %{name}.done",
            f"{name}.done:",
        ]
        self.block = f"{name}.done"

    def chosen(self, condition: Scalar, then: str, otherwise: str) -> str:
        """One of two places."""
        operands = f"i1 {condition.name}, ptr {then}, ptr {otherwise}"
        return self.code.emit(f"select {operands}", "ptr").name

    def inside(self, index: Scalar, extent: Scalar) -> Scalar:
        """An index that is in an array for certain: the first where it is none."""
        fits = self.code.emit(f"icmp ult i64 {index.name}, {extent.name}", "i1")
        return fits.choose(index, 0)

    def text(self) -> str:
        """The function, without the declarations it needs."""
        body = "\n".join(["entry:", *self.code.lines, "  ret void"])
        return f"define void @kernel(ptr %arguments, ptr %buffers) nounwind {{\n{body}\n}}\n"
