"""Event files: names, first event, what TensorBoard's own reader finds, that nothing is lost."""

import os
import re
import subprocess
import sys
import textwrap
import threading
import time
import warnings

import pytest

import pantarhei as tf
from pantarhei.files import event_file
from tests.files.summaries.golden import data, golden
from tests.support.programs import environment

processing = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")


KINDS = ("scalars", "histograms", "images", "audio", "tensors")


def scalar(tag, number):
    return tf.Summary(value=[tf.Summary.Value(tag=tag, simple_value=number)])


def files(logdir):
    return sorted(os.listdir(logdir))


def events(logdir):
    """The events of all files, without the first of each."""
    found = []
    for name in files(logdir):
        first, *rest = tf.train.summary_iterator(os.path.join(logdir, name))
        assert first.file_version == "brain.Event:2" and first.step == 0
        found += rest
    return found


def read_by_tensorboard(logdir):
    reader = processing.EventAccumulator(str(logdir), size_guidance=dict.fromkeys(KINDS, 0))
    reader.Reload()
    return reader


def test_the_file_is_that_of_tensorflow(tmp_path, monkeypatch):
    recorded = golden()["event_file"]
    (tmp_path / "theirs").mkdir()
    path = tmp_path / "theirs" / recorded["name"]
    path.write_bytes(data(recorded["data"]))
    theirs = list(tf.train.summary_iterator(path))

    times = iter([event.wall_time for event in theirs[1:]])
    writer = tf.summary.FileWriter(str(tmp_path / "ours"), filename_suffix=".suffix")
    monkeypatch.setattr("time.time", lambda: next(times))
    monkeypatch.setattr(writer._file, "_next_flush", float("inf"))
    monkeypatch.setattr(event_file, "time", type("Still", (), {"time": staticmethod(lambda: 0.0)}))
    for step in range(2):
        values = [tf.Summary.Value(tag="loss", simple_value=0.5 / (1 + step))]
        values.append(tf.Summary.Value(tag="note", metadata=tf.SummaryMetadata(display_name="n")))
        writer.add_summary(tf.Summary(value=values), step)
    writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START), 2)
    writer.close()
    (name,) = files(tmp_path / "ours")
    ours = (tmp_path / "ours" / name).read_bytes()
    # All but the first record, which tells the second in which the file was made.
    assert ours[40:] == path.read_bytes()[40:]
    pattern = re.compile(r"events\.out\.tfevents\.\d{10}\..+\.suffix")
    assert pattern.fullmatch(name) and pattern.fullmatch(recorded["name"])


def test_tensorboard_reads_all_kinds(tmp_path):
    with tf.Graph().as_default() as graph:
        x = tf.constant([1.0, 2.0, 4.0], name="x")
        tf.summary.scalar("largest", tf.reduce_max(x))
        tf.summary.histogram("spread", x)
        tf.summary.image("picture", tf.reshape(x, [1, 1, 3, 1]))
        tf.summary.audio("sound", tf.reshape(x / 8, [1, 3]), 8000)
        tf.summary.text("note", tf.constant("*hello*"))
        with tf.summary.FileWriter(str(tmp_path), graph) as writer, tf.Session() as session:
            for step in (3, 7):
                writer.add_summary(session.run(tf.summary.merge_all()), step)
    reader = read_by_tensorboard(tmp_path)
    assert [(each.step, each.value) for each in reader.Scalars("largest")] == [(3, 4.0), (7, 4.0)]
    (first, _) = reader.Histograms("spread")
    assert first.histogram_value.num == 3 and first.histogram_value.sum == 7
    assert reader.Images("picture/image/0")[0].width == 3
    assert reader.Audio("sound/audio/0")[1].content_type == "audio/wav"
    assert [each.tensor_proto.string_val[0] for each in reader.Tensors("note")] == [b"*hello*"] * 2
    assert reader.SummaryMetadata("note").plugin_data.plugin_name == "text"
    assert reader.Graph().node[0].name == "x"


def test_the_graph_has_its_gradients_and_shapes(tmp_path):
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        tf.Variable(1.0, name="v")
        tf.gradients(tf.tanh(x), x)
        writer = tf.summary.FileWriter(str(tmp_path), graph)
        writer.close()
    reader = read_by_tensorboard(tmp_path)
    assert sorted(reader.MetaGraph().collection_def) == ["trainable_variables", "variables"]
    nodes = {node.name: node for node in reader.Graph().node}
    assert any(name.startswith("gradients/Tanh_grad/") for name in nodes)
    sizes = [each.size for each in nodes["Tanh"].attr["_output_shapes"].list.shape[0].dim]
    assert sizes == [-1, 3]


