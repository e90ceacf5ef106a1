"""The fast path of runs: from fetches and feeds, as a user writes them, directly to a bound call.

It skips the checks and conversions of fetches and feeds, and the dispatcher. On a miss (another
dtype or shape, a plan that is not one call) the session runs through the dispatcher.
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from pantarhei.graph.operation import Tensor
from pantarhei.runtime.bound_run import BoundRun, in_order
from pantarhei.runtime.feeds import feed_array
from pantarhei.runtime.fetches import Fetches

# Calls kept for one kind of run, which differ in shapes.
CALLS_KEPT = 4

# The result of a fast path that has no call for these values.
MISSED = object()

# Values of feeds that decide shapes or branches may be of these types: they never change.
IMMUTABLE = (bool, int, float, np.generic)


def key_of(fetches: Any, feeds: Iterable[Any]) -> tuple[Any, ...]:
    """The key of a kind of run; it may turn out not to be hashable."""
    kind = type(fetches)
    if kind is list or kind is tuple:
        return (kind, *fetches, None, *feeds)
    return (fetches, None, *feeds)


class FastPath:
    """The calls for one kind of run.

    Args:
      fetches: the fetches of these runs.
      tensors: the fed tensors, in the order of the values.
      static: the tensors that decide shapes or branches, with the values of these calls.
      unused: fed tensors that no call uses; their values are checked only.
    """

    def __init__(
        self,
        fetches: Fetches,
        tensors: Sequence[Tensor],
        static: Mapping[Tensor, Any],
        unused: Collection[Tensor] = (),
    ) -> None:
        self.fetches = fetches
        left = {*static, *unused}
        self.tensors = [tensor for tensor in tensors if tensor not in left]
        self.used = [place for place, tensor in enumerate(tensors) if tensor not in left]
        self.fixed = [
            (place, static[tensor]) for place, tensor in enumerate(tensors) if tensor in static
        ]
        self.unused = [(place, tensor) for place, tensor in enumerate(tensors) if tensor in unused]
        self.calls: list[BoundRun] = []
        # A single value, flat list or tuple is built without descending into the structure.
        shape = fetches.rebuild(range(len(fetches.tensors)))
        self.single = isinstance(shape, int)
        flat = isinstance(shape, (list, tuple)) and type(shape) in (list, tuple)
        self.kind = type(shape)
        self.template: list[Any] | None = None
        if flat and all(each is None or isinstance(each, int) for each in shape):
            self.template = [None] * len(shape)
            self.places = [(i, each) for i, each in enumerate(shape) if each is not None]

    def add(self, call: BoundRun) -> None:
        """Makes `call` the first that is tried."""
        self.calls = [call, *[each for each in self.calls if each is not call]][:CALLS_KEPT]

    def run(self, values: Collection[Any]) -> Any:
        """The result of the run for the fed values, in order; `MISSED` if no call fits.

        The caller holds the store's lock.
        """
        if self.fixed or self.unused:
            every = list(values)
            for place, tensor in self.unused:
                feed_array(tensor, every[place])
            if not all(_same(every[place], expected) for place, expected in self.fixed):
                return MISSED
            values = [every[place] for place in self.used]
        for call in self.calls:
            results = call.run(*values)
            if results is not None:
                return self._rebuilt(results)
        arrays = [in_order(feed_array(*each)) for each in zip(self.tensors, values, strict=True)]
        if all(map(operator.is_, arrays, values)):
            return MISSED
        for call in self.calls:
            results = call.run(*arrays)
            if results is not None:
                return self._rebuilt(results)
        return MISSED

    def _rebuilt(self, results: list[Any]) -> Any:
        if self.single:
            return results[0]
        if self.template is None:
            return self.fetches.rebuild(results)
        filled = self.template.copy()
        for place, number in self.places:
            filled[place] = results[number]
        return filled if self.kind is list else tuple(filled)


def _same(value: Any, expected: Any) -> bool:
    if value is expected:
        return True
    return type(value) is type(expected) and bool(value == expected)
