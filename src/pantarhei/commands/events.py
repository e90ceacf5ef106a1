"""Shows the scalars in the event files of a folder and of those below it.

Each folder is a run, as in TensorBoard. Without --csv a table lists the tags of each run, with it
every single value is listed.

  pantarhei events logs                     which curves there are, and where they end
  pantarhei events logs --csv > values.csv  every value, for other programs
  pantarhei events logs/1/events.out.tfevents.1700000000.host
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pantarhei.commands import CommandError
from pantarhei.commands.progress import progress
from pantarhei.core import errors
from pantarhei.core.messages import library_module
from pantarhei.files.event_file import summary_iterator

HELP = "show the scalars in event files"

# What TensorBoard takes for an event file.
_PATTERN = "*tfevents*"

# The plugin whose tensors are scalars, as TensorFlow 2 writes them.
_SCALARS = "scalars"

_NAMES_SHOWN = 5


class ScalarValue(NamedTuple):
    """One value of one tag."""

    run: str
    tag: str
    step: int
    wall_time: float
    value: float


@dataclass
class Reading:
    """What was found besides scalars."""

    files: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("logdir", metavar="LOGDIR", help="a folder with event files, or one file")
    parser.add_argument(
        "--csv",
        action="store_true",
        help="print every value as comma-separated run,tag,step,wall_time,value",
    )


def run(arguments: argparse.Namespace) -> None:
    """Prints what the event files hold.

    Raises:
      CommandError: there is no scalar to be shown.
    """
    logdir = Path(arguments.logdir)
    reading = Reading()
    scalars = list(_scalars(logdir, event_files(logdir), reading))
    for fault in reading.faults:
        print(f"pantarhei events: {fault}", file=sys.stderr)
    if not scalars:
        raise CommandError(_nothing(logdir, reading))
    if arguments.csv:
        _print_values(scalars)
    else:
        _print_table(scalars)


def event_files(logdir: Path) -> list[Path]:
    """The event files in the order in which they were begun."""
    if logdir.is_file():
        return [logdir]
    if not logdir.is_dir():
        raise CommandError(f"there is no file or folder {logdir}")
    found = sorted(path for path in logdir.rglob(_PATTERN) if path.is_file())
    if found:
        return found
    others = sorted(str(path.relative_to(logdir)) for path in logdir.rglob("*") if path.is_file())
    shown = ", ".join(others[:_NAMES_SHOWN]) + (", ..." if len(others) > _NAMES_SHOWN else "")
    raise CommandError(
        f"nothing to read in {logdir}: looked for files named {_PATTERN} in it and in the folders "
        f"below, found " + (f"{len(others)} other files ({shown})" if others else "no file at all")
    )


def _scalars(logdir: Path, paths: list[Path], reading: Reading) -> Iterator[ScalarValue]:
    """The scalars of all files; a damaged file counts as far as it can be read."""
    root = logdir if logdir.is_dir() else logdir.parent
    plugins: dict[tuple[str, str], str] = {}
    for path in paths:
        reading.files += 1
        name = str(path.parent.relative_to(root))
        events = progress(summary_iterator(path), f"reading {path.name}", "events")
        try:
            for event in events:
                reading.kinds[event.WhichOneof("what") or "nothing"] += 1
                for value in event.summary.value:
                    if value.metadata.plugin_data.plugin_name:
                        plugins[name, value.tag] = value.metadata.plugin_data.plugin_name
                    number = number_of(value, plugins.get((name, value.tag)))
                    if number is not None:
                        yield ScalarValue(name, value.tag, event.step, event.wall_time, number)
        except errors.OpError as error:
            reading.faults.append(f"{path}: {error.message}; what stands before it was read")


def number_of(value: Any, plugin: str | None) -> float | None:
    """The number that a summary's value is; None if it is something else."""
    if value.HasField("simple_value"):
        return float(value.simple_value)
    if plugin == _SCALARS and value.HasField("tensor"):
        tensors = library_module("tensorboard.util.tensor_util", "events", "tensorboard")
        return float(tensors.make_ndarray(value.tensor).item())
    return None


def _nothing(logdir: Path, reading: Reading) -> str:
    kinds = Counter(reading.kinds)
    kinds.pop("file_version", None)
    events = ", ".join(f"{count} of {kind}" for kind, count in sorted(kinds.items()))
    return (
        f"no scalar in {logdir}: read {reading.files} event file(s), found "
        f"{events or 'no event at all'}"
    )


def _text(number: float) -> str:
    """The shortest text that stands for the same float32."""
    return str(np.float32(number))


def _print_values(scalars: list[ScalarValue]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(ScalarValue._fields)
    for each in scalars:
        writer.writerow([*each[:3], repr(each.wall_time), _text(each.value)])


def _print_table(scalars: list[ScalarValue]) -> None:
    of_tag: dict[tuple[str, str], list[ScalarValue]] = {}
    for each in scalars:
        of_tag.setdefault((each.run, each.tag), []).append(each)
    rows: list[tuple[str, ...]] = [("run", "tag", "values", "steps", "least", "most", "last")]
    for (name, tag), found in sorted(of_tag.items()):
        steps = [each.step for each in found]
        values = [each.value for each in found]
        extremes = [_text(number) for number in (np.nanmin(values), np.nanmax(values), values[-1])]
        rows.append((name, tag, str(len(found)), f"{min(steps)}..{max(steps)}", *extremes))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if index < 2 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())
