"""Signatures of operations: inputs, outputs and attributes, written as one string and parsed.

    a: T, b: T -> product: T | transpose_a: bool = False | T: numeric

Left of the arrow the inputs, right of it the outputs, then the attributes with their defaults. An
argument's type is a dtype (`float32`), an attribute that holds one (`T`), `N * T` for N tensors of
one type, `list(Tin)` for tensors of the types in a list, or `Ref(T)` for a variable. Types of
attributes: bool, int, float, string, shape, type, tensor, func, list(...) of one, or a set of
dtypes: named (`numeric`), or listed (`{numeric, variant}`).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from pantarhei.core import dtypes
from pantarhei.core.dtypes import DType

_FLOATING = "bfloat16 float16 float32 float64"
_COMPLEX = "complex64 complex128"
_INTEGER = "int8 int16 int32 int64 uint8 uint16 uint32 uint64"

DTYPE_SETS: dict[str, str] = {
    "floating": _FLOATING,
    "inexact": f"{_FLOATING} {_COMPLEX}",
    "integer": _INTEGER,
    # These two in the order in which TensorFlow's errors list them, quantized types included.
    "real": "float32 float64 int32 uint8 int16 int8 int64 bfloat16 uint16 float16 uint32 uint64",
    "numeric": (
        "float32 float64 int32 uint8 int16 int8 complex64 int64 qint8 quint8 qint32 bfloat16 "
        "uint16 complex128 float16 uint32 uint64"
    ),
    "index": "int32 int64",
    "any": "",
}


@dataclass(frozen=True)
class Argument:
    """One input or output: `count` names the attribute holding how many, `types` the list of
    types."""

    name: str
    dtype: DType | None = None
    type_attr: str | None = None
    count_attr: str | None = None
    list_attr: str | None = None
    is_ref: bool = False

    @property
    def is_list(self) -> bool:
        """Whether it stands for several tensors."""
        return self.count_attr is not None or self.list_attr is not None


@dataclass(frozen=True)
class Attribute:
    """One attribute: its kind (`bool`, `list(int)`, `type` ...), allowed dtypes and default."""

    name: str
    kind: str
    allowed: tuple[DType, ...] = ()
    default: Any = None
    has_default: bool = False


@dataclass(frozen=True)
class Signature:
    """A parsed signature: arguments in order, attributes by name."""

    inputs: tuple[Argument, ...]
    outputs: tuple[Argument, ...]
    attributes: dict[str, Attribute]


def _argument(text: str, attributes: dict[str, Attribute]) -> Argument:
    name, kind = (part.strip() for part in text.split(":", 1))
    is_ref = kind.startswith("Ref(")
    if is_ref:
        kind = kind[4:-1]
    count = None
    if "*" in kind:
        count, kind = (part.strip() for part in kind.split("*"))
    if kind.startswith("list("):
        return Argument(name, list_attr=kind[5:-1], is_ref=is_ref)
    if kind in attributes:
        return Argument(name, type_attr=kind, count_attr=count, is_ref=is_ref)
    return Argument(name, dtype=dtypes.as_dtype(kind), count_attr=count, is_ref=is_ref)


def _default(kind: str, text: str) -> Any:
    if kind == "type":
        return dtypes.as_dtype(text)
    if kind == "list(type)":
        return [
            dtypes.as_dtype(name.strip()) for name in text.strip("[]").split(",") if name.strip()
        ]
    return ast.literal_eval(text)


def _attribute(text: str) -> Attribute:
    name, rest = (part.strip() for part in text.split(":", 1))
    kind, _, default = (part.strip() for part in rest.partition("="))
    allowed: tuple[DType, ...] = ()
    if kind.startswith("{") or kind in DTYPE_SETS:
        parts = kind.strip("{}").replace(",", " ").split()
        names = " ".join(DTYPE_SETS.get(part, part) for part in parts).split()
        allowed, kind = tuple(dtypes.as_dtype(each) for each in names), "type"
    if not default:
        return Attribute(name, kind, allowed)
    return Attribute(name, kind, allowed, _default(kind, default), True)


def parse(text: str) -> Signature:
    """The signature written in `text`; see the module's docstring for the notation."""
    head, *rest = (part.strip() for part in text.split("|"))
    attributes = {each.name: each for each in map(_attribute, filter(None, rest))}
    left, _, right = head.partition("->")

    def arguments(side: str) -> tuple[Argument, ...]:
        return tuple(_argument(each, attributes) for each in side.split(",") if each.strip())

    return Signature(arguments(left), arguments(right), attributes)
