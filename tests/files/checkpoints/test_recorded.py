"""What TensorFlow 1.15.5 recorded: its checkpoints are read, ours have its bytes and its nodes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pantarhei as tf
from pantarhei.files.checkpoints.format.bundle_reader import BundleReader
from tests.support import checkpoint_rows, saver_graphs, saver_runs
from tests.support.paths import GOLDEN

CHECKPOINTS = GOLDEN / "checkpoints"
NODES = json.loads((CHECKPOINTS / "nodes.json").read_text())

ROWS = sorted(checkpoint_rows.ROWS)
FIRST_VERSION = sorted(checkpoint_rows.OF_FIRST_VERSION)


def built(name: str) -> tuple[list[Any], list[Any], dict[str, Any]]:
    """Variables of a row, their values, and the options of its saver."""
    tf.reset_default_graph()
    variables, options = checkpoint_rows.ROWS[name](tf)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return variables, session.run(variables), options


def assert_same(found: Any, expected: Any) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    if expected.dtype == object:
        assert found.tolist() == expected.tolist()
    else:
        assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("name", [*ROWS, *(f"{each}-v1" for each in FIRST_VERSION)])
def test_restores_what_tensorflow_saved(name: str) -> None:
    variables, values, _ = built(name.removesuffix("-v1"))
    saver = tf.train.Saver(variables)
    with tf.Session() as session:
        saver.restore(session, CHECKPOINTS / name)
        for variable, expected in zip(variables, values, strict=True):
            assert_same(session.run(variable), expected)


@pytest.mark.parametrize("name", ROWS)
def test_writes_the_same_bytes(name: str, tmp_path: Path) -> None:
    variables, _, options = built(name)
    saver = tf.train.Saver(variables, **options)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        saver.save(session, tmp_path / name, write_state=False, write_meta_graph=False)
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == sorted(path.name for path in CHECKPOINTS.glob(f"{name}.*"))
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (CHECKPOINTS / path.name).read_bytes(), path.name


@pytest.mark.parametrize("name", [*ROWS, *(f"{each}-v1" for each in FIRST_VERSION)])
def test_reader_lists_what_tensorflow_saved(name: str) -> None:
    variables, values, _ = built(name.removesuffix("-v1"))
    reader = tf.train.NewCheckpointReader(CHECKPOINTS / name)
    shapes = reader.get_variable_to_shape_map()
    types = reader.get_variable_to_dtype_map()
    for variable, value in zip(variables, values, strict=True):
        if variable._save_slice_info is not None:
            info = variable._save_slice_info
            assert shapes[info.full_name] == info.full_shape
            index = tuple(
                slice(at, at + extent)
                for at, extent in zip(info.var_offset, info.var_shape, strict=True)
            )
            assert_same(reader.get_tensor(info.full_name)[index], value)
        else:
            assert shapes[variable.op.name] == list(np.shape(value))
            assert types[variable.op.name] == variable.dtype.base_dtype
            assert_same(reader.get_tensor(variable.op.name), value)


def test_nodes_and_faults_are_those_of_tensorflow() -> None:
    found = json.loads(json.dumps(saver_graphs.described(tf)))
    assert sorted(found) == sorted(NODES)
    for name, expected in NODES.items():
        assert found[name] == expected, name


def test_answers_are_those_of_tensorflow(tmp_path: Path) -> None:
    expected = json.loads((CHECKPOINTS / "answers.json").read_text())
    found = json.loads(json.dumps(saver_runs.answers(tf, str(tmp_path))))
    assert sorted(found) == sorted(expected)
    for name, answer in expected.items():
        assert found[name] == answer, name


def test_restores_objects_by_names() -> None:
    tf.reset_default_graph()
    variables = checkpoint_rows.of_objects(tf)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values = session.run(variables)
    saver = tf.train.Saver(variables)
    with tf.Session() as session:
        saver.restore(session, CHECKPOINTS / "objects")
        for found, expected in zip(session.run(variables), values, strict=True):
            assert_same(found, expected)
    other = tf.Variable(1.0, name="other")
    with tf.Session() as session, pytest.raises(tf.errors.NotFoundError, match="Key other not"):
        tf.train.Saver([variables[0], other]).restore(session, CHECKPOINTS / "objects")


def test_several_shards_are_read(tmp_path: Path) -> None:
    with BundleReader(str(CHECKPOINTS / "sharded")) as reader:
        assert reader.header.shards == 2
        assert {entry.shard for _, entry in reader.raw_entries()} == {0, 1}
