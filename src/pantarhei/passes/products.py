"""The table of products: operands that are transposed are read, not copied.

A product reads either operand transposed at no cost, so a transpose of the last two axes before it
becomes an attribute of the product.
"""

from __future__ import annotations

from pantarhei.passes.rewriting import Example, Rule, Rules
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Node, Value


def _swaps_rows(transpose: Node) -> bool:
    """Whether a transpose swaps the last two axes and no others."""
    permutation = transpose.attributes["permutation"]
    rank = len(permutation)
    return tuple(permutation) == (*range(rank - 2), rank - 1, rank - 2)


def _reads_transposed(b: Builder, node: Node, x: Value, y: Value) -> Value | None:
    transposes = [
        operand.node.kind == "transpose" and _swaps_rows(operand.node) for operand in node.operands
    ]
    if not any(transposes):
        return None
    pairs = zip(node.operands, transposes, strict=True)
    x, y = (each.node.operands[0] if swapped else each for each, swapped in pairs)
    flags = (node.attributes.get("transpose_x", False), node.attributes.get("transpose_y", False))
    return b.matmul(
        x, y, transpose_x=flags[0] != transposes[0], transpose_y=flags[1] != transposes[1]
    )


TABLE = Rules(
    [
        Rule(
            "product of a transposed operand",
            ("matmul(transpose(x), y)", "matmul(x, transpose(y))"),
            _reads_transposed,
            Example(
                "x: float32[3,2]; y: float32[3,4]",
                "matmul(transpose(x, permutation=(1, 0)), y)",
                "matmul(x, y, transpose_x=True, transpose_y=False)",
            ),
        ),
    ]
)
