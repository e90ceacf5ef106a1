"""`tf.saved_model.Builder` and `simple_save`: models are written into a new folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from pantarhei.files.checkpoints.saver import Saver
from pantarhei.files.gfile import paths
from pantarhei.files.gfile.system_errors import Path
from pantarhei.files.gfile.system_errors import text as path_text
from pantarhei.files.graphs.meta_graphs import export_meta_graph
from pantarhei.files.graphs.writing import write_message
from pantarhei.files.saved_model import layout
from pantarhei.files.saved_model.signature_constants import DEFAULT_SERVING_SIGNATURE_DEF_KEY
from pantarhei.files.saved_model.signature_def_utils import predict_signature_def
from pantarhei.files.saved_model.tag_constants import SERVING
from pantarhei.graph.constant import constant_value
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.graph import Graph
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import Operation


class SavedModelBuilder:
    """Writes a model into a folder: one set of variables, and one or more graphs that use them.

    Args:
      export_dir: the folder, which must not be there yet, or be empty.

    Raises:
      AssertionError: there is something in the folder.

    Example:
      >>> import os, tempfile
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> x = tf.placeholder(tf.float32, [], name="x")
      >>> y = tf.multiply(x, tf.Variable(2.0), name="y")
      >>> folder = os.path.join(tempfile.mkdtemp(), "1")
      >>> with tf.Session() as session:
      ...     session.run(tf.global_variables_initializer())
      ...     tf.saved_model.simple_save(session, folder, {"x": x}, {"y": y})
      >>> with tf.Session(graph=tf.Graph()) as session:
      ...     model = tf.saved_model.load(session, ["serve"], folder)
      ...     name = model.signature_def["serving_default"].outputs["y"].name
      ...     print(session.run(name, {"x:0": 3.0}))
      6.0
    """

    def __init__(self, export_dir: Path) -> None:
        self._folder = path_text(export_dir)
        if paths.Exists(self._folder) and paths.ListDirectory(self._folder):
            raise AssertionError(
                f"Export directory {self._folder} already exists, and isn't empty. Please choose a "
                "different export directory, or delete all the contents of the specified "
                "directory."
            )
        self._message = layout.saved_model_class()(saved_model_schema_version=layout.SCHEMA_VERSION)
        self._has_variables = False
        paths.MakeDirs(self._folder)

    def add_meta_graph_and_variables(
        self,
        sess: Any,
        tags: Iterable[str],
        signature_def_map: Mapping[str, Any] | None = None,
        assets_collection: Iterable[Any] | None = None,
        legacy_init_op: Operation | None = None,
        clear_devices: bool = False,
        main_op: Operation | None = None,
        strip_default_attrs: bool = False,
        saver: Saver | None = None,
    ) -> None:
        """Adds the first graph, and writes the variables.

        Args:
          sess: a session in which the variables have values.
          tags: by which this graph is found.
          signature_def_map: signatures by name.
          assets_collection: string constants that hold names of files, which are copied.
          legacy_init_op: the older name of `main_op`.
          clear_devices: whether requested devices are left out.
          main_op: an operation that is run when the model is loaded.
          strip_default_attrs: whether attributes with default values are left out.
          saver: a saver for the variables, if not all are to be saved.

        Raises:
          AssertionError: variables have been written, a signature is incomplete.
        """
        if self._has_variables:
            raise AssertionError(
                "Graph state including variables and assets has already been saved. Please invoke "
                "`add_meta_graph()` instead."
            )
        with sess.graph.as_default():
            saver = saver or Saver(sharded=True, allow_empty=True)
            path = os.path.join(self._folder, layout.VARIABLES)
            paths.MakeDirs(os.path.dirname(path))
            saver.save(sess, path, write_meta_graph=False, write_state=False)
            self._has_variables = True
            main_op = main_op or legacy_init_op
            options = (clear_devices, strip_default_attrs)
            self._add(tags, signature_def_map, assets_collection, main_op, saver, *options)

    def add_meta_graph(
        self,
        tags: Iterable[str],
        signature_def_map: Mapping[str, Any] | None = None,
        assets_collection: Iterable[Any] | None = None,
        legacy_init_op: Operation | None = None,
        clear_devices: bool = False,
        main_op: Operation | None = None,
        strip_default_attrs: bool = False,
        saver: Saver | None = None,
    ) -> None:
        """Adds the default graph as a further one; see `add_meta_graph_and_variables`.

        Raises:
          AssertionError: no variables have been written, a signature is incomplete.
        """
        if not self._has_variables:
            raise AssertionError(
                "Graph state including variables and assets has not been saved yet. Please invoke "
                "`add_meta_graph_and_variables()` first."
            )
        saver = saver or Saver(sharded=True, allow_empty=True)
        main_op = main_op or legacy_init_op
        options = (clear_devices, strip_default_attrs)
        self._add(tags, signature_def_map, assets_collection, main_op, saver, *options)

    def _add(
        self,
        tags: Iterable[str],
        signatures: Mapping[str, Any] | None,
        assets: Iterable[Any] | None,
        main_op: Operation | None,
        saver: Saver,
        clear_devices: bool,
        strip_default_attrs: bool,
    ) -> None:
        graph = get_default_graph()
        _check_signatures(signatures or {})
        if main_op is not None:
            self._set_main_op(graph, main_op)
        named = saver.as_saver_def()
        result = export_meta_graph(
            graph=graph,
            saver_def=named if named.restore_op_name else None,
            clear_devices=clear_devices,
            strip_default_attrs=strip_default_attrs,
        )
        result.meta_info_def.tags.extend(tags)
        for key, signature in (signatures or {}).items():
            result.signature_def[key].CopyFrom(signature)
        for tensor in assets or ():
            self._add_asset(result, tensor)
        self._message.meta_graphs.append(result)

    def _set_main_op(self, graph: Graph, main_op: Operation) -> None:
        if not isinstance(main_op, Operation):
            raise TypeError(f"main_op needs to be an Operation: {main_op!r}")
        for key in (layout.MAIN_OP, layout.LEGACY_INIT_OP):
            if graph.get_collection(key):
                raise ValueError(
                    f"Graph already contains one or more main ops under the collection {key}."
                )
        graph.add_to_collection(layout.MAIN_OP, main_op)

    def _add_asset(self, meta_graph: Any, tensor: Any) -> None:
        value = constant_value(tensor)
        if value is None:
            raise ValueError(f"Asset filepath tensor {tensor} must be a constant.")
        path = value.item().decode()
        folder = os.path.join(self._folder, layout.ASSETS)
        paths.MakeDirs(folder)
        name = os.path.basename(path)
        paths.Copy(path, os.path.join(folder, name), overwrite=True)
        asset = meta_graph.asset_file_def.add(filename=name)
        asset.tensor_info.name = tensor.name

    def save(self, as_text: bool = False) -> bytes:
        """Writes the file with the graphs; returns its path."""
        path = os.path.join(self._folder, layout.TEXT_FILE if as_text else layout.FILE)
        write_message(self._message, path, as_text)
        return path.encode()


def _check_signatures(signatures: Mapping[str, Any]) -> None:
    for key, signature in signatures.items():
        for infos in (signature.inputs, signature.outputs):
            for name, info in infos.items():
                if not info.name and not info.HasField("coo_sparse"):
                    raise AssertionError(f"The TensorInfo {name} of signature {key} has no name.")
                if not info.dtype:
                    raise AssertionError(f"The TensorInfo {name} of signature {key} has no dtype.")


def simple_save(
    session: Any,
    export_dir: Path,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    legacy_init_op: Operation | None = None,
) -> None:
    """Writes the graph and the variables of a session into a folder, to predict with.

    Args:
      session: in which the variables have values.
      export_dir: the folder, which must not be there yet, or be empty.
      inputs: a tensor for each input's name.
      outputs: a tensor for each output's name.
      legacy_init_op: an operation that is run when the model is loaded.

    Raises:
      AssertionError: there is something in the folder. ValueError: no inputs or outputs.
    """
    signature = predict_signature_def(inputs, outputs)
    builder = SavedModelBuilder(export_dir)
    builder.add_meta_graph_and_variables(
        session,
        [SERVING],
        {DEFAULT_SERVING_SIGNATURE_DEF_KEY: signature},
        session.graph.get_collection(GraphKeys.ASSET_FILEPATHS),
        main_op=legacy_init_op,
        clear_devices=True,
    )
    builder.save()


__all__ = ["SavedModelBuilder", "simple_save"]
