"""Public names that are imported when they are first used, so that `import pantarhei` is quick.

A program waits for what it needs: all of `tf.train`, `tf.layers` and their like are modules that it
may do without, and running a graph takes more than building one. `pantarhei/__init__.py` asks here
for names that it does not have.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pantarhei.core import messages
from pantarhei.graph.definitions.definition import REGISTRY

# The modules among the public names.
MODULES = {
    name: name
    for name in (
        *("bitwise", "debugging", "dtypes", "graph_util"),
        *("initializers", "io", "layers", "linalg", "losses", "math", "nn"),
        *("random", "sparse", "strings", "summary", "train"),
    )
} | {
    "app": "platform.app",
    "compat": "compat",
    "flags": "platform.flags",
    "gfile": "files.gfile",
    "logging": "platform.logging",
    "python_io": "files.python_io",
    "saved_model": "files.saved_model",
}

# Names of the package, and the modules that they come from.
OF_MODULES = {
    "ConfigProto": "runtime.config",
    "GPUOptions": "runtime.config",
    "GraphOptions": "runtime.config",
    "InteractiveSession": "runtime.session",
    "OptimizerOptions": "runtime.config",
    "RunOptions": "runtime.config",
    "Session": "runtime.session",
    "get_logger": "platform.logging",
    "import_graph_def": "graph_util",
}


def public_name(package: str, names: dict[str, Any], name: str) -> Any:
    """What the package has under a name that it has not imported; `names` are those it has.

    Raises:
      AttributeError: there is nothing.
    """
    if name in MODULES:
        names[name] = import_module(f"{package}.{MODULES[name]}")
        return names[name]
    if name in OF_MODULES:
        names[name] = getattr(import_module(f"{package}.{OF_MODULES[name]}"), name)
        return names[name]
    if name in messages.TOP_LEVEL:  # classes of protocol buffers
        return messages.message_class(name)
    raise AttributeError(f"module {package!r} has no attribute {name!r}")


def import_all(package: str) -> None:
    """Imports all modules of the package that have public names, and so define operations."""
    for module in (*MODULES.values(), "training_files"):
        import_module(f"{package}.{module}")


REGISTRY.import_rest = lambda: import_all("pantarhei")
