"""Numbers and text as the bytes that checkpoints are made of: varints, message fields, checksums.

Encodings only: LevelDB's varints, the wire format of protocol buffers, the order-preserving
codes of slice names, and CRC32C as it is stored (masked). A fault in what is read raises
`Malformed`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import google_crc32c

# A checksum over bytes that hold checksums is weak, so the stored ones are rotated and shifted.
_MASK_DELTA = 0xA282EAD8

_VARINT, _FIXED64, _LENGTH_DELIMITED, _FIXED32 = 0, 1, 2, 5


class Malformed(Exception):
    """The bytes are not what they should be."""


# ------------------------------------------------------------------------------------ checksums


def crc32c(data: Any, crc: int = 0) -> int:
    """The CRC32C of `data`, which follows bytes whose checksum is `crc`."""
    return int(google_crc32c.extend(crc, data))


def masked(crc: int) -> int:
    """A checksum in the form in which it is stored."""
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF


def masked_crc32c(data: bytes) -> int:
    """The CRC32C of `data` in the form in which it is stored."""
    crc: int = google_crc32c.value(data)
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF


def unmasked(stored: int) -> int:
    """The checksum that `masked` made `stored` of."""
    rotated = (stored - _MASK_DELTA) & 0xFFFFFFFF
    return ((rotated >> 17) | (rotated << 15)) & 0xFFFFFFFF


# -------------------------------------------------------------------------------------- varints


def varint(number: int) -> bytes:
    """A whole number in groups of seven bits; negative ones as 64 bits in two's complement."""
    number &= 0xFFFFFFFFFFFFFFFF
    result = bytearray()
    while number >= 0x80:
        result.append(number & 0x7F | 0x80)
        number >>= 7
    result.append(number)
    return bytes(result)


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """An unsigned varint at `position`, and the position behind it."""
    number = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise Malformed("a number is cut off")
        byte = data[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            if number > 0xFFFFFFFFFFFFFFFF:
                raise Malformed("a number has more than 64 bits")
            return number, position
    raise Malformed("a number has more than 64 bits")


def signed(number: int) -> int:
    """The value of a varint that stands for an int64."""
    return number - (1 << 64) if number >> 63 else number


# ------------------------------------------------------------------- fields of protocol buffers


def number_field(number: int, value: int) -> bytes:
    """A field that holds a whole number; nothing for zero, the default."""
    return varint(number << 3 | _VARINT) + varint(value) if value else b""


def fixed32_field(number: int, value: int) -> bytes:
    """A field of four bytes; nothing for zero, the default."""
    return varint(number << 3 | _FIXED32) + struct.pack("<I", value) if value else b""


def bytes_field(number: int, value: bytes) -> bytes:
    """A field that holds bytes or a message; written even where they are empty."""
    return varint(number << 3 | _LENGTH_DELIMITED) + varint(len(value)) + value


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a message in their order: number, and an int or bytes.

    Raises:
      Malformed: the bytes are no message.
    """
    position = 0
    while position < len(data):
        tag, position = read_varint(data, position)
        kind = tag & 7
        if tag >> 3 == 0:
            raise Malformed("a field has the number 0")
        if kind == _VARINT:
            value, position = read_varint(data, position)
            yield tag >> 3, value
            continue
        if kind == _LENGTH_DELIMITED:
            size, position = read_varint(data, position)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise Malformed(f"a field is of the unknown kind {kind}")
        if size > len(data) - position:
            raise Malformed("a field is cut off")
        piece = data[position : position + size]
        position += size
        yield tag >> 3, piece if kind == _LENGTH_DELIMITED else int.from_bytes(piece, "little")


def expect_number(value: Any) -> int:
    """`value` if the field was a number."""
    if not isinstance(value, int):
        raise Malformed("a number was expected, bytes were found")
    return value


def expect_bytes(value: Any) -> bytes:
    """`value` if the field was bytes."""
    if not isinstance(value, bytes):
        raise Malformed("bytes were expected, a number was found")
    return value


# ------------------------------------------------------------- codes that sort like their values


def ordered_unsigned(number: int) -> bytes:
    """A number as its count of bytes and these, the highest first."""
    size = (number.bit_length() + 7) // 8
    return bytes([size]) + number.to_bytes(size, "big")


def ordered_bytes(value: bytes) -> bytes:
    """Bytes with an end mark that sorts before every continuation."""
    marks = {0x00: b"\x00\xff", 0xFF: b"\xff\x00"}
    return b"".join(marks.get(byte, bytes([byte])) for byte in value) + b"\x00\x01"


def ordered_signed(number: int) -> bytes:
    """A signed number: the leading ones of the first bytes give the number of bytes."""
    magnitude = ~number if number < 0 else number
    size = magnitude.bit_length() // 7 + 1
    # size ones and a zero, in front; for negative numbers all bits are the other way round
    pattern = number & ((1 << 8 * size) - 1)
    header = ((1 << size) - 1) << (8 * size - size)
    return (pattern ^ header).to_bytes(size, "big")
