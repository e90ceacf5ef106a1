"""The messages in a checkpoint's index: header, entries of tensors, slices; and text for slices.

Their fields only, nothing of files. Names follow TensorFlow's `tensor_bundle.proto`,
`tensor_shape.proto`, `tensor_slice.proto`. What cannot be right raises `Malformed` when it is read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.dtypes import DType
from pantarhei.files.checkpoints.format.coding import (
    Malformed,
    bytes_field,
    expect_bytes,
    expect_number,
    fields,
    fixed32_field,
    number_field,
    ordered_bytes,
    ordered_signed,
    ordered_unsigned,
    signed,
)
from pantarhei.program.ir import Array

# The version of the format that is written and read.
VERSION = 1

# TensorFlow's readers skip unknown fields; here the random states are kept.
_RANDOM_STATES_FIELD = 1115

# Words of the state of a random operation: key and counter.
_STATE_WORDS = 6


@dataclass(frozen=True)
class TensorSlice:
    """A part of a tensor: its start and extent along each axis (None: all of the axis)."""

    starts: tuple[int, ...]
    extents: tuple[int | None, ...]

    def within(self, shape: Sequence[int]) -> tuple[slice, ...]:
        """The same as an index into an array of `shape`; raises Malformed if it reaches beyond."""
        if len(shape) != len(self.starts):
            raise Malformed(f"a slice of rank {len(self.starts)} of a tensor of rank {len(shape)}")
        result = []
        for start, extent, full in zip(self.starts, self.extents, shape, strict=True):
            end = full if extent is None else start + extent
            if start < 0 or end < start or end > full:
                raise Malformed(f"a slice from {start} to {end} of an axis of {full}")
            result.append(slice(start, end))
        return tuple(result)

    def encoded(self) -> bytes:
        """As a TensorSliceProto."""
        parts = [
            b"" if extent is None else number_field(1, start) + _length_field(extent)
            for start, extent in zip(self.starts, self.extents, strict=True)
        ]
        return b"".join(bytes_field(1, part) for part in parts)

    def key(self, name: str) -> bytes:
        """The key under which the index keeps this part of the tensor `name`."""
        code = ordered_unsigned(0) + ordered_bytes(name.encode())
        code += ordered_unsigned(len(self.starts))
        for start, extent in zip(self.starts, self.extents, strict=True):
            code += ordered_signed(start) + ordered_signed(-1 if extent is None else extent)
        return code


def _length_field(extent: int) -> bytes:
    # It is one choice of several, and so is written even if it is zero.
    return number_field(2, extent) or b"\x10\x00"


def decoded_slice(data: bytes) -> TensorSlice:
    """The part that a TensorSliceProto names."""
    starts, extents = [], []
    for number, value in fields(data):
        if number != 1:
            continue
        start, extent = 0, None
        for inner, content in fields(expect_bytes(value)):
            if inner == 1:
                start = signed(expect_number(content))
            elif inner == 2:
                extent = signed(expect_number(content))
        starts.append(start)
        extents.append(extent)
    return TensorSlice(tuple(starts), tuple(extents))


def parse_shape_and_slice(text: str) -> tuple[tuple[int, ...], TensorSlice]:
    """The shape of the whole and the part that a spec such as "4 2 0,2:-" stands for.

    Raises:
      ValueError: the text is no spec.
    """
    *extents, parts = text.split(" ")
    shape = tuple(int(extent) for extent in extents)
    starts: list[int] = []
    lengths: list[int | None] = []
    for part in parts.split(":") if shape else []:
        if part == "-":
            starts.append(0)
            lengths.append(None)
        else:
            start, length = part.split(",")
            starts.append(int(start))
            lengths.append(int(length))
    if len(starts) != len(shape):
        raise ValueError(f"{text!r} names {len(shape)} extents and {len(starts)} parts")
    return shape, TensorSlice(tuple(starts), tuple(lengths))


@dataclass(frozen=True)
class BundleEntry:
    """The index entry of a tensor, or of a part of one."""

    dtype: DType
    shape: tuple[int, ...]
    shard: int = 0
    offset: int = 0
    size: int = 0
    checksum: int = 0  # masked
    slices: tuple[TensorSlice, ...] = ()

    def encoded(self) -> bytes:
        """As a BundleEntryProto."""
        shape = b"".join(bytes_field(2, number_field(1, extent)) for extent in self.shape)
        return b"".join(
            [
                number_field(1, self.dtype.as_datatype_enum),
                bytes_field(2, shape),
                number_field(3, self.shard),
                number_field(4, self.offset),
                number_field(5, self.size),
                fixed32_field(6, self.checksum),
                *(bytes_field(7, each.encoded()) for each in self.slices),
            ]
        )

    @property
    def elements(self) -> int:
        """How many elements there are."""
        return math.prod(self.shape)


def known_dtype(number: int) -> DType:
    """The dtype of a number; raises Malformed if there is none."""
    try:
        return dtypes.as_dtype(number).base_dtype
    except TypeError:
        raise Malformed(f"a dtype of the unknown number {number}") from None


def decoded_entry(data: bytes) -> BundleEntry:
    """The entry that a BundleEntryProto holds."""
    dtype = 0
    shape: tuple[int, ...] = ()
    numbers = dict.fromkeys((3, 4, 5, 6), 0)
    slices = []
    for number, value in fields(data):
        if number == 1:
            dtype = expect_number(value)
        elif number == 2:
            shape = decoded_shape(expect_bytes(value))
        elif number in numbers:
            numbers[number] = expect_number(value)
        elif number == 7:
            slices.append(decoded_slice(expect_bytes(value)))
    if any(value >> 63 for value in numbers.values()):
        raise Malformed("a negative offset or size")
    return BundleEntry(
        known_dtype(dtype), shape, numbers[3], numbers[4], numbers[5], numbers[6], tuple(slices)
    )


def decoded_shape(data: bytes) -> tuple[int, ...]:
    """The shape that a TensorShapeProto holds."""
    shape = []
    for number, value in fields(data):
        if number == 3 and value:
            raise Malformed("a shape of unknown rank")
        if number != 2:
            continue
        extent = 0
        for inner, content in fields(expect_bytes(value)):
            if inner == 1:
                extent = signed(expect_number(content))
        if extent < 0:
            raise Malformed("a negative extent")
        shape.append(extent)
    return tuple(shape)


@dataclass(frozen=True)
class Header:
    """The header of the index; kept under the empty key, before all others."""

    shards: int = 1
    big_endian: bool = False
    producer: int = VERSION
    min_consumer: int = 0
    random_states: dict[str, Array] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """As a BundleHeaderProto, with the random states where others do not look."""
        version = number_field(1, self.producer) + number_field(2, self.min_consumer)
        states = b"".join(
            bytes_field(
                _RANDOM_STATES_FIELD,
                bytes_field(1, name.encode()) + bytes_field(2, state.astype("<u4").tobytes()),
            )
            for name, state in sorted(self.random_states.items())
        )
        return (
            number_field(1, self.shards)
            + number_field(2, self.big_endian)
            + bytes_field(3, version)
            + states
        )


def decoded_header(data: bytes) -> Header:
    """The header that a BundleHeaderProto holds."""
    shards, big_endian, version = 0, False, b""
    states = {}
    for number, value in fields(data):
        if number == 1:
            shards = expect_number(value)
        elif number == 2:
            big_endian = bool(value)
        elif number == 3:
            version = expect_bytes(value)
        elif number == _RANDOM_STATES_FIELD:
            parts = dict(fields(expect_bytes(value)))
            words = np.frombuffer(expect_bytes(parts.get(2, 0)), "<u4").astype(np.uint32)
            if words.shape != (_STATE_WORDS,):
                raise Malformed("a random state of the wrong size")
            states[expect_bytes(parts.get(1, 0)).decode("utf-8", "replace")] = words
    numbers = dict(fields(version))
    return Header(shards, big_endian, numbers.get(1, 0), numbers.get(2, 0), states)
