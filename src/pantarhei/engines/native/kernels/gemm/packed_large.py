"""Products by micro-kernels of matrices that are too large for the cache when they are packed.

One operand is packed once, for all tasks. Each task has a share of the other one and packs a cache
block of it at a time, which stays in the cache while it is multiplied with all of the first one.
Terms are summed up in the same parts, in order, in all tasks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.kernels.gemm.microkernel import Multiply
from pantarhei.engines.native.kernels.gemm.packed import (
    Factor,
    PackedProduct,
    PackedTiling,
    aligned,
)
from pantarhei.engines.native.kernels.kernel import Kernel
from pantarhei.engines.native.kernels.loops import parts


@dataclass(frozen=True)
class Side:
    """An operand: its extent, the width of its panels, and the extent of a cache block."""

    extent: int
    width: int
    block: int


@dataclass(frozen=True)
class LargeTiling(PackedTiling):
    """One operand is shared, and packed whole; tasks have shares of the other one."""

    @property
    def bytes(self) -> int:
        """Bytes that the shared operand takes, and a cache block for each task."""
        return self.shared_bytes + len(self.shares) * self.block_bytes

    @property
    def shares_rows(self) -> bool:
        """Whether tasks have shares of the rows, else of the columns: of the larger extent."""
        return self.m > self.n

    @property
    def sides(self) -> tuple[Side, Side]:
        """The operand of which tasks have shares, and the shared one."""
        left = Side(self.m, self.kernel.mr, self.machine.block_rows)
        right = Side(self.n, self.kernel.nr, self.machine.block_columns)
        return (left, right) if self.shares_rows else (right, left)

    @property
    def terms(self) -> list[tuple[int, int]]:
        """First and number of the terms that are summed up at a time."""
        firsts = range(0, self.k, self.depth)
        return [(first, min(self.depth, self.k - first)) for first in firsts]

    @property
    def shares(self) -> list[tuple[int, int]]:
        """First and number of the rows or columns of each task."""
        own, _ = self.sides
        return parts(own.extent, own.width, self.machine.large_tasks)

    @property
    def shared_term(self) -> int:
        """Bytes of one term of the shared operand, with what fills up the last panel."""
        _, shared = self.sides
        return -(-shared.extent // shared.width) * shared.width * BYTES[self.kernel.type]

    @property
    def shared_bytes(self) -> int:
        """Bytes of the shared operand."""
        return aligned(self.shared_term * self.k)

    @property
    def block_bytes(self) -> int:
        """Bytes of a cache block."""
        own, _ = self.sides
        return aligned((own.block + own.width) * self.depth * BYTES[self.kernel.type])


@dataclass(frozen=True)
class LargeProduct(PackedProduct):
    """The kernels of a product of which one packed operand is shared."""

    tiling: LargeTiling

    @property
    def _factors(self) -> tuple[Factor, Factor]:
        """The operand of which tasks have shares, and the shared one."""
        pair = self.left, self.right
        return pair if self.tiling.shares_rows else pair[::-1]

    def packing(self, slot: int, start: int) -> Iterator[Kernel]:
        """Kernels that pack the shared operand."""
        tiling = self.tiling
        (_, shared), (_, whole) = tiling.sides, self._factors
        for first, terms in tiling.terms:
            factor = whole.moved(0, first, BYTES[tiling.kernel.type])
            target = slot, start + tiling.shared_term * first
            yield from self.packed(factor, shared.extent, shared.width, target, terms)

    def multiplying(self, slot: int, start: int) -> Iterator[tuple[Kernel, ...]]:
        """Tasks: for each block of a share and each part of the terms, packing and products."""
        tiling = self.tiling
        size = BYTES[tiling.kernel.type]
        (own, _), (operand, _) = tiling.sides, self._factors
        place = start + tiling.shared_bytes
        for begin, extent in tiling.shares:
            task: list[Kernel] = []
            for from_here, count in parts(extent, own.width, -(-extent // own.block)):
                for first, terms in tiling.terms:
                    factor = operand.moved(begin + from_here, first, size)
                    task += self.packed(factor, count, own.width, (slot, place), terms)
                    task += self._products(
                        (begin + from_here, count, place), start, (first, terms), slot
                    )
            yield tuple(task)
            place += tiling.block_bytes

    def _products(
        self, block: tuple[int, int, int], start: int, part: tuple[int, int], slot: int
    ) -> Iterator[Kernel]:
        """A block (where it begins, how much it is, its packed place) with all that is shared."""
        tiling = self.tiling
        _, shared = tiling.sides
        size = BYTES[tiling.kernel.type]
        first, terms = part
        start += tiling.shared_term * first
        accumulate = int(self.accumulate or first > 0)
        for other, extent in parts(shared.extent, shared.width, -(-shared.extent // shared.block)):
            theirs = other, extent, start + other * terms * size
            (row, rows, left), (column, columns, right) = (
                (block, theirs) if tiling.shares_rows else (theirs, block)
            )
            head = (terms, rows, columns, accumulate, self.leading * size, terms)
            shift = (row * self.leading + column) * size
            result = self.result[0], self.result[1] + shift
            yield Multiply(tiling.kernel, (*head, slot, left, slot, right, *result))
