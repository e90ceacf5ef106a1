"""Text for what the stages of the pipeline return; see pipeline.py.

Values are numbered as in a printed program: `%3` is what the node of number 3 computes. Strides and
offsets of views are in elements, those of kernels in bytes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence

from pantarhei.engines.native.codegen.loop_nest import Operand, Structure
from pantarhei.engines.native.kernels.kernel import Kernel, Tasks
from pantarhei.engines.native.kernels.lowering import Fetch, HostCall, LoweredSchedule, Temporary
from pantarhei.engines.native.memory.plan import MemoryPlan, pairs_of
from pantarhei.engines.native.memory.slots import Arrays, SlottedSchedule
from pantarhei.engines.native.schedule.aliasing import AliasedSchedule
from pantarhei.engines.native.schedule.schedule import (
    GuardStep,
    HostCallStep,
    NestStep,
    ProductStep,
    Schedule,
    Step,
)
from pantarhei.engines.native.schedule.views import View
from pantarhei.program.ir import Node, Program, Value

# The arguments of a BLAS product, before its operands.
PRODUCT = ("trans_a", "trans_b", "m", "n", "k", "lda", "ldb", "ldc", "count", "accumulate")


class Names:
    """The names of a program's values; called with a value, or another buffer."""

    def __init__(self, program: Program) -> None:
        self.numbers = {id(node): index for index, node in enumerate(program.nodes)}

    def __call__(self, buffer: Hashable) -> str:
        """The name of a buffer."""
        if isinstance(buffer, Temporary):
            return f"temporary of {self(Value(buffer.node))} : {buffer.type}"
        if not isinstance(buffer, Value):
            return str(buffer)
        suffix = f".{buffer.index}" if len(buffer.node.types) > 1 else ""
        return f"%{self.numbers[id(buffer.node)]}{suffix}"


# --- schedules ------------------------------------------------------------------------------------


def show_schedule(schedule: Schedule) -> str:
    """The steps, nests as indented loops."""
    names = Names(schedule.program)
    lines = []
    for index, step in enumerate(schedule.steps):
        lines += [f"step {index}: {_title(step)}", *_shown_step(schedule, step, names)]
    lines.append("return " + " ".join(map(names, schedule.program.outputs)))
    return "\n".join(lines)


def _title(step: Step) -> str:
    name = type(step).__name__.removesuffix("Step").lower()
    if isinstance(step, ProductStep) and step.accumulate:
        name += " (accumulate)"
    return "call of NumPy" if isinstance(step, HostCallStep) else name


def _shown_step(schedule: Schedule, step: Step, names: Names) -> Iterator[str]:
    if not isinstance(step, NestStep):
        yield "  " + _application(schedule, step.node, names, set())
        for value in step.node.values:
            if value in schedule.views and not isinstance(step, GuardStep):
                yield f"  store {names(value)} -> {_view(schedule.views[value], names)}"
        return
    indent = "  "
    for axis, extent in enumerate(step.space):
        note = " (reduced)" if axis in (step.axes or ()) else ""
        yield f"{indent}for i{axis} in {extent}:{note}"
        indent += "  "
    inside: set[Value] = set()
    for node in step.nodes:
        yield indent + _application(schedule, node, names, inside)
        if node.types[0].shape == step.space:
            inside.add(Value(node))
        reduced = node.primitive is not None and not node.primitive.elementwise
        if reduced or id(node) in step.stored:
            view = _view(schedule.views[Value(node)], names)
            yield f"{indent}store {names(Value(node))} -> {view}"


def _application(schedule: Schedule, node: Node, names: Names, inside: set[Value]) -> str:
    operands = []
    for operand in map(schedule.resolved, node.operands):
        text = names(operand)
        if operand not in inside and operand in schedule.views:
            text = _view(schedule.views[operand], names)
        operands.append(text)
    results = ", ".join(map(names, node.values))
    attributes = ", ".join(f"{key}={value}" for key, value in node.attributes.items())
    return f"{results} = {node.kind}({', '.join(operands)})" + (
        f" {{{attributes}}}" if attributes else ""
    )


