"""The choice of how a convolution or a pooling is done, in one place, with its reasons.

    print(choose_conv(node, host_machine()))

Fusion chooses between NumPy and kernels (`is_native`), which no machine decides; lowering chooses
among kernels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from pantarhei.engines.native.codegen.ops import TYPES
from pantarhei.engines.native.kernels.conv import sliding
from pantarhei.engines.native.kernels.conv.geometry import Geometry, Pairs
from pantarhei.engines.native.machine import POOL_MOST_SLICES, Machine
from pantarhei.program.ir import Node

CONVOLUTIONS = frozenset({"conv", "conv_input_gradient", "conv_filter_gradient"})
POOLING = frozenset({"window_max", "window_sum", "window_argmax"})


class ConvStrategy(Enum):
    """The ways to do a convolution."""

    DIRECT = "sliding register blocks"
    IM2COL = "im2col"
    NUMPY = "NumPy"


class PoolStrategy(Enum):
    """The ways to do a pooling."""

    SLICES = "elementwise operations on slices"
    LOOP_NEST = "loop nest over windows"
    POSITIONS = "one loop nest for each position in a window"
    NUMPY = "NumPy"


@dataclass(frozen=True)
class ConvPlan:
    """How a convolution is done.

    Args:
      node: the convolution, or one of its gradients.
      strategy: what is chosen.
      rejected: each strategy before it, with the condition that failed.
      geometry: of the convolution that is computed; by DIRECT, an input gradient is the convolution
        of output gradients. None for NumPy.
      padding: of the same.
      block: rows and columns of the register block.
      tasks: among which images are divided.
    """

    node: Node
    strategy: ConvStrategy
    rejected: tuple[tuple[ConvStrategy, str], ...]
    geometry: Geometry | None = None
    padding: Pairs = ()
    block: tuple[int, int] | None = None
    tasks: int = 1

    def __str__(self) -> str:
        block = f" of {self.block[0]}x{self.block[1]}" if self.block else ""
        tasks = "1 task" if self.tasks == 1 else f"{self.tasks} tasks"
        shapes = " by ".join(str(value.type) for value in self.node.operands)
        lines = [f"{self.node.kind} of {shapes}: {self.strategy.value}{block}, {tasks}"]
        lines += [f"  not {strategy.value}: {reason}" for strategy, reason in self.rejected]
        return "\n".join(lines)


@dataclass(frozen=True)
class PoolPlan:
    """How a pooling is done; `rejected`: each strategy before, with the condition that failed."""

    node: Node
    strategy: PoolStrategy
    rejected: tuple[tuple[PoolStrategy, str], ...]

    def __str__(self) -> str:
        lines = [f"{self.node.kind} of {self.node.operands[0].type}: {self.strategy.value}"]
        lines += [f"  not {strategy.value}: {reason}" for strategy, reason in self.rejected]
        return "\n".join(lines)


def _only_numpy(node: Node) -> str | None:
    """Why only NumPy does a convolution or pooling; None where kernels do it."""
    types = [value.type for value in node.operands] + list(node.types)
    element = TYPES.get(node.operands[0].dtype)
    if any(each.size == 0 for each in types):
        return "an array is empty"
    if node.kind in CONVOLUTIONS and node.attributes.get("groups", 1) != 1:
        return "channels are divided into groups"
    if element not in (("float", "double") if node.kind in CONVOLUTIONS else _POOLED):
        return f"elements are {node.operands[0].dtype}"
    return None


_POOLED = ("float", "double", "i32", "i64")


def is_native(node: Node) -> bool:
    """Whether kernels do a primitive that is a convolution or a pooling."""
    return node.kind in CONVOLUTIONS | POOLING and _only_numpy(node) is None


def choose_conv(node: Node, machine: Machine) -> ConvPlan:
    """How a convolution or one of its gradients is done."""
    reason = _only_numpy(node)
    if reason is not None:
        rejected = tuple((each, reason) for each in ConvStrategy if each is not ConvStrategy.NUMPY)
        return ConvPlan(node, ConvStrategy.NUMPY, rejected)
    geometry, padding = Geometry.of(node), node.attributes["padding"]
    pair: tuple[Geometry, Pairs] | None = geometry, padding
    if node.kind == "conv_input_gradient":
        pair = geometry.transposed(node.types[0].shape, padding)
    failed = _not_direct(node, pair[0] if pair else None, machine)
    if pair is not None and failed is None:
        geometry, padding = pair
        block = machine.sliding_rows, sliding.columns(TYPES[node.types[0].dtype], machine)
        tasks = len(geometry.shares(machine))
        return ConvPlan(node, ConvStrategy.DIRECT, (), geometry, padding, block, tasks)
    rejected = ((ConvStrategy.DIRECT, failed or ""),)
    tasks = len(geometry.shares(machine))
    return ConvPlan(node, ConvStrategy.IM2COL, rejected, geometry, padding, None, tasks)


def _not_direct(node: Node, geometry: Geometry | None, machine: Machine) -> str | None:
    """Why register blocks do not do a convolution."""
    columns = sliding.columns(TYPES[node.types[0].dtype], machine)
    if geometry is None:
        return "the input gradient is no convolution: strides, dilations or padding are too large"
    if not machine.sliding_rows:
        return "the machine has no register blocks"
    if len(geometry.kernel) != 2:
        return f"{len(geometry.kernel)} axes, not 2"
    if geometry.dilations[-1] != 1:
        return f"a dilation of {geometry.dilations[-1]} along rows"
    if geometry.outputs % columns:
        return f"{geometry.outputs} channels are no multiple of {columns}"
    return None


def choose_pool(node: Node) -> PoolPlan:
    """How a pooling is done."""
    reason = _not_slices(node)
    if reason is None:
        return PoolPlan(node, PoolStrategy.SLICES, ())
    rejected = [(PoolStrategy.SLICES, reason)]
    reason = _only_numpy(node)
    if reason is not None:
        rejected += [(PoolStrategy.LOOP_NEST, reason), (PoolStrategy.POSITIONS, reason)]
        return PoolPlan(node, PoolStrategy.NUMPY, tuple(rejected))
    if node.kind != "window_argmax":
        return PoolPlan(node, PoolStrategy.LOOP_NEST, tuple(rejected))
    rejected.append((PoolStrategy.LOOP_NEST, "it computes positions of maxima"))
    return PoolPlan(node, PoolStrategy.POSITIONS, tuple(rejected))


def _not_slices(node: Node) -> str | None:
    """Why a pooling is not done by slices: its windows have to partition the operand."""
    window, attributes, x = node.attributes["window"], node.attributes, node.operands[0]
    elements = math.prod(window)
    conditions = [
        (node.kind in ("window_max", "window_argmax"), "sums are not"),
        (x.size > 0, "the operand is empty"),
        (x.dtype in TYPES, f"elements are {x.dtype}"),
        (tuple(window) == tuple(attributes["strides"]), "windows overlap or leave gaps"),
        (not any(map(any, attributes["padding"])), "windows reach over the border"),
        (
            all(extent % size == 0 for extent, size in zip(x.shape, window, strict=True)),
            "windows do not cover the operand",
        ),
        (
            1 < elements <= POOL_MOST_SLICES,
            f"{elements} elements in a window, not 2 to {POOL_MOST_SLICES}",
        ),
    ]
    return next((text for holds, text in conditions if not holds), None)
