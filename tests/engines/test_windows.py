"""Convolution and pooling on the native engine against their reference implementations."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pantarhei.engines.native.codegen import jit
from pantarhei.engines.native.kernels.conv.sliding import SlidingBlock
from pantarhei.engines.native.kernels.kernel import Tasks, flat
from pantarhei.engines.native.kernels.lowering import HostCall
from pantarhei.engines.native.machine import Machine, host_machine
from pantarhei.engines.native.pipeline import assemble
from pantarhei.engines.native.runtime import engine as native_engine
from tests.engines.agreement import builder, compare, inputs, kernels_of

# Extents of the image, filter (positions, channels in, channels out), strides, dilations, padding.
GEOMETRIES = [
    ((2, 7, 6, 3), (3, 2, 3, 4), (1, 1), (1, 1), ((0, 0), (0, 0))),
    ((2, 7, 6, 3), (3, 2, 3, 4), (2, 3), (1, 1), ((1, 1), (0, 1))),
    ((3, 9, 9, 2), (3, 3, 2, 1), (1, 1), (2, 3), ((2, 2), (3, 3))),
    ((2, 5, 5, 3), (1, 1, 3, 4), (1, 1), (1, 1), ((0, 0), (0, 0))),
    ((2, 5, 5, 3), (1, 1, 3, 4), (2, 2), (1, 1), ((0, 0), (0, 0))),
    ((4, 11, 1), (4, 1, 2), (1,), (1,), ((1, 2),)),
    ((1, 4, 3, 5, 2), (2, 2, 2, 2, 3), (1, 1, 1), (1, 1, 1), ((0, 1), (1, 0), (0, 0))),
    # Outputs, or channels, in whole vectors: blocks in registers.
    ((3, 9, 8, 2), (3, 3, 2, 32), (1, 1), (1, 1), ((0, 0), (0, 0))),
    ((2, 7, 19, 32), (5, 3, 32, 32), (1, 1), (1, 1), ((2, 2), (1, 1))),
    ((2, 6, 31, 32), (2, 4, 32, 64), (1, 1), (1, 1), ((0, 1), (3, 0))),
    ((2, 9, 9, 3), (3, 2, 3, 64), (2, 3), (1, 1), ((1, 1), (0, 1))),
    ((1, 9, 16, 1), (3, 3, 1, 32), (1, 2), (2, 1), ((2, 2), (0, 0))),
    ((2, 5, 5, 32), (1, 1, 32, 32), (1, 1), (1, 1), ((0, 0), (0, 0))),
    ((2, 4, 4, 32), (3, 3, 32, 32), (1, 1), (1, 1), ((3, 3), (0, 4))),
]


def on(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> Machine:
    """This machine with some other thresholds, for which the engine compiles."""
    machine = replace(jit.compiler().machine, **fields)
    monkeypatch.setattr(jit.compiler(), "machine", machine)
    return machine


def numbers(seed: int, shape: tuple[int, ...], dtype: str) -> Any:
    return (np.random.default_rng(seed).integers(-9, 10, shape) / 4).astype(dtype)


def convolutions(geometry: Any, dtype: str, transposed: bool = False) -> tuple[Any, list[Any]]:
    """A program with a convolution and both gradients."""
    image, kernel, strides, dilations, padding = geometry
    b = builder()
    rank = len(strides)
    attributes = {"strides": strides, "dilations": dilations, "padding": padding}
    arrays = [numbers(0, image[::-1] if transposed else image, dtype), numbers(1, kernel, dtype)]
    x, w = inputs(b, arrays)
    if transposed:
        x = b.transpose(x, permutation=tuple(reversed(range(rank + 2))))
    y = b.conv(x, w, **attributes)
    back = b.conv_input_gradient(y, w, shape=image, **attributes)
    gradient = b.conv_filter_gradient(x, y, shape=kernel, **attributes)
    return b.finish([y, back, gradient]), arrays


@pytest.mark.parametrize("block", [1, 1 << 19])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_convolution(
    geometry: Any, dtype: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = on(monkeypatch, patch_bytes=block)
    for transposed in (False, True):
        program, arrays = convolutions(geometry, dtype, transposed)
        parts = assemble(program, machine=machine).parts
        assert not any(isinstance(part, HostCall) for part in parts)
        compare(program, arrays, scale=1000.0)


@pytest.mark.skipif(not host_machine().sliding_rows, reason="this processor has no register blocks")
@pytest.mark.parametrize(("geometry", "number"), [(GEOMETRIES[7], 2), (GEOMETRIES[8], 3)])
def test_whole_vectors_of_channels_are_not_copied(geometry: Any, number: int) -> None:
    """Forward and for the filter's gradient; with as many channels coming in, all three."""
    program, _ = convolutions(geometry, "float32")
    groups = [each for each in kernels_of(program) if isinstance(each, Tasks)]
    found = [any(_slides(each) for each in group.kernels()) for group in groups]
    assert sum(found) == number


