"""Comparisons, logic, tests of floating-point numbers, and the choice between two tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply, register
from pantarhei.graph.definitions.shape_rules import broadcast, merged, shown
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.math.broadcast_gradients import unbroadcast
from pantarhei.ops.math.unary import FLOATING, Unary
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value

_COMPARABLE = (
    "{bfloat16, float16, float32, float64, uint8, int8, int16, int32, int64, complex64, quint8, "
    "qint8, qint32, string, bool, complex128}"
)


class Comparison(OpDef, abstract=True):
    """A bool from each pair of elements, in a row: type, operands, lowering."""

    differentiable = False

    def __init__(
        self, type: str, operands: str, lower: Callable[[Builder, Value, Value], Value]
    ) -> None:
        self.type = type
        self.signature = operands  # type: ignore[misc]
        self._lower = lower

    def infer(self, op: Operation) -> list[TensorShape]:
        return broadcast(op)

    def lower(self, b: Builder, op: Operation, x: Value, y: Value) -> Any:
        return self._lower(b, x, y)


_ORDER = "x: T, y: T -> z: bool | T: real"
_EQUALITY = f"x: T, y: T -> z: bool | T: {_COMPARABLE} | incompatible_shape_error: bool = True"
_LOGIC = "x: bool, y: bool -> z: bool"

for _row in (
    Comparison("Less", _ORDER, lambda b, x, y: b.less(x, y)),
    Comparison("LessEqual", _ORDER, lambda b, x, y: b.less_equal(x, y)),
    Comparison("Greater", _ORDER, lambda b, x, y: b.less(y, x)),
    Comparison("GreaterEqual", _ORDER, lambda b, x, y: b.less_equal(y, x)),
    Comparison("Equal", _EQUALITY, lambda b, x, y: b.equal(x, y)),
    Comparison("NotEqual", _EQUALITY, lambda b, x, y: b.not_equal(x, y)),
    Comparison("LogicalAnd", _LOGIC, lambda b, x, y: b.logical_and(x, y)),
    Comparison("LogicalOr", _LOGIC, lambda b, x, y: b.logical_or(x, y)),
    Unary("IsNan", FLOATING, lambda b, x: b.isnan(x), output="bool"),
    Unary("IsInf", FLOATING, lambda b, x: b.isinf(x), output="bool"),
    Unary("IsFinite", FLOATING, lambda b, x: b.isfinite(x), output="bool"),
):
    register(_row)


class LogicalNot(OpDef):
    """False for True, True for False."""

    signature = "x: bool -> y: bool"
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [op.inputs[0].shape]

    def lower(self, b: Builder, op: Operation, x: Value) -> Any:
        return b.logical_not(x)


class Select(OpDef):
    """Elements, rows or all of one tensor or of another of the same shape."""

    signature = "condition: bool, t: T, e: T -> output: T | T: type"

    def infer(self, op: Operation) -> list[TensorShape]:
        condition, x, y = (tensor.shape for tensor in op.inputs)
        shape = merged(op, x, y)
        if condition.ndims in (None, 0) or shape.ndims is None:
            return [shape]
        if condition.ndims == 1 and shape.ndims > 0:
            merged(op, condition, as_shape([shape.as_list()[0]]))
            return [shape]
        return [merged(op, shape, condition)]

    def grad(self, op: Operation, g: Tensor) -> Any:
        condition, x, _ = op.inputs
        zeros = apply("ZerosLike", x)
        return None, where(condition, g, zeros), where(condition, zeros, g)

    def lower(self, b: Builder, op: Operation, condition: Value, x: Value, y: Value) -> Any:
        if x.shape != y.shape:
            raise ProgramError(
                f"'then' and 'else' must have the same size.  but received: {shown(x.shape)} vs. "
                f"{shown(y.shape)}"
            )
        if condition.ndim == 1 and x.ndim > 1:
            if condition.size != x.shape[0]:
                raise ProgramError(
                    "Number of batches of 'then' must match size of 'cond', but saw: "
                    f"{x.shape[0]} vs. {condition.size}"
                )
            condition = b.reshape(condition, shape=(condition.size, *[1] * (x.ndim - 1)))
        elif condition.ndim and condition.shape != x.shape:
            raise ProgramError(
                f"Inputs to operation {op.name} of type Select must have the same size and shape.  "
                f"Input 0: {shown(condition.shape)} != input 1: {shown(x.shape)}"
            )
        return b.where(condition, x, y)


class SelectV2(OpDef):
    """Elements of one tensor or of another, all three operands broadcast."""

    signature = "condition: bool, t: T, e: T -> output: T | T: type"

    def infer(self, op: Operation) -> list[TensorShape]:
        return broadcast(op)

    def grad(self, op: Operation, g: Tensor) -> Any:
        condition, x, y = op.inputs
        output = op.outputs[0]
        zeros = apply("ZerosLike", g)
        for_x = unbroadcast(apply("SelectV2", condition, g, zeros), x, output)
        for_y = unbroadcast(apply("SelectV2", condition, zeros, g), y, output)
        return None, for_x, for_y

    def lower(self, b: Builder, op: Operation, condition: Value, x: Value, y: Value) -> Any:
        return b.where(condition, x, y)


def less(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x < y, element by element, with broadcasting.

    Args:
      x: tensor of a real dtype.
      y: tensor of the same dtype.
      name: name of the operation; `Less` by default.

    Raises:
      TypeError: if the dtypes differ. ValueError: if the shapes do not fit.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.less([1, 2, 3], 2))
      array([ True, False, False])
    """
    tensor: Tensor = apply("Less", x, y, name=name)
    return tensor


