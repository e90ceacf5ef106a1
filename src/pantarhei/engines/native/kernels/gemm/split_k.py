"""Split-K: products of a few rows with a matrix that is too large for the cache.

BLAS packs the matrix while it waits for every cache line. Here some rows of it are prefetched in
order, which memory is fast at, and what they contribute is added to the result. The terms (K) are
divided among tasks, whose results are added in order.
"""

from __future__ import annotations

import itertools

from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.kernels import loops as nests
from pantarhei.engines.native.kernels.conv.geometry import Scratch, added
from pantarhei.engines.native.kernels.gemm import blas
from pantarhei.engines.native.kernels.kernel import Kernel, Tasks
from pantarhei.engines.native.kernels.loops import Target
from pantarhei.engines.native.machine import CACHE_LINE
from pantarhei.engines.native.schedule.views import View


def product(x: View, y: View, result: View, type: str, scratch: Scratch) -> list[Kernel | Tasks]:
    """The product x y."""
    (inner, columns), machine = y.shape, scratch.machine
    tasks = []
    sums = [scratch.temporary(result.shape, type) for _ in range(machine.split_k_tasks)]
    cuts = itertools.pairwise(_cuts(0, inner, len(sums)))
    for place, (begin, end) in zip(sums, cuts, strict=True):
        number = max((end - begin) * columns * BYTES[type] // machine.prefetch_bytes, 1)
        unused = scratch.temporary((), "i32")
        task: list[Kernel] = []
        for first, last in itertools.pairwise(_cuts(begin, end, number)):
            part = y.slice((first, 0), (last, columns), (1, 1))
            across = x.slice((0, first), (x.shape[0], last), (1, 1))
            accumulate = bool(task)
            task.append(_prefetch(part, type, unused, scratch))
            task += blas.product(across, part, place, type, scratch.place, accumulate)
        tasks.append(tuple(task))
    return [Tasks(tuple(tasks), (added(result, sums, type, scratch.place),))]


def _cuts(begin: int, end: int, number: int) -> list[int]:
    return [begin + (end - begin) * each // number for each in range(number + 1)]


def _prefetch(part: View, type: str, unused: View, scratch: Scratch) -> Kernel:
    """Reads a number of every cache line; their maximum is stored, so LLVM does not drop it."""
    words = BYTES[type] // BYTES["i32"]
    count = part.shape[0] * part.shape[1] * words * BYTES["i32"] // CACHE_LINE
    step = CACHE_LINE // BYTES["i32"]
    lines = View(part.buffer, (count,), (step,), part.offset * words)
    same = View(unused.buffer, (count,), (0,))
    target = Target("max", (("load", 0), "i32"), same, "i32")
    return nests.nest((count,), [True], [(lines, "i32")], [], [target], scratch.place)
