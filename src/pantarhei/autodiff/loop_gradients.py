"""Gradients of loops: for every loop on the way back, a loop that runs as often, backwards.

What the body computed is pushed on stacks by the forward loop, which counts its iterations, and
popped by the loop of the gradient, which counts them down. Names and order are TensorFlow's. How
gradients go through operations outside loops is in autodiff/gradients.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pantarhei.core import dtypes
from pantarhei.graph.constant import constant_value
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.filling import zeros, zeros_like
from pantarhei.ops.array.identity import control_trigger
from pantarhei.ops.control_flow.contexts import (
    EXITS,
    SWITCHES,
    entered,
    is_constant_enter,
    left,
    loop_of,
    output_context,
)
from pantarhei.ops.control_flow.loop_accumulators import accumulate, accumulate_slices
from pantarhei.ops.control_flow.loop_operations import leave, loop_cond, next_iteration
from pantarhei.ops.control_flow.stacks import stack_pop_v2, stack_push_v2, stack_v2
from pantarhei.ops.control_flow.switching import merge, switch
from pantarhei.ops.control_flow.while_context import WhileContext
from pantarhei.ops.math.binary import subtract
from pantarhei.ops.math.comparison import greater_equal

_PASSES_ON = frozenset(("Switch", "RefSwitch", "Identity", "RefIdentity"))


class GradLoopState:
    """A forward loop, the loop of its gradient, and what goes from one to the other."""

    def __init__(self, forward: WhileContext, outer: GradLoopState | None) -> None:
        self.forward = forward
        self.outer = outer
        self.graph = forward.graph
        self.history: dict[Tensor, Tensor] = {}
        self.switches: dict[Operation, Tensor] = {}
        self.exits = list(forward.exits)
        self.pending_exits = len(self.exits)
        self.deferred: list[Tensor] = []
        self.unused: list[Tensor] = []
        self._forward_sync: Operation | None = None
        self._backward_sync: Operation | None = None
        with entered(forward.outer):
            count, self.forward_index = self._count_forward()
        if outer is None:
            with entered(forward.outer):
                self.backward = self._backward_context()
                self.backward_index = self._count_backward(count)
        else:
            forward.outer.values.add(count)
            stack = outer.push(count)
            with outer.backward.entered():
                self.backward = self._backward_context()
                self.backward_index = self._count_backward(outer.pop(stack, count))

    def _backward_context(self) -> WhileContext:
        forward = self.forward
        return WhileContext(
            self.graph,
            forward.maximum_iterations,
            forward.parallel_iterations,
            forward.back_prop,
            forward.swap_memory,
            forward.name,
            grad_state=self,
        )

    def _count_forward(self) -> tuple[Tensor, Tensor]:
        """Has the forward loop count; the number of iterations, and the count inside."""
        loop = self.forward
        start = constant(0, name="f_count")
        if self.outer is not None:
            # What an inner loop pushes in one outer iteration comes before what it pushes in the
            # next.
            start.op._add_control_input(self.outer.forward_index.op.inputs[0].op)
        with loop.entered():
            loop.values.add(start)
            first = loop.entering(start, name="f_count")
            loop.enters.append(first)
            merged = merge([first, first])[0]
            switched = switch(merged, loop.pivot)
            index = apply("Add", switched[1], 1)
            following = next_iteration(index)
            merged.op._update_input(1, following)
            total = leave(switched[0], name="f_count")
            loop.exits.append(total)
            loop.leave_with([total])
        return total, following

    def _count_backward(self, count: Tensor) -> Tensor:
        """Has the loop of the gradient run `count` times; the count inside."""
        loop = self.backward
        one = constant(1, name="b_count")
        with loop.entered():
            loop.values.add(count)
            first = loop.entering(count, name="b_count")
            loop.enters.append(first)
            merged = merge([first, first])[0]
            loop.pivot_for_pred = merged
            loop.pivot = loop_cond(greater_equal(merged, one), name="b_count")
            switched = switch(merged, loop.pivot)
            index = subtract(switched[1], one)
            loop.pivot_for_body = index
            following = next_iteration(index)
            merged.op._update_input(1, following)
            final = leave(switched[0], name="b_count")
            loop.exits.append(final)
            if self.outer is not None:
                self.outer.backward_sync._add_control_input(final.op)
            loop.leave_with([final])
        return following

    @property
    def forward_sync(self) -> Operation:
        """What has pushes in branches done before the next iteration."""
        if self._forward_sync is None:
            self._forward_sync = self._sync("f_sync", self.forward, self.forward_index)
        return self._forward_sync

    @property
    def backward_sync(self) -> Operation:
        """What has pops done before the next iteration."""
        if self._backward_sync is None:
            self._backward_sync = self._sync("b_sync", self.backward, self.backward_index)
        return self._backward_sync

    def _sync(self, name: str, loop: WhileContext, index: Tensor) -> Operation:
        with self.graph.control_dependencies(None):
            op = control_trigger(name=name)
        op._set_control_flow_context(loop)
        index.op._add_control_input(op)
        return op

    # --- history ------------------------------------------------------------------------------

    def push(self, value: Tensor, dead_branch: bool = False) -> Tensor:
        """Has the forward loop push a value of it in every iteration; the stack."""
        here = self.graph._get_control_flow_context()
        with self.graph.control_dependencies(None):
            with entered(here), self.graph.colocate_with(value):
                stack = stack_v2(constant(-1, dtypes.int32), value.dtype.base_dtype, name="f_acc")
            inside = self.forward.bring(stack)
            context = output_context(value.op)
            place = context.outer if dead_branch else context
            with place.entered():
                pushed = stack_push_v2(inside, value, swap_memory=self.forward.swap_memory)
            if context is self.forward:
                self.forward_index.op._add_control_input(pushed.op)
            else:
                if dead_branch:
                    pushed.op._set_control_flow_context(context)
                self.forward_sync._add_control_input(pushed.op)
            pushed.op._add_control_input(self.forward_index.op.inputs[0].op)
        return stack

    def pop(self, stack: Tensor, value: Tensor, dead_branch: bool = False) -> Tensor:
        """The value that was pushed in the iteration that is gone back through."""
        outside = stack.op._get_control_flow_context()
        branch, context = None, value.op._get_control_flow_context()
        while context is not None and context is not outside:
            if not context.is_loop:
                branch = context
                break
            context = context.outer
        with self.graph.control_dependencies(None), self.backward.entered():
            if branch is not None:
                state: GradLoopState | None = self
                pred = None
                while pred is None and state is not None:
                    pred = state.history.get(branch.pred)
                    state = state.outer
                side = 1 - branch.branch if dead_branch else branch.branch
                stack = _switched(stack, branch.pred if pred is None else pred)[side]
            popped = stack_pop_v2(stack, value.dtype.base_dtype)
            popped.set_shape(value.shape)
        if self.backward.parallel_iterations > 1:
            self.backward_sync._add_control_input(popped.op)
        return popped

    def real_value(self, value: Tensor) -> Tensor:
        """The value, in the loop of the gradient, of a tensor of the forward loop."""
        if value in self.history:
            return self.history[value]
        current, state = value, self
        real: Tensor | None = None
        while True:
            invariant = _constant_enter(current)
            if invariant is not None:  # the same in every iteration: nothing to keep
                current = invariant.inputs[0]
                if state.outer is None:
                    real = self.backward.bring(current)
                    break
                state = state.outer
            elif current.op.type == "Const":
                real = constant(constant_value(current), dtype=current.dtype)
                break
            else:
                with left(self.backward):
                    stack = state.push(current)
                break
        if real is None:
            real = state.pop(stack, current)
            if state is not self:
                real = self.backward.bring(real)
        self.history[value] = real
        return real

    def saved_predicate(self, pred: Tensor) -> Tensor:
        """The predicate of a condition in the forward loop, as it was in the iteration."""
        if pred not in self.history:
            with left(self.backward):
                stack = self.push(pred)
            self.history[pred] = self.pop(stack, pred)
        return self.history[pred]

    # --- gradients of the ring ----------------------------------------------------------------

    def through_exit(self, g: Any) -> Any:
        """A gradient of what the forward loop left with enters the loop of the gradient."""
        loop = self.backward
        if isinstance(g, IndexedSlices):
            raise TypeError("A sparse gradient of a loop's result: convert it to a tensor first.")
        loop.values.add(g)
        with loop.entered():
            result = loop.entering(g, name="b_exit")
            loop.enters.append(result)
        return result

    def through_switch(self, op: Operation, grads: Sequence[Any]) -> Any:
        """First visit: a merge of what comes from outside; second: what comes from the body."""
        merged = self.switches.get(op)
        if merged is not None:
            if grads[1] is not None:
                merged.op._update_input(1, next_iteration(grads[1]))
            return None
        if grads[0] is None:
            return None
        merged = merge([grads[0], grads[0]], name="b_switch")[0]
        self.switches[op] = merged
        return merged

    def through_enter(self, op: Operation, g: Any) -> Any:
        """A gradient leaves; of what is the same in every iteration, their sum."""
        loop = self.backward
        if op.attributes["is_constant"]:
            if isinstance(g, IndexedSlices):
                return accumulate_slices(self, op, g)
            return accumulate(self, op, g)
        result = leave(g)
        loop.exits.append(result)
        loop.leave_with([result])
        return result

    def zeros_like(self, op: Operation, index: int) -> Tensor | None:
        """Zeros like an output of an operation of the forward loop; in the gradient's loop."""
        if is_loop_switch(op):
            return None
        value, context = op.outputs[index], op._get_control_flow_context()
        dead = op.type in SWITCHES
        if value.shape.is_fully_defined():
            result = constant(0, shape=value.shape.as_list(), dtype=value.dtype.base_dtype)
            if dead:
                result = _switched(result, self.history[context.pred])[1 - context.branch]
            return result
        if dead:
            with context.outer.entered():
                value = _switched(op.inputs[0], context.pred)[1 - context.branch]
                shape = apply("Shape", value)
            value.op._set_control_flow_context(context)
            shape.op._set_control_flow_context(context)
        else:
            with context.entered():
                shape = apply("Shape", value)
        with left(self.backward):
            stack = self.push(shape, dead_branch=dead)
        return zeros(self.pop(stack, shape, dead), value.dtype.base_dtype)

    def complete(self) -> None:
        """Closes the rings of loop variables whose last value does not depend on their first."""
        for merged in self.switches.values():
            first, second = merged.op.inputs
            if first is not second:
                continue
            if first.shape.is_fully_defined():
                with self.backward.entered():
                    following = next_iteration(
                        constant(0, dtype=first.dtype, shape=first.shape.as_list())
                    )
            else:
                with entered(self.backward.outer):
                    value = zeros(apply("Shape", first.op.inputs[0]), first.dtype)
                with self.backward.entered():
                    following = next_iteration(value)
            merged.op._update_input(1, following)


