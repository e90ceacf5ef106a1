"""Arithmetic of two tensors, element by element, with broadcasting; sums of many tensors.

`Binary` is the family of all such operations: a row says type, dtypes, lowering and gradient, the
gradient as if nothing were broadcast (`unbroadcast` sums it). Division has its own module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pantarhei.core.shapes import TensorShape, as_shape, unknown_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply, register
from pantarhei.graph.definitions.shape_rules import all_merged, broadcast, shown
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.identity import identity
from pantarhei.ops.math.broadcast_gradients import unbroadcast_both
from pantarhei.ops.math.unary import conj
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value

Gradient = Callable[[Operation, Tensor], tuple[Any, Any]]

_FLOATING = "bfloat16, float16, float32, float64"
_SMALL = "uint8, int8, uint16, int16, int32, int64"
ARITHMETIC = f"{{{_FLOATING}, {_SMALL}, complex64, complex128}}"
_ADDABLE = f"{{{_FLOATING}, uint8, int8, int16, int32, int64, complex64, complex128}}"
_TEXT_TOO = _ADDABLE.replace("}", ", string}")
_EXTREMA = f"{{{_FLOATING}, int32, int64}}"
_DIFFERENCES = f"{{{_FLOATING}, int32, int64, complex64, complex128}}"
_POWERS = "{bfloat16, float32, float16, float64, int32, int64, complex64, complex128}"


class Binary(OpDef, abstract=True):
    """An elementwise function of two tensors, in a row: type, dtypes, lowering, gradient.

    `names` are those of the inputs; constants made of Python numbers are called so.
    """

    def __init__(
        self,
        type: str,
        dtypes: str,
        lower: Callable[[Builder, Value, Value], Value],
        gradient: Gradient | None = None,
        names: Sequence[str] = "xy",
        output: str = "z",
        differentiable: bool = True,
    ) -> None:
        self.type = type
        self.signature = f"{names[0]}: T, {names[1]}: T -> {output}: T | T: {dtypes}"  # type: ignore[misc]
        self.differentiable = differentiable  # type: ignore[misc]
        self._lower = lower
        self._gradient = gradient

    def infer(self, op: Operation) -> list[TensorShape]:
        return broadcast(op)

    def grad(self, op: Operation, g: Tensor) -> Any:
        if self._gradient is None:
            return super().grad(op, g)
        return unbroadcast_both(op, *self._gradient(op, g))

    def lower(self, b: Builder, op: Operation, x: Value, y: Value) -> Any:
        return self._lower(b, x, y)


def conjugates(op: Operation) -> tuple[Tensor, Tensor]:
    """Both inputs, conjugated where they are complex, as gradients need them."""
    return conj(op.inputs[0]), conj(op.inputs[1])


def _multiply_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    x, y = conjugates(op)
    return apply("Mul", g, y), apply("Mul", g, x)


def _power_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    x, y = conjugates(op)
    z = conj(op.outputs[0])
    positive = apply("NotEqual", x, 0) if x.dtype.is_complex else x > 0
    zeros = apply("ZerosLike", x)
    # log(x) is wanted only where it is finite; elsewhere x to the power y does not vary with y.
    safe = apply("Select", positive, x, zeros + 1)
    logarithm = apply("Select", positive, apply("Log", safe), zeros)
    return g * y * x ** (y - 1), g * z * logarithm


def _extremum_gradient(compare: str) -> Gradient:
    def gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
        takes_x = apply(compare, *op.inputs)  # of equal elements the first gets all of the gradient
        zeros = apply("ZerosLike", g)
        return apply("Select", takes_x, g, zeros), apply("Select", takes_x, zeros, g)

    return gradient


def _squared_difference(b: Builder, x: Value, y: Value) -> Any:
    difference = b.subtract(x, y)
    return b.multiply(difference, difference)


def _squared_difference_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    x, y = op.inputs
    gradient = 2.0 * g * (x - y)
    return gradient, -gradient


def _atan2_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    y, x = op.inputs
    scaled = g / (x * x + y * y)
    return x * scaled, -y * scaled


def zero_of(b: Builder, x: Value) -> Any:
    """A zero of the dtype of `x`."""
    return b.cast(b.constant(0), dtype=x.dtype)


def zero_where(b: Builder, x: Value, result: Value) -> Any:
    """`result`, but 0 where `x` is 0, even if the result is not finite there."""
    return b.where(b.equal(x, zero_of(b, x)), zero_of(b, result), result)


def _multiply_no_nan_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    x, y = op.inputs
    return apply("MulNoNan", g, y), apply("MulNoNan", x, g)


for _row in (
    Binary("AddV2", _ADDABLE, lambda b, x, y: b.add(x, y), lambda op, g: (g, g)),
    Binary("Add", _TEXT_TOO, lambda b, x, y: b.add(x, y), lambda op, g: (g, g)),
    Binary("Sub", ARITHMETIC, lambda b, x, y: b.subtract(x, y), lambda op, g: (g, -g)),
    Binary("Mul", ARITHMETIC, lambda b, x, y: b.multiply(x, y), _multiply_gradient),
    Binary(
        "MulNoNan",
        "{float16, float32, float64, complex64, complex128}",
        lambda b, x, y: zero_where(b, y, b.multiply(x, y)),
        _multiply_no_nan_gradient,
    ),
    Binary("Pow", _POWERS, lambda b, x, y: b.power(x, y), _power_gradient),
    Binary(
        "Maximum",
        _EXTREMA,
        lambda b, x, y: b.maximum(x, y),
        _extremum_gradient("GreaterEqual"),
    ),
    Binary("Minimum", _EXTREMA, lambda b, x, y: b.minimum(x, y), _extremum_gradient("LessEqual")),
    Binary("SquaredDifference", _DIFFERENCES, _squared_difference, _squared_difference_gradient),
    Binary(
        "NextAfter",
        "{float64, float32} = float32",
        lambda b, x, y: b.nextafter(x, y),
        lambda op, g: (g, apply("ZerosLike", g)),
        names=("x1", "x2"),
        output="output",
    ),
    Binary(
        "Atan2",
        f"{{{_FLOATING}}}",
        lambda b, y, x: b.arctan2(y, x),
        _atan2_gradient,
        names="yx",
    ),
):
    register(_row)


class AddN(OpDef):
    """The sum of tensors of one shape."""

    signature = "inputs: N * T -> sum: T | N: int | T: {numeric, variant}"

    def infer(self, op: Operation) -> list[TensorShape]:
        return all_merged(op)

    def grad(self, op: Operation, g: Tensor) -> Any:
        return [g] * len(op.inputs)

    def lower(self, b: Builder, op: Operation, *inputs: Value) -> Any:
        total = inputs[0]
        for index, each in enumerate(inputs[1:], 1):
            if each.shape != total.shape:
                raise ProgramError(
                    f"Inputs to operation {op.name} of type {op.type} must have the same size and "
                    f"shape.  Input 0: {shown(inputs[0].shape)} != input {index}: "
                    f"{shown(each.shape)}"
                )
            total = b.add(total, each)
        return total


class AccumulateNV2(AddN):
    """The sum of tensors of one shape, which the caller may state."""

    signature = "inputs: N * T -> sum: T | N: int | T: numeric | shape: shape"

    def infer(self, op: Operation) -> list[TensorShape]:
        return [op.attributes["shape"].merge_with(all_merged(op)[0])]


def add(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x + y, element by element; strings are joined.

    Args:
      x: numeric or string tensor.
      y: tensor of the same dtype, of a shape that broadcasts with that of x.
      name: name of the operation; `Add` by default.

    Raises:
      TypeError: if the dtypes differ. ValueError: if the shapes do not fit.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.add([[1], [2]], [10, 20]))
      array([[11, 21],
             [12, 22]], dtype=int32)
    """
    tensor: Tensor = apply("Add", x, y, name=name)
    return tensor


