"""Graphs as protocol buffers: the text that TensorFlow 1.15 writes for the same program."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pantarhei as tf
from tests.support.paths import GOLDEN

pytest.importorskip("tensorboard")
text_format: Any = pytest.importorskip("google.protobuf.text_format")

RECORDED = GOLDEN / "graph_def.pbtxt"


@pytest.fixture(autouse=True)
def _new_graph() -> None:
    tf.reset_default_graph()


def build() -> None:
    """Attributes of every kind, devices, colocation, control inputs, an override."""
    x = tf.placeholder(tf.float32, (None, 2), name="x")
    w = tf.Variable(tf.zeros([2, 1]), name="w")
    with tf.device("/cpu:0"):
        y = tf.matmul(x, w, name="y")
    with tf.control_dependencies([y]):
        tf.constant(["a", "b"], name="texts")
        tf.constant([[1, 2], [3, 4]], name="numbers")
        tf.constant(np.float16(1.5), name="half")
    tf.concat([y, y], 1, name="both")
    with tf.get_default_graph().gradient_override_map({"Identity": "Other"}):
        tf.identity(y, name="same")
    tf.placeholder(tf.string, name="open")


def test_the_text_is_the_recorded_one() -> None:
    build()
    message = tf.get_default_graph().as_graph_def(add_shapes=True)
    assert text_format.MessageToString(message) == RECORDED.read_text()


def test_without_shapes_no_shapes_are_written() -> None:
    build()
    nodes = tf.get_default_graph().as_graph_def().node
    assert not any("_output_shapes" in node.attr for node in nodes)
    assert [node.name for node in nodes] == [
        op.name for op in tf.get_default_graph().get_operations()
    ]


def test_only_what_was_added_since_a_version() -> None:
    tf.constant(1.0, name="old")
    version = tf.get_default_graph().version
    tf.constant(1.0, name="new")
    found = tf.get_default_graph().as_graph_def(from_version=version)
    assert [node.name for node in found.node] == ["new"]


def test_classes_of_messages() -> None:
    message = tf.GraphDef()
    message.node.add(name="n", op="NoOp")
    assert isinstance(tf.no_op().node_def, tf.NodeDef)
    assert tf.GraphDef.FromString(message.SerializeToString()) == message


def test_text_of_an_operation() -> None:
    op = tf.no_op(name="nothing")
    assert str(op) == 'name: "nothing"\nop: "NoOp"\n'
    assert repr(op) == "<tf.Operation 'nothing' type=NoOp>"


def test_large_constants_are_kept_as_bytes_and_repeated_ones_as_one_number() -> None:
    array = np.arange(6, dtype=np.float64).reshape(2, 3)
    whole = tf.constant(array).op.node_def.attr["value"].tensor
    np.testing.assert_array_equal(np.frombuffer(whole.tensor_content).reshape(2, 3), array)
    repeated = tf.constant(7.0, shape=[100, 100]).op.node_def.attr["value"].tensor
    assert list(repeated.float_val) == [7.0] and not repeated.tensor_content
    session = tf.Session()
    assert session.run(tf.constant(7.0, shape=[100, 100])).sum() == 70_000.0
