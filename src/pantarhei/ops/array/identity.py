"""Operations that pass tensors on: identity, stop_gradient, no_op."""

from __future__ import annotations

from typing import Any

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.definitions.opdef import OpDef, apply, first_input_shape
from pantarhei.graph.operation import Operation, Tensor


class IdentityDefinition(OpDef, type="Identity"):
    """Its input. Directly on a variable it stays a reference: its consumers read the latest
    value."""

    signature = "input: T -> output: T | T: type"
    takes_references = True

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def grad(self, op: Operation, g: Tensor) -> Tensor:
        return g

    def partial(self, op: Operation) -> list[int | None] | None:
        return op.inputs[0].op.definition.partial(op.inputs[0].op)

    def lower(self, b: Any, op: Operation, x: Any) -> Any:
        if hasattr(x, "key") and op.control_inputs:
            return b.read(x)  # ordered after something: a snapshot of that moment
        return x


class Snapshot(OpDef):
    """Its input as it is now."""

    signature = "input: T -> output: T | T: type"

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def lower(self, b: Any, op: Operation, x: Any) -> Any:
        return x


class RefIdentity(OpDef):
    """A reference to the variable that its input refers to."""

    signature = "input: Ref(T) -> output: Ref(T) | T: type"
    pure = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def grad(self, op: Operation, g: Tensor) -> Tensor:
        return g

    def lower(self, b: Any, op: Operation, ref: Any) -> Any:
        return ref


class IdentityN(OpDef):
    """Its inputs, of any dtypes."""

    signature = "input: list(T) -> output: list(T) | T: list(type)"

    def infer(self, op: Operation) -> list[TensorShape]:
        return [tensor.shape for tensor in op.inputs]

    def grad(self, op: Operation, *grads: Any) -> list[Any]:
        return list(grads)

    def lower(self, b: Any, op: Operation, *inputs: Any) -> Any:
        return inputs


class GuaranteeConst(OpDef):
    """Its input, which the program promises not to change; nothing here uses the promise."""

    signature = "input: T -> output: T | T: type"
    pure = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def lower(self, b: Any, op: Operation, x: Any) -> Any:
        return x


class NoOp(OpDef):
    """Nothing; it is there for its control inputs."""

    signature = "->"
    differentiable = False

    def lower(self, b: Any, op: Operation) -> None:
        return None


class ControlTrigger(OpDef):
    """Nothing; it is there for its control inputs, also for those that are dead."""

    signature = "->"
    differentiable = False
    accepts_dead = True

    def lower(self, b: Any, op: Operation) -> None:
        return None


class StopGradient(OpDef):
    """Its input, as a constant to differentiation."""

    signature = "input: T -> output: T | T: type"
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def partial(self, op: Operation) -> list[int | None] | None:
        return op.inputs[0].op.definition.partial(op.inputs[0].op)

    def lower(self, b: Any, op: Operation, x: Any) -> Any:
        return x


class PreventGradient(OpDef):
    """Its input; to differentiate through it is an error, with a message that says why."""

    signature = "input: T -> output: T | T: type | message: string = ''"

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def grad(self, op: Operation, g: Tensor) -> Any:
        message = op.get_attr("message").decode()
        raise LookupError(f"Gradient explicitly disabled. Reason: {message}")

    def lower(self, b: Any, op: Operation, x: Any) -> Any:
        return x


def identity(input: Any, name: str | None = None) -> Tensor:
    """A tensor with the same value as `input`."""
    tensor: Tensor = apply("Identity", input, name=name)
    return tensor


def ref_identity(input: Tensor, name: str | None = None) -> Tensor:
    """A reference to the variable that `input` refers to."""
    tensor: Tensor = apply("RefIdentity", input, name=name)
    return tensor


def no_op(name: str | None = None) -> Operation:
    """An operation that does nothing."""
    op: Operation = apply("NoOp", name=name)
    return op


def control_trigger(name: str | None = None) -> Operation:
    """An operation that does nothing once its control inputs have run or are dead."""
    op: Operation = apply("ControlTrigger", name=name)
    return op


def stop_gradient(input: Any, name: str | None = None) -> Tensor:
    """A tensor with the same value as `input`, through which no gradient flows.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.constant(3.0)
      >>> print(*tf.Session().run(tf.gradients(x * tf.stop_gradient(x), x)))
      3.0
    """
    tensor: Tensor = apply("StopGradient", input, name=name)
    return tensor


def prevent_gradient(input: Any, message: str = "", name: str | None = None) -> Tensor:
    """A tensor with the same value as `input`; a gradient through it is a LookupError."""
    tensor: Tensor = apply("PreventGradient", input, message=message, name=name)
    return tensor


def identity_n(input: Any, name: str | None = None) -> list[Tensor]:
    """Tensors with the same values as those of a list, whatever their dtypes.

    Args:
      input: a list of tensors.
      name: name of the operation.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.identity_n([[1.0, 2.0], [3]]))
      [array([1., 2.], dtype=float32), array([3], dtype=int32)]
    """
    result: list[Tensor] = apply("IdentityN", input, name=name)
    return result


def guarantee_const(input: Any, name: str | None = None) -> Tensor:
    """`input`, of which the program promises that its value never changes.

    Args:
      input: a tensor.
      name: name of the operation.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.guarantee_const([1, 2]))
      array([1, 2], dtype=int32)
    """
    result: Tensor = apply("GuaranteeConst", input, name=name)
    return result
