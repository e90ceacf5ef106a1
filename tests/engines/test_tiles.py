"""Pooling by windows that tile the image, with what comes before and after, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pantarhei.engines.native.kernels.lowering import HostCall
from pantarhei.engines.native.pipeline import assemble
from tests.engines.agreement import builder, compare, inputs

TILINGS = [
    ((2, 6, 4, 3), (1, 2, 2, 1)),
    ((2, 6, 9, 2), (1, 2, 3, 1)),
    ((3, 4, 4, 6), (1, 1, 1, 3)),
    ((4, 8), (2, 1)),
]


def numbers(seed: int, shape: tuple[int, ...], dtype: str) -> Any:
    return (np.random.default_rng(seed).integers(-3, 4, shape) / 4).astype(dtype)


def windows(size: tuple[int, ...]) -> dict[str, Any]:
    return {"window": size, "strides": size, "padding": ((0, 0),) * len(size)}


def layer(shape: Any, size: Any, dtype: str) -> tuple[Any, Any, dict[str, Any]]:
    """Bias, activation, pooling, and gradients of them all."""
    pooled = tuple(n // w for n, w in zip(shape, size, strict=True))
    arrays = [numbers(0, shape, dtype), numbers(1, shape[-1:], dtype), numbers(2, pooled, dtype)]
    b = builder()
    x, bias, slope = inputs(b, arrays)
    zero = b.constant(np.array(0, dtype))
    h = b.maximum(b.add(x, bias), zero)
    y = b.window_max(h, **windows(size))
    places = b.reshape(b.window_argmax(h, **windows(size)), shape=(y.size, 1))
    zeros = b.broadcast_to(zero, shape=(h.size,))
    back = b.scatter(zeros, places, b.reshape(slope, shape=(y.size,)), combine="add")
    back = b.reshape(back, shape=shape)
    back = b.where(b.less(zero, h), back, zero)
    sums = b.sum(back, axes=tuple(range(len(shape) - 1)))
    return b, arrays, {"h": h, "y": y, "back": back, "sums": sums}


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
@pytest.mark.parametrize(("shape", "size"), TILINGS)
@pytest.mark.parametrize("wanted", [["y"], ["y", "sums"], ["y", "back", "sums"], ["h", "back"]])
def test_a_layer_and_its_gradient(shape: Any, size: Any, dtype: str, wanted: list[str]) -> None:
    b, arrays, values = layer(shape, size, dtype)
    program = b.finish([values[name] for name in wanted])
    assert not any(isinstance(part, HostCall) for part in assemble(program).parts)
    compare(program, arrays, scale=10.0)


def test_the_way_back_goes_on_from_the_image() -> None:
    """Something that needs the image whole: a product, and an image of other windows."""
    b, arrays, values = layer((2, 4, 4, 2), (1, 2, 2, 1), "float32")
    rows = b.reshape(values["back"], shape=(8, 8))
    narrow = b.window_max(values["back"], **windows((1, 4, 1, 1)))
    halves = b.add(values["back"], b.reshape(values["back"], shape=(2, 4, 4, 2)))
    program = b.finish([b.matmul(rows, rows), narrow, halves, b.sum(values["h"], axes=(3,))])
    compare(program, arrays, scale=10.0)


def test_nan_and_equal_maxima() -> None:
    """NaN is the maximum, the first of equal ones is its place, as the meanings have it."""
    array = numbers(5, (2, 4, 6, 2), "float32")
    array.flat[::5], array.flat[1::7], array.flat[3::11] = np.nan, -np.inf, np.inf
    array[1, :2, :2], array[1, 2:, 2:4] = np.nan, -np.inf
    for name in ("window_max", "window_argmax"):
        b = builder()
        (x,) = inputs(b, [array])
        compare(b.finish([getattr(b, name)(x, **windows((1, 2, 2, 1)))]), [array])
    b = builder()
    x, slope = inputs(b, [array, numbers(1, (2, 2, 3, 2), "float32")])
    places = b.reshape(b.window_argmax(x, **windows((1, 2, 2, 1))), shape=(24, 1))
    zeros = b.broadcast_to(b.constant(np.float32(0)), shape=(96,))
    back = b.scatter(zeros, places, b.reshape(slope, shape=(24,)), combine="add")
    arrays = [array, numbers(1, (2, 2, 3, 2), "float32")]
    compare(b.finish([b.reshape(back, shape=(2, 4, 6, 2))]), arrays)
