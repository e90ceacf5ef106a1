"""Rows of one table, or of a table kept in several parts, looked up by their numbers.

Parts lie where their variables are, and the gradient of each is an IndexedSlices of the rows used.
"""

from __future__ import annotations

from typing import Any

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.convert import convert_n_to_tensor, convert_to_tensor
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import colocate_with, name_scope
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.filling import range as count_up
from pantarhei.ops.array.identity import identity
from pantarhei.ops.array.indexing import gather
from pantarhei.ops.array.joining import concat, stack
from pantarhei.ops.array.partitioning import dynamic_partition, parallel_dynamic_stitch
from pantarhei.ops.array.shapes import rank, reshape, shape, size
from pantarhei.ops.math.binary import maximum
from pantarhei.ops.math.clip import clip_by_norm
from pantarhei.ops.math.comparison import where
from pantarhei.ops.math.reductions import reduce_sum


def _as_parts(params: Any) -> list[Any]:
    if params is None:
        raise ValueError("params must be specified")
    if isinstance(params, (list, tuple)) and not params:
        raise ValueError("Need at least one param")
    if hasattr(params, "_get_variable_list"):  # a variable kept in parts
        return list(params)
    return list(params) if isinstance(params, list) else [params]


def _clipped(rows: Tensor, ids: Any, max_norm: Any) -> Tensor:
    """Rows shortened to a norm; the axes of a row are those after the axes of the ids."""
    if max_norm is None:
        return rows
    static = [tensor.shape.ndims or None for tensor in (ids, rows)]
    first: Any
    last: Any
    first, last = (
        rank(tensor) if known is None else known
        for tensor, known in zip((ids, rows), static, strict=True)
    )
    axes: Any = list(range(first, last)) if None not in static else count_up(first, last)
    result: Tensor = clip_by_norm(rows, max_norm, axes=axes)
    return result


def _dealt_evenly(flat: Tensor, params: list[Any]) -> tuple[Tensor, Tensor]:
    """For each number its part and its row there, where parts take turns."""
    return flat % len(params), flat // len(params)


def _dealt_in_blocks(flat: Tensor, params: list[Any]) -> tuple[Tensor, Tensor]:
    """For each number its part and its row there, where parts are ranges, the first ones longer."""
    extents = [each.shape.as_list()[0] if each.shape.ndims else None for each in params]
    total: Tensor
    if None in extents:
        sizes: list[Any] = []
        for part, extent in zip(params, extents, strict=True):
            with colocate_with(part):
                sizes.append(shape(part)[0] if extent is None else extent)
        total = reduce_sum(cast(stack(sizes), flat.dtype))
    else:
        total = constant(sum(each for each in extents if each is not None), flat.dtype)
    least = total // len(params)
    longer = total % len(params)
    part = maximum(flat // (least + 1), (flat - longer) // least)
    return part, where(part < longer, flat % (least + 1), (flat - longer) % least)


def embedding_lookup(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: Any = None,
) -> Tensor:
    """The rows of a table at the numbers `ids`.

    Args:
      params: the table, or a list of its parts (tensors, variables, or a variable kept in parts).
      ids: int32 or int64 numbers of any shape.
      partition_strategy: how rows lie in several parts: "mod" (row i in part i % parts) or "div"
        (each part a range, the first ones one longer if it does not come out even).
      name: name of the operations; `embedding_lookup` by default.
      validate_indices: has no effect: numbers are always checked.
      max_norm: rows longer than this are shortened to it.

    Returns:
      A tensor of shape `shape(ids) + shape(params)[1:]`.

    Raises:
      ValueError: no params, or an unknown strategy. InvalidArgumentError: a number that is no row,
      when run.

    Example:
      >>> import pantarhei as tf
      >>> table = tf.constant([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
      >>> tf.Session().run(tf.nn.embedding_lookup(table, [2, 0]))
      array([[3., 3.],
             [1., 1.]], dtype=float32)
    """
    params = _as_parts(params)
    with name_scope(name, "embedding_lookup", [*params, ids]) as scope:
        if not any(hasattr(each, "sparse_read") for each in params):
            params = convert_n_to_tensor(params, name="params")
        ids = convert_to_tensor(ids, name="ids")
        if len(params) == 1:
            with colocate_with(params[0]):
                rows = _clipped(gather(params[0], ids, name=scope), ids, max_norm)
            return identity(rows)
        flat = reshape(ids, [-1])
        places = count_up(size(flat))
        if partition_strategy == "mod":
            part, row = _dealt_evenly(flat, params)
        elif partition_strategy == "div":
            part, row = _dealt_in_blocks(flat, params)
        else:
            raise ValueError(f"Unrecognized partition strategy: {partition_strategy}")
        part = cast(part, "int32")
        wanted = dynamic_partition(row, part, len(params))
        origins = dynamic_partition(places, part, len(params))
        found = []
        for table, numbers in zip(params, wanted, strict=True):
            with colocate_with(table):
                found.append(gather(table, numbers))
        rows = parallel_dynamic_stitch(origins, found, name=scope)
        return _clipped(_shaped(rows, ids, params), ids, max_norm)


def _shaped(rows: Tensor, ids: Tensor, params: list[Any]) -> Tensor:
    """The flat list of rows in the shape of the numbers."""
    element: TensorShape = params[0].shape[1:]
    for part in params[1:]:
        element = element.merge_with(part.shape[1:])
    extents: Any = element
    if not element.is_fully_defined():
        with colocate_with(params[0]):
            whole = shape(params[0])
        extents = whole[1:]
    result = reshape(rows, concat([shape(ids), extents], 0))
    result.set_shape(ids.shape.concatenate(element))
    return result
