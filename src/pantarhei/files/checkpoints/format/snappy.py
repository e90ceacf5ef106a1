"""Snappy's decompression, for the compressed blocks of old checkpoints.

Format: https://github.com/google/snappy/blob/main/format_description.txt
"""

from __future__ import annotations

from pantarhei.files.checkpoints.format.coding import Malformed, read_varint

# A copy of three bytes gives at most 64: more than this ratio no sound data reaches.
_LARGEST_RATIO = 64


def decompressed(data: bytes) -> bytes:
    """What was compressed to `data`.

    Raises:
      Malformed: the data are not sound.
    """
    size, position = read_varint(data, 0)
    if size > len(data) * _LARGEST_RATIO:
        raise Malformed("compressed data name a size that they cannot have")
    result = bytearray()
    while position < len(data):
        tag = data[position]
        kind, length = tag & 3, (tag >> 2) + 1
        position += 1
        if kind == 0:
            extra = max(length - 60, 0)
            if extra:
                length = int.from_bytes(data[position : position + extra], "little") + 1
            position += extra
            if length > len(data) - position:
                raise Malformed("compressed data are cut off")
            result += data[position : position + length]
            position += length
            continue
        width = (1, 2, 4)[kind - 1]
        offset = int.from_bytes(data[position : position + width], "little")
        position += width
        if kind == 1:
            offset |= (tag & 0xE0) << 3
            length = (tag >> 2 & 7) + 4
        if position > len(data) or not 0 < offset <= len(result):
            raise Malformed("compressed data refer to what is not there")
        _copy(result, offset, length)
    if len(result) != size:
        raise Malformed("compressed data have another size than they name")
    return bytes(result)


def _copy(result: bytearray, offset: int, length: int) -> None:
    """Appends `length` bytes from `offset` before the end on; they may overlap what is appended."""
    start = len(result) - offset
    pattern = bytes(result[start : start + length])
    result += (pattern * (length // len(pattern) + 1))[:length]
