"""Functions that are no nests of loops: they follow indices, look for places, draw numbers, guard.

A routine is a `Routine`, as a nest is a `Structure`: one function serves all shapes. Its arguments
begin with a range, in which it can be divided into tasks if its positions do not meet; see `ROWS`.
Guards write 1 into a cell where data are not what they have to be; who called looks there before
anything that lasts is changed. Indices that are wrong lead to the first element meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from pantarhei.engines.native.operations import BYTES, STORED
from pantarhei.engines.native.scalar import Code, Scalar
from pantarhei.program import philox


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

    def inside(self, index: Scalar, extent: Scalar) -> Scalar:
        """An index that is in an array for certain: the first where it is none."""
        fits = self.code.emit(f"icmp ult i64 {index.name}, {extent.name}", "i1")
        return fits.choose(index, 0)

    def text(self) -> str:
        """The function, without the declarations it needs."""
        body = "\n".join(["entry:", *self.code.lines, "  ret void"])
        return f"define void @kernel(ptr %arguments, ptr %buffers) nounwind {{\n{body}\n}}\n"


# --- what follows indices ------------------------------------------------------------------------


def _guard(w: Writer, begin: Scalar, end: Scalar, variant: tuple[str, ...]) -> None:
    """low, limit, step, numbers, cell: every `step`th number has to be in [low, limit)."""
    (type,) = variant
    low, limit, step = w.number(), w.number(), w.number()
    numbers, fault = w.pointer(), w.pointer()
    wrong = w.cell(begin.of(0))
    with w.loop(begin, end) as i:
        value = w.index(numbers, i * step, type)
        outside = value.below(low) | limit.at_most(value)
        w.store(w.load(wrong, "i64") | outside.convert("zext", "i64"), wrong)
    w.store(w.load(fault, "i64") | w.load(wrong, "i64"), fault)


def _gather(w: Writer, begin: Scalar, end: Scalar, variant: tuple[str, ...]) -> None:
    """number of indices, extent, bytes of a row, array, indices, result: rows, one for an index."""
    (type,) = variant
    count, extent, size = w.number(), w.number(), w.number()
    array, indices, result = w.pointer(), w.pointer(), w.pointer()
    copy = "void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"
    w.code.declarations.add(f"declare {copy}")
    with w.loop(begin, end) as i:
        outer = i.binary("udiv", count)
        index = w.inside(w.index(indices, i - outer * count, type), extent)
        source = w.moved(array, (outer * extent + index) * size)
        operands = f"ptr {w.moved(result, i * size)}, ptr {source}, i64 {size.name}, i1 false"
        w.code.lines.append(f"  call void @llvm.memcpy.p0.p0.i64({operands})")


COMBINE: dict[str, Callable[[Scalar, Scalar], Scalar]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "set": lambda x, y: y,
}


def _scatter(w: Writer, begin: Scalar, end: Scalar, variant: tuple[str, ...]) -> None:
    """elements of a row, then for each part of an index extent and elements it steps over;
    result, indices, updates: rows of updates combined in, in their order."""
    type, index_type, depth, combine = variant
    row = w.number()
    parts = [(w.number(), w.number()) for _ in range(int(depth))]
    result, indices, updates = w.pointer(), w.pointer(), w.pointer()
    with w.loop(begin, end) as i:
        start = i.of(0)
        for number, (extent, step) in enumerate(parts):
            index = w.index(indices, i * int(depth) + number, index_type)
            start = start + w.inside(index, extent) * step
        with w.loop(row.of(0), row) as j:
            update = w.load(w.element(updates, i * row + j, type), type)
            place = w.element(result, start + j, type)
            w.store(COMBINE[combine](w.load(place, type), update), place)


# --- places --------------------------------------------------------------------------------------


def _arg(w: Writer, begin: Scalar, end: Scalar, variant: tuple[str, ...]) -> None:
    """extent, elements behind the axis, array, result: where the first extreme element is; NaN
    loses."""
    kind, type, result_type = variant
    extent, inner = w.number(), w.number()
    array, result = w.pointer(), w.pointer()
    none = begin.of(0)
    place, best = w.cell(none), w.cell(w.code.constant(0, type))
    with w.loop(begin, end) as i:
        outer = i.binary("udiv", inner)
        first = outer * extent * inner + (i - outer * inner)
        w.store(none, place)
        w.store(_losing(w.load(w.element(array, first, type), type), kind), best)
        with w.loop(none + 1, extent) as k:
            value = _losing(w.load(w.element(array, first + k * inner, type), type), kind)
            so_far = w.load(best, type)
            better = so_far.below(value) if kind == "argmax" else value.below(so_far)
            w.store(better.choose(value, so_far), best)
            w.store(better.choose(k, w.load(place, "i64")), place)
        found = w.load(place, "i64")
        stored = found if result_type == "i64" else found.convert("trunc", "i32")
        w.store(stored, w.element(result, i, result_type))


def _losing(x: Scalar, kind: str) -> Scalar:
    """A number that loses where x is NaN."""
    if not x.is_float:
        return x
    return x.equals(x).choose(x, float("-inf") if kind == "argmax" else float("inf"))


# --- random numbers ------------------------------------------------------------------------------

LOW = (1 << 32) - 1


def _samples(w: Writer, state: str, number: Scalar) -> list[Scalar]:
    """The four words of a sample of Philox 4x32-10, as long numbers; see program/philox.py."""

    def word(place: int) -> Scalar:
        return w.load(w.element(state, number.of(place), "i32"), "i32").convert("zext", "i64")

    key = [word(0), word(1)]
    lower = word(2) | word(3).binary("shl", 32)
    upper = word(4) | word(5).binary("shl", 32)
    counter = lower + number
    carried = w.code.emit(f"icmp ult i64 {counter.name}, {number.name}", "i1")
    upper = upper + carried.convert("zext", "i64")
    words = [counter & LOW, counter.binary("lshr", 32), upper & LOW, upper.binary("lshr", 32)]
    for turn in range(philox.ROUNDS):
        first = words[0] * philox.MULTIPLIERS[0]
        second = words[2] * philox.MULTIPLIERS[1]
        keys = [
            (each + turn * step) & LOW
            for each, step in zip(key, philox.KEY_INCREMENTS, strict=True)
        ]
        words = [
            second.binary("lshr", 32) ^ words[1] ^ keys[0],
            second & LOW,
            first.binary("lshr", 32) ^ words[3] ^ keys[1],
            first & LOW,
        ]
    return words


def _uniform(w: Writer, begin: Scalar, end: Scalar, variant: tuple[str, ...]) -> None:
    """elements, state, result: numbers in [0, 1) with 23 random bits, four from a sample."""
    size, state, result = w.number(), w.pointer(), w.pointer()
    whole = size.binary("udiv", 4)
    rounded = whole.below(end).choose(whole, end)

    def numbers(group: Scalar) -> Iterator[tuple[Scalar, Scalar]]:
        for lane, word in enumerate(_samples(w, state, group)):
            bits = (word & 0x7FFFFF).convert("trunc", "i32")
            yield group * 4 + lane, bits.convert("sitofp", "float") * 2.0**-23

    with w.loop(begin, rounded) as group:
        for place, number in numbers(group):
            w.store(number, w.element(result, place, "float"))
    spare = w.cell(w.code.constant(0, "float"))
    with w.loop(rounded, end) as group:
        for place, number in numbers(group):
            target = w.element(result, place, "float")
            inside = place.below(size)
            chosen = w.code.emit(f"select i1 {inside.name}, ptr {target}, ptr {spare}", "ptr")
            w.store(number, chosen.name)


class Row(NamedTuple):
    """How a routine is written; nanoseconds for one of its range, where that can be divided."""

    write: Callable[[Writer, Scalar, Scalar, tuple[str, ...]], None]
    cost: float = 0.0


ROWS: dict[str, Row] = {
    "guard": Row(_guard),
    "gather": Row(_gather),
    "scatter": Row(_scatter),
    "arg": Row(_arg),
    "random_uniform": Row(_uniform, 2.0),
}


def written(routine: Routine) -> tuple[str, Code]:
    """The text of a routine's function, and the code with what it declares."""
    writer = Writer()
    begin, end = writer.number(), writer.number()
    ROWS[routine.kind].write(writer, begin, end, routine.variant)
    return writer.text(), writer.code
