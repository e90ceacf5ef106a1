"""Two checkouts of this library against each other: every net's training step, measured in turn.

python -m bench.compare ../before                 ratios of step times, this checkout / the other
python -m bench.compare ../before --nets tanh,lenet --rounds 20

Both run in processes of their own with caches of their own; the turns alternate, so that changes of
the machine's speed fall on both. A figure is the median of the rounds' medians.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.nets import NETS
from bench.values import write_values

ROOT = Path(__file__).resolve().parents[1]


class Checkout:
    """A process that runs a checkout's training steps on the native engine."""

    def __init__(self, root: Path, cache: Path, engine: str) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": str(root / "src"),
            "PANTARHEI_CACHE": str(cache),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.peers.own", engine],
            cwd=root,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def request(self, do: str, **arguments: Any) -> dict[str, Any]:
        """The answer to one request; see bench/peers/protocol.py."""
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None and answers is not None
        requests.write(json.dumps({"do": do, **arguments}) + "\n")
        requests.flush()
        answer: dict[str, Any] = json.loads(answers.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def __enter__(self) -> Checkout:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def compare(
    net: dict[str, Any], roots: tuple[Path, Path], rounds: int, seconds: float, engine: str
) -> tuple[float, float, bool]:
    """Seconds of a step here and in the other checkout, and whether their losses are the same."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        values = write_values(net, Path(folder))
        checkouts = [
            stack.enter_context(Checkout(root, Path(folder) / str(number), engine))
            for number, root in enumerate(roots)
        ]
        for each in checkouts:
            each.request("build", net=net, values=str(values))
        losses = [each.request("losses", steps=20)["losses"] for each in checkouts]
        times: tuple[list[float], list[float]] = ([], [])
        for number in range(rounds):
            for which in (0, 1) if number % 2 else (1, 0):
                answer = checkouts[which].request("time", seconds=seconds, least=3)
                times[which].append(statistics.median(answer["times"]))
    here, there = map(statistics.median, times)
    return here, there, losses[0] == losses[1]


def main(arguments: list[str]) -> int:
    """Measure and print; the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("other", type=Path, help="root of the other checkout")
    parser.add_argument("--nets", help="names of nets, separated by commas; all by default")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each checkout")
    parser.add_argument("--seconds", type=float, default=0.3, help="of each turn")
    parser.add_argument("--engine", default="native")
    parsed = parser.parse_args(arguments)
    roots = ROOT, parsed.other.resolve()
    ratios = []
    print(f"{'net':<30}{'here':>12}{'other':>12}{'ratio':>8}  losses")
    for net in NETS:
        if parsed.nets and net["name"].split(",")[0] not in parsed.nets.split(","):
            continue
        here, there, same = compare(dict(net), roots, parsed.rounds, parsed.seconds, parsed.engine)
        ratios.append(here / there)
        row = f"{net['name']:<30}{1e6 * here:>9.2f} us{1e6 * there:>9.2f} us{ratios[-1]:>8.3f}"
        print(f"{row}  {'equal' if same else 'differ'}", flush=True)
    if ratios:
        mean = math.exp(statistics.fmean(map(math.log, ratios)))
        print(f"{'geometric mean':<54}{mean:>8.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
