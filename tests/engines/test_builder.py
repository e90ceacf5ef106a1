"""What the builder writes: LLVM accepts it, it runs, and wrong types raise at build time."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from pantarhei.engines.native.codegen import jit
from pantarhei.engines.native.codegen.builder import Function, Module
from pantarhei.engines.native.codegen.kernel_function import KernelFunction
from pantarhei.engines.native.codegen.loop_nest import (
    Access,
    ElementOperation,
    Result,
    Structure,
)
from pantarhei.engines.native.codegen.values import literal, suffix, vector

llvm = pytest.importorskip("llvmlite.binding")


@pytest.fixture(autouse=True)
def _compiler() -> jit.Compiler:
    try:
        return jit.compiler()
    except jit.Unavailable as reason:
        pytest.skip(str(reason))


@dataclass(frozen=True)
class Text:
    """A structure whose text was written by a test."""

    text: str
    optimized: bool = False


def run(f: KernelFunction, arguments: list[int], *buffers: Any) -> None:
    """Ends the kernel and calls it."""
    f.ret()
    structure = Text(f.module.text)
    address = jit.compiler().kernels([structure])[structure]
    numbers = (ctypes.c_int64 * max(len(arguments), 1))(*arguments)
    table = (ctypes.c_void_p * len(buffers))(*(ctypes.addressof(each) for each in buffers))
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(address)(
        ctypes.addressof(numbers), ctypes.addressof(table)
    )


def integers(*values: int) -> Any:
    return (ctypes.c_int64 * len(values))(*values)


def test_a_counted_loop_carries_values() -> None:
    f = KernelFunction()
    count, start, step = f.number(), f.number(), f.number()
    result = f.place()
    with f.loop(count, begin=start, step=step) as loop:
        total = loop.phi(count.of(0))
        after = total + loop.index
        loop.next(total, after)
    f.store(after, result)
    cell = integers(0)
    run(f, [20, 3, 5, 0, 0], cell)
    assert cell[0] == sum(range(3, 20, 5))


@pytest.mark.parametrize("count", [0, 1, 4])
def test_a_range_may_be_empty_and_loops_nest(count: int) -> None:
    f = KernelFunction()
    zero, end = f.constant(0, "i64"), f.number()
    result = f.place()
    total = f.variable(zero)
    with f.range(zero, end) as i, f.range(zero, i) as j:
        f.store(f.load(total, "i64") + j + 1, total)
    f.store(f.load(total, "i64"), result)
    cell = integers(-1)
    run(f, [count, 0, 0], cell)
    assert cell[0] == sum(j + 1 for i in range(count) for j in range(i))


@pytest.mark.parametrize("number, steps", [(1, 0), (6, 8), (27, 111)])
def test_a_loop_repeats_as_long_as_its_condition_holds(number: int, steps: int) -> None:
    f = KernelFunction()
    start, result = f.number(), f.place()
    with f.repeat() as loop:
        n, count = loop.phi(start), loop.phi(start.of(0))
        is_done = n.equals(1)
        even = (n & 1).equals(0)
        following = even.choose(n.binary("lshr", 1), n * 3 + 1)
        loop.next(n, is_done.choose(n, following))
        loop.next(count, count + (is_done ^ 1).convert("zext", "i64"))
        loop.again = is_done ^ 1
    f.store(count, result)
    cell = integers(-1)
    run(f, [number, 0, 0], cell)
    assert cell[0] == steps


@pytest.mark.parametrize("value, expected", [(3, 30), (-3, -1)])
def test_blocks_meet_in_phis(value: int, expected: int) -> None:
    f = KernelFunction()
    x, result = f.number(), f.place()
    otherwise, end = f.label("otherwise"), f.label("end")
    f.require(x.of(0).below(x), otherwise)
    product, here = x * 10, f.block
    f.jump(end)
    f.start(otherwise)
    f.jump(end)
    f.start(end)
    f.store(f.phi((product, here), (x.of(-1), otherwise)), result)
    cell = integers(0)
    run(f, [value, 0, 0], cell)
    assert cell[0] == expected


def test_vectors_are_loaded_computed_and_shuffled() -> None:
    f = KernelFunction()
    source, target = f.place(), f.place()
    four = vector(4, "float")
    x = f.load(source, four, ", align 4")
    doubled = f.splat(f.constant(2, "float"), 4).intrinsic("fma", x, x) - x
    f.store(f.shuffle(doubled, x, [3, 2, 1, 4]), target, ", align 4")
    halves = f.extract(x, f.constant(3, "i32"))
    f.store(f.insert(x, halves, f.constant(0, "i32")), f.moved(target, 16), ", align 4")
    given, found = (ctypes.c_float * 4)(1, 2, 3, 4), (ctypes.c_float * 8)()
    run(f, [0, 0, 1, 0], given, found)
    assert list(found) == [8, 6, 4, 1, 4, 2, 3, 4]


def test_truth_values_lie_in_memory_as_bytes() -> None:
    f = KernelFunction()
    source, target = f.place(), f.place()
    f.store(f.load(source, "i1") ^ 1, target)
    found = (ctypes.c_uint8 * 1)(7)
    run(f, [0, 0, 1, 0], (ctypes.c_uint8 * 1)(1), found)
    assert found[0] == 0


def test_words_are_changed_in_one_step() -> None:
    f = KernelFunction()
    word, result = f.place(), f.place()
    f.fetch("add", word, 4, "acq_rel")
    taken = f.compare_exchange(word, 5, 9, "acquire monotonic")
    refused = f.compare_exchange(word, 5, 1, "acquire monotonic")
    f.store(taken & (refused ^ 1), result)
    f.atomic_store(f.atomic_load(word, "acquire") + 1, word, "release")
    cell, flag = integers(1), (ctypes.c_uint8 * 1)()
    run(f, [0, 0, 1, 0], cell, flag)
    assert (cell[0], flag[0]) == (10, 1)


def test_what_is_called_is_declared_once_unless_it_is_defined() -> None:
    module = Module()
    f = Function(module, "first", ("double",), "double")
    (x,) = f.parameters
    once = x.intrinsic("sqrt").intrinsic("sqrt")
    f.ret(f.call("double", "@second", once))
    g = Function(module, "second", ("double",), "double")
    g.ret(g.call("double", "@elsewhere", g.parameters[0]))
    text = module.text
    assert text.count("declare double @llvm.sqrt.f64(double)") == 1
    assert text.count("declare double @elsewhere(double)") == 1
    assert "declare double @second" not in text
    llvm.parse_assembly(text).verify()


def test_flags_hold_inside_only() -> None:
    f = KernelFunction()
    x = f.load(f.place(), "float")
    with f.contracting():
        x = x * x
        with f.exactly():
            x = x + 1
    x = x - 1
    written = [line.split("= ")[1].split(" float")[0].strip() for line in f.lines[-3:]]
    assert written == ["fmul contract", "fadd", "fsub"]


@pytest.mark.parametrize("parallel", [False, True])
def test_parallel_loops_have_metadata(parallel: bool) -> None:
    f = KernelFunction()
    with f.loop(f.number(), parallel=parallel):
        pass
    f.ret()
    assert ("llvm.loop.parallel_accesses" in f.module.text) == parallel
    llvm.parse_assembly(f.module.text).verify()


WRONG: dict[str, Callable[[KernelFunction], Any]] = {
    "operands of two types": lambda f: f.number() + f.constant(1, "i32"),
    "comparison of two types": lambda f: f.number().equals(f.constant(1, "double")),
    "choice of two types": lambda f: f.constant(1, "i1").choose(f.number(), f.zero("ptr")),
    "choice by a number": lambda f: f.number().choose(f.number(), 0),
    "branch by a number": lambda f: f.branch(f.number(), "a", "b"),
    "load through a number": lambda f: f.load(f.number(), "i64"),
    "store through a number": lambda f: f.store(f.number(), f.number()),
    "short index": lambda f: f.gep(f.place(), "i64", f.constant(1, "i32")),
    "address of a short offset": lambda f: f.moved(f.place(), f.constant(1, "i32")),
    "call of a number": lambda f: f.call("void", f.number()),
    "intrinsic of two types": lambda f: f.number().intrinsic("umin", f.constant(1, "i32")),
    "vectors of two lengths": lambda f: f.zero("<4 x float>") + f.zero("<8 x float>"),
    "phi of two types": lambda f: f.phi((f.number(), "a"), (f.constant(1, "i1"), "b")),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_wrong_types_are_refused(wrong: Callable[[KernelFunction], Any]) -> None:
    with pytest.raises(TypeError, match="no value of type"):
        wrong(KernelFunction())


def test_a_loop_refuses_what_llvm_would() -> None:
    f = KernelFunction()
    with pytest.raises(TypeError, match="no value of type"), f.loop(f.number()) as loop:
        loop.next(loop.phi(loop.index), f.constant(1, "i1"))
    f = KernelFunction()
    with pytest.raises(ValueError, match="come before"), f.loop(f.number()) as loop:
        loop.phi(loop.index + 1)
    f = KernelFunction()
    with pytest.raises(ValueError, match="no value for the next"), f.loop(f.number()) as loop:
        loop.phi(loop.index)


def test_types_in_names() -> None:
    assert [suffix(each) for each in ("float", "i64", "<8 x double>", "ptr")] == [
        *("f32", "i64", "v8f64", "p0")
    ]
    assert literal(0.1, "float") == "0x3FB99999A0000000"
    assert literal(-0.0, "double") == "0x8000000000000000"
    assert [literal(True, each) for each in ("i1", "i8")] == ["true", "1"]


def test_a_structure_can_be_looked_at() -> None:
    load = Access("float", 1)
    doubling = ElementOperation("square", "float", ((("load", 0), "float"),))
    structure = Structure((False,), (load,), (doubling,), (Result("", (("op", 0), "float"), load),))
    name = jit.llvm_text(structure).partition("@")[2].partition("(")[0]
    assert "fmul" in jit.llvm_text(structure)
    assert "x float>" in jit.optimized_llvm(structure)
    assert f"{name}:" in jit.assembly(structure)
