"""Writing a program anew for this engine: the same values by other primitives.

Respelled programs are not shown to anybody and not interned; they only say to fusion what it should
see. The modules that respell: tiles (pooling), skinny (small products), parts (slices).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.program.ir import Node, Program, Type, Value
from pantarhei.program.primitives import TABLE

# An attribute of applications that need not look for faults in their operands; see guards.py.
TRUSTING = "trusting"


class Appender:
    """Appends applications of primitives; what they are made for is their origin."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.origin: object = None

    def __call__(self, name: str, *operands: Value, **attributes: Any) -> Value:
        """The first result of an application."""
        primitive = TABLE[name]
        told = {each: value for each, value in attributes.items() if each != TRUSTING}
        type = primitive.type_rule(*(value.type for value in operands), **told)
        assert not isinstance(type, tuple)
        self.nodes.append(Node(primitive, operands, attributes, (type,), self.origin))
        return Value(self.nodes[-1])

    def keep(self, node: Node, now: dict[Value, Value]) -> None:
        """Appends a node, of what `now` has for its operands; notes what then stands for it."""
        operands = tuple(now.get(operand, operand) for operand in node.operands)
        if operands != node.operands:
            made = Node(node.primitive, operands, node.attributes, node.types, node.origin)
            now.update((Value(node, i), Value(made, i)) for i in range(len(node.types)))
            node = made
        self.nodes.append(node)

    def constant(self, number: float, dtype: Any) -> Value:
        """A scalar."""
        array = np.array(number, dtype)
        self.nodes.append(Node(None, (), {}, (Type(array.dtype, ()),), constant=array))
        return Value(self.nodes[-1])


def users_of(program: Program) -> dict[Value, list[Node]]:
    """The nodes that take a value, each once."""
    users: dict[Value, list[Node]] = {}
    for node in program.nodes:
        for operand in dict.fromkeys(node.operands):
            users.setdefault(operand, []).append(node)
    return users
