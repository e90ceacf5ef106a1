"""Decomposition of small-K matrix products into sums of a few terms, which join loop nests.

A product over an inner extent of a few is that many multiplications and additions for each element:
bias, activation and gradient are then computed in the same pass. A product that sums over a long
extent to a few rows (the gradient of such weights) is one reduction for each row. Only extents that
come from features decide, never the number of examples, which is the inner extent of x^T y: so
another batch size needs no other code.
"""

from __future__ import annotations

from pantarhei.engines.native.codegen.ops import TYPES
from pantarhei.engines.native.kernels.gemm.choose import GemmLayout, Strategy, choose_gemm
from pantarhei.engines.native.machine import GENERIC, Machine
from pantarhei.engines.native.schedule.placement import is_nested
from pantarhei.passes.appender import Appender
from pantarhei.passes.driver import Pass, Rewritten
from pantarhei.passes.rewriting import Example
from pantarhei.program.ir import Node, Program, Value


def is_small(node: Node, machine: Machine) -> bool:
    """Whether a product is decomposed."""
    type = TYPES.get(node.types[0].dtype)
    if node.kind != "matmul" or type not in ("float", "double"):
        return False
    *stack, m, n = node.types[0].shape
    transpose_x, transpose_y = (
        bool(node.attributes.get(flag)) for flag in ("transpose_x", "transpose_y")
    )
    k = node.operands[0].shape[-2 if transpose_x else -1]
    layout = GemmLayout(transpose_x, transpose_y, tuple(stack), row_major=not transpose_y)
    return choose_gemm(m, n, k, layout, type, machine).strategy is Strategy.LOOP_NEST


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


def decompose_small_products(program: Program, machine: Machine) -> Rewritten:
    """The program with its small products as sums, and how many these are."""
    small = {id(node) for node in program.nodes if is_small(node, machine)}
    if not small:
        return program, {}
    append = _Decomposition()
    for node in program.nodes:
        if id(node) in small:
            x, y = map(append.current, node.operands)
            append.now[Value(node)] = append.product(node, x, y)
        else:
            append.keep(node)
    return append.program(program), {"matmul": len(small)}


def pass_for(machine: Machine) -> Pass:
    """The pass for a machine."""
    return Pass(
        "small matmul",
        lambda program: decompose_small_products(program, machine),
        Example(
            "x: float32[3,2]; y: float32[2,1]",
            "matmul(x, y)",
            "add(multiply(slice(x, start=(0, 0), step=(1, 1), stop=(3, 1)), "
            "slice(y, start=(0, 0), step=(1, 1), stop=(1, 1))), "
            "multiply(slice(x, start=(0, 1), step=(1, 1), stop=(3, 2)), "
            "slice(y, start=(1, 0), step=(1, 1), stop=(2, 1))))",
        ),
    )


# On any machine, for pages and examples.
PASS = pass_for(GENERIC)
