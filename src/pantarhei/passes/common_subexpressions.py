"""Common subexpressions: of applications that are equal, the first is kept for all.

Builders intern what they build; but what rules have rewritten may be there already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pantarhei.passes.appender import with_operands
from pantarhei.program.ir import FOLD_LIMIT, Node, Program, Value, freeze


def share_common_subexpressions(program: Program) -> tuple[Program, Mapping[str, int]]:
    """The program with equal nodes made one, and how many of each kind were there already.

    Operands of commutative primitives may stand in either order.
    """
    instead: dict[int, Node] = {}  # by the id of a node that goes
    known: dict[Any, Node] = {}  # the first node of a key
    exactly: dict[Any, Node] = {}  # the same with attributes, where several have the key
    shared: dict[str, int] = {}
    nodes: list[Node] = []
    for node in program.nodes:
        key = _key(node, instead)
        if key is None:
            nodes.append(node)
            continue
        kept = _renewed(node, instead) if instead else node
        first = known.setdefault(key, kept)
        if first is not kept and (node.attributes or first.attributes):
            exactly.setdefault((key, freeze(first.attributes)), first)
            first = exactly.setdefault((key, freeze(node.attributes)), kept)
        if first is kept:
            nodes.append(kept)
        else:
            instead[id(node)] = first
            shared[node.kind] = shared.get(node.kind, 0) + 1
    if not shared:
        return program, shared
    outputs = [_resolved(value, instead) for value in program.outputs]
    return Program(program.inputs, nodes, outputs), shared


def _key(node: Node, instead: Mapping[int, Node]) -> Any:
    """What equal nodes have in common, attributes aside; None for what is equal to nothing."""
    if node.primitive is not None:
        # Addresses of nodes lie further apart than a node has outputs.
        operands = [id(each.node) + each.index for each in node.operands]
        if instead:
            nodes = [instead.get(id(each.node), each.node) for each in node.operands]
            pairs = zip(nodes, node.operands, strict=True)
            operands = [id(each) + value.index for each, value in pairs]
        if node.primitive.commutative and operands[0] > operands[1]:
            operands.reverse()
        return node.primitive, *operands
    array = node.constant
    if array is None or array.dtype == object or array.size > FOLD_LIMIT:
        return None
    return array.dtype, array.shape, array.tobytes()


def _renewed(node: Node, instead: dict[int, Node]) -> Node:
    """The node with the operands that stay."""
    for operand in node.operands:
        if id(operand.node) in instead:
            break
    else:
        return node
    operands = tuple(_resolved(each, instead) for each in node.operands)
    renewed = with_operands(node, operands)
    instead[id(node)] = renewed
    return renewed


def _resolved(value: Value, instead: Mapping[int, Node]) -> Value:
    node = instead.get(id(value.node))
    return value if node is None else Value(node, value.index)
