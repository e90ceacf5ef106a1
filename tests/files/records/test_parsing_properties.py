"""Any example is parsed to what it holds; any bytes are parsed or refused, never worse."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pantarhei as tf

FLOATS = st.lists(st.floats(width=32, allow_nan=False), max_size=4)
INTEGERS = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4)
TEXTS = st.lists(st.binary(max_size=4), max_size=4)
ROWS = st.tuples(FLOATS, INTEGERS, TEXTS)


def features(row: Any) -> Any:
    floats, integers, texts = row
    return {
        "f": tf.train.Feature(float_list=tf.train.FloatList(value=floats)),
        "i": tf.train.Feature(int64_list=tf.train.Int64List(value=integers)),
        "t": tf.train.Feature(bytes_list=tf.train.BytesList(value=texts)),
    }


def example(row: Any) -> bytes:
    held = tf.train.Features(feature=features(row))
    return tf.train.Example(features=held).SerializeToString()


def sequence(rows: Any) -> bytes:
    lists: Any = {"f": [], "i": [], "t": []}
    for row in rows:
        for key, feature in features(row).items():
            lists[key].append(feature)
    held = {key: tf.train.FeatureList(feature=each) for key, each in lists.items()}
    message = tf.train.SequenceExample(feature_lists=tf.train.FeatureLists(feature_list=held))
    return message.SerializeToString()


TYPES = {"f": tf.float32, "i": tf.int64, "t": tf.string}


@pytest.fixture(scope="module")
def run():
    """Parses serialized messages in one of several ways."""
    with tf.Graph().as_default():
        batch, one = tf.placeholder(tf.string, [None]), tf.placeholder(tf.string, [])
        var = {key: tf.VarLenFeature(dtype) for key, dtype in TYPES.items()}
        fixed = {key: tf.FixedLenFeature([2], dtype) for key, dtype in TYPES.items()}
        filled = {
            key: tf.FixedLenSequenceFeature([], dtype, allow_missing=True)
            for key, dtype in TYPES.items()
        }
        ways = {
            "sparse": (batch, tf.parse_example(batch, var)),
            "fixed": (batch, tf.parse_example(batch, fixed)),
            "filled": (batch, tf.parse_example(batch, filled)),
            "single": (one, tf.parse_single_example(one, {**var})),
            "lists": (one, tf.parse_single_sequence_example(one, None, var)[1]),
            "batch of lists": (batch, tf.io.parse_sequence_example(batch, None, var)[1]),
        }
        with tf.Session() as session:
            yield lambda way, fed: session.run(ways[way][1], {ways[way][0]: fed})


def dense_rows(sparse: Any) -> list[Any]:
    """The elements of a sparse matrix, row by row."""
    rows: list[Any] = [[] for _ in range(sparse.dense_shape[0])]
    for (row, column), value in zip(sparse.indices, sparse.values, strict=True):
        assert column == len(rows[row])
        rows[row].append(value)
    assert sparse.dense_shape[1] == max(map(len, rows), default=0)
    return rows


@settings(deadline=None, max_examples=60)
@given(rows=st.lists(ROWS, max_size=4))
def test_examples_come_back(run, rows):
    batch = [example(row) for row in rows]
    sparse, filled = run("sparse", batch), run("filled", batch)
    for place, key in enumerate("fit"):
        wanted = [row[place] for row in rows]
        assert dense_rows(sparse[key]) == wanted
        for found, row in zip(filled[key], wanted, strict=True):
            padding = [b"" if key == "t" else 0] * (filled[key].shape[1] - len(row))
            assert found.tolist() == row + padding


@settings(deadline=None, max_examples=40)
@given(rows=st.lists(ROWS, max_size=4))
def test_lists_come_back(run, rows):
    found = run("lists", sequence(rows))
    whole = run("batch of lists", [sequence(rows), sequence([])])
    for place, key in enumerate("fit"):
        wanted = [row[place] for row in rows]
        assert dense_rows(found[key]) == wanted
        assert whole[key].values.tolist() == found[key].values.tolist()
        np.testing.assert_array_equal(whole[key].indices[:, 1:], found[key].indices)
        np.testing.assert_array_equal(whole[key].dense_shape, [2, *found[key].dense_shape])


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.data_too_large])
@given(row=ROWS, data=st.data())
def test_altered_bytes_are_parsed_or_refused(run, row, data):
    whole = data.draw(st.sampled_from([example(row), sequence([row, row])]))
    altered = bytearray(whole[: data.draw(st.integers(0, len(whole)), label="kept")])
    for _ in range(data.draw(st.integers(0, 3), label="changes")):
        if altered:
            place = data.draw(st.integers(0, len(altered) - 1))
            altered[place] = data.draw(st.integers(0, 255))
    for way in ("sparse", "fixed", "filled", "single", "lists", "batch of lists"):
        single = way in ("single", "lists")
        try:
            run(way, bytes(altered) if single else [bytes(altered)])
        except tf.errors.InvalidArgumentError as error:
            assert error.message  # it is refused, and said why
