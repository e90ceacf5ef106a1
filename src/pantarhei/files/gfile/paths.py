"""`tf.gfile`'s functions on paths: asking, listing, creating, copying, deleting, matching.

The local file system through Python's own functions, with TensorFlow's results where they differ.
Independent of open files.
"""

import fnmatch
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pantarhei.core import errors
from pantarhei.core.text import path_to_str
from pantarhei.files.gfile.system_errors import Path, system_errors, text


@dataclass(frozen=True)
class FileStatistics:
    """The result of `Stat` for a path.

    Attributes:
        length: Size in bytes.
        mtime_nsec: Time of the last change, in nanoseconds since 1970.
        is_directory: Whether the path is a directory.
    """

    length: int
    mtime_nsec: int
    is_directory: bool


def Exists(filename: Path) -> bool:
    """Return whether a path exists, as a file or as a directory.

    >>> import pantarhei as tf
    >>> tf.gfile.Exists("nowhere")
    False
    """
    return os.path.exists(text(filename))


def IsDirectory(dirname: Path) -> bool:
    """Return whether a path is a directory; one that does not exist is none.

    >>> import pantarhei as tf
    >>> tf.gfile.IsDirectory(".")
    True
    """
    return os.path.isdir(text(dirname))


def ListDirectory(dirname: Path) -> list[str]:
    """Return the names in a directory, without "." and "..", in any order.

    Raises:
        tf.errors.NotFoundError: If there is no such directory.

    >>> import pantarhei as tf
    >>> tf.gfile.MakeDirs("list/first")
    >>> tf.gfile.ListDirectory("list")
    ['first']
    """
    path = text(dirname)
    if not os.path.isdir(path):
        words = f"Could not find directory {path_to_str(dirname)}"
        raise errors.NotFoundError(None, None, words)
    with system_errors(path):
        return os.listdir(path)


def MkDir(dirname: Path) -> None:
    """Create a directory whose parent exists. If the path exists, nothing happens.

    Raises:
        tf.errors.NotFoundError: If the parent does not exist.

    >>> import pantarhei as tf
    >>> tf.gfile.MkDir("logs")
    >>> tf.gfile.IsDirectory("logs")
    True
    """
    path = text(dirname)
    if path and not os.path.exists(path):
        with system_errors(path):
            os.mkdir(path)


def MakeDirs(dirname: Path) -> None:
    """Create a directory and its parents. If the path exists, nothing happens.

    Raises:
        tf.errors.FailedPreconditionError: If a parent is a file.

    >>> import pantarhei as tf
    >>> tf.gfile.MakeDirs("runs/2/summaries")
    >>> tf.gfile.IsDirectory("runs/2/summaries")
    True
    """
    path = text(dirname)
    if path and not os.path.exists(path):
        with system_errors(path):
            os.makedirs(path, exist_ok=True)


def Remove(filename: Path) -> None:
    """Delete a file.

    Raises:
        tf.errors.NotFoundError: If there is no such file.
        tf.errors.FailedPreconditionError: If the path is a directory.

    >>> import pantarhei as tf
    >>> with tf.gfile.GFile("old.txt", "w") as f:
    ...     f.write("old")
    >>> tf.gfile.Remove("old.txt")
    >>> tf.gfile.Exists("old.txt")
    False
    """
    path = text(filename)
    with system_errors(path):
        os.remove(path)


def DeleteRecursively(dirname: Path) -> None:
    """Delete a directory and all that is in it.

    Raises:
        tf.errors.NotFoundError: If there is no such directory.
        tf.errors.FailedPreconditionError: If the path is a file.

    >>> import pantarhei as tf
    >>> tf.gfile.MakeDirs("cache/images")
    >>> tf.gfile.DeleteRecursively("cache")
    >>> tf.gfile.Exists("cache")
    False
    """
    path = text(dirname)
    if not os.path.exists(path):
        raise errors.NotFoundError(None, None, f"{path} not found")
    with system_errors(path):
        shutil.rmtree(path)


def _refuse_occupied(path: str, overwrite: bool) -> None:
    if not overwrite and os.path.exists(path):
        raise errors.AlreadyExistsError(None, None, "file already exists")


def Copy(oldpath: Path, newpath: Path, overwrite: bool = False) -> None:
    """Copy the contents of a file.

    Args:
        oldpath: The file to read.
        newpath: The file to write; not a directory.
        overwrite: Whether `newpath` may exist.

    Raises:
        tf.errors.NotFoundError: If `oldpath`, or the directory of `newpath`, does not exist.
        tf.errors.AlreadyExistsError: If `newpath` exists and `overwrite` is false.
        tf.errors.InvalidArgumentError: If `oldpath` is a directory.
        tf.errors.FailedPreconditionError: If `newpath` is a directory.

    >>> import pantarhei as tf
    >>> with tf.gfile.GFile("a.txt", "w") as f:
    ...     f.write("text")
    >>> tf.gfile.Copy("a.txt", "b.txt", overwrite=True)
    >>> tf.gfile.GFile("b.txt").read()
    'text'
    """
    source, target = text(oldpath), text(newpath)
    _refuse_occupied(target, overwrite)
    if os.path.isdir(source):
        words = f"{target}; Invalid argument: cannot copy '{source}', it is a directory"
        raise errors.InvalidArgumentError(None, None, words)
    with system_errors(target if os.path.exists(source) else source):
        shutil.copyfile(source, target)


