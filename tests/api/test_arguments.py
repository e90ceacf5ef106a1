"""Argument names and their order are TensorFlow 1.15.5's, but for what `DEVIATIONS` explains."""

from __future__ import annotations

from functools import cache
from typing import Any

import pantarhei as tf
import record_api
from pantarhei.api.deviations import DEVIATIONS, difference
from tests.support.paths import SOURCE

RECORDING = record_api.read(SOURCE.parent / "docs" / "api-1.15.json.gz")


def found(path: str) -> Any:
    """The object under a public path; AttributeError if there is none."""
    value = tf
    for name in path.split(".")[1:]:
        value = getattr(value, name)
    return value


@cache
def differences() -> dict[str, str]:
    """What differs in the arguments, by public path."""
    result = {}
    for path, (kind, theirs) in RECORDING.items():
        if theirs is None:
            continue
        try:
            value = found(path)
        except AttributeError:
            continue
        ours = record_api.arguments(value)
        if ours is not None:
            # The name of a method's first argument is of no use to callers.
            theirs = theirs[kind in ("class", "method") :]
            ours = ours[kind == "method" or isinstance(value, type) :]
            if different := difference(theirs, ours):
                result[path] = different
    return result


def test_arguments_are_those_of_tensorflow() -> None:
    left = {
        path: different
        for path, different in differences().items()
        if not any(row.covers(path) and row.difference == different for row in DEVIATIONS)
    }
    assert left == {}, "arguments differ from TensorFlow 1.15.5's; mend them or add a Deviation"


def test_each_deviation_is_met() -> None:
    different = differences()
    for row in DEVIATIONS:
        for pattern in row.paths.split():
            assert any(
                row._replace(paths=pattern).covers(path) and difference == row.difference
                for path, difference in different.items()
            ), pattern
        assert len(row.reason.split()) > 3


def test_differences_are_found() -> None:
    assert difference(["x", "name"], ["x", "name"]) == ""
    assert difference(["x", "axis"], ["axis", "x"]) == "reordered"
    assert difference(["x", "a", "b"], ["x", "b", "c"]) == "-a +c"
    assert difference(["*args"], ["*rest"]) == ""


def test_recorder_finds_our_own_names() -> None:
    rows = dict(record_api.record(tf, "tf", "pantarhei"))
    assert rows["tf.nn"] == ["module", None]
    assert rows["tf.nn.relu"] == ["function", ["features", "name"]]
    assert rows["tf.Graph.as_default"] == ["method", ["self"]]
    assert rows["tf.Graph.version"] == ["member", None]
    assert rows["tf.float32"] == ["constant", None]
    assert rows["tf.Session"] == ["class", ["self", "target", "graph", "config"]]
    assert not any(".python." in path for path in rows)
