"""From fused steps to a layout of memory and a list of calls.

Every value that is stored gets a place: an array of the caller's, an array handed out, a constant,
the result of a primitive that ran in NumPy, or a part of the workspace, which is used again as soon
as the value is not. The places are numbers in one table of buffers, so calls never name addresses.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from pantarhei.engines.native.codegen.loop_nest import ElementOperation, Operand
from pantarhei.engines.native.codegen.ops import REDUCTIONS, TYPES, loses_nan, neutral, spelled
from pantarhei.engines.native.codegen.values import literal
from pantarhei.engines.native.kernels import indexing
from pantarhei.engines.native.kernels import loops as nests
from pantarhei.engines.native.kernels.conv import im2col as windows
from pantarhei.engines.native.kernels.conv.geometry import Scratch
from pantarhei.engines.native.kernels.gemm import split_k as streamed
from pantarhei.engines.native.kernels.loops import Kernel, Target
from pantarhei.engines.native.memory.layout import Fetch, HostCall, Layout, Pool
from pantarhei.engines.native.passes.guards import guarded
from pantarhei.engines.native.passes.pooling import as_tiles
from pantarhei.engines.native.passes.slice_sinking import in_parts
from pantarhei.engines.native.passes.small_matmul import spelled_out
from pantarhei.engines.native.schedule.aliasing import in_place
from pantarhei.engines.native.schedule.fusion import (
    Fused,
    GuardStep,
    HostStep,
    NestStep,
    PlaceStep,
    ProductStep,
    RoutineStep,
    Step,
    WindowStep,
    fuse,
)
from pantarhei.engines.native.schedule.parallel import Tasks
from pantarhei.engines.native.schedule.views import View
from pantarhei.program.ir import Array, Node, Program, Type, Value

# Numbers that instructions are chosen for. Others are read from memory once for a loop: many come
# from shapes (a mean divides by the batch size), and another shape must need no other code.
WRITTEN_OUT = frozenset({0, 1, -1, 2, 0.5})


def uniform(array: Array) -> Any:
    """The one number that all elements of a small array are; None where they are not."""
    if not 0 < array.size <= 1024:
        return None
    first = array.ravel()[:1]
    same = first.tobytes() * array.size == array.tobytes()
    return first[0].item() if same else None


class Assembler:
    """Lays one program out.

    Args:
      program: what is laid out.
      donations: number of a result -> of the input that it overwrites; None for memory that lasts
        and is none.
      guarding: whether faults in data are looked for by guards; see guards.py.
    """

    def __init__(
        self, program: Program, donations: Mapping[int, int | None], guarding: bool = False
    ) -> None:
        program = as_tiles(program)  # before guards are put between what it recognises
        program = guarded(program) if guarding else program
        self.program = program = spelled_out(in_parts(program))
        self.donations = donations
        self.fused: Fused = fuse(program)
        self.views = self.fused.views
        self.layout = Layout()
        self.slots: dict[Value, int] = {}
        self.offsets: dict[Hashable, tuple[int, int]] = {}  # in the workspace: start and size
        self.pool = Pool()
        self.literals: dict[Value, Any] = {}
        self.positions: dict[int, int] = {}  # of window_argmax: slots of its elements' numbers
        self.temporaries: list[Value] = []

    def run(self) -> Layout:
        """The layout of the program."""
        layout = self.layout
        moved = self._number_slots()
        uses = [self._uses(step) for step in self.fused.steps]
        last = {buffer: index for index, used in enumerate(uses) for buffer in used}
        ends: dict[int, list[Value]] = {}
        for buffer, index in last.items():
            ends.setdefault(index, []).append(buffer)
        copied = {self.views[value].buffer for value in (*self._viewed_outputs(), *moved)}
        replacing = False
        for index, step in enumerate(self.fused.steps):
            if isinstance(step, (NestStep, RoutineStep)):
                own = step.stored if isinstance(step, NestStep) else {id(step.node)}
                replacing |= bool(own & self.overwriting)
            layout.guarding |= isinstance(step, GuardStep)
            self._step(step)
            layout.before_replacing = layout.before_replacing if replacing else self._count()
            for buffer in ends.get(index, ()):
                if buffer in self.offsets and buffer not in copied:
                    self.pool.give(self.offsets[buffer])
        for value, slot in self._viewed_outputs().items():
            self.nodes = [value.node]
            target = View.whole(("output", slot), value.shape)
            self._kernels(nests.copy(self.views[value], target, TYPES[value.dtype], self._place))
        for value, input in moved.items():
            self.nodes = [value.node]
            target = View.whole(input, value.shape)
            self._kernels(nests.copy(self.views[value], target, TYPES[value.dtype], self._place))
        layout.workspace = self.pool.size
        stored = [buffer for buffer in self.offsets if isinstance(buffer, Value)]
        if stored:
            layout.largest = max(stored, key=lambda value: value.size).node
        return layout

    # --- slots --------------------------------------------------------------------------------

    def _number_slots(self) -> dict[Value, Value]:
        """Gives inputs, outputs, constants and results of NumPy their numbers.

        Returns the values that take the place of an input, but have to be copied there at the end.
        """
        program, layout = self.program, self.layout
        for value in program.inputs:
            self.slots[value] = len(layout.inputs)
            layout.inputs.append(value.type)
        hosted = [
            Value(step.node, index)
            for step in self.fused.steps
            if isinstance(step, HostStep)
            for index in range(len(step.node.types))
        ]
        outside = {*program.inputs, *hosted}
        outside.update(Value(node) for node in program.nodes if node.constant is not None)
        self.copied: dict[Value, int] = {}
        outputs = [self.fused.resolved(value) for value in program.outputs]
        taken = self._taken_places(outputs, outside)
        replacing = dict(taken)
        lasting = {outputs[number] for number, input in self.donations.items() if input is None}
        wanted = {**replacing, **dict.fromkeys(lasting - {*outside, *taken})}
        self.fused.steps, fitting = in_place(self.fused, self._uses, wanted)
        places = ((value, view.buffer) for value, view in self.views.items())
        self.overwriting = {id(value.node) for value, buffer in places if buffer in fitting}
        for value in fitting & taken.keys():
            self.slots[value] = self.slots[replacing.pop(value)]
        for value in dict.fromkeys(outputs):
            if value in outside or value in taken:
                continue
            slot = len(layout.inputs) + len(layout.outputs)
            layout.outputs.append(value.type)
            layout.handed_out.append(value)
            early = value in lasting and value not in fitting
            if self.views[value].buffer == value and not early:
                self.slots[value] = slot
            else:
                self.copied[value] = slot
        for node in program.nodes:
            if node.constant is not None:
                self._constant(node, node.constant)
        for step in self.fused.steps:
            if isinstance(step, WindowStep) and step.node.kind == "window_argmax":
                self.positions[id(step.node)] = self._first_hosted
                layout.constants.append(windows.positions_of(step.node))
        for value in hosted:
            self.slots[value] = self._first_hosted + layout.hosted
            layout.hosted += 1
        layout.results = [self.copied.get(each, self.slots.get(each, -1)) for each in outputs]
        for number, value in enumerate(outputs):
            if value in taken:
                layout.results[number] = self.slots[taken[value]]
                layout.donations[number] = layout.results[number]
        return replacing

    def _taken_places(self, outputs: list[Value], outside: set[Value]) -> dict[Value, Value]:
        """Results, and the inputs whose places they take: one each, of the same type."""
        shown = {self.views[each].buffer for each in outputs if each in self.views}
        taken: dict[Value, Value] = {}
        for number, input_number in self.donations.items():
            if input_number is None:
                continue
            value, input = outputs[number], self.program.inputs[input_number]
            free = value not in outside and value not in taken and input not in shown
            if free and value.type == input.type:
                taken[value] = input
                shown.add(input)
        return taken

    def _constant(self, node: Node, array: Array) -> None:
        layout = self.layout
        self.slots[Value(node)] = self._first_hosted
        if array.dtype in TYPES:
            array = (
                np.array(array, order="C", copy=None) if _COPY_NONE else np.array(array, order="C")
            )
            number = uniform(array)
            if number is not None:
                self.literals[Value(node)] = number
        layout.constants.append(array)

    @property
    def _first_constant(self) -> int:
        return len(self.layout.inputs) + len(self.layout.outputs)

    @property
    def _first_hosted(self) -> int:
        return self._first_constant + len(self.layout.constants)

    def _count(self) -> int:
        """How many kernels there are so far."""
        return sum(len(part) for part in self.layout.parts if isinstance(part, list))

    def _viewed_outputs(self) -> dict[Value, int]:
        """Outputs that are views of something else, which has to be copied."""
        return self.copied

    def _place(self, buffer: Hashable) -> tuple[int, int]:
        """Slot and offset of a buffer; new ones get their part of the workspace."""
        if buffer == indexing.FAULT:
            return self.layout.fault_slot, 0
        if isinstance(buffer, tuple):
            return int(buffer[1]), 0
        assert isinstance(buffer, Value)
        if buffer in self.slots:
            return self.slots[buffer], 0
        if buffer not in self.offsets:
            size = self.views[buffer].span if buffer in self.views else buffer.size
            self.offsets[buffer] = self.pool.take(size * buffer.dtype.itemsize)
        return self.layout.workspace_slot, self.offsets[buffer][0]

    # --- steps --------------------------------------------------------------------------------

    def _uses(self, step: Step) -> set[Value]:
        """Buffers that a step reads or writes."""
        nodes = step.nodes if isinstance(step, NestStep) else [step.node]
        used: set[Any] = set()
        for node in nodes:
            values = [*node.operands, *(Value(node, index) for index in range(len(node.types)))]
            used.update(self.views[value].buffer for value in values if value in self.views)
        return used

    def _kernels(self, kernels: Sequence[Kernel | Tasks]) -> None:
        parts = self.layout.parts
        if not kernels:
            return
        if not parts or isinstance(parts[-1], HostCall):
            parts.append([])
        current = parts[-1]
        assert isinstance(current, list)
        current.extend(kernels)
        self.layout.nodes += [self.nodes] * len(kernels)

    def _step(self, step: Step) -> None:
        self.nodes = step.nodes if isinstance(step, NestStep) else [step.node]
        if isinstance(step, NestStep):
            self._kernels(self._nest(step))
        elif isinstance(step, ProductStep):
            self._product(step.node, step.adding)
        elif isinstance(step, PlaceStep):
            self._kernels(self._placed(step.node))
        elif isinstance(step, WindowStep):
            self._kernels(self._slid(step.node))
        elif isinstance(step, GuardStep):
            numbers = self._in_order(step.node.operands[0])
            self._kernels(indexing.guard(step.node, numbers, self._place))
            self._release()
        elif isinstance(step, RoutineStep):
            self._computed(step.node)
        else:
            self._host(step.node)

    def _nest(self, step: NestStep) -> list[Kernel]:
        if 0 in step.space:
            return self._empty_reductions(step)
        inside: dict[int, int] = {}
        loads: dict[tuple[View, str], int] = {}
        operations: list[ElementOperation] = []
        targets: list[Target] = []

        def operand(value: Value) -> tuple[Operand, str]:
            value = self.fused.resolved(value)
            type = TYPES[value.dtype]
            if id(value.node) in inside and value.shape == step.space:
                return ("op", inside[id(value.node)]), type
            view = self.views[value]
            if view.buffer in self.literals:
                number = self.literals[view.buffer]
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
            name, count = spelled(node)
            operands = tuple(map(operand, node.operands[:count]))
            inside[id(node)] = len(operations)
            operations.append(ElementOperation(name, type, operands))
            if id(node) in step.stored:
                place: Operand = ("op", inside[id(node)])
                targets.append(Target("", (place, type), target, type))
        folded = [axis in (step.axes or ()) for axis in range(len(step.space))]
        return [nests.nest(step.space, folded, list(loads), operations, targets, self._place)]

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

    def _product(self, node: Node, adding: bool) -> None:
        type = TYPES[node.types[0].dtype]
        result = self.views[Value(node)]
        self._place(result.buffer)
        stack = result.shape[:-2]
        views: list[View] = []
        for value, flag in zip(node.operands, ("transpose_x", "transpose_y"), strict=True):
            view = self.views[value]
            if nests.matrix(view) is None:
                target = self._temporary(value.shape, type)
                self._kernels(nests.copy(view, target, type, self._place))
                view = target
            if node.attributes.get(flag):
                axes = range(len(view.shape))
                view = view.transpose([*axes[:-2], axes[-1], axes[-2]])
            views.append(view.broadcast_to((*stack, *view.shape[-2:])))
        if nests.lies_by_columns(result):
            views = [view.transpose((1, 0)) for view in reversed(views)]
            result = result.transpose((1, 0))
        scratch = Scratch(self._place, self._temporary)
        if not adding and streamed.is_streamed(views[0], views[1], result, type):
            self._kernels(streamed.product(views[0], views[1], result, type, scratch))
        elif 0 not in result.shape:
            self._kernels(nests.product(views[0], views[1], result, type, self._place, adding))
        self._release()

    def _computed(self, node: Node) -> None:
        """A routine: its operands have to lie in C order."""
        views = [self._in_order(each) for each in node.operands if each in self.views]
        results = [self.views[Value(node, index)] for index in range(len(node.types))]
        places = [self._place(result.buffer) for result in results]
        if node.kind == "scatter" and self._place(views[0].buffer) == places[0]:
            views[0] = results[0]  # the base is changed where it lies
        self._kernels(indexing.computed(node, views, results, self._place, self._temporary))
        self._release()

    def _in_order(self, value: Value) -> View:
        """The view of a value, of a copy where its elements do not follow each other."""
        view = self.views[value]
        if view.is_contiguous:
            return view
        target = self._temporary(value.shape, TYPES[value.dtype])
        self._kernels(nests.copy(view, target, TYPES[value.dtype], self._place))
        return target

    def _temporary(self, shape: tuple[int, ...], type: str) -> View:
        """A buffer for the length of a step."""
        dtype = next(dtype for dtype, name in TYPES.items() if name == type)
        self.temporaries.append(Value(Node(None, (), {}, (Type(dtype, shape),))))
        return View.whole(self.temporaries[-1], shape)

    def _release(self) -> None:
        """Gives the step's own buffers back."""
        for each in self.temporaries:
            if each in self.offsets:
                self.pool.give(self.offsets[each])
        self.temporaries = []

    def _slid(self, node: Node) -> Sequence[Kernel | Tasks]:
        views = [self.views[value] for value in node.operands]
        result = View.whole(Value(node), node.types[0].shape)
        self._place(result.buffer)
        scratch = Scratch(self._place, self._temporary)
        if node.kind in windows.CONVOLUTIONS:
            kernels: Sequence[Kernel | Tasks] = windows.convolution(node, views, result, scratch)
        else:
            positions = None
            if id(node) in self.positions:
                slot = self.positions[id(node)]
                shape = self.layout.constants[slot - self._first_constant].shape
                positions = View.whole(("constant", slot), shape)
            kernels = windows.pooling(node, views[0], result, positions, scratch)
        self._release()
        return kernels

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
            axis, start = node.attributes["axis"], 0
            for view in views:
                first, end = [0] * len(whole.shape), list(whole.shape)
                first[axis], end[axis] = start, start + view.shape[axis]
                part = whole.slice(first, end, [1] * len(end))
                start = end[axis]
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

    def _host(self, node: Node) -> None:
        results = [self.slots[Value(node, index)] for index in range(len(node.types))]
        call = HostCall(node, [self._fetch(value) for value in node.operands], results)
        self.layout.parts.append(call)

    def _fetch(self, value: Value) -> Fetch:
        if value not in self.views:
            return Fetch(self.slots[value], True, value.type)
        view = self.views[value]
        slot, offset = self._place(view.buffer)
        if view.buffer == value and slot != self.layout.workspace_slot:
            return Fetch(slot, True, value.type)
        size = value.dtype.itemsize
        strides = tuple(stride * size for stride in view.strides)
        return Fetch(slot, False, value.type, offset + view.offset * size, strides)


def _spread(view: View, node: Node) -> View:
    """The view of a reduction's result over the space it reduces: it stays along the axes."""
    kept = iter(view.strides)
    space = node.operands[0].shape
    gone = node.attributes["axes"]
    strides = [0 if axis in gone else next(kept) for axis in range(len(space))]
    return View(view.buffer, space, tuple(strides), view.offset)


_COPY_NONE = np.lib.NumpyVersion(np.__version__) >= "2.0.0"


def assemble(program: Program, donations: Mapping[int, int | None] | None = None) -> Layout:
    """The calls and the memory of a program; `donations`: results that overwrite inputs."""
    return Assembler(program, donations or {}).run()
