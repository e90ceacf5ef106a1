"""What a session asks of an engine: a name, and functions from programs to what runs them.

Engines know programs only; sessions know engines only through this page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pantarhei.program.ir import Array, Program

# From the arrays of a program's inputs to those of its outputs. No array that comes out is shared
# with anything but, at most, inputs and constants of the program; none that goes in is changed.
Run = Callable[[Sequence[Array]], list[Array]]


@dataclass(frozen=True)
class Engine:
    """One way to run programs, set up for a session.

    Args:
      name: what users choose it by.
      compile: makes a program run.
      simplifies: whether programs are simplified before it gets them. The reference engine takes
        them as they were lowered, so that comparing engines tests simplification too.
    """

    name: str
    compile: Callable[[Program], Run]
    simplifies: bool = True
