"""The program language: typed values, interned nodes, a builder, a printer and a verifier.

A program is a list of nodes in the order in which they run. Every node applies one primitive to
values made earlier and has concrete output types. Nodes are immutable and interned: building the
same application twice gives the same node, so common subexpressions never arise. This module knows
primitives only through the table it is handed; it must not know operations, graphs or state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Results up to this many elements are computed while the program is built: enough for every shape
# computation, too little to move real work out of the engines.
FOLD_LIMIT = 1024


class ProgramError(Exception):
    """A fault found in the data while a primitive runs, such as an index out of range.

    Primitives raise it with a message in TensorFlow's words; whoever runs the program adds the
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


class NotStatic(Exception):
    """Lowering needs a value that is not known before the program runs."""

    def __init__(self, value: Value) -> None:
        super().__init__(f"{value!r} is not known before the program runs")
        self.value = value


class VerificationError(Exception):
    """A program breaks a rule of the language; raised by `verify`, never by running."""


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

    `origin` is whatever the caller says made the node (an operation); the language never looks at
    it. `kind` is `input`, `constant`, or the primitive's name; `values` are its outputs.
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
        """The node's own object; a number that it does not have is the verifier's business."""
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


def freeze(attribute: Any) -> Any:
    """A hashable stand-in for an attribute, equal for equal attributes."""
    if isinstance(attribute, np.ndarray):
        return ("array", str(attribute.dtype), attribute.shape, attribute.tobytes())
    if isinstance(attribute, (list, tuple)):
        return tuple(freeze(item) for item in attribute)
    if isinstance(attribute, Mapping):
        return tuple(sorted((key, freeze(item)) for key, item in attribute.items()))
    return (type(attribute), attribute)


@dataclass
class Builder:
    """Builds a program node by node: `b.add(x, y)` applies the primitive `add`.

    Every primitive of `table` is a method. Operands are values of this builder, arrays, or Python
    numbers (which take the dtype of the first value among the operands). Results whose operands are
    all constant, and small, are computed at once; that is how shape arithmetic disappears.

    >>> import numpy as np
    >>> from pantarhei.program.primitives import TABLE
    >>> b = Builder(TABLE)
    >>> x = b.input(Type(np.dtype("float32"), (2, 3)))
    >>> print(b.finish([b.sum(b.multiply(x, x), axes=(1,))]))
    %0 : float32[2,3] = input
    %1 : float32[2,3] = multiply %0 %0
    %2 : float32[2] = sum %1 {axes=(1,)}
    return %2
    """

    table: Mapping[str, Primitive]
    origin: object = None
    inputs: list[Value] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    interned: dict[Any, Node] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        try:
            primitive = self.table[name]
        except KeyError:
            raise AttributeError(f"There is no primitive named {name!r}.") from None

        def application(*operands: Any, **attributes: Any) -> Any:
            return self.apply(primitive, operands, attributes)

        self.__dict__[name] = application  # found at once the next time
        return application

    def input(self, type: Type) -> Value:
        """A new input; inputs are never merged, even when their types are equal."""
        value = Value(self._append(Node(None, (), {}, (type,), self.origin)))
        self.inputs.append(value)
        return value

    def constant(self, array: Any, dtype: Any = None) -> Value:
        """The given array as a value. It is copied when it could change under the program."""
        array = np.asarray(array, dtype)
        if array.flags.writeable and array.dtype != object:
            array = array.copy()
            array.flags.writeable = False
        key: Any
        if array.dtype == object:
            key = ("object", array.shape, tuple(array.ravel().tolist()))
        elif array.size <= FOLD_LIMIT:
            key = ("constant", array.dtype, array.shape, array.tobytes())
        else:
            key = ("large", id(array))
        node = self.interned.get(key)
        if node is None:
            type = Type(array.dtype, array.shape)
            node = self._append(Node(None, (), {}, (type,), self.origin, array))
            self.interned[key] = node
        return Value(node)

    def static(self, value: Value) -> Array:
        """The array, which has to be known now: a shape, an axis, a position.

        Raises:
          NotStatic: if it is not; whoever lowers then finds another way to learn it.
        """
        if value.constant is None:
            raise NotStatic(value)
        return value.constant

    def apply(
        self, primitive: Primitive, operands: Sequence[Any], attributes: Mapping[str, Any]
    ) -> Any:
        """The value (a tuple of values for several outputs) of a primitive's application."""
        values = self._as_values(operands)
        key = (primitive.name, values, freeze(attributes) if attributes else ())
        node = self.interned.get(key)
        if node is None:
            types = primitive.type_rule(
                *[value.node.types[value.index] for value in values], **attributes
            )
            single = isinstance(types, Type)
            types = (types,) if isinstance(types, Type) else types
            folded = self._folded(primitive, values, attributes, types) if single else None
            if folded is not None:
                return folded
            node = self._append(Node(primitive, values, dict(attributes), types, self.origin))
            self.interned[key] = node
        return node.values[0] if len(node.values) == 1 else node.values

    def finish(
        self, outputs: Sequence[Value], keep_inputs: bool = True, also: Iterable[Value] = ()
    ) -> Program:
        """The program that computes `outputs`: dead nodes dropped, unused inputs too if asked.

        `also` are computed too although nobody takes them, for the faults they may find.
        """
        alive = {id(value.node) for value in (*outputs, *also)}
        if keep_inputs:
            alive.update(id(value.node) for value in self.inputs)
        for node in reversed(self.nodes):
            if id(node) in alive:
                alive.update(id(operand.node) for operand in node.operands)
        nodes = [node for node in self.nodes if id(node) in alive]
        inputs = [value for value in self.inputs if id(value.node) in alive]
        return Program(inputs, nodes, list(outputs))

    def _append(self, node: Node) -> Node:
        self.nodes.append(node)
        return node

    def _as_values(self, operands: Sequence[Any]) -> tuple[Value, ...]:
        for each in operands:
            if not isinstance(each, Value):
                break
        else:
            return tuple(operands)
        dtype = next((each.dtype for each in operands if isinstance(each, Value)), None)
        return tuple(
            each
            if isinstance(each, Value)
            else self.constant(each, dtype if isinstance(each, (bool, int, float)) else None)
            for each in operands
        )

    def _folded(
        self,
        primitive: Primitive,
        values: Sequence[Value],
        attributes: Mapping[str, Any],
        types: tuple[Type, ...],
    ) -> Value | None:
        for value in values:
            if value.node.constant is None:
                return None
        if types[0].size > FOLD_LIMIT:
            return None
        arrays = [value.node.constant for value in values]
        try:
            with np.errstate(all="ignore"):
                result = primitive.reference(*arrays, **attributes)
        except (ProgramError, MemoryError):
            return None  # the fault belongs to the run that needs the value
        return self.constant(np.asarray(result, types[0].dtype))


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


