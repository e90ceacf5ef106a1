"""`tf.train.export_meta_graph` and `tf.train.import_meta_graph`: a graph and what belongs to it.

A `MetaGraphDef` holds the nodes, the collections (variables and train operations among them) and
the names of a saver's nodes. This module combines them; the other modules write each.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pantarhei.core.messages import message_class
from pantarhei.core.version import PACKAGE, VERSION
from pantarhei.files.checkpoints.saver import Saver
from pantarhei.files.graphs.collections import (
    UNBOUND_INPUTS,
    UNBOUND_PREFIX,
    is_exported,
    read_collections,
    write_collection,
)
from pantarhei.files.graphs.importing import imported
from pantarhei.files.graphs.op_definitions import op_list, strip_defaults
from pantarhei.files.graphs.writing import read_message, write_message
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.graph import Graph
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import HOOKS
from pantarhei.graph.scope_prefixes import without_scope
from pantarhei.platform.logging import WARN, info, log_first_n

_SAVING = frozenset(
    f"{old}{kind}"
    for old in ("", "Legacy")
    for kind in ("Save", "SaveSlice", "Restore", "RestoreSlice")
) | {"SaveV2", "RestoreV2"}


def export_meta_graph(
    filename: Any = None,
    meta_info_def: Any = None,
    graph_def: Any = None,
    saver_def: Any = None,
    collection_list: Iterable[str] | None = None,
    as_text: bool = False,
    graph: Graph | None = None,
    export_scope: str | None = None,
    clear_devices: bool = False,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
    save_debug_info: bool = False,
) -> Any:
    """A graph with its collections and a saver as a `MetaGraphDef`, written into a file on request.

    Args:
      filename: where to write it; None for nowhere.
      meta_info_def: a `MetaInfoDef` with tags and the like to take over.
      graph_def: the nodes, if they are not to be those of the graph.
      saver_def: of the saver that belongs to the graph; see `Saver.as_saver_def`.
      collection_list: names of the collections to write; all by default.
      as_text: whether to write text, not the binary form.
      graph: the graph; the default graph if it is None.
      export_scope: a name scope: only what is in it is exported, under names without it.
      clear_devices: whether the requested devices are left out.
      clear_extraneous_savers: whether nodes of other savers than that of `saver_def` are left out.
      strip_default_attrs: whether attributes with default values are left out.
      save_debug_info: there is no such information here.

    Returns:
      The `MetaGraphDef`.

    Raises:
      ValueError: `save_debug_info` is set. OpError: the file cannot be written.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> v = tf.Variable(1.0, name="v")
      >>> meta_graph = tf.train.export_meta_graph()
      >>> sorted(meta_graph.collection_def)
      ['trainable_variables', 'variables']
    """
    if save_debug_info:
        raise ValueError("save_debug_info: there is no such information here")
    graph = get_default_graph() if graph is None else graph
    result = message_class("MetaGraphDef")()
    if meta_info_def is not None:
        result.meta_info_def.CopyFrom(meta_info_def)
    result.meta_info_def.tensorflow_version = VERSION
    result.meta_info_def.tensorflow_git_version = f"pantarhei-{PACKAGE}"
    source = graph.as_graph_def(add_shapes=True) if graph_def is None else graph_def
    left_out = _other_savers(source, saver_def) if clear_extraneous_savers else frozenset()
    unbound: list[str] = []
    result.graph_def.versions.CopyFrom(source.versions)
    if source.HasField("library"):
        result.graph_def.library.CopyFrom(source.library)
    for node in source.node:
        if is_exported(node.name, export_scope, left_out):
            copy = result.graph_def.node.add()
            copy.CopyFrom(node)
            if export_scope:
                unbound += _take_out(copy, export_scope)
            if clear_devices:
                copy.device = ""
    result.meta_info_def.stripped_op_list.CopyFrom(op_list(result.graph_def))
    if strip_default_attrs:
        strip_defaults(result.graph_def)
        result.meta_info_def.stripped_default_attrs = True
    if saver_def is not None:
        result.saver_def.CopyFrom(saver_def)
    if export_scope or clear_extraneous_savers or clear_devices:
        graph.get_collection_ref(UNBOUND_INPUTS)[:] = unbound
    keys = graph.get_all_collection_keys() if collection_list is None else collection_list
    for key in keys:
        items = graph.get_collection(key)
        if clear_extraneous_savers and key == GraphKeys.SAVERS and saver_def is not None:
            result.collection_def[key].bytes_list.value.append(saver_def.SerializeToString())
            continue
        write_collection(result, key, items, export_scope, left_out)
    if filename:
        write_message(result, os.fspath(filename), as_text)
    return result


def _take_out(node: Any, scope: str) -> list[str]:
    """Takes a name scope out of a node's names; its inputs from outside that scope are returned."""
    unbound = []
    for index, name in enumerate(node.input):
        if name.lstrip("^").startswith(scope):
            node.input[index] = without_scope(name, scope)
        else:
            mark = "^" if name.startswith("^") else ""
            node.input[index] = f"{mark}{UNBOUND_PREFIX}{name.removeprefix('^')}"
            unbound.append(node.input[index])
    node.name = without_scope(node.name, scope)
    if "_class" in node.attr:
        groups = [group.decode() for group in node.attr["_class"].list.s]
        inside = [each for each in groups if each.partition("@")[2].startswith(scope)]
        node.attr["_class"].list.s[:] = [without_scope(each, scope).encode() for each in inside]
    return unbound


