"""Lowers loops, and the stacks and tensor arrays that outlive an iteration, to steps of the plan.

A loop becomes one step; its condition and body are lowered when it runs, with the types that its
variables then have (lowering/loops.py). Steps that read a stack or a tensor array come before the
segment being built, those that write come after it, so that a body stays one program.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from pantarhei.graph.definitions.definition import DEAD
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.lowering.loop_structure import LoopFrame, switch_of
from pantarhei.lowering.lowered_values import Handle, NeedsCut, Ref, Stored
from pantarhei.lowering.plan import HostStep, LoopStep, Slot
from pantarhei.lowering.segments import SegmentBuilder
from pantarhei.program.ir import Array, Type, Value

# The type of the slot of a variable that has no value, among the results of a loop.
NO_VALUE = Type(np.dtype(object), ())


class LoopSteps(SegmentBuilder):
    """Adds loops, stacks and tensor arrays to the builder."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        # Operations without a value in this run, which belong to a branch that is not taken.
        self.dead: set[Operation] = set()
        self.frames: dict[Operation, LoopFrame] = {}
        # Types in the stacks and tensor arrays of a running loop when the iteration began.
        self.contents: Mapping[Hashable, Any] = {}
        # The objects whose contents lowering has read, or would have.
        self.contents_read: set[Hashable] = set()
        self._touched: set[Hashable] = set()
        self._lowered_frames: set[LoopFrame] = set()
        self._exits: dict[Operation, Any] = {}

    # --- stacks and tensor arrays -------------------------------------------------------------

    def handle(
        self,
        function: Callable[..., Any],
        inputs: Sequence[Any],
        root: Hashable,
        size: int | None = None,
    ) -> Handle:
        """The handle of the object `function` returns for the inputs; `root` is its identity."""
        slot = self.new_slot()
        self._step(function, inputs, [slot])
        return Handle(slot, root, size)

    def call(
        self, function: Callable[..., Any], inputs: Sequence[Any], types: Sequence[Type]
    ) -> list[Value]:
        """The results of a host function, called before the segment being built if possible.

        Inputs are values and handles; `types` are those of the results.
        """
        outputs = [self.new_slot() for _ in types]
        self._step(function, inputs, outputs)
        return [self.load(Stored(*each)) for each in zip(outputs, types, strict=True)]

    def later(self, function: Callable[..., Any], inputs: Sequence[Any]) -> None:
        """Adds a call of `function` after the segment being built."""
        assert self.op is not None
        self._effects.append((self.op, function, list(inputs)))

    def content(self, handle: Handle) -> Any:
        """The contents of a stack or tensor array when the iteration began; None if unknown."""
        self.contents_read.add(handle.root)
        return self.contents.get(handle.root)

    def first_of(self, handle: Handle) -> bool:
        """Whether nothing has read or changed an object since the iteration began."""
        first = handle.root not in self._touched and not self._is_changed({handle.root})
        self._touched.add(handle.root)
        return first

    def _step(
        self, function: Callable[..., Any], inputs: Sequence[Any], outputs: list[Slot]
    ) -> None:
        """Adds a step, before the segment being built unless that computes an input of it."""
        assert self.op is not None
        roots = {each.root for each in inputs if isinstance(each, Handle)}
        loaded = self._loaded.values()
        computed = any(
            isinstance(each, Value) and each.constant is None and each not in loaded
            for each in inputs
        )
        arguments = [self.slot_of(value) for value in inputs]
        if computed or self._is_changed(roots):
            self.close()
        self.plan.steps.append(HostStep(self.op, function, arguments, outputs))

    def _is_changed(self, roots: set[Hashable]) -> bool:
        """Whether a step after this segment changes one of these objects."""
        return any(
            isinstance(each, Handle) and each.root in roots
            for _, _, inputs in self._effects
            for each in inputs
        )

    # --- loops --------------------------------------------------------------------------------

    def needed_later(self) -> set[Tensor]:
        """See the base class; adds the values that enter loops still to come."""
        coming = set(self.frames.values()) - self._lowered_frames
        entered = {enter.outputs[0] for frame in coming for enter in frame.enters}
        return super().needed_later() | entered

    def leave(self, op: Operation) -> Any:
        """The value of an `Exit`; the first one that is lowered adds the step of its loop."""
        if op not in self._exits:
            self._add_loop(op, self.frames[op])
        result = self._exits.pop(op)
        if result is DEAD:
            self.dead.add(op)
        return self.load(result) if isinstance(result, Stored) else result

    def _add_loop(self, op: Operation, frame: LoopFrame) -> None:
        self._lowered_frames.add(frame)
        entered = {enter: self.values[enter.outputs[0]] for enter in frame.enters}
        if any(value is DEAD for value in entered.values()):
            self._exits.update(dict.fromkeys(frame.exits, DEAD))
            return
        if op.name not in self.plan.observed:
            raise NeedsCut(op)
        step = self._loop_step(op, frame, entered)
        self.close()
        step.outputs = [self.new_slot() for _ in (*step.exits, *step.written)]
        self.plan.steps.append(step)
        types = self.observed_types(step.outputs)
        results = [Stored(*each) for each in zip(step.outputs, types, strict=True)]
        self._exits.update(zip(step.exits, results, strict=False))
        for leave in frame.exits:
            if leave not in self._exits:  # a reference or handle that went through the loop
                self._exits[leave] = next(
                    entered[enter]
                    for enter, merge, _ in frame.carried
                    if merge is switch_of(leave).inputs[0].op
                )
        for key, result in zip(step.written, results[len(step.exits) :], strict=True):
            if result.type != NO_VALUE:
                self.state[key] = result
                self.written.add(key)

    def _loop_step(
        self, op: Operation, frame: LoopFrame, entered: dict[Operation, Any]
    ) -> LoopStep:
        """The step that runs a loop on the values in `entered`."""
        arrays = {
            enter: self.load(value)
            for enter, value in entered.items()
            if isinstance(value, (Value, Stored))
        }
        passed = {enter: value for enter, value in entered.items() if enter not in arrays}
        refs = {value.key: value for value in passed.values() if isinstance(value, Ref)}
        handles = {each: value for each, value in passed.items() if isinstance(value, Handle)}
        variables = {key: ref for key, ref in refs.items() if self.is_initialized(ref)}
        through = {merge for enter, merge, _ in frame.carried if enter in passed}
        constants: dict[Tensor, Array] = {}
        for enter in frame.invariants:
            constant = arrays[enter].constant if enter in arrays else None
            if constant is not None:
                constants[enter.outputs[0]] = constant
        return LoopStep(
            op,
            frame,
            inputs={
                enter.outputs[0]: self.slot_of(value)
                for enter, value in (*arrays.items(), *handles.items())
            },
            variables={key: self.store(self.read(ref)).slot for key, ref in variables.items()},
            constants=constants,
            passed={enter.outputs[0]: value for enter, value in passed.items()},
            exits=[each for each in frame.exits if switch_of(each).inputs[0].op not in through],
            written=list(
                dict.fromkeys(entered[each].key for each in frame.written if each in passed)
            ),
        )
