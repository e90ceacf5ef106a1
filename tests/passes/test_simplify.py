"""Simplification of whole programs: the same bits, the same faults, fewer nodes, in linear time."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pantarhei.engines.numpy import engine as numpy_engine
from pantarhei.engines.numpy.engine import EngineFault
from pantarhei.passes import PASSES, Pass, Step, simplify
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Node, Program, Type, Value
from pantarhei.program.primitives import TABLE
from pantarhei.program.verifier import VerificationError, verify
from tests.engines.test_random_programs import broadcasts, moves
from tests.passes.expressions import expressions_of, input_types, program_of, same_bits

# --- random programs ------------------------------------------------------------------------------

# Functions that are exact wherever their operands lie; NumPy's others may depend on the layout.
UNARY = ("negative", "absolute", "sign", "floor", "conj", "isnan", "sqrt")
BINARY = ("add", "subtract", "multiply", "divide", "maximum", "minimum", "less")
SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, -3.0, np.nan, np.inf, -np.inf]


@st.composite
def programs(draw: Any) -> tuple[Program, list[Any]]:
    """A program with much that is redundant, on special values; and the arrays of its inputs."""
    random = np.random.default_rng(draw(st.integers(0, 2**16)))
    b = Builder(TABLE)
    values: list[Value] = []
    arrays = []
    for _ in range(draw(st.integers(1, 3))):
        shape = tuple(draw(st.lists(st.sampled_from([1, 2, 3]), max_size=3)))
        arrays.append(random.choice(SPECIAL, shape).astype(np.float64))
        values.append(b.input(Type(np.dtype(np.float64), shape)))
    for _ in range(draw(st.integers(1, 25))):
        value = draw(applications(b, values))
        if value.size <= 2000:
            values.append(value if value.dtype == np.float64 else b.cast(value, dtype="float64"))
    outputs = draw(st.lists(st.sampled_from(values), min_size=1, max_size=4))
    return b.finish(outputs, also=values if draw(st.booleans()) else ()), arrays


@st.composite
def applications(draw: Any, b: Builder, values: list[Value]) -> Any:
    """A further value, often one that equals another."""
    x = draw(st.sampled_from(values))
    number = draw(st.sampled_from([0.0, -0.0, 1.0, 2.0, -3.0]))
    shape = draw(st.sampled_from([(), (1,), x.shape]))
    constant = b.constant(np.full(shape, number))
    kind = draw(st.integers(0, 8))
    if kind == 0:
        return getattr(b, draw(st.sampled_from(UNARY)))(x)
    if kind == 1:
        y = draw(st.sampled_from([x, constant, *(y for y in values if broadcasts(x, y))]))
        return getattr(b, draw(st.sampled_from(BINARY)))(*draw(st.permutations([x, y])))
    if kind == 2:
        return draw(moves(b, x))
    if kind == 3:
        axes = tuple(axis for axis in range(x.ndim) if draw(st.booleans()))
        # Sums of more than two numbers depend on their order, and that on where they lie.
        return getattr(b, draw(st.sampled_from(["max", "min"])))(x, axes=axes)
    if kind == 4:
        ones = tuple(axis for axis, extent in enumerate(x.shape) if extent == 1)
        return b.sum(x, axes=ones)
    if kind == 5 and x.ndim == 2:
        turned = b.transpose(x, permutation=(1, 0))
        return b.matmul(turned, x) if draw(st.booleans()) else b.matmul(x, x, transpose_y=True)
    if kind == 6:
        condition = draw(st.sampled_from([b.constant(True), b.constant(False), b.less(x, number)]))
        return b.where(condition, x, draw(st.sampled_from([x, b.negative(x), constant])))
    if kind == 7:
        z = b.complex(x, b.negative(x))
        return b.real(b.conj(z)) if draw(st.booleans()) else b.imag(b.conj(b.conj(z)))
    return b.negative(b.reshape(b.negative(x), shape=x.shape))


def run(program: Program, arrays: list[Any]) -> list[Any]:
    with np.errstate(all="ignore"):
        return numpy_engine.compile(program)(arrays)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_random_programs_keep_every_bit(drawn: tuple[Program, list[Any]]) -> None:
    program, arrays = drawn
    if any(node.kind == "matmul" and node.operands[0].size > 1 for node in program.nodes):
        # BLAS may add in another order; whole numbers do not mind.
        arrays = [np.nan_to_num(array, nan=2.0, posinf=1.0, neginf=-1.0) for array in arrays]
    before = str(program)
    simpler = simplify(program)
    verify(simpler)
    assert str(program) == before
    assert len(simpler.nodes) <= len(program.nodes)
    assert [each.node for each in simpler.inputs] == [each.node for each in program.inputs]
    for found, wanted in zip(run(simpler, arrays), run(program, arrays), strict=True):
        assert same_bits(found, wanted), f"{found} instead of {wanted}\n{program}\n{simpler}"


# --- passes ---------------------------------------------------------------------------------------


def simplified(inputs: str, *expressions: str) -> list[str]:
    types = input_types(inputs)
    return expressions_of(simplify(program_of(types, *expressions)), types)


def test_passes_work_into_each_others_hands() -> None:
    gradient = "negative(reshape(cast(sum(negative(x), axes=()), dtype='float32'), shape=(2, 3)))"
    assert simplified("x: float32[2,3]", gradient) == ["x"]
    ones = "multiply(broadcast_to(constant(1.0), shape=(2, 3)), x)"
    assert simplified("x: float32[2,3]", ones) == ["x"]


def test_what_rules_make_constant_folds() -> None:
    chosen = "add(where(constant(True), constant(2.0), x), 3.0)"
    assert simplified("x: float32[]", chosen) == ["float325.0"]


def test_a_replacement_of_smaller_shape_is_broadcast() -> None:
    text = "where(constant([[True], [True]]), x, x)"
    assert simplified("x: float32[3]", text) == ["broadcast_to(x, shape=(2, 3))"]


@pytest.mark.parametrize("name", UNARY)
def test_a_function_of_one_large_constant(name: str) -> None:
    for array in (np.full((300, 300), 2.0), np.arange(90_000.0).reshape(300, 300)):
        b = Builder(TABLE)
        program = b.finish([getattr(b, name)(b.constant(array))])
        (before,), (after,) = (
            numpy_engine.compile(each)([]) for each in (program, simplify(program))
        )
        assert same_bits(before, after)


def test_common_subexpressions() -> None:
    texts = simplified("x: float32[2]; y: float32[2]", "add(x, y)", "add(y, cast(x, dtype='f4'))")
    assert texts == ["add(x, y)", "add(x, y)"]
    program = program_of(
        input_types("x: float32[2]; y: float32[2]"),
        "multiply(exp(add(x, y)), exp(add(y, x)))",
        "subtract(x, y)",
        "subtract(y, x)",
        "sum(x, axes=(0,))",
        "max(x, axes=(0,))",
    )
    simpler = simplify(program)
    kinds = [node.kind for node in simpler.nodes]
    assert " ".join(kinds) == "input input add exp multiply subtract subtract sum max"


def test_attributes_and_outputs_tell_nodes_apart() -> None:
    types = input_types("x: float32[2,2]")
    program = program_of(
        types,
        "subtract(cast(cumsum(x, axis=0), dtype='f4'), cumsum(x, axis=1))",
        "subtract(top_k(x, k=1)[0], top_k(x, k=2)[0])",
        "add(top_k(x, k=2)[0], cast(top_k(x, k=2)[1], dtype='f4'))",
        "subtract(matmul(x, x, transpose_x=True), matmul(x, x))",
    )
    texts = expressions_of(simplify(program), types)
    assert texts == [
        "subtract(cumsum(x, axis=0), cumsum(x, axis=1))",
        "subtract(top_k(x, k=1).0, top_k(x, k=2).0)",
        "add(top_k(x, k=2).0, cast(top_k(x, k=2).1, dtype=f4))",
        "subtract(matmul(x, x, transpose_x=True), matmul(x, x))",
    ]


def test_dead_code_and_its_inputs() -> None:
    b = Builder(TABLE)
    x, y = (b.input(Type(np.dtype(np.float32), (2, 2))) for _ in range(2))
    wanted = b.matmul(x, x)
    program = b.finish([wanted], also=[b.matmul(x, b.tanh(y))])
    assert len(program.nodes) == 5
    assert [node.kind for node in simplify(program).nodes] == ["input", "input", "matmul"]


# --- faults and origins ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "expression", "array"),
    [
        ("x: float32[2]", "check_finite(x, message='here')", [1.0, np.nan]),
        ("x: int32[2]", "divide(x, x)", [1, 0]),
        ("x: int32[2]", "power(x, x)", [1, -1]),
        ("x: int32[2]", "gather(x, x, axis=0)", [1, 7]),
        ("x: int32[2]", "check_range(x, limit=5, message='{wrong} is out')", [1, 7]),
        ("x: float32[2,2]", "inv(x)", [[1, 1], [1, 1]]),
    ],
)
def test_faults_are_found_though_nobody_asks(inputs: str, expression: str, array: Any) -> None:
    types = input_types(inputs)
    ((_, type),) = types.items()
    chosen = f"where(constant(False), {expression}, x)"
    for also in (program_of(types, chosen), _awaited(program_of(types, "x", expression))):
        simpler = simplify(also)
        with pytest.raises(EngineFault):
            run(simpler, [np.array(array, type.dtype)])


def _awaited(program: Program) -> Program:
    return Program(program.inputs, program.nodes, program.outputs[:1])


def test_division_of_nothing_finds_no_fault() -> None:
    types = input_types("x: int32[1]; y: int32[0,3]")
    program = program_of(
        types, "divide(broadcast_to(x, shape=(0, 3)), broadcast_to(x, shape=(0, 3)))"
    )
    assert run(simplify(program), [np.zeros(1, np.int32), np.zeros((0, 3), np.int32)])[0].size == 0


def test_no_other_primitive_raises_what_it_does_not_declare() -> None:
    """Elementwise ones are tried on special values; others that look at data are listed here."""
    found = {name for name, primitive in TABLE.items() if primitive.faults}
    assert found >= {"check_finite", "check_range", "gather", "gather_nd", "scatter", "solve"}
    for primitive in TABLE.values():
        for dtype in ("float64", "int32", "bool"):
            if not primitive.elementwise or np.dtype(dtype).kind in primitive.faults:
                continue
            numbers = np.array([0, 1, -1, 7], dtype)
            for count in (1, 2, 3):
                try:
                    with np.errstate(all="ignore"):
                        primitive.reference(*[numbers] * count)
                except (TypeError, ValueError, OverflowError):
                    continue


def test_nodes_keep_their_origin() -> None:
    b = Builder(TABLE, origin="x")
    x = b.input(Type(np.dtype(np.float32), (2, 3)))
    b.origin = "negation"
    negative = b.negative(b.cast(x, dtype="float32"))
    b.origin = "addition"
    program = simplify(b.finish([b.add(x, negative), b.exp(b.cast(negative, dtype="float32"))]))
    assert [(node.kind, node.origin) for node in program.nodes] == [
        ("input", "x"),
        ("negative", "negation"),
        ("subtract", "addition"),
        ("exp", "addition"),
    ]


# --- large programs -------------------------------------------------------------------------------


def chain(length: int) -> Program:
    """Each node uses the one before; every third application could be left out."""
    type = Type(np.dtype(np.float64), (2,))
    nodes = [Node(None, (), {}, (type,))]
    shape = {"shape": (2,)}
    for number in range(length):
        last = Value(nodes[-1])
        if number % 3 == 2:
            nodes.append(Node(TABLE["reshape"], (last,), shape, (type,)))
        else:
            nodes.append(Node(TABLE["negative" if number % 3 else "tanh"], (last,), {}, (type,)))
    return Program([Value(nodes[0])], nodes, [Value(nodes[-1])])


def test_a_chain_of_a_hundred_thousand_nodes() -> None:
    steps: list[Step] = []
    program = simplify(chain(99_999), steps.append)
    assert len(program.nodes) == 66_667
    verify(program)


def test_a_chain_that_comes_to_nothing() -> None:
    """What rules build is rewritten in its turn, without recursion."""
    b = Builder(TABLE)
    x = value = b.input(Type(np.dtype(np.float64), (2, 3)))
    for _ in range(5_000):
        value = b.transpose(b.negative(value), permutation=(1, 0))
    for _ in range(5_000):
        value = b.transpose(value, permutation=(1, 0))
    program = simplify(b.finish([b.transpose(value, permutation=(0, 1))]))
    assert program.inputs == [x]
    assert sum(node.kind == "transpose" for node in program.nodes) == 5_000 - 5_000 % 2


def test_each_node_is_looked_at_a_fixed_number_of_times(monkeypatch: Any) -> None:
    """The work is counted, not timed: rules that are tried, for programs of two lengths."""
    from pantarhei.passes import rewriting

    tried = [0]
    original = rewriting.Sweep._rewritten

    def counting(self: Any, *rest: Any) -> Any:
        tried[0] += 1
        return original(self, *rest)

    monkeypatch.setattr(rewriting.Sweep, "_rewritten", counting)
    counts = []
    for length in (300, 3_000):
        tried[0] = 0
        simplify(chain(length))
        counts.append(tried[0])
    assert counts[1] == 10 * counts[0]


# --- watching -------------------------------------------------------------------------------------

TWICE = "negative(negative(reshape(x, shape=(2, 3))))"


def test_observers_see_every_pass() -> None:
    program = program_of(input_types("x: float32[2,3]"), TWICE)
    steps: list[Step] = []
    result = simplify(program, steps.append)
    assert [step.name for step in steps] == [each.name for each in PASSES]
    assert steps[0].before is program and steps[-1].after is result
    for step, following in itertools.pairwise(steps):
        assert step.after is following.before
    fired = {rule: count for step in steps for rule, count in step.fired.items()}
    assert fired == {"reshape to the same shape": 1, "negative twice": 1, "negative": 1}


def test_dumps(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("PANTARHEI_DUMP", str(tmp_path / "dumps"))
    program = program_of(input_types("x: float32[2,3]"), TWICE)
    simplify(program)
    simplify(program)
    folders = sorted((tmp_path / "dumps").iterdir())
    assert len(folders) == 2
    names = [path.name for path in sorted(folders[0].iterdir())]
    assert names == ["0-lowered.txt"] + [
        f"{number}-{each.name}.txt" for number, each in enumerate(PASSES, 1)
    ]
    lines = (folders[0] / "0-lowered.txt").read_text().splitlines()
    assert lines == ["# lowered: 4 nodes", *str(program).splitlines()]
    lines = (folders[0] / "4-identities.txt").read_text().splitlines()
    assert lines[0] == "# identities: 3 -> 2 nodes (negative twice: 1)"
    assert lines[-1] == "return %0"


def test_a_wrong_pass_is_caught_and_named() -> None:
    def forget(program: Program) -> tuple[Program, dict[str, int]]:
        return Program(program.inputs, program.nodes[1:], program.outputs), {}

    program = program_of(input_types("x: float32[2]"), "exp(tanh(x))")
    with pytest.raises(VerificationError, match="After forgetting: An operand is used before"):
        simplify(program, passes=[*PASSES, Pass("forgetting", forget)])
