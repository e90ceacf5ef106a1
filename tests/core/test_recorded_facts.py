"""Types, shapes and errors answer as TensorFlow 1.15 does, question by question."""

import json
import pickle

import numpy as np

from pantarhei.core import dtypes, errors, shapes
from tests.core import questions
from tests.support.paths import GOLDEN

RECORDED = json.loads((GOLDEN / "facts.json").read_text())

NAMES = {
    "np": np,
    "pickle": pickle,
    "TYPES": questions.TYPES,
    "DType": dtypes.DType,
    "as_dtype": dtypes.as_dtype,
    "tf_float32": dtypes.float32,
    "D": shapes.Dimension,
    "S": shapes.TensorShape,
    "unknown_shape": shapes.unknown_shape,
    "dimension_value": shapes.dimension_value,
    "broadcast_shape": shapes.broadcast_shape,
    "errors": errors,
}


def test_the_recording_is_of_these_questions():
    assert list(dict.fromkeys(questions.questions())) == list(RECORDED)


def differences(recorded):
    for asked, expected in recorded.items():
        got = questions.answer(asked, NAMES)
        if not agree(expected, got):
            yield asked, expected, got


def agree(expected, got):
    """The same answer; of errors the class and, unless they are Python's own, the leading words."""
    if len(expected) == 2 and len(got) == 2:
        kind, words = expected
        of_python = kind in ("KeyError", "IndexError", "ZeroDivisionError") or (
            words.startswith("unsupported operand") and "please use //" not in words
        )
        return kind == got[0] and (of_python or got[1].startswith(words))
    return expected == got


def test_every_answer_is_the_recorded_one():
    assert list(differences(RECORDED)) == []


def test_a_wrong_answer_is_seen():
    asked = "as_dtype('int32').max"
    assert list(differences({asked: ["1"]})) == [(asked, ["1"], ["2147483647"])]
