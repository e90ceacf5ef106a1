"""Products in blocks of matrices that are too large for the cache when they are packed.

One operand is packed once, for all tasks. Each task has a share of the other one and packs a block
of it at a time, which stays in the cache while it is multiplied with all of the first one. Terms
are summed up in the same parts, in order, in all tasks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.kernels.gemm.microkernel import depth
from pantarhei.engines.native.kernels.gemm.packed import Blocks, Factor, aligned, parts
from pantarhei.engines.native.kernels.loops import Kernel

# Rows and columns of a block; with the terms of one part it takes a fraction of the second cache.
ROWS = 264
COLUMNS = 256
# A few tasks for each processor of the machine: each has memory for a block.
MOST_TASKS = min(2 * (os.cpu_count() or 1), 32)
# The most bytes for all that.
MEMORY = 1 << 26
# Elements of a register with which large products are faster than BLAS; that is level in float64.
LEAST_LANES = 16


@dataclass(frozen=True)
class _Side:
    """An operand: its extent, what a tile takes of it, and a block."""

    factor: Factor
    extent: int
    width: int
    block: int


@dataclass(frozen=True)
class LargeBlocks(Blocks):
    """A product of which one packed operand is shared."""

    @property
    def pays(self) -> bool:
        """Whether it is worth the memory, and faster than BLAS."""
        faster = self.is_used_often and self.tile.lanes >= LEAST_LANES
        return faster and self.memory <= MEMORY

    @property
    def memory(self) -> int:
        """Bytes that the shared operand takes, and a block for each task."""
        own, shared = self._sides
        return self._shared_bytes(shared) + len(self._tasks(own)) * self._block_bytes(own)

    @property
    def _shares_of_rows(self) -> bool:
        return self.rows > self.columns

    @property
    def _sides(self) -> tuple[_Side, _Side]:
        """The operand of which tasks have shares, the larger one, and the shared one."""
        left = _Side(self.left, self.rows, self.tile.rows, ROWS)
        right = _Side(self.right, self.columns, self.tile.columns, COLUMNS)
        return (left, right) if self._shares_of_rows else (right, left)

    @property
    def _terms(self) -> list[tuple[int, int]]:
        """First and number of the terms that are summed up at a time."""
        each = depth(self.inner)
        firsts = range(0, self.inner, each)
        return [(first, min(each, self.inner - first)) for first in firsts]

    def _tasks(self, own: _Side) -> list[tuple[int, int]]:
        return parts(own.extent, own.width, MOST_TASKS)

    def _shared_bytes(self, shared: _Side) -> int:
        return aligned(self._padded(shared) * self.inner)

    def _block_bytes(self, own: _Side) -> int:
        return aligned((own.block + own.width) * depth(self.inner) * BYTES[self.tile.type])

    def _padded(self, side: _Side) -> int:
        """Bytes of one term, with what fills up the last panel."""
        return -(-side.extent // side.width) * side.width * BYTES[self.tile.type]

    def packing(self, slot: int, start: int) -> Iterator[Kernel]:
        """Kernels that pack the shared operand."""
        size = BYTES[self.tile.type]
        _, shared = self._sides
        for first, terms in self._terms:
            factor = shared.factor.moved(0, first, size)
            target = slot, start + self._padded(shared) * first
            yield from self.packed(factor, shared.extent, shared.width, target, terms)

    def multiplying(self, slot: int, start: int) -> Iterator[tuple[Kernel, ...]]:
        """Tasks: for each block of a share and each part of the terms, packing and products."""
        size = BYTES[self.tile.type]
        own, shared = self._sides
        place = start + self._shared_bytes(shared)
        for begin, extent in self._tasks(own):
            task: list[Kernel] = []
            for from_here, count in parts(extent, own.width, -(-extent // own.block)):
                for first, terms in self._terms:
                    factor = own.factor.moved(begin + from_here, first, size)
                    task += self.packed(factor, count, own.width, (slot, place), terms)
                    task += self._products(
                        (begin + from_here, count, place), start, (first, terms), slot
                    )
            yield tuple(task)
            place += self._block_bytes(own)

    def _products(
        self, block: tuple[int, int, int], start: int, part: tuple[int, int], slot: int
    ) -> Iterator[Kernel]:
        """A block (where it begins, how much it is, its packed place) with all that is shared."""
        _, shared = self._sides
        size = BYTES[self.tile.type]
        begin, count, place = block
        first, terms = part
        start += self._padded(shared) * first
        adding = int(self.adding or first > 0)
        for other, extent in parts(shared.extent, shared.width, -(-shared.extent // shared.block)):
            ours = begin, count, place
            theirs = other, extent, start + other * terms * size
            (row, rows, left), (column, columns, right) = (
                (ours, theirs) if self._shares_of_rows else (theirs, ours)
            )
            head = (terms, rows, columns, adding, self.leading * size, terms)
            shift = (row * self.leading + column) * size
            result = self.result[0], self.result[1] + shift
            yield Kernel(self.tile, (*head, slot, left, slot, right, *result))
