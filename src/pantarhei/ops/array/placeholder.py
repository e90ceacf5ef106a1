"""Placeholders: tensors that are fed when a session runs."""

from __future__ import annotations

from typing import Any

from pantarhei.core import errors
from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import merged
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Value


class Placeholder(OpDef):
    """A tensor that has a value only where it is fed."""

    signature = "-> output: dtype | dtype: type | shape: shape = None"
    pure = False
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [op.attributes["shape"]]

    def lower(self, b: Builder, op: Operation) -> Value:
        dtype = op.outputs[0].dtype
        shape = op.attributes["shape"]
        text = f" and shape {_listed(shape)}" if shape.ndims is not None and shape.ndims else ""
        raise errors.InvalidArgumentError(
            None,
            op,
            f"You must feed a value for placeholder tensor '{op.name}' with dtype "
            f"{'double' if dtype.name == 'float64' else dtype.name.replace('float32', 'float')}"
            f"{text}",
            cause="what is fetched depends on it, and feed_dict has no value for it",
            cure=f"session.run(..., feed_dict={{{op.name}: value}})",
        )


def _listed(shape: TensorShape) -> str:
    return (
        str(["?" if each is None else each for each in shape.as_list()])
        .replace("'", "")
        .replace(" ", "")
    )


class PlaceholderWithDefault(OpDef):
    """A tensor that may be fed."""

    signature = "input: dtype -> output: dtype | dtype: type | shape: shape"
    pure = False

    def infer(self, op: Operation) -> list[TensorShape]:
        shape: TensorShape = op.attributes["shape"]
        merged(op, op.inputs[0].shape, shape)
        return [shape]

    def grad(self, op: Operation, g: Tensor) -> Tensor:
        return g

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        return x


def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Tensor:
    """A tensor whose value is given by `feed_dict` in every run that needs it.

    Args:
      dtype: element type.
      shape: what is known of the shape; None for nothing, None within it for an unknown dimension.
      name: name of the operation; `Placeholder` by default.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.placeholder(tf.float32, (None, 2))
      >>> tf.Session().run(x + 1.0, feed_dict={x: [[1, 2]]})
      array([[2., 3.]], dtype=float32)
    """
    tensor: Tensor = apply("Placeholder", dtype=dtype, shape=shape, name=name)
    return tensor


def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """`input`, unless something else is fed.

    Args:
      input: the value where nothing is fed.
      shape: what is known of the shape of what may be fed.
      name: name of the operation.

    Example:
      >>> import pantarhei as tf
      >>> keep = tf.placeholder_with_default(1.0, ())
      >>> session = tf.Session()
      >>> print(session.run(keep), session.run(keep, {keep: 0.5}))
      1.0 0.5
    """
    tensor: Tensor = apply("PlaceholderWithDefault", input, shape=as_shape(shape), name=name)
    return tensor
