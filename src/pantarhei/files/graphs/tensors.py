"""Tensors and shapes read from protocol buffers: `TensorProto`, `TensorShapeProto`.

What a message says of its size is checked before anything is made of that size: a damaged file must
not claim the memory. Independent of graphs.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pantarhei.core.dtypes import DType, as_dtype
from pantarhei.core.messages import VALUE_FIELDS
from pantarhei.core.shapes import TensorShape
from pantarhei.program.ir import Array

# A tensor of which only some elements are written is filled up to this size, no further.
_LARGEST_FILLED = 2**31


def read_dtype(number: int) -> DType:
    """The dtype of a number in a file.

    Raises:
      ValueError: there is none of that number.
    """
    try:
        return as_dtype(int(number))
    except TypeError:
        raise ValueError(f"there is no data type of number {number}") from None


def read_shape(message: Any) -> TensorShape:
    """The shape that a `TensorShapeProto` holds.

    Raises:
      ValueError: an extent is less than -1.
    """
    if message.unknown_rank:
        return TensorShape(None)
    extents = [dimension.size for dimension in message.dim]
    if any(extent < -1 for extent in extents):
        raise ValueError(f"a shape has a negative extent: {extents}")
    return TensorShape([None if extent == -1 else extent for extent in extents])


def read_tensor(message: Any) -> Array:
    """The array that a `TensorProto` holds; read-only. Strings are bytes in an array of objects.

    Raises:
      ValueError: its parts contradict each other, or its dtype has no values.
    """
    dtype = read_dtype(message.dtype)
    shape = read_shape(message.tensor_shape)
    if not shape.is_fully_defined():
        raise ValueError(f"a tensor has the incomplete shape {shape}")
    extents = tuple(shape.as_list())
    if not dtype.is_numpy_compatible or dtype.is_quantized or dtype._is_ref_dtype:
        raise ValueError(f"a tensor of {dtype.name} cannot be read")
    if message.tensor_content:
        return _from_content(message.tensor_content, dtype, extents)
    return _spread(_elements(message, dtype), dtype, extents)


def _from_content(content: bytes, dtype: DType, extents: tuple[Any, ...]) -> Array:
    count = math.prod(extents)
    if dtype.name == "string":
        return _frozen(_texts(content, count).reshape(extents))
    needed = count * dtype.size
    if len(content) != needed:
        raise ValueError(
            f"a tensor of {dtype.name} and shape {list(extents)} takes {needed} bytes, the file "
            f"has {len(content)}"
        )
    # The format is little-endian; the copy is aligned.
    array = np.frombuffer(content, dtype.numpy.newbyteorder("<")).astype(dtype.numpy)
    return _frozen(array.reshape(extents))


def _texts(content: bytes, count: int) -> Array:
    """Strings packed together: all lengths as varints, then all bytes."""
    lengths: list[int] = []
    position = 0
    if count > len(content):
        raise ValueError(f"{count} strings do not fit into {len(content)} bytes")
    while len(lengths) < count:
        length = shift = 0
        while True:
            if position >= len(content) or shift > 28:
                raise ValueError("the lengths of a tensor's strings are cut off")
            byte = content[position]
            position += 1
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        lengths.append(length)
    if position + sum(lengths) != len(content):
        raise ValueError("a tensor's strings are not as long as their lengths say")
    result = np.empty(count, object)
    for index, length in enumerate(lengths):
        result[index] = content[position : position + length]
        position += length
    return result


def _elements(message: Any, dtype: DType) -> Array:
    """The elements that are written one by one, however many."""
    values = getattr(message, VALUE_FIELDS.get(dtype.name, "int_val"))
    if dtype.name == "string":
        texts = np.empty(len(values), object)
        for index, each in enumerate(values):
            texts[index] = each
        return texts
    if dtype.name in ("float16", "bfloat16"):
        words = np.array(values, np.int64)
        if np.any((words < 0) | (words > 0xFFFF)):
            raise ValueError(f"an element of a tensor of {dtype.name} has more than 16 bits")
        return words.astype(np.uint16).view(dtype.numpy)
    if dtype.is_complex:
        if len(values) % 2:
            raise ValueError("a complex element has no imaginary part")
        pairs = np.array(values, np.float64).reshape(-1, 2)
        return (pairs[:, 0] + 1j * pairs[:, 1]).astype(dtype.numpy)
    if dtype.is_integer and dtype.name != "uint64":
        return np.array(values, np.int64).astype(dtype.numpy)  # too large ones wrap around
    return np.array(values, dtype.numpy)


def _spread(given: Array, dtype: DType, extents: tuple[Any, ...]) -> Array:
    """The given elements in a shape: the last one is repeated, none at all are zeros."""
    count = math.prod(extents)
    if given.size > count:
        raise ValueError(
            f"a tensor of shape {list(extents)} takes {count} elements, the file has {given.size}"
        )
    if given.size == count:
        return _frozen(given.reshape(extents))
    if given.size == 0:
        given = np.array([b"" if dtype.name == "string" else 0], dtype.numpy)
    if given.size == 1:
        return np.broadcast_to(_frozen(given).reshape(()), extents)  # takes no memory
    if count * dtype.size > _LARGEST_FILLED:
        raise ValueError(
            f"a tensor of shape {list(extents)} has only {given.size} elements in the file"
        )
    filled = np.empty(count, dtype.numpy)
    filled[: given.size] = given
    filled[given.size :] = given[-1]
    return _frozen(filled.reshape(extents))


def _frozen(array: Array) -> Array:
    array.flags.writeable = False
    return array
