"""Tasks: kernels that may run at the same time, and how large kernels are divided into them.

Shapes and the machine decide how a kernel is divided, never the number of threads: so a result has
the same bits for any number. A nest is divided along an axis that it keeps; if none is long enough,
each task folds its part into a buffer of its own, and a kernel that follows folds those in order.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pantarhei.engines.native.codegen.loop_nest import (
    OTHER,
    Access,
    Result,
    Structure,
    accumulator_type,
)
from pantarhei.engines.native.codegen.math import elementary
from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.kernels.conv.sliding import SlidingBlock
from pantarhei.engines.native.kernels.gemm.large import LargeBlocks
from pantarhei.engines.native.kernels.gemm.microkernel import Tile
from pantarhei.engines.native.kernels.gemm.packed import Blocks, Factor
from pantarhei.engines.native.kernels.loops import Kernel
from pantarhei.engines.native.kernels.routines import ROWS, Routine
from pantarhei.engines.native.schedule.views import contiguous_strides

# Nanoseconds of work that are worth a task, and the most tasks.
TASK = 20_000.0
MOST_TASKS = 32

# Multiplications of a product, and into how many tasks it may be divided: BLAS packs the operands
# of each part again, which large parts outweigh.
PRODUCT_TASKS = ((1 << 33, 32), (1 << 31, 16), (1 << 29, 8), (1 << 27, 4), (1 << 22, 2))
# More tasks than processors do not pay. How many there are is the machine's, not the process's.
PROCESSORS = os.cpu_count() or 1
# Rows and columns of a part are multiples of this, as BLAS takes so many at a time.
GRAIN = 16

# Multiplications from which OpenBLAS might use threads of its own: for matrices, for vectors.
ALONE, ALONE_VECTOR = 1 << 17, 1 << 13


@dataclass(frozen=True)
class Tasks:
    """Lists of kernels that may run in any order and at once, and what follows them all.

    No task writes what another one reads or writes.
    """

    tasks: tuple[tuple[Kernel, ...], ...]
    after: tuple[Kernel | Tasks, ...] = ()

    def kernels(self) -> Iterator[Kernel]:
        """All of them."""
        for task in self.tasks:
            yield from task
        yield from flat(self.after)


def flat(part: Iterable[Kernel | Tasks]) -> Iterator[Kernel]:
    """The kernels in a list of kernels and tasks."""
    for each in part:
        if isinstance(each, Tasks):
            yield from each.kernels()
        else:
            yield each


class Division:
    """Divides kernels; remembers how much memory that takes.

    Args:
      slot: number of the buffer in which tasks get memory.
      start: the first byte there that they may use. A kernel's tasks use what the tasks of the
        kernel before used.
      products: whether BLAS' products are divided.
      tiles: type -> of which tiles products are made that need not be BLAS'.
    """

    def __init__(
        self, slot: int, start: int, products: bool, tiles: Mapping[str, Tile] | None = None
    ) -> None:
        self.slot, self.start, self.products = slot, start, products
        self.tiles = tiles or {}
        self.end = start

    def __call__(self, kernel: Kernel | Tasks) -> Kernel | Tasks:
        """The kernel's tasks; itself where it is not worth while."""
        if isinstance(kernel, Tasks) or isinstance(kernel.structure, SlidingBlock):
            return kernel
        if isinstance(kernel.structure, str):
            for kind in (Blocks, LargeBlocks):
                blocks = _in_blocks(kernel, self.tiles.get(kernel.structure), kind)
                if blocks is not None and blocks.pays:
                    return self._blocked(blocks)
            return _divided_product(kernel) if self.products else kernel
        if isinstance(kernel.structure, Routine):
            return _divided_range(kernel, kernel.structure)
        assert isinstance(kernel.structure, Structure)
        return self._divided_nest(kernel, kernel.structure)

    def _blocked(self, blocks: Blocks) -> Tasks:
        """Tasks that pack the operands, then tasks that multiply."""
        self.end = max(self.end, self.start + blocks.memory)
        multiplying = tuple(blocks.multiplying(self.slot, self.start))
        packing = tuple((each,) for each in blocks.packing(self.slot, self.start))
        return Tasks(packing, (Tasks(multiplying),))

    def _divided_nest(self, kernel: Kernel, structure: Structure) -> Kernel | Tasks:
        extents = kernel.arguments[: len(structure.reduced)]
        wanted = int(min(math.prod(extents) * _cost(structure) / TASK, MOST_TASKS))
        if wanted < 2:
            return kernel
        axes = range(len(extents))
        parts = [_most_parts(extents, axis) for axis in axes]
        kept = [axis for axis in axes if _is_kept(kernel, structure, axis)]
        enough = [axis for axis in axes if parts[axis] >= wanted]
        for axis in enough:
            if axis in kept:
                return _in_slices(kernel, axis, wanted)
        best = max(kept, key=lambda axis: parts[axis], default=-1)
        if best >= 0 and parts[best] >= max(wanted / 2, 2):
            return _in_slices(kernel, best, parts[best])
        for axis in enough:
            if structure.reduced[axis]:
                return self._in_partials(kernel, structure, axis, wanted)
        return _in_slices(kernel, best, parts[best]) if best >= 0 and parts[best] > 1 else kernel

    def _in_partials(
        self, kernel: Kernel, structure: Structure, axis: int, number: int
    ) -> Kernel | Tasks:
        """Parts of reductions along an axis that vanishes, then the reductions of the parts."""
        rank = len(structure.reduced)
        shape, whole = _kept_shape(kernel, structure)
        tasks = [list(each.arguments) for each in _slices(kernel, axis, number)]
        results, after = list(structure.results), []
        position = self.start
        for index, result in enumerate(results):
            if not result.kind:
                continue
            type = accumulator_type(result.kind, result.access.type)
            length = math.prod(shape) * BYTES[type]
            first = rank + (2 + rank) * (len(structure.loads) + index)
            place = kernel.arguments[first : first + 2 + rank]
            after.append(
                _fold(result, type, place, whole, shape, (self.slot, position), len(tasks))
            )
            for arguments in tasks:
                steps = [step * BYTES[type] for step in whole]
                arguments[first : first + 2 + rank] = [self.slot, position, *steps]
                position += length
            position = -(-position // _LINE) * _LINE
            inner = whole[-1]
            results[index] = replace(
                result, access=Access(type, inner if inner in (0, 1) else OTHER)
            )
        self.end = max(self.end, position)
        parts = replace(structure, results=tuple(results))
        return Tasks(tuple((Kernel(parts, tuple(each)),) for each in tasks), tuple(after))


def _kept_shape(kernel: Kernel, structure: Structure) -> tuple[tuple[int, ...], list[int]]:
    """Shape of what reductions leave, and its strides over the whole space."""
    kept = [axis for axis, folded in enumerate(structure.reduced) if not folded]
    shape = tuple(kernel.arguments[axis] for axis in kept)
    strides = dict(zip(kept, contiguous_strides(shape), strict=True))
    return shape, [strides.get(axis, 0) for axis in range(len(structure.reduced))]


def _fold(
    result: Result,
    type: str,
    place: Sequence[int],
    strides: Sequence[int],
    shape: tuple[int, ...],
    parts: tuple[int, int],
    number: int,
) -> Kernel:
    """Reduces the results of so many tasks, which lie one behind the other, to one in its place."""
    slot, offset, *steps = place
    inside = [step for step, stride in zip(steps, strides, strict=True) if stride]
    size, whole = BYTES[type], contiguous_strides(shape)
    if inside == [BYTES[result.access.type] * step for step in whole] and shape:
        # One axis is as good.
        inside, shape, whole = [inside[-1]], (math.prod(shape),), (1,)
    between = math.prod(shape)
    arguments = [*shape, number, *parts, *(size * step for step in whole), size * between]
    arguments += [slot, offset, *inside, 0]
    folded = (*(False for _ in shape), True)
    kept = Result(result.kind, (("load", 0), type), Access(result.access.type, 0))
    loads = (Access(type, 1 if between == 1 else OTHER),)
    return Kernel(Structure(folded, loads, (), (kept,)), tuple(arguments))


_LINE = 64  # bytes


# --- nests --------------------------------------------------------------------------------------

# Nanoseconds of operations on one element of float32, roughly; the others take `_SIMPLE`.
_SIMPLE = 0.03
_HEAVY = dict.fromkeys(elementary.FUNCTIONS, 0.4) | {
    "divide": 0.15,
    "reciprocal": 0.15,
    "sqrt": 0.15,
}
# Nanoseconds for a byte of neighbouring elements, and for an element that lies alone.
_BYTE, _ALONE = 0.025, 0.5

# The fewest elements of the innermost axis in a part.
_FEWEST = 256


def _cost(structure: Structure) -> float:
    """Nanoseconds for a position of a nest, roughly."""
    total = 0.0
    for access in (*structure.loads, *(each.access for each in structure.results)):
        if access.step:
            total += _BYTE * BYTES[access.type] if access.step == 1 else _ALONE
    for operation in structure.operations:
        wide = 2 if operation.type in ("double", "i64") else 1
        total += wide * _HEAVY.get(operation.name, _SIMPLE)
    return total + _SIMPLE * sum(bool(each.kind) for each in structure.results)


def _most_parts(extents: Sequence[int], axis: int) -> int:
    """Into how many parts an axis can be divided."""
    return extents[axis] // (_FEWEST if axis == len(extents) - 1 else 1)


def _is_kept(kernel: Kernel, structure: Structure, axis: int) -> bool:
    """Whether parts along an axis store different elements."""
    rank = len(structure.reduced)
    first = rank + (2 + rank) * len(structure.loads) + 2 + axis
    return not structure.reduced[axis] and all(
        kernel.arguments[first + (2 + rank) * index] for index in range(len(structure.results))
    )


def _cuts(extent: int, number: int, grain: int) -> list[tuple[int, int]]:
    """First and end of so many parts, about equal, of an extent; borders are multiples of grain."""
    units = -(-extent // grain)
    number = min(number, units)
    borders = [units * part // number * grain for part in range(number)] + [extent]
    return list(itertools.pairwise(borders))


def _slices(kernel: Kernel, axis: int, number: int) -> list[Kernel]:
    """The same nest for parts of an axis."""
    assert isinstance(kernel.structure, Structure)
    rank = len(kernel.structure.reduced)
    grain = _FEWEST if axis == rank - 1 else 1
    parts = []
    for first, end in _cuts(kernel.arguments[axis], number, grain):
        arguments = list(kernel.arguments)
        arguments[axis] = end - first
        for access in range(rank, len(arguments), 2 + rank):
            arguments[access + 1] += first * arguments[access + 2 + axis]
        parts.append(Kernel(kernel.structure, tuple(arguments)))
    return parts


def _in_slices(kernel: Kernel, axis: int, number: int) -> Tasks:
    return Tasks(tuple((each,) for each in _slices(kernel, axis, number)))


def _divided_range(kernel: Kernel, routine: Routine) -> Kernel | Tasks:
    """Parts of a routine's range."""
    begin, end, *others = kernel.arguments
    number = int(min((end - begin) * ROWS[routine.kind].cost / TASK, MOST_TASKS, end - begin))
    if number < 2:
        return kernel
    bounds = [begin + (end - begin) * part // number for part in range(number + 1)]
    parts = itertools.pairwise(bounds)
    return Tasks(tuple((replace(kernel, arguments=(*part, *others)),) for part in parts))


# --- products -----------------------------------------------------------------------------------

# Where things are in a product's arguments; see `nests.product`.
_RIGHT, _LEFT, _COLUMNS, _ROWS, _INNER = range(5)
_RIGHT_LEADING, _LEFT_LEADING, _RESULT_LEADING, _COUNT, _ADDING = range(5, 10)
_RIGHT_OFFSET, _LEFT_OFFSET, _RESULT_OFFSET = 11, 14, 17


def is_alone(kernel: Kernel) -> bool:
    """Whether a product is so large that BLAS might use threads of its own."""
    columns, rows, inner = kernel.arguments[_COLUMNS : _INNER + 1]
    least = ALONE_VECTOR if min(columns, rows) == 1 else ALONE
    return columns * rows * inner >= least


def _in_blocks(kernel: Kernel, tile: Tile | None, kind: type[Blocks]) -> Blocks | None:
    """One product as one of blocks."""
    if tile is None or kernel.arguments[_COUNT] != 1:
        return None
    numbers = kernel.arguments
    columns, rows, inner = numbers[_COLUMNS : _INNER + 1]

    def factor(offset: int, leading: int, transposed: bool) -> Factor:
        place = numbers[offset - 1], numbers[offset]
        return Factor(place, 1, leading) if transposed else Factor(place, leading, 1)

    left = factor(_LEFT_OFFSET, numbers[_LEFT_LEADING], numbers[_LEFT] == ord("T"))
    right = factor(_RIGHT_OFFSET, numbers[_RIGHT_LEADING], numbers[_RIGHT] != ord("T"))
    result = numbers[_RESULT_OFFSET - 1], numbers[_RESULT_OFFSET]
    leading, adding = numbers[_RESULT_LEADING], bool(numbers[_ADDING])
    return kind(tile, rows, columns, inner, left, right, result, leading, adding)


def _divided_product(kernel: Kernel) -> Kernel | Tasks:
    columns, rows, inner = kernel.arguments[_COLUMNS : _INNER + 1]
    count = kernel.arguments[_COUNT]
    work = columns * rows * inner * count
    wanted = min(next((tasks for least, tasks in PRODUCT_TASKS if work >= least), 1), PROCESSORS)
    if wanted == 1:
        return kernel
    stacks = [_part(kernel, each) for each in _cuts(count, wanted, 1)]
    pieces = [piece for each in stacks for piece in _grid(each, -(-wanted // len(stacks)))]
    return Tasks(tuple((each,) for each in pieces)) if len(pieces) > 1 else kernel


def _grid(kernel: Kernel, wanted: int) -> list[Kernel]:
    """Blocks of a product's rows and columns, so that as little as possible is packed twice."""
    columns, rows = kernel.arguments[_COLUMNS], kernel.arguments[_ROWS]
    ways = [(down, wanted // down) for down in range(1, wanted + 1) if wanted % down == 0]
    down, across = min(ways, key=lambda way: way[1] * rows + way[0] * columns)
    stack = 0, kernel.arguments[_COUNT]
    return [
        _part(kernel, stack, r, c)
        for r in _cuts(rows, down, GRAIN)
        for c in _cuts(columns, across, GRAIN)
    ]


def _part(
    kernel: Kernel,
    stack: tuple[int, int],
    rows: tuple[int, int] | None = None,
    columns: tuple[int, int] | None = None,
) -> Kernel:
    """Some of a stack of products, or some rows and columns of them."""
    assert isinstance(kernel.structure, str)
    size = BYTES[kernel.structure]
    new = list(kernel.arguments)
    new[_COUNT] = stack[1] - stack[0]
    for offset in (_RIGHT_OFFSET, _LEFT_OFFSET, _RESULT_OFFSET):
        new[offset] += stack[0] * new[offset + 1]
    if rows is not None:
        new[_ROWS] = rows[1] - rows[0]
        step = 1 if new[_LEFT] == ord("T") else new[_LEFT_LEADING]
        new[_LEFT_OFFSET] += rows[0] * step * size
        new[_RESULT_OFFSET] += rows[0] * new[_RESULT_LEADING] * size
    if columns is not None:
        new[_COLUMNS] = columns[1] - columns[0]
        step = new[_RIGHT_LEADING] if new[_RIGHT] == ord("T") else 1
        new[_RIGHT_OFFSET] += columns[0] * step * size
        new[_RESULT_OFFSET] += columns[0] * size
    return Kernel(kernel.structure, tuple(new))
