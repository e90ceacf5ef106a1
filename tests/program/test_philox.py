"""Random numbers are those that TensorFlow 1.15 drew: see ``tools/record_random.py``."""

from __future__ import annotations

import json
import zlib
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pantarhei.program import philox
from pantarhei.program.rejection_sampling import random_gamma, random_poisson
from tests.support.paths import GOLDEN

RECORDED = np.load(GOLDEN / "random.npz")
CASES = json.loads(str(RECORDED["cases"]))
DRAWN = {
    "RandomUniform": philox.random_uniform,
    "RandomStandardNormal": philox.random_standard_normal,
    "RandomNormal": philox.random_standard_normal,
    "TruncatedNormal": philox.truncated_normal,
}
# Relative to the number itself. A float32 normal passes through a logarithm, a sine and a cosine;
# its last bit is rounded correctly here, and almost always (98%) in the C library that 1.15 uses.
# The narrow types are float32 numbers rounded, so that bit is seen once in ten thousand numbers.
TOLERANCE = {"float32": 3e-7, "float64": 2e-15, "float16": 1e-3, "bfloat16": 8e-3}
EXACT = ("Uniform", "UniformInt", "Shuffle", "Multinomial", "PoissonV2")

seeds = st.integers(-(2**63), 2**63 - 1)
counts = st.integers(0, 2**80)


def numpy_type(name: str) -> Any:
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def draw(case: dict[str, Any], state: philox.State, shape: list[int]) -> tuple[Any, int]:
    """One run of a case: what it draws, and how many 128-bit samples it uses up."""
    kind, dtype = case["op"].removeprefix("Stateless"), numpy_type(case["dtype"])
    elements = int(np.prod(shape))
    if kind == "RandomShuffle":
        rows = shape[0] if elements > 1 else 0
        values = np.arange(elements, dtype=dtype).reshape(shape)
        return philox.random_shuffle(state, values), philox.reserved(kind, rows)
    if kind == "Multinomial":
        logits = np.array(case["logits"]).astype(dtype)
        drawn = philox.multinomial(state, logits, shape[0], case["output"])
        return drawn, philox.reserved_by_multinomial(len(logits), shape[0])
    if kind == "RandomUniformInt":
        low, high = case["minval"], case["maxval"]
        drawn = philox.random_uniform_int(state, shape, low, high, dtype)
    elif kind == "RandomGamma":
        drawn = random_gamma(state, shape, np.array(case["parameter"]).astype(dtype))
    elif kind == "RandomPoissonV2":
        rates = np.array(case["parameter"]).astype(dtype)
        drawn = random_poisson(state, shape, rates, case["output"])
    else:
        drawn = DRAWN[kind](state, shape, dtype)
    return drawn, philox.reserved(kind, drawn.size)


def runs(case: dict[str, Any]) -> list[Any]:
    """All runs of a case, in one session."""
    drawn = []
    stateless = case["op"].startswith("Stateless")
    first = philox.stateless_state if stateless else lambda pair: philox.initial_state(*pair)
    state = first([case["seed"], case["seed2"]])
    for shape in case["shapes"]:
        values, used = draw(case, state, shape)
        drawn.append(values)
        state = state if stateless else philox.skip(state, used)
    return drawn


@pytest.mark.parametrize(
    "number",
    range(len(CASES)),
    ids=lambda number: f"{number}-{CASES[number]['op']}-{CASES[number]['dtype']}",
)
def test_numbers_are_those_of_1_15(number: int) -> None:
    case, expected = CASES[number], RECORDED[str(number)]
    drawn = [np.ascontiguousarray(each).ravel() for each in runs(case)]
    found = np.concatenate([each[:: case.get("stride", 1)] for each in drawn])
    if case["op"].endswith(EXACT):
        assert [zlib.crc32(each.tobytes()) for each in drawn] == case["crc32"]
        return
    if case["dtype"] == "bfloat16":
        expected = expected.view(ml_dtypes.bfloat16)
    assert found.dtype == expected.dtype
    wide = expected.astype(np.float64)
    tolerance = TOLERANCE[case["dtype"]]
    np.testing.assert_allclose(found.astype(np.float64), wide, rtol=tolerance, atol=0)
    if case["dtype"] != "float64":  # A wrong rounding would show in many of the numbers.
        assert np.mean(found == expected) > 0.9


def test_every_kind_of_op_was_recorded() -> None:
    kinds = {case["op"] for case in CASES}
    assert len(CASES) > 100
    assert len(kinds) == 13


