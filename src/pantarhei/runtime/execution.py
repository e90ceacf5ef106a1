"""Carrying out a plan: fills slots, runs segments and host steps, answers questions, commits.

Nothing that the session keeps is changed before the last step has succeeded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pantarhei.engines.contract import Engine
from pantarhei.engines.numpy.engine import EngineFault
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.lowering.faults import operation_error
from pantarhei.lowering.plan import (
    Facts,
    Feed,
    HostStep,
    LoopStep,
    Plan,
    Question,
    RandomState,
    Segment,
    State,
    Step,
)
from pantarhei.program.ir import Array, Program, ProgramError, Type
from pantarhei.program.verifier import verify
from pantarhei.runtime.loops import LoopRun
from pantarhei.runtime.store import Store

# Plans kept for one question; data that never repeats must not fill the memory.
ANSWERS_KEPT = 64

# Set by tests: every program is verified before it is compiled.
VERIFY = bool(os.environ.get("PANTARHEI_VERIFY"))


def prepared(program: Program, engine: Engine) -> Program:
    """A program as an engine gets it."""
    if VERIFY:
        verify(program)
    if not engine.simplifies:
        return program
    # Imported when used: the reference engine does without.
    from pantarhei.passes import simplify

    return simplify(program)


def fault_error(fault: EngineFault) -> Exception:
    """What the user is told of a fault: the operation that it came from."""
    origin = fault.node.origin
    return operation_error(fault.error, origin) if isinstance(origin, Operation) else fault


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
                self.carry_out(step, self.slots)
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

    def take_random(self, states: dict[str, Array]) -> None:
        """Takes over the states in which a loop leaves its random operations."""
        self.random.update((key, (state, 0)) for key, state in states.items())

    def carry_out(self, step: Step, slots: dict[int, Array]) -> None:
        """Takes a step's arrays out of `slots` and puts its results there."""
        if not isinstance(step, Segment):
            self.store.version += 1  # it may keep the arrays of variables that it sees
        if isinstance(step, LoopStep):
            results = LoopRun(self, step, slots).run()
            self.borrowed.update(map(id, results))  # what passes through may be a variable's
        else:
            arrays = [slots[slot] for slot in step.inputs]
            if isinstance(step, Segment):
                results = self._segment(step, arrays)
            else:
                results = self._host(step, arrays)
        for slot, array in zip(step.outputs, results, strict=True):
            slots[slot] = array

    def _segment(self, segment: Segment, arrays: Sequence[Array]) -> list[Array]:
        if segment.compiled is None:
            segment.compiled = self.engine.compile(prepared(segment.program, self.engine))
        try:
            return segment.compiled(arrays)
        except EngineFault as fault:
            raise fault_error(fault) from None

    def _host(self, step: HostStep, arrays: Sequence[Array]) -> list[Array]:
        try:
            results = step.function(*arrays)
        except ProgramError as error:
            raise operation_error(error, step.op) from None
        return [np.asarray(result) for result in results]

    def answer(self, question: Question, slots: dict[int, Array]) -> tuple[Any, Any]:
        """What a question is answered with, and the key under which the answer is kept."""
        if question.segment is not None:
            arrays = [slots[slot] for slot in question.segment.inputs]
            (array,) = self._segment(question.segment, arrays)
            return array, (array.shape, str(array.dtype), array.tobytes())
        found = [slots[slot] for slot in question.slots]
        types = [Type(array.dtype, array.shape) for array in found]
        return types, tuple(types)

    def _answered(self, plan: Plan, question: Question) -> Plan:
        """The plan that goes on where `plan` stopped, with what has been found out."""
        answer, key = self.answer(question, self.slots)
        if key not in question.answers:
            while len(question.answers) >= ANSWERS_KEPT:
                question.answers.pop(next(iter(question.answers)))
            known = plan.facts.get(question.op.name, [])
            facts = {**plan.facts, question.op.name: [*known, answer]}
            question.answers[key] = self.lower_again(facts)
        return question.answers[key]

    def _own(self, array: Array) -> Array:
        """`array`, or a copy if somebody else could see or make changes to it."""
        # A view of another result would let two results change together.
        free = array.base is None and array.flags.writeable and id(array) not in self.borrowed
        if not free:
            return array.copy()
        self.borrowed.add(id(array))  # two results, or a result and a variable, may be one value
        return array
