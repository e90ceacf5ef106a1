"""Which kind of variable `tf.Variable` makes, and how a program has it made otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pantarhei.graph.default_graph import get_default_graph
from pantarhei.variables.ref_variable import RefVariable
from pantarhei.variables.resource_variable import ResourceVariable
from pantarhei.variables.scope import get_variable_scope
from pantarhei.variables.variable import CREATORS_KEY, Creator, VariableType


class _Default:
    """What is made where neither the call nor the scope says which kind."""

    use_resource = False


def enable_resource_variables() -> None:
    """Makes resource variables the default.

    Example:
      >>> import pantarhei as tf
      >>> tf.enable_resource_variables()
      >>> tf.resource_variables_enabled()
      True
      >>> tf.disable_resource_variables()
    """
    _Default.use_resource = True


def disable_resource_variables() -> None:
    """Makes variables by reference the default, as they are to begin with."""
    _Default.use_resource = False


def resource_variables_enabled() -> bool:
    """Whether resource variables are the default."""
    return _Default.use_resource


def default_creator(
    variable_def: Any = None,
    import_scope: str | None = None,
    expected_shape: Any = None,
    use_resource: bool | None = None,
    validate_shape: bool = True,
    **arguments: Any,
) -> Any:
    """Makes a variable; the end of every chain of creators.

    Raises:
      ValueError: both an initial value and a `VariableDef` are given.
    """
    if variable_def is not None:
        if arguments.get("initial_value") is not None:
            raise ValueError("variable_def and initial_value are mutually exclusive.")
        return from_proto(variable_def, import_scope)
    if use_resource is None:
        use_resource = get_variable_scope().use_resource
    if use_resource is None:
        use_resource = _Default.use_resource
    if use_resource:
        return ResourceVariable(**arguments)
    return RefVariable(validate_shape=validate_shape, **arguments)


def from_proto(variable_def: Any, import_scope: str | None = None) -> Any:
    """The variable of the default graph that a `VariableDef` describes, of whichever kind."""
    kind = ResourceVariable if variable_def.is_resource else RefVariable
    return kind.from_proto(variable_def, import_scope)


VariableType.default_creator = staticmethod(default_creator)
VariableType.from_definition = staticmethod(from_proto)


@contextmanager
def variable_creator_scope(variable_creator: Creator) -> Iterator[None]:
    """Context in which `variable_creator` makes the variables.

    Args:
      variable_creator: a function `(next_creator, **kwargs)` that gives a variable; mostly by
        calling `next_creator(**kwargs)` with arguments that it has changed.

    Example:
      >>> import pantarhei as tf
      >>> def frozen(next_creator, **kwargs):
      ...     return next_creator(**{**kwargs, "trainable": False})
      >>> with tf.variable_creator_scope(frozen):
      ...     tf.Variable(1.0).trainable
      False
    """
    creators = get_default_graph().get_collection_ref(CREATORS_KEY)
    creators.append(variable_creator)
    try:
        yield
    finally:
        creators.remove(variable_creator)
