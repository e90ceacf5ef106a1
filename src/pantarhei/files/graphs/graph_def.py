"""Graphs as protocol buffers: `GraphDef`, `NodeDef`, and operations and graphs written into them.

The message classes come with `tensorboard`, which is imported when one of them is first needed.
What is written here is what TensorFlow writes: every attribute with its default, single values and
strings one by one, larger arrays as bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core.dtypes import DType, as_dtype
from pantarhei.core.messages import VALUE_FIELDS, library_module, message_class
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.graph import Graph
from pantarhei.graph.operation import HOOKS, Operation
from pantarhei.program.ir import Array

# The version of the format, as TensorFlow 1.15 gives it.
PRODUCER = 134

# Element types whose arrays are written as bytes; the others are written one by one.
_WRITTEN_AS_BYTES = frozenset(
    ("float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint32", "uint64")
)


def node_def(op: Operation) -> Any:
    """An operation as a `NodeDef`."""
    node = message_class("NodeDef")(name=op.name, op=op.type, device=op.device)
    node.input.extend(tensor._as_node_def_input() for tensor in op.inputs)
    node.input.extend(f"^{name}" for name in sorted(each.name for each in op.control_inputs))
    for name, value in op.attributes.items():
        kind = op.definition.parsed.attributes.get(name)
        write_attribute(node.attr[name], value, kind.kind if kind is not None else "")
    return node


def graph_def(graph: Graph, from_version: int | None = None, add_shapes: bool = False) -> Any:
    """A graph as a `GraphDef`.

    Args:
      graph: the graph.
      from_version: leaves out the operations made up to that version.
      add_shapes: whether every node gets its outputs' static shapes, as `_output_shapes`.
    """
    message = message_class("GraphDef")()
    message.versions.producer = PRODUCER
    for op in graph.get_operations():
        if from_version is not None and op._id <= from_version:
            continue
        node = node_def(op)
        if add_shapes and op.outputs:
            shapes = node.attr["_output_shapes"].list
            for tensor in op.outputs:
                write_shape(shapes.shape.add(), tensor.shape)
        message.node.append(node)
    return message


def write_attribute(target: Any, value: Any, kind: str) -> None:
    """Fills an `AttrValue`; `kind` is that of the signature, "" for attributes that have none."""
    if isinstance(value, (list, tuple)):
        target.list.SetInParent()
        inner = kind[5:-1] if kind.startswith("list(") else ""
        for each in value:
            _write_item(target.list, each, inner)
    elif isinstance(value, TensorShape):
        target.shape.SetInParent()
        write_shape(target.shape, value)
    elif isinstance(value, np.ndarray):
        write_tensor(target.tensor, value)
    else:
        field, plain = _plain(value, kind)
        setattr(target, field, plain)


def _write_item(target: Any, value: Any, kind: str) -> None:
    if isinstance(value, TensorShape):
        write_shape(target.shape.add(), value)
    elif isinstance(value, np.ndarray):
        write_tensor(target.tensor.add(), value)
    else:
        field, plain = _plain(value, kind)
        getattr(target, field).append(plain)


def _plain(value: Any, kind: str) -> tuple[str, Any]:
    """The field of an AttrValue for a single value, and what is put there."""
    if isinstance(value, DType):
        return "type", value.as_datatype_enum
    if isinstance(value, (bool, np.bool_)):
        return "b", bool(value)
    if isinstance(value, (str, bytes)):
        return "s", value.encode() if isinstance(value, str) else value
    if kind == "float" or isinstance(value, float):
        return "f", float(value)
    return "i", int(value)


def write_shape(target: Any, shape: TensorShape) -> None:
    """Fills a `TensorShapeProto`."""
    if shape.ndims is None:
        target.unknown_rank = True
        return
    for extent in shape.as_list():
        target.dim.add().size = -1 if extent is None else extent


def write_tensor(target: Any, array: Array) -> None:
    """Fills a `TensorProto` with an array."""
    target.dtype = as_dtype(array.dtype).as_datatype_enum
    target.tensor_shape.SetInParent()
    for extent in array.shape:
        target.tensor_shape.dim.add().size = extent
    repeated = array.size > 1 and not any(array.strides)  # one number, spread over the shape
    if array.dtype.name in _WRITTEN_AS_BYTES and array.size > 1 and not repeated:
        target.tensor_content = np.ascontiguousarray(array).tobytes()
        return
    field = getattr(target, VALUE_FIELDS.get(array.dtype.name, "int_val"))
    # A repeated number is not spread out again: the array may be larger than the memory.
    for element in [array.flat[0]] if repeated else array.ravel():
        if field is target.half_val:
            field.append(int(np.asarray(element).view(np.uint16)))
        elif array.dtype.kind == "c":
            field.extend([element.real, element.imag])
        else:
            field.append(element.item() if isinstance(element, np.generic) else element)


def node_text(op: Operation) -> str:
    """The text of an operation's `NodeDef`."""
    message = node_def(op)
    text_format = library_module("google.protobuf.text_format", "The text of a node", "protobuf")
    text: str = text_format.MessageToString(message)
    return text


HOOKS["node_def"] = node_def
HOOKS["node_text"] = node_text
HOOKS["graph_def"] = graph_def
