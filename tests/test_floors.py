"""The house keeps its floors: imports go down, nothing is circular, no file grows too long.

Facts about numbers and shapes lie at the bottom, the public names at the top. The source is read
with `ast`, never imported. Each rule is also shown to catch a fault planted in a small tree.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PACKAGE = "pantarhei"
SOURCE = Path(__file__).parents[1] / "src" / PACKAGE

FLOORS = (
    *("core", "program", "graph", "ops", "autodiff"),
    *("lowering", "passes", "engines", "runtime"),
)
FACE = len(FLOORS)  # everything else, `pantarhei` itself included

# Heavy or optional libraries that may be imported when they are used, those of Python that only a
# rare message needs among them.
LATE_IMPORTS = {
    "absl",
    "difflib",
    "google",  # protocol buffers
    "jax",
    "llvmlite",
    "matplotlib",
    "PIL",
    "pprint",
    "random",
    "scipy",
    "sklearn",
    "tensorboard",
    "tqdm",
}

# Modules of our own that only sessions with a certain engine need: who imports them late.
LATE_ENGINES = {
    "pantarhei.engines.native.runtime.engine": "pantarhei.runtime.engines",
    "pantarhei.passes": "pantarhei.runtime.execution",
}

LONGEST_FILE = 500


@dataclass(frozen=True)
class Import:
    """One imported module, and how the import stands in the file."""

    target: str
    line: int
    late: bool  # inside a function
    typing_only: bool  # under `if TYPE_CHECKING:`


@dataclass(frozen=True)
class Module:
    """One source file of the package."""

    name: str
    path: Path
    imports: tuple[Import, ...]
    docstring: str | None
    lines: int


def floor_of(module: str) -> int:
    """The floor on which a module of the package lies."""
    parts = module.split(".")
    return FLOORS.index(parts[1]) if len(parts) > 1 and parts[1] in FLOORS else FACE


def is_inside(module: str) -> bool:
    """Whether a module belongs to the package."""
    return module.partition(".")[0] == PACKAGE


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _statements(
    node: ast.AST, late: bool = False, typing_only: bool = False
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool, bool]]:
    """Every import statement under `node`, whether it is late, whether it is for types only."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, late, typing_only
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _statements(child, True, typing_only)
        elif isinstance(child, ast.If) and _is_type_checking(child.test):
            for statement in child.body:
                yield from _statements(ast.Module([statement], []), late, True)
            for statement in child.orelse:
                yield from _statements(ast.Module([statement], []), late, typing_only)
        else:
            yield from _statements(child, late, typing_only)


def _targets(
    statement: ast.Import | ast.ImportFrom, importer: str, is_package: bool, names: set[str]
) -> Iterator[str]:
    """The modules that a statement imports; `from a import b` is a.b where that is a module."""
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
        return
    base = statement.module or ""
    if statement.level:
        parts = importer.split(".")
        keep = len(parts) - statement.level + (1 if is_package else 0)
        base = ".".join([*parts[:keep], *([base] if base else [])])
    for alias in statement.names:
        full = f"{base}.{alias.name}"
        yield full if full in names else base


def read_modules(source: Path) -> list[Module]:
    """Every module under `source`, the folder of the package, with its imports."""
    paths: dict[str, Path] = {}
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        paths[".".join((PACKAGE, *parts))] = path
    names = set(paths)
    modules = []
    for name, path in paths.items():
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text, str(path))
        imports = tuple(
            Import(target, statement.lineno, late, typing_only)
            for statement, late, typing_only in _statements(tree)
            for target in _targets(statement, name, path.stem == "__init__", names)
        )
        modules.append(Module(name, path, imports, ast.get_docstring(tree), len(text.splitlines())))
    return modules


def upward_imports(modules: list[Module]) -> list[str]:
    """Imports of a higher floor, for types too: a lower floor does not know the higher ones."""
    return [
        f"{module.path}:{used.line}: {module.name} (floor {floor_of(module.name)}) imports "
        f"{used.target} (floor {floor_of(used.target)})"
        for module in modules
        for used in module.imports
        if is_inside(used.target) and floor_of(used.target) > floor_of(module.name)
    ]


def late_imports(modules: list[Module]) -> list[str]:
    """Imports inside functions, except of the heavy libraries that are named above."""
    return [
        f"{module.path}:{used.line}: {module.name} imports {used.target} inside a function"
        for module in modules
        for used in module.imports
        if used.late
        and used.target.partition(".")[0] not in LATE_IMPORTS
        and LATE_ENGINES.get(used.target) != module.name
    ]


