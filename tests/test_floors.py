"""The structure of the package: imports go down, nothing is circular, nothing grows too large.

Numbers and shapes are at the bottom, the public names at the top. The order holds between the
packages and between the families of ops. The source is read with `ast`, never imported. Each rule
is also shown to catch a fault planted in a small tree.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.support import paths

PACKAGE = "pantarhei"
SOURCE = paths.SOURCE / PACKAGE


def literal(module: str, name: str) -> tuple[str, ...]:
    """A tuple of strings that a module of the package assigns to a name."""
    tree = ast.parse((SOURCE / module).read_text(encoding="utf-8"))
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            return tuple(ast.literal_eval(statement.value))
    raise LookupError(f"{module} assigns no {name}")


FAMILIES = literal("ops/__init__.py", "FAMILIES")

# From the bottom to the top; a module may import from its own floor and from those before it.
FLOORS = (
    *("core", "platform", "program", "graph", "ops", "autodiff"),
    *("lowering", "passes", "engines", "runtime", "variables"),
    *("layers", "losses", "optimizers", "training", "files", "commands", "compat", "api"),
)
FACE = len(FLOORS)  # everything else: `pantarhei` itself

# The same inside two packages; modules that stand beside the folders are above all of them.
INSIDE = {
    "ops": FAMILIES,
    "engines": ("contract", "output_pool", "numpy", "native"),
}

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

LONGEST_MODULE = 450
LONGEST_BODY = 60  # lines of a function behind its docstring
MOST_MODULES = 20  # in a folder

# Modules that may name each other's classes in annotations; docs/architecture.md has the reasons.
MUTUAL_TYPES = (
    {
        f"{PACKAGE}.graph.{name}"
        for name in (
            "controls",
            "definitions.definition",
            "devices",
            "elements",
            "graph",
            "operation",
        )
    },
    {f"{PACKAGE}.engines.native.codegen.{name}" for name in ("builder", "values")},
)


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
    bodies: tuple[tuple[str, int], ...]  # functions, and how many lines their bodies have
    classes: tuple[str, ...]


def floor_of(module: str) -> tuple[int, ...]:
    """Where a module lies: its floor, then its place within it where that has an order."""
    parts = module.split(".")[1:]
    place = [FLOORS.index(parts[0]) if parts and parts[0] in FLOORS else FACE]
    for length in range(1, len(parts)):
        order = INSIDE.get(".".join(parts[:length]))
        if order is None:
            break
        place.append(order.index(parts[length]) if parts[length] in order else len(order))
    return tuple(place)


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


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body
    if ast.get_docstring(function) and len(body) > 1:
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


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
        functions = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        modules.append(
            Module(
                name,
                path,
                imports,
                ast.get_docstring(tree),
                len(text.splitlines()),
                tuple((each.name, _body_lines(each)) for each in functions),
                tuple(node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)),
            )
        )
    return modules


def upward_imports(modules: list[Module]) -> list[str]:
    """Imports of a higher floor, for types too: a lower floor does not know the higher ones."""
    return [
        f"{module.path}:{used.line}: {module.name} (floor {_numbers(module.name)}) imports "
        f"{used.target} (floor {_numbers(used.target)})"
        for module in modules
        for used in module.imports
        if is_inside(used.target) and floor_of(used.target) > floor_of(module.name)
    ]


def _numbers(module: str) -> str:
    return ".".join(map(str, floor_of(module)))


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
    """Circles of imports that are executed."""
    return [" -> ".join(circle) for circle in _circles(modules, typing=False)]


def typing_cycles(modules: list[Module]) -> list[str]:
    """Circles of imports, those for types only included, except among the modules named above."""
    return [
        " -> ".join(circle)
        for circle in _circles(modules, typing=True)
        if not any(set(circle) <= modules for modules in MUTUAL_TYPES)
    ]


def _circles(modules: list[Module], typing: bool) -> list[tuple[str, ...]]:
    edges = {
        module.name: sorted(
            {
                used.target
                for used in module.imports
                if is_inside(used.target)
                and (typing or not used.typing_only)
                and used.target != module.name
            }
        )
        for module in modules
    }
    finished: set[str] = set()
    circles: list[tuple[str, ...]] = []

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            circles.append((*trail[trail.index(name) :], name))
        elif name not in finished:
            for target in edges.get(name, ()):
                visit(target, (*trail, name))
            finished.add(name)

    for name in edges:
        visit(name, ())
    return circles


def long_modules(modules: list[Module]) -> list[str]:
    """Modules that are too long to be read in one sitting."""
    return [
        f"{module.path}: {module.lines} lines, more than {LONGEST_MODULE}"
        for module in modules
        if module.lines > LONGEST_MODULE
    ]


def long_functions(modules: list[Module]) -> list[str]:
    """Functions whose bodies do not fit on a page."""
    return [
        f"{module.path}: {name} has {lines} lines, more than {LONGEST_BODY}"
        for module in modules
        for name, lines in module.bodies
        if lines > LONGEST_BODY
    ]


def crowded_folders(modules: list[Module]) -> list[str]:
    """Folders with too many modules."""
    counts = Counter(module.path.parent for module in modules)
    return [
        f"{folder}: {count} modules, more than {MOST_MODULES}"
        for folder, count in counts.items()
        if count > MOST_MODULES
    ]


def repeated_classes(modules: list[Module]) -> list[str]:
    """Names that more than one class has."""
    found: dict[str, list[str]] = {}
    for module in modules:
        for name in module.classes:
            found.setdefault(name, []).append(module.name)
    return [f"{name}: {', '.join(where)}" for name, where in found.items() if len(where) > 1]


def undescribed_modules(modules: list[Module]) -> list[str]:
    """Modules that do not open with a docstring."""
    return [f"{module.path}: no docstring" for module in modules if not module.docstring]


RULES: list[Callable[[list[Module]], list[str]]] = [
    upward_imports,
    late_imports,
    import_cycles,
    typing_cycles,
    long_modules,
    long_functions,
    crowded_folders,
    repeated_classes,
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
    "core/shapes.py": '"""Shapes."""\n',
    "graph/__init__.py": '"""Graph."""\n',
    "graph/graph.py": (
        '"""Graph."""\n'
        "from typing import TYPE_CHECKING\n"
        "from pantarhei.core import dtypes\n"
        "if TYPE_CHECKING:\n"
        "    from pantarhei.core.shapes import TensorShape\n"
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
            "pantarhei.core.dtypes (floor 0) imports pantarhei.graph.graph (floor 3)",
        ),
        (
            upward_imports,
            "graph/tensor.py",
            '"""Tensor."""\nfrom .. import layers\n',
            "pantarhei.graph.tensor (floor 3) imports pantarhei (floor 19)",
        ),
        (
            upward_imports,
            "core/dtypes.py",
            '"""Types."""\nimport typing\nif typing.TYPE_CHECKING:\n    import pantarhei.ops\n',
            "imports pantarhei.ops (floor 4)",
        ),
        (
            upward_imports,
            "core/dtypes.py",
            '"""Types."""\ndef dodge():\n    from pantarhei import graph\n',
            "imports pantarhei.graph (floor 3)",
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
        (
            typing_cycles,
            "graph/graph.py",
            '"""Graph."""\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n'
            "    from pantarhei.graph.tensor import Tensor\n",
            "pantarhei.graph.graph -> pantarhei.graph.tensor -> pantarhei.graph.graph",
        ),
        (
            upward_imports,
            "ops/array/shapes.py",
            '"""Shapes."""\nfrom pantarhei.ops.math import binary\n',
            "imports pantarhei.ops.math (floor",
        ),
        (
            long_modules,
            "core/dtypes.py",
            '"""Types."""\n' + "x = 1\n" * LONGEST_MODULE,
            "451 lines",
        ),
        (
            long_functions,
            "core/dtypes.py",
            '"""Types."""\ndef long():\n    "Says."\n' + "    x = 1\n" * (LONGEST_BODY + 1),
            "long has 61 lines",
        ),
        (
            repeated_classes,
            "graph/tensor.py",
            '"""Tensor."""\nclass Graph:\n    pass\nclass Scope:\n    class Graph:\n        pass\n',
            "Graph: pantarhei.graph.tensor, pantarhei.graph.tensor",
        ),
        (undescribed_modules, "core/dtypes.py", "x = 1\n", "no docstring"),
    ],
)
def test_planted_fault_is_caught(
    rule: Callable[[list[Module]], list[str]], name: str, text: str, words: str, tmp_path: Path
) -> None:
    faults = rule(build(tmp_path, {**SOUND, name: text}))
    assert len(faults) == 1
    assert words in faults[0]


def test_a_crowded_folder_is_caught(tmp_path: Path) -> None:
    files = {f"core/m{number}.py": '"""One."""\n' for number in range(MOST_MODULES - 2)}
    (fault,) = crowded_folders(build(tmp_path, {**SOUND, **files}))
    assert f"{MOST_MODULES + 1} modules" in fault
