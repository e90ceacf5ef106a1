"""Examples as messages, and features of them as tensors; bytes as numbers."""

import numpy as np
import pytest

import pantarhei as tf
from tests.files.summaries.golden import data, golden


def floats(*values):
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))


def integers(*values):
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def texts(*values):
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))


def example(**features):
    message = tf.train.Example(features=tf.train.Features(feature=features))
    return message.SerializeToString()


FEATURES = {
    "x": tf.FixedLenFeature([2], tf.float32),
    "n": tf.FixedLenFeature([], tf.int64),
    "s": tf.FixedLenFeature([], tf.string),
    "d": tf.FixedLenFeature([2, 1], tf.float32, default_value=[[5.0], [6.0]]),
}
WHOLE = {"x": floats(1, 2), "n": integers(3), "s": texts(b"hi")}


def test_messages_are_those_of_tensorflow():
    values = {
        "bytes": texts(b"a", b"\xff"),
        "float": floats(1.5, -2.0),
        "int64": integers(3, -4, 1 << 40),
    }
    recorded = {key: data(text) for key, text in golden()["examples"].items()}
    for key, feature in values.items():
        assert example(**{key: feature}) == recorded[key]
        assert tf.train.Example.FromString(recorded[key]).features.feature[key] == feature
    words = tf.train.FeatureList(feature=values.values())
    lists = tf.train.FeatureLists(feature_list={"words": words})
    sequence = tf.train.SequenceExample(feature_lists=lists)
    assert sequence.SerializeToString() == recorded["sequence"]


def test_a_batch_of_examples():
    with tf.Graph().as_default(), tf.Session() as session:
        serialized = tf.placeholder(tf.string, [None])
        parsed = tf.parse_example(serialized, FEATURES)
        shapes = {key: tensor.shape.as_list() for key, tensor in parsed.items()}
        assert shapes == {"x": [None, 2], "n": [None], "s": [None], "d": [None, 2, 1]}
        second = example(**{**WHOLE, "d": floats(7, 8), "unused": integers(1, 2, 3)})
        found = session.run(parsed, {serialized: [example(**WHOLE), second]})
        none = session.run(parsed, {serialized: []})
    np.testing.assert_array_equal(found["x"], np.array([[1, 2], [1, 2]], np.float32))
    np.testing.assert_array_equal(found["n"], [3, 3])
    assert found["n"].dtype == np.int64 and found["x"].dtype == np.float32
    assert found["s"].tolist() == [b"hi", b"hi"]
    np.testing.assert_array_equal(found["d"], np.array([[[5], [6]], [[7], [8]]], np.float32))
    assert {key: array.shape for key, array in none.items()} == {
        "x": (0, 2),
        "n": (0,),
        "s": (0,),
        "d": (0, 2, 1),
    }


def test_one_example():
    with tf.Graph().as_default() as graph, tf.Session() as session:
        parsed = tf.parse_single_example(example(**WHOLE), FEATURES)
        found = session.run(parsed)
        assert parsed["d"].shape.as_list() == [2, 1]
        types = [op.type for op in graph.get_operations()]
    assert found["n"] == 3 and found["s"] == b"hi"
    np.testing.assert_array_equal(found["x"], np.array([1, 2], np.float32))
    np.testing.assert_array_equal(found["d"], np.array([[5], [6]], np.float32))
    assert types == ["Const"] * 3 + ["Reshape"] + ["Const"] * 3 + ["ParseSingleExample"]


def test_names_of_nodes():
    with tf.Graph().as_default() as graph:
        only = {"x y": FEATURES["x"]}
        tf.parse_example(tf.placeholder(tf.string, name="p"), only)
        tf.parse_single_example("", only, name="one", example_names="first")
        tf.decode_raw(tf.constant([""]), tf.int16)
        names = [op.name for op in graph.get_operations()]
    assert names == [
        "p",
        "ParseExample/Const",
        "ParseExample/ParseExample/names",
        "ParseExample/ParseExample/dense_keys_0",
        "ParseExample/ParseExample",
        "one/Const",
        "one/ExpandDims/dim",
        "one/ExpandDims",
        "one/Const_1",
        "one/ExpandDims_1/dim",
        "one/ExpandDims_1",
        "one/one/Const",
        "one/one/one/dense_keys_0",
        "one/one/one",
        "one/Squeeze_x_y",
        "Const",
        "DecodeRaw",
    ]


