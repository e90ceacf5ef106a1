"""Convolution operations: two- and three-dimensional, and depthwise.

Each comes in a family of three: the convolution and its gradients to input and filter, all linear,
so that the gradient of each is written in terms of the other two. What one class says holds for
every number of spatial axes. The public functions are in ops/nn/convolve.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.definitions.opdef import OpDef, apply, register
from pantarhei.graph.definitions.shape_rules import (
    merged_extents,
    shape_error,
    shape_from,
    shown,
    with_rank,
)
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.shapes import shape, shape_n
from pantarhei.ops.nn.window_geometry import (
    channel_axis,
    checked_sizes,
    padding_pairs,
    spatial_axes,
    windowed,
)
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Array, ProgramError, Value

FLOATING = "{float16, bfloat16, float32, float64}"


@dataclass(frozen=True)
class ConvolutionFamily:
    """A convolution and its two gradients."""

    forward: str
    input_gradient: str
    filter_gradient: str
    space: int
    attributes: str
    depthwise: bool = False
    sizes: str = "int32"

    def geometry(self, op: Operation, x: Any, w: Any) -> dict[str, Any]:
        """The primitives' attributes, given the concrete shapes of input and filter.

        Raises:
          ProgramError: for what TensorFlow's kernels on this processor do not do.
        """
        attributes = op.attributes
        strides, dilations = attributes["strides"], attributes["dilations"]
        layout, count = attributes["data_format"], self.space + 2
        for what, sizes in (("strides", strides), ("dilations", dilations)):
            if sizes[0] != 1 or sizes[channel_axis(layout, self.space)] != 1:
                raise ProgramError(
                    f"Current implementation does not yet support {what} in the batch and depth "
                    "dimensions."
                )
        if channel_axis(layout, self.space) == 1:
            usual = "NHWC" if self.space == 2 else "NDHWC"
            raise ProgramError(
                f"The {self.forward} op currently only supports the {usual} tensor format on the "
                f"CPU. The op was given the format: {layout}",
                kind="UnimplementedError",
            )
        for what, given in (("input", x), ("filter", w)):
            if len(given) != count:
                raise ProgramError(f"{what} must be {count}-dimensional{shown(given)}")
        if x[-1] != w[-2]:
            raise ProgramError(
                f"The {self.forward} op currently does not support grouped convolutions on the "
                "CPU. A grouped convolution was attempted to be run because the input depth of "
                f"{x[-1]} does not match the filter input depth of {w[-2]}",
                kind="UnimplementedError",
            )
        explicit = attributes.get("explicit_paddings") or [0] * 2 * count
        pairs = tuple(zip(explicit[2:-2:2], explicit[3:-2:2], strict=True))
        inner = slice(1, -1)
        return {
            "strides": tuple(strides[inner]),
            "dilations": tuple(dilations[inner]),
            "padding": padding_pairs(
                x[inner], w[:-2], strides[inner], attributes["padding"], dilations[inner], pairs
            ),
            "groups": x[-1] if self.depthwise else 1,
        }

    def filter_of_groups(self, extents: tuple[int, ...]) -> tuple[int, ...]:
        """The filter's shape as the primitives take it: one channel in for each group."""
        *kernel, channels, count = extents
        return (*kernel, 1, channels * count) if self.depthwise else extents

    def check_gradient(
        self, op: Operation, x: tuple[int, ...], w: tuple[int, ...], g: tuple[int, ...]
    ) -> dict[str, Any]:
        """`geometry`, after a look whether the incoming gradient is of the shape it implies."""
        geometry = self.geometry(op, x, w)
        kernel = op.type.replace("Conv2DBackprop", "Conv2DCustomBackprop")  # as TensorFlow calls it
        if g[0] != x[0]:
            raise ProgramError(f"{kernel}: input and out_backprop must have the same batch size")
        if g[-1] != self.filter_of_groups(w)[-1]:
            raise ProgramError(f"{kernel}: filter and out_backprop must have the same out_depth")
        for axis, (before, after) in enumerate(geometry["padding"]):
            reach = (w[axis] - 1) * geometry["dilations"][axis] + 1
            stride = geometry["strides"][axis]
            count = max((x[axis + 1] + before + after - reach) // stride + 1, 0)
            if g[axis + 1] != count:
                raise ProgramError(
                    f"{kernel}: Size of out_backprop doesn't match computed: actual = "
                    f"{g[axis + 1]}, computed = {count} spatial_dim: {axis + 1} input: "
                    f"{x[axis + 1]} filter: {w[axis]} output: {g[axis + 1]} stride: {stride} "
                    f"dilation: {geometry['dilations'][axis]}"
                )
        return geometry

    def apply(self, role: str, op: Operation, *inputs: Any) -> Tensor:
        """An operation of the same family with the same attributes."""
        kept = {key: op.attributes[key] for key in self.names()}
        tensor: Tensor = apply(getattr(self, role), *inputs, **kept)
        return tensor

    def names(self) -> list[str]:
        """The names of the attributes that the three have in common."""
        return [each.split(":")[0].strip() for each in self.attributes.split("|")]


def _sizes(b: Builder, value: Value) -> tuple[int, ...]:
    array: Array = b.static(value)
    return tuple(int(each) for each in array)


class ForwardConvolution(OpDef, abstract=True):
    """Windows of the input times the filter."""

    def __init__(self, family: ConvolutionFamily) -> None:
        self.type, self.family = family.forward, family
        self.signature = (  # type: ignore[misc]
            f"input: T, filter: T -> output: T | T: {FLOATING} | {family.attributes}"
        )

    def infer(self, op: Operation) -> list[TensorShape]:
        space, layout = self.family.space, op.attributes["data_format"]
        x = with_rank(op, 0, space + 2).as_list()
        w = with_rank(op, 1, space + 2).as_list()
        dilations = checked_sizes(op, "dilations", space + 2)
        strides = checked_sizes(op, "strides", space + 2)
        channels = channel_axis(layout, space)
        explicit = op.attributes.get("explicit_paddings") or [0] * 2 * (space + 2)
        if any(explicit[2 * axis] or explicit[2 * axis + 1] for axis in (0, channels)):
            raise shape_error(
                op, "Nonzero explicit padding in the batch or depth dimensions is not supported"
            )
        self._check_depth(op, x[channels], w[-2], w[-1])
        result: list[int | None] = [x[0]] * (space + 2)
        for place, axis in enumerate(spatial_axes(layout, space)):
            result[axis] = windowed(
                op,
                x[axis],
                w[place],
                strides[axis],
                op.attributes["padding"],
                dilations[axis],
                (explicit[2 * axis], explicit[2 * axis + 1]),
            )
        result[channels] = w[-1]
        if self.family.depthwise:
            depth = x[channels] if w[-2] is None else w[-2]
            last = w[-1]
            result[channels] = None if depth is None or last is None else depth * last
        return [TensorShape(result)]

    def _check_depth(
        self, op: Operation, depth: int | None, taken: int | None, given: int | None
    ) -> None:
        if self.family.depthwise or self.family.space != 2:
            merged_extents(op, depth, taken)
        elif depth is not None and taken is not None and (not taken or depth % taken):
            raise shape_error(
                op,
                f"Depth of input ({depth}) is not a multiple of input depth of filter ({taken})",
            )
        elif depth and taken and given is not None and given % (depth // taken):
            raise shape_error(
                op,
                f"Depth of output ({given}) is not a multiple of the number of groups "
                f"({depth // taken})",
            )

    def grad(self, op: Operation, g: Tensor) -> list[Any]:
        x, w = op.inputs
        sizes_of_x, sizes_of_w = shape_n([x, w])
        return [
            self.family.apply("input_gradient", op, sizes_of_x, w, g),
            self.family.apply("filter_gradient", op, x, sizes_of_w, g),
        ]

    def lower(self, b: Builder, op: Operation, x: Value, w: Value) -> Value:
        geometry = self.family.geometry(op, x.shape, w.shape)
        w = b.reshape(w, shape=self.family.filter_of_groups(w.shape))
        return b.conv(x, w, **geometry)


class InputGradient(OpDef, abstract=True):
    """The gradient of a convolution to its input; taken by itself, a transposed convolution."""

    def __init__(self, family: ConvolutionFamily) -> None:
        self.type, self.family = family.input_gradient, family
        self.signature = (  # type: ignore[misc]
            f"input_sizes: {family.sizes}, filter: T, out_backprop: T -> output: T "
            f"| T: {FLOATING} | {family.attributes}"
        )
        if family.sizes != "int32":
            self.signature += f" | {family.sizes}: index = int32"  # type: ignore[misc]

    def infer(self, op: Operation) -> list[TensorShape]:
        return [_with_rank(op, shape_from(op, 0), self.family.space + 2)]

    def grad(self, op: Operation, g: Tensor) -> list[Any]:
        _, w, incoming = op.inputs
        return [
            None,
            self.family.apply("filter_gradient", op, g, shape(w), incoming),
            self.family.apply("forward", op, g, w),
        ]

    def lower(self, b: Builder, op: Operation, sizes: Value, w: Value, g: Value) -> Value:
        x = _sizes(b, sizes)
        geometry = self.family.check_gradient(op, x, w.shape, g.shape)
        w = b.reshape(w, shape=self.family.filter_of_groups(w.shape))
        return b.conv_input_gradient(g, w, shape=x, **geometry)


class FilterGradient(OpDef, abstract=True):
    """The gradient of a convolution to its filter."""

    def __init__(self, family: ConvolutionFamily) -> None:
        self.type, self.family = family.filter_gradient, family
        self.signature = (  # type: ignore[misc]
            "input: T, filter_sizes: int32, out_backprop: T -> output: T "
            f"| T: {FLOATING} | {family.attributes}"
        )

    def infer(self, op: Operation) -> list[TensorShape]:
        return [_with_rank(op, shape_from(op, 1), self.family.space + 2)]

    def grad(self, op: Operation, g: Tensor) -> list[Any]:
        x, _, incoming = op.inputs
        return [
            self.family.apply("input_gradient", op, shape(x), g, incoming),
            None,
            self.family.apply("forward", op, x, g),
        ]

    def lower(self, b: Builder, op: Operation, x: Value, sizes: Value, g: Value) -> Value:
        w = _sizes(b, sizes)
        geometry = self.family.check_gradient(op, x.shape, w, g.shape)
        whole = self.family.filter_of_groups(w)
        return b.reshape(b.conv_filter_gradient(x, g, shape=whole, **geometry), shape=w)


def _with_rank(op: Operation, given: TensorShape, rank: int) -> TensorShape:
    if given.ndims not in (None, rank):
        raise shape_error(op, f"Shape must be rank {rank} but is rank {given.ndims}")
    return given.with_rank(rank)


_ATTRIBUTES_2D = (
    "strides: list(int) | use_cudnn_on_gpu: bool = True | padding: string "
    "| explicit_paddings: list(int) = [] | data_format: string = 'NHWC' "
    "| dilations: list(int) = [1, 1, 1, 1]"
)
_ATTRIBUTES_DEPTHWISE = (
    "strides: list(int) | padding: string | data_format: string = 'NHWC' "
    "| dilations: list(int) = [1, 1, 1, 1]"
)
_ATTRIBUTES_3D = (
    "strides: list(int) | padding: string | data_format: string = 'NDHWC' "
    "| dilations: list(int) = [1, 1, 1, 1, 1]"
)

CONV2D = ConvolutionFamily(
    "Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter", 2, _ATTRIBUTES_2D
)
DEPTHWISE = ConvolutionFamily(
    "DepthwiseConv2dNative",
    "DepthwiseConv2dNativeBackpropInput",
    "DepthwiseConv2dNativeBackpropFilter",
    2,
    _ATTRIBUTES_DEPTHWISE,
    depthwise=True,
)
CONV3D = ConvolutionFamily(
    "Conv3D",
    "Conv3DBackpropInputV2",
    "Conv3DBackpropFilterV2",
    3,
    _ATTRIBUTES_3D,
    sizes="Tshape",
)

for _family in (CONV2D, DEPTHWISE, CONV3D):
    for _role in (ForwardConvolution, InputGradient, FilterGradient):
        register(_role(_family))
