"""The table of public names: which object of which module appears under which public paths.

Each object has one row. Rows stand below the module that defines them:

    ops.array.diagonals
        diag: tf linalg.tensor_diag
        eye: tf linalg

`tf.diag` and `tf.linalg.tensor_diag` are `diag` of `pantarhei.ops.array.diagonals`; a path that is
a namespace stands for the object's own name in it. Where a group is a function of a module,
`core.messages.message_class()`, that function makes the object from its name.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

from pantarhei.api import (
    rows_of_arrays,
    rows_of_data,
    rows_of_graph,
    rows_of_math,
    rows_of_training,
)

PACKAGE = __name__.partition(".")[0]

# Public namespaces and their docstrings. Those that are also packages with code ("layers") have
# the docstring there.
NAMESPACES = {
    "tf": None,
    "bitwise": "The bits of integers.",
    "compat": None,
    "debugging": "Assertions about tensors, and checks for NaN and infinity.",
    "dtypes": "The types of elements, and changing them.",
    "gfile": "Files and directories, with TensorFlow's names and errors.",
    "graph_util": "Graphs as messages: cut, frozen and imported.",
    "initializers": "Initial values of variables, and the operations that assign them.",
    "io": "Records and what they hold, graphs in files.",
    "layers": None,
    "linalg": "Products, factors, inverses, norms and diagonals of matrices.",
    "losses": None,
    "math": "Computations with numbers, element by element or along axes.",
    "nn": "Activations, losses, convolution, pooling, normalisation, embeddings, recurrence.",
    "nn.rnn_cell": "Cells of recurrent networks, and cells around cells.",
    "python": "Modules that programs import from `tensorflow.python`.",
    "python.client": "Modules that programs import from `tensorflow.python.client`.",
    "python.client.timeline": "Traces of runs for Chrome's viewer.",
    "python_io": "TFRecord files, written and read one record after the other.",
    "random": "Random tensors, with a state that the session keeps or with seeds as data.",
    "saved_model": "A folder with a graph, its variables, and its inputs and outputs.",
    "sparse": "Sparse tensors, under names without a prefix.",
    "strings": "Strings in tensors: joined, split and parsed.",
    "summary": "Summaries of tensors, their messages, and the files that they are written to.",
    "train": "Optimizers, schedules of learning rates, averages, checkpoints, threads.",
}


class Row(NamedTuple):
    """One public object.

    `module` is its module below the package, `maker` the function there that makes it from its name
    ("" for an object that the module holds), `paths` the namespaces and names under which it is
    public.
    """

    module: str
    maker: str
    name: str
    paths: tuple[tuple[str, str], ...]

    def resolve(self) -> Any:
        """The object.

        Raises:
          ImportError: the table names a module or an object that does not exist.
        """
        module = import_module(f"{PACKAGE}.{self.module}")
        if self.maker:
            return getattr(module, self.maker)(self.name)
        try:
            return getattr(module, self.name)
        except AttributeError:
            return import_module(f"{PACKAGE}.{self.module}.{self.name}")


def namespace_and_name(path: str, name: str) -> tuple[str, str]:
    """A path of a row, given the object's own name, as a namespace and the name in it."""
    if path in NAMESPACES:
        return path, name
    namespace, _, alias = path.rpartition(".")
    return namespace, alias


def parse(text: str) -> list[Row]:
    """The rows of a text in the table's form."""
    rows = []
    module = maker = ""
    for line in text.splitlines():
        if line[0] != " ":
            module, maker = line, ""
            if line.endswith("()"):
                module, _, maker = line[:-2].rpartition(".")
            continue
        name, *paths = line.split()
        name = name[:-1]
        rows.append(
            Row(module, maker, name, tuple(namespace_and_name(path, name) for path in paths))
        )
    return rows


ROWS = [
    row
    for rows in (rows_of_arrays, rows_of_data, rows_of_graph, rows_of_math, rows_of_training)
    for row in parse(rows.ROWS)
]

# The rows by namespace and by public name.
BY_NAMESPACE: dict[str, dict[str, Row]] = {namespace: {} for namespace in NAMESPACES}
for _row in ROWS:
    for _namespace, _name in _row.paths:
        BY_NAMESPACE[_namespace][_name] = _row


def module_name(namespace: str) -> str:
    """The module that a namespace is: "pantarhei.nn" for "nn"."""
    return PACKAGE if namespace == "tf" else f"{PACKAGE}.{namespace}"


def parent_and_name(namespace: str) -> tuple[str, str]:
    """The namespace around another one, and the name of that one there."""
    parent, _, name = namespace.rpartition(".")
    return parent or "tf", name


def public_names(namespace: str) -> list[str]:
    """All names in a namespace, sorted; the namespaces in it are among them."""
    inner = {
        name
        for parent, name in map(parent_and_name, NAMESPACES)
        if parent == namespace and name != "tf"
    }
    return sorted({*BY_NAMESPACE[namespace], *inner})


def exported_names(namespace: str) -> list[str]:
    """The names that `from namespace import *` imports.

    Private names are left out, and classes of messages, which need an optional library.
    """
    rows = BY_NAMESPACE[namespace]
    return [
        name
        for name in public_names(namespace)
        if name[0] != "_" and not (name in rows and rows[name].maker)
    ]
