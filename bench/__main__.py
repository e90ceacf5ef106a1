"""The command: chooses nets and contenders, measures, and writes the page.

python -m bench                      everything, in about twenty minutes
python -m bench --quick --nets tanh,dense --contenders native,torch
python -m bench --install torch,jax  peers into environments of their own, under .bench
python -m bench --page               the page again, from the figures of the last run
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.contenders import BY_NAME, CONTENDERS, HOME, ROOT, install
from bench.measure import STARTS, Bench
from bench.nets import NETS
from bench.pictures import draw
from bench.records import records
from bench.report import page

FIGURES = HOME / "figures.json"  # of the last run
GROWTH = {
    "width": [2**power for power in range(4, 13)],
    "depth": [2**power for power in range(10)],
    "batch": [2**power for power in range(0, 17, 2)],
}
QUICK_GROWTH = {"width": [16, 64, 256], "depth": [1, 8, 32], "batch": [1, 256, 4096]}
CHAIN, QUICK_CHAIN = [125, 250, 500, 1000, 2000, 4000], [25, 50, 100]
GROWN = ("native", "numpy", "by-hand", "torch", "tensorflow1")
# Whose chains are measured if their growth is: those that build a graph.
CHAINED = ("native", "numpy", "tensorflow1")
LONGEST_OF_PEERS = 1000  # layers: beyond, it takes them minutes
# The net that starts are repeated for: the one that the bar names.
STARTED = "dense"
# The part of the time that each family may take; what one does not need, the next ones may.
SHARES = {"imports": 0.05, "steps": 0.6, "chain": 0.08, "growth": 0.15, "records": 0.12}
# Summaries and records that make one measurement.
COUNT, QUICK_COUNT = 50_000, 10_000


def names(known: Any) -> Any:
    """A parser of names separated by commas."""

    def parse(text: str) -> list[str]:
        chosen = [each for each in text.split(",") if each]
        for each in chosen:
            if each not in known:
                raise argparse.ArgumentTypeError(f"no {each!r}; there are: {', '.join(known)}")
        return chosen

    return parse


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    nets, contenders = [each["name"] for each in NETS], list(BY_NAME)
    parser.add_argument("--nets", type=names(nets), default=nets, help=", ".join(nets))
    parser.add_argument(
        "--contenders", type=names(contenders), default=contenders, help=", ".join(contenders)
    )
    parser.add_argument(
        "--growth-contenders", type=names(contenders), default=list(GROWN), metavar="NAMES"
    )
    parser.add_argument(
        "--only",
        type=names(SHARES),
        default=list(SHARES),
        help=f"some of {','.join(SHARES)}",
    )
    parser.add_argument("--quick", action="store_true", help="few repetitions, few extents")
    parser.add_argument("--rounds", type=int, help="turns of each contender")
    parser.add_argument(
        "--minutes",
        type=float,
        default=20,
        help="after which there are fewer turns and extents (default: 20)",
    )
    parser.add_argument(
        "--patience", type=float, default=120, help="seconds any answer may take (default: 120)"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="folder of benchmarks.md")
    parser.add_argument("--note", default="", help="words for the head of the page")
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="ENVIRONMENT=PATH",
        help="the Python of a peer, for example tensorflow1=/path/to/python3.7",
    )
    parser.add_argument("--install", default="", metavar="NAMES", help="make these environments")
    parser.add_argument("--page", action="store_true", help="write the page of the last run again")
    return parser.parse_args()


def command() -> str:
    """What was typed, without places that only this machine has."""
    words = [each.split("=")[0] + "=PATH" if "=/" in each else each for each in sys.argv[1:]]
    return shlex.join(["python", "-m", "bench", *words])


def machine() -> dict[str, Any]:
    """The machine, in words."""
    processor = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        lines = information.read_text().splitlines()
        models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
        processor = models[0] if models else processor
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "load": os.getloadavg()[0],
    }


def revision() -> str:
    """The state of the code."""
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True
    )
    return said.stdout.strip() or "unknown"


def default_engine() -> str:
    """The engine of a session that names none."""
    code = (
        "import pantarhei as tf, inspect; from pantarhei.runtime import engines as s;"
        "print(s.chosen_engine(tf.ConfigProto()).name)"
    )
    variables = dict(os.environ, PYTHONPATH=str(ROOT / "src"))
    variables.pop("PANTARHEI_ENGINE", None)
    python = [sys.executable, "-c", code]
    ran = subprocess.run(python, env=variables, capture_output=True, text=True)
    return ran.stdout.strip() or "unknown"


def measure(options: argparse.Namespace) -> tuple[dict[str, Any], int]:
    """Everything that was asked for, and how many contenders computed wrong losses."""
    rounds = options.rounds or (3 if options.quick else 15)
    seconds = 0.05 if options.quick else 0.2
    bar = tqdm(unit="", bar_format="{elapsed} {desc}")
    pythons = dict(each.split("=", 1) for each in options.python)

    def bench(contenders: list[str], turns: int, seconds: float) -> Bench:
        chosen = [each for each in CONTENDERS if each.name in contenders]
        warm, say = not options.quick, bar.set_description_str
        return Bench(chosen, pythons, turns, seconds, options.patience, warm, say)

    steps = bench(options.contenders, rounds, seconds)
    grown = [each for each in options.growth_contenders if each in options.contenders]
    growth = bench(grown, min(rounds, 5), 0.05)
    results: dict[str, Any] = {
        "machine": machine(),
        "command": command(),
        "date": datetime.date.today().isoformat(),
        "revision": revision(),
        "default_engine": default_engine(),
        "quick": options.quick,
        "minutes": options.minutes,
        "note": options.note,
        "rounds": rounds,
        "seconds": seconds,
        "nets": [],
        "took": {},
        "missing": steps.missing,
        "about": {},
    }
    try:
        _measure_into(results, options, steps, growth)
    except KeyboardInterrupt:
        results["note"] = f"Interrupted: what follows is a part. {options.note}".strip()
    bar.close()
    for contender in CONTENDERS:
        if contender.name not in options.contenders:
            steps.lacks(contender, "everything", "left out by --contenders")
    results["missing"] += [each for each in growth.missing if each not in steps.missing]
    results["about"] = {**growth.about, **steps.about}
    return results, steps.disagreements + growth.disagreements


def _measure_into(
    results: dict[str, Any], options: argparse.Namespace, steps: Bench, growth: Bench
) -> None:
    """Adds every family of figures as soon as it is there."""
    quick = options.quick

    def measure_steps() -> None:
        nets = [each for each in NETS if each["name"] in options.nets]
        for left, net in zip(range(len(nets), 0, -1), nets, strict=True):
            now = time.monotonic()
            starts = STARTS if net["name"] == STARTED and not quick else 1
            found = steps.net(net, starts, now + (steps.deadline - now) / left)
            row = {key: net[key] for key in ("name", "title", "family")}
            results["nets"].append({**row, "contenders": found})

    def measure_chains() -> None:
        chains = results["chain"] = {}
        present = {each.name: each for each in growth.present()}
        for contender in [present[name] for name in CHAINED if name in present]:
            depths = QUICK_CHAIN if quick else CHAIN
            if contender.imports != "pantarhei" and max(depths) > LONGEST_OF_PEERS:
                depths = [each for each in depths if each <= LONGEST_OF_PEERS]
                why = "left out: it would take minutes"
                growth.lacks(contender, f"chains of more than {LONGEST_OF_PEERS} layers", why)
            chains[contender.name] = growth.chain(contender, depths)

    def measure_imports() -> None:
        results["imports"] = steps.imports(3 if quick else 5, 2 if quick else 16)

    def measure_growth() -> None:
        results["growth"] = growth.growth(QUICK_GROWTH if quick else GROWTH)

    def measure_records() -> None:
        count = QUICK_COUNT if quick else COUNT
        results["records"] = records(growth, options.contenders, count)

    measures = {
        "imports": measure_imports,
        "steps": measure_steps,
        "chain": measure_chains,
        "growth": measure_growth,
        "records": measure_records,
    }
    end = time.monotonic() + 60 * options.minutes
    chosen = [each for each in SHARES if each in options.only]
    for number, family in enumerate(chosen):
        before = time.monotonic()
        part = SHARES[family] / sum(SHARES[each] for each in chosen[number:])
        # However long the families before took, this one has half of what was meant for it.
        time_given = max((end - before) * part, 30 * options.minutes * SHARES[family])
        steps.deadline = growth.deadline = before + time_given
        measures[family]()
        results["took"][family] = time.monotonic() - before
        keep(results)


def keep(results: dict[str, Any]) -> None:
    """Writes the figures to where `--page` finds them."""
    HOME.mkdir(exist_ok=True)
    FIGURES.write_text(json.dumps(results, indent=1))


def main() -> int:
    """Runs the command; 1 where losses disagreed."""
    options = arguments()
    if options.install:
        install(options.install.split(","))
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C, with a page
    wrong = 0
    if not options.page:
        results, wrong = measure(options)
        keep(results)
    elif not FIGURES.exists():
        raise SystemExit("there are no figures of a run yet")
    results = json.loads(FIGURES.read_text())
    files = draw(results, options.out / "pictures" / "bench")
    places = {name: path.relative_to(options.out).as_posix() for name, path in files.items()}
    text = page(results, places)
    (options.out / "benchmarks.md").write_text(text)
    print(text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
