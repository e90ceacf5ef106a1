"""Updates of elements or blocks of a variable, at positions of several indices each."""

from __future__ import annotations

from typing import Any

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import apply, register
from pantarhei.graph.definitions.shape_rules import shape_error, shown, with_rank_at_least
from pantarhei.graph.operation import Operation
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.filling import ones_like
from pantarhei.ops.array.joining import concat
from pantarhei.ops.array.shapes import expand_dims, reshape
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.ops.state.scatter_updates import ScatterUpdates, scattered
from pantarhei.program.ir import ProgramError, Value


class ScatterNdUpdates(ScatterUpdates, abstract=True):
    """An update at positions given by several indices each."""

    def check(
        self, op: Operation, params: TensorShape, indices: TensorShape, updates: TensorShape
    ) -> None:
        """Raises ValueError in TensorFlow's words if the static shapes do not fit."""
        with_rank_at_least(op, 1, 1)
        if indices.ndims is None or updates.ndims is None:
            return
        outer = indices.ndims - 1
        left, right = indices[:outer], updates[:outer]
        if not left.is_compatible_with(right):
            for axis, (ours, theirs) in enumerate(
                zip(left.as_list(), right.as_list(), strict=False)
            ):
                if ours != theirs:
                    at = f"indices.shape={shown(indices)} must match"
                    of = f"updates.shape={shown(updates)}"
                    raise shape_error(
                        op,
                        f"The outer {outer} dimensions of {at} the outer {outer} dimensions of "
                        f"{of}: Dimension {axis} in both shapes must be equal, but are {ours} and "
                        f"{theirs}. Shapes are {shown(left)} and {shown(right)}.",
                    )

    def placed(self, b: Any, old: Value, indices: Value, updates: Value) -> tuple[Value, Value]:
        """Positions and updates as they are, once they fit."""
        depth = indices.shape[-1]
        if depth > len(old.shape) or indices.shape[:-1] != updates.shape[: len(indices.shape) - 1]:
            raise ProgramError(
                "The outermost dimension of updates and indices must match. Got indices.shape "
                f"{shown(indices.shape)}, updates.shape {shown(updates.shape)}"
            )
        if updates.shape[len(indices.shape) - 1 :] != old.shape[depth:]:
            raise ProgramError(
                "The inner dimensions of output and updates must match. Output: "
                f"{shown(old.shape)}, updates: {shown(updates.shape)}"
            )
        return indices, updates


class ResourceScatterNdUpdates(ScatterNdUpdates, abstract=True):
    """An update of a resource variable at positions given by several indices each."""

    by_reference = False

    def _signature(self, dtypes: str) -> str:
        return (
            "ref: resource, indices: Tindices, updates: T -> "
            "| T: type | Tindices: index | use_locking: bool = True"
        )


for _kind, _combine, _dtypes in (
    ("Update", "set", "type"),
    ("Add", "add", "numeric"),
    ("Sub", "subtract", "numeric"),
):
    register(ScatterNdUpdates(f"ScatterNd{_kind}", _combine, _dtypes))
    register(ResourceScatterNdUpdates(f"ResourceScatterNd{_kind}", _combine, _dtypes))


def batch_scatter_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Any:
    """Gives elements of a variable new values, each batch by indices of its own.

    Args:
      ref: a variable; all dimensions of `indices` but the last count batches.
      indices: positions along the dimension after those of the batches.
      updates: new values, of shape `indices.shape + ref.shape[rank of indices:]`.
      use_locking: kept with the operation; here every update is whole.
      name: name of the scope.

    Returns:
      What stands for the variable after the update.

    Raises:
      ValueError: the rank of `indices` is not known.

    Example:
      >>> import pantarhei as tf
      >>> v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
      >>> update = tf.batch_scatter_update(v, [[0], [1]], [[5.0], [6.0]])
      >>> session = tf.Session()
      >>> session.run(v.initializer)
      >>> session.run(update).tolist()
      [[5.0, 2.0], [3.0, 6.0]]
    """
    with name_scope(name):
        indices = convert_to_tensor(indices, name="indices")
        extents = shape_of(indices)
        rank = indices.shape.ndims
        if rank is None:
            raise ValueError("batch_gather does not allow indices with unknown shape.")
        innermost = expand_dims(indices, axis=-1)
        parts = []
        for axis in range(rank - 1):
            extent = extents[axis]
            along: list[Any] = [1] * (rank + 1)
            along[axis] = extent
            numbers = reshape(apply("Range", 0, extent, 1), along)
            if numbers.dtype.base_dtype != innermost.dtype:
                numbers = cast(numbers, innermost.dtype)
            parts.append(numbers * ones_like(innermost))
        positions = concat([*parts, innermost], axis=-1)
        return scatter_nd_update(ref, positions, updates, use_locking=use_locking)


def scatter_nd_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Any:
    """Gives elements of a variable, or blocks of it, new values.

    Args:
      ref: a variable.
      indices: positions: the last dimension holds one index for each of the leading dimensions.
      updates: of shape `indices.shape[:-1] + ref.shape[indices.shape[-1]:]`.
      use_locking: kept with the operation; here every update is whole.
      name: name of the operation.

    Returns:
      What stands for the variable after the update.

    Raises:
      ValueError: the shapes do not fit. InvalidArgumentError: in a run where a position does not
      exist.

    Example:
      >>> import pantarhei as tf
      >>> v = tf.Variable([1.0, 2.0])
      >>> session = tf.Session()
      >>> session.run(v.initializer)
      >>> session.run(tf.scatter_nd_update(v, [[1]], [9.0])).tolist()
      [1.0, 9.0]
    """
    return scattered("NdUpdate", ref, indices, updates, use_locking, name)


def scatter_nd_add(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """Adds to elements of a variable, or to blocks of it.

    Args:
      ref: a variable.
      indices: positions: the last dimension holds one index for each of the leading dimensions.
      updates: of shape `indices.shape[:-1] + ref.shape[indices.shape[-1]:]`.
      use_locking: kept with the operation; here every update is whole.
      name: name of the operation.

    Returns:
      What stands for the variable after the update.

    Raises:
      ValueError: the shapes do not fit. InvalidArgumentError: in a run where a position does not
      exist.

    Example:
      >>> import pantarhei as tf
      >>> v = tf.Variable([1.0, 2.0])
      >>> session = tf.Session()
      >>> session.run(v.initializer)
      >>> session.run(tf.scatter_nd_add(v, [[1]], [9.0])).tolist()
      [1.0, 11.0]
    """
    return scattered("NdAdd", ref, indices, updates, use_locking, name)


def scatter_nd_sub(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """Subtracts from elements of a variable, or from blocks of it.

    Args:
      ref: a variable.
      indices: positions: the last dimension holds one index for each of the leading dimensions.
      updates: of shape `indices.shape[:-1] + ref.shape[indices.shape[-1]:]`.
      use_locking: kept with the operation; here every update is whole.
      name: name of the operation.

    Returns:
      What stands for the variable after the update.

    Raises:
      ValueError: the shapes do not fit. InvalidArgumentError: in a run where a position does not
      exist.

    Example:
      >>> import pantarhei as tf
      >>> v = tf.Variable([1.0, 2.0])
      >>> session = tf.Session()
      >>> session.run(v.initializer)
      >>> session.run(tf.scatter_nd_sub(v, [[1]], [9.0])).tolist()
      [1.0, -7.0]
    """
    return scattered("NdSub", ref, indices, updates, use_locking, name)
