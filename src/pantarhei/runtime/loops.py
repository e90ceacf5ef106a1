"""Running a loop: condition and body by turns, each with plans of its own for the types that come.

Nothing grows with the number of iterations: an iteration leaves its values to the next one, and
variables that it writes to the loop's own store. Only what the graph itself collects (stacks,
tensor arrays) is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pantarhei.graph.operation import Tensor
from pantarhei.lowering.loops import BODY, CONDITION, EXITS, Setting, lower_part
from pantarhei.lowering.lowered_values import Handle, NeedsStaticFeeds
from pantarhei.lowering.plan import (
    Facts,
    Feed,
    LoopStep,
    Plan,
    Question,
    RandomState,
    State,
    Step,
)
from pantarhei.program.ir import Array, Type
from pantarhei.runtime.store import Store

if TYPE_CHECKING:
    from pantarhei.runtime.execution import Execution

# Plans kept for one part of a loop, and answers for one of its questions: data that never repeat
# must not fill the memory.
PLANS_KEPT = 64

_NOTHING = np.full((), None, object)
_ROUNDS = (np.array(0, np.int32), np.array(1, np.int32))


class LoopStore(Store):
    """Variables as a loop sees them: nothing of it is the session's before the run has ended."""

    def __init__(self, outer: Any, variables: dict[str, Array]) -> None:
        super().__init__()
        self.outer = outer
        self.variables = {**outer.variables, **variables}
        self.resources = outer.resources

    def random_state(self, key: str, seeds: tuple[int, int]) -> Array:
        """The state of a random operation in this iteration."""
        if key not in self.random:
            self.random[key] = self.outer.random_state(key, seeds)
        return self.random[key]


class Family:
    """The plans of one part of a loop, kept from run to run.

    `static` are the invariants on whose values plans depend, `objects` the stacks and tensor arrays
    on whose contents they do; `asks` is whether it asks for all else that decides.
    """

    def __init__(self) -> None:
        self.static: list[Tensor] = []
        self.objects: list[Hashable] = []
        self.asks = False
        self.plans: dict[Any, Plan] = {}


