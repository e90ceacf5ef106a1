"""Convolutions by blocks in registers, which read images where they lie.

For images of two axes whose channels make up whole vectors, forward and back: an input gradient is
the convolution of the slopes by the filter turned round. One image at a time, with elements around
it, is in the cache; nothing else is copied. What does not fit is left to windows.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.codegen.values import literal
from pantarhei.engines.native.kernels import loops as nests
from pantarhei.engines.native.kernels.conv import sliding
from pantarhei.engines.native.kernels.conv.geometry import Geometry, Scratch, added, inside
from pantarhei.engines.native.kernels.conv.sliding import SlidingBlock
from pantarhei.engines.native.kernels.loops import Kernel
from pantarhei.engines.native.schedule.parallel import Tasks
from pantarhei.engines.native.schedule.views import View

Pairs = Sequence[tuple[int, int]]


def fits(geometry: Geometry, type: str) -> bool:
    """Whether blocks do a convolution, forward or for the filter's gradient."""
    flat = len(geometry.kernel) == 2 and geometry.dilations[-1] == 1 and sliding.registers().rows
    return bool(flat) and geometry.outputs % sliding.columns(type) == 0


def turned(
    geometry: Geometry, shape: Sequence[int], padding: Pairs
) -> tuple[Geometry, Pairs] | None:
    """The convolution of slopes that an input gradient is, and its padding; None where it is not.

    `shape`: of the image.
    """
    if {*geometry.strides, *geometry.dilations} != {1}:
        return None
    around = []
    for size, extent, count, (low, _) in zip(
        geometry.kernel, shape[1:-1], geometry.count, padding, strict=True
    ):
        before = size - 1 - low
        around.append((before, extent - count - before + size - 1))
    if any(min(pair) < 0 for pair in around):
        return None
    swapped = replace(
        geometry,
        count=tuple(shape[1:-1]),
        channels=geometry.outputs,
        outputs=geometry.channels,
    )
    return swapped, around


@dataclass(frozen=True)
class Direct:
    """The kernels of a convolution by blocks."""

    geometry: Geometry
    padding: Pairs
    type: str
    scratch: Scratch

    def _images(self, images: View) -> tuple[View | None, list[Kernel]]:
        """Memory for an image with elements around it, if images do not do as they lie."""
        image = images.shape[1:]
        if not any(map(any, self.padding)) and inside_out(images):
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
        """Rows of places by columns of outputs."""
        tasks = []
        for first, count in self.geometry.shares():
            around, task = self._images(images)
            for number in range(first, first + count):
                image, copied = self._image(images, number, around)
                task += copied + self._rows(image, filter, result, number)
            tasks.append(tuple(task))
        return [Tasks(tuple(tasks))]

    def filter_gradient(self, images: View, slopes: View, result: View) -> list[Kernel | Tasks]:
        """Each task adds up its images; then they are added, in order."""
        shares = self.geometry.shares()
        sums = [result]
        if len(shares) > 1:
            sums = [self.scratch.temporary(result.shape, self.type) for _ in shares]
        tasks = []
        for (first, count), place in zip(shares, sums, strict=True):
            around, task = self._images(images)
            for number in range(first, first + count):
                image, copied = self._image(images, number, around)
                task += copied + self._sums(image, slopes, place, number, number > first)
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
        return Kernel(block, tuple(arguments))

    @property
    def bytes(self) -> int:
        """Of a vector."""
        return sliding.registers().bytes

    def _rows(self, image: View, filter: View, result: View, number: int) -> list[Kernel]:
        """All places of one image."""
        g, wide = self.geometry, sliding.columns(self.type)
        down, right = image.strides[1] * g.strides[0], image.strides[2] * g.strides[1]
        run = g.kernel[1] * g.channels
        below = image.strides[1] * g.dilations[0]
        kernels = []
        for start, count, rows in sliding.rows_of_blocks(g.count[1]):
            first = (number * g.places + start) * g.outputs
            extents = (g.outputs // wide, g.count[0], count, g.kernel[0], run)
            left = (0, down, rows * right, below, 1)
            other = (wide, 0, 0, run * g.outputs, g.outputs)
            made = (wide, g.count[1] * g.outputs, rows * g.outputs, g.outputs)
            places = (self._place(image, start * right), self._place(filter))
            operands = zip((*places, self._place(result, first)), (left, other, made), strict=True)
            block = SlidingBlock(self.type, self.bytes, rows, right * BYTES[self.type], False)
            kernels.append(self._kernel(block, extents, operands))
        return kernels

    def _sums(
        self, image: View, slopes: View, result: View, number: int, adding: bool
    ) -> list[Kernel]:
        """What one image gives to the gradient of the filter."""
        g, wide = self.geometry, sliding.columns(self.type)
        down, right = image.strides[1] * g.strides[0], image.strides[2] * g.strides[1]
        run = g.kernel[1] * g.channels
        below = image.strides[1] * g.dilations[0]
        kernels = []
        for start, count, rows in sliding.rows_of_blocks(run):
            first = start * g.outputs
            extents = (g.kernel[0], count, g.outputs // wide, g.count[0], g.count[1])
            left = (below, rows, 0, down, right)
            other = (0, 0, wide, g.count[1] * g.outputs, g.outputs)
            made = (run * g.outputs, rows * g.outputs, wide, g.outputs)
            places = (self._place(image, start), self._place(slopes, number * g.places * g.outputs))
            operands = zip((*places, self._place(result, first)), (left, other, made), strict=True)
            block = SlidingBlock(self.type, self.bytes, rows, BYTES[self.type], adding)
            kernels.append(self._kernel(block, extents, operands))
        return kernels


def inside_out(images: View) -> bool:
    """Whether channels, and places along the last axis, lie side by side."""
    return images.strides[-1] == 1 and images.strides[-2] == images.shape[-1]
