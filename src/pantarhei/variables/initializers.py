"""Initializers: objects that give a variable's first value for its shape and dtype.

The numbers are those of TensorFlow 1.15 for the same seed, since each makes the same operations.
"""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.dtypes import DType
from pantarhei.graph.operation import Tensor
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.filling import ones, zeros
from pantarhei.ops.random.stateful import random_normal, random_uniform, truncated_normal

# Standard deviation of a standard normal distribution truncated at two of its standard deviations.
_TRUNCATED_STDDEV = 0.87962566103423978


class Initializer:
    """What all initializers have in common; `fill` says how a value is made.

    Example:
      >>> import pantarhei as tf
      >>> make = tf.random_uniform_initializer(-1.0, 1.0, seed=7)
      >>> config = make.get_config()
      >>> config["minval"], config["seed"], config["dtype"]
      (-1.0, 7, 'float32')
      >>> same = tf.random_uniform_initializer.from_config(config)
    """

    dtype: DType

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """The first value of a variable.

        Args:
          shape: its shape, or that of one part of it.
          dtype: its dtype; the initializer's own by default.
          partition_info: where the part lies in the whole, if it is one.
        """
        return self.fill(shape, self.dtype if dtype is None else dtype, partition_info)

    def fill(self, shape: Any, dtype: Any, partition_info: Any) -> Tensor:
        """The value for a shape and a dtype."""
        raise TypeError(f"{type(self).__name__} does not say what value it gives.")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an initializer like this one."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """An initializer from what `get_config` gave."""
        return cls(**config)


def floating(dtype: Any) -> DType:
    """A dtype, which must be a floating one; raises ValueError if it is not."""
    result: DType = dtypes.as_dtype(dtype)
    if not result.is_floating:
        raise ValueError(f"Expected floating point type, got {result!r}.")
    return result


def whole(shape: Any, partition_info: Any) -> Any:
    """The shape of the whole variable."""
    return shape if partition_info is None else partition_info.full_shape


class Zeros(Initializer):
    """Zeros; False for booleans, empty strings for strings.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.zeros_initializer()([2]))
      array([0., 0.], dtype=float32)
    """

    def __init__(self, dtype: Any = dtypes.float32) -> None:
        self.dtype = dtypes.as_dtype(dtype)

    def fill(self, shape: Any, dtype: Any, partition_info: Any) -> Tensor:
        """Zeros."""
        return zeros(shape, dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an initializer like this one."""
        return {"dtype": self.dtype.name}


class Ones(Initializer):
    """Ones.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.ones_initializer()([2]))
      array([1., 1.], dtype=float32)
    """

    def __init__(self, dtype: Any = dtypes.float32) -> None:
        self.dtype = dtypes.as_dtype(dtype)

    def fill(self, shape: Any, dtype: Any, partition_info: Any) -> Tensor:
        """Ones."""
        return ones(shape, dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an initializer like this one."""
        return {"dtype": self.dtype.name}


class Constant(Initializer):
    """Given values; the last is repeated to fill the shape.

    Args:
      value: a number, list or array.
      dtype: used where the caller gives none.
      verify_shape: whether `value` must have exactly the requested shape.

    Raises:
      TypeError: `value` is something else.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.constant_initializer([1.0, 2.0])([3]))
      array([1., 2., 2.], dtype=float32)
    """

    def __init__(
        self, value: Any = 0, dtype: Any = dtypes.float32, verify_shape: bool = False
    ) -> None:
        if not (np.isscalar(value) or isinstance(value, (list, tuple, np.ndarray))):
            raise TypeError(
                f"Invalid type for initial value: {type(value)} (expected Python scalar, list or "
                "tuple of values, or numpy.ndarray)."
            )
        self.value = value
        self.dtype = dtypes.as_dtype(dtype)
        self._verify_shape = verify_shape

    def __call__(
        self,
        shape: Any,
        dtype: Any = None,
        partition_info: Any = None,
        verify_shape: bool | None = None,
    ) -> Tensor:
        """The values, in the shape; see `Initializer.__call__`."""
        verify = self._verify_shape if verify_shape is None else verify_shape
        dtype = self.dtype if dtype is None else dtype
        return constant(self.value, dtype, shape, verify_shape=verify)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an initializer like this one."""
        return {"value": self.value, "dtype": self.dtype.name}


