"""Patches of images: the elements under a sliding window, in the depth of the result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.shapes import renamed, shape
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Value

_ATTRIBUTES = (
    "ksizes: list(int) | strides: list(int) | rates: list(int) | T: {float32, float64, int32, "
    "uint8, int16, int8, int64, bfloat16, uint16, float16, uint32, uint64} | padding: string"
)


class Window:
    """Where a window of an operation lies along height and width of images of given extents."""

    def __init__(self, op: Operation, extents: Sequence[int]) -> None:
        self.sizes = op.attributes["ksizes"][1:3]
        self.strides = op.attributes["strides"][1:3]
        self.rates = op.attributes["rates"][1:3]
        self.outputs: list[int] = []
        self.borders: list[tuple[int, int]] = []
        for axis, extent in enumerate(extents):
            reach = (self.sizes[axis] - 1) * self.rates[axis] + 1
            same = op.attributes["padding"] == "SAME"
            room = extent if same else max(extent - reach + 1, 0)
            count = -(-room // self.strides[axis])
            need = (count - 1) * self.strides[axis] + reach - extent
            border = max(need, 0) if same else 0
            self.outputs.append(count)
            self.borders.append((border // 2, border - border // 2))

    def starts(self) -> Iterator[tuple[int, int]]:
        """The first pixel of each place in the window, row by row."""
        for row in range(self.sizes[0]):
            for column in range(self.sizes[1]):
                yield row * self.rates[0], column * self.rates[1]


class ExtractImagePatches(OpDef):
    """The elements under a window at each of its positions, as the depth of the result."""

    signature = f"images: T -> patches: T | {_ATTRIBUTES}"

    def infer(self, op: Operation) -> list[TensorShape]:
        batch, height, width, depth = with_rank(op, 0, 4).as_list()
        known = Window(op, [height or 0, width or 0])
        rows, columns = known.outputs
        channels = None if depth is None else depth * known.sizes[0] * known.sizes[1]
        return [
            TensorShape(
                [
                    batch,
                    None if height is None else rows,
                    None if width is None else columns,
                    channels,
                ]
            )
        ]

    def grad(self, op: Operation, g: Any) -> Tensor:
        names = ("ksizes", "strides", "rates", "padding")
        attributes = {name: op.attributes[name] for name in names}
        result: Tensor = apply(
            "ExtractImagePatchesGrad", shape(op.inputs[0]), g, name=None, **attributes
        )
        return result

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        batch, height, width, depth = x.shape
        window = Window(op, (height, width))
        (top, bottom), (left, right) = window.borders
        padded = b.pad(
            x,
            b.constant(np.zeros((), x.dtype)),
            low=(0, top, left, 0),
            high=(0, bottom, right, 0),
            interior=(0, 0, 0, 0),
        )
        rows, columns = window.outputs
        down, across = window.strides
        seen = [
            b.slice(
                padded,
                start=(0, row, column, 0),
                stop=(
                    batch,
                    row + max(rows - 1, 0) * down + min(rows, 1),
                    column + max(columns - 1, 0) * across + min(columns, 1),
                    depth,
                ),
                step=(1, down, across, 1),
            )
            for row, column in window.starts()
        ]
        return b.concatenate(*seen, axis=3) if len(seen) > 1 else seen[0]


class ExtractImagePatchesGrad(OpDef):
    """A gradient added up where the patches were seen. For gradients; no TensorFlow operation."""

    signature = f"shape: int32, dy: T -> output: T | {_ATTRIBUTES}"

    def grad(self, op: Operation, g: Any) -> Any:
        names = ("ksizes", "strides", "rates", "padding")
        attributes = {name: op.attributes[name] for name in names}
        result: Tensor = apply("ExtractImagePatches", g, name=None, **attributes)
        return None, result

    def lower(self, b: Builder, op: Operation, sizes: Value, dy: Value) -> Value:
        batch, height, width, depth = (int(each) for each in b.static(sizes))
        window = Window(op, (height, width))
        (top, bottom), (left, right) = window.borders
        rows, columns = window.outputs
        down, across = window.strides
        zero = b.constant(np.zeros((), dy.dtype))
        full = (batch, height + top + bottom, width + left + right, depth)
        total = b.broadcast_to(zero, shape=full)
        for place, (row, column) in enumerate(window.starts()):
            if not rows or not columns:
                break
            seen = b.slice(
                dy,
                start=(0, 0, 0, place * depth),
                stop=(batch, rows, columns, (place + 1) * depth),
                step=(1, 1, 1, 1),
            )
            below = full[1] - row - (rows - 1) * down - 1
            beside = full[2] - column - (columns - 1) * across - 1
            spread = b.pad(
                seen,
                zero,
                low=(0, row, column, 0),
                high=(0, below, beside, 0),
                interior=(0, down - 1, across - 1, 0),
            )
            total = b.add(total, spread)
        return b.slice(
            total,
            start=(0, top, left, 0),
            stop=(batch, top + height, left + width, depth),
            step=(1, 1, 1, 1),
        )


def extract_image_patches(
    images: Any,
    ksizes: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
    rates: Sequence[int] | None = None,
    padding: str | None = None,
    name: str | None = None,
    sizes: Sequence[int] | None = None,
) -> Tensor:
    """The elements under a window at each of its positions, in the depth of the result.

    Args:
      images: a tensor of shape (batch, height, width, channels).
      ksizes: `[1, height, width, 1]` of the window.
      strides: `[1, rows, columns, 1]` between two positions.
      rates: `[1, rows, columns, 1]` between two places in the window.
      padding: "SAME" or "VALID".
      name: name of the operation.
      sizes: the newer name of `ksizes`.

    Raises:
      ValueError: `images` is known not to be of rank 4.

    Example:
      >>> import pantarhei as tf
      >>> image = tf.reshape(tf.range(9), [1, 3, 3, 1])
      >>> patches = tf.extract_image_patches(
      ...     image, [1, 2, 2, 1], [1, 1, 1, 1], [1, 1, 1, 1], "VALID")
      >>> tf.Session().run(patches)[0, 0].tolist()
      [[0, 1, 3, 4], [1, 2, 4, 5]]
    """
    result: Tensor = apply(
        "ExtractImagePatches",
        images,
        ksizes=renamed("sizes", sizes, "ksizes", ksizes),
        strides=strides,
        rates=rates,
        padding=padding,
        name=name,
    )
    return result
