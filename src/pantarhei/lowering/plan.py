"""The plan of a run: which programs and host steps, in which order, on which values.

Lowering writes plans, the runtime carries them out. Values pass between steps through numbered
slots; the first slots are filled from feeds, variables and random states, the rest by the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pantarhei.graph.operation import Operation, Tensor
from pantarhei.lowering.loop_structure import Frame
from pantarhei.program.ir import Array, Program, Type

Slot = int


@dataclass(frozen=True)
class Feed:
    """Fills a slot with what the user feeds for `tensor`."""

    tensor: Tensor


@dataclass(frozen=True)
class State:
    """Fills a slot with the value that variable `key` has when the run starts."""

    key: str


@dataclass(frozen=True)
class RandomState:
    """Fills a slot with the counter of random operation `key`; `reserved` is what the run uses
    up."""

    key: str
    seeds: tuple[int, int]
    reserved: int


Source = Feed | State | RandomState


@dataclass
class Segment:
    """A program, run by the engine. `compiled` is filled in by the runtime."""

    program: Program
    inputs: list[Slot]
    outputs: list[Slot]
    compiled: Callable[[Sequence[Array]], list[Array]] | None = None


@dataclass
class HostStep:
    """A Python function called between segments; it takes and gives arrays."""

    op: Operation
    function: Callable[..., Sequence[Any]]
    inputs: list[Slot]
    outputs: list[Slot]


@dataclass
class LoopStep:
    """A loop: its condition and body are lowered and run by turns, until the condition is false.

    Attributes:
      op: the `Exit` that had it made; errors name it.
      frame: what belongs to the loop.
      inputs: slots of what its enters give; not of references to variables.
      variables: slots of the variables that it may use and that have a value, by key.
      known: arrays of invariants that lowering knew, by what the enter gives.
      passed: references and handles among what the enters give.
      left: the exits whose values are results.
      written: keys of the variables it may write; their values are the other results.
      parts: what the runtime keeps for it: the plans of condition, body and exits.
    """

    op: Operation
    frame: Frame
    inputs: dict[Tensor, Slot]
    variables: dict[str, Slot]
    known: dict[Tensor, Array]
    passed: dict[Tensor, Any]
    left: list[Operation]
    written: list[str]
    outputs: list[Slot] = field(default_factory=list)
    parts: Any = None


Step = Segment | HostStep | LoopStep

# What a run has learned about data while it ran: operation name -> arrays or types, in the order
# asked.
Facts = dict[str, list[Any]]


@dataclass
class Question:
    """Where a plan ends early, because what follows depends on data.

    The answer is either the values that `segment` computes, or the types of what the last step left
    in `slots`. The runtime lowers again with the answer among the facts and goes on behind `steps`.
    """

    op: Operation
    segment: Segment | None
    slots: list[Slot]
    answers: dict[Any, Plan] = field(default_factory=dict)


@dataclass
class Plan:
    """Everything a session needs to carry out one kind of run."""

    sources: dict[Slot, Source] = field(default_factory=dict)
    constants: dict[Slot, Array] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    fetches: list[Slot] = field(default_factory=list)
    writes: dict[str, Slot] = field(default_factory=dict)
    question: Question | None = None
    facts: Facts = field(default_factory=dict)
    # Variables it was made for: type by key, None where not initialized.
    expects: dict[str, Type | None] = field(default_factory=dict)
    # What carries it out in one call, filled in by the runtime; False if nothing can.
    standing: Any = None
    # Version of the session's state for which `expects` was last found to hold.
    epoch: int = -1

    @property
    def fed_tensors(self) -> list[Tensor]:
        """The tensors whose arrays fill slots."""
        return [each.tensor for each in self.sources.values() if isinstance(each, Feed)]

    def __str__(self) -> str:
        lines = [f"slot {slot} <- {source}" for slot, source in self.sources.items()]
        for step in self.steps:
            if isinstance(step, Segment):
                lines += [f"segment {step.inputs} -> {step.outputs}:", str(step.program)]
            elif isinstance(step, LoopStep):
                name = step.frame.condition.name
                lines.append(f"loop {name} {list(step.inputs.values())} -> {step.outputs}")
            else:
                lines.append(f"host {step.op.name} {step.inputs} -> {step.outputs}")
        if self.question is not None:
            lines.append(f"question of {self.question.op.name}")
        lines.append(f"fetch {self.fetches}, write {self.writes}")
        return "\n".join(lines)
