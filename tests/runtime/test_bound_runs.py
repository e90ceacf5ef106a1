"""Runs that are one call on variables in place: they must differ from other runs in nothing but
time. Every test compares with the reference engine or with what a user may rely on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import pantarhei as tf
from pantarhei.engines.native.runtime import bound
from pantarhei.engines.native.runtime.context import ExecutionContext
from pantarhei.runtime.base_session import BaseSession
from pantarhei.runtime.bound_run import BoundRun


@pytest.fixture(autouse=True)
def graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def native() -> tf.Session:
    session = tf.Session(config=tf.ConfigProto(engine="native"))
    session.run(tf.global_variables_initializer())
    return session


def calls(session: BaseSession) -> list[BoundRun]:
    """The plans of a session that are one call."""
    caches = session._dispatcher.caches.values()
    plans = [plan for cache in caches for plan in cache.plans.values()]
    return [plan.bound for plan in plans if plan.bound]


def line(batch: int = 8) -> dict[Any, Any]:
    """Feeds for `regression`."""
    x = np.linspace(-1, 1, 3 * batch, dtype=np.float32).reshape(batch, 3)
    return {"x:0": x, "y:0": x @ np.array([[1], [-2], [0.5]], np.float32) + 3}


def regression(optimizer: Any = None) -> tuple[Any, Any, Any]:
    x = tf.placeholder(tf.float32, (None, 3), name="x")
    y = tf.placeholder(tf.float32, (None, 1), name="y")
    w, b = tf.Variable(tf.zeros([3, 1])), tf.Variable(tf.zeros([1]))
    loss = tf.reduce_mean(tf.square(x @ w + b - y))
    step = (optimizer or tf.train.AdamOptimizer(0.1)).minimize(loss)
    return step, loss, (w, b)


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: tf.train.GradientDescentOptimizer(0.1),
        lambda: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
        lambda: tf.train.AdamOptimizer(0.1),
        lambda: tf.train.RMSPropOptimizer(0.01),
        lambda: tf.train.FtrlOptimizer(0.1),
        lambda: tf.train.AdagradOptimizer(0.1),
    ],
)
def test_training_is_one_call_and_agrees_with_the_reference(
    optimizer: Callable[[], Any],
) -> None:
    step, loss, variables = regression(optimizer())
    session = native()
    reference = tf.Session(config=tf.ConfigProto(engine="numpy"))
    reference.run(tf.global_variables_initializer())
    for number in range(20):
        feeds = line(8 + number % 3)
        found, wanted = (each.run([step, loss], feeds) for each in (session, reference))
        assert found[0] is None and type(found) is list
        np.testing.assert_allclose(found[1], wanted[1], rtol=2e-5)
    assert len(calls(session)) == 3 and not calls(reference)
    pairs = zip(session.run(variables), reference.run(variables), strict=True)
    for found, wanted in pairs:
        np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_what_a_user_holds_never_changes() -> None:
    """Fetched variables, results, and what a Python function has seen of a variable."""
    step, loss, (w, b) = regression()
    seen: list[Any] = []
    look = tf.py_func(lambda array: [seen.append(array), np.int64(0)][1], [w], tf.int64)  # type: ignore[func-returns-value]
    session = native()
    held: list[Any] = []
    copies: list[Any] = []
    for number in range(6):
        if number == 3:
            session.run(look)
            held.append(seen[0])
        held += session.run([step, w, b, loss], line())[1:]
        held += session.run([w, tf.identity(w)] if number == 0 else [w])
        while len(copies) < len(held):
            copies.append(np.array(held[len(copies)]))
    assert calls(session)
    for array, copy in zip(held, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_fetched_variables_are_shown_after_the_run_and_what_read_them_before() -> None:
    x = tf.Variable([1.0, 2.0])
    double = x * 2.0
    step = tf.assign_add(x, [10.0, 10.0])
    session = native()
    for number in range(3):
        before = np.array([1, 2], np.float32) + 10 * number
        _, shown, doubled = session.run([step, x, double])
        np.testing.assert_array_equal(shown, before + 10)
        np.testing.assert_array_equal(doubled, before * 2)


def test_variables_that_take_each_others_values() -> None:
    a, b = tf.Variable([1.0, 2.0]), tf.Variable([3.0, 4.0])
    old_a, old_b = tf.identity(a) * 1.5, tf.reverse(b, [0]) * 2.0
    with tf.control_dependencies([old_a, old_b]):
        swap = tf.group(tf.assign(a, old_b), tf.assign(b, old_a))
    session = native()
    wanted = [np.array([1, 2], np.float32), np.array([3, 4], np.float32)]
    for _ in range(4):
        session.run(swap)
        wanted = [wanted[1][::-1] * 2, wanted[0] * np.float32(1.5)]
        for found, each in zip(session.run([a, b]), wanted, strict=True):
            np.testing.assert_array_equal(found, each)


def test_an_update_waits_for_those_that_read_the_old_value() -> None:
    """The value before the update is needed in another order of its elements."""
    w = tf.Variable(np.arange(12, dtype=np.float32).reshape(3, 4))
    turned = tf.transpose(w) + 0.0
    step = tf.assign(w, tf.matmul(w, tf.matmul(turned, w)) * 1e-3)
    session = native()
    value = np.arange(12, dtype=np.float32).reshape(3, 4)
    for _ in range(3):
        seen, _ = session.run([turned, step])
        np.testing.assert_allclose(seen, value.T, rtol=1e-5)
        value = value @ (value.T @ value) * np.float32(1e-3)
        np.testing.assert_allclose(session.run(w), value, rtol=1e-5)


@pytest.mark.parametrize("kind", [list, tuple, dict, "single", "nested"])
def test_results_have_the_structure_of_fetches(kind: Any) -> None:
    x = tf.placeholder(tf.float32, (None,))
    total, twice = tf.reduce_sum(x), x * 2.0
    fetches: Any = {
        list: [total, twice],
        tuple: (twice, total),
        dict: {"t": total, "w": twice},
        "single": twice,
        "nested": {"a": [total, (twice, [twice.op])]},
    }[kind]
    session = native()
    reference = tf.Session(config=tf.ConfigProto(engine="numpy"))
    for _ in range(3):
        found, wanted = (each.run(fetches, {x: [1.0, 2.0]}) for each in (session, reference))
        assert type(found) is type(wanted) and repr(found) == repr(wanted)


def test_feeds_of_other_kinds_shapes_and_values() -> None:
    x = tf.placeholder(tf.float32, (None, 2))
    rate = tf.placeholder(tf.float32, ())
    training = tf.placeholder(tf.bool, ())
    y = tf.cond(training, lambda: x * rate, lambda: x - rate)
    session = native()
    array = np.array([[1, 2], [3, 4]], np.float32)
    values: list[Any] = [array, array.tolist(), array.astype(np.float64), array[:1], array.T]
    values += [np.asfortranarray(array), array[::-1], np.ma.masked_array(array), array[:0]]
    for _ in range(3):
        for value in values:
            for flag in (True, False, np.True_, np.array(False)):
                for number in (0.5, 2, np.float32(0.25), np.array(0.75)):
                    found = session.run(y, {x: value, rate: number, training: flag})
                    dense = np.asarray(value, np.float32)
                    wanted = dense * np.float32(number) if flag else dense - np.float32(number)
                    np.testing.assert_array_equal(found, wanted)
    flags = np.array(True)
    assert session.run(y, {x: array, rate: 0, training: flags})[0, 0] == 0
    flags[()] = False
    assert session.run(y, {x: array, rate: 0, training: flags})[0, 0] == 1


def test_unused_feeds_are_checked_only() -> None:
    x, unused = tf.placeholder(tf.float32, (2,)), tf.placeholder(tf.float32, (None, 2))
    double = x * 2.0
    session = native()
    for size in (1, 2, 3):
        for _ in range(2):
            found = session.run(double, {unused: np.zeros((size, 2)), x: [1.0, size]})
            np.testing.assert_array_equal(found, [2.0, 2.0 * size])
    with pytest.raises(ValueError, match="Cannot feed value of shape"):
        session.run(double, {unused: np.zeros((2, 3)), x: [1.0, 2.0]})


def test_wrong_feeds_raise() -> None:
    step, loss, _ = regression()
    session = native()
    feeds = line()
    for _ in range(3):
        session.run([step, loss], feeds)
    with pytest.raises(ValueError, match="Cannot feed value of shape"):
        session.run([step, loss], {**feeds, "x:0": np.zeros((8, 4), np.float32)})
    with pytest.raises(tf.errors.InvalidArgumentError, match="You must feed a value"):
        session.run([step, loss], {"x:0": feeds["x:0"]})
    with pytest.raises(ValueError):
        session.run([step, loss], {**feeds, "x:0": "words"})
    with pytest.raises(TypeError):
        session.run([step, [loss, {}, None]], feeds)
    session.close()
    with pytest.raises(RuntimeError, match="closed"):
        session.run([step, loss], feeds)


def test_a_run_that_fails_changes_nothing() -> None:
    v = tf.Variable([1.0, 2.0])
    x = tf.placeholder(tf.float32, (2,))
    checked = tf.check_numerics(x, "bad")
    step = tf.assign_add(v, checked)
    session = native()
    for _ in range(3):
        session.run(step, {x: [1.0, 1.0]})
        with pytest.raises(tf.errors.InvalidArgumentError, match="bad"):
            session.run(step, {x: [1.0, np.nan]})
    np.testing.assert_array_equal(session.run(v), [4.0, 5.0])


def test_interrupted_runs_leave_variables_of_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends a long run between two kernels while nothing is updated, otherwise after it."""
    monkeypatch.setattr(bound, "LONG", 0)
    step, loss, variables = regression()
    session = native()
    reference = native()
    walk = ExecutionContext.walk
    left = [0]

    def walk_until(context: ExecutionContext, steps: Any) -> None:
        walk(context, steps)
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(ExecutionContext, "walk", walk_until)
    session.run([step, loss], line())
    reference.run([step, loss], line())
    for number in range(1, 100):
        before = session.run(variables)
        left[0], stopped = number, False
        try:
            session.run([step, loss], line())
        except KeyboardInterrupt:
            stopped = True
        left[0] = 0
        found = session.run(variables)
        if all(map(np.array_equal, found, before)):
            assert stopped
            continue
        reference.run([step, loss], line())
        for one, other in zip(found, reference.run(variables), strict=True):
            np.testing.assert_array_equal(one, other)
        if not stopped:
            break
    assert number > 2 and calls(session)


