"""Convolutions as products of im2col patches: the elements under the filter in one position.

All patches are a view of the image with overlapping strides. They are copied, some images at a time
so that they stay in the cache, and multiplied by the filter.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pantarhei.engines.native.codegen.values import literal
from pantarhei.engines.native.kernels import loops as nests
from pantarhei.engines.native.kernels.conv.geometry import Geometry, Pairs, Scratch, added, inside
from pantarhei.engines.native.kernels.gemm import blas
from pantarhei.engines.native.kernels.kernel import Kernel, Tasks
from pantarhei.engines.native.schedule.views import Shape, View


@dataclass(frozen=True)
class Im2col:
    """The kernels of a convolution.

    Images are divided among tasks. What a task needs for some images stays in the cache: images
    with their padding, and patches.
    """

    geometry: Geometry
    padding: Pairs
    type: str
    scratch: Scratch

    def _copy(self, source: View, target: View) -> list[Kernel]:
        return nests.copy(source, target, self.type, self.scratch.place)

    def _product(self, x: View, y: View, result: View, accumulate: bool = False) -> list[Kernel]:
        return blas.product(x, y, result, self.type, self.scratch.place, accumulate)

    def _rows(self, images: View, first: int, count: int) -> View:
        """All positions of some images as rows."""
        step = self.geometry.positions
        return inside(images, [first * step, 0], (count * step, images.shape[1]))

    def _blocks(self, images: View, share: tuple[int, int]) -> Iterator[_Block]:
        """Of blocks of a share's images, the patches as rows, and the kernels that make them."""
        geometry, scratch = self.geometry, self.scratch
        sizes = geometry.blocks(share[1], self.type, scratch.machine)
        most, first = max(sizes), share[0]
        before: list[Kernel] = []
        around = None
        if any(map(any, self.padding)):
            whole = [
                n + sum(p) for n, p in zip(images.shape[1:], [*self.padding, (0, 0)], strict=True)
            ]
            around = scratch.temporary((most, *whole), self.type)
            before += nests.fill(literal(0, self.type), around, self.type, scratch.place)
        low = [0, *(pair[0] for pair in self.padding), 0]
        rows = None
        for count in sizes:
            part = inside(images, _first(images, first), (count, *images.shape[1:]))
            kernels, before = before, []
            if around is not None:
                kernels += self._copy(part, inside(around, low, part.shape))
                part = inside(around, _first(around, 0), (count, *around.shape[1:]))
            patches = geometry.patches(part)
            shape = (count * geometry.positions, geometry.patch)
            flat = patches.reshape(shape)
            if flat is None or blas.matrix(flat) is None:
                if rows is None:
                    rows = scratch.temporary((most * geometry.positions, geometry.patch), self.type)
                target, flat = self._laid_out(rows, patches.shape, shape)
                kernels += self._copy(patches, target)
            yield _Block(first, count, flat, kernels)
            first += count

    def _laid_out(self, rows: View, patches: Shape, shape: Shape) -> tuple[View, View]:
        """Where patches are copied to: as patches, and as a matrix of rows.

        Where few elements of the image are neighbours, copying goes along the positions.
        """
        geometry = self.geometry
        if geometry.kernel[-1] * geometry.channels >= self.scratch.machine.least_patch_row:
            return View.whole(rows.buffer, patches), View.whole(rows.buffer, shape)
        rank = 1 + len(geometry.count)
        transposed = View.whole(rows.buffer, (*patches[rank:], *patches[:rank]))
        axes = [*range(len(patches) - rank, len(patches)), *range(len(patches) - rank)]
        return transposed.transpose(axes), View.whole(rows.buffer, shape[::-1]).transpose((1, 0))

    def forward(self, views: Sequence[View], result: View) -> list[Kernel | Tasks]:
        """Patches by the filter."""
        geometry = self.geometry
        filter, copied = _rows(views[1], self.type, self.scratch)
        rows = (geometry.batch * geometry.positions, geometry.outputs)
        total = View.whole(result.buffer, rows)
        tasks = []
        for share in geometry.shares(self.scratch.machine):
            task: list[Kernel] = []
            for block in self._blocks(views[0], share):
                here = self._rows(total, block.first, block.count)
                task += block.kernels + self._product(block.patches, filter, here)
            tasks.append(task)
        return [*copied, *_spread(tasks)]

    def filter_gradient(self, views: Sequence[View], result: View) -> list[Kernel | Tasks]:
        """Each task adds up its images; then they are added, in order."""
        geometry = self.geometry
        gradients, copied = _rows(views[1], self.type, self.scratch)
        shape = (geometry.patch, geometry.outputs)
        shares = geometry.shares(self.scratch.machine)
        total = View.whole(result.buffer, shape)
        sums = [total] if len(shares) == 1 else []
        sums = sums or [self.scratch.temporary(shape, self.type) for _ in shares]
        tasks = []
        for share, place in zip(shares, sums, strict=True):
            task: list[Kernel] = []
            for block in self._blocks(views[0], share):
                here = self._rows(gradients, block.first, block.count)
                transposed = block.patches.transpose((1, 0))
                task += block.kernels + self._product(transposed, here, place, bool(task))
            tasks.append(task)
        after = [] if len(sums) == 1 else [added(total, sums, self.type, self.scratch.place)]
        return [*copied, *_spread(tasks, after)]

    def input_gradient(self, views: Sequence[View], result: View) -> list[Kernel | Tasks]:
        """The gradients of all patches, added to the elements of the image (col2im)."""
        geometry, scratch = self.geometry, self.scratch
        gradients, kernels = _rows(views[0], self.type, scratch)
        filter, copied = _rows(views[1], self.type, scratch)
        transposed = filter.transpose((1, 0))
        padding = [(0, 0), *self.padding, (0, 0)]
        low = [before for before, _ in padding]
        shape = tuple(n + sum(pair) for n, pair in zip(result.shape, padding, strict=True))
        cut = any(map(any, padding))
        tasks = []
        for first, total in geometry.shares(self.scratch.machine):
            task: list[Kernel] = []
            sizes = geometry.blocks(total, self.type, scratch.machine)
            given = scratch.temporary((max(sizes) * geometry.positions, geometry.patch), self.type)
            around = scratch.temporary((max(sizes), *shape[1:]), self.type) if cut else None
            for count in sizes:
                here = self._rows(gradients, first, count)
                flat = View.whole(given.buffer, (count * geometry.positions, geometry.patch))
                task += self._product(here, transposed, flat)
                target = inside(result, _first(result, first), (count, *result.shape[1:]))
                whole = target
                if around is not None:
                    whole = inside(around, _first(around, 0), (count, *shape[1:]))
                task += nests.fill(literal(0, self.type), whole, self.type, scratch.place)
                task += self._add_patches(View.whole(given.buffer, flat.shape), whole)
                if around is not None:
                    task += self._copy(inside(whole, low, target.shape), target)
                first += count
            tasks.append(task)
        return [*kernels, *copied, *_spread(tasks)]

    def _add_patches(self, given: View, whole: View) -> list[Kernel]:
        """Adds gradients of patches, one element of the filter after the other."""
        target = self.geometry.patches(whole)
        source = View.whole(given.buffer, target.shape)
        kernels = []
        for position in itertools.product(*map(range, self.geometry.kernel)):
            pair = [_at(view, position, len(self.geometry.count)) for view in (target, source)]
            kernels.append(added(pair[0], pair, self.type, self.scratch.place))
        return kernels


