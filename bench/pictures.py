"""Plots: one for each family of figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")  # no window: plots go to files

from matplotlib import pyplot
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from bench import records
from bench.bar import ratio_to
from bench.report import COLUMNS, TITLES, base_of

FAMILIES = {"small": "Small nets", "dense": "Dense nets", "structured": "LeNet and LSTM"}
KEPT = {"cold": "o", "warm": "x"}
COLORS = {name: f"C{number}" for number, name in enumerate(TITLES)}


def draw(results: dict[str, Any], folder: Path) -> dict[str, Path]:
    """Draws everything that was found into a folder; family -> file."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Path] = {}
    for family, title in FAMILIES.items():
        rows = [each for each in results["nets"] if each["family"] == family and each["contenders"]]
        if rows:
            figure = _ratios(rows, base_of(results), title)
            files[f"steps_{family}"] = _save(figure, folder / f"steps_{family}.png")
    if any(row["contenders"] for row in results["nets"]):
        files["starts"] = _save(_starts(results), folder / "starts.png")
    for kind, curves in results.get("growth", {}).items():
        if curves:
            figure = _curves(kind, curves)
            files[f"growth_{kind}"] = _save(figure, folder / f"growth_{kind}.png")
    if any(results.get("chain", {}).values()):
        files["chain"] = _save(_chain(results["chain"]), folder / "chain.png")
    if results.get("records", {}).get("turns"):
        files["records"] = _save(_records(results["records"]), folder / "records.png")
    return files


def _save(figure: Any, path: Path) -> Path:
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)
    return path


def _ratios(rows: list[dict[str, Any]], base: str, title: str) -> Any:
    """Bars of steps' ratios to the base, a group for each net."""
    names = [each for each in COLUMNS if any(each in row["contenders"] for row in rows)]
    figure, axes = pyplot.subplots(figsize=(9, 1.2 + 0.22 * len(rows) * (len(names) + 1)))
    height = 0.85 / len(names)
    for number, name in enumerate(names):
        found = [(at, ratio_to(row, name, base)) for at, row in enumerate(rows)]
        drawn = [(at + number * height, ratio) for at, ratio in found if ratio is not None]
        if not drawn:
            continue
        places, ratios = zip(*drawn, strict=True)
        bars = axes.barh(places, ratios, height, label=TITLES[name], color=COLORS[name])
        labels = [f"{each:.2f}" if each < 100 else f"{each:,.0f}" for each in ratios]
        axes.bar_label(bars, labels, padding=3, fontsize=7)
    titles = [row["title"].replace(", ", ",\n") for row in rows]
    axes.set_yticks([at + 0.4 for at in range(len(rows))], titles)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.xaxis.set_minor_formatter("")  # the bars tell their numbers
    axes.axvline(1, color="lightgray", linewidth=0.8, zorder=0)
    axes.invert_yaxis()
    axes.margins(x=0.2, y=0.02)
    axes.set_xlabel(f"time of a step, {TITLES[base]} = 1")
    axes.set_title(title)
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def _starts(results: dict[str, Any]) -> Any:
    """Points: build and first step of every net, cold and warm."""
    rows = [row for row in results["nets"] if row["contenders"]]
    names = [each for each in COLUMNS if any(each in row["contenders"] for row in rows)]
    figure, axes = pyplot.subplots(figsize=(9, 4))
    for number, name in enumerate(names):
        beside = 0.6 * (number / len(names) - 0.5)  # so that points do not hide each other
        for kept, marker in KEPT.items():
            points = [
                (at + beside, row["contenders"][name][kept])
                for at, row in enumerate(rows)
                if kept in row["contenders"].get(name, {})
            ]
            if points:
                axes.plot(*zip(*points, strict=True), marker, color=COLORS[name], markersize=5)
    for at in range(1, len(rows)):
        axes.axvline(at - 0.53, color="lightgray", linewidth=0.8, zorder=0)
    axes.set_xticks(range(len(rows)), [row["name"] for row in rows])
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_ylabel("seconds")
    axes.set_title("Build and first step: empty cache (points), warm cache (crosses)")
    handles = [Line2D([], [], marker="o", ls="", color=COLORS[name]) for name in names]
    titles = [TITLES[name] for name in names]
    axes.legend(handles, titles, fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def _curves(kind: str, curves: dict[str, list[tuple[int, float]]]) -> Any:
    """Seconds of a step over an extent."""
    figure, axes = pyplot.subplots(figsize=(8, 4))
    for name, points in curves.items():
        axes.plot(*zip(*points, strict=True), "o-", label=TITLES[name], color=COLORS[name])
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlabel(kind)
    axes.set_ylabel("seconds of a step")
    axes.set_title(f"Growth with {kind}")
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def _chain(chains: dict[str, list[tuple[int, dict[str, float]]]]) -> Any:
    """Seconds of every phase over the length of a chain."""
    drawn = {name: points for name, points in chains.items() if points}
    figure, grid = pyplot.subplots(1, len(drawn), figsize=(5 * len(drawn), 4), squeeze=False)
    for axes, (name, points) in zip(grid[0], drawn.items(), strict=True):
        depths = [depth for depth, _ in points]
        for phase in points[0][1]:
            axes.plot(depths, [seconds[phase] for _, seconds in points], "o-", label=phase)
        axes.set_xlabel("layers")
        axes.set_ylabel("seconds")
        axes.set_title(TITLES[name])
        axes.legend(fontsize=8)
    return figure


def _records(found: dict[str, Any]) -> Any:
    """Bars: seconds of checkpoints and copies, and how many a second of the rest."""
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4))
    spans = {
        what: [
            (title, each)
            for name, title in records.TITLES.items()
            if (each := records.seconds(found, what, name)) is not None
        ]
        for what in records.SPANS
    }
    rates = {
        title: [
            (who, each)
            for name, who in records.TITLES.items()
            if (each := records.rate(found, what, name)) is not None
        ]
        for what, title in records.RATES.items()
    }
    _groups(left, spans, f"seconds for {found['mebibytes']} MiB")
    _groups(right, rates, "a second")
    right.set_xscale("log")
    right.margins(x=0.35)
    return figure


def _groups(axes: Any, groups: dict[str, list[tuple[str, float]]], label: str) -> None:
    """Horizontal bars, a group for each key; a colour for each who."""
    colors = dict(zip(records.TITLES.values(), ("C0", "C1", "C2", "C3"), strict=True))
    height = 0.2
    for at, group in enumerate(groups.values()):
        for number, (who, value) in enumerate(group):
            bars = axes.barh(at + number * height, value, height, color=colors[who])
            axes.bar_label(
                bars,
                fmt=lambda each: f"{each:,.3g}" if each < 100 else f"{each:,.0f}",
                fontsize=7,
                padding=3,
            )
    shown = [
        who for who in colors if any(who == each for group in groups.values() for each, _ in group)
    ]
    handles = [Rectangle((0, 0), 1, 1, color=colors[who]) for who in shown]
    axes.legend(handles, shown, fontsize=7, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4)
    axes.set_yticks([at + height for at in range(len(groups))], list(groups), fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlabel(label)
