"""Products of our own: the functions that pack operands, and those that multiply what is packed.

The innermost part multiplies a few rows of the left matrix, packed so that they lie side by side,
with a few vectors of columns of the right one, and keeps all sums in registers. An element is the
sum of its terms in order, some hundred at a time: where a block begins and ends changes nothing.
Only processors whose registers hold enough sums have it; elsewhere all products are BLAS's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pantarhei.engines.native.codegen.ops import BYTES

# Terms that are summed up at a time: so many rows of both packed operands stay in the first cache.
DEPTH = 420

# Registers of 512 bits are used where there are any, though LLVM thinks little of some.
WIDEST = '"min-legal-vector-width"="512" "prefer-vector-width"="512"'


@dataclass(frozen=True)
class Tile:
    """What is kept in registers: rows, and columns as so many vectors of some elements.

    A tile is a structure, as those of nests are; its function multiplies packed operands.
    """

    type: str
    rows: int
    vectors: int
    lanes: int

    @property
    def columns(self) -> int:
        """Columns of the tile."""
        return self.vectors * self.lanes

    @property
    def text(self) -> str:
        """The function, named `kernel`, in LLVM's language."""
        return "\n".join(_function(self)) + "\n"


def tile(type: str, features: Mapping[str, bool]) -> Tile | None:
    """The tile for a processor with these features."""
    if features.get("avx512f"):
        return Tile(type, 12, 2, 64 // BYTES[type])
    if type == "float" and features.get("avx2") and features.get("fma"):
        return Tile(type, 6, 2, 32 // BYTES[type])
    return None


def depth(inner: int) -> int:
    """How many terms are summed up at a time, of so many."""
    parts = max(round(inner / DEPTH), 1)
    return -(-inner // parts)


# Arguments: terms, rows, columns; whether sums are added to what is there; bytes between two rows
# of the result; terms at a time; then buffer and offset of left, right, result.
_NUMBERS = ("inner", "rows", "columns", "adding", "leading", "depth")
_PLACES = ("left", "right", "result")


def _function(tile: Tile) -> Iterator[str]:
    size = BYTES[tile.type]
    vector = f"<{tile.lanes} x {tile.type}>"
    cells = [(row, part) for row in range(tile.rows) for part in range(tile.vectors)]
    yield f"define void @kernel(ptr %arguments, ptr %buffers) nounwind {WIDEST} {{"
    yield "entry:"
    yield f"  %spill = alloca [{tile.rows * tile.columns} x {tile.type}], align 64"
    for number, name in enumerate(_NUMBERS):
        yield f"  %{name}.place = getelementptr i64, ptr %arguments, i64 {number}"
        yield f"  %{name} = load i64, ptr %{name}.place"
    for number, name in enumerate(_PLACES):
        yield from _place(name, len(_NUMBERS) + 2 * number)
    yield "  %adds = icmp ne i64 %adding, 0"
    yield "  br label %part"
    yield "part:"
    yield "  %first = phi i64 [ 0, %entry ], [ %first.next, %part.next ]"
    yield "  %add.now = phi i1 [ %adds, %entry ], [ true, %part.next ]"
    yield "  %left.terms = sub i64 %inner, %first"
    yield "  %terms = call i64 @llvm.umin.i64(i64 %left.terms, i64 %depth)"
    yield "  br label %column"
    yield "column:"
    yield "  %j = phi i64 [ 0, %part ], [ %j.next, %column.next ]"
    yield "  %right.start = mul i64 %j, %inner"
    yield f"  %right.first = mul i64 %first, {tile.columns}"
    yield "  %right.index = add i64 %right.start, %right.first"
    yield f"  %right.panel = getelementptr {tile.type}, ptr %right, i64 %right.index"
    yield "  %columns.left = sub i64 %columns, %j"
    yield f"  %columns.here = call i64 @llvm.umin.i64(i64 %columns.left, i64 {tile.columns})"
    yield "  br label %row"
    yield "row:"
    yield "  %i = phi i64 [ 0, %column ], [ %i.next, %row.next ]"
    yield "  %left.start = mul i64 %i, %inner"
    yield f"  %left.first = mul i64 %first, {tile.rows}"
    yield "  %left.index = add i64 %left.start, %left.first"
    yield f"  %left.panel = getelementptr {tile.type}, ptr %left, i64 %left.index"
    yield "  %rows.left = sub i64 %rows, %i"
    yield f"  %rows.here = call i64 @llvm.umin.i64(i64 %rows.left, i64 {tile.rows})"
    yield "  %down = mul i64 %i, %leading"
    yield f"  %across = mul i64 %j, {size}"
    yield "  %shift = add i64 %down, %across"
    yield "  %target = getelementptr i8, ptr %result, i64 %shift"
    yield "  br label %term"
    yield "term:"
    yield "  %k = phi i64 [ 0, %row ], [ %k.next, %term ]"
    yield "  %x = phi ptr [ %left.panel, %row ], [ %x.next, %term ]"
    yield "  %y = phi ptr [ %right.panel, %row ], [ %y.next, %term ]"
    for row, part in cells:
        sums = f"[ zeroinitializer, %row ], [ %sum.{row}.{part}.next, %term ]"
        yield f"  %sum.{row}.{part} = phi {vector} {sums}"
    for part in range(tile.vectors):
        yield f"  %y.{part}.at = getelementptr {tile.type}, ptr %y, i64 {part * tile.lanes}"
        yield f"  %y.{part} = load {vector}, ptr %y.{part}.at, align {size * tile.lanes}"
        ahead = 8 * tile.columns + part * tile.lanes
        yield f"  %y.{part}.ahead = getelementptr {tile.type}, ptr %y, i64 {ahead}"
        yield f"  call void @llvm.prefetch.p0(ptr %y.{part}.ahead, i32 0, i32 3, i32 1)"
    for row in range(tile.rows):
        yield f"  %x.{row}.at = getelementptr {tile.type}, ptr %x, i64 {row}"
        yield f"  %x.{row} = load {tile.type}, ptr %x.{row}.at"
        yield f"  %x.{row}.one = insertelement {vector} poison, {tile.type} %x.{row}, i64 0"
        same = f"<{tile.lanes} x i32> zeroinitializer"
        yield f"  %x.{row}.all = shufflevector {vector} %x.{row}.one, {vector} poison, {same}"
        for part in range(tile.vectors):
            factors = f"{vector} %x.{row}.all, {vector} %y.{part}, {vector} %sum.{row}.{part}"
            called = f"call {vector} @llvm.fma.{_short(tile)}({factors})"
            yield f"  %sum.{row}.{part}.next = {called}"
    yield "  %k.next = add nuw nsw i64 %k, 1"
    yield f"  %x.next = getelementptr {tile.type}, ptr %x, i64 {tile.rows}"
    yield f"  %y.next = getelementptr {tile.type}, ptr %y, i64 {tile.columns}"
    yield "  %k.more = icmp ult i64 %k.next, %terms"
    yield "  br i1 %k.more, label %term, label %sums"
    yield "sums:"
    yield f"  %all.rows = icmp eq i64 %rows.here, {tile.rows}"
    yield f"  %all.columns = icmp eq i64 %columns.here, {tile.columns}"
    yield "  %all = and i1 %all.rows, %all.columns"
    yield "  br i1 %all, label %whole, label %ragged"
    yield "whole:"
    yield "  br i1 %add.now, label %add, label %store"
    for label in ("add", "store"):
        yield f"{label}:"
        for row, part in cells:
            name = f"%{label}.{row}.{part}"
            yield f"  {name}.row = mul i64 %leading, {row}"
            yield f"  {name}.down = getelementptr i8, ptr %target, i64 {name}.row"
            start = f"ptr {name}.down, i64 {part * tile.lanes}"
            yield f"  {name}.at = getelementptr {tile.type}, {start}"
            total = f"%sum.{row}.{part}.next"
            if label == "add":
                yield f"  {name}.there = load {vector}, ptr {name}.at, align {size}"
                yield f"  {name} = fadd {vector} {name}.there, {total}"
                total = name
            yield f"  store {vector} {total}, ptr {name}.at, align {size}"
        yield "  br label %row.next"
    yield "ragged:"
    for row, part in cells:
        cell = row * tile.columns + part * tile.lanes
        name = f"%spill.{row}.{part}"
        yield f"  {name} = getelementptr {tile.type}, ptr %spill, i64 {cell}"
        yield f"  store {vector} %sum.{row}.{part}.next, ptr {name}, align {size}"
    yield "  br label %ragged.row"
    yield "ragged.row:"
    yield "  %r = phi i64 [ 0, %ragged ], [ %r.next, %ragged.row.next ]"
    yield f"  %r.start = mul i64 %r, {tile.columns}"
    yield "  %r.down = mul i64 %r, %leading"
    yield "  %r.target = getelementptr i8, ptr %target, i64 %r.down"
    yield "  br label %ragged.column"
    yield "ragged.column:"
    yield "  %c = phi i64 [ 0, %ragged.row ], [ %c.next, %ragged.column ]"
    yield "  %cell = add i64 %r.start, %c"
    yield f"  %cell.at = getelementptr {tile.type}, ptr %spill, i64 %cell"
    yield f"  %new = load {tile.type}, ptr %cell.at"
    yield f"  %c.at = getelementptr {tile.type}, ptr %r.target, i64 %c"
    yield f"  %old = load {tile.type}, ptr %c.at"
    yield f"  %both = fadd {tile.type} %old, %new"
    yield f"  %kept = select i1 %add.now, {tile.type} %both, {tile.type} %new"
    yield f"  store {tile.type} %kept, ptr %c.at"
    yield "  %c.next = add nuw nsw i64 %c, 1"
    yield "  %c.more = icmp ult i64 %c.next, %columns.here"
    yield "  br i1 %c.more, label %ragged.column, label %ragged.row.next"
    yield "ragged.row.next:"
    yield "  %r.next = add nuw nsw i64 %r, 1"
    yield "  %r.more = icmp ult i64 %r.next, %rows.here"
    yield "  br i1 %r.more, label %ragged.row, label %row.next"
    for axis, label, back, step in (
        ("i", "row", "rows", tile.rows),
        ("j", "column", "columns", tile.columns),
        ("first", "part", "inner", None),
    ):
        then = {"row": "column.next", "column": "part.next", "part": "end"}[label]
        yield f"{label}.next:"
        yield f"  %{axis}.next = add nuw nsw i64 %{axis}, {step or '%depth'}"
        yield f"  %{axis}.more = icmp ult i64 %{axis}.next, %{back}"
        yield f"  br i1 %{axis}.more, label %{label}, label %{then}"
    yield "end:"
    yield "  ret void"
    yield "}"
    yield "declare i64 @llvm.umin.i64(i64, i64)"
    yield "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)"
    yield f"declare {vector} @llvm.fma.{_short(tile)}({vector}, {vector}, {vector})"


def _short(tile: Tile) -> str:
    return f"v{tile.lanes}f{8 * BYTES[tile.type]}"


# --- packing ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pack:
    """Copies panels: for each term so many elements side by side.

    `turned`: neighbouring terms are neighbours in memory, else elements of one term are.
    """

    type: str
    width: int
    lanes: int
    turned: bool

    @property
    def text(self) -> str:
        """The function, named `kernel`, in LLVM's language."""
        lines = [
            f"define void @kernel(ptr %arguments, ptr %buffers) nounwind {WIDEST} {{",
            "entry:",
        ]
        for number, name in enumerate(("panels", "terms", "stride")):
            lines.append(f"  %{name}.place = getelementptr i64, ptr %arguments, i64 {number}")
            lines.append(f"  %{name} = load i64, ptr %{name}.place")
        for number, name in enumerate(("source", "target")):
            lines += _place(name, 3 + 2 * number)
        lines += self._turned() if self.turned else self._straight()
        return "\n".join([*lines, "end:", "  ret void", "}", ""])

    def _straight(self) -> Iterator[str]:
        """Term by term, all panels: the source is read as it lies."""
        size = BYTES[self.type]
        vector = f"<{self.width} x {self.type}>"
        yield f"  %between = mul i64 %terms, {self.width * size}"
        yield "  br label %term"
        yield "term:"
        yield "  %k = phi i64 [ 0, %entry ], [ %k.next, %term.next ]"
        yield "  %source.shift = mul i64 %k, %stride"
        yield "  %from = getelementptr i8, ptr %source, i64 %source.shift"
        yield f"  %target.shift = mul i64 %k, {self.width * size}"
        yield "  %to = getelementptr i8, ptr %target, i64 %target.shift"
        yield "  br label %panel"
        yield "panel:"
        yield "  %p = phi i64 [ 0, %term ], [ %p.next, %panel ]"
        yield f"  %p.from.shift = mul i64 %p, {self.width * size}"
        yield "  %p.from = getelementptr i8, ptr %from, i64 %p.from.shift"
        yield "  %p.to.shift = mul i64 %p, %between"
        yield "  %p.to = getelementptr i8, ptr %to, i64 %p.to.shift"
        yield f"  %values = load {vector}, ptr %p.from, align {size}"
        yield f"  store {vector} %values, ptr %p.to, align {size}"
        yield "  %p.next = add nuw nsw i64 %p, 1"
        yield "  %p.more = icmp ult i64 %p.next, %panels"
        yield "  br i1 %p.more, label %panel, label %term.next"
        yield "term.next:"
        yield "  %k.next = add nuw nsw i64 %k, 1"
        yield "  %k.more = icmp ult i64 %k.next, %terms"
        yield "  br i1 %k.more, label %term, label %end"

    def _turned(self) -> Iterator[str]:
        """Squares of as many terms as a vector has lanes are turned in registers."""
        lanes, width, type = self.lanes, self.width, self.type
        # The code is written once for all squares beside each other, if they are alike.
        rows = lanes if width % lanes == 0 else width
        yield f"  %squares = and i64 %terms, {-lanes}"
        yield "  br label %panel"
        yield "panel:"
        yield "  %p = phi i64 [ 0, %entry ], [ %p.next, %panel.next ]"
        yield f"  %down = mul i64 %p, {width}"
        yield "  %from.shift = mul i64 %down, %stride"
        yield "  %from = getelementptr i8, ptr %source, i64 %from.shift"
        yield "  %to.start = mul i64 %down, %terms"
        yield f"  %to = getelementptr {type}, ptr %target, i64 %to.start"
        yield "  %any = icmp ne i64 %squares, 0"
        yield "  br i1 %any, label %beside, label %rest"
        yield "beside:"
        yield "  %g = phi i64 [ 0, %panel ], [ %g.next, %beside.next ]"
        yield "  %g.shift = mul i64 %g, %stride"
        yield "  %g.from = getelementptr i8, ptr %from, i64 %g.shift"
        yield f"  %g.to = getelementptr {type}, ptr %to, i64 %g"
        for row in range(rows):
            yield f"  %row.{row}.shift = mul i64 %stride, {row}"
            yield f"  %row.{row} = getelementptr i8, ptr %g.from, i64 %row.{row}.shift"
        yield "  br label %square"
        yield "square:"
        yield "  %k = phi i64 [ 0, %beside ], [ %k.next, %square ]"
        yield f"  %k.to.start = mul i64 %k, {width}"
        yield f"  %k.to = getelementptr {type}, ptr %g.to, i64 %k.to.start"
        for first in range(0, rows, lanes):
            yield from self._square(first, min(lanes, rows - first))
        yield f"  %k.next = add nuw nsw i64 %k, {lanes}"
        yield "  %k.more = icmp ult i64 %k.next, %squares"
        yield "  br i1 %k.more, label %square, label %beside.next"
        yield "beside.next:"
        yield f"  %g.next = add nuw nsw i64 %g, {rows}"
        yield f"  %g.more = icmp ult i64 %g.next, {width}"
        yield "  br i1 %g.more, label %beside, label %rest"
        yield "rest:"
        yield "  %some = icmp ult i64 %squares, %terms"
        yield "  br i1 %some, label %term, label %panel.next"
        yield "term:"
        yield "  %r = phi i64 [ %squares, %rest ], [ %r.next, %term.next ]"
        yield f"  %r.to.start = mul i64 %r, {width}"
        yield f"  %r.to = getelementptr {type}, ptr %to, i64 %r.to.start"
        yield f"  %r.from = getelementptr {type}, ptr %from, i64 %r"
        yield "  br label %row"
        yield "row:"
        yield "  %q = phi i64 [ 0, %term ], [ %q.next, %row ]"
        yield "  %q.shift = mul i64 %q, %stride"
        yield "  %q.from = getelementptr i8, ptr %r.from, i64 %q.shift"
        yield f"  %q.value = load {type}, ptr %q.from"
        yield f"  %q.to = getelementptr {type}, ptr %r.to, i64 %q"
        yield f"  store {type} %q.value, ptr %q.to"
        yield "  %q.next = add nuw nsw i64 %q, 1"
        yield f"  %q.more = icmp ult i64 %q.next, {width}"
        yield "  br i1 %q.more, label %row, label %term.next"
        yield "term.next:"
        yield "  %r.next = add nuw nsw i64 %r, 1"
        yield "  %r.more = icmp ult i64 %r.next, %terms"
        yield "  br i1 %r.more, label %term, label %panel.next"
        yield "panel.next:"
        yield "  %p.next = add nuw nsw i64 %p, 1"
        yield "  %p.more = icmp ult i64 %p.next, %panels"
        yield "  br i1 %p.more, label %panel, label %end"

    def _square(self, first: int, count: int) -> Iterator[str]:
        """So many rows from `first` on, of as many terms as a vector has lanes, turned."""
        size, lanes, type = BYTES[self.type], self.lanes, self.type
        vector = f"<{lanes} x {type}>"
        rows = []
        for row in range(first, first + count):
            yield f"  %at.{row} = getelementptr {type}, ptr %row.{row}, i64 %k"
            yield f"  %v.{row} = load {vector}, ptr %at.{row}, align {size}"
            rows.append(f"%v.{row}")
        rows += ["poison"] * (lanes - len(rows))
        step = lanes // 2
        while step:
            turned = list(rows)
            for index in range(lanes):
                if index & step:
                    continue
                pair = f"{vector} {rows[index]}, {vector} {rows[index + step]}"
                for half, other in ((0, index), (1, index + step)):
                    picks = [
                        lane + step * half + ((lanes - step) if lane & step else 0)
                        for lane in range(lanes)
                    ]
                    mask = ", ".join(f"i32 {pick}" for pick in picks)
                    name = f"%t.{first}.{step}.{other}"
                    yield f"  {name} = shufflevector {pair}, <{lanes} x i32> <{mask}>"
                    turned[other] = name
            rows, step = turned, step // 2
        for term, name in enumerate(rows):
            stored = name
            if count < lanes:
                stored = f"%part.{first}.{term}"
                mask = ", ".join(f"i32 {lane}" for lane in range(count))
                pair = f"{vector} {name}, {vector} poison"
                yield f"  {stored} = shufflevector {pair}, <{count} x i32> <{mask}>"
            position = term * self.width + first
            yield f"  %s.{first}.{term} = getelementptr {type}, ptr %k.to, i64 {position}"
            yield f"  store <{count} x {type}> {stored}, ptr %s.{first}.{term}, align {size}"


def _place(name: str, number: int) -> Iterator[str]:
    """Reads a place (buffer, offset) from the arguments."""
    yield f"  %{name}.slot.place = getelementptr i64, ptr %arguments, i64 {number}"
    yield f"  %{name}.slot = load i64, ptr %{name}.slot.place"
    yield f"  %{name}.offset.place = getelementptr i64, ptr %arguments, i64 {number + 1}"
    yield f"  %{name}.offset = load i64, ptr %{name}.offset.place"
    yield f"  %{name}.buffer = getelementptr ptr, ptr %buffers, i64 %{name}.slot"
    yield f"  %{name}.base = load ptr, ptr %{name}.buffer"
    yield f"  %{name} = getelementptr i8, ptr %{name}.base, i64 %{name}.offset"
