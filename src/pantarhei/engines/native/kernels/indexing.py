"""From primitives that routines compute to calls of these routines."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence

from pantarhei.engines.native.codegen.ops import BYTES, DIVISIONS, NUMBERS, TYPES, WHOLE
from pantarhei.engines.native.codegen.values import FLOATS
from pantarhei.engines.native.kernels import loops as nests
from pantarhei.engines.native.kernels.kernel import Kernel, Place
from pantarhei.engines.native.kernels.random import DRAWS, PER_SAMPLE
from pantarhei.engines.native.kernels.routines import Routine, RoutineCall
from pantarhei.engines.native.machine import TOP_K_MOST_COMPARISONS, TOP_K_MOST_PASSES
from pantarhei.engines.native.passes.guards import has_state
from pantarhei.engines.native.passes.unchecked import is_unchecked
from pantarhei.engines.native.schedule.views import View, contiguous_strides
from pantarhei.program.ir import Node

# Buffer of the cell that guards write to.
FAULT = ("fault",)


def is_routine(node: Node) -> bool:
    """Whether a routine computes a node."""
    if is_unchecked(node):
        return node.kind not in DIVISIONS
    if node.kind in ("cumsum", "cumprod"):
        return TYPES.get(node.types[0].dtype) in NUMBERS
    if node.kind == "top_k":
        x, wanted = node.operands[0], node.attributes["k"]
        few = wanted <= TOP_K_MOST_PASSES or x.shape[-1] * wanted <= TOP_K_MOST_COMPARISONS
        return few and TYPES.get(x.dtype) in NUMBERS
    if node.kind == "multinomial":
        logits, type = node.operands[1], TYPES.get(node.types[0].dtype)
        sound = bool(logits.shape[1]) and TYPES.get(logits.dtype) in FLOATS and type in WHOLE
        return sound and has_state(node)
    if node.kind == "unique_repeated":
        dtypes = (node.operands[0].dtype, *(each.dtype for each in node.types))
        return all(TYPES.get(each) in WHOLE for each in dtypes)
    if node.kind in ("random_uniform", "random_normal", "truncated_normal"):
        return has_state(node) and TYPES.get(node.types[0].dtype) in FLOATS
    if node.kind in ("argmax", "argmin"):
        types = (TYPES.get(node.operands[0].dtype), TYPES.get(node.types[0].dtype))
        return types[0] in NUMBERS and types[1] in WHOLE
    return False


def guard(node: Node, numbers: View, place: Place) -> list[Kernel]:
    """Looks at whole numbers that lie in C order: of every part of an index, whether it is in."""
    type = TYPES[node.operands[0].dtype]
    limits: Sequence[tuple[int, int]] = node.attributes["limits"]
    count = math.prod(numbers.shape) // len(limits)
    kernels: list[Kernel] = []
    for number, (low, limit) in enumerate(limits):
        part = View(numbers.buffer, (), (), numbers.offset + number)
        arguments = (0, count, low, limit, len(limits), *_at(part, place, type), *place(FAULT))
        kernels.append(RoutineCall(Routine("guard", (type,)), arguments))
    return kernels if count else []


def computed(
    node: Node,
    views: Sequence[View],
    results: Sequence[View],
    place: Place,
    temporary: Callable[[tuple[int, ...], str], View],
) -> list[Kernel]:
    """The calls for a node whose operands lie in C order, into results that do.

    `temporary` gives memory for the length of the calls.
    """
    if 0 in results[0].shape:
        return []
    if node.kind == "unique_repeated":
        bits = (2 * views[0].shape[0] - 1).bit_length()
        return _unique(node, (*views, temporary((1 << bits,), "i64"), *results), bits, place)
    if node.kind == "top_k":
        return _top_k(node, views, results, place)
    return MAKERS[node.kind](node, views, results[0], place)


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
    return [RoutineCall(Routine("gather", (index_type,)), (*arguments, *places))]


def _gather_nd(node: Node, views: Sequence[View], result: View, place: Place) -> list[Kernel]:
    array, indices = views
    type, index_type = TYPES[node.types[0].dtype], TYPES[node.operands[1].dtype]
    depth = indices.shape[-1]
    steps = [step * BYTES[type] for step in contiguous_strides(array.shape)]
    parts = [number for pair in zip(array.shape[:depth], steps, strict=False) for number in pair]
    row = math.prod(array.shape[depth:]) * BYTES[type]
    places = (*_at(array, place, type), *_at(indices, place, index_type), *_at(result, place, type))
    arguments = (0, math.prod(indices.shape[:-1]), row, *parts, *places)
    return [RoutineCall(Routine("gather_nd", (index_type, str(depth))), arguments)]


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
    return [*kernels, RoutineCall(routine, (*arguments, *places))]


def _arg(node: Node, views: Sequence[View], result: View, place: Place) -> list[Kernel]:
    (array,) = views
    axis = node.attributes["axis"] % len(array.shape)
    type, result_type = TYPES[node.operands[0].dtype], TYPES[node.types[0].dtype]
    inner = math.prod(array.shape[axis + 1 :])
    arguments = (0, math.prod(result.shape), array.shape[axis], inner)
    places = (*_at(array, place, type), *_at(result, place, result_type))
    return [RoutineCall(Routine("arg", (node.kind, type, result_type)), (*arguments, *places))]


def _cumulated(node: Node, views: Sequence[View], result: View, place: Place) -> list[Kernel]:
    (array,) = views
    axis = node.attributes["axis"] % len(array.shape)
    type = TYPES[node.types[0].dtype]
    extent, inner = array.shape[axis], math.prod(array.shape[axis + 1 :])
    arguments = (0, math.prod(array.shape) // extent, extent, inner)
    places = (*_at(array, place, type), *_at(result, place, type))
    return [RoutineCall(Routine("cumulated", (node.kind, type)), (*arguments, *places))]


def _top_k(
    node: Node, views: Sequence[View], results: Sequence[View], place: Place
) -> list[Kernel]:
    (array,) = views
    type = TYPES[node.types[0].dtype]
    extent, wanted = array.shape[-1], node.attributes["k"]
    arguments = (0, math.prod(array.shape) // extent, extent, wanted)
    places = (*_at(array, place, type), *_at(results[0], place, type))
    routine = Routine("top_k", (type,))
    return [RoutineCall(routine, (*arguments, *places, *_at(results[1], place, "i32")))]


def _multinomial(node: Node, views: Sequence[View], result: View, place: Place) -> list[Kernel]:
    (logits,) = views
    type, result_type = TYPES[node.operands[1].dtype], TYPES[node.types[0].dtype]
    state: Hashable = node.operands[0]
    places = (*place(state), *_at(logits, place, type), *_at(result, place, result_type))
    arguments = (0, math.prod(result.shape), result.shape[1], logits.shape[1], *places)
    return [RoutineCall(Routine("multinomial", (type, result_type)), arguments)]


def _unique(node: Node, views: Sequence[View], bits: int, place: Place) -> list[Kernel]:
    number, place_type = TYPES[node.operands[0].dtype], TYPES[node.types[1].dtype]
    every = (number, "i64", number, place_type)
    places = [
        number for view, type in zip(views, every, strict=True) for number in _at(view, place, type)
    ]
    count = views[0].shape[0]
    return [RoutineCall(Routine("unique", (number, place_type)), (0, count, bits, *places))]


def _draw(node: Node, views: Sequence[View], result: View, place: Place) -> list[Kernel]:
    type = TYPES[node.types[0].dtype]
    size = math.prod(result.shape)
    state: Hashable = node.operands[0]
    places = [number for view in (*views, result) for number in _at(view, place, type)]
    arguments = (0, -(-size // PER_SAMPLE[type]), size, *place(state), *places)
    return [RoutineCall(Routine(node.kind, (type,)), arguments)]


MAKERS = {
    "gather": _gather,
    "gather_nd": _gather_nd,
    "scatter": _scatter,
    "argmax": _arg,
    "argmin": _arg,
    "cumsum": _cumulated,
    "cumprod": _cumulated,
    **dict.fromkeys(DRAWS, _draw),
    "multinomial": _multinomial,
}
