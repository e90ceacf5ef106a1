"""One LLVM function for each structure of a loop nest.

A nest runs over a space of positions: it loads elements, computes, stores elements at the same
position and accumulates elements in reductions. Its structure is all that decides the instructions;
the extents, strides and places are arguments, so another batch size needs no other code. The
arguments of its kernel (builder.py) are the extents, outermost first, then for each access (loads,
then stores) the number of its buffer, an offset and one stride for each axis, in bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pantarhei.engines.native.codegen.builder import ACCESS_GROUP, WIDEST
from pantarhei.engines.native.codegen.kernel_function import KernelFunction
from pantarhei.engines.native.codegen.ops import BYTES, combine, neutral, write
from pantarhei.engines.native.codegen.values import SSAValue

# Where an operand comes from: ("load", number), ("op", number) or ("literal", text).
Operand = tuple[str, int | str]


OTHER = -1
# Loops over a few columns' elements become vectors if the distance between them is a constant.
LARGEST_STEP = 8


@dataclass(frozen=True)
class Access:
    """A load or a store: type of the element and the step along the innermost axis, in elements.

    Small steps are known; for others it is `OTHER`, and the step is an argument.
    """

    type: str
    step: int


@dataclass(frozen=True)
class ElementOperation:
    """One operation on elements; a literal operand is (("literal", text), its type)."""

    name: str
    type: str
    operands: tuple[tuple[Operand, str], ...]


@dataclass(frozen=True)
class Result:
    """What is stored: an operand, as it is or (with `kind`) accumulated in what is there."""

    kind: str
    operand: tuple[Operand, str]
    access: Access


@dataclass(frozen=True)
class Structure:
    """All that decides the instructions of a nest.

    `reduced`: which axes are reduction axes, outermost first.
    """

    reduced: tuple[bool, ...]
    loads: tuple[Access, ...]
    operations: tuple[ElementOperation, ...]
    results: tuple[Result, ...]

    # Whether LLVM's optimization passes run over the text.
    optimized = True

    @property
    def text(self) -> str:
        """The module with the function, named `kernel`, in LLVM's language."""
        return _NestWriter(self).text


def accumulator_type(kind: str, type: str) -> str:
    """Sums of float32 in one go are kept in float64: exact to the last place at almost no cost."""
    return "double" if kind == "sum" and type == "float" else type


# Places of accesses by their number: loads first, then results.
Pointers = Mapping[int, SSAValue]


