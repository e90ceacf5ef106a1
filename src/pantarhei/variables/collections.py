"""The collections that variables are put in, and operations on all of one: initialize, ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pantarhei.core import dtypes
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import colocate_with, device, get_collection, name_scope
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.identity import no_op
from pantarhei.ops.array.indexing import boolean_mask
from pantarhei.ops.array.joining import stack
from pantarhei.ops.control_flow.dependencies import group
from pantarhei.ops.math.comparison import logical_not
from pantarhei.ops.state.reference import is_variable_initialized
from pantarhei.platform.logging import WARN, log_first_n


def global_variables(scope: str | None = None) -> list[Any]:
    """The variables that belong to a model: all that were not made local.

    Args:
      scope: a regular expression that the beginning of their names has to match.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> v = tf.Variable(1.0, name="v")
      >>> tf.global_variables()
      [<tf.Variable 'v:0' shape=() dtype=float32_ref>]
    """
    return get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


def all_variables() -> list[Any]:
    """The older name of `global_variables`."""
    _deprecated("all_variables", "global_variables")
    return global_variables()


def local_variables(scope: str | None = None) -> list[Any]:
    """The variables that are local to a process and not saved.

    Args:
      scope: a regular expression that the beginning of their names has to match.
    """
    return get_collection(GraphKeys.LOCAL_VARIABLES, scope)


def model_variables(scope: str | None = None) -> list[Any]:
    """The variables that a program has put in the collection of model variables.

    Args:
      scope: a regular expression that the beginning of their names has to match.
    """
    return get_collection(GraphKeys.MODEL_VARIABLES, scope)


def trainable_variables(scope: str | None = None) -> list[Any]:
    """The variables that optimizers change by default.

    Args:
      scope: a regular expression that the beginning of their names has to match.
    """
    return get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


def moving_average_variables(scope: str | None = None) -> list[Any]:
    """The variables that moving averages are kept of.

    Args:
      scope: a regular expression that the beginning of their names has to match.
    """
    return get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)


def variables_initializer(var_list: Sequence[Any], name: str = "init") -> Operation:
    """An operation that gives variables their initial values.

    Args:
      var_list: variables.
      name: name of the operation.

    Example:
      >>> import pantarhei as tf
      >>> v = tf.Variable(4.0)
      >>> session = tf.Session()
      >>> session.run(tf.variables_initializer([v]))
      >>> print(session.run(v))
      4.0
    """
    if var_list:
        return group(*(variable.initializer for variable in var_list), name=name)
    return no_op(name=name)


def global_variables_initializer() -> Operation:
    """An operation that gives the global variables their initial values.

    Example:
      >>> import pantarhei as tf
      >>> v = tf.Variable(4.0)
      >>> session = tf.Session()
      >>> session.run(tf.global_variables_initializer())
      >>> print(session.run(v))
      4.0
    """
    return variables_initializer(global_variables())


def local_variables_initializer() -> Operation:
    """An operation that gives the local variables their initial values."""
    return variables_initializer(local_variables())


def initialize_variables(var_list: Sequence[Any], name: str = "init") -> Operation:
    """The older name of `variables_initializer`."""
    _deprecated("initialize_variables", "variables_initializer")
    return variables_initializer(var_list, name)


def initialize_all_variables() -> Operation:
    """The older name of `global_variables_initializer`."""
    _deprecated("initialize_all_variables", "global_variables_initializer")
    return global_variables_initializer()


def initialize_local_variables() -> Operation:
    """The older name of `local_variables_initializer`."""
    _deprecated("initialize_local_variables", "local_variables_initializer")
    return local_variables_initializer()


def _deprecated(old: str, new: str) -> None:
    log_first_n(WARN, f"tf.{old} is deprecated and will be removed; use tf.{new} instead.", 1)


def assert_variables_initialized(var_list: Sequence[Any] | None = None) -> Tensor | None:
    """An operation that fails in a run where one of the variables has no value.

    Args:
      var_list: variables; the global and the local ones by default.

    Returns:
      The ranks of the variables; None if there are none.

    Raises:
      FailedPreconditionError: in a run where one has no value.
    """
    variables = _asked_for(var_list) or _held_by_operations()
    ranks = []
    for variable in variables:
        with colocate_with(variable.op):
            ranks.append(_rank(variable))
    if not ranks:
        return None
    return ranks[0] if len(ranks) == 1 else stack(ranks)


def _rank(variable: Any) -> Tensor:
    """The rank, computed from the value even where it is known."""
    with name_scope(None, "Rank", [variable]) as scope:
        convert_to_tensor(variable)  # 1.15 makes this read too, although the next one is used
        tensor: Tensor = apply("Rank", variable, name=scope)
        return tensor


def report_uninitialized_variables(
    var_list: Sequence[Any] | None = None, name: str = "report_uninitialized_variables"
) -> Tensor:
    """The names of the variables that have no value, as a vector of strings.

    Args:
      var_list: variables; the global and the local ones by default.
      name: name of the scope.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> v = tf.Variable(1.0, name="v")
      >>> tf.Session().run(tf.report_uninitialized_variables())
      array([b'v'], dtype=object)
    """
    variables = _asked_for(var_list)
    if var_list is None and not variables:
        variables = _held_by_operations()
    with name_scope(name):
        ready = [is_variable_initialized(variable) for variable in variables]
        with device("/cpu:0"):
            if not variables:
                return constant([], dtypes.string)
            missing = logical_not(stack(ready))
            names = constant([variable.op.name for variable in variables])
            return boolean_mask(names, missing)


def _asked_for(var_list: Sequence[Any] | None) -> list[Any]:
    return global_variables() + local_variables() if var_list is None else list(var_list)


def _held_by_operations() -> list[Any]:
    operations = get_default_graph().get_operations()
    return [op.outputs[0] for op in operations if op.type == "VariableV2"]
