"""Errors of first programs say why, and what to write instead."""

import numpy as np
import pytest

import pantarhei as tf


@pytest.fixture
def x():
    with tf.Graph().as_default():
        yield tf.placeholder(tf.uint8, [None], name="pixels")


@pytest.mark.parametrize(
    ("key", "cause", "cure"),
    [
        (3, "the key 3 is of type int", "where x is what tf.placeholder returned"),
        (None, "the key None is of type NoneType", "where x is what tf.placeholder returned"),
        ("pixels", "is an operation; its first output is 'pixels:0'", "{'pixels:0': value}"),
        ("pixel:0", "its placeholders are 'pixels'", "{'pixels:0': value}"),
        (b"images:0", "no operation named 'images'", "{'pixels:0': value}"),
    ],
)
def test_a_key_that_is_no_tensor(x, key, cause, cure):
    with tf.Session() as session, pytest.raises(TypeError) as caught:
        session.run(x + 1, {key: [1]})
    words, *advice = str(caught.value).splitlines()
    assert words.startswith("Cannot interpret feed_dict key as Tensor: ")
    assert any("Cause: " in line and cause in line for line in advice)
    assert any("Cure: " in line and cure in line for line in advice)


@pytest.mark.parametrize("fed", [300, [300], [-1]])
def test_numbers_out_of_range(x, fed):
    with tf.Session() as session, pytest.raises((TypeError, OverflowError)) as caught:
        session.run(x + 1, {x: fed})
    assert "'pixels:0' is uint8, which holds 0 to 255" in str(caught.value)
    assert "in that range" in str(caught.value)


def test_arrays_wrap_around(x):
    with tf.Session() as session:
        assert session.run(x + 1, {x: np.array([300])}).tolist() == [45]


def test_a_tensor_is_no_value(x):
    with tf.Session() as session, pytest.raises(TypeError, match="Cure: feed what session"):
        session.run(x + 1, {x: x + 2})


@pytest.mark.parametrize("name", [3, ["a"], 0.5])
def test_what_is_no_name(name):
    with tf.Graph().as_default() as graph:
        for make in (
            lambda: tf.constant(1.0, name=name),
            lambda: tf.placeholder(tf.float32, name=name),
            lambda: tf.add(1.0, 2.0, name=name),
        ):
            with pytest.raises(TypeError, match=r"(?s)expected string or bytes-like.*Cure: "):
                make()
        assert not graph.get_operations()


def test_a_variable_that_exists_already():
    with tf.Graph().as_default():
        tf.get_variable("w", [1])
        with pytest.raises(ValueError) as caught:
            tf.get_variable("w", [1])
    text = str(caught.value)
    assert text.startswith("Variable w already exists, disallowed. Did you mean to set reuse=True")
    assert __file__ in text
    assert "Cure: call tf.reset_default_graph() before building again" in text
