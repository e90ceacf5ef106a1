"""Convolution and pooling as copies, products and nests over views of what windows see.

What all windows see is a view of the image with overlapping strides. A convolution copies it, a few
images at a time so that it stays in the cache, and multiplies; pooling folds it where it lies.
Groups of channels, and anything empty, are left to NumPy.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pantarhei.engines.native.codegen.loop_nest import ElementOperation
from pantarhei.engines.native.codegen.ops import TYPES, neutral
from pantarhei.engines.native.codegen.values import literal
from pantarhei.engines.native.kernels import loops as nests
from pantarhei.engines.native.kernels.conv import direct
from pantarhei.engines.native.kernels.conv.geometry import Geometry, Scratch, added, inside
from pantarhei.engines.native.kernels.loops import Kernel, Target
from pantarhei.engines.native.schedule.parallel import Tasks
from pantarhei.engines.native.schedule.views import Shape, View
from pantarhei.program.ir import Array, Node

# Elements of a row of the filter from which a copy goes along it.
SIDE_BY_SIDE = 16

CONVOLUTIONS = frozenset({"conv", "conv_input_gradient", "conv_filter_gradient"})
POOLING = frozenset({"window_max", "window_sum", "window_argmax"})


def slides(node: Node) -> bool:
    """Whether this module can do a primitive."""
    types = [value.type for value in node.operands] + list(node.types)
    if node.kind not in CONVOLUTIONS | POOLING or any(each.size == 0 for each in types):
        return False
    element = TYPES.get(node.operands[0].dtype)
    if node.kind in CONVOLUTIONS:
        return element in ("float", "double") and node.attributes.get("groups", 1) == 1
    return element in ("float", "double", "i32", "i64")


def _padded(
    x: View, padding: Sequence[tuple[int, int]], fill: str, type: str, scratch: Scratch
) -> tuple[View, list[Kernel]]:
    """A view with elements around it: a copy where there are any."""
    if not any(map(any, padding)):
        return x, []
    low = [before for before, _ in padding]
    shape = tuple(n + sum(pair) for n, pair in zip(x.shape, padding, strict=True))
    whole = scratch.temporary(shape, type)
    kernels = nests.fill(fill, whole, type, scratch.place)
    return whole, kernels + nests.copy(x, inside(whole, low, x.shape), type, scratch.place)


# --- convolution --------------------------------------------------------------------------------


def _geometry(node: Node) -> Geometry:
    shapes = [value.shape for value in node.operands]
    image, kernel, result = {
        "conv": lambda: (shapes[0], shapes[1], node.types[0].shape),
        "conv_input_gradient": lambda: (node.types[0].shape, shapes[1], shapes[0]),
        "conv_filter_gradient": lambda: (shapes[0], node.types[0].shape, shapes[1]),
    }[node.kind]()
    attributes = node.attributes
    return Geometry(
        image[0],
        result[1:-1],
        kernel[:-2],
        image[-1],
        result[-1],
        tuple(attributes["strides"]),
        tuple(attributes["dilations"]),
    )


def convolution(
    node: Node, views: Sequence[View], result: View, scratch: Scratch
) -> list[Kernel | Tasks]:
    """A convolution or one of its two gradients; the result is whole.

    Images are shared out among tasks. What a task needs for some images stays in the cache: with
    elements around them, and what the filter sees in every place.
    """
    type = TYPES[node.types[0].dtype]
    by_blocks = _by_blocks(node, views, result, type, scratch)
    if by_blocks is not None:
        return by_blocks
    made = _Convolution(_geometry(node), node.attributes["padding"], type, scratch)
    function = {
        "conv": made.forward,
        "conv_input_gradient": made.input_gradient,
        "conv_filter_gradient": made.filter_gradient,
    }[node.kind]
    return function(views, result)


def _by_blocks(
    node: Node, views: Sequence[View], result: View, type: str, scratch: Scratch
) -> list[Kernel | Tasks] | None:
    """By blocks in registers; None where they do not fit."""
    geometry, padding = _geometry(node), node.attributes["padding"]
    other, kernels = _in_order(views[1], type, scratch)
    if node.kind == "conv_input_gradient":
        swapped = direct.turned(geometry, result.shape, padding)
        if swapped is None or not direct.fits(swapped[0], type):
            return None
        back = views[1].flip((0, 1)).transpose((0, 1, 3, 2))
        filter = scratch.temporary(back.shape, type)
        kernels = nests.copy(back, filter, type, scratch.place)
        return [*kernels, *direct.Direct(*swapped, type, scratch).forward(views[0], filter, result)]
    if not direct.fits(geometry, type):
        return None
    made = direct.Direct(geometry, padding, type, scratch)
    function = made.forward if node.kind == "conv" else made.filter_gradient
    return [*kernels, *function(views[0], other, result)]


def _in_order(view: View, type: str, scratch: Scratch) -> tuple[View, list[Kernel]]:
    """A view in C order: a copy where it is not."""
    if view.is_contiguous:
        return view, []
    copied = scratch.temporary(view.shape, type)
    return copied, nests.copy(view, copied, type, scratch.place)


@dataclass(frozen=True)
class _Convolution:
    """The kernels of a convolution."""

    geometry: Geometry
    padding: Sequence[tuple[int, int]]
    type: str
    scratch: Scratch

    def _copy(self, source: View, target: View) -> list[Kernel]:
        return nests.copy(source, target, self.type, self.scratch.place)

    def _product(self, x: View, y: View, result: View, adding: bool = False) -> list[Kernel]:
        return nests.product(x, y, result, self.type, self.scratch.place, adding)

    def _rows(self, images: View, first: int, count: int) -> View:
        """All places of some images as rows."""
        step = self.geometry.places
        return inside(images, [first * step, 0], (count * step, images.shape[1]))

    def _seen(self, images: View, share: tuple[int, int]) -> Iterator[_Block]:
        """Of blocks of a share's images, what the filter sees, as rows, and what that takes."""
        geometry, scratch = self.geometry, self.scratch
        sizes = geometry.blocks(share[1], self.type)
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
            seen = geometry.windows(part)
            shape = (count * geometry.places, geometry.seen)
            flat = seen.reshape(shape)
            if flat is None or nests.matrix(flat) is None:
                if rows is None:
                    rows = scratch.temporary((most * geometry.places, geometry.seen), self.type)
                target, flat = self._laid_out(rows, seen.shape, shape)
                kernels += self._copy(seen, target)
            yield _Block(first, count, flat, kernels)
            first += count

    def _laid_out(self, rows: View, seen: Shape, shape: Shape) -> tuple[View, View]:
        """Where what is seen is copied to: as it is seen, and as a matrix of rows.

        Where little lies side by side in the image, copying goes along the places.
        """
        geometry = self.geometry
        if geometry.kernel[-1] * geometry.channels >= SIDE_BY_SIDE:
            return View.whole(rows.buffer, seen), View.whole(rows.buffer, shape)
        rank = 1 + len(geometry.count)
        turned = View.whole(rows.buffer, (*seen[rank:], *seen[:rank]))
        axes = [*range(len(seen) - rank, len(seen)), *range(len(seen) - rank)]
        return turned.transpose(axes), View.whole(rows.buffer, shape[::-1]).transpose((1, 0))

    def forward(self, views: Sequence[View], result: View) -> list[Kernel | Tasks]:
        """What the filter makes of what it sees."""
        geometry = self.geometry
        filter, copied = _rows(views[1], self.type, self.scratch)
        rows = (geometry.batch * geometry.places, geometry.outputs)
        total = View.whole(result.buffer, rows)
        tasks = []
        for share in geometry.shares():
            task: list[Kernel] = []
            for block in self._seen(views[0], share):
                here = self._rows(total, block.first, block.count)
                task += block.kernels + self._product(block.seen, filter, here)
            tasks.append(task)
        return [*copied, *_spread(tasks)]

    def filter_gradient(self, views: Sequence[View], result: View) -> list[Kernel | Tasks]:
        """Each task adds up its images; then they are added, in order."""
        geometry = self.geometry
        slopes, copied = _rows(views[1], self.type, self.scratch)
        shape = (geometry.seen, geometry.outputs)
        shares = geometry.shares()
        total = View.whole(result.buffer, shape)
        sums = [total] if len(shares) == 1 else []
        sums = sums or [self.scratch.temporary(shape, self.type) for _ in shares]
        tasks = []
        for share, place in zip(shares, sums, strict=True):
            task: list[Kernel] = []
            for block in self._seen(views[0], share):
                here = self._rows(slopes, block.first, block.count)
                turned = block.seen.transpose((1, 0))
                task += block.kernels + self._product(turned, here, place, bool(task))
            tasks.append(task)
        after = [] if len(sums) == 1 else [added(total, sums, self.type, self.scratch.place)]
        return [*copied, *_spread(tasks, after)]

    def input_gradient(self, views: Sequence[View], result: View) -> list[Kernel | Tasks]:
        """What each place gives back to what it saw, added up."""
        geometry, scratch = self.geometry, self.scratch
        slopes, kernels = _rows(views[0], self.type, scratch)
        filter, copied = _rows(views[1], self.type, scratch)
        turned = filter.transpose((1, 0))
        padding = [(0, 0), *self.padding, (0, 0)]
        low = [before for before, _ in padding]
        shape = tuple(n + sum(pair) for n, pair in zip(result.shape, padding, strict=True))
        cut = any(map(any, padding))
        tasks = []
        for first, total in geometry.shares():
            task: list[Kernel] = []
            sizes = geometry.blocks(total, self.type)
            given = scratch.temporary((max(sizes) * geometry.places, geometry.seen), self.type)
            around = scratch.temporary((max(sizes), *shape[1:]), self.type) if cut else None
            for count in sizes:
                here = self._rows(slopes, first, count)
                flat = View.whole(given.buffer, (count * geometry.places, geometry.seen))
                task += self._product(here, turned, flat)
                target = inside(result, _first(result, first), (count, *result.shape[1:]))
                whole = target
                if around is not None:
                    whole = inside(around, _first(around, 0), (count, *shape[1:]))
                task += nests.fill(literal(0, self.type), whole, self.type, scratch.place)
                task += self._given_back(View.whole(given.buffer, flat.shape), whole)
                if around is not None:
                    task += self._copy(inside(whole, low, target.shape), target)
                first += count
            tasks.append(task)
        return [*kernels, *copied, *_spread(tasks)]

    def _given_back(self, given: View, whole: View) -> list[Kernel]:
        """Adds what every place gives to each position of the filter."""
        target = self.geometry.windows(whole)
        source = View.whole(given.buffer, target.shape)
        kernels = []
        for position in itertools.product(*map(range, self.geometry.kernel)):
            pair = [_at(view, position, len(self.geometry.count)) for view in (target, source)]
            kernels.append(added(pair[0], pair, self.type, self.scratch.place))
        return kernels


