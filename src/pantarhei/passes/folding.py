"""The table of folding: what is known before the program runs, and what is the same everywhere.

Builders fold small constants already; what rules have made constant folds too, as it is rewritten.
Here constants that are one number become that number, and elementwise functions of values that are
broadcast are computed before they are.
"""

from __future__ import annotations

from pantarhei.passes.patterns import uniform
from pantarhei.passes.rewriting import Example, Rule, Rules
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Node, Value
from pantarhei.program.primitives import TABLE as PRIMITIVES
from pantarhei.program.primitives.elementwise import broadcast

ELEMENTWISE = [name for name, primitive in PRIMITIVES.items() if primitive.elementwise]


def _one_number(b: Builder, node: Node, **_: Value) -> Value | None:
    """Constants that are one number everywhere, as that number; others decide the shape."""
    if len(node.operands) < 2:  # nobody else does
        return None
    for operand in node.operands:
        if operand.node.constant is not None and operand.node.constant.ndim:
            break
    else:
        return None
    operands = list(node.operands)
    for place, operand in enumerate(operands):
        array = operand.node.constant
        if array is None or not array.ndim:
            continue
        others = (each.shape for each in (*operands[:place], *operands[place + 1 :]))
        number = uniform(array) if broadcast(*others) == node.types[0].shape else None
        if number is not None:
            operands[place] = b.constant(number, array.dtype)
    return None if operands == list(node.operands) else _applied(b, node, operands)


def _before_broadcast(b: Builder, node: Node, x: Value) -> Value | None:
    """The operands as they were before they were broadcast; the result is, where it has to be."""
    if node.may_fault:  # there may be nothing to find it in, after it is broadcast
        return None
    operands = [
        each.node.operands[0] if each.node.kind == "broadcast_to" else each
        for each in node.operands
    ]
    return _applied(b, node, operands)


def _applied(b: Builder, node: Node, operands: list[Value]) -> Value:
    assert node.primitive is not None
    value: Value = b.apply(node.primitive, operands, node.attributes)
    return value


TABLE = Rules(
    [
        Rule(
            "constant of one number",
            tuple(f"{name}(..., constant)" for name in ELEMENTWISE),
            _one_number,
            Example(
                "x: float32[2,3]", "multiply(x, constant([2.0, 2.0, 2.0]))", "multiply(x, 2.0)"
            ),
        ),
        Rule(
            "function of what is broadcast",
            tuple(f"{name}(..., broadcast_to(x))" for name in ELEMENTWISE),
            _before_broadcast,
            Example(
                "x: float32[3]; y: float32[2,3]",
                "add(broadcast_to(x, shape=(2, 3)), y)",
                "add(x, y)",
            ),
        ),
    ]
)