@pytest.mark.parametrize(
    ("serialized", "words", "single"),
    [
        (
            example(n=integers(1)),
            "Name: <unknown>, Feature: x (data type: float) is required but could not be found.",
            "Feature: x (data type: float) is required but could not be found.",
        ),
        (
            example(x=tf.train.Feature()),
            "Name: <unknown>, Feature: x (data type: float) is required but could not be found.",
            "Feature: x (data type: float) is required but could not be found.",
        ),
        (
            example(x=integers(1, 2)),
            "Name: <unknown>, Key: x, Index: 0.  Data types don't match. Data type: int64 but "
            "expected type: float",
            "Key: x.  Data types don't match. Data type: int64 but expected type: float",
        ),
        (
            example(x=floats(1, 2, 3)),
            "Name: <unknown>, Key: x, Index: 0.  Number of float values != expected.  Values size: "
            "3 but output shape: [2]",
            "Key: x.  Can't parse serialized Example.",
        ),
        (
            b"garbage",
            "Could not parse example input, value: 'garbage'",
            "Could not parse example input, value: 'garbage'",
        ),
    ],
)
def test_examples_that_do_not_fit(serialized, words, single):
    wanted = {"x": FEATURES["x"]}
    with tf.Graph().as_default(), tf.Session() as session:
        for tensor, expected in (
            (tf.parse_example([serialized], wanted)["x"], words),
            (tf.parse_single_example(serialized, wanted)["x"], single),
        ):
            with pytest.raises(tf.errors.InvalidArgumentError) as caught:
                session.run(tensor)
            assert caught.value.message.startswith(expected)


def test_the_example_at_fault_is_named():
    wanted = {"x": FEATURES["x"]}
    with tf.Graph().as_default(), tf.Session() as session:
        batch = [example(**WHOLE), example(x=floats(1))]
        parsed = tf.parse_example(batch, wanted, example_names=["good", "bad"])
        with pytest.raises(tf.errors.InvalidArgumentError, match="Name: bad, Key: x, Index: 1"):
            session.run(parsed["x"])


@pytest.mark.parametrize(
    ("features", "kind", "words"),
    [
        ({}, ValueError, "Missing: features was {}."),
        (None, ValueError, "Missing: features was None."),
        ({"x": 3}, ValueError, "Invalid feature x:3."),
        ({"x": tf.FixedLenFeature([2], None)}, ValueError, "Missing type for feature x."),
        ({"x": tf.FixedLenFeature(None, tf.int64)}, ValueError, "Missing shape for feature x."),
        (
            {"x": tf.FixedLenFeature([None, 2], tf.int64)},
            ValueError,
            "First dimension of shape for feature x unknown. Consider using "
            "FixedLenSequenceFeature.",
        ),
        (
            {"x": tf.FixedLenFeature([2, None], tf.int64)},
            ValueError,
            "All dimensions of shape for feature x need to be known but received [2, None].",
        ),
        (
            {"x": tf.FixedLenFeature([], tf.int32)},
            TypeError,
            "Value passed to parameter 'dense_defaults' has DataType int32 not in list of allowed "
            "values: float32, int64, string",
        ),
    ],
)
def test_features_that_cannot_be(features, kind, words):
    with tf.Graph().as_default(), pytest.raises(kind) as caught:
        tf.parse_example([b""], features)
    assert str(caught.value).startswith(words)


def test_records_to_training_batches(tmp_path):
    """The way from a file to tensors."""
    path = str(tmp_path / "file")
    with tf.python_io.TFRecordWriter(path, "GZIP") as writer:
        for number in range(5):
            pixels = np.full(4, number, np.uint8).tobytes()
            writer.write(example(image=texts(pixels), label=integers(number)))
    with tf.Graph().as_default(), tf.Session() as session:
        serialized = tf.placeholder(tf.string, [None])
        wanted = {
            "image": tf.FixedLenFeature([], tf.string),
            "label": tf.FixedLenFeature([], tf.int64),
        }
        parsed = tf.parse_example(serialized, wanted)
        images = tf.reshape(tf.decode_raw(parsed["image"], tf.uint8), [-1, 2, 2])
        sums = tf.reduce_sum(tf.cast(images, tf.float32), [1, 2])
        records = list(tf.python_io.tf_record_iterator(path, "GZIP"))
        found, labels = session.run([sums, parsed["label"]], {serialized: records})
    np.testing.assert_array_equal(found, 4 * np.arange(5, dtype=np.float32))
    np.testing.assert_array_equal(labels, np.arange(5))


@pytest.mark.parametrize("little_endian", [True, False])
@pytest.mark.parametrize("kind", ["uint8", "int16", "int64", "float16", "float64", "bool"])
def test_bytes_as_numbers(kind, little_endian):
    order = "<" if little_endian else ">"
    numbers = np.array([[0, 1, 1], [1, 0, 1]]).astype(np.dtype(kind).newbyteorder(order))
    with tf.Graph().as_default(), tf.Session() as session:
        given = tf.constant([row.tobytes() for row in numbers])
        tensor = tf.decode_raw(given, kind, little_endian)
        assert tensor.shape.as_list() == [2, None]
        found = session.run(tensor)
    assert found.dtype == np.dtype(kind)
    np.testing.assert_array_equal(found, numbers)


def test_bytes_that_are_no_numbers():
    with tf.Graph().as_default(), tf.Session() as session:
        words = "length 3 that is not a multiple of 2, the size of int16"
        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            session.run(tf.decode_raw(tf.constant("abc"), tf.int16))
        words = "all be the same size, but element 1 has size 3 != 1"
        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            session.run(tf.decode_raw(tf.constant(["abc", "a"]), tf.uint8))
        with pytest.raises(TypeError, match="'out_type' has DataType string not in list"):
            tf.decode_raw("ab", tf.string)
        assert session.run(tf.decode_raw(tf.constant([""]), tf.int16)).shape == (1, 0)
