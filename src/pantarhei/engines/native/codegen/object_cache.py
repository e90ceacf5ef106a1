"""Machine code kept on disk between processes: one file for each piece, named by what decides it.

A key says everything on which the code depends, so nothing ever has to be invalidated. A file is
believed only if its checksum fits and nobody else can have written it; otherwise the piece is made
again. Files are written beside their place and renamed, so that processes may share the folder.
This module holds bytes; the compiler (jit.py) gives them their meaning.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import stat
import sys
import time
import warnings

HEAD = b"pantarhei machine code 1\n"
LARGEST_FILE = 1 << 24

# When there is more than this the pieces unused for longest go, until a quarter is free again.
FILES_KEPT = 4096
BYTES_KEPT = 1 << 26
# How many pieces are written before the folder is looked through again.
WRITTEN_BETWEEN = 256
# A piece in use is marked as such when its mark is older than this many seconds.
DAY = 86400


def chosen_folder() -> str | None:
    """Where this user's machine code is kept; None where `PANTARHEI_CACHE` is `off`."""
    named = os.environ.get("PANTARHEI_CACHE", "")
    if named == "off":
        return None
    return os.path.join(os.path.abspath(named) if named else _user_cache(), "kernels")


def _user_cache() -> str:
    """The package's part of the user's cache folder, by the rules of the platform."""
    base = ""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform != "darwin":
        base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        ours = {"win32": "AppData/Local", "darwin": "Library/Caches"}.get(sys.platform, ".cache")
        base = os.path.join(os.path.expanduser("~"), *ours.split("/"))
    return os.path.join(base, "pantarhei")


class ObjectCache:
    """Pieces of machine code by key, in a folder that only this user can write.

    Nothing here raises. Where the folder cannot be used one warning says so, once for each object.

    Args:
      folder: is made when it is first needed; None keeps nothing.
    """

    def __init__(self, folder: str | None) -> None:
        self.folder = folder
        self._usable: bool | None = None if folder else False
        self._writable = True
        self._written = 0
        self._temporary = itertools.count()

    def read(self, key: str) -> bytes | None:
        """What was written under the key; None if that is missing or cannot be trusted."""
        if not self._open_folder():
            return None
        name = _digest(key)
        path = self._path(name)
        try:
            # What is no plain file must neither be followed nor waited for.
            flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
            descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
            with open(descriptor, "rb") as file:
                facts = os.fstat(descriptor)
                right = stat.S_ISREG(facts.st_mode) and facts.st_size <= LARGEST_FILE
                if not right or not _only_ours(facts):
                    return None
                content = file.read()
        except OSError:
            return None
        data = content[len(HEAD) + 32 :]
        if content[: len(HEAD) + 32] != _head(name, data):
            return None
        if facts.st_mtime < time.time() - DAY:
            with contextlib.suppress(OSError):
                os.utime(path)
        return data

    def write(self, key: str, data: bytes) -> None:
        """Keeps a piece; in vain where the folder does not allow it."""
        if not self._writable or not self._open_folder():
            return
        name = _digest(key)
        temporary = self._path(f"new-{os.getpid()}-{next(self._temporary)}")
        try:
            # Left by a process of the same number that was killed.
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            with open(os.open(temporary, flags, 0o600), "wb") as file:
                file.write(_head(name, data) + data)
            try:
                os.replace(temporary, self._path(name))
            except PermissionError:
                if sys.platform != "win32":
                    raise
                os.unlink(temporary)  # another process has the piece open, which is as good
        except OSError as error:
            self._writable = False
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            self._warn(f"cannot be written ({error.strerror or error})")
            return
        if self._written % WRITTEN_BETWEEN == 0:
            self._make_room()
        self._written += 1

    def _path(self, name: str) -> str:
        assert self.folder is not None
        return os.path.join(self.folder, name)

    def _open_folder(self) -> bool:
        """Whether the folder is there and ours; looked at once."""
        if self._usable is None:
            assert self.folder is not None
            self._usable = False
            if not os.path.isabs(self.folder):
                self._warn("cannot be made (this user has no home folder)")
                return False
            try:
                os.makedirs(self.folder, mode=0o700, exist_ok=True)
                facts = os.stat(self.folder)
            except OSError as error:
                self._warn(f"cannot be made ({error.strerror or error})")
                return False
            self._usable = _only_ours(facts)
            if not self._usable:
                self._warn("can be written by other users")
        return self._usable

    def _make_room(self) -> None:
        """Removes what was unused for longest, where there is too much."""
        pieces = []
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    facts = entry.stat(follow_symlinks=False)
                    pieces.append((facts.st_mtime, facts.st_size, entry.path))
        pieces.sort(reverse=True)
        files, size = len(pieces), sum(piece[1] for piece in pieces)
        if files <= FILES_KEPT and size <= BYTES_KEPT:
            return
        while pieces and (files > FILES_KEPT * 3 // 4 or size > BYTES_KEPT * 3 // 4):
            _, length, path = pieces.pop()
            files, size = files - 1, size - length
            with contextlib.suppress(OSError):
                os.unlink(path)

    def _warn(self, why: str) -> None:
        warnings.warn(
            f"Machine code is not kept: the folder {self.folder} {why}. Programs run as fast, but "
            "every process compiles anew. Set PANTARHEI_CACHE to a folder of your own, or to "
            '"off".',
            RuntimeWarning,
            stacklevel=2,
        )


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _head(name: str, data: bytes) -> bytes:
    """What a file starts with: a checksum of its name and content follows the mark."""
    return HEAD + hashlib.sha256(name.encode() + data).digest()


def _only_ours(facts: os.stat_result) -> bool:
    """Whether nobody but this user can have written it, as far as the platform shows."""
    if not hasattr(os, "geteuid"):
        return True
    return facts.st_uid == os.geteuid() and not facts.st_mode & 0o022
