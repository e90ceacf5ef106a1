"""Elements taken out of tensors by position: slice, gather; where and boolean_mask."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pantarhei.core import dtypes
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
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.tensor_operators import OPERATORS
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.filling import ones, zeros
from pantarhei.ops.array.joining import concat, stack
from pantarhei.ops.array.shapes import expand_dims, reshape, shape, size, squeeze
from pantarhei.ops.array.transposing import transpose
from pantarhei.ops.host.results import host_results
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Array, ProgramError, Value


class Slice(OpDef):
    """A box out of a tensor: where it begins and how large it is."""

    signature = "input: T, begin: Index, size: Index -> output: T | T: type | Index: index"

    def infer(self, op: Operation) -> list[TensorShape]:
        begins, sizes = with_rank(op, 1, 1), with_rank(op, 2, 1)
        rank = merged(op, begins, sizes).as_list()[0]
        given = op.inputs[0].shape if rank is None else with_rank(op, 0, rank)
        begin, extents = partial_value(op.inputs[1]), partial_value(op.inputs[2])
        if extents is None:
            return [unknown_shape(given.ndims)]
        if constant_value(op.inputs[2]) is None:
            return [TensorShape([None if each == -1 else each for each in extents])]
        begin = begin or [None] * len(extents)
        result = []
        for total, start, extent in zip(
            given.with_rank(len(extents)).as_list(), begin, extents, strict=True
        ):
            if extent == -1:
                rest = None if total is None or start is None else total - start
                result.append(rest if rest is None or rest >= 0 else None)
            else:
                result.append(extent)
        return [TensorShape(result)]

    def grad(self, op: Operation, g: Any) -> Any:
        x, begin, _ = op.inputs
        kind = begin.dtype.base_dtype
        after = shape(x, out_type=kind) - shape(op.outputs[0], out_type=kind) - begin
        result: Tensor = apply("Pad", g, stack([begin, after], axis=1))
        return result, None, None

    def lower(self, b: Builder, op: Operation, x: Value, begin: Value, size: Value) -> Value:
        starts, sizes = b.static(begin).tolist(), b.static(size).tolist()
        if len(starts) != x.ndim or len(sizes) != x.ndim:
            raise ProgramError(
                f"Expected begin and size arguments to be 1-D tensors of size {x.ndim}, but got "
                f"shapes {shown(begin.shape)} and {shown(size.shape)} instead."
            )
        stops = []
        for axis, (start, extent) in enumerate(zip(starts, sizes, strict=True)):
            total = x.shape[axis]
            if not 0 <= start <= total:
                raise ProgramError(f"Expected begin[{axis}] in [0, {total}], but got {start}")
            if extent != -1 and not 0 <= extent <= total - start:
                raise ProgramError(
                    f"Expected size[{axis}] in [0, {total - start}], but got {extent}"
                )
            stops.append(total if extent == -1 else start + extent)
        return b.slice(x, start=tuple(starts), stop=tuple(stops), step=(1,) * x.ndim)


def slice(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """The box of `size` elements that begins at `begin`.

    Args:
      input_: a tensor.
      begin: an integer vector, one element for each axis.
      size: an integer vector; -1 for all that is left along an axis.
      name: name of the operation.

    Raises:
      ValueError: the lengths are known not to be the rank. InvalidArgumentError: the box is not
      inside.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.slice([[1, 2, 3], [4, 5, 6]], [0, 1], [-1, 2]))
      array([[2, 3],
             [5, 6]], dtype=int32)
    """
    result: Tensor = apply("Slice", input_, begin, size, name=name)
    return result


class GatherV2(OpDef):
    """The slices of a tensor at given positions along an axis."""

    signature = (
        "params: Tparams, indices: Tindices, axis: Taxis -> output: Tparams | batch_dims: int = 0 "
        "| Tparams: type | Tindices: index | Taxis: index"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        params, indices = op.inputs[0].shape, op.inputs[1].shape
        with_rank(op, 2, 0)
        axis, batch = axis_from(op, 2), op.attributes["batch_dims"]
        if params.ndims is not None and params.ndims < 1:
            raise shape_error(op, f"Shape must be at least rank 1 but is rank {params.ndims}")
        if axis is None:
            if params.ndims is None or indices.ndims is None:
                return [unknown_shape()]
            return [unknown_shape(params.ndims + indices.ndims - 1 - batch)]
        least = axis + 1 if axis >= 0 else -axis
        if params.ndims is not None and params.ndims < least:
            raise shape_error(
                op, f"Shape must be at least rank {least} but is rank {params.ndims}", (2,)
            )
        if params.ndims is None or indices.ndims is None:
            return [unknown_shape()]
        axis, batch = axis % params.ndims, batch % max(indices.ndims, 1) if batch < 0 else batch
        return [params[:axis].concatenate(indices[batch:]).concatenate(params[axis + 1 :])]

    def grad(self, op: Operation, g: Any) -> Any:
        params, indices, axis = op.inputs
        static = constant_value(axis)
        extents = apply("Cast", shape(params, out_type=dtypes.int64), DstT=dtypes.int32)
        if static is not None and int(static) == 0 and op.attributes["batch_dims"] == 0:
            count = expand_dims(size(indices), 0)
            values = reshape(g, concat([count, extents[1:]], 0))
            return IndexedSlices(values, reshape(indices, count), extents), None, None
        return _gather_gradient(op, extents, g), None, None

    def lower(self, b: Builder, op: Operation, x: Value, indices: Value, axis: Value) -> Value:
        position = int(b.static(axis))
        if not -x.ndim <= position < x.ndim:
            raise ProgramError(
                f"Expected axis in the range [{-x.ndim}, {x.ndim}), but got {position}"
            )
        layout = GatherLayout.of(
            x.shape, indices.shape, position % x.ndim, op.attributes["batch_dims"]
        )
        if not layout.batch:
            return b.gather(x, indices, axis=layout.axis)
        front = b.reshape(b.transpose(x, permutation=layout.to_front), shape=layout.rows)
        found = b.gather(front, layout.flat(b, indices), axis=0)
        return b.transpose(b.reshape(found, shape=layout.found), permutation=layout.to_place)


class GatherLayout:
    """How a gather with batch axes becomes one along the first axis of a matrix of rows.

    The batch axes and the gathered axis go to the front, and become one axis of rows.
    """

    def __init__(
        self, params: tuple[int, ...], indices: tuple[int, ...], axis: int, batch: int
    ) -> None:
        self.axis, self.batch, self.extent = axis, batch, params[axis]
        if indices[:batch] != params[:batch]:
            raise ProgramError(
                f"batch_dims: params.shape[:{batch}] should be equal to indices.shape[:{batch}], "
                f"got {shown(params)} and {shown(indices)}"
            )
        middle = range(batch, axis)
        rest = range(axis + 1, len(params))
        self.to_front = (*range(batch), axis, *middle, *rest)
        inner = tuple(params[number] for number in (*middle, *rest))
        self.outer = math.prod(params[:batch])
        self.rows = (self.outer * self.extent, *inner)
        self.unfolded = (*params[:batch], self.extent, *inner)
        # As found: batch, positions, middle, rest; in place: batch, middle, positions, rest.
        self.found = (*indices, *inner)
        kept = len(indices)
        self.to_place = (
            *range(batch),
            *range(kept, kept + len(middle)),
            *range(batch, kept),
            *range(kept + len(middle), kept + len(inner)),
        )

    @classmethod
    def of(
        cls, params: tuple[int, ...], indices: tuple[int, ...], axis: int, batch: int
    ) -> GatherLayout:
        """The layout, with `batch` counted from the front."""
        batch += len(indices) if batch < 0 else 0
        if batch > axis:
            raise ProgramError(f"batch_dims ({batch}) must be less than or equal to axis ({axis}).")
        return cls(params, indices, axis, batch)

    def flat(self, b: Builder, indices: Value) -> Value:
        """The indices as numbers of rows."""
        wide = b.cast(indices, dtype=dtypes.int64.numpy)
        # Taking positions 0, 1, 2 ... at the indices is the identity that checks their range.
        wide = b.gather(b.iota(size=self.extent, dtype=dtypes.int64.numpy), wide, axis=0)
        starts = np.arange(self.outer, dtype=np.int64) * self.extent
        column = b.constant(starts.reshape(self.outer, 1))
        folded = b.reshape(wide, shape=(self.outer, wide.size // max(self.outer, 1)))
        return b.reshape(b.add(folded, column), shape=indices.shape)


def _gather_gradient(op: Operation, extents: Tensor, g: Any) -> Tensor:
    """A gradient added up where its slices were taken: rows of a matrix, batch after batch."""
    params, indices, axis = op.inputs
    rank = params.shape.ndims
    position = apply("FloorMod", cast(axis, dtypes.int32), rank or apply("Rank", params))
    batch = op.attributes["batch_dims"]
    if batch < 0 and indices.shape.ndims is not None:
        batch %= indices.shape.ndims
    taken = shape(indices)
    extent = extents[position]
    batches, middle, count, rest = (
        apply("Prod", sizes, [0])
        for sizes in (
            extents[:batch],
            extents[batch:position],
            taken[batch:],
            extents[position + 1 :],
        )
    )
    front = transpose(reshape(g, stack([batches, middle, count, rest])), [0, 2, 1, 3])
    begins = reshape(apply("Range", 0, batches, 1) * extent, [-1, 1])
    rows = cast(reshape(indices, stack([batches, count])), dtypes.int32) + begins
    summed = apply(
        "UnsortedSegmentSum",
        reshape(front, stack([batches * count, middle, rest])),
        reshape(rows, [-1]),
        batches * extent,
    )
    unfolded = reshape(summed, stack([batches, extent, middle, rest]))
    return reshape(transpose(unfolded, [0, 2, 1, 3]), extents)


def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    name: str | None = None,
    axis: Any = None,
    batch_dims: int = 0,
) -> Tensor:
    """The slices of `params` at `indices` along an axis.

    Args:
      params: a tensor, or a variable.
      indices: an integer tensor of any shape.
      validate_indices: ignored; indices are always checked.
      name: name of the operation.
      axis: the axis; `batch_dims` by default.
      batch_dims: how many leading axes `params` and `indices` share.

    Returns:
      A tensor of shape
      `params.shape[:axis] + indices.shape[batch_dims:] + params.shape[axis + 1:]`.

    Raises:
      ValueError: the axis does not fit. InvalidArgumentError: an index is out of range.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.gather([10, 20, 30], [2, 0, 2]))
      array([30, 10, 30], dtype=int32)
    """
    if axis is None:
        axis = batch_dims
    known = constant_value(axis) if isinstance(axis, Tensor) else axis
    result: Tensor
    if known is None or int(known) != 0:
        result = apply("GatherV2", params, indices, axis, batch_dims=batch_dims, name=name)
        return result
    if hasattr(params, "sparse_read"):
        result = params.sparse_read(indices, name=name)
        return result
    result = apply("GatherV2", params, indices, axis, name=name)
    return result


def batch_gather(params: Any, indices: Any, name: str | None = None) -> Tensor:
    """The slices of `params` at `indices`, all axes of which but the last are shared.

    Args:
      params: a tensor.
      indices: an integer tensor of known rank.
      name: name of the scope.

    Raises:
      ValueError: the rank of `indices` is not known, or larger than that of `params`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.batch_gather([[1, 2], [3, 4]], [[1], [0]]))
      array([[2],
             [3]], dtype=int32)
    """
    with name_scope(name, "BatchGather", [params, indices]):
        indices = convert_to_tensor(indices, name="indices")
        params = convert_to_tensor(params, name="params")
        if indices.shape.ndims is None:
            raise ValueError("batch_gather does not allow indices with unknown shape.")
        batch = indices.shape.ndims - 1
        if batch < 0:
            raise ValueError(f"batch_dims = {batch} must be less than rank(indices) = 0")
        if params.shape.ndims is not None and batch >= params.shape.ndims:
            raise ValueError(
                f"batch_dims = {batch} must be less than rank(params) = {params.shape.ndims}"
            )
        return _gathered_flat(params, indices, batch)


def _gathered_flat(params: Tensor, indices: Tensor, batch: int) -> Tensor:
    """The gather as one along the first axis, of rows numbered across the batch."""
    found, given = shape(indices), shape(params)
    kind, rank = indices.dtype.base_dtype, int(indices.shape.ndims or 0)
    rows = indices
    step = ones((), dtype=kind)
    extents = apply("Cast", given, DstT=kind)
    for axis in range(batch, 0, -1):
        extent = extents[axis - 1]
        step = step * extents[axis]
        start = zeros((), dtype=kind)
        starts = apply("Range", start, extent, ones((), dtype=kind)) * step
        spread = stack([1] * (axis - 1) + [extent] + [1] * (rank - axis), axis=0)
        rows = rows + reshape(starts, spread)
    rows = reshape(rows, [-1])
    outer = given[batch + 1 :]
    total = apply("Prod", given[: batch + 1], [0], keep_dims=False)
    flat = gather(reshape(params, concat([[total], outer], axis=0)), rows)
    result = reshape(flat, concat([found, outer], axis=0))
    shared = indices.shape[:batch].merge_with(params.shape[:batch])
    static = shared.concatenate(indices.shape[batch:]).concatenate(params.shape[batch + 1 :])
    result.set_shape(static)
    return result


class Where(OpDef):
    """The positions of the elements that are true, or not zero; how many is known only in a run."""

    signature = "input: T -> index: int64 | T: {numeric, bool} = bool"
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [TensorShape([None, op.inputs[0].shape.ndims])]

    def lower(self, b: Any, op: Operation, condition: Value) -> Value:
        if condition.ndim == 0:
            raise ProgramError("WhereOp : Unhandled input dimensions: 0")
        return host_results(b, _true_positions, [condition])[0]


def _true_positions(condition: Array) -> list[Array]:
    return [np.argwhere(condition).astype(np.int64)]


def boolean_mask(
    tensor: Any, mask: Any, name: str = "boolean_mask", axis: int | None = None
) -> Tensor:
    """The elements or slices of `tensor` where `mask` is true.

    Args:
      tensor: a tensor.
      mask: a tensor of booleans whose shape is that of some axes of `tensor` in a row.
      name: name of the scope.
      axis: the first of these axes; 0 by default.

    Raises:
      ValueError: the shapes do not fit, the mask is a scalar or of unknown rank.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.boolean_mask([0, 1, 2, 3], [True, False, True, False]))
      array([0, 2], dtype=int32)
    """
    with name_scope(name, values=[tensor, mask]):
        tensor = convert_to_tensor(tensor, name="tensor")
        mask = convert_to_tensor(mask, name="mask")
        rank = mask.shape.ndims
        if rank == 0:
            raise ValueError("mask cannot be scalar.")
        if rank is None:
            raise ValueError(
                "Number of mask dimensions must be specified, even if some dimensions are None.  "
                "E.g. shape=[None] is ok, but shape=None is not."
            )
        axis = 0 if axis is None else axis
        given = tensor.shape
        given[axis : axis + rank].assert_is_compatible_with(mask.shape)
        masked = apply("Prod", shape(tensor)[axis : axis + rank], [0], keep_dims=False)
        before = shape(tensor)[:axis]
        tensor = reshape(tensor, concat([before, [masked], shape(tensor)[axis + rank :]], 0))
        elements = given[axis : axis + rank].num_elements()
        tensor.set_shape(given[:axis].concatenate([elements]).concatenate(given[axis + rank :]))
        places = squeeze(apply("Where", reshape(mask, [-1])), axis=[1])
        return gather(tensor, places, axis=axis)


OPERATORS["boolean_mask"] = boolean_mask
