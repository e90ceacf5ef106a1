"""Counter-based random numbers: the state is an operand, so drawing is pure.

A state is a `uint32[6]` (key and counter, see program/philox.py); the run of the program advances
it. The numbers are those of TensorFlow 1.15's CPU kernels for the same state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pantarhei.program import philox, rejection_sampling
from pantarhei.program.ir import ANY_KIND, Array, Primitive, ProgramError, Type


def _filled(state: Type, *, shape: tuple[int, ...], dtype: Any) -> Type:
    return Type(np.dtype(dtype), tuple(shape))


def _per_element(state: Type, parameter: Type, *, shape: tuple[int, ...], dtype: Any) -> Type:
    return Type(np.dtype(dtype), (*shape, *parameter.shape))


def _drawn(state: Type, logits: Type, *, num_samples: int, dtype: Any) -> Type:
    return Type(np.dtype(dtype), (logits.shape[0], num_samples))


def _fault_of_the_data(function: Callable[..., Array]) -> Callable[..., Array]:
    """`function`, whose ValueErrors are faults found in the data."""

    def reference(*arrays: Array, **attributes: Any) -> Array:
        try:
            return function(*arrays, **attributes)
        except ValueError as error:
            raise ProgramError(str(error)) from None

    return reference


def _uniform_int(
    state: Array, minval: Array, maxval: Array, *, shape: tuple[int, ...], dtype: Any
) -> Array:
    return philox.random_uniform_int(state, shape, int(minval), int(maxval), dtype)


def _gamma(state: Array, alpha: Array, *, shape: tuple[int, ...], dtype: Any) -> Array:
    return rejection_sampling.random_gamma(state, shape, alpha)


def _poisson(state: Array, rate: Array, *, shape: tuple[int, ...], dtype: Any) -> Array:
    return rejection_sampling.random_poisson(state, shape, rate, dtype)


PRIMITIVES: list[Primitive] = [
    Primitive("random_uniform", _filled, philox.random_uniform),
    Primitive("random_normal", _filled, philox.random_standard_normal),
    Primitive("truncated_normal", _filled, philox.truncated_normal),
    Primitive(
        "random_uniform_int",
        lambda state, minval, maxval, *, shape, dtype: Type(np.dtype(dtype), tuple(shape)),
        _fault_of_the_data(_uniform_int),
        faults=ANY_KIND,
    ),
    Primitive("random_gamma", _per_element, _gamma),
    Primitive("random_poisson", _per_element, _poisson),
    Primitive("random_shuffle", lambda state, x: x, philox.random_shuffle),
    Primitive("multinomial", _drawn, _fault_of_the_data(philox.multinomial), faults=ANY_KIND),
    Primitive(  # the state from which two seeds, as data, draw
        "stateless_state",
        lambda seeds: Type(np.dtype(np.uint32), (6,)),
        philox.stateless_state,
    ),
]
