"""From primitives that routines compute to calls of these routines."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

from pantarhei.engines.native import nests
from pantarhei.engines.native.guards import is_trusting
from pantarhei.engines.native.nests import Kernel, Place
from pantarhei.engines.native.operations import BYTES, TYPES
from pantarhei.engines.native.routines import Routine
from pantarhei.engines.native.views import View, contiguous_strides
from pantarhei.program.ir import Node

# Buffer of the cell that guards write to.
FAULT = ("fault",)


def is_routine(node: Node) -> bool:
    """Whether a routine computes a node."""
    if is_trusting(node):
        return True
    if node.kind == "random_uniform":
        state = node.operands[0].node
        given = state.primitive is None and state.constant is None
        return given and TYPES.get(node.types[0].dtype) == "float"
    if node.kind in ("argmax", "argmin"):
        types = (TYPES.get(node.operands[0].dtype), TYPES.get(node.types[0].dtype))
        return types[0] not in (None, "i1") and types[1] in ("i32", "i64")
    return False


def guard(node: Node, numbers: View, place: Place) -> list[Kernel]:
    """Looks at whole numbers that lie in C order: of every part of an index, whether it is in."""
    type = TYPES[node.operands[0].dtype]
    limits: Sequence[tuple[int, int]] = node.attributes["guarded_limits"]
    count = math.prod(numbers.shape) // len(limits)
    kernels = []
    for number, (low, limit) in enumerate(limits):
        part = View(numbers.buffer, (), (), numbers.offset + number)
        arguments = (0, count, low, limit, len(limits), *_at(part, place, type), *place(FAULT))
        kernels.append(Kernel(Routine("guard", (type,)), arguments))
    return kernels if count else []


def computed(node: Node, views: Sequence[View], result: View, place: Place) -> list[Kernel]:
    """The calls for a node whose operands lie in C order, into a result that does."""
    if 0 in result.shape:
        return []
    makers = {"gather": _gather, "scatter": _scatter, "random_uniform": _uniform}
    return makers.get(node.kind, _arg)(node, views, result, place)


def _at(view: View, place: Place, type: str) -> tuple[int, int]:
    buffer, offset = place(view.buffer)
    return buffer, offset + view.offset * BYTES[type]


def _gather(node: Node, views: Sequence[View], result: View, place: Place) -> list[Kernel]:
    array, indices = views
    axis = node.attributes["axis"]
    type, index_type = TYPES[node.types[0].dtype], TYPES[node.operands[1].dtype]
    count = math.prod(indices.shape)
    row = math.prod(array.shape[axis + 1 :]) * BYTES[type]
    arguments = (0, math.prod(array.shape[:axis]) * count, count, array.shape[axis], row)
    places = (*_at(array, place, type), *_at(indices, place, index_type), *_at(result, place, type))
    return [Kernel(Routine("gather", (index_type,)), (*arguments, *places))]


def _scatter(node: Node, views: Sequence[View], result: View, place: Place) -> list[Kernel]:
    base, indices, updates = views
    type, index_type = TYPES[node.types[0].dtype], TYPES[node.operands[1].dtype]
    kernels = [] if base == result else nests.copy(base, result, type, place)
    depth = indices.shape[-1]
    steps = contiguous_strides(base.shape)
    parts = [number for pair in zip(base.shape[:depth], steps, strict=False) for number in pair]
    arguments = (0, math.prod(indices.shape[:-1]), math.prod(base.shape[depth:]), *parts)
    places = (
        *_at(result, place, type),
        *_at(indices, place, index_type),
        *_at(updates, place, type),
    )
    routine = Routine("scatter", (type, index_type, str(depth), node.attributes["combine"]))
    return [*kernels, Kernel(routine, (*arguments, *places))]


def _arg(node: Node, views: Sequence[View], result: View, place: Place) -> list[Kernel]:
    (array,) = views
    axis = node.attributes["axis"] % len(array.shape)
    type, result_type = TYPES[node.operands[0].dtype], TYPES[node.types[0].dtype]
    inner = math.prod(array.shape[axis + 1 :])
    arguments = (0, math.prod(result.shape), array.shape[axis], inner)
    places = (*_at(array, place, type), *_at(result, place, result_type))
    return [Kernel(Routine("arg", (node.kind, type, result_type)), (*arguments, *places))]


def _uniform(node: Node, views: Sequence[View], result: View, place: Place) -> list[Kernel]:
    size = math.prod(result.shape)
    state: Hashable = node.operands[0]
    arguments = (0, -(-size // 4), size, *place(state), *_at(result, place, "float"))
    return [Kernel(Routine("random_uniform", ()), arguments)]
