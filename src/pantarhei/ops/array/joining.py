"""Tensors joined and split: concat, stack, unstack, split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pantarhei.core import dtypes, errors
from pantarhei.core.dimensions import Dimension
from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.constant import constant_value, partial_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import (
    axis_from,
    divided,
    merged,
    misfit,
    shown,
    with_rank,
)
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.tensor_operators import OPERATORS
from pantarhei.ops.array.identity import identity
from pantarhei.ops.array.shapes import expand_dims
from pantarhei.program.ir import Builder, ProgramError, Value


def part(b: Builder, x: Value, axis: int, start: int, stop: int) -> Value:
    """The elements of `x` at `start` up to `stop` along one axis."""
    starts, stops = [0] * x.ndim, list(x.shape)
    starts[axis], stops[axis] = start, stop
    return b.slice(x, start=tuple(starts), stop=tuple(stops), step=(1,) * x.ndim)


class ConcatV2(OpDef):
    """Tensors one behind the other along an axis."""

    signature = "values: N * T, axis: Tidx -> output: T | N: int | T: type | Tidx: index = int32"

    def infer(self, op: Operation) -> list[TensorShape]:
        position = len(op.inputs) - 1
        with_rank(op, position, 0)
        shapes = [tensor.shape for tensor in op.inputs[:-1]]
        rank = next((each.ndims for each in shapes if each.ndims is not None), None)
        axis = axis_from(op, position)
        if rank == 0:
            raise misfit(op, "Can't concatenate scalars (use tf.stack instead)")
        if rank is not None:
            for index in range(position):
                with_rank(op, index, rank)
        if rank is None or axis is None:
            return [unknown_shape(rank)]
        least = -axis if axis < 0 else axis + 1
        if rank < least:
            raise misfit(op, f"Shape must be at least rank {least} but is rank {rank}", (position,))
        axis %= rank
        before = after = unknown_shape()
        extents: list[int | None] = []
        for each in reversed(shapes):
            if each.ndims is None:
                extents.append(None)
                continue
            before = merged(op, each[:axis], before, computed=(position,))
            after = merged(op, each[axis + 1 :], after, computed=(position,))
            extents.append(each.as_list()[axis])
        known = [extent for extent in extents if extent is not None]
        middle = sum(known) if len(known) == len(extents) else None
        return [before.concatenate([middle]).concatenate(after)]

    def partial(self, op: Operation) -> list[int | None] | None:
        result: list[int | None] = []
        for tensor in op.inputs[:-1]:
            sizes = partial_value(tensor)
            if sizes is None or tensor.shape.ndims != 1:
                return None
            result += sizes
        return result

    def grad(self, op: Operation, g: Any) -> Any:
        *values, axis = op.inputs
        return [*concat_gradients(values, axis, g), None]

    def lower(self, b: Builder, op: Operation, *inputs: Value) -> Value:
        *values, axis = inputs
        position, rank = int(b.static(axis)), values[0].ndim
        if not -rank <= position < rank:
            raise ProgramError(
                "ConcatOp : Expected concatenating dimensions in the range "
                f"[{-rank}, {rank}), but got {position}"
            )
        for index, value in enumerate(values):
            if value.ndim != rank:
                raise ProgramError(
                    "ConcatOp : Ranks of all input tensors should match: "
                    f"shape[0] = {shown(values[0].shape)} vs. shape[{index}] = {shown(value.shape)}"
                )
        return b.concatenate(*values, axis=position % rank)


def concat(values: Any, axis: Any, name: str = "concat") -> Tensor:
    """Tensors joined along an existing axis.

    Args:
      values: a list of tensors whose shapes agree except along `axis`; or one tensor.
      axis: the axis; negative counts from the end.
      name: name of the operation.

    Raises:
      ValueError: the shapes are known not to fit. InvalidArgumentError: they turn out not to.

    Example:
      >>> import pantarhei as tf
      >>> tf.concat([tf.zeros([2, 3]), tf.zeros([4, 3])], 0).shape
      TensorShape([Dimension(6), Dimension(3)])
    """
    if not isinstance(values, (list, tuple)):
        values = [values]
    if len(values) == 1:
        with name_scope(name):
            position = convert_to_tensor(axis, name="concat_dim", dtype=dtypes.int32)
            if position.shape.ndims:
                cure = "tf.concat(values, axis): since TensorFlow 1.0 the values come first"
                text = errors.described(f"Shape {position.shape} must have rank 0", cure=cure)
                raise ValueError(text)
            return identity(values[0], name=name)
    if not values:
        raise ValueError(
            "List argument 'values' to 'ConcatV2' Op with length 0 shorter than minimum length 2."
        )
    result: Tensor = apply("ConcatV2", values, axis, name=name)
    return result


def concat_gradients(values: Sequence[Tensor], axis: Tensor, g: Any) -> list[Any]:
    """The parts of a gradient that belong to tensors joined along an axis."""
    axis = apply("Cast", axis, DstT=dtypes.int32) if axis.dtype != dtypes.int32 else axis
    position = apply("FloorMod", axis, apply("Rank", values[0]))
    sizes = apply("GatherV2", apply("Pack", apply("ShapeN", list(values))), position, 1)
    return split(g, sizes, axis, num=len(values))


class Pack(OpDef):
    """Tensors of one shape along a new axis."""

    signature = "values: N * T -> output: T | N: int | T: type | axis: int = 0"

    def infer(self, op: Operation) -> list[TensorShape]:
        common = op.inputs[-1].shape
        for index in range(len(op.inputs) - 2, -1, -1):
            context = f"\n\tFrom merging shape {index} with other shapes."
            common = merged(op, op.inputs[index].shape, common, context)
        if common.ndims is None:
            return [unknown_shape()]
        axis, rank = op.attributes["axis"], common.ndims + 1
        if not -rank <= axis < rank:
            raise misfit(op, f"Invalid axis: {axis}; must be in [{-rank},{rank})")
        axis %= rank
        return [common[:axis].concatenate([len(op.inputs)]).concatenate(common[axis:])]

    def partial(self, op: Operation) -> list[int | None] | None:
        if op.inputs[0].shape.ndims != 0:
            return None
        values = [constant_value(tensor) for tensor in op.inputs]
        return [None if value is None else int(value) for value in values]

    def grad(self, op: Operation, g: Any) -> list[Tensor]:
        return unstack(g, len(op.inputs), op.attributes["axis"])

    def lower(self, b: Builder, op: Operation, *values: Value) -> Value:
        first = values[0]
        for index, value in enumerate(values):
            if value.shape != first.shape:
                raise ProgramError(
                    f"Shapes of all inputs must match: values[0].shape = {shown(first.shape)} != "
                    f"values[{index}].shape = {shown(value.shape)}"
                )
        axis = op.attributes["axis"] % (first.ndim + 1)
        longer = (*first.shape[:axis], 1, *first.shape[axis:])
        return b.concatenate(*(b.reshape(value, shape=longer) for value in values), axis=axis)


def pack(values: Sequence[Any], axis: int = 0, name: str | None = None) -> Tensor:
    """The `Pack` operation itself; `stack` is the public function."""
    result: Tensor = apply("Pack", values, axis=axis, name=name)
    return result


def stack(values: Any, axis: int = 0, name: str = "stack") -> Tensor:
    """Tensors of one shape joined along a new axis.

    Args:
      values: a list of tensors of one shape and dtype.
      axis: where the new axis is in the result; negative counts from the end.
      name: name of the operation.

    Raises:
      ValueError: the axis or the shapes are known not to fit. InvalidArgumentError: the shapes turn
      out not to.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.stack([[1, 4], [2, 5], [3, 6]], axis=1))
      array([[1, 2, 3],
             [4, 5, 6]], dtype=int32)
    """
    if axis == 0:
        try:
            # Lists of numbers become one constant.
            return convert_to_tensor(values, name=name)
        except (TypeError, ValueError):
            pass
    rank = convert_to_tensor(values[0], name=name).shape.ndims
    if rank is not None and not -rank - 1 <= axis <= rank:
        raise ValueError(f"axis = {axis} not in [{-rank - 1}, {rank + 1})")
    return pack(values, axis, name)


class ParallelConcat(OpDef):
    """Tensors of extent 1 along the first axis, one behind the other."""

    signature = "values: N * T -> output: T | N: int | T: type | shape: shape"

    def infer(self, op: Operation) -> list[TensorShape]:
        target: TensorShape = op.attributes["shape"]
        if not target.is_fully_defined():
            raise ValueError("shape attr must be fully defined.")
        single = TensorShape([1]).concatenate(target[1:])
        for tensor in op.inputs:
            if not tensor.shape.is_fully_defined():
                raise misfit(op, "All input shapes must be fully defined.")
            if tensor.shape != single:
                raise misfit(
                    op,
                    "Input shapes must match the output shape, except in the first dimension, "
                    "which must be 1",
                )
        return [target]

    def lower(self, b: Builder, op: Operation, *values: Value) -> Value:
        return b.concatenate(*values, axis=0) if len(values) > 1 else values[0]


def parallel_stack(values: Sequence[Any], name: str = "parallel_stack") -> Tensor:
    """Tensors of one known shape joined along a new first axis; it has no gradient.

    Args:
      values: a list of tensors of one shape and dtype.
      name: name of the scope.

    Raises:
      ValueError: a shape is not fully known, or they differ.

    Example:
      >>> import pantarhei as tf
      >>> tf.parallel_stack([tf.zeros([3]), tf.ones([3])]).shape.as_list()
      [2, 3]
    """
    with name_scope(name):
        target = TensorShape([len(values)]).concatenate(convert_to_tensor(values[0]).shape)
        rows = [expand_dims(value, 0) for value in values]
        result: Tensor = apply("ParallelConcat", rows, shape=target)
        return result


class Unpack(OpDef):
    """A tensor cut into pieces of extent 1 along an axis, which disappears."""

    signature = "value: T -> output: num * T | num: int | T: type | axis: int = 0"

    def infer(self, op: Operation) -> list[TensorShape]:
        given, number = op.inputs[0].shape, op.attributes["num"]
        if given.ndims is None:
            return [unknown_shape()] * number
        axis, rank = op.attributes["axis"], given.ndims
        if not -rank <= axis < rank:
            raise misfit(op, f"Invalid axis: {axis}; must be in [{-rank},{rank})")
        axis %= rank
        extent = given.as_list()[axis]
        if extent not in (None, number):
            raise misfit(op, f"Dimension must be {number} but is {extent}")
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
        raise misfit(
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
            raise misfit(op, "size_splits can only have one -1", (1, 2))
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
        return misfit(op, message, (1, 2))

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


OPERATORS["pack"] = pack
