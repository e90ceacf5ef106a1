"""What a session asks of an engine: a name, and functions from programs to what runs them.

Engines know programs only; sessions know engines only through this page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pantarhei.program.ir import Array, Node, Program, Type

# From the arrays of a program's inputs to those of its outputs. No array that comes out is shared
# with anything but, at most, inputs and constants of the program; none that goes in is changed.
Run = Callable[[Sequence[Array]], list[Array]]

# From the arrays that change from call to call to `DONE`, or to the number of the first that is not
# of its type, in C order and aligned; then nothing has run. `FAULT`: something is wrong with the
# data; nothing that lasts has changed, and another way of running the program tells what.
Enter = Callable[..., int]
DONE = -1
FAULT = -3


# Told after each thing that ran: the nodes that it computed, and when it began (nanoseconds of
# `time.perf_counter_ns`).
Note = Callable[[Sequence[Node], int], None]


class Standing(Protocol):
    """A program that is one call, on memory that stays where it is between calls.

    The arrays of a call have numbers: the inputs of the program, then what it hands out.
    """

    # The type of every array.
    types: Sequence[Type]
    # Of each output of the program, the number of the array that holds it after a call.
    places: Sequence[int]
    # The outputs that overwrite an input, and which.
    replaced: Mapping[int, int]

    def function(self, given: Sequence[int]) -> tuple[Enter, Callable[[int, Array], None]]:
        """A function of the arrays `given`, and one that sets another array, by its number.

        Arrays that are set have to fit, and to be kept alive, and in place, by who sets them.
        Functions do not share memory, but calls of one must not overlap. An interruption leaves
        inputs that are overwritten as they were, or lets the call end first.
        """


@dataclass(frozen=True)
class Engine:
    """One way to run programs, set up for a session.

    Args:
      name: what users choose it by.
      compile: makes a program run.
      watched: the same, and tells what ran when.
      stand: makes a program one call, whose outputs may overwrite inputs (number of the output ->
        of the input) or other memory that lasts (-> None); None where the program has parts that
        this cannot be done for.
      simplifies: whether programs are simplified before it gets them. The reference engine takes
        them as they were lowered, so that comparing engines tests simplification too.
    """

    name: str
    compile: Callable[[Program], Run]
    watched: Callable[[Program, Note], Run]
    simplifies: bool = True
    stand: Callable[[Program, Mapping[int, int | None]], Standing | None] | None = None
