"""The driver: named passes one after the other, watched and written down on request.

A program goes in and a simpler one comes out: the same inputs, outputs of the same bits, the same
faults found in the same data. `PANTARHEI_DUMP` (see program/dump.py) writes each program as text,
before the first and after each pass. Engines run their own passes and stages by the same
functions: verified, named and written down alike.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pantarhei.passes import folding, identities, movements, products
from pantarhei.passes.common_subexpressions import share_common_subexpressions
from pantarhei.passes.dead_code import remove_dead_code
from pantarhei.passes.rewriting import Example, sweep
from pantarhei.program import dump
from pantarhei.program.ir import Program
from pantarhei.program.verifier import VerificationError, verify

# Set by tests: the program is verified after every pass.
VERIFY = bool(os.environ.get("PANTARHEI_VERIFY"))


# A program, and how often each rule was applied on the way.
Rewritten = tuple[Program, Mapping[str, int]]


@dataclass(frozen=True)
class Pass:
    """A transformation of programs.

    Args:
      name: what it is called by, and in dumps.
      run: returns the program and how often each rule was applied.
      example: for a pass that has no table of rules with examples of their own.
    """

    name: str
    run: Callable[[Program], Rewritten]
    example: Example | None = None


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
    dump.start()
    dump.show("lowered", f"lowered: {len(program.nodes)} nodes", program)
    for each in passes:
        step = run_pass(each, program)
        program = step.after
        dump.show(step.name, step, program)
        if observe is not None:
            observe(step)
    return program


def run_pass(each: Pass, program: Program) -> Step:
    """Runs one pass; its result is verified where `VERIFY` is set."""
    after, fired = each.run(program)
    if after is not program:
        verified(each.name, verify, after)
    return Step(each.name, program, after, fired)


def verified(name: str, verify: Callable[[Any], object], result: Any) -> None:
    """Verifies the result of a stage, where tests have switched that on.

    Raises:
      VerificationError: naming the stage and the rule that its result breaks.
    """
    if VERIFY:
        try:
            verify(result)
        except VerificationError as error:
            raise VerificationError(f"After {name}: {error}") from None
