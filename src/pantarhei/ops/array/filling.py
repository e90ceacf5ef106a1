"""Tensors made from a shape and a value, and ranges of numbers: zeros, ones, fill, range."""

from __future__ import annotations

import functools
import math
import operator
from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape, as_shape, unknown_shape
from pantarhei.graph.constant import constant_value, shape_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply, first_input_shape
from pantarhei.graph.definitions.shape_rules import shape_error, with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.broadcasting import summed_to
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.shapes import reshape, shape_internal
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value

# Below this number of elements zeros and ones are constants, as TensorFlow has it.
LARGEST_CONSTANT = 1000


def neutral(dtype: np.dtype[Any]) -> Any:
    """Zero of a dtype: False for booleans, empty text for strings."""
    return b"" if dtype.kind == "O" else np.zeros((), dtype)


def filled(b: Builder, shape: tuple[int, ...], value: Any, dtype: np.dtype[Any]) -> Value:
    """A tensor with one value everywhere."""
    scalar = np.empty((), dtype)
    scalar[()] = value
    return b.broadcast_to(b.constant(scalar), shape=shape)


class Fill(OpDef):
    """A tensor with one value everywhere."""

    signature = "dims: index_type, value: T -> output: T | T: type | index_type: index = int32"

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 0, 1)
        with_rank(op, 1, 0)
        dims = constant_value(op.inputs[0])
        if dims is not None and (dims < 0).any():
            raise shape_error(op, "Fill dimensions must be >= 0", (0,))
        return [shape_value(op.inputs[0])]

    def grad(self, op: Operation, g: Any) -> Any:
        return None, summed_to(g, constant([], dtypes.int32))

    def lower(self, b: Builder, op: Operation, dims: Value, value: Value) -> Value:
        sizes = b.static(dims)
        if (sizes < 0).any():
            where = int(np.argmax(sizes < 0))
            raise ProgramError(f"Dimension {sizes[where]} must be >= 0")
        return b.broadcast_to(value, shape=tuple(int(size) for size in sizes))


def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """A tensor of shape `dims` with `value` everywhere.

    Args:
      dims: an integer vector.
      value: a scalar.
      name: name of the operation.

    Raises:
      ValueError: `dims` is no vector, has a negative element, or `value` is no scalar.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.fill([2, 3], 9))
      array([[9, 9, 9],
             [9, 9, 9]], dtype=int32)
    """
    result: Tensor = apply("Fill", dims, value, name=name)
    return result


def _small_constant(value: Any, shape: Any, dtype: DType, name: str) -> Tensor | None:
    try:
        # A tensor among the extents makes operations here, as it does in TensorFlow.
        if isinstance(shape, (list, tuple)) and _holds_tensors(shape):
            size = functools.reduce(operator.mul, shape)
        elif isinstance(shape, TensorShape):
            size = shape.num_elements()
        else:
            size = np.prod(np.asarray(shape))
        if size is not None and size < LARGEST_CONSTANT:
            return constant(value, shape=_listed(shape), dtype=dtype, name=name)
    except TypeError:
        pass
    return None


def _holds_tensors(shape: Any) -> bool:
    return any(isinstance(each, Tensor) or hasattr(each, "_as_tensor") for each in shape)


def _listed(shape: Any) -> Any:
    if isinstance(shape, int):
        raise TypeError("a number is no list of extents")
    return shape


def _constant_tensor(value: Any, shape: Any, dtype: DType, scope: str) -> Tensor:
    if not isinstance(shape, Tensor):
        try:
            small = _small_constant(value, shape, dtype, scope)
            if small is not None:
                return small
            extents = as_shape(shape)
            extents.assert_is_fully_defined()
            shape = constant(extents.as_list(), dtypes.int32, name="shape_as_tensor")
        except (TypeError, ValueError):
            shape = convert_to_tensor(shape, dtype=dtypes.int32)
    if shape.shape.ndims == 0:
        shape = reshape(shape, [-1])
    return fill(shape, constant(value, dtype=dtype), name=scope)


