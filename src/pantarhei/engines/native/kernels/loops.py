"""Loop nests over views: their structures and arguments, and how they are divided into tasks.

A nest is put into its simplest form (axes of extent 1 dropped, ordered so that the innermost moves
least, neighbours merged), so that few structures serve many shapes. A function returns where
buffers lie in memory; this module does not decide it. A nest is divided along an axis that it
keeps; if none is long enough, each task reduces its part into a buffer of its own, and a kernel
that follows reduces those in order.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pantarhei.engines.native.codegen.loop_nest import (
    LARGEST_STEP,
    OTHER,
    Access,
    ElementOperation,
    Operand,
    Result,
    Structure,
    accumulator_type,
)
from pantarhei.engines.native.codegen.math import elementary
from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.kernels.kernel import Kernel, Place, TaskMemory, Tasks
from pantarhei.engines.native.machine import CACHE_LINE, Machine
from pantarhei.engines.native.schedule.views import Shape, View, contiguous_strides


@dataclass(frozen=True)
class Target:
    """What a nest stores: an operand, with its type, reduced by `kind` or as it is, into a view."""

    kind: str
    operand: tuple[Operand, str]
    view: View
    type: str


def nest(
    space: Shape,
    reduction: Sequence[bool],
    loads: Sequence[tuple[View, str]],
    operations: Sequence[ElementOperation],
    targets: Sequence[Target],
    place: Place,
) -> Kernel:
    """The kernel of a nest over a space without empty axes; views have the space's axes."""
    views = [*(view for view, _ in loads), *(target.view for target in targets)]
    types = [*(type for _, type in loads), *(target.type for target in targets)]
    axes = [axis for axis, extent in enumerate(space) if extent != 1]
    axes.sort(key=lambda axis: _movement(axis, views, types), reverse=True)
    extents = [space[axis] for axis in axes]
    reduced = [reduction[axis] for axis in axes]
    strides = [[view.strides[axis] for axis in axes] for view in views]
    merge(extents, reduced, strides)
    reducing = any(reduced)
    arguments = list(extents)
    accesses = []
    for view, type, steps in zip(views, types, strides, strict=True):
        buffer, offset = place(view.buffer)
        size = BYTES[type]
        arguments += [buffer, offset + view.offset * size, *(step * size for step in steps)]
        inner = steps[-1] if steps else 0
        accesses.append(Access(type, inner if 0 <= inner <= LARGEST_STEP else OTHER))
    results = tuple(
        Result(target.kind if reducing else "", target.operand, access)
        for target, access in zip(targets, accesses[len(loads) :], strict=True)
    )
    structure = Structure(tuple(reduced), tuple(accesses[: len(loads)]), tuple(operations), results)
    return LoopNest(structure, tuple(arguments))


def _movement(axis: int, views: Sequence[View], types: Sequence[str]) -> tuple[int, int]:
    """How far apart neighbours along an axis lie, in bytes, summed over all accesses.

    First with distances up to a cache line, beyond which all cost the same.
    """
    pairs = zip(views, types, strict=True)
    distances = [abs(view.strides[axis]) * BYTES[type] for view, type in pairs]
    return sum(min(each, CACHE_LINE) for each in distances), sum(distances)


def merge(extents: list[int], reduced: list[bool], strides: list[list[int]]) -> None:
    """Merges neighbouring axes that are one axis for every access."""
    for axis in range(len(extents) - 2, -1, -1):
        inner = axis + 1
        one = all(steps[axis] == steps[inner] * extents[inner] for steps in strides)
        if one and reduced[axis] == reduced[inner]:
            extents[axis] *= extents[inner]
            del extents[inner], reduced[inner]
            for steps in strides:
                steps[axis] = steps[inner]
                del steps[inner]


def copy(source: View, target: View, type: str, place: Place) -> list[Kernel]:
    """Elements of one view to another one of the same shape; nothing for empty ones."""
    if 0 in source.shape:
        return []
    operand: tuple[Operand, str] = (("load", 0), type)
    targets = [Target("", operand, target, type)]
    kept = [False] * len(source.shape)
    return [nest(source.shape, kept, [(source, type)], [], targets, place)]


def fill(text: str, target: View, type: str, place: Place) -> list[Kernel]:
    """A literal in every element of a view."""
    if 0 in target.shape:
        return []
    targets = [Target("", (("literal", text), type), target, type)]
    return [nest(target.shape, [False] * len(target.shape), [], [], targets, place)]


# --- division into tasks ------------------------------------------------------------------------

# Operations that take longer than others.
_DIVISIONS = frozenset({"divide", "reciprocal", "sqrt"})


def _cost(structure: Structure, machine: Machine) -> float:
    """Nanoseconds for a position of a nest, roughly."""
    total, simple = 0.0, machine.simple_nanoseconds
    for access in (*structure.loads, *(each.access for each in structure.results)):
        if access.step:
            near = machine.byte_nanoseconds * BYTES[access.type]
            total += near if access.step == 1 else machine.strided_nanoseconds
    for operation in structure.operations:
        wide = 2 if operation.type in ("double", "i64") else 1
        cost = simple
        if operation.name in _DIVISIONS:
            cost = machine.division_nanoseconds
        elif operation.name in elementary.FUNCTIONS:
            cost = machine.elementary_nanoseconds
        total += wide * cost
    return total + simple * sum(bool(each.kind) for each in structure.results)


