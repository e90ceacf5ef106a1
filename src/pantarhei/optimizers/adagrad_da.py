"""Adagrad by dual averaging (Duchi, Hazan and Singer 2011): sparse models under an L1 penalty."""

from __future__ import annotations

from typing import Any

from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import colocate_with, device
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.identity import identity
from pantarhei.optimizers.stepping import Gradient, SteppingOptimizer


class AdagradDAOptimizer(SteppingOptimizer):
    """Sets a variable by the sum of its gradients and the root of the sum of their squares.

    Args:
      learning_rate: a number, a scalar tensor, or a function that gives one.
      global_step: the int64 variable that counts the steps.
      initial_gradient_squared_accumulator_value: what the sums of squares start from; above zero.
      l1_regularization_strength: a penalty that makes elements exactly zero.
      l2_regularization_strength: a penalty that keeps elements small.
      use_locking: kept with the operations; here every update is whole.
      name: what the operations and slots are called after.

    Raises:
      ValueError: the initial value is not positive.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> x = tf.Variable(1.0)
      >>> count = tf.train.create_global_step()
      >>> step = tf.train.AdagradDAOptimizer(0.5, count).minimize(x * 3.0, global_step=count)
      >>> session = tf.Session()
      >>> session.run(tf.global_variables_initializer())
      >>> session.run(step)
      >>> print(round(float(session.run(x)), 3))
      -0.497
    """

    def __init__(
        self,
        learning_rate: Any,
        global_step: Any,
        initial_gradient_squared_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "AdagradDA",
    ) -> None:
        start = initial_gradient_squared_accumulator_value
        if start <= 0.0:
            raise ValueError(
                f"initial_gradient_squared_accumulator_value must be positive: {start}"
            )
        super().__init__(use_locking, name, learning_rate=learning_rate)
        self._initial_value = start
        self._penalties = (l1_regularization_strength, l2_regularization_strength)
        self._global_step = global_step
        self._next_step: Tensor

    def _init_one(self, var: Any) -> None:
        dtype = var.dtype.base_dtype
        with colocate_with(var.op):
            zero = constant(0.0, dtype=dtype, shape=var.shape)
            start = constant(self._initial_value, dtype=dtype, shape=var.shape)
        self._get_or_make_slot(var, zero, "gradient_accumulator", self._name)
        self._get_or_make_slot(var, start, "gradient_squared_accumulator", self._name)

    def _prepare(self) -> None:
        super()._prepare()
        with colocate_with(self._setting("learning_rate")):
            self._next_step = identity(self._global_step) + 1

    def _apply_one(self, var: Any, grad: Gradient) -> Any:
        with device(var.device):
            step = identity(self._next_step)
        dtype = var.dtype.base_dtype
        rate = cast(self._setting("learning_rate"), dtype)
        penalties = [cast(each, dtype) for each in self._penalties]
        return self._step(
            "AdagradDA",
            var,
            ["gradient_accumulator", "gradient_squared_accumulator"],
            grad,
            rate,
            *penalties,
            step,
        )
