"""Rare cases in functions of their own, so that the loops around them still become vectors.

Common arguments are computed without branches; where the outcome is NaN a second function looks at
the element again. LLVM is given forms of it for vectors, which only test whether any element needs
that. This module writes those functions; what they compute is their callers' business.
"""

from __future__ import annotations

from collections.abc import Callable

from pantarhei.engines.native.codegen.builder import WIDEST, Function, Module
from pantarhei.engines.native.codegen.values import SSAValue, vector

# Numbers of elements in a vector, from NEON's doubles to AVX-512's floats.
LANES = (2, 4, 8, 16)
PURE = "nounwind willreturn readnone"
# Without this LLVM would drop functions that nothing calls yet.
KEPT = "llvm.compiler.used"

# The name of a table of constants that rare cases read.
TABLE = "table"


def again(
    name: str, usual: SSAValue, operands: tuple[SSAValue, ...], rare: Callable[..., SSAValue]
) -> SSAValue:
    """`usual` where it is a number, and what `rare` makes of the operands where it is NaN.

    One `name` stands for one function and one type. The operands have the type of `usual`.
    """
    module, type = usual.function.module, usual.type
    parameters = (usual, *operands)
    if name not in module.functions:
        _scalar(module, name, [type] * len(parameters), rare)
        for lanes in LANES:
            _vector(module, name, [vector(lanes, type)] * len(parameters), lanes, type)
        _keep(module)
    shape = "v" * len(parameters)
    forms = ",".join(f"_ZGV_LLVM_N{lanes}{shape}_{name}({name}_{lanes})" for lanes in LANES)
    note = f'{PURE} "vector-function-abi-variant"="{forms}"'
    return usual.function.call(type, f"@{name}", *parameters, note=note)


def _scalar(module: Module, name: str, types: list[str], rare: Callable[..., SSAValue]) -> None:
    f = Function(module, name, types, types[0], f"noinline {PURE}", "internal")
    usual, *operands = f.parameters
    with f.when(usual.compare("uno", "", usual)):
        f.ret(rare(*operands))
    f.ret(usual)


def _vector(module: Module, name: str, types: list[str], lanes: int, type: str) -> None:
    f = Function(module, f"{name}_{lanes}", types, types[0], f"{PURE} {WIDEST}", "internal")
    usual, count = f.parameters[0], f.constant(lanes, "i32")
    isnan = usual.compare("uno", "", f.zero(usual.type))
    reduced = f"@llvm.vector.reduce.or.v{lanes}i1"
    f.branch(f.call("i1", reduced, isnan), "some", "none")
    f.start("some")
    with f.loop(count) as loop:
        before = loop.phi(usual)
        parts = [f.extract(each, loop.index) for each in f.parameters]
        value = f.call(type, f"@{name}", *parts, note=PURE)
        after = f.insert(before, value, loop.index)
        loop.next(before, after)
    f.ret(after)
    f.start("none")
    f.ret(usual)


def _keep(module: Module) -> None:
    """Names the functions that LLVM must not drop: one list for the whole module."""
    kept = [f"ptr @{each}" for each in module.functions if each.rpartition("_")[2].isdecimal()]
    module.globals[KEPT] = (
        f"@{KEPT} = appending global [{len(kept)} x ptr] [{', '.join(kept)}], "
        'section "llvm.metadata"'
    )


def constant_at(numbers: list[int], type: str, index: SSAValue) -> SSAValue:
    """A number of a constant table; a module has one."""
    listed = ", ".join(f"{type} {number}" for number in numbers)
    kind = f"[{len(numbers)} x {type}]"
    f = index.function
    f.module.globals[TABLE] = f"@{TABLE} = private unnamed_addr constant {kind} [{listed}]"
    return f.load(f.gep(SSAValue(f, f"@{TABLE}", "ptr"), type, index), type)
