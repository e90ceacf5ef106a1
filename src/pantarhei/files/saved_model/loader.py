"""`tf.saved_model.loader`: models are read from a folder into a session."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from pantarhei.core.messages import message_class
from pantarhei.files.gfile import paths
from pantarhei.files.gfile.system_errors import Path
from pantarhei.files.gfile.system_errors import text as path_text
from pantarhei.files.graphs.meta_graphs import import_meta_graph
from pantarhei.files.graphs.writing import parse_message
from pantarhei.files.saved_model import layout
from pantarhei.graph.scope_prefixes import within_scope


def maybe_saved_model_directory(export_dir: Path) -> bool:
    """Whether a folder has the file of a saved model in it."""
    names = (layout.FILE, layout.TEXT_FILE)
    return any(paths.Exists(os.path.join(path_text(export_dir), name)) for name in names)


def _read(folder: str) -> Any:
    for name in (layout.FILE, layout.TEXT_FILE):
        path = os.path.join(folder, name)
        if paths.Exists(path):
            return parse_message(layout.saved_model_class(), path)
    raise OSError(
        f"SavedModel file does not exist at: {folder}/{{{layout.TEXT_FILE}|{layout.FILE}}}"
    )


def load(sess: Any, tags: Iterable[str], export_dir: Path, import_scope: str | None = None) -> Any:
    """Loads a graph of a saved model, with the values of its variables, into a session.

    Args:
      sess: a session; the graph is added to its graph.
      tags: exactly the tags of the graph that is wanted.
      export_dir: the folder.
      import_scope: a name scope to load into.

    Returns:
      The `MetaGraphDef`, which has the signatures.

    Raises:
      OSError: there is no saved model, or it is damaged. RuntimeError: no graph has those tags.
    """
    folder = path_text(export_dir)
    wanted = set(tags)
    graphs = list(_read(folder).meta_graphs)
    found = [each for each in graphs if set(each.meta_info_def.tags) == wanted]
    if not found:
        available = [sorted(each.meta_info_def.tags) for each in graphs]
        raise RuntimeError(
            f"MetaGraphDef associated with tags {', '.join(map(repr, sorted(wanted)))} could not "
            f"be found in SavedModel. available_tags: {available}"
        )
    meta_graph = found[0]
    with sess.graph.as_default():
        saver = import_meta_graph(meta_graph, import_scope=import_scope)
        if saver is not None:
            saver.restore(sess, os.path.join(folder, layout.VARIABLES))
        name = _init_op(meta_graph)
        if name is not None:
            sess.run(within_scope(name, import_scope), _assets(meta_graph, folder, import_scope))
    return meta_graph


def _init_op(meta_graph: Any) -> str | None:
    """The name of the operation that is run after loading."""
    if layout.INIT_OP_SIGNATURE in meta_graph.signature_def:
        outputs = meta_graph.signature_def[layout.INIT_OP_SIGNATURE].outputs
        return str(outputs[layout.INIT_OP_SIGNATURE].name)
    for key in (layout.MAIN_OP, layout.LEGACY_INIT_OP):
        if key in meta_graph.collection_def:
            names = meta_graph.collection_def[key].node_list.value
            if len(names) != 1:
                raise RuntimeError("Expected exactly one SavedModel init op.")
            return str(names[0])
    return None


def _assets(meta_graph: Any, folder: str, import_scope: str | None) -> dict[str, str]:
    """Where the files are now, for the tensors that hold their names."""
    assets = list(meta_graph.asset_file_def)
    if not assets and layout.ASSETS_COLLECTION in meta_graph.collection_def:
        packed = meta_graph.collection_def[layout.ASSETS_COLLECTION].any_list.value
        assets = [message_class("AssetFileDef").FromString(each.value) for each in packed]
    return {
        within_scope(asset.tensor_info.name, import_scope): os.path.join(
            folder, layout.ASSETS, asset.filename
        )
        for asset in assets
    }
