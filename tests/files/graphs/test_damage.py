"""Damaged and strange files: an error that says what is wrong, and a graph that is as it was.

Files are cut, bytes are altered, fields are exchanged. Whatever is accepted can be written again.
"""

from __future__ import annotations

import gzip
import importlib
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from google.protobuf.message import DecodeError

import pantarhei as tf
from pantarhei.core import messages
from tests.files.graphs.networks import FROZEN
from tests.support.paths import GOLDEN

GRAPHS = GOLDEN / "graphs"

# What an import may say of a file; everything else would be a fault of this project.
TOLD = (ValueError, tf.errors.NotFoundError)


def tried(graph_def: Any) -> Exception | None:
    """The error of an import, after which nothing may be left of it."""
    with tf.Graph().as_default() as graph:
        kept = tf.constant(1.0, name="kept")
        try:
            tf.import_graph_def(graph_def, name="")
        except TOLD as error:
            assert graph.get_operations() == [kept.op]
            assert kept.consumers() == []
            assert str(error)
            return error
        graph.as_graph_def(add_shapes=True)
        return None


@pytest.mark.parametrize("name", FROZEN)
def test_altered_bytes(name: str) -> None:
    content = (GRAPHS / f"{name}.pb").read_bytes()
    chance = random.Random(name)
    outcomes: dict[str, int] = {}
    for _ in range(150):
        altered = bytearray(content)
        for _ in range(chance.choice((1, 1, 2, 8))):
            altered[chance.randrange(len(altered))] = chance.randrange(256)
        try:
            graph_def = tf.GraphDef.FromString(bytes(altered))
        except DecodeError:
            outcomes["unreadable"] = outcomes.get("unreadable", 0) + 1
            continue
        kind = type(tried(graph_def)).__name__
        outcomes[kind] = outcomes.get(kind, 0) + 1
    assert len(outcomes) >= 3, outcomes


@pytest.mark.parametrize("name", ["mlp", "condition"])
def test_cut_files(name: str) -> None:
    content = (GRAPHS / f"{name}.pb").read_bytes()
    for length in range(0, len(content), 13):
        try:
            graph_def = tf.GraphDef.FromString(content[:length])
        except DecodeError:
            continue
        tried(graph_def)


def test_exchanged_parts() -> None:
    """Inputs, types and attributes of nodes taken from other nodes."""
    original = tf.GraphDef.FromString((GRAPHS / "convnet.pb").read_bytes())
    chance = random.Random(3)
    failed = 0
    for _ in range(150):
        graph_def = tf.GraphDef()
        graph_def.CopyFrom(original)
        one, other = chance.sample(list(graph_def.node), 2)
        what = chance.randrange(4)
        if what == 0:
            one.op = other.op
        elif what == 1 and one.attr and other.attr:
            keys = [chance.choice(sorted(each.attr)) for each in (one, other)]
            one.attr[keys[0]].CopyFrom(other.attr[keys[1]])
        elif what == 2:
            one.input.append(other.name)
        else:
            del one.input[:1]
            one.attr.pop(chance.choice([*one.attr, ""]), None)
        failed += tried(graph_def) is not None
    assert failed > 50


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.99])
def test_cut_meta_file(cut: float, tmp_path: Path) -> None:
    content = gzip.decompress((GRAPHS / "train_condition.meta.gz").read_bytes())
    path = tmp_path / "cut.meta"
    path.write_bytes(content[: int(len(content) * cut)])
    with tf.Graph().as_default(), pytest.raises(OSError, match=r"Cannot parse file .*cut\.meta"):
        tf.train.import_meta_graph(str(path))


def test_all_unknown_types_are_named() -> None:
    text = "".join(
        f'node {{ name: "{name}" op: "{op}" }}'
        for name, op in (("a", "Foo"), ("l", "Enter"), ("b", "Foo"), ("c", "Bar"), ("d", "NoOp"))
    )
    error = tried(text_format.Merge(text, tf.GraphDef()))
    assert isinstance(error, tf.errors.NotFoundError)
    words = str(error)
    assert words.startswith("Op type not registered 'Foo'")
    assert "Bar ('c')" in words
    assert "Foo ('a', 'b')" in words


def test_function_of_a_file_is_named() -> None:
    graph_def = text_format.Merge('node { name: "a" op: "Mine" }', tf.GraphDef())
    graph_def.library.function.add().signature.name = "Mine"
    assert "Mine, a function of the file ('a')" in str(tried(graph_def))


def test_a_later_version_is_refused() -> None:
    graph_def = text_format.Merge("versions { producer: 999 min_consumer: 500 }", tf.GraphDef())
    error = str(tried(graph_def))
    assert error.startswith("GraphDef min consumer version 500 above current version 134")


def test_attribute_of_a_later_version() -> None:
    """Is left out where the file says that it has its default value."""
    text = 'node { name: "a" op: "NoOp" attr { key: "new" value { b: false } } }'
    graph_def = text_format.Merge(text, tf.GraphDef())
    assert "NodeDef mentions attr 'new' not in Op<name=NoOp" in str(tried(graph_def))
    producers = messages.message_class("OpList")()
    text_format.Merge(
        'op { name: "NoOp" attr { name: "new" default_value { b: false } } }', producers
    )
    with tf.Graph().as_default():
        found = tf.import_graph_def(graph_def, return_elements=["a"], producer_op_list=producers)
        assert found
        (op,) = found
    assert "new" not in op.attributes


def test_without_tensorboard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names what is to be installed."""
    messages.message_class.cache_clear()
    for name in [name for name in sys.modules if name.startswith("tensorboard")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ImportError, match=r"tf.GraphDef needs tensorboard.*pip install pantarhei"):
        tf.GraphDef()
    with pytest.raises(ImportError, match="pip install pantarhei"):
        tf.train.export_meta_graph(graph=tf.Graph())
    monkeypatch.undo()
    messages.message_class.cache_clear()
    importlib.invalidate_caches()