def parts(extent: int, width: int, number: int) -> list[tuple[int, int]]:
    """First and length of about so many parts; borders are multiples of `width`."""
    units = -(-extent // width)
    number = min(number, units)
    borders = [units * part // number * width for part in range(number)] + [extent]
    return [(first, end - first) for first, end in itertools.pairwise(borders)]


@dataclass(frozen=True)
class LoopNest(Kernel):
    """A loop nest: its extents, then place and steps of each access, in bytes."""

    structure: Structure

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.structure.reduced)

    @property
    def extents(self) -> tuple[int, ...]:
        """The space of the loops."""
        return self.arguments[: self.rank]

    @property
    def work(self) -> int:
        """Positions."""
        return math.prod(self.extents)

    def divided(self, memory: TaskMemory) -> Kernel | Tasks:
        """Parts of one axis, about as many as its cost is worth."""
        machine, extents = memory.machine, self.extents
        cost = math.prod(extents) * _cost(self.structure, machine)
        wanted = int(min(cost / machine.task_nanoseconds, machine.most_tasks))
        if wanted < 2:
            return self
        axes = range(self.rank)
        inner = machine.least_inner
        most = [extents[axis] // (inner if axis == self.rank - 1 else 1) for axis in axes]
        kept = [axis for axis in axes if self._is_kept(axis)]
        enough = [axis for axis in axes if most[axis] >= wanted]
        for axis in enough:
            if axis in kept:
                return self._in_slices(axis, wanted, inner)
        best = max(kept, key=lambda axis: most[axis], default=-1)
        if best >= 0 and most[best] >= max(wanted / 2, 2):
            return self._in_slices(best, most[best], inner)
        for axis in enough:
            if self.structure.reduced[axis]:
                return self._in_partials(axis, wanted, memory)
        return self._in_slices(best, most[best], inner) if best >= 0 and most[best] > 1 else self

    def _is_kept(self, axis: int) -> bool:
        """Whether parts along an axis store different elements."""
        first = self.rank + (2 + self.rank) * len(self.structure.loads) + 2 + axis
        return not self.structure.reduced[axis] and all(
            self.arguments[first + (2 + self.rank) * index]
            for index in range(len(self.structure.results))
        )

    def _slices(self, axis: int, number: int, least_inner: int) -> list[LoopNest]:
        """The same nest for parts of an axis."""
        grain = least_inner if axis == self.rank - 1 else 1
        slices = []
        for first, count in parts(self.arguments[axis], grain, number):
            arguments = list(self.arguments)
            arguments[axis] = count
            for access in range(self.rank, len(arguments), 2 + self.rank):
                arguments[access + 1] += first * arguments[access + 2 + axis]
            slices.append(LoopNest(self.structure, tuple(arguments)))
        return slices

    def _in_slices(self, axis: int, number: int, least_inner: int) -> Tasks:
        return Tasks(tuple((each,) for each in self._slices(axis, number, least_inner)))

    def _in_partials(self, axis: int, number: int, memory: TaskMemory) -> Tasks:
        """Parts of reductions along a reduction axis, then the reductions of the parts."""
        structure, rank = self.structure, self.rank
        shape, whole = self._kept_shape()
        slices = self._slices(axis, number, memory.machine.least_inner)
        tasks = [list(each.arguments) for each in slices]
        results, after = list(structure.results), []
        position = memory.start
        for index, result in enumerate(results):
            if not result.kind:
                continue
            type = accumulator_type(result.kind, result.access.type)
            length = math.prod(shape) * BYTES[type]
            first = rank + (2 + rank) * (len(structure.loads) + index)
            place = self.arguments[first : first + 2 + rank]
            partials = memory.slot, position
            after.append(_reduction(result, type, place, whole, shape, partials, len(tasks)))
            for arguments in tasks:
                steps = [step * BYTES[type] for step in whole]
                arguments[first : first + 2 + rank] = [memory.slot, position, *steps]
                position += length
            position = -(-position // CACHE_LINE) * CACHE_LINE
            inner = whole[-1]
            results[index] = replace(
                result, access=Access(type, inner if inner in (0, 1) else OTHER)
            )
        memory.reserve(position)
        made = replace(structure, results=tuple(results))
        return Tasks(tuple((LoopNest(made, tuple(each)),) for each in tasks), tuple(after))

    def _kept_shape(self) -> tuple[tuple[int, ...], list[int]]:
        """Shape of the results of reductions, and its strides over the whole space."""
        kept = [axis for axis, gone in enumerate(self.structure.reduced) if not gone]
        shape = tuple(self.arguments[axis] for axis in kept)
        strides = dict(zip(kept, contiguous_strides(shape), strict=True))
        return shape, [strides.get(axis, 0) for axis in range(self.rank)]


def _reduction(
    result: Result,
    type: str,
    place: Sequence[int],
    strides: Sequence[int],
    shape: tuple[int, ...],
    partials: tuple[int, int],
    number: int,
) -> LoopNest:
    """Reduces the results of so many tasks, which lie one behind the other, to one in its place."""
    slot, offset, *steps = place
    inside = [step for step, stride in zip(steps, strides, strict=True) if stride]
    size, whole = BYTES[type], contiguous_strides(shape)
    if inside == [BYTES[result.access.type] * step for step in whole] and shape:
        # One axis is as good.
        inside, shape, whole = [inside[-1]], (math.prod(shape),), (1,)
    between = math.prod(shape)
    arguments = [*shape, number, *partials, *(size * step for step in whole), size * between]
    arguments += [slot, offset, *inside, 0]
    reduced = (*(False for _ in shape), True)
    kept = Result(result.kind, (("load", 0), type), Access(result.access.type, 0))
    loads = (Access(type, 1 if between == 1 else OTHER),)
    return LoopNest(Structure(reduced, loads, (), (kept,)), tuple(arguments))
