"""The window primitives against direct loops; gradients as adjoints; for random geometry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pantarhei.program.ir import ProgramError, Type
from pantarhei.program.primitives import TABLE


@st.composite
def geometries(draw: Any) -> dict[str, Any]:
    """Shapes of input and filter, and how the filter slides."""
    space = draw(st.integers(1, 3))
    small = st.integers(1, 3)

    def each(numbers: Any) -> tuple[Any, ...]:
        return tuple(draw(numbers) for _ in range(space))

    groups, inside, outputs = draw(small), draw(small), draw(small)
    return {
        "input": (draw(st.integers(0, 2)), *each(st.integers(1, 5)), groups * inside),
        "filter": (*each(small), inside, groups * outputs),
        "strides": each(small),
        "dilations": each(st.integers(1, 2)),
        "padding": each(st.tuples(st.integers(0, 2), st.integers(0, 2))),
        "groups": groups,
    }


def slid(geometry: dict[str, Any]) -> dict[str, Any]:
    """What the primitives take besides the operands."""
    return {key: geometry[key] for key in ("strides", "dilations", "padding", "groups")}


def directly(x: Any, w: Any, geometry: dict[str, Any], shape: Any) -> Any:
    """The convolution, one output element after another."""
    padded = np.pad(x, [(0, 0), *geometry["padding"], (0, 0)])
    result = np.zeros(shape)
    inside, outputs = w.shape[-2], w.shape[-1] // geometry["groups"]
    steps = list(zip(geometry["strides"], geometry["dilations"], strict=True))
    for place in np.ndindex(*shape):
        batch, *position, channel = place
        first = channel // outputs * inside
        for tap in np.ndindex(*w.shape[:-2]):
            at = [p * s + t * d for p, t, (s, d) in zip(position, tap, steps, strict=True)]
            seen = padded[(batch, *at, slice(first, first + inside))]
            result[place] += seen @ w[(*tap, slice(None), channel)]
    return result


@settings(max_examples=60, deadline=None)
@given(geometries())
def test_convolution_and_its_adjoints(geometry: dict[str, Any]) -> None:
    random = np.random.default_rng(0)
    x, w = random.normal(size=geometry["input"]), random.normal(size=geometry["filter"])
    rest = slid(geometry)
    types = (Type(x.dtype, x.shape), Type(w.dtype, w.shape))
    y = TABLE["conv"].reference(x, w, **rest)
    assert TABLE["conv"].type_rule(*types, **rest) == Type(y.dtype, y.shape)
    np.testing.assert_allclose(y, directly(x, w, geometry, y.shape), rtol=1e-12, atol=1e-12)
    g = random.normal(size=y.shape)
    to_input = TABLE["conv_input_gradient"].reference(g, w, shape=x.shape, **rest)
    to_filter = TABLE["conv_filter_gradient"].reference(x, g, shape=w.shape, **rest)
    product = np.vdot(y, g)
    assert np.vdot(x, to_input) == pytest.approx(product, rel=1e-10, abs=1e-10)
    assert np.vdot(w, to_filter) == pytest.approx(product, rel=1e-10, abs=1e-10)


def test_channels_must_fit_the_groups() -> None:
    float64 = np.dtype(float)
    with pytest.raises(ProgramError, match="input depth must be evenly divisible"):
        TABLE["conv"].type_rule(
            Type(float64, (1, 4, 3)),
            Type(float64, (2, 2, 5)),
            strides=(1,),
            dilations=(1,),
            padding=((0, 0),),
        )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.sampled_from([0, 1])),
        min_size=1,
        max_size=3,
    )
)
def test_windows_against_direct_search(axes: list[tuple[int, int, int, int]]) -> None:
    extents, window, strides, before = zip(*axes, strict=True)
    before = tuple(min(pad, size - 1) for pad, size in zip(before, window, strict=True))
    padding = tuple((pad, 0) for pad in before)
    x = np.random.default_rng(1).integers(-3, 4, extents).astype(np.float64)
    arguments = {"window": window, "strides": strides, "padding": padding}
    largest = TABLE["window_max"].reference(x, **arguments)
    where = TABLE["window_argmax"].reference(x, **arguments)
    total = TABLE["window_sum"].reference(x, **arguments)
    for place in np.ndindex(*largest.shape):
        corner = [p * s - b for p, s, b in zip(place, strides, before, strict=True)]
        box = tuple(slice(max(c, 0), c + n) for c, n in zip(corner, window, strict=True))
        seen = x[box]
        assert largest[place] == seen.max()
        assert total[place] == seen.sum()
        inner = np.unravel_index(int(seen.argmax()), seen.shape)
        found = tuple(max(c, 0) + i for c, i in zip(corner, inner, strict=True))
        assert np.unravel_index(where[place], extents) == found
