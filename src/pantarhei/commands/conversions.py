"""Tensors of a checkpoint as files of other formats: NumPy archives and safetensors."""

from __future__ import annotations

import importlib
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from pantarhei.commands import CommandError
from pantarhei.commands.output import whole_file
from pantarhei.program.ir import Array

Tensors = Iterable[tuple[str, Array]]

# What the format of safetensors has a name for.
_SAFE = {
    *("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8"),
    *("uint64", "uint32", "uint16", "uint8", "bool", "complex64"),
}
_NAMES_SHOWN = 5


def write_archive(tensors: Tensors, path: str, inputs: Sequence[str]) -> str:
    """Writes a NumPy archive, a tensor at a time; returns what is to be reported.

    Raises:
      CommandError: the archive cannot be written, or cannot hold a tensor.
    """
    converted = []
    with whole_file(path, inputs) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, array in tensors:
            stored = _storable(name, array)
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, stored, allow_pickle=False)
            if stored is not array:
                converted.append(name)
    return f"wrote {path}" + (f"; converted: {', '.join(converted)}" if converted else "")


def _storable(name: str, array: Array) -> Array:
    """What NumPy's files can hold: bfloat16 as float32, strings all of one length."""
    if array.dtype.name == "bfloat16":
        return array.astype(np.float32)
    if array.dtype != object:
        return array
    fixed = array.astype(np.bytes_)
    if (fixed.astype(object) != array).any():
        raise CommandError(f"{name} has strings that end in zero bytes, which NumPy would cut off")
    return fixed


def safetensors_library() -> Any:
    """The library that writes safetensors.

    Raises:
      CommandError: it is not installed.
    """
    try:
        return importlib.import_module("safetensors.numpy")
    except ImportError as error:
        raise CommandError(
            "--safetensors needs safetensors, which is not installed; "
            "`pip install pantarhei[safetensors]` installs it"
        ) from error


def check_safe(types: dict[str, str]) -> None:
    """Checks, before anything is read, that safetensors can hold tensors of these dtypes.

    Raises:
      CommandError: they cannot.
    """
    unfit = [f"{name} ({dtype})" for name, dtype in sorted(types.items()) if dtype not in _SAFE]
    if unfit:
        shown = ", ".join(unfit[:_NAMES_SHOWN]) + (", ..." if len(unfit) > _NAMES_SHOWN else "")
        raise CommandError(
            f"safetensors cannot hold {len(unfit)} of {len(types)} tensors: {shown}; "
            "--npz writes strings and complex numbers"
        )


def write_safetensors(tensors: Tensors, path: str, inputs: Sequence[str]) -> str:
    """Writes safetensors, which needs all tensors in memory; returns what is to be reported.

    Raises:
      CommandError: the file cannot be written.
    """
    library = safetensors_library()
    with whole_file(path, inputs) as temporary:
        arrays = {name: np.require(array, requirements="C") for name, array in tensors}
        library.save_file(arrays, temporary, metadata={"format": "np"})
    return f"wrote {path}"
