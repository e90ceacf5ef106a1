"""Views: where the elements of a value lie, so that moving elements about costs nothing.

A view is a buffer (named by whatever key its owner chose), an offset and one stride for each axis,
all counted in elements. Reshaping, transposing, broadcasting, slicing and flipping give other views
of the same buffer wherever strides can express it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

Shape = tuple[int, ...]
Strides = tuple[int, ...]


def contiguous_strides(shape: Shape) -> Strides:
    """Strides, in elements, of an array in C order."""
    strides: list[int] = []
    step = 1
    for extent in reversed(shape):
        strides.append(step)
        step *= max(extent, 1)
    return tuple(reversed(strides))


@dataclass(frozen=True, slots=True)
class View:
    """Elements of a buffer: the one at `position` is number offset + sum(position * strides)."""

    buffer: Hashable
    shape: Shape
    strides: Strides
    offset: int = 0

    @classmethod
    def whole(cls, buffer: Hashable, shape: Shape) -> View:
        """All of a buffer, in C order."""
        return cls(buffer, shape, contiguous_strides(shape))

    @property
    def is_contiguous(self) -> bool:
        """Whether the elements follow each other in C order."""
        if 0 in self.shape:
            return True
        expected = contiguous_strides(self.shape)
        axes = zip(self.shape, self.strides, expected, strict=True)
        return all(extent == 1 or stride == wanted for extent, stride, wanted in axes)

    @property
    def span(self) -> int:
        """Elements from the beginning of the buffer to the last that is seen."""
        if 0 in self.shape:
            return 0
        steps = zip(self.shape, self.strides, strict=True)
        return self.offset + 1 + sum((extent - 1) * max(stride, 0) for extent, stride in steps)

    def shows(self, other: View) -> bool:
        """Whether another view of this shape shows the same elements."""
        if self.buffer != other.buffer or self.offset != other.offset:
            return False
        axes = zip(self.shape, self.strides, other.strides, strict=True)
        return all(extent == 1 or one == another for extent, one, another in axes)

    def transpose(self, permutation: Sequence[int]) -> View:
        """The axes in another order."""
        return replace(
            self,
            shape=tuple(self.shape[axis] for axis in permutation),
            strides=tuple(self.strides[axis] for axis in permutation),
        )

    def broadcast_to(self, shape: Shape) -> View:
        """Repeated along new axes in front and along axes of extent 1: their stride is 0."""
        new = len(shape) - len(self.shape)
        strides = [0] * new + [
            stride if extent == wanted else 0
            for extent, wanted, stride in zip(self.shape, shape[new:], self.strides, strict=True)
        ]
        return replace(self, shape=tuple(shape), strides=tuple(strides))

    def slice(self, start: Sequence[int], stop: Sequence[int], step: Sequence[int]) -> View:
        """Every `step`-th element from `start` to before `stop`, on each axis."""
        taken = [range(*each) for each in zip(start, stop, step, strict=True)]
        shape = tuple(map(len, taken))
        if 0 in shape:
            return replace(self, shape=shape, strides=contiguous_strides(shape), offset=0)
        first = sum(each[0] * stride for each, stride in zip(taken, self.strides, strict=True))
        strides = tuple(stride * by for stride, by in zip(self.strides, step, strict=True))
        return replace(self, shape=shape, strides=strides, offset=self.offset + first)

    def flip(self, axes: Sequence[int]) -> View:
        """Some axes backwards."""
        if 0 in self.shape:
            return self
        strides = list(self.strides)
        offset = self.offset
        for axis in axes:
            offset += (self.shape[axis] - 1) * strides[axis]
            strides[axis] = -strides[axis]
        return replace(self, strides=tuple(strides), offset=offset)

    def reshape(self, shape: Shape) -> View | None:
        """The same elements, in order, in another shape; None where only a copy can do that."""
        if 0 in shape or self.is_contiguous:
            return replace(self, shape=tuple(shape), strides=contiguous_strides(tuple(shape)))
        old = [each for each in zip(self.shape, self.strides, strict=True) if each[0] != 1]
        strides: list[int] = []
        place = 0
        remaining = list(shape)
        while remaining:
            # The fewest old and new axes whose products agree must be one run of equal steps.
            extent = remaining.pop(0)
            block = [extent]
            if extent == 1:
                strides.append(0)
                continue
            if place == len(old):
                return None
            size, stride = old[place]
            place += 1
            new_size = extent
            while new_size != size:
                if new_size < size:
                    if not remaining:
                        return None
                    block.append(remaining.pop(0))
                    new_size *= block[-1]
                else:
                    if place == len(old) or stride != old[place][0] * old[place][1]:
                        return None
                    size *= old[place][0]
                    stride = old[place][1]
                    place += 1
            steps = contiguous_strides(tuple(block))
            strides += [stride * each for each in steps]
        return replace(self, shape=tuple(shape), strides=tuple(strides))


def apply_view(name: str, view: View, attributes: dict[str, Any]) -> View | None:
    """The view that the primitive `name` makes of `view`; None where it needs a copy."""
    match name:
        case "reshape":
            return view.reshape(tuple(attributes["shape"]))
        case "broadcast_to":
            return view.broadcast_to(tuple(attributes["shape"]))
        case "transpose":
            return view.transpose(attributes["permutation"])
        case "slice":
            return view.slice(attributes["start"], attributes["stop"], attributes["step"])
        case _:
            return view.flip(attributes["axes"])


# The primitives of `apply_view`.
VIEWING = frozenset({"reshape", "broadcast_to", "transpose", "slice", "flip"})
