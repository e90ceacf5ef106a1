"""Guards, and applications whose operands guards have checked, as words of the program language.

A guard returns its operand, whole numbers, and has a fault where one of them is out of its limits.
An unchecked application is the primitive of that name with one more attribute, `unchecked`: guards
run before it, so that it has no fault. Both have type rules, so guarded programs verify.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from pantarhei.program.ir import ANY_KIND, Array, Node, Primitive, ProgramError, Type
from pantarhei.program.primitives import TABLE

# Of every part of an index: the least number, and the one that is too large.
Limits = tuple[tuple[int, int], ...]

UNCHECKED = "unchecked"


def _guard(x: Array, *, limits: Limits) -> Array:
    parts = np.reshape(x, (-1, len(limits)))
    for part, (low, limit) in zip(parts.T, limits, strict=True):
        if np.any((part < low) | (part >= limit)):
            raise ProgramError(f"a guard found a number that is not in [{low}, {limit})")
    return x


def _guard_type(x: Type, *, limits: Limits) -> Type:
    if not limits or (len(limits) > 1 and x.shape[-1] != len(limits)):
        raise ProgramError(f"a guard of {x} has {len(limits)} pairs of limits")
    return x


GUARD = Primitive("guard", _guard_type, _guard, faults=ANY_KIND)


@cache
def unchecked(name: str) -> Primitive:
    """The primitive of a name for operands that guards have checked."""
    checked = TABLE[name]

    def type_rule(*types: Type, unchecked: bool, **attributes: Any) -> Type | tuple[Type, ...]:
        return checked.type_rule(*types, **attributes)

    def meaning(*arrays: Array, unchecked: bool, **attributes: Any) -> Any:
        return checked.meaning(*arrays, **attributes)

    return Primitive(name, type_rule, meaning, checked.elementwise, checked.commutative)


def is_unchecked(node: Node) -> bool:
    """Whether guards have checked the operands of a node."""
    return UNCHECKED in node.attributes


def is_guard(node: Node) -> bool:
    """Whether a node is a guard."""
    return node.primitive is GUARD
