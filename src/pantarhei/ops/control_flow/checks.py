"""Operations that pass tensors on or fail: assertions and the check for NaN and infinity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pantarhei.core.array_text import summarized
from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph.convert import convert_n_to_tensor, convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply, first_input_shape
from pantarhei.graph.definitions.shape_rules import merged
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.identity import no_op
from pantarhei.ops.control_flow.cond import cond
from pantarhei.ops.control_flow.dependencies import with_dependencies
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Array, ProgramError, Value


class CheckNumerics(OpDef):
    """Its input, if that holds neither NaN nor infinity."""

    signature = "tensor: T -> output: T | T: floating | message: string"

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def grad(self, op: Operation, g: Tensor) -> Tensor:
        return check_numerics(
            g, "Not a number (NaN) or infinity (Inf) values detected in gradient."
        )

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        return b.check_finite(x, message=op.attributes["message"])


def check_numerics(tensor: Any, message: str, name: str | None = None) -> Tensor:
    """`tensor`; a run fails where it holds NaN or infinity.

    Args:
      tensor: of a floating dtype.
      message: what the error begins with.
      name: name of the operation.

    Raises:
      tf.errors.InvalidArgumentError: when it runs.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.check_numerics(1.0, "loss")))
      1.0
    """
    result: Tensor = apply("CheckNumerics", tensor, message=message, name=name)
    return result


def verify_tensor_all_finite(
    t: Any = None, msg: str = "", name: str | None = None, x: Any = None, message: str = ""
) -> Tensor:
    """`t`, available only when it has been found to hold neither NaN nor infinity.

    Args:
      t: of a floating dtype; also called `x`.
      msg: what the error begins with; also called `message`.
      name: name scope; `VerifyFinite` by default.

    Raises:
      tf.errors.InvalidArgumentError: when it runs.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.verify_tensor_all_finite(1.0, "loss")))
      1.0
    """
    tensor, words = (x if t is None else t), msg or message
    with name_scope(name, "VerifyFinite", [tensor]):
        tensor = convert_to_tensor(tensor, name="t")
        with tensor.graph.colocate_with(tensor):
            checked: Tensor = with_dependencies([check_numerics(tensor, words)], tensor)
        return checked


class EnsureShape(OpDef):
    """Its input, if that has the declared shape."""

    signature = "input: T -> output: T | shape: shape | T: type"

    def infer(self, op: Operation) -> list[TensorShape]:
        return [merged(op, op.attributes["shape"], op.inputs[0].shape)]

    def grad(self, op: Operation, g: Tensor) -> Tensor:
        return g

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        if not op.attributes["shape"].is_compatible_with(x.shape):
            raise ProgramError(
                f"Shape of tensor {op.inputs[0].op.name} {list(x.shape)} is not compatible with "
                f"expected shape {op.attributes['shape']}."
            )
        return x


def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Tensor:
    """`x`, with `shape` added to what is known of its shape; a run fails where it has another.

    Args:
      x: a tensor.
      shape: what its shape has to be; None for a dimension that may be any.
      name: name of the operation.

    Raises:
      ValueError: the shapes are known to differ. tf.errors.InvalidArgumentError: when it runs.

    Example:
      >>> import pantarhei as tf
      >>> tf.ensure_shape(tf.placeholder(tf.float32), (None, 3)).shape.as_list()
      [None, 3]
    """
    tensor: Tensor = apply("EnsureShape", x, shape=as_shape(shape), name=name)
    return tensor


class AssertDefinition(OpDef, type="Assert"):
    """Fails unless its condition holds."""

    signature = "condition: bool, data: list(T) -> | T: list(type) | summarize: int = 3"
    pure = False

    def infer(self, op: Operation) -> list[TensorShape]:
        if len(op.inputs) < 2:
            raise ValueError(
                "List argument 'data' to 'Assert' Op with length 0 shorter than minimum length 1."
            )
        return []

    def lower(self, b: Any, op: Operation, condition: Value, *data: Value) -> None:
        limit = op.attributes["summarize"]

        def check(holds: Array, *arrays: Array) -> Sequence[Array]:
            if not holds:
                shown = " ".join(f"[{summarized(array, limit)}]" for array in arrays)
                raise ProgramError(f"assertion failed: {shown}")
            return []

        values = [each.constant for each in (condition, *data)]
        known = [value for value in values if value is not None]
        if len(known) == 1 + len(data):
            # Nothing depends on data: it fails before what waits for it is looked at.
            check(*known)
        else:
            b.host(check, [condition, *data], [])


def Assert(
    condition: Any, data: Sequence[Any], summarize: int | None = None, name: str | None = None
) -> Operation:
    """An operation that fails unless `condition` holds; make others wait for it.

    Args:
      condition: a bool scalar tensor.
      data: tensors that the error shows.
      summarize: how many elements of each.
      name: name of the operation.

    Raises:
      tf.errors.InvalidArgumentError: when it runs.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.constant(1.0)
      >>> with tf.control_dependencies([tf.Assert(x > 0.0, [x])]):
      ...     y = tf.log(x)
    """
    with name_scope(name, "Assert", [condition, data]):
        tensors = convert_n_to_tensor(data)
        if all(each.dtype.base_dtype.name in ("string", "int32") for each in tensors):
            op: Operation = apply("Assert", condition, data, summarize=summarize)
            return op
        condition = convert_to_tensor(condition, name="Condition")
        guarded: Tensor = cond(
            condition,
            no_op,
            lambda: apply("Assert", condition, data, summarize=summarize),
            name="AssertGuard",
        )
        return guarded.op
