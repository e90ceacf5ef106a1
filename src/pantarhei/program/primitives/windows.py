"""Convolution, and sums and extrema over sliding windows.

Convolutions take `[batch, *space, channels]` and filters `[*space, channels / groups, outputs]` for
any number of spatial axes; `strides`, `dilations` and `padding` (pairs: elements before, after)
have one entry for each of them. Windows slide over all axes and have one entry for each. Pooling
divides what it finds, and its gradients are composed of these, in lowering.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pantarhei.program.ir import Array, Primitive, ProgramError, Type
from pantarhei.program.primitives.reductions import lowest

Pairs = Sequence[tuple[int, int]]


def slid_extent(extent: int, window: int, stride: int, padding: tuple[int, int]) -> int:
    """How many windows of an extent fit into another one."""
    return max((extent + sum(padding) - window) // stride + 1, 0)


def _space(
    extents: Sequence[int],
    windows: Sequence[int],
    strides: Sequence[int],
    padding: Pairs,
    dilations: Sequence[int] | None = None,
) -> tuple[int, ...]:
    """Extents of what windows that slide over `extents` give."""
    dilations = dilations or (1,) * len(windows)
    reach = [(window - 1) * step + 1 for window, step in zip(windows, dilations, strict=True)]
    return tuple(map(slid_extent, extents, reach, strides, padding))


def _padded(x: Array, padding: Pairs, value: Any = 0) -> Array:
    if not any(map(any, padding)):
        return x
    result = np.full(
        [n + a + b for n, (a, b) in zip(x.shape, padding, strict=True)], value, x.dtype
    )
    result[tuple(slice(a, a + n) for n, (a, _) in zip(x.shape, padding, strict=True))] = x
    return result


def _views(
    x: Array, windows: Sequence[int], strides: Sequence[int], count: Sequence[int]
) -> Iterator[Array]:
    """For each place in a window, in order, the elements that all windows have there."""
    for position in itertools.product(*map(range, windows)):
        taken = zip(position, count, strides, strict=True)
        yield x[tuple(slice(p, p + n * s, s) for p, n, s in taken)]


# --- convolution --------------------------------------------------------------------------------


def _check_channels(channels: int, filter: tuple[int, ...], groups: int) -> None:
    if filter[-2] * groups != channels or filter[-1] % groups:
        raise ProgramError(
            "input depth must be evenly divisible by filter depth: "
            f"{channels} vs {filter[-2]} (in {groups} groups)"
        )


def _convolved(
    x: Type,
    w: Type,
    *,
    strides: Sequence[int],
    padding: Pairs,
    dilations: Sequence[int],
    groups: int = 1,
) -> Type:
    _check_channels(x.shape[-1], w.shape, groups)
    space = _space(x.shape[1:-1], w.shape[:-2], strides, padding, dilations)
    return Type(x.dtype, (x.shape[0], *space, w.shape[-1]))


def _like_shape(*operands: Type, shape: tuple[int, ...], **_: Any) -> Type:
    return Type(operands[0].dtype, tuple(shape))


def _wide(x: Array) -> Array:
    """BLAS has no half precision, and sums in it would lose digits."""
    return x if x.dtype in (np.float32, np.float64) else x.astype(np.float32)


def _patches(
    x: Array,
    kernel: Sequence[int],
    count: Sequence[int],
    strides: Sequence[int],
    padding: Pairs,
    dilations: Sequence[int],
    groups: int,
) -> Array:
    """The im2col patches: for each group, a matrix with a row for each position of the filter."""
    x = _wide(_padded(x, ((0, 0), *padding, (0, 0))))
    batch, *_, channels = x.shape
    steps = x.strides[1:-1]
    windows = np.lib.stride_tricks.as_strided(
        x,
        (batch, *count, *kernel, groups, channels // groups),
        (
            x.strides[0],
            *(step * stride for step, stride in zip(steps, strides, strict=True)),
            *(step * dilation for step, dilation in zip(steps, dilations, strict=True)),
            x.strides[-1] * (channels // groups),
            x.strides[-1],
        ),
        writeable=False,
    )
    rows, places = batch * int(np.prod(count)), int(np.prod(kernel))
    if groups == 1:
        return windows.reshape(1, rows, places * channels)
    windows = np.moveaxis(windows, -2, 0)
    return windows.reshape(groups, rows, places * channels // groups)


def _by_group(array: Array, groups: int) -> Array:
    """A matrix for each group out of the last axis; all other axes but the last are its rows."""
    size = array.shape[-1] // groups
    rows = array.size // max(array.shape[-1], 1)
    return np.moveaxis(_wide(array).reshape(rows, groups, size), 1, 0)


def _conv(
    x: Array,
    w: Array,
    *,
    strides: Sequence[int],
    padding: Pairs,
    dilations: Sequence[int],
    groups: int = 1,
) -> Array:
    count = _space(x.shape[1:-1], w.shape[:-2], strides, padding, dilations)
    result_shape = (x.shape[0], *count, w.shape[-1])
    if 0 in result_shape:
        return np.zeros(result_shape, x.dtype)
    patches = _patches(x, w.shape[:-2], count, strides, padding, dilations, groups)
    result = np.moveaxis(patches @ _by_group(w, groups), 0, 1)
    return result.reshape(result_shape).astype(x.dtype, copy=False)


def _conv_input_gradient(
    g: Array,
    w: Array,
    *,
    shape: tuple[int, ...],
    strides: Sequence[int],
    padding: Pairs,
    dilations: Sequence[int],
    groups: int = 1,
) -> Array:
    kernel, count = w.shape[:-2], g.shape[1:-1]
    spread = [n + a + b for n, (a, b) in zip(shape[1:-1], padding, strict=True)]
    result = np.zeros((shape[0], *spread, shape[-1]), _wide(g).dtype)
    if g.size and w.size and result.size:
        seen = _by_group(g, groups) @ np.swapaxes(_by_group(w, groups), 1, 2)
        seen = seen.reshape(groups, shape[0], *count, *kernel, w.shape[-2])
        seen = np.moveaxis(seen, 0, -2).reshape(shape[0], *count, *kernel, shape[-1])
        for position in np.ndindex(*kernel):
            place = tuple(
                slice(p * d, p * d + n * s, s)
                for p, d, n, s in zip(position, dilations, count, strides, strict=True)
            )
            result[(slice(None), *place)] += seen[
                (slice(None), *(slice(None),) * len(count), *position)
            ]
    inner = tuple(slice(a, a + n) for n, (a, _) in zip(shape[1:-1], padding, strict=True))
    return result[(slice(None), *inner)].astype(g.dtype, copy=False)


def _conv_filter_gradient(
    x: Array,
    g: Array,
    *,
    shape: tuple[int, ...],
    strides: Sequence[int],
    padding: Pairs,
    dilations: Sequence[int],
    groups: int = 1,
) -> Array:
    if not (x.size and g.size):
        return np.zeros(shape, x.dtype)
    patches = _patches(x, shape[:-2], g.shape[1:-1], strides, padding, dilations, groups)
    result = np.swapaxes(patches, 1, 2) @ _by_group(g, groups)
    return np.moveaxis(result, 0, 1).reshape(shape).astype(x.dtype, copy=False)


# --- windows ------------------------------------------------------------------------------------


def _slid(x: Type, *, window: Sequence[int], strides: Sequence[int], padding: Pairs) -> Type:
    return Type(x.dtype, _space(x.shape, window, strides, padding))


def _slid_positions(
    x: Type, *, window: Sequence[int], strides: Sequence[int], padding: Pairs
) -> Type:
    return Type(np.dtype(np.int64), _space(x.shape, window, strides, padding))


def _window_max(
    x: Array, *, window: Sequence[int], strides: Sequence[int], padding: Pairs
) -> Array:
    count = _space(x.shape, window, strides, padding)
    result = np.full(count, lowest(x.dtype), x.dtype)
    for view in _views(_padded(x, padding, lowest(x.dtype)), window, strides, count):
        np.maximum(result, view, out=result)
    return result


def _window_argmax(
    x: Array, *, window: Sequence[int], strides: Sequence[int], padding: Pairs
) -> Array:
    """Position in the flattened operand of each window's maximum; of equal ones the first."""
    count = _space(x.shape, window, strides, padding)
    positions = _padded(np.arange(x.size).reshape(x.shape), padding, -1)
    best = np.full(count, lowest(x.dtype), x.dtype)
    result = np.full(count, -1, np.int64)
    padded = _padded(x, padding, lowest(x.dtype))
    pairs = zip(
        _views(padded, window, strides, count),
        _views(positions, window, strides, count),
        strict=True,
    )
    for view, places in pairs:
        better = (places >= 0) & ((view > best) | (result < 0))
        np.copyto(best, view, where=better)
        np.copyto(result, places, where=better)
    return result


def _window_sum(
    x: Array, *, window: Sequence[int], strides: Sequence[int], padding: Pairs
) -> Array:
    count = _space(x.shape, window, strides, padding)
    wide = x if np.issubdtype(x.dtype, np.integer) else _wide(x)
    result = np.zeros(count, wide.dtype)
    for view in _views(_padded(wide, padding), window, strides, count):
        result += view
    return result.astype(x.dtype, copy=False)


PRIMITIVES = [
    Primitive("conv", _convolved, _conv),
    Primitive("conv_input_gradient", _like_shape, _conv_input_gradient),
    Primitive("conv_filter_gradient", _like_shape, _conv_filter_gradient),
    Primitive("window_max", _slid, _window_max),
    Primitive("window_argmax", _slid_positions, _window_argmax),
    Primitive("window_sum", _slid, _window_sum),
]
