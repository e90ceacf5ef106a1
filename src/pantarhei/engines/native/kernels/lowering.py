"""Lowering: from the steps of a schedule to kernels and their arguments.

Instructions are selected before the arena is planned, because only kernels say which scratch
buffers a step needs. So buffers in the arena are numbered here, and get their offsets later.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from pantarhei.engines.native.codegen.loop_nest import ElementOperation, Operand
from pantarhei.engines.native.codegen.ops import (
    REDUCTIONS,
    TYPES,
    element_operation,
    loses_nan,
    neutral,
)
from pantarhei.engines.native.codegen.values import literal
from pantarhei.engines.native.kernels import indexing
from pantarhei.engines.native.kernels import loops as nests
from pantarhei.engines.native.kernels.conv.choose import (
    CONVOLUTIONS,
    ConvPlan,
    PoolPlan,
    choose_conv,
    choose_pool,
)
from pantarhei.engines.native.kernels.conv.convolution import convolution
from pantarhei.engines.native.kernels.conv.geometry import Scratch
from pantarhei.engines.native.kernels.conv.pooling import pooling
from pantarhei.engines.native.kernels.gemm import blas, split_k
from pantarhei.engines.native.kernels.gemm.choose import (
    AFTER_FUSION,
    GemmLayout,
    GemmPlan,
    Strategy,
    choose_gemm,
)
from pantarhei.engines.native.kernels.kernel import Kernel, Tasks
from pantarhei.engines.native.kernels.loops import Target
from pantarhei.engines.native.machine import Machine
from pantarhei.engines.native.memory.slots import Slot, SlottedSchedule
from pantarhei.engines.native.schedule.placement import parts_of
from pantarhei.engines.native.schedule.schedule import (
    GuardStep,
    NestStep,
    PlaceStep,
    ProductStep,
    RoutineStep,
    Step,
    WindowStep,
    nodes_of,
)
from pantarhei.engines.native.schedule.views import View
from pantarhei.program.ir import Node, Type, Value

# Numbers that instructions are chosen for. Others are read from memory once for a loop: many come
# from shapes (a mean divides by the batch size), and another shape must need no other code.
WRITTEN_OUT = frozenset({0, 1, -1, 2, 0.5})


@dataclass(frozen=True)
class Fetch:
    """An operand of a call of NumPy: a whole array, or a view of one."""

    slot: int
    whole: bool
    type: Type
    offset: int = 0
    strides: tuple[int, ...] = ()


@dataclass
class HostCall:
    """A primitive that runs by its reference implementation, and the slots of its results."""

    node: Node
    operands: list[Fetch]
    results: list[int]


@dataclass(frozen=True, eq=False)
class Temporary:
    """A buffer in the arena for the length of one step."""

    node: Node
    type: Type


# What is stored in the arena.
Buffer = Value | Temporary


@dataclass
class StepKernels:
    """What one step has become.

    Args:
      step: the step; None for the copies of results at the end.
      nodes: what is computed.
      kernels: in the order in which they run; or a call of NumPy.
      first_used: buffers in the arena that no step before has used, in the order of their use.
      temporaries: those that no other step uses.
      plan: how a product, a convolution or a pooling is done.
    """

    step: Step | None
    nodes: list[Node]
    kernels: list[Kernel | Tasks] = field(default_factory=list)
    host: HostCall | None = None
    first_used: list[Buffer] = field(default_factory=list)
    temporaries: list[Temporary] = field(default_factory=list)
    plan: GemmPlan | ConvPlan | PoolPlan | None = None


@dataclass
class LoweredSchedule:
    """The kernels of every step; buffers in the arena are numbered behind the slots."""

    slotted: SlottedSchedule
    steps: list[StepKernels]
    buffers: list[Buffer]
    bytes: list[int]  # of each buffer

    @property
    def first_buffer(self) -> int:
        """The number of the first buffer."""
        return self.slotted.arrays.fault_slot + 1


class StepLowering:
    """Lowers the steps of one schedule."""

    def __init__(self, slotted: SlottedSchedule, machine: Machine) -> None:
        self.slotted = slotted
        self.schedule = slotted.aliased.schedule
        self.views = self.schedule.views
        self.fault_slot = slotted.arrays.fault_slot
        self.numbers: dict[Buffer, Slot] = {}
        self.bytes: list[int] = []
        self.current = StepKernels(None, [])
        self.scratch = Scratch(self._place, self._temporary, machine)

    def run(self) -> LoweredSchedule:
        """The kernels of all steps, then the copies of results that are stored elsewhere."""
        steps = []
        for step in self.schedule.steps:
            self.current = StepKernels(step, nodes_of(step))
            steps.append(self.current)
            self._step(step)
        targets: list[tuple[Value, Hashable]] = [
            (value, ("output", slot)) for value, slot in self.slotted.copied.items()
        ]
        targets += self.slotted.moved.items()
        for value, buffer in targets:
            self.current = StepKernels(None, [value.node])
            steps.append(self.current)
            self._copy(self.views[value], View.whole(buffer, value.shape), TYPES[value.dtype])
        return LoweredSchedule(self.slotted, steps, list(self.numbers), self.bytes)

    def _place(self, buffer: Hashable) -> tuple[int, int]:
        """Slot and offset of a buffer; a number for one in the arena."""
        if buffer == indexing.FAULT:
            return self.fault_slot, 0
        if isinstance(buffer, tuple):
            return Slot(buffer[1]), 0
        assert isinstance(buffer, Buffer)
        if isinstance(buffer, Value) and buffer in self.slotted.slots:
            return self.slotted.slots[buffer], 0
        if buffer not in self.numbers:
            size = buffer.type.size
            if isinstance(buffer, Value) and buffer in self.views:
                size = self.views[buffer].span
            self.numbers[buffer] = Slot(self.fault_slot + 1 + len(self.numbers))
            self.bytes.append(size * buffer.type.dtype.itemsize)
            self.current.first_used.append(buffer)
        return self.numbers[buffer], 0

    def _temporary(self, shape: tuple[int, ...], type: str) -> View:
        """A buffer for the length of the step."""
        dtype = next(dtype for dtype, name in TYPES.items() if name == type)
        made = Temporary(self.current.nodes[0], Type(dtype, shape))
        self.current.temporaries.append(made)
        return View.whole(made, shape)

    def _kernels(self, kernels: Sequence[Kernel | Tasks]) -> None:
        self.current.kernels += kernels

    def _copy(self, source: View, target: View, type: str) -> None:
        self._kernels(nests.copy(source, target, type, self._place))

    # --- steps --------------------------------------------------------------------------------

    def _step(self, step: Step) -> None:
        match step:
            case NestStep():
                self._kernels(self._nest(step))
            case ProductStep(node, accumulate):
                self._product(node, accumulate)
            case PlaceStep(node):
                self._kernels(self._placed(node))
            case WindowStep(node):
                self._window(node)
            case GuardStep(node):
                numbers = self._in_order(node.operands[0])
                self._kernels(indexing.guard(node, numbers, self._place))
            case RoutineStep(node):
                self._routine(node)
            case _:
                results = [int(self.slotted.slots[value]) for value in step.node.values]
                operands = [self._fetch(value) for value in step.node.operands]
                self.current.host = HostCall(step.node, operands, results)

    def _nest(self, step: NestStep) -> list[Kernel]:
        if 0 in step.space:
            return self._empty_reductions(step)
        inside: dict[int, int] = {}
        loads: dict[tuple[View, str], int] = {}
        operations: list[ElementOperation] = []
        targets: list[Target] = []

        def operand(value: Value) -> tuple[Operand, str]:
            value = self.schedule.resolved(value)
            type = TYPES[value.dtype]
            if id(value.node) in inside and value.shape == step.space:
                return ("op", inside[id(value.node)]), type
            view = self.views[value]
            if view.buffer in self.slotted.literals:
                number = self.slotted.literals[view.buffer]
                if number in WRITTEN_OUT:
                    return ("literal", literal(number, type)), type
                view = View(view.buffer, (), ())
            access = (view.broadcast_to(step.space), type)
            return ("load", loads.setdefault(access, len(loads))), type

        for node in step.nodes:
            type = TYPES[node.types[0].dtype]
            target = self.views[Value(node)]
            if node.kind in REDUCTIONS:
                source = operand(node.operands[0])
                if loses_nan(node):
                    operations.append(ElementOperation(f"number_for_{node.kind}", type, (source,)))
                    source = ("op", len(operations) - 1), type
                targets.append(Target(node.kind, source, _spread(target, node), type))
                continue
            name, count = element_operation(node)
            operands = tuple(map(operand, node.operands[:count]))
            inside[id(node)] = len(operations)
            operations.append(ElementOperation(name, type, operands))
            if id(node) in step.stored:
                place: Operand = ("op", inside[id(node)])
                targets.append(Target("", (place, type), target, type))
        reduced = [axis in (step.axes or ()) for axis in range(len(step.space))]
        return [nests.nest(step.space, reduced, list(loads), operations, targets, self._place)]

    def _empty_reductions(self, step: NestStep) -> list[Kernel]:
        kernels = []
        for node in step.nodes:
            target = self.views[Value(node)]
            type = TYPES[node.types[0].dtype]
            if node.kind in REDUCTIONS:
                start = literal(neutral(node.kind, type), type)
                kernels += nests.fill(start, target, type, self._place)
            elif id(node) in step.stored:
                self._place(Value(node))
        return kernels

    def _product(self, node: Node, accumulate: bool) -> None:
        type = TYPES[node.types[0].dtype]
        result = self.views[Value(node)]
        self._place(result.buffer)
        stack = result.shape[:-2]
        views: list[View] = []
        for value, flag in zip(node.operands, ("transpose_x", "transpose_y"), strict=True):
            view = self.views[value]
            if blas.matrix(view) is None:
                target = self._temporary(value.shape, type)
                self._copy(view, target, type)
                view = target
            if node.attributes.get(flag):
                axes = range(len(view.shape))
                view = view.transpose([*axes[:-2], axes[-1], axes[-2]])
            views.append(view.broadcast_to((*stack, *view.shape[-2:])))
        if blas.is_column_major(result):
            views = [view.transpose((1, 0)) for view in reversed(views)]
            result = result.transpose((1, 0))
        x, y = views
        self.current.plan = plan = self._plan(x, y, result, type, accumulate)
        if plan.strategy is Strategy.SPLIT_K:
            self._kernels(split_k.product(x, y, result, type, self.scratch))
        elif 0 not in result.shape:
            self._kernels(blas.product(x, y, result, type, self._place, accumulate))

    def _plan(self, x: View, y: View, result: View, type: str, accumulate: bool) -> GemmPlan:
        """How the product of two views is done."""
        (m, k), n = x.shape[-2:], y.shape[-1]
        in_order = result.is_contiguous and y.strides[-2:] == (n, 1)
        layout = GemmLayout(
            stack=result.shape[:-2],
            accumulate=accumulate,
            row_major=in_order and blas.matrix(x) is not None,
        )
        return choose_gemm(m, n, k, layout, type, self.scratch.machine, AFTER_FUSION)

    def _routine(self, node: Node) -> None:
        """A routine: its operands have to lie in C order."""
        views = [self._in_order(each) for each in node.operands if each in self.views]
        results = [self.views[value] for value in node.values]
        places = [self._place(result.buffer) for result in results]
        if node.kind == "scatter" and self._place(views[0].buffer) == places[0]:
            views[0] = results[0]  # the base is changed where it lies
        self._kernels(indexing.computed(node, views, results, self._place, self._temporary))

    def _in_order(self, value: Value) -> View:
        """The view of a value, of a copy where its elements do not follow each other."""
        view = self.views[value]
        if view.is_contiguous:
            return view
        target = self._temporary(value.shape, TYPES[value.dtype])
        self._copy(view, target, TYPES[value.dtype])
        return target

    def _window(self, node: Node) -> None:
        views = [self.views[value] for value in node.operands]
        result = View.whole(Value(node), node.types[0].shape)
        self._place(result.buffer)
        if node.kind in CONVOLUTIONS:
            plan = choose_conv(node, self.scratch.machine)
            self.current.plan = plan
            self._kernels(convolution(plan, views, result, self.scratch))
            return
        self.current.plan = choose_pool(node)
        positions = None
        if id(node) in self.slotted.positions:
            slot = self.slotted.positions[id(node)]
            arrays = self.slotted.arrays
            first = len(arrays.inputs) + len(arrays.outputs)
            positions = View.whole(("constant", slot), arrays.constants[slot - first].shape)
        self._kernels(pooling(node, views[0], result, positions, self.scratch))

    def _fetch(self, value: Value) -> Fetch:
        if value not in self.views:
            return Fetch(self.slotted.slots[value], True, value.type)
        view = self.views[value]
        slot, _ = self._place(view.buffer)
        if view.buffer == value and slot <= self.fault_slot:
            return Fetch(slot, True, value.type)
        size = value.dtype.itemsize
        strides = tuple(stride * size for stride in view.strides)
        return Fetch(slot, False, value.type, view.offset * size, strides)

    def _placed(self, node: Node) -> list[Kernel]:
        """Copies of the operands to their places in the result."""
        type = TYPES[node.types[0].dtype]
        views = [self.views[value] for value in node.operands]
        whole = View.whole(Value(node), node.types[0].shape)
        if node.kind == "concatenate":
            whole = self.views[Value(node)]
        self._place(whole.buffer)
        if node.kind == "concatenate":
            kernels = []
            for view, part in zip(views, parts_of(node, whole), strict=True):
                if not view.shows(part):  # not computed in its place
                    kernels += nests.copy(view, part, type, self._place)
            return kernels
        if node.kind == "pad":
            low, gaps = node.attributes["low"], [gap + 1 for gap in node.attributes["interior"]]
            kernels = nests.copy(views[1].broadcast_to(whole.shape), whole, type, self._place)
            ends = [
                start + max((extent - 1) * gap + 1, 0)
                for start, extent, gap in zip(low, views[0].shape, gaps, strict=True)
            ]
            return kernels + nests.copy(views[0], whole.slice(low, ends, gaps), type, self._place)
        # A view that strides cannot say: in the operand's shape it is a copy in order.
        target = View.whole(whole.buffer, views[0].shape)
        return nests.copy(views[0], target, type, self._place)


def _spread(view: View, node: Node) -> View:
    """The view of a reduction's result over the space it reduces: it stays along the axes."""
    kept = iter(view.strides)
    space = node.operands[0].shape
    gone = node.attributes["axes"]
    strides = [0 if axis in gone else next(kept) for axis in range(len(space))]
    return View(view.buffer, space, tuple(strides), view.offset)


def lower(slotted: SlottedSchedule, machine: Machine) -> LoweredSchedule:
    """The kernels of a schedule."""
    return StepLowering(slotted, machine).run()
