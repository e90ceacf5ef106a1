"""Sums of products that BLAS adds up itself, each onto what those before have left.

The gradient of a matrix that is used at every step of a sequence is such a sum. All its terms are
computed in the place of the sum; nothing is added in a pass of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pantarhei.engines.native.schedule.placement import is_product
from pantarhei.passes.appender import users_of
from pantarhei.program.ir import Node, Program, Value


@dataclass
class Sums:
    """Which products and additions are one: those in `places` share one buffer."""

    places: dict[Value, Value] = field(default_factory=dict)  # term or partial sum -> the sum
    additions: set[int] = field(default_factory=set)  # ids of nodes that need nothing more
    accumulating: set[int] = field(default_factory=set)  # ids of products with beta = 1


def product_sums(program: Program) -> Sums:
    """The sums of products of a program whose terms nothing else uses."""
    users = users_of(program)
    order = {id(node): number for number, node in enumerate(program.nodes)}
    outputs = set(program.outputs)
    chains: dict[Value, list[Node]] = {}  # partial sum -> its products, in order

    def terms(value: Value) -> list[Node]:
        """The products whose sum a value is; none where something else uses it."""
        if value in outputs or len(users.get(value, ())) != 1:
            return []
        if is_product(value.node) and len(value.shape) == 2:
            return [value.node]
        return chains.get(value, [])

    sums = Sums()
    for node in program.nodes:
        if node.kind != "add" or len(set(node.operands)) != 2:
            continue
        left, right = (terms(operand) for operand in node.operands)
        same = all(operand.type == node.types[0] for operand in node.operands)
        if left and right and same:
            chains[Value(node)] = sorted([*left, *right], key=lambda each: order[id(each)])
    for value, products in chains.items():
        if terms(value) and value not in outputs:
            (user,) = users[value]
            if Value(user) in chains:
                continue  # a partial sum
        sums.places.update((Value(each), value) for each in products)
        sums.accumulating.update(id(each) for each in products[1:])
        waiting = [value]
        while waiting:
            node = waiting.pop().node
            sums.additions.add(id(node))
            for operand in node.operands:
                if operand in chains:
                    sums.places[operand] = value
                    waiting.append(operand)
    return sums
