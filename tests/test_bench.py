"""The benchmarks' honesty: who computes something else is not timed; what is missed is said."""

from pathlib import Path
from typing import Any

import pytest
from bench.bar import bar_rows
from bench.contenders import BY_NAME, Contender, Missing, interpreter
from bench.measure import Bench
from bench.nets import NETS
from bench.records import records
from bench.report import TITLES, page

TANH = next(each for each in NETS if each["name"] == "tanh")


def bench(*contenders: Contender) -> Bench:
    return Bench(list(contenders), {}, 1, 0.001, 60.0, False, lambda words: None)


def results(nets: list[Any]) -> dict[str, Any]:
    machine = {"processor": "p", "cores": 2, "memory": "1 GiB", "system": "s", "load": 0.0}
    return {
        "machine": machine,
        "command": "python -m bench",
        "date": "2000-01-01",
        "revision": "r",
        "default_engine": "numpy",
        "quick": False,
        "minutes": 1.0,
        "took": {},
        "note": "",
        "rounds": 1,
        "seconds": 0.1,
        "nets": nets,
        "missing": [],
        "about": {},
    }


def tanh_row(**steps: float) -> dict[str, Any]:
    contenders = {name: {"step": step, "turns": [step]} for name, step in steps.items()}
    return {"name": "tanh", "title": "tanh", "family": "small", "contenders": contenders}


def test_engines_and_numpy_by_hand_agree_and_are_timed():
    run = bench(BY_NAME["numpy"], BY_NAME["native"], BY_NAME["by-hand"])
    found = run.net(TANH)
    assert set(found) == {"numpy", "native", "by-hand"}
    assert run.missing == [] and run.disagreements == 0
    assert all(row["step"] > 0 and row["peak"] > 0 for row in found.values())


def test_a_contender_with_other_losses_is_not_timed():
    # The products compute no losses: taken at their word, they are wrong.
    wrong = Contender("wrong", "Wrong", BY_NAME["products"].arguments, "numpy")
    run = bench(BY_NAME["numpy"], BY_NAME["by-hand"], wrong)
    assert set(run.net(TANH)) == {"numpy", "by-hand"}
    assert run.disagreements == 1
    assert "not timed" in run.missing[0]["why"] and run.missing[0]["contender"] == "Wrong"


def test_a_contender_that_cannot_start_is_named():
    broken = Contender("broken", "Broken", ("bench.peers.nowhere",), "numpy")
    run = bench(BY_NAME["by-hand"], broken)
    assert set(run.net(TANH)) == {"by-hand"}
    assert "nowhere" in run.missing[0]["why"]


def test_a_peer_without_a_python_is_named(monkeypatch):
    monkeypatch.delenv("BENCH_PYTHON_TENSORFLOW1", raising=False)
    monkeypatch.setattr("bench.contenders.HOME", Path("nowhere"))
    with pytest.raises(Missing, match=r"needs Python 3\.7"):
        interpreter(BY_NAME["tensorflow1"], {})
    with pytest.raises(Missing, match="--install torch"):
        interpreter(BY_NAME["torch"], {})


def test_growth_that_does_not_fit_is_named():
    run = bench(BY_NAME["by-hand"])
    assert run.growth({"width": [4]}).keys() == {"width"} and run.missing == []
    run.deadline = 0.0
    assert run.growth({"width": [4]}) == {"width": {}}
    assert run.missing[0]["what"] == "width 4 and more"


def test_the_chain_grows_linearly_from_a_thousand_layers_on():
    def said(last: float) -> tuple[Any, ...]:
        points = [(depth, {"first step": each}) for depth, each in ((1000, 1.0), (4000, last))]
        rows = bar_rows({**results([]), "chain": {"native": points}}, TITLES)
        return next(row[2:] for row in rows if row[0].startswith("chain"))

    assert said(4.0) == ("1.00 s; 4,000 layers 4.00 s: grows as depth^1.00", "met")
    assert said(16.0)[1] == "**missed**"


def test_missed_rows_are_stated():
    row = tanh_row(native=1.0, **{"by-hand": 9.0, "tensorflow1": 59.0})
    rows = {asked: (said, met) for asked, _, said, met in bar_rows(results([row]), TITLES)}
    assert rows["tanh: against NumPy by hand"] == ("9.00x", "met")
    assert rows["tanh: against TensorFlow 1.15"] == ("59.00x", "**missed**")
    assert rows["tanh: against PyTensor"] == ("not measured", "open")


def test_the_page_gives_ratios_and_what_was_missing():
    found = results([tanh_row(native=2e-6, numpy=5e-6)])
    found["missing"] = [{"contender": "JAX", "what": "everything", "why": "not installed"}]
    text = page(found, {})
    assert "| tanh | 2.0 us | 2.50x |" in text
    assert "| JAX | everything | not installed |" in text


def test_a_busy_machine_is_confessed():
    found = results([])
    found["machine"]["load"] = 3.0
    assert "The machine was busy" in page(found, {})


def test_records_are_measured_and_stand_on_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr("bench.records.HOME", tmp_path)
    run = bench()
    found = records(run, [], 50, mebibytes=1)
    assert run.missing == [] and run.disagreements == 0
    assert set(found["turns"]) == {
        *("save", "save and flush", "restore", "summaries", "runs", "written", "read")
    }
    assert set(found["turns"]["save"]) == {"pantarhei", "copy", "flushed copy"}
    said = page({**results([]), "records": found}, {})
    assert "| save 1 MiB |" in said and "scalar summaries, each computed by a run" in said


def test_the_bar_of_records():
    turns = {
        "save": {"pantarhei": [2.0], "copy": [0.9], "tensorflow1": [2.0]},
        "restore": {"pantarhei": [1.0], "copy": [0.9]},
        "summaries": {"pantarhei": [1.01]},
    }
    found = {"turns": turns, "about": {}, "count": 10_000, "mebibytes": 1024}

    def rows() -> dict[str, Any]:
        said = bar_rows({**results([]), "records": found}, TITLES)
        return {asked: (words, met) for asked, _, words, met in said}

    assert rows()["save 1 GiB: against copying the file"] == ("0.45x", "**missed**")
    assert rows()["save 1 GiB: against TensorFlow 1.15"] == ("1.00x", "met")
    assert rows()["restore 1 GiB: against copying the file"] == ("0.90x", "met")
    assert rows()["restore 1 GiB: against TensorFlow 1.15"] == ("not measured", "open")
    assert rows()["scalar summaries"] == ("9,901 a second", "**missed**")
    found["mebibytes"] = 512
    assert rows()["save 1 GiB: against copying the file"] == ("not measured", "open")
