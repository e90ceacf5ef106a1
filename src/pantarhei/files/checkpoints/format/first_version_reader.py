"""Reads checkpoints of the first version of the format: one file, a table of messages.

What TensorFlow wrote until 2016, and later on request. Every tensor is there in slices (one, as a
rule), whose values are the fields of a `TensorProto`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core import dtypes, errors
from pantarhei.core.dtypes import DType
from pantarhei.files.checkpoints.checkpoint_reader import CheckpointReader
from pantarhei.files.checkpoints.format.coding import (
    Malformed,
    expect_bytes,
    expect_number,
    fields,
    read_varint,
    signed,
)
from pantarhei.files.checkpoints.format.messages import (
    BundleEntry,
    Header,
    TensorSlice,
    decoded_shape,
    decoded_slice,
    known_dtype,
)
from pantarhei.files.checkpoints.format.table import decoded_table
from pantarhei.files.gfile.system_errors import system_errors
from pantarhei.program.ir import Array

# Fields of a TensorProto that hold numbers of fixed size, one after another: their NumPy dtype.
_PACKED = {5: "<f4", 6: "<f8", 9: "<c8", 12: "<c16"}
# Fields that hold varints, and the one for strings.
_VARINTS = (7, 10, 11, 13, 16, 17)
_STRINGS = 8
_CONTENT = 4


class FirstVersionReader(CheckpointReader):
    """A checkpoint of the first version, open for reading.

    Args:
      path: of its only file.

    Raises:
      DataLossError: the file is not sound.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.header = Header()
        self._entries: dict[bytes, BundleEntry] = {}
        with system_errors(path), open(path, "rb") as file:
            content = file.read()
        try:
            self._raw = dict(decoded_table(content))
            for number, value in fields(self._raw.pop(b"", b"")):
                if number == 1:
                    self._note_tensors(expect_bytes(value))
        except Malformed as fault:
            raise errors.DataLossError(
                None,
                None,
                f"Unable to open table file {path}: Data loss: {fault}: perhaps your file is in a "
                "different file format and you need to use a different restore operator?",
            ) from None

    def _note_tensors(self, meta: bytes) -> None:
        """Entries of the tensors, and of the slices that each consists of."""
        for number, value in fields(meta):
            if number != 1:
                continue
            name, kind = b"", 0
            shape: tuple[int, ...] = ()
            slices: list[TensorSlice] = []
            for inner, content in fields(expect_bytes(value)):
                if inner == 1:
                    name = expect_bytes(content)
                elif inner == 2:
                    shape = decoded_shape(expect_bytes(content))
                elif inner == 3:
                    kind = expect_number(content)
                elif inner == 4:
                    slices.append(decoded_slice(expect_bytes(content)))
            dtype = known_dtype(kind)
            self._entries[name] = BundleEntry(dtype, shape, slices=tuple(slices))
            for each in slices:
                extents = tuple(axis.stop - axis.start for axis in each.within(shape))
                key = each.key(name.decode("utf-8", "replace"))
                if key in self._raw:
                    self._entries[key] = BundleEntry(dtype, extents)

    @property
    def index_path(self) -> str:
        """The only file."""
        return self.prefix

    def _keys(self) -> list[bytes]:
        return sorted(key for key in self._entries if key)

    def _has_key(self, key: bytes) -> bool:
        return key in self._entries

    def _decoded(self, key: bytes, name: str) -> BundleEntry:
        return self._entries[key]

    def _value(self, name: str, key: bytes, entry: BundleEntry) -> Array:
        try:
            for number, value in fields(self._raw[key]):
                if number == 2:
                    for inner, content in fields(expect_bytes(value)):
                        if inner == 3:
                            return _tensor(expect_bytes(content), entry)
            raise Malformed("there are no data")
        except Malformed as fault:
            raise self.loss(name, self.prefix, str(fault)) from None


def _tensor(message: bytes, entry: BundleEntry) -> Array:
    """The value that a TensorProto holds."""
    parts: list[Any] = []
    for number, value in fields(message):
        if number == _CONTENT:
            parts.append(np.frombuffer(_whole(expect_bytes(value), entry.dtype), entry.dtype.numpy))
        elif number in _PACKED and isinstance(value, bytes):
            kind = np.dtype(_PACKED[number])
            if len(value) % kind.itemsize:
                raise Malformed("a number is cut off")
            parts.append(np.frombuffer(value, kind).astype(entry.dtype.numpy))
        elif number in _VARINTS:
            parts.append(_from_varints(value, entry.dtype))
        elif number == _STRINGS:
            string: Any = np.empty(1, object)
            string[0] = expect_bytes(value)
            parts.append(string)
    array: Array = np.concatenate(parts) if parts else np.empty(0, entry.dtype.numpy)
    if array.size != entry.elements:
        raise Malformed(f"{array.size} values for a shape of {list(entry.shape)}")
    return array.reshape(entry.shape)


def _whole(content: bytes, dtype: DType) -> bytes:
    if dtype == dtypes.string or len(content) % dtype.numpy.itemsize:
        raise Malformed("the content is of the wrong size")
    return content


def _from_varints(value: Any, dtype: DType) -> Array:
    """Whole numbers, packed or single; those of 16-bit floats are their bits."""
    values = [value] if isinstance(value, int) else []
    position = 0
    while isinstance(value, bytes) and position < len(value):
        number, position = read_varint(value, position)
        values.append(number)
    if dtype.is_floating:
        return np.array([each & 0xFFFF for each in values], np.uint16).view(dtype.numpy)
    wide = np.array([signed(each) for each in values], np.int64)
    if dtype.is_quantized:
        storage = dtype.numpy[0]
        return wide.astype(storage).view(dtype.numpy)
    return wide.astype(dtype.numpy)
