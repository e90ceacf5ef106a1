"""The state of a session: values of variables, states of random operations, resources."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np

from pantarhei.program import philox
from pantarhei.program.ir import Array, Type

# Name of the resource that is the states of random operations, which checkpoints save.
RANDOM_STATES = "/random_states"


class Store:
    """Variables by key, random states by operation, resources by name, and versions of these."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.variables: dict[str, Array] = {}
        self.random: dict[str, Array] = {}
        self.resources: dict[str, Any] = {RANDOM_STATES: self.random}
        # Grows when a variable gets or loses its value or changes type; plans are checked then.
        self.epoch = 0
        # Grows when a variable's array is replaced, or a host step may refer to it.
        self.version = 0

    def types(self) -> dict[str, Type | None]:
        """Types of the variables that have a value."""
        return {key: Type(array.dtype, array.shape) for key, array in self.variables.items()}

    def type_of(self, key: str) -> Type | None:
        """Type of one variable; None if it has no value."""
        array = self.variables.get(key)
        return None if array is None else Type(array.dtype, array.shape)

    def exclusive(self, key: str) -> Array:
        """The array of a variable, which may be changed in place: nothing else refers to it."""
        array = self.variables[key]
        flags = array.flags
        right = flags.owndata and flags.writeable and flags.c_contiguous and flags.aligned
        del array
        # A profiler may add references, so the count for a single reference is measured too.
        if not right or _references(self.variables, key) > _references(_EXCLUSIVE, ""):
            self.variables[key] = self.variables[key].copy(order="C")
            self.version += 1
        return self.variables[key]

    def random_state(self, key: str, seeds: tuple[int, int]) -> Array:
        """The state of a random operation; drawn from the system's entropy where no seed is set."""
        if key not in self.random:
            if seeds == (0, 0):
                drawn = os.urandom(16)
                seeds = (int.from_bytes(drawn[:8], "little"), int.from_bytes(drawn[8:], "little"))
            self.random[key] = philox.initial_state(*seeds)
        return self.random[key]

    def adopt_random_states(self, states: Mapping[str, Array]) -> None:
        """Takes over the states of random operations that have not been run here."""
        for key, state in states.items():
            self.random.setdefault(key, state)

    def commit(self, variables: dict[str, Array], random: dict[str, tuple[Array, int]]) -> None:
        """Takes over the variables and random states of a run, all at once."""
        for key, array in variables.items():
            old = self.variables.get(key)
            if old is None or old.shape != array.shape or old.dtype != array.dtype:
                self.epoch += 1
        if variables:
            self.variables.update(variables)
            self.version += 1
        for key, (state, used) in random.items():
            self.random[key] = philox.skip(state, used)


def _references(arrays: Mapping[str, Array], key: str) -> int:
    return sys.getrefcount(arrays[key])


# An array that only one dictionary refers to.
_EXCLUSIVE = {"": np.zeros(1)}
