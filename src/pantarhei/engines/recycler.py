"""Arrays to hand out: large ones that nobody holds any more are handed out again."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from pantarhei.program.ir import Array, Type

# Bytes from which arrays that are handed out come from a recycler.
LARGE = 1 << 16


class Recycler:
    """Large arrays to hand out; those that nobody holds any more are handed out again.

    Fresh memory costs a page fault for every page. Two arrays are kept, since a variable holds the
    one while its next value is computed. What anybody refers to, by a view too, is left alone.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = shape, dtype
        self.lock = threading.Lock()
        self.kept: list[Array] = []
        # References to an array that only this object holds; the number differs between Pythons.
        self.unused = -1

    def __call__(self) -> Array:
        """An array that nobody else holds."""
        with self.lock:
            for index in range(len(self.kept)):
                if self._references(index) == self.unused and self._as_made(self.kept[index]):
                    return self.kept[index]
            self.kept = [*self.kept[-1:], np.empty(self.shape, self.dtype)]
            self.unused = self._references(-1)
            return self.kept[-1]

    def _references(self, index: int) -> int:
        return sys.getrefcount(self.kept[index])

    def _as_made(self, array: Array) -> bool:
        """Whether its last holder has left the array's own properties alone."""
        right = array.shape == self.shape and array.dtype == self.dtype
        return right and array.flags.writeable and array.flags.c_contiguous


def maker(type: Type) -> Callable[[], Array]:
    """A function that makes arrays of a type to hand out."""
    # Without a global lock other threads may be about to take a reference that is not counted.
    counting = getattr(sys, "_is_gil_enabled", lambda: True)()
    if counting and type.size * type.dtype.itemsize >= LARGE:
        return Recycler(type.shape, type.dtype)
    return partial(np.empty, type.shape, type.dtype)
