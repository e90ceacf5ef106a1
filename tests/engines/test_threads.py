"""Threads: the same bits for any number of them, sessions side by side, forks, and ends."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from bench.nets import NETS
from bench.peers.session_nets import SessionStep
from bench.values import write_values
from hypothesis import HealthCheck, given, settings

import pantarhei as tf
from pantarhei.engines.native.codegen import jit
from pantarhei.engines.native.kernels import loops
from pantarhei.engines.native.kernels.gemm import blas
from pantarhei.engines.native.kernels.kernel import Tasks
from pantarhei.engines.native.pipeline import assemble
from pantarhei.engines.native.runtime import engine
from pantarhei.engines.native.runtime import thread_pool as threads
from pantarhei.engines.native.schedule.parallel import Division
from pantarhei.engines.numpy import engine as numpy_engine
from pantarhei.program.ir import Program
from tests.engines.agreement import agree, builder, inputs
from tests.engines.test_random_programs import programs

COUNTS = (1, 2, 3, 16)
STEPS = {"floor", "sign", "less", "arctan2"}
CURVES = {"tanh", "sigmoid", "arctan"}


@contextlib.contextmanager
def finely() -> Iterator[None]:
    """Even small kernels are divided into tasks."""
    machine = replace(
        jit.compiler().machine,
        task_nanoseconds=1.0,
        least_inner=4,
        blas_grain=4,
        blas_tasks=((1 << 9, 6), (1 << 5, 3)),
        processors=16,
    )
    with mock.patch.object(jit.compiler(), "machine", machine):
        yield


def same_bits(program: Program, arrays: list[Any]) -> list[Any]:
    """The results, which are the same for any number of threads."""
    results = [engine.compile(program, threads=count)(arrays) for count in COUNTS]
    for others in results[1:]:
        for found, first in zip(others, results[0], strict=True):
            assert found.tobytes() == first.tobytes()
    return results[0]


def number_of_tasks(program: Program, products: bool = True) -> int:
    """How many tasks a program has."""
    machine = replace(jit.compiler().machine, gemm_rows=0)
    layout = assemble(program, machine=machine)
    divide = Division(layout.workspace_slot, layout.workspace, products, machine)
    kernels = [kernel for part in layout.parts if isinstance(part, list) for kernel in part]
    divided = [divide(kernel) for kernel in kernels]
    return sum(len(each.tasks) for each in divided if isinstance(each, Tasks))


def mixture(shape: tuple[int, int] = (300, 700)) -> tuple[Program, list[Any]]:
    """Elementwise results, reductions along all axes, and products in all forms."""
    random = np.random.default_rng(5)
    arrays = [random.standard_normal(shape).astype(np.float32) for _ in range(2)]
    b = builder()
    x, y = inputs(b, arrays)
    h = b.tanh(b.add(x, b.transpose(b.transpose(y, permutation=(1, 0)), permutation=(1, 0))))
    results = [h, b.exp(x), b.cast(b.less(x, y), dtype=np.dtype(np.float32))]
    for axes in ((0,), (1,), (0, 1)):
        results += [b.sum(h, axes=axes), b.max(b.multiply(x, y), axes=axes)]
    results.append(b.matmul(x, y, transpose_y=True))
    results.append(b.matmul(x, y, transpose_x=True))
    results.append(b.matmul(b.matmul(x, y, transpose_y=True), x))
    stack = b.reshape(x, shape=(10, shape[0] // 10, shape[1]))
    results.append(b.matmul(stack, stack, transpose_y=True))
    results.append(b.sum(b.cast(x, dtype=np.dtype(np.float64)), axes=(0, 1)))
    return b.finish(results), arrays


def test_any_number_of_threads_gives_the_same_bits() -> None:
    program, arrays = mixture()
    assert number_of_tasks(program) > 20
    expected = numpy_engine.compile(program)(arrays)
    for found, wanted in zip(same_bits(program, arrays), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-3)


def test_small_kernels_are_left_whole() -> None:
    program, _ = mixture((10, 12))
    assert number_of_tasks(program) == 0


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_random_programs_in_tasks(drawn: tuple[Program, list[Any]]) -> None:
    """Divided or whole, what is computed is the same to rounding; and to the bit for any number
    of threads."""
    program, arrays = drawn
    whole = engine.compile(program, threads=1)(arrays)
    with finely():
        divided = same_bits(program, arrays)
    kinds = {node.kind for node in program.nodes}
    if kinds & STEPS and kinds & CURVES:
        return  # a last place can decide a step
    for found, wanted in zip(divided, whole, strict=True):
        agree(found, wanted, scale=2000.0)


def test_a_wrong_bound_is_seen() -> None:
    """If a task missed the last of its rows, the comparison above would tell."""
    program, arrays = mixture((100, 50))
    right = loops.parts

    def wrong(extent: int, width: int, number: int) -> list[tuple[int, int]]:
        (first, length), *others = right(extent, width, number)
        return [(first, length - 1), *others]

    def poisoned(shape: Any, dtype: Any = float) -> Any:
        return np.full(shape, np.nan if np.dtype(dtype).kind == "f" else 1, dtype)

    whole = engine.compile(program, threads=1)(arrays)
    with (
        finely(),
        mock.patch.object(loops, "parts", wrong),
        mock.patch.object(blas, "parts", wrong),
        mock.patch.object(np, "empty", poisoned),
    ):
        divided = engine.compile(program, threads=2)(arrays)
    pairs = zip(divided, whole, strict=True)
    seen = [not np.allclose(found, wanted, rtol=1e-5, atol=1e-5) for found, wanted in pairs]
    assert sum(seen) >= len(seen) - 2  # largest elements may lie elsewhere


def trained(net: dict[str, Any], values: dict[str, Any], count: int) -> list[bytes]:
    """Losses and variables after two steps with so many threads."""
    config = tf.ConfigProto(engine="native", intra_op_parallelism_threads=count)
    step = SessionStep(tf, net, values, config)
    losses = [np.float64(step(values)).tobytes() for _ in range(2)]
    with step.graph.as_default():
        variables = step.session.run(tf.global_variables())
    return losses + [value.tobytes() for value in variables]


@pytest.mark.parametrize("net", NETS, ids=[net["name"] for net in NETS])
def test_nets(net: dict[str, Any], tmp_path: Path) -> None:
    with np.load(write_values(net, tmp_path)) as arrays:
        values = {name: arrays[name] for name in arrays.files}
    results = [trained(net, values, count) for count in COUNTS]
    assert results[0] == results[1] == results[2] == results[3]


def test_sessions_side_by_side() -> None:
    """Two Python threads run programs at once; the one that finds the pool taken needs none."""
    program, arrays = mixture()
    expected = engine.compile(program, threads=1)(arrays)
    runs = [engine.compile(program, threads=count) for count in (2, 2, 3)]
    wrong: list[str] = []

    def repeat(run: Any) -> None:
        for _ in range(20):
            for found, wanted in zip(run(arrays), expected, strict=True):
                if found.tobytes() != wanted.tobytes():
                    wrong.append("other bits")

    workers = [threading.Thread(target=repeat, args=(run,)) for run in runs]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def run_alone(text: str, **variables: str) -> str:
    """What a program of its own prints; it must end by itself."""
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", text],
        env={**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}", **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


START = """
import os, threading
from pantarhei.engines.native.runtime import engine
from tests.engines.test_threads import mixture
program, arrays = mixture()
run = engine.compile(program, threads={count})
first = [each.tobytes() for each in run(arrays)]
def helpers():
    return sorted(each.name for each in threading.enumerate() if "pantarhei" in each.name)
