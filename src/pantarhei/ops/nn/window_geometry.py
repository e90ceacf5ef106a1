"""The arithmetic of sliding windows: strides, padding and extents of convolution and pooling.

Extents are those of the axes over which windows slide. Static rules work with partly known extents
and raise TensorFlow's errors; concrete ones give the padding that primitives take.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pantarhei.graph.definitions.shape_rules import Extent, shape_error
from pantarhei.graph.operation import Operation
from pantarhei.program.ir import ProgramError

Pairs = tuple[tuple[int, int], ...]


def channel_axis(data_format: str, space: int) -> int:
    """Where the channels are in a tensor with this many spatial axes."""
    return 1 if data_format.startswith("NC") else space + 1


def spatial_axes(data_format: str, space: int) -> range:
    """Where the spatial axes are."""
    return range(2, space + 2) if data_format.startswith("NC") else range(1, space + 1)


def per_axis(value: Any, space: int, channel: int, name: str) -> list[Any]:
    """Strides, windows or dilations for every axis, from one number or one for each spatial axis.

    Raises:
      ValueError: another count of numbers.
    """
    if value is None:
        value = [1]
    elif not hasattr(value, "__len__"):
        value = [value]
    if len(value) == space + 2:
        return list(value)
    if len(value) == 1:
        value = [value[0]] * space
    if len(value) != space:
        raise ValueError(
            f"{name} should be of length 1, {space} or {space + 2} but was {len(value)}"
        )
    return [1, 1, *value] if channel == 1 else [1, *value, 1]


def check_choice(op_type: str, attribute: str, value: Any, choices: Sequence[str]) -> None:
    """Raises what TensorFlow raises for a string attribute that is not among the choices."""
    if not isinstance(value, (str, bytes)):
        raise TypeError(f"Expected string for argument '{attribute}' not {value!r}.")
    text = value.decode() if isinstance(value, bytes) else value
    if text not in choices:
        listed = ", ".join(f'"{each}"' for each in choices)
        raise ValueError(
            f"Attr '{attribute}' of '{op_type}' Op passed string '{text}' not in: {listed}."
        )


def checked_sizes(op: Operation, attribute: str, count: int) -> list[int]:
    """An attribute with a positive number for each axis."""
    sizes: list[int] = op.attributes[attribute]
    what = {"strides": "stride", "dilations": "dilation"}.get(attribute, attribute)
    if len(sizes) != count:
        raise shape_error(
            op,
            f"{op.type} on data format {op.attributes['data_format']} requires the {what} "
            f"attribute to contain {count} values, but got: {len(sizes)}",
        )
    for size in sizes:
        if size <= 0:
            raise shape_error(op, f"{what.capitalize()} must be > 0, but got {size}")
    return sizes


def windowed(
    op: Operation,
    extent: Extent,
    window: Extent,
    stride: int,
    padding: str,
    dilation: int = 1,
    explicit: tuple[int, int] = (0, 0),
) -> Extent:
    """How many windows slide over an extent, as far as it is known.

    Raises:
      ValueError: the window is known to be larger than the extent.
    """
    if extent is None:
        return None
    if padding == "SAME":
        return -(-extent // stride)
    if window is None:
        return None
    reach, room = (window - 1) * dilation + 1, extent + sum(explicit)
    if reach > room:
        raise shape_error(op, f"Negative dimension size caused by subtracting {reach} from {room}")
    return (room - reach) // stride + 1


def padding_pairs(
    extents: Sequence[int],
    windows: Sequence[int],
    strides: Sequence[int],
    padding: str,
    dilations: Sequence[int] | None = None,
    explicit: Pairs = (),
) -> Pairs:
    """How many elements are added before and after each extent.

    Raises:
      ProgramError: a window is larger than what it slides over.
    """
    pairs = []
    dilations = dilations or [1] * len(extents)
    for axis, (extent, window, stride, dilation) in enumerate(
        zip(extents, windows, strides, dilations, strict=True)
    ):
        reach = (window - 1) * dilation + 1
        pair = explicit[axis] if explicit else (0, 0)
        if padding == "SAME":
            total = max((-(-extent // stride) - 1) * stride + reach - extent, 0)
            pair = (total // 2, total - total // 2)
        elif reach > extent + sum(pair) and extent:
            raise ProgramError(
                f"Computed output size would be negative: "
                f"{(extent + sum(pair) - reach) // stride + 1} [input_size: {extent}, "
                f"effective_filter_size: {reach}, stride: {stride}]"
            )
        pairs.append(pair)
    return tuple(pairs)
