"""The conversation of a peer with the one who measures: a line of JSON in, a line of JSON out.

{"do": "build", "net": ..., "values": path}     -> {"phases": {phase: seconds}}, first step included
{"do": "losses", "steps": n}                    -> {"losses": [...]}, the first of them the build's
{"do": "time", "seconds": s, "least": n}        -> {"times": [seconds of a step, ...]}
{"do": "batch", "rows": [n, ...]}               -> {"seconds": [of the first step with n rows, ...]}
{"do": "about"}                                 -> {"version": ..., "peak": bytes, ...}

What cannot be done is answered with {"error": words}.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import resource
import sys
import time
import traceback

import numpy as np

# Steps timed as one take at least this many seconds, so that reading the clock is nothing.
SHORTEST = 0.001
# Seconds after which no more batch sizes are tried: some compile for each of them.
ENOUGH = 3.0


def _not_built(batch):
    raise LookupError("no step has been built")


class Worker:
    """Answers requests with the step that a peer builds."""

    def __init__(self, build, version):
        self._build = build
        self._version = version
        self._step = _not_built
        self._batch = {}
        self._losses = []

    def about(self):
        """What runs here, and the most memory it has held."""
        return about(self._version)

    def build(self, net, values):
        """Builds the net and makes its first step."""
        with np.load(values) as arrays:
            arrays = {name: arrays[name] for name in arrays.files}
        self._batch = {name: arrays.pop(name) for name in ("x", "y", "labels")}
        self._step = _not_built  # the one before lets go of its memory
        gc.collect()
        begin = time.perf_counter()
        self._step = self._build(net, arrays)
        built = time.perf_counter()
        self._losses = [self._step(self._batch)]
        done = time.perf_counter()
        phases = dict(getattr(self._step, "phases", {"build": built - begin}))
        phases["first step"] = done - built
        return {"phases": phases, "seconds": done - begin}

    def losses(self, steps):
        """The losses of the first steps. Asked for before anything is timed."""
        while len(self._losses) < steps:
            self._losses.append(self._step(self._batch))
        return {"losses": self._losses}

    def time(self, seconds, least):
        """Seconds of a step, measured many times, after steps that bring data back into caches."""
        step, batch, clock = self._step, self._batch, time.perf_counter
        step(batch)
        once = min(self._once() for _ in range(2))
        for _ in range(int(min(0.2 * seconds, 0.05) / once)):
            step(batch)
        together = max(1, int(SHORTEST / once))
        times = []  # type: list[float]
        end = clock() + seconds
        while len(times) < least or clock() < end:
            begin = clock()
            for _ in range(together):
                step(batch)
            times.append((clock() - begin) / together)
        return {"times": times}

    def _once(self):
        begin = time.perf_counter()
        self._step(self._batch)
        return max(time.perf_counter() - begin, 1e-7)

    def batch(self, rows):
        """Seconds of the first steps with other numbers of examples."""
        seconds = []
        for each in rows:
            picked = np.arange(each)
            other = {name: array[picked % len(array)] for name, array in self._batch.items()}
            begin = time.perf_counter()
            self._step(other)
            seconds.append(time.perf_counter() - begin)
            if sum(seconds) > ENOUGH:
                break
        return {"seconds": seconds}


def peak():
    """The most bytes of memory that this process has held.

    What the system counts for children may begin with what their parent held: Linux is asked for
    this process's own.
    """
    try:
        with open("/proc/self/status") as status:
            found = [line.split() for line in status if line.startswith("VmHWM")]
        return int(found[0][1]) * 1024
    except (OSError, IndexError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most * (1 if sys.platform == "darwin" else 1024)


def about(version):
    """What runs here, and the most memory it has held."""
    return {
        "version": version,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "peak": peak(),
    }


def serve(build, version):
    """Answers requests about the step that `build` makes, until there are none."""
    answer_requests(Worker(build, version))


def answer_requests(worker):
    """Answers requests until there are none: each is a method of the worker.

    What a framework prints goes to the error stream: answers have the output to themselves.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            request = json.loads(line)
            answer = getattr(worker, request.pop("do"))(**request)
        except Exception as error:  # whatever a framework raises is the answer
            traceback.print_exc()
            words = (str(error).strip().splitlines() or [""])[0]
            lacks = type(error) is LookupError  # a peer's own words: it has no such net
            answer = {"error": words if lacks else f"{type(error).__name__}: {words}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
