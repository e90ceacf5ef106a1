"""Shows what a checkpoint holds: names, dtypes, shapes, sizes and statistics of its tensors.

FILE is the prefix that Saver.save returned (or one of the files), or a folder, whose latest
checkpoint is taken. Checkpoints of TensorFlow 1 and 2 are read, whole ones, sharded ones and those
of version 1.

  pantarhei checkpoint model/                     the latest checkpoint in a folder
  pantarhei checkpoint model/ckpt-1000            this one
  pantarhei checkpoint model/ckpt-1000 --diff model/ckpt-2000
  pantarhei checkpoint model/ --npz weights.npz   read it with numpy.load
  pantarhei checkpoint model/ --safetensors weights.safetensors

Statistics are of the finite numbers. --npz stores bfloat16 as float32; --safetensors keeps it, but
has no strings and no complex128. A file that is written replaces an older one once it is whole.
"""

from __future__ import annotations

import argparse
import glob
import math
import os
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from pantarhei.commands import CommandError
from pantarhei.commands.conversions import (
    check_safe,
    safetensors_library,
    write_archive,
    write_safetensors,
)
from pantarhei.commands.output import check_output
from pantarhei.commands.progress import progress_of_bytes
from pantarhei.core import errors
from pantarhei.core.dtypes import DType
from pantarhei.files.checkpoints.reader import NewCheckpointReader, load_checkpoint
from pantarhei.program.ir import Array

HELP = "show, convert or compare checkpoints"

_FILE = re.compile(r"\.(index|meta|data-\d{5}-of-\d{5})$")
# What the names of event files have in them.
_EVENTS = "tfevents"
# Elements of which statistics are taken at a time.
_PIECE = 1 << 20
_NAMES_SHOWN = 5
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("file", metavar="FILE", help="a checkpoint, or a folder with some")
    parser.add_argument("--npz", metavar="OUT", help="write the tensors to a NumPy archive too")
    parser.add_argument(
        "--safetensors",
        metavar="OUT",
        help="write the tensors to a file of safetensors too; needs that library "
        "(pip install pantarhei[safetensors])",
    )
    parser.add_argument(
        "--diff", metavar="OTHER", help="show how another checkpoint differs, instead of a table"
    )


def run(arguments: argparse.Namespace) -> None:
    """Prints what a checkpoint holds, or how it differs from another.

    Raises:
      CommandError: a checkpoint cannot be read, or a file not be written.
    """
    try:
        reader = _opened(arguments.file)
        inputs = glob.glob(f"{glob.escape(_prefix(arguments.file))}*")
        for path in (arguments.npz, arguments.safetensors):
            if path is not None:
                check_output(path, inputs)
        if arguments.safetensors is not None:
            safetensors_library()
            types: dict[str, DType] = reader.get_variable_to_dtype_map()
            check_safe({name: each.name for name, each in types.items()})
        if arguments.diff is not None:
            _print_difference(reader, _opened(arguments.diff))
        else:
            _print_table(reader)
        for path, write in (
            (arguments.npz, write_archive),
            (arguments.safetensors, write_safetensors),
        ):
            if path is not None:
                print(write(_tensors(reader, f"writing {os.path.basename(path)}"), path, inputs))
    except errors.OpError as error:
        raise CommandError(error.message) from error
    except (OSError, ValueError) as error:
        raise CommandError(str(error)) from error


def _prefix(path: str) -> str:
    """The prefix of which a file of a checkpoint may have been named."""
    if os.path.isdir(path) or os.path.isfile(f"{path}.index"):
        return path
    return _FILE.sub("", path)


def _opened(path: str) -> NewCheckpointReader:
    if _EVENTS in os.path.basename(path):
        raise CommandError(f"{path} is a file of events: `pantarhei events {path}` shows it")
    try:
        return load_checkpoint(_prefix(path))
    except (errors.NotFoundError, ValueError) as error:
        raise CommandError(_missing(path)) from error
    except (errors.DataLossError, errors.FailedPreconditionError) as error:
        if not os.path.isfile(path) or _prefix(path) != path:
            raise
        raise CommandError(f"{path} is no checkpoint that can be read: {error.message}") from error


def _missing(path: str) -> str:
    """What was looked for, and what there is instead."""
    folder = path if os.path.isdir(path) else os.path.dirname(path) or "."
    indices = sorted(glob.glob(os.path.join(glob.escape(folder), "*.index")))
    others = [each.removesuffix(".index") for each in indices]
    shown = ", ".join(others[:_NAMES_SHOWN]) + (", ..." if len(others) > _NAMES_SHOWN else "")
    there = f"; there are: {shown}" if others else ""
    if os.path.isdir(path):
        return f"no latest checkpoint in {path}: looked for a file 'checkpoint' naming it{there}"
    return f"there is no checkpoint {path}: looked for {_prefix(path)}.index{there}"


def _pieces(
    reader: NewCheckpointReader, label: str
) -> Iterator[tuple[str, Array, Callable[[int], Any]]]:
    """Tensors one by one, each with a function to report how many of its bytes are done."""
    shapes: dict[str, Any] = reader.get_variable_to_shape_map()
    types: dict[str, DType] = reader.get_variable_to_dtype_map()
    total = sum(math.prod(shapes[name]) * (types[name].size or 1) for name in shapes)
    with progress_of_bytes(label, total) as count:
        for name in sorted(shapes):
            count(0)
            yield name, _array(reader, name), count