def test_metadata_is_written_once_for_each_tag(tmp_path):
    writer = tf.summary.FileWriter(str(tmp_path))
    given = []
    for step in range(3):
        value = tf.Summary.Value(tag=f"tag{step % 2}", simple_value=step)
        value.metadata.display_name = "shown"
        given.append(tf.Summary(value=[value]))
        writer.add_summary(given[-1] if step else given[-1].SerializeToString(), step)
    writer.close()
    found = [event.summary.value[0].HasField("metadata") for event in events(tmp_path)]
    assert found == [True, True, False]
    assert all(summary.value[0].HasField("metadata") for summary in given)  # the user's stay whole


def test_no_file_before_the_first_event(tmp_path):
    logdir = tmp_path / "new" / "logdir"
    with tf.summary.FileWriter(str(logdir)) as writer:
        assert logdir.is_dir() and writer.get_logdir() == str(logdir)
    assert files(logdir) == []


def test_the_first_event_is_written_at_once_and_the_next_ones_together(tmp_path):
    writer = tf.summary.FileWriter(str(tmp_path), max_queue=5)
    counts = []
    for step in range(8):
        writer.add_summary(scalar("x", step), step)
        counts.append(len(events(tmp_path)))
    assert counts == [1, 1, 1, 1, 1, 6, 6, 6]
    writer.flush()
    assert [event.step for event in events(tmp_path)] == list(range(8))
    writer.close()