def _view(view: View, names: Names) -> str:
    """buffer[shape; strides; offset], the strides where they are not those of C order."""
    text = ",".join(map(str, view.shape))
    if not view.is_contiguous:
        text += f"; strides {','.join(map(str, view.strides))}"
    return f"{names(view.buffer)}[{text}{f'; offset {view.offset}' if view.offset else ''}]"


def show_aliased(aliased: AliasedSchedule) -> str:
    """The steps in their final order, then what is overwritten."""
    names = Names(aliased.schedule.program)
    lines = [show_schedule(aliased.schedule)]
    for value, input in aliased.donations.items():
        how = "in place" if value in aliased.in_place else "copied at the end"
        lines.append(f"donated: {names(input)} becomes {names(value)}, {how}")
    for value in aliased.outputs:
        if value in aliased.persistent:
            lines.append(f"persistent: {names(value)}")
    return "\n".join(lines)


def show_slots(slotted: SlottedSchedule) -> str:
    """The table of buffers outside the arena."""
    arrays, names = slotted.arrays, Names(slotted.aliased.schedule.program)
    types = [*map(str, (*arrays.inputs, *arrays.outputs))]
    types += [f"{each.dtype}[{','.join(map(str, each.shape))}]" for each in arrays.constants]
    types += map(str, arrays.host_results)
    values: dict[int, list[str]] = {}
    for value, slot in slotted.slots.items():
        values.setdefault(slot, []).append(names(value))
    for value, slot in slotted.copied.items():
        values.setdefault(slot, []).append(f"copy of {names(value)}")
    lines = [
        f"slot {slot}: {arrays.name(slot)} : {type} = {', '.join(values.get(slot, ['-']))}"
        for slot, type in enumerate(types)
    ]
    lines += [f"copy {names(value)} -> {names(input)}" for value, input in slotted.moved.items()]
    return "\n".join([*lines, f"return slots {arrays.results}"])


# --- kernels --------------------------------------------------------------------------------------


def show_lowered(lowered: LoweredSchedule) -> str:
    """The kernels of each step."""
    arrays, names = lowered.slotted.arrays, Names(lowered.slotted.aliased.schedule.program)
    buffers = {
        number: names(buffer) if isinstance(buffer, Value) else f"temporary{number}"
        for number, buffer in enumerate(lowered.buffers, lowered.first_buffer)
    }
    lines = []
    for index, step in enumerate(lowered.steps):
        title = "copy of a result" if step.step is None else _title(step.step)
        lines.append(f"step {index}: {title}")
        if step.plan is not None:
            lines += (f"  # {line}" for line in str(step.plan).splitlines())
        lines += (f"  {line}" for line in _calls(step.kernels, arrays, buffers))
        if step.host is not None:
            lines.append(f"  {_host_call(step.host, arrays, buffers)}")
    return "\n".join(lines)


def show_plan(plan: MemoryPlan) -> str:
    """The arena as a table, then the calls."""
    lines = [f"arena: {plan.workspace} bytes", "  offset      size  first   last  buffer"]
    for each in sorted(plan.buffers, key=lambda buffer: (buffer.offset, buffer.first)):
        kind = "temporary" if isinstance(each.buffer, Temporary) else each.buffer.node.kind
        text = f"{kind} : {each.buffer.type}"
        lines.append(f"{each.offset:8} {each.size:9} {each.first:6} {each.last:6}  {text}")
    return "\n".join([*lines, *show_parts(plan.parts, plan)])


def show_parts(parts: Sequence[Sequence[Kernel | Tasks] | HostCall], arrays: Arrays) -> list[str]:
    """All calls, in order, numbered."""
    lines, number = [], 0
    for part in parts:
        for call in [part] if isinstance(part, HostCall) else part:
            lines.append(f"call {number}:")
            number += 1
            if isinstance(call, HostCall):
                lines.append(f"  {_host_call(call, arrays, {})}")
            else:
                lines += (f"  {line}" for line in _calls([call], arrays, {}))
    return lines


