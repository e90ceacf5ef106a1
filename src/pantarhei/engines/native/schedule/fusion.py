"""Fusion: which applications of a program share a loop nest, a product or a call of NumPy.

The result is a list of steps in the order of their execution. Nodes are taken from the last to the
first, and each joins the nest of those that use it where that is possible; so what is computed once
and used once is never stored. Machine code and memory come later.
"""

from __future__ import annotations

from pantarhei.engines.native.codegen.ops import TYPES, reduces
from pantarhei.engines.native.kernels.conv.choose import is_native
from pantarhei.engines.native.kernels.indexing import is_routine
from pantarhei.engines.native.machine import (
    NEST_LOOK_BACK,
    NEST_MOST_OPERATIONS,
    NEST_MOST_RESULTS,
    NEST_SMALL_SPACE,
)
from pantarhei.engines.native.passes.unchecked import is_guard
from pantarhei.engines.native.schedule.placement import (
    changes_base,
    is_another_name,
    is_nested,
    is_placing,
    is_product,
    parts_of,
    placements,
)
from pantarhei.engines.native.schedule.product_sums import Sums, product_sums
from pantarhei.engines.native.schedule.schedule import (
    GuardStep,
    HostCallStep,
    NestStep,
    PlaceStep,
    ProductStep,
    RoutineStep,
    Schedule,
    Step,
    WindowStep,
)
from pantarhei.engines.native.schedule.views import VIEWING, Shape, View, apply_view
from pantarhei.program.ir import Node, Program, Value


def locate(program: Program, sums: Sums) -> tuple[dict[Value, View], set[int], dict[Value, Value]]:
    """The view of every value of a native dtype; ids of the viewing nodes that have to copy.

    Last, values that are another one by another name.
    """
    views: dict[Value, View] = {}
    copies: set[int] = set()
    same: dict[Value, Value] = {}
    computed = placements(program, sums.places)
    for node in program.nodes:
        for index, type in enumerate(node.types):
            if type.dtype not in TYPES:
                continue
            value = Value(node, index)
            views[value] = computed.get(value) or View.whole(value, type.shape)
            if is_another_name(node):
                views[value] = views[node.operands[0]]
            if node.kind in VIEWING:
                view = apply_view(node.kind, views[node.operands[0]], dict(node.attributes))
                if view is None:
                    copies.add(id(node))
                else:
                    views[value] = view
            if id(node) in sums.additions or changes_base(node):
                continue
            if value.node.operands and views[value] == views.get(node.operands[0]):
                same[value] = same.get(node.operands[0], node.operands[0])
    return views, copies, same


