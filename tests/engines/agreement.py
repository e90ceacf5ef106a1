"""Running one program on the native and on the reference engine, and comparing the results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pantarhei.engines.native.kernels.lowering import HostCall
from pantarhei.engines.native.pipeline import assemble
from pantarhei.engines.native.runtime import engine as native_engine
from pantarhei.engines.numpy import engine as numpy_engine
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Program, Type, Value
from pantarhei.program.primitives import TABLE
from pantarhei.program.verifier import verify

# Units in the last place by which elementary functions may differ: NumPy has errors too.
UNITS = 6


def builder() -> Builder:
    """A new builder with all primitives."""
    return Builder(TABLE)


def inputs(b: Builder, arrays: Sequence[Any]) -> list[Value]:
    """One input for each array, of its type."""
    return [b.input(Type(array.dtype, array.shape)) for array in arrays]


def compare(program: Program, arrays: Sequence[Any], scale: float = 1.0) -> None:
    """Both engines' results agree: to the bit for integers, to rounding for floats.

    `scale` is how much larger than 1 the values are from which results arise by cancelling.
    """
    verify(program)
    before = [array.copy() for array in arrays]
    expected = numpy_engine.compile(program)(arrays)
    run = native_engine.compile(program)
    first = run(arrays)
    kept = [array.copy() for array in first]
    second = run(arrays)
    for found, again, copy, wanted in zip(first, second, kept, expected, strict=True):
        assert found.dtype == wanted.dtype and found.shape == wanted.shape
        assert again.tobytes() == copy.tobytes() == found.tobytes()
        agree(found, wanted, scale)
    for array, copy in zip(arrays, before, strict=True):
        assert array.tobytes() == copy.tobytes()


def agree(found: Any, wanted: Any, scale: float = 1.0) -> None:
    """Two arrays are the same to rounding; zeros, infinities and NaN are where they should be."""
    if wanted.dtype.kind != "f":
        assert np.array_equal(found, wanted)
        return
    unit = float(np.finfo(wanted.dtype).eps)
    np.testing.assert_allclose(found, wanted, rtol=UNITS * unit, atol=scale * UNITS * unit)


def kernels_of(program: Program, machine: Any = None) -> list[Any]:
    """The kernels of a program, and groups of tasks; no primitive of it runs in NumPy."""
    parts = assemble(program, machine=machine).parts
    assert not any(isinstance(part, HostCall) for part in parts)
    return [each for part in parts if isinstance(part, list) for each in part]
