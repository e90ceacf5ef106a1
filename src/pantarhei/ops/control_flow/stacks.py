"""Stacks: what a loop computes in each iteration, kept for the loop that goes back through them.

A stack lives for one run. Pushing comes after the program of an iteration and popping before it, so
neither cuts the program in two.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape, as_shape, unknown_shape
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.program.ir import Array, ProgramError, Type

# Whole numbers up to this many decide shapes and branches in a loop of a gradient. They are mostly
# the same in all iterations; then they are taken as known.
SMALL = 8


class Stack:
    """The stack of one run."""

    def __init__(self, name: str, max_size: int) -> None:
        self.name = name
        self.max_size = max_size
        self.closed = False
        self.items: list[Array] = []
        self._pushes = 0
        self._common: bytes | None = None

    @property
    def content(self) -> tuple[Type, bytes | None] | None:
        """Type of the item on top; its value too, if it is small and all items have been equal."""
        if not self.items:
            return None
        top = self.items[-1]
        return Type(top.dtype, top.shape), self._common if self._pushes > 1 else None

    def push(self, item: Array) -> None:
        """Puts an item on top."""
        self._check_open()
        if 0 <= self.max_size <= len(self.items):
            raise ProgramError(f"Stack[{self.name}] overflowed its max_size ({self.max_size})")
        self.items.append(item)
        if not self._pushes:
            small = item.dtype.kind in "iub" and item.size <= SMALL
            self._common = item.tobytes() if small else None
        elif self._common is not None and self._common != item.tobytes():
            self._common = None
        self._pushes += 1

    def pop(self) -> Array:
        """Takes the item from the top."""
        self._check_open()
        if not self.items:
            raise ProgramError(f"Stack[{self.name}] is empty when calling Pop().")
        return self.items.pop()

    def _check_open(self) -> None:
        if self.closed:
            raise ProgramError(f"Stack[{self.name}] has already been closed.")


class StackV2(OpDef):
    """A new stack."""

    signature = "max_size: int32 -> handle: resource | elem_type: type | stack_name: string = ''"
    pure = False
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [as_shape([2])]

    def lower(self, b: Any, op: Operation, max_size: Any) -> Any:
        def make(size: Array) -> list[Stack]:
            return [Stack(op.attributes["stack_name"] or op.name, int(size))]

        return b.handle(make, [max_size], op)


class StackPushV2(OpDef):
    """Puts a value on a stack, and gives it."""

    signature = "handle: resource, elem: T -> output: T | T: type | swap_memory: bool = False"
    pure = False
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [op.inputs[1].shape]

    def lower(self, b: Any, op: Operation, handle: Any, item: Any) -> Any:
        b.later(_push, [handle, item])
        return item


class StackPopV2(OpDef):
    """Takes a value from a stack."""

    signature = "handle: resource -> elem: elem_type | elem_type: type"
    pure = False
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [unknown_shape()]

    def lower(self, b: Any, op: Operation, handle: Any) -> Any:
        content = b.content(handle) if b.first_of(handle) else None
        if content is None:
            return b.host(_pop, [handle], None)
        type, value = content
        if value is None:
            return b.call(_pop, [handle], [type])
        b.call(_drop, [handle], [])
        return b.constant(np.frombuffer(value, type.dtype).reshape(type.shape))


class StackCloseV2(OpDef):
    """Empties a stack for good."""

    signature = "handle: resource ->"
    pure = False
    differentiable = False

    def lower(self, b: Any, op: Operation, handle: Any) -> None:
        b.later(_close, [handle])


def _push(handle: Any, item: Array) -> list[Array]:
    handle[()].push(item)
    return []


def _pop(handle: Any) -> list[Array]:
    return [handle[()].pop()]


def _drop(handle: Any) -> list[Array]:
    handle[()].pop()
    return []


def _close(handle: Any) -> list[Array]:
    stack = handle[()]
    stack.items.clear()
    stack.closed = True
    return []


def stack_v2(max_size: Any, elem_type: DType, name: str | None = None) -> Tensor:
    """A new stack for values of a dtype."""
    handle: Tensor = apply("StackV2", max_size, elem_type=elem_type, name=name)
    return handle


def stack_push_v2(
    handle: Tensor, elem: Tensor, swap_memory: bool = False, name: str | None = None
) -> Tensor:
    """`elem`, which is on the stack when it is there."""
    output: Tensor = apply("StackPushV2", handle, elem, swap_memory=swap_memory, name=name)
    return output


def stack_pop_v2(handle: Tensor, elem_type: DType, name: str | None = None) -> Tensor:
    """What is on top of a stack."""
    elem: Tensor = apply("StackPopV2", handle, elem_type=elem_type, name=name)
    return elem