@dataclass(frozen=True)
class _Block:
    """Some images: the first, how many, what the filter sees in them, and what makes that."""

    first: int
    count: int
    seen: View
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
    if flat is not None and nests.matrix(flat) is not None:
        return flat, []
    copied = scratch.temporary(view.shape, type)
    kernels = nests.copy(view, copied, type, scratch.place)
    return View.whole(copied.buffer, shape), kernels


def _at(windows: View, position: Sequence[int], rank: int) -> View:
    """What all places see at one position of the filter."""
    before = 1 + rank
    steps = windows.strides[before:-1]
    offset = sum(p * step for p, step in zip(position, steps, strict=True))
    return View(
        windows.buffer,
        (*windows.shape[:before], windows.shape[-1]),
        (*windows.strides[:before], windows.strides[-1]),
        windows.offset + offset,
    )


# --- pooling ------------------------------------------------------------------------------------


def _seen(x: View, count: Shape, window: Sequence[int], strides: Sequence[int]) -> View:
    """What windows over all axes see: places, then positions in the window."""
    moved = [step * stride for step, stride in zip(x.strides, strides, strict=True)]
    return View(x.buffer, (*count, *window), (*moved, *x.strides), x.offset)


def pooling(
    node: Node, x: View, result: View, positions: View | None, scratch: Scratch
) -> list[Kernel]:
    """Sums, maxima or places of maxima of windows; `positions` are those of the padded operand."""
    type = TYPES[node.operands[0].dtype]
    attributes = node.attributes
    window, strides = attributes["window"], attributes["strides"]
    kind = "sum" if node.kind == "window_sum" else "max"
    start = literal(neutral(kind, type), type)
    padded, kernels = _padded(x, attributes["padding"], start, type, scratch)
    seen = _seen(padded, result.shape, window, strides)
    if positions is not None:
        places = _seen(positions, result.shape, window, strides)
        return kernels + _argmax(seen, places, result, start, type, scratch)
    still = (*result.strides, *(0 for _ in window))
    spread = View(result.buffer, seen.shape, still, result.offset)
    folded = [False] * len(result.shape) + [True] * len(window)
    targets = [Target(kind, (("load", 0), type), spread, type)]
    kernels.append(nests.nest(seen.shape, folded, [(seen, type)], [], targets, scratch.place))
    return kernels


