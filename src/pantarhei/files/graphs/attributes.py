"""Attributes of nodes read from `AttrValue` messages, in the form in which operations keep them.

The signature of the operation says of which kind an attribute is; those that it does not declare
(their names begin with an underscore) are read as they are. Independent of graphs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pantarhei.files.graphs.tensors import read_dtype, read_shape, read_tensor
from pantarhei.graph.definitions.definition import OpDef, attribute_value

# Fields of an AttrValue, by the kind that signatures name.
_FIELDS = {
    "string": "s",
    "int": "i",
    "float": "f",
    "bool": "b",
    "type": "type",
    "shape": "shape",
    "tensor": "tensor",
    "func": "func",
}
_KINDS = {field: kind for kind, field in _FIELDS.items()}


def _as_it_is(value: Any) -> Any:
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    "s": bytes,
    "i": int,
    "f": float,
    "b": bool,
    "type": read_dtype,
    "shape": read_shape,
    "tensor": read_tensor,
    "func": _as_it_is,
}


def read_attributes(definition: OpDef, message: Any, removable: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a `NodeDef`: those of the signature in its order, then the others.

    Args:
      definition: of the node's type.
      message: the node.
      removable: defaults of attributes that the writer knew; those not known here are left out.

    Raises:
      ValueError: one is missing, of the wrong kind, or not allowed.
    """
    known = definition.parsed.attributes
    result: dict[str, Any] = {}
    for name, attribute in known.items():
        if name in message.attr and message.attr[name].WhichOneof("value") is not None:
            value = _read(message.attr[name], attribute.kind, name)
            try:
                result[name] = attribute_value(definition, attribute, value)
            except TypeError as error:
                raise ValueError(f"{error}") from None
        elif attribute.has_default:
            default = attribute.default
            result[name] = (
                list(default)
                if isinstance(default, list)
                else attribute_value(definition, attribute, default)
            )
        else:
            raise ValueError(f"NodeDef missing attr '{name}' from {described(definition)}")
    for name in sorted(message.attr):
        if name in known or removable.get(name) == message.attr[name]:
            continue
        if not name.startswith("_"):
            raise ValueError(
                f"NodeDef mentions attr '{name}' not in {described(definition)}. (The file may "
                "come from a later version than 1.15.)"
            )
        result[name] = _read_freely(message.attr[name], name)
    return result


def described(definition: OpDef) -> str:
    """An operation type with its signature, as errors name it."""
    return f"Op<name={definition.type}; signature={definition.signature}>"


def _read(message: Any, kind: str, name: str) -> Any:
    """The value of an attribute of a known kind."""
    found = message.WhichOneof("value")
    if found == "placeholder":
        raise ValueError(f"AttrValue of attr '{name}' is a placeholder '{message.placeholder}'")
    if kind.startswith("list("):
        field = _FIELDS[kind[5:-1]]
        filled = [each.name for each, _ in message.list.ListFields()] if found == "list" else []
        if found != "list" or any(each != field for each in filled):
            raise _wrong_kind(message, kind, name)
        return [_READERS[field](each) for each in getattr(message.list, field)]
    field = _FIELDS[kind]
    if found != field:
        raise _wrong_kind(message, kind, name)
    return _READERS[field](getattr(message, field))


def _wrong_kind(message: Any, kind: str, name: str) -> ValueError:
    found = message.WhichOneof("value")
    if found == "list":
        filled = [each.name for each, _ in message.list.ListFields()]
        shown = f"list({_KINDS[filled[0]]})" if filled else "list"
    else:
        shown = _KINDS[found]
    return ValueError(
        f"AttrValue had value with type '{shown}' when '{kind}' expected for attr '{name}'"
    )


def _read_freely(message: Any, name: str) -> Any:
    """The value of an attribute that no signature declares."""
    found = message.WhichOneof("value")
    if found is None:
        return b""
    if found != "list":
        return _read(message, _KINDS[found], name) if found in _KINDS else message.placeholder
    filled = [each.name for each, _ in message.list.ListFields()]
    return (
        [_READERS[filled[0]](each) for each in getattr(message.list, filled[0])] if filled else []
    )


def producer_defaults(op_list: Any) -> dict[str, dict[str, Any]]:
    """Of an `OpList`: for each op type, the attributes that have a default, as messages."""
    return {
        op.name: {
            each.name: each.default_value for each in op.attr if each.HasField("default_value")
        }
        for op in (op_list.op if op_list is not None else ())
    }


__all__ = ["described", "producer_defaults", "read_attributes"]
