"""Elements taken from and put at positions that are vectors: gather_nd, scatter_nd."""

from __future__ import annotations

from typing import Any

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import shape_error, shape_from, shown
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.tensor_operators import OPERATORS
from pantarhei.ops.array.broadcasting import tile
from pantarhei.ops.array.filling import filled, neutral, ones, zeros_like
from pantarhei.ops.array.identity import identity
from pantarhei.ops.array.joining import concat, stack
from pantarhei.ops.array.sequences import meshgrid
from pantarhei.ops.array.shapes import rank, reshape, shape, squeeze
from pantarhei.ops.array.splitting import unstack
from pantarhei.ops.array.transposing import transpose
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value


class GatherNd(OpDef):
    """The elements or slices of a tensor at given positions, each a vector."""

    signature = (
        "params: Tparams, indices: Tindices -> output: Tparams | Tparams: type | Tindices: index"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        params, indices = op.inputs[0].shape, op.inputs[1].shape
        if indices.ndims is not None and indices.ndims < 1:
            raise shape_error(op, f"Shape must be at least rank 1 but is rank {indices.ndims}")
        depth = indices.as_list()[-1] if indices.ndims else None
        if params.ndims is None or depth is None:
            return [unknown_shape()]
        if depth > params.ndims:
            raise shape_error(
                op,
                "indices.shape[-1] must be <= params.rank, but saw indices shape: "
                f"{shown(indices)} and params shape: {shown(params)}",
            )
        return [indices[:-1].concatenate(params[depth:])]

    def grad(self, op: Operation, g: Any) -> Any:
        params, indices = op.inputs
        extents = shape(params, out_type=indices.dtype.base_dtype)
        if indices.shape.ndims == 2 and indices.shape.as_list()[-1] == 1:
            return IndexedSlices(g, squeeze(indices, axis=-1), extents), None
        result: Tensor = apply("ScatterNd", indices, g, extents)
        return result, None

    def lower(self, b: Builder, op: Operation, x: Value, indices: Value) -> Value:
        return b.gather_nd(x, indices)


def gather_nd(params: Any, indices: Any, name: str | None = None, batch_dims: int = 0) -> Tensor:
    """The elements or slices of `params` at positions that are vectors.

    Args:
      params: a tensor, or a variable.
      indices: an integer tensor; its last axis holds the positions.
      name: name of the operation.
      batch_dims: how many leading axes `params` and `indices` share.

    Returns:
      A tensor of shape `indices.shape[:-1] + params.shape[indices.shape[-1]:]`.

    Raises:
      ValueError: positions longer than the rank, or `batch_dims` not less than the ranks.
      InvalidArgumentError: a position is out of range.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.gather_nd([[1, 2], [3, 4]], [[0, 0], [1, 1]]))
      array([1, 4], dtype=int32)
    """
    if batch_dims != 0:
        return _batch_gather_nd(params, indices, batch_dims, name)
    result: Tensor
    if hasattr(params, "gather_nd"):
        result = params.gather_nd(indices, name=name)
        return result
    result = apply("GatherNd", params, indices, name=name)
    return result


def _batch_gather_nd(params: Any, indices: Any, batch: int, name: str | None) -> Tensor:
    """The gather with the numbers of the batch written before each position."""
    with name_scope(name, "BatchGatherND", [params, indices]):
        indices = convert_to_tensor(indices, name="indices")
        params = convert_to_tensor(params, name="params")
        if batch < 0:
            raise ValueError("tf.gather_nd does not allow negative batch_dims.")
        for tensor, called in ((indices, "indices"), (params, "params")):
            if tensor.shape.ndims is not None and batch >= tensor.shape.ndims:
                raise ValueError(
                    f"batch_dims = {batch} must be less than rank({called}) = {tensor.shape.ndims}"
                )
        given, found = shape(params), shape(indices)
        batch_shape = given[:batch]
        total = apply("Prod", batch_shape, [0], keep_dims=False)
        inner = rank(indices) - batch - 1
        positions = found[batch:-1]
        numbers = [
            apply("Cast", apply("Range", 0, extent, 1), DstT=indices.dtype.base_dtype)
            for extent in unstack(batch_shape, axis=0)
        ]
        mesh = [reshape(each, (-1,)) for each in meshgrid(*numbers, indexing="ij")]
        grid = transpose(stack(mesh, axis=0))
        sizes = shape(grid)
        grid = reshape(
            grid, concat([sizes[:1], ones(inner, dtype=dtypes.int32), sizes[1:]], axis=0)
        )
        grid = tile(grid, concat(((1,), positions, (1,)), axis=0))
        flat = reshape(indices, concat(([total], found[batch:]), axis=0))
        result: Tensor = apply("GatherNd", params, concat((grid, flat), axis=-1))
        return reshape(result, concat((batch_shape, shape(result)[1:]), axis=0))


def _scattered_shape(
    op: Operation, indices: TensorShape, updates: TensorShape, output: TensorShape
) -> TensorShape:
    """The shape rule of everything that puts updates at positions."""
    if indices.ndims is None or updates.ndims is None or output.ndims is None:
        return output
    outer = indices.ndims - 1
    depth = indices.as_list()[-1]
    parts = [("outer", outer, outer, "indices", indices[:outer], updates[:outer])]
    if depth is not None:
        inner, rest = output.ndims - depth, updates.ndims - outer
        parts.append(("inner", inner, rest, "output", output[depth:], updates[outer:]))
    for side, count, other, name, ours, theirs in parts:
        if ours.is_compatible_with(theirs):
            continue
        whole = indices if name == "indices" else output
        raise shape_error(
            op,
            f"The {side} {count} dimensions of {name}.shape={shown(whole)} must match the {side} "
            f"{other} dimensions of updates.shape={shown(updates)}: {_difference(ours, theirs)}",
        )
    return output


def _difference(left: TensorShape, right: TensorShape) -> str:
    if left.ndims != right.ndims:
        return f"Shapes must be equal rank, but are {left.ndims} and {right.ndims}"
    pairs = list(zip(left.as_list(), right.as_list(), strict=True))
    axis = next(i for i, (a, b) in enumerate(pairs) if a != b and None not in (a, b))
    return (
        f"Dimension {axis} in both shapes must be equal, but are {pairs[axis][0]} and "
        f"{pairs[axis][1]}. Shapes are {shown(left)} and {shown(right)}."
    )


class ScatterNd(OpDef):
    """Zeros with updates added in at positions that are vectors."""

    signature = (
        "indices: Tindices, updates: T, shape: Tindices -> output: T | T: type | Tindices: index"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        indices, updates = op.inputs[0].shape, op.inputs[1].shape
        return [_scattered_shape(op, indices, updates, shape_from(op, 2))]

    def grad(self, op: Operation, g: Any) -> Any:
        return None, gather_nd(g, op.inputs[0]), None

    def lower(
        self, b: Builder, op: Operation, indices: Value, updates: Value, shape: Value
    ) -> Value:
        extents = tuple(int(each) for each in b.static(shape))
        outer, depth = indices.shape[:-1], indices.shape[-1]
        if updates.shape[: len(outer)] != outer:
            raise ProgramError(
                "Outer dimensions of indices and update must match. Indices shape: "
                f"{shown(indices.shape)}, updates shape:{shown(updates.shape)}"
            )
        if updates.shape[len(outer) :] != extents[depth:]:
            raise ProgramError(
                "Inner dimensions of output shape must match inner dimensions of updates shape. "
                f"Output: {shown(extents)} updates: {shown(updates.shape)}"
            )
        zero = filled(b, extents, neutral(updates.dtype), updates.dtype)
        return b.scatter(zero, indices, updates, combine="add")


def scatter_nd(indices: Any, updates: Any, shape: Any, name: str | None = None) -> Tensor:
    """Zeros of the given shape, with `updates` added in at `indices`.

    Args:
      indices: an integer tensor; its last axis holds positions.
      updates: for each position an element or a slice.
      shape: an integer vector: the shape of the result.
      name: name of the operation.

    Raises:
      ValueError: the shapes are known not to fit. InvalidArgumentError: a position is out of range.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.scatter_nd([[4], [3], [1]], [9, 10, 11], [6]))
      array([ 0, 11,  0, 10,  9,  0], dtype=int32)
    """
    result: Tensor = apply("ScatterNd", indices, updates, shape, name=name)
    return result


class TensorScatter(OpDef, abstract=True):
    """A tensor with updates put in at positions that are vectors."""

    signature = "tensor: T, indices: Tindices, updates: T -> output: T | T: type | Tindices: index"
    combine = "set"

    def infer(self, op: Operation) -> list[TensorShape]:
        given, indices, updates = (tensor.shape for tensor in op.inputs)
        return [_scattered_shape(op, indices, updates, given)]

    def lower(self, b: Builder, op: Operation, x: Value, indices: Value, updates: Value) -> Value:
        return b.scatter(x, indices, updates, combine=self.combine)


class TensorScatterUpdate(TensorScatter):
    """A tensor with other elements at some positions."""

    def grad(self, op: Operation, g: Any) -> Any:
        _, indices, updates = op.inputs
        kept = tensor_scatter_update(identity(g), indices, zeros_like(updates))
        return kept, None, gather_nd(g, indices)


class TensorScatterAdd(TensorScatter):
    """A tensor with updates added at some positions."""

    combine = "add"

    def grad(self, op: Operation, g: Any) -> Any:
        return identity(g), None, gather_nd(g, op.inputs[1])


class TensorScatterSub(TensorScatter):
    """A tensor with updates subtracted at some positions."""

    combine = "subtract"

    def grad(self, op: Operation, g: Any) -> Any:
        return identity(g), None, -gather_nd(g, op.inputs[1])


class ScatterNdNonAliasingAdd(TensorScatterAdd):
    """A tensor with updates added at some positions; another name of the same thing."""

    signature = (
        "input: T, indices: Tindices, updates: T -> output: T | T: {float32, float64, int32, "
        "uint8, int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, "
        "complex128, float16, uint32, uint64, bool} | Tindices: index"
    )


def tensor_scatter_update(
    tensor: Any, indices: Any, updates: Any, name: str | None = None
) -> Tensor:
    """`tensor` with `updates` at `indices`.

    Args:
      tensor: a tensor.
      indices: an integer tensor; its last axis holds positions.
      updates: for each position an element or a slice.
      name: name of the operation.

    Raises:
      ValueError: the shapes are known not to fit. InvalidArgumentError: a position is out of range.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.tensor_scatter_update([1, 1, 1], [[1]], [5]))
      array([1, 5, 1], dtype=int32)
    """
    result: Tensor = apply("TensorScatterUpdate", tensor, indices, updates, name=name)
    return result


def tensor_scatter_add(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
    """`tensor` with `updates` added at `indices`; see `tensor_scatter_update`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.tensor_scatter_add([1, 1, 1], [[1], [1]], [5, 6]))
      array([ 1, 12,  1], dtype=int32)
    """
    result: Tensor = apply("TensorScatterAdd", tensor, indices, updates, name=name)
    return result


def tensor_scatter_sub(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
    """`tensor` with `updates` subtracted at `indices`; see `tensor_scatter_update`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.tensor_scatter_sub([1, 1, 1], [[1]], [5]))
      array([ 1, -4,  1], dtype=int32)
    """
    result: Tensor = apply("TensorScatterSub", tensor, indices, updates, name=name)
    return result


def densify(values: Tensor, indices: Tensor, dense_shape: Tensor, name: str | None) -> Tensor:
    """What `IndexedSlices` becomes as an ordinary tensor."""
    dense: Tensor = apply("UnsortedSegmentSum", values, indices, dense_shape[0], name=name)
    return dense


OPERATORS["densify"] = densify
