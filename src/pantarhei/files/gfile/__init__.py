"""`tf.gfile`: files and directories, with TensorFlow's names and errors.

What the system refuses is raised in the classes of `tf.errors`, with the path and the system's
words. Paths may be text, bytes or path objects. Independent of graphs and tensors.
"""

from pantarhei.files.gfile.file import FastGFile, GFile
from pantarhei.files.gfile.paths import (
    Copy,
    DeleteRecursively,
    Exists,
    FileStatistics,
    Glob,
    IsDirectory,
    ListDirectory,
    MakeDirs,
    MkDir,
    Remove,
    Rename,
    Stat,
    Walk,
)

__all__ = [
    "Copy",
    "DeleteRecursively",
    "Exists",
    "FastGFile",
    "FileStatistics",
    "GFile",
    "Glob",
    "IsDirectory",
    "ListDirectory",
    "MakeDirs",
    "MkDir",
    "Open",
    "Remove",
    "Rename",
    "Stat",
    "Walk",
]

Open = GFile
