"""Max pooling that also gives the positions of the maxima, in the flattened image or batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.shapes import renamed
from pantarhei.ops.nn.pooling import pooled_shape, put_at, taken_at, windows_of
from pantarhei.ops.nn.window_geometry import (
    check_choice,
)
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Value


class MaxPoolWithArgmax(OpDef):
    """The maximum of every window and where it is in the flattened image (or batch of images)."""

    signature = (
        "input: T -> output: T, argmax: Targmax | ksize: list(int) | strides: list(int) "
        "| Targmax: index = int64 | padding: string | include_batch_in_index: bool = False "
        "| T: real"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        return [pooled_shape(op)] * 2

    def grad(self, op: Operation, g: Tensor, _: Any) -> Tensor:
        names = ("ksize", "strides", "padding", "include_batch_in_index")
        kept = {key: op.attributes[key] for key in names}
        result: Tensor = apply("MaxPoolGradWithArgmax", op.inputs[0], g, op.outputs[1], **kept)
        return result

    def lower(self, b: Builder, op: Operation, x: Value) -> tuple[Value, Value]:
        positions = b.window_argmax(x, **windows_of(op, x.shape))
        output = taken_at(b, x, positions)
        if not op.attributes["include_batch_in_index"]:
            positions = b.subtract(positions, _first_of_image(b, x.shape))
        return output, b.cast(positions, dtype=op.outputs[1].dtype.numpy)


def _first_of_image(b: Builder, extents: tuple[int, ...]) -> Value:
    image = int(np.prod(extents[1:]))
    return b.constant((np.arange(extents[0]) * image).reshape(-1, 1, 1, 1))


class MaxPoolGradWithArgmax(OpDef):
    """The gradient of MaxPoolWithArgmax, which says itself where the maxima were."""

    signature = (
        "input: T, grad: T, argmax: Targmax -> output: T | ksize: list(int) "
        "| strides: list(int) | padding: string | include_batch_in_index: bool = False "
        "| Targmax: index | T: real"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        return [with_rank(op, 0, 4)]

    def lower(self, b: Builder, op: Operation, x: Value, g: Value, argmax: Value) -> Value:
        positions = b.cast(argmax, dtype=np.dtype(np.int64))
        if not op.attributes["include_batch_in_index"]:
            positions = b.add(positions, _first_of_image(b, x.shape))
        return put_at(b, g, positions, x.shape)


def max_pool_with_argmax(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: Any = "NHWC",
    Targmax: Any = None,
    name: str | None = None,
    output_dtype: Any = None,
    include_batch_in_index: bool = False,
) -> tuple[Tensor, Tensor]:
    """The maximum of every window of images, and its position.

    Args:
      input: `[batch, height, width, channels]`, of a real dtype.
      ksize: extents of the window, one for each axis.
      strides: steps of the window, one for each axis.
      padding: "SAME" or "VALID".
      data_format: "NHWC".
      Targmax: dtype of the positions, int64 by default, or int32.
      name: name of the operation; `MaxPoolWithArgmax` by default.
      output_dtype: another name of `Targmax`.
      include_batch_in_index: whether positions count from the first image, or each from its own.

    Returns:
      The maxima, and their positions in the flattened image (or batch).

    Raises:
      ValueError: another data format, or shapes that do not fit.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.reshape([1.0, 2.0, 4.0, 3.0], [1, 2, 2, 1])
      >>> largest, where = tf.nn.max_pool_with_argmax(x, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
      >>> tf.Session().run(where).item()
      2
    """
    if data_format != "NHWC":
        raise ValueError("Data formats other than 'NHWC' are not yet supported")
    targmax = renamed("output_dtype", output_dtype, "Targmax", Targmax)
    check_choice("MaxPoolWithArgmax", "padding", padding, ("SAME", "VALID"))
    values, positions = apply(
        "MaxPoolWithArgmax",
        input,
        ksize=ksize,
        strides=strides,
        padding=padding,
        Targmax=dtypes.int64 if targmax is None else targmax,
        include_batch_in_index=include_batch_in_index,
        name=name,
    )
    return values, positions
