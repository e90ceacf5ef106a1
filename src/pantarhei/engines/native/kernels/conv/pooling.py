"""Pooling as loop nests over views of windows, which overlap where windows do."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from pantarhei.engines.native.codegen.loop_nest import ElementOperation
from pantarhei.engines.native.codegen.ops import TYPES, neutral
from pantarhei.engines.native.codegen.values import literal
from pantarhei.engines.native.kernels import loops as nests
from pantarhei.engines.native.kernels.conv.geometry import Pairs, Scratch, inside
from pantarhei.engines.native.kernels.kernel import Kernel
from pantarhei.engines.native.kernels.loops import Target
from pantarhei.engines.native.schedule.views import Shape, View
from pantarhei.program.ir import Array, Node


def _padded(
    x: View, padding: Pairs, fill: str, type: str, scratch: Scratch
) -> tuple[View, list[Kernel]]:
    """A view with elements around it: a copy where there are any."""
    if not any(map(any, padding)):
        return x, []
    low = [before for before, _ in padding]
    shape = tuple(n + sum(pair) for n, pair in zip(x.shape, padding, strict=True))
    whole = scratch.temporary(shape, type)
    kernels = nests.fill(fill, whole, type, scratch.place)
    return whole, kernels + nests.copy(x, inside(whole, low, x.shape), type, scratch.place)


def _windows(x: View, count: Shape, window: Sequence[int], strides: Sequence[int]) -> View:
    """A view of windows over all axes: windows, then positions in a window."""
    moved = [step * stride for step, stride in zip(x.strides, strides, strict=True)]
    return View(x.buffer, (*count, *window), (*moved, *x.strides), x.offset)


def pooling(
    node: Node, x: View, result: View, positions: View | None, scratch: Scratch
) -> list[Kernel]:
    """Sums, maxima or places of maxima of windows; `positions` are those of the padded operand."""
    type = TYPES[node.operands[0].dtype]
    attributes = node.attributes
    window, strides = attributes["window"], attributes["strides"]
    kind = "sum" if node.kind == "window_sum" else "max"
    start = literal(neutral(kind, type), type)
    padded, kernels = _padded(x, attributes["padding"], start, type, scratch)
    windows = _windows(padded, result.shape, window, strides)
    if positions is not None:
        places = _windows(positions, result.shape, window, strides)
        return kernels + _argmax(windows, places, result, start, type, scratch)
    still = (*result.strides, *(0 for _ in window))
    expanded = View(result.buffer, windows.shape, still, result.offset)
    reduced = [False] * len(result.shape) + [True] * len(window)
    targets = [Target(kind, (("load", 0), type), expanded, type)]
    kernels.append(
        nests.nest(windows.shape, reduced, [(windows, type)], [], targets, scratch.place)
    )
    return kernels


def positions_of(node: Node) -> Array:
    """Number of every element of the padded operand of `window_argmax`; -1 in the padding."""
    shape = node.operands[0].shape
    numbers = np.arange(math.prod(shape)).reshape(shape)
    return np.pad(numbers, list(node.attributes["padding"]), constant_values=-1)


def _argmax(
    windows: View, places: View, result: View, start: str, type: str, scratch: Scratch
) -> list[Kernel]:
    """Position by position: the first of the largest elements so far, and where it is."""
    rank = len(result.shape)
    best = scratch.temporary(result.shape, type)
    kernels = nests.fill(start, best, type, scratch.place)
    kernels += nests.fill("-1", result, "i64", scratch.place)

    def load(index: int, type: str) -> Any:
        return ("load", index), type

    def op(index: int, type: str = "i1") -> Any:
        return ("op", index), type

    zero = ("literal", "0"), "i64"
    operations = [
        ElementOperation("less", "i1", (load(1, type), load(0, type))),
        ElementOperation("less", "i1", (load(3, "i64"), zero)),
        ElementOperation("logical_or", "i1", (op(0), op(1))),
        ElementOperation("less_equal", "i1", (zero, load(2, "i64"))),
        ElementOperation("logical_and", "i1", (op(2), op(3))),
        ElementOperation("where", type, (op(4), load(0, type), load(1, type))),
        ElementOperation("where", "i64", (op(4), load(2, "i64"), load(3, "i64"))),
    ]
    targets = [
        Target("", op(5, type), best, type),
        Target("", op(6, "i64"), result, "i64"),
    ]
    for position in itertools.product(*map(range, windows.shape[rank:])):
        views = []
        for view in (windows, places):
            steps = zip(position, view.strides[rank:], strict=True)
            offset = view.offset + sum(p * step for p, step in steps)
            views.append(View(view.buffer, result.shape, view.strides[:rank], offset))
        loads = [(views[0], type), (best, type), (views[1], "i64"), (result, "i64")]
        reduced = [False] * rank
        kernels.append(nests.nest(result.shape, reduced, loads, operations, targets, scratch.place))
    return kernels
