"""The table of movements: what leaves every element as it is and where it is, or moves it twice.

Gradients are full of them: a sum back to the shape of an operand that was not broadcast, a cast to
the dtype that it already has.
"""

from __future__ import annotations

from pantarhei.passes.rewriting import Example, Rule, Rules
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Node, Value


def _unless_changed(b: Builder, node: Node, x: Value) -> Value | None:
    return x if x.type == node.types[0] else None


def _reshaped(b: Builder, node: Node, x: Value) -> Value:
    shape = node.types[0].shape
    return x if x.shape == shape else b.reshape(x, shape=shape)


def _order_kept(b: Builder, node: Node, x: Value) -> Value | None:
    """Axes of one element may go anywhere."""
    permutation = node.attributes["permutation"]
    moved = [axis for axis in permutation if x.shape[axis] != 1]
    return _reshaped(b, node, x) if moved == sorted(moved) else None


def _transposed_once(b: Builder, node: Node, x: Value) -> Value:
    first = node.operands[0].node.attributes["permutation"]
    permutation = tuple(first[axis] for axis in node.attributes["permutation"])
    return b.transpose(x, permutation=permutation)


def _of_one_element(b: Builder, node: Node, x: Value) -> Value | None:
    for axis in node.attributes["axes"]:
        if x.shape[axis] != 1:
            return None
    return _reshaped(b, node, x)


def _sliced_whole(b: Builder, node: Node, x: Value) -> Value | None:
    forward = all(step == 1 for step in node.attributes["step"])
    return x if forward and x.shape == node.types[0].shape else None


def _slice_of_one(b: Builder, node: Node, x: Value) -> Value | None:
    return b.broadcast_to(x, shape=node.types[0].shape) if x.size == 1 and not x.ndim else None


def _pads_nothing(b: Builder, node: Node, x: Value, value: Value) -> Value | None:
    at = node.attributes
    inside = any(gap and extent > 1 for gap, extent in zip(at["interior"], x.shape, strict=True))
    return None if inside or any(at["low"]) or any(at["high"]) else x


def _flips_nothing(b: Builder, node: Node, x: Value) -> Value | None:
    return x if all(x.shape[axis] == 1 for axis in node.attributes["axes"]) else None


def _joins_nothing(b: Builder, node: Node) -> Value | None:
    return node.operands[0] if len(node.operands) == 1 else None


def _broadcast_anyway(b: Builder, node: Node, x: Value) -> Value | None:
    """Broadcasting adds axes of one element in front by itself."""
    reshaped = node.operands[0].shape
    added = len(reshaped) - x.ndim
    if added < 0 or reshaped != (1,) * added + x.shape:
        return None
    return b.broadcast_to(x, shape=node.types[0].shape)


def _broadcast_reshaped(b: Builder, node: Node, x: Value) -> Value | None:
    return None if x.ndim else b.broadcast_to(x, shape=node.types[0].shape)


TABLE = Rules(
    [
        Rule(
            "reshape to the same shape",
            "reshape(x)",
            _unless_changed,
            Example("x: float32[2,3]", "reshape(x, shape=(2, 3))", "x"),
        ),
        Rule(
            "reshape twice",
            "reshape(reshape(x))",
            lambda b, node, x: b.reshape(x, shape=node.types[0].shape),
            Example(
                "x: float32[2,3]",
                "reshape(reshape(x, shape=(6,)), shape=(3, 2))",
                "reshape(x, shape=(3, 2))",
            ),
        ),
        Rule(
            "reshape of one number",
            "reshape(broadcast_to(x))",
            _broadcast_reshaped,
            Example(
                "x: float32[]",
                "reshape(broadcast_to(x, shape=(2, 3)), shape=(6,))",
                "broadcast_to(x, shape=(6,))",
            ),
        ),
        Rule(
            "cast to the same dtype",
            "cast(x)",
            _unless_changed,
            Example("x: float32[2]", "cast(x, dtype='float32')", "x"),
        ),
        Rule(
            "broadcast to the same shape",
            "broadcast_to(x)",
            _unless_changed,
            Example("x: float32[2,3]", "broadcast_to(x, shape=(2, 3))", "x"),
        ),
        Rule(
            "broadcast of axes put in front",
            "broadcast_to(reshape(x))",
            _broadcast_anyway,
            Example(
                "x: float32[3]",
                "broadcast_to(reshape(x, shape=(1, 3)), shape=(2, 3))",
                "broadcast_to(x, shape=(2, 3))",
            ),
        ),
        Rule(
            "transpose twice",
            "transpose(transpose(x))",
            _transposed_once,
            Example(
                "x: float32[2,3,4]",
                "transpose(transpose(x, permutation=(1, 2, 0)), permutation=(1, 2, 0))",
                "transpose(x, permutation=(2, 0, 1))",
            ),
        ),
        Rule(
            "transpose that keeps the order",
            "transpose(x)",
            _order_kept,
            Example(
                "x: float32[2,1,3]",
                "transpose(x, permutation=(1, 0, 2))",
                "reshape(x, shape=(1, 2, 3))",
            ),
        ),
        Rule(
            "reduction of single elements",
            tuple(f"{kind}(x)" for kind in ("sum", "prod", "max", "min")),
            _of_one_element,
            Example("x: float32[2,1,3]", "sum(x, axes=(1,))", "reshape(x, shape=(2, 3))"),
            kinds="iuf",
        ),
        Rule(
            "reduction of single truths",
            ("any(x)", "all(x)"),
            _of_one_element,
            Example("x: bool[2,1]", "all(x, axes=(1,))", "reshape(x, shape=(2,))"),
            kinds="b",
        ),
        Rule(
            "slice of everything",
            "slice(x)",
            _sliced_whole,
            Example("x: float32[2,3]", "slice(x, start=(0, 0), stop=(2, 3), step=(1, 1))", "x"),
        ),
        Rule(
            "slice of one number",
            "slice(broadcast_to(x))",
            _slice_of_one,
            Example(
                "x: float32[]",
                "slice(broadcast_to(x, shape=(5,)), start=(1,), stop=(3,), step=(1,))",
                "broadcast_to(x, shape=(2,))",
            ),
        ),
        Rule(
            "padding with nothing",
            "pad(x, value)",
            _pads_nothing,
            Example(
                "x: float32[2]; value: float32[]",
                "pad(x, value, low=(0,), high=(0,), interior=(0,))",
                "x",
            ),
        ),
        Rule(
            "flip of nothing",
            "flip(x)",
            _flips_nothing,
            Example("x: float32[2,1]", "flip(x, axes=(1,))", "x"),
        ),
        Rule(
            "concatenation of one",
            "concatenate(...)",
            _joins_nothing,
            Example("x: float32[2,3]", "concatenate(x, axis=0)", "x"),
        ),
    ]
)
