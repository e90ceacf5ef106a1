"""Tensors repeated: broadcast to a larger shape, or tiled; and shapes against each other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pantarhei.core.shapes import (
    TensorShape,
    as_shape,
    broadcast_conflict,
    broadcast_shape,
    unknown_shape,
)
from pantarhei.graph.constant import shape_value
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import shape_error, shape_from, shown, with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.joining import stack
from pantarhei.ops.array.shapes import reshape, shape
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Array, ProgramError, Value


class BroadcastTo(OpDef):
    """A tensor repeated along axes of extent 1, and along new axes in front."""

    signature = "input: T, shape: Tidx -> output: T | T: type | Tidx: index = int32"

    def infer(self, op: Operation) -> list[TensorShape]:
        target = shape_from(op, 1)
        given = op.inputs[0].shape
        if target.ndims is None or given.ndims is None:
            return [target]
        if given.ndims > target.ndims:
            raise shape_error(
                op, f"Shape must be at most rank {target.ndims} but is rank {given.ndims}"
            )
        extents = target.as_list()
        offset = target.ndims - given.ndims
        for axis, extent in enumerate(given.as_list()):
            wanted = extents[offset + axis]
            if extent is not None and wanted is not None and extent not in (1, wanted):
                raise shape_error(op, f"Dimensions must be equal, but are {extent} and {wanted}")
        return [target]

    def grad(self, op: Operation, g: Tensor) -> Any:
        return reduced_to(g, op.inputs[0]), None

    def lower(self, b: Builder, op: Operation, x: Value, target: Value) -> Value:
        sizes = tuple(int(each) for each in b.static(target))
        if x.ndim > len(sizes):
            raise ProgramError(
                f"Rank of input ({x.ndim}) must be no greater than rank of output shape "
                f"({len(sizes)})."
            )
        return b.broadcast_to(x, shape=sizes)


def reduced_to(g: Tensor, like: Tensor) -> Tensor:
    """`g`, which has a shape that `like` was broadcast to, summed to the shape of `like`."""
    if g.shape.is_fully_defined() and like.shape.is_fully_defined() and g.shape == like.shape:
        return g
    return summed_to(g, shape(like))


def summed_to(x: Any, target: Any) -> Tensor:
    """`x` summed along the axes that broadcasting from the shape `target` to its own repeats."""
    axes = apply("BroadcastGradientArgs", shape(x, out_type=target.dtype), target)[1]
    result: Tensor = reshape(apply("Sum", x, axes), target)
    return result


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """`input` repeated to a larger shape by the rules of broadcasting.

    Args:
      input: a tensor.
      shape: an integer vector; axes are aligned at the last.
      name: name of the operation.

    Raises:
      ValueError: the shapes are known not to fit. InvalidArgumentError: they turn out not to.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.broadcast_to([1, 2, 3], [2, 3]))
      array([[1, 2, 3],
             [1, 2, 3]], dtype=int32)
    """
    result: Tensor = apply("BroadcastTo", input, shape, name=name)
    return result


class BroadcastArgs(OpDef):
    """The shape that two shapes broadcast to."""

    signature = "s0: T, s1: T -> r0: T | T: index = int32"
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        for tensor in op.inputs:
            if tensor.shape.ndims not in (None, 1):
                raise shape_error(op, f"Shape must be rank 1 but is rank {tensor.shape.ndims}")
        lengths = [t.shape.as_list()[0] if t.shape.ndims else None for t in op.inputs]
        known = [length for length in lengths if length is not None]
        return [TensorShape([max(known)]) if len(known) == 2 else unknown_shape(1)]

    def lower(self, b: Builder, op: Operation, x: Value, y: Value) -> Value:
        first, second = b.static(x), b.static(y)
        if broadcast_conflict(first.tolist(), second.tolist()):
            raise ProgramError(f"Incompatible shapes: {shown(first)} vs. {shown(second)}")
        return b.constant(_broadcast(first, second))


def _broadcast(first: Array, second: Array) -> Array:
    sizes = np.broadcast_shapes(tuple(first.tolist()), tuple(second.tolist()))
    return np.array(sizes, first.dtype)


def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Tensor:
    """The shape that two shapes, given as integer vectors, broadcast to.

    Raises:
      InvalidArgumentError: they do not fit, when the session runs.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.broadcast_dynamic_shape([2, 1], [3]))
      array([2, 3], dtype=int32)
    """
    result: Tensor = apply("BroadcastArgs", shape_x, shape_y)
    return result


def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """The static shape that two static shapes broadcast to.

    Raises:
      ValueError: they do not fit.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.broadcast_static_shape(tf.TensorShape([2, 1]), tf.TensorShape([3])))
      (2, 3)
    """
    return broadcast_shape(as_shape(shape_x), as_shape(shape_y))


class Tile(OpDef):
    """A tensor repeated along each axis."""

    signature = "input: T, multiples: Tmultiples -> output: T | T: type | Tmultiples: index = int32"

    def infer(self, op: Operation) -> list[TensorShape]:
        given, times = op.inputs[0].shape, shape_value(op.inputs[1])
        with_rank(op, 1, 1)
        if given.ndims is None and times.ndims is None:
            return [unknown_shape()]
        if given.ndims is None:
            given = unknown_shape(times.ndims)
        elif times.ndims is None:
            times = unknown_shape(given.ndims)
        elif given.ndims != times.ndims:
            raise shape_error(
                op, f"Shape must be rank {given.ndims} but is rank {times.ndims}", (1,)
            )
        extents = zip(given.as_list(), times.as_list(), strict=True)
        return [TensorShape([_product(n, m) for n, m in extents])]

    def grad(self, op: Operation, g: Any) -> Any:
        x, times = op.inputs
        extents = shape(x, out_type=times.dtype.base_dtype)
        # Each axis in two: repetitions, which are summed, and the elements repeated.
        pairs = reshape(stack([times, extents], axis=1), [-1])
        kept = reshape(stack([_ones_of(extents), extents], axis=1), [-1])
        summed = summed_to(reshape(g, pairs), kept)
        return reshape(summed, shape(x)), None

    def lower(self, b: Builder, op: Operation, x: Value, multiples: Value) -> Value:
        times = [int(each) for each in b.static(multiples)]
        if len(times) != x.ndim:
            raise ProgramError(
                "Expected multiples argument to be a vector of length "
                f"{x.ndim} but got length {len(times)}"
            )
        for index, each in enumerate(times):
            if each < 0:
                raise ProgramError(f"Expected multiples[{index}] >= 0, but got {each}")
        pairs = tuple(
            n for extent, each in zip(x.shape, times, strict=True) for n in (each, extent)
        )
        spread = tuple(n for extent in x.shape for n in (1, extent))
        repeated = b.broadcast_to(b.reshape(x, shape=spread), shape=pairs)
        full = tuple(math.prod(pair) for pair in zip(x.shape, times, strict=True))
        return b.reshape(repeated, shape=full)


def _product(extent: int | None, times: int | None) -> int | None:
    """An extent repeated; nothing repeated, or repeated no times, is nothing."""
    if 0 in (extent, times):
        return 0
    return None if extent is None or times is None else extent * times


def _ones_of(extents: Tensor) -> Tensor:
    """As many ones as there are extents."""
    result: Tensor = apply("OnesLike", extents)
    return result


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """`input` repeated `multiples[i]` times along each axis i.

    Args:
      input: a tensor.
      multiples: an integer vector, one element for each axis.
      name: name of the operation.

    Raises:
      ValueError: the length of `multiples` is known not to be the rank. InvalidArgumentError: it
      turns out not to be, or an element is negative.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.tile([1, 2], [3]))
      array([1, 2, 1, 2, 1, 2], dtype=int32)
    """
    result: Tensor = apply("Tile", input, multiples, name=name)
    return result
