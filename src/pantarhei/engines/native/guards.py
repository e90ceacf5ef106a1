"""Programs whose faults in data are looked for before anything lasting is done.

A primitive that follows indices may find that one of them leads nowhere. Where it runs by its NumPy
meaning it says so itself. In a guarded program a guard looks at the indices first, and the
primitive trusts them; a run that a guard has stopped is run again in the other way, which then
tells all.
"""

from __future__ import annotations

from pantarhei.engines.native.operations import TYPES, WHOLE
from pantarhei.engines.native.respell import Appender
from pantarhei.engines.native.routines import COMBINE
from pantarhei.program.ir import Node, Program, Value
from pantarhei.program.primitives import TABLE

# Of every part of an index: the least number, and the one that is too large.
Limits = tuple[tuple[int, int], ...]


def limits_of(node: Node) -> tuple[Value, Limits] | None:
    """What a guard of a primitive looks at; None if machine code has no guard for it."""
    if node.kind == "check_range":
        numbers = node.operands[0]
        limits: Limits = ((node.attributes.get("low", 0), node.attributes["limit"]),)
    elif node.kind == "gather":
        array, numbers = node.operands
        limits = ((0, array.shape[node.attributes["axis"]]),)
    elif node.kind == "scatter":
        array, numbers, _ = node.operands
        if node.attributes["combine"] not in COMBINE or array.dtype not in TYPES:
            return None
        limits = tuple((0, extent) for extent in array.shape[: numbers.shape[-1]])
    else:
        return None
    if TYPES.get(numbers.dtype) not in WHOLE:
        return None
    # Where there is no first element, a wrong index has nowhere to lead to meanwhile.
    empty = node.kind != "check_range" and 0 in node.operands[0].shape
    return None if empty or not limits else (numbers, limits)


def is_guard(node: Node) -> bool:
    """Whether a node of a guarded program only looks."""
    return "guarded_limits" in node.attributes


def is_trusting(node: Node) -> bool:
    """Whether a node of a guarded program need not look at its indices."""
    return "trusting" in node.attributes


def guarded(program: Program) -> Program:
    """The program with guards where there can be any; itself where it needs none."""
    if not any(map(limits_of, program.nodes)):
        return program
    now: dict[Value, Value] = {}
    respelled = Appender()
    for node in program.nodes:
        found = limits_of(node)
        if found is None:
            respelled.keep(node, now)
            continue
        numbers, limits = now.get(found[0], found[0]), found[1]
        attributes = {"guarded_limits": limits}
        respelled.nodes.append(
            Node(TABLE["check_range"], (numbers,), attributes, (numbers.type,), node.origin)
        )
        if node.kind == "check_range":
            now[Value(node)] = numbers
            continue
        operands = tuple(now.get(operand, operand) for operand in node.operands)
        trusting = {**node.attributes, "trusting": True}
        respelled.nodes.append(Node(node.primitive, operands, trusting, node.types, node.origin))
        now[Value(node)] = Value(respelled.nodes[-1])
    outputs = [now.get(value, value) for value in program.outputs]
    return Program(program.inputs, respelled.nodes, outputs)
