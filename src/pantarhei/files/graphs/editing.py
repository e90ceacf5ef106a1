"""`tf.graph_util`: parts of a `GraphDef`, and graphs whose variables have become constants.

Works on messages; a session is used only for the values of variables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from pantarhei.core.dtypes import as_dtype
from pantarhei.core.messages import message_class
from pantarhei.core.shapes import TensorShape
from pantarhei.files.graphs.graph_def import write_tensor
from pantarhei.graph.graph import Graph
from pantarhei.platform.logging import info
from pantarhei.program.ir import Array

_HOLDERS = ("Variable", "VariableV2", "VarHandleOp")
# What may lie between a resource variable and what reads it.
_PASSED_THROUGH = ("Switch", "Enter", "Exit", "Identity", "Merge", "NextIteration")


def _node_of(name: str) -> str:
    """The name of the node that an input names."""
    return name.removeprefix("^").partition(":")[0]


def extract_sub_graph(graph_def: Any, dest_nodes: Sequence[str]) -> Any:
    """The part of a graph that some of its nodes need.

    Args:
      graph_def: a `GraphDef`.
      dest_nodes: names of nodes.

    Returns:
      A new `GraphDef`, its nodes in the old order.

    Raises:
      TypeError: an argument is of the wrong kind. AssertionError: a node is not in the graph.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> a, b = tf.constant(1.0, name="a"), tf.constant(2.0, name="b")
      >>> part = tf.graph_util.extract_sub_graph(a.graph.as_graph_def(), ["a"])
      >>> [node.name for node in part.node]
      ['a']
    """
    if not isinstance(graph_def, message_class("GraphDef")):
        raise TypeError("graph_def must be a graph_pb2.GraphDef proto.")
    if isinstance(dest_nodes, str):
        raise TypeError("dest_nodes must be a list.")
    nodes = {node.name: node for node in graph_def.node}
    for name in dest_nodes:
        if name not in nodes:
            raise AssertionError(f"{name} is not in graph")
    kept: set[str] = set()
    waiting = list(dest_nodes)
    while waiting:
        name = waiting.pop()
        if name in kept or name not in nodes:
            continue
        kept.add(name)
        waiting.extend(map(_node_of, nodes[name].input))
        waiting.extend(_colocated(nodes[name]))
    result = message_class("GraphDef")()
    result.node.extend(node for node in graph_def.node if node.name in kept)
    result.library.CopyFrom(graph_def.library)
    result.versions.CopyFrom(graph_def.versions)
    return result


def _colocated(node: Any) -> list[str]:
    groups = node.attr["_class"].list.s if "_class" in node.attr else []
    return [group[5:].decode() for group in groups if group.startswith(b"loc:@")]


def remove_training_nodes(input_graph: Any, protected_nodes: Iterable[str] | None = None) -> Any:
    """A graph without the nodes that only training needs.

    `CheckNumerics` and `Identity` nodes are taken out and their inputs passed on, except for those
    that control edges lead to or come from.

    Args:
      input_graph: a `GraphDef`.
      protected_nodes: names of nodes that stay.

    Returns:
      A new `GraphDef`.
    """
    protected = set(protected_nodes or ())
    checks = {
        node.name: node.input[0]
        for node in input_graph.node
        if node.op == "CheckNumerics" and node.name not in protected and node.input
    }
    ordering = {_node_of(each) for node in input_graph.node for each in node.input if "^" in each}
    ordered = {node.name for node in input_graph.node if any("^" in each for each in node.input)}
    identities = {
        node.name: node.input[0]
        for node in input_graph.node
        if node.op == "Identity" and node.name not in protected | ordering | ordered
    }
    bypassed = {**checks, **identities}
    result = message_class("GraphDef")()
    result.versions.CopyFrom(input_graph.versions)
    for node in input_graph.node:
        if node.name in bypassed:
            continue
        kept = result.node.add()
        kept.CopyFrom(node)
        del kept.input[:]
        for name in node.input:
            kept.input.append(_source(name, bypassed))
    return result


def _source(name: str, bypassed: Mapping[str, str]) -> str:
    """What an input comes from when some nodes are left out."""
    mark = "^" if name.startswith("^") else ""
    while _node_of(name) in bypassed:
        name = bypassed[_node_of(name)]
    return mark + _node_of(name) if mark else name


def tensor_shape_from_node_def_name(graph: Graph, input_name: str) -> TensorShape:
    """The static shape of a tensor of a graph, named with or without its number.

    Args:
      graph: a graph.
      input_name: "x:0", or "x" for its first output.

    Raises:
      KeyError: it is not in the graph.
    """
    name = input_name if ":" in input_name else f"{input_name}:0"
    return graph.get_tensor_by_name(name).shape


def convert_variables_to_constants(
    sess: Any,
    input_graph_def: Any,
    output_node_names: Sequence[str],
    variable_names_whitelist: Iterable[str] | None = None,
    variable_names_blacklist: Iterable[str] | None = None,
) -> Any:
    """The part of a graph that some nodes need, with the values of variables written into it.

    Args:
      sess: a session in which the variables have values.
      input_graph_def: the graph, as a `GraphDef`.
      output_node_names: names of nodes.
      variable_names_whitelist: names of the variables to convert; all by default.
      variable_names_blacklist: names of variables that stay variables.

    Returns:
      A new `GraphDef`.

    Raises:
      AssertionError: a node is not in the graph. ValueError: a resource is read that is no
      variable.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> y = tf.identity(tf.Variable(2.0, name="v"), name="y")
      >>> session = tf.Session()
      >>> session.run(tf.global_variables_initializer())
      >>> graph_def = session.graph.as_graph_def()
      >>> frozen = tf.graph_util.convert_variables_to_constants(session, graph_def, ["y"])
      >>> [(node.op, node.name) for node in frozen.node]
      [('Const', 'v'), ('Identity', 'v/read'), ('Identity', 'y')]
    """
    part = extract_sub_graph(input_graph_def, list(output_node_names))
    nodes = {node.name: node for node in part.node}
    wanted = None if variable_names_whitelist is None else set(variable_names_whitelist)
    unwanted = set(variable_names_blacklist or ())
    names = [
        node.name
        for node in part.node
        if node.op in _HOLDERS and (wanted is None or node.name in wanted)
        if node.name not in unwanted
    ]
    fetches = [_value_of(sess.graph, nodes[name]) for name in names]
    values = dict(zip(names, sess.run(fetches) if fetches else [], strict=True))
    info(f"Froze {len(values)} variables.")
    between = _between(nodes, values)
    result = message_class("GraphDef")()
    result.library.CopyFrom(part.library)
    result.versions.CopyFrom(part.versions)
    for node in part.node:
        if node.name in values:
            _constant(result.node.add(), node.name, values[node.name], node.attr["dtype"].type)
        elif node.name in between:
            passed = result.node.add()
            passed.CopyFrom(node)
            passed.attr["T"].type = between[node.name]
            passed.attr.pop("_output_shapes", None)
        elif node.op in ("ReadVariableOp", "ResourceGather") and _frozen(node, nodes, values):
            _read(result, node)
        else:
            result.node.add().CopyFrom(node)
    return result


def _value_of(graph: Graph, node: Any) -> Any:
    """The tensor that gives the value of a variable."""
    held = graph.get_operation_by_name(node.name).outputs[0]
    if node.op != "VarHandleOp":
        return held
    name = f"{node.name}/Read/ReadVariableOp"
    readers = [op for op in held.consumers() if op.type == "ReadVariableOp"]
    if not readers:
        raise ValueError(f"Nothing in the graph reads the variable {node.name}.")
    return next((op for op in readers if op.name == name), readers[0]).outputs[0]


def _variables_behind(node: Any, nodes: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """The holders of what a node reads, and the nodes between."""
    holders: set[str] = set()
    between: set[str] = set()
    waiting = [_node_of(node.input[0])]
    while waiting:
        source = nodes[waiting.pop()]
        if source.op == "VarHandleOp":
            holders.add(source.name)
        elif source.op not in _PASSED_THROUGH:
            raise ValueError(
                "Cannot find the variable that is an input to the ReadVariableOp. "
                f"{node.name} reads {source.name}, of type {source.op}."
            )
        elif source.name not in between:
            between.add(source.name)
            count = len(source.input) if source.op == "Merge" else 1
            waiting.extend(_node_of(each) for each in source.input[:count] if "^" not in each)
    return holders, between


def _between(nodes: Mapping[str, Any], values: Mapping[str, Array]) -> dict[str, int]:
    """The nodes between converted resource variables and their reads, with the values' dtypes."""
    result: dict[str, int] = {}
    for node in nodes.values():
        if node.op in ("ReadVariableOp", "ResourceGather"):
            holders, between = _variables_behind(node, nodes)
            if holders <= values.keys():
                result.update(dict.fromkeys(between, node.attr["dtype"].type))
    return result


