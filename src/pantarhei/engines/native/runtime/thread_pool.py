"""The pool: native threads that share the tasks of one step, and the functions that they run.

A table of kernels may name `spread`, which runs a record of tasks: the caller and the threads of
the pool take them one by one until none is left. Which thread runs a task changes nothing about
what it computes. One call has the pool at a time; who comes meanwhile runs all tasks itself.

Threads of the pool are threads of Python that stay in `work`, without the GIL. They start
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

from pantarhei.engines.native.runtime.task_functions import CONDITION, MUTEX, SIZE, WORDS

# The most threads of a pool: BLAS has memory for so many callers at once.
MOST_THREADS = 64

# Seconds that a thread looks for work before it sleeps; being woken costs about as much.
PATIENCE = 1e-4


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ThreadPool:
    """The threads of a process, and their words in memory.

    Args:
      function: gives the addresses of the functions in task_functions.py.
      blas: the library of products, if there is one; see `_control`.
    """

    def __init__(self, function: Callable[[str], int], blas: ctypes.CDLL | None) -> None:
        # Threads run the machine code until the process ends, longer than the compiler may last.
        self._machine_code = function
        self._memory = ctypes.create_string_buffer(SIZE + 64)
        self.address = -(-ctypes.addressof(self._memory) // 64) * 64
        self._work = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(function("work"))
        self._pause = ctypes.CFUNCTYPE(None, ctypes.c_int64)(function("pause"))
        self._turn_take = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(function("turn.take"))
        self._forking = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._starter = ctypes.CFUNCTYPE(None, ctypes.c_int64)(self._start)
        self._set("start", ctypes.cast(self._starter, ctypes.c_void_p).value or 0)
        control = _control(blas)
        # Whether the number of threads of products can be set; other libraries' is left alone.
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
        return ctypes.c_int64.from_address(self.address + WORDS[name]).value

    def _set(self, name: str, value: int) -> None:
        ctypes.c_int64.from_address(self.address + WORDS[name]).value = value

    def _prepare(self) -> None:
        """Sets the words up for a pool without threads."""
        assert self._system is not None
        for name in ("busy", "ticket", "done", "sleeping", "workers", "stop"):
            self._set(name, 0)
        for name in ("lock", "unlock", "wait", "broadcast", "yield"):
            self._set(name, ctypes.cast(self._system[name], ctypes.c_void_p).value or 0)
        for name, place in (("mutex", MUTEX), ("condition", CONDITION)):
            ctypes.memset(self.address + place, 0, CONDITION - MUTEX)
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
        """There are no threads, and no call has the pool."""
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
