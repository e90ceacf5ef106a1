"""The LLVM text of the kernels that multiply overlapping rows: see kernels/conv/sliding.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pantarhei.engines.native.codegen.builder import Loop
from pantarhei.engines.native.codegen.kernel_function import KernelFunction
from pantarhei.engines.native.codegen.values import SSAValue, vector

ALIGNED = ", align 4"


def sliding_text(
    type: str, bytes: int, lanes: int, shape: tuple[int, int], step: int, accumulate: bool
) -> str:
    """The module of a function that keeps a block of a product in registers.

    Args:
      type: of an element.
      bytes: of a vector.
      lanes: elements of a vector.
      shape: rows, and vectors of columns.
      step: bytes between two rows of the left operand.
      accumulate: whether the product is added to what the result holds.
    """
    writer = _SlidingBlock(type, bytes, lanes, shape, step, accumulate)
    writer.ret()
    return writer.module.text


class _SlidingBlock(KernelFunction):
    def __init__(
        self,
        type: str,
        bytes: int,
        lanes: int,
        shape: tuple[int, int],
        step: int,
        accumulate: bool,
    ) -> None:
        super().__init__()
        self.type, self.vector, self.lanes = type, vector(lanes, type), lanes
        self.bytes, self.step, self.accumulate = bytes, step, accumulate
        self.rows, self.vectors = shape
        self.positions = [(row, part) for row in range(self.rows) for part in range(self.vectors)]
        self.extents = [self.number() for _ in range(5)]
        operands, self.steps = [], []
        for count in (5, 5, 4):
            slot, offset, *steps = (self.number() for _ in range(2 + count))
            operands.append(self.address(slot, offset))
            self.steps.append(steps)
        self._blocks(0, operands)

    def _blocks(self, level: int, pointers: list[SSAValue]) -> None:
        """Three loops over blocks, outermost first."""
        if level == 3:
            self._block(*pointers)
            return
        with self._walk(level, pointers) as (_, moved):
            self._blocks(level + 1, moved)

    @contextmanager
    def _walk(self, level: int, pointers: list[SSAValue]) -> Iterator[tuple[Loop, list[SSAValue]]]:
        """One loop, along which operands move by their steps."""
        with self.loop(self.extents[level]) as loop:
            moved = [loop.phi(each) for each in pointers]
            yield loop, moved
            for steps, pointer in zip(self.steps, moved, strict=False):
                loop.next(pointer, self.moved(pointer, steps[level]))

    def _block(self, left: SSAValue, right: SSAValue, result: SSAValue) -> None:
        """One block: sums from nothing or from what is there, both loops, and back to memory."""
        places = []
        for row, part in self.positions:
            if part == 0:
                down = self.moved(result, self.steps[2][3].binary("mul nsw", row))
            places.append(self.moved(down, part * self.bytes))
        if self.accumulate:
            starts = [self.load(place, self.vector, ALIGNED) for place in places]
        else:
            starts = [self.zero(self.vector)] * len(places)
        with self._walk(3, [left, right]) as (outer, pointers):
            outer_sums = [outer.phi(start) for start in starts]
            with self._walk(4, pointers) as (inner, (x, y)):
                inner_sums = [inner.phi(start) for start in outer_sums]
                sums = self._products(x, y, inner_sums)
                _carry(inner, inner_sums, sums)
            _carry(outer, outer_sums, sums)
        for total, place in zip(sums, places, strict=True):
            self.store(total, place, ALIGNED)

    def _products(self, x: SSAValue, y: SSAValue, sums: list[SSAValue]) -> list[SSAValue]:
        """One term of each sum."""
        factors = [
            self.load(self.moved(y, part * self.bytes), self.vector, ALIGNED)
            for part in range(self.vectors)
        ]
        totals = []
        for (row, part), total in zip(self.positions, sums, strict=True):
            if part == 0:
                element = self.load(self.moved(x, row * self.step), self.type)
                same = self.splat(element, self.lanes)
            totals.append(same.intrinsic("fma", factors[part], total))
        return totals


def _carry(loop: Loop, phis: Sequence[SSAValue], values: Sequence[SSAValue]) -> None:
    for phi, value in zip(phis, values, strict=True):
        loop.next(phi, value)
