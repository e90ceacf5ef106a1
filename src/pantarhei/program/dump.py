"""Dumps: what each stage of compilation made, as text files.

`PANTARHEI_DUMP=folder` writes every stage, `PANTARHEI_DUMP=folder:plan,lowered` only the named
ones. Each plan and each program has a folder of its own, with one numbered file for each stage.
"""

from __future__ import annotations

import itertools
import os
import threading
from pathlib import Path

_numbers = itertools.count()


class _Unit(threading.local):
    """The plan or program that this thread compiles: its folder's name, and the files in it."""

    folder = ""
    files = 0


_unit = _Unit()


def wanted(stage: str) -> bool:
    """Whether the environment requests the result of `stage`."""
    folder, _, stages = os.environ.get("PANTARHEI_DUMP", "").partition(":")
    return bool(folder) and (not stages or stage in stages.split(","))


def wanted_any() -> bool:
    """Whether the environment requests any dump at all."""
    return bool(os.environ.get("PANTARHEI_DUMP"))


def start() -> None:
    """Begins another plan or program: what this thread shows from now on has a new folder."""
    _unit.folder = ""


def show(stage: str, title: object, result: object) -> None:
    """Writes the result of a stage under a line with its title, if it is requested."""
    if not wanted(stage):
        return
    if not _unit.folder:
        _unit.folder, _unit.files = f"{os.getpid()}-{next(_numbers):04d}", 0
    folder = Path(os.environ["PANTARHEI_DUMP"].partition(":")[0], _unit.folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{_unit.files}-{stage.replace(' ', '_')}.txt"
    path.write_text(f"# {title}\n{result}\n", encoding="utf-8")
    _unit.files += 1
