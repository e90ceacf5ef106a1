"""Skinny products, thin matrices and concatenations without copies, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engines.agreement import builder, compare, inputs, kernels_of


def numbers(seed: int, shape: tuple[int, ...], dtype: str = "float32") -> Any:
    return (np.random.default_rng(seed).integers(-8, 9, shape) / 4).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("flags", [(False, False), (False, True), (True, False), (True, True)])
@pytest.mark.parametrize("extents", [(40, 3, 1), (5, 1, 4), (3, 50, 2), (1, 7, 4), (20, 9, 12)])
def test_products_of_all_forms(
    extents: tuple[int, int, int], flags: tuple[bool, bool], dtype: str
) -> None:
    rows, inner, columns = extents
    arrays = [
        numbers(1, (inner, rows) if flags[0] else (rows, inner), dtype),
        numbers(2, (columns, inner) if flags[1] else (inner, columns), dtype),
    ]
    b = builder()
    x, y = inputs(b, arrays)
    product = b.matmul(x, y, transpose_x=flags[0], transpose_y=flags[1])
    moved = b.tanh(b.multiply(product, 0.125))
    compare(
        b.finish([b.sum(moved, axes=(0,)), moved, b.reshape(product, shape=(product.size,))]),
        arrays,
    )


def net(rows: int) -> tuple[Any, list[Any]]:
    """Loss and gradients of a layer of three sigmoids and one output."""
    arrays = [numbers(seed, shape) for seed, shape in enumerate([(rows, 2), (2, 3), (3, 1), (3,)])]
    b = builder()
    x, w, v, bias = inputs(b, arrays)
    h = b.sigmoid(b.add(b.matmul(x, w), bias))
    error = b.subtract(b.matmul(h, v), 1.0)
    slope = b.multiply(b.matmul(error, v, transpose_y=True), b.multiply(h, b.subtract(1.0, h)))
    gradients = [
        b.matmul(x, slope, transpose_x=True),
        b.matmul(h, error, transpose_x=True),
        b.sum(slope, axes=(0,)),
    ]
    return b.finish([b.sum(b.multiply(error, error), axes=(0, 1)), *gradients]), arrays


@pytest.mark.parametrize("rows", [1, 3, 16, 17, 64])
def test_a_small_net_is_all_nests(rows: int) -> None:
    program, arrays = net(rows)
    compare(program, arrays, scale=30.0)
    structures = [kernel.structure for kernel in kernels_of(program)]
    assert not any(isinstance(structure, str) for structure in structures)
    if rows > 1:
        assert structures == [kernel.structure for kernel in kernels_of(net(50)[0])]


def test_what_is_not_finite_stays_in_its_row() -> None:
    arrays = [numbers(0, (9, 3)), numbers(1, (3, 2))]
    arrays[0][2, 1], arrays[0][4, 0], arrays[0][6, 2] = np.nan, np.inf, -np.inf
    b = builder()
    x, y = inputs(b, arrays)
    compare(b.finish([b.matmul(x, y), b.matmul(x, x, transpose_x=True)]), arrays)


def test_a_product_by_columns_is_read_by_all() -> None:
    """BLAS writes a thin product by columns; nests, products, reshapes and NumPy read it."""
    arrays = [numbers(0, (30, 20)), numbers(1, (20, 10)), numbers(2, (10, 30))]
    b = builder()
    x, y, z = inputs(b, arrays)
    thin = b.matmul(x, y)
    results = [
        b.max(thin, axes=(1,)),
        b.matmul(thin, z),
        b.tanh(b.reshape(thin, shape=(15, 20))),
        b.argmax(thin, axis=0, dtype=np.dtype(np.int64)),
    ]
    compare(b.finish(results), arrays, scale=1000.0)


@pytest.mark.parametrize("axis", [0, 1])
def test_operands_of_a_concatenation_are_computed_in_place(axis: int) -> None:
    arrays = [numbers(0, (6, 6)), numbers(1, (6, 6))]
    b = builder()
    x, y = inputs(b, arrays)
    parts = [b.tanh(x), b.matmul(x, y), b.reshape(b.multiply(x, y), shape=(6, 6)), x]
    inner = b.concatenate(b.exp(y), b.negative(y), axis=1 - axis)
    inner = b.slice(inner, start=(0, 0), stop=(6, 6), step=(1, 1))
    whole = b.concatenate(*parts, parts[0], inner, axis=axis)
    program = b.finish([b.add(whole, 1.0), b.sum(parts[0], axes=(1,)), parts[1]])
    compare(program, arrays, scale=10.0)


def test_concatenations_of_concatenations() -> None:
    arrays = [numbers(0, (4, 20)), numbers(1, (4, 20))]
    b = builder()
    x, y = inputs(b, arrays)
    inner = b.concatenate(b.tanh(x), b.exp(y), axis=1)
    program = b.finish([b.multiply(b.concatenate(inner, b.sigmoid(x), axis=1), 2.0)])
    compare(program, arrays)
    # Three computed in their places, then what is made of them: nothing is copied.
    assert not any(kernel.structure.operations == () for kernel in kernels_of(program))


def test_nothing_is_computed_for_nobody() -> None:
    arrays = [numbers(0, (40, 40))]
    b = builder()
    (x,) = inputs(b, arrays)
    b.matmul(x, x)
    unused = b.conv(
        b.reshape(x, shape=(1, 40, 40, 1)),
        np.ones((3, 3, 1, 2), np.float32),
        strides=(1, 1),
        dilations=(1, 1),
        padding=((0, 0), (0, 0)),
    )
    program = b.finish([b.tanh(x)], also=[b.matmul(x, x), b.sum(unused, axes=(0,))])
    assert len(kernels_of(program)) == 1
