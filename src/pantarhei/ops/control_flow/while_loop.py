"""`tf.while_loop`: builds the ring of operations that repeats a body while a condition holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pantarhei.core import errors, nest
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.identity import identity, ref_identity
from pantarhei.ops.control_flow.contexts import is_constant_enter
from pantarhei.ops.control_flow.loop_operations import leave, loop_cond, next_iteration
from pantarhei.ops.control_flow.switching import merge, switch
from pantarhei.ops.control_flow.tensor_array import TensorArray
from pantarhei.ops.control_flow.while_context import WhileContext
from pantarhei.ops.math.comparison import logical_and


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
    maximum_iterations: Any = None,
    return_same_structure: bool = False,
) -> Any:
    """Repeats `body` while `cond` holds.

    Both are called once, now, with tensors that stand for the loop variables of any iteration. What
    they make is computed in every iteration, what they refer to once. Gradients flow through the
    loop; they are loops themselves, and keep what they need of every iteration.

    Args:
      cond: takes the loop variables, returns a bool scalar.
      body: takes the loop variables, returns their next values, in the same structure.
      loop_vars: their first values: a list or tuple of tensors, tensor arrays, and nested
        structures of them.
      shape_invariants: shapes in the structure of `loop_vars`, of what every iteration may rely on;
        by default the shapes of the first values.
      parallel_iterations: kept in the graph, for TensorFlow; here one iteration follows another.
      back_prop: whether gradients flow through the loop.
      swap_memory: kept in the graph, for TensorFlow.
      name: name scope; `while` by default.
      maximum_iterations: an int scalar: the loop ends after so many iterations in any case.
      return_same_structure: whether a list of one variable is returned as a list.

    Returns:
      The last values of the loop variables, in their structure; of a single one only it.

    Raises:
      TypeError: `cond` or `body` is not callable, dtypes change. ValueError: there are no loop
      variables, the body returns another structure, shapes change and no invariant allows it.

    Example:
      >>> import pantarhei as tf
      >>> i, total = tf.while_loop(
      ...     lambda i, total: i < 5, lambda i, total: (i + 1, total + i), [0, 0]
      ... )
      >>> print(tf.Session().run(total))
      10
    """
    if not callable(cond):
        raise TypeError("cond must be callable.")
    if not callable(body):
        raise TypeError("body must be callable.")
    if parallel_iterations < 1:
        raise TypeError("parallel_iterations must be a positive integer.")
    with name_scope(name, "while", nest.flatten(loop_vars)):
        if not loop_vars:
            raise ValueError("No loop variables provided")
        single = len(loop_vars) == 1 and not return_same_structure
        if maximum_iterations is not None:
            maximum_iterations = convert_to_tensor(maximum_iterations, name="maximum_iterations")
            if maximum_iterations.shape.ndims != 0:
                raise ValueError(
                    f"maximum_iterations must be a scalar, saw shape: {maximum_iterations.shape}"
                )
            counter = constant(0, dtype=maximum_iterations.dtype, name="iteration_counter")
            loop_vars = (counter, loop_vars[0] if single else loop_vars)
            cond, body = _counted(cond, body, maximum_iterations, single)
            if shape_invariants is not None:
                shape_invariants = (
                    TensorShape([]),
                    shape_invariants[0] if single else shape_invariants,
                )
        if shape_invariants is not None:
            nest.assert_same_structure(loop_vars, shape_invariants)
        graph = get_default_graph()
        context = WhileContext(
            graph, maximum_iterations, parallel_iterations, back_prop, swap_memory
        )
        if context.outer is None:
            graph.add_to_collection(GraphKeys.WHILE_CONTEXT, context)
        result = _Loop(context, loop_vars, shape_invariants).build(cond, body)
        if maximum_iterations is not None:
            return result[1]
        flat = nest.flatten(result)
        return result[0] if len(flat) == 1 and not return_same_structure else result


def _counted(
    cond: Callable[..., Any], body: Callable[..., Any], most: Tensor, single: bool
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Condition and body with a counter that ends the loop."""

    def goes_on(i: Tensor, variables: Any) -> Any:
        below = i < most
        return logical_and(below, cond(variables) if single else cond(*variables))

    def counting(i: Tensor, variables: Any) -> Any:
        return i + 1, body(variables) if single else body(*variables)

    return goes_on, counting