def _host_call(call: HostCall, arrays: Arrays, buffers: Mapping[int, str]) -> str:
    def operand(fetch: Fetch) -> str:
        name = buffers.get(fetch.slot) or arrays.name(fetch.slot)
        return name if fetch.whole else f"{name}+{fetch.offset} : {fetch.type} {fetch.strides}"

    operands = ", ".join(map(operand, call.operands))
    results = ", ".join(map(arrays.name, call.results))
    return f"{results} = numpy {call.node.kind}({operands})"


def _calls(
    calls: Sequence[Kernel | Tasks], arrays: Arrays, buffers: Mapping[int, str]
) -> Iterator[str]:
    for call in calls:
        if isinstance(call, Kernel):
            yield from _kernel(call, arrays, buffers)
            continue
        for number, task in enumerate(call.tasks):
            yield f"task {number}:"
            yield from (f"  {line}" for line in _calls(task, arrays, buffers))
        if call.after:
            yield "then:"
            yield from (f"  {line}" for line in _calls(call.after, arrays, buffers))


def _kernel(kernel: Kernel, arrays: Arrays, buffers: Mapping[int, str]) -> Iterator[str]:
    """A kernel and its arguments: a slot with its offset is the name of the array + the offset."""
    numbers = kernel.arguments
    places = {
        place: f"{buffers.get(slot) or arrays.name(slot)}+{offset}"
        for place, slot, offset in pairs_of(kernel)
    }
    if isinstance(kernel.structure, Structure):
        yield from _nest(kernel.structure, numbers, places)
        return
    texts = [
        places.get(place) or str(number)
        for place, number in enumerate(numbers)
        if place - 1 not in places
    ]
    if isinstance(kernel.structure, str):
        named = zip(PRODUCT, [chr(numbers[0]), chr(numbers[1]), *texts[2:]], strict=False)
        operands = texts[len(PRODUCT) :]
        pairs = [f"{name}={text}" for name, text in named]
        pairs += [
            f"{name}={place} (stride {stride})"
            for name, place, stride in zip("abc", operands[::2], operands[1::2], strict=True)
        ]
        yield f"gemm {kernel.structure} {' '.join(pairs)}"
        return
    kind = getattr(kernel.structure, "kind", type(kernel.structure).__name__)
    variant = " ".join(getattr(kernel.structure, "variant", ()))
    yield f"{kind} {variant}({', '.join(texts)})".replace(" (", "(")


def _nest(structure: Structure, numbers: Sequence[int], places: Mapping[int, str]) -> Iterator[str]:
    rank = len(structure.reduced)
    loops = (
        f"{extent}{' (reduced)' if reduced else ''}"
        for extent, reduced in zip(numbers, structure.reduced, strict=False)
    )
    yield f"nest over [{', '.join(loops)}]"
    accesses = []
    for number in range(len(structure.loads) + len(structure.results)):
        first = rank + number * (2 + rank)
        steps = ",".join(map(str, numbers[first + 2 : first + 2 + rank]))
        accesses.append(f"{places[first]}" + (f" (strides {steps})" if rank else ""))

    def operand(pair: tuple[Operand, str]) -> str:
        (kind, name), type = pair
        return f"{type} {name}" if kind == "literal" else f"{kind}{name}"

    for number, load in enumerate(structure.loads):
        yield f"  load{number} = {load.type} {accesses[number]}"
    for number, operation in enumerate(structure.operations):
        operands = ", ".join(map(operand, operation.operands))
        yield f"  op{number} = {operation.type} {operation.name}({operands})"
    for number, result in enumerate(structure.results, len(structure.loads)):
        value = operand(result.operand)
        value = f"{result.kind}({value})" if result.kind else value
        yield f"  store {value} -> {result.access.type} {accesses[number]}"
