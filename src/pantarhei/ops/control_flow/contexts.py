"""Contexts of conditions: what is made in a branch takes what is outside through switches.

A context holds its tensors, and for each tensor from outside the one that replaces it inside.
Contexts of loops (while_context.py) build on these; both are kept in collections, so
that a graph that was read from a file can be differentiated.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from pantarhei.core import nest
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.graph import Graph
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.control_flow.dependencies import with_dependencies
from pantarhei.ops.control_flow.switching import switch
from pantarhei.ops.control_flow.tensor_array import TensorArray

ENTERS = frozenset(("Enter", "RefEnter"))
EXITS = frozenset(("Exit", "RefExit"))
SWITCHES = frozenset(("Switch", "RefSwitch"))


def is_constant_enter(op: Operation) -> bool:
    """Whether an operation brings something into a loop that is the same in every iteration."""
    return op.type in ENTERS and bool(op.attributes["is_constant"])


def output_context(op: Operation) -> Any:
    """The context in which an operation's results are: what leaves a loop is outside of it."""
    context = op._get_control_flow_context()
    return context.outer if context is not None and op.type in EXITS else context


def loop_of(op: Operation) -> Any:
    """The context of the innermost loop that an operation is in, or None."""
    context = op._get_control_flow_context()
    return None if context is None else context.loop


def is_in(op: Operation, context: Any) -> bool:
    """Whether an operation is in a context, or in one inside it."""
    inner = op._get_control_flow_context()
    while inner is not None and inner is not context:
        inner = inner.outer
    return inner is context


class ControlFlowContext(ABC):
    """What the contexts of branches and loops share."""

    is_loop = False

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph = graph
        self.name = name
        self.outer: Any = graph._get_control_flow_context()
        self.nested: list[ControlFlowContext] = []
        if self.outer is not None:
            self.outer.nested.append(self)
        self.entered_from: list[Any] = []
        # Tensors seen in this context, and what stands for those of them that are outside.
        self.values: set[Tensor] = set()
        self.external: dict[Tensor, Tensor] = {}

    @property
    def loop(self) -> Any:
        """The innermost loop's context: this one, or one around it; or None."""
        return None if self.outer is None else self.outer.loop

    @property
    @abstractmethod
    def pivot_to_wait_for(self) -> Any:
        """The tensor whose operation starts what takes nothing, or None."""

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Context manager in which new operations are made in this context."""
        self.entered_from.append(self.graph._get_control_flow_context())
        self.graph._set_control_flow_context(self)
        try:
            yield
        finally:
            self.graph._set_control_flow_context(self.entered_from.pop())

    @abstractmethod
    def bring(self, tensor: Tensor) -> Tensor:
        """The tensor by which an outside tensor is known in this context."""

    def leave_with(self, tensors: Iterable[Tensor]) -> None:
        """Makes results of this context known to the one around it."""
        if self.outer is not None:
            self.outer.values.update(tensors)

    def without_outside_controls(self, op: Operation) -> tuple[list[Operation], list[Operation]]:
        """Takes away control inputs from outside the loop; those inside it, and those not."""
        loop = self.loop
        if loop is None:
            return op.control_inputs, []
        inside = []
        for each in op.control_inputs:
            context = output_context(each)
            if context is not None and context.loop is loop:
                inside.append(each)
        outside = [each for each in op.control_inputs if each not in inside]
        if outside:
            for each in outside:
                each._control_outputs.remove(op)
            op._control_inputs = list(inside)
        return inside, outside


@contextmanager
def entered(context: Any) -> Iterator[None]:
    """What `context.entered()` does; nothing for None."""
    with nullcontext() if context is None else context.entered():
        yield


@contextmanager
def left(context: ControlFlowContext) -> Iterator[None]:
    """Context manager in which operations are made where they were before `context` was entered."""
    context.graph._set_control_flow_context(context.entered_from[-1])
    try:
        yield
    finally:
        context.graph._set_control_flow_context(context)


class CondContext(ControlFlowContext):
    """One branch of a condition."""

    def __init__(self, pred: Tensor, pivot: Tensor, branch: int, name: str | None = None) -> None:
        graph = pred.graph
        super().__init__(graph, graph.unique_name("cond_text") if name is None else name)
        self.pred = pred
        self.pivot = pivot
        self.branch = branch
        self.values.update((pred, pivot))
        self.external[pred] = pred
        pivot.op._set_control_flow_context(self)

    @property
    def pivot_to_wait_for(self) -> Tensor:
        """The pivot of the branch."""
        return self.pivot

    @property
    def grad_state(self) -> Any:
        """Of the loop around it, if that belongs to a gradient."""
        return None if self.loop is None else self.loop.grad_state

    def build(self, function: Callable[[], Any]) -> tuple[Any, Any]:
        """What `function` returns, and the tensors that stand for it at the merges."""
        with self.entered():
            result = function()
            return result, None if result is None else nest.map_structure(self._result, result)

    def AddOp(self, op: Operation) -> None:
        """Takes a new operation into the branch."""
        if op.inputs:
            for index, tensor in enumerate(op.inputs):
                inside = self.bring(tensor)
                if inside is not tensor:
                    op._update_input(index, inside)
            self.without_outside_controls(op)
        else:
            self.without_outside_controls(op)
            if not any(is_in(each, self) for each in op.control_inputs):
                op._add_control_input(self.pivot.op)
        self._known_everywhere(op.outputs)
        if self.outer is not None or op.type not in EXITS:
            op.graph.prevent_fetching(op)

    def _known_everywhere(self, tensors: Iterable[Tensor]) -> None:
        tensors = list(tensors)
        context: Any = self
        while context is not None:
            context.values.update(tensors)
            context = context.outer

    def bring(self, tensor: Tensor) -> Tensor:
        """The tensor by which an outside tensor is known in this branch."""
        if tensor in self.values:
            return self.external.get(tensor, tensor)
        self.values.add(tensor)
        source = tensor
        if self.outer is not None:
            source = self.outer.bring(tensor)
            self.values.add(source)
            self.external[source] = source
        with self.graph.control_dependencies(None):
            inside: Tensor = switch(source, self.pred)[self.branch]
        self.graph.prevent_fetching(inside.op)
        inside.op._set_control_flow_context(self)
        self._known_everywhere([inside])
        self.external[tensor] = inside
        return inside

    def _result(self, value: Any) -> Any:
        if isinstance(value, Operation):
            # The pivot stands for an operation: it is alive when the operation has run.
            return with_dependencies([value], self.pivot)
        if isinstance(value, IndexedSlices):
            shape = value.dense_shape
            return IndexedSlices(
                self._result_tensor(convert_to_tensor(value.values)),
                self._result_tensor(convert_to_tensor(value.indices)),
                None if shape is None else self._result_tensor(convert_to_tensor(shape)),
            )
        if isinstance(value, TensorArray):
            value = value.flow
        return self._result_tensor(convert_to_tensor(value))

    def _result_tensor(self, tensor: Tensor) -> Tensor:
        if tensor in self.values:
            return self.external.get(tensor, tensor)
        # A result from outside is ordered by the control dependencies around the condition.
        self.values.add(tensor)
        source = tensor
        if self.outer is not None:
            source = self.outer.bring(tensor)
            self.values.add(source)
            self.external[source] = source
        inside: Tensor = switch(source, self.pred)[self.branch]
        self.external[tensor] = inside
        return inside
