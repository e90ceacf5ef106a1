"""The features of a batch of `SequenceExample` messages as arrays, padded or sparse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape
from pantarhei.ops.strings.example_values import (
    as_sparse_parts,
    block_size,
    context_row,
    flat,
    kind_of,
    list_rows,
    padded,
)
from pantarhei.program.ir import Array, ProgramError


def context_feature(context: tuple[Any, str], key: str, dtype: DType) -> Array:
    """One feature of a context, as a vector."""
    features, label = context
    try:
        return context_row(features, key, dtype, "")
    except ProgramError as error:
        raise ProgramError(f"Error in context feature {key} in example {label}") from error


def list_feature(lists: tuple[Any, str], key: str, dtype: DType) -> list[Array]:
    """One feature of the lists, a vector for each place."""
    features, label = lists
    try:
        return list_rows(features, key, dtype, "")
    except ProgramError as error:
        raise ProgramError(f"Error in sequence feature {key} in example {label}") from error


def context_batch(
    contexts: Sequence[tuple[Any, str]], key: str, dtype: DType, shape: TensorShape, default: Array
) -> Array:
    """One dense feature of all contexts, with defaults where it is missing."""
    size = block_size(shape)
    rows = []
    for each in contexts:
        row = context_feature(each, key, dtype)
        if kind_of(each[0], key) is None and default.size:
            row = default.ravel()
        if len(row) != size:
            raise ProgramError(
                f"Inconsistent number of elements for feature {key}: {len(row)} vs {size}"
            )
        rows.append(row)
    return padded(rows, size, dtype, 0).reshape(len(rows), *shape.as_list())


def sparse_batch(batch: Sequence[list[Array]], dtype: DType) -> list[Array]:
    """Lists of vectors as a sparse tensor: example, place in the list, place in the vector."""
    places, values, shape = as_sparse_parts([row for rows in batch for row in rows], dtype)
    lengths = np.array([len(rows) for rows in batch], np.int64)
    starts = np.cumsum(lengths) - lengths
    examples = np.repeat(np.arange(len(batch)), lengths)[places[:, 0]]
    inner = places[:, 0] - starts[examples]
    indices = np.stack([examples, inner, places[:, 1]], axis=1).astype(np.int64)
    longest = int(lengths.max()) if len(lengths) else 0
    return [indices, values, np.array([len(batch), longest, shape[1]], np.int64)]


def dense_batch(
    lists: Sequence[tuple[Any, str]],
    key: str,
    dtype: DType,
    shape: TensorShape,
    may_lack: Sequence[str],
) -> tuple[Array, Array]:
    """The lists of a batch, filled up to the longest, and the length of each."""
    size = block_size(shape)
    rows = []
    for each in lists:
        if key not in each[0] and key not in may_lack:
            raise ProgramError(f"Missing feature {key} in example {each[1]}")
        found = list_feature(each, key, dtype)
        if any(len(row) != size for row in found):
            raise ProgramError(f"Unexpected shape error in feature {key}")
        rows.append(np.concatenate([flat([], dtype), *found]))
    lengths = np.array([len(row) // max(size, 1) for row in rows], np.int64)
    longest = int(lengths.max()) if len(lengths) else 0
    filler = b"" if dtype.name == "string" else 0
    values = padded(rows, longest * size, dtype, filler)
    return values.reshape(len(rows), longest, *shape.as_list()), lengths
