"""The file `checkpoint` of a folder, which names the latest checkpoint and those before it.

Holds its text format and the names of a checkpoint's files, not what is in them. The message
is read and written here, so that `protobuf` is not needed to save.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pantarhei.core import errors
from pantarhei.files.checkpoints import durable
from pantarhei.files.checkpoints.any_reader import exists
from pantarhei.files.gfile.system_errors import Path, system_errors
from pantarhei.files.gfile.system_errors import text as path_text
from pantarhei.platform import logging


@dataclass(repr=False)
class CheckpointState:
    """Which checkpoints there are in a folder.

    Attributes:
      model_checkpoint_path: the latest one.
      all_model_checkpoint_paths: those that are kept, the oldest first.
      all_model_checkpoint_timestamps: when they were made, in seconds since 1970.
      last_preserved_timestamp: when the last one was made that is kept for good.
    """

    model_checkpoint_path: str = ""
    all_model_checkpoint_paths: list[str] = field(default_factory=list)
    all_model_checkpoint_timestamps: list[float] = field(default_factory=list)
    last_preserved_timestamp: float = 0.0

    def __str__(self) -> str:
        lines = [f"model_checkpoint_path: {_quoted(self.model_checkpoint_path)}"]
        lines += [
            f"all_model_checkpoint_paths: {_quoted(path)}"
            for path in self.all_model_checkpoint_paths
        ]
        lines += [
            f"all_model_checkpoint_timestamps: {float(when)!r}"
            for when in self.all_model_checkpoint_timestamps
        ]
        if self.last_preserved_timestamp:
            lines.append(f"last_preserved_timestamp: {float(self.last_preserved_timestamp)!r}")
        return "".join(f"{line}\n" for line in lines)

    __repr__ = __str__


_ESCAPES = {'"': '\\"', "'": "\\'", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_UNESCAPED = {"n": b"\n", "r": b"\r", "t": b"\t", '"': b'"', "'": b"'", "\\": b"\\"}
_LINE = re.compile(r"""\s*(\w+)\s*:\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([-+.\w]+))\s*""")
_ESCAPED = re.compile(r"\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)", re.DOTALL)


def _quoted(text: str) -> str:
    """Text in quotes; what is not printable ASCII as octal bytes."""
    parts = []
    for byte in text.encode("utf-8", "surrogateescape"):
        character = chr(byte)
        plain = _ESCAPES.get(character) or (character if 32 <= byte < 127 else f"\\{byte:03o}")
        parts.append(plain)
    return '"' + "".join(parts) + '"'


def _unquoted(text: str) -> str:
    result, position = b"", 0
    for match in _ESCAPED.finditer(text):
        result += text[position : match.start()].encode("utf-8", "surrogateescape")
        code = match[1]
        if code in _UNESCAPED:
            result += _UNESCAPED[code]
        elif code[0] in "01234567":
            result += bytes([int(code, 8) & 0xFF])
        else:
            result += bytes([int(code[1:], 16)]) if len(code) > 1 else code.encode()
        position = match.end()
    result += text[position:].encode("utf-8", "surrogateescape")
    return result.decode("utf-8", "surrogateescape")


def parsed_state(text: str) -> CheckpointState:
    """The state that a text stands for.

    Raises:
      ValueError: it is no such text.
    """
    state = CheckpointState()
    position = 0
    while position < len(text.rstrip()):
        match = _LINE.match(text, position)
        if match is None:
            line = text.count("\n", 0, position) + 1
            raise ValueError(f"line {line} cannot be read: {text.splitlines()[line - 1]!r}")
        position = match.end()
        name = match[1]
        quoted = match[2] if match[2] is not None else match[3]
        if name in ("model_checkpoint_path", "all_model_checkpoint_paths"):
            if quoted is None:
                raise ValueError(f"{name} has to be in quotes")
            value = _unquoted(quoted)
            if name == "model_checkpoint_path":
                state.model_checkpoint_path = value
            else:
                state.all_model_checkpoint_paths.append(value)
        elif name == "all_model_checkpoint_timestamps":
            state.all_model_checkpoint_timestamps.append(float(match[4] or ""))
        elif name == "last_preserved_timestamp":
            state.last_preserved_timestamp = float(match[4] or "")
        else:
            raise ValueError(f"there is no field {name!r}")
    return state


def generate_checkpoint_state_proto(
    save_dir: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> CheckpointState:
    """The state that names these checkpoints, with paths relative to the folder if that is
    relative.

    Args:
      save_dir: the folder.
      model_checkpoint_path: the latest checkpoint.
      all_model_checkpoint_paths: those that are kept, the oldest first.
      all_model_checkpoint_timestamps: when they were made.
      last_preserved_timestamp: when the last one was made that is kept for good.

    Raises:
      ValueError: there are times, and not one for each checkpoint.

    Example:
      >>> import pantarhei as tf
      >>> state = tf.train.generate_checkpoint_state_proto("run", "run/model-1")
      >>> print(str(state), end="")
      model_checkpoint_path: "model-1"
      all_model_checkpoint_paths: "model-1"
    """
    paths = list(all_model_checkpoint_paths or [])
    if not paths or paths[-1] != model_checkpoint_path:
        paths.append(model_checkpoint_path)
    times = list(all_model_checkpoint_timestamps or [])
    if times and len(times) != len(paths):
        raise ValueError(
            "Checkpoint timestamps, if provided, must match checkpoint paths (got paths "
            f"{paths} and timestamps {times})"
        )

    def placed(path: str) -> str:
        absolute = os.path.isabs(path) or os.path.isabs(save_dir)
        return path if absolute else os.path.relpath(path, save_dir or ".")

    return CheckpointState(
        placed(model_checkpoint_path),
        [placed(path) for path in paths],
        times,
        last_preserved_timestamp or 0.0,
    )


def _state_path(folder: str, latest_filename: str | None) -> str:
    return os.path.join(folder, latest_filename or "checkpoint")


def update_checkpoint_state(
    save_dir: Path,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    latest_filename: str | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> None:
    """Writes which checkpoints there are in a folder; all of it or, if it fails, nothing.

    Args:
      save_dir: the folder.
      model_checkpoint_path: the latest checkpoint.
      all_model_checkpoint_paths: those that are kept, the oldest first.
      latest_filename: the name of the file; `checkpoint` by default.
      all_model_checkpoint_timestamps: when they were made.
      last_preserved_timestamp: when the last one was made that is kept for good.

    Raises:
      RuntimeError: the checkpoint would have the name of that file. tf.errors.OpError: the system
      refuses.
    """
    write_state(
        path_text(save_dir),
        model_checkpoint_path,
        all_model_checkpoint_paths,
        latest_filename,
        False,
        all_model_checkpoint_timestamps,
        last_preserved_timestamp,
    )


def write_state(
    folder: str,
    latest: str,
    kept: Sequence[str] | None,
    filename: str | None,
    relative: bool,
    times: Sequence[float] | None = None,
    preserved: float | None = None,
) -> None:
    """What `update_checkpoint_state` does; with `relative`, paths are relative to the folder."""
    if relative:

        def placed(path: str) -> str:
            return os.path.relpath(path, folder) if os.path.isabs(path) else path

        latest, kept = placed(latest), [placed(path) for path in kept or ()]
    state = generate_checkpoint_state_proto(folder, latest, kept, times, preserved)
    path = _state_path(folder, filename)
    if path == state.model_checkpoint_path:
        raise RuntimeError(
            f"Save path '{latest}' conflicts with path used for checkpoint state.  Please use a "
            "different save path."
        )
    durable.write_whole(path, str(state).encode())


def _printable(text: str) -> str:
    """`text` for a log: bytes of a file name that are no UTF-8 are shown as `\\xff`."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def get_checkpoint_state(
    checkpoint_dir: Path, latest_filename: str | None = None
) -> CheckpointState | None:
    """Which checkpoints there are in a folder, or None if nothing says so.

    Args:
      checkpoint_dir: the folder.
      latest_filename: the name of the file that says it; `checkpoint` by default.

    Raises:
      ValueError: the file names no latest checkpoint.

    Example:
      >>> import pantarhei as tf
      >>> tf.train.get_checkpoint_state("nowhere") is None
      True
    """
    folder = path_text(checkpoint_dir)
    path = _state_path(folder, latest_filename)
    if not os.path.exists(path):
        return None
    try:
        with system_errors(path), open(path, encoding="utf-8", errors="surrogateescape") as file:
            state = parsed_state(file.read())
    except (errors.OpError, ValueError) as error:
        logging.warning("%s: %s", type(error).__name__, _printable(str(error)))
        logging.warning("%s: Checkpoint ignored", _printable(path))
        return None
    if not state.model_checkpoint_path:
        raise ValueError(f"Invalid checkpoint state loaded from {folder}")
    state.model_checkpoint_path = _found(state.model_checkpoint_path, folder)
    state.all_model_checkpoint_paths = [
        _found(path, folder) for path in state.all_model_checkpoint_paths
    ]
    return state


