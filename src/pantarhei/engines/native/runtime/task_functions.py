"""How threads share tasks: the functions of the pool as LLVM text, and the words in memory that
they read and write.

A record of tasks names the pool, how many threads may share the tasks, how many tasks there are,
the tasks (address and number of their kernels), then address and number of the kernels that follow
when all tasks are done. `spread` is called with a record in the place of a kernel's arguments.

A job is published by one store of its ticket. Whoever takes a task off the ticket keeps the job as
it is until the task is done, so nothing else of a job is read before.
"""

from __future__ import annotations

from pantarhei.engines.native.codegen.builder import Function, Module
from pantarhei.engines.native.codegen.kernel_function import KernelFunction
from pantarhei.engines.native.codegen.values import SSAValue

# The pool's words, by the byte where they lie. Those that many threads write lie apart.
#   busy      1 while a call has the pool
#   ticket    number of the job (32 bits), how many threads may help (12), tasks not yet taken (20)
#   done      tasks that have ended
#   record, buffers: the job
#   sleeping  threads that sleep, a bit for each
#   workers   threads that were started; most: that there can be; stop: 1 at the end; pauses: how
#             often one looks for work before it sleeps
#   start ... functions: of Python, to start threads; of the system
#   turn      1 while a thread changes the next three; alone: products that run and need BLAS to
#             use one thread; usual: how many it uses else; closed: 1 while no more may begin
#   set, get  functions of BLAS
WORDS = {
    name: 64 * line + 8 * place
    for line, names in enumerate(
        [
            ["busy"],
            ["ticket"],
            ["done"],
            ["record", "buffers"],
            ["sleeping"],
            ["workers", "most", "stop", "pauses", "start"],
            ["lock", "unlock", "wait", "broadcast", "yield", "mutex", "condition"],
            ["turn", "alone", "usual", "closed", "set", "get"],
        ]
    )
    for place, name in enumerate(names)
}
MUTEX, CONDITION, SIZE = 512, 640, 1024


# A ticket's parts: how many tasks are left, and how many threads may help.
TASKS_LEFT, HELPERS_SHIFT, HELPERS, NUMBER_SHIFT = (1 << 20) - 1, 20, (1 << 12) - 1, 32

# How often a caller that waits for the last tasks looks before it lets others have its processor.
LOOKS = 1000

# Intrinsics by which a processor learns that a thread waits in a loop, and their operands.
PAUSES = {"x86": ("@llvm.x86.sse2.pause", ()), "aarch64": ("@llvm.aarch64.isb", (15,))}


class _PoolFunction(Function):
    """A function of the pool whose address is its first parameter."""

    def __init__(self, module: Module, name: str, *others: str, result: str = "void") -> None:
        super().__init__(module, name, ("ptr", *others), result)
        self.pool = self.parameters[0]

    def word(self, name: str) -> SSAValue:
        """The address of a word."""
        return self.moved(self.pool, WORDS[name])

    def read(self, name: str, type: str = "i64") -> SSAValue:
        """A word that no other thread changes meanwhile."""
        return self.load(self.word(name), type)

    def call_word(self, name: str, *operands: SSAValue) -> SSAValue:
        """A call of the system's or BLAS' function in a word."""
        return self.call("i32", self.read(name, "ptr"), *operands)

    def pause(self, count: int = 1) -> None:
        """Waits for a moment."""
        self.call("void", "@pause", self.constant(count, "i64"))

    def give_back(self, name: str) -> None:
        """Lets other threads have what `compare_exchange` of 0 to 1 gave to this one."""
        self.atomic_store(0, self.word(name), "release")


def _helpers(ticket: SSAValue) -> SSAValue:
    return ticket.binary("lshr", HELPERS_SHIFT) & HELPERS


def _write_pause(module: Module, processor: str) -> None:
    f = Function(module, "pause", ("i64",), attributes="nounwind noinline")
    kind = "x86" if processor.startswith(("x86", "i386", "i686")) else processor.split("-")[0]
    with f.loop(f.parameters[0]):
        if kind in PAUSES:
            name, operands = PAUSES[kind]
            f.call("void", name, *(f.constant(each, "i32") for each in operands))
    f.ret()


