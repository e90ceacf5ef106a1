"""Schedules: the steps that run a program, and the views in which its values are stored.

A step becomes a few kernels, or a call of NumPy. This module holds what fusion decides; it decides
nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pantarhei.engines.native.schedule.views import Shape, View
from pantarhei.program.ir import Node, Program, Value


@dataclass(eq=False)
class NestStep:
    """Elementwise applications and reductions over one space."""

    space: Shape
    axes: tuple[int, ...] | None = None  # along which reductions go; those of extent 1 left out
    nodes: list[Node] = field(default_factory=list)
    stored: set[int] = field(default_factory=set)  # ids of the nodes whose results are stored

    @property
    def size(self) -> int:
        """How many positions the space has."""
        size = 1
        for extent in self.space:
            size *= extent
        return size


@dataclass(eq=False)
class ProductStep:
    """A matrix product; `accumulate`: it is added to what its buffer holds (beta = 1)."""

    node: Node
    accumulate: bool = False


@dataclass(eq=False)
class PlaceStep:
    """Operands copied to their places in the result: concatenation, padding, a copied view."""

    node: Node


@dataclass(eq=False)
class WindowStep:
    """Convolution or pooling."""

    node: Node


@dataclass(eq=False)
class RoutineStep:
    """A primitive that a routine computes."""

    node: Node


@dataclass(eq=False)
class GuardStep:
    """Checks that whole numbers are in range."""

    node: Node


@dataclass(eq=False)
class HostCallStep:
    """A primitive that runs by its reference implementation."""

    node: Node


Step = NestStep | ProductStep | PlaceStep | WindowStep | RoutineStep | GuardStep | HostCallStep


def nodes_of(step: Step) -> list[Node]:
    """The nodes that a step computes, in order."""
    return step.nodes if isinstance(step, NestStep) else [step.node]


@dataclass
class Schedule:
    """Steps in the order in which they run, and the view in which each value is stored.

    Args:
      program: what is scheduled.
      steps: each node is computed by one of them, or is a view, another name, or unused.
      views: of every value of a native dtype. The buffer of a view is the value that is stored
        there as a whole.
      same: value -> the value that it is another name of: casts to the same dtype, reshapes to
        the same shape.
    """

    program: Program
    steps: list[Step]
    views: dict[Value, View]
    same: dict[Value, Value]

    def resolved(self, value: Value) -> Value:
        """The value that a value is another name of."""
        return self.same.get(value, value)

    def uses(self, step: Step) -> set[Value]:
        """Buffers that a step reads or writes."""
        used: set[Any] = set()
        for node in nodes_of(step):
            values = [*node.operands, *node.values]
            used.update(self.views[value].buffer for value in values if value in self.views)
        return used
