"""How a product is done in blocks: which are, what is packed where, and what the blocks are.

Rows of the left operand are packed side by side, as many as a tile has, and columns of the right
one likewise. All tasks read the same packed operands, where BLAS would pack them for each task.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.kernels.gemm.microkernel import Pack, Tile, depth
from pantarhei.engines.native.kernels.loops import Kernel, Target, nest
from pantarhei.engines.native.schedule.views import View

# Products that are done so have at least so many multiplications, and so many for each element
# that is packed; and packed operands that stay in the second cache.
LEAST = 1 << 21
USES = 64
MEMORY = 1 << 22
# Rows of a block: what a task reads again and again of the left operand.
ROWS = 264
# Multiplications, and elements to pack, that are worth a task; and the most tasks.
WORK = 1 << 21
PACKED = 1 << 17
MOST_TASKS = 32

_ALIGNMENT = 64


def aligned(bytes: int) -> int:
    """So many bytes, or a few more."""
    return -(-bytes // _ALIGNMENT) * _ALIGNMENT


@dataclass(frozen=True)
class Factor:
    """An operand: place of its first element, elements between neighbours across and of a sum."""

    place: tuple[int, int]
    across: int
    along: int

    def moved(self, first: int, term: int, size: int) -> Factor:
        """The operand from an element across and a term on; an element has so many bytes."""
        distance = (first * self.across + term * self.along) * size
        return replace(self, place=(self.place[0], self.place[1] + distance))


@dataclass(frozen=True)
class Blocks:
    """A product of `rows` x `inner` and `inner` x `columns`.

    `result`: place of its first element; `leading`: elements between its rows.
    """

    tile: Tile
    rows: int
    columns: int
    inner: int
    left: Factor
    right: Factor
    result: tuple[int, int]
    leading: int
    adding: bool

    @property
    def pays(self) -> bool:
        """Whether packing once is worth it."""
        return self.is_used_often and self.memory <= MEMORY

    @property
    def is_used_often(self) -> bool:
        """Whether what is packed is used often enough."""
        work = self.rows * self.columns * self.inner
        return work >= max(LEAST, USES * (self.rows + self.columns) * self.inner)

    @property
    def memory(self) -> int:
        """Bytes that the packed operands take."""
        return self._bytes(self.rows, self.tile.rows) + self._bytes(self.columns, self.tile.columns)

    def _bytes(self, extent: int, width: int) -> int:
        return aligned(-(-extent // width) * width * self.inner * BYTES[self.tile.type])

    def packing(self, slot: int, start: int) -> Iterator[Kernel]:
        """Kernels that pack both operands into memory from `start` on; in any order."""
        for factor, extent, width in (
            (self.left, self.rows, self.tile.rows),
            (self.right, self.columns, self.tile.columns),
        ):
            yield from self.packed(factor, extent, width, (slot, start), self.inner)
            start += self._bytes(extent, width)

    def packed(
        self, factor: Factor, extent: int, width: int, to: tuple[int, int], terms: int
    ) -> Iterator[Kernel]:
        """Kernels that pack so many elements across, and so many terms, of an operand."""
        type, size = self.tile.type, BYTES[self.tile.type]
        panels, rest = divmod(extent, width)
        pack = Pack(type, width, self.tile.lanes, factor.across != 1)
        stride = factor.across if pack.turned else factor.along
        number = min(max(panels * width * terms // PACKED, 1), MOST_TASKS)
        for first, count in parts(panels, 1, number):
            source = factor.place[0], factor.place[1] + first * width * factor.across * size
            target = to[0], to[1] + first * width * terms * size
            yield Kernel(pack, (count, terms, stride * size, *source, *target))
        if rest:
            # What else is in this panel is not initialised: sums with it are not stored.
            shape, shift = (terms, rest), panels * width
            across = View(factor.place, shape, (factor.along, factor.across), shift * factor.across)
            panel = View(to, shape, (width, 1), shift * terms)
            targets = [Target("", (("load", 0), type), panel, type)]
            yield nest(shape, [False] * 2, [(across, type)], [], targets, _as_it_is)

    def multiplying(self, slot: int, start: int) -> Iterator[tuple[Kernel, ...]]:
        """Tasks that multiply what is packed from `start` on; in any order."""
        tile, size, inner = self.tile, BYTES[self.tile.type], self.inner
        right = start + self._bytes(self.rows, tile.rows)
        wanted = min(max(self.rows * self.columns * inner // WORK, 1), MOST_TASKS)
        down = parts(self.rows, tile.rows, -(-self.rows // ROWS))
        across = parts(self.columns, tile.columns, -(-wanted // len(down)))
        for (row, rows), (column, columns) in itertools.product(down, across):
            head = (inner, rows, columns, int(self.adding), self.leading * size, depth(inner))
            places = (slot, start + row * inner * size, slot, right + column * inner * size)
            shift = (row * self.leading + column) * size
            yield (Kernel(tile, (*head, *places, self.result[0], self.result[1] + shift)),)


def parts(extent: int, width: int, number: int) -> list[tuple[int, int]]:
    """First and length of about so many parts; borders are multiples of `width`."""
    units = -(-extent // width)
    number = min(number, units)
    borders = [units * part // number * width for part in range(number)] + [extent]
    return [(first, end - first) for first, end in itertools.pairwise(borders)]


def _as_it_is(place: object) -> tuple[int, int]:
    """The place of a buffer that is named by its place."""
    assert isinstance(place, tuple)
    return place[0], place[1]