def test_variables_change_by_other_runs_between() -> None:
    """Loading, initializing and assigning give variables other arrays and other shapes."""
    step, loss, (w, b) = regression()
    session = native()
    reference = tf.Session(config=tf.ConfigProto(engine="numpy"))
    reference.run(tf.global_variables_initializer())
    for number in range(4):
        for each in (session, reference):
            each.run(step, line())
            w.load(np.full((3, 1), number, np.float32), each)
            each.run(b.initializer)
            each.run(step, line())
        found, wanted = (each.run([w, b, loss], line()) for each in (session, reference))
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5)
    v = tf.Variable(np.zeros(2, np.float32), validate_shape=False)
    value = tf.placeholder(tf.float32)
    grow, more = tf.assign(v, value, validate_shape=False), tf.assign_add(v, tf.ones_like(v))
    session.run(v.initializer)
    for size in (3, 5, 3):
        session.run(grow, {value: np.zeros(size)})
        for _ in range(2):
            session.run(more)
        np.testing.assert_array_equal(session.run(v), np.full(size, 2.0))


def test_callables() -> None:
    step, loss, _ = regression()
    session = native()
    feeds = list(line().values())
    call = session.make_callable([step, loss], ["x:0", "y:0"])
    losses = [call(*feeds)[1] for _ in range(5)]
    assert losses == sorted(losses, reverse=True)
    assert call(feeds[0].tolist(), feeds[1])[1] < losses[-1]
    with pytest.raises(ValueError, match="Cannot feed value of shape"):
        call(feeds[1], feeds[1])
    session.close()
    with pytest.raises(RuntimeError, match="closed"):
        call(*feeds)