def _slides(kernel: Any) -> bool:
    return isinstance(kernel.structure, SlidingBlock)


def test_processors_without_what_blocks_need(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies and products do it there."""
    machine = on(monkeypatch, sliding_rows=0)
    program, arrays = convolutions(GEOMETRIES[8], "float32")
    kernels = list(flat(kernels_of(program, machine)))
    assert not any(map(_slides, kernels))
    compare(program, arrays, scale=1000.0)


def test_groups_and_empty_batches_run_in_numpy() -> None:
    arrays = [numbers(0, (2, 5, 5, 4), "float32"), numbers(1, (3, 3, 2, 6), "float32")]
    rest = {"strides": (1, 1), "dilations": (1, 1), "padding": ((0, 0), (0, 0))}
    b = builder()
    compare(b.finish([b.conv(*inputs(b, arrays), groups=2, **rest)]), arrays, scale=100.0)
    empty = [np.zeros((0, 5, 5, 2), np.float32), arrays[1]]
    b = builder()
    compare(b.finish([b.conv(*inputs(b, empty), **rest)]), empty)


POOLS = [
    ((2, 6, 6, 3), (1, 2, 2, 1), (1, 2, 2, 1), ((0, 0),) * 4),
    ((2, 7, 5, 3), (1, 3, 2, 1), (1, 2, 1, 1), ((0, 0), (1, 1), (0, 1), (0, 0))),
    ((2, 4, 4, 6), (1, 1, 1, 3), (1, 1, 1, 3), ((0, 0),) * 4),
    ((3, 8), (1, 8), (1, 1), ((0, 0), (7, 0))),
]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
@pytest.mark.parametrize(("pool", "name"), list(itertools.product(POOLS, ["max", "sum", "argmax"])))
def test_pooling(pool: Any, name: str, dtype: str) -> None:
    shape, window, strides, padding = pool
    array = numbers(3, shape, dtype)
    b = builder()
    (x,) = inputs(b, [array])
    attributes = {"window": window, "strides": strides, "padding": padding}
    program = b.finish([getattr(b, f"window_{name}")(x, **attributes)])
    assert not any(isinstance(part, HostCall) for part in assemble(program).parts)
    compare(program, [array], scale=20.0)
    if dtype.startswith("float"):
        array.flat[::5] = np.nan
        array.flat[1::7] = -np.inf
        compare(program, [array], scale=20.0)


@pytest.mark.parametrize("batch", [1, 2, 5, 9])
@pytest.mark.parametrize("geometry", [*GEOMETRIES[:3], GEOMETRIES[8]])
def test_images_are_shared_out_among_tasks(
    geometry: Any, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any number of images for a task, in blocks of any number."""
    image, *rest = geometry
    for block in (1, 1 << 13):
        machine = on(monkeypatch, conv_task=1, conv_most_tasks=3, patch_bytes=block)
        program, arrays = convolutions(((batch, *image[1:]), *rest), "float32")
        kernels = kernels_of(program, machine)
        tasks = [len(each.tasks) for each in kernels if isinstance(each, Tasks)]
        assert tasks == ([min(batch, 3)] * 3 if batch > 1 or image[-1] == 32 else [])
        compare(program, arrays, scale=1000.0)


@pytest.mark.parametrize("geometry", [GEOMETRIES[1], GEOMETRIES[8]])
def test_threads_do_not_change_a_bit(geometry: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, conv_task=1)
    program, arrays = convolutions(((9, *geometry[0][1:]), *geometry[1:]), "float32")
    arrays = [array + np.float32(0.1) for array in arrays]
    results = [native_engine.compile(program, threads)(arrays) for threads in (1, 2, 7)]
    for other in results[1:]:
        assert [each.tobytes() for each in other] == [each.tobytes() for each in results[0]]
