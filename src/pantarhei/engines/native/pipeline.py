"""The pipeline of the native engine: the named stages from a program to machine code.

Compiling is a loop over `STAGES`. Between stages tests verify every result, and every result can be
printed: `explain` returns the text of one stage, `PANTARHEI_DUMP` writes all of them; see
docs/stages.md. No stage keeps state, and each returns a dataclass of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pantarhei.engines.native import printing
from pantarhei.engines.native.codegen.jit import Compiler, compiler, llvm_text
from pantarhei.engines.native.kernels.kernel import Compilable, flat
from pantarhei.engines.native.kernels.lowering import LoweredSchedule, lower
from pantarhei.engines.native.machine import Machine, host_machine
from pantarhei.engines.native.memory import verifier as memory_verifier
from pantarhei.engines.native.memory.arena import ALIGNMENT
from pantarhei.engines.native.memory.plan import MemoryPlan, plan_memory
from pantarhei.engines.native.memory.slots import SlottedSchedule, number_slots
from pantarhei.engines.native.passes import guards, pooling, slice_sinking, small_matmul
from pantarhei.engines.native.schedule import verifier as schedule_verifier
from pantarhei.engines.native.schedule.aliasing import AliasedSchedule, alias
from pantarhei.engines.native.schedule.fusion import fuse
from pantarhei.engines.native.schedule.parallel import Division
from pantarhei.engines.native.schedule.schedule import HostCallStep, Schedule
from pantarhei.passes.driver import Pass, run_pass, verified
from pantarhei.program import dump
from pantarhei.program.ir import Program
from pantarhei.program.verifier import VerificationError, verify


@dataclass(frozen=True)
class Options:
    """What a program is compiled for, besides itself.

    Args:
      donations: number of a result -> of the input that it overwrites; None for persistent memory
        that is no input.
      bound: whether the program runs as one call, with guards in the place of checks.
      kernel: the only one whose code is generated, by its number among all; None for every one.
      machine: what kernels are chosen for.
    """

    donations: Mapping[int, int | None] = field(default_factory=dict)
    bound: bool = False
    kernel: int | None = None
    machine: Machine = field(default_factory=host_machine)


@dataclass(frozen=True)
class Stage:
    """One stage.

    Args:
      name: what it is called by, and in dumps.
      input: the class of what it takes.
      output: the class of what it returns.
      run: returns the result, and a note on what has been done.
      verify: raises VerificationError where a result breaks a rule.
      show: a result as text.
      bound_only: whether it is left out for programs that are not bound.
    """

    name: str
    input: type
    output: type
    run: Callable[[Any, Options], tuple[Any, str]]
    verify: Callable[[Any], object]
    show: Callable[[Any], str]
    bound_only: bool = False


# --- tasks and code -------------------------------------------------------------------------------


@dataclass(frozen=True)
class TaskPlan:
    """A memory plan with kernels divided into tasks; `workspace`: the arena with their memory."""

    plan: MemoryPlan
    parts: list[Any]
    workspace: int


@dataclass(frozen=True)
class GeneratedCode:
    """The functions of all kernels, in the order of their first calls, and their LLVM modules."""

    modules: dict[Compilable, str]


@dataclass(frozen=True)
class MachineCode:
    """The functions of all kernels as assembly."""

    functions: dict[Compilable, str]


def divide(plan: MemoryPlan, jit: Compiler, machine: Machine) -> TaskPlan:
    """Divides large kernels into tasks; programs that run do so when they are compiled."""
    start = -(-plan.workspace // ALIGNMENT) * ALIGNMENT
    division = Division(plan.workspace_slot, start, jit.pool.divides_products, machine)
    parts = [list(map(division, part)) if isinstance(part, list) else part for part in plan.parts]
    tasks = TaskPlan(plan, parts, division.end)
    verified("parallel", _verify_tasks, tasks)
    return tasks


def _verify_tasks(tasks: TaskPlan) -> None:
    memory_verifier.verify_tasks(tasks.plan, tasks.parts, tasks.workspace)


def generate(plan: TaskPlan, kernel: int | None = None) -> GeneratedCode:
    """The LLVM modules of a plan's kernels, or of one of them."""
    kernels = [each for part in plan.parts if isinstance(part, list) for each in flat(part)]
    ordered = list(dict.fromkeys(function for each in kernels for function in each.functions))
    if kernel is not None:
        ordered = ordered[kernel : kernel + 1]
    return GeneratedCode({each: llvm_text(each) for each in ordered})


def _verify_code(code: GeneratedCode) -> None:
    # Imported when used, as everywhere: programs that compile nothing need not have it.
    import llvmlite.binding as llvm

    for text in code.modules.values():
        try:
            llvm.parse_assembly(text).verify()
        except RuntimeError as error:
            raise VerificationError(f"LLVM's verifier rejects a module: {error}") from None


def _show_tasks(plan: TaskPlan) -> str:
    lines = printing.show_parts(plan.parts, plan.plan)
    return "\n".join([f"arena with memory of tasks: {plan.workspace} bytes", *lines])


def _shown_functions(functions: Mapping[Compilable, str], comment: str) -> str:
    return "\n".join(
        f"{comment} kernel {number}: {type(structure).__name__}\n{text}"
        for number, (structure, text) in enumerate(functions.items())
    )