class RandomUniform(Initializer):
    """Numbers from a range, all equally likely; see `tf.random_uniform`."""

    def __init__(
        self,
        minval: Any = 0,
        maxval: Any = None,
        seed: int | None = None,
        dtype: Any = dtypes.float32,
    ) -> None:
        self.minval, self.maxval, self.seed = minval, maxval, seed
        self.dtype = dtypes.as_dtype(dtype)

    def fill(self, shape: Any, dtype: Any, partition_info: Any) -> Tensor:
        """Random numbers."""
        return random_uniform(shape, self.minval, self.maxval, dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an initializer like this one."""
        return {
            "minval": self.minval,
            "maxval": self.maxval,
            "seed": self.seed,
            "dtype": self.dtype.name,
        }


class RandomNormal(Initializer):
    """Normally distributed numbers; see `tf.random_normal`.

    Raises:
      ValueError: `dtype` is not a floating one.
    """

    def __init__(
        self,
        mean: Any = 0.0,
        stddev: Any = 1.0,
        seed: int | None = None,
        dtype: Any = dtypes.float32,
    ) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed
        self.dtype = floating(dtype)

    def fill(self, shape: Any, dtype: Any, partition_info: Any) -> Tensor:
        """Random numbers."""
        return random_normal(shape, self.mean, self.stddev, dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an initializer like this one."""
        return {
            "mean": self.mean,
            "stddev": self.stddev,
            "seed": self.seed,
            "dtype": self.dtype.name,
        }


class TruncatedNormal(RandomNormal):
    """Normal numbers within two standard deviations; see `tf.truncated_normal`.

    Raises:
      ValueError: `dtype` is not a floating one.
    """

    def fill(self, shape: Any, dtype: Any, partition_info: Any) -> Tensor:
        """Random numbers."""
        return truncated_normal(shape, self.mean, self.stddev, dtype, seed=self.seed)


class UniformUnitScaling(Initializer):
    """Uniform numbers whose range keeps the scale of what a matrix takes in.

    The range is `sqrt(3 / inputs) * factor` to both sides, where inputs is the product of all
    dimensions but the last.

    Raises:
      ValueError: `dtype` is not a floating one.
    """

    def __init__(
        self, factor: float = 1.0, seed: int | None = None, dtype: Any = dtypes.float32
    ) -> None:
        self.factor, self.seed = factor, seed
        self.dtype = floating(dtype)

    def fill(self, shape: Any, dtype: Any, partition_info: Any) -> Tensor:
        """Random numbers."""
        inputs = math.prod(float(extent) for extent in whole(shape, partition_info)[:-1])
        limit = math.sqrt(3 / max(inputs, 1.0)) * self.factor
        return random_uniform(shape, -limit, limit, dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an initializer like this one."""
        return {"factor": self.factor, "seed": self.seed, "dtype": self.dtype.name}


class VarianceScaling(Initializer):
    """Random numbers whose variance is `scale / n`.

    Args:
      scale: a positive number.
      mode: what n is: `fan_in`, the inputs of a unit; `fan_out`, the units an input reaches;
        `fan_avg`, their mean.
      distribution: `truncated_normal` (or `normal`), `untruncated_normal` or `uniform`.
      seed: see `tf.set_random_seed`.
      dtype: a floating dtype, used where the caller gives none.

    Raises:
      ValueError: an argument is none of these.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        dtype: Any = dtypes.float32,
    ) -> None:
        if scale <= 0.0:
            raise ValueError("`scale` must be positive float.")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError("Invalid `mode` argument:", mode)
        distribution = distribution.lower()
        if distribution not in ("normal", "uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError("Invalid `distribution` argument:", distribution)
        self.scale, self.mode, self.distribution, self.seed = scale, mode, distribution, seed
        self.dtype = floating(dtype)

    def fill(self, shape: Any, dtype: Any, partition_info: Any) -> Tensor:
        """Random numbers."""
        fan_in, fan_out = fans(whole(shape, partition_info))
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return random_uniform(shape, -limit, limit, dtype, seed=self.seed)
        if self.distribution == "untruncated_normal":
            return random_normal(shape, 0.0, math.sqrt(variance), dtype, seed=self.seed)
        stddev = math.sqrt(variance) / _TRUNCATED_STDDEV
        return truncated_normal(shape, 0.0, stddev, dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an initializer like this one."""
        return {
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "seed": self.seed,
            "dtype": self.dtype.name,
        }


def fans(shape: Any) -> tuple[int, int]:
    """How many inputs a unit has, and how many units an input reaches, for weights of a shape.

    >>> fans([3, 3, 2, 4])
    (18, 36)
    """
    extents = [int(extent) for extent in shape]
    if len(extents) < 2:
        size = extents[0] if extents else 1
        return size, size
    field = math.prod(extents[:-2])
    return extents[-2] * field, extents[-1] * field


class GlorotUniform(VarianceScaling):
    """Uniform numbers between -l and l, l = sqrt(6 / (fan_in + fan_out)).

    Source: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010.
    """

    def __init__(self, seed: int | None = None, dtype: Any = dtypes.float32) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an initializer like this one."""
        return {"seed": self.seed, "dtype": self.dtype.name}


class GlorotNormal(VarianceScaling):
    """Truncated normal numbers of variance 2 / (fan_in + fan_out).

    Source: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010.
    """

    def __init__(self, seed: int | None = None, dtype: Any = dtypes.float32) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an initializer like this one."""
        return {"seed": self.seed, "dtype": self.dtype.name}


def lecun_normal(seed: int | None = None) -> VarianceScaling:
    """Truncated normal numbers of variance 1 / fan_in.

    Source: Y. LeCun et al., "Efficient BackProp", 1998.
    """
    return VarianceScaling(1.0, "fan_in", "truncated_normal", seed)


def lecun_uniform(seed: int | None = None) -> VarianceScaling:
    """Uniform numbers of variance 1 / fan_in.

    Source: Y. LeCun et al., "Efficient BackProp", 1998.
    """
    return VarianceScaling(1.0, "fan_in", "uniform", seed)


def he_normal(seed: int | None = None) -> VarianceScaling:
    """Truncated normal numbers of variance 2 / fan_in.

    Source: K. He et al., "Delving deep into rectifiers", ICCV 2015.
    """
    return VarianceScaling(2.0, "fan_in", "truncated_normal", seed)


def he_uniform(seed: int | None = None) -> VarianceScaling:
    """Uniform numbers of variance 2 / fan_in.

    Source: K. He et al., "Delving deep into rectifiers", ICCV 2015.
    """
    return VarianceScaling(2.0, "fan_in", "uniform", seed)