@dataclass(frozen=True)
class _Block:
    """Some images: the first, how many, their patches, and the kernels that make these."""

    first: int
    count: int
    patches: View
    kernels: list[Kernel]


def _spread(tasks: Sequence[list[Kernel]], after: Sequence[Kernel] = ()) -> list[Kernel | Tasks]:
    if len(tasks) == 1:
        return [*tasks[0], *after]
    return [Tasks(tuple(map(tuple, tasks)), tuple(after))]


def _first(images: View, first: int) -> list[int]:
    return [first] + [0] * (len(images.shape) - 1)


def _rows(view: View, type: str, scratch: Scratch) -> tuple[View, list[Kernel]]:
    """All axes but the last as one, so that BLAS can read it."""
    shape = (math.prod(view.shape[:-1]), view.shape[-1])
    flat = view.reshape(shape)
    if flat is not None and blas.matrix(flat) is not None:
        return flat, []
    copied = scratch.temporary(view.shape, type)
    kernels = nests.copy(view, copied, type, scratch.place)
    return View.whole(copied.buffer, shape), kernels


def _at(patches: View, position: Sequence[int], rank: int) -> View:
    """One element of all patches, with its channels."""
    before = 1 + rank
    steps = patches.strides[before:-1]
    offset = sum(p * step for p, step in zip(position, steps, strict=True))
    return View(
        patches.buffer,
        (*patches.shape[:before], patches.shape[-1]),
        (*patches.strides[:before], patches.strides[-1]),
        patches.offset + offset,
    )
