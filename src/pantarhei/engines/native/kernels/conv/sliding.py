"""Blocks of products in registers: what a convolution takes from its image without copying it.

A block is so many rows of a product by two vectors of columns. All of it stays in registers while
two loops go over what is multiplied: an inner one along what lies side by side, an outer one along
rows of the image. The left operand's rows may overlap, which is what windows do and BLAS does not
take. Functions are as in emit.py; the arguments are

    extents of three loops over blocks, then of the outer and the inner loop within one;
    left: buffer, offset, the steps of these five;  right: the same;
    result: buffer, offset, the steps of the first three, the distance of two rows

with offsets and steps in bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.codegen.scalar import SHORT, Code

VECTORS = 2


@dataclass(frozen=True)
class Registers:
    """Of a processor: bytes of a vector, and how many rows of two vectors leave some free.

    No rows where products and sums are no single instruction.
    """

    bytes: int
    rows: int


@cache
def registers() -> Registers:
    """Those of this processor."""
    try:
        # Imported when used: most programs that import the package never compile.
        import llvmlite.binding as llvm

        features = llvm.get_host_cpu_features()
    except (ImportError, RuntimeError):
        return Registers(16, 0)
    if features.get("avx512f"):
        return Registers(64, 14)
    if features.get("avx2") and features.get("fma"):
        return Registers(32, 6)
    return Registers(16, 14 if features.get("neon") else 0)


def columns(type: str) -> int:
    """How many columns a block has."""
    return VECTORS * registers().bytes // BYTES[type]


def rows_of_blocks(extent: int) -> list[tuple[int, int, int]]:
    """Divides rows: first row, number of blocks, and rows of each of them."""
    most = registers().rows
    best = next((rows for rows in range(most, most // 2, -1) if extent % rows == 0), most)
    whole, rest = divmod(extent, best)
    parts = [(0, whole, best)] if whole else []
    return [*parts, (whole * best, 1, rest)] if rest else parts


@dataclass(frozen=True)
class SlidingBlock:
    """The structure of a function: rows, the distance of two in the left operand, in bytes.

    `adding`: whether the product is added to what the result holds.
    """

    type: str
    bytes: int
    rows: int
    step: int
    adding: bool

    def written(self) -> tuple[str, Code]:
        """The function's text, whole, and code that declares nothing more."""
        return _Writer(self).text()


