"""Reductions: sums, means, products, extrema and their kin over some or all axes.

A row is an operation type with its dtypes, its lowering for given axes and its gradient. The axes
are a tensor: where it is known while the graph is built, so are the static shapes. What is built
out of several operations (variance, logsumexp ...) is in statistics.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.definitions.opdef import OpDef, apply, register
from pantarhei.graph.definitions.shape_rules import shape_error
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.broadcasting import broadcast_to
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.shapes import rank, renamed, reshape, shape, size
from pantarhei.ops.math.unary import conj
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Array, ProgramError, Value

Lower = Callable[[Builder, Value, tuple[int, ...]], Value]
Gradient = Callable[[Operation, Tensor], Tensor]


class ReductionDefinition(OpDef, abstract=True):
    """A reduction over axes given by a tensor, in a row: type, dtypes, lowering, gradient."""

    def __init__(
        self, type: str, allowed: str | None, lower: Lower, gradient: Gradient | None = None
    ) -> None:
        dtype, declared = ("bool", "") if allowed is None else ("T", f"T: {allowed} | ")
        self.type = type
        self.signature = (  # type: ignore[misc]
            f"input: {dtype}, reduction_indices: Tidx -> output: {dtype} | "
            f"keep_dims: bool = False | {declared}Tidx: index = int32"
        )
        self.differentiable = gradient is not None  # type: ignore[misc]
        self._lower = lower
        self._gradient = gradient

    def infer(self, op: Operation) -> list[TensorShape]:
        given, listed = op.inputs[0].shape, op.inputs[1].shape
        keeps = op.attributes["keep_dims"]
        if listed.ndims is not None and listed.ndims > 1:
            raise shape_error(op, f"Shape must be at most rank 1 but is rank {listed.ndims}")
        axes = constant_value(op.inputs[1])
        if axes is None or given.ndims is None:
            return [unknown_shape(given.ndims if keeps else None)]
        for axis in axes.ravel().tolist():
            if not -given.ndims <= axis < given.ndims:
                raise shape_error(
                    op,
                    f"Invalid reduction dimension {axis} for input with {given.ndims} dimensions.",
                    computed=(1,),
                )
        return [TensorShape(_reduced(given.as_list(), _from_front(axes, given.ndims), keeps))]

    def grad(self, op: Operation, g: Tensor) -> Any:
        assert self._gradient is not None
        return self._gradient(op, g), None

    def lower(self, b: Builder, op: Operation, x: Value, axes: Value) -> Value:
        chosen = b.static(axes)
        for axis in chosen.ravel().tolist():
            if not -x.ndim <= axis < x.ndim:
                raise ProgramError(
                    f"Invalid reduction dimension ({axis} for input with {x.ndim} dimension(s)"
                )
        reduced = _from_front(chosen, x.ndim)
        result = self._lower(b, x, reduced)
        if op.attributes["keep_dims"]:
            result = b.reshape(result, shape=tuple(_reduced(list(x.shape), reduced, True)))
        return result


def _from_front(axes: Array, rank: int) -> tuple[int, ...]:
    """The axes, each once, in order, counted from the front."""
    return tuple(sorted({int(axis) % rank for axis in axes.ravel()}))


def _reduced(extents: list[Any], axes: tuple[int, ...], keeps: bool) -> list[Any]:
    if keeps:
        return [1 if axis in axes else extent for axis, extent in enumerate(extents)]
    return [extent for axis, extent in enumerate(extents) if axis not in axes]


# --- lowering -----------------------------------------------------------------------------------


def _wide(b: Builder, x: Value) -> Any:
    """Sums of many small numbers lose digits in half precision."""
    if x.dtype in (dtypes.float16.numpy, dtypes.bfloat16.numpy):
        return b.cast(x, dtype=np.dtype(np.float32))
    return x


def _sum(b: Builder, x: Value, axes: tuple[int, ...]) -> Any:
    return b.cast(b.sum(_wide(b, x), axes=axes), dtype=x.dtype)


def _mean(b: Builder, x: Value, axes: tuple[int, ...]) -> Any:
    count = int(np.prod([x.shape[axis] for axis in axes], dtype=np.int64))
    if count == 0 and np.issubdtype(x.dtype, np.integer):
        return b.sum(x, axes=axes)
    return b.cast(b.divide(b.sum(_wide(b, x), axes=axes), count), dtype=x.dtype)


def _euclidean_norm(b: Builder, x: Value, axes: tuple[int, ...]) -> Any:
    if np.issubdtype(x.dtype, np.integer):
        wide = b.cast(x, dtype=np.dtype(np.float64))
    else:
        wide = _wide(b, x)
    return b.cast(b.sqrt(b.sum(b.multiply(wide, b.conj(wide)), axes=axes)), dtype=x.dtype)


# --- gradients ----------------------------------------------------------------------------------


def kept_shape(op: Operation) -> Tensor:
    """The shape of a reduction's result with its reduced axes kept, with extent 1."""
    if op.attributes["keep_dims"]:
        return shape(op.outputs[0])
    # Only its shape is used, so it is never computed.
    return shape(apply(op.type, op.inputs[0], op.inputs[1], keep_dims=True))


