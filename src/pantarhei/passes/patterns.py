"""Patterns: shapes of expressions, written as text, that values of a program may have.

`add(x, negative(y))` is a sum whose second operand is a negation. A name stands for any value, the
same name for the same value; a name that starts with `constant` for a constant; a number for a
constant all of whose elements are that number (0 and -0.0 are two numbers); dots for any operands,
of which one is as what follows them says. Operands of commutative primitives may stand in either
order. This module finds expressions; it does not rewrite them.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pantarhei.program.builder import FOLD_LIMIT
from pantarhei.program.ir import Array, Node, Primitive, Value
from pantarhei.program.primitives import TABLE

Bound = dict[str, Value]


@dataclass(frozen=True)
class Name:
    """Any value, or any constant; twice the same name is the same value."""

    name: str
    constant: bool


@dataclass(frozen=True)
class Number:
    """A constant of one number."""

    number: float


@dataclass(frozen=True)
class Application:
    """A primitive, of operands that fit the patterns; `anywhere` among others where it says so."""

    primitive: Primitive
    operands: tuple[Pattern, ...]
    anywhere: bool = False


Pattern = Name | Number | Application


def parsed(text: str) -> Pattern:
    """The pattern that a text says.

    Raises:
      ValueError: the text is not made of names, numbers and applications of primitives.
    """
    return _pattern(ast.parse(text, mode="eval").body)


def _pattern(tree: ast.expr) -> Pattern:
    match tree:
        case ast.Name(id=name):
            return Name(name, name.startswith("constant"))
        case ast.Constant(value=bool() | int() | float() as number):
            return Number(number)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return Number(-number)
        case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=dots), *rest]) if (
            dots is ...
        ):
            return Application(TABLE[name], tuple(map(_pattern, rest)), anywhere=True)
        case ast.Call(func=ast.Name(id=name), args=operands, keywords=[]):
            return Application(TABLE[name], tuple(map(_pattern, operands)))
    raise ValueError(f"no pattern: {ast.unparse(tree)}")


def orders(pattern: Pattern) -> Iterator[Pattern]:
    """The pattern with the operands of commutative primitives in every order."""
    if not isinstance(pattern, Application) or pattern.anywhere:
        yield pattern
        return
    for operands in itertools.product(*map(orders, pattern.operands)):
        yield Application(pattern.primitive, operands)
        if pattern.primitive.commutative and operands[0] != operands[1]:
            yield Application(pattern.primitive, operands[::-1])


def fits(pattern: Pattern, value: Value, bound: Bound) -> bool:
    """Whether a value is as the pattern says, given what its names stand for; adds to them."""
    if isinstance(pattern, Name):
        if pattern.constant and value.node.constant is None:
            return False
        first = bound.setdefault(pattern.name, value)
        return first is value or first == value or _are_equal_constants(first, value)
    if isinstance(pattern, Number):
        array = value.node.constant
        return array is not None and is_all(array, pattern.number)
    return value.node.primitive is pattern.primitive and operands_fit(pattern, value.node, bound)


def operands_fit(pattern: Application, node: Node, bound: Bound) -> bool:
    """Whether the operands of an application are as the pattern says."""
    if pattern.anywhere:
        return all(any(fits(p, each, bound) for each in node.operands) for p in pattern.operands)
    if len(pattern.operands) != len(node.operands):
        return False
    for each, operand in zip(pattern.operands, node.operands, strict=True):
        if not fits(each, operand, bound):
            return False
    return True


def _are_equal_constants(x: Value, y: Value) -> bool:
    a, b = x.node.constant, y.node.constant
    if a is None or b is None or a.dtype == object or a.size > FOLD_LIMIT or x.type != y.type:
        return False
    return a.tobytes() == b.tobytes()


def binder(pattern: Application) -> Callable[[Node], Bound | None]:
    """A function from an application to the values of a pattern's names; None if it does not fit.

    The operand that makes the pattern worth trying is taken to be as it says.
    """
    names = [each.name for each in pattern.operands if isinstance(each, Name) and not each.constant]
    if pattern.anywhere and all(isinstance(each, Name) for each in pattern.operands):
        return lambda node: {}
    if not pattern.anywhere and len(set(names)) == len(pattern.operands):
        return lambda node: dict(zip(names, node.operands, strict=True))

    def bind(node: Node) -> Bound | None:
        bound: Bound = {}
        return bound if operands_fit(pattern, node, bound) else None

    return bind


def is_all(array: Array, number: float) -> bool:
    """Whether there are elements, and all of them are that number, the sign of zero included."""
    if array.dtype.kind not in "biuf" or not 0 < array.size <= FOLD_LIMIT:
        return False
    if array.flat[0] != number:
        return False
    if array.size > 1 and not (array == array.flat[0]).all():
        return False
    if number == 0 and array.dtype.kind == "f":
        signs = np.signbit(array)
        return bool(signs.all() if np.signbit(number) else not signs.any())
    return True


def uniform(array: Array) -> Any:
    """The element that all are, bit by bit; None where they differ, are none or very many."""
    if not 0 < array.size <= FOLD_LIMIT or array.dtype == object:
        return None
    flat = np.ascontiguousarray(array).reshape(-1)
    if flat[0] != flat[-1]:
        return None
    words = flat.view(np.uint8).reshape(flat.size, -1)
    return flat[0] if (words == words[0]).all() else None


def written(text: str) -> Callable[[Any, Mapping[str, Value]], Value]:
    """What builds the expression that a text says from values by name.

    Numbers take the dtype of the first value beside them.
    """
    expression = _pattern(ast.parse(text, mode="eval").body)

    def build(builder: Any, bound: Mapping[str, Value]) -> Value:
        return _built(expression, builder, bound)

    return build


def _built(expression: Pattern, builder: Any, bound: Mapping[str, Value]) -> Any:
    if isinstance(expression, Name):
        return bound[expression.name]
    if isinstance(expression, Number):
        return expression.number
    operands = [_built(each, builder, bound) for each in expression.operands]
    return builder.apply(expression.primitive, operands, {})
