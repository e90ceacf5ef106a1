"""Primitives that combine, search or scan the elements along axes.

`axes` is a tuple of axes counted from the front; reduced axes disappear. An empty reduction gives
the neutral element (0, 1, the lowest or the highest number of the dtype).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pantarhei.program.ir import Array, Primitive, ProgramError, Type


def _without(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(extent for axis, extent in enumerate(shape) if axis not in axes)


def _reduced(x: Type, *, axes: tuple[int, ...]) -> Type:
    if any(not 0 <= axis < len(x.shape) for axis in axes) or len(set(axes)) != len(axes):
        raise ProgramError(f"Invalid reduction axes {axes} for {x}")
    return Type(x.dtype, _without(x.shape, axes))


def lowest(dtype: np.dtype[Any]) -> Any:
    """The smallest value of a dtype: minus infinity for floating ones."""
    if dtype.kind == "b":
        return False
    return np.iinfo(dtype).min if np.issubdtype(dtype, np.integer) else dtype.type(-np.inf)


def highest(dtype: np.dtype[Any]) -> Any:
    """The largest value of a dtype: infinity for floating ones."""
    if dtype.kind == "b":
        return True
    return np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else dtype.type(np.inf)


def _reduction(name: str, function: Callable[..., Any]) -> Primitive:
    return Primitive(
        name,
        _reduced,
        lambda x, *, axes: np.asarray(function(x, axis=axes), x.dtype),
    )


def _sum(x: Array, axis: tuple[int, ...]) -> Any:
    if all(x.shape[each] == 1 for each in axis):  # nothing is added: a -0.0 stays what it is
        return x.reshape(_without(x.shape, axis))
    return np.sum(x, axis, dtype=x.dtype)


def _largest(x: Array, axis: tuple[int, ...]) -> Any:
    """NaN loses, as in TensorFlow's kernels, unless there is nothing to compare it with."""
    if all(x.shape[each] == 1 for each in axis):
        return x.reshape(_without(x.shape, axis))
    return np.max(_without_nan(x, lowest(x.dtype)), axis, initial=lowest(x.dtype))


def _smallest(x: Array, axis: tuple[int, ...]) -> Any:
    if all(x.shape[each] == 1 for each in axis):
        return x.reshape(_without(x.shape, axis))
    return np.min(_without_nan(x, highest(x.dtype)), axis, initial=highest(x.dtype))


def _without_nan(x: Array, instead: Any) -> Array:
    """`x` with another number in the place of NaN."""
    if x.dtype.kind in "biu" or not np.isnan(x).any():
        return x
    return np.where(np.isnan(x), instead, x)


def _arg_reduced(x: Type, *, axis: int, dtype: np.dtype[Any]) -> Type:
    if x.shape[axis] == 0:
        raise ProgramError(
            f"Reduction axis {axis} is empty in shape [{','.join(map(str, x.shape))}]"
        )
    return Type(np.dtype(dtype), _without(x.shape, (axis,)))


def _arg_search(name: str, better: Callable[[Array, int], Any]) -> Primitive:
    """First position of the extreme value. NaN loses every comparison, as in TensorFlow's
    kernels."""

    def reference(x: Array, *, axis: int, dtype: np.dtype[Any]) -> Array:
        worst = lowest(x.dtype) if name == "argmax" else highest(x.dtype)
        return np.asarray(better(_without_nan(x, worst), axis), dtype)

    return Primitive(name, _arg_reduced, reference)


def _top_k_type(x: Type, *, k: int) -> tuple[Type, Type]:
    shape = (*x.shape[:-1], k)
    if k > x.shape[-1]:
        raise ProgramError(f"input must have at least k columns. Had {x.shape[-1]}, needed {k}")
    return Type(x.dtype, shape), Type(np.dtype(np.int32), shape)


def _top_k(x: Array, *, k: int) -> tuple[Array, Array]:
    """The k largest along the last axis, largest first; of equal ones the first comes first."""
    # A stable ascending sort of the reversed rows puts equal elements in the right order.
    order = x.shape[-1] - 1 - np.argsort(x[..., ::-1], axis=-1, kind="stable")[..., ::-1]
    order = order[..., :k]
    return np.take_along_axis(x, order, -1), order.astype(np.int32)


def _unique_type(x: Type, *, dtype: np.dtype[Any]) -> tuple[Type, Type]:
    if len(x.shape) != 1:
        raise ProgramError("unique expects a 1D vector.")
    return x, Type(np.dtype(dtype), x.shape)


def _unique_repeated(x: Array, *, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """The distinct numbers in the order in which they occur, behind as many of the first as fill
    up; and for each element the position of its equal among them."""
    found, first, places = np.unique(x, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), dtype)
    repeats = len(x) - len(found)
    rank[order] = np.arange(len(order)) + repeats
    distinct = found[order]
    return np.concatenate([np.repeat(distinct[:1], repeats), distinct]), rank[places.reshape(-1)]


PRIMITIVES = [
    _reduction("sum", _sum),
    _reduction("prod", lambda x, axis: np.prod(x, axis, dtype=x.dtype)),
    _reduction("max", _largest),
    _reduction("min", _smallest),
    _reduction("any", np.any),
    _reduction("all", np.all),
    _arg_search("argmax", np.argmax),
    _arg_search("argmin", np.argmin),
    Primitive(
        "cumsum",
        lambda x, *, axis: x,
        lambda x, *, axis: np.cumsum(x, axis, dtype=x.dtype),
    ),
    Primitive(
        "cumprod",
        lambda x, *, axis: x,
        lambda x, *, axis: np.cumprod(x, axis, dtype=x.dtype),
    ),
    Primitive(
        "sort",
        lambda x, *, axis: x,
        lambda x, *, axis: np.sort(x, axis, kind="stable"),
    ),
    Primitive("top_k", _top_k_type, _top_k),
    Primitive("unique_repeated", _unique_type, _unique_repeated),
]
