"""Watched runs: traces as messages, for Chrome and for TensorBoard; runs that take too long.

Also that `tf.print` and `tf.Print` write to whatever Python's streams are when a graph runs, as a
notebook needs it.
"""

import contextlib
import io
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import pantarhei as tf
from pantarhei.python.client import timeline
from pantarhei.runtime import tracing
from pantarhei.runtime.execution import Execution
from tests.support.paths import ROOT

FULL = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)


@pytest.fixture(autouse=True)
def fresh_graph() -> None:
    tf.reset_default_graph()


def network() -> tuple[Any, Any, Any]:
    """A placeholder, a loss, and a training step."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.get_variable("w", [3, 4], initializer=tf.ones_initializer())
    loss = tf.reduce_sum(tf.tanh(tf.matmul(x, w)), name="loss")
    return x, loss, tf.train.GradientDescentOptimizer(0.1).minimize(loss, name="step")


def traced(session: Any, fetches: Any, feeds: Any = None) -> Any:
    metadata = tf.RunMetadata()
    session.run(fetches, feeds, options=FULL, run_metadata=metadata)
    return metadata


def entries(metadata: Any) -> list[Any]:
    (device,) = metadata.step_stats.dev_stats
    return list(device.node_stats)


def extents(entry: Any) -> list[list[int]]:
    return [[each.size for each in out.tensor_description.shape.dim] for out in entry.output]


def events(trace: str, phase: str) -> list[dict[str, Any]]:
    return [each for each in json.loads(trace)["traceEvents"] if each["ph"] == phase]


def test_trace_tells_operations_shapes_and_times_in_order() -> None:
    x, loss, step = network()
    with tf.Session(config=tf.ConfigProto(engine="numpy")) as session:
        session.run(tf.global_variables_initializer())
        before = time.time_ns()
        metadata = traced(session, [step, loss], {x: np.ones([2, 3])})
        after = time.time_ns()
    found = {each.node_name: each for each in entries(metadata)}
    assert {"MatMul", "Tanh", "loss", "step/update_w/ApplyGradientDescent"} <= set(found)
    assert found["MatMul"].timeline_label == "MatMul = MatMul(x, w/read)"
    (product,) = found["MatMul"].output
    assert extents(found["MatMul"]) == [[2, 4]]
    assert product.tensor_description.dtype == tf.float32.as_datatype_enum
    assert product.tensor_description.allocation_description.requested_bytes == 32
    assert extents(found["loss"]) == [[]]
    end = before
    for each in entries(metadata):
        assert end <= each.all_start_nanos
        end = each.all_start_nanos + each.all_end_rel_nanos
        assert each.all_start_micros == each.all_start_nanos // 1000
        assert each.all_end_rel_micros == max(1, round(each.all_end_rel_nanos / 1000))
    assert end <= after + 1_000_000  # the two clocks may drift apart by so much


def test_values_and_updates_are_those_of_a_run_without_trace() -> None:
    x, loss, step = network()
    fed = {x: np.arange(6.0).reshape(2, 3)}
    results = []
    for options in (None, FULL, tf.RunOptions(timeout_in_ms=10**9), tf.RunOptions()):
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            metadata = tf.RunMetadata()
            values = [session.run([loss, step], fed, options, metadata)[0] for _ in range(3)]
            results.append([*values, session.run(tf.trainable_variables()[0]).tolist()])
            assert bool(metadata.ByteSize()) == (options is FULL)
    assert results[1:] == results[:1] * 3


def test_host_steps_and_observed_values_are_traced() -> None:
    x = tf.placeholder(tf.float32, [None], name="x")
    kept = tf.boolean_mask(x, x > 1.0)
    total = tf.py_func(np.sum, [kept], tf.float32, name="total")
    with tf.Session(config=tf.ConfigProto(engine="numpy")) as session:
        metadata = traced(session, total * 2.0, {x: [0.0, 2.0, 3.0]})
    names = [each.node_name for each in entries(metadata)]
    assert "Greater" in names
    assert names.index("Greater") < names.index("total") < names.index("mul")


def test_the_native_engine_is_timed_kernel_by_kernel() -> None:
    x, loss, _ = network()
    lgamma = tf.lgamma(loss, name="by_its_meaning")
    with tf.Session(config=tf.ConfigProto(engine="native")) as session:
        session.run(tf.global_variables_initializer())
        metadata = traced(session, [loss, lgamma], {x: np.ones([2, 3])})
    found = entries(metadata)
    assert sorted(each.node_name for each in found)[-2:] == ["by_its_meaning", "loss"]
    labels = " ".join(each.timeline_label for each in found)
    assert "Tanh+Sum(" in labels and "MatMul" in labels and "Lgamma(loss)" in labels
    end = 0
    for each in found:
        assert end <= each.all_start_nanos
        end = each.all_start_nanos + each.all_end_rel_nanos


def test_every_run_empties_its_metadata() -> None:
    x = tf.placeholder(tf.float32, ())
    y, folded = tf.exp(x), tf.exp(1.0)
    with tf.Session() as session:
        metadata = traced(session, y, {x: 1.0})
        session.run(y, {x: 1.0}, options=FULL, run_metadata=metadata)
        assert [each.node_name for each in entries(metadata)] == ["Exp"]
        session.run(y, {x: 1.0}, options=FULL)
        session.run(folded, options=FULL, run_metadata=metadata)
        assert entries(metadata) == []
        session.run(y, {x: 1.0}, run_metadata=metadata)
    assert metadata == tf.RunMetadata()


def test_metadata_of_a_run_that_failed_is_what_it_was() -> None:
    x = tf.placeholder(tf.int32, ())
    y = 1 // x
    with tf.Session() as session:
        metadata = traced(session, y, {x: 1})
        kept = metadata.SerializeToString()
        with pytest.raises(tf.errors.InvalidArgumentError, match="division by zero"):
            session.run(y, {x: 0}, options=FULL, run_metadata=metadata)
    assert metadata.SerializeToString() == kept


def test_what_is_not_an_option_is_refused() -> None:
    y = tf.constant(1.0)
    with tf.Session() as session:
        with pytest.raises(TypeError, match=r"options must be a tf\.RunOptions"):
            session.run(y, options={"trace_level": 3})  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"run_metadata must be a tf\.RunMetadata"):
            session.run(y, run_metadata={})
    with pytest.raises(ValueError, match='has no "output_partition_graphs" field'):
        tf.RunOptions(output_partition_graphs=True)


def test_callables_take_options_when_they_are_made_to() -> None:
    x = tf.placeholder(tf.float32, ())
    with tf.Session() as session:
        call = session.make_callable(tf.exp(x), [x], accept_options=True)
        metadata = tf.RunMetadata()
        assert call(0.0) == call(0.0, options=FULL, run_metadata=metadata) == 1.0
        assert [each.node_name for each in entries(metadata)] == ["Exp"]
        with pytest.raises(TypeError, match="options"):
            session.make_callable(x, [x])(0.0, options=FULL)


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_a_run_that_takes_too_long_ends_and_changes_nothing(engine: str) -> None:
    v = tf.get_variable("v", initializer=[1.0, 2.0])
    calls: list[int] = []

    def slow(array: Any) -> Any:
        calls.append(len(calls))
        time.sleep(0.03)
        return array

    first = tf.py_func(slow, [v], tf.float32, name="first")
    second = tf.py_func(slow, [first + 1.0], tf.float32, name="second")
    update = tf.assign_add(v, tf.ensure_shape(second, [2]))
    with tf.Session(config=tf.ConfigProto(engine=engine)) as session:
        session.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.DeadlineExceededError) as failed:
            session.run(update, options=tf.RunOptions(timeout_in_ms=20))
        assert failed.value.message == "Timed out waiting for notification"
        assert "it was at first" in str(failed.value)
        assert calls == [0]
        assert session.run(v).tolist() == [1.0, 2.0]
        session.run(update, options=tf.RunOptions(timeout_in_ms=10**8))
        assert session.run(v).tolist() == [3.0, 5.0]


def test_the_last_step_may_be_too_long_too(monkeypatch: pytest.MonkeyPatch) -> None:
    v = tf.get_variable("v", initializer=1.0)
    update = tf.assign(v, tf.exp(v))
    clock = iter(range(0, 10**12, 10**7))  # every look at the clock is 10 ms after the last
    with tf.Session(config=tf.ConfigProto(engine="numpy")) as session:
        session.run(tf.global_variables_initializer())
        monkeypatch.setattr(time, "perf_counter_ns", lambda: next(clock))
        with pytest.raises(tf.errors.DeadlineExceededError, match="it was at Exp"):
            session.run(update, options=tf.RunOptions(timeout_in_ms=19))
        assert session.run(v) == 1.0
        session.run(update, options=tf.RunOptions(timeout_in_ms=20))
        assert session.run(v) == pytest.approx(np.e, rel=1e-6)


def test_a_run_without_options_is_not_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: Any) -> None:
        raise AssertionError("watched")

    y = tf.exp(tf.placeholder_with_default(0.0, ()))
    with tf.Session() as session:
        monkeypatch.setattr(tracing.Watch, "__init__", forbidden)
        monkeypatch.setattr(tracing.WatchedExecution, "__init__", forbidden)
        assert session.run(y) == 1.0
        assert session.make_callable(y)() == 1.0
        assert session.make_callable(y, accept_options=True)() == 1.0
        with pytest.raises(AssertionError, match="watched"):
            session.run(y, options=FULL)
    assert issubclass(tracing.WatchedExecution, Execution)


def test_chrome_trace_has_bars_arrows_and_memory() -> None:
    x, loss, step = network()
    with tf.Session(config=tf.ConfigProto(engine="numpy")) as session:
        session.run(tf.global_variables_initializer())
        metadata = traced(session, [step, loss], {x: np.ones([2, 3])})
    shown = timeline.Timeline(metadata.step_stats)
    trace = shown.generate_chrome_trace_format(show_memory=True)
    (process,) = events(trace, "M")
    assert process["args"]["name"].endswith("CPU:0 Compute")
    bars = events(trace, "X")
    assert [each["args"]["name"] for each in bars] == [e.node_name for e in entries(metadata)]
    (product,) = [each for each in bars if each["args"]["name"] == "MatMul"]
    assert product["name"] == "MatMul"
    assert product["args"]["input0"] == "x"
    starts, ends = events(trace, "s"), events(trace, "t")
    assert [each["id"] for each in starts] == [each["id"] for each in ends]
    assert all(a["ts"] <= b["ts"] + 1 for a, b in zip(starts, ends, strict=True))
    assert "MatMul" in [each["name"] for each in starts]
    totals = [each["args"]["bytes"] for each in events(trace, "C")]
    assert max(totals) >= 32
    assert min(totals) >= 0
    assert totals[-1] == 0
    plain = shown.generate_chrome_trace_format(show_dataflow=False)
    assert {each["ph"] for each in json.loads(plain)["traceEvents"]} == {"M", "X"}


def test_bars_at_one_time_have_lanes_of_their_own_and_the_graph_tells_their_types() -> None:
    product = tf.matmul(tf.ones([2, 2]), tf.ones([2, 2]), name="product")
    metadata = tf.RunMetadata()
    device = metadata.step_stats.dev_stats.add(device="/gpu:0")
    for name, start, micros in [("product", 10, 5), ("late", 15, 1), ("b", 11, 1), ("c", 12, 9)]:
        device.node_stats.add(node_name=name, all_start_micros=start, all_end_rel_micros=micros)
    trace = timeline.Timeline(metadata.step_stats, product.graph).generate_chrome_trace_format()
    lanes = {each["args"]["name"]: each["tid"] for each in events(trace, "X")}
    assert lanes == {"product": 0, "b": 1, "c": 1, "late": 0}
    kinds = {each["args"]["name"]: each["name"] for each in events(trace, "X")}
    assert kinds["product"] == "MatMul"
    assert kinds["late"] == "unknown"


def test_tensorboard_reads_the_trace(tmp_path: Path) -> None:
    x, loss, _ = network()
    with (
        tf.Session() as session,
        tf.summary.FileWriter(str(tmp_path), session.graph) as writer,
    ):
        session.run(tf.global_variables_initializer())
        metadata = traced(session, loss, {x: np.ones([2, 3])})
        writer.add_run_metadata(metadata, "step 7", 7)
    reader = EventAccumulator(str(tmp_path)).Reload()
    assert reader.Tags()["run_metadata"] == ["step 7"]
    assert reader.RunMetadata("step 7") == metadata


def test_printing_goes_to_the_streams_of_the_moment(capsys: pytest.CaptureFixture[str]) -> None:
    x = tf.constant([1.0, 2.0])
    to_error = tf.Print(x, [x], "x: ")
    lines = [tf.print("e", x), tf.print("o", x, output_stream=sys.stdout)]
    cell_output, cell_error = io.StringIO(), io.StringIO()
    with (
        tf.Session() as session,
        contextlib.redirect_stdout(cell_output),
        contextlib.redirect_stderr(cell_error),
    ):
        session.run([to_error])
        for line in lines:
            session.run(line)
    assert cell_output.getvalue() == "o [1 2]\n"
    assert cell_error.getvalue() == "x: [1 2]\ne [1 2]\n"
    with contextlib.redirect_stdout(cell_output):  # as when a notebook runs its next cell
        made_inside = tf.print("later", output_stream=sys.stdout)
    tf.Session().run(made_inside)
    assert capsys.readouterr() == ("later\n", "")


def test_levels_are_told_and_hidden(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    logs = (tf.logging.info, tf.logging.warning, tf.logging.error)
    lines = [tf.print("x", output_stream=log, name=f"n{i}") for i, log in enumerate(logs)]
    with tf.Session() as session:
        session.run(lines)
        told = capsys.readouterr().err.split("\n")
        dates = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}: "
        # Only these lines: what else is written to the stream is not this test's.
        ours = [each for each in told if each.endswith("] x")]
        assert sorted(re.sub(dates, "", each, count=1) for each in ours) == [
            "E n2] x",
            "I n0] x",
            "W n1] x",
        ]
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
        session.run(lines)
        assert re.findall(r" (\w) n", capsys.readouterr().err) == ["E"]


def test_the_example_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "docs" / "profiling.md").read_text(encoding="utf-8")
    programs = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for program in programs:
        exec(compile(program, "profiling.md", "exec"), names)
    assert events((tmp_path / "trace.json").read_text(), "X")
    assert list((tmp_path / "log").iterdir())
    assert "MatMul" in capsys.readouterr().out


def test_a_session_may_limit_its_runs():
    with tf.Graph().as_default():
        v = tf.Variable(1.0)

        def slowly() -> Any:
            time.sleep(0.6)
            return np.float32(2.0)

        pause = tf.py_func(slowly, [], tf.float32)
        pause.set_shape([])
        update = tf.assign(v, pause)
        config = tf.ConfigProto(operation_timeout_in_ms=500, engine="numpy")
        with tf.Session(config=config) as session:
            session.run(v.initializer)
            call = session.make_callable(update)
            for run in (lambda: session.run(update), call, lambda: session.run([update, v])):
                with pytest.raises(tf.errors.DeadlineExceededError, match="Timed out waiting"):
                    run()
            assert session.run(v) == 1.0
            session.run(update, options=tf.RunOptions(timeout_in_ms=10**8))
            assert session.run(v) == 2.0
