"""Runs a loop: condition and body by turns, each with plans of its own for the types that occur.

Nothing grows with the number of iterations: an iteration leaves its values to the next one, and
variables that it writes to the loop's own store; only stacks and tensor arrays of the graph collect
values. Steps other than loops are run by the execution around the loop.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Protocol

import numpy as np

from pantarhei.graph.operation import Tensor
from pantarhei.lowering.loops import BODY, CONDITION, EXITS, Setting, lower_part
from pantarhei.lowering.lowered_values import Handle, NeedsStaticFeeds
from pantarhei.lowering.plan import (
    Feed,
    LoopStep,
    Observed,
    Plan,
    RandomState,
    SpecializationPoint,
    State,
    Step,
)
from pantarhei.program.ir import Array, Type
from pantarhei.runtime.plan_cache import PlanCache, keep, specialized
from pantarhei.runtime.store import Store

# Plans kept for one part of a loop: data that never repeat must not fill the memory.
PLANS_KEPT = 64

_NOTHING = np.full((), None, object)
# The second output of a `Merge`: 0 in the first iteration, then 1.
_VALUE_INDEX = (np.array(0, np.int32), np.array(1, np.int32))


class StepRunner(Protocol):
    """The run around a loop: of the session, or an iteration of an outer loop."""

    store: Store

    def run_step(self, step: Step, slots: dict[int, Array]) -> None:
        """Runs a step on arrays in `slots` and puts its results there."""

    def observe(self, point: SpecializationPoint, slots: dict[int, Array]) -> tuple[Any, Any]:
        """The value observed at a specialization point, and the key of its plan."""

    def take_random(self, states: dict[str, Array]) -> None:
        """Takes over the states of random operations after a loop."""


class LoopStore(Store):
    """Variables inside a loop; the session's store changes only after the run."""

    def __init__(self, outer: Store, variables: dict[str, Array]) -> None:
        super().__init__()
        self.outer = outer
        self.variables = {**outer.variables, **variables}
        self.resources = outer.resources

    def random_state(self, key: str, seeds: tuple[int, int]) -> Array:
        """The state of a random operation in this iteration."""
        if key not in self.random:
            self.random[key] = self.outer.random_state(key, seeds)
        return self.random[key]


class PartPlans(PlanCache):
    """The plans of one part of a loop, kept from run to run.

    `static` are the invariants on whose values plans depend, `objects` the stacks and tensor arrays
    on whose contents they do. `observes`: whether plans observe values of loop variables at
    specialization points, since these decide shapes or branches.
    """

    def __init__(self) -> None:
        super().__init__()
        self.objects: list[Hashable] = []
        self.observes = False


