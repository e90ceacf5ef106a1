"""Looking into checkpoints without a graph: `tf.train.load_variable` and its kin."""

from __future__ import annotations

import os

from pantarhei.core.dtypes import DType
from pantarhei.files.checkpoints.any_reader import open_checkpoint
from pantarhei.files.checkpoints.checkpoint_reader import CheckpointReader
from pantarhei.files.checkpoints.checkpoint_state import latest_checkpoint
from pantarhei.files.gfile.system_errors import Path, text
from pantarhei.program.ir import Array


class NewCheckpointReader:
    """A checkpoint, open for reading by the names of its tensors.

    Args:
      filepattern: what `Saver.save` returned.

    Raises:
      tf.errors.NotFoundError: there is no such checkpoint.
      tf.errors.DataLossError: it has been altered or cut off.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> v = tf.Variable([1.0, 2.0], name="v")
      >>> with tf.Session() as session:
      ...     session.run(v.initializer)
      ...     path = tf.train.Saver().save(session, "model")
      >>> reader = tf.train.NewCheckpointReader(path)
      >>> reader.get_variable_to_shape_map(), reader.get_tensor("v")
      ({'v': [2]}, array([1., 2.], dtype=float32))
    """

    def __init__(self, filepattern: Path) -> None:
        self._reader: CheckpointReader = open_checkpoint(text(filepattern))

    def has_tensor(self, tensor_str: str) -> bool:
        """Whether there is a tensor of that name."""
        return self._reader.has(tensor_str)

    def get_tensor(self, tensor_str: str) -> Array:
        """The value of a tensor.

        Raises:
          tf.errors.NotFoundError: there is none of that name.
          tf.errors.DataLossError: it has been altered or cut off.
        """
        value = self._reader.tensor(tensor_str)
        return value if value.ndim else value[()]

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """The shapes of all tensors, by name."""
        return {name: list(self._reader.entry(name).shape) for name in self._reader.names()}

    def get_variable_to_dtype_map(self) -> dict[str, DType]:
        """The dtypes of all tensors, by name."""
        return {name: self._reader.entry(name).dtype for name in self._reader.names()}

    def debug_string(self) -> bytes:
        """A line for each entry of the index: key, dtype, shape."""
        lines = []
        for key, entry in self._reader.raw_entries():
            if entry.slices:
                continue
            kind = {"float32": "FLOAT", "float64": "DOUBLE", "float16": "HALF"}.get(
                entry.dtype.name, entry.dtype.name.upper()
            )
            extents = ",".join(map(str, entry.shape))
            lines.append(key + f" (DT_{kind}) [{extents}]\n".encode())
        return b"".join(lines)


def load_checkpoint(ckpt_dir_or_file: Path) -> NewCheckpointReader:
    """A reader of a checkpoint, or of the latest one in a folder.

    Args:
      ckpt_dir_or_file: what `Saver.save` returned, or a folder.

    Raises:
      ValueError: the folder names no checkpoint. tf.errors.NotFoundError: there is no such
      checkpoint.
    """
    path = text(ckpt_dir_or_file)
    if os.path.isdir(path):
        latest = latest_checkpoint(path)
        if latest is None:
            raise ValueError(
                f"Couldn't find 'checkpoint' file or checkpoints in given directory {path}"
            )
        path = latest
    return NewCheckpointReader(path)


def load_variable(ckpt_dir_or_file: Path, name: str) -> Array:
    """The value of a variable in a checkpoint.

    Args:
      ckpt_dir_or_file: what `Saver.save` returned, or a folder.
      name: of the variable, with or without `:0`.

    Raises:
      tf.errors.NotFoundError: there is no such checkpoint, or no such variable in it.
    """
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))


def list_variables(ckpt_dir_or_file: Path) -> list[tuple[str, list[int]]]:
    """Names and shapes of the variables in a checkpoint, by name.

    Args:
      ckpt_dir_or_file: what `Saver.save` returned, or a folder.
    """
    return sorted(load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map().items())
