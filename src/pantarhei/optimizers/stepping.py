"""Optimizers whose step is one operation for each variable: they are two methods.

`_init_one` makes what is kept for a variable, `_apply_one` names the operation that changes it and
lists that operation's inputs: the same for variables of both kinds, dense and sparse gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.casting import cast
from pantarhei.ops.state.optimizer_updates import update
from pantarhei.optimizers.optimizer import Optimizer
from pantarhei.optimizers.slots import is_resource


class Gradient(NamedTuple):
    """A gradient: of a whole variable, or of the rows that `indices` names."""

    values: Tensor
    indices: Tensor | None = None


class SteppingOptimizer(Optimizer):
    """Base class of the optimizers of this package.

    Args:
      use_locking: kept with the operations; here every update is whole.
      name: what the operations and slots are called after.
      **settings: numbers, tensors or functions that give one; each becomes a tensor of its name
        when gradients are applied, which `_setting` gives.
    """

    def __init__(self, use_locking: bool, name: str, **settings: Any) -> None:
        super().__init__(use_locking, name)
        self._settings = settings
        self._tensors: dict[str, Tensor] = {}

    def _init_one(self, var: Any) -> None:
        """Makes the slots of one variable; none by default."""

    def _apply_one(self, var: Any, grad: Gradient) -> Any:
        """The operation that changes one variable, as a call of `_step`."""
        raise NotImplementedError(f"{type(self).__name__} does not define _apply_one")

    def _setting(self, name: str) -> Tensor:
        """The tensor of a setting."""
        return self._tensors[name]

    def _step(
        self, kind: str, var: Any, slots: Sequence[str], *inputs: Any, **options: bool
    ) -> Operation:
        """The operation that changes one variable and its slots.

        Args:
          kind: of the operation, such as `Adam` for `ApplyAdam` and its forms.
          var: the variable.
          slots: names of its slots, in the order in which the operation takes them.
          *inputs: names of settings; tensors, taken as they are; and the gradient.
          **options: attributes.
        """
        kept = [var, *(self.get_slot(var, name) for name in slots)]
        arguments, sparse = [], False
        for each in inputs:
            if isinstance(each, str):
                arguments.append(cast(self._setting(each), var.dtype.base_dtype))
            elif isinstance(each, Gradient):
                sparse = each.indices is not None
                arguments += [each.values, each.indices] if sparse else [each.values]
            else:
                arguments.append(each)
        locking = self._use_locking
        return update(
            kind, kept, arguments, is_resource(var), sparse, use_locking=locking, **options
        )

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for var in var_list:
            self._init_one(var)

    def _prepare(self) -> None:
        self._tensors = {
            name: convert_to_tensor(self._call_if_callable(value), name=name)
            for name, value in self._settings.items()
        }

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        return self._apply_one(var, Gradient(grad))

    def _resource_apply_dense(self, grad: Tensor, handle: Any) -> Any:
        return self._apply_one(handle, Gradient(grad))

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        return self._apply_one(var, Gradient(grad.values, grad.indices))

    def _resource_apply_sparse(self, grad: Tensor, handle: Any, indices: Tensor) -> Any:
        return self._apply_one(handle, Gradient(grad, indices))
