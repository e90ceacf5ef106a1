"""From steps to structures and arguments: loop nests over views, and calls of BLAS.

A nest is put into its simplest form (axes of extent 1 dropped, ordered so that the innermost moves
least, neighbours merged), so that few structures serve many shapes. Where buffers lie in memory is
told by a function; this module does not decide it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from pantarhei.engines.native.codegen.loop_nest import (
    LARGEST_STEP,
    OTHER,
    Access,
    ElementOperation,
    Operand,
    Result,
    Structure,
)
from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.kernels.conv.sliding import SlidingBlock
from pantarhei.engines.native.kernels.gemm.microkernel import Pack, Tile
from pantarhei.engines.native.kernels.routines import Routine
from pantarhei.engines.native.schedule.views import Shape, View, contiguous_strides

CACHE_LINE = 64

# Number in the table of buffers, and offset in bytes, of a buffer.
Place = Callable[[Hashable], tuple[int, int]]


@dataclass(frozen=True)
class Kernel:
    """One call: a structure, a routine, a tile, or the type of a BLAS product; its arguments."""

    structure: Structure | Routine | Tile | Pack | SlidingBlock | str
    arguments: tuple[int, ...]


@dataclass(frozen=True)
class Target:
    """What a nest stores: an operand, with its type, folded by `kind` or as it is, into a view."""

    kind: str
    operand: tuple[Operand, str]
    view: View
    type: str


def nest(
    space: Shape,
    folded: Sequence[bool],
    loads: Sequence[tuple[View, str]],
    operations: Sequence[ElementOperation],
    targets: Sequence[Target],
    place: Place,
) -> Kernel:
    """The kernel of a nest over a space without empty axes; views have the space's axes."""
    views = [*(view for view, _ in loads), *(target.view for target in targets)]
    types = [*(type for _, type in loads), *(target.type for target in targets)]
    axes = [axis for axis, extent in enumerate(space) if extent != 1]
    axes.sort(key=lambda axis: _movement(axis, views, types), reverse=True)
    extents = [space[axis] for axis in axes]
    vanish = [folded[axis] for axis in axes]
    strides = [[view.strides[axis] for axis in axes] for view in views]
    _merge(extents, vanish, strides)
    reducing = any(vanish)
    arguments = list(extents)
    accesses = []
    for view, type, steps in zip(views, types, strides, strict=True):
        buffer, offset = place(view.buffer)
        size = BYTES[type]
        arguments += [buffer, offset + view.offset * size, *(step * size for step in steps)]
        inner = steps[-1] if steps else 0
        accesses.append(Access(type, inner if 0 <= inner <= LARGEST_STEP else OTHER))
    results = tuple(
        Result(target.kind if reducing else "", target.operand, access)
        for target, access in zip(targets, accesses[len(loads) :], strict=True)
    )
    structure = Structure(tuple(vanish), tuple(accesses[: len(loads)]), tuple(operations), results)
    return Kernel(structure, tuple(arguments))


def _movement(axis: int, views: Sequence[View], types: Sequence[str]) -> tuple[int, int]:
    """How far apart neighbours along an axis lie, in bytes, summed over all accesses.

    First with distances up to a cache line, beyond which all cost the same.
    """
    pairs = zip(views, types, strict=True)
    distances = [abs(view.strides[axis]) * BYTES[type] for view, type in pairs]
    return sum(min(each, CACHE_LINE) for each in distances), sum(distances)


def _merge(extents: list[int], vanish: list[bool], strides: list[list[int]]) -> None:
    """Merges neighbouring axes that are one axis for every access."""
    for axis in range(len(extents) - 2, -1, -1):
        inner = axis + 1
        one = all(steps[axis] == steps[inner] * extents[inner] for steps in strides)
        if one and vanish[axis] == vanish[inner]:
            extents[axis] *= extents[inner]
            del extents[inner], vanish[inner]
            for steps in strides:
                steps[axis] = steps[inner]
                del steps[inner]


