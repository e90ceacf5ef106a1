"""The context of a loop: what is made in it takes what is outside through `Enter` operations.

The loop of a gradient is such a context too; it takes what its forward loop has computed from
stacks, which its `grad_state` fills (autodiff/loop_gradients.py). ops/control_flow/while_loop.py
builds loops.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pantarhei.graph.controls import edges_for
from pantarhei.graph.graph import Graph
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.identity import identity
from pantarhei.ops.control_flow.contexts import (
    EXITS,
    ControlFlowContext,
    is_constant_enter,
    loop_of,
    output_context,
)
from pantarhei.ops.control_flow.loop_operations import enter

# Their results are smaller than what they take: in a gradient they move to the forward loop, so
# that the result is kept for the way back, and not what they take.
_MOVED_FORWARD = frozenset(("Shape", "Size", "Rank"))


class WhileContext(ControlFlowContext):
    """A loop.

    Attributes:
      pivot: the tensor that says whether the loop goes on.
      pivot_for_pred, pivot_for_body: what starts the operations of condition and body.
      enters, exits: tensors of its loop variables, first and last values.
      grad_state: of the gradient whose loop this is, or None.
    """

    is_loop = True

    def __init__(
        self,
        graph: Graph,
        maximum_iterations: Tensor | None = None,
        parallel_iterations: int = 10,
        back_prop: bool = True,
        swap_memory: bool = False,
        name: str = "while_context",
        grad_state: Any = None,
        final_name: str | None = None,
    ) -> None:
        if not isinstance(parallel_iterations, int) or parallel_iterations <= 0:
            raise ValueError(
                f"`parallel_iterations` must be a positive integer: {parallel_iterations}"
            )
        super().__init__(graph, graph.unique_name(name) if final_name is None else final_name)
        self.maximum_iterations = maximum_iterations
        self.parallel_iterations = parallel_iterations
        self.back_prop = back_prop
        self.swap_memory = swap_memory
        self.grad_state = grad_state
        self.pivot_for_pred: Any = None
        self.pivot_for_body: Any = None
        self.pivot: Any = None
        self.enters: list[Tensor] = []
        self.exits: list[Tensor] = []

    @property
    def loop(self) -> WhileContext:
        """This one."""
        return self

    @property
    def pivot_to_wait_for(self) -> Any:
        """What starts the operations of the body; while there is no body, of the condition."""
        return self.pivot_for_pred if self.pivot_for_body is None else self.pivot_for_body

    def entering(self, tensor: Tensor, **options: Any) -> Tensor:
        """What `enter` makes of a tensor for this loop."""
        return enter(tensor, self.name, parallel_iterations=self.parallel_iterations, **options)

    def bring(self, tensor: Tensor) -> Tensor:
        """The tensor by which an outside tensor is known in this loop."""
        if tensor in self.values or tensor.op._get_control_flow_context() is self:
            return self.external.get(tensor, tensor)
        self.values.add(tensor)
        saved = self._from_stack(tensor)
        if saved is not None:
            self.external[tensor] = saved
            return saved
        source = tensor if self.outer is None else self.outer.bring(tensor)
        with self.graph.control_dependencies(None):
            inside = self.entering(source, is_constant=True)
            self.graph.prevent_feeding(inside)
        self.settle_enters([inside])
        self.values.add(inside)
        self.external[tensor] = inside
        return inside

    def _from_stack(self, tensor: Tensor) -> Tensor | None:
        """In the loop of a gradient: what a tensor of the forward loop was in that iteration."""
        here = self.graph._get_control_flow_context()
        here = None if here is None else here.loop
        if here is None or here.grad_state is None:
            return None
        forward = loop_of(tensor.op)
        if tensor.op.type in EXITS:
            forward = None if forward is None or forward.outer is None else forward.outer.loop
        if forward is not here.grad_state.forward:
            return None
        found: Tensor = here.grad_state.real_value(tensor)
        return found

    def AddOp(self, op: Operation) -> None:
        """Takes a new operation into the loop."""
        if op.type in _MOVED_FORWARD:
            here = self.graph._get_control_flow_context()
            here = None if here is None else here.loop
            if here is not None and here.grad_state is not None:
                source = op.inputs[0].op
                if loop_of(source) is here.grad_state.forward:
                    context = source._get_control_flow_context()
                    op._set_control_flow_context(context)
                    take_in = context.take_in if context.is_loop else context.AddOp
                    take_in(op)
                    return
        self.take_in(op)

    def take_in(self, op: Operation) -> None:
        """The same, wherever the operation was made."""
        if op.inputs:
            for index, tensor in enumerate(op.inputs):
                inside = self.bring(tensor)
                if inside is not tensor:
                    op._update_input(index, inside)
            _, outside = self.without_outside_controls(op)
            # What only depends on what is the same in every iteration starts with the others.
            free = not op.control_inputs and all(
                is_constant_enter(tensor.op) for tensor in op.inputs
            )
            if free:
                op._add_control_input(self.pivot_to_wait_for.op)
        else:
            inside_controls, outside = self.without_outside_controls(op)
            if not inside_controls:
                op._add_control_input(self.pivot_to_wait_for.op)
        self.values.update(op.outputs)
        if outside:
            # What is waited for outside comes in as data.
            with self.graph.control_dependencies(None), self.entered():
                waited = [identity(each.outputs[0]).op for each in outside if each.outputs]
            op._add_control_inputs(waited)
        if self.outer is not None or op.type not in EXITS:
            op.graph.prevent_fetching(op)
            for tensor in op.outputs:
                op.graph.prevent_feeding(tensor)

    def settle_enters(self, enters: Iterable[Tensor]) -> None:
        """Puts enters into the loop, and has them wait for what is waited for around it."""
        graph = self.graph
        around = None if self.outer is None else self.outer.loop
        for tensor in enters:
            op = tensor.op
            waited = []
            for each in edges_for(graph._control_stack, {op.inputs[0].op}):
                context, outer = output_context(each), self.outer
                keep = True
                while outer is not context:
                    if outer is None or outer is around:
                        keep = False
                        break
                    outer = outer.outer
                if keep:
                    waited.append(each)
            op._set_control_flow_context(self)
            op._add_control_inputs(waited)
            for controls in graph._control_stack:
                controls.seen.add(op)


__all__ = ["WhileContext"]
