"""Whole programs against what TensorFlow 1.15 answered: ``tests/golden/scenarios.json``.

Every scenario of ``tests/scenarios`` runs here on each engine and must give the recorded answer.
Of an error's message the recorded words come first; ours may go on. Floats agree to 1e-6
(float32), 1e-12 (float64) or 1e-3 (float16) of the number or, where that is more, a fifth of it of
the largest number of their array. All else is equal.
"""

from __future__ import annotations

import json
import math
import os
from typing import Any

import pytest

import pantarhei as tf
from tests import scenarios
from tests.support.engines import engines

with open(os.path.join(os.path.dirname(__file__), "golden", "scenarios.json")) as _file:
    RECORDED = json.load(_file)["scenarios"]

SCENARIOS = scenarios.all_scenarios()
# Scenarios whose answer varies from run to run in TensorFlow 1.15, with the reason: not recorded.
VARYING: dict[str, str] = {}

TOLERANCE = {"float32": 1e-6, "float64": 1e-12, "float16": 1e-3, "complex64": 1e-6}


def difference(ours: Any, recorded: Any, where: str = "result", tolerance: float = 1e-12) -> str:
    """Where and how an answer departs from the recorded one; empty when it does not."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        if set(ours) != set(recorded):
            return f"{where}: {ours} instead of {recorded}"
        kind = recorded.get("array", recorded.get("scalar"))
        if "words" in recorded:
            ours = {**ours, "words": ours["words"][: len(recorded["words"])]}
        if kind in TOLERANCE:
            return _difference_of_floats(ours, recorded, where, TOLERANCE[kind])
        pairs = [(f"{where}[{key!r}]", ours[key], recorded[key]) for key in recorded]
    elif isinstance(recorded, list) and isinstance(ours, list):
        if len(ours) != len(recorded):
            lengths = f"{len(ours)} entries instead of {len(recorded)}"
            return f"{where}: {lengths}\n{ours}\n{recorded}"
        pairs = [
            (f"{where}[{i}]", o, r) for i, (o, r) in enumerate(zip(ours, recorded, strict=True))
        ]
    elif isinstance(recorded, float) and isinstance(ours, float):
        close = math.isclose(ours, recorded, rel_tol=tolerance)
        return "" if close else f"{where}: {ours!r} instead of {recorded!r}"
    else:
        same = type(ours) is type(recorded) and ours == recorded
        return "" if same else f"{where}: {ours!r} instead of {recorded!r}"
    return next((text for text in (difference(o, r, w) for w, o, r in pairs) if text), "")


def _difference_of_floats(ours: Any, recorded: Any, where: str, tolerance: float) -> str:
    if {k: v for k, v in ours.items() if k != "value"} != {
        k: v for k, v in recorded.items() if k != "value"
    }:
        return f"{where}: {ours} instead of {recorded}"
    found, expected = _numbers(ours["value"]), _numbers(recorded["value"])
    largest = max((abs(x) for x in expected if math.isfinite(x)), default=0.0)
    for a, b in zip(found, expected, strict=True):
        if a == b or (math.isnan(a) and math.isnan(b)):
            continue
        if not abs(a - b) <= max(tolerance * abs(b), 0.2 * tolerance * largest):
            return "{}: {} instead of {}".format(where, ours["value"], recorded["value"])
    return ""


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [number for element in value for number in _numbers(element)]
    return [float(value)]


@pytest.mark.parametrize("engine", engines())
@pytest.mark.parametrize("name", sorted(SCENARIOS.keys() - VARYING.keys()))
def test_program_answers_as_recorded(
    name: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANTARHEI_ENGINE", engine)
    check(name, SCENARIOS[name])


def check(name: str, scenario: Any) -> None:
    """Runs a scenario and compares its answer; fails where there is no recording."""
    if name not in RECORDED:
        pytest.fail(f"{name} is not recorded: run tools/record_scenarios.py {name.split('.')[0]}")
    tf.reset_default_graph()
    answer = json.loads(json.dumps(scenario(tf)))
    found = difference(answer, RECORDED[name])
    assert not found, found


def test_no_recording_without_a_program() -> None:
    assert set(RECORDED) <= set(SCENARIOS)
    assert set(VARYING) <= set(SCENARIOS) - set(RECORDED)


def test_a_scenario_that_was_never_recorded_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"record_scenarios\.py planted"):
        check("planted.scenario", lambda tf: 1)


def test_a_wrong_answer_fails() -> None:
    name = next(each for each in sorted(RECORDED) if isinstance(RECORDED[each], list))
    with pytest.raises(AssertionError):
        check(name, lambda tf: ["planted", *RECORDED[name]])


@pytest.mark.parametrize(
    "ours, recorded",
    [
        ({"scalar": "float32", "value": 1.00001}, {"scalar": "float32", "value": 1.0}),
        ({"scalar": "float64", "value": 1.0}, {"scalar": "float32", "value": 1.0}),
        ({"raises": "TypeError", "words": "a b"}, {"raises": "ValueError", "words": "a b"}),
        (["a", "b"], ["b", "a"]),
        ([1, 2], [1, 2, 3]),
        (1, True),
        ({"scalar": "float32", "value": "nan"}, {"scalar": "float32", "value": 0.0}),
    ],
)
def test_the_comparison_sees_a_planted_fault(ours: Any, recorded: Any) -> None:
    assert difference(ours, recorded)


def test_the_comparison_accepts_the_last_digit() -> None:
    ours = {"array": "float32", "shape": [2], "value": [1.0000001, "nan"]}
    recorded = {"array": "float32", "shape": [2], "value": [1.0, "nan"]}
    assert not difference(ours, recorded)
