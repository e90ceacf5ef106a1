"""Schedules: learning rates that follow from the number of the step, by exponentials and powers.

Each function returns a scalar tensor, for an optimizer. Schedules that follow a cosine
are in optimizers/cosine_decays.py, the one that is given in pieces in optimizers/piecewise.py.
"""

from __future__ import annotations

from typing import Any

from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.constant import constant
from pantarhei.ops.control_flow.cond import cond
from pantarhei.ops.math.binary import add, minimum, multiply, pow
from pantarhei.ops.math.comparison import equal
from pantarhei.ops.math.division import divide
from pantarhei.ops.math.rounding import ceil, floor
from pantarhei.ops.math.unary import exp, negative


def rate_and(learning_rate: Any, *others: Any) -> list[Tensor]:
    """The first learning rate as a tensor, and the other arguments in its dtype.

    Raises:
      ValueError: an argument is None.
    """
    rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
    return [rate, *(cast(each, rate.dtype) for each in others)]


def exponential_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """`learning_rate * decay_rate ** (global_step / decay_steps)`.

    Args:
      learning_rate: the rate at step 0.
      global_step: the number of the step, an integer scalar.
      decay_steps: in how many steps the rate changes by the factor `decay_rate`.
      decay_rate: that factor.
      staircase: whether the rate changes only every `decay_steps` steps.
      name: name scope; `ExponentialDecay` by default.

    Raises:
      ValueError: an argument is None.

    Example:
      >>> import pantarhei as tf
      >>> rate = tf.train.exponential_decay(0.5, tf.constant(20), 10, 0.5)
      >>> print(tf.Session().run(rate))
      0.125
    """
    with name_scope(name or "ExponentialDecay") as scope:
        rate, decay_steps, decay_rate, step = rate_and(
            learning_rate, decay_steps, decay_rate, global_step
        )
        periods = step / decay_steps
        if staircase:
            periods = floor(periods)
        return multiply(rate, pow(decay_rate, periods), name=scope)


def natural_exp_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """`learning_rate * exp(-decay_rate * global_step / decay_steps)`.

    Args:
      learning_rate: the rate at step 0.
      global_step: the number of the step, an integer scalar.
      decay_steps: how many steps make a period.
      decay_rate: how much the logarithm of the rate falls in a period.
      staircase: whether the rate changes only at the end of a period.
      name: name scope; `ExponentialDecay` by default.

    Raises:
      ValueError: an argument is None.

    Example:
      >>> import pantarhei as tf
      >>> rate = tf.train.natural_exp_decay(1.0, tf.constant(10), 10, 0.5)
      >>> print(round(float(tf.Session().run(rate)), 4))
      0.6065
    """
    factor = exp(negative(decay_rate))
    return exponential_decay(learning_rate, global_step, decay_steps, factor, staircase, name)


def inverse_time_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """`learning_rate / (1 + decay_rate * global_step / decay_steps)`.

    Args:
      learning_rate: the rate at step 0.
      global_step: the number of the step, an integer scalar.
      decay_steps: how many steps make a period.
      decay_rate: how much the divisor grows in a period.
      staircase: whether the rate changes only at the end of a period.
      name: name scope; `InverseTimeDecay` by default.

    Raises:
      ValueError: an argument is None.

    Example:
      >>> import pantarhei as tf
      >>> rate = tf.train.inverse_time_decay(1.0, tf.constant(20), 10, 0.5)
      >>> print(tf.Session().run(rate))
      0.5
    """
    with name_scope(name or "InverseTimeDecay") as scope:
        rate, decay_steps, decay_rate, step = rate_and(
            learning_rate, decay_steps, decay_rate, global_step
        )
        periods = step / decay_steps
        if staircase:
            periods = floor(periods)
        one = cast(constant(1), rate.dtype)
        return divide(rate, add(one, multiply(decay_rate, periods)), name=scope)


def polynomial_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    end_learning_rate: Any = 0.0001,
    power: Any = 1.0,
    cycle: bool = False,
    name: str | None = None,
) -> Tensor:
    """`(learning_rate - end) * (1 - global_step / decay_steps) ** power + end`, then constant.

    Args:
      learning_rate: the rate at step 0.
      global_step: the number of the step, an integer scalar.
      decay_steps: the step at which the end is reached.
      end_learning_rate: the rate from there on.
      power: 1.0 for a straight line.
      cycle: whether, past the end, the rate falls towards the next multiple of `decay_steps`,
        instead of staying constant.
      name: name scope; `PolynomialDecay` by default.

    Raises:
      ValueError: an argument is None.

    Example:
      >>> import pantarhei as tf
      >>> rate = tf.train.polynomial_decay(1.0, tf.constant(5), 10, end_learning_rate=0.5)
      >>> print(tf.Session().run(rate))
      0.75
    """
    with name_scope(name or "PolynomialDecay") as scope:
        rate, end, power, step, steps = rate_and(
            learning_rate, end_learning_rate, power, global_step, decay_steps
        )
        if cycle:
            cycles = cond(equal(step, 0), lambda: 1.0, lambda: ceil(step / decay_steps))
            steps = multiply(steps, cycles)
        else:
            step = minimum(step, decay_steps)
        part = divide(step, steps)
        return add(multiply(rate - end, pow(1 - part, power)), end, name=scope)