def _scope_of(name: str) -> str:
    return name.removeprefix("^").partition(":")[0].rpartition("/")[0]


def _other_savers(graph_def: Any, saver_def: Any) -> frozenset[str]:
    """Names of the nodes of savers other than that of `saver_def`; each has its own scope."""
    own = set()
    if saver_def is not None:
        own = {_scope_of(saver_def.save_tensor_name), _scope_of(saver_def.restore_op_name)}
    saving = {node.name for node in graph_def.node if node.op in _SAVING}
    scopes = {_scope_of(name) for name in saving} - saving - own
    prefixes = tuple(f"{scope}/" for scope in scopes)
    return frozenset(node.name for node in graph_def.node if node.name.startswith(prefixes))


def import_meta_graph(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    import_scope: str | None = None,
    *,
    graph: Graph | None = None,
    input_map: Mapping[str, Any] | None = None,
    unbound_inputs_col_name: str | None = UNBOUND_INPUTS,
    restore_collections_predicate: Callable[[str], bool] = lambda key: True,
) -> Saver | None:
    """Adds a graph from a file to the default graph, with its collections and its saver.

    Variables are back in their collections and operations such as train operations in theirs;
    restoring a checkpoint with the saver gives the variables their values, and training goes on.

    Args:
      meta_graph_or_file: a `MetaGraphDef`, or the name of a file with one (`.meta`).
      clear_devices: whether the requested devices are left out.
      import_scope: a name scope to import into.
      graph: the graph to import into; the default graph if it is None.
      input_map: see `tf.import_graph_def`.
      unbound_inputs_col_name: the collection with the names that `input_map` has to give.
      restore_collections_predicate: whether a collection is added, by its name.

    Returns:
      A saver; None if there are no variables.

    Raises:
      OSError: there is no such file, or it holds no graph. ValueError: the graph is damaged, or
      inputs are missing. NotFoundError: types of operations are not known; all are named.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> v = tf.Variable(1.0, name="v")
      >>> tf.add_to_collection("grow", v.assign_add(1.0))
      >>> meta_graph = tf.train.export_meta_graph(saver_def=tf.train.Saver().as_saver_def())
      >>> tf.reset_default_graph()
      >>> saver = tf.train.import_meta_graph(meta_graph)
      >>> tf.global_variables()
      [<tf.Variable 'v:0' shape=() dtype=float32_ref>]
      >>> session = tf.Session()
      >>> session.run(tf.global_variables_initializer())
      >>> print(session.run(tf.get_collection("grow")[0]))
      2.0
    """
    origin = ""
    kind = message_class("MetaGraphDef")
    if isinstance(meta_graph_or_file, kind):
        meta_graph = meta_graph_or_file
    else:
        origin = os.fspath(meta_graph_or_file)
        meta_graph = read_message("MetaGraphDef", origin)
    _check_unbound(meta_graph, unbound_inputs_col_name, input_map)
    graph = get_default_graph() if graph is None else graph
    info_def = meta_graph.meta_info_def
    with graph.as_default():
        graph_def = meta_graph.graph_def
        if clear_devices:
            graph_def = message_class("GraphDef").FromString(graph_def.SerializeToString())
            for node in graph_def.node:
                node.device = ""
        scope = graph.unique_name(import_scope or "", mark_as_used=False)
        producers = info_def.stripped_op_list if info_def.HasField("stripped_op_list") else None
        imported(graph_def, input_map, None, import_scope or scope, producers, origin)
        read_collections(
            meta_graph,
            graph,
            scope,
            lambda key: key != unbound_inputs_col_name and restore_collections_predicate(key),
        )
        if meta_graph.HasField("saver_def"):
            return Saver(saver_def=meta_graph.saver_def, name=scope.rstrip("/") or None)
        pattern = import_scope or None
        if graph.get_collection(GraphKeys.GLOBAL_VARIABLES, pattern) or graph.get_collection(
            GraphKeys.SAVEABLE_OBJECTS, pattern
        ):
            return Saver()
        info("No saver is made: there are no variables in the graph to restore.")
        return None


def _check_unbound(meta_graph: Any, key: str | None, input_map: Mapping[str, Any] | None) -> None:
    """Raises ValueError if inputs that the exported part took from outside are not given."""
    if not key or key not in meta_graph.collection_def:
        return
    collection = meta_graph.collection_def[key]
    kind = collection.WhichOneof("kind")
    values = getattr(collection, kind).value if kind in ("bytes_list", "node_list") else []
    names = [each.decode() if isinstance(each, bytes) else each for each in values]
    given = set(input_map or ())
    if names and set(names) != given:
        missing = ",".join(name for name in names if name not in given)
        raise ValueError(
            f"Graph contains unbound inputs: {missing}. Must provide these inputs through "
            "input_map."
        )


def _write_beside_checkpoint(
    path: str, graph: Graph, saver: Saver, strip_default_attrs: bool
) -> None:
    """What a saver calls after a checkpoint."""
    try:
        export_meta_graph(
            path,
            graph=graph,
            saver_def=saver.as_saver_def(),
            strip_default_attrs=strip_default_attrs,
        )
    except ImportError as error:
        log_first_n(WARN, f"The graph is not written beside the checkpoint: {error}", 1)


HOOKS["meta_graph"] = _write_beside_checkpoint
HOOKS["export_meta_graph"] = export_meta_graph

__all__ = ["export_meta_graph", "import_meta_graph"]
