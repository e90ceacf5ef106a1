"""Dead code: nodes whose results nobody takes, and that cannot find a fault in the data.

Gradients bring many: what flows to a feed, or to a constant, is computed with what flows to the
variables, and runs wait for it without taking it. Inputs stay, used or not.
"""

from __future__ import annotations

from collections.abc import Mapping

from pantarhei.program.ir import Program


def remove_dead_code(program: Program) -> tuple[Program, Mapping[str, int]]:
    """The program without dead nodes, and how many of them there were of each kind."""
    alive = {id(value.node) for value in program.outputs}
    alive.update([id(value.node) for value in program.inputs])
    nodes = []
    removed: dict[str, int] = {}
    for node in reversed(program.nodes):
        if id(node) in alive or (
            node.primitive is not None and node.primitive.faults and node.may_fault
        ):
            nodes.append(node)
            for operand in node.operands:
                alive.add(id(operand.node))
        else:
            removed[node.kind] = removed.get(node.kind, 0) + 1
    if not removed:
        return program, removed
    nodes.reverse()
    return Program(program.inputs, nodes, program.outputs), removed
