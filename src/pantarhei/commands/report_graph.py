"""A GraphDef as what the page draws: names, types, inputs and attributes in words."""

from __future__ import annotations

from typing import Any

from pantarhei.core.dtypes import as_dtype
from pantarhei.core.messages import library_module, message_class

# Characters of an attribute that are shown.
_LONGEST = 80


def graph_content(serialized: bytes) -> list[dict[str, Any]]:
    """The nodes of a graph in their order.

    Args:
      serialized: a GraphDef.

    Returns:
      For each node its `name`, `op`, `inputs` (a name, `name:1` or `^name`), `device` and
      `attributes`.
    """
    graph = message_class("GraphDef").FromString(serialized)
    return [
        {
            "name": node.name,
            "op": node.op,
            "inputs": list(node.input),
            "device": node.device,
            "attributes": {
                name: words for name in sorted(node.attr) if (words := _words(node.attr[name]))
            },
        }
        for node in graph.node
    ]


def _words(attribute: Any) -> str:
    kind = attribute.WhichOneof("value")
    if kind is None:
        return ""
    value = getattr(attribute, kind)
    if kind == "list":
        (items,) = [each for _, each in value.ListFields()] or [[]]
        field = value.ListFields()[0][0].name if value.ListFields() else ""
        return _short("[" + ", ".join(_single(field, each) for each in items) + "]")
    return _short(_single(kind, value))


def _single(kind: str, value: Any) -> str:
    if kind == "type":
        return as_dtype(value).name
    if kind == "shape":
        return _shape(value)
    if kind == "tensor":
        return _tensor(value)
    if kind == "s":
        return str(value.decode("utf-8", "backslashreplace"))
    if kind == "func":
        return str(value.name)
    return f"{value:g}" if kind == "f" else str(value)


def _shape(shape: Any) -> str:
    if shape.unknown_rank:
        return "?"
    return "(" + ", ".join("?" if each.size < 0 else str(each.size) for each in shape.dim) + ")"


def _tensor(tensor: Any) -> str:
    text = f"{as_dtype(tensor.dtype).name} {_shape(tensor.tensor_shape)}"
    elements = 1
    for each in tensor.tensor_shape.dim:
        elements *= each.size
    if elements > 8 or tensor.tensor_shape.unknown_rank:
        return text
    util = library_module("tensorboard.util.tensor_util", "report", "tensorboard")
    try:
        return f"{text} {util.make_ndarray(tensor).tolist()}"
    except (TypeError, ValueError):  # an element type that NumPy does not have
        return text


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST else words[: _LONGEST - 3] + "..."