def import_cycles(modules: list[Module]) -> list[str]:
    """Circles of imports that are executed (those for types only are not)."""
    edges = {
        module.name: sorted(
            {
                used.target
                for used in module.imports
                if is_inside(used.target) and not used.typing_only and used.target != module.name
            }
        )
        for module in modules
    }
    finished: set[str] = set()
    faults: list[str] = []

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            faults.append(" -> ".join((*trail[trail.index(name) :], name)))
        elif name not in finished:
            for target in edges.get(name, ()):
                visit(target, (*trail, name))
            finished.add(name)

    for name in edges:
        visit(name, ())
    return faults


def long_files(modules: list[Module]) -> list[str]:
    """Files that have outgrown what can be read in one sitting."""
    return [
        f"{module.path}: {module.lines} lines, more than {LONGEST_FILE}"
        for module in modules
        if module.lines > LONGEST_FILE
    ]


def undescribed_modules(modules: list[Module]) -> list[str]:
    """Modules that do not open with a docstring."""
    return [f"{module.path}: no docstring" for module in modules if not module.docstring]


RULES: list[Callable[[list[Module]], list[str]]] = [
    upward_imports,
    late_imports,
    import_cycles,
    long_files,
    undescribed_modules,
]


@cache
def package() -> list[Module]:
    """The package as it is."""
    return read_modules(SOURCE)


@pytest.mark.parametrize("rule", RULES)
def test_package_keeps(rule: Callable[[list[Module]], list[str]]) -> None:
    faults = rule(package())
    assert not faults, "\n" + "\n".join(faults)


SOUND = {
    "__init__.py": '"""Names."""\nfrom pantarhei.graph.graph import Graph\n',
    "core/__init__.py": '"""Facts."""\n',
    "core/dtypes.py": '"""Types."""\nimport numpy as np\n',
    "graph/__init__.py": '"""Graph."""\n',
    "graph/graph.py": (
        '"""Graph."""\n'
        "from typing import TYPE_CHECKING\n"
        "from pantarhei.core import dtypes\n"
        "if TYPE_CHECKING:\n"
        "    from pantarhei.graph.tensor import Tensor\n"
        "def draw():\n"
        "    import matplotlib.pyplot\n"
    ),
    "graph/tensor.py": '"""Tensor."""\nfrom .graph import Graph\n',
}


def build(source: Path, files: dict[str, str]) -> list[Module]:
    """Write a small package and read it."""
    for name, text in files.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read_modules(source)


@pytest.mark.parametrize("rule", RULES)
def test_sound_tree_passes(rule: Callable[[list[Module]], list[str]], tmp_path: Path) -> None:
    assert rule(build(tmp_path, SOUND)) == []


@pytest.mark.parametrize(
    ("rule", "name", "text", "words"),
    [
        (
            upward_imports,
            "core/dtypes.py",
            '"""Types."""\nfrom pantarhei.graph.graph import Graph\n',
            "pantarhei.core.dtypes (floor 0) imports pantarhei.graph.graph (floor 2)",
        ),
        (
            upward_imports,
            "graph/tensor.py",
            '"""Tensor."""\nfrom .. import layers\n',
            "pantarhei.graph.tensor (floor 2) imports pantarhei (floor 9)",
        ),
        (
            upward_imports,
            "core/dtypes.py",
            '"""Types."""\nimport typing\nif typing.TYPE_CHECKING:\n    import pantarhei.ops\n',
            "imports pantarhei.ops (floor 3)",
        ),
        (
            upward_imports,
            "core/dtypes.py",
            '"""Types."""\ndef dodge():\n    from pantarhei import graph\n',
            "imports pantarhei.graph (floor 2)",
        ),
        (
            late_imports,
            "graph/tensor.py",
            '"""Tensor."""\ndef dodge():\n    from pantarhei.core import dtypes\n',
            "imports pantarhei.core.dtypes inside a function",
        ),
        (
            late_imports,
            "graph/tensor.py",
            '"""Tensor."""\nclass Tensor:\n    def dodge(self):\n        import json\n',
            "imports json inside a function",
        ),
        (
            import_cycles,
            "graph/graph.py",
            '"""Graph."""\nfrom pantarhei.graph.tensor import Tensor\n',
            "pantarhei.graph.graph -> pantarhei.graph.tensor -> pantarhei.graph.graph",
        ),
        (long_files, "core/dtypes.py", '"""Types."""\n' + "x = 1\n" * LONGEST_FILE, "501 lines"),
        (undescribed_modules, "core/dtypes.py", "x = 1\n", "no docstring"),
    ],
)
def test_planted_fault_is_caught(
    rule: Callable[[list[Module]], list[str]], name: str, text: str, words: str, tmp_path: Path
) -> None:
    faults = rule(build(tmp_path, {**SOUND, name: text}))
    assert len(faults) == 1
    assert words in faults[0]
