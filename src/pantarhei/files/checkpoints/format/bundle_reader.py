"""Reads one checkpoint: its index when it is opened, values when they are requested.

Every byte that is used has been checked against a checksum, and no array is made that is larger
than the file it comes from. What is not sound raises DataLossError with the file and the tensor.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from pantarhei.core import dtypes, errors
from pantarhei.files.checkpoints import durable
from pantarhei.files.checkpoints.checkpoint_reader import CheckpointReader
from pantarhei.files.checkpoints.format.coding import (
    Malformed,
    crc32c,
    masked,
    read_varint,
    unmasked,
)
from pantarhei.files.checkpoints.format.messages import (
    VERSION,
    BundleEntry,
    Header,
    decoded_entry,
    decoded_header,
)
from pantarhei.files.checkpoints.format.table import decoded_table
from pantarhei.files.gfile.system_errors import system_errors
from pantarhei.program.ir import Array

# Data files that are opened together with the index, so that all are of one moment.
_OPENED_AT_ONCE = 64


def not_found(prefix: str) -> errors.NotFoundError:
    """The error for a checkpoint that is not there."""
    return errors.NotFoundError(
        None,
        None,
        "Unsuccessful TensorSliceReader constructor: Failed to find any matching files for "
        f"{prefix}",
    )


class BundleReader(CheckpointReader):
    """A checkpoint, open for reading.

    Args:
      prefix: of the names of its files.

    Raises:
      NotFoundError: there is none. DataLossError: its index is not sound.
    """

    def __init__(self, prefix: str) -> None:
        super().__init__(prefix)
        self._files: dict[int, BinaryIO] = {}
        self._raw: dict[bytes, bytes] = {}
        folder = durable.folder_of(prefix)
        with durable.locked(folder):
            self._complete()
            path = durable.index_path(prefix)
            if not os.path.isfile(path):
                raise not_found(prefix)
            with system_errors(path), open(path, "rb") as file:
                index = file.read()
            self.header = self._read_index(index)
            if self.header.shards <= _OPENED_AT_ONCE:
                for shard in range(self.header.shards):
                    if os.path.isfile(self.data_path(shard)):
                        self._file(shard)

    def _complete(self) -> None:
        try:
            durable.finish(self.prefix)
        except errors.OpError:  # a folder that cannot be written to is read as it is
            return

    def _read_index(self, index: bytes) -> Header:
        path = durable.index_path(self.prefix)
        try:
            self._raw = dict(decoded_table(index))
            if b"" not in self._raw:
                raise Malformed("there is no header")
            header = decoded_header(self._raw.pop(b""))
        except Malformed as fault:
            raise errors.DataLossError(
                None,
                None,
                f"Unable to read file ({path}). Perhaps the file is corrupt or was produced by a "
                f"newer version of TensorFlow with format changes: {fault}",
            ) from None
        if header.min_consumer > VERSION:
            raise errors.InvalidArgumentError(
                None,
                None,
                f"Checkpoint (checkpoint version {header.producer}) is not supported: {path} asks "
                f"for a reader of version {header.min_consumer}, this one has version {VERSION}",
            )
        if header.big_endian:
            raise errors.UnimplementedError(
                None, None, f"Reading a bundle with different endianness from the reader: {path}"
            )
        return header

    # --- entries --------------------------------------------------------------------------------

    @property
    def index_path(self) -> str:
        """The file that lists the tensors."""
        return durable.index_path(self.prefix)

    def _keys(self) -> list[bytes]:
        return list(self._raw)

    def _has_key(self, key: bytes) -> bool:
        return key in self._raw

    def data_path(self, shard: int) -> str:
        """The file with the values of a shard."""
        return durable.data_path(self.prefix, shard, self.header.shards)

    def _decoded(self, key: bytes, name: str) -> BundleEntry:
        try:
            return decoded_entry(self._raw[key])
        except Malformed as fault:
            raise self.loss(name, durable.index_path(self.prefix), str(fault)) from None

    # --- values ---------------------------------------------------------------------------------

    def _file(self, shard: int) -> BinaryIO:
        if shard not in self._files:
            path = self.data_path(shard)
            with system_errors(path):
                file = open(path, "rb", buffering=0)  # noqa: SIM115 - closed with the reader
            self._files[shard] = self._exit.enter_context(file)
        return self._files[shard]

    def _value(self, name: str, key: bytes, entry: BundleEntry) -> Array:
        path = self.data_path(entry.shard)
        if entry.shard >= self.header.shards:
            raise self.loss(name, path, f"there are only {self.header.shards} shards")
        if not entry.dtype.is_numpy_compatible:
            raise errors.UnimplementedError(
                None, None, f"Tensor {name!r} in {path} is of dtype {entry.dtype.name}"
            )
        file = self._file(entry.shard)
        with system_errors(path):
            length = os.fstat(file.fileno()).st_size
        if entry.offset + entry.size > length:
            raise self.loss(
                name, path, f"Read less bytes than requested: the file ends at {length}"
            )

        def fill(buffer: Array) -> None:
            with system_errors(path):
                file.seek(entry.offset)
                view = buffer.data
                while view:
                    count = file.readinto(view)  # type: ignore[attr-defined]
                    if not count:
                        raise self.loss(name, path, "Read less bytes than requested")
                    view = view[count:]

        try:
            if entry.dtype == dtypes.string:
                return _strings(entry, fill)
            return _numbers(entry, fill)
        except Malformed as fault:
            raise self.loss(name, path, str(fault)) from None


def _check(stored: int, crc: int) -> None:
    if masked(crc) != stored:
        raise Malformed(
            f"Checksum does not match: stored {unmasked(stored)} vs. calculated on the restored "
            f"bytes {crc}"
        )


def _numbers(entry: BundleEntry, fill: Callable[[Array], None]) -> Array:
    dtype = entry.dtype.numpy
    if entry.elements * dtype.itemsize != entry.size:
        raise Malformed(
            f"Invalid size in bundle entry: {entry.size} bytes for {entry.dtype.name} "
            f"{list(entry.shape)}"
        )
    try:
        array: Array = np.empty(entry.shape, dtype)
    except ValueError:  # one extent is zero, another one beyond all bounds
        raise Malformed(f"a shape that no tensor has: {list(entry.shape)}") from None
    data = array.reshape(-1).view(np.uint8)
    fill(data)
    data.flags.writeable = False
    _check(entry.checksum, crc32c(data))
    return array


def _strings(entry: BundleEntry, fill: Callable[[Array], None]) -> Array:
    count = entry.elements
    if count + 4 > entry.size:  # a length takes at least one byte, their checksum four
        raise Malformed(f"Invalid size in bundle entry: {entry.size} bytes for {count} strings")
    buffer = np.empty(entry.size, np.uint8)
    fill(buffer)
    data = buffer.tobytes()
    sizes, position = [], 0
    for _ in range(count):
        size, position = read_varint(data, position)
        sizes.append(size)
    crc = crc32c(
        b"".join(size.to_bytes(4 if size <= 0xFFFFFFFF else 8, "little") for size in sizes)
    )
    stored = data[position : position + 4]
    if stored != masked(crc).to_bytes(4, "little"):
        raise Malformed("The length checksum does not match")
    position += 4
    if position + sum(sizes) != len(data):
        raise Malformed("the lengths of strings do not add up")
    _check(entry.checksum, crc32c(data[position:], crc32c(stored, crc)))
    result: Any = np.empty(count, object)
    for index, size in enumerate(sizes):
        result[index] = data[position : position + size]
        position += size
    array: Array = result.reshape(entry.shape)
    return array
