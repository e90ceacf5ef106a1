"""A program's kernels with their arguments, and the memory for calls of them.

The kernels are compiled once and shared; every call that may run at the same time as another one
has an execution context of its own.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np

from pantarhei.engines.contract import EntryPoint
from pantarhei.engines.native.codegen.jit import Compiler
from pantarhei.engines.native.codegen.ops import READ, TYPES
from pantarhei.engines.native.kernels.kernel import Kernel, Tasks, flat
from pantarhei.engines.native.kernels.lowering import HostCall
from pantarhei.engines.native.memory.arena import ALIGNMENT
from pantarhei.engines.native.memory.plan import MemoryPlan
from pantarhei.engines.native.pipeline import divide
from pantarhei.engines.native.runtime.entry import address_of
from pantarhei.engines.native.runtime.thread_pool import MOST_THREADS, cores
from pantarhei.program.ir import Array, Type

# Address and number of kernels in a table of pairs: a function and its arguments.
Steps = tuple[int, int]
STEP_BYTES = 16


class CompiledProgram:
    """A layout with its kernels compiled and their arguments in memory.

    Args:
      jit: compiles.
      layout: the kernels, which are divided into tasks here.
      threads: how many may share the tasks of a kernel; 0 for as many as there are cores.
    """

    def __init__(self, jit: Compiler, layout: MemoryPlan, threads: int = 0) -> None:
        self.jit, self.layout = jit, layout
        self.threads = min(threads or cores(), MOST_THREADS)
        self.constants = [
            (len(layout.inputs) + len(layout.outputs) + index, address_of(array))
            for index, array in enumerate(layout.constants)
            if array.dtype in TYPES
        ]
        kernels = [k for part in layout.parts if isinstance(part, list) for k in flat(part)]
        self.work = sum(kernel.work for kernel in kernels)
        self._kept: list[ctypes.Array[ctypes.c_int64]] = []  # what native code reads by address
        tasks = divide(layout, jit, jit.machine)
        self.workspace, parts = tasks.workspace, tasks.parts
        kernels = [k for part in parts if isinstance(part, list) for k in flat(part)]
        self.addresses = jit.kernels(function for k in kernels for function in k.functions)
        self.parts = [part if isinstance(part, HostCall) else self._table(part) for part in parts]

    def _table(self, part: Sequence[Kernel | Tasks]) -> Steps:
        table = (ctypes.c_int64 * (2 * len(part)))()
        for index, kernel in enumerate(part):
            function, numbers = self._call(kernel)
            arguments = (ctypes.c_int64 * len(numbers))(*numbers)
            table[2 * index], table[2 * index + 1] = function, ctypes.addressof(arguments)
            self._kept.append(arguments)
        self._kept.append(table)
        return ctypes.addressof(table), len(part)

    def _call(self, kernel: Kernel | Tasks) -> tuple[int, Sequence[int]]:
        """A function and its arguments."""
        jit = self.jit
        if isinstance(kernel, Tasks):
            numbers = [number for task in kernel.tasks for number in self._table(task)]
            tasks = (ctypes.c_int64 * len(numbers))(*numbers)
            self._kept.append(tasks)
            head = (jit.pool.address, self.threads, len(kernel.tasks), ctypes.addressof(tasks))
            return jit.spread, (*head, *self._table(kernel.after))
        return kernel.call(self.addresses, jit)

    def single_steps(self) -> list[HostCall | Steps]:
        """The parts, each kernel by itself."""
        single: list[HostCall | Steps] = []
        for part in self.parts:
            if isinstance(part, HostCall):
                single.append(part)
            else:
                table, count = part
                single += [(table + STEP_BYTES * number, 1) for number in range(count)]
        return single

    def type(self, slot: int) -> Type | None:
        """Type of the array of the caller's in a slot; None where native code does not read it."""
        types = (*self.layout.inputs, *self.layout.outputs)
        return types[slot] if types[slot].dtype in READ else None


class ExecutionContext:
    """Memory for one call at a time: the workspace and the table of buffers.

    Args:
      code: what is called.
      given: slots of the arrays that `enter` takes, in this order; the others are set beforehand.
      steps: what `enter` runs.
      later: what it runs then, if no guard has found a fault.
    """

    def __init__(
        self, code: CompiledProgram, given: Sequence[int], steps: Steps, later: Steps | None = None
    ) -> None:
        self.code = code
        layout = code.layout
        memory = np.empty(code.workspace + ALIGNMENT, np.uint8)
        address = address_of(memory)
        skip = -address % ALIGNMENT
        self.memory: Array = memory[skip : skip + code.workspace]
        self.fault = ctypes.c_int64()
        self.buffers = (ctypes.c_void_p * (layout.fault_slot + 1))()
        self.buffers[layout.fault_slot] = ctypes.addressof(self.fault)
        self.buffers[layout.workspace_slot] = address + skip
        for slot, constant in code.constants:
            self.buffers[slot] = constant
        self.table = ctypes.addressof(self.buffers)
        types = [(slot, code.type(slot)) for slot in given]
        guards = (0, (0, 0)) if later is None else (ctypes.addressof(self.fault), later)
        releasing = code.work >= code.jit.machine.gil_release_work
        self.enter: EntryPoint = code.jit.entry.function(
            types, self.table, steps, releasing, *guards
        )

    def walk(self, steps: Steps) -> None:
        """Runs kernels; other Python threads may run meanwhile."""
        self.code.jit.walk(*steps, self.table)
