"""The bar: by how much this library is to be ahead, and whether it was."""

from __future__ import annotations

import math
import statistics
from typing import Any

from bench import records

# Net -> contender -> how many times as long as the native engine its step is to take.
AT_LEAST = {
    "linear": {"by-hand": 3.0, "pytensor": 2.0, "tensorflow1": 40.0},
    "sigmoid": {"by-hand": 6.0, "pytensor": 4.0, "tensorflow1": 50.0},
    "tanh": {"by-hand": 8.0, "pytensor": 3.0, "tensorflow1": 60.0},
    "dense": {"by-hand": 1.7, "torch": 1.9},
    "wide": {"by-hand": 1.35, "torch": 1.05},
    "lenet": {"torch": 1.1, "tensorflow1": 2.5},
    "lstm": {"torch": 1.1, "tensorflow1": 3.5},
}
# Net -> how many times as long as its bare products the native engine's step may take.
WITHIN = {"dense": 1.2, "wide": 1.1}
NEW_BATCH_SECONDS = 0.010
IMPORT_RATIO = 2.0
# Who, and how many times as long as this library they are to take to save or restore 1 GiB.
RECORDS_AT_LEAST = {records.COPY: 0.5, records.OTHER: 1.0}
SUMMARIES_A_SECOND = 10_000
# Layers of the chain, and the exponent of growth that counts as linear from there to the longest.
CHAIN, LINEAR = 1000, 1.2

Row = tuple[str, str, str, str]


def verdict(met: bool) -> str:
    """A verdict for the table."""
    return "met" if met else "**missed**"


def ratio_to(row: dict[str, Any], name: str, base: str) -> float | None:
    """How many times as long as the base's a contender's step takes: the median over the turns."""
    columns = row["contenders"]
    if name not in columns or base not in columns:
        return None
    pairs = zip(columns[name]["turns"], columns[base]["turns"], strict=False)
    return float(statistics.median(one / other for one, other in pairs))


def bar_rows(results: dict[str, Any], title_of: dict[str, str]) -> list[Row]:
    """What was asked, the bar, what was measured, and the verdict."""
    found = {row["name"]: row for row in results["nets"]}
    rows: list[Row] = []
    for net, wanted in AT_LEAST.items():
        row = found.get(net, {"title": net, "contenders": {}})
        title = row["title"]
        for other, least in wanted.items():
            asked = f"{title}: against {title_of[other]}"
            rows.append(_ratio(asked, ratio_to(row, other, "native"), least))
        if net in WITHIN:
            asked = f"{title}: against its bare products"
            limit = f"within {WITHIN[net]:g}x"
            ratio = ratio_to(row, "native", "products")
            if ratio is None:
                rows.append((asked, limit, "not measured", "open"))
            else:
                rows.append((asked, limit, f"{ratio:.2f}x", verdict(ratio <= WITHIN[net])))
    rows += _first_steps(found.get("dense")) + _import(results) + _chain(results)
    return rows + _records(results.get("records", {}))


def _ratio(asked: str, ratio: float | None, least: float) -> Row:
    if ratio is None:
        return asked, f"{least:g}x", "not measured", "open"
    return asked, f"{least:g}x", f"{ratio:.2f}x", verdict(ratio >= least)


def _first_steps(row: Any) -> list[Row]:
    columns = row["contenders"] if row else {}
    own, other = columns.get("native", {}), columns.get("tensorflow1", {})
    rows: list[Row] = []
    for kept, least in (("cold", 1.0), ("warm", 2.0)):
        asked = f"784 net, build and first step, {kept} cache: against TensorFlow 1.15"
        if kept in own and kept in other:
            ratio = other[kept] / own[kept]
            rows.append((asked, f"{least:g}x", f"{ratio:.2f}x", verdict(ratio >= least)))
        else:
            rows.append((asked, f"{least:g}x", "not measured", "open"))
    limit = f"under {NEW_BATCH_SECONDS * 1000:.0f} ms"
    if "batch" in own:
        first, others = own["batch"], own.get("batches", own["batch"])
        met = verdict(max(first, others) < NEW_BATCH_SECONDS)
        words = f"{first * 1000:.1f} ms; further ones {others * 1000:.1f} ms"
        rows.append(("784 net, new batch size", limit, words, met))
    else:
        rows.append(("784 net, new batch size", limit, "not measured", "open"))
    return rows


def _import(results: dict[str, Any]) -> list[Row]:
    asked, limit = "import, against NumPy's own", f"under {IMPORT_RATIO:g}x"
    seconds = results.get("imports", {})
    if "pantarhei" not in seconds or "numpy" not in seconds:
        return [(asked, limit, "not measured", "open")]
    ratio = seconds["pantarhei"] / seconds["numpy"]
    return [(asked, limit, f"{ratio:.2f}x", verdict(ratio < IMPORT_RATIO))]


def _chain(results: dict[str, Any]) -> list[Row]:
    asked = "chain of 1,000 layers: build, differentiate, lower, first step"
    points = results.get("chain", {}).get("native", [])
    totals = {depth: sum(seconds.values()) for depth, seconds in points}
    if CHAIN not in totals or max(totals) == CHAIN:
        return [(asked, "grows linearly", "not measured", "open")]
    most = max(totals)
    exponent = math.log(totals[most] / totals[CHAIN]) / math.log(most / CHAIN)
    words = (
        f"{totals[CHAIN]:.2f} s; {most:,} layers {totals[most]:.2f} s: "
        f"grows as depth^{exponent:.2f}"
    )
    return [(asked, "grows linearly", words, verdict(exponent <= LINEAR))]


def _records(found: dict[str, Any]) -> list[Row]:
    whole = found.get("mebibytes") == records.MEBIBYTES
    rows = [
        _ratio(
            f"{what} {records.MEBIBYTES >> 10} GiB: against {records.TITLES[name]}",
            records.ratio(found, what, name) if whole else None,
            least,
        )
        for what in records.SPANS
        for name, least in RECORDS_AT_LEAST.items()
    ]
    rate, limit = records.rate(found, "summaries"), f"{SUMMARIES_A_SECOND:,} a second"
    if rate is None:
        return [*rows, ("scalar summaries", limit, "not measured", "open")]
    met = verdict(rate >= SUMMARIES_A_SECOND)
    return [*rows, ("scalar summaries", limit, f"{rate:,.0f} a second", met)]