class LoopRun:
    """One run of a loop, in a run of the session or in an iteration of another loop."""

    def __init__(self, outer: StepRunner, step: LoopStep, slots: dict[int, Array]) -> None:
        self.outer = outer
        # The run of the session itself, which runs all steps but loops.
        self.execution: StepRunner = outer.execution if isinstance(outer, LoopRun) else outer
        self.observe = self.execution.observe
        self.step = step
        if step.parts is None:
            step.parts = {part: PartPlans() for part in (CONDITION, BODY, EXITS)}
        self.store: Store = LoopStore(
            outer.store, {key: slots[slot] for key, slot in step.variables.items()}
        )
        values = {tensor: slots[slot] for tensor, slot in step.inputs.items()}
        carried = [each for each in step.frame.carried if each[0].outputs[0] in values]
        carried = [each for each in carried if each[0].outputs[0] not in step.passed]
        self.first = [values[enter.outputs[0]] for enter, _, _ in carried]
        self.places = {merge.outputs[0]: place for place, (_, merge, _) in enumerate(carried)}
        for enter, _, _ in carried:
            del values[enter.outputs[0]]
        self.values = values
        self.objects: dict[Hashable, Any] = {
            handle.root: values[tensor][()]
            for tensor, handle in step.passed.items()
            if isinstance(handle, Handle)
        }
        self.types = {
            tensor: Type(array.dtype, array.shape)
            for tensor, array in values.items()
            if tensor not in step.passed
        }

    def run(self) -> list[Array]:
        """The values of the exits, then those of the variables that the loop may write."""
        condition, body = PartRun(self, CONDITION), PartRun(self, BODY)
        values = self.first
        value_index = _VALUE_INDEX[0]
        while condition(values, value_index)[0]:
            values = body(values, value_index)
            value_index = _VALUE_INDEX[1]
        results = PartRun(self, EXITS)(values, value_index)
        self.outer.take_random(self.store.random)
        written = [self.store.variables.get(key, _NOTHING) for key in self.step.written]
        return [*results, *written]

    def run_step(self, step: Step, slots: dict[int, Array]) -> None:
        """See `StepRunner.run_step`; an inner loop uses the store and objects of this one."""
        if not isinstance(step, LoopStep):
            self.execution.run_step(step, slots)
            return
        for slot, array in zip(step.outputs, LoopRun(self, step, slots).run(), strict=True):
            slots[slot] = array

    def find(self, root: Hashable) -> Any:
        """The stack or tensor array with this identity; None if it does not exist."""
        if root in self.objects:
            return self.objects[root]
        if isinstance(root, tuple):  # (an array, a source of gradients): these are another array
            array = self.find(root[0])
            return None if array is None else array.gradients.get(root[1])
        return None

    def take_random(self, states: dict[str, Array]) -> None:
        """See `StepRunner.take_random`; for an inner loop."""
        self.store.random.update(states)


