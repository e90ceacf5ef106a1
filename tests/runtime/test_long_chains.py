"""Deep graphs: no step of a run recurses along them, and twice the depth is twice the work.

Work is counted in calls of functions, Python's and those written in C, never in time.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import pantarhei as tf

ENGINES = ("numpy", "native")


def first_step(depth: int, engine: str) -> Any:
    """Build, differentiate, lower and run a chain of layers; the slope of its last bias."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, (2, 3))
        bias = tf.get_variable("bias", (3,), initializer=tf.zeros_initializer())
        weights = tf.constant(np.eye(3, dtype=np.float32) / 2)
        h = x
        for number in range(depth):
            h = tf.tanh(tf.matmul(h, weights) + bias) if number % 8 == 0 else tf.tanh(h) * 0.9
        loss = tf.reduce_sum(h + bias)
        slope = tf.gradients(loss, bias)[0]
        step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        with tf.Session(config=tf.ConfigProto(engine=engine)) as session:
            session.run(tf.global_variables_initializer())
            return session.run([slope, step], {x: np.ones((2, 3))})[0]


def expected_slope(depth: int) -> Any:
    """The same: all elements of a layer are one number, whose slope goes along."""
    h, slope = 1.0, 0.0
    for number in range(depth):
        h, slope = (h / 2, slope / 2 + 1) if number % 8 == 0 else (h, slope)
        h, slope = np.tanh(h), slope * (1 - np.tanh(h) ** 2)
        if number % 8:
            h, slope = h * 0.9, slope * 0.9
    return [2 * (slope + 1)] * 3


@contextmanager
def counted() -> Iterator[list[int]]:
    """Counts the calls inside; the only element of what it gives is their number."""
    count = [0]

    def note(frame: Any, event: str, argument: Any) -> None:
        if event in ("call", "c_call"):
            count[0] += 1

    sys.setprofile(note)
    try:
        yield count
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_chain_deeper_than_the_stack(engine: str) -> None:
    first_step(8, engine)  # imports may go deep
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 150)
    try:
        slope = first_step(300, engine)
    finally:
        sys.setrecursionlimit(before)
    np.testing.assert_allclose(slope, expected_slope(300), rtol=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_twice_the_depth_is_twice_the_work(engine: str) -> None:
    first_step(32, engine)  # whatever is done once for a process
    calls = []
    for depth in (32, 64, 128):
        with counted() as count:
            first_step(depth, engine)
        calls.append(count[0])
    assert calls[2] - calls[1] < 2.2 * (calls[1] - calls[0])
