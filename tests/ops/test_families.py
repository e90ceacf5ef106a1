"""Families of operations import only families before them in `FAMILIES`."""

from __future__ import annotations

from pantarhei.ops import FAMILIES
from tests.test_floors import package

OPS = "pantarhei.ops."


def family(module: str) -> str:
    """The family of a module of `ops`."""
    return module.removeprefix(OPS).partition(".")[0]


def test_families_import_those_before() -> None:
    modules = [each for each in package() if each.name.startswith(OPS)]
    assert {family(each.name) for each in modules} == set(FAMILIES)
    assert [
        f"{module.name} imports {used.target}"
        for module in modules
        for used in module.imports
        if used.target.startswith(OPS)
        and FAMILIES.index(family(used.target)) > FAMILIES.index(family(module.name))
    ] == []
