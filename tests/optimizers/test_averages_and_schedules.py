"""Averages that are no public name, and schedules where they end."""

from __future__ import annotations

import numpy as np
import pytest

import pantarhei as tf
from pantarhei.optimizers.moving_averages import assign_moving_average, weighted_moving_average


@pytest.fixture(autouse=True)
def _new_graph() -> None:
    tf.reset_default_graph()


def test_a_corrected_average_of_equal_values_is_that_value() -> None:
    average = tf.get_variable("v", initializer=[0.0, 0.0])
    update = assign_moving_average(average, tf.constant([3.0, -1.0]), 0.9)
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    for _ in range(4):
        np.testing.assert_allclose(session.run(update), [3.0, -1.0], rtol=2e-6)
    names = [each.name for each in tf.global_variables()]
    assert names == ["v:0", "v/biased:0", "v/local_step:0"]


def test_a_second_corrected_average_gets_variables_of_its_own() -> None:
    average = tf.get_variable("v", initializer=0.0)
    for _ in range(3):
        assign_moving_average(average, tf.constant(3.0), 0.9)
    names = {each.op.name for each in tf.global_variables()}
    assert {"v/biased", "v/biased_1", "v/biased_2", "v/local_step_2"} <= names


def test_weights_of_an_average() -> None:
    value, weight = tf.placeholder(tf.float32, [2]), tf.placeholder(tf.float32, [])
    average = weighted_moving_average(value, 0.5, weight)
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    np.testing.assert_allclose(session.run(average, {value: [1.0, 2.0], weight: 1.0}), [1.0, 2.0])
    # Half of the first with weight 1, then the second with weight 3: (0.25 * x + 1.5 * y) / 1.75.
    np.testing.assert_allclose(
        session.run(average, {value: [8.0, 9.0], weight: 3.0}),
        [(0.25 + 1.5 * 8.0) / 1.75, (0.5 + 1.5 * 9.0) / 1.75],
        rtol=1e-6,
    )


def test_swapping_averages_in_for_evaluation() -> None:
    w = tf.get_variable("w", initializer=0.0)
    average = tf.train.ExponentialMovingAverage(0.5)
    with tf.control_dependencies([w.assign_add(4.0)]):
        train = average.apply([w])
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    session.run(train)
    session.run(train)
    assert session.run(average.average(w)) == 5.0
    assert average.variables_to_restore() == {"w/ExponentialMovingAverage": w}


@pytest.mark.parametrize(
    "rate, end",
    [
        (lambda step: tf.train.polynomial_decay(0.1, step, 10, 0.01), 0.01),
        (lambda step: tf.train.cosine_decay(0.1, step, 10, alpha=0.2), 0.02),
        (lambda step: tf.train.linear_cosine_decay(0.1, step, 10, beta=0.5), 0.05),
        (lambda step: tf.train.piecewise_constant(step, [3], [0.1, 0.03]), 0.03),
    ],
)
def test_schedules_stay_where_they_end(rate, end) -> None:
    step = tf.placeholder(tf.int64, [])
    decayed = rate(step)
    session = tf.Session()
    for each in (10, 11, 1000):
        assert session.run(decayed, {step: each}) == pytest.approx(end, rel=1e-6)
