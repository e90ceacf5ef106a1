"""Functions that are no nests of loops: they follow indices, look for places, draw numbers, guard.

A routine is a `Routine`, as a nest is a `Structure`: one function serves all shapes. Its arguments
begin with a range, in which it can be divided into tasks if its positions do not meet; see `ROWS`.
Guards write 1 into a cell where data are not what they have to be; who called looks there before
anything that lasts is changed. Indices that are wrong lead to the first element meanwhile.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from pantarhei.engines.native.codegen.kernel_function import KernelFunction
from pantarhei.engines.native.codegen.ops import NUMBERS, REAL, STORABLE
from pantarhei.engines.native.codegen.values import BITS, SSAValue
from pantarhei.engines.native.kernels import random as draws
from pantarhei.engines.native.kernels.kernel import Kernel, TaskMemory, Tasks


@dataclass(frozen=True)
class Routine:
    """A function by its name and what it is written for: types, a number, a way to combine."""

    kind: str
    variant: tuple[str, ...]

    # Whether LLVM's optimization passes run over the text.
    optimized = True

    @property
    def text(self) -> str:
        """The module with the function, named `kernel`, in LLVM's language."""
        writer = KernelFunction()
        begin, end = writer.number(), writer.number()
        ROWS[self.kind].write(writer, begin, end, self.variant)
        writer.ret()
        return writer.module.text


# --- what follows indices ------------------------------------------------------------------------


def _guard(w: KernelFunction, begin: SSAValue, end: SSAValue, variant: tuple[str, ...]) -> None:
    """low, limit, step, numbers, cell: every `step`th number has to be in [low, limit)."""
    (type,) = variant
    low, limit, step = w.number(), w.number(), w.number()
    numbers, fault = w.place(), w.place()
    wrong = w.variable(begin.of(0))
    with w.range(begin, end) as i:
        value = w.index(numbers, i * step, type)
        outside = value.below(low) | limit.at_most(value)
        w.store(w.load(wrong, "i64") | outside.convert("zext", "i64"), wrong)
    w.store(w.load(fault, "i64") | w.load(wrong, "i64"), fault)


def _gather(w: KernelFunction, begin: SSAValue, end: SSAValue, variant: tuple[str, ...]) -> None:
    """number of indices, extent, bytes of a row, array, indices, result: rows, one for an index."""
    (type,) = variant
    count, extent, size = w.number(), w.number(), w.number()
    array, indices, result = w.place(), w.place(), w.place()
    with w.range(begin, end) as i:
        outer = i.binary("udiv", count)
        index = w.inside(w.index(indices, i - outer * count, type), extent)
        source = w.moved(array, (outer * extent + index) * size)
        w.copy(source, w.moved(result, i * size), size)


def _position(
    w: KernelFunction,
    i: SSAValue,
    parts: Sequence[tuple[SSAValue, SSAValue]],
    indices: SSAValue,
    type: str,
) -> SSAValue:
    """Where index i leads; of each of its parts the extent, and the elements it steps over."""
    start = i.of(0)
    for number, (extent, step) in enumerate(parts):
        index = w.index(indices, i * len(parts) + number, type)
        start = start + w.inside(index, extent) * step
    return start


def _gather_nd(w: KernelFunction, begin: SSAValue, end: SSAValue, variant: tuple[str, ...]) -> None:
    """bytes of a row, then for each part of an index extent and bytes it steps over; array,
    indices, result: rows, one for an index."""
    type, depth = variant
    size = w.number()
    parts = [(w.number(), w.number()) for _ in range(int(depth))]
    array, indices, result = w.place(), w.place(), w.place()
    with w.range(begin, end) as i:
        start = _position(w, i, parts, indices, type)
        w.copy(w.moved(array, start), w.moved(result, i * size), size)


def _extreme(x: SSAValue, y: SSAValue, wins: SSAValue) -> SSAValue:
    """x where it wins or is NaN, else y."""
    return ((wins | x.differs(x)) if x.is_float else wins).choose(x, y)


# How updates are combined in, and for which types.
COMBINE: dict[str, tuple[frozenset[str], Callable[[SSAValue, SSAValue], SSAValue]]] = {
    "add": (NUMBERS, lambda x, y: x + y),
    "subtract": (NUMBERS, lambda x, y: x - y),
    "multiply": (NUMBERS, lambda x, y: x * y),
    "divide": (REAL, lambda x, y: x / y),
    "minimum": (NUMBERS, lambda x, y: _extreme(x, y, x.below(y))),
    "maximum": (NUMBERS, lambda x, y: _extreme(x, y, y.below(x))),
    "set": (STORABLE, lambda x, y: y),
}


