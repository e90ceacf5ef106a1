"""Definitions of operations as `OpDef` messages, and attributes that have their default values.

A file carries the definitions of the operations that it uses, so that a reader of another version
can leave out default attributes. Made from signatures; independent of graphs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pantarhei.core.messages import message_class
from pantarhei.files.graphs.graph_def import write_attribute
from pantarhei.graph.definitions.definition import REGISTRY
from pantarhei.graph.definitions.signature import Argument, Attribute


def op_list(graph_def: Any) -> Any:
    """The definitions of all operations that a graph uses, as an `OpList`."""
    result = message_class("OpList")()
    for op_type in sorted({node.op for node in graph_def.node}):
        definition = REGISTRY.get(op_type)
        if definition is None:
            continue
        message = result.op.add(name=op_type)
        _write_arguments(message.input_arg, definition.parsed.inputs)
        _write_arguments(message.output_arg, definition.parsed.outputs)
        for attribute in definition.parsed.attributes.values():
            target = message.attr.add(name=attribute.name, type=attribute.kind)
            for dtype in attribute.allowed:
                target.allowed_values.list.type.append(dtype.as_datatype_enum)
            if attribute.has_default:
                write_default(target.default_value, attribute)
    return result


def _write_arguments(target: Any, arguments: Iterable[Argument]) -> None:
    for argument in arguments:
        message = target.add(name=argument.name, is_ref=argument.is_ref)
        if argument.dtype is not None:
            message.type = argument.dtype.as_datatype_enum
        message.type_attr = argument.type_attr or ""
        message.number_attr = argument.count_attr or ""
        message.type_list_attr = argument.list_attr or ""


def write_default(target: Any, attribute: Attribute) -> None:
    """Fills an `AttrValue` with the default value of an attribute."""
    if attribute.kind == "shape":
        target.shape.unknown_rank = True  # the only default that shapes have
    else:
        write_attribute(target, attribute.default, attribute.kind)


def strip_defaults(graph_def: Any) -> None:
    """Removes the attributes that have their default values."""
    for node in graph_def.node:
        definition = REGISTRY.get(node.op)
        if definition is None:
            continue
        for attribute in definition.parsed.attributes.values():
            if attribute.has_default and attribute.name in node.attr:
                default = message_class("AttrValue")()
                write_default(default, attribute)
                if node.attr[attribute.name] == default:
                    del node.attr[attribute.name]
