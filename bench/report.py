"""The page: tables of ratios as Markdown, from what was found."""

from __future__ import annotations

from typing import Any

from bench.bar import bar_rows, ratio_to
from bench.contenders import CONTENDERS
from bench.measure import STARTED_ENOUGH, STARTS
from bench.record_page import record_page
from bench.tables import NOTHING, duration, table

TITLES = {each.name: each.title for each in CONTENDERS}
# Contenders that are shown beside the one whose other way to call they are.
CALLABLES = {name: f"{name}-callable" for name in TITLES if f"{name}-callable" in TITLES}
COLUMNS = [each for each in TITLES if each not in CALLABLES.values()]
SPANS = ("cold", "warm", "whole", "whole_warm", "batch", "batches")
# One Python is busy with measuring at most: more load than this was somebody else.
QUIET = 0.5


def base_of(results: dict[str, Any]) -> str:
    """The contender that ratios are to: the native engine, or the first one that was measured."""
    names = [each for row in results["nets"] for each in row["contenders"]]
    return next((each for each in TITLES if each in names), "native")


def page(results: dict[str, Any], pictures: dict[str, str]) -> str:
    """The page of Markdown. `pictures` has the paths of the plots by family."""
    base = base_of(results)
    parts = [_head(results), _steps(results, base, pictures), _bar(results)]
    parts += [_starts(results, pictures), _imports(results), _growth(results, pictures)]
    parts += [record_page(results.get("records", {}), pictures), _missing(results), _how(results)]
    return "\n".join(each for each in parts if each)


def _head(results: dict[str, Any]) -> str:
    machine = results["machine"]
    lines = [
        "# Benchmarks",
        "",
        f"Written by `{results['command']}` on {results['date']}, revision {results['revision']}.",
        "",
        f"Machine: {machine['processor']}, {machine['cores']} cores, {machine['memory']}, "
        f"{machine['system']}. Load before the run: {machine['load']:.1f}; "
        f"default engine: {results['default_engine']}.",
        "",
    ]
    warnings = []
    if machine["load"] > QUIET:
        warnings.append(
            f"The machine was busy with other work (load {machine['load']:.1f} on "
            f"{machine['cores']} cores before the run began): the figures are noisy, those of "
            "short steps and of several threads most."
        )
    if results["quick"]:
        warnings.append(
            "This was a quick run, with few repetitions: it shows that everything runs."
        )
    if results["note"]:
        warnings.append(results["note"])
    lines += [f"> **{each}**\n" for each in warnings]
    versions = [
        f"{TITLES[name]}: {about['version']} (Python {about['python']}, NumPy {about['numpy']})"
        for name, about in results["about"].items()
    ]
    return "\n".join([*lines, "Versions: " + "; ".join(versions) + ".", ""])


def _steps(results: dict[str, Any], base: str, pictures: dict[str, str]) -> str:
    names = [each for each in COLUMNS if any(each in row["contenders"] for row in results["nets"])]
    if not names:
        return ""
    rows = []
    for row in results["nets"]:
        own = row["contenders"].get(base)
        cells = [row["title"], duration(own and own["step"])]
        for name in names:
            ratio = None if name == base else ratio_to(row, name, base)
            cells += [] if name == base else [NOTHING if ratio is None else f"{ratio:.2f}x"]
        rows.append(cells)
    others = [TITLES[each] for each in names if each != base]
    text = [
        "## One training step",
        "",
        f"How many times as long as with the {TITLES[base]} a step takes: above 1 is slower "
        "than this library. A step begins with NumPy arrays and ends with the loss as a number.",
        "",
        table(["", TITLES[base], *others], rows),
    ]
    text += [f"![{each}]({pictures[each]})\n" for each in pictures if each.startswith("steps")]
    return "\n".join([*text, _calls(results)])


def _calls(results: dict[str, Any]) -> str:
    """The same steps through `make_callable`."""
    rows = [
        [
            row["title"],
            *[
                duration(row["contenders"].get(each, {}).get("step"))
                for name in CALLABLES
                for each in (name, CALLABLES[name])
            ],
        ]
        for row in results["nets"]
        if any(each in row["contenders"] for each in CALLABLES.values())
    ]
    if not rows:
        return ""
    head = [f"{TITLES[name]}, {way}" for name in CALLABLES for way in ("`run`", "`make_callable`")]
    words = "`Session.run` parses fetches and feeds, or finds them parsed; what `make_callable` "
    words += "returns has that behind it.\n\n"
    return words + table(["", *head], rows)


def _bar(results: dict[str, Any]) -> str:
    rows = [list(each) for each in bar_rows(results, TITLES)]
    text = "\n## The bar\n\nWhat is aimed at, and whether this run met it.\n\n"
    return text + table(["", "bar", "measured", ""], rows)


