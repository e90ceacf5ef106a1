"""Writes one checkpoint: values into a data file, what is known of them into the index.

Works on arrays, names and slices; independent of graphs. The checkpoint is there when
`write_bundle` returns, and not at all when it raises: then what was there under that name before
still is.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pantarhei.core import errors
from pantarhei.core.dtypes import as_dtype
from pantarhei.files.checkpoints import durable
from pantarhei.files.checkpoints.format.bundle_reader import BundleReader
from pantarhei.files.checkpoints.format.coding import crc32c, masked, varint
from pantarhei.files.checkpoints.format.messages import BundleEntry, Header, TensorSlice
from pantarhei.files.checkpoints.format.table import encoded_table
from pantarhei.program.ir import Array

# Bytes that are written at a time: the disk is busy with one piece while the next is prepared.
_PIECE = 8 << 20


@dataclass(frozen=True)
class Saved:
    """A tensor to write: a whole one, or a part of one of `full_shape`."""

    name: str
    array: Array
    full_shape: tuple[int, ...] | None = None
    part: TensorSlice | None = None


class _Writing:
    """The data file being written, and the entries that its content has so far."""

    def __init__(self, file: durable.TemporaryFile) -> None:
        self.file = file
        self.offset = 0
        self.entries: dict[bytes, BundleEntry] = {}

    def add(self, tensor: Saved) -> None:
        key = tensor.name.encode()
        if tensor.part is None or tensor.full_shape is None:
            self._keep(key, tensor)
            return
        tensor.part.within(tensor.full_shape)
        whole = self.entries.get(key)
        dtype = as_dtype(tensor.array.dtype)
        if whole is None:
            whole = BundleEntry(dtype, tensor.full_shape)
        elif not whole.slices or (whole.dtype, whole.shape) != (dtype, tensor.full_shape):
            raise errors.InvalidArgumentError(
                None,
                None,
                f"The parts of {tensor.name} are of {whole.dtype.name} {list(whole.shape)} and of "
                f"{dtype.name} {list(tensor.full_shape)}.",
            )
        self.entries[key] = replace(whole, slices=(*whole.slices, tensor.part))
        self._keep(tensor.part.key(tensor.name), tensor)

    def _keep(self, key: bytes, tensor: Saved) -> None:
        if not key:
            raise errors.InvalidArgumentError(None, None, "A tensor needs a name to be saved.")
        if key in self.entries:
            raise errors.InvalidArgumentError(None, None, f"Adding duplicate key: {tensor.name}")
        array = tensor.array
        start = self.offset
        crc = self._strings(array) if array.dtype == object else self._numbers(array)
        self.entries[key] = BundleEntry(
            as_dtype(array.dtype),
            array.shape,
            offset=start,
            size=self.offset - start,
            checksum=masked(crc),
        )

    def _write(self, data: Any, size: int) -> None:
        self.file.write(data)
        self.offset += size

    def _numbers(self, array: Array) -> int:
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        data.flags.writeable = False  # what the checksum is taken of
        crc = 0
        for start in range(0, data.size, _PIECE):
            piece = data[start : start + _PIECE]
            self._write(piece, piece.size)
            crc = crc32c(piece, crc)
        return crc

    def _strings(self, array: Array) -> int:
        """Lengths, their checksum, then the strings one after another."""
        strings = [each.encode() if isinstance(each, str) else each for each in array.ravel()]
        sizes = [len(each) for each in strings]
        words = b"".join(size.to_bytes(4 if size <= 0xFFFFFFFF else 8, "little") for size in sizes)
        crc = crc32c(words)
        checksum = masked(crc).to_bytes(4, "little")
        head = b"".join(map(varint, sizes)) + checksum
        self._write(head, len(head))
        crc = crc32c(checksum, crc)
        for each in strings:
            self._write(each, len(each))
            crc = crc32c(each, crc)
        return crc


def _encoded(header: Header, entries: Mapping[bytes, BundleEntry]) -> bytes:
    items = [(key, entries[key].encoded()) for key in sorted(entries)]
    return encoded_table([(b"", header.encoded()), *items])


def write_bundle(
    prefix: str, tensors: Sequence[Saved], random_states: Mapping[str, Array] | None = None
) -> None:
    """Writes a checkpoint, in the order of `tensors`.

    Args:
      prefix: of the names of its files.
      tensors: what it is to hold.
      random_states: states of random operations, by the operations' names.

    Raises:
      tf.errors.OpError: the system refuses. InvalidArgumentError: names twice, parts that do not
      fit.
    """
    folder = durable.folder_of(prefix)
    with suppress(OSError):  # the folder is made, but not those that it would lie in
        os.mkdir(folder)
    durable.remove_orphans(folder)
    target = durable.data_path(prefix, 0, 1)
    files = [durable.TemporaryFile(target)]
    try:
        writing = _Writing(files[0])
        for tensor in tensors:
            writing.add(tensor)
        files[0].flush()
        files.append(durable.TemporaryFile(durable.index_path(prefix)))
        header = Header(random_states=dict(random_states or {}))
        files[1].write(_encoded(header, writing.entries))
        files[1].flush()
        durable.commit(prefix, [(files[0].path, target)], files[1].path)
        for file in files:
            file.close()
    except BaseException:
        for file in files:
            file.discard()
        raise


def merge_bundles(prefixes: Sequence[str], destination: str, delete_old_dirs: bool) -> None:
    """Makes one checkpoint of several: moves their data files, writes one index.

    Args:
      prefixes: of the checkpoints to merge.
      destination: prefix of what becomes of them.
      delete_old_dirs: whether the folders that they lay in are removed, if nothing is left there.

    Raises:
      tf.errors.OpError: one of them is not there or not sound, or the system refuses.
    """
    durable.remove_orphans(durable.folder_of(destination))
    entries: dict[bytes, BundleEntry] = {}
    states: dict[str, Array] = {}
    sources: list[str] = []
    for prefix in prefixes:
        with BundleReader(prefix) as reader:
            count = reader.header.shards
            for key, entry in reader.raw_entries():
                moved = replace(entry, shard=entry.shard + len(sources))
                known = entries.get(key)
                if known is not None and not (known.slices and entry.slices):
                    raise errors.InvalidArgumentError(
                        None, None, f"Duplicate tensor keyed by {key!r} encountered, when merging"
                    )
                if known is not None:
                    moved = replace(known, slices=(*known.slices, *entry.slices))
                entries[key] = moved
            states.update(reader.header.random_states)
        sources += [durable.data_path(prefix, shard, count) for shard in range(count)]
    index = durable.TemporaryFile(durable.index_path(destination))
    try:
        index.write(_encoded(Header(shards=len(sources), random_states=states), entries))
        index.flush()
        targets = [
            durable.data_path(destination, shard, len(sources)) for shard in range(len(sources))
        ]
        durable.commit(destination, list(zip(sources, targets, strict=True)), index.path)
        index.close()
    except BaseException:
        index.discard()
        raise
    with suppress(OSError):  # the checkpoint is there; what is left over does no harm
        for prefix in prefixes:
            os.remove(durable.index_path(prefix))
        for folder in {durable.folder_of(prefix) for prefix in prefixes} if delete_old_dirs else ():
            if not os.listdir(folder):
                os.rmdir(folder)
