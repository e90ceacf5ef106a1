"""Runs of a session: what is kept, what is shared, what happens once, and what a failure leaves."""

from __future__ import annotations

import gc
import threading
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pantarhei as tf


@pytest.fixture(autouse=True)
def _new_graph() -> None:
    tf.reset_default_graph()


def initialized() -> tf.Session:
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


def both_kinds(test: Callable[..., Any]) -> Any:
    return pytest.mark.parametrize("use_resource", [False, True], ids=["ref", "resource"])(test)


# --- many runs --------------------


def _run_often(times: int) -> int:
    """Bytes by which memory grows over that many runs, once all is warm."""
    x = tf.placeholder(tf.float32, (None, 4))
    w = tf.get_variable("w", initializer=np.ones((4, 2), np.float32))
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w)))
    step = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
    session = initialized()
    count = len(tf.get_default_graph().get_operations())
    batch = np.ones((8, 4), np.float32)
    tracemalloc.start()
    for _ in range(200):
        session.run([step, loss], {x: batch})
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(times):
        session.run([step, loss], {x: batch})
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert len(tf.get_default_graph().get_operations()) == count
    return grown


def test_two_thousand_runs_keep_memory_and_graph_as_they_are() -> None:
    assert _run_often(2_000) < 20_000


@pytest.mark.slow
def test_a_hundred_thousand_runs_keep_memory_and_graph_as_they_are() -> None:
    assert _run_often(100_000) < 20_000


def test_data_that_never_repeats_does_not_fill_the_memory() -> None:
    n = tf.placeholder(tf.int32, ())
    total = tf.reduce_sum(tf.ones([n]))
    session = tf.Session()
    for size in range(300):
        assert session.run(total, {n: size}) == size
    plans = sum(len(cache.plans) for cache in session._dispatcher.caches.values())
    assert plans <= 128


# --- threads --------------------


def _in_threads(*functions: Callable[[], None]) -> list[BaseException]:
    raised: list[BaseException] = []

    def guarded(function: Callable[[], None]) -> None:
        try:
            function()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(each,)) for each in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@both_kinds
def test_two_threads_lose_no_update(use_resource: bool) -> None:
    v = tf.get_variable("v", initializer=0, use_resource=use_resource)
    step = v.assign_add(1)
    session = initialized()

    def count() -> None:
        for _ in range(1_000):
            session.run(step.op)

    assert not _in_threads(count, count)
    assert session.run(v) == 2_000


def test_errors_of_one_thread_leave_the_other_alone() -> None:
    v = tf.get_variable("v", initializer=0)
    step = v.assign_add(1)
    x = tf.placeholder(tf.float32)
    with tf.control_dependencies([tf.check_numerics(x, "wrong")]):
        bad = v.assign_add(1000)
    session = initialized()
    failures = []

    def count() -> None:
        for _ in range(200):
            session.run(step)

    def fail() -> None:
        for _ in range(200):
            try:
                session.run(bad, {x: np.nan})
            except tf.errors.InvalidArgumentError as error:
                failures.append(error)

    assert not _in_threads(count, fail)
    assert len(failures) == 200
    assert session.run(v) == 200


def test_a_session_closed_while_others_run_is_closed_for_them() -> None:
    step = tf.get_variable("v", initializer=0).assign_add(1)
    session = initialized()
    running = threading.Barrier(3)

    def count() -> None:
        session.run(step)
        running.wait()
        with pytest.raises(RuntimeError, match="closed Session"):
            while True:
                session.run(step)

    def close() -> None:
        running.wait()
        session.close()

    assert not _in_threads(count, count, close)


def test_two_threads_build_and_run_graphs_of_their_own() -> None:
    results: dict[int, float] = {}

    def work(number: int) -> None:
        with tf.Graph().as_default(), tf.Session() as session:
            total = tf.constant(float(number), name="c")
            for _ in range(50):
                total = total + 1.0
            assert total.graph is session.graph
            results[number] = session.run(total)

    assert not _in_threads(*[lambda n=n: work(n) for n in range(4)])
    assert results == {n: n + 50.0 for n in range(4)}


# --- failures --------------------