def subtract(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x - y, element by element, with broadcasting.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.subtract([3.0, 4.0], 1.0))
      array([2., 3.], dtype=float32)
    """
    tensor: Tensor = apply("Sub", x, y, name=name)
    return tensor


def multiply(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x * y, element by element, with broadcasting.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.multiply([3.0, 4.0], [1.0, 0.5]))
      array([3., 2.], dtype=float32)
    """
    tensor: Tensor = apply("Mul", x, y, name=name)
    return tensor


def multiply_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x * y, but 0 where y is 0, even if x is infinite or NaN there.

    Raises:
      TypeError: if the dtypes differ.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.math.multiply_no_nan([2.0, float("nan")], [3.0, 0.0]))
      array([6., 0.], dtype=float32)
    """
    with name_scope(name, "multiply_no_nan", [x, y]) as scope:
        x, y = same_dtypes(x, y)
        tensor: Tensor = apply("MulNoNan", x, y, name=scope)
        return tensor


def same_dtypes(x: Any, y: Any) -> tuple[Tensor, Tensor]:
    """Both operands as tensors, the second in the dtype of the first.

    Raises:
      TypeError: if that cannot be.
    """
    x = convert_to_tensor(x, name="x")
    y = convert_to_tensor(y, dtype=x.dtype.base_dtype, name="y")
    return x, y


def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Any:
    """A number times a tensor or times the values of IndexedSlices.

    Args:
      scalar: number, or tensor without axes.
      x: Tensor or IndexedSlices.
      name: name of the operation; `Mul` by default.

    Raises:
      ValueError: if `scalar` has axes.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.scalar_mul(2, tf.constant([1.0, 2.0])))
      array([2., 4.], dtype=float32)
    """
    scalar = convert_to_tensor(scalar, dtype=x.dtype.base_dtype, name="scalar")
    if scalar.shape.ndims != 0:
        raise ValueError(f"Only scalar multiply works, got shape {scalar.shape}")
    if isinstance(x, IndexedSlices):
        return IndexedSlices(apply("Mul", scalar, x.values, name=name), x.indices, x.dense_shape)
    return apply("Mul", scalar, x, name=name)


def pow(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x to the power y, element by element, with broadcasting.

    Raises:
      TypeError: if the dtypes differ. InvalidArgumentError: when it runs, for whole numbers to a
      negative power.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.pow([2, 3], [3, 2]))
      array([8, 9], dtype=int32)
    """
    with name_scope(name, "Pow", [x]) as scope:
        tensor: Tensor = apply("Pow", x, y, name=scope)
        return tensor


