"""Gamma and Poisson variates by rejection, drawn as TensorFlow 1.15's CPU kernels draw them.

The methods, and the order in which each output element reads its own stretch of a Philox
stream, so that the numbers are those of 1.15 for any number of threads. Independent of how a
stream is made or kept: that is `pantarhei.program.philox`.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pantarhei.program import special
from pantarhei.program.philox import (
    CHUNK,
    RESERVED_PER_OUTPUT,
    Array,
    Bits,
    State,
    normal_doubles,
    samples128,
    uniform_doubles,
)


class _Streams:
    """A stretch of the stream for every element, read in groups, the last number of a group first.

    Each kind of number (uniform, normal) has a buffered group of its own, taken from the same
    stretch when the one before is used up.
    """

    def __init__(
        self, state: State, elements: NDArray[np.uint64], *kinds: Callable[[Bits], Array]
    ) -> None:
        self._state = state
        self._next = elements * np.uint64(RESERVED_PER_OUTPUT)
        self._kinds = kinds
        self._left = [np.zeros(len(elements), np.intp) for _ in kinds]
        one_sample = np.zeros((4, 1), np.uint32)
        empty = [convert(one_sample) for convert in kinds]
        self._group = [np.empty((len(each), len(elements)), each.dtype) for each in empty]

    def take(self, kind: int, of: NDArray[np.intp]) -> Array:
        """The next number of a kind for each of the given elements."""
        left, group = self._left[kind], self._group[kind]
        used_up = of[left[of] == 0]
        if used_up.size:
            group[:, used_up] = self._kinds[kind](samples128(self._state, self._next[used_up]))
            self._next[used_up] += np.uint64(1)
            left[used_up] = len(group)
        left[of] -= 1
        return group[left[of], of]


def _per_parameter(
    shape: Sequence[int],
    parameter: Array,
    dtype: DTypeLike,
    draw: Callable[[NDArray[np.uint64], Array], Array],
) -> Array:
    """`shape` numbers for each parameter; stretch `p * samples + s` is for sample s of parameter p.

    `draw` gets the numbers of some stretches and the parameter that each belongs to.
    """
    samples = math.prod(shape)
    flat = np.empty(samples * parameter.size, dtype)
    for first in range(0, flat.size, CHUNK):
        stretches = np.arange(first, min(first + CHUNK, flat.size))
        drawn = draw(stretches.astype(np.uint64), parameter.ravel()[stretches // samples])
        with np.errstate(over="ignore", invalid="ignore"):
            flat[stretches] = drawn.astype(dtype)
    return flat.reshape(parameter.size, samples).T.reshape(*shape, *parameter.shape)


def random_gamma(state: State, shape: Sequence[int], alpha: Array) -> Array:
    """What `RandomGamma` gives: `shape` gamma variates of rate 1 for each `alpha`.

    The rejection method of Marsaglia and Tsang ("A simple method for generating gamma variables",
    ACM TOMS 26, 2000), computed in float64 for each dtype; an `alpha` of 1 is drawn as exponential.
    An `alpha` that is not a number, or so negative that the method never accepts, gives NaN.

    Returns:
        [*shape, *alpha.shape], of the dtype of `alpha`.

    >>> from pantarhei.program.philox import initial_state
    >>> random_gamma(initial_state(1, 2), [2], np.array([0.5, 3.0], "float32")).shape
    (2, 2)
    """

    def draw(stretches: NDArray[np.uint64], alphas: Array) -> Array:
        streams = _Streams(state, stretches, uniform_doubles, normal_doubles)
        alphas = alphas.astype(np.float64)
        result = np.empty(len(alphas))
        exponential = np.flatnonzero(alphas == 1)
        result[exponential] = -np.log1p(-streams.take(0, exponential))
        d = alphas + np.where(alphas < 1, 2 / 3, -1 / 3)
        c = 1 / 3 / np.sqrt(np.where(d > 0, d, 1))
        result[~(d > 0)] = np.nan
        waiting = np.flatnonzero((alphas != 1) & (d > 0))
        while waiting.size:
            x = streams.take(1, waiting)
            v = 1 + c[waiting] * x
            positive = v > 0
            trying, x, v = waiting[positive], x[positive], v[positive] ** 3
            u = streams.take(0, trying)
            with np.errstate(divide="ignore", invalid="ignore"):
                bound = 0.5 * x * x + d[trying] * (1 - v + np.log(v))
                accepted = (u < 1 - 0.0331 * (x * x) * (x * x)) | (np.log(u) < bound)
            done = trying[accepted]
            result[done] = d[done] * v[accepted]
            boosted = done[alphas[done] < 1]
            with np.errstate(divide="ignore"):  # An alpha of 0 gives 0.
                result[boosted] *= streams.take(0, boosted) ** (1 / alphas[boosted])
            waiting = np.setdiff1d(waiting, done, assume_unique=True)
        return result

    return _per_parameter(shape, alpha, alpha.dtype, draw)


def random_poisson(state: State, shape: Sequence[int], rate: Array, dtype: DTypeLike) -> Array:
    """What `RandomPoissonV2` gives: `shape` Poisson variates for each `rate`.

    Below a rate of 10, Knuth's product of uniform numbers (The Art of Computer Programming, volume
    2); from 10, the transformed rejection of W. Hörmann ("The transformed rejection method for
    generating Poisson random variables", Insurance: Mathematics and Economics 12, 1993). Computed
    in float64 for every dtype. A rate that is not finite gives itself.

    Returns:
        [*shape, *rate.shape], of the given dtype.

    >>> from pantarhei.program.philox import initial_state
    >>> random_poisson(initial_state(1, 2), [4], np.array(30.0), "int32").tolist()
    [29, 33, 25, 26]
    """

    def draw(stretches: NDArray[np.uint64], rates: Array) -> Array:
        streams = _Streams(state, stretches, uniform_doubles)
        rates = rates.astype(np.float64)
        result = np.zeros(len(rates))
        small = rates < 10
        _multiply_until_below(streams, np.flatnonzero(small), rates, result)
        _reject_transformed(streams, np.flatnonzero(~small & np.isfinite(rates)), rates, result)
        result[~np.isfinite(rates)] = rates[~np.isfinite(rates)]
        return result

    return _per_parameter(shape, rate, dtype, draw)


def _multiply_until_below(
    streams: _Streams, waiting: NDArray[np.intp], rates: Array, result: Array
) -> None:
    """Knuth's method: counts the uniform factors whose product stays above exp(-rate)."""
    product = np.ones_like(rates)
    while waiting.size:
        product[waiting] *= streams.take(0, waiting)
        waiting = waiting[product[waiting] > np.exp(-rates[waiting])]
        result[waiting] += 1


def _reject_transformed(
    streams: _Streams, waiting: NDArray[np.intp], rates: Array, result: Array
) -> None:
    """Hörmann's method (algorithm PTRS), with the letters of his paper."""
    while waiting.size:
        rate = rates[waiting]
        b = 0.931 + 2.53 * np.sqrt(rate)
        a = -0.059 + 0.02483 * b
        inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
        u = streams.take(0, waiting) - 0.5
        v = streams.take(0, waiting)
        us = 0.5 - np.abs(u)
        with np.errstate(divide="ignore", invalid="ignore"):
            k = np.floor((2 * a / us + b) * u + rate + 0.43)
            squeezed = (us >= 0.07) & (v <= 0.9277 - 3.6224 / (b - 2))
            hopeless = (k < 0) | ((us < 0.013) & (v > us))
            log_v = np.log(v * inverse_alpha / (a / (us * us) + b))
            fits = log_v <= -rate + k * np.log(rate) - special.lgamma(k + 1)
        accepted = squeezed | ~hopeless & fits
        result[waiting[accepted]] = k[accepted]
        waiting = waiting[~accepted]
