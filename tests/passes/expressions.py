"""Programs written as expressions, such as `add(x, negative(y))`, and expressions of programs.

An expression is Python: primitives are functions, attributes their keyword arguments, `constant`
makes an array of float32 or bool.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pantarhei.program.builder import Builder
from pantarhei.program.ir import Program, Type, Value
from pantarhei.program.primitives import TABLE


def input_types(text: str, dtype: str | None = None) -> dict[str, Type]:
    """The types in `x: float32[2,3]; y: bool[]`, all of another dtype where one is given."""
    types = {}
    for part in filter(None, text.split("; ")):
        name, type = part.split(": ")
        own, extents = type.rstrip("]").split("[")
        shape = tuple(int(each) for each in extents.split(",") if each)
        types[name] = Type(np.dtype(own if dtype is None or own == "bool" else dtype), shape)
    return types


def program_of(inputs: Mapping[str, Type], *expressions: str) -> Program:
    """The program that computes some expressions of inputs."""
    b = Builder(TABLE)
    names: dict[str, Any] = {name: getattr(b, name) for name in TABLE}
    names["constant"] = lambda number: b.constant(_narrow(np.asarray(number)))
    names.update({name: b.input(type) for name, type in inputs.items()})
    return b.finish([eval(each, {}, names) for each in expressions])


def _narrow(array: Any) -> Any:
    return array.astype(np.float32) if array.dtype == np.float64 else array


def expressions_of(program: Program, names: Mapping[str, Any]) -> list[str]:
    """Each output as an expression of the inputs, which get the names in their order."""
    named = dict(zip(map(id, (value.node for value in program.inputs)), names, strict=True))
    texts: dict[int, str] = {}
    for node in program.nodes:
        if id(node) in named:
            texts[id(node)] = named[id(node)]
        elif node.constant is not None:
            texts[id(node)] = f"{node.constant.dtype}{node.constant.tolist()}"
        else:
            parts = [_reference(texts, operand) for operand in node.operands]
            parts += [f"{key}={value}" for key, value in sorted(node.attributes.items())]
            texts[id(node)] = f"{node.kind}({', '.join(parts)})"
    return [_reference(texts, value) for value in program.outputs]


def _reference(texts: Mapping[int, str], value: Value) -> str:
    several = len(value.node.types) > 1
    return texts[id(value.node)] + (f".{value.index}" if several else "")


def same_bits(found: Any, wanted: Any) -> bool:
    """Whether two arrays are the same to the bit; NaN is NaN, whatever its bits."""
    if found.dtype != wanted.dtype or found.shape != wanted.shape:
        return False
    if found.dtype.kind == "c":
        return same_bits(found.real, wanted.real) and same_bits(found.imag, wanted.imag)
    if found.dtype.kind != "f":
        return bool(np.array_equal(found, wanted))
    nan = np.isnan(found) & np.isnan(wanted)
    zeros = np.zeros((), found.dtype)
    return np.where(nan, zeros, found).tobytes() == np.where(nan, zeros, wanted).tobytes()
