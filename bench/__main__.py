"""The command: chooses nets and contenders, measures, and writes the page.

python -m bench                      everything: half an hour or more
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
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.contenders import BY_NAME, CONTENDERS, HOME, ROOT, install
from bench.measure import Bench
from bench.nets import NETS
from bench.pictures import draw
from bench.records import records
from bench.report import page

GROWTH = {
    "width": [2**power for power in range(4, 13)],
    "depth": [2**power for power in range(10)],
    "batch": [2**power for power in range(0, 17, 2)],
}
QUICK_GROWTH = {"width": [16, 64, 256], "depth": [1, 8, 32], "batch": [1, 256, 4096]}
CHAIN, QUICK_CHAIN = [125, 250, 500, 1000], [25, 50, 100]
GROWN = ("native", "numpy", "by-hand")  # whose growth is measured; peers' by --growth-contenders
EVERYTHING = "steps,imports,growth,chain,records"
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
        type=names(EVERYTHING.split(",")),
        default=EVERYTHING.split(","),
        help=f"some of {EVERYTHING}",
    )
    parser.add_argument("--quick", action="store_true", help="few repetitions, few extents")
    parser.add_argument("--rounds", type=int, help="turns of each contender")
    parser.add_argument("--patience", type=float, default=300, help="seconds any answer may take")
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
    seconds = 0.05 if options.quick else 0.3
    bar = tqdm(unit="", bar_format="{elapsed} {desc}")
    pythons = dict(each.split("=", 1) for each in options.python)

    def bench(contenders: list[str], turns: int, warm: bool) -> Bench:
        chosen = [each for each in CONTENDERS if each.name in contenders]
        return Bench(
            chosen, pythons, turns, seconds, options.patience, warm, bar.set_description_str
        )

    steps = bench(options.contenders, rounds, not options.quick)
    growth = bench(options.growth_contenders, min(rounds, 5), False)
    results: dict[str, Any] = {
        "machine": machine(),
        "command": command(),
        "date": datetime.date.today().isoformat(),
        "revision": revision(),
        "default_engine": default_engine(),
        "quick": options.quick,
        "note": options.note,
        "rounds": rounds,
        "seconds": seconds,
        "nets": [],
    }
    try:
        _measure_into(results, options, steps, growth)
    except KeyboardInterrupt:
        results["note"] = f"Interrupted: what follows is a part. {options.note}".strip()
    bar.close()
    for contender in CONTENDERS:
        if contender.name not in options.contenders:
            steps.lacks(contender, "everything", "left out by --contenders")
    results["missing"] = list(steps.missing)
    results["missing"] += [each for each in growth.missing if each not in steps.missing]
    results["about"] = {**growth.about, **steps.about}
    return results, steps.disagreements + growth.disagreements


def _measure_into(
    results: dict[str, Any], options: argparse.Namespace, steps: Bench, growth: Bench
) -> None:
    """Adds every family of figures as soon as it is there."""
    if "imports" in options.only:
        results["imports"] = steps.imports(3 if options.quick else 9)
    if "steps" in options.only:
        for net in NETS:
            if net["name"] in options.nets:
                row = {key: net[key] for key in ("name", "title", "family")}
                results["nets"].append({**row, "contenders": steps.net(net)})
    if "growth" in options.only:
        extents = QUICK_GROWTH if options.quick else GROWTH
        results["growth"] = {}
        for kind, each in extents.items():
            results["growth"][kind] = growth.growth(kind, each)
    if "chain" in options.only:
        depths = QUICK_CHAIN if options.quick else CHAIN
        results["chain"] = {}
        for contender in growth.present():
            if contender.imports == "pantarhei":
                results["chain"][contender.name] = growth.chain(contender, depths)
    if "records" in options.only:
        count = QUICK_COUNT if options.quick else COUNT
        results["records"] = records(growth, options.contenders, count)


def main() -> int:
    """Runs the command; 1 where losses disagreed."""
    options = arguments()
    if options.install:
        install(options.install.split(","))
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C, with a page
    figures, wrong = HOME / "figures.json", 0
    if not options.page:
        results, wrong = measure(options)
        HOME.mkdir(exist_ok=True)
        figures.write_text(json.dumps(results, indent=1))
    elif not figures.exists():
        raise SystemExit("there are no figures of a run yet")
    results = json.loads(figures.read_text())
    files = draw(results, options.out / "pictures" / "bench")
    places = {name: path.relative_to(options.out).as_posix() for name, path in files.items()}
    text = page(results, places)
    (options.out / "benchmarks.md").write_text(text)
    print(text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
