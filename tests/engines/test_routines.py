"""Primitives that routines compute, in place and not, against their NumPy meanings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pantarhei.engines.native.kernels.kernel import flat
from pantarhei.engines.native.pipeline import Options, stages
from pantarhei.engines.native.runtime import engine
from pantarhei.engines.numpy import engine as numpy_engine
from pantarhei.program import philox
from pantarhei.program.ir import Value
from tests.engines.agreement import builder, compare, inputs
from tests.engines.test_primitives import SPECIAL, is_native
from tests.engines.test_standing_programs import check

NUMBERS = ("float32", "float64", "int32", "int64")
# The counter's lower half overflows among the first samples.
STATE = np.array([5, 6, 2**32 - 3, 2**32 - 1, 7, 1], np.uint32)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["random_uniform", "random_normal", "truncated_normal"])
@pytest.mark.parametrize("size", [0, 1, 3, 4, 6, 1001, 50_001])
def test_draws(kind: str, dtype: str, size: int) -> None:
    b = builder()
    (state,) = inputs(b, [STATE])
    program = b.finish([getattr(b, kind)(state, shape=(size,), dtype=np.dtype(dtype))])
    assert is_native(program)
    compare(program, [STATE])
    assert check(program, [STATE], {}) == "done"


def test_normal_floats_are_those_of_the_reference() -> None:
    """Functions of doubles are rounded, so all but one in many millions have the same bits."""

    b = builder()
    (state,) = inputs(b, [STATE])
    draws = (b.random_normal, b.truncated_normal)
    shape, dtype = (50_000,), np.dtype(np.float32)
    program = b.finish([draw(state, shape=shape, dtype=dtype) for draw in draws])
    normal, truncated = engine.compile(program)([STATE])
    np.testing.assert_array_equal(normal, philox.random_standard_normal(STATE, shape, dtype))
    np.testing.assert_array_equal(truncated, philox.truncated_normal(STATE, shape, dtype))


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 1001])
@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-5, 5), (3, 2**31 - 1), (-(2**31), 2**31 - 1), (4, 4), (5, 4)]
)
def test_whole_numbers_are_drawn(low: int, high: int, size: int, dtype: str) -> None:
    arrays = [STATE, np.array(low, dtype), np.array(high, dtype)]
    b = builder()
    given = inputs(b, arrays)
    program = b.finish([b.random_uniform_int(*given, shape=(size,), dtype=np.dtype(dtype))])
    assert check(program, arrays, {}) == ("done" if low < high else "fault")


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("kind", ["cumsum", "cumprod"])
def test_sums_and_products_of_all_before(kind: str, dtype: str) -> None:
    random = np.random.default_rng(0)
    for shape in ((5,), (3, 4), (0, 3), (3, 0), (2, 3, 17)):
        array = (random.normal(size=shape) * 3).astype(dtype)
        b = builder()
        (x,) = inputs(b, [array])
        turned = b.flip(x, axes=(0,))
        results = [
            getattr(b, kind)(each, axis=axis) for each in (x, turned) for axis in range(x.ndim)
        ]
        program = b.finish(results)
        assert is_native(program)
        compare(program, [array])


@pytest.mark.parametrize("dtype", NUMBERS)
def test_the_largest_and_where_they_are(dtype: str) -> None:
    random = np.random.default_rng(0)
    floating = dtype.startswith("float")
    few = random.choice(np.array(SPECIAL if floating else [-2, 0, 1, 5]), (40, 14)).astype(dtype)
    arrays = [few, random.integers(-9, 9, (2, 3, 30)).astype(dtype), few[:, :1], few[:0], few[0]]
    if not floating:
        arrays.append(np.array([np.iinfo(dtype).min] * 3, dtype))
    for array in arrays:
        for wanted in {0, 1, min(3, array.shape[-1]), array.shape[-1]}:
            b = builder()
            (x,) = inputs(b, [array])
            largest, places = b.top_k(x, k=wanted)
            program = b.finish([places, largest])
            assert is_native(program)
            compare(program, [array])
            assert check(program, [array], {}) == "done"


@pytest.mark.parametrize("index_type", ["int32", "int64"])
@pytest.mark.parametrize("dtype", [*NUMBERS, "bool", "uint8"])
def test_positions_are_followed(dtype: str, index_type: str) -> None:
    array = (np.arange(60).reshape(3, 4, 5) * 7 % 11).astype(dtype)
    for depth in (1, 2, 3):
        for leading in ((), (1,), (2, 3), (0,)):
            extents = array.shape[:depth]
            indices = np.stack(
                [np.random.default_rng(7).integers(0, n, leading) for n in extents], -1
            ).astype(index_type)
            b = builder()
            x, i = inputs(b, [array, indices])
            program = b.finish([b.gather_nd(x, i), b.gather_nd(b.flip(x, axes=(1,)), i)])
            assert check(program, [array, indices], {}) == "done"
            for wrong in (-1, extents[-1], np.iinfo(index_type).min, np.iinfo(index_type).max):
                bad = indices.copy()
                if bad.size:
                    bad[(0,) * len(leading)][-1] = wrong
                    assert check(program, [array, bad], {}) == "fault"


COMBINATIONS = ("add", "subtract", "multiply", "divide", "minimum", "maximum", "set")


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
@pytest.mark.parametrize("combine", COMBINATIONS)
@pytest.mark.parametrize("in_place", [True, False])
def test_updates_in_their_order(combine: str, dtype: str, in_place: bool) -> None:
    if combine == "divide" and dtype.startswith("int"):
        return
    random = np.random.default_rng(3)
    base = random.integers(-3, 4, (5, 2)).astype(dtype)
    indices = random.integers(0, 5, (40, 1)).astype(np.int32)
    updates = random.integers(1, 4, (40, 2)).astype(dtype)
    if dtype.startswith("float") and combine in ("minimum", "maximum"):
        base[1], updates[::3] = np.nan, np.nan
    arrays = [base, indices, updates]
    b = builder()
    program = b.finish([b.scatter(*inputs(b, arrays), combine=combine)])
    with np.errstate(all="ignore"):
        assert check(program, arrays, {0: 0} if in_place else {}) == "done"
        arrays[1][7] = 5
        assert check(program, arrays, {0: 0} if in_place else {}) == "fault"


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("kind", ["divide", "floor_divide", "mod", "fmod"])
def test_divisions_by_whole_numbers_that_are_data(kind: str, dtype: str) -> None:
    limits = np.iinfo(dtype)
    numbers = np.array([limits.min, limits.max, -7, -1, 0, 1, 7, 100], dtype)
    x, y = (each.ravel() for each in np.meshgrid(numbers, numbers[numbers != 0]))

    def made(b: Any, x: Value, y: Value) -> Value:
        result = getattr(b, kind)(x, y)
        # What is only taken in parts is divided in parts.
        halves = [
            b.slice(result, start=(start,), stop=(start + 28,), step=(1,)) for start in (0, 28)
        ]
        return b.add(*halves)

    with np.errstate(all="ignore"):
        b = builder()
        program = b.finish([made(b, *inputs(b, [x, y]))])
        assert check(program, [x, y], {}) == "done"
        y[40] = 0
        assert check(program, [x, y], {}) == "fault"
        scalar = y[40:41].reshape(())
        b = builder()
        program = b.finish([getattr(b, kind)(*inputs(b, [x, scalar]))])
        assert check(program, [x, scalar], {0: 0}) == "fault"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_that_are_not_finite_are_found(dtype: str) -> None:
    array = np.linspace(-1, 1, 12).reshape(3, 4).astype(dtype)
    b = builder()
    (x,) = inputs(b, [array])
    program = b.finish([b.negative(b.check_finite(x, message="here"))])
    assert check(program, [array], {0: 0}) == "done"
    for wrong in (np.nan, np.inf, -np.inf):
        array[2, 1] = wrong
        assert check(program, [array], {0: 0}) == "fault"


def test_bytes() -> None:
    """Pixels become numbers and come back; they are moved, compared and chosen as they are."""
    array = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for dtype in (*NUMBERS, "bool"):
        b = builder()
        (x,) = inputs(b, [array])
        number = b.cast(x, dtype=np.dtype(dtype))
        program = b.finish([number, b.cast(number, dtype=np.dtype(np.uint8))])
        assert is_native(program)
        compare(program, [array])
    for numbers in (
        np.array([*SPECIAL, 255.9, 256, -1, 300, 2.0**31, -(2.0**31)], np.float32),
        np.array([-1, 256, 2**31 - 1, -(2**31)], np.int32),
        np.array([-1, 2**40 + 5, -(2**63)], np.int64),
    ):
        b = builder()
        (x,) = inputs(b, [numbers])
        program = b.finish([b.cast(x, dtype=np.dtype(np.uint8))])
        assert is_native(program)
        with np.errstate(all="ignore"):
            compare(program, [numbers])
    b = builder()
    (x,) = inputs(b, [array])
    turned = b.transpose(b.flip(x, axes=(0,)), permutation=(1, 0))
    chosen = b.where(b.not_equal(x, turned), b.constant(7, np.uint8), turned)
    none = b.constant(0, np.uint8)
    padded = b.pad(chosen, none, low=(1, 0), high=(0, 1), interior=(0, 1))
    program = b.finish([padded, b.concatenate(x, turned, axis=1), b.equal(x, turned)])
    assert is_native(program)
    compare(program, [array])


@pytest.mark.parametrize("place_type", ["int32", "int64"])
@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_distinct_numbers(dtype: str, place_type: str) -> None:
    random = np.random.default_rng(0)
    limits = np.iinfo(dtype)
    for numbers in (
        [],
        [1],
        range(5),
        [7] * 9,
        [limits.min, limits.max, -1, 0, -1, limits.min],
        random.integers(-3, 3, 50),
        random.integers(0, 10**6, 3000),
        random.integers(0, 40, 300) << 20,
    ):
        array = np.array(numbers, dtype)
        b = builder()
        (x,) = inputs(b, [array])
        program = b.finish(list(b.unique_repeated(x, dtype=np.dtype(place_type))))
        assert is_native(program)
        compare(program, [array])
        distinct, places = numpy_engine.compile(program)([array])
        np.testing.assert_array_equal(distinct[places], array)
        in_order = list(dict.fromkeys(array.tolist()))
        repeats = len(array) - len(in_order)
        assert distinct.tolist() == in_order[:1] * repeats + in_order


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("read", ["before", "after", "beside", "turned", None])
def test_what_updates_change_is_computed_where_they_do(read: str | None, again: bool) -> None:
    """The base is computed of what the result replaces; who wants the old value still gets it."""
    random = np.random.default_rng(3)
    arrays = [
        random.integers(-3, 4, (50, 20)).astype(np.float32),
        random.integers(0, 50, (30, 1)).astype(np.int32),
        random.integers(-3, 4, (30, 20)).astype(np.float32),
    ]
    b = builder()
    old, indices, updates = inputs(b, arrays)
    base = b.multiply(old, b.constant(0.5, np.float32))
    if read == "turned":
        base = b.add(base, b.flip(old, axes=(0,)))
    changed = b.scatter(base, indices, updates, combine="add")
    if again:
        changed = b.scatter(changed, indices, b.negative(updates), combine="maximum")
    outputs = [changed]
    if read == "before":
        outputs.append(b.sum(old, axes=(0,)))
    if read == "after":
        outputs.append(b.matmul(old, changed, transpose_y=True))
    if read == "beside":
        outputs += [b.negative(base), b.transpose(old, permutation=(1, 0))]
    program = b.finish(outputs)
    for replaced in ({}, {0: 0}, {0: None}):
        assert check(program, arrays, dict(replaced)) == "done"
        wrong = [array.copy() for array in arrays]
        wrong[1][29] = 50
        assert check(program, wrong, dict(replaced)) == "fault"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("result", ["int32", "int64"])
def test_classes_are_drawn(dtype: str, result: str) -> None:
    random = np.random.default_rng(2)
    logits = (random.normal(size=(6, 9)) * 4).astype(dtype)
    logits[1, 3:], logits[2], logits[3, ::2], logits[4, 1] = -np.inf, np.nan, np.inf, 700
    for array in (logits, logits[:, :1], logits[:0]):
        for samples in (0, 1, 7, 400):
            b = builder()
            state, x = inputs(b, [STATE, array])
            drawn = b.multinomial(state, x, num_samples=samples, dtype=np.dtype(result))
            program = b.finish([drawn])
            assert is_native(program)
            with np.errstate(all="ignore"):
                compare(program, [STATE, array])


def test_long_routines_are_known_to_be_long() -> None:
    """So that others may run meanwhile: rows of a table count, not only indices."""
    b = builder()
    x, i = inputs(b, [np.zeros((9, 1000), np.float32), np.zeros((7, 1), np.int32)])
    program = b.finish([b.top_k(x, k=3)[0], b.gather_nd(x, i), b.cumsum(x, axis=1)])
    *_, (_, plan) = stages(program, Options(bound=True))
    parts = plan.parts
    assert sorted(kernel.work for kernel in flat(parts[0])) == [7, 9_000, 27_000, 28_000]
