"""Primitives that place, move, repeat and select elements; nothing is computed with them here.

Shapes, axes and positions are attributes, known before the program runs; only `gather` and
`scatter` take positions that are data. Axes are never negative here: lowering has counted them from
the front.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pantarhei.program.ir import ANY_KIND, Array, Primitive, ProgramError, Type


def _shown(shape: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, shape))}]"


def _reshaped(x: Type, *, shape: tuple[int, ...]) -> Type:
    if Type(x.dtype, shape).size != x.size:
        raise ProgramError(
            f"Input to reshape is a tensor with {x.size} values, but the requested shape has "
            f"{Type(x.dtype, shape).size}"
        )
    return Type(x.dtype, tuple(shape))


def _broadcasted(x: Type, *, shape: tuple[int, ...]) -> Type:
    try:
        fits = np.broadcast_shapes(x.shape, shape) == tuple(shape)
    except ValueError:
        fits = False
    if not fits:
        raise ProgramError(f"Incompatible shapes: {_shown(x.shape)} vs. {_shown(shape)}")
    return Type(x.dtype, tuple(shape))


def _permuted(x: Type, *, permutation: tuple[int, ...]) -> Type:
    if sorted(permutation) != list(range(len(x.shape))):
        raise ProgramError(f"{permutation} is no permutation of the axes of {_shown(x.shape)}")
    return Type(x.dtype, tuple(x.shape[axis] for axis in permutation))


def _joined(*types: Type, axis: int) -> Type:
    first = types[0]
    for index, each in enumerate(types):
        others = (
            first.shape[:axis] + first.shape[axis + 1 :],
            each.shape[:axis] + each.shape[axis + 1 :],
        )
        if len(each.shape) != len(first.shape) or others[0] != others[1]:
            raise ProgramError(
                "ConcatOp : Dimensions of inputs should match: "
                f"shape[0] = {_shown(first.shape)} vs. shape[{index}] = {_shown(each.shape)}"
            )
    extent = sum(each.shape[axis] for each in types)
    return Type(first.dtype, (*first.shape[:axis], extent, *first.shape[axis + 1 :]))


def _ranges(x: Type, start: Any, stop: Any, step: Any) -> list[range]:
    """Positions taken along each axis; a stop of -1 with a negative step means past the front."""
    return [range(*each) for each in zip(start, stop, step, strict=True)]


def _sliced(
    x: Type, *, start: tuple[int, ...], stop: tuple[int, ...], step: tuple[int, ...]
) -> Type:
    ranges = _ranges(x, start, stop, step)
    for taken, extent in zip(ranges, x.shape, strict=True):
        if taken and not (0 <= min(taken[0], taken[-1]) <= max(taken[0], taken[-1]) < extent):
            raise ProgramError(f"slice {start}:{stop}:{step} leaves {_shown(x.shape)}")
    return Type(x.dtype, tuple(map(len, ranges)))


def _slice(
    x: Array, *, start: tuple[int, ...], stop: tuple[int, ...], step: tuple[int, ...]
) -> Array:
    ends = (None if end < 0 else end for end in stop)
    return x[tuple(map(slice, start, ends, step))]


def _padded(
    x: Type, value: Type, *, low: tuple[int, ...], high: tuple[int, ...], interior: tuple[int, ...]
) -> Type:
    if value.dtype != x.dtype or value.shape:
        raise ProgramError(f"pad needs a scalar {x.dtype} to pad with, not {value}")
    extents = zip(x.shape, low, high, interior, strict=True)
    return Type(x.dtype, tuple(n + a + b + max(n - 1, 0) * gap for n, a, b, gap in extents))


def _pad(
    x: Array,
    value: Array,
    *,
    low: tuple[int, ...],
    high: tuple[int, ...],
    interior: tuple[int, ...],
) -> Array:
    """`low` and `high` elements outside, `interior` elements between two neighbours, on each
    axis."""
    type = Type(x.dtype, x.shape)
    result = np.full(
        _padded(type, Type(x.dtype, ()), low=low, high=high, interior=interior).shape,
        value,
        x.dtype,
    )
    place = tuple(
        slice(a, a + max(n + (n - 1) * gap, 0), gap + 1)
        for n, a, gap in zip(x.shape, low, interior, strict=True)
    )
    result[place] = x
    return result


def _gathered(params: Type, indices: Type, *, axis: int) -> Type:
    return Type(params.dtype, params.shape[:axis] + indices.shape + params.shape[axis + 1 :])


def _gather(params: Array, indices: Array, *, axis: int) -> Array:
    extent = params.shape[axis]
    wrong = np.argwhere((indices < 0) | (indices >= extent))
    if len(wrong):
        where = tuple(wrong[0])
        raise ProgramError(
            f"indices{_shown(where) if where else ''} = {indices[where]} is not in [0, {extent})"
        )
    return np.take(params, indices, axis=axis)


def _split_positions(indices: Type) -> tuple[tuple[int, ...], int]:
    return indices.shape[:-1], indices.shape[-1]


def _gathered_nd(params: Type, indices: Type) -> Type:
    batch, depth = _split_positions(indices)
    if depth > len(params.shape):
        raise ProgramError(
            "index innermost dimension length must be <= params rank; saw: "
            f"{depth} vs. {len(params.shape)}"
        )
    return Type(params.dtype, batch + params.shape[depth:])


def _positions(indices: Array, shape: tuple[int, ...], into: str) -> tuple[Array, ...]:
    """One index array per leading axis of `shape`, checked; errors say that it is `into` what."""
    depth = indices.shape[-1]
    wrong = np.argwhere(((indices < 0) | (indices >= np.array(shape[:depth], int))).any(axis=-1))
    if len(wrong):
        where = tuple(wrong[0])
        raise ProgramError(
            f"indices{_shown(where) if where else ''} = {indices[where].tolist()} "
            f"does not index into {into} {_shown(shape)}"
        )
    return tuple(np.moveaxis(indices, -1, 0))


def _gather_nd(params: Array, indices: Array) -> Array:
    return np.asarray(params[_positions(indices, params.shape, "param shape")])


def _scattered(base: Type, indices: Type, updates: Type, *, combine: str) -> Type:
    batch, depth = _split_positions(indices)
    expected = batch + base.shape[depth:]
    if updates.shape != expected or updates.dtype != base.dtype:
        raise ProgramError(f"scatter needs updates of shape {_shown(expected)}, not {updates}")
    return base


_COMBINE: dict[str, Callable[..., Any]] = {
    "add": np.add.at,
    "subtract": np.subtract.at,
    "multiply": np.multiply.at,
    "divide": np.divide.at,
    "minimum": np.minimum.at,
    "maximum": np.maximum.at,
    "set": lambda array, place, updates: array.__setitem__(place, updates),
}


def _scatter(base: Array, indices: Array, updates: Array, *, combine: str) -> Array:
    """`base` with each update combined in at its position, in order; repeated positions add up."""
    result = base.copy()
    place = _positions(indices, base.shape, "shape")
    # Of several updates "set" at one position NumPy keeps the last.
    _COMBINE[combine](result, place or ..., updates)
    return result


def _check_finite(x: Array, *, message: str) -> Array:
    kinds = [name for name, found in (("Inf", np.isinf(x)), ("NaN", np.isnan(x))) if found.any()]
    if kinds:
        raise ProgramError(f"{message} : Tensor had {' and '.join(kinds)} values")
    return x


def _check_range(x: Array, *, limit: int, message: str, low: int = 0) -> Array:
    outside = (x < low) | (x >= limit)
    if outside.any():
        listed = " ".join(map(str, x.ravel().tolist()))
        place = tuple(np.argwhere(outside)[0])
        where = _shown(place) if place else ""
        offset = int(np.flatnonzero(outside)[0])
        raise ProgramError(
            message.format(wrong=x[outside][0], all=listed, where=where, offset=offset)
        )
    return x


PRIMITIVES = [
    Primitive("reshape", _reshaped, lambda x, *, shape: x.reshape(shape)),
    Primitive("broadcast_to", _broadcasted, lambda x, *, shape: np.broadcast_to(x, shape)),
    Primitive("transpose", _permuted, lambda x, *, permutation: x.transpose(permutation)),
    Primitive("concatenate", _joined, lambda *arrays, axis: np.concatenate(arrays, axis)),
    Primitive("slice", _sliced, _slice),
    Primitive("pad", _padded, _pad),
    Primitive("flip", lambda x, *, axes: x, lambda x, *, axes: np.flip(x, axes)),
    Primitive(  # 0, 1, 2 ... along one axis
        "iota",
        lambda *, size, dtype: Type(np.dtype(dtype), (size,)),
        lambda *, size, dtype: np.arange(size).astype(dtype),
    ),
    Primitive("gather", _gathered, _gather, faults=ANY_KIND),
    Primitive("gather_nd", _gathered_nd, _gather_nd, faults=ANY_KIND),
    Primitive("scatter", _scattered, _scatter, faults=ANY_KIND),
    Primitive(  # the same bits, read as another dtype
        "bitcast",
        lambda x, *, shape, dtype: Type(np.dtype(dtype), tuple(shape)),
        lambda x, *, shape, dtype: np.ascontiguousarray(x).view(dtype).reshape(shape),
    ),
    Primitive("check_finite", lambda x, *, message: x, _check_finite, faults=ANY_KIND),
    Primitive("check_range", lambda x, *, limit, message, low=0: x, _check_range, faults=ANY_KIND),
]
