"""Checks a program against the rules of the language: order of definition, types, constants.

With PANTARHEI_VERIFY set, sessions call it on lowered programs, and passes after each change.
"""

from __future__ import annotations

from pantarhei.program.ir import Array, Node, Program, Type, numbered, show


class VerificationError(Exception):
    """A program breaks a rule of the language; raised by `verify`, never by running."""


def verify(program: Program) -> None:
    """Checks every rule of the language.

    Raises:
      VerificationError: naming the node, where a value is used before it is made, a node's types
        are
        not those its rule gives, a constant does not fit its type, a node appears twice, or an
        input is not among the nodes.
    """
    seen: set[int] = set()
    for index, node in numbered(program):
        fault = _fault_of(node, seen)
        if fault is not None:
            shown = _shown_or_counted(program)
            raise VerificationError(f"{fault}: %{index} ({node.kind}) of\n{shown}")
        seen.add(id(node))
    for kind, values in (("input", program.inputs), ("output", program.outputs)):
        for value in values:
            if id(value.node) not in seen:
                raise VerificationError(f"An {kind} is not among the nodes: {value}")
    if len({id(value.node) for value in program.inputs}) != len(program.inputs):
        raise VerificationError("An input is listed twice.")


def _fault_of(node: Node, seen: set[int]) -> str | None:
    """Which rule a node breaks, given the nodes before it."""
    if id(node) in seen:
        return "A node is listed twice"
    for operand in node.operands:
        if id(operand.node) not in seen:
            return "An operand is used before it is made"
        if operand.index >= len(operand.node.types):
            return "An operand names an output that is not there"
    if node.primitive is not None:
        types = node.primitive.type_rule(*(v.type for v in node.operands), **node.attributes)
        expected = (types,) if isinstance(types, Type) else tuple(types)
        if expected != node.types:
            return f"Expected types {expected}, found {node.types}"
    elif node.constant is not None and _type_of(node.constant) != node.types[0]:
        return "A constant is not of its type"
    return None


def _shown_or_counted(program: Program) -> str:
    try:
        return show(program)
    except KeyError:
        return f"a program of {len(program.nodes)} nodes that cannot be printed"


def _type_of(array: Array) -> Type:
    return Type(array.dtype, array.shape)
