"""Files that survive a crash: written beside, flushed to the disk, and only then put in place.

The files of one checkpoint (data and index) replace those of an older one of the same
name, so that at every moment one of the two is whole. Independent of what the files hold. What
the system refuses is raised in the classes of `tf.errors`.
"""

from __future__ import annotations

import glob
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from pantarhei.files.gfile.system_errors import system_errors

try:
    import fcntl
except ImportError:  # not a POSIX system: there, two processes must not save under one name
    fcntl = None  # type: ignore[assignment]

# Ends of the names of files that are being written, and of those that are whole and about to
# replace others. TensorFlow's own temporary names have no hyphen.
_WRITING = ".tempstate-"
_PENDING = ".tempstate-pending"
_ORPHAN = re.compile(r"\.tempstate-[0-9a-f]{16}$")

# How long a lock is waited for, in seconds; a stopped process must not stop this one too.
_PATIENCE = 30.0

# How much is written before a flush to the disk is started, while writing goes on.
_AHEAD = 32 << 20


class TemporaryFile:
    """A new file beside `path`; `flush` makes its content safe, `discard` removes it."""

    def __init__(self, path: str) -> None:
        self.final = path
        self._unasked = 0
        self._flushing: threading.Thread | None = None
        self._faults: list[OSError] = []
        self.path, self.file = _new_in_use(path)

    def write(self, data: Any) -> None:
        """Appends bytes, or the bytes of an array."""
        with system_errors(self.path):
            self.file.write(data)
        self._unasked += len(data)
        if self._unasked >= _AHEAD and (self._flushing is None or not self._flushing.is_alive()):
            self._unasked = 0
            with suppress(RuntimeError):  # no threads any more: `flush` does it all
                self._flushing = threading.Thread(target=self._flush_ahead)
                self._flushing.start()

    def _flush_ahead(self) -> None:
        try:
            os.fsync(self.file.fileno())
        except OSError as error:  # the system reports a fault only once
            self._faults.append(error)

    def _wait(self) -> None:
        if self._flushing is not None and self._flushing.ident is not None:
            self._flushing.join()

    def flush(self) -> None:
        """Returns when what has been written is on the disk."""
        self._wait()
        with system_errors(self.path):
            if self._faults:
                raise self._faults[0]
            self.file.flush()
            os.fsync(self.file.fileno())
            if fcntl is None:
                self.file.close()

    def close(self) -> None:
        """Closes the file, which may have another name by now."""
        self.file.close()

    def discard(self) -> None:
        """Closes and removes it, whatever state it is in."""
        self._wait()
        with suppress(OSError):
            self.file.close()
        with suppress(OSError):
            os.remove(self.path)


def _new_in_use(path: str) -> tuple[str, BinaryIO]:
    """A new file beside `path` and its name; a clean-up recognizes that it is in use."""
    while True:
        name = f"{path}{_WRITING}{secrets.token_hex(8)}"
        with system_errors(name):
            file = open_new(name)
        if fcntl is None:
            return name, file
        with suppress(OSError):  # a file system without locks
            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        if os.path.exists(name):
            return name, file
        file.close()  # another process has cleaned up between the two


def open_new(path: str) -> BinaryIO:
    """A new file, open for writing."""
    return open(path, "xb")


def replace(source: str, target: str) -> None:
    """Gives a file another name, at which no other file is left."""
    with system_errors(target):
        os.replace(source, target)


def folder_of(path: str) -> str:
    """The folder in which `path` lies."""
    return os.path.dirname(path) or "."


def sync_folder(folder: str) -> None:
    """Returns when the names in a folder are on the disk, where the system supports it."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def locked(folder: str) -> Iterator[None]:
    """Inside, no other process changes the names of checkpoints in `folder`."""
    handle = None
    if fcntl is not None:
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
    try:
        if handle is not None:
            _lock(handle)
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _lock(handle: int) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            time.sleep(0.005)
        except OSError:  # a file system without locks
            return


# ---------------------------------------------------------------- data and index of a checkpoint


def index_path(prefix: str) -> str:
    """The file that lists the tensors of a checkpoint."""
    return f"{prefix}.index"


def data_path(prefix: str, shard: int, shards: int) -> str:
    """A file that holds values of a checkpoint."""
    return f"{prefix}.data-{shard:05}-of-{shards:05}"


def commit(prefix: str, data: Sequence[tuple[str, str]], index: str) -> None:
    """Puts whole files in place as the checkpoint `prefix`.

    Args:
      prefix: of the checkpoint.
      data: where the files with values are, and what they are to be called.
      index: where the index is.
    """
    folder = folder_of(prefix)
    with locked(folder):
        if not finish(prefix):
            _forget(prefix)
        end = _PENDING if os.path.exists(index_path(prefix)) else ""
        for source, target in data:
            replace(source, target + end)
        sync_folder(folder)
        replace(
            index, index_path(prefix) + end
        )  # from here on it is the new checkpoint that counts
        sync_folder(folder)
        if end:
            finish(prefix)


def finish(prefix: str) -> bool:
    """Completes a replacement that has come to its new index; says whether there was one."""
    index = index_path(prefix) + _PENDING
    if not os.path.exists(index):
        return False
    for path in _pending_data(prefix):
        replace(path, path.removesuffix(_PENDING))
    sync_folder(folder_of(prefix))
    replace(index, index_path(prefix))
    sync_folder(folder_of(prefix))
    return True


def _forget(prefix: str) -> None:
    """Removes what is left of a replacement that did not come to its index."""
    for path in _pending_data(prefix):
        with suppress(OSError):
            os.remove(path)


def _pending_data(prefix: str) -> list[str]:
    return glob.glob(f"{glob.escape(prefix)}.data-*{_PENDING}")


def remove_orphans(folder: str) -> list[str]:
    """Removes what processes that were killed had begun to write; returns the paths."""
    removed: list[str] = []
    if fcntl is None or not os.path.isdir(folder):
        return removed
    for name in os.listdir(folder):
        if _ORPHAN.search(name) is None:
            continue
        path = os.path.join(folder, name)
        with suppress(OSError), open(path, "rb") as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails if it is in use
            os.remove(path)
            removed.append(path)
    return removed


def remove_parts(prefix: str) -> None:
    """Removes the folders in which parts of a checkpoint were put together."""
    for path in glob.glob(f"{glob.escape(prefix)}_temp_{'[0-9a-f]' * 32}"):
        shutil.rmtree(path, ignore_errors=True)


def write_whole(path: str, content: bytes) -> None:
    """Replaces the content of a small file, all at once."""
    file = TemporaryFile(path)
    try:
        file.write(content)
        file.flush()
        replace(file.path, path)
        file.close()
    except BaseException:
        file.discard()
        raise
    sync_folder(folder_of(path))
