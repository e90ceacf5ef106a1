"""Gradients through broadcasting: summed over the axes along which an input was repeated.

What static shapes determine is settled while the gradient graph is built; the rest is found by an
operation that compares the shapes of the run. Independent of the function that broadcast.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Value


def repeated_axes(x: list[int], y: list[int]) -> list[int]:
    """Axes of the common shape along which `x` has to be repeated to match `y`."""
    rank = max(len(x), len(y))
    absent = rank - len(x)
    pairs = zip([1] * absent + x, [1] * (rank - len(y)) + y, strict=True)
    return [
        axis
        for axis, (left, right) in enumerate(pairs)
        if axis < absent or (left == 1 and right != 1)
    ]


class BroadcastGradientArgs(OpDef):
    """For two shapes, the axes along which each is repeated when they broadcast."""

    signature = "s0: T, s1: T -> r0: T, r1: T | T: index = int32"
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [unknown_shape(1), unknown_shape(1)]

    def lower(self, b: Builder, op: Operation, s0: Value, s1: Value) -> list[Value]:
        x, y = b.static(s0).tolist(), b.static(s1).tolist()
        axes = (repeated_axes(x, y), repeated_axes(y, x))
        return [b.constant(np.array(each, s0.dtype)) for each in axes]


def _settled(x: TensorShape, y: TensorShape) -> list[int] | None:
    """The axes along which `x` is repeated, or None where that is not known yet."""
    if y.ndims == 0:
        return []
    if x.ndims is None or y.ndims is None:
        return None
    absent = max(y.ndims - x.ndims, 0)
    axes = list(range(absent))
    aligned = itertools.zip_longest(x.as_list()[::-1], y.as_list()[::-1], fillvalue=1)
    for axis, (left, right) in enumerate(list(aligned)[::-1]):
        if axis < absent or left not in (1, None) or right == 1:
            continue
        if left is None:
            return None
        axes.append(axis)
    return axes


def unbroadcast(gradient: Any, x: Tensor, y: Tensor) -> Any:
    """The gradient for `x`, given that for the result of broadcasting `x` with `y`.

    Args:
      gradient: of the shape of the result; None stays None.
      x: the input whose gradient is wanted.
      y: the other input.
    """
    axes = _settled(x.shape, y.shape)
    if gradient is None or axes == [] or x is y:
        return gradient
    if axes is None:
        shape = apply("Shape", x)
        axes = apply("BroadcastGradientArgs", shape, apply("Shape", y))[0]
        return apply("Reshape", apply("Sum", gradient, axes), shape)
    total = apply("Sum", gradient, axes)
    absent = (y.shape.ndims or 0) - (x.shape.ndims or 0)
    if all(axis < absent for axis in axes):
        return total
    if x.shape.is_fully_defined():
        return apply("Reshape", total, np.array(x.shape.as_list(), np.int32))
    return apply("Reshape", total, apply("Shape", x))


def unbroadcast_both(op: Operation, for_x: Any, for_y: Any) -> tuple[Any, Any]:
    """Both gradients of an operation of two inputs that broadcast."""
    x, y = op.inputs
    return unbroadcast(for_x, x, y), unbroadcast(for_y, y, x)
