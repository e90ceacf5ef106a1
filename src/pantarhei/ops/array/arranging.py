"""Operations that put elements in another order: reverse and roll."""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.definitions.opdef import OpDef, apply, first_input_shape
from pantarhei.graph.definitions.shape_rules import (
    merged,
    merged_extents,
    shape_error,
    with_rank,
    with_rank_at_least,
)
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.joining import part
from pantarhei.ops.array.shapes import renamed
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Array, ProgramError, Value


class ReverseV2(OpDef):
    """A tensor with the order of its elements reversed along some axes."""

    signature = (
        "tensor: T, axis: Tidx -> output: T | Tidx: index = int32 | T: {uint8, int8, uint16, "
        "int16, int32, int64, bool, bfloat16, float16, float32, float64, complex64, complex128, "
        "string}"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        given, axes = op.inputs[0].shape, constant_value(op.inputs[1])
        with_rank(op, 1, 1)
        if given.ndims is None or axes is None:
            return [given]
        seen = set()
        for index, axis in enumerate(axes.tolist()):
            if not -given.ndims <= axis < given.ndims:
                raise shape_error(
                    op,
                    f"'axis'[{index}] = {axis} is out of valid range [0, {given.ndims - 1}",
                    (1,),
                )
            if axis % given.ndims in seen:
                raise shape_error(op, f"axis {axis % given.ndims} specified more than once.", (1,))
            seen.add(axis % given.ndims)
        return [given]

    def grad(self, op: Operation, g: Any) -> Any:
        return reverse(g, op.inputs[1]), None

    def lower(self, b: Builder, op: Operation, x: Value, axis: Value) -> Value:
        axes = []
        for index, each in enumerate(b.static(axis).tolist()):
            if not -x.ndim <= each < x.ndim:
                raise ProgramError(
                    f"'axis'[{index}] = {each} is out of valid range [0, {x.ndim - 1}"
                )
            if each % x.ndim in axes:
                raise ProgramError(f"axis {each % x.ndim} specified more than once.")
            axes.append(each % x.ndim)
        return b.flip(x, axes=tuple(sorted(axes))) if axes else x


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Tensor:
    """`tensor` with the order of its elements reversed along the given axes.

    Args:
      tensor: a tensor.
      axis: a list of axes; negative ones count from the end.
      name: name of the operation.

    Raises:
      ValueError: an axis does not fit the rank, or is there twice.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.reverse([[1, 2], [3, 4]], [1]))
      array([[2, 1],
             [4, 3]], dtype=int32)
    """
    result: Tensor = apply("ReverseV2", tensor, axis, name=name)
    return result


class ReverseSequence(OpDef):
    """The first elements along an axis reversed: how many, each item of a batch says."""

    signature = (
        "input: T, seq_lengths: Tlen -> output: T | seq_dim: int | batch_dim: int = 0 | T: type "
        "| Tlen: index = int64"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        given, lengths = op.inputs[0].shape, with_rank(op, 1, 1)
        if given.ndims is None:
            return [given]
        sequence, batch = op.attributes["seq_dim"], op.attributes["batch_dim"]
        if batch >= given.ndims:
            raise shape_error(op, f"batch_dim must be < input rank: {batch} vs. {given.ndims}")
        if sequence >= given.ndims:
            raise shape_error(op, f"seq_dim must be < input rank: {sequence} vs. {given.ndims}")
        extent = merged_extents(op, given.as_list()[batch], lengths.as_list()[0])
        return [given[:batch].concatenate([extent]).concatenate(given[batch + 1 :])]

    def grad(self, op: Operation, g: Any) -> Any:
        batch, sequence = op.attributes["batch_dim"], op.attributes["seq_dim"]
        return reverse_sequence(g, op.inputs[1], sequence, batch), None

    def lower(self, b: Builder, op: Operation, x: Value, lengths: Value) -> Value:
        sequence, batch = op.attributes["seq_dim"], op.attributes["batch_dim"]
        for name, axis in (("batch_dim", batch), ("seq_dim", sequence)):
            if axis >= x.ndim:
                raise ProgramError(f"{name} must be < input rank ( {axis} vs. {x.ndim})")
        if batch == sequence:
            raise ProgramError(f"batch_dim == seq_dim == {sequence}")
        if lengths.shape != (x.shape[batch],):
            raise ProgramError(
                f"Length of seq_lengths != input.dims({batch}), ({lengths.size} vs. "
                f"{x.shape[batch]})"
            )
        items, steps = x.shape[batch], x.shape[sequence]
        order = [batch, sequence, *(a for a in range(x.ndim) if a not in (batch, sequence))]
        moved = b.transpose(x, permutation=tuple(order))
        lengths = b.cast(lengths, dtype=np.dtype(np.int64))
        message = f"seq_lens({{offset}}) > input.dims({sequence})"
        lengths = b.check_range(lengths, limit=steps + 1, low=-(2**62), message=message)
        message = "seq_lens({offset}) < 0"
        lengths = b.check_range(lengths, limit=steps + 1, low=0, message=message)
        column = b.reshape(lengths, shape=(items, 1))
        step = b.reshape(b.iota(size=steps, dtype=np.dtype(np.int64)), shape=(1, steps))
        mirrored = b.subtract(b.subtract(column, step), 1)
        taken = b.where(b.less(step, column), mirrored, step)
        item = b.reshape(b.iota(size=items, dtype=np.dtype(np.int64)), shape=(items, 1))
        pairs = [
            b.reshape(b.broadcast_to(each, shape=(items, steps)), shape=(items, steps, 1))
            for each in (item, taken)
        ]
        reversed_ = b.gather_nd(moved, b.concatenate(*pairs, axis=2))
        return b.transpose(reversed_, permutation=tuple(int(a) for a in np.argsort(order)))


def reverse_sequence(
    input: Any,
    seq_lengths: Any,
    seq_axis: int | None = None,
    batch_axis: int | None = None,
    name: str | None = None,
    seq_dim: int | None = None,
    batch_dim: int | None = None,
) -> Tensor:
    """`input` with the first `seq_lengths[i]` elements along `seq_axis` reversed, for item i.

    Args:
      input: a tensor.
      seq_lengths: an integer vector, one element for each item of the batch.
      seq_axis: the axis that is reversed.
      batch_axis: the axis that counts the items; 0 by default.
      name: name of the operation.
      seq_dim: the old name of `seq_axis`.
      batch_dim: the old name of `batch_axis`.

    Raises:
      ValueError: the shapes are known not to fit. InvalidArgumentError: a length is out of range.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.reverse_sequence([[1, 2, 3], [4, 5, 6]], [2, 3], seq_axis=1))
      array([[2, 1, 3],
             [6, 5, 4]], dtype=int32)
    """
    result: Tensor = apply(
        "ReverseSequence",
        input,
        seq_lengths,
        seq_dim=renamed("seq_axis", seq_axis, "seq_dim", seq_dim),
        batch_dim=renamed("batch_axis", batch_axis, "batch_dim", batch_dim),
        name=name,
    )
    return result


class Roll(OpDef):
    """A tensor shifted along axes; what leaves at one end comes in at the other."""

    signature = (
        "input: T, shift: Tshift, axis: Taxis -> output: T | T: type | Tshift: index | Taxis: index"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank_at_least(op, 0, 1)
        for index in (1, 2):
            given = op.inputs[index].shape
            if given.ndims is not None and given.ndims > 1:
                raise shape_error(op, f"Shape must be at most rank 1 but is rank {given.ndims}")
        merged(op, op.inputs[1].shape, op.inputs[2].shape)
        return first_input_shape(op)

    def grad(self, op: Operation, g: Any) -> Any:
        return roll(g, -op.inputs[1], op.inputs[2]), None, None

    def lower(self, b: Builder, op: Operation, x: Value, shift: Value, axis: Value) -> Value:
        shifts, axes = (self._listed(b.static(each)) for each in (shift, axis))
        if x.ndim < 1:
            raise ProgramError("input must be 1-D or higher")
        if len(shifts) != len(axes):
            raise ProgramError("shift and axis must have the same size")
        for each, by in zip(axes, shifts, strict=True):
            if not -x.ndim <= each < x.ndim:
                raise ProgramError(f"axis {each} is out of range")
            extent = x.shape[each]
            cut = (extent - by) % extent if extent else 0
            if cut:
                parts = part(b, x, each % x.ndim, cut, extent), part(b, x, each % x.ndim, 0, cut)
                x = b.concatenate(*parts, axis=each % x.ndim)
        return x

    @staticmethod
    def _listed(value: Array) -> list[int]:
        return [int(each) for each in value.ravel()]


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Tensor:
    """`input` shifted along axes; what leaves at one end comes in at the other.

    Args:
      input: a tensor.
      shift: by how much, towards larger positions; one number or one for each axis.
      axis: along which axes.
      name: name of the operation.

    Raises:
      InvalidArgumentError: an axis does not fit, or there are not as many shifts as axes.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.roll([0, 1, 2, 3, 4], 2, 0))
      array([3, 4, 0, 1, 2], dtype=int32)
    """
    result: Tensor = apply("Roll", input, shift, axis, name=name)
    return result
