"""The program language: what is printed, what interning merges, what the verifier refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pantarhei.program.builder import Builder, NotStatic
from pantarhei.program.ir import Node, Program, Type, Value, show
from pantarhei.program.primitives import TABLE
from pantarhei.program.verifier import VerificationError, verify

MATRIX = Type(np.dtype(np.float32), (2, 3))


def sample() -> Program:
    """The sum over the columns of a product, plus a constant."""
    builder = Builder(TABLE)
    x, y = builder.input(MATRIX), builder.input(MATRIX)
    total = builder.sum(builder.multiply(x, y), axes=(1,))
    return builder.finish([builder.add(total, np.array([1.0, 2.0], np.float32))])


def test_printer_shows_every_node_on_a_line() -> None:
    assert show(sample()) == "\n".join(
        [
            "%0 : float32[2,3] = input",
            "%1 : float32[2,3] = input",
            "%2 : float32[2,3] = multiply %0 %1",
            "%3 : float32[2] = sum %2 {axes=(1,)}",
            "%4 : float32[2] = constant 1.0, 2.0",
            "%5 : float32[2] = add %3 %4",
            "return %5",
        ]
    )


def test_a_program_that_a_builder_made_is_accepted() -> None:
    verify(sample())


def test_equal_applications_are_one_node() -> None:
    builder = Builder(TABLE)
    x = builder.input(MATRIX)
    assert builder.add(x, x) == builder.add(x, x)
    assert builder.add(x, x) != builder.multiply(x, x)
    assert builder.input(MATRIX) != x


def test_small_constants_fold_and_large_ones_do_not() -> None:
    builder = Builder(TABLE)
    small = builder.add(builder.constant(np.float32(1.0)), builder.constant(np.float32(2.0)))
    assert small.constant == np.float32(3.0)
    large = builder.constant(np.zeros(5000, np.float32))
    assert builder.add(large, large).constant is None
    with pytest.raises(NotStatic):
        builder.static(builder.add(large, large))


def test_constants_do_not_follow_the_array_they_were_made_of() -> None:
    builder = Builder(TABLE)
    array = np.ones(2, np.float32)
    value = builder.constant(array)
    array[0] = 7.0
    assert np.array_equal(builder.static(value), np.ones(2, np.float32))


def test_nodes_that_nothing_needs_are_left_out() -> None:
    builder = Builder(TABLE)
    x, _ = builder.input(MATRIX), builder.input(MATRIX)
    builder.multiply(x, x)
    program = builder.finish([builder.add(x, x)], keep_inputs=False)
    assert [node.kind for node in program.nodes] == ["input", "add"]


def changed(program: Program, index: int, **fields: Any) -> Program:
    """The program with one node changed, and every later node taking the changed ones."""
    new: dict[int, Node] = {}

    def moved(value: Value) -> Value:
        return Value(new.get(id(value.node), value.node), value.index)

    nodes = []
    for position, node in enumerate(program.nodes):
        parts = {
            "operands": tuple(map(moved, node.operands)),
            "types": node.types,
            "constant": node.constant,
            **(fields if position == index else {}),
        }
        made = Node(
            node.primitive,
            parts["operands"],
            node.attributes,
            parts["types"],
            node.origin,
            parts["constant"],
        )
        new[id(node)] = made
        nodes.append(made)
    return Program(
        list(map(moved, program.inputs)), nodes, [moved(value) for value in program.outputs]
    )


def _wrong_type(program: Program) -> Program:
    return changed(program, 2, types=(Type(np.dtype(np.float32), (3, 2)),))


def _wrong_constant(program: Program) -> Program:
    return changed(program, 4, constant=np.array([1.0, 2.0], np.float64))


def _missing_output_number(program: Program) -> Program:
    first = program.nodes[0]
    altered = changed(program, 2, operands=(Value(first, 1), Value(first)))
    return Program(altered.inputs, [first, *altered.nodes], altered.outputs)


def _use_before_definition(program: Program) -> Program:
    nodes = list(program.nodes)
    nodes[2], nodes[3] = nodes[3], nodes[2]
    return Program(program.inputs, nodes, program.outputs)


def _listed_twice(program: Program) -> Program:
    return Program(program.inputs, [*program.nodes, program.nodes[2]], program.outputs)


def _unknown_output(program: Program) -> Program:
    return Program(program.inputs, program.nodes[:-1], program.outputs)


def _input_twice(program: Program) -> Program:
    return Program([*program.inputs, program.inputs[0]], program.nodes, program.outputs)


@pytest.mark.parametrize(
    "planted, words",
    [
        (_wrong_type, "Expected types"),
        (_wrong_constant, "A constant is not of its type"),
        (_use_before_definition, "used before it is made"),
        (_listed_twice, "listed twice"),
        (_unknown_output, "not among the nodes"),
        (_missing_output_number, "an output that is not there"),
        (_input_twice, "An input is listed twice"),
    ],
)
def test_verifier_finds_a_planted_fault(planted: Callable[[Program], Program], words: str) -> None:
    with pytest.raises(VerificationError, match=words):
        verify(planted(sample()))
