"""Faults in data that stop a bound run: the errors of the reference engine, and nothing changed.

No variable, no state of a random operation, no array of the user's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pantarhei as tf
from tests.runtime.test_bound_runs import calls

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)


def _positions(x: Any, i: Any) -> Any:
    return tf.gather_nd(x, tf.stack([i, i], 1))


CASES: dict[str, tuple[Callable[[Any, Any], Any], list[int], list[int]]] = {
    "gather": (lambda x, i: tf.gather(x, i), [0, 3, 1], [0, 4, 1]),
    "gather_nd": (_positions, [0, 2, 1], [0, -1, 1]),
    "floor_div": (lambda x, i: tf.cast(7 // i, tf.float32), [1, -2, 3], [1, 0, 3]),
    "mod": (lambda x, i: tf.cast(7 % i, tf.float32), [1, -2, 3], [0, 2, 3]),
    "truncatediv": (lambda x, i: tf.cast(tf.truncatediv(7, i), tf.float32), [1, 1, 1], [1, 1, 0]),
    "check_numerics": (
        lambda x, i: tf.check_numerics(1 / tf.cast(i, tf.float32), "too small"),
        [1, 2, 3],
        [1, 0, 3],
    ),
    "random_uniform": (
        lambda x, i: tf.cast(tf.random_uniform([4], i[0], i[1], tf.int32, seed=4), tf.float32),
        [1, 9, 0],
        [2, 2, 0],
    ),
    "in_top_k": (lambda x, i: tf.cast(tf.nn.in_top_k(x, i, 2), tf.float32), [0, 2, 1], [0, 3, -1]),
    "segments": (
        lambda x, i: tf.unsorted_segment_max(x[:3], i, 3),
        [0, 2, 1],
        [0, 3, 1],
    ),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_run_with_a_fault_changes_nothing(kind: str) -> None:
    made, good, bad = CASES[kind]
    with tf.Graph().as_default():
        tf.set_random_seed(5)
        table = tf.Variable(ROWS)
        overwritten, drawn = tf.Variable(0.0), tf.Variable([0.0, 0.0])
        i = tf.placeholder(tf.int32, (3,))
        result = tf.reduce_sum(made(table if kind != "in_top_k" else table[:3], i))
        step = tf.group(
            tf.assign_add(table, table * 0.5 + result * 1e-3),
            tf.assign(overwritten, tf.cast(i[0], tf.float32)),
            tf.assign_add(drawn, tf.random_normal([2])),
        )
        seen = []
        for engine in ("native", "numpy"):
            with tf.Session(config=tf.ConfigProto(engine=engine)) as session:
                session.run(tf.global_variables_initializer())
                results = []
                for ids in (good, bad, bad, good, good):
                    before = session.run([table, overwritten, drawn])
                    fed = np.array(ids, np.int32)
                    try:
                        results.append(session.run([result, step], {i: fed})[0])
                    except tf.errors.InvalidArgumentError as error:
                        results.append(str(error))
                        after = session.run([table, overwritten, drawn])
                        for one, other in zip(before, after, strict=True):
                            np.testing.assert_array_equal(one, other)
                    assert fed.tolist() == ids
                results += session.run([table, drawn])
                assert bool(calls(session)) == (engine == "native")
                seen.append(results)
    for found, wanted in zip(*seen, strict=True):
        if isinstance(wanted, str):
            assert found == wanted
        else:
            np.testing.assert_allclose(found, wanted, rtol=1e-5)
    if kind not in ("in_top_k", "segments"):
        assert isinstance(seen[0][1], str)
