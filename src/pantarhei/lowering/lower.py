"""Lowering: the part of a graph that a run fetches becomes a plan of programs and host steps.

Shapes are concrete here: those of feeds and variables are known, and every shape computation folds
while the program is built. Where the graph depends on data (a computed shape, a branch), the plan
ends at a specialization point; see lowering/plan.py.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

from pantarhei.graph.definitions.definition import DEAD
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.lowering.faults import (
    operation_error,
    raise_dead,
    raise_from_earlier_part,
    raise_uninitialized,
)
from pantarhei.lowering.loop_steps import LoopSteps
from pantarhei.lowering.lowered_values import NeedsCut, NeedsStaticFeeds, PlanEnds, Ref, Stored
from pantarhei.lowering.plan import Feed, HostStep, Observed, Plan
from pantarhei.lowering.schedule import schedule_with_loops
from pantarhei.program import dump
from pantarhei.program.ir import Array, ProgramError, Type, Value
from pantarhei.program.verifier import VerificationError

# Feeds of integers and booleans up to this size may decide shapes and branches: plans are
# specialized on their values. Larger ones are data, observed during the run.
STATIC_FEED_LIMIT = 8


class Lowering(LoopSteps):
    """The builder that operations lower themselves with, for the length of one plan.

    To the primitives of a `Builder` it adds what operations with effects need: `read`, `write` and
    `is_initialized` for variables, `random_state` for random ones, `host` for Python functions.
    """

    def __init__(
        self,
        feeds: Mapping[Tensor, Type],
        static_feeds: Mapping[Tensor, Array],
        variables: Mapping[str, Type | None],
        observed: Observed,
        resources: dict[str, Any],
        resuming: bool,
    ) -> None:
        super().__init__(variables, observed, resources)
        self.resuming = resuming
        self.targets: set[Operation] = set()
        for tensor, type in feeds.items():
            if tensor in static_feeds:
                self.values[tensor] = self.constant(static_feeds[tensor])
            else:
                self.values[tensor] = self.source(Feed(tensor), type)

    def host(
        self,
        function: Callable[..., Sequence[Any]],
        inputs: Sequence[Value],
        types: Sequence[Type] | None,
    ) -> list[Value]:
        """The results of a Python function for the inputs' arrays, called between two segments.

        `types` are those of the results; None where they depend on data and the run observes them.
        """
        assert self.op is not None
        if types is None and self.op.name not in self.plan.observed:
            raise NeedsCut(self.op)
        count = len(self.op.outputs) if types is None else len(types)
        arguments = [self.slot_of(value) for value in inputs]
        self.close()
        outputs = [self.new_slot() for _ in range(count)]
        self.plan.steps.append(HostStep(self.op, function, arguments, outputs))
        if types is None:
            types = self.observed_types(outputs)
        return [self.load(Stored(*each)) for each in zip(outputs, types, strict=True)]

    def resource(self, make: Callable[[], Any]) -> Any:
        """The resource of the session for the operation being lowered; made at its first use."""
        assert self.op is not None
        if self.op.name not in self.resources:
            self.resources[self.op.name] = make()
        return self.resources[self.op.name]

    def static(self, value: Value) -> Array:
        """See `Builder.static`; a value that a run has observed is static too."""
        if value.constant is not None:
            return value.constant
        assert self.op is not None
        feeds = self._feeds_behind(value)
        # Once a run has begun it cannot start again: then feeds are observed like all other data.
        if feeds and not self.resuming:
            raise NeedsStaticFeeds(feeds)
        if self.op.name not in self.plan.observed:
            raise NeedsCut(self.op)
        return self.observed_value(value)

    # --- one operation ------------------------------------------------------------------------

    def lower(self, op: Operation) -> None:
        """Lowers one operation and notes its outputs."""
        self.op = self.origin = op
        if op.name in self.plan.observed:
            self.close()
        self._closed.clear()
        arguments = self._arguments(op)
        dead = DEAD in arguments or (
            bool(self.dead) and any(before in self.dead for before in op.control_inputs)
        )
        if dead and not op.definition.accepts_dead:
            results: Any = [DEAD] * len(op.outputs)
            self.dead.add(op)
        else:
            self._used[op.name] = 0
            results = op.definition.lower(self, op, *arguments)
        if results is None:
            results = ()
        elif not isinstance(results, (list, tuple)):
            results = (results,)
        if op.control_outputs or op in self.targets:
            made = [value for value in results if isinstance(value, Value)]
            self._checks += [value for value in made if value.constant is None]
        for tensor, value in zip(op.outputs, results, strict=True):
            if tensor not in self.values:  # not fed
                self.values[tensor] = self._checked(tensor, value)

    def _arguments(self, op: Operation) -> list[Any]:
        if op in self.frames:
            return []  # its enters are lowered already
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
        """The value; it must have the type and shape that the graph inferred."""
        if isinstance(value, Value):
            value = self.load(value)
            fits = tensor.shape.is_compatible_with(value.shape)
            if value.dtype != tensor.dtype.base_dtype.numpy or not fits:
                raise VerificationError(
                    f"{tensor.op.type} declares {tensor!r}, but its lowering returned {value.type}"
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
    observed: Observed | None = None,
    resources: dict[str, Any] | None = None,
    resuming: bool = False,
    done: Container[Operation] = (),
) -> Plan:
    """The plan that runs `targets` and fetches `fetches`.

    Args:
      targets: operations to run, whether or not something of them is fetched.
      fetches: tensors to fetch; the value of a variable is the one after the run.
      feeds: concrete types of the tensors that are fed.
      variables: types of the variables that have a value, by key.
      static_feeds: values of feeds on which shapes and branches may depend.
      observed: the values that a run of this kind has observed.
      resources: the session's resources of host operations, by name; added to.
      resuming: whether a run has begun and continues with this plan.
      done: operations that need not run any more.

    Raises:
      NeedsStaticFeeds: values of feeds are needed. FailedPreconditionError: variables without value
      are read. InvalidArgumentError: shapes do not fit, a placeholder is not fed.
    """
    observed = observed or {}
    resources = {} if resources is None else resources
    while True:
        try:
            lowering = Lowering(feeds, static_feeds or {}, variables, observed, resources, resuming)
            return lower_with(lowering, targets, fetches, done)
        except NeedsCut as cut:
            observed = {**observed, cut.op.name: []}


def lower_with(
    lowering: Lowering,
    targets: Sequence[Operation],
    fetches: Sequence[Tensor],
    done: Container[Operation],
) -> Plan:
    """See `lower`; tensors of which `lowering` has values are fed."""
    fed = set(lowering.values)
    needed = [*targets, *(tensor.op for tensor in fetches if tensor not in fed)]
    order, lowering.frames = schedule_with_loops(needed, fed, done)
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
    except PlanEnds:
        if lowering.uninitialized:
            raise_uninitialized(lowering.uninitialized)
    dump.start()
    dump.show("plan", f"plan: {', '.join(each.name for each in needed)}", lowering.plan)
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
