"""Positions of sparse tensors as rows of a matrix: their order, and rows that are equal.

Functions of arrays, of which operations on sparse tensors are made, and the shape rules that these
share. Independent of operations.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.definitions.shape_rules import merged_extents, with_rank
from pantarhei.graph.operation import Operation
from pantarhei.program.ir import Array, ProgramError, Value


def in_order(rows: Array) -> Array:
    """The permutation that sorts rows; equal ones stay as they are."""
    if not rows.shape[1]:
        return np.arange(len(rows))
    return np.lexsort(rows.T[::-1])


def grouped(rows: Array) -> tuple[Array, Array]:
    """The distinct rows in order, and for each row the number of its equal among them."""
    order = in_order(rows)
    ranked = rows[order]
    first = np.ones(len(rows), bool)
    first[1:] = (ranked[1:] != ranked[:-1]).any(axis=1)
    numbers = np.empty(len(rows), np.int64)
    numbers[order] = np.cumsum(first) - 1
    return ranked[first], numbers


def found_at(rows: Array, values: Array, wanted: Array) -> Array:
    """For each of the `wanted` rows the value of its equal among `rows`, or zero."""
    distinct, numbers = grouped(np.concatenate([rows, wanted]))
    table = np.zeros(len(distinct), values.dtype)
    table[numbers[: len(rows)]] = values
    return table[numbers[len(rows) :]]


def check_same_shape(left: Array, right: Array) -> None:
    """Two sparse tensors must have one shape."""
    if len(left) != len(right):
        shown = [" ".join(map(str, each)) for each in (left, right)]
        raise ProgramError(
            f"Operands do not have the same ranks; got shapes: {shown[0]} and {shown[1]}"
        )
    for axis, (ours, theirs) in enumerate(zip(left, right, strict=True)):
        if ours != theirs:
            raise ProgramError(
                f"Operands' shapes do not match: got {ours} and {theirs} for dimension {axis}"
            )


def check_counts(indices: Value, values: Value) -> None:
    """There must be a position for each element."""
    rows = indices.shape[0] if indices.ndim else 0
    if rows != values.size:
        raise ProgramError(
            "indices and values rows (indexing dimension) must match. "
            f"(indices = {rows}, values = {values.size})"
        )


def listed(extents: Any) -> str:
    """Extents as errors show them: `[3,4]`."""
    return f"[{','.join(map(str, extents))}]"


# --- shape rules ----------------------------------------------------------------------------------


def extents_of(op: Operation, index: int, rank: int) -> list[int | None]:
    """The extents of an input, which must have this rank."""
    return with_rank(op, index, rank).as_list()


def count_of(op: Operation, indices: int, values: int) -> int | None:
    """How many elements a sparse input has, from its positions or its values."""
    (rows, _), (count,) = extents_of(op, indices, 2), extents_of(op, values, 1)
    return merged_extents(op, rows, count)


def unknown_elements(rank: int | None) -> list[TensorShape]:
    """The shapes of the three parts of a sparse result with any number of elements."""
    return [TensorShape([None, rank]), TensorShape([None]), TensorShape([rank])]
