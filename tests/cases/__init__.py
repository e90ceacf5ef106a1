"""The table of op cases: one row per case, one file per family of ops.

The rows say what to build and on what; the recordings in ``tests/golden`` say what comes out.
``tools/record_golden.py`` writes those, ``tests/ops/test_cases.py`` compares.

A new row: ``case(name, build, *inputs, order=...)`` in its family's file, ``build(tf, *inputs)``
giving tensors; then ``tools/record_golden.py NAME`` where TensorFlow 1.15.5 is installed, which
refuses a row that does not say what it will see. A row of an error carries ``raises=True``.
"""

from __future__ import annotations

import importlib
import pkgutil

from tests.cases.row import Case


def all_cases() -> tuple[Case, ...]:
    """The rows of every family in this package, in the order of the files' names."""
    cases: list[Case] = []
    for module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        cases += getattr(importlib.import_module(__name__ + "." + module), "CASES", [])
    names = [case.name for case in cases]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError("More than one case is called " + ", ".join(repeated))
    return tuple(cases)


CASES = all_cases()
