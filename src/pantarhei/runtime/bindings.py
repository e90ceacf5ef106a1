"""The bindings of a plan's one call: where its arrays come from, and what is read after it.

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
    """A plan cannot be one call on variables in place; the message says why."""


@dataclass(frozen=True)
class Cell:
    """Reads a number that every call writes to the same place."""

    array: Array

    def read(self, store: Store, filled: Sequence[Array]) -> Any:
        """The number."""
        return self.array[()]


@dataclass(frozen=True)
class Fresh:
    """Hands out an array that was made for the call; a copy where it was handed out before."""

    number: int
    again: bool

    def read(self, store: Store, filled: Sequence[Array]) -> Any:
        """The array."""
        return filled[self.number].copy() if self.again else filled[self.number]


@dataclass(frozen=True)
class Variable:
    """Copies what a variable holds after the call."""

    key: str

    def read(self, store: Store, filled: Sequence[Array]) -> Any:
        """The copy; a number where there are no axes."""
        array = store.variables[self.key].copy()
        return array[()] if array.ndim == 0 else array


Reader = Cell | Fresh | Variable


@dataclass
class Bindings:
    """Numbers of arrays: of variables, of what is fed, of those made for every call, of the states
    of random operations."""

    variables: dict[int, str] = field(default_factory=dict)
    fed: list[int] = field(default_factory=list)
    unused: list[Tensor] = field(default_factory=list)  # fed, and needed by nothing
    fresh: list[int] = field(default_factory=list)
    random: dict[int, RandomState] = field(default_factory=dict)
    # Arrays that are the same for all calls: constants, numbers, and what nobody asked for.
    fixed: dict[int, Array] = field(default_factory=dict)
    readers: list[Reader] = field(default_factory=list)


def donations(plan: Plan, segment: Segment) -> dict[int, int | None]:
    """Number of an output of the program -> of the input that holds the variable it is for.

    None where the program does not read that variable.
    """
    inputs = {key: place for place, key in _states(plan, segment).items()}
    outputs = {slot: number for number, slot in enumerate(segment.outputs)}
    return {outputs[slot]: inputs.get(key) for key, slot in plan.writes.items() if slot in outputs}


def bind_arrays(
    plan: Plan, segment: Segment, bound: BoundProgram, fed: Sequence[Tensor]
) -> Bindings:
    """The bindings of a plan whose one segment stands.

    Args:
      plan: what is to be run.
      segment: its only step.
      bound: the segment's program.
      fed: the tensors whose arrays every call takes, in this order.

    Raises:
      NotBindable: something cannot be had or read in this way.
    """
    return _Binder(plan, segment, bound).bind_arrays(fed)


class _Binder:
    def __init__(self, plan: Plan, segment: Segment, bound: BoundProgram) -> None:
        self.plan, self.segment, self.bound = plan, segment, bound
        outputs = zip(segment.outputs, bound.places, strict=True)
        self.places = dict(outputs)  # of slots that the segment fills
        self.bindings = Bindings(variables=_states(plan, segment))

    def bind_arrays(self, fed: Sequence[Tensor]) -> Bindings:
        bindings = self.bindings
        self._written()
        self._fed(fed)
        bindings.readers = [self._reader(slot) for slot in self.plan.fetches]
        taken = {*bindings.variables, *bindings.fed, *bindings.fresh, *bindings.fixed}
        for place, slot in enumerate(self.segment.inputs):
            if isinstance(source := self.plan.sources.get(slot), RandomState):
                bindings.random[place] = source
        for place, type in enumerate(self.bound.types):
            if place not in taken and place not in bindings.random:
                bindings.fixed[place] = np.require(self._constant(place), type.dtype, ("C", "A"))
        return bindings

    def _written(self) -> None:
        """Variables lie where the call writes their values."""
        wanted = donations(self.plan, self.segment)
        numbers = {slot: number for number, slot in enumerate(self.segment.outputs)}
        for key, slot in self.plan.writes.items():
            if slot not in numbers:
                raise NotBindable(f"{key} takes over what is fed, constant or another variable's")
            place = self.places[slot]
            if wanted[numbers[slot]] is not None:
                if self.bindings.variables.get(place) != key:
                    raise NotBindable(
                        f"the value of {key} cannot be written where the variable lies"
                    )
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
            raise NotBindable("something is fed that only passes through")

    def _reader(self, slot: int) -> Reader:
        source = self.plan.sources.get(slot)
        if isinstance(source, State):
            if source.key in self.plan.writes:
                raise NotBindable(f"what {source.key} held before the run is fetched")
            return Variable(source.key)
        if slot not in self.places:
            raise NotBindable("something fetched is not computed")
        place, bindings = self.places[slot], self.bindings
        if place in bindings.variables:
            return Variable(bindings.variables[place])
        type = self.bound.types[place]
        if type.shape == ():
            return Cell(bindings.fixed.setdefault(place, np.zeros((), type.dtype)))
        again = place in bindings.fresh
        if not again:
            bindings.fresh.append(place)
        return Fresh(bindings.fresh.index(place), again)

    def _constant(self, place: int) -> Array:
        """What an array is that neither changes nor is fetched."""
        if place >= len(self.segment.inputs):
            type = self.bound.types[place]
            return np.empty(type.shape, type.dtype)
        return self.plan.constants[self.segment.inputs[place]]


def _states(plan: Plan, segment: Segment) -> dict[int, str]:
    """Number of an input of the program -> key of the variable it holds."""
    return {
        place: source.key
        for place, slot in enumerate(segment.inputs)
        if isinstance(source := plan.sources.get(slot), State)
    }
