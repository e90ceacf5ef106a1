"""Plans as text, and the modules that execute them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import pantarhei as tf
from pantarhei.lowering.lower import lower
from pantarhei.lowering.plan import Plan
from pantarhei.program.ir import Type

FLOATS = Type(np.dtype(np.float32), (3,))


@pytest.fixture(autouse=True)
def graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def dumped(folder: Path) -> list[str]:
    """The texts that a dump has written, without the first line."""
    files = sorted(folder.glob("*/*.txt"))
    assert all(path.name == "0-plan.txt" for path in files)
    return [path.read_text().partition("\n")[2] for path in files]


def test_a_plan_as_text() -> None:
    x = tf.placeholder(tf.float32, (3,), name="x")
    v = tf.Variable(tf.zeros([3]), name="v")
    seen = tf.py_func(lambda array: array, [x], tf.float32, name="seen")
    seen.set_shape((3,))
    step = tf.assign_add(v, tf.random_uniform([3], seed=1, name="noise") * x)
    part = tf.boolean_mask(x, x > 0.0, name="part")
    plan = lower([step.op], [seen, part], {x: FLOATS}, {"v": FLOATS})
    assert isinstance(plan, Plan) and plan.specialization_point is not None
    lines = str(plan).splitlines()
    assert "slot 0 <- feed x:0" in lines
    assert [line for line in lines if line.startswith("host PyFunc seen [")]
    assert [line for line in lines if line.startswith("specialize seen on the types of")]


def test_a_plan_has_sources_observed_values_steps_and_writes() -> None:
    x = tf.placeholder(tf.float32, (3,), name="x")
    v = tf.Variable(tf.zeros([3]), name="v")
    noise = tf.random_uniform([3], seed=7, name="noise")
    step = tf.assign_add(v, noise * x)
    text = str(lower([step.op], [step], {x: FLOATS}, {"v": FLOATS}))
    assert "<- feed x:0" in text and "<- variable v" in text
    assert "<- random state of noise/RandomUniform, seeds (" in text
    lines = text.splitlines()
    assert any(line.startswith("segment [") for line in lines)
    assert any(line.startswith("  %0 : ") for line in lines)
    assert lines[-2].startswith("write v <- slot ") and lines[-1].startswith("fetch [")


def test_dumps_have_every_plan_and_what_it_observed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANTARHEI_DUMP", f"{tmp_path}:plan")
    x = tf.placeholder(tf.float32, (3,), name="x")
    loop = tf.while_loop(lambda i: i < 3.0, lambda i: i + 1.0, [x[0]], name="loop")
    taken = tf.cond(x[1] > 0.0, lambda: x * 2.0, lambda: x)
    with tf.Session() as session:
        session.run([loop, taken], {x: [1.0, 1.0, 2.0]})
        texts = dumped(tmp_path)
        session.run([loop, taken], {x: [1.0, 1.0, 2.0]})
    assert dumped(tmp_path) == texts
    assert any("\nspecialize " in text and " on the value of [" in text for text in texts)
    assert any("\nspecialize " in text and " on the types of [" in text for text in texts)
    assert any("\nobserved " in text and ": bool[] True" in text for text in texts)
    assert any("\nloop loop/LoopCond [" in text for text in texts)
    assert any("\nfetch [" in text for text in texts)


@pytest.mark.parametrize("order", [("execution", "loops"), ("loops", "execution")])
def test_execution_and_loops_import_in_either_order(order: tuple[str, str]) -> None:
    lines = [f"import pantarhei.runtime.{name}" for name in order]
    if order[0] == "loops":  # a loop runs in any execution
        lines.insert(1, "import sys; assert 'pantarhei.runtime.execution' not in sys.modules")
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True)
