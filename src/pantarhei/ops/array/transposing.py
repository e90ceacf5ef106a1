"""Tensors with their axes in another order."""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import shape_error, with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.joining import concat
from pantarhei.ops.array.shapes import rank as rank_of
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value


class Transpose(OpDef):
    """A tensor with its axes in another order."""

    signature = "x: T, perm: Tperm -> y: T | T: type | Tperm: index = int32"

    def infer(self, op: Operation) -> list[TensorShape]:
        given, order = op.inputs[0].shape, constant_value(op.inputs[1])
        count = op.inputs[1].shape.num_elements()
        if given.ndims is None and count is None and order is None:
            return [unknown_shape()]
        rank = given.ndims if given.ndims is not None else count
        if rank is None:
            return [unknown_shape()]
        if given.ndims is None and rank < 2:
            return [given]  # one element may stand for a scalar or for a vector
        length = with_rank(op, 1, 1, (1,)).as_list()[0]
        if length not in (None, rank):
            raise shape_error(op, f"Dimension must be {rank} but is {length}", (1,))
        if order is None:
            return [unknown_shape(rank)]
        extents = given.with_rank(rank).as_list()
        for axis in order:
            if axis >= rank:
                raise shape_error(op, f"perm dim {axis} is out of range of input rank {rank}", (1,))
        return [TensorShape([extents[axis] if axis >= -rank else None for axis in order])]

    def grad(self, op: Operation, g: Any) -> Any:
        order: Tensor = apply("InvertPermutation", op.inputs[1])
        return apply(self.type, g, order), None

    def lower(self, b: Builder, op: Operation, x: Value, perm: Value) -> Value:
        order = [int(axis) for axis in b.static(perm)]
        if len(order) != x.ndim:
            raise ProgramError(
                f"transpose expects a vector of size {x.ndim}. But input(1) is a vector of size "
                f"{len(order)}"
            )
        for axis in order:
            if not 0 <= axis < x.ndim:
                raise ProgramError(f"{axis} is out of range [0 .. {x.ndim})")
        for axis in range(x.ndim):
            if axis not in order:
                listed = ",".join(map(str, order))
                raise ProgramError(f"{axis} is missing from {{{listed}}}.")
        return b.transpose(x, permutation=tuple(order))


class ConjugateTranspose(Transpose):
    """A tensor with its axes in another order and its elements conjugated."""

    def lower(self, b: Builder, op: Operation, x: Value, perm: Value) -> Value:
        result = super().lower(b, op, x, perm)
        return b.conj(result) if np.issubdtype(x.dtype, np.complexfloating) else result


def transpose(a: Any, perm: Any = None, name: str = "transpose", conjugate: bool = False) -> Tensor:
    """`a` with its axes in another order.

    Args:
      a: a tensor.
      perm: axis i of the result is axis `perm[i]` of `a`; by default the order is reversed.
      name: name of the operation.
      conjugate: whether complex elements are conjugated too.

    Raises:
      ValueError: `perm` does not fit the rank. InvalidArgumentError: it is no permutation.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.transpose([[1, 2, 3], [4, 5, 6]]))
      array([[1, 4],
             [2, 5],
             [3, 6]], dtype=int32)
    """
    with name_scope(name, "transpose", [a]) as scope:
        kind = "ConjugateTranspose" if conjugate and a.dtype.is_complex else "Transpose"
        result: Tensor
        if perm is not None:
            result = apply(kind, a, perm, name=scope)
            return result
        a = convert_to_tensor(a, name="a")
        if a.shape.ndims:
            perm = np.arange(a.shape.ndims)[::-1].astype(np.int32)
        else:
            rank: Tensor = apply("Rank", a)
            perm = rank - 1 - apply("Range", 0, rank, 1)
        result = apply(kind, a, perm, name=scope)
        if a.shape.ndims is not None:
            result.set_shape(a.shape.as_list()[::-1])
        return result


def matrix_transpose(a: Any, name: str = "matrix_transpose", conjugate: bool = False) -> Tensor:
    """`a` with its last two axes exchanged: each matrix of a stack transposed.

    Args:
      a: a tensor of rank 2 or more.
      name: name of the scope.
      conjugate: whether complex elements are conjugated too.

    Raises:
      ValueError: the rank is known to be less than 2.

    Example:
      >>> import pantarhei as tf
      >>> tf.matrix_transpose(tf.zeros([5, 2, 3])).shape.as_list()
      [5, 3, 2]
    """
    with name_scope(name, values=[a]):
        a = convert_to_tensor(a, name="a")
        rank = a.shape.ndims
        perm: Any
        if rank is not None:
            if rank < 2:
                raise ValueError(
                    f"Argument 'a' should be a (batch) matrix, with rank >= 2.  Found: {a.shape}"
                )
            perm = [*range(rank - 2), rank - 1, rank - 2]
        else:
            axes = rank_of(a)
            perm = concat((apply("Range", 0, axes - 2, 1), [axes - 1, axes - 2]), 0)
        return transpose(a, perm=perm, conjugate=conjugate)