"""


@pytest.mark.parametrize("count", [1, 3])
def test_no_more_threads_than_allowed(count: int) -> None:
    printed = run_alone(START.format(count=count) + "print(*helpers())")
    assert printed.split() == [f"pantarhei-{number}" for number in range(1, count)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked here")
def test_a_forked_process_has_threads_of_its_own() -> None:
    """Also while another thread has the pool: in the child nobody has it."""
    printed = run_alone(
        START.format(count=3)
        + """
go = True
def keep_busy():
    while go:
        run(arrays)
busy = threading.Thread(target=keep_busy)
busy.start()
codes = []
for _ in range(5):
    child = os.fork()
    if child == 0:
        before = helpers()
        same = [each.tobytes() for each in engine.compile(program, threads=3)(arrays)] == first
        os._exit(0 if same and not before and len(helpers()) == 2 else 1)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
go = False
busy.join()
print(codes, [each.tobytes() for each in run(arrays)] == first)
"""
    )
    assert printed == "[0, 0, 0, 0, 0] True\n"


def test_the_end_of_the_interpreter() -> None:
    """It does not wait for sleeping threads, and programs that run at the very end still run."""
    printed = run_alone(
        "import atexit\natexit.register(lambda: print([r.tobytes() for r in run(arrays)] == first))"
        + START.format(count=3)
    )
    assert printed == "True\n"


def test_without_threads_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_system", lambda: None)
    compiler = jit.Compiler()
    monkeypatch.setattr(engine, "compiler", lambda: compiler)
    program, arrays = mixture()
    before = threading.active_count()
    same_bits(program, arrays)
    assert threading.active_count() == before


def test_when_the_system_gives_no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = jit.Compiler()
    monkeypatch.setattr(engine, "compiler", lambda: compiler)

    def refuse(self: Any) -> None:
        raise RuntimeError("can't start new thread")

    program, arrays = mixture()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        same_bits(program, arrays)


def test_products_of_a_library_that_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may use threads of its own, and is given whole products."""
    monkeypatch.setattr(threads, "_control", lambda blas: None)
    compiler = jit.Compiler()
    monkeypatch.setattr(engine, "compiler", lambda: compiler)
    assert not compiler.pool.divides_products
    program, arrays = mixture()
    assert number_of_tasks(program, products=False) < number_of_tasks(program)
    expected = numpy_engine.compile(program)(arrays)
    for found, wanted in zip(engine.compile(program)(arrays), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-3)


def test_the_library_of_products_keeps_its_threads() -> None:
    """SciPy's own users find the number that they left."""
    pool = jit.compiler().pool
    if not pool.divides_products:
        pytest.skip("this library of products cannot be asked")
    import ctypes

    count = ctypes.CFUNCTYPE(ctypes.c_int)(pool._get("get"))
    change = ctypes.CFUNCTYPE(None, ctypes.c_int)(pool._get("set"))
    usual = count()
    program, arrays = mixture()
    run = engine.compile(program)
    try:
        for number in (1, 2):
            change(number)
            run(arrays)
            assert count() == number and pool._get("alone") == 0
    finally:
        change(usual)
