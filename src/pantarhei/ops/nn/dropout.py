"""Dropout: elements set to zero at random, the others scaled so that the mean stays."""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.shapes import shape
from pantarhei.ops.random.stateful import random_uniform


def _noise_shape(x: Tensor, noise_shape: Any) -> Any:
    if noise_shape is None:
        return shape(x)
    try:
        wanted = as_shape(noise_shape)
    except (TypeError, ValueError):
        return noise_shape  # a tensor
    if x.shape.ndims is None or x.shape.ndims != wanted.ndims:
        return noise_shape
    pairs = zip(x.shape.as_list(), wanted.as_list(), strict=True)
    return TensorShape([extent if given is None else given for extent, given in pairs])


def dropout(
    x: Any,
    keep_prob: Any = None,
    noise_shape: Any = None,
    seed: int | None = None,
    name: str | None = None,
    rate: Any = None,
) -> Tensor:
    """Sets each element to zero with probability `rate`, and divides the others by 1 - rate.

    Args:
      x: a floating tensor.
      keep_prob: the older way to say it: 1 - rate.
      noise_shape: shape of the random decisions; one of extent 1 is shared along its axis, None
        stands for the extent of `x`.
      seed: of the random numbers; see `tf.set_random_seed`.
      name: name of the operations; `dropout` by default.
      rate: probability that an element is dropped: a number or a scalar tensor.

    Returns:
      A tensor of the shape and dtype of `x`; `x` itself where the rate is known to be 0.

    Raises:
      ValueError: neither or both of `keep_prob` and `rate`, a rate outside [0, 1), or an `x` that
      is not floating.

    Example:
      >>> import pantarhei as tf
      >>> y = tf.Session().run(tf.nn.dropout(tf.ones([1000]), rate=0.25, seed=1))
      >>> sorted(set(y.tolist())), bool(700 < (y > 0).sum() < 800)
      ([0.0, 1.3333333730697632], True)

    Source:
      Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting, 2014.
    """
    try:
        dropped = None if keep_prob is None else 1.0 - keep_prob
    except TypeError:
        raise ValueError(
            f"keep_prob must be a floating point number or Tensor (got {keep_prob!r})"
        ) from None
    if dropped is not None:
        if rate is not None:
            raise ValueError("Cannot specify both 'keep_prob' and 'rate'")
        rate = dropped
    if rate is None:
        raise ValueError("You must provide a rate to dropout.")
    with name_scope(name, "dropout", [x]):
        x = convert_to_tensor(x, name="x")
        if not x.dtype.is_floating:
            raise ValueError(
                "x has to be a floating point tensor since it's going to be scaled. Got a "
                f"{x.dtype} tensor instead."
            )
        if isinstance(rate, (int, float, np.integer, np.floating)):
            if not 0 <= rate < 1:
                raise ValueError(
                    f"rate must be a scalar tensor or a float in the range [0, 1), got {rate:g}"
                )
            if rate == 0:
                return x
        rate = convert_to_tensor(rate, dtype=x.dtype, name="rate")
        rate.shape.assert_has_rank(0)
        if constant_value(rate) == 0:
            return x
        noise = random_uniform(_noise_shape(x, noise_shape), seed=seed, dtype=x.dtype)
        scale = 1 / (1 - rate)
        kept = noise >= rate
        result: Tensor = x * scale * cast(kept, x.dtype)
        result.set_shape(x.shape)
        return result
