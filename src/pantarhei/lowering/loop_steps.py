"""What lowering does for loops and for what outlives an iteration: stacks and tensor arrays.

A loop becomes one step of the plan; its condition and body are lowered when it runs, with the types
that its variables then have (lowering/loops.py). Steps that read a stack or a tensor array come
before the segment being built, those that write come after it, so that a body stays one program.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pantarhei.graph.definitions.definition import DEAD
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.lowering.loop_structure import Frame, switch_of
from pantarhei.lowering.lowered_values import Ended, Handle, Ref, StartsAgain, Stored
from pantarhei.lowering.plan import HostStep, LoopStep, Plan, Question, Slot
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Array, Type, Value

# The type of the slot of a variable that has no value, among the results of a loop.
NO_VALUE = Type(np.dtype(object), ())

Effect = tuple[Operation, Callable[..., Any], list[Any]]


class LoopSteps(Builder):
    """The part of `Lowering` that knows loops, stacks and tensor arrays."""

    if TYPE_CHECKING:
        plan: Plan
        op: Operation | None
        values: dict[Tensor, Any]
        state: dict[str, Value | Stored]
        written: set[str]
        dead: set[Operation]
        _loaded: dict[Slot, Value]

        # Methods of `Lowering`.
        close: Callable[[], list[Slot]]
        load: Callable[[Value | Stored], Value]
        read: Callable[[Ref], Value]
        is_initialized: Callable[[Ref], bool]
        _kept: Callable[[Value | Stored], Stored]
        _new_slot: Callable[[], Slot]
        _answer: Callable[[], Any]

    def start_loops(self) -> None:
        """Sets up what this part keeps."""
        self.frames: dict[Operation, Frame] = {}
        # What the stacks and tensor arrays of a running loop held when the iteration began.
        self.contents: Mapping[Hashable, Any] = {}
        # Those at whose contents lowering has looked, or would have.
        self.looked_at: set[Hashable] = set()
        self._used: set[Hashable] = set()
        self._ran: set[Frame] = set()
        self._left: dict[Operation, Any] = {}
        self._effects: list[Effect] = []

    # --- stacks and tensor arrays -------------------------------------------------------------

    def handle(
        self,
        function: Callable[..., Any],
        inputs: Sequence[Any],
        root: Hashable,
        size: int | None = None,
    ) -> Handle:
        """The handle of what `function` makes of the inputs' values; `root` is its identity."""
        slot = self._new_slot()
        self._step(function, inputs, [slot])
        return Handle(slot, root, size)

    def call(
        self, function: Callable[..., Any], inputs: Sequence[Any], types: Sequence[Type]
    ) -> list[Value]:
        """What `function` gives for the inputs' values, before the segment being built if it can.

        Inputs are values and handles; `types` are those of the results.
        """
        outputs = [self._new_slot() for _ in types]
        self._step(function, inputs, outputs)
        return [self.load(Stored(*each)) for each in zip(outputs, types, strict=True)]

    def later(self, function: Callable[..., Any], inputs: Sequence[Any]) -> None:
        """Has `function` called with the inputs' values after the segment being built."""
        assert self.op is not None
        self._effects.append((self.op, function, list(inputs)))

    def content(self, handle: Handle) -> Any:
        """What a stack or tensor array held when the iteration began, if that is known now."""
        self.looked_at.add(handle.root)
        return self.contents.get(handle.root)

    def first_of(self, handle: Handle) -> bool:
        """Whether nothing has been taken from an object, or put on it, since the part began."""
        first = handle.root not in self._used and not self._touches({handle.root})
        self._used.add(handle.root)
        return first

    def _step(
        self, function: Callable[..., Any], inputs: Sequence[Any], outputs: list[Slot]
    ) -> None:
        """Adds a step, before the segment being built unless that computes what it takes."""
        assert self.op is not None
        roots = {each.root for each in inputs if isinstance(each, Handle)}
        loaded = self._loaded.values()
        computed = any(
            isinstance(each, Value) and each.constant is None and each not in loaded
            for each in inputs
        )
        arguments = [self._slot_of(value) for value in inputs]
        if computed or self._touches(roots):
            self.close()
        self.plan.steps.append(HostStep(self.op, function, arguments, outputs))

    def _touches(self, roots: set[Hashable]) -> bool:
        """Whether an effect that is still to come is on one of these objects."""
        return any(
            isinstance(each, Handle) and each.root in roots
            for _, _, inputs in self._effects
            for each in inputs
        )

    def _slot_of(self, value: Any) -> Slot:
        return value.slot if isinstance(value, Handle) else self._kept(value).slot

    def _effect_steps(self) -> list[HostStep]:
        """The steps of the effects that were put off; their values are kept."""
        steps = [
            HostStep(op, function, [self._slot_of(value) for value in inputs], [])
            for op, function, inputs in self._effects
        ]
        self._effects = []
        return steps

    # --- loops --------------------------------------------------------------------------------

    def loops_take(self) -> set[Tensor]:
        """What loops that are still to come take."""
        coming = set(self.frames.values()) - self._ran
        return {enter.outputs[0] for frame in coming for enter in frame.enters}

    def leave(self, op: Operation) -> Any:
        """What an `Exit` gives; the first one that is lowered has the loop run."""
        if op not in self._left:
            self._run(op, self.frames[op])
        result = self._left.pop(op)
        if result is DEAD:
            self.dead.add(op)
        return self.load(result) if isinstance(result, Stored) else result

    def _run(self, op: Operation, frame: Frame) -> None:
        self._ran.add(frame)
        taken = {enter: self.values[enter.outputs[0]] for enter in frame.enters}
        if any(value is DEAD for value in taken.values()):
            self._left.update(dict.fromkeys(frame.exits, DEAD))
            return
        if op.name not in self.plan.facts:
            raise StartsAgain(op)
        step = self._step_of(op, frame, taken)
        self.close()
        step.outputs = [self._new_slot() for _ in (*step.left, *step.written)]
        self.plan.steps.append(step)
        types = self._answer()
        if types is None:
            self.plan.question = Question(op, None, step.outputs)
            raise Ended
        results = [Stored(*each) for each in zip(step.outputs, types, strict=True)]
        self._left.update(zip(step.left, results, strict=False))
        for leave in frame.exits:
            if leave not in self._left:  # a reference or handle that went through the loop
                self._left[leave] = next(
                    taken[enter]
                    for enter, merge, _ in frame.carried
                    if merge is switch_of(leave).inputs[0].op
                )
        for key, result in zip(step.written, results[len(step.left) :], strict=True):
            if result.type != NO_VALUE:
                self.state[key] = result
                self.written.add(key)

    def _step_of(self, op: Operation, frame: Frame, taken: dict[Operation, Any]) -> LoopStep:
        """The step that runs a loop."""
        arrays = {
            enter: self.load(value)
            for enter, value in taken.items()
            if isinstance(value, (Value, Stored))
        }
        passed = {enter: value for enter, value in taken.items() if enter not in arrays}
        refs = {value.key: value for value in passed.values() if isinstance(value, Ref)}
        handles = {each: value for each, value in passed.items() if isinstance(value, Handle)}
        variables = {key: ref for key, ref in refs.items() if self.is_initialized(ref)}
        through = {merge for enter, merge, _ in frame.carried if enter in passed}
        known: dict[Tensor, Array] = {}
        for enter in frame.invariants:
            constant = arrays[enter].constant if enter in arrays else None
            if constant is not None:
                known[enter.outputs[0]] = constant
        return LoopStep(
            op,
            frame,
            inputs={
                enter.outputs[0]: self._slot_of(value)
                for enter, value in (*arrays.items(), *handles.items())
            },
            variables={key: self._kept(self.read(ref)).slot for key, ref in variables.items()},
            known=known,
            passed={enter.outputs[0]: value for enter, value in passed.items()},
            left=[each for each in frame.exits if switch_of(each).inputs[0].op not in through],
            written=list({taken[each].key for each in frame.written if each in passed}),
        )
