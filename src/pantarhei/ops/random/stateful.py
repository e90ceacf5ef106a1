"""Random tensors whose numbers come from a state that the session keeps.

Each function makes the nodes of TensorFlow 1.15 in its order, since an operation without a seed of
its own takes the number of operations before it. The numbers come from program/philox.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.dimensions import Dimension
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.definitions.opdef import OpDef, apply, register
from pantarhei.graph.definitions.shape_rules import shape_from, with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.indexing import slice
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.ops.control_flow.checks import Assert
from pantarhei.ops.control_flow.dependencies import with_dependencies
from pantarhei.ops.math.reductions import reduce_all
from pantarhei.program import philox
from pantarhei.program.ir import ProgramError, Value

SEEDS = "seed: int = 0 | seed2: int = 0"
FLOATS = "{float16, bfloat16, float32, float64}"


def concrete_shape(b: Any, shape: Value) -> tuple[int, ...]:
    """The shape to draw, as a tuple; raises ProgramError where an extent is negative."""
    extents = tuple(int(each) for each in b.static(shape))
    for extent in extents:
        if extent < 0:
            raise ProgramError(f"Dimension {extent} must be >= 0")
    return extents


def shape_tensor(shape: Any) -> Tensor:
    """`shape` as an integer vector named `shape`; Dimensions in it count as their numbers."""
    dtype = None
    if isinstance(shape, TensorShape):
        shape = shape.as_list()
    if isinstance(shape, (list, tuple)):
        if not shape:
            dtype = dtypes.int32
        shape = tuple(each.value if isinstance(each, Dimension) else each for each in shape)
        if any(each is None for each in shape):
            raise TypeError(
                f"Failed to convert object of type {type(shape)} to Tensor. Contents: {shape}. "
                "Consider casting elements to a supported type."
            )
    return convert_to_tensor(shape, dtype, name="shape")


class Drawn(OpDef, abstract=True):
    """A random operation with a state that the session keeps."""

    pure = False

    def state(self, b: Any, op: Operation, elements: int) -> Value:
        """The operation's state in this run, which uses up what 1.15 does for so many elements."""
        used = philox.reserved(self.type, elements)
        state: Value = b.random_state(op.attributes["seed"], op.attributes["seed2"], used)
        return state


class RandomFill(Drawn, abstract=True):
    """A tensor of a given shape, filled by one primitive."""

    differentiable = False
    signature = f"shape: T -> output: dtype | {SEEDS} | dtype: {FLOATS} | T: index"

    def __init__(self, type: str, primitive: str) -> None:
        self.type = type
        self.primitive = primitive

    def infer(self, op: Operation) -> list[TensorShape]:
        return [shape_from(op, 0)]

    def lower(self, b: Any, op: Operation, shape: Value) -> Value:
        extents = concrete_shape(b, shape)
        state = self.state(b, op, int(np.prod(extents)))
        dtype = op.outputs[0].dtype.numpy
        value: Value = getattr(b, self.primitive)(state, shape=extents, dtype=dtype)
        return value


for _row in (
    RandomFill("RandomUniform", "random_uniform"),
    RandomFill("RandomStandardNormal", "random_normal"),
    RandomFill("TruncatedNormal", "truncated_normal"),
):
    register(_row)


class RandomUniformInt(Drawn):
    """Whole numbers from a range, equally likely."""

    differentiable = False
    signature = (
        f"shape: T, minval: Tout, maxval: Tout -> output: Tout | {SEEDS} | Tout: index | T: index"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        shape = shape_from(op, 0)
        with_rank(op, 1, 0)
        with_rank(op, 2, 0)
        return [shape]

    def lower(self, b: Any, op: Operation, shape: Value, minval: Value, maxval: Value) -> Value:
        extents = concrete_shape(b, shape)
        state = self.state(b, op, int(np.prod(extents)))
        value: Value = b.random_uniform_int(
            state, minval, maxval, shape=extents, dtype=op.outputs[0].dtype.numpy
        )
        return value


class RandomShuffle(Drawn):
    """The rows of a tensor in a random order."""

    signature = f"value: T -> output: T | {SEEDS} | T: type"

    def infer(self, op: Operation) -> list[TensorShape]:
        return [op.inputs[0].shape]

    def lower(self, b: Any, op: Operation, x: Value) -> Value:
        state = self.state(b, op, x.shape[0] if x.size > 1 else 0)
        value: Value = b.random_shuffle(state, x)
        return value


# ------------------------------------------------------------------------------------- seeds


def get_seed(op_seed: int | None) -> tuple[int, int] | tuple[None, None]:
    """The two seeds that an operation made now would get.

    Args:
      op_seed: the operation's own seed, or None.

    Returns:
      The graph's seed and the operation's, each with a default where only the other is set; two
      `None` where neither is, and every session draws other numbers.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> tf.get_seed(3), tf.get_seed(None)
      ((87654321, 3), (None, None))
    """
    graph = get_default_graph()
    return philox.get_seed(graph.seed, op_seed, graph._last_id)


def seed_attributes(op_seed: int | None) -> dict[str, Any]:
    """The seeds of an operation made now, as its attributes."""
    seed, seed2 = get_seed(op_seed)
    return {"seed": seed, "seed2": seed2}


# --------------------------------------------------------------------------- public functions


def random_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normally distributed numbers.

    Args:
      shape: shape of the result: a list, or an integer vector.
      mean: of the distribution; broadcasts.
      stddev: standard deviation; broadcasts.
      dtype: a floating dtype.
      seed: the operation's seed; see `tf.set_random_seed`.
      name: name of the operation.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.random_normal([3], seed=1))
      array([-0.8113182 ,  1.4845988 ,  0.06532937], dtype=float32)
    """
    return _scaled_normal(
        "random_normal", "RandomStandardNormal", shape, mean, stddev, dtype, seed, name
    )


def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normally distributed numbers, those beyond two standard deviations drawn again.

    Args:
      shape: shape of the result: a list, or an integer vector.
      mean: of the distribution before truncation; broadcasts.
      stddev: standard deviation before truncation; broadcasts.
      dtype: a floating dtype.
      seed: the operation's seed; see `tf.set_random_seed`.
      name: name of the operation.

    Example:
      >>> import pantarhei as tf
      >>> float(abs(tf.Session().run(tf.truncated_normal([1000]))).max()) <= 2
      True
    """
    return _scaled_normal(
        "truncated_normal", "TruncatedNormal", shape, mean, stddev, dtype, seed, name
    )


