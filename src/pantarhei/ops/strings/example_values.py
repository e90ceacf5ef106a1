"""Values of features read out of messages: arrays, and the words of what does not fit.

Functions that parsing operations run; they read messages and are independent of operations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.dtypes import DType
from pantarhei.core.example_messages import example_class
from pantarhei.core.shapes import TensorShape
from pantarhei.program.ir import Array, ProgramError

# The field of a Feature that holds elements of a dtype, and the dtype's name in messages.
FIELDS = {
    dtypes.float32: ("float_list", "float"),
    dtypes.int64: ("int64_list", "int64"),
    dtypes.string: ("bytes_list", "string"),
}
NAMES = dict(FIELDS.values())


def message(kind: str, serialized: bytes) -> Any:
    """The message that bytes stand for."""
    result = example_class(kind)()
    try:
        result.ParseFromString(serialized)
    except Exception as error:  # protobuf's class depends on its version
        shown = serialized.decode("latin1")
        raise ProgramError(f"Could not parse example input, value: '{shown}'") from error
    return result


def kind_of(features: Any, key: str) -> str | None:
    """The field that a feature is kept in; None where there is no feature or it is empty."""
    return features[key].WhichOneof("kind") if key in features else None


def listed(shape: TensorShape | Sequence[int]) -> str:
    """A shape as errors show it."""
    extents = shape.as_list() if isinstance(shape, TensorShape) else shape
    return f"[{','.join('?' if each is None else str(each) for each in extents)}]"


def flat(values: Any, dtype: DType) -> Array:
    """Values as a vector."""
    result = np.empty(len(values), dtype.numpy)
    result[:] = values
    return result


def block_size(shape: TensorShape) -> int:
    """How many values a block has: extents that are known, multiplied."""
    return math.prod(each for each in shape.as_list() if each is not None)


def padded(rows: Sequence[Array], width: int, dtype: DType, padding: Any) -> Array:
    """Vectors as rows of a matrix, filled up."""
    result = np.empty((len(rows), width), dtype.numpy)
    result[...] = padding
    for place, row in enumerate(rows):
        result[place, : len(row)] = row
    return result


def as_sparse_parts(rows: Sequence[Array], dtype: DType) -> list[Array]:
    """Vectors as the rows of a sparse matrix: positions, values, shape."""
    lengths = np.array([len(row) for row in rows], np.int64)
    places = np.empty((int(lengths.sum()), 2), np.int64)
    places[:, 0] = np.repeat(np.arange(len(rows)), lengths)
    starts = np.cumsum(lengths) - lengths
    places[:, 1] = np.arange(len(places)) - np.repeat(starts, lengths)
    values = np.concatenate([flat([], dtype), *rows])
    width = int(lengths.max()) if len(rows) else 0
    return [places, values, np.array([len(rows), width], np.int64)]


def context_row(features: Any, key: str, dtype: DType, where: str) -> Array:
    """The values of a feature of the context; none where it is not there."""
    kind = kind_of(features, key)
    if kind is None:
        return flat([], dtype)
    return row_of_type(features[key], dtype, where)


def row_of_type(feature: Any, dtype: DType, where: str) -> Array:
    """The values of a feature that must be of a dtype; `where` begins the text of the error."""
    field, name = FIELDS[dtype]
    if feature.WhichOneof("kind") != field:
        raise ProgramError(
            f"{where}Data types don't match. Expected type: {name}  Feature is: {feature}"
        )
    return flat(getattr(feature, field).value, dtype)


def check_count(row: Array, shape: TensorShape, dtype: DType, where: str) -> None:
    """Raises ProgramError if there are not as many values as a block has."""
    if len(row) != block_size(shape):
        raise ProgramError(
            f"{where}Number of {FIELDS[dtype][1]} values != expected.  values size: {len(row)} but "
            f"output shape: {listed(shape)}"
        )


def list_rows(lists: Any, key: str, dtype: DType, where: str) -> list[Array]:
    """The values of each feature of a list; none of those that are empty."""
    features = lists[key].feature if key in lists else []
    return [
        flat([], dtype)
        if feature.WhichOneof("kind") is None
        else row_of_type(feature, dtype, f"{where}, Index: {index}.  ")
        for index, feature in enumerate(features)
    ]
