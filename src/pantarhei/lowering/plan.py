"""The plan of a run: which programs and host steps, in which order, on which values.

Lowering writes plans, the runtime executes them. Values pass between steps through numbered slots;
the first slots are filled from feeds, variables and random states, the rest by the steps. `str` of
a plan is its text, and `PANTARHEI_DUMP` writes it (see program/dump.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pantarhei.graph.operation import Operation, Tensor
from pantarhei.lowering.loop_structure import LoopFrame
from pantarhei.program.ir import Array, Program, Type

Slot = int


@dataclass(frozen=True)
class Feed:
    """Fills a slot with the array that is fed for `tensor`."""

    tensor: Tensor

    def __str__(self) -> str:
        return f"feed {self.tensor.name}"


@dataclass(frozen=True)
class State:
    """Fills a slot with the value that variable `key` has when the run starts."""

    key: str

    def __str__(self) -> str:
        return f"variable {self.key}"


@dataclass(frozen=True)
class RandomState:
    """Fills a slot with the state of random operation `key`; a run uses `reserved` samples."""

    key: str
    seeds: tuple[int, int]
    reserved: int

    def __str__(self) -> str:
        return f"random state of {self.key}, seeds {self.seeds}, {self.reserved} samples"


Source = Feed | State | RandomState


@dataclass
class Segment:
    """A program, run by the engine. `compiled` is filled in by the runtime."""

    program: Program
    inputs: list[Slot]
    outputs: list[Slot]
    compiled: Callable[[Sequence[Array]], list[Array]] | None = None

    def __str__(self) -> str:
        lines = str(self.program).replace("\n", "\n  ")
        return f"segment {self.inputs} -> {self.outputs}:\n  {lines}"


@dataclass
class HostStep:
    """A Python function from arrays to arrays, called between segments."""

    op: Operation
    function: Callable[..., Sequence[Any]]
    inputs: list[Slot]
    outputs: list[Slot]

    def __str__(self) -> str:
        return f"host {self.op.type} {self.op.name} {self.inputs} -> {self.outputs}"


@dataclass
class LoopStep:
    """A loop: its condition and body are lowered and run by turns, until the condition is false.

    Attributes:
      op: the `Exit` whose lowering added the step; errors name it.
      frame: the operations of the loop.
      inputs: slots of the values and objects that enter, by output of the enter.
      variables: slots of the variables that it may use and that have a value, by key.
      constants: arrays of the invariants that are constant, by output of the enter.
      passed: references and handles that enter, by output of the enter.
      exits: the exits whose values are results.
      written: keys of the variables it may write; their values are the other results.
      parts: the runtime's caches of plans for condition, body and exits.
    """

    op: Operation
    frame: LoopFrame
    inputs: dict[Tensor, Slot]
    variables: dict[str, Slot]
    constants: dict[Tensor, Array]
    passed: dict[Tensor, Any]
    exits: list[Operation]
    written: list[str]
    outputs: list[Slot] = field(default_factory=list)
    parts: Any = None

    def __str__(self) -> str:
        entered = [f"{tensor.name}: {slot}" for tensor, slot in self.inputs.items()]
        entered += [f"variable {key}: {slot}" for key, slot in self.variables.items()]
        results = [op.name for op in self.exits] + [f"variable {key}" for key in self.written]
        left = [f"{name}: {slot}" for name, slot in zip(results, self.outputs, strict=True)]
        return f"loop {self.frame.condition.name} [{', '.join(entered)}] -> [{', '.join(left)}]"


Step = Segment | HostStep | LoopStep

# The values that runs have observed at specialization points, arrays or types: by operation, in the
# order of its points. An operation with an empty list begins a new segment.
Observed = dict[str, list[Any]]


@dataclass
class SpecializationPoint:
    """Where a plan ends early, because what follows depends on data.

    The observed value is either the array that `segment` computes, or the types of what the last
    step leaves in `slots`. The runtime lowers again with that value added to the observed ones, and
    continues behind `steps` with the new plan. `plans` caches those plans by observed value.
    """

    op: Operation
    segment: Segment | None
    slots: list[Slot]
    plans: dict[Any, Plan] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.segment is None:
            return f"specialize {self.op.name} on the types of {self.slots}"
        return f"specialize {self.op.name} on the value of {self.slots}, by {self.segment}"


@dataclass
class Plan:
    """All that a session needs to execute one kind of run."""

    sources: dict[Slot, Source] = field(default_factory=dict)
    constants: dict[Slot, Array] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    fetches: list[Slot] = field(default_factory=list)
    writes: dict[str, Slot] = field(default_factory=dict)
    specialization_point: SpecializationPoint | None = None
    # What it is specialized on: observed values, and types of variables by key (None where a
    # variable is not initialized).
    observed: Observed = field(default_factory=dict)
    expects: dict[str, Type | None] = field(default_factory=dict)
    # The bound executable of the whole plan, filled in by the runtime; False if there is none.
    bound: Any = None
    # Version of the session's state for which `expects` was last found to hold.
    epoch: int = -1

    @property
    def fed_tensors(self) -> list[Tensor]:
        """The tensors whose arrays fill slots."""
        return [each.tensor for each in self.sources.values() if isinstance(each, Feed)]

    def __str__(self) -> str:
        lines = [f"slot {slot} <- {source}" for slot, source in self.sources.items()]
        lines += [f"slot {slot} <- {_text(array)}" for slot, array in self.constants.items()]
        for name, values in self.observed.items():
            lines += [f"observed {name}: {_text(value)}" for value in values]
        lines += [str(step) for step in self.steps]
        if self.specialization_point is not None:
            lines.append(str(self.specialization_point))
        lines += [f"write {key} <- slot {slot}" for key, slot in self.writes.items()]
        return "\n".join([*lines, f"fetch {self.fetches}"])


def _text(value: Any) -> str:
    """An array with its type, shortened; or types."""
    if not isinstance(value, np.ndarray):
        return ", ".join(map(str, value))
    elements = np.array2string(value, threshold=8, edgeitems=3, separator=", ").split()
    return f"{Type(value.dtype, value.shape)} {' '.join(elements)}"
