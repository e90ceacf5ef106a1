"""Nested structures of lists, tuples, named tuples and dicts: flattened, rebuilt, mapped, compared.

Dicts count in the order of their sorted keys, as TensorFlow's do. Everything else is a leaf.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any


def is_nested(value: Any) -> bool:
    """Whether `value` has parts: a list, tuple or dict."""
    return isinstance(value, (list, tuple, Mapping))


def _parts(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [value[key] for key in sorted(value)]
    return list(value)


def flatten(structure: Any) -> list[Any]:
    """The leaves in order; a leaf alone gives a list of itself.

    >>> flatten([1, (2, {"b": 4, "a": 3})])
    [1, 2, 3, 4]
    """
    if not is_nested(structure):
        return [structure]
    return [leaf for part in _parts(structure) for leaf in flatten(part)]


def _rebuilt(structure: Any, leaves: Iterator[Any]) -> Any:
    if not is_nested(structure):
        return next(leaves)
    if isinstance(structure, Mapping):
        values = {key: _rebuilt(structure[key], leaves) for key in sorted(structure)}
        kind: Any = type(structure)
        return kind((key, values[key]) for key in structure)
    parts = [_rebuilt(part, leaves) for part in structure]
    if hasattr(structure, "_fields"):
        return type(structure)(*parts)
    return type(structure)(parts)


def pack(structure: Any, leaves: Iterable[Any]) -> Any:
    """The structure with other leaves.

    Raises:
      ValueError: if there are more or fewer leaves than the structure has.

    >>> pack([0, (0, 0)], [1, 2, 3])
    [1, (2, 3)]
    """
    leaves = list(leaves)
    expected = len(flatten(structure))
    if len(leaves) != expected:
        raise ValueError(
            f"Structure had {expected} elements, but flat_sequence had {len(leaves)} elements."
        )
    return _rebuilt(structure, iter(leaves))


def map_structure(function: Callable[..., Any], *structures: Any) -> Any:
    """The first structure, with `function` of the corresponding leaves of all in place of leaves.

    >>> map_structure(lambda x, y: x + y, {"a": 1}, {"a": 2})
    {'a': 3}
    """
    for other in structures[1:]:
        assert_same_structure(structures[0], other)
    results = [function(*leaves) for leaves in zip(*map(flatten, structures), strict=True)]
    return pack(structures[0], results)


def assert_same_structure(one: Any, two: Any, check_types: bool = True) -> None:
    """Raises ValueError if two structures differ in shape, TypeError if their parts do in type."""
    if is_nested(one) != is_nested(two):
        nested, single = (one, two) if is_nested(one) else (two, one)
        raise ValueError(
            f"The two structures don't have the same nested structure.\n\nFirst structure: "
            f"{one!r}\n\nSecond structure: {two!r}\n\nMore specifically: {nested!r} is nested, "
            f"{single!r} is not."
        )
    if not is_nested(one):
        return
    if check_types and type(one) is not type(two):
        raise TypeError(
            "The two structures don't have the same sequence type. First structure has type "
            f"{type(one)}, while second structure has type {type(two)}."
        )
    if isinstance(one, Mapping) and set(one) != set(two):
        raise ValueError(
            "The two dictionaries don't have the same set of keys. First structure has "
            f"{sorted(one)}, while second structure has {sorted(two)}."
        )
    parts, others = _parts(one), _parts(two)
    if len(parts) != len(others):
        raise ValueError(
            "The two structures don't have the same number of elements. First structure: "
            f"{one!r}. Second structure: {two!r}."
        )
    for part, other in zip(parts, others, strict=True):
        assert_same_structure(part, other, check_types)
