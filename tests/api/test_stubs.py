"""The stubs equal the table of public names, and a type checker refuses what they do not have."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import stubs

ROOT = stubs.SOURCE.parent


def test_stubs_are_up_to_date() -> None:
    assert stubs.stale() == [], "public names changed, run `make docs`"


def test_stale_stubs_are_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stubs, "SOURCE", tmp_path)
    assert stubs.main() == 0
    assert stubs.stale() == []
    changed = tmp_path / "pantarhei" / "nn" / "__init__.pyi"
    changed.write_text(changed.read_text() + "gone: int\n")
    extra = tmp_path / "pantarhei" / "extra.pyi"
    extra.touch()
    assert stubs.stale() == [extra, changed]
    assert stubs.main() == 0
    assert stubs.stale() == []


def test_type_checker_refuses_wrong_names(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import pantarhei as tf\n"
        "from pantarhei.python.client import timeline\n"
        "x: tf.Tensor = tf.nn.relu(tf.constant(1.0))\n"
        "optimizer: tf.train.Optimizer = tf.train.AdamOptimizer()\n"
        "timeline.Timeline, tf.GraphDef, tf.nn.rnn_cell.GRUCell, tf.layers.dense\n"
        "tf.no_such_name\n"
        "tf.nn.no_such\n"
        "number: int = tf.nn.relu(x)\n"
    )
    # From the root: the cache of checking the package itself is used.
    done = subprocess.run(
        [sys.executable, "-m", "mypy", str(program)],
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": str(stubs.SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [
        line.partition(": error: ") for line in done.stdout.splitlines() if ": error: " in line
    ]
    assert [(int(where.rpartition(":")[2]), what) for where, _, what in errors] == [
        (6, 'Module has no attribute "no_such_name"  [attr-defined]'),
        (7, 'Module has no attribute "no_such"  [attr-defined]'),
        (
            8,
            'Incompatible types in assignment (expression has type "Tensor", variable has type '
            '"int")  [assignment]',
        ),
    ], done.stdout + done.stderr
