"""Numbers in equal steps, grids of them, and masks made by comparing with positions."""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import shape_error
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.filling import ones
from pantarhei.ops.array.joining import stack
from pantarhei.ops.array.shapes import expand_dims, rank, reshape, size
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value


class LinSpace(OpDef):
    """Numbers in equal steps from a start to a stop, both included."""

    signature = (
        "start: T, stop: T, num: Tidx -> output: T | T: {bfloat16, float32, float64} "
        "| Tidx: index = int32"
    )
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        for index, name in enumerate(("start", "stop", "num")):
            given = op.inputs[index].shape
            if given.ndims not in (None, 0):
                raise shape_error(
                    op, f"Shape must be rank 0 but is rank {given.ndims}\n\t for '{name}'"
                )
        number = constant_value(op.inputs[2])
        if number is None:
            return [unknown_shape(1)]
        if number <= 0:
            raise shape_error(op, f"Requires num > 0: {number}", (2,))
        return [TensorShape([int(number)])]

    def lower(self, b: Builder, op: Operation, start: Value, stop: Value, num: Value) -> Value:
        number = int(b.static(num))
        if number <= 0:
            raise ProgramError(f"Requires num > 0: {number}")
        if number == 1:
            return b.reshape(start, shape=(1,))
        step = b.divide(b.subtract(stop, start), number - 1)
        places = b.iota(size=number, dtype=start.dtype)
        return b.add(b.multiply(places, step), start)


def linspace(start: Any, stop: Any, num: Any, name: str | None = None) -> Tensor:
    """`num` numbers in equal steps from `start` to `stop`, both included.

    Args:
      start: a floating scalar.
      stop: a scalar of the same dtype.
      num: how many, at least 1.
      name: name of the operation; `LinSpace` by default.

    Raises:
      ValueError: `num` is known to be less than 1. InvalidArgumentError: it turns out to be.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.linspace(10.0, 12.0, 3))
      array([10., 11., 12.], dtype=float32)
    """
    result: Tensor = apply("LinSpace", start, stop, num, name=name)
    return result


class OneHot(OpDef):
    """For each number, a vector that has one value at that place and another elsewhere."""

    signature = (
        "indices: TI, depth: int32, on_value: T, off_value: T -> output: T | axis: int = -1 "
        "| T: type | TI: {uint8, int32, int64} = int64"
    )
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        given, depth = op.inputs[0].shape, constant_value(op.inputs[1])
        if depth is not None and depth.ndim:
            raise shape_error(op, f"Input must be scalar but has rank {depth.ndim}", (1,))
        if depth is not None and depth < 0:
            raise shape_error(
                op,
                f"Dimension size, given by scalar input 1, must be non-negative but is {depth}",
                (1,),
            )
        axis = op.attributes["axis"]
        if axis < -1:
            raise shape_error(op, f"axis must be >= -1 but is {axis}")
        if given.ndims is None:
            return [unknown_shape()]
        place = given.ndims if axis == -1 else axis
        extent = None if depth is None else int(depth)
        return [given[:place].concatenate([extent]).concatenate(given[place:])]

    def lower(
        self, b: Builder, op: Operation, indices: Value, depth: Value, on: Value, off: Value
    ) -> Value:
        extent, axis = int(b.static(depth)), op.attributes["axis"]
        if extent < 0:
            raise ProgramError(f"depth must be non-negative, got: {extent}")
        if not -1 <= axis <= indices.ndim:
            raise ProgramError(
                f"Expected axis to be -1 or between [0, {indices.ndim + 1}).  But received: {axis}"
            )
        place = indices.ndim if axis == -1 else axis
        before, after = indices.shape[:place], indices.shape[place:]
        wide = b.reshape(b.cast(indices, dtype=dtypes.int64.numpy), shape=(*before, 1, *after))
        places = b.reshape(
            b.iota(size=extent, dtype=dtypes.int64.numpy), shape=(extent, *(1 for _ in after))
        )
        return b.where(b.equal(wide, places), on, off)


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Tensor:
    """A vector for each index: `on_value` at that place, `off_value` elsewhere.

    Args:
      indices: an integer tensor; one outside [0, depth) gives a vector of `off_value`.
      depth: how long the vectors are.
      on_value: a scalar; 1 by default.
      off_value: a scalar; 0 by default.
      axis: where in the result the vectors lie; the last axis by default.
      dtype: element type; that of the values, or float32.
      name: name of the operation.

    Raises:
      TypeError: `dtype` and the dtypes of the values differ. ValueError: `depth` is negative.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.one_hot([0, 2, -1], 3))
      array([[1., 0., 0.],
             [0., 0., 1.],
             [0., 0., 0.]], dtype=float32)
    """
    with name_scope(name, "one_hot", [indices, depth, on_value, off_value, axis, dtype]) as scope:
        wanted = None if dtype is None else dtypes.as_dtype(dtype)
        found = {
            key: convert_to_tensor(value).dtype.base_dtype
            for key, value in (("on_value", on_value), ("off_value", off_value))
            if value is not None
        }
        for key, each in found.items():
            if wanted is not None and each != wanted:
                raise TypeError(f"dtype {each} of {key} does not match dtype parameter {wanted}")
        if wanted is None:
            wanted = next(iter(found.values()), dtypes.float32)
        if on_value is None:
            on_value = convert_to_tensor(1, wanted, name="on_value")
        if off_value is None:
            off_value = convert_to_tensor(0, wanted, name="off_value")
        first, second = found.get("on_value", wanted), found.get("off_value", wanted)
        if first != second:
            raise TypeError(f"dtype {first} of on_value does not match dtype {second} of off_value")
        result: Tensor = apply("OneHot", indices, depth, on_value, off_value, axis=axis, name=scope)
        return result


