"""Random numbers from counters: Philox 4x32-10, used as TensorFlow 1.15's CPU kernels use it.

How two seeds become a generator state, how many numbers one run of a random op uses up, and
which number of the stream each output element is made of. Every function is pure: the caller keeps
the state and moves it on with `skip`. Independent of graphs, sessions or where a state is kept.

**The generator** (J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as
easy as 1, 2, 3", SC 2011) is a keyed bijection: ten rounds turn a 128-bit counter into 128 random
bits, so number `i` of a stream is computed without the numbers before it. A state is a `uint32[6]`
array: the key (low word, high word), then the counter (lowest word first). An op's `seed` attribute
is the key; its `seed2` is the upper half of the counter, whose lower half starts at 0.

**Seeds.** A random op has two seed attributes, and `get_seed` says what they become:

==========  ==========  ========================  =============================================
graph seed  op seed     (seed, seed2)             what a session does
==========  ==========  ========================  =============================================
none        none        none: both attributes 0   draws two 64-bit seeds when the kernel is made
none        given       (87654321, op seed)       the same numbers in every session
given       none        (graph seed, last id)     the same, if the graph is built the same way
given       given       (graph seed, op seed)     the same numbers in every session
==========  ==========  ========================  =============================================

`last id` is the number of operations in the graph at that moment. A session makes one kernel, hence
one state, per random operation (by name) when a run first needs it, keeps it while the graph grows
and whatever else is fetched, and advances it by what `reserved` says each time the operation runs:
at every turn of a loop, and not at all when it is fed or lies in a branch not taken. Another
session starts from the seeds again.

**Order.** Ops that fill a tensor take whole 128-bit samples: four elements of 16 or 32 bits, or
two of 64 bits. Ops that reject (`TruncatedNormal`, `RandomGamma`, `RandomPoissonV2`) give each
group or element its own stretch of the stream, so the result does not depend on the number of
threads. `Multinomial` alone does depend on it in 1.15; here it means what one thread computes.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]
Bits = NDArray[np.uint32]
State = NDArray[np.uint32]

DEFAULT_GRAPH_SEED = 87654321
_LARGEST_SEED = 2**31 - 1

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_INCREMENTS = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10

_SCRAMBLING_KEY = (0x3EC8F720, 0x02461E29)  # Turns a stateless op's two seeds into a state.

RESERVED_PER_OUTPUT = 256  # 128-bit samples; generous, since rejecting ops need a varying number.
CHUNK = 1 << 15  # 128-bit samples computed at once: small enough to stay in the processor's cache.
TRUNCATE_AT = 2.0
SMALLEST_TO_LOG = 1e-7

_MASK_32 = np.uint64(0xFFFFFFFF)
_SHIFT_32 = np.uint64(32)


# ---------------------------------------------------------------------------------------- seeds


def get_seed(
    graph_seed: int | None, op_seed: int | None, last_id: int
) -> tuple[int, int] | tuple[None, None]:
    """The two seed attributes of a random op, or two `None` where the seeds are to be random.

    Both are reduced modulo 2**31 - 1 (`DEFAULT_GRAPH_SEED` stands in for a missing graph seed), and
    (0, 0), which to a kernel would mean "random", becomes (0, 2**31 - 1).

    Args:
        graph_seed: what `tf.set_random_seed` set, or None.
        op_seed: the `seed` argument of the function that makes the op, or None.
        last_id: the number of operations in the graph, used where only the graph seed is given.

    >>> get_seed(1, 2, 30), get_seed(1, None, 30), get_seed(None, 2, 30)
    ((1, 2), (1, 30), (87654321, 2))
    >>> get_seed(None, None, 30), get_seed(0, 0, 30), get_seed(-1, 2**31, 30)
    ((None, None), (0, 2147483647), (2147483646, 1))
    """
    if graph_seed is None and op_seed is None:
        return None, None
    first = DEFAULT_GRAPH_SEED if graph_seed is None else graph_seed % _LARGEST_SEED
    second = (last_id if op_seed is None else op_seed) % _LARGEST_SEED
    return (0, _LARGEST_SEED) if (first, second) == (0, 0) else (first, second)


def initial_state(seed: int, seed2: int) -> State:
    """The state of a random op's kernel before its first run.

    Two zeros are taken as they are: a caller to whom they mean "random" passes random seeds.

    >>> initial_state(1, 2).tolist()
    [1, 0, 0, 0, 2, 0]
    """
    key, upper = seed % 2**64, seed2 % 2**64
    words = (key, key >> 32, 0, 0, upper, upper >> 32)
    return np.array([word & 0xFFFFFFFF for word in words], np.uint32)


def stateless_state(seed_pair: Sequence[int] | NDArray[Any]) -> State:
    """The state from which a `Stateless...` op draws: one Philox step mixes its two seeds.

    >>> stateless_state([1, 2]).tolist()
    [1831829434, 2424636105, 0, 0, 1637660171, 4151526176]
    """
    first, second = (int(seed) % 2**64 for seed in seed_pair)
    counter = (first, first >> 32, second, second >> 32)
    words = [word & 0xFFFFFFFF for word in (*_SCRAMBLING_KEY, *counter)]
    mixed = samples128(np.array(words, np.uint32), np.zeros(1, np.uint64))[:, 0]
    return np.array([mixed[0], mixed[1], 0, 0, mixed[2], mixed[3]], np.uint32)


def skip(state: State, count: int) -> State:
    """The state `count` 128-bit samples further on.

    >>> skip(initial_state(1, 2), 2**64 - 1).tolist(), skip(initial_state(1, 2), 5).tolist()
    ([1, 0, 4294967295, 4294967295, 2, 0], [1, 0, 5, 0, 2, 0])
    """
    counter = sum(int(word) << 32 * place for place, word in enumerate(state[2:])) + count
    moved = [counter >> 32 * place & 0xFFFFFFFF for place in range(4)]
    return np.array([state[0], state[1], *moved], np.uint32)


def reserved(op_type: str, output_elements: int) -> int:
    """How many 128-bit samples one run of an op uses up, whether or not it reads them all.

    Args:
        op_type: the op's name, such as "RandomUniform".
        output_elements: the number of elements of the output; for "RandomShuffle" the number of
            rows if the input has more than one element, else 0.

    `Multinomial` has a rule of its own: `reserved_by_multinomial`.

    >>> reserved("RandomUniform", 10), reserved("RandomShuffle", 10)
    (2560, 3)
    """
    if op_type == "RandomShuffle":
        return (max(output_elements - 1, 0) + 3) // 4
    return output_elements * RESERVED_PER_OUTPUT


def reserved_by_multinomial(batch_size: int, num_samples: int) -> int:
    """How many 128-bit samples one run of `Multinomial` uses up.

    >>> reserved_by_multinomial(2, 5)
    8192
    """
    rounded_up = (num_samples + 3) // 4 * 4
    return batch_size * rounded_up * 2 * RESERVED_PER_OUTPUT


# ------------------------------------------------------------------------------------ generator


def samples128(state: State, offsets: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """The 128-bit samples at the given distances from `state`, as a [4, len(offsets)] array."""
    lower, upper = state[2:].astype("<u4", copy=False).view("<u8").astype(np.uint64)
    counter = offsets + lower
    carried = (counter < offsets) + upper  # Adds 1 where the lower half of the counter overflowed.
    words = [counter & _MASK_32, counter >> _SHIFT_32, carried & _MASK_32, carried >> _SHIFT_32]
    key = [int(state[0]), int(state[1])]
    for _ in range(ROUNDS):
        first, second = (words[2 * i] * np.uint64(MULTIPLIERS[i]) for i in (0, 1))
        words = [
            second >> _SHIFT_32 ^ words[1] ^ np.uint64(key[0]),
            second & _MASK_32,
            first >> _SHIFT_32 ^ words[3] ^ np.uint64(key[1]),
            first & _MASK_32,
        ]
        key = [(word + step) & 0xFFFFFFFF for word, step in zip(key, KEY_INCREMENTS, strict=True)]
    return np.stack(words).astype(np.uint32)


def _bits(state: State, per_sample: int, size: int) -> Iterator[tuple[slice, NDArray[np.uint32]]]:
    """Chunks of consecutive samples, each with the output elements that it is for."""
    groups = -(-size // per_sample)
    for first in range(0, groups, CHUNK):
        last = min(first + CHUNK, groups)
        elements = slice(first * per_sample, min(last * per_sample, size))
        yield elements, samples128(state, np.arange(first, last, dtype=np.uint64))


def _fill(
    state: State, shape: Sequence[int], dtype: DTypeLike, convert: Callable[[Bits], Array]
) -> Array:
    """A tensor made group by group; `convert` turns samples into [elements per sample, n]."""
    flat = np.empty(math.prod(shape), dtype)
    for elements, bits in _bits(state, 2 if flat.itemsize == 8 else 4, flat.size):
        flat[elements] = convert(bits).T.ravel()[: elements.stop - elements.start]
    return flat.reshape(shape)


# -------------------------------------------------------------------------- uniform and normal


def _doubles(high: Bits, low: Bits) -> NDArray[np.float64]:
    """Numbers in [0, 1) with 52 random bits: 20 from `high`, 32 from `low`."""
    mantissa = (high & np.uint32(0xFFFFF)).astype(np.uint64) << _SHIFT_32 | low
    return mantissa.astype(np.float64) * 2.0**-52


def uniform_floats(bits: Bits) -> NDArray[np.float32]:
    """Numbers in [0, 1) with 23 random bits."""
    return (bits & np.uint32(0x7FFFFF)).astype(np.float32) * np.float32(2.0**-23)


def uniform_doubles(bits: Bits) -> Array:
    """Two numbers in [0, 1) from each sample."""
    return _doubles(bits[0::2], bits[1::2])


def _normal_floats(bits: Bits) -> Array:
    """The Box-Muller transform in float32, whose functions are computed in float64 and rounded."""
    proportion = np.maximum(uniform_floats(bits[0::2]), np.float32(SMALLEST_TO_LOG))
    logarithm = np.log(proportion.astype(np.float64)).astype(np.float32)
    radius = np.sqrt(np.float32(-2) * logarithm)
    angle = (2 * np.pi * uniform_floats(bits[1::2]).astype(np.float64)).astype(np.float32)
    angle_as_double = angle.astype(np.float64)
    normals = np.empty(bits.shape, np.float32)
    normals[0::2] = np.sin(angle_as_double).astype(np.float32) * radius
    normals[1::2] = np.cos(angle_as_double).astype(np.float32) * radius
    return normals


def normal_doubles(bits: Bits) -> Array:
    """The Box-Muller transform in float64: two numbers from each sample."""
    radius = np.sqrt(-2 * np.log(np.maximum(_doubles(bits[0], bits[1]), SMALLEST_TO_LOG)))
    angle = 2 * np.pi * _doubles(bits[2], bits[3])
    return np.stack([np.sin(angle) * radius, np.cos(angle) * radius])


def random_uniform(state: State, shape: Sequence[int], dtype: DTypeLike) -> Array:
    """What `RandomUniform` gives: numbers in [0, 1), as float16, bfloat16, float32 or float64.

    >>> random_uniform(initial_state(1, 2), [3], "float32")
    array([0.40639675, 0.8575996 , 0.05539584], dtype=float32)
    """
    if np.dtype(dtype) == np.float64:
        return _fill(state, shape, dtype, uniform_doubles)
    if np.dtype(dtype) == np.float32:
        return _fill(state, shape, dtype, uniform_floats)
    # Both narrow types use the lowest bits of each word: as many as their fraction has.
    digits = {np.dtype(np.float16): 10, np.dtype(ml_dtypes.bfloat16): 7}[np.dtype(dtype)]
    mask, unit = np.uint32(2**digits - 1), np.float32(2.0**-digits)
    return _fill(state, shape, dtype, lambda bits: (bits & mask).astype(np.float32) * unit)


def random_standard_normal(state: State, shape: Sequence[int], dtype: DTypeLike) -> Array:
    """What `RandomStandardNormal` gives, as float16, bfloat16, float32 or float64.

    The two 16-bit types are the float32 numbers, rounded.

    >>> random_standard_normal(initial_state(1, 2), [2], "float64")
    array([ 0.58105877, -1.55742911])
    """
    is_double = np.dtype(dtype) == np.float64
    return _fill(state, shape, dtype, normal_doubles if is_double else _normal_floats)


def truncated_normal(state: State, shape: Sequence[int], dtype: DTypeLike) -> Array:
    """What `TruncatedNormal` gives: normal numbers, those beyond two standard deviations redrawn.

    >>> truncated_normal(initial_state(1, 2), [3], "float64")
    array([ 0.58105877, -1.55742911, -1.12958451])
    """
    is_double = np.dtype(dtype) == np.float64
    width, normals = (2, normal_doubles) if is_double else (4, _normal_floats)
    flat = np.empty(math.prod(shape), dtype)
    groups = -(-flat.size // width)
    for first in range(0, groups, CHUNK):
        last = min(first + CHUNK, groups)
        accepted = np.empty((last - first, width), np.float64 if is_double else np.float32)
        found = np.zeros(last - first, np.intp)
        starts = np.arange(first, last, dtype=np.uint64) * np.uint64(
            width * RESERVED_PER_OUTPUT // 4
        )
        open_groups = np.arange(last - first)
        while open_groups.size:
            for row in normals(samples128(state, starts[open_groups])):
                inside = (np.abs(row) < TRUNCATE_AT) & (found[open_groups] < width)
                groups_served = open_groups[inside]
                accepted[groups_served, found[groups_served]] = row[inside]
                found[groups_served] += 1
            starts[open_groups] += np.uint64(1)
            open_groups = open_groups[found[open_groups] < width]
        part = flat[first * width : last * width]
        part[...] = accepted.ravel()[: part.size]
    return flat.reshape(shape)


# --------------------------------------------------------------------------- integers and classes


def random_uniform_int(
    state: State, shape: Sequence[int], minval: int, maxval: int, dtype: DTypeLike
) -> Array:
    """What `RandomUniformInt` gives: whole numbers in [minval, maxval), as int32 or int64.

    The random bits are reduced modulo the length of the range, so numbers near `minval` are a
    little likelier where the length is no power of two. An empty shape needs no sound range.

    Raises:
        ValueError: if `minval` is not below `maxval` and the shape is not empty.

    >>> random_uniform_int(initial_state(1, 2), [4], -5, 5, "int64").tolist()
    [4, 1, 2, -4]
    """
    low, high = int(minval), int(maxval)
    if low >= high and 0 not in shape:
        raise ValueError(f"Need minval < maxval, got {low} >= {high}")
    if np.dtype(dtype) == np.int64:
        length, base = np.uint64(max(high - low, 1)), np.uint64(low % 2**64)

        def convert(bits: Bits) -> Array:
            wide = bits[1::2].astype(np.uint64) << _SHIFT_32 | bits[0::2]
            return (wide % length + base).view(np.int64)

        return _fill(state, shape, dtype, convert)
    length32, base32 = np.uint32(max(high - low, 1)), np.uint32(low % 2**32)
    return _fill(state, shape, dtype, lambda bits: (bits % length32 + base32).view(np.int32))


def random_shuffle(state: State, array: Array) -> Array:
    """What `RandomShuffle` gives: the rows of an array in a random order (Fisher and Yates).

    >>> random_shuffle(initial_state(1, 2), np.arange(6)).tolist()
    [5, 1, 4, 0, 3, 2]
    """
    if array.size <= 1 or len(array) <= 1:
        return array
    rows = len(array)
    words = np.empty(rows - 1, np.uint32)
    for elements, bits in _bits(state, 4, words.size):
        words[elements] = bits.T.ravel()[: elements.stop - elements.start]
    partners = np.arange(rows - 1) + words % np.arange(rows, 1, -1)
    order = list(range(rows))
    for row, partner in enumerate(partners.tolist()):
        order[row], order[partner] = order[partner], order[row]
    return array[order]


def multinomial(state: State, logits: Array, num_samples: int, dtype: DTypeLike) -> Array:
    """What `Multinomial` gives on one thread: classes drawn from unnormalized log-probabilities.

    Args:
        state: where in the stream to draw from.
        logits: [batch, classes]; classes whose logit is not finite are never drawn.
        num_samples: how many classes to draw for each row.
        dtype: int32 or int64.

    Returns:
        Class numbers, [batch, num_samples]; the number of classes where no logit is finite.

    Raises:
        ValueError: if there are no classes.

    >>> multinomial(initial_state(1, 2), np.log([[0.2, 0.3, 0.5]]), 6, "int32").tolist()
    [[1, 1, 1, 1, 2, 2]]
    """
    if not logits.shape[1]:
        raise ValueError("num_classes should be positive, got 0")
    points = random_uniform(state, [len(logits), num_samples], np.float64)
    drawn = np.empty(points.shape, dtype)
    for row, logit in enumerate(logits.astype(np.float64)):
        finite = np.isfinite(logit)
        largest = logit.max(where=finite, initial=-np.inf)
        weights = np.exp(np.where(finite, logit - largest if finite.any() else 0, -np.inf))
        cumulative = np.cumsum(weights)
        drawn[row] = np.searchsorted(cumulative, points[row] * cumulative[-1], side="right")
    return drawn
