"""Blocks of products in registers: what a convolution takes from its image without copying it.

A block is so many rows of a product by two vectors of columns. All of it stays in registers while
two loops go over what is multiplied: an inner one along what lies side by side, an outer one along
rows of the image. The left operand's rows may overlap, which is what windows do and BLAS does not
take. The function is called as all kernels are (codegen/builder.py); the arguments are

    extents of three loops over blocks, then of the outer and the inner loop within one;
    left: buffer, offset, the steps of these five;  right: the same;
    result: buffer, offset, the steps of the first three, the distance of two rows

with offsets and steps in bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.codegen.sliding_text import sliding_text

VECTORS = 2


@dataclass(frozen=True)
class Registers:
    """Of a processor: bytes of a vector, and how many rows of two vectors leave some free.

    No rows where products and sums are no single instruction.
    """

    bytes: int
    rows: int


@cache
def registers() -> Registers:
    """Those of this processor."""
    try:
        # Imported when used: most programs that import the package never compile.
        import llvmlite.binding as llvm

        features = llvm.get_host_cpu_features()
    except (ImportError, RuntimeError):
        return Registers(16, 0)
    if features.get("avx512f"):
        return Registers(64, 14)
    if features.get("avx2") and features.get("fma"):
        return Registers(32, 6)
    return Registers(16, 14 if features.get("neon") else 0)


def columns(type: str) -> int:
    """How many columns a block has."""
    return VECTORS * registers().bytes // BYTES[type]


def rows_of_blocks(extent: int) -> list[tuple[int, int, int]]:
    """Divides rows: first row, number of blocks, and rows of each of them."""
    most = registers().rows
    best = next((rows for rows in range(most, most // 2, -1) if extent % rows == 0), most)
    whole, rest = divmod(extent, best)
    parts = [(0, whole, best)] if whole else []
    return [*parts, (whole * best, 1, rest)] if rest else parts


@dataclass(frozen=True)
class SlidingBlock:
    """The structure of a function: rows, the distance of two in the left operand, in bytes.

    `adding`: whether the product is added to what the result holds.
    """

    type: str
    bytes: int
    rows: int
    step: int
    adding: bool

    # Whether LLVM's optimization passes run over the text.
    optimized = True

    @property
    def text(self) -> str:
        """The module with the function, named `kernel`, in LLVM's language."""
        lanes, shape = self.bytes // BYTES[self.type], (self.rows, VECTORS)
        return sliding_text(self.type, self.bytes, lanes, shape, self.step, self.adding)
