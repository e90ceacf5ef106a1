"""Convolutions by register blocks, which read images where they lie.

For images of two axes whose channels make up whole vectors, forward and back: an input gradient is
the convolution of the output gradients by the flipped filter. One image at a time, with elements
around it, is in the cache; nothing else is copied. choose.py decides for what this is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.codegen.values import literal
from pantarhei.engines.native.kernels import loops as nests
from pantarhei.engines.native.kernels.conv import sliding
from pantarhei.engines.native.kernels.conv.geometry import Geometry, Pairs, Scratch, added, inside
from pantarhei.engines.native.kernels.conv.sliding import SlidingBlock, SlidingProduct
from pantarhei.engines.native.kernels.kernel import Kernel, Tasks
from pantarhei.engines.native.machine import Machine
from pantarhei.engines.native.schedule.views import View


@dataclass(frozen=True)
class Direct:
    """The kernels of a convolution by register blocks."""

    geometry: Geometry
    padding: Pairs
    type: str
    scratch: Scratch

    def _images(self, images: View) -> tuple[View | None, list[Kernel]]:
        """Memory for an image with elements around it, if images do not do as they lie."""
        image = images.shape[1:]
        if not any(map(any, self.padding)) and is_dense(images):
            return None, []
        whole = [n + sum(pair) for n, pair in zip(image, [*self.padding, (0, 0)], strict=True)]
        around = self.scratch.temporary((1, *whole), self.type)
        return around, nests.fill(literal(0, self.type), around, self.type, self.scratch.place)

    def _image(self, images: View, number: int, around: View | None) -> tuple[View, list[Kernel]]:
        """An image where it is read, and what copies it there."""
        start = [number] + [0] * (len(images.shape) - 1)
        image = inside(images, start, (1, *images.shape[1:]))
        if around is None:
            return image, []
        low = [0, *(pair[0] for pair in self.padding), 0]
        target = inside(around, low, image.shape)
        return around, nests.copy(image, target, self.type, self.scratch.place)

    def forward(self, images: View, filter: View, result: View) -> list[Kernel | Tasks]:
        """Rows of positions by columns of outputs."""
        tasks = []
        for first, count in self.geometry.shares(self.machine):
            around, task = self._images(images)
            for number in range(first, first + count):
                image, copied = self._image(images, number, around)
                task += copied + self._rows(image, filter, result, number)
            tasks.append(tuple(task))
        return [Tasks(tuple(tasks))]

    def filter_gradient(self, images: View, gradients: View, result: View) -> list[Kernel | Tasks]:
        """Each task adds up its images; then they are added, in order."""
        shares = self.geometry.shares(self.machine)
        sums = [result]
        if len(shares) > 1:
            sums = [self.scratch.temporary(result.shape, self.type) for _ in shares]
        tasks = []
        for (first, count), place in zip(shares, sums, strict=True):
            around, task = self._images(images)
            for number in range(first, first + count):
                image, copied = self._image(images, number, around)
                task += copied + self._sums(image, gradients, place, number, number > first)
            tasks.append(tuple(task))
        after: list[Kernel] = []
        if len(sums) > 1:
            after = [added(result, sums, self.type, self.scratch.place)]
        return [Tasks(tuple(tasks), tuple(after))]

    def _place(self, view: View, further: int = 0) -> tuple[int, int]:
        """Slot and offset of a view, so many elements further on."""
        slot, offset = self.scratch.place(view.buffer)
        return slot, offset + (view.offset + further) * BYTES[self.type]

    def _kernel(
        self,
        block: SlidingBlock,
        extents: Sequence[int],
        operands: Iterable[tuple[tuple[int, int], Sequence[int]]],
    ) -> Kernel:
        """`operands`: left, right and result: where they begin, and their steps in elements."""
        arguments = list(extents)
        for place, steps in operands:
            arguments += [*place, *(BYTES[self.type] * step for step in steps)]
        return SlidingProduct(block, tuple(arguments))

    @property
    def machine(self) -> Machine:
        """What kernels are chosen for."""
        return self.scratch.machine

    def _block(self, rows: int, step: int, accumulate: bool) -> SlidingBlock:
        """A register block; `step`: elements between two rows of the left operand."""
        machine, size = self.machine, BYTES[self.type]
        bytes, vectors = machine.vector_bytes, machine.sliding_vectors
        return SlidingBlock(self.type, bytes, rows, vectors, step * size, accumulate)

    def _rows(self, image: View, filter: View, result: View, number: int) -> list[Kernel]:
        """All positions of one image."""
        g, wide = self.geometry, sliding.columns(self.type, self.machine)
        down, right = image.strides[1] * g.strides[0], image.strides[2] * g.strides[1]
        run = g.kernel[1] * g.channels
        below = image.strides[1] * g.dilations[0]
        kernels = []
        for start, count, rows in sliding.row_blocks(g.count[1], self.machine):
            first = (number * g.positions + start) * g.outputs
            extents = (g.outputs // wide, g.count[0], count, g.kernel[0], run)
            left = (0, down, rows * right, below, 1)
            other = (wide, 0, 0, run * g.outputs, g.outputs)
            made = (wide, g.count[1] * g.outputs, rows * g.outputs, g.outputs)
            places = (self._place(image, start * right), self._place(filter))
            operands = zip((*places, self._place(result, first)), (left, other, made), strict=True)
            block = self._block(rows, right, False)
            kernels.append(self._kernel(block, extents, operands))
        return kernels

    def _sums(
        self, image: View, gradients: View, result: View, number: int, accumulate: bool
    ) -> list[Kernel]:
        """What one image gives to the gradient of the filter."""
        g, wide = self.geometry, sliding.columns(self.type, self.machine)
        down, right = image.strides[1] * g.strides[0], image.strides[2] * g.strides[1]
        run = g.kernel[1] * g.channels
        below = image.strides[1] * g.dilations[0]
        kernels = []
        for start, count, rows in sliding.row_blocks(run, self.machine):
            first = start * g.outputs
            extents = (g.kernel[0], count, g.outputs // wide, g.count[0], g.count[1])
            left = (below, rows, 0, down, right)
            other = (0, 0, wide, g.count[1] * g.outputs, g.outputs)
            made = (run * g.outputs, rows * g.outputs, wide, g.outputs)
            places = (
                self._place(image, start),
                self._place(gradients, number * g.positions * g.outputs),
            )
            operands = zip((*places, self._place(result, first)), (left, other, made), strict=True)
            block = self._block(rows, 1, accumulate)
            kernels.append(self._kernel(block, extents, operands))
        return kernels


def is_dense(images: View) -> bool:
    """Whether channels, and positions along the last axis, follow each other without gaps."""
    return images.strides[-1] == 1 and images.strides[-2] == images.shape[-1]
