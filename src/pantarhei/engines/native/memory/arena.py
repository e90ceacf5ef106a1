"""The arena: one piece of memory whose parts buffers share, one after the other."""

from __future__ import annotations

ALIGNMENT = 64


class Arena:
    """Gives out parts of the arena: the smallest free one that is large enough."""

    def __init__(self) -> None:
        self.size = 0
        self.free: list[tuple[int, int]] = []  # start and size, by start

    def take(self, size: int) -> tuple[int, int]:
        """A part of at least `size` bytes: where it starts and how long it is."""
        size = max(-(-size // ALIGNMENT), 1) * ALIGNMENT
        fitting = [part for part in self.free if part[1] >= size]
        if not fitting:
            if self.free and sum(self.free[-1]) == self.size:
                start, _ = self.free.pop()
            else:
                start = self.size
            self.size = start + size
            return start, size
        start, length = min(fitting, key=lambda part: part[1])
        self.free.remove((start, length))
        if length > size:
            self.free.append((start + size, length - size))
            self.free.sort()
        return start, size

    def give(self, part: tuple[int, int]) -> None:
        """Frees a part; free neighbours become one."""
        merged: list[tuple[int, int]] = []
        for start, size in sorted([*self.free, part]):
            if merged and sum(merged[-1]) == start:
                merged[-1] = (merged[-1][0], merged[-1][1] + size)
            else:
                merged.append((start, size))
        self.free = merged
