"""Products in blocks of our own: every layout, odd extents, sums that are added; exact numbers."""

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
EXTENTS = [(1, 1, 1), (12, 32, 16), (13, 33, 17), (25, 97, 5), (70, 64, 130), (36, 15, 421)]
FLAGS = [(False, False), (True, False), (False, True), (True, True)]


@pytest.fixture(params=KINDS)
def compiler(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The compiler for one kind of micro-kernel, for products of any size."""
    made, machine = jit.compiler(), KINDS[request.param]
    features = dict(made._llvm.get_host_cpu_features())
    if not all(features.get(each) for each in machine.features):
        pytest.skip("this processor has no such registers")
    machine = replace(
        machine,
        packed_least_work=1,
        packed_least_uses=0,
        multiply_task=1 << 10,
        pack_task=1 << 6,
        block_rows=24,
    )
    monkeypatch.setattr(made, "machine", machine)
    return made


def whole(shape: tuple[int, ...], dtype: Any, seed: int) -> Any:
    """Small whole numbers: all sums of their products are exact."""
    return np.random.default_rng(seed).integers(-3, 4, shape).astype(dtype)


def in_blocks(compiler: Any, program: Any) -> int:
    """How many products are done in blocks."""
    layout = assemble(program, machine=compiler.machine)
    divide = Division(layout.workspace_slot, layout.workspace, True, compiler.machine)
    kernels = [kernel for part in layout.parts if isinstance(part, list) for kernel in part]
    divided = [divide(kernel) for kernel in kernels]
    found = [each for each in divided if isinstance(each, Tasks)]
    return sum(
        isinstance(k.structure, MicroKernel) for each in found for k in [*each.kernels()][-1:]
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("extents", EXTENTS)
def test_products(compiler: Any, extents: Any, flags: tuple[bool, bool], dtype: Any) -> None:
    rows, columns, inner = extents
    x = whole((inner, rows) if flags[0] else (rows, inner), dtype, 1)
    y = whole((columns, inner) if flags[1] else (inner, columns), dtype, 2)
    b = builder()
    left, right = inputs(b, [x, y])
    program = b.finish([b.matmul(left, right, transpose_x=flags[0], transpose_y=flags[1])])
    type = "float" if dtype is np.float32 else "double"
    if rows > 24 and type in compiler.machine.gemm_types:
        assert in_blocks(compiler, program) == 1
    expected = (x.T if flags[0] else x) @ (y.T if flags[1] else y)
    for threads in (1, 2, 3, 16):
        (found,) = engine.compile(program, threads=threads)([x, y])
        assert np.array_equal(found, expected)


def test_sums_of_products(compiler: Any) -> None:
    """Each is added to those before, and they may be wide apart in memory."""
    x, y = whole((50, 3 * 40), np.float32, 3), whole((3 * 40, 45), np.float32, 4)
    b = builder()
    left, right = inputs(b, [x, y])
    terms = []
    for number in range(3):
        first, last = 40 * number, 40 * number + 40
        part = b.slice(left, start=(0, first), stop=(50, last), step=(1, 1))
        other = b.slice(right, start=(first, 0), stop=(last, 45), step=(1, 1))
        terms.append(b.matmul(part, other))
    program = b.finish([b.add(b.add(terms[0], terms[1]), terms[2])])
    assert in_blocks(compiler, program) == 3
    (found,) = engine.compile(program)([x, y])
    assert np.array_equal(found, x @ y)


def test_infinities_stay_where_they_are(compiler: Any) -> None:
    """What fills up the last tile never reaches a result."""
    x, y = whole((29, 50), np.float32, 5), whole((50, 41), np.float32, 6)
    x[3, 7], y[9, 11] = np.inf, np.nan
    b = builder()
    left, right = inputs(b, [x, y])
    (found,) = engine.compile(b.finish([b.matmul(left, right)]))([x, y])
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(found, x @ y)


def test_a_wrong_tile_is_seen(compiler: Any) -> None:
    """If tiles were one row lower than they are packed for, the comparisons above would tell."""
    x, y = whole((29, 50), np.float32, 7), whole((50, 41), np.float32, 8)
    b = builder()
    left, right = inputs(b, [x, y])
    program = b.finish([b.matmul(left, right)])
    right_parts = packed.parts  # type: ignore[attr-defined]

    def wrong(extent: int, width: int, number: int) -> list[tuple[int, int]]:
        parts = right_parts(extent, width, number)
        return [(first, max(length - (width > 1), 1)) for first, length in parts]

    def poisoned(shape: Any, dtype: Any = float) -> Any:
        return np.full(shape, np.nan if np.dtype(dtype).kind == "f" else 1, dtype)

    with mock.patch.object(packed, "parts", wrong), mock.patch.object(np, "empty", poisoned):
        (found,) = engine.compile(program)([x, y])
    assert not np.array_equal(found, x @ y)