class Fusion:
    """Takes the nodes of a program from the last to the first and gives each its step."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.sums = product_sums(program)
        self.views, self.copies, self.same = locate(program, self.sums)
        self.steps: list[Step] = []
        self.number: dict[int, int] = {}  # id of a step -> its place, counted from the end
        # Of each node: the last steps that use it within their nest, and those that need it stored.
        self.direct: dict[int, list[NestStep]] = {}
        self.strict: dict[int, list[Step]] = {}
        self.outputs = {id(self.same.get(value, value).node) for value in program.outputs}

    def run(self) -> Schedule:
        """The steps in the order of their execution."""
        for node in reversed(self.program.nodes):
            if node.primitive is not None:
                self._place(node)
        for step in self.steps:
            if isinstance(step, NestStep):
                step.nodes.reverse()
        self.steps.reverse()
        return Schedule(self.program, self.steps, self.views, self.same)

    def _place(self, node: Node) -> None:
        if Value(node) in self.same or self._is_dead(node):
            return
        if node.kind in VIEWING and Value(node) in self.views and id(node) not in self.copies:
            self._through(node)
            return
        if id(node) in self.sums.additions:
            self._added(node)
            return
        if node.kind == "concatenate" and is_placing(node) and self._in_place(node):
            return
        step: Step
        if reduces(node):
            shape = node.operands[0].shape
            axes = tuple(axis for axis in node.attributes["axes"] if shape[axis] != 1)
            step = self._join(node, shape, axes)
        elif is_nested(node):
            step = self._join(node, node.types[0].shape, None)
        elif is_product(node):
            step = self._append(ProductStep(node, id(node) in self.sums.accumulating))
        elif is_placing(node) or id(node) in self.copies:
            step = self._append(PlaceStep(node))
        elif is_native(node):
            step = self._append(WindowStep(node))
        elif is_guard(node):
            step = self._append(GuardStep(node))
        elif is_routine(node):
            step = self._append(RoutineStep(node))
        else:
            step = self._append(HostCallStep(node))
        for operand in self._operands(node):
            same = isinstance(step, NestStep) and operand.shape == step.space
            if same and isinstance(step, NestStep):
                self.direct.setdefault(id(operand.node), []).append(step)
            else:
                self.strict.setdefault(id(operand.node), []).append(step)

    def _is_dead(self, node: Node) -> bool:
        """Whether the node is unused and cannot find a fault in its data."""
        if id(node) in self.outputs or self.direct.get(id(node)) or self.strict.get(id(node)):
            return False
        viewing = node.kind in VIEWING and Value(node) in self.views
        known = (is_nested, is_product, is_placing, is_native, is_routine)
        return viewing or any(test(node) for test in known)

    def _through(self, node: Node) -> None:
        """Those that use a view use what it shows, stored."""
        users = [*self.direct.get(id(node), ()), *self.strict.get(id(node), ())]
        (operand,) = self._operands(node)
        self.strict.setdefault(id(operand.node), []).extend(users)
        if id(node) in self.outputs:
            self.outputs.add(id(operand.node))

    def _added(self, node: Node) -> None:
        """Those that use a sum of products use its terms, which are added where they lie."""
        users = [*self.direct.get(id(node), ()), *self.strict.get(id(node), ())]
        for operand in self._operands(node):
            self.strict.setdefault(id(operand.node), []).extend(users)
            if id(node) in self.outputs:
                self.outputs.add(id(operand.node))

    def _in_place(self, node: Node) -> bool:
        """Gives the operands of a concatenation their users, and copies those made elsewhere.

        Who uses those that are does not wait for the others' copies, but for them.
        """
        users = [*self.direct.get(id(node), ()), *self.strict.get(id(node), ())]
        moved: list[Value] = []
        parts = parts_of(node, self.views[Value(node)])
        for operand, part in zip(self._operands(node), parts, strict=True):
            if not self.views[operand].shows(part):
                moved.append(operand)
                continue
            self.strict.setdefault(id(operand.node), []).extend(users)
            if id(node) in self.outputs:
                self.outputs.add(id(operand.node))
        if moved:
            step = self._append(PlaceStep(node))
            for operand in moved:
                self.strict.setdefault(id(operand.node), []).append(step)
        return True

    def _operands(self, node: Node) -> list[Value]:
        return [self.same.get(operand, operand) for operand in node.operands]

    def _append(self, step: Step) -> Step:
        self.number[id(step)] = len(self.steps)
        self.steps.append(step)
        return step

    def _join(self, node: Node, space: Shape, axes: tuple[int, ...] | None) -> NestStep:
        """The nest that takes the node in, with the node in it."""
        direct = self.direct.get(id(node), []) if axes is None else []
        strict = list(self.strict.get(id(node), ()))
        if axes is not None:
            strict += self.direct.get(id(node), ())
        direct_numbers = {self.number[id(step)] for step in direct}
        strict_numbers = {self.number[id(step)] for step in strict}
        first = max(direct_numbers | strict_numbers, default=-1)
        step = self._candidate(node, space, axes, first, first not in strict_numbers)
        if step is None:
            step = NestStep(space)
            self._append(step)
        step.nodes.append(node)
        step.axes = axes if axes is not None else step.axes
        used_elsewhere = any(each is not step for each in direct)
        if axes is not None or strict or used_elsewhere or id(node) in self.outputs:
            step.stored.add(id(node))
        return step

    def _candidate(
        self, node: Node, space: Shape, axes: tuple[int, ...] | None, first: int, may_join: bool
    ) -> NestStep | None:
        """A nest that runs before all that need the node stored, for the same space and axes."""
        places = range(len(self.steps) - 1, max(first, len(self.steps) - NEST_LOOK_BACK) - 1, -1)
        for place in [first, *reversed(places)] if first >= 0 else reversed(places):
            step = self.steps[place] if 0 <= place < len(self.steps) else None
            if not isinstance(step, NestStep) or step.space != space:
                continue
            if place == first and not may_join:
                continue
            if axes is not None and step.axes is not None and step.axes != axes:
                continue
            if len(step.nodes) >= NEST_MOST_OPERATIONS or len(step.stored) >= NEST_MOST_RESULTS:
                continue
            if place == first or self._belongs(node, step):
                return step
        return None

    def _belongs(self, node: Node, step: NestStep) -> bool:
        """Whether an unrelated nest gains by the node: it reads the same, or is small."""
        if step.size <= NEST_SMALL_SPACE:
            return True
        read = {id(operand.node) for each in step.nodes for operand in self._operands(each)}
        return any(id(operand.node) in read for operand in self._operands(node))


def fuse(program: Program) -> Schedule:
    """The steps that run a program."""
    return Fusion(program).run()
