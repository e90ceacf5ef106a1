"""The public namespaces as modules, whose names are imported when they are first used."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from pantarhei.api import table
from pantarhei.api.registrations import COMPANIONS


def install() -> None:
    """Makes all namespaces: new modules, or attributes of the packages that exist already."""
    for namespace, docstring in table.NAMESPACES.items():
        name = table.module_name(namespace)
        if docstring is None:
            module = import_module(name)
        else:
            module = ModuleType(name, docstring)
            module.__spec__ = ModuleSpec(name, None)
            sys.modules[name] = module
        if namespace != "tf":
            parent, attribute = table.parent_and_name(namespace)
            setattr(sys.modules[table.module_name(parent)], attribute, module)
        _attach(module, namespace)


def _attach(module: ModuleType, namespace: str) -> None:
    """Gives a module the names of a namespace."""
    rows = table.BY_NAMESPACE[namespace]

    def resolve(name: str) -> Any:
        row = rows.get(name)
        if row is None:
            if name == "__all__":  # rarely needed, so it is not computed for every import
                return table.exported_names(namespace)
            raise AttributeError(_missing(module.__name__, namespace, name))
        if row.module in COMPANIONS:
            import_module(f"{table.PACKAGE}.{COMPANIONS[row.module]}")
        value = row.resolve()
        if not row.maker:  # makers cache what they make
            setattr(module, name, value)
        return value

    vars(module)["__getattr__"] = resolve
    vars(module)["__dir__"] = lambda: table.public_names(namespace)


def _missing(module: str, namespace: str, name: str) -> str:
    """The message for a name that does not exist, with the nearest one that does."""
    message = f"module {module!r} has no attribute {name!r}"
    if name[:1] == "_":
        return message
    import difflib  # only a mistake needs it

    # Programs also look names up to see whether they exist: few are compared, which is quick.
    similar = [
        each
        for each in table.public_names(namespace)
        if each[:1] == name[:1] and abs(len(each) - len(name)) < 3
    ]
    near = difflib.get_close_matches(name, similar, n=1, cutoff=0.8)
    return f"{message}; did you mean {near[0]!r}?" if near else message
