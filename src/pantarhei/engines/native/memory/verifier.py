"""Rules that slots, kernels and memory plans keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pantarhei.engines.native.codegen.loop_nest import Structure
from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.kernels.kernel import Kernel, Tasks, flat
from pantarhei.engines.native.kernels.lowering import HostCall, LoweredSchedule
from pantarhei.engines.native.memory.arena import ALIGNMENT
from pantarhei.engines.native.memory.plan import ArenaBuffer, MemoryPlan, pairs_of
from pantarhei.engines.native.memory.slots import SlottedSchedule
from pantarhei.program.ir import VerificationError


def verify_slots(slotted: SlottedSchedule) -> None:
    """Checks that every array has a slot of its own; donated inputs share theirs.

    Raises:
      VerificationError: naming the slot.
    """
    arrays, taken = slotted.arrays, dict[int, object]()
    shared = {value for value in slotted.aliased.donations if value in slotted.slots}
    for value, slot in [*slotted.slots.items(), *slotted.copied.items()]:
        if not 0 <= slot < arrays.workspace_slot:
            raise VerificationError(f"{value} has slot {slot}, which is no array.")
        if value not in shared and taken.setdefault(slot, value) is not value:
            raise VerificationError(f"{value} and {taken[slot]} share slot {slot}.")
    for number in arrays.results:
        if not 0 <= number < arrays.workspace_slot:
            raise VerificationError(f"A result is in slot {number}, which is no array.")


def verify_kernels(lowered: LoweredSchedule) -> None:
    """Checks that kernels read and write inside their arrays and buffers.

    Raises:
      VerificationError: naming the step and the slot.
    """
    sizes = [*lowered.slotted.arrays.sizes(), *lowered.bytes]
    arena = lowered.slotted.arrays.workspace_slot
    for index, step in enumerate(lowered.steps):
        _check_calls(step.kernels, sizes, f"Step {index}", arena)
        if step.host is not None:
            _check_host(step.host, len(sizes), f"Step {index}")


def verify_plan(plan: MemoryPlan) -> None:
    """Checks a memory plan.

    Raises:
      VerificationError: two buffers that are live at one time overlap; a buffer is not aligned or
        not inside the arena; an argument is outside its array.
    """
    for each in plan.buffers:
        if each.offset % ALIGNMENT:
            raise VerificationError(f"A buffer at {each.offset} is not aligned.")
        if each.offset < 0 or each.offset + each.size > plan.workspace:
            raise VerificationError(f"A buffer at {each.offset} is not inside the arena.")
    for one, other in _neighbours(plan):
        if one.first <= other.last and other.first <= one.last:
            raise VerificationError(
                f"Buffers at {one.offset} and {other.offset} overlap, "
                f"and both are live in call {max(one.first, other.first)}."
            )
    sizes = plan.sizes()
    sizes[plan.workspace_slot] = plan.workspace
    for index, call in enumerate(plan.calls()):
        if isinstance(call, HostCall):
            _check_host(call, len(sizes), f"Call {index}")
        else:
            _check_calls([call], sizes, f"Call {index}")


def _neighbours(plan: MemoryPlan) -> Iterator[tuple[ArenaBuffer, ArenaBuffer]]:
    """Pairs of buffers that share bytes of the arena."""
    active: list[ArenaBuffer] = []
    for each in sorted(plan.buffers, key=lambda buffer: buffer.offset):
        active = [other for other in active if other.offset + other.size > each.offset]
        yield from ((other, each) for other in active)
        active.append(each)


def verify_tasks(
    plan: MemoryPlan, parts: Sequence[Sequence[Kernel | Tasks] | HostCall], workspace: int
) -> None:
    """Checks kernels that are divided into tasks, which have memory behind the arena.

    Raises:
      VerificationError: an argument is outside its array.
    """
    sizes = plan.sizes()
    sizes[plan.workspace_slot] = workspace
    for part in parts:
        if not isinstance(part, HostCall):
            _check_calls(part, sizes, "A task")


def _check_host(call: HostCall, count: int, who: str) -> None:
    for slot in (*(fetch.slot for fetch in call.operands), *call.results):
        if not 0 <= slot < count:
            raise VerificationError(f"{who} ({call.node.kind}) has slot {slot} of {count}.")


def _check_calls(
    calls: Sequence[Kernel | Tasks], sizes: Sequence[int], who: str, unplanned: int = -1
) -> None:
    for kernel in flat(calls):
        ends = _ends(kernel)
        for place, slot, offset in pairs_of(kernel):
            if not 0 <= slot < len(sizes) or slot == unplanned:
                raise VerificationError(f"{who} has slot {slot} of {len(sizes)}.")
            low, high = ends.get(place, (0, 0))
            if offset + low < 0 or offset + high > sizes[slot]:
                raise VerificationError(
                    f"{who} reaches bytes {offset + low} to {offset + high} of slot {slot}, "
                    f"which has {sizes[slot]}."
                )


def _ends(kernel: Kernel) -> dict[int, tuple[int, int]]:
    """First byte and end of each access, from its offset, by the place of the slot.

    For nests and BLAS products, whose arguments say so. Loops run at least once.
    """
    structure, numbers = kernel.structure, kernel.arguments
    if isinstance(structure, str):
        return _product_ends(numbers, BYTES[structure])
    if not isinstance(structure, Structure):
        return {}
    rank = len(structure.reduced)
    accesses = [*structure.loads, *(result.access for result in structure.results)]
    ends = {}
    for number, access in enumerate(accesses):
        first = rank + number * (2 + rank)
        steps = numbers[first + 2 : first + 2 + rank]
        ways = [(max(n, 1) - 1) * step for n, step in zip(numbers[:rank], steps, strict=True)]
        low = sum(way for way in ways if way < 0)
        ends[first] = low, sum(way for way in ways if way > 0) + BYTES[access.type]
    return ends


def _product_ends(numbers: Sequence[int], size: int) -> dict[int, tuple[int, int]]:
    """The same of a stack of products: BLAS matrices are columns, at a distance of `leading`."""
    trans_a, trans_b, m, n, k = numbers[:5]
    a = (k, m) if trans_a == ord("N") else (m, k)
    b = (n, k) if trans_b == ord("N") else (k, n)
    count, ends = numbers[8], {}
    for number, (columns, rows) in enumerate((a, b, (n, m))):
        leading, stride = numbers[5 + number], numbers[12 + 3 * number]
        elements = (columns - 1) * leading + rows if columns and rows else 0
        ends[10 + 3 * number] = 0, (count - 1) * stride + elements * size
    return ends