def test_old_events_are_written_with_the_next_one(tmp_path, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(event_file, "time", type("Set", (), {"time": staticmethod(lambda: now[0])}))
    writer = tf.summary.FileWriter(str(tmp_path), max_queue=100, flush_secs=60)
    counts = []
    for seconds in (0, 1, 58, 1, 1, 59):
        now[0] += seconds
        writer.add_summary(scalar("x", 1))
        counts.append(len(events(tmp_path)))
    assert counts == [1, 1, 1, 4, 4, 6]
    writer.close()


def test_closed_and_reopened(tmp_path):
    writer = tf.summary.FileWriter(str(tmp_path))
    writer.add_summary(scalar("x", 1), 1)
    writer.close()
    with pytest.warns(UserWarning, match="Attempting to use a closed FileWriter"):
        writer.add_summary(scalar("x", 2), 2)
    writer.reopen()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        writer.add_summary(scalar("x", 3), 3)
    writer.close()
    # Within one second, and yet two files, in order.
    assert len(files(tmp_path)) == 2
    assert [event.step for event in events(tmp_path)] == [1, 3]


def test_two_writers_share_a_directory(tmp_path):
    writers = [tf.summary.FileWriter(str(tmp_path)) for _ in range(3)]
    for step, writer in enumerate(writers):
        writer.add_summary(scalar("x", step), step)
    for writer in writers:
        writer.close()
    assert len(files(tmp_path)) == 3
    assert [event.step for event in events(tmp_path)] == [0, 1, 2]


def test_a_full_disk_costs_nothing(tmp_path):
    """Every write is cut short once; after the error the file has whole events, and goes on."""
    writer = tf.summary.FileWriter(str(tmp_path), max_queue=100)
    writer.add_summary(scalar("x", 0), 0)
    real = writer._file._file

    class Full:
        room = 10

        def write(self, content):
            if self.room == 0:
                raise OSError(28, "No space left on device")
            written = real.write(content[: self.room])
            self.room -= written
            return written

        def __getattr__(self, name):
            return getattr(real, name)

    disk = writer._file._file = Full()
    writer.add_summary(scalar("x", 1), 1)
    with pytest.raises(tf.errors.ResourceExhaustedError, match="No space left on device"):
        writer.flush()
    assert [event.step for event in events(tmp_path)] == [0]
    disk.room = 10**6
    writer.add_summary(scalar("x", 2), 2)
    writer.close()
    assert [event.step for event in events(tmp_path)] == [0, 1, 2]


def start(program, tmp_path):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


PROGRAM = """
    import os, sys
    import pantarhei as tf
    def add(step):
        value = tf.Summary.Value(tag="x", simple_value=step)
        tf.summary.FileWriterCache.get(sys.argv[1]).add_summary(tf.Summary(value=[value]), step)
    for step in range(4):
        add(step)
"""


@pytest.mark.parametrize(
    "end", ["", "    raise ValueError('mine')", "    if os.fork(): os.wait()"], ids=lambda end: end
)
def test_nothing_is_lost_when_the_program_ends(tmp_path, end):
    process = start(PROGRAM + end, tmp_path)
    _, said = process.communicate()
    assert ("mine" in said) == bool(process.returncode)
    assert [event.step for event in events(tmp_path) if event.HasField("summary")] == [0, 1, 2, 3]


def test_a_forked_process_has_a_file_of_its_own(tmp_path):
    end = """
    if os.fork():
        os.wait()
    else:
        add(9)
    """
    process = start(PROGRAM + end, tmp_path)
    assert process.communicate()[1] == ""
    steps = []
    for name in files(tmp_path):
        found = tf.train.summary_iterator(tmp_path / name)
        steps.append([event.step for event in found if event.HasField("summary")])
    assert steps == [[0, 1, 2, 3], [9]]


def test_a_killed_program_leaves_whole_events(tmp_path):
    endless = PROGRAM.replace("range(4)", "itertools.count()").replace("os, sys", "itertools, sys")
    process = start(endless, tmp_path)
    while sum(path.stat().st_size for path in tmp_path.iterdir()) < 20_000:
        assert process.poll() is None, process.stderr.read()
    process.kill()
    process.communicate()
    found = [event.step for event in events(tmp_path) if event.HasField("summary")]
    assert found == list(range(len(found)))


def test_the_cache_keeps_one_writer_for_each_directory(tmp_path):
    with tf.Graph().as_default():
        tf.constant(1.0, name="c")
        first = tf.summary.FileWriterCache.get(str(tmp_path / "a"))
        assert tf.summary.FileWriterCache.get(str(tmp_path / "a")) is first
        assert tf.summary.FileWriterCache.get(str(tmp_path / "b")) is not first
        tf.summary.FileWriterCache.clear()
    assert tf.summary.FileWriterCache.get(str(tmp_path / "a")) is not first
    tf.summary.FileWriterCache.clear()
    assert read_by_tensorboard(tmp_path / "b").Graph().node[0].name == "c"


def test_threads_may_write_together(tmp_path):
    writer = tf.summary.FileWriter(str(tmp_path))

    def work(thread):
        for step in range(50):
            writer.add_summary(scalar(f"thread{thread}", step), step)

    threads = [threading.Thread(target=work, args=(each,)) for each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    reader = read_by_tensorboard(tmp_path)
    assert sorted(reader.Tags()["scalars"]) == [f"thread{each}" for each in range(4)]
    assert all(len(reader.Scalars(f"thread{each}")) == 50 for each in range(4))


def test_other_events(tmp_path):
    before = time.time()
    with tf.summary.FileWriter(str(tmp_path)) as writer:
        writer.add_event(tf.Event(step=9, wall_time=5.0))
        writer.add_session_log(tf.SessionLog(status=tf.SessionLog.STOP), 1)
        writer.add_run_metadata(tf.MetaGraphDef(), "run 1", 2)  # any message will do
        with pytest.raises(ValueError, match="The provided tag was already used for this event"):
            writer.add_run_metadata(tf.MetaGraphDef(), "run 1", 3)
        writer.add_meta_graph(tf.MetaGraphDef(), 4)
        writer.add_graph(tf.GraphDef(), 5)
        writer.add_summary(b"", "6")
    kinds = [(event.step, event.WhichOneof("what")) for event in events(tmp_path)]
    assert kinds == [
        (9, None),
        (1, "session_log"),
        (2, "tagged_run_metadata"),
        (4, "meta_graph_def"),
        (5, "graph_def"),
        (6, "summary"),
    ]
    assert events(tmp_path)[0].wall_time == 5.0
    assert all(before <= event.wall_time <= time.time() for event in events(tmp_path)[1:])


def test_what_is_no_graph_is_refused(tmp_path):
    writer = tf.summary.FileWriter(str(tmp_path))
    with pytest.raises(TypeError, match="The passed graph must be an instance of `Graph`"):
        writer.add_graph("graph")
    with pytest.raises(TypeError, match="The passed graph must be an instance of `Graph`"):
        writer.add_graph(None)
    with pytest.raises(ValueError, match="Please pass only graph, or graph_def"):
        writer.add_graph(tf.Graph(), graph_def=tf.GraphDef())
    with pytest.raises(TypeError, match="meta_graph_def must be type MetaGraphDef, saw type"):
        writer.add_meta_graph(tf.GraphDef())


def test_a_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(tf.errors.OpError, match="file"):
        tf.summary.FileWriter(str(tmp_path / "file" / "logdir"))
