"""A tensor dealt out to several by numbers beside its elements, and put together again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import merged_extents, shape_error, shown
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.indexing import gather
from pantarhei.ops.array.shapes import reshape, shape, size
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Array, ProgramError, Value


def merged_prefix(op: Operation, prefix: TensorShape, whole: TensorShape) -> TensorShape:
    """`whole`, whose first extents are those of `prefix`."""
    if prefix.ndims is None or whole.ndims is None:
        return whole
    if whole.ndims < prefix.ndims:
        raise shape_error(
            op, f"Shape must be at least rank {prefix.ndims} but is rank {whole.ndims}"
        )
    pairs = zip(whole.as_list(), prefix.as_list(), strict=False)
    front = [merged_extents(op, *pair) for pair in pairs]
    return TensorShape(front).concatenate(whole[prefix.ndims :])


class DynamicPartition(OpDef):
    """The elements of a tensor dealt out to several; how many each gets depends on data."""

    signature = (
        "data: T, partitions: int32 -> outputs: num_partitions * T | num_partitions: int | T: type"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        data, partitions = op.inputs[0].shape, op.inputs[1].shape
        number = op.attributes["num_partitions"]
        if data.ndims is None or partitions.ndims is None:
            return [unknown_shape()] * number
        rest = merged_prefix(op, partitions, data)[partitions.ndims :]
        return [TensorShape([None]).concatenate(rest)] * number

    def grad(self, op: Operation, *grads: Any) -> Any:
        data, partitions = op.inputs
        count = len(grads)
        places = reshape(apply("Range", 0, size(partitions), 1), shape(partitions))
        dealt = dynamic_partition(places, partitions, count)
        return reshape(dynamic_stitch(dealt, list(grads)), shape(data)), None

    def lower(self, b: Any, op: Operation, data: Value, partitions: Value) -> list[Value]:
        number = op.attributes["num_partitions"]
        if data.shape[: partitions.ndim] != partitions.shape:
            raise ProgramError(
                "data.shape must start with partitions.shape, got data.shape = "
                f"{shown(data.shape)}, partitions.shape = {shown(partitions.shape)}"
            )

        def dealt(values: Array, owners: Array) -> list[Array]:
            wrong = np.argwhere((owners < 0) | (owners >= number))
            if len(wrong):
                place = tuple(wrong[0])
                raise ProgramError(
                    f"partitions{shown(place) if place else ''} = {owners[place]} is not in "
                    f"[0, {number})"
                )
            return [values[owners == each] for each in range(number)]

        if data.constant is not None and partitions.constant is not None:
            return [b.constant(each) for each in dealt(data.constant, partitions.constant)]
        result: list[Value] = b.host(dealt, [data, partitions], None)
        return result


def dynamic_partition(
    data: Any, partitions: Any, num_partitions: int, name: str | None = None
) -> list[Tensor]:
    """The elements or slices of `data` dealt out to `num_partitions` tensors.

    Args:
      data: a tensor.
      partitions: an int32 tensor whose shape is the front of that of `data`: who gets what.
      num_partitions: how many tensors there are.
      name: name of the operation.

    Raises:
      ValueError: the shapes are known not to fit. InvalidArgumentError: a number is out of range.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.dynamic_partition([10, 20, 30], [0, 1, 0], 2))
      [array([10, 30], dtype=int32), array([20], dtype=int32)]
    """
    result: list[Tensor] = apply(
        "DynamicPartition", data, partitions, num_partitions=num_partitions, name=name
    )
    return result


class DynamicStitch(OpDef):
    """Several tensors put together, the slices of each where its indices say; later ones win."""

    signature = "indices: N * int32, data: N * T -> merged: T | N: int | T: type"

    def infer(self, op: Operation) -> list[TensorShape]:
        count = len(op.inputs) // 2
        rest, longest = unknown_shape(), 0
        known = True
        for places, data in zip(op.inputs[:count], op.inputs[count:], strict=True):
            if places.shape.ndims is None or data.shape.ndims is None:
                known = False
                continue
            tail = merged_prefix(op, places.shape, data.shape)[places.shape.ndims :]
            if not tail.is_compatible_with(rest):
                raise shape_error(
                    op, f"Shapes must be equal, but are {shown(tail)} and {shown(rest)}"
                )
            rest = rest.merge_with(tail)
        for places in op.inputs[:count]:
            value = constant_value(places)
            known = known and value is not None
            longest = max(longest, 0 if value is None or not value.size else int(value.max()) + 1)
        return [TensorShape([longest if known else None]).concatenate(rest)]

    def grad(self, op: Operation, g: Any) -> Any:
        count = len(op.inputs) // 2
        return [*[None] * count, *(gather(g, places) for places in op.inputs[:count])]

    def lower(self, b: Builder, op: Operation, *inputs: Value) -> Value:
        count = len(inputs) // 2
        rest: tuple[int, ...] = ()
        places, rows = [], []
        for number, (index, data) in enumerate(zip(inputs[:count], inputs[count:], strict=True)):
            if data.shape[: index.ndim] != index.shape:
                raise ProgramError(
                    f"data[{number}].shape = {shown(data.shape)} does not start with "
                    f"indices[{number}].shape = {shown(index.shape)}"
                )
            rest = data.shape[index.ndim :]
            places.append(b.reshape(index, shape=(index.size, 1)))
            rows.append(b.reshape(data, shape=(index.size, *rest)))
        every = b.concatenate(*places, axis=0) if count > 1 else places[0]
        numbers = b.static(every)
        extent = int(numbers.max()) + 1 if numbers.size else 0
        if numbers.size and numbers.min() < 0:
            where = int(np.argmax(numbers.ravel() < 0))
            raise ProgramError(f"indices[{where}] is out of range")
        base = b.broadcast_to(b.constant(np.zeros((), rows[0].dtype)), shape=(extent, *rest))
        updates = b.concatenate(*rows, axis=0) if count > 1 else rows[0]
        return b.scatter(base, every, updates, combine="set")


class ParallelDynamicStitch(DynamicStitch):
    """As `DynamicStitch`; where indices repeat, any may win."""


def dynamic_stitch(indices: Sequence[Any], data: Sequence[Any], name: str | None = None) -> Tensor:
    """Slices of several tensors put together: `merged[indices[m][i]] = data[m][i]`.

    Args:
      indices: int32 tensors.
      data: tensors, the shape of each beginning with that of its indices.
      name: name of the operation.

    Raises:
      ValueError: the shapes are known not to fit. InvalidArgumentError: an index is negative.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.dynamic_stitch([[0, 2], [1]], [[10, 30], [20]]))
      array([10, 20, 30], dtype=int32)
    """
    _check_not_empty("DynamicStitch", indices)
    result: Tensor = apply("DynamicStitch", indices, data, name=name)
    return result


def parallel_dynamic_stitch(
    indices: Sequence[Any], data: Sequence[Any], name: str | None = None
) -> Tensor:
    """As `dynamic_stitch`; where indices repeat, any of the slices may be kept.

    Example:
      >>> import pantarhei as tf
      >>> from pantarhei.ops.array.partitioning import parallel_dynamic_stitch
      >>> tf.Session().run(parallel_dynamic_stitch([[1], [0]], [[20], [10]]))
      array([10, 20], dtype=int32)
    """
    _check_not_empty("ParallelDynamicStitch", indices)
    result: Tensor = apply("ParallelDynamicStitch", indices, data, name=name)
    return result


def _check_not_empty(kind: str, indices: Sequence[Any]) -> None:
    if not indices:
        raise ValueError(
            f"List argument 'indices' to '{kind}' Op with length 0 shorter than minimum length 1."
        )
