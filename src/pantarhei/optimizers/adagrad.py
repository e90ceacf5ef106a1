"""Adagrad: steps that shrink with the gradients seen so far (Duchi, Hazan and Singer 2011)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pantarhei.core.dtypes import DType
from pantarhei.graph.operation import Tensor
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.filling import fill
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.optimizers.stepping import Gradient, SteppingOptimizer
from pantarhei.variables.initializers import Constant


class AdagradOptimizer(SteppingOptimizer):
    """Divides each element's steps by the root of the sum of its squared gradients.

    Args:
      learning_rate: a number, a scalar tensor, or a function that gives one.
      initial_accumulator_value: what the sums start from; above zero.
      use_locking: kept with the operations; here every update is whole.
      name: what the operations and slots are called after.

    Raises:
      ValueError: the initial value is not positive.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.Variable(3.0)
      >>> step = tf.train.AdagradOptimizer(5.0, initial_accumulator_value=64.0).minimize(x * x)
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
        use_locking: bool = False,
        name: str = "Adagrad",
    ) -> None:
        if initial_accumulator_value <= 0.0:
            raise ValueError(
                f"initial_accumulator_value must be positive: {initial_accumulator_value}"
            )
        super().__init__(use_locking, name, learning_rate=learning_rate)
        self._initial_value = initial_accumulator_value

    def _init_one(self, var: Any) -> None:
        dtype = var.dtype.base_dtype
        start: Any = Constant(self._initial_value, dtype=dtype)
        if not var.shape.is_fully_defined():
            start = self._filled(var, dtype)
        self._get_or_make_slot_with_initializer(
            var, start, var.shape, dtype, "accumulator", self._name
        )

    def _filled(self, var: Any, dtype: DType) -> Callable[[], Tensor]:
        return lambda: cast(fill(shape_of(var), self._initial_value), dtype)

    def _apply_one(self, var: Any, grad: Gradient) -> Any:
        return self._step("Adagrad", var, ["accumulator"], "learning_rate", grad)
