"""What the public names say about themselves: each has a docstring, and its examples run."""

import contextlib
import doctest
import importlib
import inspect
import io
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import pantarhei as tf

MODULES = sorted(
    found.name for found in pkgutil.walk_packages(tf.__path__, prefix=f"{tf.__name__}.")
)


def public_names(namespace: ModuleType) -> list[str]:
    """The names a module offers: its `__all__`, or what has no leading underscore."""
    return sorted(
        getattr(namespace, "__all__", [name for name in dir(namespace) if name[0] != "_"])
    )


def is_ours(value: Any) -> bool:
    """Whether the package itself wrote a function, a class or a module."""
    home = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    return isinstance(home, str) and home.partition(".")[0] == tf.__name__


def public_callables(
    namespace: ModuleType, path: str = "tf", seen: set[int] | None = None
) -> Iterator[tuple[str, Any]]:
    """Every function and class reachable from a namespace, and the classes' public methods."""
    seen = set() if seen is None else seen
    for name in public_names(namespace):
        value = getattr(namespace, name)
        if not is_ours(value) or id(value) in seen:
            continue
        seen.add(id(value))
        full = f"{path}.{name}"
        if isinstance(value, ModuleType):
            yield from public_callables(value, full, seen)
        elif inspect.isclass(value):
            yield full, value
            for method in sorted(vars(value)):
                if method[0] != "_":
                    yield f"{full}.{method}", getattr(value, method)
        elif inspect.isroutine(value):
            yield full, value


def undocumented(namespace: ModuleType) -> list[str]:
    """Public callables without a docstring; a method may inherit its base's."""
    return [
        name
        for name, value in public_callables(namespace)
        if not (value.__doc__ if inspect.isclass(value) else inspect.getdoc(value))
        and (callable(value) or isinstance(value, property))
    ]


def test_every_public_callable_has_a_docstring() -> None:
    assert undocumented(tf) == []


def test_missing_docstring_is_caught() -> None:
    namespace = ModuleType("pantarhei.planted")
    exec(
        "__name__ = 'pantarhei.planted'\n"
        "def said():\n    'Says so.'\n"
        "def unsaid(): pass\n"
        "class Said:\n    'Says so.'\n    def method(self): pass\n"
        "class Unsaid: pass\n",
        vars(namespace),
    )
    assert undocumented(namespace) == ["tf.Said.method", "tf.Unsaid", "tf.unsaid"]


def run_doctests(module: ModuleType) -> str:
    """Run a module's examples, each on a fresh default graph; what failed, in words."""
    report = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    for example in doctest.DocTestFinder(exclude_empty=True).find(module):
        if hasattr(tf, "reset_default_graph"):
            tf.reset_default_graph()
        runner.run(example, out=report.write)
    return report.getvalue()


@pytest.mark.parametrize("name", [tf.__name__, *MODULES])
def test_examples_in_docstrings_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # some examples write files
    report = run_doctests(importlib.import_module(name))
    assert not report, report


def test_wrong_example_is_caught() -> None:
    module = ModuleType("planted", doc=">>> 1 + 1\n3\n")
    with contextlib.redirect_stdout(io.StringIO()):
        assert "Expected:\n    3" in run_doctests(module)