def _scaled_normal(
    scope_name: str,
    op_type: str,
    shape: Any,
    mean: Any,
    stddev: Any,
    dtype: Any,
    seed: int | None,
    name: str | None,
) -> Tensor:
    with name_scope(name, scope_name, [shape, mean, stddev]) as scope:
        extents = shape_tensor(shape)
        mean = convert_to_tensor(mean, dtype, name="mean")
        stddev = convert_to_tensor(stddev, dtype, name="stddev")
        standard = apply(op_type, extents, dtype=dtype, **seed_attributes(seed))
        tensor: Tensor = apply("Add", standard * stddev, mean, name=scope)
        return tensor


def random_uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Numbers in [minval, maxval), all equally likely.

    Args:
      shape: shape of the result: a list, or an integer vector.
      minval: smallest number that may come.
      maxval: the first that may not; 1 by default, to be given for integers.
      dtype: a floating dtype, int32 or int64.
      seed: the operation's seed; see `tf.set_random_seed`.
      name: name of the operation.

    Raises:
      ValueError: another dtype, or integers without `maxval`. InvalidArgumentError: in a run where
      integers are requested and `minval` is not below `maxval`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.random_uniform([4], 0, 10, tf.int32, seed=1))
      array([7, 9, 3, 2], dtype=int32)
    """
    dtype = checked_dtype(dtype)
    maxval = upper_end(dtype, maxval)
    with name_scope(name, "random_uniform", [shape, minval, maxval]) as scope:
        extents = shape_tensor(shape)
        minval = convert_to_tensor(minval, dtype, name="min")
        maxval = convert_to_tensor(maxval, dtype, name="max")
        seeds = seed_attributes(seed)
        tensor: Tensor
        if dtype.is_integer:
            tensor = apply("RandomUniformInt", extents, minval, maxval, name=scope, **seeds)
        else:
            unit = apply("RandomUniform", extents, dtype=dtype, **seeds)
            tensor = apply("Add", unit * (maxval - minval), minval, name=scope)
        return tensor


def checked_dtype(dtype: Any) -> dtypes.DType:
    """A dtype that uniform numbers can have; raises ValueError for another."""
    result: dtypes.DType = dtypes.as_dtype(dtype)
    if result.name not in ("float16", "bfloat16", "float32", "float64", "int32", "int64"):
        raise ValueError(f"Invalid dtype {result!r}")
    return result


def upper_end(dtype: dtypes.DType, maxval: Any) -> Any:
    """`maxval`, or 1 for floating dtypes; raises ValueError where an integer dtype needs it."""
    if maxval is None and dtype.is_integer:
        raise ValueError(f"Must specify maxval for integer dtype {dtype!r}")
    return 1 if maxval is None else maxval


def random_shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """`value` with its rows in a random order.

    Args:
      value: a tensor; what it holds along later dimensions stays together.
      seed: the operation's seed; see `tf.set_random_seed`.
      name: name of the operation.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.random_shuffle([[1, 2], [3, 4], [5, 6]], seed=1))
      array([[1, 2],
             [5, 6],
             [3, 4]], dtype=int32)
    """
    seeds = seed_attributes(seed)
    tensor: Tensor = apply("RandomShuffle", value, name=name, **seeds)
    return tensor


def random_crop(value: Any, size: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """A piece of `value` of shape `size`, cut out at a random place.

    Args:
      value: a tensor.
      size: the shape to cut, an int32 vector as long as the rank of `value`.
      seed: the operation's seed; see `tf.set_random_seed`.
      name: name of the operation.

    Raises:
      InvalidArgumentError: in a run where `value` is smaller than `size`.

    Example:
      >>> import pantarhei as tf
      >>> tf.random_crop(tf.zeros([32, 32, 3]), [24, 24, 3]).shape.as_list()
      [24, 24, 3]
    """
    with name_scope(name, "random_crop", [value, size]) as scope:
        value = convert_to_tensor(value, name="value")
        size = convert_to_tensor(size, dtypes.int32, name="size")
        extents = shape_of(value)
        check = Assert(
            reduce_all(extents >= size),
            ["Need value.shape >= size, got ", extents, size],
            summarize=1000,
        )
        extents = with_dependencies([check], extents)
        limit = extents - size + 1
        number = random_uniform(
            shape_of(extents), maxval=size.dtype.max, dtype=size.dtype, seed=seed
        )
        piece: Tensor = slice(value, number % limit, size, name=scope)
        return piece
