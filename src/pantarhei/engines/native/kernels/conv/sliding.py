"""Register blocks of products: what a convolution takes from its image without copying it.

A register block is so many rows of a product by two vectors of columns, which stay in registers
while two loops go over what is multiplied: an inner one along neighbouring elements, an outer one
along rows of the image. The left operand's rows may overlap, as rows of im2col patches do, which
BLAS does not take. The arguments are

    extents of three loops over blocks, then of the outer and the inner loop within one;
    left: buffer, offset, the steps of these five;  right: the same;
    result: buffer, offset, the steps of the first three, the distance of two rows

with offsets and steps in bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.codegen.sliding_text import sliding_text
from pantarhei.engines.native.kernels.kernel import Kernel
from pantarhei.engines.native.machine import Machine


def columns(type: str, machine: Machine) -> int:
    """How many columns a register block has."""
    return machine.sliding_vectors * machine.vector_bytes // BYTES[type]


def row_blocks(extent: int, machine: Machine) -> list[tuple[int, int, int]]:
    """Divides rows: first row, number of blocks, and rows of each of them."""
    most = machine.sliding_rows
    best = next((rows for rows in range(most, most // 2, -1) if extent % rows == 0), most)
    whole, rest = divmod(extent, best)
    parts = [(0, whole, best)] if whole else []
    return [*parts, (whole * best, 1, rest)] if rest else parts


@dataclass(frozen=True)
class SlidingBlock:
    """What a function is written for: the register block, and the distance of two rows of the left
    operand, in bytes.

    `accumulate`: whether the product is added to what the result holds (beta = 1).
    """

    type: str
    bytes: int
    rows: int
    vectors: int
    step: int
    accumulate: bool

    # Whether LLVM's optimization passes run over the text.
    optimized = True

    @property
    def text(self) -> str:
        """The module with the function, named `kernel`, in LLVM's language."""
        lanes, shape = self.bytes // BYTES[self.type], (self.rows, self.vectors)
        return sliding_text(self.type, self.bytes, lanes, shape, self.step, self.accumulate)


@dataclass(frozen=True)
class SlidingProduct(Kernel):
    """A product whose left operand's rows overlap. It is a part of a task."""

    structure: SlidingBlock

    @property
    def work(self) -> int:
        """Multiplications, a row of a register block as one step."""
        return math.prod(self.arguments[:5]) * self.structure.rows
