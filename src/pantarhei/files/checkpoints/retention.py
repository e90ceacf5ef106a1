"""Which checkpoints a saver keeps: the last few, one every so many hours, and the best.

Works on names, times and scores. It selects what is to be deleted; others delete.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator


class Retention:
    """The checkpoints of a saver, and which of them have to go.

    Args:
      max_to_keep: how many of the last ones stay; 0 for all, which are not listed then.
      hours: one more stays for good each time so many hours are over.
      best: how many with the smallest scores stay.
    """

    def __init__(self, max_to_keep: int, hours: float, best: int = 0) -> None:
        self.max_to_keep = max_to_keep
        self.hours = hours
        self.best = best
        # Names with the times when they were made, the oldest first.
        self.last: list[tuple[str, float]] = []
        self._surplus: list[tuple[str, float]] = []
        self._next_for_good = math.inf
        self._scores: dict[str, float] = {}
        self._kept_as_best: list[str] = []

    def start(self) -> None:
        """The hours are counted from now on."""
        self._next_for_good = time.time() + self.hours * 3600

    def record(self, name: str, score: float | None = None) -> None:
        """Records a new checkpoint, or one that was made anew."""
        if score is not None:
            self._scores[name] = math.inf if math.isnan(score) else score
        if not self.max_to_keep:
            return
        self.last = [each for each in self.last if each[0] != name]
        self._surplus = [each for each in self._surplus if each[0] != name]
        self.last.append((name, time.time()))
        while len(self.last) > self.max_to_keep:
            self._surplus.append(self.last.pop(0))

    def best_names(self) -> list[str]:
        """The checkpoints with the smallest scores, the smallest first."""
        ranked = sorted(self._scores, key=lambda name: self._scores[name])
        return ranked[: self.best]

    def surplus(self) -> Iterator[str]:
        """The checkpoints that are to be deleted now; each is named once."""
        best = self.best_names()
        while self._surplus:
            name, made = self._surplus.pop(0)
            if made > self._next_for_good:
                self._next_for_good += self.hours * 3600
                self._scores.pop(name, None)
            elif name in best:
                self._kept_as_best.append(name)
            else:
                self._scores.pop(name, None)
                yield name
        recent = {name for name, _ in self.last}
        for name in [each for each in self._kept_as_best if each not in best or each in recent]:
            self._kept_as_best.remove(name)
            if name not in recent:
                self._scores.pop(name, None)
                yield name