def copy(source: View, target: View, type: str, place: Place) -> list[Kernel]:
    """Elements of one view to another one of the same shape; nothing for empty ones."""
    if 0 in source.shape:
        return []
    operand: tuple[Operand, str] = (("load", 0), type)
    targets = [Target("", operand, target, type)]
    folded = [False] * len(source.shape)
    return [nest(source.shape, folded, [(source, type)], [], targets, place)]


def fill(text: str, target: View, type: str, place: Place) -> list[Kernel]:
    """A literal in every element of a view."""
    if 0 in target.shape:
        return []
    targets = [Target("", (("literal", text), type), target, type)]
    return [nest(target.shape, [False] * len(target.shape), [], [], targets, place)]


# --- products -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Matrix:
    """How BLAS reads the last two axes of a view: as rows, or transposed, at what distance."""

    transposed: bool
    leading: int


def matrix(view: View) -> Matrix | None:
    """The layout of a stack of matrices; None where BLAS cannot read it."""
    rows, columns = view.shape[-2:]
    down, right = view.strides[-2:]
    if (right == 1 or columns == 1) and (down >= max(columns, 1) or rows == 1):
        return Matrix(False, down if rows > 1 else max(columns, 1))
    if (down == 1 or rows == 1) and (right >= max(rows, 1) or columns == 1):
        return Matrix(True, right if columns > 1 else max(rows, 1))
    return None


def lies_by_columns(view: View) -> bool:
    """Whether a matrix is one whose transpose BLAS would write."""
    return len(view.shape) == 2 and view.strides[1] != 1 and view.strides[0] == 1


def product(
    x: View, y: View, result: View, type: str, place: Place, adding: bool = False
) -> list[Kernel]:
    """Products of two stacks of matrices that BLAS can read; `adding` to what the result holds."""
    x, y, result = _joined_rows(x, y, result)
    stack = list(result.shape[:-2])
    strides = [list(view.strides[: len(stack)]) for view in (y, x, result)]
    kept = [axis for axis, extent in enumerate(stack) if extent != 1]
    stack = [stack[axis] for axis in kept]
    strides = [[steps[axis] for axis in kept] for steps in strides]
    _merge(stack, [False] * len(stack), strides)
    count = stack[-1] if stack else 1
    layouts = [matrix(view) for view in (y, x)]
    assert layouts[0] is not None and layouts[1] is not None
    (rows, inner), columns = x.shape[-2:], y.shape[-1]
    head = [*(ord("T" if each.transposed else "N") for each in layouts if each), columns, rows]
    head += [
        inner,
        *(each.leading for each in layouts if each),
        _leading(result),
        int(count),
        int(adding),
    ]
    kernels = []
    size = BYTES[type]
    steps_outside = contiguous_strides(tuple(stack[:-1]))
    for number in range(math.prod(stack[:-1])):
        arguments = list(head)
        for view, steps in zip((y, x, result), strides, strict=True):
            buffer, offset = place(view.buffer)
            position = view.offset
            for axis, outside in enumerate(steps_outside):
                position += number // outside % stack[axis] * steps[axis]
            arguments += [buffer, offset + position * size, (steps[-1] if steps else 0) * size]
        kernels.append(Kernel(type, tuple(arguments)))
    return kernels


def _leading(result: View) -> int:
    """Distance between two rows of a result."""
    rows, columns = result.shape[-2:]
    return result.strides[-2] if rows > 1 else max(columns, 1)


def _joined_rows(x: View, y: View, result: View) -> tuple[View, View, View]:
    """Where all matrices of x meet the same matrix of y, one product of all their rows."""
    stack = range(len(result.shape) - 2)
    if not stack or any(y.strides[axis] and y.shape[axis] > 1 for axis in stack):
        return x, y, result
    rows = math.prod(x.shape[:-1])
    joined, below = x.reshape((rows, x.shape[-1])), result.reshape((rows, result.shape[-1]))
    if joined is None or below is None or matrix(joined) is None or matrix(below) is None:
        return x, y, result
    inner = View(y.buffer, y.shape[-2:], y.strides[-2:], y.offset)
    return joined, inner, below