def _write_task(module: Module) -> None:
    """Runs one task of a record."""
    f = Function(module, "task", ("ptr", "ptr", "i64"))
    record, buffers, index = f.parameters
    pair = "{ptr, i64}"
    tasks = f.load(f.gep(record, "i64", 3), "ptr")
    steps = f.load(f.gep(tasks, pair, index), "ptr")
    length = f.load(f.gep(tasks, pair, index, 1), "i64")
    f.call("void", "@walk", steps, length, buffers)
    f.ret()


def _write_take(module: Module) -> None:
    """How many tasks were left before the one that was taken; 0: there is none for this thread."""
    f = _PoolFunction(module, "take", "i64", result="i64")
    lane, place = f.parameters[1], f.word("ticket")
    with f.repeat():
        ticket = f.atomic_load(place, "acquire")
        left = ticket & TASKS_LEFT
        with f.when(left.equals(0) | lane.compare("", "uge", _helpers(ticket))):
            f.ret(f.constant(0, "i64"))
        with f.when(f.compare_exchange(place, ticket, ticket - 1, "acq_rel acquire")):
            f.ret(left)


def _write_help(module: Module) -> None:
    """Takes tasks until there are none: the job stays as it is while a task of it runs."""
    f = _PoolFunction(module, "help", "i64", result="i64")
    with f.repeat() as loop:
        number = loop.phi(f.constant(0, "i64"))
        left = f.call("i64", "@take", *f.parameters)
        with f.when(left.equals(0)):
            f.ret(number)
        record, buffers = f.read("record", "ptr"), f.read("buffers", "ptr")
        count = f.load(f.gep(record, "i64", 2), "i64")
        f.call("void", "@task", record, buffers, count - left)
        f.fetch("add", f.word("done"), 1, "acq_rel")
        loop.next(number, number + 1)


def _write_work(module: Module) -> None:
    """What a thread of the pool does until the end."""
    f = _PoolFunction(module, "work", "i64")
    with f.repeat() as loop:
        tries = loop.phi(f.constant(0, "i64"))
        number = f.call("i64", "@help", *f.parameters)
        with f.when(f.atomic_load(f.word("stop"), "acquire").differs(0)):
            f.ret()
        tries_now = number.equals(0).choose(tries + 1, 0)
        is_tired = f.read("pauses").below_unsigned(tries_now)
        with f.when(is_tired):
            _sleep(f)
        with f.when(is_tired ^ 1):
            f.pause()
        loop.next(tries, is_tired.choose(tries.of(0), tries_now))


def _sleep(f: _PoolFunction) -> None:
    """Waits until there is a job for this thread, or the end."""
    lane, mutex = f.parameters[1], f.read("mutex", "ptr")
    f.call_word("lock", mutex)
    bit = lane.of(1).binary("shl", lane)
    f.fetch("or", f.word("sleeping"), bit, "seq_cst")
    with f.repeat() as loop:
        ticket = f.atomic_load(f.word("ticket"), "seq_cst")
        has_job = (ticket & TASKS_LEFT).differs(0) & lane.below_unsigned(_helpers(ticket))
        stops = f.atomic_load(f.word("stop"), "acquire").differs(0)
        loop.again = (has_job | stops) ^ 1
        with f.when(loop.again):
            f.call_word("wait", f.read("condition", "ptr"), mutex)
    f.fetch("and", f.word("sleeping"), bit ^ -1, "seq_cst")
    f.call_word("unlock", mutex)


def _write_spread(module: Module) -> None:
    """Runs the tasks of a record, with the pool if no other call has it, and what follows them."""
    f = _PoolFunction(module, "spread", "ptr")
    record, buffers = f.parameters
    f.pool = f.load(record, "ptr")
    limit, count = (f.load(f.gep(record, "i64", place), "i64") for place in (1, 2))
    after = f.load(f.gep(record, "i64", 4), "ptr")
    after_length = f.load(f.gep(record, "i64", 5), "i64")
    sharing = limit.intrinsic("umin", count)
    helpers = (sharing - 1).intrinsic("umin", f.read("most"))
    alone, end = f.label("alone"), f.label("end")
    f.require(helpers.differs(0), alone)
    f.require(f.compare_exchange(f.word("busy"), 0, 1, "acquire monotonic"), alone)
    with f.when(f.read("workers").below_unsigned(helpers)):
        f.call("void", f.read("start", "ptr"), helpers)
    _publish(f, sharing, count)
    f.call("i64", "@help", f.pool, f.constant(0, "i64"))
    _wait(f, count)
    f.give_back("busy")
    f.jump(end)
    f.start(alone)
    with f.loop(count) as loop:
        f.call("void", "@task", record, buffers, loop.index)
    f.jump(end)
    f.start(end)
    f.call("void", "@walk", after, after_length, buffers)
    f.ret()


