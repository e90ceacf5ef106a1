"""Every rule of simplification: its example as a graph, and to the bit on special values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import simplification_page
from pantarhei.engines.numpy import engine as numpy_engine
from pantarhei.passes import folding, identities, movements, products
from pantarhei.passes.dead_code import remove_dead_code
from pantarhei.passes.rewriting import Example, Rule, Rules, Sweep
from pantarhei.program.ir import Program, ProgramError
from pantarhei.program.verifier import VerificationError, verify
from tests.passes.expressions import expressions_of, input_types, program_of, same_bits

TABLES = {"movements": movements, "folding": folding, "identities": identities}
TABLES["products"] = products
ROWS = [
    pytest.param(rule, id=f"{name}: {rule.name}")
    for name, module in TABLES.items()
    for rule in module.TABLE.rows
]
DTYPES = ("float64", "float32", "float16", "int32", "int64", "uint8", "bool", "complex64")
SPECIAL = {
    "f": [0.0, -0.0, 1.0, -1.0, np.nan, np.inf, -np.inf, 3.5, -1e-7, 6e4],
    "i": [0, 1, -1, 7, -(2**31), 2**31 - 1],
    "u": [0, 1, 255],
    "b": [False, True],
    "c": [0.0, complex(-0.0, 2.0), complex(np.nan, -0.0), complex(np.inf, 1.0), 1 - 2j],
}
BEYOND = 40  # samples of special values for each example


def swept(rule: Rule, program: Program) -> tuple[Program, int]:
    """The program after one sweep with one rule, and how often that applied."""
    sweep = Sweep(Rules([rule]))
    return remove_dead_code(sweep.run(program))[0], sweep.fired[rule.name]


def patterns_of(rule: Rule) -> list[str]:
    """The rule's patterns as expressions that can be built; those with attributes cannot."""
    texts = (rule.pattern,) if isinstance(rule.pattern, str) else rule.pattern
    if not isinstance(rule.replacement, str):
        return []
    return [text.replace("constant", "constant(-3.0)") for text in texts]


def differences(rule: Rule) -> list[str]:
    """The expressions and dtypes for which a rule changes a bit of the result."""
    found = []
    for text in (rule.example.before, *patterns_of(rule)):
        inputs = rule.example.inputs or "x: float32[2,3]"
        for dtype in DTYPES:
            try:
                before = program_of(input_types(inputs, dtype), text)
                after, fired = swept(rule, before)
                if fired and any(_differ(before, after, sample) for sample in range(BEYOND)):
                    found.append(f"{text} of {dtype}")
            except (ProgramError, TypeError):
                continue  # the primitive is not for such numbers, nor is a constant of it
    return found


def _differ(before: Program, after: Program, seed: int) -> bool:
    random = np.random.default_rng(seed)
    arrays = [
        random.choice(np.array(SPECIAL[value.dtype.kind]), value.shape).astype(value.dtype)
        for value in before.inputs
    ]
    pairs = zip(
        numpy_engine.compile(before)(arrays), numpy_engine.compile(after)(arrays), strict=True
    )
    return not all(same_bits(found, wanted) for found, wanted in pairs)


@pytest.mark.parametrize("rule", ROWS)
def test_example(rule: Rule) -> None:
    types = input_types(rule.example.inputs)
    before = program_of(types, rule.example.before)
    found, fired = swept(rule, before)
    verify(found)
    assert fired == 1
    wanted = program_of(types, rule.example.after)
    assert expressions_of(found, types) == expressions_of(wanted, types)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("rule", ROWS)
def test_to_the_bit(rule: Rule) -> None:
    assert not differences(rule)


@pytest.mark.parametrize("rule", ROWS)
def test_every_pattern_applies(rule: Rule) -> None:
    for text in patterns_of(rule):
        program = program_of(input_types(rule.example.inputs), text)
        found, fired = swept(rule, program)
        verify(found)
        assert fired == 1, text


def test_names_are_different() -> None:
    names = [row.values[0].name for row in ROWS]  # type: ignore[union-attr]
    assert len(set(names)) == len(names)


def test_the_page_shows_the_tables(tmp_path: Path, monkeypatch: Any) -> None:
    assert simplification_page.main(["--check"]) == 0
    monkeypatch.setattr(simplification_page, "PAGE", tmp_path / "simplification.md")
    assert simplification_page.main([]) == 0
    monkeypatch.setattr(simplification_page, "TABLES", simplification_page.TABLES[1:])
    assert simplification_page.main(["--check"]) == 1


# --- rules that are wrong -------------------------------------------------------------------------

X = Example("x: float32[2,3]; y: float32[2,3]", "", "")


def wrong(pattern: str, replacement: str, before: str, kinds: str = "f") -> Any:
    example = Example(X.inputs, before, "")
    return pytest.param(Rule("wrong", pattern, replacement, example, kinds), id=pattern)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "rule",
    [
        wrong("multiply(x, 0)", "subtract(x, x)", "multiply(x, 0.0)"),
        wrong("add(x, 0)", "x", "add(x, 0.0)"),
        wrong("subtract(x, -0.0)", "x", "subtract(x, -0.0)"),
        wrong("negative(subtract(x, y))", "subtract(y, x)", "negative(subtract(x, y))"),
        wrong("subtract(x, x)", "multiply(x, 0)", "subtract(x, x)"),
        wrong("where(less(x, y), y, x)", "maximum(y, x)", "where(less(x, y), y, x)"),
        wrong("divide(multiply(x, 3), 3)", "x", "divide(multiply(x, 3.0), 3.0)"),
        wrong("logical_not(less(x, y))", "less_equal(y, x)", "logical_not(less(x, y))", "b"),
    ],
)
def test_a_wrong_rule_is_caught(rule: Rule) -> None:
    assert differences(rule)


def test_a_rule_that_changes_the_dtype_is_refused() -> None:
    rule = Rule("wrong", "negative(x)", "isnan(x)", Example("", "", ""))
    program = program_of(input_types("x: float32[2]"), "negative(x)")
    with pytest.raises(VerificationError, match="'wrong' turns float32\\[2\\] into bool\\[2\\]"):
        Sweep(Rules([rule])).run(program)