def test_threads_share_a_session() -> None:
    """Every update counts, and every fetch is of one moment."""
    a, b = tf.Variable(tf.zeros([50])), tf.Variable(tf.zeros([50]))
    add = tf.group(tf.assign_add(a, tf.ones([50])), tf.assign_add(b, tf.ones([50])))
    session = native()
    torn = []

    def work() -> None:
        for _ in range(200):
            session.run(add)
            one, other = session.run([a, b])
            if not np.all(np.concatenate([one, other]) == one[0]):
                torn.append((one, other))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not torn
    assert np.all(session.run(a) == 800)


def test_a_variable_that_is_overwritten_unread() -> None:
    x = tf.placeholder(tf.float32, (2,))
    v, w = tf.Variable([1.0, 2.0]), tf.Variable([0.0, 0.0])
    step = tf.group(tf.assign(v, x * 2.0), tf.assign(w, tf.identity(w) * 0.0 + x))
    session = native()
    for number in range(3):
        session.run(step, {x: [number, 1.0]})
        np.testing.assert_array_equal(session.run([v, w]), [[2 * number, 2], [number, 1]])
    assert calls(session)


def test_indices_out_of_range_raise_and_change_nothing() -> None:
    """Labels, rows of a table, positions: guards find them before a variable is written."""
    ids, labels = tf.placeholder(tf.int32, (3,)), tf.placeholder(tf.int64, (3,))
    table = tf.Variable(np.arange(40, dtype=np.float32).reshape(10, 4) / 40)
    bias = tf.Variable(tf.zeros([4]))
    logits = tf.nn.embedding_lookup(table, ids) + bias
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    overwritten = tf.Variable([0.0, 0.0, 0.0])
    step = tf.group(
        tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(losses)),
        tf.assign(overwritten, tf.cast(ids, tf.float32) * 2.0),
    )
    session = native()
    reference = tf.Session(config=tf.ConfigProto(engine="numpy"))
    reference.run(tf.global_variables_initializer())
    variables = [table, bias, overwritten]
    for good, bad in (
        ({ids: [1, 2, 1], labels: [0, 1, 3]}, {ids: [1, 10, 1], labels: [0, 1, 3]}),
        ({ids: [9, 0, 9], labels: [2, 2, 2]}, {ids: [9, 0, -1], labels: [2, 2, 2]}),
        ({ids: [5, 5, 5], labels: [1, 1, 1]}, {ids: [5, 5, 5], labels: [1, 4, 1]}),
    ):
        for each in (session, reference):
            each.run([step, losses], good)
        before = session.run(variables)
        messages = []
        for each in (session, reference):
            with pytest.raises(tf.errors.InvalidArgumentError) as caught:
                each.run([step, losses], bad)
            messages.append(str(caught.value))
        assert messages[0] == messages[1]
        for found, old, wanted in zip(
            session.run(variables), before, reference.run(variables), strict=True
        ):
            np.testing.assert_array_equal(found, old)
            np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert calls(session)


