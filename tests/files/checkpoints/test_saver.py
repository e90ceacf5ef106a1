"""Savers beyond what TensorFlow does: partial restores, resumed runs, what is kept and said."""

import logging
import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pantarhei as tf
from pantarhei.files.checkpoints.format.bundle_writer import Saved, write_bundle
from pantarhei.files.checkpoints.retention import Retention
from tests.support.programs import environment

RUN = """
import sys
import numpy as np
import pantarhei as tf

folder, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
w = tf.get_variable("w", [8, 4], initializer=tf.random_normal_initializer())
x = tf.random_normal([16, 8])
dropped = tf.nn.dropout(tf.matmul(x, w), rate=0.5, seed=3)
loss = tf.reduce_mean(tf.square(dropped - 1.0))
step = tf.train.get_or_create_global_step()
train = tf.train.AdamOptimizer(0.1).minimize(loss, global_step=step)
saver = tf.train.Saver()
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    latest = tf.train.latest_checkpoint(folder)
    if latest:
        saver.restore(session, latest)
    for number in range(first, last):
        session.run(train)
        if number == 2 and not latest:
            saver.save(session, folder + "/m", global_step=step)
    print(session.run(w).tobytes().hex())
"""


def test_a_resumed_run_is_bit_identical(tmp_path: Path) -> None:
    """Random inputs without a seed, dropout and Adam; in another process."""

    def run(first: int, last: int) -> str:
        arguments = [sys.executable, "-c", RUN, str(tmp_path), str(first), str(last)]
        done = subprocess.run(
            arguments, capture_output=True, text=True, check=False, env=environment()
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    whole = run(0, 6)  # saves after three steps and goes on
    assert run(3, 6) == whole
    assert run(3, 5) != whole


def test_random_operations_that_have_been_run_are_left_alone(tmp_path: Path) -> None:
    tf.reset_default_graph()
    tf.Variable(1.0, name="v")
    numbers = tf.random_uniform([2], seed=1)
    saver = tf.train.Saver()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        stream = [session.run(numbers).tolist() for _ in range(3)]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(numbers).tolist() == stream[0]
        path = saver.save(session, tmp_path / "m")
        assert session.run(numbers).tolist() == stream[1]
        saver.restore(session, path)  # in the same session, as in TensorFlow
        assert session.run(numbers).tolist() == stream[2]
    with tf.Session() as session:
        saver.restore(session, path)
        assert session.run(numbers).tolist() == stream[1]


def graph_of(**shapes: tuple[int, ...]) -> dict[str, tf.Variable]:
    tf.reset_default_graph()
    return {name: tf.Variable(tf.ones(shape), name=name) for name, shape in shapes.items()}


@pytest.mark.parametrize("resource", [False, True])
def test_partial_restore(resource: bool, tmp_path: Path) -> None:
    tensors = {
        "dense/kernel": np.full((2, 3), 2, "f4"),
        "dense/bias": np.full(3, 3, "f4"),
        "old/scale": np.full(5, 4, "f4"),
        "counter": np.zeros((), np.int64),
        "wide": np.zeros((7, 7), np.float32),
        "part": np.arange(6, dtype=np.float32).reshape(3, 2),
    }
    write_bundle(str(tmp_path / "m"), [Saved(*item) for item in tensors.items()])
    tf.reset_default_graph()
    with tf.variable_scope("", use_resource=resource):
        kernel = tf.get_variable("dense/kernel", [2, 3])
        bias = tf.get_variable("dense/bias", [4], initializer=tf.zeros_initializer())
        scale = tf.get_variable("new/scale", [5], initializer=tf.ones_initializer())
        counter = tf.get_variable("counter", [], initializer=tf.ones_initializer())
        half = tf.fixed_size_partitioner(2)
        part = tf.get_variable("part", [3, 2], partitioner=half)
    saver = tf.train.Saver()
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    operations = len(tf.get_default_graph().get_operations())
    report = saver.restore(session, tmp_path / "m", partial=True)
    assert len(tf.get_default_graph().get_operations()) == operations
    assert report is not None
    assert report.matched == ["dense/kernel", "part"]
    assert report.missing == ["new/scale"]
    assert report.unused == ["old/scale", "wide"]
    assert report.likely_renames == {"new/scale": "old/scale"}
    assert report.wrong == {
        "counter": "float32 in the graph, int64 in the checkpoint",
        "dense/bias": "(4,) in the graph, [3] in the checkpoint",
    }
    assert str(report).splitlines() == [
        "restored 2, missing 1, unused 2, wrong 2",
        "  missing new/scale (was it old/scale?)",
        "  wrong   counter: float32 in the graph, int64 in the checkpoint",
        "  wrong   dense/bias: (4,) in the graph, [3] in the checkpoint",
        "  unused  old/scale",
        "  unused  wide",
    ]
    values = session.run([kernel, bias, scale, counter, *part])
    assert values[0].tolist() == tensors["dense/kernel"].tolist()
    assert values[1].tolist() == [0] * 4
    assert values[2].tolist() == [1] * 5
    assert values[3] == 1
    assert np.concatenate(values[4:]).tolist() == tensors["part"].tolist()


def test_a_moved_folder_restores(tmp_path: Path) -> None:
    graph_of(v=(2,))
    saver = tf.train.Saver()
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    saver.save(session, tmp_path / "old" / "m", global_step=1)
    assert str(tmp_path / "old") in (tmp_path / "old" / "checkpoint").read_text()
    shutil.move(tmp_path / "old", tmp_path / "new")
    latest = tf.train.latest_checkpoint(tmp_path / "new")
    assert latest == str(tmp_path / "new" / "m-1")
    saver.restore(session, latest)
    state = tf.train.get_checkpoint_state(tmp_path / "new")
    assert state is not None
    assert state.all_model_checkpoint_paths == [latest]


def test_deletions_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    graph_of(v=(2,))
    saver = tf.train.Saver(max_to_keep=1)
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    with caplog.at_level(logging.INFO, logger="tensorflow"):
        for step in range(3):
            saver.save(session, tmp_path / "m", global_step=step)
    said = [each for each in caplog.messages if "Deleted" in each]
    assert said == [f"Deleted checkpoint {tmp_path}/m-{step}: max_to_keep is 1" for step in (0, 1)]


def test_the_best_are_kept(tmp_path: Path) -> None:
    variables = graph_of(loss=())
    loss = variables["loss"]
    saver = tf.train.Saver(max_to_keep=1, keep_best=(loss, 2))
    session = tf.Session()
    for step, value in enumerate([5.0, 1.0, math.nan, 3.0, 2.0, 4.0, 6.0]):
        session.run(loss.assign(value))
        saver.save(session, tmp_path / "m", global_step=step, write_meta_graph=False)
    there = sorted(path.name for path in tmp_path.glob("*.index"))
    assert there == ["m-1.index", "m-4.index", "m-6.index"]
    assert saver.best_checkpoints == [f"{tmp_path}/m-1", f"{tmp_path}/m-4"]
    saver.restore(session, saver.best_checkpoints[0])
    assert session.run(loss) == 1.0


def test_retention_of_a_metric_by_function() -> None:
    kept = Retention(2, 1000.0, best=1)
    kept.start()
    deleted = []
    for step, score in enumerate([3.0, 2.0, 5.0, 1.0, 4.0, 4.5, 4.6]):
        kept.record(f"m-{step}", score)
        deleted += list(kept.surplus())
    assert deleted == ["m-0", "m-1", "m-2", "m-4"]
    assert kept.best_names() == ["m-3"]
    assert [name for name, _ in kept.last] == ["m-5", "m-6"]


def test_arguments_that_are_not_supported_are_refused() -> None:
    graph_of(v=(2,))
    with pytest.raises(ValueError, match="write_version"):
        tf.train.Saver(write_version=1)
    with pytest.raises(ValueError, match="builder"):
        tf.train.Saver(builder=object())
    with pytest.raises(ValueError, match="save_debug_info"):
        tf.train.Saver().save(tf.Session(), "m", save_debug_info=True)


def test_checkpoints_as_they_appear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph_of(v=(2,))
    saver = tf.train.Saver()
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    steps = iter(range(3))

    def next_one(seconds: float) -> None:
        """Instead of waiting, the next checkpoint is made; without one left time is over."""
        saver.save(session, tmp_path / "m", global_step=next(steps), write_meta_graph=False)

    monkeypatch.setattr("time.sleep", lambda seconds: next_one(seconds) if seconds else None)
    found = tf.train.checkpoints_iterator(tmp_path)
    assert [next(found) for _ in range(3)] == [f"{tmp_path}/m-{step}" for step in range(3)]
    asked = iter([False, True])
    rest = tf.train.checkpoints_iterator(tmp_path, timeout=0.0, timeout_fn=lambda: next(asked))
    assert list(rest) == [f"{tmp_path}/m-2"]


def test_graph_and_saver_in_one_message(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    variables = graph_of(v=(2,))
    saver = tf.train.Saver()
    message = saver.export_meta_graph(tmp_path / "graph.meta")
    assert message.saver_def == saver.saver_def
    with tf.Session() as session:
        session.run(variables["v"].initializer)
        path = saver.save(session, tmp_path / "m", global_step=1)
    tf.reset_default_graph()
    again = tf.train.import_meta_graph(f"{path}.meta")
    with tf.Session() as session:
        assert again
        again.restore(session, path)
        assert session.run("v:0").tolist() == [1.0, 1.0]
