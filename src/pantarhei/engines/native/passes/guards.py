"""Guards: faults in data are found before anything persistent is written.

An index may be out of range; whole numbers cannot be divided by 0. The reference implementation of
a primitive checks that itself. In a guarded program a guard runs first and the application is
unchecked; a run that a guard has stopped is repeated unbound, which reports the fault.
"""

from __future__ import annotations

from collections import Counter

from pantarhei.engines.native.codegen.ops import DIVISIONS, TYPES, WHOLE, types_of
from pantarhei.engines.native.codegen.values import FLOATS
from pantarhei.engines.native.kernels.routines import COMBINE
from pantarhei.engines.native.passes.unchecked import GUARD, UNCHECKED, Limits, unchecked
from pantarhei.passes.appender import Appender
from pantarhei.passes.driver import Pass, Rewritten
from pantarhei.passes.rewriting import Example
from pantarhei.program.ir import Node, Program, Value


def limits_of(node: Node) -> tuple[Value, Limits] | None:
    """What a guard of a primitive that follows indices checks; None if it is none of these."""
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
    # A wrong index reads the first element until the guard stops the run; here there is none.
    empty = node.kind != "check_range" and 0 in node.operands[0].shape
    return None if empty or not limits else (numbers, limits)


# Those that only check.
CHECKS = frozenset({"check_range", "check_finite"})


def fault_of(node: Node, operands: tuple[Value, ...], append: Appender) -> Value | None:
    """Appends what is true where a primitive has a fault; None without machine code for that."""
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


def insert_guards(program: Program) -> Rewritten:
    """The program with guards before all that may have a fault; itself where nothing has.

    How many guards there are is counted by the primitive that they check.
    """
    guards: Counter[str] = Counter()
    if not any(node.primitive is not None and node.primitive.faults for node in program.nodes):
        return program, guards
    append = Appender()
    for node in program.nodes:
        append.origin = node.origin
        if _guarded(node, append):
            guards[node.kind] += 1
        else:
            append.keep(node)
    return append.program(program), guards


def _guarded(node: Node, append: Appender) -> bool:
    """Appends a guard and the node, unchecked; False if it needs no guard or none is possible."""
    operands = tuple(map(append.current, node.operands))
    found = limits_of(node)
    if found is not None:
        append(GUARD, append.current(found[0]), limits=found[1])
    else:
        fault = fault_of(node, operands, append)
        if fault is None:
            return False
        some = append("any", fault, axes=tuple(range(len(fault.shape)))) if fault.shape else fault
        append(GUARD, some, limits=((0, 1),))
        if node.kind in DIVISIONS:
            # A divisor of 0 would trap; no guard has run yet when a division is computed.
            one = append.constant(1, operands[1].dtype)
            operands = (operands[0], append("where", fault, one, operands[1]))
    if node.kind in CHECKS:
        append.now[Value(node)] = operands[0]
        return True
    attributes = {**node.attributes, UNCHECKED: True}
    made = Node(unchecked(node.kind), operands, attributes, node.types, node.origin)
    append.replace(node, made)
    return True


PASS = Pass(
    "guards",
    insert_guards,
    Example(
        "x: float32[3]; i: int32[2]",
        "gather(x, i, axis=0)",
        "gather(x, i, axis=0, unchecked=True)",
    ),
)
