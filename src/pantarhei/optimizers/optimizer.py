"""What all optimizers share: gradients, slots, the operation that applies a step.

An optimizer of one's own is a subclass that gives `_apply_dense` (and, for sparse gradients and
resource variables, its three sisters). The optimizers of this package are written more shortly
still; see optimizers/stepping.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pantarhei.autodiff.gradients import gradients
from pantarhei.core import dtypes, errors, nest
from pantarhei.core.dtypes import DType
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import (
    colocate_with,
    control_dependencies,
    get_collection_ref,
    name_scope,
)
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.ops.control_flow.dependencies import group
from pantarhei.ops.control_flow.dependencies import tuple as tie
from pantarhei.ops.math.unsorted_segments import unsorted_segment_sum
from pantarhei.ops.search.distinct import unique
from pantarhei.ops.state import reference as state
from pantarhei.optimizers import slots
from pantarhei.optimizers.slots import is_resource
from pantarhei.variables.collections import trainable_variables
from pantarhei.variables.variable import Variable, outside_conditions

GradientPair = tuple[Any, Any]


def deduplicated(values: Tensor, indices: Tensor) -> tuple[Tensor, Tensor]:
    """Rows with equal indices added up, and the indices, each once."""
    once, places = unique(indices)
    return unsorted_segment_sum(values, places, shape_of(once)[0]), once


def _key(variable: Any) -> tuple[Any, str]:
    return variable.op.graph, variable.op.name


class Optimizer:
    """Base class of optimizers.

    Args:
      use_locking: kept with the operations; here every update is whole.
      name: what the operations and slots are called after.

    Raises:
      ValueError: there is no name.

    Example:
      >>> import pantarhei as tf
      >>> class Sign(tf.train.Optimizer):
      ...     def __init__(self):
      ...         super().__init__(use_locking=False, name="Sign")
      ...     def _apply_dense(self, grad, var):
      ...         return tf.assign_sub(var, 0.1 * tf.sign(grad))
      >>> w = tf.Variable([1.0, -2.0])
      >>> step = Sign().minimize(tf.reduce_sum(w * w))
      >>> session = tf.Session()
      >>> session.run(w.initializer)
      >>> session.run(step)
      >>> session.run(w)
      array([ 0.9, -1.9], dtype=float32)
    """

    GATE_NONE = 0
    GATE_OP = 1
    GATE_GRAPH = 2

    def __init__(self, use_locking: bool, name: str) -> None:
        if not name:
            raise ValueError("Must specify the optimizer name")
        self._use_locking = use_locking
        self._name = name
        self._slots: dict[str, dict[tuple[Any, str], Any]] = {}
        self._non_slots: dict[tuple[str, Any], Any] = {}

    def get_name(self) -> str:
        """The name given when it was made."""
        return self._name

    # --- training -------------------------------------------------------------------------------

    def minimize(
        self,
        loss: Any,
        global_step: Any = None,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: int | None = None,
        colocate_gradients_with_ops: bool = False,
        name: str | None = None,
        grad_loss: Any = None,
    ) -> Operation:
        """An operation that makes one step towards a smaller loss.

        Args:
          loss: a tensor; the sum of its elements is made smaller.
          global_step: a variable that each step raises by one.
          var_list: variables to change; the trainable ones by default.
          gate_gradients: `GATE_NONE`, `GATE_OP` or `GATE_GRAPH`: which gradients wait for others.
          aggregation_method: one of `tf.AggregationMethod`.
          colocate_gradients_with_ops: whether gradients are placed where their operations are.
          name: name of the operation; the optimizer's name by default.
          grad_loss: what flows into `loss`; ones by default.

        Raises:
          ValueError: no variable influences the loss, or there is none.
        """
        pairs = self.compute_gradients(
            loss,
            var_list,
            gate_gradients,
            aggregation_method,
            colocate_gradients_with_ops,
            grad_loss,
        )
        if all(gradient is None for gradient, _ in pairs):
            raise ValueError(
                errors.described(
                    "No gradients provided for any variable, check your graph for ops that do not "
                    f"support gradients, between variables {[str(each) for _, each in pairs]} and "
                    f"loss {loss}.",
                    loss.op,
                    cause="the loss does not depend on them, or only through operations such as "
                    "tf.argmax, tf.round, tf.cast to integers, tf.stop_gradient or tf.py_func",
                    cure="compute the loss from the variables by differentiable operations",
                )
            )
        return self.apply_gradients(pairs, global_step, name)

    def compute_gradients(
        self,
        loss: Any,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: int | None = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: Any = None,
    ) -> list[GradientPair]:
        """The first half of `minimize`: pairs of a gradient (or None) and its variable.

        Raises:
          ValueError: a dtype is not floating, `loss` is a function, or there is no variable.
        """
        if callable(loss):
            raise ValueError(
                "`loss` passed to Optimizer.compute_gradients should be a tensor: call the "
                "function and pass what it returns"
            )
        if gate_gradients not in (self.GATE_NONE, self.GATE_OP, self.GATE_GRAPH):
            raise ValueError(
                "gate_gradients must be one of: Optimizer.GATE_NONE, Optimizer.GATE_OP, "
                f"Optimizer.GATE_GRAPH.  Not {gate_gradients}"
            )
        self._assert_valid_dtypes([each for each in (loss, grad_loss) if each is not None])
        variables = trainable_variables() if var_list is None else nest.flatten(var_list)
        for each in variables:
            if not isinstance(each, (Variable, Tensor)):
                raise NotImplementedError("Trying to optimize unsupported type ", each)
        if not variables:
            raise ValueError("No variables to optimize.")
        found = gradients(
            loss,
            variables,
            grad_ys=grad_loss,
            gate_gradients=gate_gradients == self.GATE_OP,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        if gate_gradients == self.GATE_GRAPH:
            found = tie(found)
        pairs = list(zip(found, variables, strict=True))
        self._assert_valid_dtypes(
            [variable for gradient, variable in pairs if gradient is not None]
        )
        return pairs

    def apply_gradients(
        self,
        grads_and_vars: Iterable[GradientPair],
        global_step: Any = None,
        name: str | None = None,
    ) -> Operation:
        """The second half of `minimize`: an operation that changes variables by given gradients.

        Args:
          grads_and_vars: pairs of a gradient (a tensor, IndexedSlices or None) and its variable.
          global_step: a variable that each step raises by one.
          name: name of the operation; the optimizer's name by default.

        Raises:
          TypeError: a gradient is no tensor. ValueError: there are no variables or no gradients.
        """
        pairs = [(_gradient(gradient), variable) for gradient, variable in grads_and_vars]
        if not pairs:
            raise ValueError("No variables provided.")
        changed = [variable for gradient, variable in pairs if gradient is not None]
        if not changed:
            names = [str(variable) for _, variable in pairs]
            raise ValueError(f"No gradients provided for any variable: {names}.")
        with outside_conditions():
            self._create_slots(changed)
        with name_scope(name, self._name) as scope:
            self._prepare()
            updates = []
            for gradient, variable in pairs:
                if gradient is not None:
                    place = name_scope(f"update_{variable.op.name}")
                    with place, colocate_with(variable.op):
                        updates.append(self._update(gradient, variable))
            train = self._finished(updates, global_step, scope)
            collection = get_collection_ref(GraphKeys.TRAIN_OP)
            if train not in collection:
                collection.append(train)
            return train

    def _update(self, gradient: Any, variable: Any) -> Any:
        """The operation that changes one variable, and keeps to its constraint."""
        if not isinstance(variable, Variable):
            raise NotImplementedError("Trying to update a Tensor ", variable)
        sparse = isinstance(gradient, IndexedSlices)
        if sparse and variable.constraint is not None:
            raise RuntimeError("Cannot use a constraint function on a sparse variable.")
        if is_resource(variable):
            update = (
                self._resource_apply_sparse_duplicate_indices(
                    gradient.values, variable, gradient.indices
                )
                if sparse
                else self._resource_apply_dense(gradient, variable)
            )
        else:
            update = (
                self._apply_sparse_duplicate_indices(gradient, variable)
                if sparse
                else self._apply_dense(gradient, variable)
            )
        if variable.constraint is None:
            return update
        with control_dependencies([update]):
            return variable.assign(variable.constraint(variable))

    def _finished(self, updates: list[Any], global_step: Any, scope: str) -> Operation:
        if global_step is None:
            return _as_operation(self._finish(updates, scope))
        with control_dependencies([self._finish(updates, "update")]), colocate_with(global_step):
            if is_resource(global_step):
                one = convert_to_tensor(1, dtype=global_step.dtype)
                return apply("AssignAddVariableOp", global_step.handle, one, name=scope)
            return _as_operation(state.assign_add(global_step, 1, name=scope))

    # --- slots ----------------------------------------------------------------------------------

    def get_slot(self, var: Any, name: str) -> Any:
        """The slot of a variable, or None if there is none of that name."""
        return self._slots.get(name, {}).get(_key(var))

    def get_slot_names(self) -> list[str]:
        """The names under which there are slots, sorted."""
        return sorted(self._slots)

    def variables(self) -> list[Any]:
        """All variables that the optimizer keeps in the default graph, sorted by name."""
        graph = get_default_graph()
        kept = [*self._non_slots.values()]
        for by_variable in self._slots.values():
            kept += by_variable.values()
        return sorted((each for each in kept if each.op.graph is graph), key=lambda each: each.name)

    def _create_non_slot_variable(self, initial_value: Any, name: str, colocate_with: Any) -> Any:
        """A variable that belongs to no single variable; made once for a graph."""
        key = (name, colocate_with.graph)
        if key not in self._non_slots:
            with get_default_graph().colocate_with(colocate_with.op):
                create: Any = Variable  # its metaclass takes more than its __init__ declares
                self._non_slots[key] = create(
                    initial_value,
                    name=name,
                    trainable=False,
                    use_resource=is_resource(colocate_with),
                )
        return self._non_slots[key]

    def _get_non_slot_variable(self, name: str, graph: Any = None) -> Any:
        return self._non_slots.get((name, graph))

    def _get_or_make_slot(self, var: Any, val: Tensor, slot_name: str, op_name: str) -> Any:
        """The slot of a variable, made from the tensor `val` if there is none."""
        named = self._slots.setdefault(slot_name, {})
        if _key(var) not in named:
            named[_key(var)] = slots.create_slot(var, val, op_name)
        return named[_key(var)]

    def _get_or_make_slot_with_initializer(
        self, var: Any, initializer: Any, shape: Any, dtype: Any, slot_name: str, op_name: str
    ) -> Any:
        """The slot of a variable, made by an initializer if there is none."""
        named = self._slots.setdefault(slot_name, {})
        if _key(var) not in named:
            named[_key(var)] = slots.create_slot_with_initializer(
                var, initializer, shape, dtype, op_name
            )
        return named[_key(var)]

    def _zeros_slot(self, var: Any, slot_name: str, op_name: str) -> Any:
        """The slot of a variable, made of zeros if there is none."""
        named = self._slots.setdefault(slot_name, {})
        if _key(var) not in named:
            named[_key(var)] = slots.create_zeros_slot(var, op_name)
        return named[_key(var)]

    # --- what subclasses give -------------------------------------------------------------------

    def _valid_dtypes(self) -> set[DType]:
        """Dtypes that the loss, the variables and the gradients may have."""
        return {dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64}

    def _assert_valid_dtypes(self, tensors: Sequence[Any]) -> None:
        valid = self._valid_dtypes()
        for each in tensors:
            dtype = each.dtype.base_dtype
            if dtype not in valid:
                raise ValueError(
                    f"Invalid type {dtype!r} for {each.name}, expected: {list(valid)}."
                )

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        """Makes what has to be kept for the variables; nothing by default."""

    def _prepare(self) -> None:
        """Makes the tensors that all updates share; called in the scope of the step."""

    def _finish(self, update_ops: list[Any], name_scope: str) -> Any:
        """The operation that is done when all updates are."""
        return group(*update_ops, name=name_scope)

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        """The update of a variable by reference."""
        raise NotImplementedError(f"{type(self).__name__} does not define _apply_dense")

    def _resource_apply_dense(self, grad: Tensor, handle: Any) -> Any:
        """The update of a resource variable."""
        raise NotImplementedError(f"{type(self).__name__} does not define _resource_apply_dense")

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        """The update of rows of a variable by reference; no index repeats."""
        raise NotImplementedError(f"{type(self).__name__} does not define _apply_sparse")

    def _resource_apply_sparse(self, grad: Tensor, handle: Any, indices: Tensor) -> Any:
        """The update of rows of a resource variable; no index repeats."""
        raise NotImplementedError(f"{type(self).__name__} does not define _resource_apply_sparse")

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        """The same where indices may repeat; by default rows of equal indices are added up."""
        values, indices = deduplicated(grad.values, grad.indices)
        return self._apply_sparse(IndexedSlices(values, indices, grad.dense_shape), var)

    def _resource_apply_sparse_duplicate_indices(
        self, grad: Tensor, handle: Any, indices: Tensor
    ) -> Any:
        """The same for resource variables."""
        values, once = deduplicated(grad, indices)
        return self._resource_apply_sparse(values, handle, once)

    def _call_if_callable(self, param: Any) -> Any:
        """What a function returns, or the value itself."""
        return param() if callable(param) else param


def _gradient(value: Any) -> Any:
    if value is None or isinstance(value, IndexedSlices):
        return value
    try:
        return convert_to_tensor(value)
    except TypeError:
        raise TypeError(
            f"Gradient must be convertible to a Tensor or IndexedSlices, or None: {value}"
        ) from None


def _as_operation(result: Any) -> Operation:
    op: Operation = getattr(result, "op", result)
    return op