def less_equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x <= y, element by element, with broadcasting.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.less_equal([1, 2, 3], 2))
      array([ True,  True, False])
    """
    tensor: Tensor = apply("LessEqual", x, y, name=name)
    return tensor


def greater(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x > y, element by element, with broadcasting.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.greater([1, 2, 3], 2))
      array([False, False,  True])
    """
    tensor: Tensor = apply("Greater", x, y, name=name)
    return tensor


def greater_equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x >= y, element by element, with broadcasting.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.greater_equal([1, 2, 3], 2))
      array([False,  True,  True])
    """
    tensor: Tensor = apply("GreaterEqual", x, y, name=name)
    return tensor


def equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Whether elements are equal, with broadcasting. The operator `==` compares tensors as objects.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.equal([1, 2, 3], 2))
      array([False,  True, False])
    """
    tensor: Tensor = apply("Equal", x, y, name=name)
    return tensor


def not_equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Whether elements differ, with broadcasting. NaN differs from everything, itself included.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.not_equal(["a", "b"], "a"))
      array([False,  True])
    """
    tensor: Tensor = apply("NotEqual", x, y, name=name)
    return tensor


def logical_and(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x and y, element by element, with broadcasting.

    Raises:
      TypeError: if an operand is not bool.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.logical_and([True, False], True))
      array([ True, False])
    """
    tensor: Tensor = apply("LogicalAnd", x, y, name=name)
    return tensor


def logical_or(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x or y, element by element, with broadcasting.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.logical_or([True, False], False))
      array([ True, False])
    """
    tensor: Tensor = apply("LogicalOr", x, y, name=name)
    return tensor


def logical_not(x: Any, name: str | None = None) -> Tensor:
    """not x, element by element.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.logical_not([True, False]))
      array([False,  True])
    """
    tensor: Tensor = apply("LogicalNot", x, name=name)
    return tensor


def logical_xor(x: Any, y: Any, name: str | None = "LogicalXor") -> Tensor:
    """Whether exactly one of x and y is True, element by element, with broadcasting.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.logical_xor([True, False], True))
      array([False,  True])
    """
    either = logical_or(x, y)
    return logical_and(either, logical_not(logical_and(x, y)), name=name)


def is_nan(x: Any, name: str | None = None) -> Tensor:
    """Which elements are not a number.

    Raises:
      TypeError: if x is not floating.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.is_nan([1.0, float("nan")]))
      array([False,  True])
    """
    tensor: Tensor = apply("IsNan", x, name=name)
    return tensor


def is_inf(x: Any, name: str | None = None) -> Tensor:
    """Which elements are infinite.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.is_inf([1.0, float("inf")]))
      array([False,  True])
    """
    tensor: Tensor = apply("IsInf", x, name=name)
    return tensor


def is_finite(x: Any, name: str | None = None) -> Tensor:
    """Which elements are neither infinite nor NaN.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.is_finite([1.0, float("inf")]))
      array([ True, False])
    """
    tensor: Tensor = apply("IsFinite", x, name=name)
    return tensor


def _positions(condition: Any, name: str | None) -> Tensor:
    with name_scope(name, "Where", [condition]) as scope:
        condition = convert_to_tensor(condition, preferred_dtype=dtypes.bool, name="condition")
        tensor: Tensor = apply("Where", condition, name=scope)
        return tensor


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """Elements of x where the condition holds, of y elsewhere; or the positions where it holds.

    Args:
      condition: bool tensor of the shape of x and y, or a vector that chooses rows, or a scalar.
      x: tensor; without x and y the result is the positions of the True elements, one a row.
      y: tensor of the dtype and shape of x. There is no broadcasting; see `tf.where_v2`.
      name: name of the operation.

    Raises:
      ValueError: if only one of x and y is given, or the shapes do not fit.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.where([True, False], [1, 2], [10, 20]))
      array([ 1, 20], dtype=int32)
      >>> tf.Session().run(tf.where([[True, False], [False, True]]))
      array([[0, 0],
             [1, 1]])
    """
    if x is None and y is None:
        return _positions(condition, name)
    if x is None or y is None:
        raise ValueError("x and y must both be non-None or both be None.")
    tensor: Tensor = apply("Select", condition, x, y, name=name)
    return tensor


def where_v2(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """Like `tf.where`, but condition, x and y broadcast against each other.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.where_v2([True, False], 1, [10, 20]))
      array([ 1, 20], dtype=int32)
    """
    if x is None and y is None:
        return _positions(condition, name)
    if x is None or y is None:
        raise ValueError("x and y must both be non-None or both be None.")
    tensor: Tensor = apply("SelectV2", condition, x, y, name=name)
    return tensor
