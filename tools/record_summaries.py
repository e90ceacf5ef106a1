"""Runs every graph of summaries on TensorFlow 1.15 and writes ``tests/golden/summaries.json``.

    python3.7 tools/record_summaries.py

Kept are the nodes of each graph, the serialized summaries, an event file, files of records in
every compression, and serialized examples. Knows TensorFlow and ``tests/files/summaries/cases.py``;
knows nothing of this project's own code.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import tempfile
from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.path.join(ROOT, "tests", "golden", "summaries.json")
sys.path.insert(0, ROOT)

RECORDS = [b"", b"a", b"hello" * 100, bytes(range(256))]


def text(data: bytes) -> str:
    """Bytes as JSON can hold them."""
    return base64.b64encode(data).decode()


def read(path: str) -> bytes:
    """What is in a file."""
    with open(path, "rb") as file:
        return file.read()


def record_cases(tf: Any) -> dict[str, Any]:
    """Nodes and serialized summaries of every case."""
    from tests.files.summaries.cases import all_cases
    from tests.scenarios._tools import nodes

    found = {}
    for name, case in all_cases().items():
        with tf.Graph().as_default() as graph:
            summaries = case(tf)
            with tf.Session() as session:
                values = session.run(summaries)
            found[name] = {
                "nodes": nodes(graph),
                "summaries": {key: text(value) for key, value in values.items()},
            }
    return found


def record_event_file(tf: Any) -> dict[str, Any]:
    """An event file with two scalars, one tag with metadata, and a session's log."""
    folder = tempfile.mkdtemp()
    writer = tf.summary.FileWriter(folder, filename_suffix=".suffix")
    for step in range(2):
        values = [tf.Summary.Value(tag="loss", simple_value=0.5 / (1 + step))]
        values.append(tf.Summary.Value(tag="note", metadata=tf.SummaryMetadata(display_name="n")))
        writer.add_summary(tf.Summary(value=values), step)
    writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START), 2)
    writer.close()
    (name,) = os.listdir(folder)
    return {"name": name, "data": text(read(os.path.join(folder, name)))}


def record_records(tf: Any) -> dict[str, str]:
    """A file of records in every compression."""
    found = {}
    for compression in ("", "GZIP", "ZLIB"):
        path = os.path.join(tempfile.mkdtemp(), "records")
        with tf.python_io.TFRecordWriter(path, compression) as writer:
            for record in RECORDS:
                writer.write(record)
        found[compression] = text(read(path))
    return found


def record_examples(tf: Any) -> dict[str, str]:
    """Serialized examples, one of each kind."""
    train = tf.train
    values = [
        train.Feature(bytes_list=train.BytesList(value=[b"a", b"\xff"])),
        train.Feature(float_list=train.FloatList(value=[1.5, -2.0])),
        train.Feature(int64_list=train.Int64List(value=[3, -4, 1 << 40])),
    ]
    found = {}
    for kind, feature in zip(("bytes", "float", "int64"), values):
        features = train.Features(feature={kind: feature})
        found[kind] = text(train.Example(features=features).SerializeToString())
    lists = train.FeatureLists(feature_list={"words": train.FeatureList(feature=values)})
    sequence = train.SequenceExample(feature_lists=lists)
    found["sequence"] = text(sequence.SerializeToString())
    return found


def main() -> None:
    """Records everything."""
    import tensorflow as tf

    recorded = {
        "cases": record_cases(tf),
        "event_file": record_event_file(tf),
        "records": record_records(tf),
        "examples": record_examples(tf),
    }
    with open(TARGET, "w") as file:
        json.dump(recorded, file, indent=1, sort_keys=True)
        file.write("\n")
    print("wrote", TARGET)


if __name__ == "__main__":
    main()