def test_a_failing_run_changes_no_variable_and_no_random_counter() -> None:
    v = tf.get_variable("v", initializer=1.0)
    x = tf.placeholder(tf.float32)
    draw = tf.random_uniform([2], seed=5)
    first = v.assign_add(1.0)
    with tf.control_dependencies([first, draw]):
        checked = tf.check_numerics(x, "wrong")
    fetches = [first, draw, checked]
    session, other = initialized(), initialized()
    for _ in range(3):
        with pytest.raises(tf.errors.InvalidArgumentError):
            session.run(fetches, {x: np.inf})
    assert session.run(v) == 1.0
    expected = other.run(fetches, {x: 1.0})
    found = session.run(fetches, {x: 1.0})
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_failing_python_function_changes_no_variable() -> None:
    v = tf.get_variable("v", initializer=1.0)
    first = v.assign_add(1.0)

    def fail(value: Any) -> Any:
        raise ValueError("not this one")

    with tf.control_dependencies([first]):
        failing = tf.py_func(fail, [tf.constant(1.0)], tf.float32)
    session = initialized()
    with pytest.raises(tf.errors.InvalidArgumentError, match="ValueError: not this one"):
        session.run([first, failing])
    assert session.run(v) == 1.0


# --- whose arrays --------------------


@both_kinds
def test_results_are_the_callers_own(use_resource: bool) -> None:
    v = tf.get_variable("v", initializer=np.ones(3, np.float32), use_resource=use_resource)
    c = tf.constant([1.0, 2.0])
    x = tf.placeholder(tf.float32, (2,))
    fed = np.array([3.0, 4.0], np.float32)
    fetches = [v, v.read_value(), c, tf.identity(c), tf.identity(x), x, tf.reshape(x, [2, 1]), c]
    session = initialized()
    first = session.run(fetches, {x: fed})
    copies = [each.copy() for each in first]
    for each in first:
        each[...] = -1.0
    assert np.array_equal(fed, [3.0, 4.0])
    for again, copy in zip(session.run(fetches, {x: fed}), copies, strict=True):
        np.testing.assert_array_equal(again, copy)


def test_a_result_does_not_follow_later_updates() -> None:
    v = tf.get_variable("v", initializer=np.zeros(2, np.float32))
    step = v.assign_add([1.0, 1.0])
    session = initialized()
    before = session.run(v)
    during = session.run(step)
    session.run(step)
    assert np.array_equal(before, [0.0, 0.0]) and np.array_equal(during, [1.0, 1.0])


def test_a_fed_array_may_change_after_the_run() -> None:
    v = tf.get_variable("v", initializer=np.zeros(2, np.float32))
    x = tf.placeholder(tf.float32, (2,))
    session = initialized()
    fed = np.array([1.0, 2.0], np.float32)
    session.run(v.assign(x), {x: fed})
    fed[0] = 100.0
    assert np.array_equal(session.run(v), [1.0, 2.0])


# --- what depends on data --------------------


def _calls() -> tuple[list[float], Callable[[Any], Any]]:
    """A Python function on tensors, and the list of values it is called with."""
    seen: list[float] = []

    def note(value: Any) -> Any:
        seen.append(float(value))
        return value

    def noted(tensor: Any) -> Any:
        result = tf.py_func(note, [tensor], tensor.dtype)
        result.set_shape(tensor.shape)
        return result

    return seen, noted


def test_only_the_branch_taken_runs_and_each_operation_once() -> None:
    taken, note_taken = _calls()
    other, note_other = _calls()
    common, note_common = _calls()
    x = tf.placeholder(tf.float32, ())
    base = note_common(x + 1.0)
    y = tf.cond(base > 0.0, lambda: note_taken(base * 2.0), lambda: note_other(base * 3.0))
    session = tf.Session()
    assert session.run([y, base], {x: 1.0}) == [4.0, 2.0]
    assert (taken, other, common) == ([4.0], [], [2.0])
    assert session.run([y, base], {x: -3.0}) == [-6.0, -2.0]
    assert (taken, other, common) == ([4.0], [-6.0], [2.0, -2.0])


@pytest.mark.parametrize("source", ["feed", "variable", "resource", "random", "constant"])
def test_conditions_on_every_kind_of_source(source: str) -> None:
    x = tf.placeholder(tf.float32, ())
    if source == "feed":
        value = x
    elif source == "random":
        value = tf.random_uniform([], -1.0, 1.0, seed=3)
    elif source == "constant":
        value = tf.constant(0.5)
    else:
        value = tf.get_variable("v", initializer=0.5, use_resource=source == "resource")
    y = tf.cond(value > 0.0, lambda: value * 10.0, lambda: value - 10.0)
    session = initialized()
    signs = set()
    for number in np.linspace(-1.0, 1.0, 8, dtype=np.float32):
        found, known = session.run([y, value], {x: number})
        np.testing.assert_allclose(found, known * 10.0 if known > 0 else known - 10.0, rtol=1e-6)
        signs.add(bool(known > 0))
    assert len(signs) == (2 if source in ("feed", "random") else 1)


