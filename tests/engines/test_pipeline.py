"""The pipeline of the native engine can be watched: named stages, printed, verified.

Every rule of every verifier is shown to catch a fault that is planted in a result.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pantarhei.engines.native.kernels.kernel import Kernel
from pantarhei.engines.native.machine import host_machine
from pantarhei.engines.native.memory.slots import Slot
from pantarhei.engines.native.pipeline import (
    PASSES,
    STAGES,
    Options,
    assemble_bound,
    explain,
    stages,
)
from pantarhei.engines.native.schedule.schedule import GuardStep, NestStep
from pantarhei.engines.numpy import engine as numpy_engine
from pantarhei.passes.driver import Pass, run_pass
from pantarhei.program import dump
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Program, ProgramError, Type
from pantarhei.program.primitives import TABLE
from pantarhei.program.verifier import VerificationError
from tests.passes.expressions import expressions_of, input_types, program_of

FLOAT, INT = np.dtype("float32"), np.dtype("int32")
BOUND = Options({2: 1}, bound=True)


def example() -> Program:
    """A layer, rows of it, a sum with a joined vector, and a step of its weights."""
    b = Builder(TABLE)
    x, w, v = (b.input(Type(FLOAT, shape)) for shape in ((64, 20), (20, 30), (30,)))
    indices = b.input(Type(INT, (7,)))
    hidden = b.tanh(b.add(b.matmul(x, w), v))
    rows = b.gather(hidden, indices, axis=0)
    joined = b.concatenate(b.exp(v), b.sum(rows, axes=(0,)), axis=0)
    return b.finish([b.sum(hidden, axes=(0,)), joined, b.subtract(w, b.multiply(w, w))])


def result_of(name: str, options: Options = BOUND) -> Any:
    """What a stage makes of the example, for a test to spoil."""
    return list(stages(example(), options, name))[-1][1]


def verifier_of(name: str) -> Callable[[Any], object]:
    """The verifier of a stage."""
    return next(stage.verify for stage in STAGES if stage.name == name)


def refuses(name: str, result: Any, message: str) -> None:
    """The verifier of a stage finds the fault in a result."""
    with pytest.raises(VerificationError, match=message):
        verifier_of(name)(result)


def test_each_stage_takes_what_the_one_before_returns() -> None:
    assert STAGES[0].input is Program
    for stage, following in pairwise(STAGES):
        assert stage.output is following.input
    for options in (BOUND, Options()):
        for stage, result in stages(example(), options, STAGES[-1].name):
            assert isinstance(result, stage.output)
    names = [stage.name for stage in STAGES]
    assert len(set(names)) == len(names)
    ran = [stage.name for stage, _ in stages(example(), until="memory")]
    assert ran == [name for name in names[: names.index("memory") + 1] if name != "guards"]


# --- printing -------------------------------------------------------------------------------------


def test_a_schedule_is_printed_as_loop_nests() -> None:
    lines = explain(example(), "fusion", BOUND).splitlines()
    first = lines.index("step 1: nest")
    assert lines[first : first + 6] == [
        "step 1: nest",
        "  for i0 in 64:",
        "    for i1 in 30:",
        "      %5 = add(%4[64,30], %2[30])",
        "      %6 = tanh(%5)",
        "      store %6 -> %6[64,30]",
    ]
    assert "  for i0 in 64: (reduced)" in lines
    assert "      store %10 -> %11[30; offset 30]" in lines  # joined in place


def test_donations_slots_and_memory_are_printed() -> None:
    assert explain(example(), "aliasing", BOUND).endswith("donated: %1 becomes %14, in place")
    assert "slot 1: input1 : float32[20,30] = %1, %14" in explain(example(), "slots", BOUND)
    lines = explain(example(), "memory", BOUND).splitlines()
    assert lines[:3] == [
        "arena: 15360 bytes",
        "  offset      size  first   last  buffer",
        "       0      7680      0      1  matmul : float32[64,30]",
    ]


def test_kernels_are_printed_with_named_arguments() -> None:
    text = explain(example(), "kernels", BOUND)
    assert "a=input1+0 (stride 0) b=input0+0 (stride 0) c=%4+0 (stride 0)" in text
    assert "store sum(load0) -> float output1+120 (strides 0,4)" in text
    assert "guard i32(0, 7, 0, 64, 1, input3+0, fault+0)" in text
    assert "arena+7680" in explain(example(), "parallel", BOUND)


def test_the_code_of_one_kernel_is_printed() -> None:
    one = replace(BOUND, kernel=1)
    text = explain(example(), "codegen", one)
    assert text.count("void @kernel_") == 1
    assembly = explain(example(), "machine code", one)
    assert assembly.startswith("# kernel 0") and assembly.count(".globl") == 1


def test_an_unknown_stage_is_an_error() -> None:
    with pytest.raises(ValueError, match="'fusing' is no stage; stages are pooling, guards"):
        explain(example(), "fusing")


def test_stages_are_dumped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANTARHEI_DUMP", str(tmp_path))
    dump.start()
    assert list(stages(example(), BOUND, "fusion"))[-1][0].name == "fusion"
    (folder,) = tmp_path.iterdir()
    names = sorted((path.name for path in folder.iterdir()), key=lambda n: int(n.split("-")[0]))
    assert names[:4] == [
        "0-pooling.txt",
        "1-guards.txt",
        "2-slice_sinking.txt",
        "3-small_matmul.txt",
    ]
    assert names[-1] == f"{len(STAGES) - 2}-codegen.txt"
    assert (folder / "1-guards.txt").read_text().startswith("# guards: 14 -> 15 nodes (gather: 1)")
    header = (folder / "4-fusion.txt").read_text().splitlines()[0]
    assert header == "# fusion: Program -> Schedule"


# --- programs -------------------------------------------------------------------------------------


def test_a_guarded_program_has_a_meaning() -> None:
    *_, (_, guarded) = stages(example(), BOUND, "small matmul")
    random = np.random.default_rng(0)
    arrays = [random.random(value.shape).astype(value.dtype) for value in example().inputs]
    expected = numpy_engine.compile(example())(arrays)
    for one, other in zip(numpy_engine.compile(guarded)(arrays), expected, strict=True):
        np.testing.assert_array_equal(one, other)
    arrays[3] = np.full(7, 64, INT)
    with pytest.raises(numpy_engine.EngineFault) as fault:
        numpy_engine.compile(guarded)(arrays)
    assert isinstance(fault.value.error, ProgramError)
    assert "guard" in str(fault.value.error)


def test_passes_run_by_the_driver_are_verified() -> None:
    def forget(program: Program) -> tuple[Program, dict[str, int]]:
        return Program(program.inputs, program.nodes[1:], program.outputs), {}

    rewrites = [stage.name for stage in STAGES if stage.output is Program]
    assert rewrites == ["pooling", "guards", "slice sinking", "small matmul"]
    with pytest.raises(VerificationError, match="After forgetting: An operand is used before"):
        run_pass(Pass("forgetting", forget), example())


@pytest.mark.parametrize("each", PASSES, ids=lambda each: each.name)
def test_a_pass_makes_of_its_example_what_it_says(each: Pass) -> None:
    assert each.example is not None
    inputs = input_types(each.example.inputs)
    step = run_pass(each, program_of(inputs, each.example.before))
    assert expressions_of(step.after, inputs) == [each.example.after]
    assert sum(step.fired.values()) == 1


# --- schedules ------------------------------------------------------------------------------------


def test_a_value_is_stored_before_it_is_read() -> None:
    schedule = result_of("fusion")
    verifier_of("fusion")(schedule)
    swapped = [schedule.steps[1], schedule.steps[0], *schedule.steps[2:]]
    message = r"Step 0 \(add\) reads matmul, which is stored by step 1"
    refuses("fusion", replace(schedule, steps=swapped), message)


def test_every_node_runs_once() -> None:
    schedule = result_of("fusion")
    twice = [schedule.steps[0], *schedule.steps]
    refuses("fusion", replace(schedule, steps=twice), "Steps 0 and 1: matmul twice")
    refuses("fusion", replace(schedule, steps=schedule.steps[1:]), "matmul, which no step computes")
    other = replace(schedule, program=example())
    refuses("fusion", other, "Step 0 computes matmul of another program")


def test_guards_run() -> None:
    schedule = result_of("fusion")
    steps = [step for step in schedule.steps if not isinstance(step, GuardStep)]
    refuses("fusion", replace(schedule, steps=steps), "No step runs guard")


def test_a_nest_does_not_read_what_it_reduces_or_does_not_store() -> None:
    schedule = result_of("fusion")
    nest = schedule.steps[1]
    assert isinstance(nest, NestStep)
    stored = set(nest.stored)
    nest.stored.clear()
    refuses("fusion", schedule, "tanh, which step 1 does not store")
    nest.stored |= stored
    b = Builder(TABLE)
    x = b.input(Type(FLOAT, (4, 5)))
    schedule = list(stages(b.finish([b.exp(b.sum(x, axes=(0,)))]), until="fusion"))[-1][1]
    first, second = schedule.steps
    first.nodes += second.nodes
    first.stored |= second.stored
    refuses("fusion", replace(schedule, steps=[first]), "reads sum, which is stored by itself")


def test_views_have_the_shapes_of_their_values() -> None:
    schedule = result_of("fusion")
    value = schedule.program.outputs[0]
    views = {**schedule.views, value: schedule.views[value].broadcast_to((2, 30))}
    refuses("fusion", replace(schedule, views=views), r"has shape \(2, 30\)")


def test_donated_inputs_are_not_read_after_they_are_overwritten() -> None:
    aliased = result_of("aliasing")
    steps = aliased.schedule.steps
    writer = next(s for s in steps if isinstance(s, NestStep) and s.nodes[-1].kind == "subtract")
    early = [writer, *(step for step in steps if step is not writer)]
    # The product reads the weights.
    spoilt = replace(aliased, schedule=replace(aliased.schedule, steps=early))
    refuses("aliasing", spoilt, "reads a donated input|is a guard that runs")
    guard = next(step for step in steps if isinstance(step, GuardStep))
    late = [*(step for step in steps if step is not guard), guard]
    spoilt = replace(aliased, schedule=replace(aliased.schedule, steps=late))
    refuses("aliasing", spoilt, "is a guard that runs after")


def test_donated_inputs_are_overwritten_once_and_by_their_type() -> None:
    aliased = result_of("aliasing")
    (value, weights), *_ = aliased.donations.items()
    other = aliased.schedule.program.outputs[0]
    refuses("aliasing", replace(aliased, donations={value: weights, other: weights}), "Two results")
    image = aliased.schedule.program.inputs[0]
    refuses("aliasing", replace(aliased, donations={value: image}), "donated input of type")


def test_elements_are_read_where_they_are_overwritten() -> None:
    b = Builder(TABLE)
    w = b.input(Type(FLOAT, (20, 20)))
    program = b.finish([b.add(w, b.transpose(w, permutation=(1, 0)))])
    *_, (_, aliased) = stages(program, Options({0: 0}), "aliasing")
    assert not aliased.in_place
    aliased.in_place.add(program.outputs[0])
    refuses("aliasing", aliased, "overwrites elements that it has to read")


# --- memory ---------------------------------------------------------------------------------------


def test_arrays_have_slots_of_their_own() -> None:
    slotted = result_of("slots")
    image, weights, *_ = slotted.slots
    slots = {**slotted.slots, weights: slotted.slots[image]}
    refuses("slots", replace(slotted, slots=slots), "share slot 0")
    slots = {**slotted.slots, image: Slot(99)}
    refuses("slots", replace(slotted, slots=slots), "slot 99, which is no array")
    arrays = replace(slotted.arrays, results=[-1])
    refuses("slots", replace(slotted, arrays=arrays), "A result is in slot -1")


def moved(kernel: Kernel, by: int, slot: int | None = None) -> Kernel:
    """A kernel whose first access is moved by some bytes, or to another slot."""
    numbers = list(kernel.arguments)
    place = next(place for place, each in enumerate(numbers) if isinstance(each, Slot))
    numbers[place] = Slot(numbers[place] if slot is None else slot)
    numbers[place + 1] += by
    return replace(kernel, arguments=tuple(numbers))


@pytest.mark.parametrize(
    ("by", "slot", "message"),
    [
        (4, None, "reaches bytes 4 to 7684 of slot"),
        (-4, None, "reaches bytes -4 to"),
        (0, 99, "slot 99"),
    ],
)
def test_kernels_stay_inside_their_buffers(by: int, slot: int | None, message: str) -> None:
    lowered = result_of("kernels")
    step = lowered.steps[1]
    step.kernels[0] = moved(step.kernels[0], by, slot)
    refuses("kernels", lowered, message)


@pytest.mark.parametrize("operand", range(3))
@pytest.mark.parametrize("transposed", [False, True])
def test_products_stay_inside_their_matrices(operand: int, transposed: bool) -> None:
    b = Builder(TABLE)
    shapes = ((64, 20), (30, 20)) if transposed else ((20, 64), (20, 30))
    x, y = (b.input(Type(FLOAT, shape)) for shape in shapes)
    attributes = {"transpose_y": True} if transposed else {"transpose_x": True}
    program = b.finish([b.matmul(x, y, **attributes)])
    lowered = list(stages(program, until="kernels"))[-1][1]
    (product,) = lowered.steps[0].kernels
    numbers = list(product.arguments)
    numbers[5 + operand] += 1  # its rows or columns are further apart
    lowered.steps[0].kernels = [replace(product, arguments=tuple(numbers))]
    refuses("kernels", lowered, "reaches bytes 0 to")


def test_kernels_do_not_use_an_arena_that_is_not_planned() -> None:
    lowered = result_of("kernels")
    arena = lowered.slotted.arrays.workspace_slot
    lowered.steps[1].kernels[0] = moved(lowered.steps[1].kernels[0], 0, arena)
    refuses("kernels", lowered, f"Step 1 has slot {arena}")


def test_buffers_that_live_together_do_not_overlap() -> None:
    plan = result_of("memory")
    verifier_of("memory")(plan)
    first, second, third = sorted(plan.buffers, key=lambda buffer: buffer.first)
    spoilt = replace(plan, buffers=[first, replace(second, offset=first.offset), third])
    refuses("memory", spoilt, "overlap, and both are live in call 1")
    # A buffer that is needed for longer than the plan assumed is in the way of the next one.
    spoilt = replace(plan, buffers=[replace(first, last=third.first), second, third])
    refuses("memory", spoilt, "overlap")


def test_buffers_are_aligned_and_inside_the_arena() -> None:
    plan = result_of("memory")
    first, *others = plan.buffers
    refuses("memory", replace(plan, buffers=[replace(first, offset=8), *others]), "not aligned")
    refuses("memory", replace(plan, workspace=64), "not inside the arena")


def test_calls_stay_inside_the_arena() -> None:
    plan = result_of("memory")
    plan.parts[0][1] = moved(plan.parts[0][1], plan.workspace)
    refuses("memory", plan, "Call 1 reaches bytes")
    tasks = result_of("parallel")
    refuses("parallel", replace(tasks, workspace=64), "A task reaches bytes")


def test_host_calls_have_slots() -> None:
    b = Builder(TABLE)
    x = b.input(Type(FLOAT, (3, 3)))
    program = b.finish([b.exp(b.cholesky(x))])
    assert assemble_bound(program, {}, host_machine()) is None
    *_, (_, plan) = stages(program)
    assert "host0 = numpy cholesky(input0)" in explain(program)
    plan.parts[0].results[0] = 77
    refuses("memory", plan, "slot 77 of")


def test_modules_are_verified() -> None:
    code = result_of("codegen")
    verifier_of("codegen")(code)
    spoilt = {each: text.replace("ret void", "ret i32 0") for each, text in code.modules.items()}
    refuses("codegen", replace(code, modules=spoilt), "LLVM's verifier rejects a module")
