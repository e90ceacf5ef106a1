"""The reference engine: runs a program node by node, each by its reference implementation.

Needs no compiler. Arrays are released after their last use; nothing is changed in place.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pantarhei.engines.contract import Engine, Observer, Run
from pantarhei.program.ir import Array, Node, Program, ProgramError, out_of_memory


class EngineFault(Exception):
    """A primitive found a fault in the data; has the node and the primitive's own error."""

    def __init__(self, node: Node, error: ProgramError) -> None:
        super().__init__(error.message)
        self.node = node
        self.error = error


Reference = Callable[..., Any]
Call = tuple[Node, Reference, dict[str, Any], list[int], list[int], list[int]]


def engine(threads: int = 0) -> Engine:
    """The engine for a session; the number of threads is up to NumPy."""
    return Engine("numpy", compile, compile_observed, simplifies=False)


def compile(program: Program, around: Callable[[Node, Reference], Reference] | None = None) -> Run:
    """A function from the arrays of the program's inputs to those of its outputs.

    `around` wraps the reference implementation of each node, to observe a run.
    """
    place: dict[tuple[int, int], int] = {}
    initial: list[Array | None] = []
    for node in program.nodes:
        for index in range(len(node.types)):
            place[id(node), index] = len(initial)
            initial.append(node.constant)
    inputs = [place[id(value.node), value.index] for value in program.inputs]
    outputs = [place[id(value.node), value.index] for value in program.outputs]
    calls = _calls(program, place, keep=set(inputs) | set(outputs))
    if around is not None:
        calls = [(call[0], around(call[0], call[1]), *call[2:]) for call in calls]

    def run(arrays: Sequence[Array]) -> list[Array]:
        values: list[Any] = list(initial)
        for where, array in zip(inputs, arrays, strict=True):
            values[where] = array
        with np.errstate(all="ignore"):
            for node, reference, attributes, operands, results, last_uses in calls:
                try:
                    result = reference(*[values[each] for each in operands], **attributes)
                except ProgramError as error:
                    raise EngineFault(node, error) from None
                except MemoryError:
                    raise EngineFault(node, out_of_memory(node.types)) from None
                if len(results) == 1:
                    result = (result,)
                for where, array in zip(results, result, strict=True):
                    values[where] = array
                for each in last_uses:
                    values[each] = None
        return [np.asarray(values[each]) for each in outputs]

    return run


def compile_observed(program: Program, note: Observer) -> Run:
    """As `compile`; `note` is called after every node."""

    def around(node: Node, reference: Reference) -> Reference:
        def observed(*arrays: Array, **attributes: Any) -> Any:
            start = time.perf_counter_ns()
            results = reference(*arrays, **attributes)
            note([node], start)
            return results

        return observed

    return compile(program, around)


def _calls(program: Program, place: dict[tuple[int, int], int], keep: set[int]) -> list[Call]:
    """The applications in order, each with the places that it uses last."""
    calls: list[Call] = []
    used: set[int] = set(keep)
    for node in reversed(program.nodes):
        if node.primitive is None:
            continue
        operands = [place[id(value.node), value.index] for value in node.operands]
        results = [place[id(node), index] for index in range(len(node.types))]
        last_uses = [each for each in dict.fromkeys(operands) if each not in used]
        last_uses += [each for each in results if each not in used]
        used.update(operands)
        calls.append(
            (node, node.primitive.reference, dict(node.attributes), operands, results, last_uses)
        )
    calls.reverse()
    return calls
