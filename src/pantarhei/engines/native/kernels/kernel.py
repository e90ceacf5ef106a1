"""What a kernel is: a function, its arguments, its cost, and how it is divided into tasks.

Each kind of kernel is a class in a module of its own; the engine compiles, divides and calls them
without knowing which kinds there are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pantarhei.engines.native.machine import Machine

# Number in the table of buffers, and offset in bytes, of a buffer.
Place = Callable[[Hashable], tuple[int, int]]


class Compilable(Protocol):
    """What functions are compiled for: all that decides the instructions, hashable."""

    @property
    def text(self) -> str:
        """A module with the function, named `kernel`, in LLVM's language."""

    @property
    def optimized(self) -> bool:
        """Whether LLVM's optimization passes run over the text."""


class Blas(Protocol):
    """Where BLAS is: addresses by type."""

    machine: Machine

    @property
    def product(self) -> Mapping[str, int]:
        """Functions that call BLAS."""

    @property
    def alone(self) -> Mapping[str, int]:
        """The same, while BLAS uses one thread."""

    def gemm(self, type: str) -> int:
        """Address of BLAS' own function."""

    def thread_control(self) -> int | None:
        """Address of what `alone` needs; None where BLAS' threads cannot be controlled."""


@dataclass(frozen=True)
class Kernel(ABC):
    """One call: what its function is compiled for, and its arguments.

    `structure` is the name of a type for products by BLAS, which are not compiled.
    """

    structure: Compilable | str
    arguments: tuple[int, ...]

    @property
    def functions(self) -> tuple[Compilable, ...]:
        """What has to be compiled for it."""
        return () if isinstance(self.structure, str) else (self.structure,)

    @property
    @abstractmethod
    def work(self) -> int:
        """A rough number of steps of the innermost loops."""

    def divided(self, memory: TaskMemory) -> Kernel | Tasks:
        """The kernel's tasks; itself where it is not worth while."""
        return self

    def call(self, addresses: Mapping[Compilable, int], blas: Blas) -> tuple[int, Sequence[int]]:
        """Address of a function and its arguments."""
        assert not isinstance(self.structure, str)
        return addresses[self.structure], self.arguments


@dataclass(frozen=True)
class Tasks:
    """Lists of kernels that may run in any order and at once, and what follows them all.

    No task writes what another one reads or writes.
    """

    tasks: tuple[tuple[Kernel, ...], ...]
    after: tuple[Kernel | Tasks, ...] = ()

    def kernels(self) -> Iterator[Kernel]:
        """All of them."""
        for task in self.tasks:
            yield from task
        yield from flat(self.after)

    def divided(self, memory: TaskMemory) -> Tasks:
        """Itself."""
        return self


def flat(part: Iterable[Kernel | Tasks]) -> Iterator[Kernel]:
    """The kernels in a list of kernels and tasks."""
    for each in part:
        if isinstance(each, Tasks):
            yield from each.kernels()
        else:
            yield each


@dataclass
class TaskMemory:
    """Memory for tasks, and what decides how kernels are divided.

    Args:
      slot: number of the buffer in which tasks get memory.
      start: the first byte there that they may use. A kernel's tasks use what the tasks of the
        kernel before used.
      divides_products: whether BLAS' products are divided.
      machine: what it is divided for.
    """

    slot: int
    start: int
    divides_products: bool
    machine: Machine
    end: int = 0

    def __post_init__(self) -> None:
        self.end = self.start

    def reserve(self, end: int) -> None:
        """Tasks use the memory up to `end`."""
        self.end = max(self.end, end)
