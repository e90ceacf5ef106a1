"""The program language: primitives, typed values, nodes, programs and their text.

A program is a list of nodes in the order in which they run. Every node applies one primitive to
values made earlier and has concrete output types; nodes are immutable. No operation, graph or state
appears here. `builder` makes programs, `verifier` checks them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class ProgramError(Exception):
    """A fault found in the data while a primitive runs, such as an index out of range.

    Primitives raise it with a message in TensorFlow's words; the runner of the program adds the
    operation and raises the public error of class `kind` (a name in `tf.errors`).
    """

    def __init__(self, message: str, kind: str = "InvalidArgumentError") -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind


def out_of_memory(types: Sequence[Type]) -> ProgramError:
    """The fault of a primitive whose results of these types did not fit into memory."""
    largest = max(types, key=lambda each: each.size * each.dtype.itemsize)
    shape = ",".join(map(str, largest.shape))
    message = f"OOM when allocating tensor with shape[{shape}] and type {largest.dtype.name}"
    return ProgramError(message, "ResourceExhaustedError")


# `Primitive.faults` of those that look for faults in data of any dtype.
ANY_KIND = "biufcSUOV"


@dataclass(frozen=True, slots=True)
class Type:
    """Element type and concrete shape of a value."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of elements."""
        size = 1
        for extent in self.shape:
            size *= extent
        return size

    def __str__(self) -> str:
        name = "string" if self.dtype == object else self.dtype.name
        return f"{name}[{','.join(map(str, self.shape))}]"


@dataclass(frozen=True, eq=False)
class Primitive:
    """One word of the program language.

    Attributes:
      name: NumPy's name where NumPy has one.
      type_rule: `(*operand types, **attributes) -> Type` or a tuple of them; raises ProgramError.
      reference: `(*arrays, **attributes) -> array` or a tuple: the specification, in NumPy.
      elementwise: output element i depends on (broadcast) operand elements i only.
      commutative: operands may be swapped.
      faults: kinds (`dtype.kind`) of the first operand with which the reference implementation may
        find a fault in the data, so that it has to run even where its result has no consumer.
    """

    name: str
    type_rule: Callable[..., Type | tuple[Type, ...]]
    reference: Callable[..., Any]
    elementwise: bool = False
    commutative: bool = False
    faults: str = ""

    def __repr__(self) -> str:
        return f"<Primitive {self.name}>"


class Node:
    """One application of a primitive. Compare by identity: equal nodes are the same node.

    `origin` is what the caller says made the node (an operation); the language never reads it.
    `kind` is `input`, `constant`, or the primitive's name; `values` are its outputs.
    """

    __slots__ = (
        "attributes",
        "constant",
        "kind",
        "operands",
        "origin",
        "primitive",
        "types",
        "values",
    )

    def __init__(
        self,
        primitive: Primitive | None,
        operands: tuple[Value, ...],
        attributes: Mapping[str, Any],
        types: tuple[Type, ...],
        origin: object = None,
        constant: Array | None = None,
    ) -> None:
        self.primitive = primitive
        self.operands = operands
        self.attributes = attributes
        self.types = types
        self.origin = origin
        self.constant = constant
        if primitive is not None:
            self.kind = primitive.name
        else:
            self.kind = "input" if constant is None else "constant"
        self.values = tuple([_output(self, index) for index in range(len(types))])

    @property
    def may_fault(self) -> bool:
        """Whether it may find a fault in the data, and so has to run in any case."""
        kinds = "" if self.primitive is None else self.primitive.faults
        return bool(kinds) and self.operands[0].dtype.kind in kinds


class Value:
    """Output `index` of a node: what operands and results are made of.

    A node has one object for each output, so values are compared and looked up by identity.
    """

    __slots__ = ("index", "node")

    node: Node
    index: int

    def __new__(cls, node: Node, index: int = 0) -> Value:
        """The node's own object; the verifier reports an index out of range."""
        values = node.values
        return values[index] if index < len(values) else _output(node, index)

    @property
    def type(self) -> Type:
        """Dtype and shape."""
        return self.node.types[self.index]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        return self.node.types[self.index].dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """Extent along each axis."""
        return self.node.types[self.index].shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.type.size

    @property
    def constant(self) -> Array | None:
        """The array, where it is known before the program runs."""
        return self.node.constant

    def __repr__(self) -> str:
        return f"<Value {self.node.kind}:{self.index} {self.type}>"


def _output(node: Node, index: int) -> Value:
    """A new object; for nodes only."""
    value = object.__new__(Value)
    value.node, value.index = node, index
    return value


@dataclass
class Program:
    """Inputs, nodes in running order (inputs and constants included), outputs."""

    inputs: list[Value]
    nodes: list[Node]
    outputs: list[Value]

    def __str__(self) -> str:
        return show(self)


def numbered(program: Program) -> Iterator[tuple[int, Node]]:
    """Nodes with the number under which the printer shows them."""
    return iter(enumerate(program.nodes))


def show(program: Program) -> str:
    """The program as text, one node a line, with the origin of each where it has one."""
    number = {id(node): index for index, node in numbered(program)}

    def reference(value: Value) -> str:
        suffix = f".{value.index}" if len(value.node.types) > 1 else ""
        return f"%{number[id(value.node)]}{suffix}"

    lines = []
    for index, node in numbered(program):
        text = f"%{index} : {', '.join(map(str, node.types))} = {node.kind}"
        if node.constant is not None:
            flat = node.constant.ravel()[:4].tolist()
            dots = ", ..." if node.constant.size > 4 else ""
            text += f" {', '.join(map(repr, flat))}{dots}"
        for operand in node.operands:
            text += f" {reference(operand)}"
        if node.attributes:
            pairs = (f"{key}={value}" for key, value in node.attributes.items())
            text += f" {{{', '.join(pairs)}}}"
        if node.origin is not None:
            text += f"   # {getattr(node.origin, 'name', node.origin)}"
        lines.append(text)
    lines.append("return " + " ".join(reference(value) for value in program.outputs))
    return "\n".join(lines)