@pytest.mark.parametrize("x_value, expected", [(3.0, 6.0), (1.0, 3.0), (-1.0, -5.0), (-3.0, -12.0)])
def test_nested_conditions(x_value: float, expected: float) -> None:
    x = tf.placeholder(tf.float32, ())
    y = tf.cond(
        x > 0.0,
        lambda: tf.cond(x > 2.0, lambda: x * 2.0, lambda: x * 3.0),
        lambda: tf.cond(x < -2.0, lambda: x * 4.0, lambda: x * 5.0),
    )
    z = tf.cond(y > 0.0, lambda: y, lambda: y)  # observes the value of a condition
    assert tf.Session().run([y, z], {x: x_value}) == [expected, expected]


def test_print_inside_a_branch_writes_once_and_only_there(capfd: Any) -> None:
    x = tf.placeholder(tf.float32, ())
    y = tf.cond(x > 0.0, lambda: tf.Print(x, [x], "yes:"), lambda: tf.Print(x, [x], "no:"))
    y = tf.cond(y > 5.0, lambda: y * 2.0, lambda: y)
    session = tf.Session()
    assert session.run(y, {x: 6.0}) == 12.0
    assert session.run(y, {x: -6.0}) == -6.0
    assert capfd.readouterr().err.splitlines() == ["yes:[6]", "no:[-6]"]


@both_kinds
def test_updates_in_a_branch_happen_only_when_it_is_taken(use_resource: bool) -> None:
    v = tf.get_variable("v", initializer=1.0, use_resource=use_resource)
    x = tf.placeholder(tf.float32, ())

    def update() -> Any:
        with tf.control_dependencies([v.assign_add(x).op]):
            return tf.constant(True)

    y = tf.cond(x > 0.0, update, lambda: tf.constant(False))
    session = initialized()
    assert session.run(y, {x: 2.0})
    assert session.run(v) == 3.0
    assert not session.run(y, {x: -2.0})
    assert session.run(v) == 3.0


def test_shapes_that_depend_on_data() -> None:
    x = tf.placeholder(tf.float32, (None,))
    kept = tf.boolean_mask(x, x > 0.0)
    places = tf.where(x > 0.0)
    distinct, numbers = tf.unique(kept)
    sums = tf.unsorted_segment_sum(kept, numbers, tf.size(distinct))
    session = tf.Session()
    for data in ([1.0, -1.0, 2.0, 1.0], [-1.0], [3.0], [1.0, -1.0, 2.0, 1.0]):
        found = session.run([kept, places, distinct, sums], {x: data})
        positive = [each for each in data if each > 0]
        unique = list(dict.fromkeys(positive))
        np.testing.assert_array_equal(found[0], np.array(positive, np.float32))
        np.testing.assert_array_equal(found[1][:, 0], np.flatnonzero(np.array(data) > 0))
        np.testing.assert_array_equal(found[2], np.array(unique, np.float32))
        np.testing.assert_array_equal(
            found[3], np.array([positive.count(each) * each for each in unique], np.float32)
        )


def test_a_shape_that_a_variable_holds() -> None:
    size = tf.get_variable("size", initializer=3)
    grow = size.assign_add(1)
    filled = tf.fill([size], 2.0)
    session = initialized()
    assert session.run(tf.reduce_sum(filled)) == 6.0
    session.run(grow)
    assert session.run(filled).shape == (4,)


def test_random_numbers_drawn_before_a_specialization_point_are_used_after_it() -> None:
    draw = tf.random_uniform([3], seed=7)
    count = tf.reduce_sum(tf.cast(draw > 0.5, tf.int32))
    rows = tf.fill([count], 1.0)
    again = draw * 1.0
    session = tf.Session()
    for _ in range(4):
        values, same, filled = session.run([draw, again, rows])
        np.testing.assert_array_equal(values, same)
        assert len(filled) == int(np.sum(values > 0.5))


def test_partial_runs_execute_nothing_twice() -> None:
    seen, noted = _calls()
    a, b = tf.placeholder(tf.float32, ()), tf.placeholder(tf.float32, ())
    first = noted(a + 1.0)
    second = first * b
    session = tf.Session()
    handle = session.partial_run_setup([first, second], [a, b])
    assert session.partial_run(handle, first, {a: 1.0}) == 2.0
    assert session.partial_run(handle, second, {b: 10.0}) == 20.0
    assert seen == [2.0]


def test_what_is_only_waited_for_is_run_and_can_fail() -> None:
    x = tf.placeholder(tf.float32, (2,))
    with tf.control_dependencies([tf.check_numerics(x, "waited for")]):
        c = tf.constant(1.0)
    session = tf.Session()
    with pytest.raises(tf.errors.InvalidArgumentError, match="waited for"):
        session.run(c, {x: [1.0, np.nan]})
    with pytest.raises(tf.errors.InvalidArgumentError, match="waited for"):
        session.run(tf.group(c), {x: [1.0, np.nan]})
    assert session.run(c, {x: [1.0, 2.0]}) == 1.0
