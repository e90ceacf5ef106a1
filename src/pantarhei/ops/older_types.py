"""Types of operations that only graphs of older versions of TensorFlow contain.

Each delegates to the definition of its successor; no public function makes one. The module comes
after the families whose definitions it uses, `array`, `search` and `state`; nothing imports it but
the package itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.definitions.definition import REGISTRY
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import (
    merged,
    merged_extents,
    shape_error,
    with_rank,
    with_rank_at_least,
)
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.operation import Operation
from pantarhei.ops.array.joining import concat, concat_gradients
from pantarhei.ops.array.placeholder import Placeholder
from pantarhei.ops.array.shapes import expand_dims, reshape, shape, size
from pantarhei.ops.state.reference import VariableV2
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value


class VariableDefinition(VariableV2, type="Variable"):
    """A variable as the first version has it: the shape () may stand for any shape."""

    def infer(self, op: Operation) -> list[TensorShape]:
        shape: TensorShape = op.attributes["shape"]
        return [shape if shape.ndims else unknown_shape()]


class PlaceholderV2(Placeholder):
    """A placeholder that needs a shape."""

    signature = "-> output: dtype | dtype: type | shape: shape"


class Gather(OpDef):
    """The slices of a tensor at given positions along its first axis."""

    signature = (
        "params: Tparams, indices: Tindices -> output: Tparams | validate_indices: bool = True "
        "| Tparams: type | Tindices: index"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        params = with_rank_at_least(op, 0, 1)
        return [op.inputs[1].shape.concatenate(params[1:])]

    def grad(self, op: Operation, g: Any) -> Any:
        params, indices = op.inputs
        extents = shape(params)
        count = expand_dims(size(indices), 0)
        rows = reshape(g, concat([count, extents[1:]], 0))
        return IndexedSlices(rows, reshape(indices, count), extents), None

    def lower(self, b: Builder, op: Operation, x: Value, indices: Value) -> Value:
        if not x.ndim:
            raise ProgramError("params must be at least 1 dimensional")
        gathered: Value = b.gather(x, indices, axis=0)
        return gathered


class Concat(OpDef):
    """Tensors one behind the other along an axis, which is given first."""

    signature = "concat_dim: int32, values: N * T -> output: T | N: int | T: type"

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 0, 0)
        axis = constant_value(op.inputs[0])
        shapes = [tensor.shape for tensor in op.inputs[1:]]
        rank = next((each.ndims for each in shapes if each.ndims is not None), None)
        if rank is None or axis is None:
            return [unknown_shape(rank)]
        if not -rank <= axis < rank:
            raise shape_error(op, f"Axis {axis} is out of range for tensors of rank {rank}", (0,))
        position = int(axis) % rank
        common = unknown_shape(rank)
        extents: list[int | None] = []
        for index, each in enumerate(shapes):
            extents.append(with_rank(op, index + 1, rank).as_list()[position])
            known = each.as_list() if each.ndims is not None else [None] * rank
            known[position] = None
            common = merged(op, common, TensorShape(known), computed=(0,))
        result = common.as_list()
        found = [extent for extent in extents if extent is not None]
        result[position] = sum(found) if len(found) == len(extents) else None
        return [TensorShape(result)]

    def grad(self, op: Operation, g: Any) -> Any:
        axis, *values = op.inputs
        return [None, *concat_gradients(values, axis, g)]

    def lower(self, b: Builder, op: Operation, axis: Value, *values: Value) -> Value:
        position = int(b.static(axis))
        if not -values[0].ndim <= position < values[0].ndim:
            raise ProgramError(
                f"ConcatOp : Expected concatenating dimensions in the range [{-values[0].ndim}, "
                f"{values[0].ndim}), but got {position}"
            )
        joined: Value = b.concatenate(*values, axis=position % values[0].ndim)
        return joined


class ConcatOffset(OpDef):
    """Where each of several tensors begins in their concatenation, from their shapes."""

    signature = "concat_dim: int32, shape: N * int32 -> offset: N * int32 | N: int"
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [tensor.shape for tensor in op.inputs[1:]]

    def lower(self, b: Builder, op: Operation, axis: Value, *shapes: Value) -> list[Value]:
        extents = [b.static(each) for each in shapes]
        position = int(b.static(axis)) % max(len(extents[0]), 1)
        offsets, start = [], 0
        for each in extents:
            offset = np.zeros(len(each), np.int32)
            offset[position] = start
            start += int(each[position])
            offsets.append(b.constant(offset))
        return offsets


class Reverse(OpDef):
    """A tensor reversed along the axes that a vector of truth values marks."""

    signature = (
        "tensor: T, dims: bool -> output: T | T: {uint8, int8, uint16, int16, int32, int64, bool, "
        "float16, float32, float64, complex64, complex128, string}"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 1, 1)
        return [op.inputs[0].shape]

    def grad(self, op: Operation, g: Any) -> Any:
        return apply("Reverse", g, op.inputs[1]), None

    def lower(self, b: Builder, op: Operation, x: Value, dims: Value) -> Value:
        axes = tuple(int(axis) for axis in np.flatnonzero(b.static(dims)))
        if dims.size != x.ndim:
            raise ProgramError(
                f"'dims' must be a 1-dimensional of length {x.ndim}, not of length {dims.size}"
            )
        return REGISTRY["ReverseV2"].lower(b, op, x, b.constant(np.array(axes, np.int32)))


class TopK(OpDef):
    """The k largest elements along the last axis and their positions; k is an attribute."""

    signature = "input: T -> values: T, indices: int32 | k: int | sorted: bool = True | T: real"

    def infer(self, op: Operation) -> list[TensorShape]:
        given = with_rank_at_least(op, 0, 1)
        if given.ndims is None:
            return [unknown_shape(), unknown_shape()]
        *rest, last = given.as_list()
        k = op.attributes["k"]
        if last is not None and last < k:
            raise shape_error(op, f"input must have last dimension >= k = {k} but is {last}")
        return [TensorShape([*rest, k])] * 2

    def grad(self, op: Operation, *grads: Any) -> Any:
        return REGISTRY["TopKV2"].grad(op, *grads)[0]

    def lower(self, b: Builder, op: Operation, x: Value) -> Any:
        return REGISTRY["TopKV2"].lower(b, op, x, b.constant(np.int32(op.attributes["k"])))


class InTopK(OpDef):
    """Whether each target is among the k largest predictions; k is an attribute."""

    signature = "predictions: float32, targets: T -> precision: bool | k: int | T: index = int32"

    def infer(self, op: Operation) -> list[TensorShape]:
        batch = with_rank(op, 0, 2).as_list()[0]
        targets = with_rank(op, 1, 1).as_list()[0]
        return [TensorShape([merged_extents(op, batch, targets)])]

    def lower(self, b: Builder, op: Operation, predictions: Value, targets: Value) -> Any:
        k = b.constant(np.array(op.attributes["k"], targets.dtype))
        return REGISTRY["InTopKV2"].lower(b, op, predictions, targets, k)