def _repeated(op: Operation, g: Tensor) -> Tensor:
    """The gradient of the result repeated along the reduced axes."""
    return broadcast_to(reshape(g, kept_shape(op)), shape(op.inputs[0]))


def _mean_gradient(op: Operation, g: Tensor) -> Any:
    x, y = op.inputs[0], op.outputs[0]
    if x.shape.is_fully_defined() and y.shape.is_fully_defined():
        extents = [each.shape.num_elements() or 0 for each in (x, y)]
        count = extents[0] // max(extents[1], 1)
        return _repeated(op, g) / constant(count, g.dtype)
    ratio = apply("FloorDiv", size(x), apply("Maximum", size(y), 1))
    return _repeated(op, g) / apply("Cast", ratio, DstT=g.dtype)


def _prod_gradient(op: Operation, g: Tensor) -> Tensor:
    """Each element's is the product of all others: of those before it and those after it."""
    x = op.inputs[0]
    number = rank(x)
    reduced = apply(
        "FloorMod", reshape(apply("Cast", op.inputs[1], DstT=dtypes.int32), [-1]), number
    )
    others = apply("ListDiff", apply("Range", 0, number, 1), reduced)[0]
    permutation = apply("ConcatV2", [reduced, others], 0)
    moved = apply("Transpose", x, permutation)
    moved_shape = shape(moved)
    extents = [reduce_prod(apply("GatherV2", shape(x), each, 0)) for each in (reduced, others)]
    matrix = reshape(moved, apply("Pack", extents))
    before = apply("Cumprod", matrix, 0, exclusive=True)
    after = apply("Cumprod", matrix, 0, exclusive=True, reverse=True)
    rest = reshape(conj(before) * conj(after), moved_shape)
    rest = apply("Transpose", rest, apply("InvertPermutation", permutation))
    return reshape(_repeated(op, g) * rest, shape(x))


def _extremum_gradient(op: Operation, g: Tensor) -> Tensor:
    """Elements that share the extreme value share its gradient."""
    kept = kept_shape(op)
    chosen = apply("Equal", reshape(op.outputs[0], kept), op.inputs[0])
    chosen = apply("Cast", chosen, DstT=g.dtype)
    count = reduce_sum(chosen, op.inputs[1], keepdims=True)
    result: Tensor = chosen / count * reshape(g, kept)
    return result


for _row in (
    ReductionDefinition("Sum", "numeric", _sum, _repeated),
    ReductionDefinition("Mean", "numeric", _mean, _mean_gradient),
    ReductionDefinition("Prod", "numeric", lambda b, x, axes: b.prod(x, axes=axes), _prod_gradient),
    ReductionDefinition(
        "Max", "numeric", lambda b, x, axes: b.max(x, axes=axes), _extremum_gradient
    ),
    ReductionDefinition(
        "Min", "numeric", lambda b, x, axes: b.min(x, axes=axes), _extremum_gradient
    ),
    ReductionDefinition("Any", None, lambda b, x, axes: b.any(x, axes=axes)),
    ReductionDefinition("All", None, lambda b, x, axes: b.all(x, axes=axes)),
    ReductionDefinition("EuclideanNorm", "numeric", _euclidean_norm),
):
    register(_row)


# --- public functions ---------------------------------------------------------------------------


def _axes(input_tensor: Any, axis: Any) -> Any:
    """`axis`, or all axes: a constant where their number is known, else a range up to the rank."""
    if axis is not None:
        return axis
    if isinstance(input_tensor, Tensor) and input_tensor.shape.ndims is not None:
        return constant(np.arange(input_tensor.shape.ndims), dtypes.int32)
    return apply("Range", 0, rank(input_tensor), 1, name="range")


def scalar_if_all(result: Tensor, axis: Any, keepdims: bool) -> Tensor:
    """Sets the scalar shape of a reduction over all axes."""
    if axis is None and not keepdims and not result.shape.is_fully_defined():
        result.set_shape(())
    return result


