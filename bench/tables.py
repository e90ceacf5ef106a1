"""Pieces of a page: tables of Markdown, and durations in words."""

from __future__ import annotations

NOTHING = "-"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table of Markdown; all columns but the first to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def duration(seconds: float | None) -> str:
    """Seconds in a fitting unit."""
    if seconds is None:
        return NOTHING
    if seconds < 1e-3:
        return f"{seconds * 1e6:.1f} us"
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"
