"""Builds programs node by node, and computes at once what depends on constants only.

Nodes are interned: the same application made twice gives the same node, so common subexpressions
never arise. The builder holds primitives only through the table that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pantarhei.program.ir import Array, Node, Primitive, Program, ProgramError, Type, Value

# Results up to this many elements are computed while the program is built: enough for every shape
# computation, too little to move real work out of the engines.
FOLD_LIMIT = 1024


class NotStatic(Exception):
    """Lowering needs a value that is not known before the program runs."""

    def __init__(self, value: Value) -> None:
        super().__init__(f"{value!r} is not known before the program runs")
        self.value = value


def freeze(attribute: Any) -> Any:
    """A hashable key of an attribute, equal for equal attributes."""
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
          NotStatic: if it is not; lowering then obtains the value in another way.
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
        """The program that computes `outputs`: dead nodes dropped, unused inputs too unless kept.

        `also` are computed too although they have no consumer, for the faults they may find.
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
