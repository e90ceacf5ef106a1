"""How the one call of a plan is wired: where its arrays come from, and what is read after it.

The arrays of a call have numbers (see `contract.Standing`); the slots of a plan do too. This module
leads from the one to the other and runs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pantarhei.engines.contract import Standing
from pantarhei.graph.operation import Tensor
from pantarhei.lowering.plan import Feed, Plan, RandomState, Segment, State
from pantarhei.program.ir import Array
from pantarhei.runtime.store import Store


class Unfit(Exception):
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
class Wiring:
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


def replaced(plan: Plan, segment: Segment) -> dict[int, int | None]:
    """Number of an output of the program -> of the input that holds the variable it is for.

    None where the program does not read that variable.
    """
    inputs = {key: place for place, key in _states(plan, segment).items()}
    outputs = {slot: number for number, slot in enumerate(segment.outputs)}
    return {outputs[slot]: inputs.get(key) for key, slot in plan.writes.items() if slot in outputs}


def wire(plan: Plan, segment: Segment, standing: Standing, fed: Sequence[Tensor]) -> Wiring:
    """The wiring of a plan whose one segment stands.

    Args:
      plan: what is to be run.
      segment: its only step.
      standing: the segment's program.
      fed: the tensors whose arrays every call takes, in this order.

    Raises:
      Unfit: something cannot be had or read in this way.
    """
    return _Wirer(plan, segment, standing).wire(fed)


class _Wirer:
    def __init__(self, plan: Plan, segment: Segment, standing: Standing) -> None:
        self.plan, self.segment, self.standing = plan, segment, standing
        outputs = zip(segment.outputs, standing.places, strict=True)
        self.places = dict(outputs)  # of slots that the segment fills
        self.wiring = Wiring(variables=_states(plan, segment))

    def wire(self, fed: Sequence[Tensor]) -> Wiring:
        wiring = self.wiring
        self._written()
        self._fed(fed)
        wiring.readers = [self._reader(slot) for slot in self.plan.fetches]
        taken = {*wiring.variables, *wiring.fed, *wiring.fresh, *wiring.fixed}
        for place, slot in enumerate(self.segment.inputs):
            if isinstance(source := self.plan.sources.get(slot), RandomState):
                wiring.random[place] = source
        for place, type in enumerate(self.standing.types):
            if place not in taken and place not in wiring.random:
                wiring.fixed[place] = np.require(self._constant(place), type.dtype, ("C", "A"))
        return wiring

    def _written(self) -> None:
        """Variables lie where the call writes their values."""
        wanted = replaced(self.plan, self.segment)
        numbers = {slot: number for number, slot in enumerate(self.segment.outputs)}
        for key, slot in self.plan.writes.items():
            if slot not in numbers:
                raise Unfit(f"{key} takes over what is fed, constant or another variable's")
            place = self.places[slot]
            if wanted[numbers[slot]] is not None:
                if self.wiring.variables.get(place) != key:
                    raise Unfit(f"the value of {key} cannot be written where the variable lies")
            elif place in self.wiring.variables or key in self.wiring.variables.values():
                raise Unfit(f"{key} shares a value with another variable")
            self.wiring.variables[place] = key

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
                self.wiring.unused.append(tensor)
            else:
                self.wiring.fed.append(place)
        if feeds:
            raise Unfit("something is fed that only passes through")

    def _reader(self, slot: int) -> Reader:
        source = self.plan.sources.get(slot)
        if isinstance(source, State):
            if source.key in self.plan.writes:
                raise Unfit(f"what {source.key} held before the run is fetched")
            return Variable(source.key)
        if slot not in self.places:
            raise Unfit("something fetched is not computed")
        place, wiring = self.places[slot], self.wiring
        if place in wiring.variables:
            return Variable(wiring.variables[place])
        type = self.standing.types[place]
        if type.shape == ():
            return Cell(wiring.fixed.setdefault(place, np.zeros((), type.dtype)))
        again = place in wiring.fresh
        if not again:
            wiring.fresh.append(place)
        return Fresh(wiring.fresh.index(place), again)

    def _constant(self, place: int) -> Array:
        """What an array is that neither changes nor is fetched."""
        if place >= len(self.segment.inputs):
            type = self.standing.types[place]
            return np.empty(type.shape, type.dtype)
        return self.plan.constants[self.segment.inputs[place]]


def _states(plan: Plan, segment: Segment) -> dict[int, str]:
    """Number of an input of the program -> key of the variable it holds."""
    return {
        place: source.key
        for place, slot in enumerate(segment.inputs)
        if isinstance(source := plan.sources.get(slot), State)
    }
