"""Variables as protocol buffers: the fields of a `VariableDef`, and how the variable is found
again.

A `VariableDef` names operations of a graph; a variable made from one makes none. Each kind of
variable says for itself which tensor holds it and which one reads it.
"""

from __future__ import annotations

from typing import Any

from pantarhei.core.messages import message_class
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scope_prefixes import within_scope, without_scope
from pantarhei.variables.modes import checked_modes
from pantarhei.variables.partitions import SliceInfo


def definition_of(
    variable: Any, held: Tensor, read: Tensor, is_resource: bool, export_scope: str | None
) -> Any:
    """The `VariableDef` of a variable, without the scope that is exported; None if it is outside.

    Args:
      variable: a variable.
      held: the reference or the handle.
      read: the tensor through which its value is read.
      is_resource: of which of the two kinds it is.
      export_scope: a name scope, or None.
    """
    if export_scope is not None and not held.name.startswith(export_scope):
        return None
    message = message_class("VariableDef")(
        variable_name=without_scope(held.name, export_scope),
        initializer_name=without_scope(variable.initializer.name, export_scope),
        snapshot_name=without_scope(read.name, export_scope),
        is_resource=is_resource,
        trainable=variable.trainable,
        synchronization=variable.synchronization.value,
        aggregation=variable.aggregation.value,
    )
    if variable._initial_value is not None:
        message.initial_value_name = without_scope(variable._initial_value.name, export_scope)
    part = variable._save_slice_info
    if part is not None and (export_scope is None or part.full_name.startswith(export_scope)):
        message.save_slice_info_def.full_name = without_scope(part.full_name, export_scope)
        message.save_slice_info_def.full_shape.extend(part.full_shape)
        message.save_slice_info_def.var_offset.extend(part.var_offset)
        message.save_slice_info_def.var_shape.extend(part.var_shape)
    return message


def element(name: str, import_scope: str | None) -> Any:
    """The tensor or operation of the default graph that a `VariableDef` names.

    Raises:
      KeyError: it is not in the graph.
    """
    return get_default_graph().as_graph_element(within_scope(name, import_scope))


def fill(variable: Any, message: Any, import_scope: str | None) -> None:
    """Gives a new variable what a `VariableDef` says that both kinds have.

    Raises:
      KeyError: something that it names is not in the default graph. ValueError: a mode is unknown.
    """
    variable._initializer_op = element(message.initializer_name, import_scope)
    variable._initial_value = None
    if message.initial_value_name:
        variable._initial_value = element(message.initial_value_name, import_scope)
    modes = checked_modes(
        message.synchronization, message.aggregation, message.trainable, message.variable_name
    )
    variable._synchronization, variable._aggregation, variable._trainable = modes
    variable._constraint = None
    if message.HasField("save_slice_info_def"):
        part = message.save_slice_info_def
        variable._save_slice_info = SliceInfo(
            within_scope(part.full_name, import_scope),
            list(part.full_shape),
            list(part.var_offset),
            list(part.var_shape),
        )
