"""Collections of a graph in a `MetaGraphDef`: variables and savers, nodes, numbers and strings.

Which collections hold what is described by a message of its own is registered here. What cannot be
written is left out, with a line in the log. Independent of files.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from typing import Any

from pantarhei.core.example_messages import FIELDS, example_class
from pantarhei.core.messages import message_class
from pantarhei.files.checkpoints.saver import Saver
from pantarhei.files.graphs.contexts import (
    cond_from_proto,
    cond_to_proto,
    while_from_proto,
    while_to_proto,
)
from pantarhei.graph.graph import Graph
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.scope_prefixes import within_scope, without_scope
from pantarhei.platform.logging import info, warning
from pantarhei.variables.variable import Variable

UNBOUND_INPUTS = "unbound_inputs"
UNBOUND_PREFIX = "$unbound_inputs_"

VARIABLE_COLLECTIONS = (
    GraphKeys.GLOBAL_VARIABLES,
    GraphKeys.LOCAL_VARIABLES,
    GraphKeys.METRIC_VARIABLES,
    GraphKeys.MODEL_VARIABLES,
    GraphKeys.TRAINABLE_VARIABLES,
    GraphKeys.MOVING_AVERAGE_VARIABLES,
    GraphKeys.GLOBAL_STEP,
)


@dataclass(frozen=True)
class Described:
    """How the items of a collection are written as messages, and found again by them."""

    message: str
    to_proto: Callable[..., Any]
    from_proto: Callable[..., Any]


def _variable_to_proto(variable: Any, export_scope: str | None = None) -> Any:
    return variable.to_proto(export_scope)


DESCRIBED: dict[str, Described] = {
    **{
        key: Described("VariableDef", _variable_to_proto, Variable.from_proto)
        for key in VARIABLE_COLLECTIONS
    },
    GraphKeys.SAVERS: Described("SaverDef", Saver.to_proto, Saver.from_proto),
    GraphKeys.COND_CONTEXT: Described("CondContextDef", cond_to_proto, cond_from_proto),
    GraphKeys.WHILE_CONTEXT: Described("WhileContextDef", while_to_proto, while_from_proto),
}


def is_exported(item: Any, scope: str | None, left_out: Container[str]) -> bool:
    """Whether something of a graph, or its name, belongs to what is exported."""
    name = item if isinstance(item, str) else getattr(item, "name", None)
    if not isinstance(name, str):
        return True
    if name in left_out or name.partition(":")[0] in left_out:
        return False
    return not scope or name.startswith((scope, UNBOUND_PREFIX))


def write_collection(
    target: Any, key: str, items: Iterable[Any], scope: str | None, left_out: Container[str]
) -> None:
    """Writes a collection into a `MetaGraphDef`.

    Args:
      target: the `MetaGraphDef`.
      key: name of the collection.
      items: what is in it.
      scope: the name scope that is exported, which is left out of names; or None.
      left_out: names of nodes that are not exported.
    """
    items = [each for each in items if isinstance(each, str) or is_exported(each, scope, left_out)]
    if not items:
        return
    try:
        collection = target.collection_def[key]
        if key in DESCRIBED:
            for each in items:
                message = DESCRIBED[key].to_proto(each, export_scope=scope)
                if message is not None:
                    collection.bytes_list.value.append(
                        message.SerializeToString(deterministic=True)
                    )
        else:
            _write_items(collection, items, scope)
    except (AttributeError, TypeError, ValueError) as error:
        warning(
            "The collection %s is not written: its items are not all of one kind that a file can "
            "hold. %s",
            key,
            error,
        )
        target.collection_def.pop(key, None)


def _write_items(collection: Any, items: list[Any], scope: str | None) -> None:
    first = items[0]
    if isinstance(first, (str, bytes)):
        texts = [each.encode() if isinstance(each, str) else each for each in items]
        collection.bytes_list.value.extend(texts)
    elif isinstance(first, int):
        collection.int64_list.value.extend(items)
    elif isinstance(first, float):
        collection.float_list.value.extend(items)
    else:
        collection.node_list.value.extend(without_scope(each.name, scope) for each in items)


def read_collections(
    meta_graph: Any, graph: Graph, scope: str, wanted: Callable[[str], bool]
) -> None:
    """Adds the collections of a `MetaGraphDef` to the graph that its nodes were imported into.

    Args:
      meta_graph: the message.
      graph: the default graph.
      scope: the name scope of the imported nodes, or "".
      wanted: whether a collection is to be added, by its name.

    Raises:
      ValueError: a message in a collection is damaged. KeyError: an item names no node.
    """
    version = meta_graph.meta_info_def.tensorflow_version
    knows_trainable = not version or _numbers(version) >= [1, 9]
    # A variable that is in several collections is one object.
    variables: dict[bytes, Any] = {}
    keys = sorted(meta_graph.collection_def)
    keys.sort(key=lambda key: key != GraphKeys.TRAINABLE_VARIABLES)
    for key in keys:
        if key == UNBOUND_INPUTS or not wanted(key):
            continue
        collection = meta_graph.collection_def[key]
        kind = collection.WhichOneof("kind")
        if kind == "bytes_list" and key in DESCRIBED:
            for content in collection.bytes_list.value:
                if content not in variables:
                    message = _parsed(key, content)
                    if key in VARIABLE_COLLECTIONS and not knows_trainable:
                        message.trainable = key == GraphKeys.TRAINABLE_VARIABLES
                    variables[content] = DESCRIBED[key].from_proto(message, import_scope=scope)
                graph.add_to_collection(key, variables[content])
        elif kind == "bytes_list" and not _is_text(collection):
            info("The collection %s is left out: it is described by messages of its own.", key)
        elif kind is None or kind == "any_list":
            info("The collection %s is left out: nothing here knows its items.", key)
        else:
            for value in getattr(collection, kind).value:
                graph.add_to_collection(key, _item(kind, value, graph, scope))


def _item(kind: str, value: Any, graph: Graph, scope: str) -> Any:
    if kind == "node_list":
        return graph.as_graph_element(within_scope(value, scope))
    if kind == "bytes_list":
        return within_scope(value.decode(), scope) if scope else value
    return value


def _parsed(key: str, content: bytes) -> Any:
    name = DESCRIBED[key].message
    kind = example_class(name) if name in FIELDS else message_class(name)
    try:
        return kind.FromString(content)
    except Exception as error:
        raise ValueError(f"An item of the collection {key} is damaged: {error}") from error


def _is_text(collection: Any) -> bool:
    try:
        return all(each.decode().isprintable() for each in collection.bytes_list.value)
    except UnicodeDecodeError:
        return False


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")[:2] if part.isdigit()]
