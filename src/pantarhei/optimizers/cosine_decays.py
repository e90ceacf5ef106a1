"""Schedules of learning rates that follow a cosine, with restarts, with a line, with noise."""

from __future__ import annotations

import math
from typing import Any

from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.constant import constant
from pantarhei.ops.control_flow.cond import cond
from pantarhei.ops.math.binary import minimum, multiply, pow
from pantarhei.ops.math.comparison import equal
from pantarhei.ops.math.rounding import floor
from pantarhei.ops.math.trigonometry import cos
from pantarhei.ops.math.unary import log, sqrt
from pantarhei.ops.random.stateful import random_normal
from pantarhei.optimizers.decays import rate_and


def _cosine(part: Tensor, height: Any = 1.0) -> Tensor:
    """From `height` at part 0 down to zero at part 1."""
    result: Tensor = 0.5 * height * (1.0 + cos(constant(math.pi) * part))
    return result


def cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    alpha: float = 0.0,
    name: str | None = None,
) -> Tensor:
    """Half a period of a cosine, from `learning_rate` to `alpha * learning_rate`, then constant.

    Args:
      learning_rate: the rate at step 0.
      global_step: the number of the step, an integer scalar.
      decay_steps: the step at which the end is reached.
      alpha: the rate at the end, as a part of the first.
      name: name scope; `CosineDecay` by default.

    Raises:
      ValueError: an argument is None.

    Source: Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016.

    Example:
      >>> import pantarhei as tf
      >>> rate = tf.train.cosine_decay(1.0, tf.constant(5), 10)
      >>> print(round(float(tf.Session().run(rate)), 6))
      0.5
    """
    with name_scope(name or "CosineDecay"):
        rate, steps, step = rate_and(learning_rate, decay_steps, global_step)
        cosine = _cosine(minimum(step, steps) / steps)
        return multiply(rate, (1 - alpha) * cosine + alpha)


def cosine_decay_restarts(
    learning_rate: Any,
    global_step: Any,
    first_decay_steps: Any,
    t_mul: Any = 2.0,
    m_mul: Any = 1.0,
    alpha: Any = 0.0,
    name: str | None = None,
) -> Tensor:
    """Cosine decay that starts again and again, each time longer and from a lower rate.

    Args:
      learning_rate: the rate at step 0.
      global_step: the number of the step, an integer scalar.
      first_decay_steps: how long the first decay takes.
      t_mul: how many times longer each decay is than the one before.
      m_mul: the rate at each start, as a part of the one at the start before.
      alpha: the rate at the end of a decay, as a part of the first.
      name: name scope; `SGDRDecay` by default.

    Raises:
      ValueError: an argument is None.

    Source: Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2016.

    Example:
      >>> import pantarhei as tf
      >>> rate = tf.train.cosine_decay_restarts(1.0, tf.constant(20), 10)
      >>> print(round(float(tf.Session().run(rate)), 6))
      0.5
    """
    with name_scope(name or "SGDRDecay") as scope:
        rate, steps, alpha, t_mul, m_mul, step = rate_and(
            learning_rate, first_decay_steps, alpha, t_mul, m_mul, global_step
        )
        part = step / steps

        def equally_long() -> tuple[Tensor, Tensor]:
            restarts = floor(part)
            return restarts, part - restarts

        def growing() -> tuple[Tensor, Tensor]:
            restarts = floor(log(1.0 - part * (1.0 - t_mul)) / log(t_mul))
            before = (1.0 - t_mul**restarts) / (1.0 - t_mul)
            return restarts, (part - before) / t_mul**restarts

        restarts, part = cond(equal(t_mul, 1.0), equally_long, growing)
        cosine = _cosine(part, m_mul**restarts)
        return multiply(rate, (1 - alpha) * cosine + alpha, name=scope)


def linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    num_periods: Any = 0.5,
    alpha: Any = 0.0,
    beta: Any = 0.001,
    name: str | None = None,
) -> Tensor:
    """A line towards zero times a cosine: `rate * ((alpha + line) * cosine + beta)`, then constant.

    Args:
      learning_rate: the rate at step 0, but for `alpha` and `beta`.
      global_step: the number of the step, an integer scalar.
      decay_steps: the step at which the end is reached.
      num_periods: periods of the cosine until then.
      alpha: added to the line.
      beta: added to the product.
      name: name scope; `LinearCosineDecay` by default.

    Raises:
      ValueError: an argument is None.

    Source: Bello et al., Neural Optimizer Search with Reinforcement Learning, 2017.

    Example:
      >>> import pantarhei as tf
      >>> rate = tf.train.linear_cosine_decay(1.0, tf.constant(5), 10, beta=0.0)
      >>> print(round(float(tf.Session().run(rate)), 6))
      0.25
    """
    with name_scope(name or "LinearCosineDecay") as scope:
        rate, steps, periods, alpha, beta, step = rate_and(
            learning_rate, decay_steps, num_periods, alpha, beta, global_step
        )
        step = minimum(step, steps)
        line = (steps - step) / steps
        part = step / steps
        cosine = _cosine(2.0 * periods * part)
        return multiply(rate, (alpha + line) * cosine + beta, name=scope)


def noisy_linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    initial_variance: Any = 1.0,
    variance_decay: Any = 0.55,
    num_periods: Any = 0.5,
    alpha: Any = 0.0,
    beta: Any = 0.001,
    name: str | None = None,
) -> Tensor:
    """`linear_cosine_decay` with normally distributed noise on the line, less with every step.

    Args:
      learning_rate: the rate at step 0, but for noise, `alpha` and `beta`.
      global_step: the number of the step, an integer scalar.
      decay_steps: the step at which the end is reached.
      initial_variance: of the noise at step 0.
      variance_decay: the variance at step n is `initial_variance / (1 + n) ** variance_decay`.
      num_periods: periods of the cosine until the end.
      alpha: added to the line.
      beta: added to the product.
      name: name scope; `NoisyLinearCosineDecay` by default.

    Raises:
      ValueError: an argument is None.

    Source: Bello et al., Neural Optimizer Search with Reinforcement Learning, 2017.

    Example:
      >>> import pantarhei as tf
      >>> rate = tf.train.noisy_linear_cosine_decay(1.0, tf.constant(5), 10, initial_variance=0.0)
      >>> print(round(float(tf.Session().run(rate)), 6))
      0.251
    """
    with name_scope(name or "NoisyLinearCosineDecay") as scope:
        rate, steps, variance, variance_decay, periods, alpha, beta, step = rate_and(
            learning_rate,
            decay_steps,
            initial_variance,
            variance_decay,
            num_periods,
            alpha,
            beta,
            global_step,
        )
        step = minimum(step, steps)
        line = (steps - step) / steps
        deviation = sqrt(variance / pow(1.0 + step, variance_decay))
        line = line + random_normal(line.shape, stddev=deviation)
        part = step / steps
        cosine = _cosine(2.0 * periods * part)
        return multiply(rate, (alpha + line) * cosine + beta, name=scope)
