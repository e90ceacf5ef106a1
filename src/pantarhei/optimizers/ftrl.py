"""FTRL: follow the regularized leader (McMahan et al. 2013)."""

from __future__ import annotations

from typing import Any

from pantarhei.graph.scopes import colocate_with
from pantarhei.ops.array.constant import constant
from pantarhei.optimizers.stepping import Gradient, SteppingOptimizer


class FtrlOptimizer(SteppingOptimizer):
    """Sets a variable to the best point for all gradients so far, under L1 and L2 penalties.

    Args:
      learning_rate: a number, a scalar tensor, or a function that gives one.
      learning_rate_power: how steps shrink with the sums of squares; zero or below.
      initial_accumulator_value: what the sums of squares start from; zero or above.
      l1_regularization_strength: a penalty that makes elements exactly zero.
      l2_regularization_strength: a penalty that keeps elements small.
      use_locking: kept with the operations; here every update is whole.
      name: what the operations and slots are called after.
      accum_name: what the slot of squares is called after; `name` by default.
      linear_name: what the slot of gradients is called after; `name` by default.
      l2_shrinkage_regularization_strength: an L2 penalty on the present value, kept out of the sums
        of squares.

    Raises:
      ValueError: a number is out of its range.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.Variable(0.0)
      >>> step = tf.train.FtrlOptimizer(0.5).minimize((x - 1.0) ** 2)
      >>> session = tf.Session()
      >>> session.run(tf.global_variables_initializer())
      >>> session.run(step)
      >>> print(round(float(session.run(x)), 3))
      0.494
    """

    def __init__(
        self,
        learning_rate: Any,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "Ftrl",
        accum_name: str | None = None,
        linear_name: str | None = None,
        l2_shrinkage_regularization_strength: float = 0.0,
    ) -> None:
        strengths = {
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
            "l2_shrinkage_regularization_strength": l2_shrinkage_regularization_strength,
        }
        super().__init__(
            use_locking,
            name,
            learning_rate=learning_rate,
            **strengths,
            learning_rate_power=learning_rate_power,
        )
        if learning_rate_power > 0.0:
            raise ValueError(
                f"learning_rate_power {learning_rate_power:f} needs to be negative or zero"
            )
        for each, value in {
            "initial_accumulator_value": initial_accumulator_value,
            **strengths,
        }.items():
            if value < 0.0:
                raise ValueError(f"{each} {value:f} needs to be positive or zero")
        self._initial_value = initial_accumulator_value
        self._accum_name = accum_name or name
        self._linear_name = linear_name or name
        self._shrinks = l2_shrinkage_regularization_strength > 0.0

    def _init_one(self, var: Any) -> None:
        with colocate_with(var.op):
            start = constant(self._initial_value, dtype=var.dtype.base_dtype, shape=var.shape)
            self._get_or_make_slot(var, start, "accum", self._accum_name)
            self._zeros_slot(var, "linear", self._linear_name)

    def _apply_one(self, var: Any, grad: Gradient) -> Any:
        shrinkage = ["l2_shrinkage_regularization_strength"] if self._shrinks else []
        return self._step(
            "FtrlV2" if self._shrinks else "Ftrl",
            var,
            ["accum", "linear"],
            grad,
            "learning_rate",
            "l1_regularization_strength",
            "l2_regularization_strength",
            *shrinkage,
            "learning_rate_power",
        )
