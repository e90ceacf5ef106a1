"""Loads a program from `examples/` as a module, without running its `main`.

Must not know: what the programs do.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from tests.support.paths import EXAMPLES

LECTURES = EXAMPLES / "lectures"


def load(path: Path) -> ModuleType:
    """The program at `path`, freshly executed."""
    name = f"example_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def lecture(name: str) -> ModuleType:
    """The program `examples/lectures/<name>.py`."""
    return load(LECTURES / f"{name}.py")
