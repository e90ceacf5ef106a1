"""Tensors joined: concat, stack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pantarhei.core import dtypes, errors
from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.constant import constant_value, partial_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import (
    axis_from,
    merged,
    shape_error,
    shown,
    with_rank,
)
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.tensor_operators import OPERATORS
from pantarhei.ops.array.identity import identity
from pantarhei.ops.array.shapes import expand_dims
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value


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
            raise shape_error(op, "Can't concatenate scalars (use tf.stack instead)")
        if rank is not None:
            for index in range(position):
                with_rank(op, index, rank)
        if rank is None or axis is None:
            return [unknown_shape(rank)]
        least = -axis if axis < 0 else axis + 1
        if rank < least:
            raise shape_error(
                op, f"Shape must be at least rank {least} but is rank {rank}", (position,)
            )
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
    parts: list[Any] = apply("SplitV", g, sizes, axis, num_split=len(values), name="split")
    return parts


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
            raise shape_error(op, f"Invalid axis: {axis}; must be in [{-rank},{rank})")
        axis %= rank
        return [common[:axis].concatenate([len(op.inputs)]).concatenate(common[axis:])]

    def partial(self, op: Operation) -> list[int | None] | None:
        if op.inputs[0].shape.ndims != 0:
            return None
        values = [constant_value(tensor) for tensor in op.inputs]
        return [None if value is None else int(value) for value in values]

    def grad(self, op: Operation, g: Any) -> list[Tensor]:
        count, axis = len(op.inputs), op.attributes["axis"]
        parts: list[Tensor] = apply("Unpack", g, num=count, axis=axis, name="unstack")
        return parts

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
                raise shape_error(op, "All input shapes must be fully defined.")
            if tensor.shape != single:
                raise shape_error(
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


OPERATORS["pack"] = pack
