"""Primitives on the native engine against their NumPy meanings: dtypes, shapes, special values."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from pantarhei.engines.native.codegen.ops import DIVISIONS, REDUCTIONS, ROWS
from pantarhei.engines.native.pipeline import assemble
from pantarhei.engines.native.runtime import engine
from pantarhei.engines.numpy import engine as numpy_engine
from pantarhei.program.primitives import TABLE
from tests.engines.agreement import builder, compare, inputs

DTYPES = ("float32", "float64", "int32", "int64", "bool")
SHAPES = ((), (1,), (5,), (0,), (3, 4), (2, 0, 3), (2, 3, 17), (300,))
SPECIAL = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    1e-40,
    -1e-40,
    1e30,
    -1e30,
    np.inf,
    -np.inf,
    np.nan,
    88.5,
    -104,
]


def numbers(seed: int, shape: tuple[int, ...], dtype: str) -> Any:
    """Numbers of moderate size, some of them whole, with special ones in front where they fit."""
    random = np.random.default_rng(seed)
    if dtype == "bool":
        return random.random(shape) < 0.5
    if dtype.startswith("int"):
        return random.integers(-50, 50, shape).astype(dtype)
    return np.round(random.normal(size=shape) * 3, 2).astype(dtype)


ELEMENTWISE = sorted(name for name in ROWS if name in TABLE and name not in ("cast", "where"))


def accepted(name: str, dtype: str) -> bool:
    types = {"float32": "float", "float64": "double", "int32": "i32", "int64": "i64", "bool": "i1"}
    return types[dtype] in ROWS[name][0]


APPLICATIONS = [
    (name, dtype)
    for name in ELEMENTWISE
    for dtype in DTYPES
    if accepted(name, dtype) and not (name in DIVISIONS and dtype.startswith("int"))
]


def is_native(program: Any) -> bool:
    """Whether no part of a program runs in NumPy."""
    return all(isinstance(part, list) for part in assemble(program).parts)


def operand_count(name: str) -> int:
    """How many operands a primitive takes: its rule refuses other numbers of them."""
    b = builder()
    for dtype, count in itertools.product((np.float32, bool, np.int32), (1, 2)):
        (value,) = inputs(b, [np.ones(2, dtype)])
        try:
            program = b.finish([getattr(b, name)(*[value] * count)], keep_inputs=False)
            numpy_engine.compile(program)([np.ones(2, dtype)])
        except TypeError:
            continue
        return count
    raise AssertionError(name)


@pytest.mark.parametrize(("name", "dtype"), APPLICATIONS)
def test_elementwise(name: str, dtype: str) -> None:
    count = operand_count(name)
    for shape in SHAPES:
        arrays = [numbers(seed, shape, dtype) for seed in range(count)]
        b = builder()
        program = b.finish([getattr(b, name)(*inputs(b, arrays))])
        assert is_native(program)
        with np.errstate(all="ignore"):
            compare(program, arrays)


@pytest.mark.parametrize(
    ("name", "dtype"), [each for each in APPLICATIONS if each[1].startswith("float")]
)
def test_special_values(name: str, dtype: str) -> None:
    count = operand_count(name)
    lists = list(itertools.product(SPECIAL, repeat=count))
    with np.errstate(all="ignore"):
        arrays = [np.array(each, dtype) for each in zip(*lists, strict=True)]
        b = builder()
        program = b.finish([getattr(b, name)(*inputs(b, arrays))])
        compare(program, arrays, scale=0.0 if count == 1 else 1.0)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
@pytest.mark.parametrize("exponent", [-1, 0, 1, 2, 3, 0.5])
def test_powers(exponent: float, dtype: str) -> None:
    array = numbers(0, (4, 9), dtype)
    if dtype.startswith("float"):
        array.flat[: len(SPECIAL)] = SPECIAL
    elif exponent < 0:
        array[...] = 1
    b = builder()
    (x,) = inputs(b, [array])
    one = b.slice(x, start=(0, 0), stop=(1, 1), step=(1, 1))
    power = b.constant(np.full((4, 1), abs(exponent) if dtype == "int32" else exponent, dtype))
    scalar = b.slice(power, start=(0, 0), stop=(1, 1), step=(1, 1))
    program = b.finish([b.power(x, scalar), b.power(one, power), b.power(x, power)])
    with np.errstate(all="ignore"):
        compare(program, [array])


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("name", sorted(DIVISIONS))
def test_whole_numbers_by_constants(name: str, dtype: str) -> None:
    """Divisors that are known not to be 0 need no check; others are left to the NumPy meaning."""
    limits = np.iinfo(dtype)
    array = np.array([*range(-12, 13), limits.min, limits.max, limits.min + 1], dtype)
    divisors = [[1], [-1], [3], [-7], [limits.min], [limits.max], list(range(1, 15)) * 2]
    for divisor in divisors:
        b = builder()
        (x,) = inputs(b, [array])
        program = b.finish([getattr(b, name)(x, b.constant(np.array(divisor, dtype)))])
        assert is_native(program)
        with np.errstate(all="ignore"):
            compare(program, [array])
    for divisor in ([0], [2, 0] * 14):
        b = builder()
        (x,) = inputs(b, [array])
        program = b.finish([getattr(b, name)(x, b.constant(np.array(divisor, dtype)))])
        assert not is_native(program)
        with pytest.raises(numpy_engine.EngineFault, match="Integer division by zero"):
            engine.compile(program)([array])


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("name", ["left_shift", "right_shift"])
def test_shifts(name: str, dtype: str) -> None:
    """All bits may go; negative shifts are large ones."""
    by = np.tile(np.array([0, 1, 7, 31, 32, 33, 63, 64, 65, 1000, -1, -64], dtype), 3)
    arrays = [np.repeat(np.array([5, -9, np.iinfo(dtype).min], dtype), 12), by]
    b = builder()
    program = b.finish([getattr(b, name)(*inputs(b, arrays))])
    assert is_native(program)
    compare(program, arrays)


@pytest.mark.parametrize("pair", list(itertools.product(DTYPES, DTYPES)))
def test_cast(pair: tuple[str, str]) -> None:
    source, target = pair
    arrays = [numbers(0, (40,), source)]
    if source.startswith("float"):
        arrays.append(np.array([*SPECIAL, 2.0**31, -(2.0**31), 2.0**63, -(2.0**63), 2.5], source))
    b = builder()
    values = [b.cast(value, dtype=np.dtype(target)) for value in inputs(b, arrays)]
    with np.errstate(all="ignore"):
        compare(b.finish(values), arrays)


@pytest.mark.parametrize("dtype", DTYPES)
def test_broadcasting(dtype: str) -> None:
    shapes = [((3, 1), (1, 4)), ((), (2, 3)), ((4,), (5, 1, 4)), ((2, 1, 3), (7, 1)), ((0,), (1,))]
    for first, second in shapes:
        arrays = [numbers(0, first, dtype), numbers(1, second, dtype)]
        b = builder()
        compare(b.finish([b.less(*inputs(b, arrays))]), arrays)
        condition = arrays[0] != 0
        b = builder()
        choice = inputs(b, [condition, arrays[0], arrays[1]])
        compare(b.finish([b.where(*choice)]), [condition, *arrays])


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        (name, dtype)
        for name in REDUCTIONS
        for dtype in DTYPES
        if (dtype == "bool") == (name in ("any", "all"))
    ],
)
def test_reductions(name: str, dtype: str) -> None:
    for shape in (*SHAPES, (5, 1, 70), (33, 2, 3, 2)):
        axes = range(len(shape))
        choices = itertools.chain.from_iterable(
            itertools.combinations(axes, count) for count in range(len(shape) + 1)
        )
        array = numbers(0, shape, dtype)
        if name == "prod" and dtype.startswith("float"):
            array = 1 + array / 30
        b = builder()
        (value,) = inputs(b, [array])
        program = b.finish([getattr(b, name)(value, axes=chosen) for chosen in choices])
        assert is_native(program)
        compare(program, [array], scale=1000.0 if name == "prod" else 60.0)


@pytest.mark.parametrize("name", ["max", "min", "sum"])
def test_reductions_keep_nan(name: str) -> None:
    array = np.ones((9, 40), np.float32)
    array[3, 17] = np.nan
    array[5, 2] = np.inf
    b = builder()
    (value,) = inputs(b, [array])
    program = b.finish([getattr(b, name)(value, axes=axes) for axes in ((0,), (1,), (0, 1))])
    compare(program, [array])


def test_long_sums_keep_digits() -> None:
    array = np.full((1_000_003,), 0.1, np.float32)
    b = builder()
    (value,) = inputs(b, [array])
    (found,) = engine.compile(b.finish([b.sum(value, axes=(0,))]))([array])
    assert found == np.float32(np.sum(array.astype(np.float64)))


PRODUCTS = [
    ((3, 4), (4, 5)),
    ((1, 4), (4, 1)),
    ((30, 1), (1, 7)),
    ((2, 3, 4), (2, 4, 5)),
    ((2, 3, 4), (4, 5)),
    ((3, 4), (6, 4, 2)),
    ((2, 1, 3, 4), (1, 5, 4, 2)),
    ((0, 4), (4, 2)),
    ((3, 0), (0, 2)),
    ((64, 33), (33, 17)),
]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
@pytest.mark.parametrize(("first", "second"), PRODUCTS)
def test_products(first: tuple[int, ...], second: tuple[int, ...], dtype: str) -> None:
    def swapped(shape: tuple[int, ...], flag: bool) -> tuple[int, ...]:
        return (*shape[:-2], shape[-1], shape[-2]) if flag else shape

    for flags in itertools.product((False, True), repeat=2):
        arrays = [
            numbers(0, swapped(first, flags[0]), dtype),
            numbers(1, swapped(second, flags[1]), dtype),
        ]
        b = builder()
        x, y = inputs(b, arrays)
        program = b.finish([b.matmul(x, y, transpose_x=flags[0], transpose_y=flags[1])])
        compare(program, arrays, scale=300.0)


def test_products_of_views() -> None:
    arrays = [numbers(0, (6, 8), "float32"), numbers(1, (8, 6), "float32")]
    b = builder()
    x, y = inputs(b, arrays)
    part = b.slice(x, start=(0, 0), stop=(6, 8), step=(2, 1))
    gaps = b.slice(x, start=(0, 0), stop=(6, 8), step=(1, 2))
    back = b.flip(y, axes=(1,))
    turned = b.transpose(y, permutation=(1, 0))
    wide = b.broadcast_to(b.slice(x, start=(0, 0), stop=(1, 8), step=(1, 1)), shape=(5, 8))
    results = [b.matmul(part, y), b.matmul(x, back), b.matmul(wide, y)]
    results += (
        [b.matmul(x, turned, transpose_y=True), b.matmul(gaps, part, transpose_x=False)]
        if (gaps.shape[1] == part.shape[0])
        else [b.matmul(x, turned, transpose_y=True), b.matmul(gaps, gaps, transpose_x=True)]
    )
    compare(b.finish(results), arrays, scale=300.0)


@pytest.mark.parametrize("dtype", [*DTYPES, "int8", "complex64"])
def test_places(dtype: str) -> None:
    array = numbers(0, (3, 4, 5), dtype if dtype in DTYPES else "int32").astype(dtype)
    b = builder()
    (x,) = inputs(b, [array])
    turned = b.transpose(x, permutation=(2, 0, 1))
    results = [
        turned,
        b.reshape(turned, shape=(5, 12)),
        b.reshape(turned, shape=(15, 4)),
        b.reshape(x, shape=(1, 60, 1)),
        b.broadcast_to(b.reshape(x, shape=(3, 1, 4, 5)), shape=(3, 2, 4, 5)),
        b.slice(x, start=(2, 0, 4), stop=(-1, 4, -1), step=(-1, 3, -2)),
        b.slice(x, start=(1, 0, 0), stop=(1, 4, 5), step=(1, 1, 1)),
        b.flip(b.flip(turned, axes=(0, 2)), axes=(1,)),
        b.concatenate(x, b.flip(x, axes=(1,)), axis=1),
        b.concatenate(turned, turned, turned, axis=2),
        b.pad(x, b.constant(1, array.dtype), low=(1, 0, 2), high=(0, 2, 1), interior=(1, 0, 2)),
        x,
        x,
        b.constant(array[0]),
    ]
    compare(b.finish(results), [array])
