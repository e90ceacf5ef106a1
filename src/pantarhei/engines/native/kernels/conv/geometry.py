"""The extents of a convolution, and how its images are shared out among tasks and blocks.

For windows.py and direct.py, which make kernels of it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pantarhei.engines.native.codegen.loop_nest import ElementOperation, Operand
from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.kernels import loops as nests
from pantarhei.engines.native.kernels.loops import Kernel, Place, Target
from pantarhei.engines.native.schedule.views import Shape, View

# Bytes of what windows see that are copied at a time, and the most parts of a task.
BLOCK = 1 << 17
MOST_BLOCKS = 256
# Operations on elements that are worth a task, and the most tasks: each has memory of its own.
TASK = 1 << 22
MOST_TASKS = 8


@dataclass(frozen=True)
class Scratch:
    """How windows get memory: places of buffers, and temporary ones for the length of a step."""

    place: Place
    temporary: Callable[[Shape, str], View]


@dataclass(frozen=True)
class Geometry:
    """Extents of a convolution: images, places of the filter, the filter, channels in and out."""

    batch: int
    count: Shape
    kernel: Shape
    channels: int
    outputs: int
    strides: Shape
    dilations: Shape

    @property
    def places(self) -> int:
        """How many places the filter has in an image."""
        return math.prod(self.count)

    @property
    def seen(self) -> int:
        """How many elements the filter sees in one place."""
        return math.prod(self.kernel) * self.channels

    def shares(self) -> list[tuple[int, int]]:
        """First and number of the images of each task; the number of threads does not decide."""
        work = 2 * self.batch * self.places * self.seen * self.outputs
        number = max(min(work // TASK, self.batch, MOST_TASKS), 1)
        borders = [self.batch * each // number for each in range(number + 1)]
        return [(first, end - first) for first, end in itertools.pairwise(borders)]

    def blocks(self, count: int, type: str) -> list[int]:
        """How many images are handled at a time, of a number of them: about the same."""
        fitting = max(BLOCK // (self.places * self.seen * BYTES[type]), 1)
        number = min(-(-count // fitting), MOST_BLOCKS)
        borders = [count * each // number for each in range(number + 1)]
        return [end - first for first, end in itertools.pairwise(borders)]

    def windows(self, images: View) -> View:
        """What the filter sees: images, places, positions in the filter, channels."""
        space, last = images.strides[1:-1], images.strides[-1]
        moved = [step * stride for step, stride in zip(space, self.strides, strict=True)]
        spread = [step * dilation for step, dilation in zip(space, self.dilations, strict=True)]
        shape = (images.shape[0], *self.count, *self.kernel, self.channels)
        return View(images.buffer, shape, (images.strides[0], *moved, *spread, last), images.offset)


def inside(whole: View, low: Sequence[int], shape: Sequence[int]) -> View:
    """A part of a view: where it starts, and its shape."""
    ends = [start + extent for start, extent in zip(low, shape, strict=True)]
    return whole.slice(low, ends, [1] * len(ends))


def added(target: View, terms: Sequence[View], type: str, place: Place) -> Kernel:
    """target = the sum of views of its shape, from the first to the last."""
    operations = []
    latest: tuple[Operand, str] = (("load", 0), type)
    for index in range(1, len(terms)):
        operations.append(ElementOperation("add", type, (latest, (("load", index), type))))
        latest = (("op", index - 1), type)
    targets = [Target("", latest, target, type)]
    loads = [(view, type) for view in terms]
    folded = [False] * len(target.shape)
    return nests.nest(target.shape, folded, loads, operations, targets, place)
