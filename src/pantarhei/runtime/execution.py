"""Executes a plan step by step, from filling its slots to committing variables.

Nothing in the session's store changes before the last step has succeeded.
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
    Feed,
    HostStep,
    LoopStep,
    Observed,
    Plan,
    RandomState,
    Segment,
    SpecializationPoint,
    State,
    Step,
)
from pantarhei.program.ir import Array, Program, ProgramError, Type
from pantarhei.program.verifier import verify
from pantarhei.runtime.loops import LoopRun
from pantarhei.runtime.plan_cache import specialized
from pantarhei.runtime.store import Store

# Set by tests: every program is verified before it is compiled.
VERIFY = bool(os.environ.get("PANTARHEI_VERIFY"))


def prepared(program: Program, engine: Engine) -> Program:
    """The program that an engine compiles: verified in tests, simplified if the engine needs it."""
    if VERIFY:
        verify(program)
    if not engine.simplifies:
        return program
    # Imported when used: the reference engine does not need it.
    from pantarhei.passes import simplify

    return simplify(program)


def fault_error(fault: EngineFault) -> Exception:
    """The public error for a fault: it names the operation that the node came from."""
    origin = fault.node.origin
    return operation_error(fault.error, origin) if isinstance(origin, Operation) else fault


class Execution:
    """One run of a plan. `lower_again` makes the plan for further observed values."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        feeds: Mapping[Tensor, Array],
        lower_again: Callable[[Observed], Plan],
    ) -> None:
        self.store = store
        self.engine = engine
        self.feeds = feeds
        self.lower_again = lower_again
        self.slots: dict[int, Array] = {}
        self.borrowed: set[int] = set()
        self.random: dict[str, tuple[Array, int]] = {}

    def run(self, plan: Plan) -> list[Array]:
        """Executes `plan` and its continuations; returns the fetched arrays, unshared."""
        done = 0
        while True:
            self._fill(plan)
            for step in plan.steps[done:]:
                self.run_step(step, self.slots)
            if plan.specialization_point is None:
                break
            done = len(plan.steps)
            value, key = self.observe(plan.specialization_point, self.slots)
            plan = specialized(plan, value, key, self.lower_again)
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
        """Adds the states of random operations after a loop to those to be committed."""
        self.random.update((key, (state, 0)) for key, state in states.items())

    def run_step(self, step: Step, slots: dict[int, Array]) -> None:
        """Runs a step on arrays in `slots` and puts its results there."""
        if not isinstance(step, Segment):
            self.store.version += 1  # it may hold on to arrays of variables
        if isinstance(step, LoopStep):
            results = LoopRun(self, step, slots).run()
            self.borrowed.update(map(id, results))  # some may be arrays of variables
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

    def observe(self, point: SpecializationPoint, slots: dict[int, Array]) -> tuple[Any, Any]:
        """The value observed at a specialization point, and the key of its plan."""
        if point.segment is not None:
            arrays = [slots[slot] for slot in point.segment.inputs]
            (array,) = self._segment(point.segment, arrays)
            return array, (array.shape, str(array.dtype), array.tobytes())
        types = [Type(slots[slot].dtype, slots[slot].shape) for slot in point.slots]
        return types, tuple(types)

    def _own(self, array: Array) -> Array:
        """`array`, or a copy if anything else may refer to its memory."""
        # A view of another result would let two results change together.
        free = array.base is None and array.flags.writeable and id(array) not in self.borrowed
        if not free:
            return array.copy()
        self.borrowed.add(id(array))  # two results, or a result and a variable, may be one array
        return array
