"""Proximal optimizers: after each step one towards zero, as penalties ask (Duchi, Singer 2009)."""

from __future__ import annotations

from typing import Any

from pantarhei.graph.scopes import colocate_with
from pantarhei.ops.array.constant import constant
from pantarhei.optimizers.stepping import Gradient, SteppingOptimizer

_SETTINGS = ("learning_rate", "l1_regularization_strength", "l2_regularization_strength")


class ProximalGradientDescentOptimizer(SteppingOptimizer):
    """Gradient descent under L1 and L2 penalties.

    Args:
      learning_rate: a number, a scalar tensor, or a function that gives one.
      l1_regularization_strength: a penalty that makes elements exactly zero.
      l2_regularization_strength: a penalty that keeps elements small.
      use_locking: kept with the operations; here every update is whole.
      name: what the operations are called after.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.Variable([3.0, 0.25])
      >>> optimizer = tf.train.ProximalGradientDescentOptimizer(0.25, 1.0)
      >>> step = optimizer.minimize(tf.reduce_sum(x * x))
      >>> session = tf.Session()
      >>> session.run(x.initializer)
      >>> session.run(step)
      >>> session.run(x)
      array([1.25, 0.  ], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any,
        l1_regularization_strength: Any = 0.0,
        l2_regularization_strength: Any = 0.0,
        use_locking: bool = False,
        name: str = "ProximalGradientDescent",
    ) -> None:
        super().__init__(
            use_locking,
            name,
            learning_rate=learning_rate,
            l1_regularization_strength=l1_regularization_strength,
            l2_regularization_strength=l2_regularization_strength,
        )

    def _apply_one(self, var: Any, grad: Gradient) -> Any:
        return self._step("ProximalGradientDescent", var, [], *_SETTINGS, grad)


class ProximalAdagradOptimizer(SteppingOptimizer):
    """Adagrad under L1 and L2 penalties.

    Args:
      learning_rate: a number, a scalar tensor, or a function that gives one.
      initial_accumulator_value: what the sums of squares start from; above zero.
      l1_regularization_strength: a penalty that makes elements exactly zero.
      l2_regularization_strength: a penalty that keeps elements small.
      use_locking: kept with the operations; here every update is whole.
      name: what the operations and slots are called after.

    Raises:
      ValueError: the initial value is not positive.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.Variable(3.0)
      >>> optimizer = tf.train.ProximalAdagradOptimizer(5.0, 64.0, l2_regularization_strength=1.0)
      >>> step = optimizer.minimize(x * x)
      >>> session = tf.Session()
      >>> session.run(tf.global_variables_initializer())
      >>> session.run(step)
      >>> print(session.run(x))
      0.0
    """

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: Any = 0.0,
        l2_regularization_strength: Any = 0.0,
        use_locking: bool = False,
        name: str = "ProximalAdagrad",
    ) -> None:
        if initial_accumulator_value <= 0.0:
            raise ValueError(
                f"initial_accumulator_value must be positive: {initial_accumulator_value}"
            )
        super().__init__(
            use_locking,
            name,
            learning_rate=learning_rate,
            l1_regularization_strength=l1_regularization_strength,
            l2_regularization_strength=l2_regularization_strength,
        )
        self._initial_value = initial_accumulator_value

    def _init_one(self, var: Any) -> None:
        with colocate_with(var.op):
            start = constant(self._initial_value, dtype=var.dtype.base_dtype, shape=var.shape)
        self._get_or_make_slot(var, start, "accumulator", self._name)

    def _apply_one(self, var: Any, grad: Gradient) -> Any:
        return self._step("ProximalAdagrad", var, ["accumulator"], *_SETTINGS, grad)
