"""Products of a few rows with a matrix that is too large for the cache.

BLAS packs the matrix while it waits for every cache line. Here some rows of it are read in order
first, which memory is fast at, and what they contribute is added to the result. All rows are
shared out among tasks, whose results are added in order.
"""

from __future__ import annotations

import itertools

from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.kernels import loops as nests
from pantarhei.engines.native.kernels.conv.geometry import Scratch, added
from pantarhei.engines.native.kernels.loops import Kernel, Target
from pantarhei.engines.native.schedule.parallel import Tasks
from pantarhei.engines.native.schedule.views import View

# From how many bytes a matrix is large, and the most rows with which it is streamed.
LARGE = 1 << 22
MOST_ROWS = 128
# Bytes that are read ahead at a time; how many tasks there are.
AHEAD = 1 << 19
TASKS = 4
CACHE_LINE = 64


def is_streamed(x: View, y: View, result: View, type: str) -> bool:
    """Whether this module does a product of two matrices."""
    if len(result.shape) != 2 or not result.is_contiguous or nests.matrix(x) is None:
        return False
    inner, columns = y.shape
    size = inner * columns * BYTES[type]
    in_order = y.strides == (columns, 1) and columns * BYTES[type] % CACHE_LINE == 0
    return in_order and 1 < x.shape[0] <= MOST_ROWS and size >= LARGE and inner >= 2 * TASKS


def product(x: View, y: View, result: View, type: str, scratch: Scratch) -> list[Kernel | Tasks]:
    """The product x y."""
    inner, columns = y.shape
    tasks = []
    sums = [scratch.temporary(result.shape, type) for _ in range(TASKS)]
    for place, (begin, end) in zip(sums, itertools.pairwise(_cuts(0, inner, TASKS)), strict=True):
        number = max((end - begin) * columns * BYTES[type] // AHEAD, 1)
        seen = scratch.temporary((), "i32")
        task: list[Kernel] = []
        for first, last in itertools.pairwise(_cuts(begin, end, number)):
            part = y.slice((first, 0), (last, columns), (1, 1))
            across = x.slice((0, first), (x.shape[0], last), (1, 1))
            adding = bool(task)
            task.append(_read_ahead(part, type, seen, scratch))
            task += nests.product(across, part, place, type, scratch.place, adding)
        tasks.append(tuple(task))
    return [Tasks(tuple(tasks), (added(result, sums, type, scratch.place),))]


def _cuts(begin: int, end: int, number: int) -> list[int]:
    return [begin + (end - begin) * each // number for each in range(number + 1)]


def _read_ahead(part: View, type: str, seen: View, scratch: Scratch) -> Kernel:
    """Reads a number of every cache line; their maximum is stored, so LLVM does not drop it."""
    words = BYTES[type] // BYTES["i32"]
    count = part.shape[0] * part.shape[1] * words * BYTES["i32"] // CACHE_LINE
    step = CACHE_LINE // BYTES["i32"]
    lines = View(part.buffer, (count,), (step,), part.offset * words)
    spread = View(seen.buffer, (count,), (0,))
    target = Target("max", (("load", 0), "i32"), spread, "i32")
    return nests.nest((count,), [True], [(lines, "i32")], [], [target], scratch.place)
