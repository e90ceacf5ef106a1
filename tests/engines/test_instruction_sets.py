"""Micro-kernels for every machine: LLVM makes code of all forms, and forms that can run are right.

A form that this processor cannot run is parsed, verified and, where LLVM has the target, emitted.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import pytest

from pantarhei.engines.native.codegen import jit
from pantarhei.engines.native.kernels.conv.sliding import SlidingBlock, row_blocks
from pantarhei.engines.native.kernels.gemm.microkernel import PackFunction, micro_kernel
from pantarhei.engines.native.kernels.kernel import Compilable
from pantarhei.engines.native.machine import AVX2, AVX512, NEON, Machine
from pantarhei.engines.native.runtime import engine
from tests.engines.agreement import builder, inputs
from tests.engines.test_windows import GEOMETRIES, convolutions

MACHINES = {"AVX2": AVX2, "AVX-512": AVX512, "NEON": NEON}
TRIPLES = {"x86_64": "x86_64-unknown-linux-gnu", "aarch64": "aarch64-unknown-linux-gnu"}
# An instruction that multiplies and adds whole registers.
FUSED = {
    "AVX2": r"vfmadd\w+\s.*ymm",
    "AVX-512": r"vfmadd\w+\s.*zmm",
    "NEON": r"fmla\s+v\d+\.(4s|2d)",
}


def forms(machine: Machine, type: str) -> list[Compilable]:
    """All functions that are generated from vector registers."""
    found: list[Compilable] = []
    kernel = micro_kernel(type, machine)
    if kernel is not None:
        found.append(kernel)
        for width in (kernel.mr, kernel.nr):
            found += [PackFunction(type, width, kernel.lanes, each) for each in (False, True)]
    for _, _, rows in row_blocks(machine.sliding_rows + 3, machine):
        for accumulate in (False, True):
            vectors = machine.sliding_vectors
            found.append(SlidingBlock(type, machine.vector_bytes, rows, vectors, 64, accumulate))
    return found


@pytest.fixture(scope="module")
def targets() -> None:
    """All targets of this build of LLVM."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()


def emitted(structure: Compilable, machine: Machine) -> str | None:
    """The assembly for a machine; None where LLVM lacks the target."""
    module = llvm.parse_assembly(structure.text)
    module.verify()
    try:
        target = llvm.Target.from_triple(TRIPLES[machine.architecture])
    except RuntimeError:
        return None
    module.triple = TRIPLES[machine.architecture]
    features = ",".join(f"+{each}" for each in sorted(machine.features))
    if machine.architecture == "x86_64":
        features += ",+fma"
    made = target.create_target_machine(features=features, opt=2)
    assert made.emit_object(module)
    return str(made.emit_assembly(module))


@pytest.mark.parametrize("type", ["float", "double"])
@pytest.mark.parametrize("name", MACHINES)
def test_forms_are_compiled(name: str, type: str, targets: None) -> None:
    machine = replace(MACHINES[name], gemm_types=("float", "double"))
    structures = forms(machine, type)
    assert len(structures) == 5 + 4
    for structure in structures:
        assembly = emitted(structure, machine)
        if assembly is not None and not isinstance(structure, PackFunction):
            assert re.search(FUSED[name], assembly), structure


@pytest.mark.parametrize("name", MACHINES)
def test_sums_stay_in_registers(name: str, targets: None) -> None:
    """Nothing is loaded again in the loop over terms but the operands: one load for each factor."""
    machine = MACHINES[name]
    kernel = micro_kernel("float", machine)
    assert kernel is not None
    assembly = emitted(kernel, machine)
    if assembly is None:
        pytest.skip("LLVM lacks the target")
    blocks = re.split(r"\n\.?L\w+:", assembly)
    loop = max(blocks, key=lambda block: len(re.findall(r"vfmadd|fmla", block)))
    assert len(re.findall(r"vfmadd|fmla", loop)) == kernel.mr * kernel.vectors
    assert not re.search(r"\[?[rx]?sp[\],)]|%rsp|%rbp", loop)


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_forms_that_can_run_are_right(
    name: str, dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Products and convolutions with each form against NumPy, exactly."""
    made = jit.compiler()
    machine = replace(
        MACHINES[name],
        gemm_types=("float", "double"),
        packed_least_work=1,
        packed_least_uses=0,
        multiply_task=1 << 10,
    )
    features = dict(llvm.get_host_cpu_features())
    if not all(features.get(each) for each in machine.features):
        pytest.skip("this processor lacks the instructions")
    monkeypatch.setattr(made, "machine", machine)
    random = np.random.default_rng(1)
    for rows, columns, inner in ((1, 1, 9), (13, 33, 17), (70, 64, 130), (36, 15, 421)):
        x, y = (random.integers(-3, 4, s).astype(dtype) for s in ((rows, inner), (inner, columns)))
        b = builder()
        left, right = inputs(b, [x, y])
        (found,) = engine.compile(b.finish([b.matmul(left, right)]))([x, y])
        np.testing.assert_array_equal(found, x @ y)
    for geometry in GEOMETRIES[7:10]:
        program, arrays = convolutions(geometry, np.dtype(dtype).name)
        results = engine.compile(program)(arrays)
        monkeypatch.setattr(made, "machine", replace(machine, sliding_rows=0))
        for found, other in zip(results, engine.compile(program)(arrays), strict=True):
            np.testing.assert_array_equal(found, other)
        monkeypatch.setattr(made, "machine", machine)