def reduction(type: str, input_tensor: Any, axis: Any, keepdims: Any, name: str | None) -> Tensor:
    """A reduction of the given type, over all axes where `axis` is None."""
    keeps = False if keepdims is None else keepdims
    axes = _axes(input_tensor, axis)
    return scalar_if_all(apply(type, input_tensor, axes, keep_dims=keeps, name=name), axis, keeps)


def old_names(axis: Any, keepdims: Any, reduction_indices: Any, keep_dims: Any) -> tuple[Any, Any]:
    """`axis` and `keepdims`, under whichever name they were given."""
    return (
        renamed("axis", axis, "reduction_indices", reduction_indices),
        renamed("keepdims", keepdims, "keep_dims", keep_dims),
    )


def reduce_sum(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """Sum of the elements over some axes.

    Args:
      input_tensor: numbers of any dtype.
      axis: one axis or a list of them, negative ones counted from the end; all axes by default.
      keepdims: whether reduced axes stay, with extent 1.
      name: name of the operation.
      reduction_indices: the old name of `axis`.
      keep_dims: the old name of `keepdims`.

    Returns:
      A tensor of the input's dtype. The sum of nothing is 0.

    Raises:
      ValueError: an axis that the input does not have, or an argument under both of its names.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.reduce_sum([[1, 1, 1], [1, 1, 1]], 0))
      array([2, 2, 2], dtype=int32)
    """
    axis, keepdims = old_names(axis, keepdims, reduction_indices, keep_dims)
    return reduction("Sum", input_tensor, axis, keepdims, name)


def reduce_mean(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """Mean of the elements over some axes; see `tf.reduce_sum` for the arguments.

    Returns:
      A tensor of the input's dtype: the mean of integers is cut off towards zero. The mean of no
      floating numbers is NaN.

    Raises:
      ValueError: as for `tf.reduce_sum`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.reduce_mean([[1.0, 1.0], [2.0, 2.0]], axis=1))
      array([1., 2.], dtype=float32)
    """
    axis, keepdims = old_names(axis, keepdims, reduction_indices, keep_dims)
    return reduction("Mean", input_tensor, axis, keepdims, name)


def reduce_prod(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """Product of the elements over some axes; see `tf.reduce_sum` for the arguments.

    Raises:
      ValueError: as for `tf.reduce_sum`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.reduce_prod([[1, 2], [3, 4]], axis=1))
      array([ 2, 12], dtype=int32)
    """
    axis, keepdims = old_names(axis, keepdims, reduction_indices, keep_dims)
    return reduction("Prod", input_tensor, axis, keepdims, name)


def reduce_max(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """Largest element over some axes; see `tf.reduce_sum` for the arguments.

    Where several elements are the largest, they share the gradient. The largest of nothing is the
    lowest number of the dtype.

    Raises:
      ValueError: as for `tf.reduce_sum`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.reduce_max([[1, 2], [4, 3]], axis=1))
      array([2, 4], dtype=int32)
    """
    axis, keepdims = old_names(axis, keepdims, reduction_indices, keep_dims)
    return reduction("Max", input_tensor, axis, keepdims, name)


def reduce_min(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """Smallest element over some axes; see `tf.reduce_sum` for the arguments.

    Where several elements are the smallest, they share the gradient. The smallest of nothing is the
    highest number of the dtype.

    Raises:
      ValueError: as for `tf.reduce_sum`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.reduce_min([[1, 2], [4, 3]], axis=1))
      array([1, 3], dtype=int32)
    """
    axis, keepdims = old_names(axis, keepdims, reduction_indices, keep_dims)
    return reduction("Min", input_tensor, axis, keepdims, name)


def reduce_all(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """Whether all elements over some axes are true; see `tf.reduce_sum` for the arguments.

    Raises:
      TypeError: the input is not boolean. ValueError: as for `tf.reduce_sum`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.reduce_all([[True, True], [True, False]], axis=1))
      array([ True, False])
    """
    axis, keepdims = old_names(axis, keepdims, reduction_indices, keep_dims)
    return reduction("All", input_tensor, axis, keepdims, name)


def reduce_any(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """Whether any element over some axes is true; see `tf.reduce_sum` for the arguments.

    Raises:
      TypeError: the input is not boolean. ValueError: as for `tf.reduce_sum`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.reduce_any([[True, False], [False, False]], axis=1))
      array([ True, False])
    """
    axis, keepdims = old_names(axis, keepdims, reduction_indices, keep_dims)
    return reduction("Any", input_tensor, axis, keepdims, name)
