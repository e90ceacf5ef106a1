"""The page's part on records: seconds of checkpoints and of copies, rates of what is written."""

from __future__ import annotations

from typing import Any

from bench.records import COPY, FLUSHED, OTHER, OWN, RATES, SPANS, TITLES, rate, ratio, seconds
from bench.tables import NOTHING, duration, table


def record_page(found: dict[str, Any], pictures: dict[str, str]) -> str:
    """What was found about records, as Markdown; nothing if that is nothing."""
    if not found.get("turns"):
        return ""
    size = (
        f"{found['mebibytes']} MiB"
        if found["mebibytes"] % 1024
        else f"{found['mebibytes'] >> 10} GiB"
    )
    names = [OTHER, COPY, FLUSHED]
    spans = [
        [
            f"{what} {size}",
            duration(seconds(found, what, OWN)),
            *[_times(ratio(found, what, name)) for name in names],
        ]
        for what in SPANS
    ]
    rates = [
        [title, _a_second(rate(found, what, OWN)), _a_second(rate(found, what, OTHER))]
        for what, title in RATES.items()
    ]
    versions = "; ".join(
        f"{TITLES[name]} {each['version']} (Python {each['python']})"
        for name, each in found["about"].items()
    )
    turns = max(len(each) for each in found["turns"]["save"].values())
    words = (
        f"A checkpoint of {size} of float32 numbers, and how many times as long as this library "
        "others take. This library's saving ends when the checkpoint is on the disk, and "
        "TensorFlow's when it is in the system's hands: \"and flush\" is until it is on the disk "
        f"with both. Files that are read have been read before. "
        f"Medians of {turns} turns. {versions}."
    )
    picture = f"![Records]({pictures['records']})\n" if "records" in pictures else ""
    return "\n".join(
        [
            f"\n## Records\n\n{words}\n",
            table(["", TITLES[OWN], *[TITLES[each] for each in names]], spans),
            f"How many a second, {found['count']:,} at a time:\n",
            table(["", TITLES[OWN], TITLES[OTHER]], rates),
            picture,
        ]
    )


def _times(number: float | None) -> str:
    return NOTHING if number is None else f"{number:.2f}x"


def _a_second(number: float | None) -> str:
    return NOTHING if number is None else f"{number:,.0f}"
