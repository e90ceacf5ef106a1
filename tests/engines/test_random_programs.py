"""Random programs on both engines: any mixture of nests, views, products and NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engines.agreement import builder, compare, inputs

UNARY = ("tanh", "negative", "absolute", "sigmoid", "floor", "sign", "arctan")
BINARY = ("add", "subtract", "multiply", "maximum", "minimum", "arctan2")
FOLDS = ("sum", "max", "min")


@st.composite
def programs(draw: Any) -> tuple[Any, list[Any]]:
    """A program of up to 25 nodes over a few small inputs, and the inputs' arrays."""
    dtype = draw(st.sampled_from(["float64", "int32", "float32"]))
    extents = st.sampled_from([1, 2, 3, 5, 17])
    shapes = draw(st.lists(st.lists(extents, max_size=3), min_size=1, max_size=3))
    random = np.random.default_rng(draw(st.integers(0, 2**16)))
    # Few different numbers, all exact in sums and products: agreement is then nearly to the bit.
    arrays = [random.integers(-2, 3, shape).astype(dtype) for shape in shapes]
    b = builder()
    values = inputs(b, arrays)
    for _ in range(draw(st.integers(1, 25))):
        values.append(draw(applications(b, values)))
    outputs = draw(st.lists(st.sampled_from(values), min_size=1, max_size=5))
    return b.finish([*outputs, values[-1]]), arrays


@st.composite
def applications(draw: Any, b: Any, values: list[Any]) -> Any:
    """A further value made of those before."""
    x = draw(st.sampled_from(values))
    kind = draw(st.sampled_from(["unary", "binary", "fold", "move", "product", "place", "choose"]))
    if kind == "unary":
        floating = x.dtype.kind == "f"
        return getattr(b, draw(st.sampled_from(UNARY if floating else ("negative", "absolute"))))(x)
    if kind in ("binary", "choose"):
        y = draw(st.sampled_from([x, *(y for y in values if broadcasts(x, y))]))
        if kind == "choose":
            return bounded(b, b.where(b.less(x, y), x, y))
        names = BINARY if x.dtype.kind == "f" else BINARY[:-1]
        return bounded(b, getattr(b, draw(st.sampled_from(names)))(x, y))
    if kind == "fold":
        axes = tuple(axis for axis in range(x.ndim) if draw(st.booleans()))
        return bounded(b, getattr(b, draw(st.sampled_from(FOLDS)))(x, axes=axes))
    if kind == "move":
        return draw(moves(b, x))
    if kind == "product" and x.ndim >= 2 and x.size < 2000:
        return bounded(b, b.matmul(x, x, transpose_y=True))
    if kind == "place" and x.ndim and x.size < 500:
        return b.concatenate(x, b.flip(x, axes=(0,)), axis=draw(st.integers(0, x.ndim - 1)))
    return b.reshape(x, shape=(x.size,))


@st.composite
def moves(draw: Any, b: Any, x: Any) -> Any:
    """The elements of a value in another place."""
    kind = draw(st.sampled_from(["transpose", "slice", "flip", "broadcast", "reshape", "cast"]))
    if kind == "transpose":
        return b.transpose(x, permutation=tuple(draw(st.permutations(range(x.ndim)))))
    if kind == "slice":
        steps = [draw(st.sampled_from([1, 2])) for _ in x.shape]
        starts = [draw(st.integers(0, max(extent - 1, 0))) for extent in x.shape]
        return b.slice(x, start=tuple(starts), stop=x.shape, step=tuple(steps))
    if kind == "flip":
        return b.flip(x, axes=tuple(axis for axis in range(x.ndim) if draw(st.booleans())))
    if kind == "broadcast" and x.size < 500:
        return b.broadcast_to(x, shape=(2, *x.shape))
    if kind == "cast":
        return b.cast(x, dtype=x.dtype)
    return b.reshape(x, shape=(*x.shape[1:], *x.shape[:1], 1))


def broadcasts(x: Any, y: Any) -> bool:
    try:
        return int(np.prod(np.broadcast_shapes(x.shape, y.shape))) <= 2000
    except ValueError:
        return False


def bounded(b: Any, x: Any) -> Any:
    """x between -3 and 3: small errors stay small however long the program is."""
    return b.minimum(b.maximum(x, b.constant(-3, x.dtype)), b.constant(3, x.dtype))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_random_programs(drawn: tuple[Any, list[Any]]) -> None:
    program, arrays = drawn
    steep = [node for node in program.nodes if node.kind in ("floor", "sign", "less", "arctan2")]
    if steep and any(node.kind in ("tanh", "sigmoid", "arctan") for node in program.nodes):
        # A last place can decide a step: then only exact numbers may reach it.
        return
    compare(program, arrays, scale=2000.0)
