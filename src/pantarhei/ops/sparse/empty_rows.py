"""Empty rows of sparse tensors filled with a default element."""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import merged_extents, with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.sparse_tensor import SparseTensor
from pantarhei.ops.host.results import host_results
from pantarhei.ops.sparse.parts import rank_from
from pantarhei.ops.sparse.rows import (
    check_counts,
    count_of,
    extents_of,
)
from pantarhei.ops.sparse.tensors import as_sparse
from pantarhei.program.ir import Array, ProgramError, Type, Value


class SparseFillEmptyRows(OpDef):
    """An element in each row: a default where there was none."""

    signature = (
        "indices: int64, values: T, dense_shape: int64, default_value: T "
        "-> output_indices: int64, output_values: T, empty_row_indicator: bool, "
        "reverse_index_map: int64 | T: type"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        count = count_of(op, 0, 1)
        rank = rank_from(op, 2)
        merged_extents(op, extents_of(op, 0, 2)[1], rank)
        with_rank(op, 3, 0)
        shape = constant_value(op.inputs[2])
        rows = None if shape is None else int(shape[0])
        return [
            TensorShape([None, rank]),
            TensorShape([None]),
            TensorShape([rows]),
            TensorShape([count]),
        ]

    def grad(self, op: Operation, _: Any, g: Any, *__: Any) -> Any:
        values, default = apply("SparseFillEmptyRowsGrad", op.outputs[3], g)
        return None, values, None, default

    def lower(self, b: Any, op: Operation, *inputs: Value) -> list[Value]:
        check_counts(*inputs[:2])
        return host_results(b, _filled, inputs)


def _filled(rows: Array, elements: Array, shape: Array, default: Array) -> list[Array]:
    count = int(shape[0])
    if not count and len(rows):
        raise ProgramError(
            f"Received SparseTensor with dense_shape[0] = 0 but indices.shape[0] = {len(rows)}"
        )
    numbers = rows[:, 0]
    for place in np.flatnonzero((numbers < 0) | (numbers >= count))[:1]:
        number = numbers[place]
        relation = f"{number} < 0" if number < 0 else f"{number} >= {count}"
        raise ProgramError(f"indices({place}, 0) is invalid: {relation}")
    empty = np.bincount(numbers, minlength=count) == 0
    added = np.zeros((int(empty.sum()), rows.shape[1]), rows.dtype)
    added[:, 0] = np.flatnonzero(empty)
    order = np.argsort(np.concatenate([numbers, added[:, 0]]), kind="stable")
    others = np.full(len(added), default, elements.dtype)
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return [
        np.concatenate([rows, added])[order],
        np.concatenate([elements, others])[order],
        empty,
        back[: len(rows)],
    ]


class SparseFillEmptyRowsGrad(OpDef):
    """What flows back to the elements that were there, and the rest to the default."""

    signature = (
        "reverse_index_map: int64, grad_values: T -> d_values: T, d_default_value: T | T: type"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 1, 1)
        return [with_rank(op, 0, 1), TensorShape([])]

    def lower(self, b: Any, op: Operation, places: Value, grads: Value) -> list[Value]:
        def parted(back: Array, flowing: Array) -> list[Array]:
            rest = np.ones(len(flowing), bool)
            rest[back] = False
            return [flowing[back], np.asarray(flowing[rest].sum(dtype=flowing.dtype))]

        types = [Type(grads.dtype, places.shape), Type(grads.dtype, ())]
        return host_results(b, parted, [places, grads], types)


def sparse_fill_empty_rows(
    sp_input: Any, default_value: Any, name: str | None = None
) -> tuple[SparseTensor, Tensor]:
    """A sparse tensor in which each row has an element.

    Args:
      sp_input: a SparseTensor.
      default_value: a scalar: the element, in the first column, of rows that had none.
      name: name of the scope.

    Returns:
      The filled tensor, and a boolean vector that marks the rows without elements.

    Raises:
      TypeError: `sp_input` is not sparse.
      tf.errors.InvalidArgumentError: when it runs and a position is out of range.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 2]], [5], [2, 3])
      >>> filled, empty = tf.Session().run(tf.sparse_fill_empty_rows(x, -1))
      >>> filled.values, empty
      (array([ 5, -1], dtype=int32), array([False,  True]))
    """
    sparse = as_sparse(sp_input)
    with name_scope(name, "SparseFillEmptyRows", [sparse.indices]):
        default_value = convert_to_tensor(default_value, sparse.dtype.base_dtype)
        indices, values, empty, _ = apply(
            "SparseFillEmptyRows", sparse.indices, sparse.values, sparse.dense_shape, default_value
        )
        return SparseTensor(indices, values, sparse.dense_shape), empty
