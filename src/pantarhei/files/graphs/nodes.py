"""The nodes of a `GraphDef` before they become operations: their inputs, names and order.

Messages from any writer are checked: an error names what does not hold together. Nothing here
makes operations.
"""

from __future__ import annotations

import heapq
import re
from dataclasses import dataclass, field
from typing import Any

from pantarhei.core import errors
from pantarhei.graph.definitions.definition import REGISTRY

# The versions of the format that can be read.
VERSION = 134

_NODE_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\-/]*\Z")
_NEXT = frozenset(("NextIteration", "RefNextIteration"))
_SHOWN = 3


@dataclass(frozen=True)
class Endpoint:
    """An output of a node; number -1 stands for the node itself, as a control input."""

    node: str
    number: int

    def __str__(self) -> str:
        return f"^{self.node}" if self.number < 0 else f"{self.node}:{self.number}"


def parse_endpoint(text: str) -> Endpoint:
    """The output that `node`, `node:number` or `^node` names.

    Raises:
      ValueError: `text` has another form.
    """
    if text.startswith("^"):
        return Endpoint(text[1:], -1)
    name, colon, number = text.partition(":")
    if colon and not (number.isascii() and number.isdigit() and len(number) < 10):
        raise ValueError(f"Cannot convert {text!r} to a tensor name.")
    return Endpoint(name, int(number) if colon else 0)


@dataclass
class GraphDefNode:
    """A node of the file: its message, and its inputs in two kinds."""

    message: Any
    inputs: list[Endpoint] = field(default_factory=list)
    controls: list[Endpoint] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its name in the file."""
        return str(self.message.name)


def read_nodes(graph_def: Any) -> dict[str, GraphDefNode]:
    """The nodes of a graph by name, in the order of the file.

    Raises:
      ValueError: a name or an input has the wrong form, the format is of another version.
      NotFoundError: types of nodes are not known; all of them are named.
    """
    _check_versions(graph_def.versions)
    _check_types(graph_def)
    nodes: dict[str, GraphDefNode] = {}
    for message in graph_def.node:
        if not _NODE_NAME.match(message.name):
            raise ValueError(f"Node '{message.name}': Node name contains invalid characters")
        if message.name in nodes:
            raise ValueError(f"Node '{message.name}' is not unique")
        node = nodes[message.name] = GraphDefNode(message)
        for text in message.input:
            try:
                endpoint = parse_endpoint(text)
            except ValueError as error:
                raise ValueError(f"Node '{node.name}': {error}") from None
            if endpoint.number < 0:
                node.controls.append(endpoint)
            elif node.controls:
                raise ValueError(
                    f"Node '{node.name}': Control dependencies must come after regular dependencies"
                )
            else:
                node.inputs.append(endpoint)
    return nodes


def _check_versions(versions: Any) -> None:
    if versions.min_consumer > VERSION:
        raise ValueError(
            f"GraphDef min consumer version {versions.min_consumer} above current version "
            f"{VERSION}. The file was written for later versions of TensorFlow than 1.15."
        )
    if versions.producer < 0:
        raise ValueError(
            f"GraphDef producer version {versions.producer} below min producer 0. The file is "
            "damaged, or no graph."
        )
    if VERSION in versions.bad_consumers:
        raise ValueError(f"GraphDef disallows consumer version {VERSION}.")


def _check_types(graph_def: Any) -> None:
    """Raises one error that names every type of node that is not known, and where it is used."""
    unknown: dict[str, list[str]] = {}
    for message in graph_def.node:
        if message.op not in REGISTRY:
            unknown.setdefault(message.op, []).append(message.name)
    if not unknown:
        return
    functions = {each.signature.name for each in graph_def.library.function}
    listed = "; ".join(
        f"{_shown_type(each, functions)} ({_places(unknown[each])})" for each in sorted(unknown)
    )
    first = next(iter(unknown))
    raise errors.NotFoundError(
        None,
        None,
        f"Op type not registered '{first}'. Not known are {len(unknown)} op type(s): {listed}",
        cause="the graph uses operations that do not exist here",
        cure="cut off the part that uses them with tf.graph_util.extract_sub_graph, or replace "
        "what they give through input_map",
    )


def _shown_type(op_type: str, functions: set[str]) -> str:
    if op_type in functions:
        return f"{op_type}, a function of the file"
    return op_type or "''"


def _places(names: list[str]) -> str:
    more = len(names) - _SHOWN
    text = ", ".join(repr(name) for name in names[:_SHOWN])
    return f"{text} and {more} more" if more > 0 else text


def is_back_edge(nodes: dict[str, GraphDefNode], node: GraphDefNode, endpoint: Endpoint) -> bool:
    """Whether an input closes the ring of a loop: a merge takes what the last iteration left."""
    return (
        node.message.op in ("Merge", "RefMerge")
        and endpoint.node in nodes
        and nodes[endpoint.node].message.op in _NEXT
    )


def in_order(nodes: dict[str, GraphDefNode], replaced: set[Endpoint]) -> list[GraphDefNode]:
    """The nodes, each after those that it needs; of those that are ready the first of the file.

    Args:
      nodes: see `read_nodes`.
      replaced: outputs for which something else is taken.

    Raises:
      ValueError: an input names no node, or nodes need each other in a circle.
    """
    position = {name: index for index, name in enumerate(nodes)}
    followers: dict[str, list[str]] = {name: [] for name in nodes}
    missing: dict[str, int] = {}
    for node in nodes.values():
        needed = set()
        for endpoint in (*node.inputs, *node.controls):
            if endpoint in replaced:
                continue
            if endpoint.node not in nodes:
                shown = endpoint if endpoint.number else endpoint.node
                raise ValueError(f"Node '{node.name}': Unknown input node '{shown}'")
            if not is_back_edge(nodes, node, endpoint):
                needed.add(endpoint.node)
        missing[node.name] = len(needed)
        for each in needed:
            followers[each].append(node.name)
    ready = [position[name] for name, count in missing.items() if not count]
    heapq.heapify(ready)
    every = list(nodes.values())
    order = []
    while ready:
        node = every[heapq.heappop(ready)]
        order.append(node)
        for name in followers[node.name]:
            missing[name] -= 1
            if not missing[name]:
                heapq.heappush(ready, position[name])
    if len(order) < len(nodes):
        raise ValueError(f"{len(nodes) - len(order)} nodes in a cycle")
    return order
