"""Routines that draw random numbers: those of program/philox.py, from the same states.

A position of a routine's range is a sample of 128 bits, or (where numbers are rejected) a group of
elements with a stretch of the stream of its own; so a range can be divided into tasks.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from pantarhei.engines.native.codegen.kernel_function import KernelFunction
from pantarhei.engines.native.codegen.math.elementary import exp, log
from pantarhei.engines.native.codegen.math.trigonometry import sine_and_cosine
from pantarhei.engines.native.codegen.values import SSAValue
from pantarhei.program import philox

LOW = (1 << 32) - 1

# Elements that are made of one sample.
PER_SAMPLE = {"float": 4, "double": 2, "i32": 4, "i64": 2}


def _samples(w: KernelFunction, state: SSAValue, number: SSAValue) -> list[SSAValue]:
    """The four words of a sample of Philox 4x32-10, as long numbers."""

    def word(place: int) -> SSAValue:
        return w.load(w.element(state, number.of(place), "i32"), "i32").convert("zext", "i64")

    key = [word(0), word(1)]
    lower = word(2) | word(3).binary("shl", 32)
    upper = word(4) | word(5).binary("shl", 32)
    counter = lower + number
    carried = counter.below_unsigned(number)
    upper = upper + carried.convert("zext", "i64")
    words = [counter & LOW, counter.binary("lshr", 32), upper & LOW, upper.binary("lshr", 32)]
    for turn in range(philox.ROUNDS):
        first = words[0] * philox.MULTIPLIERS[0]
        second = words[2] * philox.MULTIPLIERS[1]
        keys = [
            (each + turn * step) & LOW
            for each, step in zip(key, philox.KEY_INCREMENTS, strict=True)
        ]
        words = [
            second.binary("lshr", 32) ^ words[1] ^ keys[0],
            second & LOW,
            first.binary("lshr", 32) ^ words[3] ^ keys[1],
            first & LOW,
        ]
    return words


def _float(word: SSAValue) -> SSAValue:
    """A number in [0, 1) with 23 random bits."""
    return (word & 0x7FFFFF).convert("trunc", "i32").convert("sitofp", "float") * 2.0**-23


def _double(high: SSAValue, low: SSAValue) -> SSAValue:
    """A number in [0, 1) with 52 random bits."""
    bits = (high & 0xFFFFF).binary("shl", 32) | low
    # The bits behind the point of a number in [1, 2).
    return (bits | (1023 << 52)).as_float - 1


def _at_least(x: SSAValue) -> SSAValue:
    """Where logarithms are taken no number is smaller than this."""
    return x.below(philox.SMALLEST_TO_LOG).choose(x.of(philox.SMALLEST_TO_LOG), x)


def _normal_pair(proportion: SSAValue, turn: SSAValue) -> list[SSAValue]:
    """The Box-Muller transform: of floats, with functions of doubles, each rounded."""
    type = proportion.type

    def wide(x: SSAValue) -> SSAValue:
        return x if type == "double" else x.convert("fpext", "double")

    def narrow(x: SSAValue) -> SSAValue:
        return x if type == "double" else x.convert("fptrunc", type)

    logarithm = narrow(log(wide(_at_least(proportion))))
    radius = (logarithm * -2.0).intrinsic("sqrt")
    angle = wide(narrow(wide(turn) * (2 * math.pi)))
    return [narrow(each) * radius for each in sine_and_cosine(angle)]


def _uniforms(words: list[SSAValue], type: str) -> list[SSAValue]:
    if type == "float":
        return [_float(word) for word in words]
    return [_double(words[0], words[1]), _double(words[2], words[3])]


def _normals(words: list[SSAValue], type: str) -> list[SSAValue]:
    numbers = _uniforms(words, type)
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return [normal for pair in pairs for normal in _normal_pair(*pair)]


def _filling(
    w: KernelFunction,
    begin: SSAValue,
    end: SSAValue,
    type: str,
    made: Callable[[list[SSAValue]], list[SSAValue]],
    head: tuple[SSAValue, SSAValue],
    result: SSAValue,
) -> None:
    """Elements made of consecutive samples; `head`: how many elements, and the state."""
    size, state = head
    width = PER_SAMPLE[type]
    whole = size.binary("udiv", width)
    rounded = whole.below(end).choose(whole, end)
    with w.range(begin, rounded) as group:
        for lane, number in enumerate(made(_samples(w, state, group))):
            w.store(number, w.element(result, group * width + lane, type))
    spare = w.variable(w.constant(0, type))
    # The last sample, of which not all is needed.
    with w.range(rounded, end) as group:
        for lane, number in enumerate(made(_samples(w, state, group))):
            place = group * width + lane
            target = w.element(result, place, type)
            w.store(number, (place.below(size)).choose(target, spare))


def _uniform(w: KernelFunction, begin: SSAValue, end: SSAValue, variant: tuple[str, ...]) -> None:
    """elements, state, result: numbers in [0, 1)."""
    (type,) = variant
    size, state, result = w.number(), w.place(), w.place()
    _filling(w, begin, end, type, lambda words: _uniforms(words, type), (size, state), result)


def _normal(w: KernelFunction, begin: SSAValue, end: SSAValue, variant: tuple[str, ...]) -> None:
    """elements, state, result: normally distributed numbers."""
    (type,) = variant
    size, state, result = w.number(), w.place(), w.place()
    _filling(w, begin, end, type, lambda words: _normals(words, type), (size, state), result)


def _uniform_int(
    w: KernelFunction, begin: SSAValue, end: SSAValue, variant: tuple[str, ...]
) -> None:
    """elements, state, the least number, the one that is too large, result: whole numbers."""
    (type,) = variant
    size, state = w.number(), w.place()
    low, high = (w.load(w.place(), type) for _ in range(2))
    result = w.place()
    length = high - low
    length = length.equals(0).choose(length.of(1), length)

    def made(words: list[SSAValue]) -> list[SSAValue]:
        if type == "i32":
            bits = [word.convert("trunc", "i32") for word in words]
        else:
            pairs = zip(words[::2], words[1::2], strict=True)
            bits = [first | second.binary("shl", 32) for first, second in pairs]
        return [each.binary("urem", length) + low for each in bits]

    _filling(w, begin, end, type, made, (size, state), result)


def _truncated(w: KernelFunction, begin: SSAValue, end: SSAValue, variant: tuple[str, ...]) -> None:
    """elements, state, result: normally distributed numbers, others than those far out."""
    (type,) = variant
    size, state, result = w.number(), w.place(), w.place()
    width = PER_SAMPLE[type]
    zero = begin.of(0)
    found, sample = w.variable(zero), w.variable(zero)
    spare = w.variable(w.constant(0, type))
    with w.range(begin, end) as group:
        w.store(zero, found)
        w.store(group * (width * philox.RESERVED_PER_OUTPUT // 4), sample)
        with w.repeat() as loop:
            number = w.load(sample, "i64")
            for normal in _normals(_samples(w, state, number), type):
                count = w.load(found, "i64")
                place = group * width + count
                taken = normal.magnitude.below(philox.TRUNCATE_AT) & count.below(width)
                target = w.element(result, place, type)
                w.store(normal, (taken & place.below(size)).choose(target, spare))
                w.store(count + taken.convert("zext", "i64"), found)
            w.store(number + 1, sample)
            loop.again = w.load(found, "i64").below(width)


def _multinomial(
    w: KernelFunction, begin: SSAValue, end: SSAValue, variant: tuple[str, ...]
) -> None:
    """samples of a row, classes, state, logits, result: classes as likely as logits say."""
    type, result_type = variant
    samples, classes = w.number(), w.number()
    state, logits, result = w.place(), w.place(), w.place()
    zero, nothing = begin.of(0), w.constant(0, "double")
    largest, total = w.variable(nothing), w.variable(nothing)
    chosen = w.variable(zero)
    with w.range(begin, end) as i:
        row = i.binary("udiv", samples) * classes

        def logit(j: SSAValue) -> tuple[SSAValue, SSAValue]:
            """An element, and whether it is finite: others have no weight."""
            value = w.load(w.element(logits, row + j, type), type)
            wide = value if type == "double" else value.convert("fpext", "double")
            return wide, wide.magnitude.below(math.inf)

        def weight(j: SSAValue) -> SSAValue:
            value, finite = logit(j)
            return finite.choose(exp(value - w.load(largest, "double")), 0.0)

        w.store(nothing.of(-math.inf), largest)
        with w.range(zero, classes) as j:
            (value, finite), so_far = logit(j), w.load(largest, "double")
            w.store((finite & so_far.below(value)).choose(value, so_far), largest)
        w.store(nothing, total)
        with w.range(zero, classes) as j:
            w.store(w.load(total, "double") + weight(j), total)
        points = _uniforms(_samples(w, state, i.binary("udiv", 2)), "double")
        point = (i & 1).equals(0).choose(points[0], points[1]) * w.load(total, "double")
        w.store(nothing, total)
        w.store(zero, chosen)
        with w.range(zero, classes) as j:
            reached = w.load(total, "double") + weight(j)
            w.store(reached, total)
            passed = reached.at_most(point).convert("zext", "i64")
            w.store(w.load(chosen, "i64") + passed, chosen)
        found = w.load(chosen, "i64")
        number = found if result_type == "i64" else found.convert("trunc", "i32")
        w.store(number, w.element(result, i, result_type))


Draw = Callable[[KernelFunction, SSAValue, SSAValue, tuple[str, ...]], None]

# Primitive -> how it is written, and nanoseconds for a sample or a group.
DRAWS: dict[str, tuple[Draw, float]] = {
    "random_uniform": (_uniform, 2.0),
    "random_normal": (_normal, 15.0),
    "random_uniform_int": (_uniform_int, 10.0),
    "truncated_normal": (_truncated, 60.0),
    "multinomial": (_multinomial, 100.0),
}
