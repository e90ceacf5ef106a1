"""Reading a part of a resource variable: rows and elements, without a read of the whole."""

from __future__ import annotations

from typing import Any

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.definitions.shape_rules import with_rank_at_least
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.joining import concat
from pantarhei.ops.array.scattering import scatter_nd
from pantarhei.ops.array.shapes import expand_dims, reshape, squeeze
from pantarhei.ops.array.shapes import size as size_of
from pantarhei.ops.state.resource import ResourceOp, held_shape
from pantarhei.program.ir import Value


class VariableShape(ResourceOp):
    """The shape of what a resource variable holds, as a vector."""

    signature = "input: resource -> output: out_type | out_type: index = int32"

    def infer(self, op: Operation) -> list[TensorShape]:
        return [TensorShape([held_shape(op.inputs[0]).ndims])]

    def lower(self, b: Any, op: Operation, ref: Any) -> Value:
        value: Value = b.constant(b.read(ref).shape, op.outputs[0].dtype.numpy)
        return value


def variable_shape(handle: Tensor, dtype: Any = dtypes.int32) -> Tensor:
    """The shape of what a handle refers to: a constant where it is known."""
    shape = held_shape(handle)
    if shape.is_fully_defined():
        return constant(shape.as_list(), dtype=dtype)
    tensor: Tensor = apply("VariableShape", handle, out_type=dtype)
    return tensor


class ResourceGather(ResourceOp):
    """Rows of a resource variable."""

    signature = (
        "resource: resource, indices: Tindices -> output: dtype | batch_dims: int = 0 "
        "| validate_indices: bool = True | dtype: type | Tindices: index"
    )
    differentiable = True

    def infer(self, op: Operation) -> list[TensorShape]:
        params = held_shape(op.inputs[0])
        if params.ndims is None:
            return [unknown_shape()]
        return [op.inputs[1].shape.concatenate(params[1:])]

    def grad(self, op: Operation, g: Tensor) -> Any:
        shape = variable_shape(op.inputs[0])
        size = expand_dims(size_of(op.inputs[1]), 0)
        rows = reshape(g, concat([size, shape[1:]], 0))
        return IndexedSlices(rows, reshape(op.inputs[1], size), shape), None

    def lower(self, b: Any, op: Operation, ref: Any, indices: Value) -> Value:
        value: Value = b.gather(b.read(ref), indices, axis=0)
        return value


class ResourceGatherNd(ResourceOp):
    """Elements or blocks of a resource variable."""

    signature = (
        "resource: resource, indices: Tindices -> output: dtype | dtype: type | Tindices: index"
    )
    differentiable = True

    def infer(self, op: Operation) -> list[TensorShape]:
        params = held_shape(op.inputs[0])
        indices = with_rank_at_least(op, 1, 1)
        depth = None if indices.ndims is None else indices.as_list()[-1]
        if params.ndims is None or depth is None:
            return [unknown_shape()]
        return [indices[:-1].concatenate(params[depth:])]

    def grad(self, op: Operation, g: Tensor) -> Any:
        indices = op.inputs[1]
        shape = variable_shape(op.inputs[0], indices.dtype)
        if indices.shape.ndims == 2 and indices.shape.as_list()[-1] == 1:
            return IndexedSlices(g, squeeze(indices, axis=-1), shape), None
        return scatter_nd(indices, g, shape), None

    def lower(self, b: Any, op: Operation, ref: Any, indices: Value) -> Value:
        value: Value = b.gather_nd(b.read(ref), indices)
        return value


def gather_rows(handle: Tensor, indices: Any, dtype: Any, name: str | None = None) -> Tensor:
    """Rows of what a handle refers to."""
    tensor: Tensor = apply("ResourceGather", handle, indices, dtype=dtype, name=name)
    return tensor


def gather_elements(handle: Tensor, indices: Any, dtype: Any, name: str | None = None) -> Tensor:
    """Elements or blocks of what a handle refers to."""
    tensor: Tensor = apply("ResourceGatherNd", handle, indices, dtype=dtype, name=name)
    return tensor
