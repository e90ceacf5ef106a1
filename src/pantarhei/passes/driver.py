"""The driver: named passes one after the other, watched and written down on request.

A program goes in and a simpler one comes out: the same inputs, outputs of the same bits, the same
faults found in the same data. Where the environment names a folder as `PANTARHEI_DUMP`, each
program is written there as text, before the first and after each pass.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pantarhei.passes import folding, identities, movements, products
from pantarhei.passes.common_subexpressions import share_common_subexpressions
from pantarhei.passes.dead_code import remove_dead_code
from pantarhei.passes.rewriting import sweep
from pantarhei.program.ir import Program
from pantarhei.program.verifier import VerificationError, verify

# Set by tests: the program is verified after every pass.
VERIFY = bool(os.environ.get("PANTARHEI_VERIFY"))

_numbers = itertools.count()


@dataclass(frozen=True)
class Pass:
    """A transformation of programs; `run` also tells how often each of its rules applied."""

    name: str
    run: Callable[[Program], tuple[Program, Mapping[str, int]]]


@dataclass(frozen=True)
class Step:
    """What one pass did to a program."""

    name: str
    before: Program
    after: Program
    fired: Mapping[str, int]

    def __str__(self) -> str:
        rules = ", ".join(f"{rule}: {count}" for rule, count in self.fired.items())
        nodes = f"{len(self.before.nodes)} -> {len(self.after.nodes)} nodes"
        return f"{self.name}: {nodes}" + (f" ({rules})" if rules else "")


PASSES = (
    Pass("dead_code", remove_dead_code),
    Pass("movements", sweep(movements.TABLE)),
    Pass("folding", sweep(folding.TABLE)),
    Pass("identities", sweep(identities.TABLE)),
    Pass("products", sweep(products.TABLE)),
    Pass("common_subexpressions", share_common_subexpressions),
    Pass("dead_code", remove_dead_code),
)


def simplify(
    program: Program,
    observe: Callable[[Step], object] | None = None,
    passes: Sequence[Pass] = PASSES,
) -> Program:
    """A simpler program that means the same.

    Args:
      program: what lowering made. It stays as it is.
      observe: called after each pass with what it did.
      passes: what is done, in this order.

    >>> import numpy as np
    >>> from pantarhei.program.builder import Builder
    >>> from pantarhei.program.ir import Type
    >>> from pantarhei.program.primitives import TABLE
    >>> b = Builder(TABLE)
    >>> x = b.input(Type(np.dtype("float32"), (2, 3)))
    >>> program = b.finish([b.negative(b.reshape(b.negative(x), shape=(2, 3)))])
    >>> print(simplify(program, observe=print))
    dead_code: 4 -> 4 nodes
    movements: 4 -> 3 nodes (reshape to the same shape: 1)
    folding: 3 -> 3 nodes
    identities: 3 -> 2 nodes (negative twice: 1)
    products: 2 -> 2 nodes
    common_subexpressions: 2 -> 2 nodes
    dead_code: 2 -> 1 nodes (negative: 1)
    %0 : float32[2,3] = input
    return %0
    """
    folder = os.environ.get("PANTARHEI_DUMP")
    dump = _Dump(Path(folder), program) if folder else None
    for each in passes:
        before = program
        program, fired = each.run(program)
        if VERIFY and program is not before:
            _verify(program, each.name)
        if observe is not None or dump is not None:
            step = Step(each.name, before, program, fired)
            if dump is not None:
                dump.write(step)
            if observe is not None:
                observe(step)
    return program


def _verify(program: Program, name: str) -> None:
    try:
        verify(program)
    except VerificationError as error:
        raise VerificationError(f"After {name}: {error}") from None


class _Dump:
    """A folder for one program: `0-lowered.txt`, then a file for each pass."""

    def __init__(self, folder: Path, program: Program) -> None:
        self.folder = folder / f"{os.getpid()}-{next(_numbers):04d}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.steps = 0
        self._write("lowered", f"lowered: {len(program.nodes)} nodes", program)

    def write(self, step: Step) -> None:
        """Writes what a pass did, and the program after it."""
        self._write(step.name, str(step), step.after)

    def _write(self, name: str, header: str, program: Program) -> None:
        path = self.folder / f"{self.steps}-{name}.txt"
        path.write_text(f"# {header}\n{program}\n", encoding="utf-8")
        self.steps += 1