def _found(path: str, folder: str) -> str:
    """A path of the state as seen from here; if it is not there, in the folder, which was moved."""
    path = path if os.path.isabs(path) else os.path.join(folder, path)
    moved = os.path.join(folder, os.path.basename(path))
    return moved if not exists(path) and exists(moved) else path


def latest_checkpoint(checkpoint_dir: Path, latest_filename: str | None = None) -> str | None:
    """The latest checkpoint in a folder, or None if there is none.

    A folder that was moved is read as well as one that was not.

    Args:
      checkpoint_dir: the folder.
      latest_filename: the name of the file that says it; `checkpoint` by default.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.train.latest_checkpoint("nowhere"))
      None
    """
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state is None:
        return None
    if exists(state.model_checkpoint_path):
        return state.model_checkpoint_path
    unmatched = _printable(state.model_checkpoint_path)
    logging.error("Couldn't match files for checkpoint %s", unmatched)
    return None


def checkpoint_exists(checkpoint_prefix: Path) -> bool:
    """Whether there is a checkpoint of that name.

    Args:
      checkpoint_prefix: what `Saver.save` returned, or `latest_checkpoint`.
    """
    return exists(path_text(checkpoint_prefix))


def get_checkpoint_mtimes(checkpoint_prefixes: Sequence[Path]) -> list[float]:
    """When checkpoints were last changed, in seconds since 1970; those that are not there are left
    out.

    Args:
      checkpoint_prefixes: what `Saver.save` returned.
    """
    result = []
    for prefix in map(path_text, checkpoint_prefixes):
        for pattern in (durable.index_path(prefix), prefix):
            found = glob.glob(pattern)
            if found:
                result.append(os.stat(found[0]).st_mtime)
                break
    return result


def meta_graph_path(prefix: str, suffix: str = "meta") -> str:
    """The file that holds the graph of a checkpoint."""
    return re.sub(r"-[\d\?]+-of-\d+$", "", prefix) + f".{suffix}"


def remove_checkpoint(
    checkpoint_prefix: Path, checkpoint_format_version: Any = 2, meta_graph_suffix: str = "meta"
) -> None:
    """Removes the files of a checkpoint.

    Args:
      checkpoint_prefix: what `Saver.save` returned.
      checkpoint_format_version: 2, or 1 for the old format of a single file.
      meta_graph_suffix: the ending of the file with its graph.

    Raises:
      tf.errors.OpError: the system refuses.
    """
    prefix = path_text(checkpoint_prefix)
    patterns = [glob.escape(meta_graph_path(prefix, meta_graph_suffix))]
    if checkpoint_format_version == 2:
        # The index first: what has none is no checkpoint, rather than one that is not whole.
        patterns += [durable.index_path(prefix), f"{prefix}.data-?????-of-?????"]
    else:
        patterns.append(prefix)
    for pattern in patterns:
        for path in glob.glob(pattern):
            with system_errors(path):
                os.remove(path)