def sequence_mask(
    lengths: Any, maxlen: Any = None, dtype: Any = dtypes.bool, name: str | None = None
) -> Tensor:
    """For each length a vector that is true at as many places from the front.

    Args:
      lengths: an integer tensor.
      maxlen: how long the vectors are; the largest length by default.
      dtype: element type of the result.
      name: name of the scope.

    Raises:
      ValueError: `maxlen` is no scalar.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.sequence_mask([1, 2], 3))
      array([[ True, False, False],
             [ True,  True, False]])
    """
    with name_scope(name, "SequenceMask", [lengths, maxlen]):
        lengths = convert_to_tensor(lengths)
        if maxlen is None:
            longest = apply("Max", lengths, _all_axes(lengths), keep_dims=False)
            maxlen = apply("Maximum", constant(0, longest.dtype), longest)
        else:
            maxlen = convert_to_tensor(maxlen)
        if maxlen.shape.ndims not in (None, 0):
            raise ValueError("maxlen must be scalar for sequence_mask")
        kind = maxlen.dtype.base_dtype
        places = apply("Range", constant(0, kind), maxlen, constant(1, kind))
        column = apply("Cast", expand_dims(lengths, -1), DstT=kind)
        mask: Tensor = places < column
        if dtype is not None and dtypes.as_dtype(dtype).base_dtype != dtypes.bool:
            mask = apply("Cast", mask, DstT=dtype)
        return mask


def _all_axes(x: Tensor) -> Tensor:
    if x.shape.ndims is not None:
        return constant(np.arange(x.shape.ndims, dtype=np.int32))
    axes: Tensor = apply("Range", 0, rank(x), 1)
    return axes


def meshgrid(
    *args: Any, indexing: str = "xy", name: str = "meshgrid", **kwargs: Any
) -> list[Tensor]:
    """The coordinates of a grid: for each vector a tensor of its values all over the grid.

    Args:
      *args: vectors.
      indexing: "xy" (the first two axes exchanged, as plots have them) or "ij".
      name: name of the scope.
      **kwargs: nothing else is accepted.

    Raises:
      TypeError: another keyword. ValueError: another `indexing`.

    Example:
      >>> import pantarhei as tf
      >>> x, y = tf.Session().run(tf.meshgrid([1, 2, 3], [4, 5]))
      >>> print(x.tolist(), y.tolist())
      [[1, 2, 3], [1, 2, 3]] [[4, 4, 4], [5, 5, 5]]
    """
    if kwargs:
        raise TypeError(f"'{next(iter(kwargs))}' is an invalid keyword argument for this function")
    if indexing not in ("xy", "ij"):
        raise ValueError("indexing parameter must be either 'xy' or 'ij'")
    with name_scope(name, "meshgrid", args):
        count = len(args)
        flat = [1] * count
        parts = [
            reshape(stack(x), (*flat[:axis], -1, *flat[axis + 1 :])) for axis, x in enumerate(args)
        ]
        extents = [size(x) for x in args]
        dtype = convert_to_tensor(args[0]).dtype.base_dtype
        if indexing == "xy" and count > 1:
            parts[0] = reshape(parts[0], (1, -1, *flat[2:]))
            parts[1] = reshape(parts[1], (-1, 1, *flat[2:]))
            extents[0], extents[1] = extents[1], extents[0]
        everywhere = ones(extents, dtype)
        return [part * everywhere for part in parts]
