"""Sparse tensors sliced, split, concatenated and filtered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import merged, merged_extents, with_rank
from pantarhei.graph.operation import Operation
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.sparse_tensor import SparseTensor
from pantarhei.ops.array.identity import identity
from pantarhei.ops.array.indexing import gather
from pantarhei.ops.array.joining import concat
from pantarhei.ops.array.shapes import renamed, reshape
from pantarhei.ops.host.results import host_results
from pantarhei.ops.math.comparison import where_v2
from pantarhei.ops.math.reductions import reduce_max
from pantarhei.ops.sparse.rows import (
    check_counts,
    count_of,
    extents_of,
    found_at,
    in_order,
    unknown_elements,
)
from pantarhei.ops.sparse.tensors import as_sparse
from pantarhei.program.ir import Array, ProgramError, Type, Value


def rank_from(op: Operation, index: int) -> int | None:
    """The rank of a sparse input: the length of its shape."""
    length: int | None = with_rank(op, index, 1).as_list()[0]
    return length


# --- slices ---------------------------------------------------------------------------------------


class SparseSlice(OpDef):
    """The elements within a block, at their positions in it."""

    signature = (
        "indices: int64, values: T, shape: int64, start: int64, size: int64 "
        "-> output_indices: int64, output_values: T, output_shape: int64 | T: type"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        return [*unknown_elements(rank_from(op, 2))[:2], op.inputs[2].shape]

    def grad(self, op: Operation, _: Any, g: Any, __: Any) -> Any:
        start, positions = op.inputs[3], op.outputs[0]
        result = apply("SparseSliceGrad", g, op.inputs[0], start, positions)
        result.set_shape(op.inputs[1].shape)
        return None, result, None, None, None

    def lower(self, b: Any, op: Operation, *inputs: Value) -> list[Value]:
        check_counts(*inputs[:2])
        rank = inputs[2].size
        for name, each in (("start", inputs[3]), ("size", inputs[4])):
            if each.shape != (rank,):
                raise ProgramError(
                    f"Expected {name} to be a vector of length {rank} but got length {each.size}"
                )
        return host_results(b, _sliced, inputs)


def _sliced(rows: Array, elements: Array, shape: Array, start: Array, size: Array) -> list[Array]:
    end = np.minimum(start + size, shape)
    if (size < 0).any() or (end < start).any():
        raise ProgramError(
            f"Cannot slice from {start.tolist()} with size {size.tolist()}: the shape is "
            f"{shape.tolist()}"
        )
    inside = ((rows >= start) & (rows < end)).all(axis=1)
    return [rows[inside] - start, elements[inside], end - start]


class SparseSliceGrad(OpDef):
    """The gradient of each element: that of the same position in the slice, or zero."""

    signature = (
        "backprop_val_grad: T, input_indices: int64, input_start: int64, output_indices: int64 "
        "-> val_grad: T | T: numeric"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        return [TensorShape([extents_of(op, 1, 2)[0]])]

    def lower(self, b: Any, op: Operation, *inputs: Value) -> Value:
        def spread(grads: Array, rows: Array, start: Array, taken: Array) -> list[Array]:
            return [found_at(taken + start, grads, rows)]

        types = [Type(inputs[0].dtype, inputs[1].shape[:1])]
        return host_results(b, spread, inputs, types)[0]


def sparse_slice(sp_input: Any, start: Any, size: Any, name: str | None = None) -> SparseTensor:
    """A block of a sparse tensor.

    Args:
      sp_input: a SparseTensor.
      start: an integer vector: where the block begins.
      size: an integer vector: its extents; less where the tensor ends.
      name: name of the operation.

    Raises:
      TypeError: `sp_input` is not sparse.
      tf.errors.InvalidArgumentError: when it runs and the block begins behind the end.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 0], [1, 2]], [5, 6], [2, 3])
      >>> tf.Session().run(tf.sparse_slice(x, [1, 1], [1, 9]))
      SparseTensorValue(indices=array([[0, 1]]), values=array([6], dtype=int32), \
dense_shape=array([1, 2]))
    """
    sparse = as_sparse(sp_input)
    start = convert_to_tensor(start, "int64")
    size = convert_to_tensor(size, "int64")
    with name_scope(name, "SparseSlice", [sparse.indices]) as scope:
        parts = (sparse.indices, sparse.values, sparse.dense_shape)
        return SparseTensor(*apply("SparseSlice", *parts, start, size, name=scope))


# --- split and concat -----------------------------------------------------------------------------


class SparseSplit(OpDef):
    """Parts along an axis, the first ones longer by one where it does not come out even."""

    signature = (
        "split_dim: int64, indices: int64, values: T, shape: int64 "
        "-> output_indices: num_split * int64, output_values: num_split * T, "
        "output_shape: num_split * int64 | num_split: int | T: type"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        count = op.attributes["num_split"]
        each = [*unknown_elements(rank_from(op, 3))[:2], op.inputs[3].shape]
        return [shape for shape in each for _ in range(count)]

    def lower(self, b: Any, op: Operation, *inputs: Value) -> list[Value]:
        count = op.attributes["num_split"]
        check_counts(*inputs[1:3])

        def split(axis: Array, rows: Array, elements: Array, shape: Array) -> list[Array]:
            return _split(int(axis.ravel()[0]), rows, elements, shape, count)

        return host_results(b, split, inputs)


def _split(axis: int, rows: Array, elements: Array, shape: Array, count: int) -> list[Array]:
    if not 0 <= axis < len(shape):
        raise ProgramError(
            f"Input split_dim should be between 0 and rank ({len(shape)}), got {axis}"
        )
    if not 1 <= count <= shape[axis]:
        raise ProgramError(
            "Input num_split should be between 1 and the splitting dimension size "
            f"({shape[axis]}), got {count}"
        )
    least, longer = divmod(int(shape[axis]), count)
    parts = []
    first = 0
    for number in range(count):
        extent = least + (number < longer)
        taken = (rows[:, axis] >= first) & (rows[:, axis] < first + extent)
        positions, extents = rows[taken], shape.copy()
        positions[:, axis] -= first
        extents[axis] = extent
        parts.append((positions, elements[taken], extents))
        first += extent
    return [part for kind in zip(*parts, strict=True) for part in kind]


def sparse_split(
    *, sp_input: Any = None, num_split: Any = None, axis: Any = None, name: str | None = None,
    split_dim: Any = None,
) -> list[SparseTensor]:  # fmt: skip
    """A sparse tensor in parts along an axis; all arguments are given by name.

    Args:
      sp_input: a SparseTensor.
      num_split: how many parts; the first ones are longer by one where it does not come out even.
      axis: the axis.
      name: name of the operation.
      split_dim: the old name of `axis`.

    Raises:
      ValueError: an argument is missing. TypeError: `sp_input` is not sparse.
      tf.errors.InvalidArgumentError: when it runs and there are not so many parts.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 0], [1, 2]], [5, 6], [2, 3])
      >>> parts = tf.sparse_split(sp_input=x, num_split=2, axis=1)
      >>> [part.values.tolist() for part in tf.Session().run(parts)]
      [[5], [6]]
    """
    axis = renamed("axis", axis, "split_dim", split_dim)
    for given, called in ((sp_input, "sp_input"), (num_split, "num_split"), (axis, "axis")):
        if given is None:
            raise ValueError(f"{called} is required")
    sparse = as_sparse(sp_input)
    outputs = apply(
        "SparseSplit",
        axis,
        sparse.indices,
        sparse.values,
        sparse.dense_shape,
        num_split=num_split,
        name=name,
    )
    return [SparseTensor(*parts) for parts in zip(*outputs, strict=True)]


class SparseConcat(OpDef):
    """Sparse tensors one after the other along an axis."""

    signature = (
        "indices: N * int64, values: N * T, shapes: N * int64 "
        "-> output_indices: int64, output_values: T, output_shape: int64 "
        "| concat_dim: int | N: int | T: type"
    )
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        number = op.attributes["N"]
        total: int | None = 0
        rank: int | None = None
        shape = TensorShape([None])
        for index in range(number):
            count = count_of(op, index, index + number)
            total = None if total is None or count is None else total + count
            rank = merged_extents(op, rank, extents_of(op, index, 2)[1])
            shape = merged(op, shape, with_rank(op, index + 2 * number, 1))
        return [TensorShape([total, rank]), TensorShape([total]), shape]

    def lower(self, b: Any, op: Operation, *inputs: Value) -> list[Value]:
        number, axis = op.attributes["N"], op.attributes["concat_dim"]
        for index in range(number):
            check_counts(inputs[index], inputs[index + number])

        def joined(*arrays: Array) -> list[Array]:
            parts = (arrays[:number], arrays[number : 2 * number], arrays[2 * number :])
            return _joined(axis, *parts)

        count = sum(value.size for value in inputs[number : 2 * number])
        first = inputs[0].shape[1]
        types = [
            Type(inputs[0].dtype, (count, first)),
            Type(inputs[number].dtype, (count,)),
            inputs[2 * number].type,
        ]
        return host_results(b, joined, inputs, types)


def _joined(
    axis: int, rows: Sequence[Array], elements: Sequence[Array], shapes: Sequence[Array]
) -> list[Array]:
    rank = len(shapes[0])
    if not -rank <= axis < rank:
        raise ProgramError(f"Concat dimension must be in range [{-rank}, {rank}), got {axis}")
    axis %= rank
    for place, shape in enumerate(shapes[1:], start=1):
        if len(shape) != rank:
            raise ProgramError(
                f"Ranks of all input tensors must match: expected {rank} but got {len(shape)} at "
                f"position {place}"
            )
        for other in np.flatnonzero(shape != shapes[0]):
            if other != axis:
                raise ProgramError(
                    f"Input shapes must match: expected {shapes[0][other]} for dimension {other} "
                    f"but got {shape[other]} at position {place}"
                )
    starts = np.cumsum([0, *(shape[axis] for shape in shapes)])
    positions = np.concatenate(rows)
    positions[:, axis] += np.repeat(starts[:-1], [len(each) for each in rows])
    order = in_order(positions)
    extents = shapes[0].copy()
    extents[axis] = starts[-1]
    return [positions[order], np.concatenate(elements)[order], extents]


def sparse_concat(
    axis: Any,
    sp_inputs: Any,
    name: str | None = None,
    expand_nonconcat_dim: bool = False,
    concat_dim: Any = None,
    expand_nonconcat_dims: Any = None,
) -> SparseTensor:
    """Sparse tensors one after the other along an axis.

    Args:
      axis: the axis; negative ones count from the end.
      sp_inputs: a list of SparseTensors.
      name: name of the operation.
      expand_nonconcat_dim: whether other extents may differ; then the largest counts.
      concat_dim: the old name of `axis`.
      expand_nonconcat_dims: the new name of `expand_nonconcat_dim`.

    Raises:
      TypeError: an input is not sparse.
      tf.errors.InvalidArgumentError: when it runs and other extents differ.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 0], [1, 2]], [5, 6], [2, 3])
      >>> y = tf.Session().run(tf.sparse_concat(1, [x, x]))
      >>> y.values, y.dense_shape
      (array([5, 5, 6, 6], dtype=int32), array([2, 6]))
    """
    axis = renamed("axis", axis, "concat_dim", concat_dim)
    expand = expand_nonconcat_dim if expand_nonconcat_dims is None else expand_nonconcat_dims
    if not isinstance(sp_inputs, (list, tuple)):
        raise TypeError("Inputs must be a list or tuple.")
    parts = [as_sparse(each) for each in sp_inputs]
    if len(parts) == 1:
        return parts[0]
    shapes: list[Any] = [each.dense_shape for each in parts]
    if expand:
        largest = reduce_max(concat([reshape(shape, [1, -1]) for shape in shapes], 0), 0)
        last = axis == -1
        shapes = [
            concat(
                [
                    largest[:axis],
                    shape[-1:] if last else shape[axis : axis + 1],
                    [] if last else largest[axis + 1 :],
                ],
                0,
            )
            for shape in shapes
        ]
    indices, values, shape = apply(
        "SparseConcat",
        [each.indices for each in parts],
        [each.values for each in parts],
        shapes,
        concat_dim=axis,
        name=name,
    )
    known = [constant_value(each) for each in shapes]
    if all(each is not None for each in known):
        extents = np.array(known[0])
        extents[axis] = sum(each[axis] for each in known if each is not None)
        shape = convert_to_tensor(extents)
    return SparseTensor(indices, values, shape)


# --- elements kept and added ----------------------------------------------------------------------


def sparse_retain(sp_input: Any, to_retain: Any) -> SparseTensor:
    """Some of the elements.

    Args:
      sp_input: a SparseTensor.
      to_retain: a vector of booleans: which elements stay.

    Raises:
      TypeError: `sp_input` is not sparse. ValueError: the vector is not as long as there are
        elements.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 0], [1, 2]], [5, 6], [2, 3])
      >>> tf.Session().run(tf.sparse_retain(x, [False, True])).values
      array([6], dtype=int32)
    """
    sparse = as_sparse(sp_input)
    to_retain = convert_to_tensor(to_retain)
    to_retain.shape.assert_has_rank(1)
    sparse.values.shape.merge_with(to_retain.shape)
    places = reshape(where_v2(to_retain), [-1])
    indices = gather(sparse.indices, places)
    values = gather(sparse.values, places)
    return SparseTensor(indices, values, identity(sparse.dense_shape))
