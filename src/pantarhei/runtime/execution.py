"""Carrying out a plan: fills slots, runs segments and host steps, answers questions, commits.

Nothing that the session keeps is changed before the last step has succeeded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pantarhei.engines.contract import Engine
from pantarhei.engines.numpy_engine import EngineFault
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.program.ir import Array, ProgramError, Type, verify
from pantarhei.runtime.store import Store
from pantarhei.transforms.faults import operation_error
from pantarhei.transforms.plan import (
    Facts,
    Feed,
    HostStep,
    Plan,
    Question,
    RandomState,
    Segment,
    State,
)

# Plans kept for one question; data that never repeats must not fill the memory.
ANSWERS_KEPT = 64

# Set by tests: every program is verified before it is compiled.
VERIFY = bool(os.environ.get("PANTARHEI_VERIFY"))


class Execution:
    """One run of a plan. `lower_again` gives the plan for more facts than the first one had."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        feeds: Mapping[Tensor, Array],
        lower_again: Callable[[Facts], Plan],
    ) -> None:
        self.store = store
        self.engine = engine
        self.feeds = feeds
        self.lower_again = lower_again
        self.slots: dict[int, Array] = {}
        self.borrowed: set[int] = set()
        self.random: dict[str, tuple[Array, int]] = {}

    def run(self, plan: Plan) -> list[Array]:
        """Carries out `plan` and what follows from it; returns the fetched arrays, all the
        caller's."""
        done = 0
        while True:
            self._fill(plan)
            for step in plan.steps[done:]:
                self._step(step)
            if plan.question is None:
                break
            done = len(plan.steps)
            plan = self._answered(plan, plan.question)
        results = [self._own(self.slots[slot]) for slot in plan.fetches]
        writes = {key: self._own(self.slots[slot]) for key, slot in plan.writes.items()}
        self.store.commit(writes, self.random)
        return results

    def _fill(self, plan: Plan) -> None:
        self.slots.update(plan.constants)
        self.borrowed.update(map(id, plan.constants.values()))
        for slot, source in plan.sources.items():
            if slot in self.slots:
                continue
            if isinstance(source, Feed):
                array = self.feeds[source.tensor]
            elif isinstance(source, State):
                array = self.store.variables[source.key]
            else:
                array = self._random(source)
            self.slots[slot] = array
            self.borrowed.add(id(array))

    def _random(self, source: RandomState) -> Array:
        state = self.store.random_state(source.key, source.seeds)
        self.random[source.key] = (state, source.reserved)
        return state

    def _step(self, step: Segment | HostStep) -> None:
        arrays = [self.slots[slot] for slot in step.inputs]
        if isinstance(step, Segment):
            results = self._segment(step, arrays)
        else:
            results = self._host(step, arrays)
        for slot, array in zip(step.outputs, results, strict=True):
            self.slots[slot] = array

    def _segment(self, segment: Segment, arrays: Sequence[Array]) -> list[Array]:
        if segment.compiled is None:
            if VERIFY:
                verify(segment.program)
            segment.compiled = self.engine.compile(segment.program)
        try:
            return segment.compiled(arrays)
        except EngineFault as fault:
            origin = fault.node.origin
            if isinstance(origin, Operation):
                raise operation_error(fault.error, origin) from None
            raise

    def _host(self, step: HostStep, arrays: Sequence[Array]) -> list[Array]:
        try:
            results = step.function(*arrays)
        except ProgramError as error:
            raise operation_error(error, step.op) from None
        return [np.asarray(result) for result in results]

    def _answered(self, plan: Plan, question: Question) -> Plan:
        """The plan that goes on where `plan` stopped, with what has been found out."""
        answer: Any
        if question.segment is not None:
            (answer,) = self._segment(
                question.segment, [self.slots[slot] for slot in question.segment.inputs]
            )
            key: Any = (answer.shape, str(answer.dtype), answer.tobytes())
        else:
            arrays = [self.slots[slot] for slot in question.slots]
            answer = [Type(array.dtype, array.shape) for array in arrays]
            key = tuple(answer)
        if key not in question.answers:
            while len(question.answers) >= ANSWERS_KEPT:
                question.answers.pop(next(iter(question.answers)))
            known = plan.facts.get(question.op.name, [])
            facts = {**plan.facts, question.op.name: [*known, answer]}
            question.answers[key] = self.lower_again(facts)
        return question.answers[key]

    def _own(self, array: Array) -> Array:
        """`array`, or a copy if somebody else could see or make changes to it."""
        holder: Any = array
        while isinstance(holder, np.ndarray):
            if id(holder) in self.borrowed:
                return array.copy()
            holder = holder.base
        # A view of another result would let two results change together.
        return array if array.base is None and array.flags.writeable else array.copy()
