"""Lowering: the part of a graph that a run asks for becomes a plan of programs and host steps.

Shapes are concrete here: feeds and variables bring theirs, and every shape computation folds while
the program is built. Variables become values: reading one gives its latest value in the schedule,
updating one gives it a new value, and the last values are what the run leaves behind. Where the
graph depends on data (a shape that is computed, a branch), the plan ends with a question; see
lowering/plan.py.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from pantarhei.graph.definitions.definition import DEAD
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.lowering.faults import (
    operation_error,
    raise_dead,
    raise_from_earlier_part,
    raise_uninitialized,
)
from pantarhei.lowering.loop_steps import LoopSteps
from pantarhei.lowering.lowered_values import Ended, NeedsStaticFeeds, Ref, StartsAgain, Stored
from pantarhei.lowering.plan import (
    Facts,
    Feed,
    HostStep,
    Plan,
    Question,
    RandomState,
    Segment,
    Slot,
    Source,
    State,
)
from pantarhei.lowering.schedule import schedule_with_loops
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Array, Program, ProgramError, Type, Value
from pantarhei.program.primitives import TABLE
from pantarhei.program.verifier import VerificationError

# Feeds of integers and booleans up to this size may decide shapes and branches: they become part of
# what a plan is made for. Larger ones are data, and what depends on them is found out during the
# run.
STATIC_FEED_LIMIT = 8


class Lowering(LoopSteps, Builder):
    """The builder that operations lower themselves with, for the length of one plan.

    To the primitives of a `Builder` it adds what operations with effects need: `read`, `write` and
    `is_initialized` for variables, `random_state` for random ones, `host` for Python functions.
    """

    def __init__(
        self,
        feeds: Mapping[Tensor, Type],
        static_feeds: Mapping[Tensor, Array],
        variables: Mapping[str, Type | None],
        facts: Facts,
        resources: dict[str, Any],
        resuming: bool,
    ) -> None:
        super().__init__(TABLE)
        self.resuming = resuming
        self.resources = resources
        self.plan = Plan(facts=facts)
        self.variables = variables
        self.values: dict[Tensor, Any] = {}
        self.state: dict[str, Value | Stored] = {}
        self.written: set[str] = set()
        # Variables without value that are read, by key: their operation and the one that reads.
        self.uninitialized: dict[str, tuple[Operation, Operation | None]] = {}
        self.op: Operation | None = None
        self.pending: list[Operation] = []
        self.targets: set[Operation] = set()
        self.fetched: list[Tensor] = []
        self.dead: set[Operation] = set()
        self._asked: dict[str, int] = {}
        self._keeping: dict[Value, Stored] = {}
        self._moved: dict[Value, Stored] = {}
        # Slots loaded into this segment, and the other way round.
        self._loaded: dict[Slot, Value] = {}
        self._places: dict[Value, Slot] = {}
        # Values of this segment that somebody waits for without taking them.
        self._awaited: list[Value] = []
        self._learned: dict[Slot, Array] = {}
        self._slots = 0
        self.start_loops()
        for tensor, type in feeds.items():
            if tensor in static_feeds:
                self.values[tensor] = self.constant(static_feeds[tensor])
            else:
                self.values[tensor] = self._source(Feed(tensor), type)

    # --- what operations use ------------------------------------------------------------------

    def reference(self, op: Operation) -> Ref:
        """The reference to the variable that `op` holds."""
        return Ref(op.attributes.get("shared_name") or op.name, op.outputs[0])

    def read(self, ref: Ref) -> Value:
        """The value that a variable has at this point of the schedule."""
        if ref.key not in self.state:
            type = self.expected(ref)
            if type is None:
                return self._uninitialized(ref)
            self.state[ref.key] = self._source(State(ref.key), type)
        return self.load(self.state[ref.key])

    def write(self, ref: Ref, value: Value) -> None:
        """Gives a variable a new value, from this point of the schedule on."""
        self.expected(ref)
        self.state[ref.key] = value
        self.written.add(ref.key)

    def is_initialized(self, ref: Ref) -> bool:
        """Whether a variable has a value at this point of the schedule."""
        return ref.key in self.state or self.expected(ref) is not None

    def expected(self, ref: Ref) -> Type | None:
        """Type of the variable at the start of the run; None if it has no value then."""
        type = self.variables.get(ref.key)
        self.plan.expects[ref.key] = type
        return type

    def random_state(self, seed: int, seed2: int, reserved: int) -> Value:
        """Key and counter of the operation being lowered; the run uses up `reserved` samples."""
        assert self.op is not None
        source = RandomState(self.op.name, (seed, seed2), reserved)
        return self.load(self._source(source, Type(np.dtype(np.uint32), (6,))))

    def host(
        self,
        function: Callable[..., Sequence[Any]],
        inputs: Sequence[Value],
        types: Sequence[Type] | None,
    ) -> list[Value]:
        """What a Python function gives for the inputs' arrays, called between two segments.

        `types` are those of the results; None where they depend on data, and the run finds them
        out.
        """
        assert self.op is not None
        if types is None and self.op.name not in self.plan.facts:
            raise StartsAgain(self.op)
        count = len(self.op.outputs) if types is None else len(types)
        arguments = [self._slot_of(value) for value in inputs]
        self.close()
        outputs = [self._new_slot() for _ in range(count)]
        self.plan.steps.append(HostStep(self.op, function, arguments, outputs))
        if types is None:
            types = self._answer()
            if types is None:
                self.plan.question = Question(self.op, None, outputs)
                raise Ended
        return [self.load(Stored(*each)) for each in zip(outputs, types, strict=True)]

    def resource(self, make: Callable[[], Any]) -> Any:
        """What the session keeps for the operation being lowered; made when it is first asked
        for."""
        assert self.op is not None
        if self.op.name not in self.resources:
            self.resources[self.op.name] = make()
        return self.resources[self.op.name]

    def static(self, value: Value) -> Array:
        """See `Builder.static`; what a run has already found out counts as known."""
        if value.constant is not None:
            return value.constant
        assert self.op is not None
        feeds = self._feeds_behind(value)
        # Once a run has begun it cannot start again: then its feeds are asked like all other data.
        if feeds and not self.resuming:
            raise NeedsStaticFeeds(feeds)
        if self.op.name not in self.plan.facts:
            raise StartsAgain(self.op)
        answer = self._answer()
        if answer is None:
            self._ask(self.op, value)
        array = np.asarray(answer)
        if value in self._places:
            self._learned[self._places[value]] = array  # who asks for the value next knows it
        return array

    # --- slots and segments -------------------------------------------------------------------

    def load(self, value: Value | Stored) -> Value:
        """A value of the segment being built."""
        if isinstance(value, Value):
            if value in self._moved:  # made before the operation cut the segment
                return self.load(self._moved[value])
            return value if value.constant is None else self.constant(value.constant)
        if value.slot in self._learned:
            return self.constant(self._learned[value.slot])
        if value.slot in self.plan.constants:
            return self.constant(self.plan.constants[value.slot])
        if value.slot not in self._loaded:
            self._loaded[value.slot] = self.input(value.type)
            self._places[self._loaded[value.slot]] = value.slot
        return self._loaded[value.slot]

    def close(self, extra: Sequence[Value] = ()) -> list[Slot]:
        """Ends the segment being built: what is needed later goes into slots. Slots of `extra`."""
        later = {tensor for op in self.pending for tensor in op.inputs} | set(self.fetched)
        later.update(self.loops_take())
        if self.op is not None:
            later.update(self.op.inputs)
        # References to variables outlive segments by themselves.
        for tensor, value in list(self.values.items()):
            if isinstance(value, Value):
                if tensor in later:
                    self.values[tensor] = self._kept(value)
                else:
                    del self.values[tensor]
        for key, value in self.state.items():
            self.state[key] = self._kept(value)
        slots = [self._kept(value).slot for value in extra]
        effects = self._effect_steps()
        if self._keeping or self._awaited:
            program = self.finish(list(self._keeping), keep_inputs=False, also=self._awaited)
            slots_out = [stored.slot for stored in self._keeping.values()]
            self.plan.steps.append(Segment(program, self._input_slots(program), slots_out))
        self.plan.steps += effects
        self._start_segment()
        return slots

    def _input_slots(self, program: Program) -> list[Slot]:
        return [self._places[value] for value in program.inputs]

    def _start_segment(self) -> None:
        self.inputs, self.nodes, self.interned = [], [], {}
        self._moved.update(self._keeping)
        self._moved.update(
            (value, Stored(slot, value.type)) for slot, value in self._loaded.items()
        )
        self._loaded, self._places, self._keeping, self._awaited = {}, {}, {}, []

    def _kept(self, value: Value | Stored) -> Stored:
        """The slot in which a value of this segment outlives it."""
        if isinstance(value, Stored):
            return value
        if value.constant is not None:
            slot = self._new_slot()
            self.plan.constants[slot] = value.constant
            return Stored(slot, value.type)
        if value in self._places:
            return Stored(self._places[value], value.type)
        if value not in self._keeping:
            self._keeping[value] = Stored(self._new_slot(), value.type)
        return self._keeping[value]

    def _source(self, source: Source, type: Type) -> Stored:
        slot = self._new_slot()
        self.plan.sources[slot] = source
        return Stored(slot, type)

    def _new_slot(self) -> Slot:
        self._slots += 1
        return self._slots - 1

    def _answer(self) -> Any:
        """The next fact about the operation being lowered; None if it has not been found out."""
        assert self.op is not None
        known = self.plan.facts.get(self.op.name, [])
        asked = self._asked.get(self.op.name, 0)
        if asked == len(known):
            return None
        self._asked[self.op.name] = asked + 1
        return known[asked]

    def _uninitialized(self, ref: Ref) -> Value:
        """Notes the variable and goes on as if it had a value, to find all of them at once."""
        self.uninitialized.setdefault(ref.key, (ref.tensor.op, self.op))
        shape = ref.tensor.op.attributes["shape"]
        if not shape.is_fully_defined():
            raise_uninitialized(self.uninitialized)
        return self.constant(np.zeros(shape.as_list(), ref.tensor.op.attributes["dtype"].numpy))

    # --- the loop -----------------------------------------------------------------------------

    def lower(self, op: Operation) -> None:
        """Lowers one operation and notes its outputs."""
        self.op = self.origin = op
        if op.name in self.plan.facts:
            self.close()
        self._moved.clear()
        arguments = self._arguments(op)
        dead = DEAD in arguments or (
            bool(self.dead) and any(before in self.dead for before in op.control_inputs)
        )
        if dead and not op.definition.accepts_dead:
            results: Any = [DEAD] * len(op.outputs)
            self.dead.add(op)
        else:
            self._asked[op.name] = 0
            results = op.definition.lower(self, op, *arguments)
        if results is None:
            results = ()
        elif not isinstance(results, (list, tuple)):
            results = (results,)
        if op.control_outputs or op in self.targets:
            made = [value for value in results if isinstance(value, Value)]
            self._awaited += [value for value in made if value.constant is None]
        for tensor, value in zip(op.outputs, results, strict=True):
            if tensor not in self.values:  # a fed tensor keeps what it is fed
                self.values[tensor] = self._checked(tensor, value)

    def _arguments(self, op: Operation) -> list[Any]:
        if op in self.frames:
            return []  # what a loop takes, its enters give
        references = reference_inputs(op)
        arguments = []
        for tensor, by_reference in zip(op.inputs, references, strict=True):
            value = self.values.get(tensor)
            if value is None:
                raise_from_earlier_part(tensor, op)
            if isinstance(value, Ref) and not by_reference:
                value = self.read(value)
            arguments.append(self.load(value) if isinstance(value, (Value, Stored)) else value)
        return arguments

    def _ask(self, op: Operation, value: Value) -> NoReturn:
        """Ends the plan with the question what `value` is; the run computes it and comes back."""
        program = self.finish([value], keep_inputs=False)
        slot = self._new_slot()
        segment = Segment(program, self._input_slots(program), [slot])
        self.plan.question = Question(op, segment, [slot])
        raise Ended

    def _feeds_behind(self, value: Value) -> set[Tensor]:
        """The small whole-number feeds that alone determine `value`; none if others do too."""
        feeds: set[Tensor] = set()
        waiting, seen = [value.node], set()
        while waiting:
            node = waiting.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            waiting.extend(operand.node for operand in node.operands)
            if node.kind == "input":
                source = self.plan.sources.get(self._places[Value(node)])
                kind = node.types[0].dtype.kind
                if (
                    not isinstance(source, Feed)
                    or kind not in "iub"
                    or node.types[0].size > STATIC_FEED_LIMIT
                ):
                    return set()
                feeds.add(source.tensor)
        return feeds

    def _checked(self, tensor: Tensor, value: Any) -> Any:
        """Every result has to be what the graph said it would be."""
        if isinstance(value, Value):
            value = self.load(value)
            fits = tensor.shape.is_compatible_with(value.shape)
            if value.dtype != tensor.dtype.base_dtype.numpy or not fits:
                raise VerificationError(
                    f"{tensor.op.type} promised {tensor!r}, its lowering gave {value.type}"
                )
        return value


def reference_inputs(op: Operation) -> list[bool]:
    """For each input, whether the operation takes a variable by reference."""
    if op.definition.takes_references:
        return [True] * len(op.inputs)
    result: list[bool] = []
    for argument in op.definition.parsed.inputs:
        count = 1
        if argument.count_attr is not None:
            count = op.attributes[argument.count_attr]
        elif argument.list_attr is not None:
            count = len(op.attributes[argument.list_attr])
        result += [argument.is_ref] * count
    return [
        each or tensor.dtype.base_dtype.name == "resource"
        for each, tensor in zip(result, op.inputs, strict=True)
    ]


def lower(
    targets: Sequence[Operation],
    fetches: Sequence[Tensor],
    feeds: Mapping[Tensor, Type],
    variables: Mapping[str, Type | None],
    static_feeds: Mapping[Tensor, Array] | None = None,
    facts: Facts | None = None,
    resources: dict[str, Any] | None = None,
    resuming: bool = False,
    done: Container[Operation] = (),
) -> Plan:
    """The plan that runs `targets` and gives the values of `fetches`.

    Args:
      targets: operations to run, whether or not something of them is fetched.
      fetches: tensors whose values are wanted; a variable's is the one after the run.
      feeds: concrete types of the tensors that are fed.
      variables: types of the variables that have a value, by key.
      static_feeds: values of feeds on which shapes and branches may depend.
      facts: what an earlier, interrupted run of this kind has found out.
      resources: what the session keeps for operations of the host, by name; added to.
      resuming: whether a run has begun and goes on with this plan.
      done: operations that need not run any more.

    Raises:
      NeedsStaticFeeds: values of feeds are needed. FailedPreconditionError: variables without value
      are read. InvalidArgumentError: shapes do not fit, a placeholder is not fed.
    """
    facts = facts or {}
    resources = {} if resources is None else resources
    while True:
        try:
            lowering = Lowering(feeds, static_feeds or {}, variables, facts, resources, resuming)
            return lower_with(lowering, targets, fetches, done)
        except StartsAgain as again:
            facts = {**facts, again.op.name: []}


def lower_with(
    lowering: Lowering,
    targets: Sequence[Operation],
    fetches: Sequence[Tensor],
    done: Container[Operation],
) -> Plan:
    """See `lower`; what `lowering` has values of is fed."""
    fed = set(lowering.values)
    wanted = [*targets, *(tensor.op for tensor in fetches if tensor not in fed)]
    order, lowering.frames = schedule_with_loops(wanted, fed, done)
    lowering.pending = order[::-1]
    lowering.fetched = list(fetches)
    lowering.targets = set(targets)
    try:
        while lowering.pending:
            op = lowering.pending.pop()
            try:
                lowering.lower(op)
            except ProgramError as error:
                types = [getattr(lowering.values.get(x), "type", None) for x in op.inputs]
                raise operation_error(error, op, types) from None
        if lowering.uninitialized:
            raise_uninitialized(lowering.uninitialized)
        lowering.op = None
        results = [_fetched(lowering, tensor) for tensor in fetches]
        lowering.plan.fetches = lowering.close(results)
        lowering.plan.writes = {
            key: value.slot
            for key, value in lowering.state.items()
            if key in lowering.written and isinstance(value, Stored)
        }
    except Ended:
        if lowering.uninitialized:
            raise_uninitialized(lowering.uninitialized)
    return lowering.plan


def _fetched(lowering: Lowering, tensor: Tensor) -> Value:
    value = lowering.values[tensor]
    if value is DEAD:
        raise_dead(tensor)
    if isinstance(value, Ref):
        value = lowering.read(value)
        if lowering.uninitialized:
            raise_uninitialized(lowering.uninitialized)
    return lowering.load(value)


__all__ = ["Lowering", "NeedsStaticFeeds", "Ref", "lower", "lower_with"]
