"""Resource variables as operations: the handle, explicit reads and updates.

A handle is a tensor of dtype `resource` that carries a reference. Reading is an operation of its
own, so its place among the updates determines what it reads. Shapes come from the operation that
made the handle.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph.definitions.opdef import OpDef
from pantarhei.graph.definitions.shape_rules import merged, shown
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.state.reference import counted
from pantarhei.program.ir import ProgramError, Value


def held_shape(handle: Tensor) -> TensorShape:
    """The static shape of what a handle refers to; the handle may have come through a condition."""
    op = handle.op
    while "shape" not in op.attributes and op.inputs:
        op = op.inputs[0].op
    shape: TensorShape = op.attributes.get("shape", TensorShape(None))
    return shape


class ResourceOp(OpDef, abstract=True):
    """An operation on a resource variable."""

    pure = False
    differentiable = False


class VarHandleOp(ResourceOp):
    """A place in the session that keeps a tensor between runs; gives a handle to it."""

    signature = (
        "-> resource: resource | container: string = '' | shared_name: string = '' "
        "| dtype: type | shape: shape"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        return [as_shape([])]

    def lower(self, b: Any, op: Operation) -> Any:
        return b.reference(op)


class VarIsInitializedOp(ResourceOp):
    """Whether a resource variable has a value."""

    signature = "resource: resource -> is_initialized: bool"

    def infer(self, op: Operation) -> list[TensorShape]:
        return [as_shape([])]

    def lower(self, b: Any, op: Operation, ref: Any) -> Value:
        value: Value = b.constant(np.asarray(b.is_initialized(ref)))
        return value


class ReadVariableOp(ResourceOp):
    """The value of a resource variable at this point of the run."""

    signature = "resource: resource -> value: dtype | dtype: type"
    differentiable = True

    def infer(self, op: Operation) -> list[TensorShape]:
        return [held_shape(op.inputs[0])]

    def grad(self, op: Operation, g: Tensor) -> Tensor:
        return g

    def lower(self, b: Any, op: Operation, ref: Any) -> Value:
        value: Value = b.read(ref)
        return value


class AssignVariableOp(ResourceOp):
    """Gives a resource variable a new value."""

    signature = "resource: resource, value: dtype -> | dtype: type"
    writes = True

    def infer(self, op: Operation) -> list[TensorShape]:
        merged(op, held_shape(op.inputs[0]), op.inputs[1].shape)
        return []

    def lower(self, b: Any, op: Operation, ref: Any, value: Value) -> None:
        expected = held_shape(op.inputs[0])
        if not expected.is_compatible_with(value.shape):
            raise ProgramError(
                "Assign requires shapes of both tensors to match. "
                f"lhs shape= {shown(expected)} rhs shape= {shown(value.shape)}"
            )
        b.write(ref, value)


class AccumulateVariable(ResourceOp, abstract=True):
    """Adds to a resource variable, or subtracts from it."""

    signature = "resource: resource, value: dtype -> | dtype: type"
    writes = True
    primitive = "add"

    def infer(self, op: Operation) -> list[TensorShape]:
        merged(op, held_shape(op.inputs[0]), op.inputs[1].shape)
        return []

    def lower(self, b: Any, op: Operation, ref: Any, value: Value) -> None:
        old = b.read(ref)
        if old.shape != value.shape:
            raise ProgramError(
                f"Cannot update variable with shape {shown(old.shape)} using a Tensor with shape "
                f"{shown(value.shape)}, shapes must be equal."
            )
        b.write(ref, getattr(b, self.primitive)(old, value))


class AssignAddVariableOp(AccumulateVariable):
    """Adds to a resource variable."""


class AssignSubVariableOp(AccumulateVariable):
    """Subtracts from a resource variable."""

    primitive = "subtract"


class ResourceCountUpTo(ResourceOp):
    """The value of a counter, which is raised by one, until it has reached a limit."""

    signature = "resource: resource -> output: T | limit: int | T: index"
    writes = True

    def infer(self, op: Operation) -> list[TensorShape]:
        return [as_shape([])]

    def lower(self, b: Any, op: Operation, ref: Any) -> Value:
        return counted(b, op, ref)
