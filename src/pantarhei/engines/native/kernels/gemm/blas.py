"""Matrix products by BLAS: what it can read, the calls for views, and their division into tasks.

A product that can be divided may become one by micro-kernels instead; choose.py decides.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.kernels.gemm.choose import (
    AFTER_LOWERING,
    GemmLayout,
    GemmPlan,
    Strategy,
    choose_gemm,
)
from pantarhei.engines.native.kernels.gemm.packed import Factor, PackedProduct
from pantarhei.engines.native.kernels.gemm.packed_large import LargeProduct, LargeTiling
from pantarhei.engines.native.kernels.kernel import (
    Blas,
    Compilable,
    Kernel,
    Place,
    TaskMemory,
    Tasks,
)
from pantarhei.engines.native.kernels.loops import merge, parts
from pantarhei.engines.native.machine import Machine
from pantarhei.engines.native.schedule.views import View, contiguous_strides

# Where things are in the arguments of a product.
_RIGHT, _LEFT, _COLUMNS, _ROWS, _INNER = range(5)
_RIGHT_LEADING, _LEFT_LEADING, _RESULT_LEADING, _COUNT, _ACCUMULATE = range(5, 10)
_RIGHT_OFFSET, _LEFT_OFFSET, _RESULT_OFFSET = 11, 14, 17


@dataclass(frozen=True)
class Matrix:
    """How BLAS reads the last two axes of a view: as rows, or transposed, at what distance."""

    transposed: bool
    leading: int


def matrix(view: View) -> Matrix | None:
    """The layout of a stack of matrices; None where BLAS cannot read it."""
    rows, columns = view.shape[-2:]
    down, right = view.strides[-2:]
    if (right == 1 or columns == 1) and (down >= max(columns, 1) or rows == 1):
        return Matrix(False, down if rows > 1 else max(columns, 1))
    if (down == 1 or rows == 1) and (right >= max(rows, 1) or columns == 1):
        return Matrix(True, right if columns > 1 else max(rows, 1))
    return None


def is_column_major(view: View) -> bool:
    """Whether a matrix is one whose transpose BLAS would write."""
    return len(view.shape) == 2 and view.strides[1] != 1 and view.strides[0] == 1


@dataclass(frozen=True)
class BlasProduct(Kernel):
    """A product, or a stack of products at equal distances; for arguments see runtime_functions."""

    structure: str

    @property
    def work(self) -> int:
        """Multiplications, some of which are one step."""
        return math.prod(self.arguments[_COLUMNS : _INNER + 1]) * self.arguments[_COUNT] // 8

    def uses_threads(self, machine: Machine) -> bool:
        """Whether a product is so large that BLAS might use threads of its own."""
        columns, rows, inner = self.arguments[_COLUMNS : _INNER + 1]
        vector = min(columns, rows) == 1
        least = machine.blas_threads_vector_work if vector else machine.blas_threads_work
        return columns * rows * inner >= least

    def call(self, addresses: Mapping[Compilable, int], blas: Blas) -> tuple[int, Sequence[int]]:
        """BLAS by itself, or while its threads are switched off."""
        numbers = [blas.gemm(self.structure), *self.arguments]
        control = blas.thread_control()
        if control is not None and self.uses_threads(blas.machine):
            return blas.alone[self.structure], [*numbers, control]
        return blas.product[self.structure], numbers

    def plan(self, memory: TaskMemory) -> GemmPlan:
        """How it is done."""
        columns, rows, inner = self.arguments[_COLUMNS : _INNER + 1]
        count = self.arguments[_COUNT]
        layout = GemmLayout(
            stack=(count,) if count != 1 else (),
            accumulate=bool(self.arguments[_ACCUMULATE]),
            divisible=memory.divides_products,
        )
        return choose_gemm(
            rows, columns, inner, layout, self.structure, memory.machine, AFTER_LOWERING
        )

    def divided(self, memory: TaskMemory) -> Kernel | Tasks:
        """As its plan says: a product of packed operands, or parts by BLAS."""
        plan = self.plan(memory)
        if plan.strategy is Strategy.BLAS:
            return self._parts(plan.tasks, memory.machine.blas_grain)
        product = self._packed(plan)
        memory.reserve(memory.start + product.tiling.bytes)
        multiplying = tuple(product.multiplying(memory.slot, memory.start))
        packing = tuple((each,) for each in product.packing(memory.slot, memory.start))
        return Tasks(packing, (Tasks(multiplying),))

    def _packed(self, plan: GemmPlan) -> PackedProduct:
        numbers = self.arguments

        def factor(offset: int, leading: int, transposed: bool) -> Factor:
            place = numbers[offset - 1], numbers[offset]
            return Factor(place, 1, leading) if transposed else Factor(place, leading, 1)

        left = factor(_LEFT_OFFSET, numbers[_LEFT_LEADING], numbers[_LEFT] == ord("T"))
        right = factor(_RIGHT_OFFSET, numbers[_RIGHT_LEADING], numbers[_RIGHT] != ord("T"))
        result = numbers[_RESULT_OFFSET - 1], numbers[_RESULT_OFFSET]
        rest = left, right, result, numbers[_RESULT_LEADING], bool(numbers[_ACCUMULATE])
        if isinstance(plan.tiling, LargeTiling):
            return LargeProduct(plan.tiling, *rest)
        assert plan.tiling is not None
        return PackedProduct(plan.tiling, *rest)

    def _parts(self, wanted: int, grain: int) -> Kernel | Tasks:
        """About so many parts: stacks are divided first, then matrices."""
        if wanted == 1:
            return self
        stacks = [self._part(each) for each in parts(self.arguments[_COUNT], 1, wanted)]
        number = -(-wanted // len(stacks))
        pieces = [piece for each in stacks for piece in each._grid(number, grain)]
        return Tasks(tuple((each,) for each in pieces)) if len(pieces) > 1 else self

    def _grid(self, wanted: int, grain: int) -> list[BlasProduct]:
        """Blocks of rows and columns, so that as little as possible is packed twice."""
        columns, rows = self.arguments[_COLUMNS], self.arguments[_ROWS]
        ways = [(down, wanted // down) for down in range(1, wanted + 1) if wanted % down == 0]
        down, across = min(ways, key=lambda way: way[1] * rows + way[0] * columns)
        pairs = itertools.product(parts(rows, grain, down), parts(columns, grain, across))
        return [self._part((0, self.arguments[_COUNT]), r, c) for r, c in pairs]

    def _part(
        self,
        stack: tuple[int, int],
        rows: tuple[int, int] | None = None,
        columns: tuple[int, int] | None = None,
    ) -> BlasProduct:
        """Some of a stack of products, or some rows and columns of them: first and number."""
        size = BYTES[self.structure]
        new = list(self.arguments)
        new[_COUNT] = stack[1]
        for offset in (_RIGHT_OFFSET, _LEFT_OFFSET, _RESULT_OFFSET):
            new[offset] += stack[0] * new[offset + 1]
        if rows is not None:
            new[_ROWS] = rows[1]
            step = 1 if new[_LEFT] == ord("T") else new[_LEFT_LEADING]
            new[_LEFT_OFFSET] += rows[0] * step * size
            new[_RESULT_OFFSET] += rows[0] * new[_RESULT_LEADING] * size
        if columns is not None:
            new[_COLUMNS] = columns[1]
            step = new[_RIGHT_LEADING] if new[_RIGHT] == ord("T") else 1
            new[_RIGHT_OFFSET] += columns[0] * step * size
            new[_RESULT_OFFSET] += columns[0] * size
        return BlasProduct(self.structure, tuple(new))


def product(
    x: View, y: View, result: View, type: str, place: Place, accumulate: bool = False
) -> list[Kernel]:
    """Products of two stacks of matrices that BLAS can read; `accumulate`: added to the result."""
    x, y, result = _joined_rows(x, y, result)
    stack = list(result.shape[:-2])
    strides = [list(view.strides[: len(stack)]) for view in (y, x, result)]
    kept = [axis for axis, extent in enumerate(stack) if extent != 1]
    stack = [stack[axis] for axis in kept]
    strides = [[steps[axis] for axis in kept] for steps in strides]
    merge(stack, [False] * len(stack), strides)
    count = stack[-1] if stack else 1
    layouts = [matrix(view) for view in (y, x)]
    assert layouts[0] is not None and layouts[1] is not None
    (rows, inner), columns = x.shape[-2:], y.shape[-1]
    head = [*(ord("T" if each.transposed else "N") for each in layouts if each), columns, rows]
    head += [
        inner,
        *(each.leading for each in layouts if each),
        _leading(result),
        int(count),
        int(accumulate),
    ]
    kernels: list[Kernel] = []
    size = BYTES[type]
    steps_outside = contiguous_strides(tuple(stack[:-1]))
    for number in range(math.prod(stack[:-1])):
        arguments = list(head)
        for view, steps in zip((y, x, result), strides, strict=True):
            buffer, offset = place(view.buffer)
            position = view.offset
            for axis, outside in enumerate(steps_outside):
                position += number // outside % stack[axis] * steps[axis]
            arguments += [buffer, offset + position * size, (steps[-1] if steps else 0) * size]
        kernels.append(BlasProduct(type, tuple(arguments)))
    return kernels


def _leading(result: View) -> int:
    """Distance between two rows of a result."""
    rows, columns = result.shape[-2:]
    return result.strides[-2] if rows > 1 else max(columns, 1)


def _joined_rows(x: View, y: View, result: View) -> tuple[View, View, View]:
    """Where all matrices of x meet the same matrix of y, one product of all their rows."""
    stack = range(len(result.shape) - 2)
    if not stack or any(y.strides[axis] and y.shape[axis] > 1 for axis in stack):
        return x, y, result
    rows = math.prod(x.shape[:-1])
    joined, below = x.reshape((rows, x.shape[-1])), result.reshape((rows, result.shape[-1]))
    if joined is None or below is None or matrix(joined) is None or matrix(below) is None:
        return x, y, result
    inner = View(y.buffer, y.shape[-2:], y.strides[-2:], y.offset)
    return joined, inner, below
