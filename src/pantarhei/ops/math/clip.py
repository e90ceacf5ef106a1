"""Clipping: values to an interval, tensors or lists of tensors to a largest norm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pantarhei.core import dtypes
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import colocate_with, name_scope
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.filling import ones_like, range
from pantarhei.ops.array.identity import identity
from pantarhei.ops.array.joining import stack
from pantarhei.ops.array.shapes import rank, size
from pantarhei.ops.math.binary import maximum, minimum
from pantarhei.ops.math.comparison import is_finite, where
from pantarhei.ops.math.reductions import reduce_sum
from pantarhei.ops.math.unary import rsqrt, sqrt


def _dense_part(t: Any, name: str) -> Tensor:
    return convert_to_tensor(t.values if isinstance(t, IndexedSlices) else t, name=name)


def _like(t: Any, values: Tensor) -> Any:
    """`values` in the form of `t`: a tensor, or IndexedSlices with the indices of `t`."""
    return (
        IndexedSlices(values, t.indices, t.dense_shape) if isinstance(t, IndexedSlices) else values
    )


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """The nearest value between a smallest and a largest one, element by element.

    Args:
      t: Tensor or IndexedSlices.
      clip_value_min: scalar or tensor of the shape of t.
      clip_value_max: scalar or tensor of the shape of t.
      name: name of the operation; `clip_by_value` by default.

    Returns:
      A tensor, or IndexedSlices for IndexedSlices.

    Raises:
      ValueError: if broadcasting would make the result larger than t. TypeError: if dtypes differ.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.clip_by_value([-3.0, 0.5, 3.0], -1.0, 1.0))
      array([-1. ,  0.5,  1. ], dtype=float32)
    """
    with name_scope(name, "clip_by_value", [t, clip_value_min, clip_value_max]) as scope:
        values = _dense_part(t, "t")
        below = minimum(values, clip_value_max)
        values.shape.merge_with(below.shape)
        clipped = maximum(below, clip_value_min, name=scope)
        values.shape.merge_with(clipped.shape)
        return _like(t, clipped)


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """The tensor, shortened to L2 norm `clip_norm` where it is longer.

    Args:
      t: Tensor or IndexedSlices.
      clip_norm: scalar, the largest norm.
      axes: axes along which norms are taken; all by default.
      name: name of the operation; `clip_by_norm` by default.

    Returns:
      A tensor, or IndexedSlices for IndexedSlices.

    Raises:
      ValueError: if `clip_norm` is not a scalar.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.clip_by_norm([3.0, 4.0], 1.0))
      array([0.6, 0.8], dtype=float32)
    """
    with name_scope(name, "clip_by_norm", [t, clip_norm]) as scope:
        values = _dense_part(t, "t")
        squares = reduce_sum(values * values, axes, keepdims=True)
        positive = squares > 0
        # The root of 0 has no derivative: a norm of 0 never reaches it.
        safe = where(positive, squares, ones_like(squares))
        norm = where(positive, sqrt(safe), squares)
        scaled = values * clip_norm
        values.shape.merge_with(scaled.shape)
        return _like(t, identity(scaled / maximum(norm, clip_norm), name=scope))


def _as_list(t_list: Any) -> list[Any]:
    if not isinstance(t_list, Sequence) or isinstance(t_list, str):
        raise TypeError("t_list should be a sequence")
    return list(t_list)


def _dense_parts(tensors: list[Any]) -> list[Tensor | None]:
    return [
        None if each is None else _dense_part(each, f"t_{index}")
        for index, each in enumerate(tensors)
    ]


def global_norm(t_list: Any, name: str | None = None) -> Tensor:
    """The L2 norm of several tensors taken as one long vector.

    Args:
      t_list: list of Tensors, IndexedSlices, and None, which is left out.
      name: name of the scope; `global_norm` by default.

    Raises:
      TypeError: if `t_list` is no sequence.

    Example:
      >>> import pantarhei as tf
      >>> float(tf.Session().run(tf.global_norm([[3.0], None, [4.0]])))
      5.0
    """
    tensors = _as_list(t_list)
    with name_scope(name, "global_norm", tensors):
        halves = []
        for values in _dense_parts(tensors):
            if values is not None:
                with colocate_with(values):
                    halves.append(apply("L2Loss", values))
        half = reduce_sum(stack(halves))
        return sqrt(half * constant(2.0, dtype=half.dtype), name="global_norm")


def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list[Any], Tensor]:
    """Several tensors, all shortened by one factor if their common norm is above `clip_norm`.

    Args:
      t_list: list of Tensors, IndexedSlices, and None, which stays None.
      clip_norm: scalar, the largest norm.
      use_norm: the common norm, if it is known already.
      name: name of the scope; `clip_by_global_norm` by default.

    Returns:
      The list of clipped tensors, and their norm before. If that is infinite, they are NaN.

    Raises:
      TypeError: if `t_list` is no sequence.

    Example:
      >>> import pantarhei as tf
      >>> clipped, norm = tf.clip_by_global_norm([[3.0], [4.0]], 1.0)
      >>> tf.Session().run(clipped)
      [array([0.6], dtype=float32), array([0.8], dtype=float32)]
    """
    tensors = _as_list(t_list)
    norm = global_norm(tensors, name) if use_norm is None else use_norm
    with name_scope(name, "clip_by_global_norm", [*tensors, clip_norm]) as scope:
        one = 1.0 / norm
        scale = clip_norm * minimum(one, constant(1.0, dtype=norm.dtype) / clip_norm)
        finite = is_finite(norm)
        scale = where(finite, scale, constant(float("nan"), dtype=norm.dtype))
        clipped: list[Any] = []
        for index, values in enumerate(_dense_parts(tensors)):
            if values is None:
                clipped.append(None)
                continue
            with colocate_with(values):
                part = identity(values * scale, name=f"{scope}_{index}")
            clipped.append(_like(tensors[index], part))
    return clipped, norm


def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Tensor:
    """The tensor, shortened where its L2 norm divided by the number of elements is too large.

    Args:
      t: float32 tensor.
      clip_norm: scalar, the largest average norm.
      name: name of the operation; `clip_by_average_norm` by default.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.clip_by_average_norm([3.0, 4.0], 1.0))
      array([1.2, 1.6], dtype=float32)
    """
    with name_scope(name, "clip_by_average_norm", [t, clip_norm]) as scope:
        t = convert_to_tensor(t, name="t")
        count = cast(size(t), dtypes.float32)
        inverse = rsqrt(reduce_sum(t * t, range(rank(t))))
        scaled = t * clip_norm
        factor = minimum(inverse * count, constant(1.0) / clip_norm)
        return identity(scaled * factor, name=scope)