def maximum(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The larger of x and y, element by element; of equal ones the gradient goes to x.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.maximum([-1.0, 2.0], 0.0))
      array([0., 2.], dtype=float32)
    """
    tensor: Tensor = apply("Maximum", x, y, name=name)
    return tensor


def minimum(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The smaller of x and y, element by element; of equal ones the gradient goes to x.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.minimum([-1.0, 2.0], 0.0))
      array([-1.,  0.], dtype=float32)
    """
    tensor: Tensor = apply("Minimum", x, y, name=name)
    return tensor


def squared_difference(x: Any, y: Any, name: str | None = None) -> Tensor:
    """(x - y) squared, element by element, with broadcasting.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.squared_difference([1.0, 4.0], 2.0))
      array([1., 4.], dtype=float32)
    """
    tensor: Tensor = apply("SquaredDifference", x, y, name=name)
    return tensor


def atan2(y: Any, x: Any, name: str | None = None) -> Tensor:
    """The angle of the point (x, y), in radians from -pi to pi.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.atan2([1.0, 0.0], [1.0, -1.0])).round(3)
      array([0.785, 3.142], dtype=float32)
    """
    tensor: Tensor = apply("Atan2", y, x, name=name)
    return tensor


def nextafter(x1: Any, x2: Any, name: str | None = None) -> Tensor:
    """The number next to x1 in the direction of x2.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.math.nextafter([1.0], [2.0])).round(3)
      array([1.], dtype=float32)
    """
    tensor: Tensor = apply("NextAfter", x1, x2, name=name)
    return tensor


_WRONG_INPUTS = "inputs must be a list of at least one Tensor{} with the same dtype and shape"


def add_n(inputs: Any, name: str | None = None) -> Tensor:
    """The sum of tensors of one shape and dtype; IndexedSlices are made dense first.

    Args:
      inputs: list of Tensors or IndexedSlices.
      name: name of the operation; `AddN` by default.

    Raises:
      ValueError: if there is none, or the shapes differ. TypeError: if the dtypes differ.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.add_n([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
      array([ 9., 12.], dtype=float32)
    """
    if not inputs or not isinstance(inputs, (list, tuple)):
        raise ValueError(_WRONG_INPUTS.format("/IndexedSlices"))
    tensors = [
        each if isinstance(each, IndexedSlices) else convert_to_tensor(each) for each in inputs
    ]
    if len(tensors) == 1:
        only = convert_to_tensor(tensors[0])
        return identity(only, name=name) if name else only
    tensor: Tensor = apply("AddN", tensors, name=name)
    return tensor


def accumulate_n(
    inputs: Any, shape: Any = None, tensor_dtype: Any = None, name: str | None = None
) -> Tensor:
    """The sum of tensors of one shape and dtype.

    Args:
      inputs: list of Tensors.
      shape: what is known of their shape beside what they say themselves.
      tensor_dtype: their dtype, to be checked.
      name: name of the operation; `AccumulateNV2` by default.

    Raises:
      ValueError: if there is none, or shapes or dtypes differ. TypeError: if they are not of
      `tensor_dtype`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.accumulate_n([[1.0, 2.0], [3.0, 4.0]]))
      array([4., 6.], dtype=float32)
    """
    if not inputs or not isinstance(inputs, (list, tuple)):
        raise ValueError(_WRONG_INPUTS.format(""))
    if any(isinstance(each, IndexedSlices) for each in inputs):
        raise ValueError(_WRONG_INPUTS.format(""))
    tensors = [convert_to_tensor(each) for each in inputs]
    if any(each.dtype != tensors[0].dtype for each in tensors):
        raise ValueError(_WRONG_INPUTS.format(""))
    merged = unknown_shape() if shape is None else as_shape(shape)
    for each in tensors:
        merged = merged.merge_with(each.shape)
    if tensor_dtype is not None and tensor_dtype != tensors[0].dtype:
        raise TypeError(f"tensor_dtype is {tensor_dtype}, but input is of type {tensors[0].dtype}")
    if len(tensors) == 1:
        return tensors[0] if name is None else identity(tensors[0], name=name)
    tensor: Tensor = apply("AccumulateNV2", tensors, shape=merged, name=name)
    return tensor
