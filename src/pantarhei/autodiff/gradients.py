"""Reverse-mode differentiation, graph to graph: `tf.gradients`.

The operations between xs and ys are visited once each, last made first, so every edge of the graph
of derivatives is built once and the cost is linear in the graph; nothing recurses, and no Jacobian
is formed. An operation's own rule is in its definition; this module combines them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from enum import Enum
from typing import Any

from pantarhei.autodiff.loop_gradients import LoopGradients
from pantarhei.autodiff.registry import get_gradient_function_or_explain
from pantarhei.core import errors
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.walk import needed
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.filling import fill, zeros_like
from pantarhei.ops.array.joining import concat
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.ops.control_flow.contexts import EXITS
from pantarhei.ops.control_flow.dependencies import tuple as tie
from pantarhei.ops.math.binary import accumulate_n, add_n


class UnconnectedGradients(Enum):
    """What `tf.gradients` gives for an x on which no y depends."""

    NONE = "none"
    ZERO = "zero"


class AggregationMethod:
    """How the gradients that reach one tensor along several paths are added up."""

    ADD_N = 0
    DEFAULT = ADD_N
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2


def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
    stop_gradients: Any = None,
    unconnected_gradients: Any = UnconnectedGradients.NONE,
) -> list[Any]:
    """Adds the derivatives of the sum of `ys` with respect to each of `xs` to the graph.

    Args:
      ys: a tensor or a list of them.
      xs: a tensor or variable or a list of them, anywhere in the graph.
      grad_ys: what flows into each of `ys`, of its shape; ones by default.
      name: name scope of what is added.
      colocate_gradients_with_ops: whether each part is placed where its forward operation is.
      gate_gradients: whether the gradients for one operation's inputs wait for each other.
      aggregation_method: one of `tf.AggregationMethod`.
      stop_gradients: tensors taken as constants.
      unconnected_gradients: `tf.UnconnectedGradients.NONE` or `.ZERO`, for xs without influence.

    Returns:
      One tensor (or IndexedSlices, or None) for each x, of its shape.

    Raises:
      LookupError: an operation on the way has no gradient. ValueError: the arguments do not fit.
      TypeError: an integer, complex or string among `ys` without its `grad_ys`.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.constant(3.0)
      >>> first = tf.gradients(x ** 3, x)[0]
      >>> second = tf.gradients(first, x)[0]
      >>> [float(v) for v in tf.Session().run([first, second])]
      [27.0, 18.0]
    """
    ys, xs = _as_list(ys), _as_list(xs)
    stops = [] if stop_gradients is None else _as_list(stop_gradients)
    flowing = [None] * len(ys) if grad_ys is None else _as_list(grad_ys)
    try:
        unconnected = UnconnectedGradients(unconnected_gradients)
    except ValueError:
        raise ValueError(
            f"Unknown value for unconnected_gradients: {unconnected_gradients!r}"
        ) from None
    known = [each for each in flowing if each is not None]
    with name_scope(name, "gradients", [*ys, *xs, *stops, *known]) as scope:
        ys = [convert_to_tensor(y, name=f"y_{index}") for index, y in enumerate(ys)]
        xs = [_source(x, index) for index, x in enumerate(xs)]
        builder = _Differentiation(
            colocate_gradients_with_ops, gate_gradients, aggregation_method, scope
        )
        for index, (y, grad) in enumerate(zip(ys, _checked_flow(ys, flowing), strict=True)):
            builder.receive(y, _incoming(y, grad, index))
        builder.run(ys, xs, {convert_to_tensor(stop, as_ref=True).op for stop in stops})
    if builder.loops is not None:
        builder.loops.complete()
    with name_scope(scope):
        return [builder.result(x, unconnected) for x in xs]


def _as_list(values: Any) -> list[Any]:
    return list(values) if isinstance(values, (list, tuple)) else [values]


def _source(x: Any, index: int) -> Any:
    """The tensor by which an x is known in the graph: for a variable, its reference or handle."""
    if isinstance(x, IndexedSlices):
        return x.values
    return convert_to_tensor(getattr(x, "handle", x), name=f"x_{index}", as_ref=True)


def _checked_flow(ys: Sequence[Tensor], flowing: Sequence[Any]) -> Sequence[Any]:
    if len(ys) != len(flowing):
        raise ValueError(f"Passed {len(flowing)} grad_ys for {len(ys)} ys")
    return flowing


def _incoming(y: Tensor, grad: Any, index: int) -> Any:
    """What flows into `y`: the given gradient, or ones."""
    if grad is None:
        if y.dtype.is_complex:
            raise TypeError(
                f"Gradients of complex tensors must set grad_ys (y.dtype = {y.dtype!r})"
            )
        return fill(shape_of(y), constant(1, dtype=y.dtype.base_dtype, name=f"grad_ys_{index}"))
    if not isinstance(grad, IndexedSlices):
        grad = convert_to_tensor(grad, name=f"grad_y_{index}")
    real = y.dtype.is_floating or y.dtype.is_integer
    if real and not (grad.dtype.is_floating or grad.dtype.is_integer):
        raise TypeError(
            f"Gradient type {grad.dtype.name} generated for real or integer-valued tensor {y} with "
            f"type {y.dtype.name} must be real or integer"
        )
    if y.dtype.is_complex and not grad.dtype.is_complex:
        raise TypeError(
            f"Gradient type {grad.dtype.name} generated for complex-valued tensor {y} with type "
            f"{y.dtype.name} must be complex"
        )
    if isinstance(grad, Tensor):
        # A gradient has its tensor's shape; a wrong one is found here rather than deep inside.
        grad.shape.assert_is_compatible_with(y.shape)
    return grad


def backpropagates(tensor: Tensor) -> bool:
    """Whether gradients can flow through a tensor of this dtype."""
    dtype = tensor.dtype.base_dtype
    return dtype.is_floating or dtype.is_complex or dtype.name in ("resource", "variant")


class _Differentiation:
    """One call of `gradients`: what has flowed into each tensor so far, and how it flows on."""

    def __init__(self, colocate: bool, gate: bool, aggregation: int | None, scope: str) -> None:
        self.received: dict[Tensor, list[Any]] = {}
        self.colocate = colocate
        self.gate = gate
        self.aggregation = AggregationMethod.DEFAULT if aggregation is None else aggregation
        self.scope = scope
        self.loops: LoopGradients | None = None
        if self.aggregation not in (0, 1, 2):
            raise ValueError(f"Invalid aggregation_method specified {aggregation}.")

    def receive(self, tensor: Tensor, grad: Any) -> None:
        """Adds a gradient that reaches `tensor` along one path."""
        self.received.setdefault(tensor, []).append(grad)

    def run(self, ys: Sequence[Tensor], xs: Sequence[Tensor], stops: set[Operation]) -> None:
        """Propagates the gradients from `ys` back to `xs`."""
        influenced = _influenced(xs)
        between = _between(ys, influenced)
        if any(op.type in EXITS for op in between):
            self.loops = LoopGradients()
            self._run_with_loops(ys, xs, between, stops)
            return
        wanted = set(xs)
        # Operations are made after their inputs, so the reverse of that order is one in which all
        # that flows into an operation's outputs is there before it is visited.
        for op in reversed(needed(y.op for y in ys)):
            if op not in influenced or op in stops:
                continue
            inputs = [tensor in wanted or tensor.op in influenced for tensor in op.inputs]
            if any(inputs) and any(tensor in self.received for tensor in op.outputs):
                with self._colocated(op):
                    self._through(op, inputs)

    def _run_with_loops(
        self,
        ys: Sequence[Tensor],
        xs: Sequence[Tensor],
        between: dict[Operation, None],
        stops: set[Operation],
    ) -> None:
        """The same where loops are on the way: rings have no last operation.

        Operations are visited when all is there that flows into them; the switches of a loop twice.
        """
        loops = self.loops
        assert loops is not None
        for op in list(between):
            if op.type in EXITS:
                with self._colocated(op):
                    between.update(dict.fromkeys(loops.add(op)))
        pending = dict.fromkeys((op for op in between), 0)
        for op in between:
            for tensor in op.inputs:
                if tensor.op in between:
                    pending[tensor.op] += 1
        first = list(dict.fromkeys(y.op for y in ys))
        queue = deque(op for op in first if op in between and not pending[op])
        for tensor in loops.unused_exits(pending, set(queue)):
            if backpropagates(tensor):
                self.receive(tensor, loops.zeros_for_exit(tensor))
                queue.append(tensor.op)
        ends = {x.op for x in xs}
        ends = {op for op in ends if not any(pending.get(t.op, 0) > 0 for t in op.inputs)}
        ends |= stops
        while queue:
            op = queue.popleft()
            with self._colocated(op):
                if op not in ends:
                    with loops.inside(op, before=True):
                        grads = [self._total(tensor) for tensor in op.outputs]
                    if any(grad is not None for grad in grads):
                        with loops.inside(op, before=False):
                            self._through(op, [True] * len(op.inputs), grads)
            for tensor in op.inputs:
                queue += loops.ready(tensor, pending, self)

    def has_received(self, tensor: Tensor) -> bool:
        """Whether a gradient has reached `tensor`."""
        return any(grad is not None for grad in self.received.get(tensor, []))

    def accepts(self, tensor: Tensor) -> bool:
        """Whether gradients can flow through `tensor`."""
        return backpropagates(tensor)

    def result(self, x: Tensor, unconnected: UnconnectedGradients) -> Any:
        """The sum of all that has reached `x`."""
        total = self._total(x)
        if total is None and unconnected is UnconnectedGradients.ZERO:
            return zeros_like(x)
        return total

    def _colocated(self, op: Operation) -> AbstractContextManager[None]:
        return op.graph.colocate_with(op) if self.colocate else nullcontext()

    def _through(
        self, op: Operation, wanted: Sequence[bool], grads: list[Any] | None = None
    ) -> None:
        """One step back: from the gradients of an operation's outputs to those of its inputs."""
        function = get_gradient_function_or_explain(op)
        if function is None:
            return
        if grads is None:
            grads = [self._total(tensor) for tensor in op.outputs]
        state = None if self.loops is None else self.loops.of(op, before=False)
        if state is not None:
            for index, tensor in enumerate(op.outputs):
                if grads[index] is None and backpropagates(tensor):
                    grads[index] = state.zeros_like(op, index)
        elif not op.definition.accepts_none_grads:
            for index, tensor in enumerate(op.outputs):
                if grads[index] is None and backpropagates(tensor):
                    grads[index] = zeros_like(tensor)
        with name_scope(f"{op.name}_grad"), op.graph.original_op(op):
            found = function(op, *grads)
            results = list(found) if isinstance(found, (list, tuple)) else [found]
            if len(results) != len(op.inputs):
                raise ValueError(
                    f"Num gradients {len(results)} generated for op {op.name} (op type: {op.type}) "
                    f"do not match num inputs {len(op.inputs)}"
                )
            if self.gate and sum(each is not None for each in results) > 1:
                results = tie(results)
        for tensor, grad, is_wanted in zip(op.inputs, results, wanted, strict=True):
            if grad is not None and is_wanted:
                self.receive(tensor, _fitted(op, tensor, grad))

    def _total(self, tensor: Tensor) -> Any:
        grads = [grad for grad in self.received.get(tensor, []) if grad is not None]
        if not grads:
            return None
        if len(grads) > 1:
            with self._colocated(tensor.op):
                total = self._sum(tensor.op, grads)
            self.received[tensor] = [total]
            return total
        return grads[0]

    def _sum(self, op: Operation, grads: list[Any]) -> Any:
        if all(isinstance(grad, IndexedSlices) for grad in grads):
            return sum_of_slices(grads)
        dense = [convert_to_tensor(grad) for grad in grads]
        if self.aggregation == AggregationMethod.EXPERIMENTAL_ACCUMULATE_N and len(dense) > 2:
            return accumulate_n(dense)
        if self.aggregation == AggregationMethod.EXPERIMENTAL_TREE:
            with name_scope(f"{op.name}_gradient_sum"):
                total = dense[0]
                for grad in dense[1:]:
                    total = add_n([total, grad])
                return total
        return add_n(dense)


