"""The machine that kernels are chosen and generated for: instruction set, tile sizes, thresholds.

Every number that depends on a processor, or was measured on one, is here, once: fields of a
`Machine`, which choices of kernels take, so that tests can pass another one; and constants that are
the same on all.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

# --- the same on all processors below -----------------------------------------------------------

# Bytes.
CACHE_LINE = 64
# Operations and results of a loop nest: with more it spills registers and compiles slowly.
NEST_MOST_OPERATIONS, NEST_MOST_RESULTS = 96, 16
# Positions of a space up to which nodes that share nothing else share a nest; and how many nests
# fusion compares with a node.
NEST_SMALL_SPACE, NEST_LOOK_BACK = 1 << 15, 12
# Columns up to which a matrix is stored by columns; their distance is a multiple of so many
# elements and never without a gap, so that the number of rows changes neither the order of loops
# nor which axes are merged.
THIN_MOST_COLUMNS, THIN_COLUMN_STEP = 16, 16
# Terms ahead of which a micro-kernel prefetches the right operand.
GEMM_PREFETCH_TERMS = 8
# The largest elements are found one after the other: so many, or within so many comparisons.
TOP_K_MOST_PASSES, TOP_K_MOST_COMPARISONS = 16, 4096
# Elements of a window of pooling that is expanded to slices; each is code.
POOL_MOST_SLICES = 9


@dataclass(frozen=True)
class Machine:
    """A processor, and the tile sizes and thresholds that suit it."""

    # Of LLVM's target: x86_64, aarch64, or another one.
    architecture: str
    # LLVM's names of the instructions that kernels need.
    features: frozenset[str] = frozenset()
    # Vector registers: bytes of each, and their number.
    vector_bytes: int = 16
    vector_registers: int = 16
    # Of the machine, not of the process: results must not depend on what else runs.
    processors: int = 1

    # --- micro-kernels ----------------------------------------------------------------------------

    # MR: rows of the register block of a product; 0 where BLAS does all products.
    gemm_rows: int = 0
    # Vectors in a row of it: NR is as many times the lanes of a vector.
    gemm_vectors: int = 2
    # LLVM's types for which micro-kernels are faster than BLAS.
    gemm_types: tuple[str, ...] = ("float", "double")
    # Rows of the register block of a convolution; 0 where im2col does all convolutions, which is
    # so where a multiplication with an addition is no single instruction. A few registers are left.
    sliding_rows: int = 0
    # Vectors in a row of it.
    sliding_vectors: int = 2

    # --- matrix products as loop nests ------------------------------------------------------------

    # Most terms of an unrolled sum, or rows computed as separate reductions: each is code. And
    # terms times columns, columns times rows: beyond these BLAS is faster.
    small_terms: int = 8
    small_work: int = 32
    small_reductions: int = 16

    # --- packed matrix products -------------------------------------------------------------------

    # Multiplications from which packing pays, and the fewest for each element that is packed.
    packed_least_work: int = 1 << 21
    packed_least_uses: int = 64
    # Bytes of packed operands that stay in the second cache.
    packed_most_bytes: int = 1 << 22
    # KC: terms that are summed up at a time; so many rows of two panels stay in the first cache.
    depth: int = 420
    # MC and NC: rows and columns of a cache block; with KC terms, a fraction of the second cache.
    block_rows: int = 264
    block_columns: int = 256
    # Multiplications, and elements to pack, that are worth a task.
    multiply_task: int = 1 << 21
    pack_task: int = 1 << 17
    # Packing within tasks: bytes of the shared operand and a cache block for each task, ...
    large_most_bytes: int = 1 << 26
    # ... elements of a register from which it is faster than BLAS (in float64 it is level), ...
    large_least_lanes: int = 16
    # ... and the most tasks of each processor, as each has memory for a cache block.
    large_tasks_of_processor: int = 2

    # --- split-K ----------------------------------------------------------------------------------

    # Bytes from which a matrix is read from memory, not from a cache, and the most rows of the
    # other operand with which the product waits for memory and not for arithmetic.
    split_k_least_bytes: int = 1 << 22
    split_k_most_rows: int = 128
    # Bytes that are prefetched at a time: they have to stay in the second cache.
    prefetch_bytes: int = 1 << 19
    # Each has memory for a result; more of them do not read memory faster.
    split_k_tasks: int = 4

    # --- BLAS -------------------------------------------------------------------------------------

    # Multiplications of a product, and into how many tasks it may be divided: BLAS packs the
    # operands of each part again, which large parts outweigh.
    blas_tasks: tuple[tuple[int, int], ...] = (
        (1 << 33, 32),
        (1 << 31, 16),
        (1 << 29, 8),
        (1 << 27, 4),
        (1 << 22, 2),
    )
    # Rows and columns of a part are multiples of this, as BLAS takes so many at a time.
    blas_grain: int = 16
    # Multiplications from which OpenBLAS might use threads of its own: for matrices, for vectors.
    blas_threads_work: int = 1 << 17
    blas_threads_vector_work: int = 1 << 13

    # --- loop nests and tasks ---------------------------------------------------------------------

    # Nanoseconds of work that are worth a task, and the most tasks of a kernel.
    task_nanoseconds: float = 20_000.0
    most_tasks: int = 32
    # The fewest elements of the innermost axis in a part: whole vectors, and enough of them.
    least_inner: int = 256
    # Nanoseconds of an operation on an element of float32, roughly: most; exp and the like;
    # divisions and roots.
    simple_nanoseconds: float = 0.03
    elementary_nanoseconds: float = 0.4
    division_nanoseconds: float = 0.15
    # Nanoseconds of a byte of neighbouring elements, and of an element with others in between.
    byte_nanoseconds: float = 0.025
    strided_nanoseconds: float = 0.5
    # Steps of innermost loops of a program from which the GIL is released while it runs.
    gil_release_work: int = 1 << 15

    # --- convolutions -----------------------------------------------------------------------------

    # Bytes of im2col patches that are made at a time, so that they stay in the cache, and the most
    # such parts of a task: each is code to call.
    patch_bytes: int = 1 << 17
    most_patch_blocks: int = 256
    # Elements of a row of the filter from which patches are copied along it, else along positions.
    least_patch_row: int = 16
    # Operations on elements that are worth a task, and the most tasks: each has memory of its own.
    conv_task: int = 1 << 22
    conv_most_tasks: int = 8

    @property
    def large_tasks(self) -> int:
        """The most tasks of a product that packs cache blocks."""
        return min(self.large_tasks_of_processor * self.processors, self.most_tasks)


# Examples. Without instructions that multiply and add at once BLAS and im2col do everything.
GENERIC = Machine("unknown")

# 6 x 2 sums, 2 vectors and 1 factor of 16 registers. BLAS is level in float64.
AVX2 = Machine(
    "x86_64",
    frozenset({"avx2", "fma"}),
    vector_bytes=32,
    gemm_rows=6,
    gemm_types=("float",),
    sliding_rows=6,
)

# 12 x 2 sums of 32 registers, or 14 x 2 where nothing is packed.
AVX512 = Machine(
    "x86_64",
    frozenset({"avx512f"}),
    vector_bytes=64,
    vector_registers=32,
    gemm_rows=12,
    sliding_rows=14,
)

# 8 x 2 sums of 32 registers.
NEON = Machine(
    "aarch64",
    frozenset({"neon"}),
    vector_bytes=16,
    vector_registers=32,
    gemm_rows=8,
    sliding_rows=14,
)


def machine_of(architecture: str, features: Mapping[str, bool], processors: int) -> Machine:
    """The machine with LLVM's features of a processor."""
    if features.get("avx512f"):
        machine = AVX512
    elif features.get("avx2") and features.get("fma"):
        machine = AVX2
    elif features.get("neon"):
        # BLAS multiplies here: how fast the micro-kernel is has not been measured.
        machine = replace(NEON, gemm_rows=0)
    else:
        machine = replace(GENERIC, architecture=architecture)
    return replace(machine, processors=processors)


@cache
def host_machine() -> Machine:
    """This machine; the processor is read once."""
    features: Mapping[str, bool] = {}
    try:
        # Imported when used: most programs that import the package never compile.
        import llvmlite.binding as llvm

        features = llvm.get_host_cpu_features()
    except (ImportError, RuntimeError):
        pass  # without LLVM nothing is generated, and no instructions are needed
    return machine_of(platform.machine(), features, os.cpu_count() or 1)
