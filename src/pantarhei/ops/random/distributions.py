"""Random tensors of other distributions: classes by their logits, gamma and Poisson variates."""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.definitions.shape_rules import shape_error, shape_from, with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.filling import zeros_like
from pantarhei.ops.math.binary import maximum
from pantarhei.ops.random.stateful import SEEDS, Drawn, concrete_shape, seed_attributes
from pantarhei.program import philox
from pantarhei.program.ir import ProgramError, Value


class Multinomial(Drawn):
    """Classes, drawn with the probabilities that logits give."""

    differentiable = False
    signature = (
        f"logits: T, num_samples: int32 -> output: output_dtype | {SEEDS} | T: real "
        "| output_dtype: index = int64"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        return multinomial_shape(op)

    def lower(self, b: Any, op: Operation, logits: Value, num_samples: Value) -> Value:
        count = sample_count(b, num_samples)
        used = philox.reserved_by_multinomial(logits.shape[0], count)
        state = b.random_state(op.attributes["seed"], op.attributes["seed2"], used)
        dtype = op.outputs[0].dtype.numpy
        value: Value = b.multinomial(state, logits, num_samples=count, dtype=dtype)
        return value


def multinomial_shape(op: Operation) -> list[TensorShape]:
    """The shape rule of drawing classes: [batch, num_samples]."""
    with_rank(op, 0, 2)
    with_rank(op, 1, 0)
    count = constant_value(op.inputs[1])
    if count is not None and count < 0:
        message = f"Dimension size, given by scalar input 1, must be non-negative but is {count}"
        raise shape_error(op, message, computed=[1])
    batch = op.inputs[0].shape[0].value if op.inputs[0].shape.ndims is not None else None
    return [TensorShape([batch, None if count is None else int(count)])]


def sample_count(b: Any, num_samples: Value) -> int:
    """How many classes to draw for each row; raises ProgramError if negative."""
    count = int(b.static(num_samples))
    if count < 0:
        raise ProgramError(f"num_samples should be nonnegative, got {count}")
    return count


class RandomGamma(Drawn):
    """Gamma variates of rate 1."""

    signature = (
        f"shape: S, alpha: T -> output: T | {SEEDS} | S: index | T: {{float16, float32, float64}}"
    )
    primitive = "random_gamma"

    def infer(self, op: Operation) -> list[TensorShape]:
        return [shape_from(op, 0).concatenate(op.inputs[1].shape)]

    def lower(self, b: Any, op: Operation, shape: Value, parameter: Value) -> Value:
        extents = concrete_shape(b, shape)
        state = self.state(b, op, int(np.prod(extents)) * parameter.size)
        dtype = op.outputs[0].dtype.numpy
        value: Value = getattr(b, self.primitive)(state, parameter, shape=extents, dtype=dtype)
        return value


class RandomPoissonV2(RandomGamma):
    """Poisson variates."""

    signature = (
        f"shape: S, rate: R -> output: dtype | {SEEDS} | S: index "
        "| R: {float16, float32, float64, int32, int64} = float64 "
        "| dtype: {float16, float32, float64, int32, int64} = int64"
    )
    primitive = "random_poisson"


def multinomial(
    logits: Any,
    num_samples: Any,
    seed: int | None = None,
    name: str | None = None,
    output_dtype: Any = None,
) -> Tensor:
    """Classes, drawn with probabilities `softmax(logits)`; `categorical` is the same.

    Args:
      logits: [batch, classes], unnormalized log-probabilities.
      num_samples: how many to draw for each row.
      seed: the operation's seed; see `tf.set_random_seed`.
      name: name of the operation's scope.
      output_dtype: int64 (the default) or int32.

    Returns:
      Class numbers, [batch, num_samples].

    Raises:
      InvalidArgumentError: in a run where there are no classes.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.multinomial([[0.0, 50.0]], 3))
      array([[1, 1, 1]])
    """
    with name_scope(name, "multinomial", [logits]):
        return _classes(logits, num_samples, output_dtype, seed)


def categorical(
    logits: Any,
    num_samples: Any,
    dtype: Any = None,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Classes, drawn with probabilities `softmax(logits)`.

    Args:
      logits: [batch, classes], unnormalized log-probabilities.
      num_samples: how many to draw for each row.
      dtype: int64 (the default) or int32.
      seed: the operation's seed; see `tf.set_random_seed`.
      name: name of the operation's scope.

    Returns:
      Class numbers, [batch, num_samples].

    Raises:
      InvalidArgumentError: in a run where there are no classes.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.random.categorical([[0.0, 50.0]], 3, dtype=tf.int32))
      array([[1, 1, 1]], dtype=int32)
    """
    with name_scope(name, "categorical", [logits]):
        return _classes(logits, num_samples, dtype, seed)


def _classes(logits: Any, num_samples: Any, dtype: Any, seed: int | None) -> Tensor:
    logits = convert_to_tensor(logits, name="logits")
    seeds = seed_attributes(seed)
    tensor: Tensor = apply("Multinomial", logits, num_samples, output_dtype=dtype, **seeds)
    return tensor


def random_gamma(
    shape: Any,
    alpha: Any,
    beta: Any = None,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Gamma variates: `shape` of them for each pair of `alpha` and `beta`.

    Args:
      shape: how many to draw: a list, or an int32 vector.
      alpha: the form of the distribution; broadcasts with `beta`.
      beta: its rate (inverse scale); 1 by default.
      dtype: float16, float32 or float64.
      seed: the operation's seed; see `tf.set_random_seed`.
      name: name of the operation's scope.

    Returns:
      A tensor of shape `shape + (alpha + beta).shape`.

    Example:
      >>> import pantarhei as tf
      >>> tf.random_gamma([10], [[1.0], [3.0]], [2.0, 4.0]).shape.as_list()
      [10, 2, 2]
    """
    with name_scope(name, "random_gamma", [shape, alpha, beta]):
        shape = convert_to_tensor(shape, dtypes.int32, name="shape")
        alpha = convert_to_tensor(alpha, dtype, name="alpha")
        beta = convert_to_tensor(1 if beta is None else beta, dtype, name="beta")
        alphas = alpha + zeros_like(beta)
        drawn = apply("RandomGamma", shape, alphas, **seed_attributes(seed)) / beta
        smallest = np.finfo(alpha.dtype.numpy).tiny
        tensor: Tensor = maximum(smallest, drawn)
        return tensor


def random_poisson(
    lam: Any,
    shape: Any,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Poisson variates: `shape` of them for each rate in `lam`.

    Args:
      lam: rates.
      shape: how many to draw: a list, or an int32 vector.
      dtype: float16, float32, float64, int32 or int64.
      seed: the operation's seed; see `tf.set_random_seed`.
      name: name of the operation's scope.

    Returns:
      A tensor of shape `shape + lam.shape`.

    Example:
      >>> import pantarhei as tf
      >>> tf.random_poisson([0.5, 1.5], [10]).shape.as_list()
      [10, 2]
    """
    with name_scope(name, "random_poisson", [lam, shape]):
        shape = convert_to_tensor(shape, dtypes.int32, name="shape")
        seeds = seed_attributes(seed)
        tensor: Tensor = apply("RandomPoissonV2", shape, lam, dtype=dtype, **seeds)
        return tensor
