"""Sorted tables: keys and values in one file, as LevelDB writes them; the index of a checkpoint.

A table is blocks of entries, each with a checksum, a block that lists them, and a footer. Keys
share prefixes with the key before. Independent of what keys and values mean. A file that is not
sound raises `Malformed`, before anything is allocated that the file does not hold.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from pantarhei.files.checkpoints.format.coding import Malformed, crc32c, masked, read_varint, varint
from pantarhei.files.checkpoints.format.snappy import decompressed

# TensorFlow's sizes, so that the same content gives the same bytes.
BLOCK_SIZE = 262144
RESTART_INTERVAL = 16

_MAGIC = 0xDB4775248B80FB57
_FOOTER_SIZE = 48
_TRAILER_SIZE = 5
_PLAIN, _SNAPPY = 0, 1


# -------------------------------------------------------------------------------------- writing


class _BlockBuilder:
    """Entries being put together; every `interval`-th key is written whole."""

    def __init__(self, interval: int) -> None:
        self.interval = interval
        self.data = bytearray()
        self.restarts = [0]
        self.count = 0
        self.last = b""

    def add(self, key: bytes, value: bytes) -> None:
        shared = 0
        if self.count == self.interval:
            self.restarts.append(len(self.data))
            self.count = 0
        elif self.data:
            shared = _shared(self.last, key)
        self.data += varint(shared) + varint(len(key) - shared) + varint(len(value))
        self.data += key[shared:] + value
        self.last = key
        self.count += 1

    @property
    def size(self) -> int:
        return len(self.data) + 4 * len(self.restarts) + 4

    def finished(self) -> bytes:
        ends = struct.pack(f"<{len(self.restarts) + 1}I", *self.restarts, len(self.restarts))
        return bytes(self.data) + ends


def _shared(one: bytes, other: bytes) -> int:
    """The length of the prefix that two keys have in common."""
    limit = min(len(one), len(other))
    return next((index for index in range(limit) if one[index] != other[index]), limit)


def _separator(low: bytes, high: bytes) -> bytes:
    """A short key that is not before `low` and before `high`."""
    shared = _shared(low, high)
    if shared < min(len(low), len(high)) and low[shared] + 1 < high[shared]:
        return low[:shared] + bytes([low[shared] + 1])
    return low


def _successor(key: bytes) -> bytes:
    """A short key that is not before `key`."""
    for index, byte in enumerate(key):
        if byte != 0xFF:
            return key[:index] + bytes([byte + 1])
    return key


def encoded_table(items: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The bytes of a table of `items`, whose keys have to be in order and different."""
    result = bytearray()

    def write(block: bytes) -> bytes:
        """Appends a block and returns what refers to it."""
        handle = varint(len(result)) + varint(len(block))
        kind = bytes([_PLAIN])
        checksum = masked(crc32c(kind, crc32c(block)))
        result.extend(block + kind + struct.pack("<I", checksum))
        return handle

    block, index = _BlockBuilder(RESTART_INTERVAL), _BlockBuilder(1)
    pending: tuple[bytes, bytes] | None = None  # last key and handle of a block that is written
    for key, value in items:
        if pending is not None:
            index.add(_separator(pending[0], key), pending[1])
            pending = None
        block.add(key, value)
        if block.size >= BLOCK_SIZE:
            pending = key, write(block.finished())
            block = _BlockBuilder(RESTART_INTERVAL)
    if block.data:
        pending = block.last, write(block.finished())
    meta = write(_BlockBuilder(RESTART_INTERVAL).finished())
    if pending is not None:
        index.add(_successor(pending[0]), pending[1])
    handles = meta + write(index.finished())
    return bytes(result) + handles.ljust(_FOOTER_SIZE - 8, b"\0") + struct.pack("<Q", _MAGIC)


# -------------------------------------------------------------------------------------- reading


def decoded_table(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of a table in their order.

    Raises:
      Malformed: the bytes are no table, or have been altered.
    """
    if len(data) < _FOOTER_SIZE:
        raise Malformed("file is too short to be an sstable")
    footer = data[-_FOOTER_SIZE:]
    if struct.unpack("<Q", footer[-8:])[0] != _MAGIC:
        raise Malformed("not an sstable (bad magic number)")
    meta, position = _handle(footer, 0)
    index, _ = _handle(footer, position)
    body = data[:-_FOOTER_SIZE]
    list(_entries(_block(body, *meta)))
    last: bytes | None = None
    for _, handle in _entries(_block(body, *index)):
        location, _ = _handle(handle, 0)
        for key, value in _entries(_block(body, *location)):
            if last is not None and key <= last:
                raise Malformed("the keys are not in order")
            last = key
            yield key, value


def _handle(data: bytes, position: int) -> tuple[tuple[int, int], int]:
    offset, position = read_varint(data, position)
    size, position = read_varint(data, position)
    return (offset, size), position


def _block(data: bytes, offset: int, size: int) -> bytes:
    end = offset + size
    if end + _TRAILER_SIZE > len(data):
        raise Malformed("truncated block read")
    kind = data[end]
    (stored,) = struct.unpack("<I", data[end + 1 : end + _TRAILER_SIZE])
    if masked(crc32c(data[offset : end + 1])) != stored:
        raise Malformed("block checksum mismatch")
    block = data[offset:end]
    if kind == _SNAPPY:
        return decompressed(block)
    if kind != _PLAIN:
        raise Malformed(f"bad block type {kind}")
    return block


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    if len(block) < 4:
        raise Malformed("bad block contents")
    (restarts,) = struct.unpack("<I", block[-4:])
    end = len(block) - 4 - 4 * restarts
    if end < 0:
        raise Malformed("bad block contents")
    position, key = 0, b""
    while position < end:
        shared, position = read_varint(block, position)
        own, position = read_varint(block, position)
        size, position = read_varint(block, position)
        if shared > len(key) or own + size > end - position:
            raise Malformed("bad entry in block")
        key = key[:shared] + block[position : position + own]
        position += own
        yield key, block[position : position + size]
        position += size
