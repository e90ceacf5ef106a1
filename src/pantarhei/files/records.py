"""Files of records: what TFRecord files and event files are made of.

A record is its length (8 bytes, little endian), a checksum of the length, the data, a checksum of
the data; the checksums are masked CRC32C. It handles bytes and offsets only, and reads no more than
a file holds: a damaged length costs no memory.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, BinaryIO

from pantarhei.core import errors
from pantarhei.files.checkpoints.format.coding import masked_crc32c

_LENGTH = struct.Struct("<Q")
_CHECKSUM = struct.Struct("<I")
_HEADER = _LENGTH.size + _CHECKSUM.size

# Bytes per read of a file.
READ_SIZE = 1 << 18

Read = Callable[[int], bytes]


@lru_cache(maxsize=1024)
def _head(length: int) -> bytes:
    """The header of data of this length; records of one file are often equally long."""
    packed = _LENGTH.pack(length)
    return packed + _CHECKSUM.pack(masked_crc32c(packed))


def framed(data: bytes) -> bytes:
    """A record as it is in a file."""
    return b"".join((_head(len(data)), data, _CHECKSUM.pack(masked_crc32c(data))))


def read_records(read: Read, path: str) -> Iterator[bytes]:
    """The records that `read(size)` gives, in order.

    Args:
      read: gives up to so many bytes, and none at the end.
      path: the file's name, for errors.

    Raises:
      tf.errors.DataLossError: a record is damaged or cut off; the text says at which offset.
    """
    buffer, place = b"", 0
    offset = 0  # of the buffer's beginning
    while True:
        if len(buffer) - place < _HEADER:
            offset += place
            buffer, place = _filled(read, buffer[place:], _HEADER, path, offset), 0
            if not buffer:
                return
            if len(buffer) < _HEADER:
                raise _lost("truncated", offset, path, "the file ends in the record's length")
        (length,) = _LENGTH.unpack_from(buffer, place)
        if buffer[place : place + _HEADER] != _head(length):
            cause = "the record's length is not what was written"
            raise _lost("corrupted", offset + place, path, cause)
        end = place + _HEADER + length
        if len(buffer) < end + _CHECKSUM.size:
            offset += place
            end = _HEADER + length
            whole = end + _CHECKSUM.size
            buffer, place = _filled(read, buffer[place:], whole, path, offset), 0
            if len(buffer) < end + _CHECKSUM.size:
                cause = f"the file ends in a record of {length} bytes"
                raise _lost("truncated", offset, path, cause)
        data = buffer[place + _HEADER : end]
        if masked_crc32c(data) != _CHECKSUM.unpack_from(buffer, end)[0]:
            cause = "the record's data are not what was written"
            raise _lost("corrupted", offset + place + _HEADER, path, cause)
        yield data
        place = end + _CHECKSUM.size


def _filled(read: Read, data: bytes, size: int, path: str, offset: int) -> bytes:
    """`data` with more after it, at least `size` bytes unless the file ends before.

    `path` and `offset` say where the data are, for errors.
    """
    parts, missing = [data], size - len(data)
    try:
        while missing > 0 and (part := read(READ_SIZE)):
            parts.append(part)
            missing -= len(part)
    except zlib.error as error:
        words = str(error).replace("Error", "error").replace(" while decompressing data", "")
        cause = f"in {path}, the compressed data of the record at {offset} are damaged."
        raise errors.DataLossError(
            None, None, f"inflate() failed with {words}", cause=cause
        ) from error
    return b"".join(parts)


def _lost(how: str, offset: int, path: str, cause: str) -> errors.DataLossError:
    return errors.DataLossError(
        None, None, f"{how} record at {offset}", cause=f"in {path}, {cause}."
    )


class Inflated:
    """What a file that zlib or gzip has compressed holds, read in pieces.

    Args:
      file: the compressed file.
      window_bits: as `zlib.decompressobj` takes them; they select zlib's format or gzip's.
      size: how much is read from the file at once.
    """

    def __init__(self, file: BinaryIO, window_bits: int, size: int = READ_SIZE) -> None:
        self._file = file
        self._window_bits = window_bits
        self._size = size
        self._stream: Any = None  # None before a stream has begun: several can follow one another
        self._compressed = b""
        self._ready = b""

    def read(self, wanted: int) -> bytes:
        """Up to `wanted` bytes; none at the end.

        Raises:
          zlib.error: the compressed data are damaged.
        """
        while not self._ready:
            if not self._compressed:
                self._compressed = self._file.read(self._size)
            if not self._compressed:
                break  # the end, even within a stream: it may still be written to
            self._inflate()
        result, self._ready = self._ready[:wanted], self._ready[wanted:]
        return result

    def _inflate(self) -> None:
        if self._stream is None:
            self._stream = zlib.decompressobj(self._window_bits)
        self._ready = self._stream.decompress(self._compressed, READ_SIZE)
        self._compressed = self._stream.unconsumed_tail
        if self._stream.eof:
            self._compressed = self._stream.unused_data
            self._stream = None
