"""The table of public names: each object has one row, every row resolves, namespaces equal it."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import pantarhei as tf
from pantarhei.api import table
from pantarhei.api.registrations import COMPANIONS, IMPORTED_FIRST
from tests.support.paths import SOURCE
from tests.support.programs import run_program

PACKAGE = SOURCE / table.PACKAGE


def test_every_row_resolves() -> None:
    faults = []
    for row in table.ROWS:
        try:
            row.resolve()
        except (ImportError, AttributeError) as error:
            paths = " ".join(".".join(path) for path in row.paths)
            faults.append(f"{row.module}: {row.name} ({paths}): {error}")
    assert not faults, "rows of src/pantarhei/api that do not resolve:\n" + "\n".join(faults)


def test_each_object_has_one_row() -> None:
    counts = Counter((row.module, row.maker, row.name) for row in table.ROWS)
    assert [each for each, count in counts.items() if count > 1] == []
    seen: dict[int, str] = {}
    for row in table.ROWS:
        value = row.resolve()
        path = ".".join(row.paths[0])
        assert seen.setdefault(id(value), path) == path
        if callable(value):
            home = getattr(value, "__module__", None) or ""
            if hasattr(value, "__name__") and home.startswith(table.PACKAGE):
                assert home == f"{table.PACKAGE}.{row.module}", f"{path} is defined in {home}"


def test_each_path_stands_once_in_a_known_namespace() -> None:
    counts = Counter(path for row in table.ROWS for path in row.paths)
    assert [path for path, count in counts.items() if count > 1] == []
    assert {namespace for namespace, _ in counts} <= table.NAMESPACES.keys()
    inner = {table.parent_and_name(each) for each in table.NAMESPACES if each != "tf"}
    assert not inner & counts.keys()


@pytest.mark.parametrize("namespace", table.NAMESPACES)
def test_namespace_equals_the_table(namespace: str) -> None:
    module = importlib.import_module(table.module_name(namespace))
    names = table.public_names(namespace)
    assert dir(module) == names
    assert set(module.__all__) <= set(names)
    assert module.__doc__
    for name in names:
        row = table.BY_NAMESPACE[namespace].get(name)
        value = getattr(module, name)
        assert value is row.resolve() if row else value
    with pytest.raises(AttributeError, match="has no attribute 'no_such_name'"):
        _ = module.no_such_name


@pytest.mark.parametrize("namespace", [name for name, doc in table.NAMESPACES.items() if not doc])
def test_submodules_hide_no_public_name(namespace: str) -> None:
    """Importing a submodule sets an attribute of its package."""
    package = importlib.import_module(table.module_name(namespace))
    inner = {found.name for found in pkgutil.iter_modules(package.__path__)}
    assert not inner & table.BY_NAMESPACE[namespace].keys()


def test_wrong_names_are_explained() -> None:
    with pytest.raises(AttributeError) as error:
        _ = tf.nonsense  # type: ignore[attr-defined]
    assert str(error.value) == "module 'pantarhei' has no attribute 'nonsense'"
    with pytest.raises(AttributeError, match=r"'pantarhei\.nn'.* did you mean 'softmax'\?"):
        _ = tf.nn.sofmax  # type: ignore[attr-defined]


@cache
def sources() -> dict[str, ast.Module]:
    """The syntax trees of the package's modules, by their names below it."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): ast.parse(path.read_bytes())
        for path in PACKAGE.rglob("*.py")
    }


def changes_elsewhere(tree: ast.Module) -> bool:
    """Whether a module, when imported, changes objects that it has imported from the package."""
    imported = {
        alias.asname or alias.name
        for statement in tree.body
        if isinstance(statement, ast.ImportFrom) and f"{statement.module}".startswith("pantarhei")
        for alias in statement.names
    }
    targets = (
        target
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
    )
    return any(
        isinstance(target, ast.Attribute | ast.Subscript)
        and isinstance(target.value, ast.Name)
        and target.value.id in imported
        for target in targets
    )


def test_modules_that_change_others_are_imported_first() -> None:
    """OPERATORS, HOOKS and attributes of classes are filled whichever public name comes first."""
    changing = {name for name, tree in sources().items() if changes_elsewhere(tree)}
    assert changing - {*IMPORTED_FIRST, *COMPANIONS.values()} == set()


def test_all_operations_are_registered(tmp_path: Path) -> None:
    """`import_all` finds every module that defines operations."""
    program = """
import importlib, pkgutil
import pantarhei
from pantarhei.graph.definitions.definition import REGISTRY
known = len(list(REGISTRY))
for found in pkgutil.walk_packages(pantarhei.__path__, "pantarhei."):
    if "__main__" not in found.name:
        importlib.import_module(found.name)
print(known - len(list(REGISTRY)))
"""
    done = run_program(program, folder=tmp_path)
    assert done.stdout == "0\n", done.stderr


def test_nothing_below_imports_public_names() -> None:
    importers = [
        name
        for name, tree in sources().items()
        if name != "__init__" and not name.startswith("api.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and (node.module == "pantarhei" or f"{node.module}.".startswith("pantarhei.api."))
    ]
    assert importers == []
