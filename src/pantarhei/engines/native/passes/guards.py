"""Programs whose faults in data are looked for before anything lasting is done.

A primitive that follows indices may find that one of them leads nowhere; whole numbers cannot be
divided by 0. Where such a primitive runs by its reference, that raises the error. In a guarded
program a guard looks first, and the primitive trusts its operands; a run that a guard has stopped
is run again in the other way, which then tells all.
"""

from __future__ import annotations

from pantarhei.engines.native.codegen.ops import DIVISIONS, TYPES, WHOLE, types_of
from pantarhei.engines.native.codegen.scalar import FLOATS
from pantarhei.engines.native.kernels.routines import COMBINE
from pantarhei.engines.native.passes.rewriting import TRUSTING, Appender
from pantarhei.program.ir import Node, Program, Value
from pantarhei.program.primitives import TABLE

# Of every part of an index: the least number, and the one that is too large.
Limits = tuple[tuple[int, int], ...]


def limits_of(node: Node) -> tuple[Value, Limits] | None:
    """What a guard of a primitive that follows indices looks at; None if it is none of these."""
    if node.kind == "check_range":
        numbers = node.operands[0]
        limits: Limits = ((node.attributes.get("low", 0), node.attributes["limit"]),)
    elif node.kind == "gather":
        array, numbers = node.operands
        limits = ((0, array.shape[node.attributes["axis"]]),)
    elif node.kind == "gather_nd":
        array, numbers = node.operands
        limits = tuple((0, extent) for extent in array.shape[: numbers.shape[-1]])
    elif node.kind == "scatter":
        array, numbers, _ = node.operands
        types, _ = COMBINE.get(node.attributes["combine"], (frozenset(), None))
        if TYPES.get(array.dtype) not in types:
            return None
        limits = tuple((0, extent) for extent in array.shape[: numbers.shape[-1]])
    else:
        return None
    if TYPES.get(numbers.dtype) not in WHOLE:
        return None
    # Where there is no first element, a wrong index has nowhere to lead to meanwhile.
    empty = node.kind != "check_range" and 0 in node.operands[0].shape
    return None if empty or not limits else (numbers, limits)


# Those that do nothing but look.
CHECKS = frozenset({"check_range", "check_finite"})


def fault_of(node: Node, operands: tuple[Value, ...], append: Appender) -> Value | None:
    """Appends what is true where a primitive has a fault; None if machine code cannot tell."""
    if node.kind == "check_finite" and TYPES.get(operands[0].dtype) in FLOATS:
        return append("logical_not", append("isfinite", operands[0]))
    if _divides(node):
        return append("equal", operands[1], append.constant(0, operands[1].dtype))
    if node.kind == "random_uniform_int" and has_state(node):
        drawn = TYPES.get(operands[1].dtype) in WHOLE and 0 not in node.types[0].shape
        return append("less_equal", operands[2], operands[1]) if drawn else None
    return None


def _divides(node: Node) -> bool:
    """Whether a node divides whole numbers by others that are not known."""
    types = types_of(node)
    known = node.kind in DIVISIONS and types is not None and types[0][0] in WHOLE
    return known and node.operands[1].constant is None


def has_state(node: Node) -> bool:
    """Whether the state that a node draws from is an input."""
    state = node.operands[0].node
    return state.primitive is None and state.constant is None


def is_guard(node: Node) -> bool:
    """Whether a node of a guarded program only looks."""
    return "guarded_limits" in node.attributes


def is_trusting(node: Node) -> bool:
    """Whether a node of a guarded program need not look at its indices."""
    return TRUSTING in node.attributes


def guarded(program: Program) -> Program:
    """The program with guards where there can be any; itself where it needs none."""
    if not any(node.primitive is not None and node.primitive.faults for node in program.nodes):
        return program
    now: dict[Value, Value] = {}
    respelled = Appender()
    for node in program.nodes:
        respelled.origin = node.origin
        if not _guarded(node, now, respelled):
            respelled.keep(node, now)
    outputs = [now.get(value, value) for value in program.outputs]
    return Program(program.inputs, respelled.nodes, outputs)


def _guarded(node: Node, now: dict[Value, Value], append: Appender) -> bool:
    """Appends a guard and the node, which then trusts; False if it needs none or none can be."""
    operands = tuple(now.get(operand, operand) for operand in node.operands)
    found = limits_of(node)
    if found is not None:
        _look(now.get(found[0], found[0]), found[1], append)
    else:
        fault = fault_of(node, operands, append)
        if fault is None:
            return False
        some = append("any", fault, axes=tuple(range(len(fault.shape)))) if fault.shape else fault
        _look(some, ((0, 1),), append)
        if node.kind in DIVISIONS:
            # What would stop the processor must not be met, even before somebody looks.
            one = append.constant(1, operands[1].dtype)
            operands = (operands[0], append("where", fault, one, operands[1]))
    if node.kind in CHECKS:
        now[Value(node)] = operands[0]
        return True
    attributes = {**node.attributes, TRUSTING: True}
    append.nodes.append(Node(node.primitive, operands, attributes, node.types, node.origin))
    now[Value(node)] = Value(append.nodes[-1])
    return True


def _look(numbers: Value, limits: Limits, append: Appender) -> None:
    attributes = {"guarded_limits": limits}
    append.nodes.append(
        Node(TABLE["check_range"], (numbers,), attributes, (numbers.type,), append.origin)
    )
