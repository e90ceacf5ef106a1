"""Tensors with a border: of one value, or mirrored from the inside; paddings for whole blocks."""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import shape_error, with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.filling import neutral, zeros
from pantarhei.ops.array.indexing import slice
from pantarhei.ops.array.joining import part, stack
from pantarhei.ops.array.shapes import shape
from pantarhei.ops.array.splitting import unstack
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value


class Padded(OpDef, abstract=True):
    """What all kinds of padding have in common: the shape rule and the look at the paddings."""

    sign = 1  # -1 where the border is taken off again

    def infer(self, op: Operation) -> list[TensorShape]:
        paddings = with_rank(op, 1, 2)
        if paddings.as_list()[1] not in (None, 2):
            raise shape_error(op, f"Dimension must be 2 but is {paddings.as_list()[1]}")
        rank = paddings.as_list()[0]
        given = op.inputs[0].shape
        if given.ndims is not None and rank is not None and given.ndims != rank:
            raise shape_error(op, f"Shape must be rank {rank} but is rank {given.ndims}")
        rank = given.ndims if rank is None else rank
        values = constant_value(op.inputs[1])
        if rank is None or values is None:
            return [unknown_shape(rank)]
        if (values < 0).any():
            raise shape_error(op, "Paddings must be non-negative", (1,))
        extents = given.with_rank(rank).as_list()
        borders = [self.sign * int(pair.sum()) for pair in values]
        return [
            TensorShape(
                None if n is None else n + border
                for n, border in zip(extents, borders, strict=True)
            )
        ]

    @staticmethod
    def pairs(b: Builder, x: Value, paddings: Value) -> list[tuple[int, int]]:
        """What is added before and after, on each axis."""
        values = b.static(paddings)
        if values.shape != (x.ndim, 2):
            listed = ",".join(map(str, values.shape))
            raise ProgramError(
                "The first dimension of paddings must be the rank of inputs"
                f"[{listed}] [{','.join(map(str, x.shape))}]"
            )
        for before, after in values:
            if before < 0 or after < 0:
                raise ProgramError(f"Paddings must be non-negative: {before} {after}")
        return [(int(before), int(after)) for before, after in values]


class Pad(Padded):
    """A border of zeros."""

    signature = "input: T, paddings: Tpaddings -> output: T | T: type | Tpaddings: index = int32"

    def grad(self, op: Operation, g: Any) -> Any:
        before = unstack(op.inputs[1], num=2, axis=1)[0]
        extents = shape(op.inputs[0], out_type=before.dtype)
        return [slice(g, before, extents), *[None] * (len(op.inputs) - 1)]

    def lower(self, b: Builder, op: Operation, x: Value, paddings: Value, *value: Value) -> Value:
        pairs = self.pairs(b, x, paddings)
        scalar = np.empty((), x.dtype)
        scalar[()] = neutral(x.dtype)
        return b.pad(
            x,
            value[0] if value else b.constant(scalar),
            low=tuple(before for before, _ in pairs),
            high=tuple(after for _, after in pairs),
            interior=(0,) * x.ndim,
        )


class PadV2(Pad):
    """A border of one value."""

    signature = (
        "input: T, paddings: Tpaddings, constant_values: T -> output: T | T: type "
        "| Tpaddings: index = int32"
    )


class MirrorPad(Padded):
    """A border mirrored from the inside."""

    signature = (
        "input: T, paddings: Tpaddings -> output: T | T: type | Tpaddings: index = int32 "
        "| mode: string"
    )

    def grad(self, op: Operation, g: Any) -> Any:
        result: Tensor = apply("MirrorPadGrad", g, op.inputs[1], mode=op.attributes["mode"])
        return result, None

    def lower(self, b: Builder, op: Operation, x: Value, paddings: Value) -> Value:
        pairs = self.pairs(b, x, paddings)
        # REFLECT leaves out the element at the edge, SYMMETRIC repeats it.
        skip = int(op.attributes["mode"] == "REFLECT")
        for axis, (before, after) in enumerate(pairs):
            extent = x.shape[axis]
            if max(before, after) > extent - skip:
                limit = "less than" if skip else "no greater than"
                fault = "not less than" if skip else "greater than"
                raise ProgramError(
                    f"paddings must be {limit} the dimension size: {before}, {after} {fault} "
                    f"{extent}"
                )
            pieces = [x]
            if before:
                pieces.insert(0, b.flip(part(b, x, axis, skip, skip + before), axes=(axis,)))
            if after:
                inside = part(b, x, axis, extent - skip - after, extent - skip)
                pieces.append(b.flip(inside, axes=(axis,)))
            x = b.concatenate(*pieces, axis=axis) if len(pieces) > 1 else x
        return x