class PartRun:
    """The condition, the body or the exits of a loop, in one run of it."""

    def __init__(self, loop: LoopRun, part: str) -> None:
        self.loop = loop
        self.part = part
        self.cache: PartPlans = loop.step.parts[part]
        self.plan: Plan | None = None
        self.kinds: list[tuple[Any, Any]] = []
        self.contents: list[Any] = []
        self.epoch = -1
        if part == BODY and not self.cache.plans:
            self._depend_on(self._read())

    def __call__(self, values: Sequence[Array], value_index: Array) -> list[Array]:
        """The values that the part computes from these values of the loop variables."""
        if self.plan is None or not self._fits(values):
            self._choose(values)
        plan: Plan = self.plan  # type: ignore[assignment]
        slots = self.base.copy()
        for slot, place in self.carried_slots:
            slots[slot] = values[place]
        random: dict[str, tuple[Array, int]] = {}
        self._fill(plan, slots, value_index, random)
        run_step = self.loop.run_step
        for step in plan.steps:
            run_step(step, slots)
        while plan.specialization_point is not None:
            done = len(plan.steps)
            value, key = self.loop.observe(plan.specialization_point, slots)
            plan = specialized(plan, value, key, self._lower_again)
            self._fill(plan, slots, value_index, random)
            for step in plan.steps[done:]:
                run_step(step, slots)
        if plan.writes or random:
            written = {key: slots[slot] for key, slot in plan.writes.items()}
            self.loop.store.commit(written, random)
        return [slots[slot] for slot in plan.fetches]

    def _fits(self, values: Sequence[Array]) -> bool:
        """Whether the plan of the previous iteration is valid for this one."""
        for value, (dtype, shape) in zip(values, self.kinds, strict=True):
            if value.shape != shape or value.dtype != dtype:
                return False
        if self.epoch != self.loop.store.epoch:
            return False
        return not self.contents or self.contents == self._contents()

    def _contents(self) -> list[Any]:
        found = [self.loop.find(root) for root in self.cache.objects]
        return [None if each is None else each.content for each in found]

    def _read(self) -> set[Hashable]:
        """The stacks and tensor arrays that the body reads."""
        found: set[Hashable] = set()
        for tensor, handle in self.loop.step.passed.items():
            for op in tensor._consumers if isinstance(handle, Handle) else ():
                if op.type in ("StackPopV2", "TensorArrayReadV3"):
                    found.add(handle.root)
                elif op.type == "TensorArrayGradV3":
                    found.add((handle.root, op.attributes["source"]))
        return found

    def _depend_on(self, roots: set[Hashable]) -> bool:
        """Makes plans depend on the contents of these objects too; whether any of them is new."""
        new = [root for root in roots if root not in self.cache.objects]
        new = [root for root in new if self.loop.find(root) is not None]
        self.cache.objects += new
        if new:
            self.cache.plans.clear()
        return bool(new)

    def _choose(self, values: Sequence[Array]) -> None:
        """Finds or makes the plan for values of these types."""
        loop, cache = self.loop, self.cache
        types = {
            **loop.types,
            **{
                tensor: Type(values[place].dtype, values[place].shape)
                for tensor, place in loop.places.items()
            },
        }
        while True:
            self.contents = self._contents()
            key = (
                tuple(types.values()),
                tuple(loop.values[tensor].tobytes() for tensor in cache.static),
                tuple(self.contents),
            )
            plan = cache.plans.get(key)
            if plan is None or not all(
                loop.store.type_of(each) == type for each, type in plan.expects.items()
            ):
                try:
                    plan, contents_read = self._lowered(types, {}, resuming=cache.observes)
                except NeedsStaticFeeds as need:
                    if need.tensors <= loop.types.keys():
                        cache.specialize_on(need.tensors)
                    else:
                        cache.observes = True
                        cache.plans.clear()
                    continue
                if self._depend_on(contents_read):
                    continue
                keep(cache.plans, key, plan, PLANS_KEPT)
            break
        self.plan, self.types = plan, types
        self.kinds = [(value.dtype, value.shape) for value in values]
        self.epoch = loop.store.epoch
        self.base = dict(plan.constants)
        self.carried_slots = []
        self.other_slots: dict[int, tuple[Plan, list[tuple[int, Any]]]] = {}
        for slot, source in plan.sources.items():
            if isinstance(source, Feed):
                if source.tensor in loop.places:
                    self.carried_slots.append((slot, loop.places[source.tensor]))
                elif source.tensor in loop.values:
                    self.base[slot] = loop.values[source.tensor]

    def _lowered(
        self, types: dict[Tensor, Type], observed: Observed, resuming: bool
    ) -> tuple[Plan, set[Hashable]]:
        loop = self.loop
        setting = Setting(
            {tensor: loop.values[tensor] for tensor in self.cache.static},
            dict(zip(self.cache.objects, self.contents, strict=False)),
            loop.store.types(),
            loop.store.resources,
        )
        return lower_part(loop.step, self.part, types, setting, observed, resuming)

    def _fill(
        self,
        plan: Plan,
        slots: dict[int, Array],
        value_index: Array,
        random: dict[str, tuple[Array, int]],
    ) -> None:
        """Fills the slots that change in every iteration and are not in `carried_slots`."""
        entry = self.other_slots.get(id(plan))
        if entry is None:
            entry = self.other_slots[id(plan)] = (plan, self._unfilled(plan))
        if not entry[1]:
            return
        store = self.loop.store
        for slot, source in entry[1]:
            if isinstance(source, State):
                slots[slot] = store.variables[source.key]
            elif isinstance(source, Feed):
                slots[slot] = value_index
            elif isinstance(source, RandomState):
                state = store.random_state(source.key, source.seeds)
                random[source.key] = (state, source.reserved)
                slots[slot] = state
            else:
                slots[slot] = source

    def _unfilled(self, plan: Plan) -> list[tuple[int, Any]]:
        """Slots that neither `base` nor `carried_slots` fills, with their sources or arrays."""
        filled = {*self.base, *(slot for slot, _ in self.carried_slots)}
        pairs = [*plan.sources.items(), *plan.constants.items()]
        return [(slot, source) for slot, source in pairs if slot not in filled]

    def _lower_again(self, observed: Observed) -> Plan:
        """The plan of this part for further observed values."""
        plan, contents_read = self._lowered(self.types, observed, resuming=True)
        if self._depend_on(contents_read):
            self.plan = None  # the next iteration chooses a plan by these contents too
        return plan