def _scatter(w: KernelFunction, begin: SSAValue, end: SSAValue, variant: tuple[str, ...]) -> None:
    """elements of a row, then for each part of an index extent and elements it steps over;
    result, indices, updates: rows of updates combined in, in their order."""
    type, index_type, depth, combine = variant
    _, change = COMBINE[combine]
    row = w.number()
    parts = [(w.number(), w.number()) for _ in range(int(depth))]
    result, indices, updates = w.place(), w.place(), w.place()
    with w.range(begin, end) as i:
        start = _position(w, i, parts, indices, index_type)
        with w.range(row.of(0), row) as j:
            update = w.load(w.element(updates, i * row + j, type), type)
            place = w.element(result, start + j, type)
            w.store(change(w.load(place, type), update), place)


# --- places --------------------------------------------------------------------------------------


def _arg(w: KernelFunction, begin: SSAValue, end: SSAValue, variant: tuple[str, ...]) -> None:
    """extent, elements behind the axis, array, result: where the first extreme element is; NaN
    loses."""
    kind, type, result_type = variant
    extent, inner = w.number(), w.number()
    array, result = w.place(), w.place()
    none = begin.of(0)
    place, best = w.variable(none), w.variable(w.constant(0, type))
    with w.range(begin, end) as i:
        outer = i.binary("udiv", inner)
        first = outer * extent * inner + (i - outer * inner)
        w.store(none, place)
        w.store(_losing(w.load(w.element(array, first, type), type), kind), best)
        with w.range(none + 1, extent) as k:
            value = _losing(w.load(w.element(array, first + k * inner, type), type), kind)
            so_far = w.load(best, type)
            better = so_far.below(value) if kind == "argmax" else value.below(so_far)
            w.store(better.choose(value, so_far), best)
            w.store(better.choose(k, w.load(place, "i64")), place)
        found = w.load(place, "i64")
        stored = found if result_type == "i64" else found.convert("trunc", "i32")
        w.store(stored, w.element(result, i, result_type))


def _losing(x: SSAValue, kind: str) -> SSAValue:
    """A number that loses where x is NaN."""
    if not x.is_float:
        return x
    return x.equals(x).choose(x, float("-inf") if kind == "argmax" else float("inf"))


# --- what runs along an axis ---------------------------------------------------------------------


def _cumulated(w: KernelFunction, begin: SSAValue, end: SSAValue, variant: tuple[str, ...]) -> None:
    """extent, elements behind the axis, array, result: sums or products of all up to each."""
    kind, type = variant
    extent, inner = w.number(), w.number()
    array, result = w.place(), w.place()
    start = w.constant(0 if kind == "cumsum" else 1, type)
    total = w.variable(start)
    with w.range(begin, end) as i:
        outer = i.binary("udiv", inner)
        first = outer * extent * inner + (i - outer * inner)
        w.store(w.load(w.element(array, first, type), type), total)
        w.store(w.load(total, type), w.element(result, first, type))
        with w.range(begin.of(1), extent) as k:
            place = first + k * inner
            value, before = w.load(w.element(array, place, type), type), w.load(total, type)
            w.store(before + value if kind == "cumsum" else before * value, total)
            w.store(w.load(total, type), w.element(result, place, type))


def _rank(x: SSAValue) -> SSAValue:
    """Whole numbers in the order of elements: NaN are the largest, zeros equal."""
    if not x.is_float:
        return x
    bits = (x + 0.0).bits
    largest = (1 << (31 if x.type == "float" else 63)) - 1
    ordered = bits.below(0).choose(bits ^ largest, bits)
    return x.equals(x).choose(ordered, largest)


def _top_k(w: KernelFunction, begin: SSAValue, end: SSAValue, variant: tuple[str, ...]) -> None:
    """extent, how many are wanted, array, result, places: the largest of rows, of equal ones the
    first first."""
    (type,) = variant
    extent, wanted = w.number(), w.number()
    array, result, places = w.place(), w.place(), w.place()
    zero = begin.of(0)
    rank_type = BITS.get(type, type)
    before, best = (w.variable(w.constant(0, rank_type)) for _ in range(2))
    place_before, place = w.variable(zero), w.variable(zero)
    with w.range(begin, end) as i:
        w.store(zero - 1, place_before)
        with w.range(zero, wanted) as k:
            w.store(zero - 1, place)
            with w.range(zero, extent) as j:
                rank = _rank(w.load(w.element(array, i * extent + j, type), type))
                last, found = w.load(before, rank_type), w.load(place, "i64")
                later = rank.equals(last) & w.load(place_before, "i64").below(j)
                left = rank.below(last) | later | k.equals(0)
                better = left & (found.below(0) | w.load(best, rank_type).below(rank))
                w.store(better.choose(rank, w.load(best, rank_type)), best)
                w.store(better.choose(j, found), place)
            found = w.load(place, "i64")
            w.store(found, place_before)
            w.store(w.load(best, rank_type), before)
            value = w.load(w.element(array, i * extent + found, type), type)
            w.store(value, w.element(result, i * wanted + k, type))
            w.store(found.convert("trunc", "i32"), w.element(places, i * wanted + k, "i32"))


