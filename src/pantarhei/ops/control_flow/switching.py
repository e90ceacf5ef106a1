"""Switches and merges, which conditions and loops are made of, and their gradients.

A switch passes its input to one of two outputs; whatever depends on the other is dead, and a merge
passes on the input that is not. Lowering specializes on the predicate and builds only the branch
taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape, as_shape, unknown_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.definitions.opdef import DEAD, OpDef, apply
from pantarhei.graph.definitions.shape_rules import with_rank
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.filling import zeros_like
from pantarhei.ops.array.identity import identity
from pantarhei.ops.math.comparison import equal


class SwitchFamily(OpDef, abstract=True):
    """Passes `data` to output 1 where `pred` holds, else to output 0."""

    accepts_none_grads = True

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 1, 0)
        return [op.inputs[0].shape] * 2

    def grad(self, op: Operation, *grads: Any) -> Any:
        context = op._get_control_flow_context()
        if context is not None and context.is_loop:
            # The loop of the gradient visits it twice: for the way out, and for the way round.
            return _loop(op).grad_state.through_switch(op, grads), None
        if all(grad is None for grad in grads):
            return None, None
        sides = [
            _zeros_where_alive(op.outputs[side]) if grad is None else grad
            for side, grad in enumerate(grads)
        ]
        return merge(sides, name="cond_grad")[0], None

    def lower(self, b: Any, op: Operation, data: Any, pred: Any) -> Any:
        return (DEAD, data) if bool(b.static(pred)) else (data, DEAD)


class Switch(SwitchFamily):
    """A switch for values."""

    signature = "data: T, pred: bool -> output_false: T, output_true: T | T: type"


class RefSwitch(SwitchFamily):
    """A switch for references to variables."""

    signature = "data: Ref(T), pred: bool -> output_false: Ref(T), output_true: Ref(T) | T: type"
    pure = False


class MergeFamily(OpDef, abstract=True):
    """Passes on the input that is not dead, and which one it is."""

    accepts_dead = True
    takes_references = True
    accepts_none_grads = True

    def infer(self, op: Operation) -> list[TensorShape]:
        shapes = [tensor.shape for tensor in op.inputs]
        result = shapes[0]
        for shape in shapes[1:]:
            if shape.ndims is None or shape.ndims != result.ndims:
                result = unknown_shape()
                break
            pairs = zip(result.as_list(), shape.as_list(), strict=True)
            result = TensorShape([a if a == b else None for a, b in pairs])
        return [result, as_shape([])]

    def grad(self, op: Operation, g: Any, _: Any) -> Any:
        if g is None:
            return [None] * len(op.inputs)
        source = op.inputs[0].op
        context = source._get_control_flow_context()
        if context is not None and source.type in ("Exit", "RefExit"):
            context = context.outer
        if context is not None and context.is_loop:
            return list(switch(g, _loop(op).pivot))
        if context is not None and context is not op._get_control_flow_context():
            pred = context.pred
            here = op.graph._get_control_flow_context()
            state = None if here is None else here.grad_state
            if state is not None:  # a condition in a loop decides anew in every iteration
                pred = state.saved_predicate(pred)
            return list(switch(g, pred, name="cond_grad"))
        # A merge that was made by a gradient: which input it passed on is one of its outputs.
        return [switch(g, equal(op.outputs[1], index))[1] for index in range(len(op.inputs))]

    def lower(self, b: Any, op: Operation, *inputs: Any) -> Any:
        for index, value in enumerate(inputs):
            if value is not DEAD:
                return value, b.constant(np.int32(index))
        return DEAD, DEAD


class Merge(MergeFamily):
    """A merge of values."""

    signature = "inputs: N * T -> output: T, value_index: int32 | T: type | N: int"


class RefMerge(MergeFamily):
    """A merge of references to variables."""

    signature = "inputs: Ref(N * T) -> output: Ref(T), value_index: int32 | T: type | N: int"
    pure = False


def _loop(op: Operation) -> Any:
    """The context of the loop in which gradients are being made."""
    return op.graph._get_control_flow_context()


def _zeros_where_alive(tensor: Tensor) -> Tensor:
    """Zeros like `tensor` that are dead where it is: constants alone would always be there."""
    alive = identity(tensor)
    with get_default_graph().control_dependencies([alive]):
        return zeros_like(alive)


def switch(data: Any, pred: Any, name: str | None = None) -> tuple[Any, Any]:
    """`data` twice: alive on the side of `pred`, dead on the other; (false, true)."""
    if isinstance(data, IndexedSlices):
        values = switch(data.values, pred, name)
        indices = switch(data.indices, pred, "indices")
        shapes = (
            (None, None) if data.dense_shape is None else switch(data.dense_shape, pred, "shape")
        )
        sides = zip(values, indices, shapes, strict=True)
        false_side, true_side = (IndexedSlices(*side) for side in sides)
        return false_side, true_side
    data = convert_to_tensor(data, name="data", as_ref=True)
    with data.graph.colocate_with(data, ignore_existing=True):
        kind = "RefSwitch" if data.dtype._is_ref_dtype else "Switch"
        false, true = apply(kind, data, pred, name=name or "Switch")
        return false, true


def merge(inputs: Sequence[Any], name: str | None = None) -> tuple[Any, Any]:
    """The input that is not dead, and its index."""
    if any(isinstance(each, IndexedSlices) for each in inputs):
        if not all(isinstance(each, IndexedSlices) for each in inputs):
            return merge([convert_to_tensor(each) for each in inputs], name)
        values, chosen = merge([each.values for each in inputs], name)
        indices, _ = merge([each.indices for each in inputs], "indices")
        shapes = [each.dense_shape for each in inputs]
        shape = None if None in shapes else merge(shapes, "shape")[0]
        return IndexedSlices(values, indices, shape), chosen
    with name_scope(name, "Merge", inputs) as scope:
        inputs = [convert_to_tensor(each, as_ref=True) for each in inputs]
        refs = all(each.dtype._is_ref_dtype for each in inputs)
        output, index = apply("RefMerge" if refs else "Merge", list(inputs), name=scope)
        return output, index
