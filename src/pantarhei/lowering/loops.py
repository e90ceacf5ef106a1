"""Lowering of the parts of a loop: its condition, its body, and the values of its exits.

Each is a plan of its own for the types that the loop variables have in an iteration; its feeds
are the loop variables and the values that enter the loop. runtime/loops.py runs the plans.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pantarhei.graph.operation import Tensor
from pantarhei.lowering.lower import Lowering, lower_with
from pantarhei.lowering.lowered_values import Handle, NeedsCut, Ref
from pantarhei.lowering.plan import Feed, LoopStep, Observed, Plan
from pantarhei.program.ir import Array, Type

CONDITION, BODY, EXITS = "condition", "body", "exits"

_TRUTH = Type(np.dtype(bool), ())
_INDEX = Type(np.dtype(np.int32), ())


@dataclass
class Setting:
    """What plans of a loop's parts are specialized on, besides the types of their feeds.

    Attributes:
      static: arrays of invariants on which shapes and branches may depend.
      contents: the contents of stacks and tensor arrays when the iteration begins.
      variables: types of the variables that have a value.
      resources: the session's resources of host operations.
    """

    static: Mapping[Tensor, Array]
    contents: Mapping[Hashable, Any]
    variables: Mapping[str, Type | None]
    resources: dict[str, Any]


def part_fetches(step: LoopStep, part: str) -> list[Tensor]:
    """The tensors that a part of a loop computes: the condition, or values of loop variables."""
    frame = step.frame
    if part == CONDITION:
        return [frame.condition.inputs[0]]
    if part == BODY:
        return [
            next.outputs[0] for enter, _, next in frame.carried if enter.outputs[0] in step.inputs
        ]
    return [leave.inputs[0] for leave in step.exits]


def lower_part(
    step: LoopStep,
    part: str,
    types: Mapping[Tensor, Type],
    setting: Setting,
    observed: Observed,
    resuming: bool,
) -> tuple[Plan, set[Hashable]]:
    """The plan of a part, and the objects whose contents lowering would read.

    Args:
      step: the loop.
      part: CONDITION, BODY or EXITS.
      types: of the arrays that are fed: invariants and loop variables, by the outputs of their
        enters and merges.
      setting: what else the plan is specialized on.
      observed: see `lower`.
      resuming: see `lower`.

    Raises:
      NeedsStaticFeeds: see `lower`.
    """
    frame = step.frame
    feeds = dict(types)
    static = {**step.constants, **setting.static}
    if part != CONDITION:
        feeds[frame.condition.outputs[0]] = _TRUTH
        static[frame.condition.outputs[0]] = np.array(part == BODY)
    done = {frame.condition} if part != CONDITION else set()
    for enter, merge, _ in frame.carried:
        done.update((enter, merge))
        if merge.outputs[1]._consumers:
            feeds[merge.outputs[1]] = _INDEX
    done.update(frame.invariants)
    fetches = part_fetches(step, part)
    while True:
        lowering = Lowering(feeds, static, setting.variables, observed, setting.resources, resuming)
        lowering.contents = setting.contents
        for tensor, value in step.passed.items():
            lowering.values[tensor] = _passed(lowering, tensor, value)
        for enter, merge, _ in frame.carried:
            if enter.outputs[0] in step.passed:
                lowering.values[merge.outputs[0]] = lowering.values[enter.outputs[0]]
        try:
            return lower_with(lowering, (), fetches, done), lowering.contents_read
        except NeedsCut as cut:
            observed = {**observed, cut.op.name: []}


def _passed(lowering: Lowering, tensor: Tensor, value: Ref | Handle) -> Ref | Handle:
    """A reference is the same inside; a handle is found in another slot."""
    if isinstance(value, Ref):
        return value
    slot = lowering.new_slot()
    lowering.plan.sources[slot] = Feed(tensor)
    return Handle(slot, value.root, value.size)