@pytest.mark.parametrize("size", [1, 3, 4, 5, 64, 1001, 200_003])
def test_random_numbers_are_those_of_the_reference(size: int) -> None:
    x = tf.random_uniform([size], 1.0, 3.0, seed=size)
    kept = tf.nn.dropout(tf.ones([size]), keep_prob=0.5, seed=1)
    total = tf.Variable(tf.zeros([size]))
    step = tf.assign_add(total, x * kept)
    found: list[Any] = []
    wanted: list[Any] = []
    for engine, seen in (("native", found), ("numpy", wanted)):
        with tf.Session(config=tf.ConfigProto(engine=engine)) as session:
            session.run(tf.global_variables_initializer())
            seen += [session.run([x, kept, step]) for _ in range(3)]
            seen.append(session.run([total]))
            assert bool(calls(session)) == (engine == "native")
    for one, other in zip(found, wanted, strict=True):
        for array, expected in zip(one, other, strict=True):
            np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("kind", ["add", "sub", "mul", "update"])
@pytest.mark.parametrize("index_type", [np.int32, np.int64])
def test_scattered_updates(kind: str, index_type: Any) -> None:
    values = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
    rows = np.array([[1, 3], [1, 1]], index_type)
    positions = np.array([[0, 2], [3, 0], [0, 2]], index_type)
    feeds = {"i:0": rows, "n:0": positions}
    with tf.Graph().as_default():
        i = tf.placeholder(index_type, (2, 2), name="i")
        n = tf.placeholder(index_type, (3, 2), name="n")
        v, w = tf.Variable(values), tf.Variable(values)
        updates = np.linspace(1, 2, 24, dtype=np.float32).reshape(2, 2, 3, 2)
        one = getattr(tf, f"scatter_{kind}")(v, i, updates)
        other = one
        if kind != "mul":
            other = getattr(tf, f"scatter_nd_{kind}")(w, n, updates.reshape(12, 2)[:3])
        looked = [tf.argmax(v, axis) for axis in range(3)]
        results = []
        for engine in ("native", "numpy"):
            with tf.Session(config=tf.ConfigProto(engine=engine)) as session:
                session.run(tf.global_variables_initializer())
                seen = [session.run([one, other, *looked], feeds) for _ in range(3)]
                results.append([*seen, session.run([v, w])])
                assert bool(calls(session)) == (engine == "native")
    for found, wanted in zip(*results, strict=True):
        for array, expected in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(array, expected)