def _publish(f: _PoolFunction, sharing: SSAValue, count: SSAValue) -> None:
    """Makes a record the job of the pool, and wakes the threads that may help."""
    for name, pointer in zip(("record", "buffers"), f.parameters, strict=True):
        f.store(pointer, f.word(name))
    f.atomic_store(0, f.word("done"), "monotonic")
    number = f.atomic_load(f.word("ticket"), "monotonic").binary("lshr", NUMBER_SHIFT) + 1
    low = sharing.binary("shl", HELPERS_SHIFT) | count
    f.atomic_store(number.binary("shl", NUMBER_SHIFT) | low, f.word("ticket"), "seq_cst")
    lanes = sharing.of(-1).binary("lshr", sharing.of(64) - sharing)
    asleep = f.atomic_load(f.word("sleeping"), "seq_cst") & lanes
    with f.when(asleep.differs(0)):
        mutex = f.read("mutex", "ptr")
        f.call_word("lock", mutex)
        f.call_word("broadcast", f.read("condition", "ptr"))
        f.call_word("unlock", mutex)


def _wait(f: _PoolFunction, count: SSAValue) -> None:
    """Waits until all tasks are done."""
    with f.repeat() as loop:
        tries = loop.phi(f.constant(0, "i64"))
        tries_now = tries + 1
        loop.next(tries, tries_now)
        loop.again = f.atomic_load(f.word("done"), "acquire").differs(count)
        with f.when(loop.again):
            # A thread of the pool may need the processor that waits here.
            is_long = tries.of(LOOKS).below_unsigned(tries_now)
            with f.when(is_long):
                f.call_word("yield")
            with f.when(is_long ^ 1):
                f.pause()


def _write_turn_take(module: Module) -> None:
    f = _PoolFunction(module, "turn.take")
    with f.repeat() as loop:
        taken = f.compare_exchange(f.word("turn"), 0, 1, "acquire monotonic")
        loop.again = taken ^ 1
        with f.when(loop.again):
            f.pause()
    f.ret()


def _write_alone_begin(module: Module) -> None:
    """From here on BLAS uses the thread that calls it only; until as many calls of `alone.end`."""
    f = _PoolFunction(module, "alone.begin")
    with f.repeat() as loop:
        f.call("void", "@turn.take", f.pool)
        loop.again = f.read("closed").differs(0)
        with f.when(loop.again):
            f.give_back("turn")
            f.pause(100)
    alone = f.read("alone")
    with f.when(alone.equals(0)):
        f.store(f.call_word("get").convert("zext", "i64"), f.word("usual"))
        f.call("void", f.read("set", "ptr"), f.constant(1, "i32"))
    f.store(alone + 1, f.word("alone"))
    f.give_back("turn")
    f.ret()


def _write_alone_end(module: Module) -> None:
    f = _PoolFunction(module, "alone.end")
    f.call("void", "@turn.take", f.pool)
    alone = f.read("alone") - 1
    f.store(alone, f.word("alone"))
    with f.when(alone.equals(0)):
        f.call("void", f.read("set", "ptr"), f.read("usual").convert("trunc", "i32"))
    f.give_back("turn")
    f.ret()


def _write_alone(module: Module, type: str) -> None:
    """A product, with the pool behind its arguments, for which BLAS is to use one thread."""
    f = KernelFunction(name=f"alone_{type}", module=module)
    pool = f.load(f.gep(f.parameters[0], "ptr", 20), "ptr")
    f.call("void", "@alone.begin", pool)
    f.call("void", f"@product_{type}", *f.parameters)
    f.call("void", "@alone.end", pool)
    f.ret()


def write_task_functions(module: Module, processor: str) -> None:
    """The pool's functions for a kind of processor, by the first part of LLVM's name for it."""
    _write_pause(module, processor)
    for write in (_write_task, _write_take, _write_help, _write_work, _write_spread):
        write(module)
    for write in (_write_turn_take, _write_alone_begin, _write_alone_end):
        write(module)
    for type in ("float", "double"):
        _write_alone(module, type)
