"""Pooling over windows that partition an image, as arithmetic on elements.

Where windows neither overlap nor reach over the border, the elements that all windows have at one
position are a slice with steps. Maxima, the places of maxima and what flows back to them are then
elementwise; so is what is made of the image before and after (bias, activation, its gradient), and
all of it joins loop nests. Only what something else needs as an image is put together again.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from pantarhei.engines.native.codegen.ops import TYPES
from pantarhei.engines.native.kernels.conv.choose import POOLING, PoolStrategy, choose_pool
from pantarhei.engines.native.schedule.placement import is_nested
from pantarhei.engines.native.schedule.views import VIEWING, Shape
from pantarhei.passes.appender import Appender, users_of
from pantarhei.passes.driver import Pass, Rewritten
from pantarhei.passes.rewriting import Example
from pantarhei.program.ir import Node, Program, Value

# What takes less time than a trip to memory, and how many such operations do.
CHEAP = frozenset(
    {"add", "subtract", "multiply", "maximum", "minimum", "negative", "where", "less"}
)
MOST_REPEATED = 3


def is_partition(node: Node) -> bool:
    """Whether the windows of a pooling cover its operand, each element once."""
    return node.kind in POOLING and choose_pool(node).strategy is PoolStrategy.SLICES


@dataclass
class Sliced:
    """A value by its slices: one for each position in a window."""

    window: Shape
    slices: list[Value]


class PoolingRewrite:
    """Goes through a program from the first node to the last."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.add = Appender()
        self.sliced: dict[Value, Sliced] = {}  # by values of the old program
        self.users = users_of(program)
        self.outputs = set(program.outputs)

    def run(self) -> Program:
        """The program with its partitioning windows as elementwise nodes."""
        for node in self.program.nodes:
            self.add.origin = node.origin
            value = Value(node)
            sliced = self._sliced(node)
            if sliced is not None:
                self.sliced[value] = sliced
            elif is_partition(node) and node.kind == "window_max":
                self.add.now[value] = self._largest(node)
            elif node.kind == "sum" and self._sums_slices(node):
                self.add.now[value] = self._summed(node)
            elif not self._is_scattered_back(node):
                for operand in node.operands:
                    self._whole(operand)
                self.add.keep(node)
        outputs = [self._whole(value) for value in self.program.outputs]
        return Program(self.program.inputs, self.add.nodes, outputs)

    # --- slices -------------------------------------------------------------------------------

    def _sliced(self, node: Node) -> Sliced | None:
        """The slices of an elementwise node of sliced operands, or of what flows back to maxima."""
        if node.kind == "reshape":
            source = node.operands[0].node
            if self._is_scattered_back(source):
                return self._scattered_back(source, node)
        if not is_nested(node) or node.primitive is None or not node.primitive.elementwise:
            return None
        for operand in node.operands:
            sliced = self.sliced.get(operand)
            if sliced is not None and operand.shape == node.types[0].shape:
                return self._applied(node, sliced.window)
        return None

    def _applied(self, node: Node, window: Shape, again: bool = False) -> Sliced:
        """An elementwise node for each position; `again`: whatever there may be of it already."""
        assert node.primitive is not None
        operands = [self._slices(operand, window, again) for operand in node.operands]
        count = math.prod(window)
        slices = [
            self.add(node.primitive, *(each[number] for each in operands), **node.attributes)
            for number in range(count)
        ]
        return Sliced(window, slices)

    def _slices(self, value: Value, window: Shape, again: bool = False) -> list[Value]:
        """Of a value, which may be repeated along axes."""
        if again and self._is_made_for(value, window):
            return self._applied(value.node, window, again).slices
        sliced = self.sliced.get(value)
        if sliced is not None and sliced.window == window:
            return sliced.slices
        local = window[len(window) - len(value.shape) :]
        pairs = zip(local, value.shape, strict=True)
        local = tuple(size if extent > 1 else 1 for size, extent in pairs)
        if self._is_made_for(value, window):
            made = self._applied(value.node, window)
            self.sliced[value] = made
            return made.slices
        source = self._whole(value)
        if math.prod(local) == 1:
            return [source] * math.prod(window)
        slices = {
            position: self.add("slice", source, start=position, stop=value.shape, step=local)
            for position in itertools.product(*map(range, local))
        }
        before = len(window) - len(value.shape)
        return [
            slices[tuple(p % n for p, n in zip(position[before:], local, strict=True))]
            for position in itertools.product(*map(range, window))
        ]

    def _is_made_for(self, value: Value, window: Shape) -> bool:
        """Whether an elementwise value has no user that reads it as an image."""
        node = value.node
        fits = len(value.shape) == len(window) and is_nested(node) and value not in self.outputs
        if not fits or node.primitive is None or not node.primitive.elementwise:
            return False
        return all(
            (is_partition(user) and tuple(user.attributes["window"]) == window)
            or (is_nested(user) and user.types[0].shape == value.shape)
            for user in self.users.get(value, ())
        )

    def _whole(self, value: Value) -> Value:
        """A value as an image."""
        if value not in self.add.now and value in self.sliced:
            sliced = self.sliced[value]
            counts = [n // size for n, size in zip(value.shape, sliced.window, strict=True)]
            parts = [
                self.add("reshape", each, shape=tuple(n for count in counts for n in (count, 1)))
                for each in sliced.slices
            ]
            for axis in range(len(counts) - 1, -1, -1):
                size = sliced.window[axis]
                if size > 1:
                    groups = [parts[i : i + size] for i in range(0, len(parts), size)]
                    parts = [self.add("concatenate", *g, axis=2 * axis + 1) for g in groups]
            self.add.now[value] = self.add("reshape", parts[0], shape=value.shape)
        return self.add.current(value)

    # --- maxima -------------------------------------------------------------------------------

    def _largest(self, node: Node) -> Value:
        """The maximum over positions; NaN where there is one."""
        window = tuple(node.attributes["window"])
        slices = self._slices(node.operands[0], window, self._is_cheap(node.operands[0], window))
        best = slices[0]
        floating = best.dtype.kind == "f"
        for each in slices[1:]:
            stays = self.add("less_equal", each, best)
            if floating:
                stays = self.add("logical_or", stays, self.add("isnan", best))
            best = self.add("where", stays, best, each)
        return best

    def _is_cheap(self, value: Value, window: Shape) -> bool:
        """Whether a value is better computed again on the way back than stored on the way there."""
        node, count = value.node, 0
        while self._is_made_for(Value(node), window):
            inside = [each for each in node.operands if self._is_made_for(each, window)]
            count += 1
            if len(inside) > 1 or node.kind not in CHEAP:
                return False
            if not inside:
                return count <= MOST_REPEATED
            node = inside[0].node
        return False

    def _first_largest(self, node: Node) -> Value:
        """The number of the first position with the maximum."""
        slices = self._slices(node.operands[0], tuple(node.attributes["window"]))
        best, number = slices[0], self.add.constant(0, np.int32)
        for index, each in enumerate(slices[1:], 1):
            larger = self.add("less", best, each)
            number = self.add("where", larger, self.add.constant(index, np.int32), number)
            best = self.add("where", larger, each, best)
        return number

    def _is_scattered_back(self, node: Node) -> bool:
        """Whether a node scatters into zeros, by the places of maxima, an image's gradient."""
        if node.kind != "scatter" or node.attributes["combine"] != "add":
            return False
        base, places, _ = node.operands
        while base.node.kind in VIEWING:
            base = base.node.operands[0]
        zeros = base.constant is not None and not np.any(base.constant)
        if not zeros or places.node.kind != "reshape" or places.shape[1:] != (1,):
            return False
        pooling = places.node.operands[0].node
        users = self.users.get(Value(node), [])
        shape = pooling.operands[0].shape if pooling.operands else None
        return (
            pooling.kind == "window_argmax"
            and is_partition(pooling)
            and len(node.types[0].shape) == 1
            and Value(node) not in self.outputs
            and node.types[0].dtype in TYPES
            and len(users) == 1
            and all(user.kind == "reshape" and user.types[0].shape == shape for user in users)
        )

    def _scattered_back(self, node: Node, image: Node) -> Sliced:
        pooling = node.operands[1].node.operands[0].node
        window = tuple(pooling.attributes["window"])
        flowing = self._whole(node.operands[2])
        output_gradient = self.add("reshape", flowing, shape=pooling.types[0].shape)
        number = self._first_largest(pooling)
        zero = self.add.constant(0, image.types[0].dtype)
        slices = []
        for index in range(math.prod(window)):
            here = self.add("equal", number, self.add.constant(index, np.int32))
            slices.append(self.add("where", here, output_gradient, zero))
        return Sliced(window, slices)

    # --- sums ---------------------------------------------------------------------------------

    def _sums_slices(self, node: Node) -> bool:
        sliced = self.sliced.get(node.operands[0])
        if sliced is None or not is_nested(node):
            return False
        axes = [axis for axis, size in enumerate(sliced.window) if size > 1]
        return set(axes) <= set(node.attributes["axes"])

    def _summed(self, node: Node) -> Value:
        """Slices are added, then summed."""
        total, *others = self.sliced[node.operands[0]].slices
        for each in others:
            total = self.add("add", total, each)
        return self.add("sum", total, axes=node.attributes["axes"])


def rewrite_pooling(program: Program) -> Rewritten:
    """The program with partitioning windows as elementwise nodes, and how many of which kind."""
    found = Counter(node.kind for node in program.nodes if is_partition(node))
    return (PoolingRewrite(program).run() if found else program), found


PASS = Pass(
    "pooling",
    rewrite_pooling,
    Example(
        "x: int32[2,4]",
        "window_max(x, window=(1, 2), strides=(1, 2), padding=((0, 0), (0, 0)))",
        "where(less_equal(slice(x, start=(0, 1), step=(1, 2), stop=(2, 4)), "
        "slice(x, start=(0, 0), step=(1, 2), stop=(2, 4))), "
        "slice(x, start=(0, 0), step=(1, 2), stop=(2, 4)), "
        "slice(x, start=(0, 1), step=(1, 2), stop=(2, 4)))",
    ),
)