class _Loop:
    """One loop while it is built."""

    def __init__(self, context: WhileContext, loop_vars: Any, invariants: Any) -> None:
        self.context = context
        self.graph = context.graph
        self.structure = loop_vars
        flat = nest.flatten(loop_vars)
        self.first = [_converted(value) for value in flat]
        self.leaves = flat
        self.has_invariants = invariants is not None
        self.shapes = self._shapes(invariants)

    def _shapes(self, invariants: Any) -> list[TensorShape]:
        given = [None] * len(self.first) if invariants is None else nest.flatten(invariants)
        if not all(shape is None or isinstance(shape, TensorShape) for shape in given):
            raise ValueError("`shapes` must be a (possibly nested) list of shapes.")
        return [
            tensor.shape if shape is None else shape
            for tensor, shape in zip(self.first, given, strict=True)
        ]

    def build(self, cond: Callable[..., Any], body: Callable[..., Any]) -> Any:
        """The last values of the loop variables, in the structure of what `body` returns."""
        context = self.context
        with context.entered(), self.graph._lock:
            entered = self._enter()
            merged = [merge([each, each])[0] for each in entered]
            context.pivot_for_pred = merged[0]
            goes_on = convert_to_tensor(cond(*self._packed(merged)))
            context.pivot = loop_cond(goes_on, name="LoopCond")
            switched = [_switched(each, context.pivot) for each in merged]
            inside = [_identity(each[1]) for each in switched]
            context.pivot_for_body = inside[0]
            packed = self._packed(inside)
            result = self._body(body, packed)
            flat = nest.flatten(result)
            following = [_next_value(each) for each in flat]
            if len(merged) != len(following):
                raise ValueError(
                    "Number of inputs and outputs of body must match loop_vars: "
                    f"{len(merged)}, {len(following)}"
                )
            for merging, value in zip(merged, following, strict=True):
                self._close(merging, value)
            left = [leave(each[0]) for each in switched]
            context.exits = left
            context.leave_with(left)
        return nest.pack(result, [_as_array(a, b) for a, b in zip(flat, left, strict=True)])

    def _enter(self) -> list[Tensor]:
        context, graph = self.context, self.graph
        context.values = set(self.first)
        outer = context.outer
        real = self.first if outer is None else [outer.bring(each) for each in self.first]
        with graph.control_dependencies(None):
            entered = [
                context.entering(each, use_input_shape=not self.has_invariants) for each in real
            ]
            for each in entered:
                graph.prevent_feeding(each)
        pivot = None
        while outer is not None and pivot is None:
            pivot = outer.pivot_to_wait_for
            outer = outer.outer
        if pivot is not None:
            for each in entered:
                if is_constant_enter(each.op.inputs[0].op):
                    each.op._add_control_input(pivot.op)
        for tensor, each, shape in zip(real, entered, self.shapes, strict=True):
            if not _is_within(tensor.shape, shape):
                raise ValueError(
                    f"The shape invariant specified for {tensor.name} is not compatible with the "
                    "initial shape of the loop variable. It enters the loop with shape "
                    f"{tensor.shape}, but the specified shape invariant is {shape}."
                )
            each.set_shape(shape)
        context.settle_enters(entered)
        context.values = set(entered)
        context.enters = list(entered)
        return entered

    def _packed(self, tensors: Sequence[Tensor]) -> Any:
        """Tensors in the structure of the loop variables, flows as the arrays they are of."""
        return nest.pack(
            self.structure,
            [_as_array(a, b) for a, b in zip(self.leaves, tensors, strict=True)],
        )

    def _body(self, body: Callable[..., Any], packed: Any) -> Any:
        """What the body returns; summaries that it makes run with it."""
        graph, key = self.graph, GraphKeys._SUMMARY_COLLECTION
        before = graph.get_collection(key)
        result = body(*packed)
        if not nest.is_nested(result):
            result = [result]
        after = graph.get_collection(key)
        if len(after) > len(before):
            graph.get_collection_ref(key)[:] = before
            with graph.control_dependencies(after[len(before) :]):
                result = nest.map_structure(
                    lambda x: x if isinstance(x, TensorArray) else identity(x), result
                )
        nest.assert_same_structure(list(packed), list(result))
        return result

    def _close(self, merged: Tensor, value: Tensor) -> None:
        """Closes the ring: the next value of a loop variable is merged with its first."""
        coming = next_iteration(value)
        first = merged.op.inputs[0].op.inputs[0]
        if not _is_within(coming.shape, merged.shape):
            raise ValueError(
                errors.described(
                    f"Input tensor '{first.name}' enters the loop with shape {first.shape}, but "
                    f"has shape {coming.shape} after one iteration. To allow the shape to vary "
                    "across iterations, use the `shape_invariants` argument of tf.while_loop to "
                    "specify a less-specific shape.",
                    value.op,
                )
            )
        if coming.dtype.base_dtype != merged.dtype.base_dtype:
            raise TypeError(
                errors.described(
                    f"Input tensor '{first.name}' enters the loop with type "
                    f"{merged.dtype.base_dtype.name}, but has type {coming.dtype.base_dtype.name} "
                    "after one iteration.",
                    value.op,
                    cause="a loop variable has one dtype in all iterations",
                    cure="convert what the body returns with tf.cast",
                )
            )
        merged.op._update_input(1, coming)


def _converted(value: Any) -> Tensor:
    if isinstance(value, IndexedSlices):
        raise TypeError("Loop variables are dense here: convert IndexedSlices to tensors first.")
    if isinstance(value, TensorArray):
        return value.flow
    return convert_to_tensor(value)


def _next_value(value: Any) -> Tensor:
    return value.flow if isinstance(value, TensorArray) else convert_to_tensor(value)


def _as_array(leaf: Any, tensor: Tensor) -> Any:
    return leaf.with_flow(tensor) if isinstance(leaf, TensorArray) else tensor


def _identity(tensor: Tensor) -> Tensor:
    return ref_identity(tensor) if tensor.dtype._is_ref_dtype else identity(tensor)


def _switched(tensor: Tensor, pred: Tensor) -> tuple[Tensor, Tensor]:
    with tensor.graph.colocate_with(tensor, ignore_existing=True):
        result: tuple[Tensor, Tensor] = switch(tensor, pred)
        return result


def _is_within(shape: TensorShape, wider: TensorShape) -> bool:
    """Whether every tensor of a shape is of the other, so far as they are known."""
    if wider.ndims is None:
        return True
    if shape.ndims != wider.ndims:
        return False
    pairs = zip(shape.as_list(), wider.as_list(), strict=True)
    return all(b is None or a == b for a, b in pairs)
