"""RMSProp: gradients over the root of their recent mean square (Tieleman and Hinton 2012)."""

from __future__ import annotations

from typing import Any

from pantarhei.ops.array.filling import ones_like
from pantarhei.optimizers.stepping import Gradient, SteppingOptimizer
from pantarhei.variables.initializers import Ones


class RMSPropOptimizer(SteppingOptimizer):
    """Divides gradients by the root of a running mean of their squares, then adds momentum.

    Args:
      learning_rate: a number, a scalar tensor, or a function that gives one.
      decay: how slowly the mean of squares fades; it starts at one.
      momentum: how much of a step stays for the next one.
      epsilon: added under the root.
      use_locking: kept with the operations; here every update is whole.
      centered: whether the mean gradient's square is taken off the mean square.
      name: what the operations and slots are called after.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.Variable(0.5)
      >>> step = tf.train.RMSPropOptimizer(0.25).minimize(x * x)
      >>> session = tf.Session()
      >>> session.run(tf.global_variables_initializer())
      >>> session.run(step)
      >>> print(session.run(x))
      0.25
    """

    def __init__(
        self,
        learning_rate: Any,
        decay: Any = 0.9,
        momentum: Any = 0.0,
        epsilon: Any = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: str = "RMSProp",
    ) -> None:
        super().__init__(
            use_locking,
            name,
            learning_rate=learning_rate,
            decay=decay,
            momentum=momentum,
            epsilon=epsilon,
        )
        self._centered = centered

    def _init_one(self, var: Any) -> None:
        dtype = var.dtype.base_dtype
        known = var.shape.is_fully_defined()
        start = Ones(dtype=dtype) if known else ones_like(var)
        self._get_or_make_slot_with_initializer(var, start, var.shape, dtype, "rms", self._name)
        if self._centered:
            self._zeros_slot(var, "mg", self._name)
        self._zeros_slot(var, "momentum", self._name)

    def _apply_one(self, var: Any, grad: Gradient) -> Any:
        slots = ["rms", "momentum"]
        kind = "RMSProp"
        if self._centered:
            slots, kind = ["mg", *slots], "CenteredRMSProp"
        return self._step(kind, var, slots, "learning_rate", "decay", "momentum", "epsilon", grad)
