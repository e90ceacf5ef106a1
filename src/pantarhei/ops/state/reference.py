"""Variables as operations: the one that holds the value and those that update it.

A variable operation gives a reference; operations that take a reference change what it refers to,
all others take the value that it refers to at that moment. `lower` receives references as such.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import merged, shown, with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.program.ir import Array, ProgramError, Value


class VariableV2(OpDef):
    """A place in the session that keeps a tensor between runs; gives a reference to it."""

    signature = (
        "-> ref: Ref(dtype) | shape: shape | dtype: type | container: string = '' "
        "| shared_name: string = ''"
    )
    pure = False
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [op.attributes["shape"]]

    def lower(self, b: Any, op: Operation) -> Any:
        return b.reference(op)


class IsVariableInitialized(OpDef):
    """Whether a variable has a value."""

    signature = "ref: Ref(dtype) -> is_initialized: bool | dtype: type"
    pure = False
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [as_shape([])]

    def lower(self, b: Any, op: Operation, ref: Any) -> Value:
        value: Value = b.constant(np.asarray(b.is_initialized(ref)))
        return value


def check_assigned(b: Any, op: Operation, ref: Any, value: Value) -> None:
    """Raises ProgramError if a value of another shape is assigned where the shape is to be kept."""
    if not op.attributes.get("validate_shape", True):
        return
    held = b.read(ref).shape if b.is_initialized(ref) else None
    expected = ref.tensor.op.attributes["shape"] if held is None else TensorShape(held)
    if not expected.is_compatible_with(value.shape):
        raise ProgramError(
            "Assign requires shapes of both tensors to match. "
            f"lhs shape= {shown(expected)} rhs shape= {shown(value.shape)}"
        )


class Assign(OpDef):
    """Gives a variable a new value."""

    signature = (
        "ref: Ref(T), value: T -> output_ref: Ref(T) | T: type | validate_shape: bool = True "
        "| use_locking: bool = True"
    )
    pure = False
    writes = True
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        ref, value = (tensor.shape for tensor in op.inputs)
        return [merged(op, ref, value) if op.attributes["validate_shape"] else value]

    def lower(self, b: Any, op: Operation, ref: Any, value: Value) -> Any:
        check_assigned(b, op, ref, value)
        b.write(ref, value)
        return ref


class Accumulate(OpDef, abstract=True):
    """Adds to a variable, or subtracts from it."""

    signature = (
        "ref: Ref(T), value: T -> output_ref: Ref(T) | T: numeric | use_locking: bool = False"
    )
    pure = False
    writes = True
    differentiable = False
    primitive = "add"

    def infer(self, op: Operation) -> list[TensorShape]:
        return [merged(op, op.inputs[0].shape, op.inputs[1].shape)]

    def lower(self, b: Any, op: Operation, ref: Any, value: Value) -> Any:
        old = b.read(ref)
        if old.shape != value.shape:
            raise ProgramError("Parameters and update must be the same size")
        b.write(ref, getattr(b, self.primitive)(old, value))
        return ref


class AssignAdd(Accumulate):
    """Adds to a variable."""


class AssignSub(Accumulate):
    """Subtracts from a variable."""

    primitive = "subtract"


def counted(b: Any, op: Operation, ref: Any) -> Value:
    """The value that a counter has, which is then one more; an error once it is at the limit."""
    limit = op.attributes["limit"]

    def step(count: Array) -> list[Array]:
        if count >= limit:
            raise ProgramError(f"Reached limit of {limit}", kind="OutOfRangeError")
        return [count, count + 1]

    old = b.read(ref)
    before, after = b.host(step, [old], [old.type, old.type])
    b.write(ref, after)
    value: Value = before
    return value


class CountUpTo(OpDef):
    """The value of a counter, which is raised by one, until it has reached a limit."""

    signature = "ref: Ref(T) -> output: T | limit: int | T: index"
    pure = False
    writes = True
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 0, 0)
        return [as_shape([])]

    def lower(self, b: Any, op: Operation, ref: Any) -> Value:
        return counted(b, op, ref)


def is_reference(variable: Any) -> bool:
    """Whether a variable is one that is held by reference, not as a resource."""
    return bool(variable.dtype._is_ref_dtype)


def assign(
    ref: Any,
    value: Any,
    validate_shape: bool | None = None,
    use_locking: bool | None = None,
    name: str | None = None,
) -> Any:
    """Gives a variable a new value.

    Args:
      ref: a variable.
      value: of its dtype and shape.
      validate_shape: whether the shape has to be the variable's; True by default.
      use_locking: kept with the operation; here every update is whole.
      name: name of the operation.

    Returns:
      What stands for the variable after the update.

    Raises:
      TypeError: the dtype does not fit. ValueError: the shape does not fit.

    Example:
      >>> import pantarhei as tf
      >>> v = tf.Variable([1.0, 2.0])
      >>> tf.Session().run(tf.assign(v, [3.0, 4.0]))
      array([3., 4.], dtype=float32)
    """
    if is_reference(ref):
        return apply(
            "Assign", ref, value, use_locking=use_locking, validate_shape=validate_shape, name=name
        )
    return ref.assign(value, name=name)


def assign_add(
    ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None
) -> Any:
    """Adds `value` to a variable.

    Args:
      ref: a variable of a numeric dtype.
      value: of its dtype and shape.
      use_locking: kept with the operation; here every update is whole.
      name: name of the operation.

    Returns:
      What stands for the variable after the update.

    Example:
      >>> import pantarhei as tf
      >>> v = tf.Variable([1.0, 2.0])
      >>> session = tf.Session()
      >>> session.run(v.initializer)
      >>> session.run(tf.assign_add(v, [1.0, 1.0]))
      array([2., 3.], dtype=float32)
    """
    if is_reference(ref):
        return apply("AssignAdd", ref, value, use_locking=use_locking, name=name)
    return ref.assign_add(value)


def assign_sub(
    ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None
) -> Any:
    """Subtracts `value` from a variable.

    Args:
      ref: a variable of a numeric dtype.
      value: of its dtype and shape.
      use_locking: kept with the operation; here every update is whole.
      name: name of the operation.

    Returns:
      What stands for the variable after the update.

    Example:
      >>> import pantarhei as tf
      >>> v = tf.Variable([1.0, 2.0])
      >>> session = tf.Session()
      >>> session.run(v.initializer)
      >>> session.run(tf.assign_sub(v, [1.0, 1.0]))
      array([0., 1.], dtype=float32)
    """
    if is_reference(ref):
        return apply("AssignSub", ref, value, use_locking=use_locking, name=name)
    return ref.assign_sub(value)


def count_up_to(ref: Any, limit: int, name: str | None = None) -> Tensor:
    """The value of an integer variable, which is then raised by one.

    Args:
      ref: a scalar variable, int32 or int64.
      limit: where counting stops.
      name: name of the operation.

    Raises:
      OutOfRangeError: in a run where the variable has reached `limit`.

    Example:
      >>> import pantarhei as tf
      >>> v = tf.Variable(0)
      >>> count = tf.count_up_to(v, 2)
      >>> session = tf.Session()
      >>> session.run(v.initializer)
      >>> print(session.run(count), session.run(count))
      0 1
    """
    tensor: Tensor
    if is_reference(ref):
        tensor = apply("CountUpTo", ref, limit=limit, name=name)
    else:
        tensor = apply("ResourceCountUpTo", ref.handle, limit=limit, T=ref.dtype, name=name)
    return tensor


def is_variable_initialized(variable: Any, name: str | None = None) -> Tensor:
    """Whether a variable has a value, as a bool scalar.

    Args:
      variable: a variable.
      name: name of the operation.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.is_variable_initialized(tf.Variable(1.0)))
      np.False_
    """
    tensor: Tensor
    if is_reference(variable):
        tensor = apply("IsVariableInitialized", variable, name=name)
    else:
        tensor = variable.is_initialized(name=name)
    return tensor
