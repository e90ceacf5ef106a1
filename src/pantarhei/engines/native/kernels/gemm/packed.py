"""Products by micro-kernels whose operands are packed once, before any task multiplies.

Rows of the left operand are packed side by side in panels of MR rows, columns of the right one in
panels of NR. All tasks read the same packed operands, where BLAS would pack them for each task.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.kernels.gemm.microkernel import (
    MicroKernel,
    Multiply,
    PackFunction,
    PackPanels,
)
from pantarhei.engines.native.kernels.kernel import Kernel
from pantarhei.engines.native.kernels.loops import Target, nest, parts
from pantarhei.engines.native.machine import CACHE_LINE, Machine
from pantarhei.engines.native.schedule.views import View


def aligned(bytes: int) -> int:
    """Bytes rounded up to whole cache lines."""
    return -(-bytes // CACHE_LINE) * CACHE_LINE


@dataclass(frozen=True)
class PackedTiling:
    """How a product of m x k and k x n is tiled; both operands are packed whole."""

    kernel: MicroKernel
    m: int
    n: int
    k: int
    machine: Machine

    @property
    def uses(self) -> float:
        """How often an element that is packed is used, on average."""
        return self.m * self.n / (self.m + self.n)

    @property
    def depth(self) -> int:
        """How many terms are summed up at a time."""
        number = max(round(self.k / self.machine.depth), 1)
        return -(-self.k // number)

    @property
    def bytes(self) -> int:
        """Bytes that the packed operands take."""
        left, right = self.panels
        return left + right

    @property
    def panels(self) -> tuple[int, int]:
        """Bytes of the packed left and right operand."""
        size = self.k * BYTES[self.kernel.type]
        pairs = ((self.m, self.kernel.mr), (self.n, self.kernel.nr))
        left, right = (aligned(-(-extent // width) * width * size) for extent, width in pairs)
        return left, right

    @property
    def tasks(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """Rows and columns of each task: first and number."""
        machine = self.machine
        wanted = max(self.m * self.n * self.k // machine.multiply_task, 1)
        wanted = min(wanted, machine.most_tasks)
        down = parts(self.m, self.kernel.mr, -(-self.m // machine.block_rows))
        across = parts(self.n, self.kernel.nr, -(-wanted // len(down)))
        return list(itertools.product(down, across))

    def __str__(self) -> str:
        return f"{self.kernel}, {self.depth} of {self.k} terms at a time, {self.bytes} bytes packed"


@dataclass(frozen=True)
class Factor:
    """An operand: its first element; strides between rows (or columns) and between terms."""

    place: tuple[int, int]
    across: int
    along: int

    def moved(self, first: int, term: int, size: int) -> Factor:
        """The operand from an element across and a term on; an element has so many bytes."""
        distance = (first * self.across + term * self.along) * size
        return replace(self, place=(self.place[0], self.place[1] + distance))


@dataclass(frozen=True)
class PackedProduct:
    """The kernels of a product.

    `result`: place of its first element; `leading`: elements between its rows; `accumulate`:
    whether it is added to what the result holds (beta = 1).
    """

    tiling: PackedTiling
    left: Factor
    right: Factor
    result: tuple[int, int]
    leading: int
    accumulate: bool

    def packing(self, slot: int, start: int) -> Iterator[Kernel]:
        """Kernels that pack both operands into memory from `start` on; in any order."""
        tiling = self.tiling
        for factor, extent, width, bytes in (
            (self.left, tiling.m, tiling.kernel.mr, tiling.panels[0]),
            (self.right, tiling.n, tiling.kernel.nr, tiling.panels[1]),
        ):
            yield from self.packed(factor, extent, width, (slot, start), tiling.k)
            start += bytes

    def packed(
        self, factor: Factor, extent: int, width: int, to: tuple[int, int], terms: int
    ) -> Iterator[Kernel]:
        """Kernels that pack so many elements across, and so many terms, of an operand."""
        kernel, machine = self.tiling.kernel, self.tiling.machine
        type, size = kernel.type, BYTES[kernel.type]
        panels, rest = divmod(extent, width)
        pack = PackFunction(type, width, kernel.lanes, factor.across != 1)
        stride = factor.across if pack.transposed else factor.along
        number = min(max(panels * width * terms // machine.pack_task, 1), machine.most_tasks)
        for first, count in parts(panels, 1, number):
            source = factor.place[0], factor.place[1] + first * width * factor.across * size
            target = to[0], to[1] + first * width * terms * size
            yield PackPanels(pack, (count, terms, stride * size, *source, *target))
        if rest:
            # What else is in this panel is not initialised: sums with it are not stored.
            shape, shift = (terms, rest), panels * width
            across = View(factor.place, shape, (factor.along, factor.across), shift * factor.across)
            panel = View(to, shape, (width, 1), shift * terms)
            targets = [Target("", (("load", 0), type), panel, type)]
            yield nest(shape, [False] * 2, [(across, type)], [], targets, _as_it_is)

    def multiplying(self, slot: int, start: int) -> Iterator[tuple[Kernel, ...]]:
        """Tasks that multiply what is packed from `start` on; in any order."""
        tiling = self.tiling
        kernel, size, k = tiling.kernel, BYTES[tiling.kernel.type], tiling.k
        right = start + tiling.panels[0]
        for (row, rows), (column, columns) in tiling.tasks:
            head = (k, rows, columns, int(self.accumulate), self.leading * size, tiling.depth)
            places = (slot, start + row * k * size, slot, right + column * k * size)
            shift = (row * self.leading + column) * size
            yield (Multiply(kernel, (*head, *places, self.result[0], self.result[1] + shift)),)


def _as_it_is(place: object) -> tuple[int, int]:
    """The place of a buffer that is named by its place."""
    assert isinstance(place, tuple)
    return place[0], place[1]
