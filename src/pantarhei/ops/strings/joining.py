"""Strings joined, split, and made of numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape, as_shape, unknown_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply, first_input_shape
from pantarhei.graph.definitions.shape_rules import merged, with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.sparse_tensor import SparseTensor
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.filling import range as count_up
from pantarhei.ops.array.shapes import rank as rank_of
from pantarhei.ops.array.shapes import renamed
from pantarhei.ops.host.results import host_results
from pantarhei.ops.strings.example_values import as_sparse_parts
from pantarhei.ops.strings.text import each_string
from pantarhei.program.ir import Array, ProgramError, Type, Value


class StringJoin(OpDef):
    """Joins strings element by element; single strings go with every element."""

    signature = "inputs: N * string -> output: string | N: int | separator: string = ''"
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        shapes = [tensor.shape for tensor in op.inputs if tensor.shape.ndims != 0]
        if not shapes:
            return [as_shape([])]
        result = shapes[0]
        for shape in shapes[1:]:
            result = merged(op, result, shape)
        return [result]

    def lower(self, b: Any, op: Operation, *inputs: Value) -> Value:
        separator = op.attributes["separator"]
        glue = separator if isinstance(separator, bytes) else separator.encode()
        shapes = {value.shape for value in inputs if value.shape}
        if len(shapes) > 1:
            raise ProgramError("Input shapes do not match: " + " vs. ".join(map(str, shapes)))
        shape = shapes.pop() if shapes else ()

        def join(*arrays: Array) -> list[Array]:
            rows = [np.broadcast_to(array, shape).ravel() for array in arrays]
            result: Any = np.empty(len(rows[0]), object)
            for index, parts in enumerate(zip(*rows, strict=True)):
                result[index] = glue.join(parts)
            return [result.reshape(shape)]

        return host_results(b, join, inputs, [Type(inputs[0].dtype, shape)])[0]


def string_join(inputs: Sequence[Any], separator: str = "", name: str | None = None) -> Tensor:
    """Joins strings of several tensors, element by element.

    Args:
      inputs: string tensors of one shape, or scalars.
      separator: what is put between them.
      name: name of the operation.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.string_join(["a", "b"], separator="-")))
      b'a-b'
    """
    tensor: Tensor = apply("StringJoin", list(inputs), separator=separator, name=name)
    return tensor


# --- one axis after the other ---------------------------------------------------------------------


class ReduceJoin(OpDef):
    """The strings along some axes joined, one axis after the other."""

    signature = (
        "inputs: string, reduction_indices: int32 -> output: string "
        "| keep_dims: bool = False | separator: string = ''"
    )
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        axes, given = constant_value(op.inputs[1]), op.inputs[0].shape
        keeps = op.attributes["keep_dims"]
        if axes is None or given.ndims is None:
            return [unknown_shape(given.ndims if keeps else None)]
        try:
            reduced = _axes(axes, given.ndims)
        except ProgramError as error:
            raise ValueError(str(error)) from None
        return [TensorShape(_without(given.as_list(), reduced, keeps))]

    def lower(self, b: Any, op: Operation, x: Value, axes: Value) -> Value:
        separator = op.attributes["separator"]
        glue = separator if isinstance(separator, bytes) else separator.encode()
        reduced = _axes(b.static(axes), x.ndim)
        shape = tuple(_without(x.shape, reduced, op.attributes["keep_dims"]))
        kept = [axis for axis in range(x.ndim) if axis not in reduced]
        width = int(np.prod([x.shape[axis] for axis in reduced]))

        def join(texts: Array) -> list[Array]:
            # The axis that is joined first varies fastest.
            rows = texts.transpose([*kept, *reversed(reduced)]).reshape(-1, width)
            result: Any = np.empty(len(rows), object)
            for place, row in enumerate(rows):
                result[place] = glue.join(row)
            return [result.reshape(shape)]

        return host_results(b, join, [x], [Type(x.dtype, shape)])[0]


def _axes(axes: Array, rank: int) -> list[int]:
    found: list[int] = []
    for axis in axes.ravel().tolist():
        if not -rank <= axis < rank:
            raise ProgramError(
                f"Invalid reduction dimension {axis} for input with {rank} dimension(s)"
            )
        if axis % rank in found:
            raise ProgramError(f"Duplicate reduction dimension {axis % rank}")
        found.append(axis % rank)
    return found


def _without(extents: Sequence[Any], axes: Sequence[int], keeps: bool) -> list[Any]:
    if keeps:
        return [1 if axis in axes else extent for axis, extent in enumerate(extents)]
    return [extent for axis, extent in enumerate(extents) if axis not in axes]


def reduce_join(
    inputs: Any,
    axis: Any = None,
    keep_dims: Any = None,
    separator: str = "",
    name: str | None = None,
    reduction_indices: Any = None,
    keepdims: Any = None,
) -> Tensor:
    """The strings along some axes joined.

    Args:
      inputs: strings.
      axis: one axis or a list of them, joined one after the other; all, the last one first, by
        default.
      keep_dims: whether joined axes stay, with extent 1.
      separator: what is put between them.
      name: name of the operation.
      reduction_indices: the old name of `axis`.
      keepdims: the new name of `keep_dims`.

    Raises:
      ValueError: there is no such axis.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.reduce_join([["a", "b"], ["c", "d"]], axis=1))
      array([b'ab', b'cd'], dtype=object)
    """
    keeps = renamed("keepdims", keepdims, "keep_dims", keep_dims)
    axis = renamed("axis", axis, "reduction_indices", reduction_indices)
    with name_scope(None, "ReduceJoin", [inputs, axis]):
        texts = convert_to_tensor(inputs)
        if axis is None and texts.shape.ndims is not None:
            axis = constant(np.arange(texts.shape.ndims - 1, -1, -1), dtypes.int32)
        elif axis is None:
            axis = count_up(rank_of(texts) - 1, -1, -1)
        result: Tensor = apply(
            "ReduceJoin", texts, axis, keep_dims=bool(keeps), separator=separator, name=name
        )
        return result


# --- split ----------------------------------------------------------------------------------------


class StringSplit(OpDef):
    """The parts of each string between delimiters."""

    signature = (
        "input: string, delimiter: string -> indices: int64, values: string, shape: int64 "
        "| skip_empty: bool = True"
    )
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 0, 1)
        with_rank(op, 1, 0)
        return [TensorShape(each) for each in ([None, 2], [None], [2])]

    def lower(self, b: Any, op: Operation, *inputs: Value) -> list[Value]:
        skips = op.attributes["skip_empty"]

        def split(texts: Array, delimiter: Array) -> list[Array]:
            rows = []
            for text in texts:
                parts = _parts(text, delimiter.item())
                parts = [part for part in parts if part] if skips else parts
                rows.append(np.array([*parts, None], object)[:-1])
            return as_sparse_parts(rows, dtypes.string)

        return host_results(b, split, inputs)


def _parts(text: bytes, delimiters: bytes) -> list[bytes]:
    """The parts of a string between any of the delimiters; its bytes where there are none."""
    if not delimiters:
        return [text[place : place + 1] for place in range(len(text))]
    for each in delimiters[1:]:
        text = text.replace(bytes([each]), delimiters[:1])
    return text.split(delimiters[:1])


def string_split(
    source: Any,
    sep: Any = None,
    skip_empty: bool = True,
    delimiter: Any = None,
    *,
    name: str | None = None,
) -> SparseTensor:
    """The parts of each string between delimiters.

    Args:
      source: a vector of strings.
      sep: characters each of which is a delimiter, a space by default; "" for all single bytes.
      skip_empty: whether empty parts are left out.
      delimiter: the old name of `sep`.
      name: name of the scope.

    Returns:
      A SparseTensor of rank 2, a row for each string.

    Raises:
      ValueError: `source` is no vector.

    Example:
      >>> import pantarhei as tf
      >>> words = tf.string_split(["hello world", "a b c"])
      >>> tf.Session().run(tf.sparse_tensor_to_dense(words, default_value=""))
      array([[b'hello', b'world', b''],
             [b'a', b'b', b'c']], dtype=object)
    """
    sep = renamed("sep", sep, "delimiter", delimiter)
    with name_scope(name, "StringSplit", [source]):
        marks = convert_to_tensor(" " if sep is None else sep, dtypes.string)
        texts = convert_to_tensor(source, dtypes.string)
        return SparseTensor(*apply("StringSplit", texts, marks, skip_empty=skip_empty))


# --- numbers as text ------------------------------------------------------------------------------


class AsString(OpDef):
    """Each number, or truth value, as text."""

    signature = (
        "input: T -> output: string "
        "| T: {int8, int16, int32, int64, complex64, complex128, float32, float64, bool} "
        "| precision: int = -1 | scientific: bool = False | shortest: bool = False "
        "| width: int = -1 | fill: string = ''"
    )
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def lower(self, b: Any, op: Operation, x: Value) -> Value:
        show = _shower(op)

        def run(numbers: Array) -> list[Array]:
            return [each_string(numbers, show, np.dtype(object))]

        return host_results(b, run, [x], [Type(np.dtype(object), x.shape)])[0]


def _shower(op: Operation) -> Callable[[Any], bytes]:
    """What shows a number as the attributes say."""
    given, dtype = op.attributes, op.inputs[0].dtype.base_dtype
    fill = given["fill"] if isinstance(given["fill"], str) else given["fill"].decode("latin1")
    inexact = dtype.is_floating or dtype.is_complex
    if given["scientific"] and given["shortest"]:
        raise ProgramError("Cannot select both scientific and shortest notation")
    if len(fill) > 1:
        raise ProgramError("Fill string must be one or fewer characters")
    if fill not in ("", " ", "+", "-", "0", "#"):
        raise ProgramError(f"Fill argument not supported: {fill}")
    if not inexact and (given["scientific"] or given["shortest"]):
        raise ProgramError(
            f"scientific and shortest format not supported for datatype {dtype.name}"
        )
    if not inexact and given["precision"] > -1:
        raise ProgramError(f"precision not supported for datatype {dtype.name}")
    if dtype == dtypes.bool:
        return lambda value: b"true" if value else b"false"
    layout = "%"
    if given["width"] > -1:
        layout += f"{fill}{given['width']}"
    if given["precision"] > -1:
        layout += f".{given['precision']}"
    notation = "g" if given["shortest"] else "e" if given["scientific"] else "f"
    layout += notation if inexact else "d"
    if dtype.is_complex:
        return lambda value: f"({layout % value.real},{layout % value.imag})".encode()
    return lambda value: (layout % value).encode()


def as_string(
    input: Any,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
    name: str | None = None,
) -> Tensor:
    """Each number, or truth value, as text.

    Args:
      input: signed integers, floating-point or complex numbers, or booleans.
      precision: how many digits follow the point; six by default.
      scientific: whether numbers are shown with an exponent.
      shortest: whether they are shown in the shorter of both notations.
      width: how long a text is at least.
      fill: how it is filled up: "0", "-" for spaces behind it, " ", "+"; spaces by default.
      name: name of the operation.

    Raises:
      TypeError: the numbers are of another dtype.
      tf.errors.InvalidArgumentError: when it runs and the arguments do not go together.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.as_string([3.14159, 2.0], precision=2))
      array([b'3.14', b'2.00'], dtype=object)
    """
    result: Tensor = apply(
        "AsString",
        input,
        precision=precision,
        scientific=scientific,
        shortest=shortest,
        width=width,
        fill=fill,
        name=name,
    )
    return result