# --- what is alike -------------------------------------------------------------------------------

# Odd, with many different bits: products with it spread numbers over the bits in front (Knuth).
SPREADING = -7046029254386353131


def _unique(w: KernelFunction, begin: SSAValue, end: SSAValue, variant: tuple[str, ...]) -> None:
    """bits of a place in the table, numbers, table, result, places: see the primitive's reference.

    The table holds for each hashed number 1 more than its place among those found, or 0; where
    another number's place is taken, the next one is looked at.
    """
    type, place_type = variant
    bits = w.number()
    numbers, table, result, places = (w.place() for _ in range(4))
    zero = begin.of(0)
    size = zero.of(1).binary("shl", bits)
    with w.range(zero, size) as i:
        w.store(i.of(0), w.element(table, i, "i64"))
    found, here = w.variable(zero), w.variable(zero)
    with w.range(begin, end) as i:
        number = w.load(w.element(numbers, i, type), type)
        spread = w.index(numbers, i, type) * SPREADING
        w.store(spread.binary("lshr", 64 - bits), here)
        with w.repeat() as loop:
            entry = w.element(table, w.load(here, "i64"), "i64")
            taken, count = w.load(entry, "i64"), w.load(found, "i64")
            free = taken.equals(0)
            place = free.choose(count, taken - 1)
            there = w.element(result, place, type)
            alike = free | w.load(there, type).equals(number)
            w.store(free.choose(count + 1, taken), entry)
            w.store(free.choose(number, w.load(there, type)), there)
            w.store(count + free.convert("zext", "i64"), found)
            w.store(_as(place, place_type), w.element(places, i, place_type))
            w.store((w.load(here, "i64") + 1) & (size - 1), here)
            loop.again = alike ^ 1
    count = w.load(found, "i64")
    repeats = end - count
    with w.range(zero, count) as i:
        last = count - 1 - i
        value = w.load(w.element(result, last, type), type)
        w.store(value, w.element(result, last + repeats, type))
    with w.range(zero, repeats) as i:
        value = w.load(w.element(result, repeats, type), type)
        w.store(value, w.element(result, i, type))
    with w.range(begin, end) as i:
        moved = w.index(places, i, place_type) + repeats
        w.store(_as(moved, place_type), w.element(places, i, place_type))


def _as(x: SSAValue, type: str) -> SSAValue:
    return x if type == "i64" else x.convert("trunc", type)


class Row(NamedTuple):
    """How a routine is written; nanoseconds for one of its range, where that can be divided; which
    arguments say how many steps one of its range takes."""

    write: Callable[[KernelFunction, SSAValue, SSAValue, tuple[str, ...]], None]
    cost: float = 0.0
    steps: tuple[int, ...] = ()


ROWS: dict[str, Row] = {
    "guard": Row(_guard),
    "gather": Row(_gather, steps=(4,)),
    "scatter": Row(_scatter, steps=(2,)),
    "gather_nd": Row(_gather_nd, steps=(2,)),
    "arg": Row(_arg, steps=(2,)),
    "cumulated": Row(_cumulated, steps=(2,)),
    "top_k": Row(_top_k, steps=(2, 3)),
    "unique": Row(_unique),
    **{name: Row(write, cost) for name, (write, cost) in draws.DRAWS.items()},
}


@dataclass(frozen=True)
class RoutineCall(Kernel):
    """A routine for a range: its begin and end are the first arguments."""

    structure: Routine

    @property
    def work(self) -> int:
        """A rough number of steps of the innermost loops."""
        inner = (self.arguments[place] for place in ROWS[self.structure.kind].steps)
        return (self.arguments[1] - self.arguments[0]) * math.prod(inner)

    def divided(self, memory: TaskMemory) -> Kernel | Tasks:
        """Parts of the range."""
        (begin, end, *others), machine = self.arguments, memory.machine
        cost = (end - begin) * ROWS[self.structure.kind].cost / machine.task_nanoseconds
        number = int(min(cost, machine.most_tasks, end - begin))
        if number < 2:
            return self
        bounds = [begin + (end - begin) * part // number for part in range(number + 1)]
        ranges = itertools.pairwise(bounds)
        return Tasks(tuple((replace(self, arguments=(*each, *others)),) for each in ranges))
