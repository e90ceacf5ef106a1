"""Products of our own: the functions that pack operands, and those that multiply what is packed.

The innermost part multiplies a few rows of the left matrix, packed so that they lie side by side,
with a few vectors of columns of the right one, and keeps all sums in registers. An element is the
sum of its terms in order, some hundred at a time: where a block begins and ends changes nothing.
Only processors whose registers hold enough sums have it; elsewhere all products are BLAS's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pantarhei.engines.native.codegen.gemm_text import microkernel_text, pack_text
from pantarhei.engines.native.codegen.ops import BYTES

# Terms that are summed up at a time: so many rows of both packed operands stay in the first cache.
DEPTH = 420


@dataclass(frozen=True)
class Tile:
    """What is kept in registers: rows, and columns as so many vectors of some elements.

    A tile is a structure, as those of nests are; its function multiplies packed operands.
    """

    type: str
    rows: int
    vectors: int
    lanes: int

    @property
    def columns(self) -> int:
        """Columns of the tile."""
        return self.vectors * self.lanes

    # The text is written as it is to be: LLVM's optimization passes do not run over it.
    optimized = False

    @property
    def text(self) -> str:
        """The module with the function, named `kernel`, in LLVM's language."""
        return microkernel_text(self.type, self.rows, self.vectors, self.lanes)


def tile(type: str, features: Mapping[str, bool]) -> Tile | None:
    """The tile for a processor with these features."""
    if features.get("avx512f"):
        return Tile(type, 12, 2, 64 // BYTES[type])
    if type == "float" and features.get("avx2") and features.get("fma"):
        return Tile(type, 6, 2, 32 // BYTES[type])
    return None


def depth(inner: int) -> int:
    """How many terms are summed up at a time, of so many."""
    parts = max(round(inner / DEPTH), 1)
    return -(-inner // parts)


# --- packing ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pack:
    """Copies panels: for each term so many elements side by side.

    `turned`: neighbouring terms are neighbours in memory, else elements of one term are.
    """

    type: str
    width: int
    lanes: int
    turned: bool

    optimized = False

    @property
    def text(self) -> str:
        """The module with the function, named `kernel`, in LLVM's language."""
        return pack_text(self.type, self.width, self.lanes, self.turned)