class MirrorPadGrad(Padded):
    """The border of a gradient added to the inside from which it was mirrored."""

    signature = MirrorPad.signature
    sign = -1

    def grad(self, op: Operation, g: Any) -> Any:
        result: Tensor = apply("MirrorPad", g, op.inputs[1], mode=op.attributes["mode"])
        return result, None

    def lower(self, b: Builder, op: Operation, x: Value, paddings: Value) -> Value:
        skip = int(op.attributes["mode"] == "REFLECT")
        zero = b.constant(np.zeros((), x.dtype))
        for axis, (before, after) in enumerate(self.pairs(b, x, paddings)):
            extent = x.shape[axis] - before - after
            inside = part(b, x, axis, before, before + extent)
            for start, length, place in (
                (0, before, skip),
                (before + extent, after, extent - skip - after),
            ):
                if length:
                    border = b.flip(part(b, x, axis, start, start + length), axes=(axis,))
                    low, high = [0] * x.ndim, [0] * x.ndim
                    low[axis], high[axis] = place, extent - place - length
                    placed = b.pad(
                        border, zero, low=tuple(low), high=tuple(high), interior=(0,) * x.ndim
                    )
                    inside = b.add(inside, placed)
            x = inside
        return x


def pad(
    tensor: Any,
    paddings: Any,
    mode: str = "CONSTANT",
    name: str | None = None,
    constant_values: Any = 0,
) -> Tensor:
    """`tensor` with a border.

    Args:
      tensor: a tensor.
      paddings: an integer matrix: what is added before and after, for each axis.
      mode: "CONSTANT", "REFLECT" (mirrored without the edge) or "SYMMETRIC" (mirrored with it).
      name: name of the operation.
      constant_values: what a constant border holds.

    Raises:
      ValueError: an unknown mode, or paddings known not to fit. InvalidArgumentError: they turn out
      not to fit.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.pad([[1, 2, 3]], [[0, 0], [2, 2]], "REFLECT"))
      array([[3, 2, 1, 2, 3, 2, 1]], dtype=int32)
    """
    mode = mode.upper()
    result: Tensor
    if mode == "CONSTANT":
        if (
            not isinstance(constant_values, Tensor)
            and np.ndim(constant_values) == 0
            and (constant_values == 0)
        ):
            result = apply("Pad", tensor, paddings, name=name)
        else:
            result = apply("PadV2", tensor, paddings, constant_values, name=name)
    elif mode in ("REFLECT", "SYMMETRIC"):
        result = apply("MirrorPad", tensor, paddings, mode=mode, name=name)
    else:
        raise ValueError(f"Unknown padding mode: {mode}")
    return result


def required_space_to_batch_paddings(
    input_shape: Any, block_shape: Any, base_paddings: Any = None, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """The least paddings, and crops, for which blocks divide space.

    Args:
      input_shape: extents of space.
      block_shape: extents of a block.
      base_paddings: what is padded in any case, before and after each axis; 0 by default.
      name: name of the operations.

    Returns:
      Paddings for `space_to_batch_nd` and crops for `batch_to_space_nd`.

    Example:
      >>> import pantarhei as tf
      >>> paddings, crops = tf.required_space_to_batch_paddings([5], [2])
      >>> tf.Session().run([paddings, crops])
      [array([[0, 1]], dtype=int32), array([[0, 1]], dtype=int32)]
    """
    with name_scope(name, "required_space_to_batch_paddings", [input_shape, block_shape]):
        sizes: Any = convert_to_tensor(input_shape, dtypes.int32, name="input_shape")
        block: Any = convert_to_tensor(block_shape, dtypes.int32, name="block_shape")
        block.shape.assert_is_fully_defined()
        block.shape.assert_has_rank(1)
        count = block.shape.as_list()[0]
        if count == 0:
            return zeros([0, 2], dtypes.int32), zeros([0, 2], dtypes.int32)
        sizes.shape.assert_is_compatible_with([count])
        if base_paddings is None:
            pairs: Any = zeros([count, 2], dtypes.int32)
        else:
            pairs = convert_to_tensor(base_paddings, dtypes.int32, name="base_paddings")
            pairs.shape.assert_is_compatible_with([count, 2])
        known = [constant_value(each) for each in (sizes, block, pairs)]
        if all(each is not None for each in known):
            sizes, block, pairs = known
        before, after = pairs[:, 0], pairs[:, 1]
        padded = sizes + before + after
        extra = (block - padded % block) % block
        after = after + extra
        paddings = stack([[before[axis], after[axis]] for axis in range(count)], name="paddings")
        crops = stack([[0, extra[axis]] for axis in range(count)], name="crops")
        return paddings, crops
