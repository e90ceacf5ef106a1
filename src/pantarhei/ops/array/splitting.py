"""Tensors split along an axis: unstack, split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pantarhei.core.dimensions import Dimension
from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import (
    axis_from,
    divided,
    shape_error,
    shown,
)
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.joining import concat, part, stack
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value


class Unpack(OpDef):
    """A tensor cut into pieces of extent 1 along an axis, which disappears."""

    signature = "value: T -> output: num * T | num: int | T: type | axis: int = 0"

    def infer(self, op: Operation) -> list[TensorShape]:
        given, number = op.inputs[0].shape, op.attributes["num"]
        if given.ndims is None:
            return [unknown_shape()] * number
        axis, rank = op.attributes["axis"], given.ndims
        if not -rank <= axis < rank:
            raise shape_error(op, f"Invalid axis: {axis}; must be in [{-rank},{rank})")
        axis %= rank
        extent = given.as_list()[axis]
        if extent not in (None, number):
            raise shape_error(op, f"Dimension must be {number} but is {extent}")
        return [given[:axis].concatenate(given[axis + 1 :])] * number

    def grad(self, op: Operation, *grads: Any) -> Tensor:
        return stack(list(grads), op.attributes["axis"])

    def lower(self, b: Builder, op: Operation, x: Value) -> list[Value]:
        axis, number = op.attributes["axis"], op.attributes["num"]
        if not -x.ndim <= axis < x.ndim:
            raise ProgramError(f"axis = {axis} not in [{-x.ndim}, {x.ndim})")
        axis %= x.ndim
        if x.shape[axis] != number:
            raise ProgramError(
                f"Input shape axis {axis} must equal {number}, got shape {shown(x.shape)}"
            )
        rest = x.shape[:axis] + x.shape[axis + 1 :]
        return [
            b.reshape(part(b, x, axis, index, index + 1), shape=rest) for index in range(number)
        ]


def unstack(
    value: Any, num: int | None = None, axis: int = 0, name: str = "unstack"
) -> list[Tensor]:
    """The pieces of a tensor along an axis, each without that axis.

    Args:
      value: a tensor.
      num: the extent of that axis; by default what the static shape says.
      axis: the axis; negative counts from the end.
      name: name of the operation.

    Raises:
      ValueError: the axis does not fit the rank, or `num` is neither given nor known.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.unstack([[1, 2], [3, 4]]))
      [array([1, 2], dtype=int32), array([3, 4], dtype=int32)]
    """
    if num is None:
        value = convert_to_tensor(value)
        rank = value.shape.ndims
        if rank is not None:
            if not -rank <= axis < rank:
                raise ValueError(f"axis = {axis} not in [{-rank}, {rank})")
            num = value.shape.as_list()[axis]
        if num is None:
            raise ValueError(f"Cannot infer num from shape {value.shape}")
    result: list[Tensor] = apply("Unpack", value, num=num, axis=axis, name=name)
    return result


class Split(OpDef):
    """A tensor cut into pieces of equal extent along an axis."""

    signature = "split_dim: int32, value: T -> output: num_split * T | num_split: int | T: type"

    def infer(self, op: Operation) -> list[TensorShape]:
        given, number = op.inputs[1].shape, op.attributes["num_split"]
        axis = split_axis(op, 0, given)
        if axis is None:
            return [unknown_shape(given.ndims)] * number
        extent = divided(op, given.as_list()[axis], number, computed=(0,))
        return [with_extent(given, axis, extent)] * number

    def grad(self, op: Operation, *grads: Any) -> Any:
        return None, concat(list(grads), op.inputs[0])

    def lower(self, b: Builder, op: Operation, split_dim: Value, x: Value) -> list[Value]:
        axis, number = lowered_axis(int(b.static(split_dim)), x), op.attributes["num_split"]
        if x.shape[axis] % number:
            raise ProgramError(
                "Number of ways to split should evenly divide the split dimension, but got "
                f"split_dim {axis} (size = {x.shape[axis]}) and num_split {number}"
            )
        each = x.shape[axis] // number
        return [part(b, x, axis, each * i, each * (i + 1)) for i in range(number)]


def split_axis(op: Operation, index: int, given: TensorShape) -> int | None:
    """The axis that an input holds, counted from the front; None if it or the rank is not known."""
    axis = axis_from(op, index)
    if axis is None or given.ndims is None:
        return None
    if not -given.ndims <= axis < given.ndims:
        raise shape_error(
            op,
            f"Dimension size, given by scalar input {axis} must be in range "
            f"[{-given.ndims}, {given.ndims})",
            (index,),
        )
    return axis % given.ndims


def lowered_axis(axis: int, x: Value) -> int:
    """The axis along which `x` is split, counted from the front."""
    if not -x.ndim <= axis < x.ndim:
        raise ProgramError(
            f"-input rank(-{x.ndim}) <= split_dim < input rank ({x.ndim}), but got {axis}"
        )
    return axis % x.ndim


def with_extent(given: TensorShape, axis: int, extent: int | None) -> TensorShape:
    """A shape with another extent along one axis."""
    return given[:axis].concatenate([extent]).concatenate(given[axis + 1 :])


class SplitV(OpDef):
    """A tensor cut into pieces of given extents along an axis."""

    signature = (
        "value: T, size_splits: Tlen, split_dim: int32 -> output: num_split * T "
        "| num_split: int | T: type | Tlen: index = int64"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        given, number = op.inputs[0].shape, op.attributes["num_split"]
        axis, sizes = split_axis(op, 2, given), constant_value(op.inputs[1])
        if axis is None and sizes is None:
            return [unknown_shape(given.ndims)] * number
        if axis is None:
            return [unknown_shape(given.ndims)] * number
        if sizes is None:
            return [with_extent(given, axis, None)] * number
        extents: list[int | None] = [int(size) for size in sizes]
        total = given.as_list()[axis]
        if extents.count(-1) > 1:
            raise shape_error(op, "size_splits can only have one -1", (1, 2))
        known = sum(size for size in extents if size is not None and size != -1)
        if -1 in extents:
            if total is not None and total < known:
                raise self._wrong_sizes(op, total, extents)
            rest = None if total is None else total - known
            extents = [rest if size == -1 else size for size in extents]
        elif total is not None and total != known:
            raise self._wrong_sizes(op, total, extents)
        return [with_extent(given, axis, extent) for extent in extents]

    @staticmethod
    def _wrong_sizes(op: Operation, total: int, sizes: Sequence[int | None]) -> ValueError:
        message = f"can't split axis of size {total} into pieces of size {shown(sizes)}"
        return shape_error(op, message, (1, 2))

    def grad(self, op: Operation, *grads: Any) -> Any:
        return concat(list(grads), op.inputs[2]), None, None

    def lower(
        self, b: Builder, op: Operation, x: Value, size_splits: Value, split_dim: Value
    ) -> list[Value]:
        axis = lowered_axis(int(b.static(split_dim)), x)
        sizes = [int(size) for size in b.static(size_splits)]
        if sizes.count(-1) > 1:
            raise ProgramError("There can only be one -1 in the input.")
        total, known = x.shape[axis], sum(size for size in sizes if size != -1)
        if known > total or (-1 not in sizes and known != total):
            raise ProgramError(
                "Determined shape must either match input shape along split_dim exactly if fully "
                "specified, or be less than the size of the input along split_dim if not fully "
                f"specified.  Got: {known}"
            )
        pieces, start = [], 0
        for size in sizes:
            stop = start + (total - known if size == -1 else size)
            pieces.append(part(b, x, axis, start, stop))
            start = stop
        return pieces


def split(
    value: Any,
    num_or_size_splits: Any,
    axis: Any = 0,
    num: int | None = None,
    name: str = "split",
) -> list[Tensor]:
    """A tensor cut into pieces along an axis.

    Args:
      value: a tensor.
      num_or_size_splits: how many equal pieces, or their extents (one may be -1: what is left).
      axis: the axis; negative counts from the end.
      num: how many extents there are, where that is not known.
      name: name of the operation.

    Raises:
      ValueError: the extents are known not to fit, or how many there are is not known.

    Example:
      >>> import pantarhei as tf
      >>> [piece.shape.as_list() for piece in tf.split(tf.zeros([5, 30]), [4, 15, 11], 1)]
      [[5, 4], [5, 15], [5, 11]]
    """
    sizes = convert_to_tensor(num_or_size_splits)
    result: list[Tensor]
    if isinstance(num_or_size_splits, (int, Dimension)):
        number = int(num_or_size_splits)
        result = apply("Split", axis, value, num_split=number, name=name)
        return result
    if sizes.shape.ndims == 0:
        raise ValueError(
            "Rank-0 tensors are not supported as the num_or_size_splits argument to split. "
            f"Argument provided: {num_or_size_splits}"
        )
    if num is None:
        num = sizes.shape.as_list()[0] if sizes.shape.ndims else None
        if num is None:
            raise ValueError(f"Cannot infer num from shape {num_or_size_splits}")
    result = apply("SplitV", value, sizes, axis, num_split=num, name=name)
    return result
