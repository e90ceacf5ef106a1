"""`tf.train.Saver`: saves a session's variables, restores them, keeps the last few checkpoints.

It holds the names of the nodes that read and write (see `operations`); the session runs these.
"""

from __future__ import annotations

import math
import numbers
import os
from collections.abc import Sequence
from typing import Any

from pantarhei.core import errors
from pantarhei.core.messages import message_class
from pantarhei.files.checkpoints import checkpoint_state, durable
from pantarhei.files.checkpoints.any_reader import exists, open_checkpoint
from pantarhei.files.checkpoints.partial_restore import RestoreReport, restore_what_fits
from pantarhei.files.checkpoints.retention import Retention
from pantarhei.files.checkpoints.saveables import saveables
from pantarhei.files.checkpoints.saver_nodes import V2, SaverNodes, make_nodes
from pantarhei.files.gfile.system_errors import Path
from pantarhei.files.gfile.system_errors import text as path_text
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import HOOKS
from pantarhei.graph.scopes import get_collection
from pantarhei.optimizers.global_step import global_step as value_of_step
from pantarhei.platform import logging
from pantarhei.runtime.base_session import BaseSession
from pantarhei.variables.collections import global_variables

_FIELDS = tuple(SaverNodes.__dataclass_fields__)


class Saver:
    """Saves variables into checkpoints, and restores them.

    Making one adds the nodes for it to the graph. A checkpoint is a few files with a common prefix,
    `<prefix>.index` and `<prefix>.data-00000-of-00001`, which TensorFlow reads and writes too. It
    comes into being all at once: a process that is killed while saving leaves the one before
    intact.

    Args:
      var_list: variables, as a list, or as a dict by the names they are to have in the checkpoint;
        all variables of the graph that are not local by default.
      reshape: whether values are brought to the variables' shapes when they are restored.
      sharded: whether the variables of each device go into a file of their own.
      max_to_keep: how many checkpoints are kept; None or 0 for all.
      keep_checkpoint_every_n_hours: beside these, one is kept for good each time so many hours are
        over.
      name: name of the scope of the nodes; `save` by default.
      restore_sequentially: kept with the saver; reading always goes on one after the other.
      saver_def: names of nodes that are there already (a `tf.train.SaverDef`), in place of new
        ones.
      builder: not taken here: nodes are always made in the same way.
      defer_build: whether the nodes are made by `build`, not now.
      allow_empty: whether there may be nothing to save.
      write_version: 2, the version of the format.
      pad_step_number: whether step numbers are written with eight digits.
      save_relative_paths: whether the folder's `checkpoint` file names checkpoints relative to it.
      filename: where nodes save to if they are run without a saver.
      keep_best: `(metric, n)`: beside these, the n checkpoints are kept that had the smallest
        values of the metric when they were saved: a tensor or variable, or a function of the
        session.

    Raises:
      TypeError: something to save is no variable. ValueError: there is nothing to save, a name
      comes twice, or an argument is not supported.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> v = tf.Variable([1.0, 2.0], name="v")
      >>> saver = tf.train.Saver()
      >>> with tf.Session() as session:
      ...     session.run(v.initializer)
      ...     saver.save(session, "model", global_step=10)
      'model-10'
      >>> with tf.Session() as session:
      ...     saver.restore(session, "model-10")
      ...     session.run(v)
      array([1., 2.], dtype=float32)
    """

    def __init__(
        self,
        var_list: Any = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        saver_def: Any = None,
        builder: Any = None,
        defer_build: bool = False,
        allow_empty: bool = False,
        write_version: Any = V2,
        pad_step_number: bool = False,
        save_relative_paths: bool = False,
        filename: str | None = None,
        keep_best: tuple[Any, int] | None = None,
    ) -> None:
        if defer_build and var_list:
            raise ValueError(
                "If `var_list` is provided then build cannot be deferred. Either set "
                "defer_build=False or var_list=None."
            )
        if builder is not None:
            raise ValueError("builder: savers of other makes are not supported")
        if write_version != V2:
            raise ValueError(
                f"write_version: checkpoints are written in version {V2} of the format only, not "
                f"in version {write_version}"
            )
        self._var_list = var_list
        self._reshape = reshape
        self._sharded = sharded
        self._restore_sequentially = restore_sequentially
        self._allow_empty = allow_empty
        self._pad_step_number = pad_step_number
        self._save_relative_paths = save_relative_paths
        self._name = name
        self._filename = filename
        self._is_empty = False
        self._is_built = False
        self._nodes = SaverNodes(
            max_to_keep=max_to_keep or 0,
            sharded=sharded,
            keep_checkpoint_every_n_hours=keep_checkpoint_every_n_hours,
        )
        self._given = saver_def
        self._metric: Any = None
        best = 0
        if keep_best is not None:
            self._metric, best = keep_best
        self._retention = Retention(max_to_keep or 0, keep_checkpoint_every_n_hours, best)
        if not defer_build:
            self.build()

    def build(self) -> None:
        """Makes the nodes, if that was deferred."""
        if self._is_built:
            return
        self._is_built = True
        if self._given is not None:
            self._take_over(self._given)
        else:
            if self._var_list is None:
                extra = get_collection(GraphKeys.SAVEABLE_OBJECTS)
                self._var_list = global_variables() + extra
            if not self._var_list:
                if not self._allow_empty:
                    raise ValueError("No variables to save")
                self._is_empty = True
                return
            (
                self._nodes.filename_tensor_name,
                self._nodes.save_tensor_name,
                self._nodes.restore_op_name,
            ) = make_nodes(
                saveables(self._var_list), self._name, self._filename, self._sharded, self._reshape
            )
        self._retention.start()

    def _take_over(self, given: Any) -> None:
        """Uses the nodes that `given` names, inside the scope of this saver's name."""
        self._nodes = SaverNodes(**{each: getattr(given, each) for each in _FIELDS})
        self._sharded = self._nodes.sharded
        self._retention.max_to_keep = self._nodes.max_to_keep
        self._retention.hours = self._nodes.keep_checkpoint_every_n_hours
        for each in ("filename_tensor_name", "save_tensor_name", "restore_op_name"):
            value = getattr(self._nodes, each)
            if not value and each != "filename_tensor_name":
                raise ValueError(f"saver_def must specify the {each}: {given}")
            if self._name:
                setattr(self._nodes, each, f"{self._name.rstrip('/')}/{value}")

    # --- as a message ---------------------------------------------------------------------------

    @property
    def saver_def(self) -> Any:
        """The names of its nodes and what it keeps, as a `tf.train.SaverDef`."""
        return self.as_saver_def()

    def as_saver_def(self) -> Any:
        """The same as `saver_def`.

        Raises:
          ImportError: tensorboard, which brings the message, is not installed.
        """
        return message_class("SaverDef")(**{each: getattr(self._nodes, each) for each in _FIELDS})

    def to_proto(self, export_scope: str | None = None) -> Any:
        """The message; with a scope, names without it, or None if the nodes are elsewhere."""
        message = self.as_saver_def()
        if export_scope is None:
            return message
        scope = export_scope.rstrip("/") + "/"
        for each in ("filename_tensor_name", "save_tensor_name", "restore_op_name"):
            value = getattr(message, each)
            if not value.startswith(scope):
                return None
            setattr(message, each, value.removeprefix(scope))
        return message

    def export_meta_graph(
        self,
        filename: Path | None = None,
        collection_list: Sequence[str] | None = None,
        as_text: bool = False,
        export_scope: str | None = None,
        clear_devices: bool = False,
        clear_extraneous_savers: bool = False,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> Any:
        """The default graph and this saver as a message; see `tf.train.export_meta_graph`."""
        return HOOKS["export_meta_graph"](
            filename,
            saver_def=self.as_saver_def(),
            collection_list=collection_list,
            as_text=as_text,
            export_scope=export_scope,
            clear_devices=clear_devices,
            clear_extraneous_savers=clear_extraneous_savers,
            strip_default_attrs=strip_default_attrs,
            save_debug_info=save_debug_info,
        )

    @staticmethod
    def from_proto(saver_def: Any, import_scope: str | None = None) -> Saver:
        """A saver that uses the nodes that a message names."""
        return Saver(saver_def=saver_def, name=import_scope)

    # --- which checkpoints there are --------------------------------------------------------------

    @property
    def last_checkpoints(self) -> list[str]:
        """The checkpoints that it has made and not deleted yet, the oldest first."""
        return [prefix for prefix, _ in self._retention.last]

    def set_last_checkpoints(self, last_checkpoints: Sequence[str]) -> None:
        """Sets which checkpoints there are, the oldest first; their times are not known."""
        assert isinstance(last_checkpoints, list)
        self._retention.last = [(prefix, math.inf) for prefix in last_checkpoints]

    def set_last_checkpoints_with_time(
        self, last_checkpoints_with_time: Sequence[tuple[str, float]]
    ) -> None:
        """Sets which checkpoints there are, with their times, the oldest first."""
        assert isinstance(last_checkpoints_with_time, list)
        self._retention.last = last_checkpoints_with_time

    def recover_last_checkpoints(self, checkpoint_paths: Sequence[str]) -> None:
        """Takes over the checkpoints that are there, for instance after a crash.

        Args:
          checkpoint_paths: prefixes, the oldest first; those without files are left out.
        """
        times = [
            (path, checkpoint_state.get_checkpoint_mtimes([path])) for path in checkpoint_paths
        ]
        self._retention.last = [(path, found[0]) for path, found in times if found]

    @property
    def best_checkpoints(self) -> list[str]:
        """With `keep_best`, the checkpoints with the smallest values of the metric, in order."""
        return self._retention.best_names()

    def _delete_old(self, meta_graph_suffix: str) -> None:
        for prefix in self._retention.surplus():
            try:
                checkpoint_state.remove_checkpoint(prefix, self._nodes.version, meta_graph_suffix)
            except errors.OpError as error:
                logging.warning("Ignoring: %s", error)
            else:
                kept = self._nodes.max_to_keep
                logging.info("Deleted checkpoint %s: max_to_keep is %d", prefix, kept)

    def _score(self, sess: Any) -> float | None:
        if self._metric is None:
            return None
        value = self._metric(sess) if callable(self._metric) else sess.run(self._metric)
        return float(value)

    # --- saving and restoring ---------------------------------------------------------------------

    def save(
        self,
        sess: Any,
        save_path: Path,
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> str | None:
        """Saves the variables.

        Args:
          sess: a session in which they have values.
          save_path: prefix of the checkpoint's files.
          global_step: a number, tensor or variable that is appended to the prefix.
          latest_filename: the file of the folder that names the latest checkpoint; `checkpoint`.
          meta_graph_suffix: the ending of the file with the graph.
          write_meta_graph: whether the graph is written too (if `tensorboard` is installed).
          write_state: whether the folder's file is updated, and old checkpoints are deleted.
          strip_default_attrs: whether attributes with default values are left out of the graph.
          save_debug_info: not taken here.

        Returns:
          The prefix of the checkpoint; None if there is nothing to save.

        Raises:
          TypeError: `sess` is no session. ValueError: the folder is not there, names collide.
          tf.errors.FailedPreconditionError: a variable has no value.
          tf.errors.ResourceExhaustedError: the disk is full. Then the checkpoints before are as
          they were.
        """
        if not self._is_built:
            raise RuntimeError("`build()` should be called before save if defer_build==True")
        if save_debug_info:
            raise ValueError("save_debug_info: there is no such information here")
        latest_filename = latest_filename or "checkpoint"
        if os.path.split(latest_filename)[0]:
            raise ValueError("'latest_filename' must not contain path components")
        path = path_text(save_path)
        target = self._numbered(sess, path, global_step)
        if target == path and os.path.basename(path) == latest_filename and not self._sharded:
            raise ValueError(
                f"'latest_filename' collides with 'save_path': '{latest_filename}' and '{path}'"
            )
        if not isinstance(sess, BaseSession):
            raise TypeError(f"'sess' must be a Session; {sess}")
        result = None
        if not self._is_empty:
            result = self._saved(sess, path, target)
            if write_state:
                self._retention.record(result, self._score(sess))
                checkpoint_state.write_state(
                    os.path.dirname(path),
                    result,
                    self.last_checkpoints,
                    latest_filename,
                    self._save_relative_paths,
                )
                self._delete_old(meta_graph_suffix)
        write = HOOKS.get("meta_graph")
        if write_meta_graph and write is not None:
            write(
                checkpoint_state.meta_graph_path(target, meta_graph_suffix),
                sess.graph,
                self,
                strip_default_attrs,
            )
        return result

    def _numbered(self, sess: Any, path: str, global_step: Any) -> str:
        if global_step is None:
            return path
        if not isinstance(global_step, numbers.Integral):
            global_step = value_of_step(sess, global_step)
        return f"{path}-{global_step:08d}" if self._pad_step_number else f"{path}-{global_step:d}"

    def _saved(self, sess: BaseSession, path: str, target: str) -> str:
        feeds = {self._nodes.filename_tensor_name: target}
        try:
            prefix = sess.run(self._nodes.save_tensor_name, feeds)
        except (errors.FailedPreconditionError, errors.NotFoundError):
            parent = os.path.dirname(path)
            if parent and not os.path.isdir(parent):
                raise ValueError(f"Parent directory of {path} doesn't exist, can't save.") from None
            raise
        finally:
            if self._sharded:  # what a failure has left of the parts
                durable.remove_parts(target)
        return str(prefix.decode())

    def restore(
        self, sess: Any, save_path: Path | None, partial: bool = False
    ) -> RestoreReport | None:
        """Gives the variables the values that they had when a checkpoint was saved.

        Random operations that the session has not run yet go on from where they were, so that a run
        that was broken off continues with the same numbers.

        Args:
          sess: a session; the variables need no values yet.
          save_path: what `save` returned, or `tf.train.latest_checkpoint`.
          partial: whether only what fits is restored, and the rest is reported.

        Returns:
          A `RestoreReport` if `partial`, else None.

        Raises:
          ValueError: there is no such checkpoint. tf.errors.NotFoundError: it lacks a variable.
          tf.errors.InvalidArgumentError: a shape or dtype is another one. tf.errors.DataLossError:
          its files have been altered or cut off. Then the variables are as they were.

        Example:
          >>> import pantarhei as tf
          >>> tf.reset_default_graph()
          >>> v, w = tf.Variable([1.0], name="v"), tf.Variable([2.0], name="w")
          >>> session = tf.Session()
          >>> session.run(tf.global_variables_initializer())
          >>> path = tf.train.Saver([v]).save(session, "model")
          >>> print(tf.train.Saver().restore(session, path, partial=True))
          restored 1, missing 1, unused 0, wrong 0
            missing w
        """
        if self._is_empty:
            return None
        if save_path is None:
            raise ValueError("Can't load save_path when it is None.")
        prefix = path_text(save_path)
        if not exists(prefix):
            raise ValueError(f"The passed save_path is not a valid checkpoint: {prefix}")
        logging.info("Restoring parameters from %s", prefix)
        report = None
        if partial:
            restore = sess.graph.get_operation_by_name(self._nodes.restore_op_name)
            report = restore_what_fits(sess, restore, prefix)
        else:
            self._restore_all(sess, prefix)
        if isinstance(sess, BaseSession):
            with open_checkpoint(prefix) as reader:
                sess._store.adopt_random_states(reader.header.random_states)
        return report

    def _restore_all(self, sess: Any, prefix: str) -> None:
        try:
            sess.run(self._nodes.restore_op_name, {self._nodes.filename_tensor_name: prefix})
        except errors.NotFoundError as error:
            raise _explained(error, "a Variable name or other graph key that is missing") from None
        except errors.InvalidArgumentError as error:
            raise _explained(error, "a mismatch between the current graph and the graph") from None


def _explained(error: errors.OpError, cause: str) -> errors.OpError:
    message = (
        f"Restoring from checkpoint failed. This is most likely due to {cause} from the "
        "checkpoint. Please ensure that you have not altered the graph expected based on the "
        f"checkpoint. Original error:\n\n{error.message}"
    )
    kind: Any = type(error)
    result: errors.OpError = kind(None, error.op, message, cause=error.cause, cure=error.cure)
    return result
