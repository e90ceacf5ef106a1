"""Event files: their names, their first event, and how events reach the disk.

Events are gathered and written together: after so many of them, after so many seconds, and when the
program ends. A file never ends in half an event, even when the disk is full: what could not be
written is cut off, kept and tried again. Independent of what events contain, except the first one.
"""

from __future__ import annotations

import atexit
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from pantarhei.core import errors
from pantarhei.core.messages import message_class
from pantarhei.files.gfile.paths import MakeDirs
from pantarhei.files.gfile.system_errors import Path, system_errors
from pantarhei.files.gfile.system_errors import text as path_text
from pantarhei.files.python_io import tf_record_iterator
from pantarhei.files.records import framed
from pantarhei.platform.logging import error as error_log

# What every event file says first.
FILE_VERSION = "brain.Event:2"


class EventFile:
    """Serialized events on their way into a file of a directory.

    Args:
      directory: where the file is made; the directory is made if it does not exist.
      most_pending: how many events are gathered at most.
      seconds: events that have waited longer are written with the next one.
      suffix: what the file's name ends with; if there is one, the file is made at once.

    Raises:
      tf.errors.OpError: the directory or the file cannot be made, in the class that says why.
    """

    def __init__(
        self, directory: Path, most_pending: int, seconds: float, suffix: str | None = None
    ) -> None:
        self.directory = path_text(directory)
        MakeDirs(self.directory)
        self.path: str | None = None
        self._most_pending = most_pending
        self._seconds = seconds
        self._suffix = suffix or ""
        self._pending: list[bytes] = []
        self._next_flush = 0.0
        self._file: Any = None
        self._lock = threading.Lock()
        self._process = os.getpid()
        if self._suffix:
            with self._lock:
                self._begin()
                self._write()

    def add(self, event: bytes) -> None:
        """Adds a serialized event; the first one is written at once."""
        now = time.time()
        with self._lock:
            self._leave_to_parent()
            if self._file is None:
                self._begin()
            self._pending.append(framed(event))
            if len(self._pending) >= self._most_pending or now >= self._next_flush:
                self._write()
                self._next_flush = now + self._seconds

    def flush(self) -> None:
        """Writes all events that were added."""
        with self._lock:
            self._leave_to_parent()
            self._write()

    def close(self) -> None:
        """Writes all events and closes the file; what is added later goes into a new one."""
        with self._lock:
            self._leave_to_parent()
            if self._file is not None:
                self._write()
                self._file.close()
                self._file = None
                self._next_flush = 0.0
                _OPEN.discard(self)

    def _begin(self) -> None:
        """Makes a file of which there is none yet, with the event of the version."""
        now = int(time.time())
        while True:
            # Two files of one second: the later one gets a later name, and none is overwritten.
            name = f"events.out.tfevents.{now:010d}.{socket.gethostname()}{self._suffix}"
            path = os.path.join(self.directory, name)
            try:
                with system_errors(path):
                    self._file = open(path, "xb", buffering=0)  # noqa: SIM115  # closed by `close`
                break
            except errors.AlreadyExistsError:
                now += 1
        self.path = path
        _OPEN.add(self)
        version = message_class("Event")(wall_time=float(now), file_version=FILE_VERSION)
        self._pending.insert(0, framed(version.SerializeToString()))

    def _write(self) -> None:
        """Writes the pending events: all of them, or none where the system refuses."""
        if not self._pending or self._file is None:
            return
        data = memoryview(b"".join(self._pending))
        start = self._file.tell()
        with system_errors(self.path or ""):
            try:
                while data:
                    data = data[self._file.write(data) :]
            except BaseException:
                self._file.truncate(start)
                self._file.seek(start)
                raise
        self._pending.clear()

    def _leave_to_parent(self) -> None:
        """In a forked process: the file and the pending events are the parent's."""
        if self._process != os.getpid():
            self._process = os.getpid()
            self._file = None
            self._pending.clear()


# They are kept until they are closed: a writer that is forgotten loses nothing.
_OPEN: set[EventFile] = set()


@atexit.register
def _flush_all() -> None:
    for file in list(_OPEN):
        try:
            file.flush()
        except errors.OpError as error:
            error_log("The last events of a run could not be written: %s", error.message)


def summary_iterator(path: Path) -> Iterator[Any]:
    """The events of a file, as `tf.Event` messages.

    Args:
      path: an event file.

    Raises:
      tf.errors.NotFoundError: there is no such file.
      tf.errors.DataLossError: it is damaged or cut off; the text says at which offset.

    Example: see `tf.summary.FileWriter`.
    """
    event_class = message_class("Event")
    for record in tf_record_iterator(path):
        yield event_class.FromString(record)
