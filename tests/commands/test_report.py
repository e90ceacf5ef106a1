"""`pantarhei report`: one file that needs nothing else, with the values of the events."""

import json
import math
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pantarhei as tf
from pantarhei.commands import report_data
from pantarhei.commands.main import main

pytest.importorskip("tensorboard")

# Elements of HTML that have no end.
VOID = {"meta", "input", "br", "img", "link", "hr"}


class Page(HTMLParser):
    """The elements of a page; what is opened has to be closed in its order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, Any]]] = []
        self.data = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ["script"] and self.elements[-1][1].get("id") == "data":
            self.data += data


def log(folder, tag, values):
    with tf.summary.FileWriter(str(folder)) as writer:
        for step, number in enumerate(values):
            value = tf.Summary.Value(tag=tag, simple_value=number)
            writer.add_summary(tf.Summary(value=[value]), 10 * step)


def everything(folder):
    """A run with all that a report shows."""
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.Variable([3.0, 1.0], name="x")
        loss = tf.reduce_sum(x**2, name="loss")
        step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        summaries = [
            tf.summary.scalar("train/loss", loss),
            tf.summary.histogram("values", x),
            tf.summary.image("picture", tf.reshape(x, [1, 1, 2, 1])),
            tf.summary.audio("sound", tf.reshape(x, [1, 2]), 8000),
            tf.summary.text("words", tf.constant("<b> </script> http://nowhere")),
            tf.summary.tensor_summary("tensor", x),
        ]
        merged = tf.summary.merge(summaries)
        session.run(tf.global_variables_initializer())
        metadata = tf.RunMetadata()
        with tf.summary.FileWriter(str(folder), session.graph) as writer:
            for number in range(60):
                options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
                values, _ = session.run([merged, step], options=options, run_metadata=metadata)
                writer.add_summary(values, number)
            writer.add_run_metadata(metadata, "last", 60)


def reported(tmp_path, *arguments):
    out = tmp_path / "report.html"
    assert main(["report", *map(str, arguments), "-o", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    page = Page(text)
    return text, page, json.loads(page.data)


def test_values_are_those_of_the_events(tmp_path, capsys):
    rng = np.random.default_rng(0)
    finite = rng.standard_normal(500).astype(np.float32) * np.float32(10) ** rng.integers(
        -9, 9, 500
    )
    values = [*finite.astype(np.float32), math.nan, math.inf, -math.inf]
    log(tmp_path / "logs" / "a", "x/loss", values)
    log(tmp_path / "logs" / "b" / "c", "x/loss", [1.0])
    _, _, data = reported(tmp_path, tmp_path / "logs")
    assert data["runs"] == ["a", "b/c"] and list(data["scalars"]) == ["x/loss"]
    curve = data["scalars"]["x/loss"]["a"]
    found = [np.float32(each) for each in curve["value"]]
    assert np.array_equal(np.array(found), np.array(values, np.float32), equal_nan=True)
    assert curve["step"] == [10 * each for each in range(503)]
    (path,) = (tmp_path / "logs" / "a").iterdir()
    events = [event for event in tf.train.summary_iterator(str(path)) if event.summary.value]
    assert curve["time"] == [event.wall_time for event in events]
    assert capsys.readouterr().out == (
        f"wrote {tmp_path / 'report.html'}: 504 values of 1 scalars\n"
    )


def test_a_page_needs_nothing_else(tmp_path):
    everything(tmp_path / "logs" / "run")
    text, page, data = reported(tmp_path, tmp_path / "logs")
    assert "[[" + "data]]" not in text and ".js]]" not in text and ".css]]" not in text
    for tag, attributes in page.elements:
        assert tag not in ("link", "iframe", "object", "base")
        for name in ("src", "href", "action", "data", "srcset", "poster"):
            assert name not in attributes
    code = text.replace(page.data, "")
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)|fetch\(|XMLHttp|import\(", code)
    policy = next(each["content"] for _, each in page.elements if each.get("http-equiv"))
    assert "default-src 'none'" in policy and "http" not in policy
    assert "</script> http://nowhere" in data["texts"]["words"]["run"]["kept"][0]["text"][0]


def test_everything_is_in_the_page(tmp_path):
    everything(tmp_path / "logs" / "run")
    _, _, data = reported(tmp_path, tmp_path / "logs" / "run")
    assert data["title"] == "run" and data["runs"] == ["."]
    histogram = data["histograms"]["values"]["."]
    assert histogram["found"] == 60 and len(histogram["kept"]) == report_data.KEPT
    assert [histogram["kept"][place]["step"] for place in (0, -1)] == [0, 59]
    first = histogram["kept"][0]
    assert sum(first["counts"]) == 2 and len(first["edges"]) == len(first["counts"]) + 1
    assert (first["edges"][0], first["edges"][-1]) == (1, 3)
    assert list(data["images"]) == ["picture/image/0"]
    assert all(
        sample["data"].startswith("data:image/png;base64,")
        for tag in data["images"].values()
        for sample in tag["."]["kept"]
    )
    assert data["audio"] and data["others"] == {"summaries of tensor": 60}
    nodes = {node["name"]: node for node in data["graphs"]["."]}
    assert nodes["loss"]["op"] == "Sum" and "pow" in nodes["loss"]["inputs"]
    assert any(name.startswith("gradients/") for name in nodes)
    assert nodes["x"]["attributes"]["shape"] == "(2)"
    assert nodes["loss"]["attributes"]["T"] == "float32"
    (rows,) = data["traces"]["."].values()
    assert rows and {type(each) for each in rows[0]} == {str, int}


def test_several_folders_are_runs_of_one_page(tmp_path):
    log(tmp_path / "one", "loss", [1.0])
    log(tmp_path / "two", "loss", [2.0])
    _, _, data = reported(tmp_path, tmp_path / "one", tmp_path / "two")
    assert data["runs"] == ["one", "two"]


def test_a_damaged_file_counts_as_far_as_it_goes(tmp_path, capsys):
    log(tmp_path / "logs", "loss", [1.0, 2.0])
    (path,) = (tmp_path / "logs").iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    _, _, data = reported(tmp_path, tmp_path / "logs")
    assert data["scalars"]["loss"]["."]["value"] == [1.0]
    assert "truncated record" in data["faults"][0] and "truncated record" in capsys.readouterr().err


def test_nothing_to_show(tmp_path, capsys):
    out = tmp_path / "report.html"
    (tmp_path / "logs").mkdir()
    assert main(["report", str(tmp_path / "logs"), "-o", str(out)]) == 1
    assert "looked for files named *tfevents*" in capsys.readouterr().err
    with tf.summary.FileWriter(str(tmp_path / "logs")) as writer:
        writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START), 1)
    assert main(["report", str(tmp_path / "logs"), "-o", str(out)]) == 1
    assert "read 1 event file(s), found 1 of session_log" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.slow
def test_a_browser_draws_it(tmp_path):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("there is no Chromium")
    everything(tmp_path / "logs" / "run")
    reported(tmp_path, tmp_path / "logs")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=9000"]
    options += ["--run-all-compositor-stages-before-draw"]
    for kind, words in (
        ("scalars", r'<path d="M[\d.]+,[\d.]+L'),
        ("graphs", r'data-name="gradients"'),
        ("histograms", r"<rect x="),
        ("images", r'<img alt="" src="data:image/png'),
        ("texts", r"<pre>&lt;b&gt; &lt;/script&gt; http://nowhere"),
        ("traces", r"<td>.*CPU:0"),
    ):
        address = f"{Path(tmp_path, 'report.html').as_uri()}#{kind}"
        command = [browser, *options, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
        ran = subprocess.run([*command, address], capture_output=True, text=True, timeout=60)
        drawn = ran.stdout[ran.stdout.index("<main") : ran.stdout.index("</main>")]
        assert re.search(words, drawn), (kind, drawn[:500])