class LoopRun:
    """One run of a loop, in a run of the session or in an iteration of another loop."""

    def __init__(self, outer: Execution | LoopRun, step: LoopStep, slots: dict[int, Array]) -> None:
        self.outer = outer
        # The run of the session itself, which carries out everything but loops.
        self.execution: Execution = outer.execution if isinstance(outer, LoopRun) else outer
        self.answer: Callable[..., tuple[Any, Any]] = self.execution.answer
        self.step = step
        if step.parts is None:
            step.parts = {part: Family() for part in (CONDITION, BODY, EXITS)}
        self.store: LoopStore = LoopStore(
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
        self.rounds = {merge.outputs[1] for _, merge, _ in step.frame.carried}
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
        """The values with which the loop is left, then those of the variables it may write."""
        condition, body = PartRun(self, CONDITION), PartRun(self, BODY)
        values = self.first
        round = _ROUNDS[0]
        while condition(values, round)[0]:
            values = body(values, round)
            round = _ROUNDS[1]
        results = PartRun(self, EXITS)(values, round)
        self.outer.take_random(self.store.random)
        written = [self.store.variables.get(key, _NOTHING) for key in self.step.written]
        return [*results, *written]

    def carry_out(self, step: Step, slots: dict[int, Array]) -> None:
        """See `Execution.carry_out`; a loop in this one sees what this one sees."""
        if not isinstance(step, LoopStep):
            self.execution.carry_out(step, slots)
            return
        for slot, array in zip(step.outputs, LoopRun(self, step, slots).run(), strict=True):
            slots[slot] = array

    def find(self, root: Hashable) -> Any:
        """The stack or tensor array with this identity, if it is there."""
        if root in self.objects:
            return self.objects[root]
        if isinstance(root, tuple):  # the gradients, of one source, of another
            array = self.find(root[0])
            return None if array is None else array.gradients.get(root[1])
        return None

    def take_random(self, states: dict[str, Array]) -> None:
        """Takes over the states in which a loop in this one leaves its random operations."""
        self.store.random.update(states)


class PartRun:
    """The condition, the body or the exits of a loop, in one run of it."""

    def __init__(self, loop: LoopRun, part: str) -> None:
        self.loop = loop
        self.part = part
        self.family: Family = loop.step.parts[part]
        self.plan: Plan | None = None
        self.kinds: list[tuple[Any, Any]] = []
        self.contents: list[Any] = []
        self.epoch = -1
        if part == BODY and not self.family.plans:
            self._look_at(self._read())

    def __call__(self, values: Sequence[Array], round: Array) -> list[Array]:
        """What the part computes for these values of the loop variables."""
        if self.plan is None or not self._fits(values):
            self._choose(values)
        plan: Plan = self.plan  # type: ignore[assignment]
        slots = self.base.copy()
        for slot, place in self.taken:
            slots[slot] = values[place]
        random: dict[str, tuple[Array, int]] = {}
        self._fill(plan, slots, round, random)
        carry_out = self.loop.carry_out
        for step in plan.steps:
            carry_out(step, slots)
        while plan.question is not None:
            done = len(plan.steps)
            plan = self._answered(plan, plan.question, slots)
            self._fill(plan, slots, round, random)
            for step in plan.steps[done:]:
                carry_out(step, slots)
        if plan.writes or random:
            written = {key: slots[slot] for key, slot in plan.writes.items()}
            self.loop.store.commit(written, random)
        return [slots[slot] for slot in plan.fetches]

    def _fits(self, values: Sequence[Array]) -> bool:
        """Whether the plan of the iteration before does for this one."""
        for value, (dtype, shape) in zip(values, self.kinds, strict=True):
            if value.shape != shape or value.dtype != dtype:
                return False
        if self.epoch != self.loop.store.epoch:
            return False
        return not self.contents or self.contents == self._contents()

    def _contents(self) -> list[Any]:
        found = [self.loop.find(root) for root in self.family.objects]
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

    def _look_at(self, roots: set[Hashable]) -> bool:
        """Makes plans depend on the contents of these objects too; whether that is new."""
        new = [root for root in roots if root not in self.family.objects]
        new = [root for root in new if self.loop.find(root) is not None]
        self.family.objects += new
        if new:
            self.family.plans.clear()
        return bool(new)

    def _choose(self, values: Sequence[Array]) -> None:
        """Finds or makes the plan for values of these types."""
        loop, family = self.loop, self.family
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
                tuple(loop.values[tensor].tobytes() for tensor in family.static),
                tuple(self.contents),
            )
            plan = family.plans.get(key)
            if plan is None or not all(
                loop.store.type_of(each) == type for each, type in plan.expects.items()
            ):
                try:
                    plan, looked_at = self._lowered(types, {}, resuming=family.asks)
                except NeedsStaticFeeds as need:
                    family.plans.clear()
                    if need.tensors <= loop.types.keys():
                        family.static += sorted(need.tensors, key=lambda tensor: tensor.name)
                    else:
                        family.asks = True
                    continue
                if self._look_at(looked_at):
                    continue
                while len(family.plans) >= PLANS_KEPT:
                    family.plans.pop(next(iter(family.plans)))
                family.plans[key] = plan
            break
        self.plan, self.types = plan, types
        self.kinds = [(value.dtype, value.shape) for value in values]
        self.epoch = loop.store.epoch
        self.base = dict(plan.constants)
        self.taken = []
        self.loose: dict[int, tuple[Plan, list[tuple[int, Any]]]] = {}
        for slot, source in plan.sources.items():
            if isinstance(source, Feed):
                if source.tensor in loop.places:
                    self.taken.append((slot, loop.places[source.tensor]))
                elif source.tensor in loop.values:
                    self.base[slot] = loop.values[source.tensor]

    def _lowered(
        self, types: dict[Tensor, Type], facts: Facts, resuming: bool
    ) -> tuple[Plan, set[Hashable]]:
        loop = self.loop
        setting = Setting(
            {tensor: loop.values[tensor] for tensor in self.family.static},
            dict(zip(self.family.objects, self.contents, strict=False)),
            loop.store.types(),
            loop.store.resources,
        )
        return lower_part(loop.step, self.part, types, setting, facts, resuming)

    def _fill(
        self,
        plan: Plan,
        slots: dict[int, Array],
        round: Array,
        random: dict[str, tuple[Array, int]],
    ) -> None:
        """Gives slots that change in every iteration, and are not `taken`, their arrays."""
        known = self.loose.get(id(plan))
        if known is None:
            known = self.loose[id(plan)] = (plan, self._loose(plan))
        if not known[1]:
            return
        store = self.loop.store
        for slot, source in known[1]:
            if isinstance(source, State):
                slots[slot] = store.variables[source.key]
            elif isinstance(source, Feed):
                slots[slot] = round
            elif isinstance(source, RandomState):
                state = store.random_state(source.key, source.seeds)
                random[source.key] = (state, source.reserved)
                slots[slot] = state
            else:
                slots[slot] = source

    def _loose(self, plan: Plan) -> list[tuple[int, Any]]:
        """Slots of a plan that neither `base` nor `taken` fills: with their sources, or arrays."""
        filled = {*self.base, *(slot for slot, _ in self.taken)}
        pairs = [*plan.sources.items(), *plan.constants.items()]
        return [(slot, source) for slot, source in pairs if slot not in filled]

    def _answered(self, plan: Plan, question: Question, slots: dict[int, Array]) -> Plan:
        """The plan that goes on where `plan` stopped, with what this iteration has found out."""
        answer, key = self.loop.answer(question, slots)
        if key not in question.answers:
            while len(question.answers) >= PLANS_KEPT:
                question.answers.pop(next(iter(question.answers)))
            known = plan.facts.get(question.op.name, [])
            facts = {**plan.facts, question.op.name: [*known, answer]}
            plan, looked_at = self._lowered(self.types, facts, resuming=True)
            question.answers[key] = plan
            if self._look_at(looked_at):
                self.plan = None  # the next iteration begins with a plan that knows them
        return question.answers[key]
