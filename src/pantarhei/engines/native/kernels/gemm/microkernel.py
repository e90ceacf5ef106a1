"""Micro-kernels: the functions that pack operands, and those that multiply packed operands.

A micro-kernel multiplies MR rows of the left matrix, packed so that they lie side by side, by NR
columns of the right one, some vectors, and keeps all sums in registers. An element is the sum of
its terms in order, some hundred at a time: where a cache block begins and ends changes nothing.
Only processors with enough registers have one; elsewhere BLAS does all products.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pantarhei.engines.native.codegen.gemm_text import microkernel_text, pack_text
from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.kernels.kernel import Kernel
from pantarhei.engines.native.machine import Machine


@dataclass(frozen=True)
class MicroKernel:
    """The register block, MR x NR: rows, and columns as so many vectors of some lanes."""

    type: str
    mr: int
    vectors: int
    lanes: int

    # The text is written as it is to be: LLVM's optimization passes do not run over it.
    optimized = False

    @property
    def nr(self) -> int:
        """Columns."""
        return self.vectors * self.lanes

    @property
    def text(self) -> str:
        """The module with the function, named `kernel`, in LLVM's language."""
        return microkernel_text(self.type, self.mr, self.vectors, self.lanes)

    def __str__(self) -> str:
        return f"{self.mr}x{self.nr} {self.type}"


def micro_kernel(type: str, machine: Machine) -> MicroKernel | None:
    """The micro-kernel of a machine for a type."""
    if not machine.gemm_rows or type not in machine.gemm_types:
        return None
    return MicroKernel(
        type, machine.gemm_rows, machine.gemm_vectors, machine.vector_bytes // BYTES[type]
    )


@dataclass(frozen=True)
class Multiply(Kernel):
    """A call of a micro-kernel for packed operands; for its arguments see codegen/gemm_text.py."""

    structure: MicroKernel

    @property
    def work(self) -> int:
        """Multiplications, some of which are one step."""
        return math.prod(self.arguments[:3]) // 8


@dataclass(frozen=True)
class PackFunction:
    """Copies panels: for each term so many elements side by side.

    `transposed`: neighbouring terms are neighbours in memory, else elements of one term are.
    """

    type: str
    width: int
    lanes: int
    transposed: bool

    optimized = False

    @property
    def text(self) -> str:
        """The module with the function, named `kernel`, in LLVM's language."""
        return pack_text(self.type, self.width, self.lanes, self.transposed)


@dataclass(frozen=True)
class PackPanels(Kernel):
    """Packs panels of an operand."""

    structure: PackFunction

    @property
    def work(self) -> int:
        """Elements that are copied."""
        panels, terms = self.arguments[:2]
        return panels * terms * self.structure.width
