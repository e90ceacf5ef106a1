"""Random tensors that are functions of two seeds given as data: the same seeds, the same numbers.

The counterparts of ops/random/stateful.py without a state; they draw by the same primitives.
"""

from __future__ import annotations

from typing import Any

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply, register
from pantarhei.graph.definitions.shape_rules import shape_error, shape_from, with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.random.distributions import multinomial_shape, sample_count
from pantarhei.ops.random.stateful import (
    FLOATS,
    checked_dtype,
    concrete_shape,
    shape_tensor,
    upper_end,
)
from pantarhei.program.ir import Value


def check_seeds(op: Operation, index: int) -> None:
    """Raises ValueError in TensorFlow's words unless an input can be two seeds."""
    with_rank(op, index, 1)
    shape = op.inputs[index].shape
    if shape.ndims is not None and shape[0].value not in (None, 2):
        raise shape_error(op, f"Dimension must be 2 but is {shape[0].value}")


class StatelessFill(OpDef, abstract=True):
    """A tensor of a given shape, filled by one primitive from two seeds."""

    signature = (
        f"shape: T, seed: Tseed -> output: dtype | dtype: {FLOATS} = float32 "
        "| T: index = int32 | Tseed: index = int64"
    )
    differentiable = False

    def __init__(self, type: str, primitive: str) -> None:
        self.type = type
        self.primitive = primitive

    def infer(self, op: Operation) -> list[TensorShape]:
        check_seeds(op, 1)
        return [shape_from(op, 0)]

    def lower(self, b: Any, op: Operation, shape: Value, seed: Value) -> Value:
        value: Value = getattr(b, self.primitive)(
            b.stateless_state(seed),
            shape=concrete_shape(b, shape),
            dtype=op.outputs[0].dtype.numpy,
        )
        return value


for _row in (
    StatelessFill("StatelessRandomUniform", "random_uniform"),
    StatelessFill("StatelessRandomNormal", "random_normal"),
    StatelessFill("StatelessTruncatedNormal", "truncated_normal"),
):
    register(_row)


class StatelessRandomUniformInt(OpDef):
    """Whole numbers from a range, equally likely, drawn from two seeds."""

    signature = (
        "shape: T, seed: Tseed, minval: dtype, maxval: dtype -> output: dtype | dtype: index "
        "| T: index | Tseed: index = int64"
    )
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        check_seeds(op, 1)
        with_rank(op, 2, 0)
        with_rank(op, 3, 0)
        return [shape_from(op, 0)]

    def lower(
        self, b: Any, op: Operation, shape: Value, seed: Value, minval: Value, maxval: Value
    ) -> Value:
        value: Value = b.random_uniform_int(
            b.stateless_state(seed),
            minval,
            maxval,
            shape=concrete_shape(b, shape),
            dtype=op.outputs[0].dtype.numpy,
        )
        return value


class StatelessMultinomial(OpDef):
    """Classes, drawn from two seeds with the probabilities that logits give."""

    signature = (
        "logits: T, num_samples: int32, seed: Tseed -> output: output_dtype "
        "| T: real | Tseed: index = int64 | output_dtype: index = int64"
    )
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        check_seeds(op, 2)
        return multinomial_shape(op)

    def lower(self, b: Any, op: Operation, logits: Value, num_samples: Value, seed: Value) -> Value:
        value: Value = b.multinomial(
            b.stateless_state(seed),
            logits,
            num_samples=sample_count(b, num_samples),
            dtype=op.outputs[0].dtype.numpy,
        )
        return value


