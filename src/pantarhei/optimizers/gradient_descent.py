"""Gradient descent: the step against the gradient, and nothing else."""

from __future__ import annotations

from typing import Any

from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.operation import Tensor
from pantarhei.ops.array.casting import cast
from pantarhei.optimizers.stepping import Gradient, SteppingOptimizer


class GradientDescentOptimizer(SteppingOptimizer):
    """Changes a variable by `-learning_rate * gradient`.

    Args:
      learning_rate: a number, a scalar tensor, or a function that gives one.
      use_locking: kept with the operations; here every update is whole.
      name: what the operations are called after.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.Variable(3.0)
      >>> step = tf.train.GradientDescentOptimizer(0.25).minimize(x * x)
      >>> session = tf.Session()
      >>> session.run(x.initializer)
      >>> session.run(step)
      >>> print(session.run(x))
      1.5
    """

    def __init__(
        self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent"
    ) -> None:
        super().__init__(use_locking, name, learning_rate=learning_rate)

    def _apply_one(self, var: Any, grad: Gradient) -> Any:
        return self._step("GradientDescent", var, [], "learning_rate", grad)

    # Repeated indices need not be added up before: what is scattered adds up by itself.

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        rate = cast(self._setting("learning_rate"), var.dtype.base_dtype)
        delta = IndexedSlices(grad.values * rate, grad.indices, grad.dense_shape)
        return var.scatter_sub(delta, use_locking=self._use_locking)

    def _resource_apply_sparse_duplicate_indices(
        self, grad: Tensor, handle: Any, indices: Tensor
    ) -> Any:
        rate = self._call_if_callable(self._settings["learning_rate"])
        return apply("ResourceScatterAdd", handle.handle, indices, -grad * rate)