def zeros(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Tensor:
    """A tensor of zeros: False for booleans, empty texts for strings.

    Args:
      shape: a list of integers (or scalar tensors), a shape, or an integer vector.
      dtype: element type.
      name: name of the operation.

    Raises:
      ValueError: an extent is negative.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.zeros([2, 3], tf.int32))
      array([[0, 0, 0],
             [0, 0, 0]], dtype=int32)
    """
    dtype = dtypes.as_dtype(dtype).base_dtype
    with name_scope(name, "zeros", [shape]) as scope:
        zero: Any = False if dtype == dtypes.bool else "" if dtype == dtypes.string else 0
        return _constant_tensor(zero, shape, dtype, scope)


def ones(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Tensor:
    """A tensor of ones (True for booleans).

    Args:
      shape: a list of integers (or scalar tensors), a shape, or an integer vector.
      dtype: element type.
      name: name of the operation.

    Raises:
      ValueError: an extent is negative.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.ones([2, 2]))
      array([[1., 1.],
             [1., 1.]], dtype=float32)
    """
    dtype = dtypes.as_dtype(dtype).base_dtype
    with name_scope(name, "ones", [shape]) as scope:
        return _constant_tensor(True if dtype == dtypes.bool else 1, shape, dtype, scope)


class ZerosLike(OpDef):
    """Zeros in the shape of a tensor."""

    signature = "x: T -> y: T | T: type"
    differentiable = False
    infer = staticmethod(first_input_shape)

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        return filled(b, x.shape, neutral(x.dtype), x.dtype)


class OnesLike(OpDef):
    """Ones in the shape of a tensor."""

    signature = (
        "x: T -> y: T | T: {bfloat16, float16, float32, float64, int8, uint8, int16, uint16, "
        "int32, int64, complex64, complex128, bool}"
    )
    differentiable = False
    infer = staticmethod(first_input_shape)

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        return filled(b, x.shape, 1, x.dtype)


def zeros_like(
    tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True
) -> Tensor:
    """Zeros in the shape of `tensor`.

    Args:
      tensor: a tensor.
      dtype: element type; that of `tensor` by default.
      name: name of the operation.
      optimize: whether a known shape gives a constant.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.zeros_like([[1, 2, 3], [4, 5, 6]]))
      array([[0, 0, 0],
             [0, 0, 0]], dtype=int32)
    """
    with name_scope(name, "zeros_like", [tensor]) as scope:
        tensor = convert_to_tensor(tensor, name="tensor")
        wanted = tensor.dtype.base_dtype if dtype is None else dtypes.as_dtype(dtype)
        if optimize and tensor.shape.is_fully_defined() and tensor.dtype != dtypes.variant:
            return zeros(tensor.shape, wanted, name=scope)
        if wanted != tensor.dtype.base_dtype:
            return zeros(shape_internal(tensor, optimize=optimize), wanted, name=scope)
        result: Tensor = apply("ZerosLike", tensor, name=scope)
        return result


def ones_like(
    tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True
) -> Tensor:
    """Ones in the shape of `tensor`.

    Args:
      tensor: a tensor.
      dtype: element type; that of `tensor` by default.
      name: name of the operation.
      optimize: whether a known shape is looked at when the graph is built.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.ones_like([1.5, 2.5]))
      array([1., 1.], dtype=float32)
    """
    with name_scope(name, "ones_like", [tensor]) as scope:
        tensor = convert_to_tensor(tensor, name="tensor")
        extents = shape_internal(tensor, optimize=optimize)
        result = ones(extents, tensor.dtype if dtype is None else dtype, name=scope)
        result.set_shape(tensor.shape)
        return result


class Range(OpDef):
    """Numbers from a start up to a limit, in equal steps."""

    signature = (
        "start: Tidx, limit: Tidx, delta: Tidx -> output: Tidx "
        "| Tidx: {bfloat16, float32, float64, int32, int64} = int32"
    )
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        for index in (0, 1, 2):
            with_rank(op, index, 0)
        values = [constant_value(tensor) for tensor in op.inputs]
        if any(value is None for value in values):
            return [unknown_shape(1)]
        try:
            return [TensorShape([range_length(*values)])]
        except ProgramError as error:
            raise shape_error(op, error.message, (0, 1, 2)) from None

    def lower(self, b: Builder, op: Operation, start: Value, limit: Value, delta: Value) -> Value:
        first, last, step = (b.static(each) for each in (start, limit, delta))
        for name, value in (("start", first), ("limit", last), ("delta", step)):
            if value.ndim:
                raise ProgramError(f"{name} must be a scalar, not shape {list(value.shape)}")
        if step == 0:
            raise ProgramError(f"Requires delta != 0: {step}")
        length = range_length(first, last, step)
        if np.issubdtype(first.dtype, np.integer):
            steps = b.multiply(b.iota(size=length, dtype=first.dtype), b.constant(step))
            return b.add(steps, b.constant(first))
        # TensorFlow adds step to step, so the rounding errors are those of a running sum.
        terms = np.full(length, step, first.dtype)
        terms[:1] = first
        return b.constant(np.cumsum(terms, dtype=first.dtype))


def range_length(start: Any, limit: Any, delta: Any) -> int:
    """How many numbers a range has; ProgramError where it leads the wrong way."""
    if delta == 0:
        raise ProgramError("Requires delta != 0")
    if delta > 0 and start > limit:
        raise ProgramError(f"Requires start <= limit when delta > 0: {start}/{limit}")
    if delta < 0 and start < limit:
        raise ProgramError(f"Requires start >= limit when delta < 0: {start}/{limit}")
    if np.issubdtype(start.dtype, np.integer):
        first, last, step = int(start), int(limit), int(delta)
        return (abs(last - first) + abs(step) - 1) // abs(step)
    return math.ceil(abs((float(limit) - float(start)) / float(delta)))


def range(
    start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range"
) -> Tensor:
    """The numbers `start`, `start + delta`, ... before `limit`.

    Args:
      start: a scalar; with no `limit` it is the limit, and the start is 0.
      limit: a scalar, which is not reached.
      delta: the step, which may be negative.
      dtype: element type; the widest of the arguments' by default.
      name: name of the operation.

    Raises:
      ValueError: the step is 0 or leads away from the limit (known), an argument is no scalar.
      InvalidArgumentError: the same when the session runs.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.range(3, 18, 3))
      array([ 3,  6,  9, 12, 15], dtype=int32)
    """
    if limit is None:
        start, limit = 0, start
    with name_scope(name, "Range", [start, limit, delta]) as scope:
        numbers = [
            convert_to_tensor(value, dtype=dtype, name=each)
            for value, each in ((start, "start"), (limit, "limit"), (delta, "delta"))
        ]
        if dtype is None:
            order = [dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64]
            for number in numbers:
                assert number.dtype.base_dtype in order
            widest = max((number.dtype.base_dtype for number in numbers), key=order.index)
            numbers = [
                number if number.dtype.base_dtype == widest else apply("Cast", number, DstT=widest)
                for number in numbers
            ]
        result: Tensor = apply("Range", *numbers, name=scope)
        return result
