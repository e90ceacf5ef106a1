"""Random graphs of pure operations: the lowered program, verified, against NumPy, operation by
operation.

Every graph is built step by step from the rows below; beside each tensor stands the array that
NumPy gives for it. Shapes are partly unknown while the graph is built, and all tensors are fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

import pantarhei as tf
from pantarhei.lowering.lower import lower
from pantarhei.lowering.plan import Segment
from pantarhei.program.ir import Type
from pantarhei.program.verifier import VerificationError, verify
from pantarhei.runtime import execution

Array = Any

ELEMENTWISE: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "negative": (tf.negative, np.negative),
    "abs": (tf.abs, np.abs),
    "tanh": (tf.tanh, np.tanh),
    "square": (tf.square, np.square),
    "sigmoid": (tf.sigmoid, lambda x: 1 / (1 + np.exp(-x))),
    "floor": (tf.floor, np.floor),
    "sqrt_of_abs": (lambda x: tf.sqrt(tf.abs(x)), lambda x: np.sqrt(np.abs(x))),
    "identity": (tf.identity, lambda x: x),
    "through_integers": (
        lambda x: tf.cast(tf.cast(x, tf.int32), tf.float64),
        lambda x: x.astype(np.int32).astype(np.float64),
    ),
}
BINARY: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "add": (tf.add, np.add),
    "subtract": (tf.subtract, np.subtract),
    "multiply": (tf.multiply, np.multiply),
    "maximum": (tf.maximum, np.maximum),
    "minimum": (tf.minimum, np.minimum),
    "where": (
        lambda x, y: tf.where(tf.less(x, y), x + tf.zeros_like(y), y + tf.zeros_like(x)),
        lambda x, y: np.where(x < y, x + np.zeros_like(y), y + np.zeros_like(x)),
    ),
}
REDUCTIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "sum": (tf.reduce_sum, np.sum),
    "mean": (tf.reduce_mean, np.mean),
    "max": (tf.reduce_max, np.max),
    "min": (tf.reduce_min, np.min),
}


@dataclass
class Growing:
    """A graph while it grows: its feeds, and each tensor beside its array."""

    feeds: dict[Any, Array] = field(default_factory=dict)
    tensors: list[Any] = field(default_factory=list)
    arrays: list[Array] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def add(self, step: str, tensor: Any, array: Array) -> None:
        self.steps.append(f"{step} -> {np.shape(array)}")
        self.tensors.append(tensor)
        self.arrays.append(np.asarray(array))


@st.composite
def graphs(draw: Any) -> Growing:
    """Up to fifteen operations on one to three inputs, some of whose extents are unknown."""
    tf.reset_default_graph()
    graph = Growing()
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    for _ in range(draw(st.integers(1, 3))):
        shape = draw(st.lists(st.integers(1, 4), max_size=3))
        known = [each if draw(st.booleans()) else None for each in shape]
        x = tf.placeholder(tf.float64, known if draw(st.integers(0, 4)) else None)
        graph.feeds[x] = rng.uniform(-2.0, 2.0, shape)
        graph.add("input", x, graph.feeds[x])
    for _ in range(draw(st.integers(1, 15))):
        _grow(draw, graph)
    return graph


def _grow(draw: Any, graph: Growing) -> None:
    number = draw(st.integers(0, len(graph.tensors) - 1))
    x, a = graph.tensors[number], graph.arrays[number]
    kind = draw(st.sampled_from(KINDS))
    grown = kind(draw, graph, x, a)
    if grown is not None and grown[2].size <= 4096 and np.all(np.abs(grown[2]) < 1e6):
        graph.add(f"{grown[0]}({number})", grown[1], grown[2])


def _elementwise(draw: Any, graph: Growing, x: Any, a: Array) -> Any:
    name = draw(st.sampled_from(sorted(ELEMENTWISE)))
    ours, numpys = ELEMENTWISE[name]
    return name, ours(x), numpys(a)


def _binary(draw: Any, graph: Growing, x: Any, a: Array) -> Any:
    number = draw(st.integers(0, len(graph.tensors) - 1))
    y, b = graph.tensors[number], graph.arrays[number]
    try:
        np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        return None
    name = draw(st.sampled_from(sorted(BINARY)))
    ours, numpys = BINARY[name]
    return f"{name} with {number}", ours(x, y), numpys(a, b)


def _reduction(draw: Any, graph: Growing, x: Any, a: Array) -> Any:
    name = draw(st.sampled_from(sorted(REDUCTIONS)))
    ours, numpys = REDUCTIONS[name]
    axes = tuple(axis for axis in range(a.ndim) if draw(st.booleans()))
    keep = draw(st.booleans())
    result = numpys(a, axis=axes, keepdims=keep)
    return f"{name} over {axes}", ours(x, axis=list(axes), keepdims=keep), result


def _transposed(draw: Any, graph: Growing, x: Any, a: Array) -> Any:
    order = draw(st.permutations(range(a.ndim)))
    return f"transpose {order}", tf.transpose(x, order), np.transpose(a, order)


def _reshaped(draw: Any, graph: Growing, x: Any, a: Array) -> Any:
    if draw(st.booleans()):
        return "flatten", tf.reshape(x, [-1]), a.reshape(-1)
    # A shape that is computed in the graph.
    return "as rows", tf.reshape(x, tf.stack([1, tf.size(x)])), a.reshape(1, -1)


def _expanded(draw: Any, graph: Growing, x: Any, a: Array) -> Any:
    axis = draw(st.integers(-a.ndim - 1, a.ndim))
    return f"expand {axis}", tf.expand_dims(x, axis), np.expand_dims(a, axis)


def _concatenated(draw: Any, graph: Growing, x: Any, a: Array) -> Any:
    if not a.ndim:
        return "stack", tf.stack([x, x * 2.0]), np.stack([a, a * 2.0])
    axis = draw(st.integers(-a.ndim, a.ndim - 1))
    return f"concat {axis}", tf.concat([x, -x], axis), np.concatenate([a, -a], axis)


def _sliced(draw: Any, graph: Growing, x: Any, a: Array) -> Any:
    if not a.ndim:
        return None
    index = tuple(
        slice(draw(st.sampled_from([None, 0, 1, -2])), None, draw(st.sampled_from([1, 2, -1])))
        for _ in range(draw(st.integers(1, a.ndim)))
    )
    if 0 in a[index].shape:
        return None  # maxima over nothing are not what is asked about here
    return f"slice {index}", x[index], a[index]


def _gathered(draw: Any, graph: Growing, x: Any, a: Array) -> Any:
    if not a.ndim:
        return None
    rows = draw(st.lists(st.integers(0, a.shape[0] - 1), min_size=1, max_size=4))
    return f"gather {rows}", tf.gather(x, rows), a[rows]


def _product(draw: Any, graph: Growing, x: Any, a: Array) -> Any:
    if a.ndim != 2:
        return None
    return "matmul", tf.matmul(x, x, transpose_b=True), a @ a.T


def _tiled(draw: Any, graph: Growing, x: Any, a: Array) -> Any:
    times = [draw(st.integers(1, 2)) for _ in range(a.ndim)]
    return f"tile {times}", tf.tile(x, times), np.tile(a, times)


def _padded(draw: Any, graph: Growing, x: Any, a: Array) -> Any:
    if not a.ndim:
        return None
    widths = [[draw(st.integers(0, 1)), draw(st.integers(0, 1))] for _ in range(a.ndim)]
    return f"pad {widths}", tf.pad(x, widths), np.pad(a, widths)


def _cumulated(draw: Any, graph: Growing, x: Any, a: Array) -> Any:
    if not a.ndim:
        return None
    axis = draw(st.integers(0, a.ndim - 1))
    return f"cumsum {axis}", tf.cumsum(x, axis), np.cumsum(a, axis)


KINDS = [
    _elementwise,
    _binary,
    _reduction,
    _transposed,
    _reshaped,
    _expanded,
    _concatenated,
    _sliced,
    _gathered,
    _product,
    _tiled,
    _padded,
    _cumulated,
]


@settings(max_examples=150, deadline=None, print_blob=True)
@given(graphs())
def test_a_lowered_graph_computes_what_numpy_does(graph: Growing) -> None:
    note("\n".join(graph.steps))
    assert execution.VERIFY  # every program of the run passes the verifier
    with tf.Session() as session:
        found = session.run(graph.tensors, graph.feeds)
    for step, ours, expected in zip(graph.steps, found, graph.arrays, strict=True):
        assert ours.shape == expected.shape, step
        np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-12, err_msg=step)


@settings(max_examples=40, deadline=None, print_blob=True)
@given(graphs(), st.data())
def test_fetching_less_or_feeding_in_the_middle_changes_nothing(graph: Growing, data: Any) -> None:
    note("\n".join(graph.steps))
    number = data.draw(st.integers(0, len(graph.tensors) - 1))
    with tf.Session() as session:
        alone = session.run(graph.tensors[number], graph.feeds)
        middle = {**graph.feeds, graph.tensors[number]: graph.arrays[number]}
        rest = session.run(graph.tensors, middle)
    np.testing.assert_allclose(alone, graph.arrays[number], rtol=1e-12, atol=1e-12)
    for ours, expected in zip(rest, graph.arrays, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)


@settings(max_examples=30, deadline=None, print_blob=True)
@given(graphs())
def test_gradients_of_random_graphs_lower_to_verified_programs(graph: Growing) -> None:
    note("\n".join(graph.steps))
    inputs = list(graph.feeds)
    wanted = [each for each in tf.gradients(graph.tensors, inputs) if each is not None]
    with tf.Session() as session:
        found = session.run(wanted, graph.feeds)
    assert [each.shape for each in found] == [graph.feeds[x].shape for x in inputs]


def test_a_plan_says_what_it_does() -> None:
    tf.reset_default_graph()
    x = tf.placeholder(tf.float32, (2,), name="x")
    y = tf.square(x, name="y")
    plan = lower([], [y], {x: Type(np.dtype(np.float32), (2,))}, {})
    (segment,) = plan.steps
    assert isinstance(segment, Segment)
    verify(segment.program)
    assert "# y" in str(plan) and str(plan).splitlines()[0].startswith("slot 0 <- feed x:0")


@pytest.mark.parametrize("wrong", [np.float64(2.0), np.zeros((3, 1), np.float32)])
def test_a_definition_that_gives_another_type_than_it_declares_is_caught(wrong: Any) -> None:
    tf.reset_default_graph()
    x = tf.placeholder(tf.float32, (2,), name="x")
    y = tf.square(x)

    class Liar:
        """Squares, it says."""

        accepts_dead = takes_references = writes = False
        pure = True
        type = "Square"
        parsed = y.op.definition.parsed

        def lower(self, b: Any, op: Any, value: Any) -> Any:
            return b.constant(wrong)

    y.op.definition = Liar()  # type: ignore[assignment]
    with pytest.raises(VerificationError, match="declares"):
        tf.Session().run(y, {x: [1.0, 2.0]})
