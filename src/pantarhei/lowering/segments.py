"""Builds the segments of a plan: programs whose inputs and outputs are slots.

A variable is a value too: a read returns its latest value in the schedule, a write replaces it, and
segments pass it on through a slot. Loops are in loop_steps.py, the lowering of operations in
lower.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pantarhei.graph.operation import Operation, Tensor
from pantarhei.lowering.faults import raise_uninitialized
from pantarhei.lowering.lowered_values import Handle, PlanEnds, Ref, Stored
from pantarhei.lowering.plan import (
    HostStep,
    Observed,
    Plan,
    RandomState,
    Segment,
    Slot,
    Source,
    SpecializationPoint,
    State,
)
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Array, Program, Type, Value
from pantarhei.program.primitives import TABLE


class SegmentBuilder(Builder):
    """Builds the segments and host steps of one plan, one operation after the other."""

    def __init__(
        self, variables: Mapping[str, Type | None], observed: Observed, resources: dict[str, Any]
    ) -> None:
        super().__init__(TABLE)
        self.plan = Plan(observed=observed)
        self.variables = variables
        self.resources = resources
        # The operation being lowered, and those still to come.
        self.op: Operation | None = None
        self.pending: list[Operation] = []
        self.fetched: list[Tensor] = []
        # Values of the tensors lowered so far, and of variables by key.
        self.values: dict[Tensor, Any] = {}
        self.state: dict[str, Value | Stored] = {}
        self.written: set[str] = set()
        # Variables without value that are read, by key: their operation and the one that reads.
        self.uninitialized: dict[str, tuple[Operation, Operation | None]] = {}
        self._slots = 0
        # Slots that this segment loads, and the other way round.
        self._loaded: dict[Slot, Value] = {}
        self._places: dict[Value, Slot] = {}
        # Outputs of this segment; values computed for the faults they may find, used by nothing.
        self._outputs: dict[Value, Stored] = {}
        self._checks: list[Value] = []
        # Slots of the values of closed segments: the operation being lowered may refer to them.
        self._closed: dict[Value, Stored] = {}
        # Slots whose arrays a specialization point has observed.
        self._static: dict[Slot, Array] = {}
        # How many observed values of each operation have been used.
        self._used: dict[str, int] = {}
        # Host steps to call after the segment.
        self._effects: list[tuple[Operation, Callable[..., Any], list[Any]]] = []

    # --- variables ----------------------------------------------------------------------------

    def reference(self, op: Operation) -> Ref:
        """The reference to the variable of the operation `op`."""
        return Ref(op.attributes.get("shared_name") or op.name, op.outputs[0])

    def read(self, ref: Ref) -> Value:
        """The value that a variable has at this point of the schedule."""
        if ref.key not in self.state:
            type = self.expected(ref)
            if type is None:
                return self._uninitialized(ref)
            self.state[ref.key] = self.source(State(ref.key), type)
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
        return self.load(self.source(source, Type(np.dtype(np.uint32), (6,))))

    def _uninitialized(self, ref: Ref) -> Value:
        """Notes the variable and goes on as if it had a value, to find all of them at once."""
        self.uninitialized.setdefault(ref.key, (ref.tensor.op, self.op))
        shape = ref.tensor.op.attributes["shape"]
        if not shape.is_fully_defined():
            raise_uninitialized(self.uninitialized)
        return self.constant(np.zeros(shape.as_list(), ref.tensor.op.attributes["dtype"].numpy))

    # --- slots --------------------------------------------------------------------------------

    def new_slot(self) -> Slot:
        """A slot of the plan that nothing fills yet."""
        self._slots += 1
        return self._slots - 1

    def source(self, source: Source, type: Type) -> Stored:
        """A slot that the run fills from `source` before its first step."""
        slot = self.new_slot()
        self.plan.sources[slot] = source
        return Stored(slot, type)

    def load(self, value: Value | Stored) -> Value:
        """A value of the segment being built."""
        if isinstance(value, Value):
            if value in self._closed:
                return self.load(self._closed[value])
            return value if value.constant is None else self.constant(value.constant)
        if value.slot in self._static:
            return self.constant(self._static[value.slot])
        if value.slot in self.plan.constants:
            return self.constant(self.plan.constants[value.slot])
        if value.slot not in self._loaded:
            self._loaded[value.slot] = self.input(value.type)
            self._places[self._loaded[value.slot]] = value.slot
        return self._loaded[value.slot]

    def store(self, value: Value | Stored) -> Stored:
        """The slot in which a value of this segment outlives it."""
        if isinstance(value, Stored):
            return value
        if value.constant is not None:
            slot = self.new_slot()
            self.plan.constants[slot] = value.constant
            return Stored(slot, value.type)
        if value in self._places:
            return Stored(self._places[value], value.type)
        if value not in self._outputs:
            self._outputs[value] = Stored(self.new_slot(), value.type)
        return self._outputs[value]

    def slot_of(self, value: Any) -> Slot:
        """The slot of a value, or of the object behind a handle."""
        return value.slot if isinstance(value, Handle) else self.store(value).slot

    # --- segments and specialization points ---------------------------------------------------

    def close(self, extra: Sequence[Value] = ()) -> list[Slot]:
        """Ends the segment being built and stores what is needed later; slots of `extra`."""
        later = self.needed_later()
        # References to variables outlive segments by themselves.
        for tensor, value in list(self.values.items()):
            if isinstance(value, Value):
                if tensor in later:
                    self.values[tensor] = self.store(value)
                else:
                    del self.values[tensor]
        for key, value in self.state.items():
            self.state[key] = self.store(value)
        slots = [self.store(value).slot for value in extra]
        effects = [
            HostStep(op, function, [self.slot_of(value) for value in inputs], [])
            for op, function, inputs in self._effects
        ]
        if self._outputs or self._checks:
            outputs = [stored.slot for stored in self._outputs.values()]
            self.plan.steps.append(self._segment(list(self._outputs), outputs, self._checks))
        self.plan.steps += effects
        self.inputs, self.nodes, self.interned = [], [], {}
        self._closed.update(self._outputs)
        self._closed.update(
            (value, Stored(slot, value.type)) for slot, value in self._loaded.items()
        )
        self._loaded, self._places, self._outputs = {}, {}, {}
        self._checks, self._effects = [], []
        return slots

    def needed_later(self) -> set[Tensor]:
        """The tensors that the operation being lowered, those to come and fetches use."""
        later = {tensor for op in self.pending for tensor in op.inputs} | set(self.fetched)
        if self.op is not None:
            later.update(self.op.inputs)
        return later

    def _segment(
        self, values: Sequence[Value], slots: list[Slot], checks: Sequence[Value] = ()
    ) -> Segment:
        program: Program = self.finish(values, keep_inputs=False, also=checks)
        return Segment(program, [self._places[value] for value in program.inputs], slots)

    def next_observed(self) -> Any:
        """The next observed value of the operation being lowered; None if there is no further."""
        assert self.op is not None
        values = self.plan.observed.get(self.op.name, [])
        used = self._used.get(self.op.name, 0)
        if used == len(values):
            return None
        self._used[self.op.name] = used + 1
        return values[used]

    def observed_types(self, slots: list[Slot]) -> Sequence[Type]:
        """Types of the last step's results in `slots`; the plan ends here if they are unknown."""
        assert self.op is not None
        types: Sequence[Type] | None = self.next_observed()
        if types is None:
            self.plan.specialization_point = SpecializationPoint(self.op, None, slots)
            raise PlanEnds
        return types

    def observed_value(self, value: Value) -> Array:
        """The array that a run has observed for `value`; the plan ends here if there is none."""
        assert self.op is not None
        observed = self.next_observed()
        if observed is None:
            slot = self.new_slot()
            segment = self._segment([value], [slot])
            self.plan.specialization_point = SpecializationPoint(self.op, segment, [slot])
            raise PlanEnds
        array = np.asarray(observed)
        if value in self._places:
            self._static[self._places[value]] = array
        return array