def _frozen(node: Any, nodes: Mapping[str, Any], values: Mapping[str, Array]) -> bool:
    """Whether all that a node reads has become constants."""
    return _variables_behind(node, nodes)[0] <= values.keys()


def _constant(target: Any, name: str, value: Array, dtype: int) -> None:
    target.op, target.name = "Const", name
    target.attr["dtype"].type = dtype
    kind = as_dtype(dtype).numpy  # single strings come without an array around them
    write_tensor(target.attr["value"].tensor, np.asarray(value, kind))


def _read(result: Any, node: Any) -> None:
    """What a read of a resource variable is when the variable has become a constant."""
    if node.op == "ReadVariableOp":
        read = result.node.add(op="Identity", name=node.name)
        read.input.extend(node.input)
        read.attr["T"].CopyFrom(node.attr["dtype"])
    else:
        if node.attr["batch_dims"].i:
            raise ValueError("batch_dims != 0 is not supported by freeze_graph.")
        axis = node.attr["Tindices"].type
        zero = as_dtype(axis).numpy.type(0)
        _constant(result.node.add(), f"{node.name}/axis", zero, axis)
        read = result.node.add(op="GatherV2", name=node.name)
        read.input.extend([*node.input[:2], f"{node.name}/axis", *node.input[2:]])
        read.attr["Tparams"].CopyFrom(node.attr["dtype"])
        read.attr["Tindices"].CopyFrom(node.attr["Tindices"])
        read.attr["Taxis"].type = axis
    if "_class" in node.attr:
        read.attr["_class"].CopyFrom(node.attr["_class"])
