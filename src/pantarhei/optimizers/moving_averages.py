"""Moving averages that fade exponentially: of variables and tensors, each kept in a slot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pantarhei.core import dtypes
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import add_to_collection, colocate_with, name_scope
from pantarhei.ops.array.casting import cast
from pantarhei.ops.control_flow.dependencies import group
from pantarhei.ops.math import division
from pantarhei.ops.math.binary import minimum, pow
from pantarhei.ops.state import reference as state
from pantarhei.optimizers.slots import create_slot, create_zeros_slot
from pantarhei.variables.collections import (
    global_variables,
    moving_average_variables,
    trainable_variables,
)
from pantarhei.variables.initializers import Zeros
from pantarhei.variables.scope import get_variable_scope
from pantarhei.variables.scope_entry import variable_scope
from pantarhei.variables.store import get_variable
from pantarhei.variables.variable import Variable, outside_conditions

_FLOATING = (dtypes.bfloat16, dtypes.float16, dtypes.float32, dtypes.float64)


def assign_moving_average(
    variable: Any, value: Any, decay: Any, zero_debias: bool = True, name: str | None = None
) -> Any:
    """Moves a variable towards a value: `variable -= (1 - decay) * (variable - value)`.

    Args:
      variable: holds the average.
      value: of its shape and dtype.
      decay: how much of the old average stays.
      zero_debias: whether the average is corrected for its start at zero; two more variables then
        keep the uncorrected average and the number of updates.
      name: name scope; `AssignMovingAvg` by default.

    Returns:
      What stands for the variable after the update.

    Source: Kingma and Ba, Adam, 2014 (the correction).
    """
    with name_scope(name, "AssignMovingAvg", [variable, value, decay]) as scope:
        rate = convert_to_tensor(1.0 - decay, name="decay")
        if rate.dtype != variable.dtype.base_dtype:
            rate = cast(rate, variable.dtype.base_dtype)
        if zero_debias:
            return _assign_unbiased(variable, value, rate)
        with colocate_with(variable.op):
            return state.assign_sub(variable, (variable - value) * rate, name=scope)


def _assign_unbiased(variable: Any, value: Any, rate: Tensor) -> Any:
    with variable_scope(variable.op.name, values=[variable, value, rate]):
        dtype = variable.dtype.base_dtype
        with colocate_with(variable.op):
            biased, count = (
                get_variable(
                    _unused(name), shape=shape, dtype=dtype, initializer=Zeros(), trainable=False
                )
                for name, shape in (("biased", variable.shape), ("local_step", []))
            )
    with colocate_with(variable.op):
        new = state.assign_sub(biased, (biased - value) * rate)
        updates = count.assign_add(1)
        weight = 1 - pow(1.0 - rate, updates)
        place = f"{get_default_graph().get_name_scope()}/"
        return state.assign(variable, new / weight, name=place)


def _unused(name: str) -> str:
    """`name`, or with a number if the variable scope has a variable of that name already."""
    scope = get_variable_scope()
    if scope.reuse:
        return name
    used = {variable.op.name for variable in scope.global_variables()}
    candidate, number = name, 0
    while f"{scope.name}/{candidate}" in used:
        number += 1
        candidate = f"{name}_{number}"
    return candidate


def weighted_moving_average(
    value: Tensor,
    decay: Any,
    weight: Tensor,
    truediv: bool = True,
    collections: Sequence[str] | None = None,
    name: str | None = None,
) -> Tensor:
    """The moving average of values that count by their weights.

    Args:
      value: a floating tensor.
      decay: how much of the old average stays.
      weight: what the value counts, a tensor that broadcasts with it.
      truediv: whether integers are divided as real numbers.
      collections: of the two variables that are kept; the global ones by default.
      name: name scope; `WeightedMovingAvg` by default.

    Returns:
      The average after this value.
    """
    collections = [GraphKeys.GLOBAL_VARIABLES] if collections is None else collections
    with variable_scope(name, "WeightedMovingAvg", [value, weight, decay]) as scope:
        total, weights = (
            get_variable(
                key,
                shape=tensor.shape,
                dtype=tensor.dtype,
                initializer=Zeros(),
                trainable=False,
                collections=collections,
            )
            for key, tensor in (("value_x_weight", value), ("weight", weight))
        )
        numerator = assign_moving_average(total, value * weight, decay, zero_debias=False)
        denominator = assign_moving_average(weights, weight, decay, zero_debias=False)
        divide = division.truediv if truediv else division.div
        return divide(numerator, denominator, name=scope.name)


class ExponentialMovingAverage:
    """Averages of variables over the course of training, to be used in their place afterwards.

    Each `apply` moves the average of `x`, kept in the variable `x/ExponentialMovingAverage`,
    towards `x`: `average -= (1 - decay) * (average - x)`.

    Args:
      decay: how much of the old average stays: 0.999 averages over about a thousand updates.
      num_updates: how many updates there were; early averages then fade faster, as
        `min(decay, (1 + num_updates) / (10 + num_updates))`.
      zero_debias: whether averages of tensors are corrected for their start at zero.
      name: what the operations and variables are called after.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.Variable(0.0)
      >>> average = tf.train.ExponentialMovingAverage(0.75)
      >>> update = average.apply([x])
      >>> session = tf.Session()
      >>> session.run(tf.global_variables_initializer())
      >>> session.run(x.assign(8.0).op)
      >>> session.run(update)
      >>> print(session.run(average.average(x)))
      2.0
    """

    def __init__(
        self,
        decay: Any,
        num_updates: Any = None,
        zero_debias: bool = False,
        name: str = "ExponentialMovingAverage",
    ) -> None:
        self._decay = decay
        self._num_updates = num_updates
        self._zero_debias = zero_debias
        self._name = name
        self._averages: dict[int, tuple[Any, Any]] = {}

    @property
    def name(self) -> str:
        """What the operations and variables are called after."""
        return self._name

    def apply(self, var_list: Sequence[Any] | None = None) -> Operation:
        """An operation that moves the averages; makes those that are not there.

        The average of a variable starts at the variable's initial value, that of a tensor at zero.

        Args:
          var_list: variables and tensors; the trainable variables by default.

        Raises:
          TypeError: one is not floating.
        """
        tracked = trainable_variables() if var_list is None else var_list
        corrected = set()
        for each in tracked:
            if each.dtype.base_dtype not in _FLOATING:
                raise TypeError(f"The variables must be half, float, or double: {each.name}")
            if self.average(each) is None:
                with outside_conditions():
                    self._averages[id(each)] = (each, self._made(each))
                if self._zero_debias and not isinstance(each, Variable):
                    corrected.add(id(each))
        with name_scope(self._name) as scope:
            decay = convert_to_tensor(self._decay, name="decay")
            if self._num_updates is not None:
                count = cast(self._num_updates, dtypes.float32, name="num_updates")
                decay = minimum(decay, (1.0 + count) / (10.0 + count))
            updates = [
                assign_moving_average(self.average(each), each, decay, id(each) in corrected)
                for each in tracked
            ]
            return group(*updates, name=scope)

    def _made(self, tracked: Any) -> Any:
        if isinstance(tracked, Variable):
            average = create_slot(tracked, tracked.initialized_value(), self._name)
            add_to_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, tracked)
            return average
        holds_variable = tracked.op.type in ("Variable", "VariableV2", "VarHandleOp")
        return create_zeros_slot(tracked, self._name, colocate=holds_variable)

    def average(self, var: Any) -> Any:
        """The variable that holds the average, or None if there is none."""
        return self._averages.get(id(var), (None, None))[1]

    def average_name(self, var: Any) -> str:
        """The name of the variable that holds the average, or that it would have."""
        average = self.average(var)
        if average is not None:
            name: str = average.op.name
            return name
        return get_default_graph().unique_name(f"{var.op.name}/{self._name}", mark_as_used=False)

    def variables_to_restore(
        self, moving_avg_variables: Iterable[Any] | None = None
    ) -> dict[str, Any]:
        """Under which name each variable is to be restored: averages into their variables.

        Args:
          moving_avg_variables: variables to restore from their averages; by default the trainable
            ones and those that averages are kept of. All other variables keep their names.

        Example:
          >>> import pantarhei as tf
          >>> tf.reset_default_graph()
          >>> x = tf.Variable(0.0, name="x")
          >>> sorted(tf.train.ExponentialMovingAverage(0.9).variables_to_restore())
          ['x/ExponentialMovingAverage']
        """
        if moving_avg_variables is None:
            moving_avg_variables = [*trainable_variables(), *moving_average_variables()]
        averaged = list(dict.fromkeys(moving_avg_variables))
        found = {self.average_name(variable): variable for variable in averaged}
        names = {variable.name for variable in averaged}
        for variable in global_variables():
            if variable.name not in names:
                found.setdefault(variable.op.name, variable)
        return found