def positions_of(node: Node) -> Array:
    """Number of every element of the padded operand of `window_argmax`; -1 in the padding."""
    shape = node.operands[0].shape
    numbers = np.arange(math.prod(shape)).reshape(shape)
    return np.pad(numbers, list(node.attributes["padding"]), constant_values=-1)


def _argmax(
    seen: View, places: View, result: View, start: str, type: str, scratch: Scratch
) -> list[Kernel]:
    """Position by position: the first of the largest elements so far, and where it is."""
    rank = len(result.shape)
    best = scratch.temporary(result.shape, type)
    kernels = nests.fill(start, best, type, scratch.place)
    kernels += nests.fill("-1", result, "i64", scratch.place)

    def load(index: int, type: str) -> Any:
        return ("load", index), type

    def op(index: int, type: str = "i1") -> Any:
        return ("op", index), type

    zero = ("literal", "0"), "i64"
    operations = [
        ElementOperation("less", "i1", (load(1, type), load(0, type))),
        ElementOperation("less", "i1", (load(3, "i64"), zero)),
        ElementOperation("logical_or", "i1", (op(0), op(1))),
        ElementOperation("less_equal", "i1", (zero, load(2, "i64"))),
        ElementOperation("logical_and", "i1", (op(2), op(3))),
        ElementOperation("where", type, (op(4), load(0, type), load(1, type))),
        ElementOperation("where", "i64", (op(4), load(2, "i64"), load(3, "i64"))),
    ]
    targets = [
        Target("", op(5, type), best, type),
        Target("", op(6, "i64"), result, "i64"),
    ]
    for position in itertools.product(*map(range, seen.shape[rank:])):
        views = []
        for view in (seen, places):
            steps = zip(position, view.strides[rank:], strict=True)
            offset = view.offset + sum(p * step for p, step in steps)
            views.append(View(view.buffer, result.shape, view.strides[:rank], offset))
        loads = [(views[0], type), (best, type), (views[1], "i64"), (result, "i64")]
        folded = [False] * rank
        kernels.append(nests.nest(result.shape, folded, loads, operations, targets, scratch.place))
    return kernels
