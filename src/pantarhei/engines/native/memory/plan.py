"""The memory plan: which part of the arena each buffer has, and when.

A buffer is live from the first kernel that uses it to the end of the last step that does. Buffers
whose lives do not overlap share memory. The plan also holds all else that a run needs: the kernels
with their final arguments, in parts between calls of NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from pantarhei.engines.native.kernels.kernel import Kernel, Tasks
from pantarhei.engines.native.kernels.lowering import (
    Buffer,
    Fetch,
    HostCall,
    LoweredSchedule,
    StepKernels,
)
from pantarhei.engines.native.memory.arena import Arena
from pantarhei.engines.native.memory.slots import Arrays, Slot
from pantarhei.engines.native.schedule.schedule import GuardStep, NestStep, RoutineStep
from pantarhei.program.ir import Node, Value


@dataclass(frozen=True)
class ArenaBuffer:
    """Where a buffer is in the arena, and the first and the last call that use it."""

    buffer: Buffer
    offset: int
    size: int
    first: int
    last: int


@dataclass
class MemoryPlan(Arrays):
    """All that a run needs: the arrays, the arena and the calls.

    Args:
      workspace: bytes of the arena.
      buffers: what the arena holds.
      parts: kernels that run one after the other, and calls of NumPy between them.
      nodes: of each kernel the nodes that it computes.
      before_replacing: how many kernels run before the first that writes to persistent memory.
      guarding: whether kernels write to the cell for faults.
      largest: the node with the largest value in the arena.
    """

    workspace: int = 0
    buffers: list[ArenaBuffer] = field(default_factory=list)
    parts: list[list[Kernel | Tasks] | HostCall] = field(default_factory=list)
    nodes: list[list[Node]] = field(default_factory=list)
    before_replacing: int = 0
    guarding: bool = False
    largest: Node | None = None

    def calls(self) -> Iterator[Kernel | Tasks | HostCall]:
        """Everything that runs, in order."""
        for part in self.parts:
            if isinstance(part, HostCall):
                yield part
            else:
                yield from part


def plan_memory(lowered: LoweredSchedule) -> MemoryPlan:
    """Gives every buffer its part of the arena, and kernels their final arguments."""
    plan = MemoryPlan(**vars(lowered.slotted.arrays))
    arena, parts = _parts_of_arena(lowered)
    plan.workspace = arena.size
    bind = Binding(
        {
            number: (plan.workspace_slot, parts[buffer][0])
            for number, buffer in enumerate(lowered.buffers, lowered.first_buffer)
        }
    )
    overwriting, replacing = lowered.slotted.aliased.overwriting, False
    live: dict[int, tuple[int, int]] = {}  # number of a buffer -> first and last call
    count = calls = 0
    for step in lowered.steps:
        replacing |= _overwrites(step, overwriting)
        plan.guarding |= isinstance(step.step, GuardStep)
        for call in [step.host] if step.host is not None else step.kernels:
            _append(plan, bind(call))
            for number in bind.used:
                live[number] = live.get(number, (calls, 0))[0], calls
            calls += 1
        plan.nodes += [step.nodes] * len(step.kernels)
        count += len(step.kernels)
        if not replacing and step.step is not None:
            plan.before_replacing = count
    plan.buffers = [
        ArenaBuffer(buffer, *parts[buffer], *live[number])
        for number, buffer in enumerate(lowered.buffers, lowered.first_buffer)
        if number in live
    ]
    if lowered.buffers:
        largest = max(lowered.buffers, key=lambda buffer: buffer.type.size)
        plan.largest = largest.node
    return plan


def _overwrites(step: StepKernels, overwriting: set[int]) -> bool:
    """Whether a step writes to persistent memory; `overwriting`: ids of nodes that do."""
    if isinstance(step.step, NestStep):
        return bool(step.step.stored & overwriting)
    return isinstance(step.step, RoutineStep) and id(step.step.node) in overwriting


def _parts_of_arena(lowered: LoweredSchedule) -> tuple[Arena, dict[Buffer, tuple[int, int]]]:
    """The arena after all steps, and the start and the size of each buffer's part.

    A step's results and temporaries get their parts first; then what no later step uses is freed.
    """
    schedule = lowered.slotted.aliased.schedule
    copied = {*lowered.slotted.copied, *lowered.slotted.moved}
    kept = {schedule.views[value].buffer for value in copied}
    last = {
        buffer: index
        for index, step in enumerate(schedule.steps)
        for buffer in schedule.uses(step)
        if buffer not in kept
    }
    ends: dict[int, list[Value]] = {}
    for buffer, index in last.items():
        ends.setdefault(index, []).append(buffer)
    sizes = dict(zip(lowered.buffers, lowered.bytes, strict=True))
    arena, parts = Arena(), {}
    for index, step in enumerate(lowered.steps):
        for each in step.first_used:
            parts[each] = arena.take(sizes[each])
        freed: list[Buffer] = [*step.temporaries, *ends.get(index, ())]
        for each in freed:
            if each in parts:
                arena.give(parts[each])
    return arena, parts


def _append(plan: MemoryPlan, call: Kernel | Tasks | HostCall) -> None:
    if isinstance(call, HostCall):
        plan.parts.append(call)
        return
    if not plan.parts or isinstance(plan.parts[-1], HostCall):
        plan.parts.append([])
    part = plan.parts[-1]
    assert isinstance(part, list)
    part.append(call)


# --- arguments ------------------------------------------------------------------------------------


def pairs_of(kernel: Kernel) -> Iterator[tuple[int, Slot, int]]:
    """The places of slots among a kernel's arguments, the slots, and the offsets behind them."""
    numbers = kernel.arguments
    for place, number in enumerate(numbers):
        if type(number) is Slot:
            yield place, number, numbers[place + 1]


class Binding:
    """Replaces numbers of buffers by the arena and offsets in it.

    Args:
      places: number of a buffer -> the arena's slot, and the offset.
    """

    def __init__(self, places: Mapping[int, tuple[Slot, int]]) -> None:
        self.places = places
        self.used: set[int] = set()  # numbers that the latest call uses

    def __call__(self, call: Kernel | Tasks | HostCall) -> Kernel | Tasks | HostCall:
        """The call with its final arguments."""
        self.used = set()
        if isinstance(call, HostCall):
            return HostCall(call.node, list(map(self._fetch, call.operands)), call.results)
        return self._kernels(call)

    def _kernels(self, call: Kernel | Tasks) -> Kernel | Tasks:
        if isinstance(call, Tasks):
            tasks = tuple(tuple(map(self._kernel, task)) for task in call.tasks)
            return Tasks(tasks, tuple(map(self._kernels, call.after)))
        return self._kernel(call)

    def _kernel(self, kernel: Kernel) -> Kernel:
        arguments = list(kernel.arguments)
        for place, slot, _ in pairs_of(kernel):
            if slot in self.places:
                self.used.add(slot)
                arguments[place], offset = self.places[slot]
                arguments[place + 1] += offset
        return replace(kernel, arguments=tuple(arguments))

    def _fetch(self, fetch: Fetch) -> Fetch:
        if fetch.slot not in self.places:
            return fetch
        self.used.add(fetch.slot)
        slot, offset = self.places[fetch.slot]
        return replace(fetch, slot=slot, offset=fetch.offset + offset)
