"""Every program of `examples/lectures/` explains itself and has its row in `docs/lectures.md`."""

from __future__ import annotations

import ast
import re

import pytest

from tests.examples.program import LECTURES
from tests.support.paths import EXAMPLES

PROGRAMS = sorted(path.stem for path in LECTURES.glob("*.py"))
TABLE = EXAMPLES.parent / "docs" / "lectures.md"


def test_the_table_lists_every_program_and_no_other():
    listed = re.findall(r"\]\(\.\./examples/lectures/(\w+)\.py\)", TABLE.read_text("utf-8"))
    assert sorted(set(listed)) == PROGRAMS


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_names_its_slide_and_returns_what_it_found(name):
    tree = ast.parse((LECTURES / f"{name}.py").read_text("utf-8"))
    docstring = ast.get_docstring(tree) or ""
    assert re.search(r"\b(Slides?|Outro:?) \"", docstring), "which slide does it show?"
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert "main" in functions


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_test_asserts_what_the_program_shows(name):
    tests = "".join(
        path.read_text("utf-8") for path in LECTURES.parents[1].glob("tests/examples/*.py")
    )
    assert f'lecture("{name}")' in tests
