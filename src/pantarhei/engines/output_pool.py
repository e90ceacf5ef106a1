"""Memory for results: large arrays are reused once nothing refers to them any more."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from pantarhei.program.ir import Array, Type

# Bytes from which arrays come from a pool.
LARGE = 1 << 16


class OutputPool:
    """Arrays of one type; those that nothing else refers to are returned again.

    Fresh memory costs a page fault for every page. Two arrays are kept, since a variable refers to
    one while its next value is computed. An array with any other reference, by a view too, is not
    reused.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = shape, dtype
        self.lock = threading.Lock()
        self.kept: list[Array] = []
        # References to an array that only this object has; the number differs between Pythons.
        self.unused = -1

    def __call__(self) -> Array:
        """An array that nothing else refers to."""
        with self.lock:
            for index in range(len(self.kept)):
                if self._references(index) == self.unused and self._is_intact(self.kept[index]):
                    return self.kept[index]
            self.kept = [*self.kept[-1:], np.empty(self.shape, self.dtype)]
            self.unused = self._references(-1)
            return self.kept[-1]

    def _references(self, index: int) -> int:
        return sys.getrefcount(self.kept[index])

    def _is_intact(self, array: Array) -> bool:
        """Whether its last user has not changed the array's shape, dtype or flags."""
        right = array.shape == self.shape and array.dtype == self.dtype
        return right and array.flags.writeable and array.flags.c_contiguous


def allocator(type: Type) -> Callable[[], Array]:
    """A function that returns arrays of a type for results."""
    # Without the GIL other threads may be about to take a reference that is not counted.
    counting = getattr(sys, "_is_gil_enabled", lambda: True)()
    if counting and type.size * type.dtype.itemsize >= LARGE:
        return OutputPool(type.shape, type.dtype)
    return partial(np.empty, type.shape, type.dtype)
