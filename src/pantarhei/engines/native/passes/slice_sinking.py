"""Slice sinking: what is only taken in slices is computed in slices, where they are used.

A slice of something elementwise is made of slices of its operands, so it joins the nest that uses
it: the gates of a recurrent cell are never stored together. Of a product whose rows or columns are
taken once in part, only that part is computed. The sum of a concatenation along another axis is the
concatenation of sums, each of which joins the nest that makes its operand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pantarhei.engines.native.schedule.placement import is_nested, is_placing, is_product
from pantarhei.passes.appender import Appender, users_of
from pantarhei.passes.driver import Pass, Rewritten
from pantarhei.passes.rewriting import Example
from pantarhei.program.ir import Node, Program, Value


def is_elementwise(node: Node) -> bool:
    """Whether loops compute each element from the operands' elements there."""
    return node.primitive is not None and node.primitive.elementwise and is_nested(node)


def _bounds(node: Node) -> list[tuple[int, int]] | None:
    """First and end along each axis of a slice without gaps."""
    attributes = node.attributes
    if any(step != 1 for step in attributes["step"]):
        return None
    return list(zip(attributes["start"], attributes["stop"], strict=True))


class _Sinking:
    """Goes through a program from the first node to the last."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.add = Appender()
        self.sunk: Counter[str] = Counter()
        self.users = users_of(program)
        self.outputs = set(program.outputs)
        self.sliced: set[int] = set()  # ids of elementwise nodes that are taken in slices only
        for node in reversed(program.nodes):
            if self._is_sliced(node):
                self.sliced.add(id(node))

    def _is_sliced(self, node: Node) -> bool:
        value = Value(node)
        users = self.users.get(value, [])
        if not is_elementwise(node) or value in self.outputs or not users:
            return False
        slices = [user for user in users if user.kind == "slice"]
        others = [user for user in users if user.kind != "slice"]
        if any(_bounds(user) is None or not user.types[0].size for user in slices):
            return False
        if any(
            id(user) not in self.sliced or user.types[0].shape != value.shape for user in others
        ):
            return False
        return sum(user.types[0].size for user in slices) <= value.size and len(others) < 2

    def run(self) -> Program:
        """The program with parts in the place of wholes."""
        for node in self.program.nodes:
            self.add.origin = node.origin
            made = self._made(node)
            if made is not None:
                self.sunk[node.kind] += 1
                self.add.now[Value(node)] = made
            elif id(node) not in self.sliced:
                self.add.keep(node)
        return self.add.program(self.program)

    def _made(self, node: Node) -> Value | None:
        if node.kind == "slice" and node.types[0].size and (bounds := _bounds(node)) is not None:
            source = node.operands[0]
            if id(source.node) in self.sliced:
                return self._part(source, bounds)
            if self._is_taken_once(source):
                return self._narrow(source.node, bounds)
        if node.kind == "sum" and is_nested(node):
            source = node.operands[0]
            if source.node.kind == "concatenate" and is_placing(source.node):
                return self._summed(node, source.node)
        return None

    def _part(self, value: Value, bounds: Sequence[tuple[int, int]]) -> Value:
        """A slice of a value, which may be repeated along axes in front and of extent 1."""
        here = list(bounds)[len(bounds) - len(value.shape) :]
        pairs = zip(here, value.shape, strict=True)
        here = [pair if extent != 1 else (0, 1) for pair, extent in pairs]
        node = value.node
        if id(node) in self.sliced:
            assert node.primitive is not None
            operands = [self._part(operand, here) for operand in node.operands]
            return self.add(node.primitive, *operands, **node.attributes)
        source = self.add.current(value)
        if all(pair == (0, extent) for pair, extent in zip(here, value.shape, strict=True)):
            return source
        start, stop = zip(*here, strict=True)
        return self.add("slice", source, start=start, stop=stop, step=(1,) * len(here))

    def _is_taken_once(self, value: Value) -> bool:
        fits = is_product(value.node) and len(value.shape) == 2
        return fits and value not in self.outputs and len(self.users[value]) == 1

    def _narrow(self, node: Node, bounds: Sequence[tuple[int, int]]) -> Value:
        """Rows and columns of a product: the product of these rows and columns."""
        operands = []
        for index, name in enumerate(("transpose_x", "transpose_y")):
            operand = node.operands[index]
            axis = index ^ bool(node.attributes.get(name))
            taken = [(0, extent) for extent in operand.shape]
            taken[axis] = bounds[index]
            operands.append(self._part(operand, taken))
        attributes: dict[str, Any] = dict(node.attributes)
        return self.add("matmul", *operands, **attributes)

    def _summed(self, node: Node, joined: Node) -> Value | None:
        """The sum of a concatenation by its parts."""
        axis, axes = joined.attributes["axis"], node.attributes["axes"]
        parts = list(map(self.add.current, joined.operands))
        if axis in axes or not all(is_nested(part.node) for part in parts):
            return None
        sums = [self.add("sum", part, axes=axes) for part in parts]
        return self.add("concatenate", *sums, axis=axis - sum(each < axis for each in axes))


def sink_slices(program: Program) -> Rewritten:
    """The program with slices computed where they are used, and how many of which kind."""
    if not {node.kind for node in program.nodes} & {"slice", "concatenate"}:
        return program, {}
    sinking = _Sinking(program)
    return sinking.run(), sinking.sunk


PASS = Pass(
    "slice sinking",
    sink_slices,
    Example(
        "x: float32[4]",
        "slice(exp(x), start=(0,), stop=(2,), step=(1,))",
        "exp(slice(x, start=(0,), step=(1,), stop=(2,)))",
    ),
)
