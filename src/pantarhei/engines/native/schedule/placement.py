"""Placement: where values are computed, if not in a buffer of their own in C order.

Operands of a concatenation are computed in their part of it: nothing is copied. Thin matrices
(many rows, few columns) lie by columns: loops then run along the rows, whatever the columns are.
"""

from __future__ import annotations

from collections.abc import Mapping

from pantarhei.engines.native.codegen.ops import REDUCTIONS, TYPES, compiles, reduces
from pantarhei.engines.native.kernels.gemm import blas
from pantarhei.engines.native.machine import THIN_COLUMN_STEP, THIN_MOST_COLUMNS
from pantarhei.engines.native.passes.unchecked import is_unchecked
from pantarhei.engines.native.schedule.views import VIEWING, View
from pantarhei.passes.appender import users_of
from pantarhei.program.ir import Node, Program, Value


def is_product(node: Node) -> bool:
    """Whether BLAS can do it."""
    return node.kind == "matmul" and TYPES.get(node.types[0].dtype) in ("float", "double")


def is_placing(node: Node) -> bool:
    """Whether copies of the operands make up the result."""
    return node.kind in ("concatenate", "pad") and node.types[0].dtype in TYPES


def changes_base(node: Node) -> bool:
    """Whether a routine changes some elements of what it is given, and takes over the others."""
    return node.kind == "scatter" and is_unchecked(node)


def is_another_name(node: Node) -> bool:
    """Whether a result is the operand: a cast to the same dtype, a reduction along no axis."""
    if node.kind == "cast":
        return node.operands[0].type == node.types[0]
    return node.kind in REDUCTIONS and not node.attributes["axes"]


def is_nested(node: Node) -> bool:
    """Whether loops over elements compute it."""
    if node.primitive is None or is_another_name(node):
        return False
    return (node.primitive.elementwise and compiles(node)) or reduces(node)


def behind(value: Value) -> Value:
    """What a value shows, if it is a view of another one."""
    while value.node.kind in VIEWING or is_another_name(value.node):
        value = value.node.operands[0]
    return value


def placements(program: Program, sums: Mapping[Value, Value]) -> dict[Value, View]:
    """The views in which values are computed that do not have a whole buffer in C order.

    `sums`: values that are computed in the place of another one.
    """
    fixed = {behind(value) for value in program.outputs} | set(program.outputs)
    found = {value: View.whole(place, place.shape) for value, place in sums.items()}
    found.update((place, View.whole(place, place.shape)) for place in sums.values())
    for node in reversed(program.nodes):
        if node.kind == "concatenate" and is_placing(node):
            _claim(node, fixed, found)
    _bases(program, fixed, found)
    for node in program.nodes:
        value = Value(node)
        free = value not in fixed and value not in found
        if free and (is_nested(node) or is_product(node)):
            rows, columns = value.shape if len(value.shape) == 2 else (0, 0)
            of_weights = node.kind == "matmul" and node.attributes.get("transpose_x")
            if 1 < columns <= THIN_MOST_COLUMNS and rows and not of_weights:
                step = (rows // THIN_COLUMN_STEP + 1) * THIN_COLUMN_STEP
                found[value] = View(value, value.shape, (1, step))
    return found


def parts_of(node: Node, whole: View) -> list[View]:
    """Of each operand of a concatenation: where it is in the view of the result."""
    axis, start, parts = node.attributes["axis"], 0, []
    for operand in node.operands:
        first, end = [0] * len(whole.shape), list(whole.shape)
        first[axis], end[axis] = start, start + operand.shape[axis]
        parts.append(whole.slice(first, end, [1] * len(end)))
        start = end[axis]
    return parts


def _claim(node: Node, fixed: set[Value], found: dict[Value, View]) -> None:
    """Gives the operands of a concatenation their parts of it."""
    whole = found.get(Value(node), View.whole(Value(node), node.types[0].shape))
    for operand, part in zip(node.operands, parts_of(node, whole), strict=True):
        view: View | None = part
        while view is not None and (
            operand.node.kind == "reshape" or is_another_name(operand.node)
        ):
            operand = operand.node.operands[0]
            view = view.reshape(operand.shape)
        if view is None or operand in fixed or operand in found or 0 in view.shape:
            continue
        source = operand.node
        fits = is_product(source) and blas.matrix(view) is not None
        if fits or is_nested(source) or (source.kind == "concatenate" and is_placing(source)):
            found[operand] = view


def _bases(program: Program, fixed: set[Value], found: dict[Value, View]) -> None:
    """Gives what updates change, and nothing else takes, the place of the result."""
    users = users_of(program)
    for node in reversed(program.nodes):
        if not changes_base(node):
            continue
        base = node.operands[0]
        alone = len(users[base]) == 1 and node.operands.count(base) == 1
        free = alone and base not in fixed and base not in found
        if free and (is_nested(base.node) or changes_base(base.node)):
            found[base] = found.get(Value(node), View.whole(Value(node), base.shape))