def Rename(oldname: Path, newname: Path, overwrite: bool = False) -> None:
    """Rename or move a file or a directory.

    Args:
        oldname: The path as it is.
        newname: The path to be.
        overwrite: Whether `newname` may exist.

    Raises:
        tf.errors.NotFoundError: If `oldname`, or the directory of `newname`, does not exist.
        tf.errors.AlreadyExistsError: If `newname` exists and `overwrite` is false.
        tf.errors.FailedPreconditionError: If one is a file and the other a directory, or
            `newname` is a directory with something in it.

    >>> import pantarhei as tf
    >>> with tf.gfile.GFile("draft.txt", "w") as f:
    ...     f.write("text")
    >>> tf.gfile.Rename("draft.txt", "final.txt", overwrite=True)
    >>> tf.gfile.Exists("draft.txt"), tf.gfile.Exists("final.txt")
    (False, True)
    """
    source, target = text(oldname), text(newname)
    _refuse_occupied(target, overwrite)
    with system_errors(source):
        os.replace(source, target)


def Stat(filename: Path) -> FileStatistics:
    """Return a path's size, time of change, and whether it is a directory.

    Raises:
        tf.errors.NotFoundError: If there is no such path.

    >>> import pantarhei as tf
    >>> with tf.gfile.GFile("five.txt", "w") as f:
    ...     f.write("12345")
    >>> tf.gfile.Stat("five.txt").length
    5
    """
    path = text(filename)
    with system_errors(path):
        status = os.stat(path)
    return FileStatistics(status.st_size, status.st_mtime_ns, os.path.isdir(path))


def Walk(top: Path, in_order: bool = True) -> Iterator[tuple[str, list[str], list[str]]]:
    """Go through a directory and all directories in it; errors on the way are passed over.

    Args:
        top: The directory to start from.
        in_order: Whether a directory comes before those in it, or after them.

    Returns:
        An iterator over (path of a directory, names of its directories, names of its files).

    >>> import pantarhei as tf
    >>> tf.gfile.MakeDirs("data/train")
    >>> list(tf.gfile.Walk("data"))
    [('data', ['train'], []), ('data/train', [], [])]
    """
    return os.walk(text(top), topdown=in_order, followlinks=True)


def Glob(filename: str | Iterable[str]) -> list[str]:
    r"""Return the paths that match a pattern, sorted.

    `*` matches any text but "/", hidden names included, `?` one character, `[abc]`, `[a-c]` and
    `[!abc]` one character of a set or one that is not in it; a backslash takes a character's
    meaning away. A relative pattern gives paths that start with "./" if it has no directory.

    Args:
        filename: A pattern or several; the paths of several come one pattern after the other.

    Raises:
        tf.errors.NotFoundError: If the directory before the first sign does not exist.

    >>> import pantarhei as tf
    >>> for name in ["1.txt", "2.txt", "3.csv"]:
    ...     with tf.gfile.GFile(name, "w") as f:
    ...         f.write(name)
    >>> tf.gfile.Glob("[12].*")
    ['./1.txt', './2.txt']
    """
    if isinstance(filename, str | os.PathLike):
        return _matching_paths(text(filename))
    return [path for pattern in filename for path in _matching_paths(text(pattern))]


def _matching_paths(pattern: str) -> list[str]:
    if not pattern:
        return []
    # Directories are searched from the last one before the pattern's first sign.
    plain = re.split(r"[*?\[\\]", pattern, maxsplit=1)[0]
    top = os.path.dirname(plain)
    names = pattern[len(top) :].lstrip("/").split("/")
    paths = [top or "."]
    for depth, name in enumerate(names):
        matches = _name_pattern(name).match
        paths = [
            os.path.join(directory, entry)
            for directory in paths
            if depth == 0 or os.path.isdir(directory)
            for entry in _entries(directory)
            if matches(entry)
        ]
    return sorted(paths)


def _entries(directory: str) -> list[str]:
    with system_errors(directory):
        return os.listdir(directory)


def _name_pattern(name: str) -> re.Pattern[str]:
    """The regular expression of one name between slashes, from C's signs by way of Python's."""
    name = re.sub(r"\\(.)", lambda escaped: f"[{escaped[1]}]", name).replace("[^", "[!")
    return re.compile(fnmatch.translate(name))
