"""Bytes and lines of text as numbers: `decode_raw`, `decode_csv`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import shape_error
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.shapes import renamed
from pantarhei.ops.host.results import host_results
from pantarhei.ops.strings.text_numbers import number
from pantarhei.program.ir import Array, ProgramError, Type, Value


class DecodeRaw(OpDef):
    """Bytes as numbers of a dtype, along a new last axis."""

    signature = (
        "bytes: string -> output: out_type "
        "| out_type: {float16, float32, float64, int32, uint16, uint8, int16, int8, int64, "
        "complex64, complex128, bool} | little_endian: bool = True"
    )
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [op.inputs[0].shape.concatenate([None])]

    def lower(self, b: Any, op: Operation, x: Value) -> Value:
        dtype = op.attributes["out_type"]
        order = "<" if op.attributes["little_endian"] else ">"

        def decode(texts: Array) -> list[Array]:
            flat = texts.ravel()
            size = len(flat[0]) if flat.size else 0
            for index, text in enumerate(flat):
                if len(text) != size:
                    raise ProgramError(
                        "DecodeRaw requires input strings to all be the same size, but element "
                        f"{index} has size {size} != {len(text)}"
                    )
            if size % dtype.size:
                raise ProgramError(
                    f"Input to DecodeRaw has length {size} that is not a multiple of "
                    f"{dtype.size}, the size of {dtype.name}"
                )
            numbers = np.frombuffer(b"".join(flat), dtype.numpy.newbyteorder(order))
            shape = (*texts.shape, size // dtype.size)
            return [numbers.astype(dtype.numpy).reshape(shape)]

        return host_results(b, decode, [x])[0]


def decode_raw(
    input_bytes: Any = None,
    out_type: Any = None,
    little_endian: bool = True,
    name: str | None = None,
    bytes: Any = None,
) -> Tensor:
    """Bytes as numbers.

    Args:
      input_bytes: a string tensor whose elements are all of one length.
      out_type: the dtype of the numbers.
      little_endian: whether a number's lowest byte comes first.
      name: name of the operation.
      bytes: the old name of `input_bytes`.

    Returns:
      A tensor of `out_type`, with one axis more than `input_bytes`.

    Raises:
      TypeError: there are no such numbers.
      tf.errors.InvalidArgumentError: when it runs and the lengths differ or do not fit.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.decode_raw(b"\\x01\\x00\\x00\\x01", tf.int16))
      array([  1, 256], dtype=int16)
    """
    data = renamed("input_bytes", input_bytes, "bytes", bytes)
    tensor: Tensor = apply(
        "DecodeRaw", data, out_type=out_type, little_endian=little_endian, name=name
    )
    return tensor


# --- lines with separated fields ------------------------------------------------------------------


class DecodeCSV(OpDef):
    """Lines with separated fields as one tensor for each column."""

    signature = (
        "records: string, record_defaults: list(OUT_TYPE) -> output: list(OUT_TYPE) "
        "| OUT_TYPE: list(type) | field_delim: string = ',' | use_quote_delim: bool = True "
        "| na_value: string = '' | select_cols: list(int) = []"
    )
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        records, *defaults = (tensor.shape for tensor in op.inputs)
        for default in defaults:
            extents = default.as_list() if default.ndims is not None else []
            if len(extents) > 1 or (extents and extents[0] is not None and extents[0] > 1):
                raise shape_error(
                    op, "Shape of a default must be a length-0 or length-1 vector, or a scalar."
                )
        return [records] * len(defaults)

    def lower(self, b: Any, op: Operation, records: Value, *defaults: Value) -> list[Value]:
        given = op.attributes
        delimiter = given["field_delim"].encode()
        if len(delimiter) != 1:
            raise ProgramError("field_delim should be only 1 char")
        missing, quotes = given["na_value"].encode(), given["use_quote_delim"]
        chosen, types = given["select_cols"], given["OUT_TYPE"]

        def decode(lines: Array, *others: Array) -> list[Array]:
            columns: list[list[Any]] = [[] for _ in types]
            for place, line in enumerate(lines.ravel()):
                fields = _fields(line, delimiter, quotes)
                if chosen:
                    fields = [fields[column] for column in chosen if column < len(fields)]
                if len(fields) != len(types):
                    raise ProgramError(
                        f"Expect {len(types)} fields but have {len(fields)} in record {place}"
                    )
                for column, each in enumerate(zip(fields, types, others, strict=True)):
                    where = f"Field {column}", f"record {place}"
                    columns[column].append(_value(*each, missing, where))
            results = [np.empty(lines.size, dtype.numpy) for dtype in types]
            for result, values in zip(results, columns, strict=True):
                result[:] = values
            return [result.reshape(lines.shape) for result in results]

        found = [Type(dtype.numpy, records.shape) for dtype in types]
        return host_results(b, decode, [records, *defaults], found)


def _fields(line: bytes, delimiter: bytes, quotes: bool) -> list[bytes]:
    """The fields of a line, without quotes around them."""
    if not line:
        return []
    if b"\n" not in line and b"\r" not in line and not (quotes and b'"' in line):
        return line.split(delimiter)
    fields = []
    place = 0
    while place < len(line):
        if line[place : place + 1] in (b"\n", b"\r"):
            place += 1
        elif quotes and line[place : place + 1] == b'"':
            field, place = _quoted(line, place + 1, delimiter)
            fields.append(field)
        else:
            end = line.find(delimiter, place)
            end = len(line) if end < 0 else end
            field = line[place:end]
            if b"\n" in field or b"\r" in field or (quotes and b'"' in field):
                raise ProgramError("Unquoted fields cannot have quotes/CRLFs inside")
            fields.append(field)
            place = end + 1
    return [*fields, b""] if line.endswith(delimiter) else fields


def _quoted(line: bytes, place: int, delimiter: bytes) -> tuple[bytes, int]:
    """The field that begins after a quote, and where the next one begins."""
    parts = []
    while True:
        end = line.find(b'"', place)
        if end < 0:
            raise ProgramError("Quoted field has to end with quote followed by delim or end")
        parts.append(line[place:end])
        after = line[end + 1 : end + 2]
        if after in (b"", delimiter):
            return b'"'.join(parts), end + 2
        if after != b'"':
            raise ProgramError("Quote inside a string has to be escaped by another quote")
        place = end + 2


def _value(
    field: bytes, dtype: DType, default: Array, missing: bytes, where: tuple[str, str]
) -> Any:
    if not field or field == missing:
        if not default.size:
            raise ProgramError(f"{where[0]} is required but missing in {where[1]}!")
        return default.ravel()[0]
    if dtype == dtypes.string:
        return field
    value = number(field, dtype)
    if value is None:
        name = {"float32": "float", "float64": "double"}.get(dtype.name, dtype.name)
        shown = field.decode("latin1")
        raise ProgramError(f"{where[0]} in {where[1]} is not a valid {name}: {shown}")
    return value


def decode_csv(
    records: Any,
    record_defaults: Sequence[Any],
    field_delim: str = ",",
    use_quote_delim: bool = True,
    name: str | None = None,
    na_value: str = "",
    select_cols: Sequence[int] | None = None,
) -> list[Tensor]:
    """Lines with separated fields (CSV, RFC 4180) as one tensor for each column.

    Args:
      records: a string tensor: lines without their ends.
      record_defaults: for each column what stands for a field that is empty: a scalar or a vector
        of one element; an empty vector if none may be. Its dtype is that of the column: float32,
        float64, int32, int64 or string.
      field_delim: the character between two fields.
      use_quote_delim: whether fields may be in double quotes.
      name: name of the operation.
      na_value: a text that means that a field is empty.
      select_cols: the numbers of the columns that are wanted, in order; all by default.

    Returns:
      Tensors of the shape of `records`.

    Raises:
      ValueError: `select_cols` are not in order, or not as many as there are defaults.
      tf.errors.InvalidArgumentError: when it runs and a line has other fields.

    Example:
      >>> import pantarhei as tf
      >>> columns = tf.decode_csv(['1,2.5,"a,b"', '3,,c'], [[0], [-1.0], [""]])
      >>> for column in tf.Session().run(columns):
      ...     print(column)
      [1 3]
      [ 2.5 -1. ]
      [b'a,b' b'c']
    """
    if select_cols is not None:
        if any(a >= b for a, b in pairwise(select_cols)):
            raise ValueError("select_cols is not strictly increasing.")
        if select_cols and select_cols[0] < 0:
            raise ValueError("select_cols contains negative values.")
        if len(select_cols) != len(record_defaults):
            raise ValueError("Length of select_cols and record_defaults do not match.")
    columns: list[Tensor] = apply(
        "DecodeCSV",
        records,
        record_defaults,
        field_delim=field_delim,
        use_quote_delim=use_quote_delim,
        na_value=na_value,
        select_cols=select_cols,
        name=name,
    )
    return columns