def _starts(results: dict[str, Any], pictures: dict[str, str]) -> str:
    head = [
        *("", "build and first step", "with a warm cache"),
        *("program until then", "with a warm cache"),
        *("first new batch size", "further ones", "peak memory"),
    ]
    text = (
        "\n## Before the second step\n\n"
        "Building the net and its first step, after the imports: what a library imports only then "
        "counts. Then the same from the start of the program, with its imports. Caches on disk "
        "are empty, or hold what the program before kept there. Then the first steps with other "
        "numbers of examples.\n"
    )
    for row in results["nets"]:
        rows = []
        for name in [each for each in COLUMNS if each in row["contenders"]]:
            found = row["contenders"][name]
            peak = f"{found['peak'] / 2**20:.0f} MiB" if "peak" in found else NOTHING
            spans = [duration(found.get(each)) for each in SPANS]
            rows.append([TITLES[name], *spans, peak])
        text += f"\n**{row['title']}**\n\n{table(head, rows)}"
    if "starts" in pictures:
        text += f"\n![Build and first step]({pictures['starts']})\n"
    return text


def _imports(results: dict[str, Any]) -> str:
    seconds = results.get("imports", {})
    if "numpy" not in seconds:
        return ""
    rows = [
        [name, duration(each), f"{each / seconds['numpy']:.2f}x"] for name, each in seconds.items()
    ]
    return "\n## Import\n\n" + table(["", "import", "against NumPy's"], rows)


def _growth(results: dict[str, Any], pictures: dict[str, str]) -> str:
    parts = []
    for kind, curves in results.get("growth", {}).items():
        extents = sorted({extent for points in curves.values() for extent, _ in points})
        if not extents:
            continue
        base = next(iter(curves))
        cells = {name: dict(points) for name, points in curves.items()}
        rows = []
        for extent in extents:
            own = cells[base].get(extent)
            ratios = [
                f"{cells[name][extent] / own:.2f}x" if own and extent in cells[name] else NOTHING
                for name in list(curves)[1:]
            ]
            rows.append([str(extent), duration(own), *ratios])
        head = [kind, TITLES[base], *[TITLES[each] for each in list(curves)[1:]]]
        parts.append(f"\n### {kind.capitalize()}\n\n{table(head, rows)}")
        if f"growth_{kind}" in pictures:
            parts.append(f"![Growth with {kind}]({pictures[f'growth_{kind}']})\n")
    for name, points in results.get("chain", {}).items():
        phases = list(points[0][1]) if points else []
        rows = [
            [str(depth), *[duration(each) for each in seconds.values()]]
            for depth, seconds in points
        ]
        if rows:
            parts.append(f"\n### Chain of layers, {TITLES[name]}\n\n")
            parts.append(table(["layers", *phases], rows))
    if "chain" in pictures:
        parts.append(f"![Chain of layers]({pictures['chain']})\n")
    if not parts:
        return ""
    words = "Square tanh layers (64 units, 2 layers, batch 128) of which one extent grows; SGD.\n"
    return f"\n## Growth\n\n{words}" + "\n".join(parts)


def _missing(results: dict[str, Any]) -> str:
    if not results["missing"]:
        return ""
    kinds: dict[tuple[str, str], list[str]] = {}
    for each in results["missing"]:
        kinds.setdefault((each["contender"], each["why"]), []).append(each["what"])
    rows = [
        [contender, "; ".join(what), why.replace("|", "\\|")]
        for (contender, why), what in kinds.items()
    ]
    return "\n## Not measured\n\n" + table(["", "what", "why"], rows).replace("---:", "---")


def _how(results: dict[str, Any]) -> str:
    turns = [len(each["turns"]) for row in results["nets"] for each in row["contenders"].values()]
    fewest, most = min(turns, default=0), max(turns, default=0)
    words = f"{most}" if fewest == most else f"{fewest} to {most}"
    took = ", ".join(f"{name} {each:.0f} s" for name, each in results["took"].items())
    return f"""
## How it is measured

Every contender is a process of its own, in an environment of its own, with the same initial values
and data. Before anything is timed, the losses of the first steps are compared: who computes
something else is not timed. Then all take turns, {words} times for {results["seconds"]:g} s each,
after steps that warm the caches up; steps shorter than a millisecond are timed as many as make one.
A figure is the median of the turns' medians, a ratio the median of the turns' ratios.

Everyone in the way its makers advise, on all cores: JAX with one compiled function whose arguments
are donated, PyTorch with fused optimizers and its own LSTM, PyTensor with one function compiled by
Numba. NumPy by hand works in place. TensorFlow's sessions and this library's run the same lines.
The 784-256-256-10 net is started up to {STARTS} times, and by each for no more than
{STARTED_ENOUGH:.0f} s; the others once. Growth: the median of up to five turns of 0.05 s.

The run was given {results["minutes"]:g} minutes; when they are short, there are fewer turns and
what does not fit is named above. It took: {took}. `python -m bench --help` tells how to
choose nets and contenders; `--install` makes the peers' environments.
"""