class _NestWriter:
    """Writes the function of one structure."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.rank = len(structure.reduced)
        self.first = len(structure.loads)
        self.f = KernelFunction(WIDEST)
        self.accesses = [*structure.loads, *(each.access for each in structure.results)]
        # The innermost axis is a reduction axis: elements are accumulated in a register.
        self.in_register = self.rank > 0 and structure.reduced[-1]
        self.in_memory = any(structure.reduced[: -1 if self.in_register else self.rank])
        self.reductions = [
            (self.first + number, each)
            for number, each in enumerate(structure.results)
            if each.kind
        ]

    @property
    def text(self) -> str:
        """The module."""
        self._arguments()
        if self.reductions and self.in_memory:
            kept = [axis for axis in range(self.rank) if not self.structure.reduced[axis]]
            self._axes(kept, {number: self.bases[number] for number, _ in self.reductions}, True)
        self._axes(list(range(self.rank)), dict(enumerate(self.bases)), False)
        self.f.ret()
        return self.f.module.text

    def _arguments(self) -> None:
        f = self.f
        self.extents = [f.number() for _ in range(self.rank)]
        self.bases: list[SSAValue] = []
        self.strides: list[list[SSAValue]] = []
        for access in self.accesses:
            self.bases.append(f.place())
            steps = [f.number() for _ in range(self.rank - 1)]
            if self.rank and access.step == OTHER:
                steps.append(f.number())
            elif self.rank:
                steps.append(f.constant(access.step * BYTES[access.type], "i64"))
                f.skip()
            self.strides.append(steps)

    # --- loops --------------------------------------------------------------------------------

    def _axes(self, axes: list[int], pointers: Pointers, initial: bool) -> None:
        """Loops over axes; `initial` ones only write what reductions in memory start from."""
        if not axes:
            if initial:
                self._initial_values(pointers)
            else:
                self._values(pointers, {}, {})
            return
        axis, *inner = axes
        if not inner and not initial:
            self._innermost(axis, pointers)
            return
        with self.f.loop(self.extents[axis]) as loop:
            self._axes(inner, self._moved(pointers, loop.index, axis), initial)

    def _moved(self, pointers: Pointers, index: SSAValue, axis: int) -> Pointers:
        moved = {}
        for access, pointer in pointers.items():
            step = self.strides[access][axis]
            if step.name == "0":
                moved[access] = pointer
            else:
                moved[access] = self.f.moved(pointer, index.binary("mul nsw", step))
        return moved

    def _innermost(self, axis: int, outer: Pointers) -> None:
        # Elements that stay the same along the axis are loaded before its loop.
        known = {
            number: self.f.load(outer[number], access.type)
            for number, access in enumerate(self.structure.loads)
            if access.step == 0
        }
        starts = {}
        for number, result in self.reductions if self.in_register else ():
            start = neutral(result.kind, result.access.type)
            type = accumulator_type(result.kind, result.access.type)
            starts[number] = self.f.constant(start, type)
        with self.f.loop(self.extents[axis], parallel=True) as loop:
            sums = {number: loop.phi(start) for number, start in starts.items()}
            totals = self._values(self._moved(outer, loop.index, axis), known, sums)
            for number, total in totals.items():
                loop.next(sums[number], total)
        for number, total in totals.items():
            self._finish(self.structure.results[number - self.first], total, outer[number])

    def _finish(self, result: Result, total: SSAValue, pointer: SSAValue) -> None:
        """Stores what a register has gathered, or combines it with what is in memory."""
        type = result.access.type
        if self.in_memory:
            there = _widened(self.f.load(pointer, type), total.type)
            total = combine(result.kind, there, total)
        if total.type != type:
            total = total.convert("fptrunc", type)
        self.f.store(total, pointer)

    # --- elements -----------------------------------------------------------------------------

    def _initial_values(self, pointers: Pointers) -> None:
        for number, result in self.reductions:
            type = result.access.type
            self.f.store(self.f.constant(neutral(result.kind, type), type), pointers[number])

    def _values(
        self, pointers: Pointers, known: Mapping[int, SSAValue], sums: Mapping[int, SSAValue]
    ) -> dict[int, SSAValue]:
        """One position: loads, operations, results; returns the new values of sums in registers."""
        # Iterations of the innermost loop touch different elements, or only read them.
        note = ACCESS_GROUP if self.rank else ""
        values: dict[Operand, SSAValue] = {}
        for number, access in enumerate(self.structure.loads):
            loaded = known.get(number) or self.f.load(pointers[number], access.type, note)
            values["load", number] = loaded

        def value(operand: tuple[Operand, str]) -> SSAValue:
            place, type = operand
            if place[0] == "literal":
                return SSAValue(self.f, str(place[1]), type)
            return values[place]

        for number, operation in enumerate(self.structure.operations):
            operands = [value(each) for each in operation.operands]
            values["op", number] = write(operation.name, operands, operation.type)
        totals = {}
        for number, result in enumerate(self.structure.results, self.first):
            element = value(result.operand)
            if not result.kind or self.rank == 0:
                self.f.store(element, pointers[number], note)
            elif number in sums:
                element = _widened(element, sums[number].type)
                totals[number] = combine(result.kind, sums[number], element)
            else:
                element = _widened(element, result.access.type)
                there = self.f.load(pointers[number], result.access.type, note)
                self.f.store(combine(result.kind, there, element), pointers[number], note)
        return totals


def _widened(value: SSAValue, type: str) -> SSAValue:
    return value if value.type == type else value.convert("fpext", type)
