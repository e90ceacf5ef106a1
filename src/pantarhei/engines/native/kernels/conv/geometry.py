"""The extents of a convolution, and how its images are divided among tasks and cache blocks.

For im2col.py and direct.py, which make kernels of it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pantarhei.engines.native.codegen.loop_nest import ElementOperation, Operand
from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.kernels import loops as nests
from pantarhei.engines.native.kernels.kernel import Kernel, Place
from pantarhei.engines.native.kernels.loops import Target
from pantarhei.engines.native.machine import Machine
from pantarhei.engines.native.schedule.views import Shape, View
from pantarhei.program.ir import Node

Pairs = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Scratch:
    """How kernels get memory: places of buffers, and temporary ones for the length of a step; and
    the machine that they are chosen for."""

    place: Place
    temporary: Callable[[Shape, str], View]
    machine: Machine


@dataclass(frozen=True)
class Geometry:
    """Extents of a convolution: images, positions in one, the filter, channels in and out."""

    batch: int
    count: Shape
    kernel: Shape
    channels: int
    outputs: int
    strides: Shape
    dilations: Shape

    @classmethod
    def of(cls, node: Node) -> Geometry:
        """That of a convolution, or of one of its gradients."""
        shapes = [value.shape for value in node.operands]
        image, kernel, result = {
            "conv": lambda: (shapes[0], shapes[1], node.types[0].shape),
            "conv_input_gradient": lambda: (node.types[0].shape, shapes[1], shapes[0]),
            "conv_filter_gradient": lambda: (shapes[0], node.types[0].shape, shapes[1]),
        }[node.kind]()
        attributes = node.attributes
        return cls(
            image[0],
            result[1:-1],
            kernel[:-2],
            image[-1],
            result[-1],
            tuple(attributes["strides"]),
            tuple(attributes["dilations"]),
        )

    def transposed(self, shape: Sequence[int], padding: Pairs) -> tuple[Geometry, Pairs] | None:
        """The convolution of output gradients that an input gradient is, and its padding.

        None where it is none. `shape`: of the image.
        """
        if {*self.strides, *self.dilations} != {1}:
            return None
        around = []
        for size, extent, count, (low, _) in zip(
            self.kernel, shape[1:-1], self.count, padding, strict=True
        ):
            before = size - 1 - low
            around.append((before, extent - count - before + size - 1))
        if any(min(pair) < 0 for pair in around):
            return None
        swapped = replace(
            self, count=tuple(shape[1:-1]), channels=self.outputs, outputs=self.channels
        )
        return swapped, around

    @property
    def positions(self) -> int:
        """How many positions the filter has in an image."""
        return math.prod(self.count)

    @property
    def patch(self) -> int:
        """How many elements a patch has: those under the filter in one position."""
        return math.prod(self.kernel) * self.channels

    def shares(self, machine: Machine) -> list[tuple[int, int]]:
        """First and number of the images of each task; the number of threads does not decide."""
        work = 2 * self.batch * self.positions * self.patch * self.outputs
        number = max(min(work // machine.conv_task, self.batch, machine.conv_most_tasks), 1)
        borders = [self.batch * each // number for each in range(number + 1)]
        return [(first, end - first) for first, end in itertools.pairwise(borders)]

    def blocks(self, count: int, type: str, machine: Machine) -> list[int]:
        """How many images are handled at a time, of a number of them: about the same."""
        bytes = self.positions * self.patch * BYTES[type]
        fitting = max(machine.patch_bytes // bytes, 1)
        number = min(-(-count // fitting), machine.most_patch_blocks)
        borders = [count * each // number for each in range(number + 1)]
        return [end - first for first, end in itertools.pairwise(borders)]

    def patches(self, images: View) -> View:
        """The im2col patches as a view: images, positions, elements of the filter, channels."""
        space, last = images.strides[1:-1], images.strides[-1]
        moved = [step * stride for step, stride in zip(space, self.strides, strict=True)]
        dilated = [step * dilation for step, dilation in zip(space, self.dilations, strict=True)]
        shape = (images.shape[0], *self.count, *self.kernel, self.channels)
        return View(
            images.buffer, shape, (images.strides[0], *moved, *dilated, last), images.offset
        )


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
    reduced = [False] * len(target.shape)
    return nests.nest(target.shape, reduced, loads, operations, targets, place)
