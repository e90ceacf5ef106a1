"""Adam: adaptive moments (Kingma and Ba 2014)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import colocate_with, control_dependencies
from pantarhei.ops.array.casting import cast
from pantarhei.ops.control_flow.dependencies import group
from pantarhei.ops.math.unary import sqrt
from pantarhei.ops.state import reference as state
from pantarhei.ops.state.scatter_updates import scatter_add
from pantarhei.optimizers.stepping import Gradient, SteppingOptimizer

Scatter = Callable[[Any, Tensor, Tensor], Any]


class AdamOptimizer(SteppingOptimizer):
    """Divides a running mean of gradients by the root of a running mean of their squares.

    Args:
      learning_rate: about the size of each step: a number, a scalar tensor, or a function.
      beta1: how slowly the mean of gradients fades.
      beta2: how slowly the mean of squares fades.
      epsilon: added to the root; the paper's epsilon with a hat.
      use_locking: kept with the operations; here every update is whole.
      name: what the operations and slots are called after.

    A sparse gradient decays the means of all rows, and all rows take a step.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.Variable(3.0)
      >>> step = tf.train.AdamOptimizer(0.5).minimize(x * x)
      >>> session = tf.Session()
      >>> session.run(tf.global_variables_initializer())
      >>> session.run(step)
      >>> print(round(float(session.run(x)), 3))
      2.5
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adam",
    ) -> None:
        super().__init__(
            use_locking,
            name,
            learning_rate=learning_rate,
            beta1=beta1,
            beta2=beta2,
            epsilon=epsilon,
        )

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        first = min(var_list, key=lambda var: var.name)
        for name in ("beta1", "beta2"):
            self._create_non_slot_variable(
                initial_value=self._settings[name], name=f"{name}_power", colocate_with=first
            )
        super()._create_slots(var_list)

    def _init_one(self, var: Any) -> None:
        self._zeros_slot(var, "m", self._name)
        self._zeros_slot(var, "v", self._name)

    def _get_beta_accumulators(self) -> tuple[Any, Any]:
        """The variables that hold the powers of both betas."""
        graph = get_default_graph()
        return (
            self._get_non_slot_variable("beta1_power", graph),
            self._get_non_slot_variable("beta2_power", graph),
        )

    def _apply_one(self, var: Any, grad: Gradient) -> Any:
        dtype = var.dtype.base_dtype
        powers = [cast(each, dtype) for each in self._get_beta_accumulators()]
        return self._step(
            "Adam",
            var,
            ["m", "v"],
            *powers,
            "learning_rate",
            "beta1",
            "beta2",
            "epsilon",
            grad,
        )

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        def scatter(ref: Any, indices: Tensor, values: Tensor) -> Any:
            return scatter_add(ref, indices, values, use_locking=self._use_locking)

        return self._apply_rows(var, grad.values, grad.indices, scatter)

    def _resource_apply_sparse(self, grad: Tensor, handle: Any, indices: Tensor) -> Any:
        def scatter(slot: Any, indices: Tensor, values: Tensor) -> Any:
            update = apply("ResourceScatterAdd", slot.handle, indices, values)
            with control_dependencies([update]):
                return slot.value()

        return self._apply_rows(handle, grad, indices, scatter)

    def _apply_rows(self, var: Any, grad: Tensor, indices: Tensor, scatter: Scatter) -> Any:
        dtype = var.dtype.base_dtype
        beta1_power, beta2_power = (cast(each, dtype) for each in self._get_beta_accumulators())
        rate, beta1, beta2, epsilon = (
            cast(self._setting(name), dtype)
            for name in ("learning_rate", "beta1", "beta2", "epsilon")
        )
        rate = rate * sqrt(1 - beta2_power) / (1 - beta1_power)
        locking = self._use_locking

        def faded(slot: Any, beta: Tensor, news: Tensor) -> Any:
            fade = state.assign(slot, slot * beta, use_locking=locking)
            with control_dependencies([fade]):
                return scatter(slot, indices, news)

        m = faded(self.get_slot(var, "m"), beta1, grad * (1 - beta1))
        v = faded(self.get_slot(var, "v"), beta2, grad * grad * (1 - beta2))
        root = sqrt(v)
        step = state.assign_sub(var, rate * m / (root + epsilon), use_locking=locking)
        return group(step, m, v)

    def _finish(self, update_ops: list[Any], name_scope: str) -> Any:
        beta1_power, beta2_power = self._get_beta_accumulators()
        locking = self._use_locking
        with control_dependencies(update_ops), colocate_with(beta1_power.op):
            powers = [
                beta1_power.assign(beta1_power * self._setting("beta1"), use_locking=locking),
                beta2_power.assign(beta2_power * self._setting("beta2"), use_locking=locking),
            ]
        return group(*update_ops, *powers, name=name_scope)