class _Writer:
    def __init__(self, block: SlidingBlock) -> None:
        self.block = block
        lanes = block.bytes // BYTES[block.type]
        self.vector = f"<{lanes} x {block.type}>"
        self.fma = f"llvm.fma.v{lanes}{SHORT[block.type]}"
        self.lines: list[str] = ["entry:"]
        self.mask = f"<{lanes} x i32> zeroinitializer"

    def _line(self, text: str) -> None:
        self.lines.append(f"  {text}")

    def _cells(self) -> Iterator[tuple[str, int, int]]:
        for row in range(self.block.rows):
            for vector in range(VECTORS):
                yield f"{row}.{vector}", row, vector

    def _argument(self, number: int, name: str) -> None:
        self._line(f"%{name}.at = getelementptr i64, ptr %arguments, i64 {number}")
        self._line(f"%{name} = load i64, ptr %{name}.at")

    def _phi(self, type: str, name: str, start: str, before: str, next: str, back: str) -> None:
        self._line(f"%{name} = phi {type} [ {start}, %{before} ], [ {next}, %{back} ]")

    def _moved(self, name: str, pointer: str, distance: Any) -> None:
        self._line(f"%{name} = getelementptr i8, ptr %{pointer}, i64 {distance}")

    def _end(self, level: str, back: str) -> None:
        self._line(f"%{level}.next = add nuw nsw i64 %{level}, 1")
        self._line(f"%{level}.more = icmp ult i64 %{level}.next, %n.{level}")
        self._line(f"br i1 %{level}.more, label %{back}, label %{level}.done")
        self.lines.append(f"{level}.done:")

    def text(self) -> tuple[str, Code]:
        """The function: loops over blocks, and one block."""
        levels = ["x", "y", "z", "t", "j"]
        number = 0
        for level in levels:
            self._argument(number, f"n.{level}")
            number += 1
        for operand, steps in (("a", levels), ("b", levels), ("c", ["x", "y", "z", "row"])):
            for name in ("slot", "offset", *steps):
                self._argument(number, f"{operand}.{name}")
                number += 1
            self._line(f"%{operand}.entry = getelementptr ptr, ptr %buffers, i64 %{operand}.slot")
            self._line(f"%{operand}.base = load ptr, ptr %{operand}.entry")
            self._moved(f"{operand}.start", f"{operand}.base", f"%{operand}.offset")
        before, place = "entry", "start"
        for level in "xyz":
            self._line(f"br label %{level}.head")
            self.lines.append(f"{level}.head:")
            self._phi("i64", level, "0", before, f"%{level}.next", self._last(level))
            for operand in "abc":
                now = f"{operand}.{level}.now"
                start = f"%{operand}.{place}"
                self._phi("ptr", now, start, before, f"%{now}.next", self._last(level))
            before, place = f"{level}.head", f"{level}.now"
        self._block()
        for level in "zyx":
            for operand in "abc":
                now = f"{operand}.{level}.now"
                self._moved(f"{now}.next", now, f"%{operand}.{level}")
            self._end(level, f"{level}.head")
        self._line("ret void")
        body = "\n".join(self.lines)
        head = "define void @kernel(ptr %arguments, ptr %buffers) nounwind"
        three = ", ".join([self.vector] * 3)
        declared = f"declare {self.vector} @{self.fma}({three})"
        return f"{head} {{\n{body}\n}}\n{declared}\n", Code()

    def _last(self, level: str) -> str:
        """The block of instructions from which a loop goes back."""
        return {"z": "t.done", "y": "z.done", "x": "y.done"}[level]

    def _block(self) -> None:
        """One block: sums from nothing or from what is there, both loops, and back to memory."""
        vector, adding = self.vector, self.block.adding
        self._places()
        if adding:
            for cell, _, _ in self._cells():
                self._line(f"%first.{cell} = load {vector}, ptr %at.{cell}, align 4")
        self._line("br label %t.head")
        self.lines.append("t.head:")
        self._phi("i64", "t", "0", "z.head", "%t.next", "j.done")
        for operand in "ab":
            now = f"{operand}.t.now"
            self._phi("ptr", now, f"%{operand}.z.now", "z.head", f"%{now}.next", "j.done")
        for cell, _, _ in self._cells():
            start = f"%first.{cell}" if adding else "zeroinitializer"
            self._phi(vector, f"outer.{cell}", start, "z.head", f"%sum.{cell}", "j.done")
        self._line("br label %j.head")
        self.lines.append("j.head:")
        self._phi("i64", "j", "0", "t.head", "%j.next", "j.head")
        for operand in "ab":
            now = f"{operand}.j.now"
            self._phi("ptr", now, f"%{operand}.t.now", "t.head", f"%{now}.next", "j.head")
        for cell, _, _ in self._cells():
            self._phi(vector, f"inner.{cell}", f"%outer.{cell}", "t.head", f"%sum.{cell}", "j.head")
        self._products()
        for operand in "ab":
            now = f"{operand}.j.now"
            self._moved(f"{now}.next", now, f"%{operand}.j")
        self._end("j", "j.head")
        for operand in "ab":
            now = f"{operand}.t.now"
            self._moved(f"{now}.next", now, f"%{operand}.t")
        self._end("t", "t.head")
        for cell, _, _ in self._cells():
            self._line(f"store {vector} %sum.{cell}, ptr %at.{cell}, align 4")

    def _places(self) -> None:
        for cell, row, vector in self._cells():
            if vector == 0:
                self._line(f"%down.{row} = mul nsw i64 %c.row, {row}")
                self._moved(f"row.{row}", "c.z.now", f"%down.{row}")
            self._moved(f"at.{cell}", f"row.{row}", vector * self.block.bytes)

    def _products(self) -> None:
        type, vector = self.block.type, self.vector
        for each in range(VECTORS):
            self._moved(f"right.at.{each}", "b.j.now", each * self.block.bytes)
            self._line(f"%right.{each} = load {vector}, ptr %right.at.{each}, align 4")
        for cell, row, each in self._cells():
            if each == 0:
                self._moved(f"left.at.{row}", "a.j.now", row * self.block.step)
                self._line(f"%left.{row} = load {type}, ptr %left.at.{row}")
                one = f"insertelement {vector} poison, {type} %left.{row}, i32 0"
                self._line(f"%one.{row} = {one}")
                spread = f"shufflevector {vector} %one.{row}, {vector} poison, {self.mask}"
                self._line(f"%spread.{row} = {spread}")
            operands = f"{vector} %spread.{row}, {vector} %right.{each}, {vector} %inner.{cell}"
            self._line(f"%sum.{cell} = call {vector} @{self.fma}({operands})")
