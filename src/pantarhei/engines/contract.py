"""The interface of engines: a name, and functions that compile programs.

Engines depend on programs only; sessions use engines only through this module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pantarhei.program.ir import Array, Node, Program, Type

# From the arrays of a program's inputs to those of its outputs. Outputs share memory at most with
# inputs and constants of the program; no input is changed.
Run = Callable[[Sequence[Array]], list[Array]]

# From the arrays that change from call to call to `DONE`, or to the number of the first array that
# has the wrong type, is not in C order or not aligned; then nothing has run. `FAULT`: a guard found
# bad data before anything persistent was written; the unbound run raises the error.
EntryPoint = Callable[..., int]
DONE = -1
FAULT = -3


# Called after each kernel or host call: the nodes that it computed, and when it began (nanoseconds
# of `time.perf_counter_ns`).
Observer = Callable[[Sequence[Node], int], None]


class BoundProgram(Protocol):
    """A program compiled into one call, bound to memory that stays in place between calls.

    The arrays of a call are numbered: the inputs of the program, then the arrays it returns.
    """

    # The type of every array.
    types: Sequence[Type]
    # Of each output of the program, the number of the array that holds it after a call.
    places: Sequence[int]
    # The donation map: outputs that overwrite an input (output number -> input number).
    donations: Mapping[int, int]

    def function(self, given: Sequence[int]) -> tuple[EntryPoint, Callable[[int, Array], None]]:
        """A function of the arrays `given`, and one that binds another array, by its number.

        Bound arrays have to fit; the caller keeps them alive and in place. Functions do not share
        memory, but calls of one must not overlap. An interruption leaves donated inputs as they
        were, or lets the call end first.
        """


@dataclass(frozen=True)
class Engine:
    """One way to run programs, set up for a session.

    Args:
      name: what users choose it by.
      compile: makes a program executable.
      compile_observed: the same; an observer is called after every kernel.
      bind: compiles a program into one call, whose outputs may overwrite inputs (output number ->
        input number) or other memory that persists between calls (-> None); None where parts of
        the program have no machine code.
      simplifies: whether programs are simplified before the engine gets them. The reference engine
        takes them as they were lowered, so that comparing engines tests simplification too.
    """

    name: str
    compile: Callable[[Program], Run]
    compile_observed: Callable[[Program, Observer], Run]
    simplifies: bool = True
    bind: Callable[[Program, Mapping[int, int | None]], BoundProgram | None] | None = None
