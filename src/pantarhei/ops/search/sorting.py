"""Sorting along an axis, and insertion into sorted sequences.

Sorting takes all elements as the k largest, after a transposition where the axis is not the last.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply, register
from pantarhei.graph.definitions.shape_rules import (
    with_rank,
)
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.shapes import rank, reshape, shape, shape_internal
from pantarhei.ops.search.extrema import top_k
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value


def sort(
    values: Any, axis: Any = -1, direction: str = "ASCENDING", name: str | None = None
) -> Tensor:
    """The elements sorted along an axis.

    Args:
      values: numbers, with at least one axis.
      axis: along which to sort, a number.
      direction: "ASCENDING" or "DESCENDING".
      name: scope of the operations.

    Raises:
      ValueError: another direction, or an axis that is not a constant number.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.sort([3.0, 1.0, 2.0]))
      array([1., 2., 3.], dtype=float32)
    """
    with name_scope(name, "sort"):
        return _sorted(values, axis, direction, positions=False)


def argsort(
    values: Any,
    axis: Any = -1,
    direction: str = "ASCENDING",
    stable: bool = False,
    name: str | None = None,
) -> Tensor:
    """The positions that sort the elements along an axis.

    Args:
      values: numbers, with at least one axis.
      axis: along which to sort, a number.
      direction: "ASCENDING" or "DESCENDING".
      stable: whether equal elements have to keep their order; they always do.
      name: scope of the operations.

    Raises:
      ValueError: another direction, or an axis that is not a constant number.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.argsort([3.0, 1.0, 2.0]))
      array([1, 2, 0], dtype=int32)
    """
    with name_scope(name, "argsort"):
        return _sorted(values, axis, direction, positions=True)


def _sorted(values: Any, axis: Any, direction: str, positions: bool) -> Tensor:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"{direction} should be one of ASCENDING, DESCENDING")
    place = convert_to_tensor(axis, name="axis")
    known = constant_value(place)
    if place.shape.ndims != 0 or known is None:
        raise ValueError("axis must be a constant scalar")
    x = convert_to_tensor(values, name="values")
    if direction == "DESCENDING":
        return _largest_first(x, int(known), positions)
    found = _largest_first(-x, int(known), positions)
    return found if positions else -found


def _largest_first(x: Tensor, axis: int, positions: bool) -> Tensor:
    k = shape(x)[axis]
    number = rank(x)
    if axis in (-1, -1 if x.shape.ndims is None else x.shape.ndims - 1):
        found = top_k(x, k)
        return found.indices if positions else found.values
    swap = _swap_with_last(axis, x.shape.ndims, number)
    found = top_k(apply("Transpose", x, swap, name="transpose"), k)
    result: Tensor = apply(
        "Transpose", found.indices if positions else found.values, swap, name="transpose"
    )
    return result


def _swap_with_last(axis: int, known_rank: int | None, number: Tensor) -> Tensor:
    """The permutation that swaps an axis with the last one, and back again."""
    if known_rank is not None:
        axes = np.arange(known_rank)
        axes[axis], axes[-1] = axes[-1], axes[axis]
        return constant(axes.astype(np.int32), name="transposition")
    place: Any = axis if axis >= 0 else axis + number
    parts = [
        apply("Range", 0, place, 1, name="range"),
        [number - 1],
        apply("Range", place + 1, number - 1, 1, name="range"),
        [place],
    ]
    result: Tensor = apply("ConcatV2", parts, 0, name="concat")
    return result


class Bound(OpDef, abstract=True):
    """Where values would be inserted into sorted rows, before or behind equal elements."""

    signature = (
        "sorted_inputs: T, values: T -> output: out_type | T: type | out_type: index = int32"
    )
    differentiable = False

    def __init__(self, type: str) -> None:
        self.type = type

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 0, 2)
        with_rank(op, 1, 2)
        return [op.inputs[1].shape]

    def lower(self, b: Builder, op: Operation, inputs: Value, values: Value) -> Value:
        if inputs.shape[0] != values.shape[0]:
            raise ProgramError("Leading dim_size of both tensors must match.")
        rows = b.reshape(inputs, shape=(inputs.shape[0], 1, inputs.shape[1]))
        sought = b.reshape(values, shape=(*values.shape, 1))
        before = b.less(rows, sought) if self.type == "LowerBound" else b.less_equal(rows, sought)
        result: Value = b.sum(b.cast(before, dtype=op.attributes["out_type"].numpy), axes=(2,))
        return result


register(Bound("LowerBound"))
register(Bound("UpperBound"))


def searchsorted(
    sorted_sequence: Any,
    values: Any,
    side: str = "left",
    out_type: Any = dtypes.int32,
    name: str | None = None,
) -> Tensor:
    """Where values would have to be inserted into sorted sequences, so that these stay sorted.

    Args:
      sorted_sequence: sequences along the last axis, each sorted.
      values: values along the last axis for each sequence.
      side: "left" for the place before equal elements, "right" for that behind them.
      out_type: `tf.int32` or `tf.int64`.
      name: name of the operation.

    Returns:
      A tensor of the shape of `values`.

    Raises:
      ValueError: another `side`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.searchsorted([1, 3, 3, 5], [3, 4]))
      array([1, 3], dtype=int32)
    """
    lengths = [shape_internal(each)[-1] for each in (sorted_sequence, values)]
    rows = reshape(sorted_sequence, [-1, lengths[0]])
    sought = reshape(values, [-1, lengths[1]])
    if side not in ("left", "right"):
        raise ValueError(f"side must be either 'right' or 'left'.  Saw: {side}.")
    type = "UpperBound" if side == "right" else "LowerBound"
    found = apply(type, rows, sought, out_type=out_type, name=name)
    return reshape(found, shape_internal(values))
