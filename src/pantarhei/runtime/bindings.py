"""The bindings of a plan that is one call: the sources of its arrays, the readers of its results.

The arrays of a call are numbered (see `contract.BoundProgram`), and so are the slots of a plan.
This module maps the one to the other and runs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pantarhei.engines.contract import BoundProgram
from pantarhei.graph.operation import Tensor
from pantarhei.lowering.plan import Feed, Plan, RandomState, Segment, State
from pantarhei.program.ir import Array
from pantarhei.runtime.store import Store


class NotBindable(Exception):
    """A plan cannot be one call on variables in place; the message has the reason."""


@dataclass(frozen=True)
class ScalarReader:
    """Reads a scalar from the array that every call writes it to."""

    array: Array

    def read(self, store: Store, filled: Sequence[Array]) -> Any:
        """The scalar."""
        return self.array[()]


@dataclass(frozen=True)
class FreshReader:
    """Returns an array that was made for the call; a copy where another reader returns it."""

    number: int
    again: bool

    def read(self, store: Store, filled: Sequence[Array]) -> Any:
        """The array."""
        return filled[self.number].copy() if self.again else filled[self.number]


@dataclass(frozen=True)
class VariableReader:
    """Copies the value of a variable after the call."""

    key: str

    def read(self, store: Store, filled: Sequence[Array]) -> Any:
        """The copy; a scalar for rank 0."""
        array = store.variables[self.key].copy()
        return array[()] if array.ndim == 0 else array


Reader = ScalarReader | FreshReader | VariableReader


@dataclass
class Bindings:
    """The numbers of a call's arrays by their source, and a reader for each fetch.

    Attributes:
      variables: arrays of variables, with their keys.
      fed: arrays of feeds, in the order of the feeds.
      unused: fed tensors that the call does not use.
      fresh: arrays made for every call.
      random: arrays of states of random operations.
      fixed: arrays that are the same in all calls: constants, scalars, results that are not used.
      readers: one for each fetch.
    """

    variables: dict[int, str] = field(default_factory=dict)
    fed: list[int] = field(default_factory=list)
    unused: list[Tensor] = field(default_factory=list)
    fresh: list[int] = field(default_factory=list)
    random: dict[int, RandomState] = field(default_factory=dict)
    fixed: dict[int, Array] = field(default_factory=dict)
    readers: list[Reader] = field(default_factory=list)


def donations(plan: Plan, segment: Segment) -> dict[int, int | None]:
    """The donation map: output that is a variable's new value -> input with its old value.

    None where the program does not read that variable.
    """
    inputs = {key: place for place, key in _states(plan, segment).items()}
    outputs = {slot: number for number, slot in enumerate(segment.outputs)}
    return {outputs[slot]: inputs.get(key) for key, slot in plan.writes.items() if slot in outputs}


def bind_arrays(
    plan: Plan, segment: Segment, bound: BoundProgram, fed: Sequence[Tensor]
) -> Bindings:
    """The bindings of a plan with one segment, which is bound.

    Args:
      plan: the plan to run.
      segment: its only step.
      bound: the segment's program.
      fed: the tensors whose arrays are the arguments of every call, in this order.

    Raises:
      NotBindable: a source or result has no place among the arrays.
    """
    return _Binder(plan, segment, bound).bind_arrays(fed)


class _Binder:
    def __init__(self, plan: Plan, segment: Segment, bound: BoundProgram) -> None:
        self.plan, self.segment, self.bound = plan, segment, bound
        outputs = zip(segment.outputs, bound.places, strict=True)
        self.places = dict(outputs)  # slots that the segment fills -> arrays
        self.bindings = Bindings(variables=_states(plan, segment))

    def bind_arrays(self, fed: Sequence[Tensor]) -> Bindings:
        bindings = self.bindings
        self._written()
        self._fed(fed)
        bindings.readers = [self._reader(slot) for slot in self.plan.fetches]
        assigned = {*bindings.variables, *bindings.fed, *bindings.fresh, *bindings.fixed}
        for place, slot in enumerate(self.segment.inputs):
            if isinstance(source := self.plan.sources.get(slot), RandomState):
                bindings.random[place] = source
        for place, type in enumerate(self.bound.types):
            if place not in assigned and place not in bindings.random:
                bindings.fixed[place] = np.require(self._constant(place), type.dtype, ("C", "A"))
        return bindings

    def _written(self) -> None:
        """Binds variables to the arrays that the call writes their values to."""
        donated = donations(self.plan, self.segment)
        numbers = {slot: number for number, slot in enumerate(self.segment.outputs)}
        for key, slot in self.plan.writes.items():
            if slot not in numbers:
                raise NotBindable(f"{key} gets a feed, a constant or another variable's value")
            place = self.places[slot]
            if donated[numbers[slot]] is not None:
                if self.bindings.variables.get(place) != key:
                    raise NotBindable(f"the value of {key} is not written to its own array")
            elif place in self.bindings.variables or key in self.bindings.variables.values():
                raise NotBindable(f"{key} shares a value with another variable")
            self.bindings.variables[place] = key

    def _fed(self, fed: Sequence[Tensor]) -> None:
        inputs = {slot: place for place, slot in enumerate(self.segment.inputs)}
        feeds = {
            source.tensor: inputs.get(slot)
            for slot, source in self.plan.sources.items()
            if isinstance(source, Feed)
        }
        for tensor in fed:
            place = feeds.pop(tensor, None)
            if place is None:
                self.bindings.unused.append(tensor)
            else:
                self.bindings.fed.append(place)
        if feeds:
            raise NotBindable("a feed is not used by the segment")

    def _reader(self, slot: int) -> Reader:
        source = self.plan.sources.get(slot)
        if isinstance(source, State):
            if source.key in self.plan.writes:
                raise NotBindable(f"the value of {source.key} before the run is fetched")
            return VariableReader(source.key)
        if slot not in self.places:
            raise NotBindable("a fetch is not computed by the segment")
        place, bindings = self.places[slot], self.bindings
        if place in bindings.variables:
            return VariableReader(bindings.variables[place])
        type = self.bound.types[place]
        if type.shape == ():
            return ScalarReader(bindings.fixed.setdefault(place, np.zeros((), type.dtype)))
        again = place in bindings.fresh
        if not again:
            bindings.fresh.append(place)
        return FreshReader(bindings.fresh.index(place), again)

    def _constant(self, place: int) -> Array:
        """The array of a constant, or memory for a result that is not used."""
        if place >= len(self.segment.inputs):
            type = self.bound.types[place]
            return np.empty(type.shape, type.dtype)
        return self.plan.constants[self.segment.inputs[place]]


def _states(plan: Plan, segment: Segment) -> dict[int, str]:
    """Inputs of the program that are variables, with their keys."""
    return {
        place: source.key
        for place, slot in enumerate(segment.inputs)
        if isinstance(source := plan.sources.get(slot), State)
    }
