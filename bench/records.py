"""The family "records": checkpoints against copying the file, rates of summaries and records.

Checkpoints are written to a disk, below the checkout: the folder for temporary files may be memory.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from bench.contenders import HOME, Contender, Missing, interpreter
from bench.measure import LEAST_TURNS, Bench
from bench.worker import Worker

OWN, OTHER = "pantarhei", "tensorflow1"
COPY, FLUSHED = "copy", "flushed copy"
CONTENDERS = [
    Contender(OWN, "Pantarhei", ("bench.peers.records", "pantarhei"), "pantarhei"),
    Contender(
        OTHER, "TensorFlow 1.15", ("bench.peers.records", "tensorflow"), "tensorflow", "tensorflow1"
    ),
]
TITLES = {
    **{each.name: each.title for each in CONTENDERS},
    COPY: "copying the file",
    FLUSHED: "copying it, flushed",
}
FLUSHED_SAVE = "save and flush"
SPANS = ("save", FLUSHED_SAVE, "restore")
RATES = {
    "summaries": "scalar summaries",
    "runs": "scalar summaries, each computed by a run",
    "written": "records of 1,000 bytes, written",
    "read": "records of 1,000 bytes, read",
}
MEBIBYTES = 1024

Turns = dict[str, dict[str, list[float]]]


def records(
    bench: Bench, names: list[str], count: int, mebibytes: int = MEBIBYTES
) -> dict[str, Any]:
    """Measures everything in turns.

    Args:
      bench: how many turns, how patient; what is missing is noted there.
      names: of the contenders that may take part.
      count: how many summaries and records make one measurement.
      mebibytes: in a checkpoint.

    Returns:
      `turns`: what was done -> who did it -> seconds, turn by turn; `about`: who they are;
      `count` and `mebibytes`.
    """
    HOME.mkdir(exist_ok=True)
    turns: Turns = {}
    about: dict[str, Any] = {}
    found = {"turns": turns, "about": about, "count": count, "mebibytes": mebibytes}
    room = 5 * mebibytes << 20  # two checkpoints, a copy, and what a file system wants to keep
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=HOME)))
        if shutil.disk_usage(folder).free < room:
            bench.lacks(CONTENDERS[0], "records", f"less than {room >> 20} MiB free on the disk")
            return found
        workers: dict[str, Worker] = {}
        for contender in CONTENDERS:
            if contender.name not in (OWN, *names):
                continue
            bench.progress(f"records: start {contender.name}")
            try:
                worker = _started(bench, contender, folder / contender.name, mebibytes)
                stack.enter_context(worker)
                about[contender.name] = worker.ask("about")
            except Missing as why:
                bench.lacks(contender, "records", why)
                continue
            workers[contender.name] = worker
        _agree(bench, workers)
        for turn in range(bench.rounds):
            if turn >= LEAST_TURNS and bench.late():
                break
            bench.progress(f"records: turn {turn + 1} of {bench.rounds}")
            order = list(workers)
            for name in order[turn % len(order) :] + order[: turn % len(order)]:
                try:
                    _take_turn(turns, workers[name], count, mebibytes)
                except Missing as why:
                    bench.lacks(workers[name].contender, "records", why)
                    workers.pop(name).close()
            if OWN in workers:
                _copy(turns, folder, mebibytes)
    return found


def _started(bench: Bench, contender: Contender, folder: Path, mebibytes: int) -> Worker:
    folder.mkdir()
    worker = Worker(contender, interpreter(contender, bench.pythons), folder, bench.patience)
    try:
        worker.ask("prepare", folder=str(folder), mebibytes=mebibytes)
        worker.ask("save")
    except Missing:
        worker.close()
        raise
    return worker


def _agree(bench: Bench, workers: dict[str, Worker]) -> None:
    """Who does not get back what was saved is not timed."""
    digests = {name: worker.ask("digest")["digest"] for name, worker in workers.items()}
    for name, digest in digests.items():
        if digest != digests.get(OWN, digest):
            bench.lacks(workers[name].contender, "records", "not timed: restores other values")
            bench.disagreements += 1
            workers.pop(name).close()


def _settle(mebibytes: int) -> None:
    """Brings the machine to rest: what others wrote is on the disk, and memory is at hand.

    A virtual machine may have given free memory back to its host, and whoever needs it next waits
    for it: longer than for the disk, and not on account of what is measured.
    """
    os.sync()
    np.ones(3 * mebibytes << 20, np.uint8)


def _take_turn(turns: Turns, worker: Worker, count: int, mebibytes: int) -> None:
    for what in ("save", "restore"):
        _settle(mebibytes)
        answer = worker.ask(what)
        _note(turns, what, worker.contender.name, answer["seconds"])
        if "flushed" in answer:
            _note(turns, FLUSHED_SAVE, worker.contender.name, answer["flushed"])
    for what in RATES:
        os.sync()
        _note(
            turns,
            what,
            worker.contender.name,
            worker.ask("rate", what=what, count=count)["seconds"],
        )


def _copy(turns: Turns, folder: Path, mebibytes: int) -> None:
    """Copies the checkpoint's data, as `cp` does, and once more until it is on the disk."""
    source = folder / OWN / "checkpoint" / "model.data-00000-of-00001"
    for name in (COPY, FLUSHED):
        target = folder / "copy"
        _settle(mebibytes)
        begin = time.perf_counter()
        shutil.copyfile(source, target)
        if name == FLUSHED:
            with target.open("rb") as file:
                os.fsync(file.fileno())
        seconds = time.perf_counter() - begin
        target.unlink()
        for what in SPANS:
            _note(turns, what, name, seconds)


def _note(turns: Turns, what: str, name: str, seconds: float) -> None:
    turns.setdefault(what, {}).setdefault(name, []).append(seconds)


def ratio(found: dict[str, Any], what: str, name: str) -> float | None:
    """How many times as long as this library somebody takes: the median over the turns."""
    columns = found.get("turns", {}).get(what, {})
    if OWN not in columns or name not in columns:
        return None
    pairs = zip(columns[name], columns[OWN], strict=False)
    return float(statistics.median(one / other for one, other in pairs))


def seconds(found: dict[str, Any], what: str, name: str) -> float | None:
    """How long somebody takes: the median over the turns."""
    turns = found.get("turns", {}).get(what, {}).get(name)
    return statistics.median(turns) if turns else None


def rate(found: dict[str, Any], what: str, name: str = OWN) -> float | None:
    """How many a second somebody does: the median over the turns."""
    each = seconds(found, what, name)
    return found["count"] / each if each else None
