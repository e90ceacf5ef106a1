"""Tasks: large kernels are divided into kernels that may run at the same time.

Shapes and the machine decide how a kernel is divided, never the number of threads: so a result has
the same bits for any number. How a kernel is divided is in its class; see kernels/kernel.py. The
thresholds are `task_nanoseconds`, `blas_tasks` and their like in machine.py.
"""

from __future__ import annotations

from pantarhei.engines.native.kernels.kernel import Kernel, TaskMemory, Tasks


class Division(TaskMemory):
    """Divides kernels, called with one after the other; `end` is where their memory ends."""

    def __call__(self, kernel: Kernel | Tasks) -> Kernel | Tasks:
        """The kernel's tasks; itself where it is not worth while."""
        return kernel.divided(self)
