"""Measuring: start everyone, compare losses, then time in turns; growth and imports likewise."""

from __future__ import annotations

import math
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.contenders import Contender, Missing, interpreter, surroundings
from bench.nets import Net, growing
from bench.values import write_values
from bench.worker import Worker

LOSSES = 5
LEAST_TURNS = 3  # that everyone has, however late it is
# Threads of the contender before may still spin, waiting for work: they are given time to sleep.
REST = 0.02
# Where starts are repeated: how often, and after how many seconds a contender starts no more.
STARTS, STARTED_ENOUGH = 5, 12.0
# So many other numbers of examples are tried.
SIZES = 5
NO_TIME = "the time given was over"
IMPORT = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"

Growth = dict[str, dict[str, list[tuple[int, float]]]]


@dataclass
class Bench:
    """What is measured, how long, and what was found so far."""

    contenders: list[Contender]
    pythons: dict[str, str]
    rounds: int
    seconds: float
    patience: float
    warm: bool  # whether everyone is started twice, to see what it keeps on disk
    progress: Callable[[str], Any]
    missing: list[dict[str, str]] = field(default_factory=list)
    about: dict[str, dict[str, Any]] = field(default_factory=dict)
    disagreements: int = 0
    deadline: float = math.inf  # by the monotonic clock: from then on, only what is least

    def late(self) -> bool:
        """Whether the time that was given is over."""
        return time.monotonic() > self.deadline

    def lacks(self, contender: Contender, what: str, why: object) -> None:
        """Notes that a contender did not take part."""
        note = {"contender": contender.title, "what": what, "why": str(why)}
        if note not in self.missing:
            self.missing.append(note)

    def present(self) -> list[Contender]:
        """Contenders that have a Python; the others are noted."""
        found = []
        for contender in self.contenders:
            try:
                interpreter(contender, self.pythons)
                found.append(contender)
            except Missing as why:
                self.lacks(contender, "everything", why)
        return found

    def present_for(self, net: Net) -> list[Contender]:
        """Contenders that are measured on a net; whom that is too much for is noted."""
        found = []
        for contender in self.present():
            if not contender.nets or net["name"] in contender.nets:
                found.append(contender)
            elif contender.because:
                self.lacks(contender, net["name"], f"left out: {contender.because}")
        return found

    def start(
        self, contender: Contender, net: Net, values: Path, cache: Path
    ) -> tuple[Worker, dict[str, Any]]:
        """A worker that has built the net, and what that took; `whole` is from the program's start.

        Without the time for imports, but with that for what is imported only then.
        """
        cache.mkdir(parents=True, exist_ok=True)
        begin = time.perf_counter()
        worker = Worker(contender, interpreter(contender, self.pythons), cache, self.patience)
        try:
            worker.ask("about")  # once it answers, its imports are done
            answer = worker.ask("build", net=net, values=str(values))
            return worker, {**answer, "whole": time.perf_counter() - begin}
        except Missing:
            worker.close()
            raise

    def net(self, net: Net, starts: int = 1, until: float = math.inf) -> dict[str, dict[str, Any]]:
        """Name of a contender -> what was found about its steps.

        Args:
          net: what is trained.
          starts: how often those start who do it quickly.
          until: when turns end, by the monotonic clock, if all have had a few.
        """
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            values = write_values(net, folder)
            workers: dict[str, Worker] = {}
            told: dict[str, list[dict[str, Any]]] = {}
            spent: dict[str, float] = {}
            for number in range(starts):
                for contender in self.present_for(net):
                    name = contender.name
                    if number and spent.get(name, math.inf) > STARTED_ENOUGH:
                        continue
                    self.progress(f"{net['name']}: start {name}")
                    begin = time.perf_counter()
                    try:
                        row, worker = self._started(contender, net, values, folder / f"{number}")
                        if number:
                            with worker:
                                row["batch"] = new_batches(worker, net)
                        else:
                            workers[name] = stack.enter_context(worker)
                            row["losses"] = worker.ask("losses", steps=LOSSES)["losses"]
                    except Missing as why:
                        self.lacks(contender, net["name"], why)
                        if not number:
                            workers.pop(name, None)
                        continue
                    spent[name] = spent.get(name, 0.0) + time.perf_counter() - begin
                    told.setdefault(name, []).append(row)
            found = {name: {"losses": told[name][0]["losses"]} for name in workers}
            self._agree(net, found, workers)
            self._take_turns(net["name"], found, workers, until)
            for name, worker in workers.items():
                try:
                    told[name][0]["batch"] = new_batches(worker, net)
                    about = worker.ask("about")
                except Missing as why:
                    self.lacks(worker.contender, f"{net['name']}, new batch size", why)
                else:
                    found[name]["peak"] = about.pop("peak")
                    self.about[name] = about
                found[name].update(medians(told[name]))
        return {name: row for name, row in found.items() if "step" in row}

    def _started(
        self, contender: Contender, net: Net, values: Path, folder: Path
    ) -> tuple[dict[str, Any], Worker]:
        """What starts took, with an empty cache and, if that is wanted, with what it kept then."""
        cache = folder / contender.name
        worker, cold = self.start(contender, net, values, cache)
        row = {"cold": cold["seconds"], "whole": cold["whole"]}
        if self.warm:
            worker.close()
            worker, warm = self.start(contender, net, values, cache)
            row.update(warm=warm["seconds"], whole_warm=warm["whole"])
        return row, worker

    def _agree(
        self, net: Net, found: dict[str, dict[str, Any]], workers: dict[str, Worker]
    ) -> None:
        """Who does not compute the losses of the others is not timed."""
        checked = [name for name, worker in workers.items() if worker.contender.checked]
        if not checked:
            return
        # The median of a step's losses: one wrong contender is found, whichever it is.
        columns = zip(*(found[name]["losses"] for name in checked), strict=True)
        right = [statistics.median(each) for each in columns]
        for name in checked:
            contender = workers[name].contender
            tolerance = net["tolerance"]
            pairs = list(zip(found[name]["losses"], right, strict=True))
            off = max(abs(loss - other) / abs(other) for loss, other in pairs)
            if not off <= tolerance:
                own, others = (
                    ", ".join(f"{loss:.6f}" for loss in losses)
                    for losses in zip(*pairs, strict=True)
                )
                why = f"losses {own} are off by {off:.1e} (allowed: {tolerance})"
                self.lacks(contender, net["name"], f"not timed: {why}; the others' are {others}")
                self.disagreements += 1
                del workers[name]

    def _take_turns(
        self,
        title: str,
        found: dict[str, dict[str, Any]],
        workers: dict[str, Worker],
        until: float = math.inf,
    ) -> None:
        """Adds `turns`, the median of each turn, and `step`, their median."""
        for name in workers:
            found[name]["turns"] = []
        for turn in range(self.rounds):
            if not workers or (turn >= LEAST_TURNS and time.monotonic() > until):
                break
            self.progress(f"{title}: turn {turn + 1} of {self.rounds}")
            order = list(workers)
            for name in order[turn % len(order) :] + order[: turn % len(order)]:
                time.sleep(REST)
                try:
                    times = workers[name].ask("time", seconds=self.seconds, least=1)["times"]
                except Missing as why:
                    self.lacks(workers[name].contender, title, why)
                    workers.pop(name).close()
                    continue
                found[name]["turns"].append(statistics.median(times))
        for name in workers:
            found[name]["step"] = statistics.median(found[name]["turns"])

    def growth(self, extents: dict[str, list[int]]) -> Growth:
        """What grows -> contender -> its extents and the seconds of a step with each.

        Contenders build one net after the other in one process. When it is late, the extents that
        are left are noted as missing.
        """
        found: Growth = {kind: {} for kind in extents}
        begin, total = time.monotonic(), sum(map(len, extents.values()))
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            workers: dict[str, Worker] = {}
            for contender in self.present():
                cache = folder / contender.name
                cache.mkdir()
                python = interpreter(contender, self.pythons)
                worker = Worker(contender, python, cache, self.patience)
                workers[contender.name] = stack.enter_context(worker)
            done = 0
            for kind, each in extents.items():
                done += len(each)
                until = begin + (self.deadline - begin) * done / total
                for extent in each:
                    if time.monotonic() > until:
                        for worker in workers.values():
                            self.lacks(worker.contender, f"{kind} {extent} and more", NO_TIME)
                        break
                    steps = self._grown(growing(**{kind: extent}), folder, workers)
                    for name, step in steps.items():
                        found[kind].setdefault(name, []).append((extent, step))
        return found

    def _grown(self, net: Net, folder: Path, workers: dict[str, Worker]) -> dict[str, float]:
        """Seconds of a step of everyone; who ends on the way is taken out of the workers."""
        net = net | {"tolerance": 1e-4}
        values = write_values(net, folder)
        found: dict[str, dict[str, Any]] = {}
        taking: dict[str, Worker] = {}
        for name, worker in workers.items():
            self.progress(f"{net['name']}: start {name}")
            try:
                worker.ask("build", net=net, values=str(values))
                found[name] = worker.ask("losses", steps=LOSSES)
            except Missing as why:
                self.lacks(worker.contender, net["name"], why)
                continue
            taking[name] = worker
        values.unlink()
        self._agree(net, found, taking)
        self._take_turns(net["name"], found, taking)
        for name in [name for name, worker in workers.items() if not worker.alive()]:
            workers.pop(name).close()
        return {name: found[name]["step"] for name in taking}

    def chain(self, contender: Contender, depths: list[int]) -> list[tuple[int, dict[str, float]]]:
        """Depth -> seconds of every phase of a chain of layers."""
        found = []
        with tempfile.TemporaryDirectory() as folder:
            for depth in depths:
                if self.late():
                    self.lacks(contender, f"chain of {depth} layers", NO_TIME)
                    continue
                self.progress(f"chain of {depth} layers, {contender.name}")
                net = growing(width=8, depth=depth - 1, batch=8)
                values = write_values(net, Path(folder))
                try:
                    worker, answer = self.start(
                        contender, net, values, Path(folder, f"{contender.name}{depth}")
                    )
                except Missing as why:
                    self.lacks(contender, f"chain of {depth} layers", why)
                    break
                worker.close()
                found.append((depth, answer["phases"]))
        return found

    def imports(self, times: int, own_times: int) -> dict[str, float]:
        """Title -> seconds that its import takes in a fresh process; everyone in turn.

        This library and NumPy, which are compared closely, take further turns with each other.
        """
        modules: dict[str, tuple[str, Contender]] = {}
        for contender in self.present():
            title = contender.title if contender.environment else contender.imports
            modules.setdefault(contender.environment or title, (title, contender))
        found: dict[str, list[float]] = {}
        with tempfile.TemporaryDirectory() as folder:
            for turn in range(times + own_times):
                self.progress(f"imports: turn {turn + 1} of {times + own_times}")
                order = list(modules.values())
                for title, contender in order[turn % len(order) :] + order[: turn % len(order)]:
                    if contender.environment and turn >= times:
                        continue
                    ran = subprocess.run(
                        [
                            interpreter(contender, self.pythons),
                            "-c",
                            IMPORT.format(contender.imports),
                        ],
                        env=surroundings(contender, Path(folder)),
                        capture_output=True,
                        text=True,
                    )
                    if ran.returncode == 0:
                        seconds = float(ran.stdout.split()[-1])
                        found.setdefault(title, []).append(seconds)
        return {name: statistics.median(each) for name, each in found.items()}


def new_batches(worker: Worker, net: Net) -> list[float]:
    """Seconds of the first steps with numbers of examples that were not there before."""
    rows = [max(net["batch"] // 2 - number, 1) for number in range(SIZES)]
    seconds: list[float] = worker.ask("batch", rows=rows)["seconds"]
    return seconds


def medians(told: list[dict[str, Any]]) -> dict[str, float]:
    """The medians of what starts took; `batch` is of first new batch sizes, `batches` of others."""
    found: dict[str, float] = {
        key: statistics.median(each[key] for each in told)
        for key in ("cold", "warm", "whole", "whole_warm")
        if key in told[0]
    }
    firsts = [each["batch"][0] for each in told if "batch" in each]
    others = [seconds for each in told for seconds in each.get("batch", [])[1:]]
    for key, seconds in (("batch", firsts), ("batches", others)):
        if seconds:
            found[key] = statistics.median(seconds)
    return found
