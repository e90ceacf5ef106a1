"""Steps that change rows of variables, in place: one call, however many rows are distinct."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pantarhei as tf
from tests.runtime.test_bound_runs import calls

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "descent": lambda: tf.train.GradientDescentOptimizer(0.1),
    "adam": lambda: tf.train.AdamOptimizer(0.1),
    "adagrad": lambda: tf.train.AdagradOptimizer(0.1),
    "momentum": lambda: tf.train.MomentumOptimizer(0.1, 0.9),
    "rms": lambda: tf.train.RMSPropOptimizer(0.1, momentum=0.5),
    "centered": lambda: tf.train.RMSPropOptimizer(0.1, centered=True),
    "ftrl": lambda: tf.train.FtrlOptimizer(0.1),
    "adadelta": lambda: tf.train.AdadeltaOptimizer(0.1),
}
# More, fewer, and no repetitions.
BATCHES = ([[1, 2], [1, 1]], [[0, 0], [0, 0]], [[4, 3], [2, 1]], [[4, 0], [3, 4]])


def training(make: Callable[[], Any], resource: bool, twice: bool) -> tuple[Any, Any, Any]:
    """A step on an embedding, its loss and its variables."""
    ids = tf.placeholder(tf.int32, (None, 2), name="ids")
    with tf.variable_scope("scope", use_resource=resource):
        start = np.linspace(-1, 1, 15, dtype=np.float32).reshape(5, 3)
        table = tf.get_variable("table", initializer=start)
        weights = tf.get_variable("weights", initializer=np.array([[1], [-2], [3]], np.float32))
    rows = tf.nn.embedding_lookup(table, ids)
    if twice:
        rows = rows * tf.nn.embedding_lookup(table, tf.reverse(ids, [0]))
    loss = tf.reduce_mean(tf.square(tf.reduce_sum(rows, 1) @ weights - 1.0))
    return make().minimize(loss), loss, tf.global_variables()


@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize("resource", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_embeddings(name: str, resource: bool, twice: bool) -> None:
    seen = []
    for engine in ("native", "numpy"):
        with tf.Graph().as_default():
            step, loss, variables = training(OPTIMIZERS[name], resource, twice)
            with tf.Session(config=tf.ConfigProto(engine=engine)) as session:
                session.run(tf.global_variables_initializer())
                results = []
                for ids in BATCHES * 2:
                    results += [session.run([step, loss], {"ids:0": ids})[1]]
                    before = session.run(variables)
                    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
                        session.run([step, loss], {"ids:0": [[1, 5], [1, 1]]})
                    results += [str(caught.value), *before]
                    for old, new in zip(before, session.run(variables), strict=True):
                        np.testing.assert_array_equal(old, new)
                assert bool(calls(session)) == (engine == "native")
                # One kind of run is one plan, however many rows are distinct.
                plans = [len(cache.plans) for cache in session._dispatcher.caches.values()]
                assert max(plans) == 1
                seen.append(results)
    for found, wanted in zip(*seen, strict=True):
        if isinstance(wanted, str):
            assert found == wanted
        else:
            np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


def test_distinct_rows_that_somebody_sees_are_those_there_are() -> None:
    """Fetched beside the step, fed, or used for something else."""
    with tf.Graph().as_default() as graph:
        step, _, _ = training(OPTIMIZERS["adagrad"], False, False)
        (unique,) = (op for op in graph.get_operations() if op.type == "Unique")
        once, places = unique.outputs
        (sums,) = (op for op in places.consumers() if op.type == "UnsortedSegmentSum")
        updates = [op for op in graph.get_operations() if op.type == "SparseApplyAdagrad"]
        assert len(updates) == 1
        other = tf.reduce_mean(sums.outputs[0], 0)
        for engine in ("native", "numpy"):
            with tf.Session(config=tf.ConfigProto(engine=engine)) as session:
                session.run(tf.global_variables_initializer())
                feeds = {"ids:0": [[4, 2], [4, 4]]}
                for fetches in (once, [once, step], [step, once]):
                    found = session.run(fetches, feeds)
                    rows = found if not isinstance(fetches, list) else found[fetches.index(once)]
                    assert rows.tolist() == [4, 2]
                assert session.run([places, step], feeds)[0].tolist() == [0, 1, 0, 0]
                assert session.run([sums.outputs[0], step], feeds)[0].shape == (2, 3)
                total, mean = session.run([sums.outputs[0], other], feeds)
                np.testing.assert_allclose(mean, total.mean(0), rtol=1e-6)
                assert session.run([other, step], feeds)[0].shape == (3,)
                session.run(step, {**feeds, places: [1, 0, 1, 1], once: [2, 4]})


def test_sums_by_what_is_alike_are_as_many_as_are_distinct() -> None:
    """The same operations as in an optimizer, with other ones behind."""
    x = np.array([3, 1, 3, 3, 2], np.int64)
    values = np.arange(5, dtype=np.float32)
    with tf.Graph().as_default():
        keys, v = tf.placeholder(tf.int64, (None,)), tf.Variable(tf.zeros([5]))
        once, places = tf.unique(keys)
        sums = tf.unsorted_segment_sum(values, places, tf.shape(once)[0])
        added = tf.scatter_add(v, once, sums + 1.0)  # what is filled up would add 1
        doubled = tf.scatter_add(v, once, sums * 2.0)
        looked = tf.gather(v, once)
        for engine in ("native", "numpy"):
            with tf.Session(config=tf.ConfigProto(engine=engine)) as session:
                session.run(v.initializer)
                assert session.run(added, {keys: x}).tolist() == [0, 2, 5, 6, 0]
                assert session.run(doubled, {keys: x}).tolist() == [0, 4, 13, 16, 0]
                assert session.run(doubled, {keys: x}).tolist() == [0, 6, 21, 26, 0]
                found = session.run([doubled, looked], {keys: x})[1]
                assert found.shape == (3,)