def _tensors(reader: NewCheckpointReader, label: str) -> Iterator[tuple[str, Array]]:
    for name, array, count in _pieces(reader, label):
        yield name, array
        count(array.nbytes)


def _array(reader: NewCheckpointReader, name: str) -> Array:
    value = reader.get_tensor(name)
    if not isinstance(value, bytes):
        return np.asarray(value)
    single: Any = np.empty((), object)
    single[()] = value
    array: Array = single
    return array


def _size(count: float) -> str:
    unit = 0
    while count >= 1024 and unit < len(_UNITS) - 1:
        count, unit = count / 1024, unit + 1
    return f"{count:.0f} {_UNITS[unit]}" if unit == 0 else f"{count:.1f} {_UNITS[unit]}"


def _bytes_of(array: Array) -> int:
    return sum(map(len, array.ravel())) if array.dtype == object else array.nbytes


def _plain(array: Array) -> Array | None:
    """Numbers with which to calculate; None for what has no order."""
    if array.dtype == object or array.dtype.kind == "c":
        return None
    if array.dtype.names is not None:
        array = array.view(array.dtype[0])
    return array.astype(np.float64)


def _statistics(array: Array, count: Callable[[int], Any]) -> list[str]:
    """Mean, standard deviation, least, most, and how many are not finite; piece by piece."""
    flat = array.reshape(-1)
    finite, odd, mean, squares, least, most = 0, 0, 0.0, 0.0, math.inf, -math.inf
    for start in range(0, flat.size, _PIECE):
        piece = flat[start : start + _PIECE]
        count(piece.nbytes)
        numbers = _plain(piece)
        if numbers is None:
            return ["-"] * 5
        good = numbers[np.isfinite(numbers)]
        odd += numbers.size - good.size
        if good.size:
            # Moments of two parts together, by their difference: no digits are cancelled.
            own = good.mean()
            shift, together = own - mean, finite + good.size
            squares += ((good - own) ** 2).sum() + shift**2 * finite * good.size / together
            mean += shift * good.size / together
            finite = together
            least, most = min(least, good.min()), max(most, good.max())
    if not finite:
        return [*["-"] * 4, str(odd) if odd else "-"]
    deviation = math.sqrt(squares / finite)
    return [*[f"{each:.4g}" for each in (mean, deviation, least, most)], str(odd) if odd else ""]


def _print_table(reader: NewCheckpointReader) -> None:
    types: dict[str, DType] = reader.get_variable_to_dtype_map()
    head = ("name", "dtype", "shape", "size", "mean", "std", "least", "most", "not finite")
    rows: list[Sequence[str]] = [head]
    elements = size = 0
    for name, array, count in _pieces(reader, "reading"):
        own = _bytes_of(array)
        elements, size = elements + array.size, size + own
        rows.append(
            (name, types[name].name, _shape(array), _size(own), *_statistics(array, count)),
        )
    _print_rows(rows)
    print(f"{len(rows) - 1} tensors, {elements:,} elements, {_size(size)}")


def _shape(array: Array) -> str:
    return "x".join(map(str, array.shape)) or "scalar"


def _print_rows(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if index < 3 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def _print_difference(reader: NewCheckpointReader, other: NewCheckpointReader) -> None:
    names = set(reader.get_variable_to_shape_map())
    others = set(other.get_variable_to_shape_map())
    for name in sorted(names - others):
        print(f"- {name}")
    for name in sorted(others - names):
        print(f"+ {name}")
    same = 0
    for name, array in _tensors(reader, "comparing"):
        if name in others:
            difference = _difference(array, _array(other, name))
            same += difference is None
            if difference is not None:
                print(f"! {name}: {difference}")
    print(
        f"{same} the same, {len(names & others) - same} different, {len(names - others)} only in "
        f"the first, {len(others - names)} only in the second"
    )


def _difference(one: Array, other: Array) -> str | None:
    """How two tensors differ; None if they are the same, bit by bit."""
    if one.dtype != other.dtype or one.shape != other.shape:
        return f"{one.dtype} {_shape(one)} and {other.dtype} {_shape(other)}"
    if one.dtype == object:
        count = sum(a != b for a, b in zip(one.ravel(), other.ravel(), strict=True))
        return f"{count} of {one.size} strings" if count else None
    count = np.count_nonzero((_bits(one) != _bits(other)).any(axis=-1))
    if not count:
        return None
    difference = f"{count} of {one.size} elements"
    numbers = _plain(one), _plain(other)
    if numbers[0] is None or numbers[1] is None:
        return difference
    with np.errstate(invalid="ignore"):
        distance = np.abs(numbers[0] - numbers[1])
    return f"{difference}, by at most {distance[np.isfinite(distance)].max(initial=0.0):.4g}"


def _bits(array: Array) -> Array:
    """A row of bytes for each element."""
    flat = np.ascontiguousarray(array).reshape(-1)
    return flat.view(np.uint8).reshape(flat.size, array.dtype.itemsize)
