"""Split-K: products with matrices that are larger than the cache, against NumPy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pantarhei.engines.native.codegen import jit
from pantarhei.engines.native.kernels.kernel import Tasks
from pantarhei.engines.native.runtime import engine as native_engine
from tests.engines.agreement import builder, compare, inputs, kernels_of


def numbers(seed: int, shape: tuple[int, ...], dtype: str) -> Any:
    return (np.random.default_rng(seed).integers(-8, 9, shape) / 4).astype(dtype)


def program_of(arrays: list[Any], **flags: bool) -> Any:
    b = builder()
    x, y = inputs(b, arrays)
    return b.finish([b.tanh(b.multiply(b.matmul(x, y, **flags), 0.01))])


def on(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> None:
    """The engine compiles for this machine with some other thresholds."""
    machine = replace(jit.compiler().machine, **fields)
    monkeypatch.setattr(jit.compiler(), "machine", machine)


def is_split(program: Any) -> bool:
    return any(isinstance(each, Tasks) for each in kernels_of(program, jit.compiler().machine))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("rows", "inner", "columns"), [(2, 9, 48), (7, 100, 32), (128, 33, 160)])
def test_split_products(
    rows: int, inner: int, columns: int, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bytes in (1 << 8, 1 << 19):
        on(monkeypatch, split_k_least_bytes=1, prefetch_bytes=bytes)
        arrays = [numbers(0, (rows, inner), dtype), numbers(1, (inner, columns), dtype)]
        program = program_of(arrays)
        assert is_split(program)
        compare(program, arrays, scale=10.0)
        transposed = [np.ascontiguousarray(arrays[0].T), arrays[1]]
        compare(program_of(transposed, transpose_x=True), transposed, scale=10.0)
    arrays[1] = arrays[1] + np.asarray(0.1, dtype)
    results = [native_engine.compile(program, threads)(arrays)[0] for threads in (1, 2, 5)]
    assert len({each.tobytes() for each in results}) == 1


def test_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small matrices, transposed ones, many rows, columns that end within a cache line."""
    small = [numbers(0, (7, 100), "float32"), numbers(1, (100, 32), "float32")]
    assert not is_split(program_of(small))
    on(monkeypatch, split_k_least_bytes=1)
    many = [numbers(0, (129, 100), "float32"), small[1]]
    odd = [small[0], numbers(1, (100, 30), "float32")]
    transposed = [small[0], numbers(1, (32, 100), "float32")]
    for arrays, flags in ((many, {}), (odd, {}), (transposed, {"transpose_y": True})):
        program = program_of(arrays, **flags)
        assert not is_split(program)
        compare(program, arrays, scale=10.0)
