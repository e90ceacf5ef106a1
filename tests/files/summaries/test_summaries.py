"""Summaries as operations: nodes, tags and messages, against what TensorFlow 1.15 wrote.

Messages have to be equal byte for byte. Of an image the PNG may be compressed in another way, so
its pixels are compared and all else.
"""

import io

import numpy as np
import PIL.Image
import pytest

import pantarhei as tf
from tests.files.summaries.cases import all_cases
from tests.files.summaries.golden import data, golden
from tests.scenarios._tools import nodes

CASES = all_cases()


def parsed(serialized: bytes):
    """A message, and the pixels of its images, which are taken out of it."""
    summary = tf.Summary.FromString(serialized)
    pixels = []
    for value in summary.value:
        if value.HasField("image"):
            with PIL.Image.open(io.BytesIO(value.image.encoded_image_string)) as picture:
                assert picture.format == "PNG"
                pixels.append(np.asarray(picture))
            value.image.ClearField("encoded_image_string")
    return summary, pixels


@pytest.mark.parametrize("name", CASES)
def test_nodes_and_messages_are_those_of_tensorflow(name):
    recorded = golden()["cases"][name]
    with tf.Graph().as_default() as graph:
        summaries = CASES[name](tf)
        assert nodes(graph) == recorded["nodes"]
        with tf.Session() as session:
            found = session.run(summaries)
    assert found.keys() == recorded["summaries"].keys()
    for key, serialized in found.items():
        expected, expected_pixels = parsed(data(recorded["summaries"][key]))
        summary, pixels = parsed(serialized)
        assert summary.SerializeToString() == expected.SerializeToString(), key
        assert len(pixels) == len(expected_pixels)
        for ours, theirs in zip(pixels, expected_pixels, strict=True):
            np.testing.assert_array_equal(ours, theirs, err_msg=key)


def test_sounds_can_be_heard():
    import wave

    with tf.Graph().as_default(), tf.Session() as session:
        tone = np.sin(np.arange(800) / 8000 * 2 * np.pi * 440).astype(np.float32)
        found = session.run(tf.summary.audio("tone", tone[None, :], 8000))
    value = tf.Summary.FromString(found).value[0]
    with wave.open(io.BytesIO(value.audio.encoded_audio_string)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        assert (file.getframerate(), file.getnframes()) == (8000, 800)
        samples = np.frombuffer(file.readframes(800), "<i2")
    np.testing.assert_allclose(samples / 32768, tone, atol=2 / 32768)


FAULTS = {
    "several numbers": (
        lambda x: tf.summary.scalar("v", x),
        np.zeros(2),
        r"tags and values not the same shape: \[\] != \[2\] \(tag 'v'\)",
    ),
    "not a number": (
        lambda x: tf.summary.histogram("h", x),
        np.array([1, np.nan, np.inf]),
        "Nan in summary histogram for: h",
    ),
    "infinite": (
        lambda x: tf.summary.histogram("h", x),
        np.array([1, np.inf, np.nan]),
        "Infinity in summary histogram for: h",
    ),
    "no image": (
        lambda x: tf.summary.image("i", x),
        np.zeros([2, 2]),
        r"Tensor must be 4-D with last dim 1, 3, or 4, not \[2,2\]",
    ),
    "two channels": (
        lambda x: tf.summary.image("i", x),
        np.zeros([1, 2, 2, 2]),
        r"Tensor must be 4-D with last dim 1, 3, or 4, not \[1,2,2,2\]",
    ),
    "flat image": (
        lambda x: tf.summary.image("i", x),
        np.zeros([1, 0, 2, 1]),
        r"input tensor must have non-zero dims. Found: \[1, 0, 2, 1\]",
    ),
    "no sound": (
        lambda x: tf.summary.audio("a", x, 10),
        np.zeros(3),
        r"Tensor must be 3-D or 2-D, got: \[3\]",
    ),
    "no rate": (
        lambda x: tf.summary.audio("a", x, 0.0),
        np.zeros([1, 2]),
        "sample_rate must be > 0",
    ),
    "one tag twice": (
        lambda x: tf.summary.merge([tf.summary.scalar("t", x)] * 2),
        np.array(1),
        "Duplicate tag t found in summary inputs",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_of_a_run(name):
    make, fed, words = FAULTS[name]
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32)
        summary = make(x)
        with pytest.raises(tf.errors.InvalidArgumentError, match=words) as caught:
            session.run(summary, {x: fed})
        assert caught.value.op is summary.op


def test_what_is_no_summary_cannot_be_merged():
    with tf.Graph().as_default(), tf.Session() as session:
        merged = tf.summary.merge([tf.constant("garbage")])
        with pytest.raises(tf.errors.InvalidArgumentError, match="Could not parse one of the"):
            session.run(merged)


def test_faults_of_a_graph():
    with tf.Graph().as_default():
        with pytest.raises(TypeError, match="'values' has DataType string not in list of allowed"):
            tf.summary.scalar("v", tf.constant("a"))
        with pytest.raises(ValueError, match="At least one of name"):
            tf.summary.scalar(None, 1.0)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"Expected tensor x:0 to have dtype string, got"):
            tf.summary.text("t", tf.constant(1.0, name="x"))
        with pytest.raises(ValueError, match="'MergeSummary' Op with length 0 shorter than"):
            tf.summary.merge([])
        with pytest.raises(ValueError, match="'max_images' of 'ImageSummary' Op passed 0 less"):
            tf.summary.image("i", tf.zeros([1, 1, 1, 1]), max_outputs=0)
        with pytest.raises(ValueError, match="'max_outputs' of 'AudioSummaryV2' Op passed 0"):
            tf.summary.audio("a", tf.zeros([1, 1]), 10, max_outputs=0)


def test_no_gradient_flows_through_a_summary():
    with tf.Graph().as_default():
        x = tf.constant(2.0)
        y = x * x
        tf.summary.scalar("y", y)
        (gradient,) = tf.gradients(y, x)
        assert tf.Session().run(gradient) == 4


def test_a_summary_sees_the_values_of_its_run():
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.Variable(10.0)
        step = x.assign(x * 0.5)
        session.run(x.initializer)
        merged = tf.summary.merge([tf.summary.scalar("x", x)])
        seen = []
        for _ in range(3):
            serialized, _ = session.run([merged, step])
            seen.append(tf.Summary.FromString(serialized).value[0].simple_value)
    assert seen == [10.0, 5.0, 2.5]


def test_what_is_missing_is_named(monkeypatch):
    from pantarhei.core import messages

    messages.message_class.cache_clear()
    monkeypatch.setitem(__import__("sys").modules, "tensorboard.compat.proto.summary_pb2", None)
    with tf.Graph().as_default(), tf.Session() as session:
        summary = tf.summary.scalar("x", 1.0)
        with pytest.raises(ImportError, match=r"`pip install pantarhei\[tensorboard\]`"):
            session.run(summary)
    with pytest.raises(ImportError, match=r"tf.Summary needs tensorboard, which is not"):
        _ = tf.Summary