def stateless_random_uniform(
    shape: Any,
    seed: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Numbers in [minval, maxval), all equally likely, the same for the same seeds.

    Args:
      shape: shape of the result: a list, or an integer vector.
      seed: two integers.
      minval: smallest number that may come.
      maxval: the first that may not; 1 by default, to be given for integers.
      dtype: a floating dtype, int32 or int64.
      name: name of the operation.

    Raises:
      ValueError: another dtype, or integers without `maxval`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.random.stateless_uniform([4], [1, 2], 0, 9, tf.int32))
      array([1, 2, 0, 3], dtype=int32)
    """
    dtype = checked_dtype(dtype)
    maxval = upper_end(dtype, maxval)
    with name_scope(name, "stateless_random_uniform", [shape, seed, minval, maxval]) as scope:
        extents = shape_tensor(shape)
        minval = convert_to_tensor(minval, dtype, name="min")
        maxval = convert_to_tensor(maxval, dtype, name="max")
        tensor: Tensor
        if dtype.is_integer:
            tensor = apply("StatelessRandomUniformInt", extents, seed, minval, maxval, name=scope)
        else:
            unit = apply("StatelessRandomUniform", extents, seed, dtype=dtype)
            tensor = apply("Add", unit * (maxval - minval), minval, name=scope)
        return tensor


def stateless_random_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Normally distributed numbers, the same for the same seeds.

    Args:
      shape: shape of the result: a list, or an integer vector.
      seed: two integers.
      mean: of the distribution; broadcasts.
      stddev: standard deviation; broadcasts.
      dtype: a floating dtype.
      name: name of the operation.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.random.stateless_normal([2], [1, 2])
      >>> session = tf.Session()
      >>> bool((session.run(x) == session.run(x)).all())
      True
    """
    return _scaled_normal(
        "stateless_random_normal", "StatelessRandomNormal", shape, seed, mean, stddev, dtype, name
    )


def stateless_truncated_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Normal numbers within two standard deviations, the same for the same seeds.

    Args:
      shape: shape of the result: a list, or an integer vector.
      seed: two integers.
      mean: of the distribution before truncation; broadcasts.
      stddev: standard deviation before truncation; broadcasts.
      dtype: a floating dtype.
      name: name of the operation.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.random.stateless_truncated_normal([1000], [1, 2])
      >>> float(abs(tf.Session().run(x)).max()) <= 2
      True
    """
    return _scaled_normal(
        "stateless_truncated_normal",
        "StatelessTruncatedNormal",
        shape,
        seed,
        mean,
        stddev,
        dtype,
        name,
    )


def _scaled_normal(
    scope_name: str,
    op_type: str,
    shape: Any,
    seed: Any,
    mean: Any,
    stddev: Any,
    dtype: Any,
    name: str | None,
) -> Tensor:
    with name_scope(name, scope_name, [shape, seed, mean, stddev]) as scope:
        extents = shape_tensor(shape)
        mean = convert_to_tensor(mean, dtype, name="mean")
        stddev = convert_to_tensor(stddev, dtype, name="stddev")
        standard = apply(op_type, extents, seed, dtype=dtype)
        tensor: Tensor = apply("Add", standard * stddev, mean, name=scope)
        return tensor


def stateless_categorical(
    logits: Any,
    num_samples: Any,
    seed: Any,
    dtype: Any = dtypes.int64,
    name: str | None = None,
) -> Tensor:
    """Classes, drawn with probabilities `softmax(logits)`, the same for the same seeds.

    Args:
      logits: [batch, classes], unnormalized log-probabilities.
      num_samples: how many to draw for each row.
      seed: two integers.
      dtype: int64 or int32.
      name: name of the operation's scope.

    Returns:
      Class numbers, [batch, num_samples].

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.random.stateless_categorical([[0.0, 50.0]], 3, [1, 2]))
      array([[1, 1, 1]])
    """
    with name_scope(name, "stateless_categorical", [logits, seed]):
        return _classes(logits, num_samples, dtype, seed)


def stateless_multinomial(
    logits: Any,
    num_samples: Any,
    seed: Any,
    output_dtype: Any = dtypes.int64,
    name: str | None = None,
) -> Tensor:
    """The older name of `stateless_categorical`.

    Args:
      logits: [batch, classes], unnormalized log-probabilities.
      num_samples: how many to draw for each row.
      seed: two integers.
      output_dtype: int64 or int32.
      name: name of the operation's scope.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.random.stateless_multinomial([[0.0, 50.0]], 3, [1, 2]))
      array([[1, 1, 1]])
    """
    with name_scope(name, "stateless_multinomial", [logits, seed]):
        return _classes(logits, num_samples, output_dtype, seed)


def _classes(logits: Any, num_samples: Any, dtype: Any, seed: Any) -> Tensor:
    logits = convert_to_tensor(logits, name="logits")
    tensor: Tensor = apply("StatelessMultinomial", logits, num_samples, seed, output_dtype=dtype)
    return tensor
