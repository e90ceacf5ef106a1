"""Files that commands write: there when they are whole, and not before."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from pantarhei.commands import CommandError
from pantarhei.core import errors
from pantarhei.files.checkpoints import durable


def check_output(path: str, inputs: Sequence[str] = ()) -> None:
    """Says early, before anything is read, that a file cannot be written.

    Raises:
      CommandError: it is a folder, or one of `inputs`, or its folder cannot be written to.
    """
    folder = os.path.dirname(path) or "."
    if os.path.isdir(path):
        raise CommandError(f"cannot write {path}: it is a folder")
    if not os.path.isdir(folder):
        raise CommandError(f"cannot write {path}: there is no folder {folder}")
    if not os.access(folder, os.W_OK):
        raise CommandError(f"cannot write {path}: the folder {folder} may not be written to")
    for each in inputs:
        if os.path.exists(path) and os.path.exists(each) and os.path.samefile(path, each):
            raise CommandError(f"cannot write {path}: it is what is read")


@contextmanager
def whole_file(path: str, inputs: Sequence[str] = ()) -> Iterator[str]:
    """A path to write to, beside `path`; what is written becomes `path` at the end.

    An older file at `path` is replaced then. If the writing fails or is interrupted, nothing has
    changed.

    Args:
      path: of the file in the end.
      inputs: files that are read meanwhile, none of which may be replaced.

    Raises:
      CommandError: nothing can be written there.
    """
    check_output(path, inputs)
    try:
        file = durable.TemporaryFile(path)
    except (errors.OpError, OSError) as error:
        raise CommandError(f"cannot write {path}: {_reason(error)}") from error
    file.close()
    try:
        mode = os.stat(file.path).st_mode
        yield file.path
        os.chmod(file.path, mode)  # a library may have put a file of its own there
        os.replace(file.path, path)
    except OSError as error:
        raise CommandError(f"cannot write {path}: {_reason(error)}") from error
    finally:
        with suppress(OSError):
            os.remove(file.path)


def _reason(error: Exception) -> str:
    if isinstance(error, errors.OpError) and isinstance(error.__cause__, OSError):
        error = error.__cause__
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)