class LoopGradients:
    """The loops of one call of `tf.gradients`."""

    def __init__(self) -> None:
        self.states: dict[WhileContext, GradLoopState] = {}

    def add(self, op: Operation) -> list[Operation]:
        """Makes the gradient's loop for the loop of an `Exit`; the exits that belong to it."""
        forward = loop_of(op)
        if forward is None:
            raise ValueError(
                "Failed to call gradients on a while loop without properly serializing graph via "
                "MetaGraphDef"
            )
        if forward in self.states:
            return []
        around = None if forward.outer is None else forward.outer.loop
        outer = None if around is None else self.states.get(around)
        state = self.states[forward] = GradLoopState(forward, outer)
        return [tensor.op for tensor in state.exits]

    def of(self, op: Operation, before: bool) -> GradLoopState | None:
        """The state of the loop an operation is in; `before` it, an `Exit` is outside."""
        context = output_context(op) if before else op._get_control_flow_context()
        loop = None if context is None else context.loop
        return None if loop is None else self.states.get(loop)

    @contextmanager
    def inside(self, op: Operation, before: bool) -> Iterator[None]:
        """Context in which gradients of an operation are made."""
        state = self.of(op, before)
        with entered(None if state is None else state.backward):
            yield

    def unused_exits(self, pending: dict[Operation, int], started: set[Operation]) -> list[Tensor]:
        """Exits of loops that nothing else waits for, and through which gradients flow anyhow."""
        found: list[Tensor] = []
        for state in self.states.values():
            for tensor in state.exits:
                if not pending[tensor.op]:
                    state.pending_exits -= 1
                    if tensor.op not in started:
                        state.unused.append(tensor)
                    if not state.pending_exits:
                        found += state.unused
            for tensor in state.forward.enters:
                if not pending.get(tensor.op, 0):
                    pending[tensor.op] = 1
        return found

    def ready(
        self, tensor: Tensor, pending: dict[Operation, int], received: Any
    ) -> list[Operation]:
        """Operations to be visited, now that something that takes `tensor` has been.

        An exit is visited when all exits of its loop can be; those without gradient get zeros, if
        any other has one.
        """
        op = tensor.op
        pending[op] = pending.get(op, 0) - 1
        if pending[op] and not (pending[op] > 0 and is_loop_switch(op)):
            return []
        if op.type not in EXITS:
            return [op]
        state = self.of(op, before=False)
        assert state is not None
        state.deferred.append(tensor)
        state.pending_exits -= 1
        if state.pending_exits:
            return []
        alive = [each for each in state.deferred if received.has_received(each)]
        state.unused += [each for each in state.deferred if each not in alive]
        if alive:
            for each in state.unused:
                if received.accepts(each):
                    received.receive(each, self.zeros_for_exit(each))
        return [each.op for each in (*alive, *state.unused)]

    def complete(self) -> None:
        """What remains to be done when all has been visited."""
        for state in self.states.values():
            state.complete()

    def zeros_for_exit(self, tensor: Tensor) -> Tensor:
        """Zeros as the gradient of a loop's result without consumer."""
        forward = tensor.op._get_control_flow_context()
        around = None if forward.outer is None else forward.outer.loop
        outer = None if around is None else self.states.get(around)
        known = tensor.shape.is_fully_defined()
        if outer is None:
            if known:
                return zeros(tensor.shape.as_list(), tensor.dtype)
            return zeros_like(tensor, optimize=False)
        if known:
            with outer.backward.entered():
                return zeros(tensor.shape.as_list(), tensor.dtype)
        with forward.outer.entered():
            shape = apply("Shape", tensor)
        stack = outer.push(shape)
        with outer.backward.entered():
            return zeros(outer.pop(stack, shape), tensor.dtype)


def is_loop_switch(op: Operation) -> bool:
    """Whether a switch is that of a loop variable, not of a condition in the loop."""
    if op.type not in SWITCHES:
        return False
    context = op._get_control_flow_context()
    return context is not None and context.is_loop and not _is_cond_switch(op)


def _is_cond_switch(op: Operation) -> bool:
    for tensor in op.outputs:
        for consumer in tensor._consumers:
            context = consumer._get_control_flow_context()
            if consumer.type in ("Enter", "RefEnter"):
                context = None if context is None else context.outer
            if context is None or context.is_loop:
                return False
    return bool(op.outputs)


def _constant_enter(tensor: Tensor) -> Operation | None:
    op = tensor.op
    while op.type in _PASSES_ON:
        op = op.inputs[0].op
    return op if is_constant_enter(op) else None


def _switched(tensor: Tensor, pred: Tensor) -> tuple[Tensor, Tensor]:
    with tensor.graph.colocate_with(tensor, ignore_existing=True):
        result: tuple[Tensor, Tensor] = switch(tensor, pred)
        return result