@pytest.mark.parametrize("row", json.loads(str(RECORDED["get_seed"])), ids=str)
def test_seeds_are_those_of_1_15(row: list[int | None]) -> None:
    graph_seed, op_seed, operations, *expected = row
    assert operations is not None
    assert list(philox.get_seed(graph_seed, op_seed, operations)) == expected


def test_philox_of_the_paper() -> None:
    """The known answers that the authors publish with their generator (Random123)."""
    zero = philox.samples128(np.zeros(6, np.uint32), np.zeros(1, np.uint64))[:, 0]
    assert zero.tolist() == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    ones = philox.samples128(np.full(6, 2**32 - 1, np.uint32), np.zeros(1, np.uint64))[:, 0]
    assert ones.tolist() == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
    digits = [0xA4093822, 0x299F31D0, 0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344]
    pi = philox.samples128(np.array(digits, np.uint32), np.zeros(1, np.uint64))[:, 0]
    assert pi.tolist() == [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]


@given(seeds, seeds, counts, counts)
def test_skips_add_up(seed: int, seed2: int, first: int, second: int) -> None:
    state = philox.initial_state(seed, seed2)
    both = philox.skip(philox.skip(state, first), second)
    assert both.tolist() == philox.skip(state, first + second).tolist()


@given(seeds, seeds, counts, st.integers(0, 2**64 - 1))
@example(1, 2, 2**64 - 3, 5)
@example(1, 2**32 - 1, 2**64 - 3, 5)
def test_samples_at_a_distance_are_those_after_a_skip(
    seed: int, seed2: int, start: int, distance: int
) -> None:
    state = philox.skip(philox.initial_state(seed, seed2), start)
    far = philox.samples128(state, np.array([distance], np.uint64))
    near = philox.samples128(philox.skip(state, distance), np.zeros(1, np.uint64))
    assert far.tolist() == near.tolist()


@given(
    st.sampled_from(sorted(DRAWN)),
    st.sampled_from(sorted(TOLERANCE)),
    seeds,
    st.integers(0, 40),
    st.integers(0, 40),
)
def test_a_larger_draw_begins_with_the_smaller(
    kind: str, dtype: str, seed: int, smaller: int, more: int
) -> None:
    state = philox.initial_state(seed, 1)
    short = DRAWN[kind](state, [smaller], numpy_type(dtype))
    long = DRAWN[kind](state, [smaller + more], numpy_type(dtype))
    assert short.tolist() == long[:smaller].tolist()


@given(seeds, st.integers(-(2**63), 2**63 - 2), st.integers(1, 2**63 - 1), st.integers(0, 9))
def test_whole_numbers_lie_in_their_range(seed: int, low: int, length: int, size: int) -> None:
    high = min(low + length, 2**63 - 1)
    drawn = philox.random_uniform_int(philox.initial_state(seed, 1), [size], low, high, np.int64)
    assert all(low <= value < high for value in drawn.tolist())


@given(seeds, st.integers(0, 50))
def test_a_shuffle_keeps_every_row(seed: int, rows: int) -> None:
    drawn = philox.random_shuffle(philox.initial_state(seed, 1), np.arange(2 * rows).reshape(-1, 2))
    assert sorted(drawn.tolist()) == np.arange(2 * rows).reshape(-1, 2).tolist()


def test_an_empty_range_is_refused_unless_nothing_is_drawn() -> None:
    state = philox.initial_state(1, 2)
    assert philox.random_uniform_int(state, [0], 3, 3, np.int32).shape == (0,)
    with pytest.raises(ValueError, match="Need minval < maxval, got 3 >= 3"):
        philox.random_uniform_int(state, [2], 3, 3, np.int32)


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    state = philox.initial_state(1, 2)
    for draw_filled in DRAWN.values():
        whole = draw_filled(state, [101], np.float32)
        with monkeypatch.context() as patch:
            patch.setattr(philox, "CHUNK", 5)
            assert draw_filled(state, [101], np.float32).tolist() == whole.tolist()


def test_parameters_without_a_distribution_do_not_hang() -> None:
    state = philox.initial_state(1, 2)
    gammas = random_gamma(state, [2], np.array([np.nan, -3.0, 0.0, np.inf]))
    np.testing.assert_array_equal(gammas, [[np.nan, np.nan, 0.0, np.inf]] * 2)
    counted = random_poisson(state, [2], np.array([np.nan, np.inf, -1.0]), np.float32)
    np.testing.assert_array_equal(counted, [[np.nan, np.inf, 0.0]] * 2)
    with pytest.raises(ValueError, match="num_classes should be positive, got 0"):
        philox.multinomial(state, np.zeros([2, 0]), 1, np.int64)
