"""One LLVM function for each structure of a loop nest.

A nest runs over a space of positions: it loads elements, computes, stores elements at the same
position and folds elements into reductions. Its structure is all that decides the instructions; the
extents, strides and places are arguments, so another batch size needs no other code. Functions are

    void kernel(i64* arguments, i8** buffers)

where the arguments are the extents, outermost first, then for each access (loads, then stores) the
number of its buffer, an offset and one stride for each axis, in bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from pantarhei.engines.native.codegen.ops import BYTES, STORED, combine, neutral, write
from pantarhei.engines.native.codegen.scalar import Code, Scalar, literal

# Where an operand comes from: ("load", number), ("op", number) or ("literal", text).
Operand = tuple[str, int | str]


OTHER = -1
# LLVM prefers half of what AVX-512 offers; polynomials of elements take 3/4 of the time with all.
WIDEST = '"prefer-vector-width"="512"'
# Loops over a few columns' elements become vectors if the compiler knows how far they are apart.
LARGEST_STEP = 8


@dataclass(frozen=True)
class Access:
    """A load or a store: type of the element and the step along the innermost axis, in elements.

    Small steps are known; for others it is `OTHER`, and the step is an argument.
    """

    type: str
    step: int


@dataclass(frozen=True)
class Operation:
    """One operation on elements; a literal operand is (("literal", text), its type)."""

    name: str
    type: str
    operands: tuple[tuple[Operand, str], ...]


@dataclass(frozen=True)
class Result:
    """What is stored: an operand, as it is or (with `kind`) folded into what is there."""

    kind: str
    operand: tuple[Operand, str]
    access: Access


@dataclass(frozen=True)
class Structure:
    """All that decides the instructions of a nest; `folded`: which axes vanish, outermost first."""

    folded: tuple[bool, ...]
    loads: tuple[Access, ...]
    operations: tuple[Operation, ...]
    results: tuple[Result, ...]


def accumulator_type(kind: str, type: str) -> str:
    """Sums of float32 in one go are kept in float64: exact to the last place at almost no cost."""
    return "double" if kind == "sum" and type == "float" else type


class Nest:
    """Writes the function of one structure."""

    def __init__(self, structure: Structure, name: str) -> None:
        self.structure = structure
        self.name = name
        self.rank = len(structure.folded)
        self.code = Code()
        self.accesses = [*structure.loads, *(each.access for each in structure.results)]
        # The innermost axis vanishes: elements are folded in a register, not in memory.
        self.inner_fold = self.rank > 0 and structure.folded[-1]

    @property
    def text(self) -> str:
        """The function, without the declarations it needs."""
        self._arguments()
        if any(result.kind for result in self.structure.results) and self._starts_in_memory:
            self._nest(initial=True)
        self._nest(initial=False)
        body = "\n".join(["entry:", *self.code.lines, "  ret void"])
        head = f"define void @{self.name}(ptr %arguments, ptr %buffers) nounwind {WIDEST}"
        return f"{head} {{\n{body}\n}}\n"

    @property
    def _starts_in_memory(self) -> bool:
        return any(self.structure.folded[: self.rank - 1 if self.inner_fold else self.rank])

    def _line(self, text: str) -> None:
        self.code.lines.append(f"  {text}")

    def _argument(self, number: int) -> str:
        place = self.code.fresh()
        self._line(f"{place} = getelementptr i64, ptr %arguments, i64 {number}")
        value = self.code.fresh()
        self._line(f"{value} = load i64, ptr {place}")
        return value

    def _arguments(self) -> None:
        self.extents = [self._argument(axis) for axis in range(self.rank)]
        self.bases: list[str] = []
        self.strides: list[list[str]] = []
        number = self.rank
        for access in self.accesses:
            buffer, offset = self._argument(number), self._argument(number + 1)
            place, base, start = (self.code.fresh() for _ in range(3))
            self._line(f"{place} = getelementptr ptr, ptr %buffers, i64 {buffer}")
            self._line(f"{base} = load ptr, ptr {place}")
            self._line(f"{start} = getelementptr i8, ptr {base}, i64 {offset}")
            self.bases.append(start)
            steps = []
            for axis in range(self.rank):
                inner = axis == self.rank - 1
                fixed = inner and access.step != OTHER
                steps.append(
                    str(access.step * BYTES[access.type])
                    if fixed
                    else self._argument(number + 2 + axis)
                )
            self.strides.append(steps)
            number += 2 + self.rank

    # --- loops --------------------------------------------------------------------------------

    def _nest(self, initial: bool) -> None:
        """The loops; `initial` ones only write what reductions in memory start from."""
        mark = "start" if initial else "run"
        axes = [axis for axis in range(self.rank) if not (initial and self.structure.folded[axis])]
        first = len(self.structure.loads)
        reductions = [
            first + index for index, each in enumerate(self.structure.results) if each.kind
        ]
        reached = reductions if initial else range(len(self.accesses))
        pointers = {index: self.bases[index] for index in reached}
        before = self.code.fresh()
        self._line(f"br label {before}")
        self._label(before)
        if initial and not axes:
            self._initial_values(pointers)
            return
        if not axes:
            self._values(pointers, pointers, {})
            return
        labels = [f"{mark}{axis}" for axis in axes]
        for depth, axis in enumerate(axes[:-1]):
            self._open(labels[depth], before, f"{mark}{axes[depth + 1]}.done", axis)
            pointers = self._moved(pointers, f"%{labels[depth]}.i", axis)
            before = f"%{labels[depth]}"
        self._innermost(labels[-1], before, axes[-1], pointers, initial)
        for depth in range(len(axes) - 2, -1, -1):
            self._close(labels[depth], axes[depth])

    def _label(self, name: str) -> None:
        self.code.lines.append(f"{name.removeprefix('%')}:")

    def _open(self, label: str, before: str, back: str, axis: int) -> None:
        self._line(f"br label %{label}")
        self._label(label)
        self._line(f"%{label}.i = phi i64 [ 0, {before} ], [ %{label}.next, %{back} ]")

    def _close(self, label: str, axis: int, note: str = "") -> None:
        self._line(f"%{label}.next = add nuw nsw i64 %{label}.i, 1")
        self._line(f"%{label}.more = icmp ult i64 %{label}.next, {self.extents[axis]}")
        self._line(f"br i1 %{label}.more, label %{label}, label %{label}.done{note}")
        self._label(f"{label}.done")

    def _moved(self, pointers: dict[int, str], index: str, axis: int) -> dict[int, str]:
        moved = {}
        for access, pointer in pointers.items():
            step = self.strides[access][axis]
            if step == "0":
                moved[access] = pointer
                continue
            distance, place = self.code.fresh(), self.code.fresh()
            self._line(f"{distance} = mul nsw i64 {index}, {step}")
            self._line(f"{place} = getelementptr i8, ptr {pointer}, i64 {distance}")
            moved[access] = place
        return moved

    def _innermost(
        self, label: str, before: str, axis: int, outer: dict[int, str], initial: bool
    ) -> None:
        known = {} if initial else self._hoisted(outer)
        folding = [] if initial or not self.inner_fold else self._folding()
        self._open(label, before, label, axis)
        for index, _, type, start in folding:
            self._line(
                f"%acc{index} = phi {type} [ {start}, {before} ], [ %acc{index}.next, %{label} ]"
            )
        pointers = self._moved(outer, f"%{label}.i", axis)
        if initial:
            self._initial_values(pointers)
        else:
            self._values(pointers, outer, known)
        self._close(label, axis, "" if initial else ", !llvm.loop !LOOP")
        for index, kind, type, _ in folding:
            self._finish(index, kind, type, outer[len(self.structure.loads) + index])

    def _hoisted(self, pointers: dict[int, str]) -> dict[int, Scalar]:
        """Elements that stay the same along the innermost axis, loaded before its loop."""
        return {
            index: self._load(pointers[index], access.type, "")
            for index, access in enumerate(self.structure.loads)
            if access.step == 0
        }

    def _folding(self) -> list[tuple[int, str, str, str]]:
        """Of each reduction in a register: its number, kind, type and start."""
        rows = []
        for index, result in enumerate(self.structure.results):
            if result.kind:
                type = accumulator_type(result.kind, result.access.type)
                start = literal(neutral(result.kind, result.access.type), type)
                rows.append((index, result.kind, type, start))
        return rows

    def _finish(self, index: int, kind: str, type: str, pointer: str) -> None:
        """Stores what a register has gathered, or folds it into what is in memory."""
        access = self.structure.results[index].access
        total = Scalar(self.code, f"%acc{index}.next", type)
        if self._starts_in_memory:
            there = self._load(pointer, access.type, "")
            if type != access.type:
                there = there.convert("fpext", type)
            total = combine(kind, there, total)
        if type != access.type:
            total = total.convert("fptrunc", access.type)
        self._store(total, pointer, "")

    # --- elements -----------------------------------------------------------------------------

    def _load(self, pointer: str, type: str, note: str) -> Scalar:
        value = self.code.emit(f"load {STORED[type]}, ptr {pointer}{note}", STORED[type])
        return value.convert("trunc", "i1") if type == "i1" else value

    def _store(self, value: Scalar, pointer: str, note: str) -> None:
        stored = value.convert("zext", "i8") if value.type == "i1" else value
        self._line(f"store {stored.type} {stored.name}, ptr {pointer}{note}")

    def _initial_values(self, pointers: dict[int, str]) -> None:
        first = len(self.structure.loads)
        for index, result in enumerate(self.structure.results):
            if result.kind:
                value = neutral(result.kind, result.access.type)
                start = self.code.constant(value, result.access.type)
                self._store(start, pointers[first + index], "")

    def _values(
        self, pointers: dict[int, str], outer: dict[int, str], known: dict[int, Scalar]
    ) -> None:
        """One position: loads, operations, results."""
        # Iterations of the innermost loop touch different elements, or only read them.
        note = ", !llvm.access.group !GROUP" if self.rank else ""
        values: dict[Operand, Scalar] = {}
        for index, access in enumerate(self.structure.loads):
            loaded = known.get(index) or self._load(pointers[index], access.type, note)
            values["load", index] = loaded

        def value(operand: tuple[Operand, str]) -> Scalar:
            place, type = operand
            if place[0] == "literal":
                return Scalar(self.code, str(place[1]), type)
            return values[place]

        for index, operation in enumerate(self.structure.operations):
            operands = [value(each) for each in operation.operands]
            values["op", index] = write(operation.name, operands, operation.type)
        first = len(self.structure.loads)
        for index, result in enumerate(self.structure.results):
            element, pointer = value(result.operand), pointers[first + index]
            if not result.kind or self.rank == 0:
                self._store(element, pointer, note)
            elif self.inner_fold:
                type = accumulator_type(result.kind, result.access.type)
                if type != element.type:
                    element = element.convert("fpext", type)
                total = combine(result.kind, Scalar(self.code, f"%acc{index}", type), element)
                # The name under which the loop's head knows it.
                self.code.lines[-1] = self.code.lines[-1].replace(
                    total.name, f"%acc{index}.next", 1
                )
            else:
                type = result.access.type
                if type != element.type:
                    element = element.convert("fpext", type)
                there = self._load(pointer, type, note)
                self._store(combine(result.kind, there, element), pointer, note)
