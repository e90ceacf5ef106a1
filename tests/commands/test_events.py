"""`pantarhei events`: values and tables, and what is said where nothing can be read."""

import csv
import io
import os
import subprocess
import sys

import numpy as np
import pytest

import pantarhei as tf
from pantarhei.commands.main import main
from tests.support.programs import environment

pytest.importorskip("tensorboard")


def log(folder, tag, values):
    with tf.summary.FileWriter(str(folder)) as writer:
        for step, number in enumerate(values):
            value = tf.Summary.Value(tag=tag, simple_value=number)
            writer.add_summary(tf.Summary(value=[value]), 10 * step)


def rows(capsys):
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def test_values(tmp_path, capsys):
    log(tmp_path / "a", "loss", [0.1, 1e-9, float("nan")])
    log(tmp_path / "b" / "c", "x, y", [3.0])
    assert main(["events", str(tmp_path), "--csv"]) == 0
    found = rows(capsys)
    assert list(found[0]) == ["run", "tag", "step", "wall_time", "value"]
    assert [row["run"] for row in found] == ["a"] * 3 + [os.path.join("b", "c")]
    assert [row["tag"] for row in found] == ["loss"] * 3 + ["x, y"]
    assert [row["step"] for row in found] == ["0", "10", "20", "0"]
    assert [row["value"] for row in found] == ["0.1", "1e-09", "nan", "3.0"]
    assert all(float(row["wall_time"]) > 1.7e9 for row in found)
    assert np.float32(found[0]["value"]) == np.float32(0.1)


def test_one_file(tmp_path, capsys):
    log(tmp_path, "loss", [1.0])
    (path,) = tmp_path.iterdir()
    assert main(["events", str(path), "--csv"]) == 0
    assert [(row["run"], row["value"]) for row in rows(capsys)] == [(".", "1.0")]


def test_table(tmp_path, capsys):
    log(tmp_path / "run", "loss", [4.0, 1.0, 2.0])
    assert main(["events", str(tmp_path)]) == 0
    assert capsys.readouterr().out == (
        "run  tag   values  steps  least  most  last\nrun  loss       3  0..20    1.0   4.0   2.0\n"
    )


def test_scalars_as_tensors_are_scalars(tmp_path, capsys):
    """As TensorFlow 2 writes them: the plugin is named with the first value only."""
    with tf.summary.FileWriter(str(tmp_path)) as writer, tf.Graph().as_default():
        plugin = tf.SummaryMetadata.PluginData(plugin_name="scalars")
        metadata = tf.SummaryMetadata(plugin_data=plugin)
        x = tf.placeholder(tf.float32, [])
        summary = tf.summary.tensor_summary("loss", x, summary_metadata=metadata)
        other = tf.summary.tensor_summary("other", x)
        with tf.Session() as session:
            for step in range(2):
                both = session.run(tf.summary.merge([summary, other]), {x: step / 2})
                writer.add_summary(both, step)
    assert main(["events", str(tmp_path), "--csv"]) == 0
    assert [(row["tag"], row["value"]) for row in rows(capsys)] == [
        ("loss", "0.0"),
        ("loss", "0.5"),
    ]


def test_a_damaged_file_counts_as_far_as_it_goes(tmp_path, capsys):
    log(tmp_path, "loss", [1.0, 2.0])
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    assert main(["events", str(tmp_path), "--csv"]) == 0
    printed = capsys.readouterr()
    assert printed.out.count("loss") == 1
    assert f"{path}: truncated record at" in printed.err


def test_nothing_readable(tmp_path, capsys):
    def said(*arguments):
        assert main(["events", *map(str, arguments)]) == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        return printed.err

    assert said(tmp_path / "none") == (
        f"pantarhei events: there is no file or folder {tmp_path / 'none'}\n"
    )
    assert said(tmp_path) == (
        f"pantarhei events: nothing to read in {tmp_path}: looked for files named *tfevents* in it "
        "and in the folders below, found no file at all\n"
    )
    (tmp_path / "notes.txt").write_text("")
    assert "found 1 other files (notes.txt)" in said(tmp_path)
    with tf.Graph().as_default() as graph:
        tf.constant(1.0)
        tf.summary.FileWriter(str(tmp_path), graph).close()
    expected = f"no scalar in {tmp_path}: read 1 event file(s), found 1 of graph_def"
    assert expected in said(tmp_path, "--csv")


def test_as_a_program(tmp_path):
    log(tmp_path, "loss", range(5000))
    command = [sys.executable, "-m", "pantarhei", "events", str(tmp_path), "--csv"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    with process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == b"run,tag,step,wall_time,value\n"
        process.stdout.close()  # as `head -1` does
        assert process.stderr.read() == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_full_disk(tmp_path):
    log(tmp_path, "loss", range(10))
    command = [sys.executable, "-m", "pantarhei", "events", str(tmp_path), "--csv"]
    with open("/dev/full", "w") as full:
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=environment())
    assert ran.returncode == 1
    assert ran.stderr.startswith(b"pantarhei events: [Errno 28]") and ran.stderr.count(b"\n") == 1


def test_help(capsys):
    for arguments, words in (
        (["--help"], "show the scalars in event files"),
        (["events", "--help"], "Each folder is a run"),
    ):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 0
        assert words in capsys.readouterr().out
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
