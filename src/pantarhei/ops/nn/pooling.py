"""Pooling: the maximum or the mean of every window, and the gradients.

A gradient of a maximum goes to where the maximum was, the first one of equal ones; so the gradient
of that gradient takes from there. A mean counts only what lies inside the tensor, not its padding.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import merged, shape_from, with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.filling import zeros
from pantarhei.ops.array.identity import stop_gradient
from pantarhei.ops.array.shapes import expand_dims, renamed, shape, squeeze
from pantarhei.ops.nn.window_geometry import (
    channel_axis,
    check_choice,
    checked_sizes,
    padding_pairs,
    per_axis,
    windowed,
)
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value

_FLOATING = "{float16, bfloat16, float32, float64}"
_POOLED = "{float16, bfloat16, float32, float64, int32, int64, uint8, int16, int8, uint16}"
_ATTRIBUTES = (
    "ksize: list(int) | strides: list(int) | padding: string | data_format: string = 'NHWC'"
)


def pooled_shape(op: Operation) -> TensorShape:
    """The shape of the output, from the window, strides and padding."""
    x = with_rank(op, 0, 4).as_list()
    windows = checked_sizes(op, "ksize", 4)
    strides = checked_sizes(op, "strides", 4)
    padding = op.attributes["padding"]
    return TensorShape(
        [windowed(op, *each, padding) for each in zip(x, windows, strides, strict=True)]
    )


def windows_of(op: Operation, extents: tuple[int, ...]) -> dict[str, Any]:
    """The primitives' attributes; raises where TensorFlow's kernels do."""
    window, strides = op.attributes["ksize"], op.attributes["strides"]
    if op.attributes.get("data_format", "NHWC") != "NHWC":
        kind = "Avg" if op.type.startswith("Avg") else "Max"
        raise ProgramError(f"Default {kind}PoolingOp only supports NHWC on device type CPU")
    if len(extents) != 4:
        raise ProgramError("tensor_in must be 4-dimensional")
    if window[0] != 1 or strides[0] != 1:
        raise ProgramError(
            "Pooling is not yet supported on the batch dimension.", "UnimplementedError"
        )
    if window[3] != 1 and window[1:3] != [1, 1]:
        raise ProgramError(
            "MaxPooling supports exactly one of pooling across depth or pooling across "
            "width/height.",
            "UnimplementedError",
        )
    pairs = padding_pairs(extents, window, strides, op.attributes["padding"])
    return {"window": tuple(window), "strides": tuple(strides), "padding": pairs}


def _again(op: Operation, op_type: str, *inputs: Any) -> Tensor:
    """An operation with the same windows."""
    names = ("ksize", "strides", "padding", "data_format")
    tensor: Tensor = apply(op_type, *inputs, **{key: op.attributes[key] for key in names})
    return tensor


def _zeros_of(tensor: Tensor) -> Tensor:
    return zeros(shape=shape(tensor), dtype=tensor.dtype)


def taken_at(b: Builder, x: Value, positions: Value) -> Value:
    """The elements of the flattened tensor at positions of any shape."""
    flat = b.reshape(positions, shape=(positions.size, 1))
    found = b.gather_nd(b.reshape(x, shape=(x.size,)), flat)
    return b.reshape(found, shape=positions.shape)


def put_at(b: Builder, g: Value, positions: Value, extents: tuple[int, ...]) -> Value:
    """Zeros of a shape with the elements added at positions of the flattened result."""
    size = int(np.prod(extents))
    base = b.broadcast_to(b.constant(0, g.dtype), shape=(size,))
    flat = b.reshape(positions, shape=(positions.size, 1))
    result = b.scatter(base, flat, b.reshape(g, shape=(g.size,)), combine="add")
    return b.reshape(result, shape=extents)


class MaxPool(OpDef):
    """The maximum of every window."""

    signature = f"input: T -> output: T | T: {_POOLED} = float32 | {_ATTRIBUTES}"

    def infer(self, op: Operation) -> list[TensorShape]:
        return [pooled_shape(op)]

    def grad(self, op: Operation, g: Tensor) -> Tensor:
        return _again(op, "MaxPoolGrad", op.inputs[0], op.outputs[0], g)

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        return b.window_max(x, **windows_of(op, x.shape))


class MaxPoolGrad(OpDef):
    """The gradient of MaxPool: what comes in goes to the first maximum of each window."""

    signature = (
        f"orig_input: T, orig_output: T, grad: T -> output: T | {_ATTRIBUTES} | T: real = float32"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        return [with_rank(op, 0, 4)]

    def grad(self, op: Operation, g: Tensor) -> list[Tensor]:
        x, y, _ = op.inputs
        return [_zeros_of(x), _zeros_of(y), _again(op, "MaxPoolGradGrad", x, y, g)]

    def lower(self, b: Builder, op: Operation, x: Value, y: Value, g: Value) -> Value:
        return put_at(b, g, b.window_argmax(x, **windows_of(op, x.shape)), x.shape)


class MaxPoolGradGrad(OpDef):
    """The gradient of MaxPoolGrad: what comes in is taken at the first maximum of each window."""

    signature = f"orig_input: T, orig_output: T, grad: T -> output: T | {_ATTRIBUTES} | T: real"

    def infer(self, op: Operation) -> list[TensorShape]:
        merged(op, op.inputs[0].shape, op.inputs[2].shape)
        return [merged(op, pooled_shape(op), op.inputs[1].shape)]

    def grad(self, op: Operation, g: Tensor) -> list[Tensor]:
        x, y, _ = op.inputs
        return [_zeros_of(x), _zeros_of(y), _again(op, "MaxPoolGrad", x, y, g)]

    def lower(self, b: Builder, op: Operation, x: Value, y: Value, g: Value) -> Value:
        return taken_at(b, g, b.window_argmax(x, **windows_of(op, x.shape)))


def _counts(extents: tuple[int, ...], windows: dict[str, Any], dtype: Any) -> Any:
    """How many elements of a tensor, padding not counted, each window holds."""
    counts: Any = np.ones((), np.int64)
    each = zip(extents, windows["window"], windows["strides"], windows["padding"], strict=True)
    for axis, (extent, window, stride, (before, after)) in enumerate(each):
        count = max((extent + before + after - window) // stride + 1, 0)
        starts = np.arange(count) * stride - before
        inside = np.minimum(starts + window, extent) - np.maximum(starts, 0)
        counts = counts * inside.reshape(
            [-1 if each == axis else 1 for each in range(len(extents))]
        )
    return counts.astype(dtype)


class AvgPool(OpDef):
    """The mean of every window."""

    signature = f"value: T -> output: T | {_ATTRIBUTES} | T: {_FLOATING}"

    def infer(self, op: Operation) -> list[TensorShape]:
        return [pooled_shape(op)]

    def grad(self, op: Operation, g: Tensor) -> Tensor:
        return _again(op, "AvgPoolGrad", shape(op.inputs[0]), g)

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        windows = windows_of(op, x.shape)
        counts = b.constant(_counts(x.shape, windows, x.dtype))
        return b.divide(b.window_sum(x, **windows), counts)


class AvgPoolGrad(OpDef):
    """The gradient of AvgPool: what comes in is shared out evenly over each window."""

    signature = f"orig_input_shape: int32, grad: T -> output: T | {_ATTRIBUTES} | T: {_FLOATING}"

    def infer(self, op: Operation) -> list[TensorShape]:
        return [shape_from(op, 0).with_rank(4)]

    def grad(self, op: Operation, g: Tensor) -> list[Tensor]:
        return [stop_gradient(op.inputs[0]), _again(op, "AvgPool", g)]

    def lower(self, b: Builder, op: Operation, sizes: Value, g: Value) -> Value:
        extents = tuple(int(each) for each in b.static(sizes))
        windows = windows_of(op, extents)
        shares = b.divide(g, b.constant(_counts(extents, windows, g.dtype)))
        # The sum over all windows that hold an element is a sum over windows of the shares, laid
        # out with the stride as distance.
        low, high, interior = [], [], []
        each = zip(
            extents, g.shape, windows["window"], windows["strides"], windows["padding"], strict=True
        )
        for extent, count, window, stride, (before, _) in each:
            spread = max((count - 1) * stride + 1, 0)
            first = window - 1 - before
            low.append(first)
            interior.append(stride - 1)
            high.append(extent + window - 1 - first - spread)
        laid = _laid_out(b, shares, low, high, interior)
        ones = (1,) * len(extents)
        return b.window_sum(
            laid, window=windows["window"], strides=ones, padding=((0, 0),) * len(extents)
        )


def _laid_out(b: Builder, x: Value, low: list[int], high: list[int], interior: list[int]) -> Value:
    """`x` with zeros around and between; a negative count cuts off instead."""
    padded = b.pad(
        x,
        b.constant(0, x.dtype),
        low=tuple(max(each, 0) for each in low),
        high=tuple(max(each, 0) for each in high),
        interior=tuple(interior),
    )
    start = tuple(max(-each, 0) for each in low)
    stop = tuple(extent - max(-each, 0) for extent, each in zip(padded.shape, high, strict=True))
    return b.slice(padded, start=start, stop=stop, step=(1,) * x.ndim)


def _pool(
    op_type: str,
    value: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str,
    name: str | None,
) -> Tensor:
    check_choice(op_type, "padding", padding, ("SAME", "VALID"))
    check_choice(op_type, "data_format", data_format, ("NHWC", "NCHW", "NCHW_VECT_C"))
    tensor: Tensor = apply(
        op_type,
        value,
        ksize=ksize,
        strides=strides,
        padding=padding,
        data_format=data_format,
        name=name,
    )
    return tensor


def max_pool(
    value: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: Any = "NHWC",
    name: str | None = None,
    input: Any = None,
) -> Tensor:
    """The maximum of every window of images.

    Args:
      value: `[batch, height, width, channels]`, of a real dtype.
      ksize: extents of the window: one number, one for height and width each, or one for each axis.
      strides: steps of the window, given like `ksize`.
      padding: "SAME" (output extent = input extent / stride, rounded up) or "VALID" (windows stay
        inside).
      data_format: "NHWC"; "NCHW" can be described, not run.
      name: name of the operation; `MaxPool` by default.
      input: another name of `value`.

    Raises:
      ValueError: shapes, windows or padding that do not fit. UnimplementedError: windows over the
      batch, or over channels and space at once, when run.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.reshape([1.0, 2.0, 3.0, 4.0], [1, 2, 2, 1])
      >>> tf.Session().run(tf.nn.max_pool(x, ksize=2, strides=2, padding="VALID")).item()
      4.0
    """
    value = renamed("input", input, "value", value)
    with name_scope(name, "MaxPool", [value]) as scope:
        data_format = "NHWC" if data_format is None else data_format
        channel = channel_axis(data_format, 2)
        ksize = per_axis(ksize, 2, channel, "ksize")
        strides = per_axis(strides, 2, channel, "strides")
        if any(each == 0 for each in ksize):
            raise ValueError("ksize cannot be zero.")
        return _pool("MaxPool", value, ksize, strides, padding, data_format, scope)


def avg_pool(
    value: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: Any = "NHWC",
    name: str | None = None,
    input: Any = None,
) -> Tensor:
    """The mean of every window of images; padding is not counted.

    Args:
      value: `[batch, height, width, channels]`, floating.
      ksize: extents of the window: one number, one for height and width each, or one for each axis.
      strides: steps of the window, given like `ksize`.
      padding: "SAME" or "VALID".
      data_format: "NHWC"; "NCHW" can be described, not run.
      name: name of the operation; `AvgPool` by default.
      input: another name of `value`.

    Raises:
      ValueError: shapes, windows or padding that do not fit.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.reshape([1.0, 2.0, 3.0, 4.0], [1, 2, 2, 1])
      >>> tf.Session().run(tf.nn.avg_pool(x, ksize=2, strides=2, padding="VALID")).item()
      2.5
    """
    with name_scope(name, "AvgPool", [value]) as scope:
        value = renamed("input", input, "value", value)
        data_format = "NHWC" if data_format is None else data_format
        channel = channel_axis(data_format, 2)
        ksize = per_axis(ksize, 2, channel, "ksize")
        strides = per_axis(strides, 2, channel, "strides")
        return _pool("AvgPool", value, ksize, strides, padding, data_format, scope)


def _pool1d(
    op_type: str,
    scope_name: str,
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: Any,
    name: str | None,
) -> Tensor:
    with name_scope(name, scope_name, [input]) as scope:
        data_format = "NWC" if data_format is None else data_format
        channel = channel_axis(data_format, 1)
        ksize = [1, *per_axis(ksize, 1, channel, "ksize")]
        strides = [1, *per_axis(strides, 1, channel, "strides")]
        added = 1 if data_format == "NWC" else 2
        layout = "NHWC" if data_format == "NWC" else "NCHW"
        images = expand_dims(input, added)
        return squeeze(_pool(op_type, images, ksize, strides, padding, layout, scope), added)


def max_pool1d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: Any = "NWC",
    name: str | None = None,
) -> Tensor:
    """The maximum of every window of sequences `[batch, width, channels]`; see `max_pool`.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.reshape([1.0, 3.0, 2.0], [1, 3, 1])
      >>> tf.Session().run(tf.nn.max_pool1d(x, 2, 1, "VALID"))[0, :, 0]
      array([3., 3.], dtype=float32)
    """
    return _pool1d("MaxPool", "MaxPool1d", input, ksize, strides, padding, data_format, name)


def avg_pool1d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: Any = "NWC",
    name: str | None = None,
) -> Tensor:
    """The mean of every window of sequences `[batch, width, channels]`; see `avg_pool`.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.reshape([1.0, 3.0, 2.0], [1, 3, 1])
      >>> tf.Session().run(tf.nn.avg_pool1d(x, 2, 1, "VALID"))[0, :, 0]
      array([2. , 2.5], dtype=float32)
    """
    return _pool1d("AvgPool", "AvgPool1D", input, ksize, strides, padding, data_format, name)
