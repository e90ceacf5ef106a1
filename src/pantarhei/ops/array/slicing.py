"""Python's indexing of tensors: `x[1:, ..., None, 0]` as one StridedSlice operation.

The index arrives as vectors of begins, ends and strides, with bit masks that say which of them are
missing or special. `Spec` works out, for a shape, what is taken along each axis and what the result
looks like: for static shapes, for values and for gradients alike.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.dimensions import Dimension
from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.constant import constant_value, partial_value
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import Extent, merged, shape_error
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.tensor_operators import OPERATORS
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.filling import ones_like
from pantarhei.ops.array.joining import stack
from pantarhei.ops.array.shapes import shape
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value

_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
_SIGNATURE = (
    "Index: index | begin_mask: int = 0 | end_mask: int = 0 | ellipsis_mask: int = 0 "
    "| new_axis_mask: int = 0 | shrink_axis_mask: int = 0"
)
_INDEX_ERROR = (
    "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar "
    "tf.int32/tf.int64 tensors are valid indices"
)
newaxis = None


class WrongValue(Exception):
    """The values of begins and ends do not fit; the other faults are seen without them."""


@dataclass
class Axis:
    """The slice along one axis of the input; None for what is not known or not given."""

    begin: Extent = None
    end: Extent = None
    stride: int = 1
    from_front: bool = True
    to_end: bool = True
    shrinks: bool = False


@dataclass
class Spec:
    """An index, spread over the axes of an input: see `of`.

    Attributes:
      axes: the slices, axis by axis.
      result: for each axis of the result, the axis of the input, or None for a new one.
    """

    axes: list[Axis] = field(default_factory=list)
    result: list[Extent] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        begin: Sequence[Extent],
        end: Sequence[Extent],
        strides: Sequence[int],
        masks: dict[str, int],
        rank: int,
    ) -> Spec:
        """Spreads an index over `rank` axes; ProgramError where it does not fit them."""

        def bit(mask: str, index: int) -> bool:
            return bool(masks[mask] >> index & 1)

        count = len(strides)
        ellipses = [index for index in range(count) if bit("ellipsis_mask", index)]
        if len(ellipses) > 1:
            raise ProgramError("Multiple ellipses in slice spec not allowed")
        place = ellipses[0] if ellipses else count
        taken = sum(
            1 for index in range(count) if index != place and not bit("new_axis_mask", index)
        )
        spec = cls()
        for index in range(count + (not ellipses)):
            if index == place:
                for _ in range(rank - taken):
                    spec.result.append(len(spec.axes))
                    spec.axes.append(Axis())
            elif bit("new_axis_mask", index):
                spec.result.append(None)
            else:
                if len(spec.axes) == rank:
                    raise ProgramError(
                        f"Index out of range using input dim {rank}; input has only {rank} dims"
                    )
                stride = int(strides[index])
                if stride == 0:
                    raise ProgramError(f"strides[{index}] must be non-zero")
                shrinks = bit("shrink_axis_mask", index)
                if shrinks and stride < 0:
                    raise ProgramError("only stride 1 allowed on non-range indexing.")
                if not shrinks:
                    spec.result.append(len(spec.axes))
                spec.axes.append(
                    Axis(
                        begin[index],
                        end[index],
                        stride,
                        bit("begin_mask", index),
                        bit("end_mask", index),
                        shrinks,
                    )
                )
        return spec

    def ranges(self, extents: Sequence[Extent]) -> list[range | None]:
        """The positions taken along each axis; None where they are not known."""
        return [self._range(number, extent) for number, extent in enumerate(extents)]

    def _range(self, number: int, extent: Extent) -> range | None:
        axis = self.axes[number]
        if axis.shrinks:
            if extent is None or axis.begin is None:
                return None
            position = axis.begin + extent if axis.begin < 0 else axis.begin
            if not 0 <= position < extent:
                raise WrongValue(f"slice index {axis.begin} of dimension {number} out of bounds.")
            return range(position, position + 1)
        if extent is None:
            return None
        low, high = (0, extent) if axis.stride > 0 else (-1, extent - 1)
        first, last = (low, high) if axis.stride > 0 else (high, low)

        def bounded(position: Extent, masked: bool, default: int) -> Extent:
            if masked:
                return default
            if position is None:
                return None
            return min(max(position + extent if position < 0 else position, low), high)

        begin = bounded(axis.begin, axis.from_front, first)
        end = bounded(axis.end, axis.to_end, last)
        return None if begin is None or end is None else range(begin, end, axis.stride)

    def shape(self, extents: Sequence[Extent]) -> list[Extent]:
        """The shape of the result for an input of this shape."""
        ranges = self.ranges(extents)
        sizes = [None if each is None else len(each) for each in ranges]
        return [1 if number is None else sizes[number] for number in self.result]


def _masks(op: Operation) -> dict[str, Any]:
    return {mask: op.attributes[mask] for mask in _MASKS}


class StridedSlice(OpDef):
    """What Python's indexing takes out of a tensor."""

    signature = (
        f"input: T, begin: Index, end: Index, strides: Index -> output: T | T: type | {_SIGNATURE}"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        vectors = [tensor.shape for tensor in op.inputs[1:]]
        length = TensorShape([None])
        for vector in vectors:
            if vector.ndims not in (None, 1):
                raise shape_error(op, f"Shape must be rank 1 but is rank {vector.ndims}")
            length = merged(op, length, vector)
        given, strides = op.inputs[0].shape, constant_value(op.inputs[3])
        if given.ndims is None or strides is None:
            return [unknown_shape()]
        begin, end = (
            [None] * len(strides) if value is None else value.tolist()
            for value in (constant_value(op.inputs[1]), constant_value(op.inputs[2]))
        )
        try:
            spec = Spec.of(begin, end, strides.tolist(), _masks(op), given.ndims)
            return [TensorShape(spec.shape(given.as_list()))]
        except ProgramError as error:
            raise shape_error(op, error.message, (3,)) from None
        except WrongValue as error:
            raise shape_error(op, str(error), (1, 2, 3)) from None

    def partial(self, op: Operation) -> list[int | None] | None:
        # As in TensorFlow, only a stretch of a vector is followed, not a single element.
        begin, end, strides = (constant_value(tensor) for tensor in op.inputs[1:])
        sizes = partial_value(op.inputs[0])
        masks = _masks(op)
        if (
            sizes is None
            or op.inputs[0].shape.ndims != 1
            or begin is None
            or end is None
            or strides is None
            or len(begin) != 1
            or any(masks[mask] for mask in _MASKS[2:])
        ):
            return None
        start = None if masks["begin_mask"] else int(begin[0])
        stop = None if masks["end_mask"] else int(end[0])
        return sizes[start : stop : int(strides[0])]

    def grad(self, op: Operation, g: Any) -> Any:
        x, *index = op.inputs
        extents = shape(x, out_type=index[0].dtype.base_dtype)
        result: Tensor = apply("StridedSliceGrad", extents, *index, g, **_masks(op))
        return result, None, None, None

    def lower(
        self, b: Builder, op: Operation, x: Value, begin: Value, end: Value, strides: Value
    ) -> Value:
        ranges, result = lowered_spec(b, op, x.shape, (begin, end, strides))
        taken = b.slice(
            x,
            start=tuple(each.start for each in ranges),
            stop=tuple(each.stop for each in ranges),
            step=tuple(each.step for each in ranges),
        )
        return b.reshape(taken, shape=result)


def lowered_spec(
    b: Builder, op: Operation, extents: tuple[int, ...], index: Sequence[Value]
) -> tuple[list[range], tuple[int, ...]]:
    """The positions taken along each axis, and the shape of the result."""
    begin, end, strides = (b.static(each).tolist() for each in index)
    spec = Spec.of(begin, end, strides, _masks(op), len(extents))
    try:
        ranges = spec.ranges(extents)
    except WrongValue as error:
        raise ProgramError(str(error)) from None
    known = [each if each else range(0) for each in ranges]
    result = [1 if number is None else len(known[number]) for number in spec.result]
    return known, tuple(result)


class StridedSliceGrad(OpDef):
    """A gradient put where its elements were taken, zero elsewhere."""

    signature = (
        "shape: Index, begin: Index, end: Index, strides: Index, dy: T -> output: T | T: type "
        f"| {_SIGNATURE}"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        sizes = partial_value(op.inputs[0])
        return [unknown_shape() if sizes is None else TensorShape(sizes)]

    def grad(self, op: Operation, g: Any) -> Any:
        index = op.inputs[1:4]
        result: Tensor = apply("StridedSlice", g, *index, **_masks(op))
        return None, None, None, None, result

    def lower(self, b: Builder, op: Operation, *inputs: Value) -> Value:
        sizes, *index, dy = inputs
        extents = tuple(int(each) for each in b.static(sizes))
        ranges, result = lowered_spec(b, op, extents, index)
        if dy.shape != result:
            raise ProgramError(f"shape of dy was {list(dy.shape)} instead of {list(result)}")
        spread = b.reshape(dy, shape=tuple(map(len, ranges)))
        backwards = tuple(axis for axis, each in enumerate(ranges) if each.step < 0)
        if backwards:
            spread = b.flip(spread, axes=backwards)
        forward = [each[::-1] if each.step < 0 else each for each in ranges]
        return b.pad(
            spread,
            b.constant(np.zeros((), dy.dtype)),
            low=tuple(each[0] if each else 0 for each in forward),
            high=tuple(
                extent - each[-1] - 1 if each else extent
                for extent, each in zip(extents, forward, strict=True)
            ),
            interior=tuple(each.step - 1 if each else 0 for each in forward),
        )


def strided_slice(
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Tensor:
    """The elements from `begin` to before `end` in steps of `strides`, as Python's indexing.

    Args:
      input_: a tensor.
      begin: an integer vector.
      end: an integer vector.
      strides: an integer vector; ones by default.
      begin_mask: bit i: `begin[i]` is ignored, the widest start is taken.
      end_mask: bit i: `end[i]` is ignored, the widest end is taken.
      ellipsis_mask: bit i: position i stands for as many axes as are left over.
      new_axis_mask: bit i: position i makes a new axis of extent 1.
      shrink_axis_mask: bit i: position i takes one element, and the axis disappears.
      var: the variable that an assignment to the slice goes to.
      name: name of the operation.

    Raises:
      ValueError: the index is known not to fit. InvalidArgumentError: it turns out not to.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.constant([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
      >>> tf.Session().run(tf.strided_slice(x, [1, 0], [3, 3], [1, 2]))
      array([[4, 6],
             [7, 9]], dtype=int32)
    """
    if strides is None:
        strides = ones_like(begin)
    masks = {
        "begin_mask": begin_mask,
        "end_mask": end_mask,
        "ellipsis_mask": ellipsis_mask,
        "new_axis_mask": new_axis_mask,
        "shrink_axis_mask": shrink_axis_mask,
    }
    result: Tensor = apply("StridedSlice", input_, begin, end, strides, name=name, **masks)
    parent = name

    def assign(val: Any, name: str | None = None) -> Any:
        """Assigns to this part of the variable that was indexed."""
        if var is None:
            raise ValueError("Sliced assignment is only supported for variables")
        return var._strided_slice_assign(
            begin=begin,
            end=end,
            strides=strides,
            value=val,
            name=f"{parent}_assign" if name is None else name,
            **masks,
        )

    result.assign = assign  # type: ignore[attr-defined]
    return result


def _checked(index: Any) -> Any:
    if isinstance(index, (int, Dimension)):
        return index
    dtype = getattr(index, "dtype", None)
    integers = (dtypes.int32, dtypes.int64)
    shape = getattr(index, "shape", None)
    if (
        dtype is None
        or dtypes.as_dtype(dtype).base_dtype not in integers
        or (shape is not None and shape and len(shape) == 1)
    ):
        raise TypeError(f"{_INDEX_ERROR}, got {index!r}")
    return index


def _is_given(bound: Any) -> bool:
    return bound is not None and (isinstance(bound, Tensor) or bound != sys.maxsize)


def getitem(tensor: Any, index: Any, variable: Any = None) -> Tensor:
    """`tensor[index]`: numbers, slices, `...`, `None` and scalar tensors, or a boolean mask.

    Args:
      tensor: a tensor.
      index: what is between the brackets.
      variable: the variable of which `tensor` is the value, if it is one.

    Raises:
      TypeError: an index of another kind. ValueError: it is known not to fit the shape.
    """
    if _is_mask(index):
        return OPERATORS["boolean_mask"](tensor, index)
    parts = index if isinstance(index, (list, tuple)) else [index]
    begin: list[Any] = []
    end: list[Any] = []
    strides: list[Any] = []
    masks: dict[str, Any] = dict.fromkeys(_MASKS, 0)
    for position, each in enumerate(parts):
        bounds: tuple[Any, Any, Any] = (0, 0, 1)
        if isinstance(each, slice):
            bounds = (
                _checked(each.start) if _is_given(each.start) else 0,
                _checked(each.stop) if _is_given(each.stop) else 0,
                1 if each.step is None else _checked(each.step),
            )
            masks["begin_mask"] |= (not _is_given(each.start)) << position
            masks["end_mask"] |= (not _is_given(each.stop)) << position
        elif each is Ellipsis:
            masks["ellipsis_mask"] |= 1 << position
        elif each is None:
            masks["new_axis_mask"] |= 1 << position
        else:
            bounds = (_checked(each), each + 1, 1)
            masks["shrink_axis_mask"] |= 1 << position
        for bound, bounding in zip(bounds, (begin, end, strides), strict=True):
            bounding.append(bound)
    with name_scope(None, "strided_slice", [tensor, *begin, *end, *strides]) as scope:
        if begin:
            vectors = [stack(begin), stack(end), stack(strides)]
            if any(vector.dtype == dtypes.int64 for vector in vectors):
                vectors = [_as_int64(vector) for vector in vectors]
        else:
            vectors = [constant([], dtype=dtypes.int32)] * 3
        starts, stops, steps = vectors
        return strided_slice(tensor, starts, stops, steps, var=variable, name=scope, **masks)


def _is_mask(index: Any) -> bool:
    if isinstance(index, Tensor):
        return index.dtype.base_dtype == dtypes.bool
    return isinstance(index, bool) or (isinstance(index, np.ndarray) and index.dtype == bool)


def _as_int64(vector: Tensor) -> Tensor:
    if vector.dtype == dtypes.int64:
        return vector
    result: Tensor = apply("Cast", vector, DstT=dtypes.int64)
    return result


OPERATORS["getitem"] = getitem
