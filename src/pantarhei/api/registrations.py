"""Modules that others reach through registries (`REGISTRY`, `OPERATORS`, `HOOKS`), not by import.

Public names are imported when they are first used; these modules are imported with the package, so
that operators and gradients work whichever name comes first.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from pantarhei.api import table
from pantarhei.graph.definitions.definition import REGISTRY

IMPORTED_FIRST = (
    "files.graphs.graph_def",
    "ops.array.constant",
    "ops.array.indexing",
    "ops.array.joining",
    "ops.array.scattering",
    "ops.array.slicing",
    "ops.control_flow.loop_operations",
    "ops.control_flow.stacks",
    "ops.control_flow.tensor_array",
    "ops.control_flow.tensor_array_types",
    "ops.linalg.matrices",
    "ops.math.unary_gradients",
    "ops.operators",
    "ops.sparse.arithmetic",
    "variables.creation",
)

# Modules that another module needs beside it: saving a checkpoint writes the graph, too.
COMPANIONS = {"files.checkpoints.saver": "files.graphs.meta_graphs"}


def import_all() -> None:
    """Imports all modules that define operations."""
    operations = import_module(f"{table.PACKAGE}.ops")
    found = pkgutil.walk_packages(operations.__path__, f"{operations.__name__}.")
    public = (f"{table.PACKAGE}.{row.module}" for row in table.ROWS)
    for name in dict.fromkeys((*(each.name for each in found), *public)):
        import_module(name)


def install() -> None:
    """Imports what every program needs; the rest when an unknown operation is looked up."""
    for name in IMPORTED_FIRST:
        import_module(f"{table.PACKAGE}.{name}")
    REGISTRY.import_rest = import_all
