"""The pool: native threads that share the tasks of one step, and the functions that they run.

A table of kernels may name `spread`, which runs a record of tasks: the caller and the threads of
the pool take them one by one until none is left. Which thread runs a task changes nothing about
what it computes. One call has the pool at a time; who comes meanwhile runs all tasks itself.

Threads of the pool are threads of Python that stay in `work`, without Python's lock. They start
when the first tasks are there, look for work for a while after each, and then sleep. Without
POSIX threads there is no pool, and whoever calls `spread` runs all tasks.
"""

from __future__ import annotations

import _thread
import atexit
import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

# The most threads of a pool: BLAS has memory for so many callers at once.
MOST_THREADS = 64

# Seconds that a thread looks for work before it sleeps; being woken costs about as much.
PATIENCE = 1e-4

# The pool's words, by the byte where they lie. Those that many threads write lie apart.
#   busy      1 while a call has the pool
#   ticket    number of the job (32 bits), how many threads may help (12), tasks not yet taken (20)
#   done      tasks that have ended
#   record, buffers: the job
#   sleeping  threads that sleep, a bit for each
#   workers   threads that were started; most: that there can be; stop: 1 at the end; pauses: how
#             often one looks for work before it sleeps
#   start ... functions: of Python, to start threads; of the system
#   turn      1 while somebody changes the next three; alone: products that run and want BLAS to
#             use one thread; usual: how many it uses else; closed: 1 while no more may begin
#   set, get  functions of BLAS
_WORDS = {
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
_MUTEX, _CONDITION, _SIZE = 512, 640, 1024


def _word(name: str) -> str:
    """The line of LLVM's language that makes the address of a word."""
    return f"  %{name}.place = getelementptr i8, ptr %pool, i64 {_WORDS[name]}\n"


def _load(name: str, type: str = "i64") -> str:
    return f"{_word(name)}  %{name} = load {type}, ptr %{name}.place\n"


# How a processor is told that one waits in a loop.
PAUSES = {
    "x86": ("call void @llvm.x86.sse2.pause()", "declare void @llvm.x86.sse2.pause()"),
    "aarch64": ("call void @llvm.aarch64.isb(i32 15)", "declare void @llvm.aarch64.isb(i32)"),
}

# A record: the pool, how many threads may share the tasks, how many tasks, the tasks (address and
# number of their kernels), then address and number of the kernels that follow all tasks.
TASKS = f"""
define void @pause(i64 %count) nounwind noinline {{
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  PAUSE
  %next = add nuw nsw i64 %i, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %loop, label %done
done:
  ret void
}}

define void @task(ptr %record, ptr %buffers, i64 %index) nounwind {{
entry:
  %tasks.place = getelementptr i64, ptr %record, i64 3
  %tasks = load ptr, ptr %tasks.place
  %steps.place = getelementptr {{ptr, i64}}, ptr %tasks, i64 %index
  %steps = load ptr, ptr %steps.place
  %length.place = getelementptr {{ptr, i64}}, ptr %tasks, i64 %index, i32 1
  %length = load i64, ptr %length.place
  call void @walk(ptr %steps, i64 %length, ptr %buffers)
  ret void
}}

; How many tasks were left before the one that was taken; 0: there is none for this thread.
define i64 @take(ptr %pool, i64 %lane) nounwind {{
entry:
{_word("ticket")}
  br label %look
look:
  %ticket = load atomic i64, ptr %ticket.place acquire, align 8
  %left = and i64 %ticket, 1048575
  %none = icmp eq i64 %left, 0
  %helpers.up = lshr i64 %ticket, 20
  %helpers = and i64 %helpers.up, 4095
  %outside = icmp uge i64 %lane, %helpers
  %nothing = or i1 %none, %outside
  br i1 %nothing, label %no, label %try
try:
  %after = sub i64 %ticket, 1
  %pair = cmpxchg ptr %ticket.place, i64 %ticket, i64 %after acq_rel acquire, align 8
  %taken = extractvalue {{i64, i1}} %pair, 1
  br i1 %taken, label %yes, label %look
yes:
  ret i64 %left
no:
  ret i64 0
}}

; Takes tasks until there are none: the job stays as it is while a task of it runs.
define i64 @help(ptr %pool, i64 %lane) nounwind {{
entry:
{_word("done")}{_word("record")}{_word("buffers")}
  br label %next
next:
  %number = phi i64 [ 0, %entry ], [ %number.next, %run ]
  %left = call i64 @take(ptr %pool, i64 %lane)
  %none = icmp eq i64 %left, 0
  br i1 %none, label %end, label %run
run:
  %record = load ptr, ptr %record.place
  %buffers = load ptr, ptr %buffers.place
  %count.place = getelementptr i64, ptr %record, i64 2
  %count = load i64, ptr %count.place
  %index = sub i64 %count, %left
  call void @task(ptr %record, ptr %buffers, i64 %index)
  %before = atomicrmw add ptr %done.place, i64 1 acq_rel, align 8
  %number.next = add i64 %number, 1
  br label %next
end:
  ret i64 %number
}}

; What a thread of the pool does until the end.
define void @work(ptr %pool, i64 %lane) nounwind {{
entry:
{_word("ticket")}{_word("stop")}{_word("sleeping")}
{_load("pauses")}{_load("lock", "ptr")}{_load("unlock", "ptr")}{_load("wait", "ptr")}
{_load("mutex", "ptr")}{_load("condition", "ptr")}
  br label %look
look:
  %tries = phi i64 [ 0, %entry ], [ 0, %awake ], [ %tries.next, %again ]
  %number = call i64 @help(ptr %pool, i64 %lane)
  %stop = load atomic i64, ptr %stop.place acquire, align 8
  %ends = icmp ne i64 %stop, 0
  br i1 %ends, label %end, label %go
go:
  %idle = icmp eq i64 %number, 0
  %tries.more = add i64 %tries, 1
  %tries.next = select i1 %idle, i64 %tries.more, i64 0
  %tired = icmp ugt i64 %tries.next, %pauses
  br i1 %tired, label %sleep, label %again
again:
  call void @pause(i64 1)
  br label %look
sleep:
  %locked = call i32 %lock(ptr %mutex)
  %bit = shl i64 1, %lane
  %before = atomicrmw or ptr %sleeping.place, i64 %bit seq_cst, align 8
  br label %check
check:
  %ticket = load atomic i64, ptr %ticket.place seq_cst, align 8
  %left = and i64 %ticket, 1048575
  %some = icmp ne i64 %left, 0
  %helpers.up = lshr i64 %ticket, 20
  %helpers = and i64 %helpers.up, 4095
  %inside = icmp ult i64 %lane, %helpers
  %wanted = and i1 %some, %inside
  %stop.now = load atomic i64, ptr %stop.place acquire, align 8
  %ends.now = icmp ne i64 %stop.now, 0
  %up = or i1 %wanted, %ends.now
  br i1 %up, label %awake, label %wait.more
wait.more:
  %waited = call i32 %wait(ptr %condition, ptr %mutex)
  br label %check
awake:
  %others = xor i64 %bit, -1
  %was = atomicrmw and ptr %sleeping.place, i64 %others seq_cst, align 8
  %unlocked = call i32 %unlock(ptr %mutex)
  br label %look
end:
  ret void
}}

define void @spread(ptr %record, ptr %buffers) nounwind {{
entry:
  %pool = load ptr, ptr %record
  %limit.place = getelementptr i64, ptr %record, i64 1
  %limit = load i64, ptr %limit.place
  %count.place = getelementptr i64, ptr %record, i64 2
  %count = load i64, ptr %count.place
  %after.place = getelementptr i64, ptr %record, i64 4
  %after = load ptr, ptr %after.place
  %after.length.place = getelementptr i64, ptr %record, i64 5
  %after.length = load i64, ptr %after.length.place
{_word("busy")}{_word("ticket")}{_word("done")}{_word("sleeping")}{_word("workers")}
{_word("record")}{_word("buffers")}
{_load("most")}
  %sharing = call i64 @llvm.umin.i64(i64 %limit, i64 %count)
  %helpers = sub i64 %sharing, 1
  %possible = call i64 @llvm.umin.i64(i64 %helpers, i64 %most)
  %single = icmp eq i64 %possible, 0
  br i1 %single, label %inline, label %seek
seek:
  %pair = cmpxchg ptr %busy.place, i64 0, i64 1 acquire monotonic, align 8
  %mine = extractvalue {{i64, i1}} %pair, 1
  br i1 %mine, label %mine.now, label %inline
mine.now:
  %workers = load i64, ptr %workers.place
  %enough = icmp uge i64 %workers, %possible
  br i1 %enough, label %publish, label %start.some
start.some:
{_load("start", "ptr")}
  call void %start(i64 %possible)
  br label %publish
publish:
  store ptr %record, ptr %record.place
  store ptr %buffers, ptr %buffers.place
  store atomic i64 0, ptr %done.place monotonic, align 8
  %old = load atomic i64, ptr %ticket.place monotonic, align 8
  %old.number = lshr i64 %old, 32
  %number = add i64 %old.number, 1
  %number.up = shl i64 %number, 32
  %sharing.up = shl i64 %sharing, 20
  %low = or i64 %sharing.up, %count
  %ticket = or i64 %number.up, %low
  store atomic i64 %ticket, ptr %ticket.place seq_cst, align 8
  %sleeping = load atomic i64, ptr %sleeping.place seq_cst, align 8
  %unused = sub i64 64, %sharing
  %lanes = lshr i64 -1, %unused
  %missed = and i64 %sleeping, %lanes
  %all.awake = icmp eq i64 %missed, 0
  br i1 %all.awake, label %share, label %wake
wake:
{_load("lock", "ptr")}{_load("unlock", "ptr")}{_load("broadcast", "ptr")}
{_load("mutex", "ptr")}{_load("condition", "ptr")}
  %locked = call i32 %lock(ptr %mutex)
  %called = call i32 %broadcast(ptr %condition)
  %unlocked = call i32 %unlock(ptr %mutex)
  br label %share
share:
  %own = call i64 @help(ptr %pool, i64 0)
  br label %rest
rest:
  %tries = phi i64 [ 0, %share ], [ %tries.next, %rest.wait ]
  %done = load atomic i64, ptr %done.place acquire, align 8
  %all = icmp eq i64 %done, %count
  br i1 %all, label %give.back, label %rest.more
rest.more:
  ; A thread of the pool may need the processor that waits here.
  %tries.next = add i64 %tries, 1
  %long = icmp ugt i64 %tries.next, 1000
  br i1 %long, label %rest.yield, label %rest.pause
rest.yield:
{_load("yield", "ptr")}
  %yielded = call i32 %yield()
  br label %rest.wait
rest.pause:
  call void @pause(i64 1)
  br label %rest.wait
rest.wait:
  br label %rest
give.back:
  store atomic i64 0, ptr %busy.place release, align 8
  br label %end
inline:
  %i = phi i64 [ 0, %entry ], [ 0, %seek ], [ %i.next, %inline ]
  call void @task(ptr %record, ptr %buffers, i64 %i)
  %i.next = add nuw nsw i64 %i, 1
  %i.more = icmp ult i64 %i.next, %count
  br i1 %i.more, label %inline, label %end
end:
  call void @walk(ptr %after, i64 %after.length, ptr %buffers)
  ret void
}}

declare i64 @llvm.umin.i64(i64, i64)

define void @turn.take(ptr %pool) nounwind {{
entry:
{_word("turn")}
  br label %try
try:
  %pair = cmpxchg ptr %turn.place, i64 0, i64 1 acquire monotonic, align 8
  %taken = extractvalue {{i64, i1}} %pair, 1
  br i1 %taken, label %done, label %again
again:
  call void @pause(i64 1)
  br label %try
done:
  ret void
}}

; From here on BLAS uses the thread that calls it only; until as many calls of `alone.end`.
define void @alone.begin(ptr %pool) nounwind {{
entry:
{_word("turn")}{_word("alone")}{_word("usual")}{_word("closed")}
  br label %try
try:
  call void @turn.take(ptr %pool)
  %closed = load i64, ptr %closed.place
  %open = icmp eq i64 %closed, 0
  br i1 %open, label %begin, label %again
again:
  store atomic i64 0, ptr %turn.place release, align 8
  call void @pause(i64 100)
  br label %try
begin:
  %alone = load i64, ptr %alone.place
  %first = icmp eq i64 %alone, 0
  br i1 %first, label %change, label %done
change:
{_load("get", "ptr")}{_load("set", "ptr")}
  %threads = call i32 %get()
  %threads.long = zext i32 %threads to i64
  store i64 %threads.long, ptr %usual.place
  call void %set(i32 1)
  br label %done
done:
  %more = add i64 %alone, 1
  store i64 %more, ptr %alone.place
  store atomic i64 0, ptr %turn.place release, align 8
  ret void
}}

define void @alone.end(ptr %pool) nounwind {{
entry:
{_word("turn")}{_word("alone")}{_word("usual")}
  call void @turn.take(ptr %pool)
  %alone = load i64, ptr %alone.place
  %fewer = sub i64 %alone, 1
  store i64 %fewer, ptr %alone.place
  %last = icmp eq i64 %fewer, 0
  br i1 %last, label %change, label %done
change:
{_load("set", "ptr")}
  %usual = load i64, ptr %usual.place
  %threads = trunc i64 %usual to i32
  call void %set(i32 %threads)
  br label %done
done:
  store atomic i64 0, ptr %turn.place release, align 8
  ret void
}}
"""

# A product, with the pool behind its arguments, for which BLAS is to use one thread.
ALONE = """
define void @alone_TYPE(ptr %a, ptr %buffers) nounwind {
entry:
  %pool.place = getelementptr ptr, ptr %a, i64 20
  %pool = load ptr, ptr %pool.place
  call void @alone.begin(ptr %pool)
  call void @product_TYPE(ptr %a, ptr %buffers)
  call void @alone.end(ptr %pool)
  ret void
}
"""


def functions(processor: str) -> str:
    """The pool's functions for a kind of processor, by the first part of LLVM's name for it."""
    kind = "x86" if processor.startswith(("x86", "i386", "i686")) else processor.split("-")[0]
    pause, declaration = PAUSES.get(kind, ("", ""))
    tasks = TASKS.replace("PAUSE", pause) + declaration
    return tasks + ALONE.replace("TYPE", "float") + ALONE.replace("TYPE", "double")


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Pool:
    """The threads of a process, and their words in memory.

    Args:
      function: gives the addresses of the compiled functions above.
      blas: the library of products, if it can be asked for; see `_control`.
    """

    def __init__(self, function: Callable[[str], int], blas: ctypes.CDLL | None) -> None:
        self._memory = ctypes.create_string_buffer(_SIZE + 64)
        self.address = -(-ctypes.addressof(self._memory) // 64) * 64
        self._work = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(function("work"))
        self._pause = ctypes.CFUNCTYPE(None, ctypes.c_int64)(function("pause"))
        self._turn_take = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(function("turn.take"))
        self._forking = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._starter = ctypes.CFUNCTYPE(None, ctypes.c_int64)(self._start)
        self._set("start", ctypes.cast(self._starter, ctypes.c_void_p).value or 0)
        control = _control(blas)
        # Whether products can be told to use one thread; those of other libraries are left alone.
        self.divides_products = control is not None
        if control is not None:
            self._set("set", control[0])
            self._set("get", control[1])
        self._system = _system()
        if self._system is not None:
            self._prepare()
            os.register_at_fork(
                before=self._before_fork,
                after_in_parent=self._after_fork,
                after_in_child=self._in_child,
            )
            atexit.register(self.stop)

    def _get(self, name: str) -> int:
        return ctypes.c_int64.from_address(self.address + _WORDS[name]).value

    def _set(self, name: str, value: int) -> None:
        ctypes.c_int64.from_address(self.address + _WORDS[name]).value = value

    def _prepare(self) -> None:
        """Sets the words up for a pool without threads."""
        assert self._system is not None
        for name in ("busy", "ticket", "done", "sleeping", "workers", "stop"):
            self._set(name, 0)
        for name in ("lock", "unlock", "wait", "broadcast", "yield"):
            self._set(name, ctypes.cast(self._system[name], ctypes.c_void_p).value or 0)
        for name, place in (("mutex", _MUTEX), ("condition", _CONDITION)):
            ctypes.memset(self.address + place, 0, _CONDITION - _MUTEX)
            self._set(name, self.address + place)
            self._system[name](ctypes.c_void_p(self.address + place), None)
        self._set("most", MOST_THREADS - 1)

    def _start(self, wanted: int) -> None:
        """Starts threads until there are so many; called by `spread`, who has the pool."""
        try:
            if not self._get("pauses"):
                self._measure()
            while self._get("workers") < wanted:
                lane = self._get("workers") + 1
                thread = threading.Thread(
                    target=self._serve, args=(lane,), name=f"pantarhei-{lane}", daemon=True
                )
                thread.start()
                self._threads.append(thread)
                self._set("workers", lane)
        except RuntimeError:  # the system gives no more threads
            self._set("most", self._get("workers"))
        except KeyboardInterrupt:  # for the caller, when it is back in Python
            _thread.interrupt_main()

    def _measure(self) -> None:
        """Finds out how many pauses `PATIENCE` is."""
        number, shortest = 500, 1.0
        for _ in range(3):
            start = time.perf_counter()
            self._pause(number)
            shortest = min(shortest, time.perf_counter() - start)
        self._set("pauses", max(int(number * PATIENCE / max(shortest, 1e-9)), 1))

    def _serve(self, lane: int) -> None:
        # Signals are for the threads of the program.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals() - _FAULTS)
        self._work(self.address, lane)

    def stop(self) -> None:
        """Ends the threads; from now on callers run all tasks."""
        assert self._system is not None
        self._set("most", 0)
        self._set("stop", 1)
        mutex = ctypes.c_void_p(self._get("mutex"))
        for name, place in (("lock", mutex), ("broadcast", None), ("unlock", mutex)):
            self._system[name](place or ctypes.c_void_p(self._get("condition")))
        for thread in self._threads:
            thread.join(_FAREWELL)

    def _before_fork(self) -> None:
        """Waits for products that run: the child would find BLAS in the middle of something."""
        self._forking.acquire()
        self._turn_take(self.address)
        self._set("closed", 1)
        while self._get("alone"):
            self._set("turn", 0)
            time.sleep(1e-4)
            self._turn_take(self.address)

    def _after_fork(self) -> None:
        self._set("closed", 0)
        self._set("turn", 0)
        self._forking.release()

    def _in_child(self) -> None:
        """There are no threads, and nobody has the pool."""
        self._forking = threading.Lock()
        self._set("closed", 0)
        self._set("turn", 0)
        self._threads = []
        self._prepare()


# Seconds that a thread may take for the task it is in when the process ends.
_FAREWELL = 5.0

# Signals that an instruction raises in the thread that runs it.
_FAULTS = {
    getattr(signal, name)
    for name in ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT", "SIGTRAP")
    if hasattr(signal, name)
}


def _system() -> dict[str, Any] | None:
    """The system's functions for threads that wait; None where they are not POSIX's."""
    names = {
        "lock": "pthread_mutex_lock",
        "unlock": "pthread_mutex_unlock",
        "wait": "pthread_cond_wait",
        "broadcast": "pthread_cond_broadcast",
        "yield": "sched_yield",
        "mutex": "pthread_mutex_init",
        "condition": "pthread_cond_init",
    }
    try:
        library = ctypes.CDLL(None)
        return {name: getattr(library, function) for name, function in names.items()}
    except (TypeError, OSError, AttributeError):
        return None


def _control(blas: ctypes.CDLL | None) -> tuple[int, int] | None:
    """Addresses of the functions that set and get OpenBLAS's number of threads.

    OpenMP keeps such a number for each thread, other libraries for themselves: then None.
    """
    for prefix in ("scipy_openblas_", "openblas_"):
        for suffix in ("", "64_", "_64"):
            try:
                functions = [
                    getattr(blas, f"{prefix}{name}{suffix}")
                    for name in ("set_num_threads", "get_num_threads", "get_parallel")
                ]
            except AttributeError:
                continue
            if functions[2]() > 1:
                return None
            first, second = (ctypes.cast(each, ctypes.c_void_p).value for each in functions[:2])
            return (first, second) if first and second else None
    return None
