"""Nodes written anew: the parts of a rewrite that every pass over programs has in common.

Unlike a builder, an appender neither interns nor folds: a pass decides which nodes there are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.program.ir import Node, Primitive, Program, Type, Value
from pantarhei.program.primitives import TABLE


def with_operands(node: Node, operands: tuple[Value, ...]) -> Node:
    """The same application of other operands, of the same types."""
    return Node(node.primitive, operands, node.attributes, node.types, node.origin)


class Appender:
    """Appends applications of primitives; `origin` is the origin of the new nodes.

    `now` maps values of the old program to the values that replace them.
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.origin: object = None
        self.now: dict[Value, Value] = {}

    def __call__(self, primitive: str | Primitive, *operands: Value, **attributes: Any) -> Value:
        """The first result of an application."""
        if isinstance(primitive, str):
            primitive = TABLE[primitive]
        types = primitive.type_rule(*(value.type for value in operands), **attributes)
        types = (types,) if isinstance(types, Type) else types
        self.nodes.append(Node(primitive, operands, attributes, types, self.origin))
        return Value(self.nodes[-1])

    def constant(self, number: float, dtype: Any) -> Value:
        """A scalar."""
        array = np.array(number, dtype)
        self.nodes.append(Node(None, (), {}, (Type(array.dtype, ()),), constant=array))
        return Value(self.nodes[-1])

    def current(self, value: Value) -> Value:
        """The value that replaces another one; itself where none does."""
        return self.now.get(value, value)

    def keep(self, node: Node) -> None:
        """Appends a node with current operands."""
        operands = tuple(map(self.current, node.operands))
        if operands != node.operands:
            self.replace(node, with_operands(node, operands))
        else:
            self.nodes.append(node)

    def replace(self, node: Node, made: Node) -> None:
        """Appends a node whose results replace those of another one."""
        self.nodes.append(made)
        self.now.update(zip(node.values, made.values, strict=True))

    def program(self, old: Program) -> Program:
        """The program of the appended nodes, with the inputs and the current outputs of the old."""
        return Program(old.inputs, self.nodes, list(map(self.current, old.outputs)))


def users_of(program: Program) -> dict[Value, list[Node]]:
    """The nodes that take a value, each once."""
    users: dict[Value, list[Node]] = {}
    for node in program.nodes:
        for operand in dict.fromkeys(node.operands):
            users.setdefault(operand, []).append(node)
    return users
