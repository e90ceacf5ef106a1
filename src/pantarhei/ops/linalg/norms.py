"""Norms of vectors and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.shapes import expand_dims, renamed, squeeze
from pantarhei.ops.array.transposing import transpose
from pantarhei.ops.linalg.decompositions import svd
from pantarhei.ops.math.reductions import reduce_max, reduce_sum
from pantarhei.ops.math.unary import abs, conj, sqrt

_WRONG_AXIS = "'axis' must be None, an integer, or a tuple of 2 unique integers"


def norm(
    tensor: Any,
    ord: Any = "euclidean",
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    keep_dims: Any = None,
) -> Tensor:
    """The norm of vectors or matrices.

    Args:
      tensor: floating or complex numbers.
      ord: "euclidean"; 1, `np.inf` or any other positive p, for the p-norm of vectors; "fro"
        (the root of the sum of squares), 1 (of columns), `np.inf` (of rows) or 2 (the largest
        singular value) for matrices.
      axis: the axis of the vectors, or the two axes of the matrices; by default the tensor is one
        vector with all its elements.
      keepdims: whether the axes stay, with extent 1.
      name: scope of the operations.
      keep_dims: the old name of `keepdims`.

    Raises:
      ValueError: no such norm, or axes that are no axes.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.norm([[3.0, 4.0], [6.0, 8.0]], axis=1))
      array([ 5., 10.], dtype=float32)
    """
    keeps = bool(renamed("keepdims", keepdims, "keep_dims", keep_dims))
    of_matrices = isinstance(axis, (list, tuple)) and len(axis) == 2
    if of_matrices:
        axes: tuple[int, ...] | None = tuple(axis)
        if not all(isinstance(each, int) for each in axis) or axis[0] == axis[1]:
            raise ValueError(_WRONG_AXIS)
        supported = ["euclidean", "fro", 1, 2, np.inf]
        if ord not in supported:
            raise ValueError(f"'ord' must be a supported matrix norm in {supported}, got {ord}")
    else:
        if not (axis is None or isinstance(axis, int)):
            raise ValueError(_WRONG_AXIS)
        axes = None if axis is None else (axis,)
        if ord != "euclidean" and (isinstance(ord, str) or not np.isreal(ord) or ord <= 0):
            raise ValueError(f"'ord' must be a supported vector norm, got {ord}")
    with name_scope(name, "norm", [tensor]):
        x = convert_to_tensor(tensor)
        if of_matrices and ord == 2:
            assert axes is not None
            found = _largest_singular_value(x, axes)
        elif ord in ("fro", "euclidean", 2):
            found = sqrt(reduce_sum(x * conj(x), axes, keepdims=True))
        else:
            found = _p_norm(abs(x), ord, axes)
        return found if keeps else squeeze(found, axes)


def _p_norm(x: Tensor, ord: Any, axes: tuple[int, ...] | None) -> Tensor:
    """A norm of absolute values; for matrices (two axes) a largest sum, of columns or of rows."""
    of_matrices = axes is not None and len(axes) == 2
    first = None if axes is None else axes[0]
    if ord == 1:
        found = reduce_sum(x, first, keepdims=True)
        return reduce_max(found, axes[1], keepdims=True) if of_matrices and axes else found
    if ord == np.inf:
        found = reduce_sum(x, axes[1], keepdims=True) if of_matrices and axes else x
        return reduce_max(found, first, keepdims=True)
    powers = reduce_sum(apply("Pow", x, ord), axes, keepdims=True)
    result: Tensor = apply("Pow", powers, 1.0 / ord)
    return result


def _largest_singular_value(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    if x.shape.ndims is None:
        raise ValueError(f"The 2-norm of matrices needs a known rank, of {x} it is not known.")
    number = x.shape.ndims
    places = [axis % number for axis in axes]
    order = [axis for axis in range(number) if axis not in places] + places
    values = reduce_max(abs(svd(transpose(x, order), compute_uv=False)), axis=-1, keepdims=True)
    return transpose(expand_dims(values, -1), np.argsort(order).astype(np.int32))
