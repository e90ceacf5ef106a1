"""The choice of how a matrix product is done, in one place, with its reasons.

    print(choose_gemm(512, 512, 784, GemmLayout(), "float", host_machine()))

The choice is made three times, each time among fewer strategies: loop nests before fusion
(passes/small_matmul.py), split-K in lowering, since it needs scratch buffers, the rest in the
division into tasks. So the first choice for a product of a program whose
operands are stored in C order is what is done in the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TypeVar

from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.kernels.gemm.microkernel import micro_kernel
from pantarhei.engines.native.kernels.gemm.packed import PackedTiling
from pantarhei.engines.native.kernels.gemm.packed_large import LargeTiling
from pantarhei.engines.native.machine import CACHE_LINE, Machine


class Strategy(Enum):
    """The ways to do a product, in the order in which they are tried."""

    LOOP_NEST = "loop nest"
    SPLIT_K = "split-K with prefetch"
    PACKED = "micro-kernel, operands packed once"
    PACKED_LARGE = "micro-kernel, cache blocks packed in tasks"
    BLAS = "BLAS"


# What is possible for a product after fusion, and for a lowered one.
AFTER_FUSION = tuple(Strategy)[1:]
AFTER_LOWERING = AFTER_FUSION[1:]


@dataclass(frozen=True)
class GemmLayout:
    """What a choice depends on besides extents.

    Args:
      transpose_x: whether the program transposes the left operand.
      transpose_y: whether it transposes the right one.
      stack: extents of a stack of products; empty for one product.
      accumulate: whether the product is added to what the result holds (beta = 1).
      row_major: whether rows of y and of the result follow each other, and BLAS can read x.
      divisible: whether BLAS' threads can be controlled, so that its products may be divided.
    """

    transpose_x: bool = False
    transpose_y: bool = False
    stack: tuple[int, ...] = ()
    accumulate: bool = False
    row_major: bool = True
    divisible: bool = True

    @property
    def count(self) -> int:
        """The number of products."""
        return math.prod(self.stack)


@dataclass(frozen=True)
class Gemm:
    """A product, or a stack of products, of m x k and k x n on a machine."""

    m: int
    n: int
    k: int
    layout: GemmLayout
    type: str
    machine: Machine

    @property
    def work(self) -> int:
        """Multiplications of one product."""
        return self.m * self.n * self.k


@dataclass(frozen=True)
class GemmPlan:
    """How a product is done.

    Args:
      gemm: the product.
      strategy: the first whose conditions all hold.
      tasks: into how many tasks it is divided; for a loop nest, decided by cost after fusion.
      tiling: of packed operands.
      rejected: the strategies before it, each with the condition that failed.
    """

    gemm: Gemm
    strategy: Strategy
    tasks: int
    tiling: PackedTiling | LargeTiling | None
    rejected: tuple[tuple[Strategy, str], ...]

    def __str__(self) -> str:
        gemm, layout = self.gemm, self.gemm.layout
        stack = "x".join(map(str, layout.stack)) + " of " if layout.stack else ""
        tasks = "1 task" if self.tasks == 1 else f"{self.tasks} tasks"
        tiling = f" ({self.tiling})" if self.tiling is not None else ""
        head = f"{stack}{gemm.m}x{gemm.k} by {gemm.k}x{gemm.n} {gemm.type}"
        lines = [f"{head}: {self.strategy.value}{tiling}, {tasks}"]
        lines += [f"  not {strategy.value}: {reason}" for strategy, reason in self.rejected]
        return "\n".join(lines)


_T = TypeVar("_T", bound=PackedTiling)

# A condition that has to hold, and what is the case where it does not.
_Conditions = list[tuple[bool, str]]


def _loop_nest(gemm: Gemm) -> _Conditions:
    """Sums of a few terms, or reductions to a few elements.

    Only extents of features decide, never the number of examples, which is k of x^T y: so another
    batch size needs no other code.
    """
    m, n, k, layout, machine = gemm.m, gemm.n, gemm.k, gemm.layout, gemm.machine
    conditions = [
        (not layout.stack, "a stack of products"),
        (0 not in (m, n, k), "an extent is 0"),
    ]
    if layout.transpose_x:
        most, work = machine.small_terms, machine.small_reductions
        return [
            *conditions,
            (not layout.transpose_y, "both operands are transposed"),
            (m <= most, f"{m} rows > {most}"),
            (m * n <= work, f"{m * n} reductions > {work}"),
        ]
    most, work = machine.small_terms, machine.small_work
    return [
        *conditions,
        (k <= most, f"{k} terms > {most}"),
        (k * n <= work, f"{k * n} terms of a row > {work}"),
    ]


def _split_k(gemm: Gemm) -> _Conditions:
    machine, row = gemm.machine, gemm.n * BYTES[gemm.type]
    rows, bytes, tasks = gemm.m, gemm.k * row, machine.split_k_tasks
    most, least = machine.split_k_most_rows, machine.split_k_least_bytes
    return [
        (not gemm.layout.accumulate, "it is added to a sum"),
        (not gemm.layout.stack, "a stack of products"),
        (gemm.layout.row_major, "rows are not stored one after the other"),
        (row % CACHE_LINE == 0, f"a row of {row} bytes ends within a cache line"),
        (1 < rows <= most, f"{rows} rows, not 2 to {most}"),
        (bytes >= least, f"a matrix of {bytes} bytes < {least}"),
        (gemm.k >= 2 * tasks, f"{gemm.k} terms < {2 * tasks}"),
    ]


def _used_often(gemm: Gemm) -> _Conditions:
    machine, kernel = gemm.machine, micro_kernel(gemm.type, gemm.machine)
    least, uses = machine.packed_least_work, machine.packed_least_uses
    packed = (gemm.m + gemm.n) * gemm.k
    return [
        (kernel is not None, f"the machine has no micro-kernel for {gemm.type}"),
        (gemm.layout.count == 1, "a stack of products"),
        (gemm.work >= least, f"{gemm.work} multiplications < {least}"),
        (gemm.work >= uses * packed, f"fewer than {uses} uses of each packed element"),
    ]


def _packed(gemm: Gemm) -> _Conditions:
    tiling, most = _tiling(gemm, PackedTiling), gemm.machine.packed_most_bytes
    if tiling is None:
        return _used_often(gemm)
    return [*_used_often(gemm), (tiling.bytes <= most, f"{tiling.bytes} bytes packed > {most}")]


def _packed_large(gemm: Gemm) -> _Conditions:
    tiling, machine = _tiling(gemm, LargeTiling), gemm.machine
    if tiling is None:
        return _used_often(gemm)
    lanes, least, most = tiling.kernel.lanes, machine.large_least_lanes, machine.large_most_bytes
    return [
        *_used_often(gemm),
        (lanes >= least, f"{lanes} elements in a vector < {least}"),
        (tiling.bytes <= most, f"{tiling.bytes} bytes packed > {most}"),
    ]


def _tiling(gemm: Gemm, kind: type[_T]) -> _T | None:
    kernel = micro_kernel(gemm.type, gemm.machine)
    if kernel is None or not gemm.work:
        return None
    return kind(kernel, gemm.m, gemm.n, gemm.k, gemm.machine)


_CONDITIONS: dict[Strategy, Callable[[Gemm], _Conditions]] = {
    Strategy.LOOP_NEST: _loop_nest,
    Strategy.SPLIT_K: _split_k,
    Strategy.PACKED: _packed,
    Strategy.PACKED_LARGE: _packed_large,
    Strategy.BLAS: lambda gemm: [],
}


# Every layer and every plan of a program repeats the same few products.
@lru_cache(maxsize=4096)
def choose_gemm(
    m: int,
    n: int,
    k: int,
    layout: GemmLayout,
    type: str,
    machine: Machine,
    strategies: tuple[Strategy, ...] = tuple(Strategy),
) -> GemmPlan:
    """How a product of m x k and k x n is done; `strategies`: those that are still possible."""
    gemm = Gemm(m, n, k, layout, type, machine)
    rejected: list[tuple[Strategy, str]] = []
    for strategy in strategies:
        failed = next((text for holds, text in _CONDITIONS[strategy](gemm) if not holds), None)
        if failed is None:
            return _planned(gemm, strategy, tuple(rejected))
        rejected.append((strategy, failed))
    raise ValueError(f"no strategy for {gemm}")


def _planned(
    gemm: Gemm, strategy: Strategy, rejected: tuple[tuple[Strategy, str], ...]
) -> GemmPlan:
    machine = gemm.machine
    match strategy:
        case Strategy.PACKED:
            packed = _tiling(gemm, PackedTiling)
            assert packed is not None
            return GemmPlan(gemm, strategy, len(packed.tasks), packed, rejected)
        case Strategy.PACKED_LARGE:
            large = _tiling(gemm, LargeTiling)
            assert large is not None
            return GemmPlan(gemm, strategy, len(large.shares), large, rejected)
        case Strategy.SPLIT_K:
            return GemmPlan(gemm, strategy, machine.split_k_tasks, None, rejected)
        case Strategy.BLAS if gemm.layout.divisible:
            work = gemm.work * gemm.layout.count
            wanted = next((tasks for least, tasks in machine.blas_tasks if work >= least), 1)
            # More tasks than processors do not pay.
            tasks = min(wanted, machine.processors)
            return GemmPlan(gemm, strategy, tasks, None, rejected)
    return GemmPlan(gemm, strategy, 1, None, rejected)
