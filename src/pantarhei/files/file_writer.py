"""`FileWriter`: summaries, graphs and other events written to files that TensorBoard reads.

Builds events. An event is encoded and counted at once, so that nothing waits in another
thread; the files themselves are event_file's.
"""

from __future__ import annotations

import threading
import time
import warnings
from typing import Any, ClassVar

from pantarhei.core.messages import message_class
from pantarhei.files.event_file import EventFile
from pantarhei.files.gfile.system_errors import Path
from pantarhei.files.graphs.meta_graphs import export_meta_graph
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.graph import Graph
from pantarhei.platform.logging import warning


class FileWriter:
    """Writes events to a file in a directory; also a context that closes it.

    The file is made when the first event is written. What was added is in the file after `flush`
    or `close`, and when the program ends.

    Args:
      logdir: the directory; it is made if it does not exist.
      graph: a graph to be written at once, and once more with its collections.
      max_queue: how many events are gathered at most before they are written.
      flush_secs: events that are older than that are written with the next one.
      graph_def: a `GraphDef` to be written at once; give `graph` rather.
      filename_suffix: what the names of the files end with.

    Raises:
      tf.errors.OpError: the directory cannot be made, in the class that says why.

    Example:
      >>> import tempfile, pantarhei as tf
      >>> logdir = tempfile.mkdtemp()
      >>> with tf.summary.FileWriter(logdir) as writer:
      ...     for step in range(3):
      ...         value = tf.Summary.Value(tag="loss", simple_value=1 / (1 + step))
      ...         writer.add_summary(tf.Summary(value=[value]), step)
      >>> [file] = tf.gfile.Glob(logdir + "/*")
      >>> [event.step for event in tf.train.summary_iterator(file) if event.HasField("summary")]
      [0, 1, 2]
    """

    def __init__(
        self,
        logdir: Path,
        graph: Any = None,
        max_queue: int = 10,
        flush_secs: float = 120,
        graph_def: Any = None,
        filename_suffix: str | None = None,
    ) -> None:
        self._file = EventFile(logdir, max_queue, flush_secs, filename_suffix)
        self._closed = False
        self._lock = threading.Lock()
        self._tags_with_metadata: set[str] = set()
        self._run_tags: set[str] = set()
        self._new_event = message_class("Event")
        if graph is not None or graph_def is not None:
            self.add_graph(graph, graph_def=graph_def)
            self.add_meta_graph(_meta_graph(graph_def if graph is None else graph))

    def get_logdir(self) -> str:
        """The directory that the files are in."""
        return self._file.directory

    def add_summary(self, summary: Any, global_step: Any = None) -> None:
        """Adds a summary.

        Metadata is written with the first value of each tag only: TensorBoard keeps it.

        Args:
          summary: a `tf.Summary`, or what a run gave for a summary operation.
          global_step: the step it belongs to.
        """
        event = self._new_event()
        if isinstance(summary, bytes):
            event.summary.ParseFromString(summary)
        else:
            event.summary.CopyFrom(summary)
        event.summary.SetInParent()
        with self._lock:
            for value in event.summary.value:
                if not value.HasField("metadata"):
                    continue
                if value.tag in self._tags_with_metadata:
                    value.ClearField("metadata")
                self._tags_with_metadata.add(value.tag)
        self._add(event, global_step)

    def add_event(self, event: Any) -> None:
        """Adds a `tf.Event` as it is."""
        self._warn_if_closed()
        if not self._closed:
            self._file.add(event.SerializeToString())

    def add_graph(self, graph: Any, global_step: Any = None, graph_def: Any = None) -> None:
        """Adds a graph, which TensorBoard draws.

        Args:
          graph: a `tf.Graph`.
          global_step: the step it belongs to.
          graph_def: a `GraphDef` instead; give `graph` rather.

        Raises:
          ValueError: both are given. TypeError: what is given is not a graph.
        """
        if graph is not None and graph_def is not None:
            raise ValueError("Please pass only graph, or graph_def (deprecated), but not both.")
        given = graph_def if graph is None else graph
        if isinstance(given, Graph):
            message = given.as_graph_def(add_shapes=True)
        elif hasattr(given, "node") and hasattr(given, "SerializeToString"):
            warning(
                "Passing a `GraphDef` to the SummaryWriter is deprecated. Pass a `Graph` object "
                "instead, such as `sess.graph`."
            )
            message = given
        else:
            raise TypeError(
                "The passed graph must be an instance of `Graph` or the deprecated `GraphDef`"
            )
        self._add(self._new_event(graph_def=message.SerializeToString()), global_step)

    def add_meta_graph(self, meta_graph_def: Any, global_step: Any = None) -> None:
        """Adds a `MetaGraphDef`.

        Raises:
          TypeError: it is not one.
        """
        if not isinstance(meta_graph_def, message_class("MetaGraphDef")):
            raise TypeError(
                f"meta_graph_def must be type MetaGraphDef, saw type: {type(meta_graph_def)}"
            )
        serialized = meta_graph_def.SerializeToString()
        self._add(self._new_event(meta_graph_def=serialized), global_step)

    def add_session_log(self, session_log: Any, global_step: Any = None) -> None:
        """Adds a `tf.SessionLog`: that a session began, stopped or saved."""
        event = self._new_event()
        event.session_log.CopyFrom(session_log)
        self._add(event, global_step)

    def add_run_metadata(self, run_metadata: Any, tag: str, global_step: Any = None) -> None:
        """Adds a message about one run, under a tag of its own.

        Raises:
          ValueError: the tag was used before.
        """
        if tag in self._run_tags:
            raise ValueError("The provided tag was already used for this event type")
        self._run_tags.add(tag)
        event = self._new_event()
        event.tagged_run_metadata.tag = tag
        event.tagged_run_metadata.run_metadata = run_metadata.SerializeToString()
        self._add(event, global_step)

    def _add(self, event: Any, step: Any) -> None:
        event.wall_time = time.time()
        if step is not None:
            event.step = int(step)
        self.add_event(event)

    def flush(self) -> None:
        """Writes all events that were added.

        Raises:
          tf.errors.OpError: they cannot be written; they are kept, and the next flush tries again.
        """
        self._warn_if_closed()
        self._file.flush()

    def close(self) -> None:
        """Writes all events and closes the file."""
        self._file.close()
        self._closed = True

    def reopen(self) -> None:
        """After `close`: takes events again, for a new file in the same directory."""
        self._closed = False

    def _warn_if_closed(self) -> None:
        if self._closed:
            warnings.warn(
                "Attempting to use a closed FileWriter. The operation will be a noop unless the "
                "FileWriter is explicitly reopened.",
                stacklevel=3,
            )

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _meta_graph(graph: Any) -> Any:
    if isinstance(graph, Graph):
        return export_meta_graph(graph=graph)
    return export_meta_graph(graph_def=graph, collection_list=())


class FileWriterCache:
    """One writer for each directory, shared by all that ask for it."""

    _cache: ClassVar[dict[str, FileWriter]] = {}
    _lock = threading.RLock()

    @staticmethod
    def get(logdir: str) -> FileWriter:
        """The writer of a directory; a new one writes the default graph first.

        Example:
          >>> import tempfile, pantarhei as tf
          >>> logdir = tempfile.mkdtemp()
          >>> writer = tf.summary.FileWriterCache.get(logdir)
          >>> writer is tf.summary.FileWriterCache.get(logdir)
          True
          >>> tf.summary.FileWriterCache.clear()
        """
        with FileWriterCache._lock:
            if logdir not in FileWriterCache._cache:
                FileWriterCache._cache[logdir] = FileWriter(logdir, get_default_graph())
            return FileWriterCache._cache[logdir]

    @staticmethod
    def clear() -> None:
        """Closes all writers and empties the cache."""
        with FileWriterCache._lock:
            for writer in FileWriterCache._cache.values():
                writer.close()
            FileWriterCache._cache.clear()
