"""Sums over the iterations of a gradient's loop, for what is the same in every forward iteration.

Such a tensor's gradient is the sum of the gradients of all iterations: a loop variable of the
gradient's loop that begins with zeros. Of sparse gradients the rows are collected.
"""

from __future__ import annotations

from typing import Any

from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.filling import zeros, zeros_like
from pantarhei.ops.array.joining import concat
from pantarhei.ops.control_flow.contexts import entered, left
from pantarhei.ops.control_flow.loop_operations import leave, next_iteration
from pantarhei.ops.control_flow.switching import merge, switch
from pantarhei.ops.math.binary import maximum


def accumulate(state: Any, op: Operation, g: Tensor) -> Tensor:
    """The sum over all iterations of the gradient of what `op` brings into the forward loop."""
    loop = state.backward
    with left(loop):
        start = _zeros(state, op, g)
    with loop.entered():
        loop.values.add(start)
        first = loop.entering(start, name="b_acc")
        loop.enters.append(first)
        merged = merge([first, first], name="b_acc")[0]
        out, inside = switch(merged, loop.pivot)
        following = next_iteration(apply("Add", inside, g))
        merged.op._update_input(1, following)
        result = leave(out, name="b_acc")
        loop.exits.append(result)
        loop.leave_with([result])
    return result


def _zeros(state: Any, op: Operation, g: Tensor) -> Tensor:
    """Zeros in the shape of a gradient, made outside of its loop."""
    outer = state.backward.outer
    if g.shape.is_fully_defined():
        with entered(outer):
            return constant(0, g.dtype, shape=g.shape.as_list(), name="b_acc")
    value = op.inputs[0]
    if outer is not None and outer.is_loop and outer.grad_state is not None:
        with state.forward.outer.entered():
            shape = apply("Shape", value)
        stack = state.outer.push(shape)
        with outer.entered():
            return zeros(state.outer.pop(stack, shape), g.dtype)
    with entered(outer):
        return zeros(_shape(value), g.dtype)


def _shape(value: Tensor) -> Any:
    """The shape of a tensor, or of the variable behind a handle, when it runs."""
    if value.dtype.name == "resource":
        return apply("VariableShape", value)
    return apply("Shape", value)


def accumulate_slices(state: Any, op: Operation, g: IndexedSlices) -> IndexedSlices:
    """The rows of all iterations of a sparse gradient, one after another."""
    loop, outer = state.backward, state.backward.outer
    source = op.inputs[0]
    with left(loop), entered(outer):
        if g.values.shape.is_fully_defined():
            start = constant(
                0, g.values.dtype, shape=[1, *g.values.shape.as_list()[1:]], name="b_acc"
            )
        else:
            extents = concat([[1], _shape(source)[1:]], 0)
            start = zeros(extents, dtype=g.values.dtype)
        starts = [constant([0], g.indices.dtype), start]
        if g.dense_shape is not None:
            if g.dense_shape.shape.is_fully_defined():
                starts.append(constant(0, g.dense_shape.dtype, shape=g.dense_shape.shape.as_list()))
            else:
                shape = apply("Shape", source, out_type=g.dense_shape.dtype)
                starts.append(zeros_like(shape, optimize=False))
    with loop.entered():
        loop.values.update(starts)
        firsts = [loop.entering(each, use_input_shape=False, name="b_acc") for each in starts]
        firsts[0].set_shape([None])
        if start.shape.ndims is not None:
            firsts[1].set_shape([None, *start.shape.as_list()[1:]])
        loop.enters.extend(firsts)
        merged = [merge([each, each], name="b_acc")[0] for each in firsts]
        switched = [switch(each, loop.pivot) for each in merged]
        collected = [
            concat([each[1], new], 0)
            for each, new in zip(switched[:2], (g.indices, g.values), strict=True)
        ]
        if g.dense_shape is not None:
            collected.append(maximum(g.dense_shape, switched[2][1]))
        for each, new in zip(merged, [next_iteration(each) for each in collected], strict=True):
            each.op._update_input(1, new)
        results = [leave(each[0], name="b_acc") for each in switched]
        loop.exits.extend(results)
        loop.leave_with(results)
    return IndexedSlices(results[1], results[0], results[2] if len(results) == 3 else None)
