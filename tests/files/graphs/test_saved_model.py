"""Saved models: those of TensorFlow 1.15 are loaded, and what is written is found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pantarhei as tf
import record_graph_files
from tests.support.paths import GOLDEN

RECORDED = GOLDEN / "graphs" / "model"


@pytest.fixture(autouse=True)
def _new_graph() -> None:
    tf.reset_default_graph()


def test_recorded_model() -> None:
    assert tf.saved_model.contains_saved_model(RECORDED)
    assert record_graph_files.load_model(tf, str(RECORDED)) == record_graph_files.MODEL_ANSWER


def test_written_model(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    record_graph_files.save_model(tf, str(folder))
    moved = tmp_path / "moved"
    folder.rename(moved)
    assert record_graph_files.load_model(tf, str(moved)) == record_graph_files.MODEL_ANSWER


def builder_with(folder: Path, session: tf.Session, **options: Any) -> tf.saved_model.Builder:
    x = tf.placeholder(tf.float32, [], name="x")
    v = tf.Variable(2.0, name="v")
    y = tf.multiply(x, v, name="y")
    session.run(v.initializer)
    builder = tf.saved_model.Builder(str(folder))
    signature = tf.saved_model.predict_signature_def({"x": x}, {"y": y})
    builder.add_meta_graph_and_variables(session, ["train", "gpu"], {"go": signature}, **options)
    return builder


@pytest.mark.parametrize("as_text", [False, True])
def test_several_graphs(as_text: bool, tmp_path: Path) -> None:
    folder = tmp_path / "several"
    with tf.Session() as session:
        builder = builder_with(folder, session)
    with tf.Graph().as_default():
        tf.negative(tf.Variable(0.0, name="v"), name="minus")
        builder.add_meta_graph(["serve"])
    path = builder.save(as_text=as_text).decode()
    assert Path(path).name == ("saved_model.pbtxt" if as_text else "saved_model.pb")
    with tf.Session(graph=tf.Graph()) as session:
        tf.saved_model.load(session, ["serve"], folder)
        assert session.run("minus:0") == -2.0
    with tf.Session(graph=tf.Graph()) as session:
        model = tf.saved_model.load(session, {"gpu", "train"}, folder, import_scope="in")
        info = model.signature_def["go"].outputs["y"]
        y = tf.saved_model.get_tensor_from_tensor_info(info, session.graph, "in")
        assert session.run(y, {"in/x:0": 3.0}) == 6.0
        with pytest.raises(
            RuntimeError, match=r"tags 'train' could not be found.*\['gpu', 'train'\]"
        ):
            tf.saved_model.load(session, ["train"], folder)


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="SavedModel file does not exist at"), tf.Session() as session:
        tf.saved_model.load(session, ["serve"], tmp_path)
    with pytest.raises(ValueError, match="Prediction inputs cannot be None or empty"):
        tf.saved_model.predict_signature_def({}, {})
    folder = tmp_path / "model"
    early = tf.saved_model.Builder(str(folder))
    with pytest.raises(AssertionError, match="has not been saved yet"):
        early.add_meta_graph(["serve"])
    with tf.Session() as session:
        builder = builder_with(folder, session)
        with pytest.raises(AssertionError, match="has already been saved"):
            builder.add_meta_graph_and_variables(session, ["again"])
    builder.save()
    with pytest.raises(AssertionError, match="already exists, and isn't empty"):
        tf.saved_model.Builder(str(folder))
    (folder / "saved_model.pb").write_bytes(b"\x12\x7fdamaged")
    with (
        pytest.raises(OSError, match=r"Cannot parse file .*saved_model\.pb"),
        tf.Session() as session,
    ):
        tf.saved_model.load(session, ["serve"], folder)
