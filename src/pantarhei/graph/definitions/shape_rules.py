"""Pieces of which shape rules are made, and the words in which TensorFlow reports shape errors.

A rule calls these with its operation; each returns its result or raises the ValueError
that TensorFlow's shape inference raises: what is wrong, which operation, its inputs' shapes, the
values of inputs that decided. Independent of the kinds of operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pantarhei.core.shapes import TensorShape, broadcast_conflict, broadcast_shape
from pantarhei.graph.constant import constant_value, partial_value, shape_value
from pantarhei.graph.operation import Operation

Extent = int | None


def shown(shape: Any) -> str:
    """A shape as error messages show it: `[2,?]`, or `?` where the rank is unknown."""
    if isinstance(shape, TensorShape):
        if shape.ndims is None:
            return "?"
        shape = shape.as_list()
    return f"[{','.join('?' if each is None else str(each) for each in shape)}]"


def shape_error(
    op: Operation, message: str, computed: Sequence[int] = (), as_shapes: Sequence[int] = ()
) -> ValueError:
    """The error of a shape rule.

    Args:
      op: whose shapes do not fit.
      message: what is wrong.
      computed: numbers of inputs whose values were looked at.
      as_shapes: numbers of inputs whose values were looked at as shapes.
    """
    text = f"{message} for '{op.name}' (op: '{op.type}') with input shapes: "
    text += ", ".join(shown(tensor.shape) for tensor in op.inputs)
    values = {index: constant_value(op.inputs[index]) for index in computed}
    known = [
        f"input[{index}] = <{_listed(value)}>"
        for index, value in values.items()
        if value is not None
    ]
    if known:
        text += f" and with computed input tensors: {', '.join(known)}"
    shapes = [f"input[{index}] = {shown(shape_value(op.inputs[index]))}" for index in as_shapes]
    if shapes:
        text += f" and with input tensors computed as partial shapes: {', '.join(shapes)}"
    return ValueError(f"{text}.")


def _listed(value: Any) -> str:
    if value.ndim > 1:
        return "".join(f"[{_listed(row)}]" for row in value)
    return " ".join(str(each) for each in value.ravel())


def with_rank(op: Operation, index: int, rank: int, computed: Sequence[int] = ()) -> TensorShape:
    """The shape of an input, which must have this rank; unknown extents if nothing is known."""
    shape = op.inputs[index].shape
    if shape.ndims not in (None, rank):
        raise shape_error(op, f"Shape must be rank {rank} but is rank {shape.ndims}", computed)
    return shape.with_rank(rank)


def with_rank_at_least(
    op: Operation, index: int, rank: int, computed: Sequence[int] = ()
) -> TensorShape:
    """The shape of an input, which must have at least this rank."""
    shape = op.inputs[index].shape
    if shape.ndims is not None and shape.ndims < rank:
        raise shape_error(
            op, f"Shape must be at least rank {rank} but is rank {shape.ndims}", computed
        )
    return shape


def merged_extents(op: Operation, left: Extent, right: Extent) -> Extent:
    """An extent that is both."""
    if left is not None and right is not None and left != right:
        raise shape_error(op, f"Dimensions must be equal, but are {left} and {right}")
    return right if left is None else left


def merged(
    op: Operation,
    left: TensorShape,
    right: TensorShape,
    context: str = "",
    computed: Sequence[int] = (),
) -> TensorShape:
    """A shape that is both; `context` is added to the error."""
    if left.ndims is not None and right.ndims is not None:
        if left.ndims != right.ndims:
            raise shape_error(
                op,
                f"Shapes must be equal rank, but are {left.ndims} and {right.ndims}{context}",
                computed,
            )
        for axis, (ours, theirs) in enumerate(zip(left.as_list(), right.as_list(), strict=True)):
            if ours is not None and theirs is not None and ours != theirs:
                raise shape_error(
                    op,
                    f"Dimension {axis} in both shapes must be equal, but are {ours} and {theirs}. "
                    f"Shapes are {shown(left)} and {shown(right)}.{context}",
                    computed,
                )
    return left.merge_with(right)


def divided(op: Operation, extent: Extent, divisor: int, computed: Sequence[int] = ()) -> Extent:
    """An extent divided by a number that must divide it."""
    if extent is None:
        return None
    if divisor <= 0 or extent % divisor:
        raise shape_error(
            op,
            f"Dimension size must be evenly divisible by {divisor} but is {extent}",
            computed,
        )
    return extent // divisor


def shape_from(op: Operation, index: int) -> TensorShape:
    """The shape that an integer vector among the inputs holds, as far as it is known."""
    with_rank(op, index, 1)
    sizes = partial_value(op.inputs[index])
    known = sizes is not None and None not in sizes
    for size in sizes if known and sizes is not None else ():
        if size is not None and size < -1:
            raise ValueError(f"Invalid value in tensor used for shape: {size}")
    return shape_value(op.inputs[index])


def axis_from(op: Operation, index: int) -> int | None:
    """The axis that a scalar input holds, as given; None if it is not known."""
    value = constant_value(op.inputs[index])
    return None if value is None else int(value.ravel()[0])


def broadcast(op: Operation) -> list[TensorShape]:
    """A whole rule: all inputs broadcast against each other, as NumPy does."""
    result = op.inputs[0].shape
    for tensor in op.inputs[1:]:
        conflict = broadcast_conflict(result, tensor.shape)
        if conflict is not None:
            raise shape_error(op, "Dimensions must be equal, but are {} and {}".format(*conflict))
        result = broadcast_shape(result, tensor.shape)
    return [result]


def all_merged(op: Operation) -> list[TensorShape]:
    """A whole rule: the shape that all inputs share, without broadcasting."""
    result = op.inputs[-1].shape
    for index in reversed(range(len(op.inputs) - 1)):
        context = f"\n\tFrom merging shape {index} with other shapes."
        result = merged(op, op.inputs[index].shape, result, context)
    return [result]