# --- the stages -----------------------------------------------------------------------------------


# Rewrites of programs, by the driver of pantarhei.passes.
PASSES = (pooling.PASS, guards.PASS, slice_sinking.PASS, small_matmul.PASS)


def _rewrite(each: Pass) -> Stage:
    def run(program: Program, options: Options) -> tuple[Program, str]:
        suited = small_matmul.pass_for(options.machine) if each is small_matmul.PASS else each
        step = run_pass(suited, program)
        return step.after, str(step).removeprefix(f"{each.name}: ")

    bound_only = each is guards.PASS
    return Stage(each.name, Program, Program, run, verify, str, bound_only)


def _stage(
    name: str,
    types: tuple[type, type],
    run: Callable[[Any, Options], Any],
    verify: Callable[[Any], object],
    show: Callable[[Any], str],
) -> Stage:
    note = f"{types[0].__name__} -> {types[1].__name__}"
    return Stage(name, *types, lambda value, options: (run(value, options), note), verify, show)


STAGES = (
    *map(_rewrite, PASSES),
    _stage(
        "fusion",
        (Program, Schedule),
        lambda program, _: fuse(program),
        schedule_verifier.verify_schedule,
        printing.show_schedule,
    ),
    _stage(
        "aliasing",
        (Schedule, AliasedSchedule),
        lambda schedule, options: alias(schedule, options.donations),
        schedule_verifier.verify_aliased,
        printing.show_aliased,
    ),
    _stage(
        "slots",
        (AliasedSchedule, SlottedSchedule),
        lambda aliased, _: number_slots(aliased),
        memory_verifier.verify_slots,
        printing.show_slots,
    ),
    _stage(
        "kernels",
        (SlottedSchedule, LoweredSchedule),
        lambda slotted, options: lower(slotted, options.machine),
        memory_verifier.verify_kernels,
        printing.show_lowered,
    ),
    _stage(
        "memory",
        (LoweredSchedule, MemoryPlan),
        lambda lowered, _: plan_memory(lowered),
        memory_verifier.verify_plan,
        printing.show_plan,
    ),
    _stage(
        "parallel",
        (MemoryPlan, TaskPlan),
        lambda plan, options: divide(plan, compiler(), options.machine),
        _verify_tasks,
        _show_tasks,
    ),
    _stage(
        "codegen",
        (TaskPlan, GeneratedCode),
        lambda plan, options: generate(plan, options.kernel),
        _verify_code,
        lambda code: _shown_functions(code.modules, ";"),
    ),
    _stage(
        "machine code",
        (GeneratedCode, MachineCode),
        lambda code, _: MachineCode({each: compiler().assembly(each) for each in code.modules}),
        lambda code: None,  # LLVM made it of a module that it has verified
        lambda code: _shown_functions(code.functions, "#"),
    ),
)


def stages(
    program: Program, options: Options | None = None, until: str = "memory"
) -> Iterator[tuple[Stage, Any]]:
    """Runs the stages; each with its result, verified, and dumped if requested."""
    options = options or Options()
    count = last_of(until)
    last = max(count, DUMPED) if dump.wanted_any() else count
    value: Any = program
    for number, stage in enumerate(STAGES[:last]):
        if stage.bound_only and not options.bound:
            continue
        result, note = stage.run(value, options)
        if result is not value and stage.output is not Program:  # passes are verified by the driver
            verified(stage.name, stage.verify, result)
        value = result
        if dump.wanted(stage.name):
            dump.show(stage.name, f"{stage.name}: {note}", stage.show(value))
        if number < count:
            yield stage, value


def last_of(name: str) -> int:
    """How many stages there are up to the one of a name.

    Raises:
      ValueError: there is no stage of that name.
    """
    names = [stage.name for stage in STAGES]
    if name not in names:
        raise ValueError(f"{name!r} is no stage; stages are {', '.join(names)}")
    return names.index(name) + 1


# Stages up to this one are dumped, even if the engine needs less: all but the assembly.
DUMPED = last_of("codegen")


def explain(program: Program, until: str = "memory", options: Options | None = None) -> str:
    """What there is of a program after one stage, as text."""
    stage, result = list(stages(program, options, until))[-1]
    return stage.show(result)


# --- for the engine -------------------------------------------------------------------------------


def assemble(
    program: Program,
    donations: Mapping[int, int | None] | None = None,
    machine: Machine | None = None,
) -> MemoryPlan:
    """The kernels and the memory of a program; `machine`: None for this one."""
    *_, (_, plan) = stages(program, Options(donations or {}, machine=machine or host_machine()))
    assert isinstance(plan, MemoryPlan)
    return plan


def assemble_bound(
    program: Program, donations: Mapping[int, int | None], machine: Machine
) -> MemoryPlan | None:
    """The same with guards; None for a program with calls of NumPy."""
    plan = None
    for _, plan in stages(program, Options(donations, bound=True, machine=machine)):
        steps = plan.steps if isinstance(plan, Schedule) else ()
        if any(isinstance(step, HostCallStep) for step in steps):
            return None
    assert isinstance(plan, MemoryPlan)
    return plan
