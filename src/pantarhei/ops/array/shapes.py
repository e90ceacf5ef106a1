"""Questions about shapes, and operations that change a shape: reshape, expand_dims, squeeze.

Where a shape is known when the graph is built, the questions are answered by constants, as
TensorFlow does; otherwise by operations whose values are as partly known as the shapes.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import shape_error, shape_from, shown
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.sparse_tensor import SparseTensor, SparseTensorValue
from pantarhei.ops.array.constant import constant
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Array, ProgramError, Value

# What has a shape of its own, apart from those of its parts.
_SPARSE = (SparseTensor, SparseTensorValue)


class Shape(OpDef):
    """The shape of a tensor."""

    signature = "input: T -> output: out_type | T: type | out_type: index = int32"
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [TensorShape([op.inputs[0].shape.ndims])]

    def known(self, op: Operation) -> Array | None:
        shape = op.inputs[0].shape
        if not shape.is_fully_defined():
            return None
        return np.array(shape.as_list(), op.attributes["out_type"].numpy)

    def partial(self, op: Operation) -> list[int | None] | None:
        shape = op.inputs[0].shape
        return None if shape.ndims is None else shape.as_list()

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        return b.constant(np.array(x.shape, op.attributes["out_type"].numpy))


class ShapeN(OpDef):
    """The shapes of several tensors."""

    signature = "input: N * T -> output: N * out_type | N: int | T: type | out_type: index = int32"
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [TensorShape([tensor.shape.ndims]) for tensor in op.inputs]

    def lower(self, b: Builder, op: Operation, *inputs: Value) -> list[Value]:
        dtype = op.attributes["out_type"].numpy
        return [b.constant(np.array(x.shape, dtype)) for x in inputs]


class Rank(OpDef):
    """How many axes a tensor has."""

    signature = "input: T -> output: int32 | T: type"
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [TensorShape([])]

    def known(self, op: Operation) -> Array | None:
        rank = op.inputs[0].shape.ndims
        return None if rank is None else np.array(rank, np.int32)

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        return b.constant(np.array(x.ndim, np.int32))


class Size(OpDef):
    """How many elements a tensor has."""

    signature = "input: T -> output: out_type | T: type | out_type: index = int32"
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [TensorShape([])]

    def known(self, op: Operation) -> Array | None:
        size = op.inputs[0].shape.num_elements()
        return None if size is None else np.array(size, op.attributes["out_type"].numpy)

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        return b.constant(np.array(x.size, op.attributes["out_type"].numpy))


def shape(input: Any, name: str | None = None, out_type: Any = dtypes.int32) -> Tensor:
    """The shape of `input` as an integer vector; a constant where it is known.

    Args:
      input: a tensor.
      name: name of the operation; `Shape` by default.
      out_type: `tf.int32` or `tf.int64`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.shape([[1, 2, 3], [4, 5, 6]]))
      array([2, 3], dtype=int32)
    """
    return shape_internal(input, name, True, out_type)


def shape_internal(
    input: Any, name: str | None = None, optimize: bool = True, out_type: Any = dtypes.int32
) -> Tensor:
    """As `shape`; without `optimize` it is never a constant."""
    with name_scope(name, "Shape", [input]) as scope:
        if isinstance(input, _SPARSE):
            extents: Tensor = apply("Cast", input.dense_shape, DstT=out_type)
            return extents
        tensor = convert_to_tensor(input)
        if optimize and tensor.shape.is_fully_defined():
            return constant(tensor.shape.as_list(), out_type, name=scope)
        result: Tensor = apply("Shape", tensor, out_type=out_type, name=scope)
        return result


def shape_n(input: Any, out_type: Any = dtypes.int32, name: str | None = None) -> list[Tensor]:
    """The shapes of several tensors of one dtype.

    Args:
      input: a list of tensors.
      out_type: `tf.int32` or `tf.int64`.
      name: name of the operation.

    Raises:
      TypeError: if `input` is no list, or its tensors are of different dtypes.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.shape_n([[1, 2], [[3]]]))
      [array([2], dtype=int32), array([1, 1], dtype=int32)]
    """
    result: list[Tensor] = apply("ShapeN", input, out_type=out_type, name=name)
    return result


def size(input: Any, name: str | None = None, out_type: Any = dtypes.int32) -> Tensor:
    """The number of elements of `input`; a constant where it is known.

    Args:
      input: a tensor.
      name: name of the operation; `Size` by default.
      out_type: `tf.int32` or `tf.int64`.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.size([[1, 2, 3], [4, 5, 6]])))
      6
    """
    with name_scope(name, "Size", [input]) as scope:
        if isinstance(input, _SPARSE):
            extents = apply("Cast", input.dense_shape, DstT=out_type)
            return apply("Prod", extents, 0, keep_dims=False, name=scope)
        tensor = convert_to_tensor(input)
        elements = tensor.shape.num_elements()
        if elements is not None:
            return constant(elements, out_type, name=scope)
        if tensor.shape.ndims is not None and 0 in tensor.shape.as_list():
            return constant(0, out_type, name=scope)
        result: Tensor = apply("Size", tensor, out_type=out_type, name=scope)
        return result


def rank(input: Any, name: str | None = None) -> Tensor:
    """The number of axes of `input`; a constant where it is known.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.rank([[1, 2, 3], [4, 5, 6]])))
      2
    """
    with name_scope(name, "Rank", [input]) as scope:
        if isinstance(input, _SPARSE):
            return apply("Size", input.dense_shape, name=scope)
        tensor = convert_to_tensor(input)
        if tensor.shape.ndims is not None:
            return constant(tensor.shape.ndims, dtypes.int32, name=scope)
        result: Tensor = apply("Rank", tensor, name=scope)
        return result


def to_shape_of_input(op: Operation, g: Any) -> Tensor:
    """The gradient of an operation that only changes the shape."""
    with warnings.catch_warnings():  # as TensorFlow: what looks up reshaped rows needs no advice
        warnings.filterwarnings("ignore", "Converting sparse IndexedSlices to a dense Tensor")
        return reshape(g, shape(op.inputs[0]))


class Reshape(OpDef):
    """The same elements in the same order under another shape."""

    signature = "tensor: T, shape: Tshape -> output: T | T: type | Tshape: index = int32"

    def infer(self, op: Operation) -> list[TensorShape]:
        out = shape_from(op, 1)
        given = op.inputs[0].shape
        if given.ndims is None or out.ndims is None:
            return [out]
        ours, theirs = given.as_list(), out.as_list()
        if ours.count(None) > 1 or theirs.count(None) > 1:
            return [out]
        have = math.prod(each for each in ours if each is not None)
        want = math.prod(each for each in theirs if each is not None)
        if None not in ours and None not in theirs:
            if have != want:
                raise shape_error(
                    op,
                    f"Cannot reshape a tensor with {have} elements to shape {shown(out)} "
                    f"({want} elements)",
                    as_shapes=(1,),
                )
        elif None not in ours and want > 0:
            missing = _divided_as_shape(op, have, want)
            return [TensorShape([missing if each is None else each for each in theirs])]
        elif None in ours and None not in theirs and have != 0:
            _divided_as_shape(op, want, have)
        return [out]

    def grad(self, op: Operation, g: Any) -> Any:
        return to_shape_of_input(op, g), None

    def lower(self, b: Builder, op: Operation, x: Value, shape: Value) -> Value:
        return b.reshape(x, shape=_completed(x, b.static(shape)))


def _divided_as_shape(op: Operation, extent: int, divisor: int) -> int:
    if extent % divisor:
        raise shape_error(
            op,
            f"Dimension size must be evenly divisible by {divisor} but is {extent}",
            as_shapes=(1,),
        )
    return extent // divisor


def _completed(x: Value, sizes: Array) -> tuple[int, ...]:
    """A shape without -1 for the elements of `x`."""
    if sizes.ndim != 1:
        raise ProgramError(f"sizes input must be 1-D, not {shown(sizes.shape)}")
    result = [int(size) for size in sizes]
    unknown = [axis for axis, size in enumerate(result) if size == -1]
    if len(unknown) > 1:
        raise ProgramError(f"Only one input size may be -1, not both {unknown[0]} and {unknown[1]}")
    for axis, size in enumerate(result):
        if size < -1:
            raise ProgramError(f"Size {axis} must be non-negative, not {size}")
    if unknown:
        # A zero in the request matches one in the input: only the other extents are compared.
        rest = math.prod(size for size in result if size not in (-1, 0))
        have = math.prod(n for n in x.shape if n or 0 not in result)
        if have % rest and not (0 in result and 0 in x.shape):
            raise ProgramError(
                f"Input to reshape is a tensor with {x.size} values, but the requested shape "
                f"requires a multiple of {rest}"
            )
        result[unknown[0]] = have // rest
    return tuple(result)


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """The elements of `tensor`, in order, under another shape.

    Args:
      tensor: a tensor.
      shape: an integer vector; one element may be -1, and is then what the others leave.
      name: name of the operation.

    Raises:
      ValueError: the numbers of elements are known and differ. InvalidArgumentError: they differ
      when the session runs.

    Example:
      >>> import pantarhei as tf
      >>> tf.reshape(tf.zeros([4, 6]), [-1, 8]).shape
      TensorShape([Dimension(3), Dimension(8)])
    """
    result: Tensor = apply("Reshape", tensor, shape, name=name)
    return result


class ExpandDims(OpDef):
    """One more axis, of extent 1."""

    signature = "input: T, dim: Tdim -> output: T | T: type | Tdim: index = int32"

    def infer(self, op: Operation) -> list[TensorShape]:
        value = constant_value(op.inputs[1])
        if value is None:
            return [unknown_shape()]
        if value.size != 1:
            raise shape_error(op, "'dim' input must be a tensor with a single value", computed=(1,))
        given = op.inputs[0].shape
        if given.ndims is None:
            return [unknown_shape()]
        axis, rank = int(value.ravel()[0]), given.ndims
        if not -rank - 1 <= axis <= rank:
            raise shape_error(
                op, f"dim {axis} not in the interval [{-rank - 1}, {rank}].", computed=(1,)
            )
        axis += rank + 1 if axis < 0 else 0
        extents = given.as_list()
        return [TensorShape([*extents[:axis], 1, *extents[axis:]])]

    def grad(self, op: Operation, g: Any) -> Any:
        return to_shape_of_input(op, g), None

    def lower(self, b: Builder, op: Operation, x: Value, dim: Value) -> Value:
        value = b.static(dim)
        if value.size != 1:
            raise ProgramError("'dim' must be a tensor with a single value")
        axis = int(value.ravel()[0])
        if not -x.ndim - 1 <= axis <= x.ndim:
            raise ProgramError(
                f"Tried to expand dim index {axis} for tensor with {x.ndim} dimensions."
            )
        axis += x.ndim + 1 if axis < 0 else 0
        return b.reshape(x, shape=(*x.shape[:axis], 1, *x.shape[axis:]))


def expand_dims(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """`input` with one more axis of extent 1.

    Args:
      input: a tensor.
      axis: where the new axis is in the result; negative counts from the end.
      name: name of the operation.
      dim: the old name of `axis`.

    Raises:
      ValueError: no axis, both `axis` and `dim`, or an axis that does not fit the rank.

    Example:
      >>> import pantarhei as tf
      >>> tf.expand_dims(tf.zeros([2, 3]), 1).shape
      TensorShape([Dimension(2), Dimension(1), Dimension(3)])
    """
    axis = renamed("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError("Must specify an axis argument to tf.expand_dims()")
    result: Tensor = apply("ExpandDims", input, axis, name=name)
    return result


def renamed(new_name: str, new: Any, old_name: str, old: Any) -> Any:
    """The argument that was given, under its new or its old name; ValueError for both."""
    if old is not None:
        if new is not None:
            raise ValueError(f"Cannot specify both '{old_name}' and '{new_name}'")
        return old
    return new


class Squeeze(OpDef):
    """Axes of extent 1 removed."""

    signature = "input: T -> output: T | T: type | squeeze_dims: list(int) = []"

    def infer(self, op: Operation) -> list[TensorShape]:
        given = op.inputs[0].shape
        if given.ndims is None:
            return [unknown_shape()]
        rank, chosen = given.ndims, set()
        for index, axis in enumerate(op.attributes["squeeze_dims"]):
            if not -rank <= axis < rank:
                raise shape_error(op, f"squeeze_dims[{index}] not in [{-rank},{rank}).")
            chosen.add(axis % rank)
        if not chosen and None in given.as_list():
            return [unknown_shape()]
        kept = []
        for axis, extent in enumerate(given.as_list()):
            if axis in chosen and extent not in (None, 1):
                raise shape_error(
                    op, f"Can not squeeze dim[{axis}], expected a dimension of 1, got {extent}"
                )
            if axis not in chosen and (chosen or extent != 1):
                kept.append(extent)
        return [TensorShape(kept)]

    def grad(self, op: Operation, g: Any) -> Tensor:
        return to_shape_of_input(op, g)

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        chosen = set()
        for axis in op.attributes["squeeze_dims"]:
            if not -x.ndim <= axis < x.ndim:
                raise ProgramError(
                    f"Tried to squeeze dim index {axis} for tensor with {x.ndim} dimensions."
                )
            chosen.add(axis % x.ndim)
        for axis in sorted(chosen):
            if x.shape[axis] != 1:
                raise ProgramError(
                    f"Can not squeeze dim[{axis}], expected a dimension of 1, got {x.shape[axis]}"
                )
        kept = tuple(
            extent
            for axis, extent in enumerate(x.shape)
            if axis not in chosen and (chosen or extent != 1)
        )
        return b.reshape(x, shape=kept)


def squeeze(
    input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None
) -> Tensor:
    """`input` without its axes of extent 1.

    Args:
      input: a tensor.
      axis: which of them, one or a list; all by default. Negative ones count from the end.
      name: name of the operation.
      squeeze_dims: the old name of `axis`.

    Raises:
      ValueError: an axis is known not to be of extent 1. InvalidArgumentError: it turns out not
      to be.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.zeros([1, 2, 1])
      >>> print(tf.squeeze(x).shape, tf.squeeze(x, [0]).shape)
      (2,) (2, 1)
    """
    axis = renamed("axis", axis, "squeeze_dims", squeeze_dims)
    if np.isscalar(axis):
        axis = [axis]
    result: Tensor = apply("Squeeze", input, squeeze_dims=axis, name=name)
    return result
