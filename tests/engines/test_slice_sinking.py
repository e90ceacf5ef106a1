"""Values taken in parts, and sums of products, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engines.agreement import builder, compare, inputs, kernels_of


def numbers(seed: int, shape: tuple[int, ...], dtype: str = "float32") -> Any:
    return (np.random.default_rng(seed).integers(-8, 9, shape) / 8).astype(dtype)


def columns(b: Any, x: Any, first: int, end: int) -> Any:
    return b.slice(x, start=(0, first), stop=(x.shape[0], end), step=(1, 1))


def cell(b: Any, x: Any, state: Any, w: Any, bias: Any, units: int) -> Any:
    """One step of a recurrent net with three gates, and what is needed to go back."""
    joined = b.concatenate(x, state, axis=1)
    gates = b.add(b.matmul(joined, w), bias)
    parts = [columns(b, gates, n * units, (n + 1) * units) for n in range(3)]
    i, f = b.sigmoid(parts[0]), b.sigmoid(parts[1])
    o = b.tanh(parts[2])
    return b.add(b.multiply(f, state), b.multiply(i, o)), (joined, i, f, o, state)


def back(b: Any, slope: Any, kept: Any, w: Any, units: int) -> Any:
    """The gradients of a step: of the state before, the matrix and the bias."""
    joined, i, f, o, state = kept
    slopes = [
        b.multiply(b.multiply(slope, o), b.multiply(i, b.subtract(1.0, i))),
        b.multiply(b.multiply(slope, state), b.multiply(f, b.subtract(1.0, f))),
        b.multiply(b.multiply(slope, i), b.subtract(1.0, b.multiply(o, o))),
    ]
    whole = b.concatenate(*slopes, axis=1)
    before = b.matmul(whole, w, transpose_y=True)
    inputs = before.shape[1] - units
    through = b.add(columns(b, before, inputs, inputs + units), b.multiply(slope, f))
    return through, b.matmul(joined, whole, transpose_x=True), b.sum(whole, axes=(0,))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [1, 7, 40])
def test_a_recurrent_net(rows: int, dtype: str) -> None:
    units, steps, features = 20, 4, 17
    arrays = [numbers(n, (rows, features), dtype) for n in range(steps)]
    arrays += [numbers(9, (rows, units), dtype), numbers(8, (3 * units,), dtype)]
    arrays.append(numbers(7, (features + units, 3 * units), dtype))
    b = builder()
    *xs, state, bias, w = inputs(b, arrays)
    kept = []
    for x in xs:
        state, each = cell(b, x, state, w, bias, units)
        kept.append(each)
    slope, weights, biases = state, [], []
    for each in reversed(kept):
        slope, of_w, of_b = back(b, slope, each, w, units)
        weights.append(of_w)
        biases.append(of_b)
    total, of_bias = weights[0], biases[0]
    for of_w, of_b in zip(weights[1:], biases[1:], strict=True):
        total, of_bias = b.add(total, of_w), b.add(of_bias, of_b)
    program = b.finish([state, total, of_bias, b.multiply(total, total)])
    compare(program, arrays, scale=1000.0)
    # Two products a step, one less to go back from, and nothing is added but by products.
    found = kernels_of(b.finish([state, total]))
    products = [each for each in found if isinstance(each.structure, str)]
    assert len(products) == 3 * steps - 1


def test_a_sum_of_products_that_something_else_uses() -> None:
    arrays = [numbers(n, (20, 20)) for n in range(4)]
    b = builder()
    x, y, z, v = inputs(b, arrays)
    products = [b.matmul(x, y), b.matmul(y, z), b.matmul(z, x), b.matmul(x, z, transpose_x=True)]
    partial = b.add(products[0], products[1])
    total = b.add(b.add(products[2], partial), products[3])
    twice = b.add(b.matmul(x, v), b.matmul(x, v))
    results = [b.tanh(total), b.exp(partial), total, twice, b.add(b.matmul(v, v), products[3])]
    compare(b.finish(results), arrays, scale=100.0)
    compare(b.finish([b.add(total, 1.0)]), arrays, scale=100.0)
    compare(b.finish([total, b.transpose(total, permutation=(1, 0))]), arrays, scale=100.0)
    joined = b.concatenate(b.add(products[0], products[2]), total, axis=1)
    compare(b.finish([b.negative(joined)]), arrays, scale=100.0)


def test_slices_of_all_kinds() -> None:
    arrays = [numbers(0, (6, 9)), numbers(1, (9,)), numbers(2, (6, 1)), numbers(3, (9, 12))]
    b = builder()
    x, row, column, w = inputs(b, arrays)
    value = b.tanh(b.add(b.multiply(x, row), column))
    product = b.matmul(value, w)
    results = [
        columns(b, value, 2, 5),
        b.slice(value, start=(5, 8), stop=(-1, -1), step=(-2, -3)),
        b.slice(product, start=(1, 3), stop=(4, 11), step=(1, 1)),
        columns(b, b.exp(b.negative(product)), 0, 4),
        b.slice(
            b.matmul(w, x, transpose_x=True, transpose_y=True),
            start=(2, 1),
            stop=(9, 4),
            step=(1, 1),
        ),
    ]
    for wanted in (results, results[:1], results[2:3], results[3:4], results[4:]):
        compare(b.finish(wanted), arrays, scale=100.0)


def test_a_product_of_which_two_parts_are_taken_is_one() -> None:
    arrays = [numbers(0, (40, 30)), numbers(1, (30, 50))]
    b = builder()
    x, y = inputs(b, arrays)
    product = b.matmul(x, y)
    program = b.finish([b.exp(columns(b, product, 0, 20)), b.tanh(columns(b, product, 30, 50))])
    compare(program, arrays, scale=100.0)
    assert sum(isinstance(each.structure, str) for each in kernels_of(program)) == 1


def test_sums_of_concatenations() -> None:
    arrays = [numbers(0, (4, 6)), numbers(1, (4, 5))]
    b = builder()
    x, y = inputs(b, arrays)
    joined = b.concatenate(b.tanh(x), b.exp(y), b.sigmoid(x), axis=1)
    results = [b.sum(joined, axes=(0,)), b.sum(joined, axes=(1,)), b.sum(joined, axes=(0, 1))]
    compare(b.finish(results), arrays, scale=10.0)
    compare(b.finish([*results, joined]), arrays, scale=10.0)


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("taken", [(0, 0), (0, 1), (1, 1)])
def test_parts_of_which_there_are_none(rows: int, taken: tuple[int, int]) -> None:
    arrays = [numbers(1, (rows, 5)), numbers(2, (5, 4)), numbers(3, (1, 4))]
    b = builder()
    x, w, bias = inputs(b, arrays)
    whole = b.tanh(b.add(b.matmul(x, w), bias))
    alone = b.exp(bias)
    parts = [columns(b, whole, *taken), columns(b, alone, *taken)]
    nothing = b.slice(b.negative(bias), start=(0, 0), stop=(0, 4), step=(1, 1))
    compare(b.finish([*map(b.negative, parts), b.negative(nothing)]), arrays)


def test_columns_of_a_product_over_no_terms() -> None:
    arrays = [numbers(1, (3, 0)), numbers(2, (0, 4))]
    b = builder()
    x, w = inputs(b, arrays)
    compare(b.finish([b.exp(columns(b, b.matmul(x, w), 1, 3))]), arrays)
