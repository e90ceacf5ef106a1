"""NaN in reductions to the largest and smallest: it loses, unless there is nothing to compare."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pantarhei as tf
from tests.support.engines import engines, session

NAN, INF = np.nan, np.inf

# Array -> largest of all, along axis 0, along axis 1, along none; smallest along axis 1: as
# TensorFlow 1.15.5 computes them.
ANSWERS: list[tuple[Any, list[Any]]] = [
    ([[NAN]], [NAN, [NAN], [NAN], [[NAN]], [NAN]]),
    (
        [[NAN], [1.0], [NAN]],
        [1.0, [1.0], [NAN, 1.0, NAN], [[NAN], [1.0], [NAN]], [NAN, 1.0, NAN]],
    ),
    ([[NAN, 1.0, NAN]], [1.0, [NAN, 1.0, NAN], [1.0], [[NAN, 1.0, NAN]], [1.0]]),
    ([[NAN, NAN]], [-INF, [NAN, NAN], [-INF], [[NAN, NAN]], [INF]]),
]


@pytest.mark.parametrize("engine", engines())
@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
@pytest.mark.parametrize("array, answers", ANSWERS)
def test_nan_loses(array: Any, answers: list[Any], dtype: Any, engine: str) -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(dtype, (None, None))
        fetches = [
            tf.reduce_max(x),
            tf.reduce_max(x, 0),
            tf.reduce_max(x, 1),
            tf.reduce_max(x, []),
            tf.reduce_min(x, 1),
        ]
        with session(tf, graph, engine) as running:
            for found, wanted in zip(running.run(fetches, {x: array}), answers, strict=True):
                np.testing.assert_array_equal(found, wanted)
