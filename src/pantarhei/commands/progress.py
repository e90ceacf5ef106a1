"""A bar for what takes longer than a second, drawn by tqdm where there is a terminal."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any


def _bar(items: Iterable[Any] | None, label: str, **options: Any) -> Any:
    tqdm = importlib.import_module("tqdm")
    return tqdm.tqdm(items, desc=label, delay=1, disable=None, leave=False, **options)


def progress(
    items: Iterable[Any], label: str, unit: str, total: int | None = None
) -> Iterator[Any]:
    """The items, counted on standard error while they pass.

    Args:
      items: what passes.
      label: what is being done.
      unit: what is counted.
      total: how many there are, where that is known.
    """
    return iter(_bar(items, label, unit=f" {unit}", total=total))


@contextmanager
def progress_of_bytes(label: str, total: int) -> Iterator[Callable[[int], Any]]:
    """A function to be called with the number of bytes that have just been dealt with."""
    with _bar(None, label, unit="B", unit_scale=True, unit_divisor=1024, total=total) as bar:
        yield bar.update
