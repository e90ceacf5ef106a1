"""One row of the table of op cases, and the inputs a row can ask for.

Knows: what a case is, and how its inputs are made. They follow from the case's name by integer
arithmetic alone, so every NumPy version on every machine makes the same ones, and the recordings
need to hold only outputs.
Must not know: the framework. A row receives it as ``tf`` when its graph is built.
Runs on Python 3.7 too, where the oracle lives.
"""

from __future__ import annotations

import zlib
from typing import Any, Callable, NamedTuple, Sequence

import numpy as np

FLOATS = ("float64", "float32")
HALVES = ("float64", "float32", "float16", "bfloat16")
INTEGERS = ("int32", "int64", "uint8", "int8", "int16", "uint16")
INDEX_TYPES = ("int32", "int64")
REALS = (*HALVES, *INTEGERS)
ANY = (*REALS, "bool")

TOLERANCE = {"float64": 1e-12, "float32": 1e-6, "float16": 2e-3, "bfloat16": 1.6e-2}


class Input(NamedTuple):
    """One input: its shape, its dtype (None: the dtype the case runs in), and how it is filled."""

    shape: tuple[int, ...]
    dtype: str | None
    fill: Callable[[Stream, int], Any]

    def value(self, seed: str) -> Any:
        """The values as float64, int64 or bool, the same on every machine for one ``seed``."""
        size = int(np.prod(self.shape, dtype=np.int64))
        flat = self.fill(Stream(seed), size)
        return np.array(flat).reshape(self.shape)

    def of(self, dtype: str) -> Input:
        """The same values with a dtype of their own, whatever the case runs in."""
        return self._replace(dtype=dtype)

    def generic(self) -> Input:
        """The same values in the dtype the case runs in."""
        return self._replace(dtype=None)


class Stream:
    """A stream of 64-bit numbers from a text (splitmix64 over its CRC), in Python integers."""

    def __init__(self, text: str) -> None:
        self.state = zlib.crc32(text.encode()) << 20

    def bits(self, count: int) -> int:
        """The next ``count`` random bits as an integer."""
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        mixed = self.state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & mask
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
        return (mixed ^ (mixed >> 31)) >> (64 - count)

    def below(self, bound: int) -> int:
        """The next integer in [0, bound)."""
        return self.bits(40) % bound

    def uniform(self, low: float, high: float) -> float:
        """The next multiple of 2**-16 of the interval."""
        return low + (high - low) * self.bits(16) / 65536.0

    def normal(self) -> float:
        """Bell-shaped in (-4, 4), a multiple of 2**-15: exact in float32."""
        return sum(self.bits(16) for _ in range(4)) / 32768.0 - 4.0


def normal(*shape: int) -> Input:
    """Bell-shaped around zero."""
    return Input(shape, None, lambda stream, size: [stream.normal() for _ in range(size)])


def uniform(low: float, high: float, *shape: int) -> Input:
    """Evenly spread over [low, high)."""
    return Input(shape, None, lambda stream, size: [stream.uniform(low, high) for _ in range(size)])


def positive(*shape: int) -> Input:
    """In [0.25, 2.25): safe for log, sqrt and division."""
    return uniform(0.25, 2.25, *shape)


def away(*shape: int, kinks: Sequence[float] = (0.0,), distance: float = 0.125) -> Input:
    """Bell-shaped, but no closer than ``distance`` to any of the kinks."""

    def fill(stream: Stream, size: int) -> Any:
        values = []  # type: list[Any]
        while len(values) < size:
            value = stream.normal()
            if all(abs(value - kink) >= distance for kink in kinks):
                values.append(value)
        return values

    return Input(shape, None, fill)


def between_integers(*shape: int) -> Input:
    """In (-4, 4), no closer than 0.1 to a whole or a half number."""

    def fill(stream: Stream, size: int) -> Any:
        return [
            stream.below(8) - 4.0 + 0.5 * stream.below(2) + stream.uniform(0.125, 0.375)
            for _ in range(size)
        ]

    return Input(shape, None, fill)