def _influenced(xs: Sequence[Tensor]) -> set[Operation]:
    """Operations to which something that can be differentiated flows from `xs`; those of xs too."""
    found = {x.op for x in xs}
    waiting = list(found)
    while waiting:
        op = waiting.pop()
        for tensor in filter(backpropagates, op.outputs):
            new = [each for each in tensor._consumers if each not in found]
            found.update(new)
            waiting.extend(new)
    return found


def _between(ys: Sequence[Tensor], influenced: set[Operation]) -> dict[Operation, None]:
    """The operations through which something flows from what is influenced to `ys`."""
    found: dict[Operation, None] = {}
    waiting = deque(y.op for y in ys)
    while waiting:
        op = waiting.popleft()
        if op in influenced and op not in found:
            found[op] = None
            waiting.extend(tensor.op for tensor in op.inputs)
    return found


def _fitted(op: Operation, tensor: Tensor, grad: Any) -> Any:
    """A gradient with what is known of its tensor's shape added to what is known of its own."""
    if isinstance(grad, Tensor) and tensor.dtype.base_dtype.name != "resource":
        try:
            grad.set_shape(tensor.shape)
        except ValueError:
            raise ValueError(
                errors.described(
                    "Incompatible shapes between op input and calculated input gradient.  Forward "
                    f"operation: {op.name}.  Input index: {op.inputs.index(tensor)}. Original "
                    f"input shape: {tensor.shape}.  Calculated input gradient shape: {grad.shape}",
                    op,
                )
            ) from None
    return grad


def sum_of_slices(grads: Sequence[IndexedSlices]) -> IndexedSlices:
    """The sum of sparse gradients of one tensor: rows side by side, indices may repeat."""
    if len(grads) == 1:
        return grads[0]
    return IndexedSlices(
        concat([grad.values for grad in grads], 0),
        concat([grad.indices for grad in grads], 0),
        grads[0].dense_shape,
    )
