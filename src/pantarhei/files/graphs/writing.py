"""Messages in files: `tf.train.write_graph`, and messages read back whichever form they are in.

A file is written beside and then put in its place, so that there is never half of one. Nothing here
knows what the messages hold.
"""

from __future__ import annotations

import os
from typing import Any

from pantarhei.core.messages import library_module, message_class
from pantarhei.files.gfile import paths
from pantarhei.files.gfile.file import GFile
from pantarhei.graph.graph import Graph


def write_graph(graph_or_graph_def: Any, logdir: Any, name: str, as_text: bool = True) -> str:
    """Writes a graph into a file.

    Args:
      graph_or_graph_def: a graph, or a `GraphDef`.
      logdir: the folder; it is made if it is not there.
      name: of the file.
      as_text: whether to write text that people can read, or the shorter binary form.

    Returns:
      The path of the file.

    Raises:
      OpError: the file cannot be written.

    Example:
      >>> import os, tempfile
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> c = tf.constant(1.0, name="c")
      >>> path = tf.train.write_graph(c.graph, tempfile.mkdtemp(), "train.pbtxt")
      >>> print(open(path).read()[:24])
      node {
        name: "c"
        op:
    """
    message = graph_or_graph_def
    if isinstance(message, Graph):
        message = message.as_graph_def()
    folder = os.fspath(logdir)
    if folder and not paths.Exists(folder):
        paths.MakeDirs(folder)
    path = os.path.join(folder, name)
    write_message(message, path, as_text)
    return path


def write_message(message: Any, path: str, as_text: bool) -> None:
    """Writes a message into a file that appears whole or not at all."""
    content: bytes
    if as_text:
        text_format = library_module("google.protobuf.text_format", "a graph as text", "protobuf")
        content = text_format.MessageToString(message).encode()
    else:
        content = message.SerializeToString(deterministic=True)
    beside = f"{path}.tmp{os.getpid()}"
    with GFile(beside, "wb") as file:
        file.write(content)
    paths.Rename(beside, path, overwrite=True)


def read_message(kind: str, path: Any) -> Any:
    """The message in a file, in its binary form or as text.

    Args:
      kind: name of the message.
      path: of the file.

    Raises:
      OSError: there is no such file, or it holds no such message.
    """
    return parse_message(message_class(kind), os.fspath(path))


def parse_message(kind: Any, path: str) -> Any:
    """The message of a class in a file; see `read_message`."""
    if not paths.Exists(path):
        raise OSError(f"File {path} does not exist.")
    with GFile(path, "rb") as file:
        content = file.read()
    name = kind.DESCRIPTOR.name
    decode_error = library_module("google.protobuf.message", f"tf.{name}", "protobuf").DecodeError
    text_format = library_module("google.protobuf.text_format", f"tf.{name}", "protobuf")
    message = kind()
    try:
        message.ParseFromString(content)
        return message
    except decode_error as error:
        binary_fault = error
    message.Clear()
    try:
        text_format.Merge(content.decode("utf-8"), message)
    except (text_format.ParseError, UnicodeDecodeError, ValueError) as error:
        raise OSError(
            f"Cannot parse file {path}: it is neither a {name} in binary form ({binary_fault}) nor "
            f"one as text ({error})."
        ) from None
    return message