def distinct(*shape: int) -> Input:
    """In (-3, 3), shuffled, any two further apart than a finite difference reaches."""

    def fill(stream: Stream, size: int) -> Any:
        places = list(range(size))
        for last in range(size - 1, 0, -1):
            other = stream.below(last + 1)
            places[last], places[other] = places[other], places[last]
        step = 6.0 / max(size, 1)
        return [step * (place + stream.uniform(0.25, 0.75)) - 3.0 for place in places]

    return Input(shape, None, fill)


def integers(low: int, high: int, *shape: int) -> Input:
    """Integers in [low, high), int32 unless said otherwise."""
    return Input(
        shape, "int32", lambda stream, size: [low + stream.below(high - low) for _ in range(size)]
    )


def booleans(*shape: int) -> Input:
    """True and False."""
    return Input(
        shape, "bool", lambda stream, size: np.array([stream.bits(1) == 1 for _ in range(size)])
    )


def values(data: Any, dtype: str | None = None) -> Input:
    """Exactly these values; truth values are bool whatever the case runs in."""
    array = np.array(data)
    if array.dtype == bool:
        dtype = "bool"
    return Input(array.shape, dtype, lambda stream, size: array.reshape(-1))


class Case(NamedTuple):
    """One row: what to build, on which inputs, and how closely it must agree.

    ``order`` is how often the outputs can be differentiated. ``variants`` are the ways the inputs
    enter the graph: placeholders of known shape, with an unknown first dimension ("partial"), of
    unknown rank ("unknown"), or constants. ``raises`` says that an error is what should happen.
    ``numeric`` is False where a difference quotient says nothing (random or stopped gradients).
    """

    name: str
    build: Callable[..., Any]
    inputs: tuple[Input, ...]
    order: int
    dtypes: tuple[str, ...]
    variants: tuple[str, ...]
    tolerance: dict[str, float]
    raises: bool
    numeric: bool

    def dtype_of(self, index: int, dtype: str) -> str:
        """The dtype of an input when the case runs in ``dtype``."""
        return self.inputs[index].dtype or dtype

    def tolerance_of(self, dtype: str) -> float:
        """The tolerance in a dtype; whole numbers have none."""
        return self.tolerance.get(dtype, 0.0)

    def values(self) -> Any:
        """The values of all inputs, before they are given their dtypes."""
        return [entry.value(self.name + "/" + str(i)) for i, entry in enumerate(self.inputs)]

    def cotangent(self, label: str, shape: Sequence[int]) -> Any:
        """A fixed random array for one output or direction, e.g. ``label`` "output 0"."""
        return normal(*shape).value(self.name + "/" + label)


def case(
    name: str,
    build: Callable[..., Any],
    *inputs: Input,
    order: int = 0,
    dtypes: Sequence[str] = (),
    variants: Sequence[str] = ("known", "partial"),
    tolerance: dict[str, float] | None = None,
    raises: bool = False,
    numeric: bool = True,
) -> Case:
    """A row of the table; see ``Case``. Without ``dtypes``, float64 and float32 if it matters."""
    generic = any(entry.dtype is None for entry in inputs)
    runs = tuple(dtypes) or (FLOATS if generic else FLOATS[:1])
    if not any(entry.shape for entry in inputs):
        variants = tuple(variant for variant in variants if variant != "partial")
    return Case(
        name,
        build,
        inputs,
        order,
        runs[:1] if raises else runs,
        tuple(variants),
        dict(TOLERANCE, **(tolerance or {})),
        raises,
        numeric and order > 0,
    )


def exact(cases: Sequence[Case], dtypes: Sequence[str]) -> list[Case]:
    """The same rows with no tolerance in some dtypes, where nothing is rounded."""
    none = dict.fromkeys(dtypes, 0.0)
    return [row._replace(tolerance=dict(row.tolerance, **none)) for row in cases]


def call(path: str, *arguments: Any, **options: Any) -> Callable[..., Any]:
    """Builds ``tf.<path>(*inputs, *arguments, **options)``."""

    def build(tf: Any, *inputs: Any) -> Any:
        function = tf
        for part in path.split("."):
            function = getattr(function, part)
        return function(*inputs, *arguments, **options)

    return build
