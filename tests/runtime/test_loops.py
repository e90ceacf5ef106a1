"""Loops when they run: against loops in Python, with variables, interrupted, and without end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pantarhei as tf
from pantarhei.lowering.loops import lower_part
from pantarhei.runtime import loops


@pytest.fixture(autouse=True)
def _new_graph() -> None:
    tf.reset_default_graph()


# Each takes three values and the counter, and works on tensors and NumPy's float64 alike.
STEPS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b, c, i: a + b,
    "subtract": lambda a, b, c, i: a - c * 0.5,
    "multiply": lambda a, b, c, i: a * 0.9 + b * c * 0.01,
    "counter": lambda a, b, c, i: a + i,
    "swap": lambda a, b, c, i: b,
    "negative": lambda a, b, c, i: -c,
}


@settings(max_examples=25, deadline=None)
@given(
    names=st.lists(st.sampled_from(sorted(STEPS)), min_size=3, max_size=3),
    first=st.lists(st.floats(-2, 2), min_size=3, max_size=3),
    rounds=st.integers(0, 9),
    inner=st.integers(0, 3),
)
def test_random_bodies_do_what_python_loops_do(
    names: list[str], first: list[float], rounds: int, inner: int
) -> None:
    tf.reset_default_graph()
    steps = [STEPS[name] for name in names]

    def body(i: Any, *values: Any) -> Any:
        number = tf.cast(i, tf.float64)

        def again(j: Any, *held: Any) -> Any:
            return [j + 1, *(step(*held, number) for step in steps)]

        held = tf.while_loop(lambda j, *_: j < inner, again, [0, *values])[1:]
        rotated = [*held[1:], held[0]]
        chosen = tf.cond(tf.equal(i % 2, 0), lambda: rotated, lambda: held)
        return [i + 1, *chosen]

    start = [tf.constant(value, tf.float64) for value in first]
    found = tf.while_loop(lambda i, *_: i < rounds, body, [0, *start])[1:]
    values = [np.float64(value) for value in first]
    for i in range(rounds):
        for _ in range(inner):
            values = [step(*values, float(i)) for step in steps]
        if i % 2 == 0:
            values = [*values[1:], values[0]]
    with tf.Session() as session:
        np.testing.assert_allclose(session.run(found), values, rtol=1e-12, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(
    rounds=st.integers(0, 6),
    weights=st.lists(st.floats(-1, 1), min_size=4, max_size=4),
)
def test_gradients_are_those_of_the_loop_written_out(rounds: int, weights: list[float]) -> None:
    tf.reset_default_graph()
    x = tf.constant([[0.3, -0.7]], tf.float64)
    w = tf.constant(np.reshape(weights, (2, 2)), tf.float64)

    def body(i: Any, y: Any) -> Any:
        grown = tf.cond(tf.reduce_sum(y) > 0.1, lambda: tf.matmul(y, w), lambda: y + x)
        return i + 1, tf.tanh(grown)

    looped = tf.while_loop(lambda i, _: i < rounds, body, [0, x])[1]
    written = x
    for i in range(rounds):
        _, written = body(i, written)
    with tf.Session() as session:
        found = session.run([looped, *tf.gradients(looped, [x, w], unconnected_gradients="zero")])
        wanted = session.run(
            [written, *tf.gradients(written, [x, w], unconnected_gradients="zero")]
        )
    for one, two in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-12, atol=1e-14)


def _interrupted_after(count: int) -> tuple[Any, Any]:
    """A variable, and a loop that grows it until a Python function is interrupted."""
    v = tf.Variable(1.0, name="v")

    def interrupt(i: Any) -> Any:
        if i == count:
            raise KeyboardInterrupt
        return i

    def body(i: Any) -> Any:
        i = tf.py_func(interrupt, [i], tf.int32)
        i.set_shape([])
        with tf.control_dependencies([tf.assign_add(v, 1.0)]):
            return i + 1

    return v, tf.while_loop(lambda i: i < 10**9, body, [0])


def test_interrupted_loops_leave_variables_as_they_were() -> None:
    v, endless = _interrupted_after(20)
    with tf.Session() as session:
        session.run(v.initializer)
        with pytest.raises(KeyboardInterrupt):
            session.run(endless)
        assert session.run(v) == 1.0
        assert session.run(tf.assign_add(v, 1.0)) == 2.0


def test_failing_iterations_leave_variables_as_they_were() -> None:
    v = tf.Variable([1.0, 2.0])

    def body(i: Any) -> Any:
        with tf.control_dependencies([tf.assign(v, v * 2.0)]):
            checked = tf.Assert(i < 3, ["too far", i])
        with tf.control_dependencies([checked]):
            return i + 1

    loop = tf.while_loop(lambda i: i < 5, body, [0])
    with tf.Session() as session:
        session.run(v.initializer)
        with pytest.raises(tf.errors.InvalidArgumentError, match="too far"):
            session.run(loop)
        assert session.run(v).tolist() == [1.0, 2.0]


def test_loops_without_end_stop_when_the_time_is_up() -> None:
    endless = tf.while_loop(lambda i: True, lambda i: i + 1, [0])
    with tf.Session() as session, pytest.raises(tf.errors.DeadlineExceededError):
        session.run(endless, options=tf.RunOptions(timeout_in_ms=50))


def test_variables_without_value_are_named() -> None:
    v = tf.get_variable("missing", [], use_resource=True)
    loop = tf.while_loop(lambda i: i < 3.0, lambda i: i + v, [1.0])
    with tf.Session() as session, pytest.raises(tf.errors.FailedPreconditionError, match="missing"):
        session.run(loop)


def test_a_variable_may_get_its_first_value_in_a_loop() -> None:
    v = tf.get_variable("v", [], use_resource=True)

    def body(i: Any) -> Any:
        with tf.control_dependencies([v.assign(tf.cast(i, tf.float32))]):
            return i + 1

    loop = tf.while_loop(lambda i: i < 4, body, [0])
    with tf.Session() as session:
        session.run(loop)
        assert session.run(v) == 3.0


def test_what_is_inside_cannot_be_fetched() -> None:
    graph = tf.Graph()
    with graph.as_default():
        tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])
    tf.import_graph_def(graph.as_graph_def(), name="")
    with tf.Session() as session:
        assert session.run("while/Exit:0") == 3
        with pytest.raises(tf.errors.InvalidArgumentError, match="inside a while loop"):
            session.run("while/add:0")


def test_the_same_loop_imported_twice() -> None:
    """In 1.15 their frames have one name, and cannot run together; here they are told apart."""
    graph = tf.Graph()
    with graph.as_default():
        x = tf.placeholder(tf.int32, (), name="x")
        tf.while_loop(lambda i: i < 10, lambda i: i * 2, [x])
    for name in ("one", "two"):
        tf.import_graph_def(graph.as_graph_def(), name=name)
    with tf.Session() as session:
        feeds = {"one/x:0": 3, "two/x:0": 4}
        assert session.run(["one/while/Exit:0", "two/while/Exit:0"], feeds) == [12, 16]


def test_damaged_loops_are_named() -> None:
    graph = tf.Graph()
    with graph.as_default():
        tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])
    graph_def = graph.as_graph_def()
    for node in graph_def.node:
        if node.op == "Exit":
            node.input[0] = "while/Const"
    tf.import_graph_def(graph_def, name="")
    with (
        tf.Session() as session,
        pytest.raises(tf.errors.InvalidArgumentError, match="Invalid loop structure"),
    ):
        session.run("while/Exit:0")


@pytest.mark.parametrize("rounds", [10, 2000])
def test_iterations_keep_nothing(monkeypatch: pytest.MonkeyPatch, rounds: int) -> None:
    """Neither plans nor slots grow with their number."""
    lowered = []

    def noted(*given: Any, **named: Any) -> Any:
        lowered.append(given)
        return lower_part(*given, **named)

    monkeypatch.setattr(loops, "lower_part", noted)
    body = lambda i, y: (i + 1, tf.cond(tf.equal(i % 2, 0), lambda: y + 1, lambda: y - 1))  # noqa: E731
    loop = tf.while_loop(lambda i, _: i < rounds, body, [0, 0])
    with tf.Session() as session:
        session.run(loop)
        count = len(lowered)
        session.run(loop)
    assert count <= 10
    assert len(lowered) == count


def test_types_of_loop_variables_may_change_with_every_iteration() -> None:
    grown = tf.while_loop(
        lambda x: tf.size(x) < 300,
        lambda x: tf.concat([x, x[-1:] + 1], 0),
        [tf.constant([0])],
        shape_invariants=[tf.TensorShape([None])],
    )
    with tf.Session() as session:
        np.testing.assert_array_equal(session.run(grown), np.arange(300))


def test_gradients_where_what_is_kept_changes_its_shape() -> None:
    """The loop variables keep their types, what the body computes between them does not."""
    x = tf.constant([0.5, -1.0, 2.0, 0.25])

    def body(i: Any, total: Any) -> Any:
        return i + 1, total * 0.5 + tf.reduce_sum(tf.tanh(x[:i] * total))

    looped = tf.while_loop(lambda i, _: i < 4, body, [1, 1.0])[1]
    written: Any = tf.constant(1.0)
    for i in range(1, 4):
        _, written = body(i, written)
    with tf.Session() as session:
        found = session.run([looped, *tf.gradients(looped, x)])
        wanted = session.run([written, *tf.gradients(written, x)])
    for one, two in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-6)


def test_updates_in_loops_come_after_reads_that_need_not_wait() -> None:
    v = tf.Variable(1.0)

    def body(i: Any) -> Any:
        with tf.control_dependencies([tf.assign_add(v, 1.0)]):
            return i + 1

    loop = tf.while_loop(lambda i: i < 3, body, [0])
    read = v + 0.5  # made later, and yet it sees the variable as it was
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run([loop, read]) == [3, 1.5]
        assert session.run(v) == 4.0


def test_random_numbers_differ_from_iteration_to_iteration() -> None:
    array = tf.TensorArray(tf.float32, size=3)
    body = lambda i, a: (i + 1, a.write(i, tf.random_uniform([2], seed=5)))  # noqa: E731
    drawn = tf.while_loop(lambda i, _: i < 3, body, [0, array])[1].stack()
    with tf.Session() as session:
        first, second = session.run(drawn), session.run(drawn)
    assert len(np.unique(np.concatenate([first, second]))) == 12


def test_traces_tell_what_ran_inside() -> None:
    loop = tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])
    metadata = tf.RunMetadata()
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    with tf.Session(config=tf.ConfigProto(engine="numpy")) as session:
        session.run(loop, options=options, run_metadata=metadata)
    ran = [node.node_name for node in metadata.step_stats.dev_stats[0].node_stats]
    assert ran.count("while/add") == 3
    assert ran.count("while/Less") == 4


def test_arrays_do_not_outlive_a_part_of_a_run() -> None:
    x, y = tf.placeholder(tf.float32, [3]), tf.placeholder(tf.float32, [])
    array = tf.TensorArray(tf.float32, 3, clear_after_read=False).unstack(x)
    body = lambda i, s: (i + 1, s + array.read(i))  # noqa: E731
    total = tf.while_loop(lambda i, _: i < 3, body, [0, 0.0])[1]
    more = array.read(0) * y
    with tf.Session() as session:
        handle = session.partial_run_setup([total, more], [x, y])
        assert session.partial_run(handle, total, {x: [1, 2, 3]}) == 6
        with pytest.raises(tf.errors.InvalidArgumentError, match="earlier part"):
            session.partial_run(handle, more, {y: 2.0})
        assert session.run([total, more], {x: [1, 2, 3], y: 2.0}) == [6, 2]


def test_loops_with_types_that_change_are_refused() -> None:
    with pytest.raises(TypeError, match="float32 after one iteration"):
        tf.while_loop(lambda i: i < 3, lambda i: tf.cast(i, tf.float32), [0])


def test_stacks_tell_that_they_are_empty() -> None:
    graph_def = tf.GraphDef()
    graph_def.versions.producer = 134
    size = graph_def.node.add(name="size", op="Const")
    size.attr["dtype"].type = tf.int32.as_datatype_enum
    size.attr["value"].tensor.dtype = tf.int32.as_datatype_enum
    size.attr["value"].tensor.tensor_shape.SetInParent()
    size.attr["value"].tensor.int_val.append(-1)
    stack = graph_def.node.add(name="stack", op="StackV2", input=["size"])
    stack.attr["elem_type"].type = tf.float32.as_datatype_enum
    pop = graph_def.node.add(name="pop", op="StackPopV2", input=["stack"])
    pop.attr["elem_type"].type = tf.float32.as_datatype_enum
    tf.import_graph_def(graph_def, name="")
    with (
        tf.Session() as session,
        pytest.raises(tf.errors.InvalidArgumentError, match="is empty when calling Pop"),
    ):
        session.run("pop:0")
