"""Large products in blocks: edges of every block, layouts, parts of matrices, sums, any threads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import pytest

from pantarhei.engines.native.codegen import jit
from pantarhei.engines.native.kernels.gemm import packed
from pantarhei.engines.native.kernels.gemm.microkernel import MicroKernel
from pantarhei.engines.native.kernels.kernel import Tasks
from pantarhei.engines.native.machine import AVX2, AVX512
from pantarhei.engines.native.pipeline import assemble
from pantarhei.engines.native.runtime import engine
from pantarhei.engines.native.schedule.parallel import Division
from tests.engines.agreement import builder, inputs

# Machines with registers of 512 bits, and of 256.
KINDS = {"AVX-512": AVX512, "AVX2": AVX2}
# Rows, columns, inner: about the borders of tiles, blocks, shares and parts of 16 terms.
EXTENTS = [
    (24, 64, 16),
    (25, 65, 17),
    (23, 63, 15),
    (49, 129, 33),
    (130, 40, 31),
    (73, 7, 50),
    (5, 200, 48),
    (12, 32, 1),
]
FLAGS = [(False, False), (True, False), (False, True), (True, True)]
DTYPES = {np.float32: ("float", 1e-6), np.float64: ("double", 1e-14)}


@pytest.fixture(params=KINDS)
def compiler(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The compiler for one kind of micro-kernel; blocks are small, and no packed operand is."""
    made, machine = jit.compiler(), KINDS[request.param]
    features = dict(made._llvm.get_host_cpu_features())
    if not all(features.get(each) for each in machine.features):
        pytest.skip("this processor has no such registers")
    machine = replace(
        machine,
        depth=16,
        packed_least_work=1,
        packed_least_uses=0,
        packed_most_bytes=0,
        block_rows=24,
        block_columns=64,
        large_tasks_of_processor=3,
        large_least_lanes=1,
        processors=1,
    )
    monkeypatch.setattr(made, "machine", machine)
    return made


def drawn(shape: tuple[int, ...], dtype: Any, seed: int) -> Any:
    """Numbers of both signs."""
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def in_blocks(compiler: Any, program: Any) -> int:
    """How many products share one packed operand and pack the other one in their tasks."""
    layout = assemble(program, machine=compiler.machine)
    divide = Division(layout.workspace_slot, layout.workspace, True, compiler.machine)
    kernels = [kernel for part in layout.parts if isinstance(part, list) for kernel in part]
    found = [each for each in map(divide, kernels) if isinstance(each, Tasks)]
    multiplying = [after for each in found for after in each.after if isinstance(after, Tasks)]
    return sum(isinstance(each.tasks[0][-1].structure, MicroKernel) for each in multiplying)


def check(program: Any, arrays: Any, x: Any, y: Any, tolerance: float, before: Any = 0.0) -> None:
    """Near the product in float64 of what is exact there, and the same bits for any threads."""
    found = [engine.compile(program, threads=threads)(arrays)[0].copy() for threads in (1, 2, 16)]
    assert all(each.tobytes() == found[0].tobytes() for each in found)
    x, y = x.astype(np.longdouble), y.astype(np.longdouble)
    scale = np.abs(x) @ np.abs(y) + np.abs(before)
    assert (np.abs(found[0] - (before + x @ y)) <= tolerance * scale).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("extents", EXTENTS)
def test_products(compiler: Any, extents: Any, flags: tuple[bool, bool], dtype: Any) -> None:
    rows, columns, inner = extents
    type, tolerance = DTYPES[dtype]
    x = drawn((inner, rows) if flags[0] else (rows, inner), dtype, 1)
    y = drawn((columns, inner) if flags[1] else (inner, columns), dtype, 2)
    b = builder()
    left, right = inputs(b, [x, y])
    program = b.finish([b.matmul(left, right, transpose_x=flags[0], transpose_y=flags[1])])
    if type in compiler.machine.gemm_types and inner > 8:
        assert in_blocks(compiler, program) == 1
    check(program, [x, y], x.T if flags[0] else x, y.T if flags[1] else y, tolerance)


@pytest.mark.parametrize("extents", [(50, 70, 40), (70, 50, 20)])
def test_parts_of_matrices_are_added(compiler: Any, extents: tuple[int, int, int]) -> None:
    """Operands are parts of wider matrices, and each product is added to the one before."""
    rows, columns, inner = extents
    x, y = drawn((rows, 3 * inner), np.float32, 3), drawn((3 * inner, columns + 9), np.float32, 4)
    b = builder()
    left, right = inputs(b, [x, y])
    terms = []
    for first in range(0, 3 * inner, inner):
        last = first + inner
        part = b.slice(left, start=(0, first), stop=(rows, last), step=(1, 1))
        other = b.slice(right, start=(first, 5), stop=(last, columns + 5), step=(1, 1))
        terms.append(b.matmul(part, other))
    program = b.finish([b.add(b.add(terms[0], terms[1]), terms[2])])
    if "float" in compiler.machine.gemm_types:
        assert in_blocks(compiler, program) == 3
    check(program, [x, y], x, y[:, 5 : columns + 5], 1e-6)


@pytest.mark.parametrize("extents", [(29, 130), (130, 29)])
def test_infinities_stay_where_they_are(compiler: Any, extents: tuple[int, int]) -> None:
    """No term is left out, and what fills up the last tile never reaches a result."""
    rows, columns = extents
    x, y = np.ones((rows, 50), np.float32), np.ones((50, columns), np.float32)
    x[3, 7], y[9, 11], x[rows - 1, 49], y[49, 2] = np.inf, np.nan, -np.inf, 0
    b = builder()
    left, right = inputs(b, [x, y])
    program = b.finish([b.matmul(left, right)])
    assert in_blocks(compiler, program) == 1
    (found,) = engine.compile(program)([x, y])
    with np.errstate(invalid="ignore"):
        expected = x.astype(float) @ y.astype(float)
    np.testing.assert_array_equal(found, expected)


def test_a_wrong_part_of_the_terms_is_seen(compiler: Any) -> None:
    """If the second part of the terms began one too late, the comparisons above would tell."""
    x, y = drawn((49, 33), np.float32, 5), drawn((33, 129), np.float32, 6)
    b = builder()
    left, right = inputs(b, [x, y])
    program = b.finish([b.matmul(left, right)])
    moved = packed.Factor.moved

    def wrong(factor: Any, first: int, term: int, size: int) -> Any:
        return moved(factor, first, min(term, 16), size)

    check(program, [x, y], x, y, 1e-6)
    with mock.patch.object(packed.Factor, "moved", wrong), pytest.raises(AssertionError):
        check(program, [x, y], x, y, 1e-6)
