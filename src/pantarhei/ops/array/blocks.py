"""Blocks of space moved into other axes and back: depth, batch, and patches of images."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import divided, shape_error, shown, with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.shapes import renamed
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Array, ProgramError, Value


class DepthBlocks(OpDef, abstract=True):
    """What both directions between space and depth have in common."""

    signature = "input: T -> output: T | T: type | block_size: int | data_format: string = 'NHWC'"

    @staticmethod
    def checked(op: Operation, x: Value) -> int:
        """The size of a block; ProgramError for layouts that are only for other devices."""
        layout = op.attributes["data_format"]
        if layout != "NHWC":
            raise ProgramError(f"Only NHWC data_format supported on CPU. Got {layout}")
        if x.ndim != 4:
            raise ProgramError(f"Input rank should be: 4 instead of: {x.ndim}")
        size: int = op.attributes["block_size"]
        return size

    @staticmethod
    def axes(op: Operation) -> tuple[int, int, int]:
        """Height, width and depth."""
        return (2, 3, 1) if op.attributes["data_format"] == "NCHW" else (1, 2, 3)


class SpaceToDepth(DepthBlocks):
    """Each block of pixels becomes one pixel with all their channels."""

    def infer(self, op: Operation) -> list[TensorShape]:
        extents = with_rank(op, 0, 4).as_list()
        size, (height, width, depth) = op.attributes["block_size"], self.axes(op)
        for axis in (height, width):
            extents[axis] = divided(op, extents[axis], size)
        channels = extents[depth]
        extents[depth] = None if channels is None else channels * size * size
        return [TensorShape(extents)]

    def grad(self, op: Operation, g: Any) -> Tensor:
        return depth_to_space(g, op.attributes["block_size"])

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        size = self.checked(op, x)
        batch, height, width, depth = x.shape
        for extent, name in ((width, "width"), (height, "height")):
            if extent % size:
                raise ProgramError(
                    f"Image {name} {extent} and block size {size} should be divisible"
                )
        blocks = (batch, height // size, size, width // size, size, depth)
        moved = b.transpose(b.reshape(x, shape=blocks), permutation=(0, 1, 3, 2, 4, 5))
        return b.reshape(moved, shape=(batch, height // size, width // size, size * size * depth))


class DepthToSpace(DepthBlocks):
    """The channels of each pixel become those of a block of pixels."""

    def infer(self, op: Operation) -> list[TensorShape]:
        extents = with_rank(op, 0, 4).as_list()
        size, (height, width, depth) = op.attributes["block_size"], self.axes(op)
        for axis in (height, width):
            extent = extents[axis]
            extents[axis] = None if extent is None else extent * size
        extents[depth] = divided(op, extents[depth], size * size)
        return [TensorShape(extents)]

    def grad(self, op: Operation, g: Any) -> Tensor:
        return space_to_depth(g, op.attributes["block_size"])

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        size = self.checked(op, x)
        batch, height, width, depth = x.shape
        if depth % (size * size):
            raise ProgramError(
                f"Input depth dimension {depth} should be divisible by: {size * size}"
            )
        inner = depth // (size * size)
        pixels = (batch, height, width, size, size, inner)
        moved = b.transpose(b.reshape(x, shape=pixels), permutation=(0, 1, 3, 2, 4, 5))
        return b.reshape(moved, shape=(batch, height * size, width * size, inner))


def _checked_block(kind: str, size: int) -> int:
    if size < 2:
        raise ValueError(f"Attr 'block_size' of '{kind}' Op passed {size} less than minimum 2.")
    return size


def space_to_depth(
    input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC"
) -> Tensor:
    """Each block of `block_size` by `block_size` pixels as one pixel with all their channels.

    Args:
      input: a tensor of shape (batch, height, width, channels).
      block_size: at least 2; divides height and width.
      name: name of the operation.
      data_format: "NHWC"; another layout cannot be run.

    Raises:
      ValueError: the shape is known not to fit. InvalidArgumentError: it turns out not to.

    Example:
      >>> import pantarhei as tf
      >>> tf.space_to_depth(tf.zeros([1, 4, 6, 3]), 2).shape.as_list()
      [1, 2, 3, 12]
    """
    result: Tensor = apply(
        "SpaceToDepth",
        input,
        block_size=_checked_block("SpaceToDepth", block_size),
        data_format=data_format,
        name=name,
    )
    return result


def depth_to_space(
    input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC"
) -> Tensor:
    """The channels of each pixel as a block of `block_size` by `block_size` pixels.

    Args:
      input: a tensor of shape (batch, height, width, channels).
      block_size: at least 2; its square divides the channels.
      name: name of the operation.
      data_format: "NHWC"; another layout cannot be run.

    Raises:
      ValueError: the shape is known not to fit. InvalidArgumentError: it turns out not to.

    Example:
      >>> import pantarhei as tf
      >>> tf.depth_to_space(tf.zeros([1, 2, 3, 12]), 2).shape.as_list()
      [1, 4, 6, 3]
    """
    result: Tensor = apply(
        "DepthToSpace",
        input,
        block_size=_checked_block("DepthToSpace", block_size),
        data_format=data_format,
        name=name,
    )
    return result


class BatchBlocks(OpDef, ABC, abstract=True):
    """What both directions between space and batch have in common."""

    border = ""  # what the third argument is called

    def infer(self, op: Operation) -> list[TensorShape]:
        given, block = op.inputs[0].shape, with_rank(op, 1, 1)
        count = block.as_list()[0]
        if count is None:
            raise shape_error(op, "block_shape must have known size.")
        if given.ndims is not None and given.ndims < count + 1:
            raise shape_error(
                op, f"Shape must be at least rank {count + 1} but is rank {given.ndims}"
            )
        borders = with_rank(op, 2, 2)
        if not borders.is_compatible_with([count, 2]):
            raise shape_error(op, f"Dimension must be {count} but is {borders.as_list()[0]}")
        if given.ndims is None:
            return [unknown_shape()]
        sizes, pairs = constant_value(op.inputs[1]), constant_value(op.inputs[2])
        if sizes is not None and (sizes < 1).any():
            raise shape_error(op, "block_shape must be positive", (1, 2))
        if pairs is not None and (pairs < 0).any():
            raise shape_error(op, f"{self.border} cannot be negative", (1, 2))
        extents = given.as_list()
        extents[0] = self.batch(op, extents[0], sizes)
        for axis in range(count):
            size = None if sizes is None else int(sizes[axis])
            pair = None if pairs is None else int(pairs[axis].sum())
            extents[axis + 1] = self.space(op, extents[axis + 1], size, pair)
        return [TensorShape(extents)]

    @abstractmethod
    def batch(self, op: Operation, extent: int | None, sizes: Array | None) -> int | None:
        """The extent of the batch in the result."""

    @abstractmethod
    def space(
        self, op: Operation, extent: int | None, size: int | None, border: int | None
    ) -> int | None:
        """An extent of space in the result."""

    @staticmethod
    def blocks(b: Builder, x: Value, block: Value, borders: Value) -> tuple[list[int], Array]:
        """Sizes of the blocks and the borders, checked."""
        sizes, pairs = [int(size) for size in b.static(block)], b.static(borders)
        if x.ndim < 1 + len(sizes):
            raise ProgramError(f"input rank should be >= {1 + len(sizes)} instead of {x.ndim}")
        if pairs.shape != (len(sizes), 2):
            raise ProgramError(f"paddings should have shape [{len(sizes)}, 2]")
        return sizes, pairs


class SpaceToBatchND(BatchBlocks):
    """Pixels at the same place of each block become an item of the batch."""

    signature = (
        "input: T, block_shape: Tblock_shape, paddings: Tpaddings -> output: T | T: type "
        "| Tblock_shape: index = int32 | Tpaddings: index = int32"
    )
    border = "paddings"

    def batch(self, op: Operation, extent: int | None, sizes: Array | None) -> int | None:
        return None if extent is None or sizes is None else extent * math.prod(sizes.tolist())

    def space(
        self, op: Operation, extent: int | None, size: int | None, border: int | None
    ) -> int | None:
        if extent is None or border is None or size is None:
            return None
        return divided(op, extent + border, size, (1, 2))

    def grad(self, op: Operation, g: Any) -> Any:
        return batch_to_space_nd(g, op.inputs[1], op.inputs[2]), None, None

    def lower(self, b: Builder, op: Operation, x: Value, block: Value, paddings: Value) -> Value:
        sizes, pairs = self.blocks(b, x, block, paddings)
        count = len(sizes)
        rest = x.ndim - count - 1
        padded = b.pad(
            x,
            b.constant(np.zeros((), x.dtype)),
            low=(0, *(int(pair[0]) for pair in pairs), *[0] * rest),
            high=(0, *(int(pair[1]) for pair in pairs), *[0] * rest),
            interior=(0,) * x.ndim,
        )
        batch, space, inner = (
            padded.shape[0],
            padded.shape[1 : count + 1],
            padded.shape[count + 1 :],
        )
        for axis, (extent, size) in enumerate(zip(space, sizes, strict=True)):
            if extent % size:
                raise ProgramError(
                    f"padded_shape[{axis}]={extent} is not divisible by block_shape[{axis}]={size}"
                )
        small = [extent // size for extent, size in zip(space, sizes, strict=True)]
        split = [n for pair in zip(small, sizes, strict=True) for n in pair]
        cut = b.reshape(padded, shape=(batch, *split, *inner))
        order = (
            *range(2, 2 * count + 1, 2),
            0,
            *range(1, 2 * count + 1, 2),
            *range(2 * count + 1, cut.ndim),
        )
        return b.reshape(
            b.transpose(cut, permutation=order),
            shape=(batch * math.prod(sizes), *small, *inner),
        )


class BatchToSpaceND(BatchBlocks):
    """Items of the batch become pixels at the same place of each block."""

    signature = (
        "input: T, block_shape: Tblock_shape, crops: Tcrops -> output: T | T: type "
        "| Tblock_shape: index = int32 | Tcrops: index = int32"
    )
    border = "crops"

    def batch(self, op: Operation, extent: int | None, sizes: Array | None) -> int | None:
        if extent is None or sizes is None:
            return None
        for size in sizes.tolist():
            extent = divided(op, extent, size, (1, 2))
        return extent

    def space(
        self, op: Operation, extent: int | None, size: int | None, border: int | None
    ) -> int | None:
        if extent is None or size is None or border is None:
            return None
        if extent * size < border:
            raise shape_error(
                op,
                f"Negative dimension size caused by subtracting {border} from {extent * size}",
                (1, 2),
            )
        return extent * size - border

    def grad(self, op: Operation, g: Any) -> Any:
        return space_to_batch_nd(g, op.inputs[1], op.inputs[2]), None, None

    def lower(self, b: Builder, op: Operation, x: Value, block: Value, crops: Value) -> Value:
        sizes, pairs = self.blocks(b, x, block, crops)
        count = len(sizes)
        space, inner = x.shape[1 : count + 1], x.shape[count + 1 :]
        if x.shape[0] % math.prod(sizes):
            raise ProgramError(
                f"Input batch dimension ({x.shape[0]}) is not divisible by product of block sizes "
                f"({math.prod(sizes)})"
            )
        batch = x.shape[0] // math.prod(sizes)
        apart = b.reshape(x, shape=(*sizes, batch, *space, *inner))
        order = (
            count,
            *(n for axis in range(count) for n in (count + 1 + axis, axis)),
            *range(2 * count + 1, apart.ndim),
        )
        large = [extent * size for extent, size in zip(space, sizes, strict=True)]
        joined = b.reshape(b.transpose(apart, permutation=order), shape=(batch, *large, *inner))
        for axis, (low, high) in enumerate(pairs):
            if low + high > large[axis]:
                raise ProgramError(f"cropped_shape[{axis}] is negative: {shown(large)}")
        return b.slice(
            joined,
            start=(0, *(int(low) for low, _ in pairs), *[0] * len(inner)),
            stop=(
                batch,
                *(extent - int(pair[1]) for extent, pair in zip(large, pairs, strict=True)),
                *inner,
            ),
            step=(1,) * joined.ndim,
        )


def space_to_batch_nd(
    input: Any, block_shape: Any, paddings: Any, name: str | None = None
) -> Tensor:
    """Space cut into blocks; what is at the same place of each becomes an item of the batch.

    Args:
      input: a tensor of shape (batch, space ..., rest ...).
      block_shape: an integer vector: the sizes of a block.
      paddings: an integer matrix: zeros before and after, for each axis of space.
      name: name of the operation.

    Raises:
      ValueError: the shapes are known not to fit. InvalidArgumentError: they turn out not to.

    Example:
      >>> import pantarhei as tf
      >>> tf.space_to_batch_nd(tf.zeros([1, 4, 6, 3]), [2, 2], [[0, 0], [0, 0]]).shape.as_list()
      [4, 2, 3, 3]
    """
    result: Tensor = apply("SpaceToBatchND", input, block_shape, paddings, name=name)
    return result


def batch_to_space_nd(input: Any, block_shape: Any, crops: Any, name: str | None = None) -> Tensor:
    """Items of the batch laid out as the pixels of blocks of space.

    Args:
      input: a tensor of shape (batch, space ..., rest ...).
      block_shape: an integer vector: the sizes of a block.
      crops: an integer matrix: what is cut off before and after, for each axis of space.
      name: name of the operation.

    Raises:
      ValueError: the shapes are known not to fit. InvalidArgumentError: they turn out not to.

    Example:
      >>> import pantarhei as tf
      >>> tf.batch_to_space_nd(tf.zeros([4, 2, 3, 3]), [2, 2], [[0, 0], [0, 1]]).shape.as_list()
      [1, 4, 5, 3]
    """
    result: Tensor = apply("BatchToSpaceND", input, block_shape, crops, name=name)
    return result


def space_to_batch(
    input: Any,
    paddings: Any,
    block_size: int | None = None,
    name: str | None = None,
    block_shape: int | None = None,
) -> Tensor:
    """`space_to_batch_nd` for images and square blocks.

    Example:
      >>> import pantarhei as tf
      >>> tf.space_to_batch(tf.zeros([1, 4, 6, 3]), [[0, 0], [0, 0]], 2).shape.as_list()
      [4, 2, 3, 3]
    """
    size = renamed("block_shape", block_shape, "block_size", block_size)
    block = np.array([size, size], np.int64)
    result = space_to_batch_nd(input, block, paddings, name=name)
    result.set_shape(result.shape.with_rank(4))
    return result


def batch_to_space(
    input: Any,
    crops: Any,
    block_size: int | None = None,
    name: str | None = None,
    block_shape: int | None = None,
) -> Tensor:
    """`batch_to_space_nd` for images and square blocks.

    Example:
      >>> import pantarhei as tf
      >>> tf.batch_to_space(tf.zeros([4, 2, 3, 3]), [[0, 0], [0, 0]], 2).shape.as_list()
      [1, 4, 6, 3]
    """
    size = renamed("block_shape", block_shape, "block_size", block_size)
    block = np.array([size, size], np.int64)
    result = batch_to_space_nd(input, block, crops, name=name)
    result.set_shape(result.shape.with_rank(4))
    return result
