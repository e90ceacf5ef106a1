"""Decomposition of small-K matrix products into sums of a few terms, which join loop nests.

A product over an inner extent of a few is that many multiplications and additions for each element:
bias, activation and gradient are then computed in the same pass. A product that sums over a long
extent to a few rows (the gradient of such weights) is one reduction for each row. Only extents that
come from features decide, never the number of examples, which is the inner extent of x^T y: so
another batch size needs no other code.
"""

from __future__ import annotations

from pantarhei.engines.native.codegen.ops import TYPES
from pantarhei.engines.native.schedule.placement import is_nested
from pantarhei.passes.appender import Appender
from pantarhei.passes.driver import Pass, Rewritten
from pantarhei.passes.rewriting import Example
from pantarhei.program.ir import Node, Program, Value

# The most terms of a sum, or rows that are reductions, and such times the columns of the result.
MOST_TERMS = 8
MOST_WORK = 32
MOST_SUMS = 16


def is_small(node: Node) -> bool:
    """Whether a product is decomposed."""
    if node.kind != "matmul" or TYPES.get(node.types[0].dtype) not in ("float", "double"):
        return False
    rows, columns = node.types[0].shape[-2:]
    if len(node.types[0].shape) != 2 or any(0 in value.shape for value in node.operands):
        return False
    if node.attributes.get("transpose_x"):
        small = rows <= MOST_TERMS and rows * columns <= MOST_SUMS
        return small and not node.attributes.get("transpose_y")
    terms = node.operands[0].shape[1]
    return terms <= MOST_TERMS and terms * columns <= MOST_WORK


class _Decomposition(Appender):
    """Appends what replaces small products."""

    def __init__(self) -> None:
        super().__init__()
        self.copies: dict[Value, Value] = {}

    def part(self, x: Value, axis: int, number: int) -> Value:
        """Row or column of a matrix, as a matrix."""
        start, stop = [0, 0], list(x.shape)
        start[axis], stop[axis] = number, number + 1
        return self("slice", x, start=tuple(start), stop=tuple(stop), step=(1, 1))

    def by_columns(self, x: Value) -> Value:
        """What is read again for each column is copied once, to where thin matrices lie."""
        if x not in self.copies:
            self.copies[x] = self("conj", x)
        return self.copies[x]

    def product(self, node: Node, x: Value, y: Value) -> Value:
        """The value of a small product."""
        self.origin = node.origin
        rows, columns = node.types[0].shape
        if columns > 1 and x.shape[1] > 1 and not is_nested(x.node):
            x = self.by_columns(x)
        if node.attributes.get("transpose_x"):
            sums = []
            for number in range(rows):
                terms = self("multiply", self.part(x, 1, number), y)
                sums.append(self("reshape", self("sum", terms, axes=(0,)), shape=(1, columns)))
            return self("concatenate", *sums, axis=0) if rows > 1 else sums[0]
        if node.attributes.get("transpose_y"):
            y = self("transpose", y, permutation=(1, 0))
        total: Value | None = None
        for number in range(x.shape[1]):
            term = self("multiply", self.part(x, 1, number), self.part(y, 0, number))
            total = term if total is None else self("add", total, term)
        assert total is not None
        return total


def decompose_small_products(program: Program) -> Rewritten:
    """The program with its small products as sums, and how many these are."""
    count = sum(map(is_small, program.nodes))
    if not count:
        return program, {}
    append = _Decomposition()
    for node in program.nodes:
        if is_small(node):
            x, y = map(append.current, node.operands)
            append.now[Value(node)] = append.product(node, x, y)
        else:
            append.keep(node)
    return append.program(program), {"matmul": count}


PASS = Pass(
    "small matmul",
    decompose_small_products,
    Example(
        "x: float32[3,2]; y: float32[2,1]",
        "matmul(x, y)",
        "add(multiply(slice(x, start=(0, 0), step=(1, 1), stop=(3, 1)), "
        "slice(y, start=(0, 0), step=(1, 1), stop=(1, 1))), "
        "multiply(slice(x, start=(0, 1), step=(1, 1), stop=(3, 2)), "
        "slice(y, start=(1, 0), step=(1, 1), stop=(2, 1))))",
    ),
)