def verify(program: Program) -> None:
    """Checks every rule of the language.

    Raises:
      VerificationError: naming the node, where a value is used before it is made, a node's types
        are
        not those its rule gives, a constant does not fit its type, a node appears twice, or an
        input is not among the nodes.
    """
    seen: set[int] = set()
    for index, node in numbered(program):
        fault = _fault_of(node, seen)
        if fault is not None:
            shown = _shown_or_counted(program)
            raise VerificationError(f"{fault}: %{index} ({node.kind}) of\n{shown}")
        seen.add(id(node))
    for kind, values in (("input", program.inputs), ("output", program.outputs)):
        for value in values:
            if id(value.node) not in seen:
                raise VerificationError(f"An {kind} is not among the nodes: {value}")
    if len({id(value.node) for value in program.inputs}) != len(program.inputs):
        raise VerificationError("An input is listed twice.")


def _fault_of(node: Node, seen: set[int]) -> str | None:
    """Which rule a node breaks, given the nodes before it."""
    if id(node) in seen:
        return "A node is listed twice"
    for operand in node.operands:
        if id(operand.node) not in seen:
            return "An operand is used before it is made"
        if operand.index >= len(operand.node.types):
            return "An operand names an output that is not there"
    if node.primitive is not None:
        types = node.primitive.type_rule(*(v.type for v in node.operands), **node.attributes)
        expected = (types,) if isinstance(types, Type) else tuple(types)
        if expected != node.types:
            return f"Expected types {expected}, found {node.types}"
    elif node.constant is not None and _type_of(node.constant) != node.types[0]:
        return "A constant is not of its type"
    return None


def _shown_or_counted(program: Program) -> str:
    try:
        return show(program)
    except KeyError:
        return f"a program of {len(program.nodes)} nodes that cannot be printed"


def _type_of(array: Array) -> Type:
    return Type(array.dtype, array.shape)
