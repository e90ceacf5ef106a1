"""Slots: variables that an optimizer keeps beside each variable it trains, named after it.

A slot of `w` that is created under the name `Adam` is called `w/Adam`, the next one `w/Adam_1`.
It is of the same kind (by reference or resource) as its variable and placed where that is.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import colocate_with
from pantarhei.ops.array.filling import zeros
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.variables.initializers import Zeros
from pantarhei.variables.ref_variable import RefVariable
from pantarhei.variables.resource_variable import BaseResourceVariable
from pantarhei.variables.scope import get_variable_scope
from pantarhei.variables.scope_entry import variable_scope
from pantarhei.variables.store import get_variable
from pantarhei.variables.variable import Variable


def is_resource(variable: Any) -> bool:
    """Whether a variable is a resource variable."""
    return isinstance(variable, BaseResourceVariable)


def create_slot(primary: Any, value: Tensor, name: str, colocate: bool = True) -> Any:
    """A slot that starts as a tensor.

    Args:
      primary: the variable (or tensor) that it is a slot of.
      value: what it starts as.
      name: what is added to the name of `primary`.
      colocate: whether it is placed where `primary` is.
    """
    return _slot(primary, value, name, colocate, value.shape.is_fully_defined())


def create_slot_with_initializer(
    primary: Any,
    initializer: Any,
    shape: TensorShape,
    dtype: Any,
    name: str,
    colocate: bool = True,
) -> Any:
    """A slot of a given shape and dtype that starts as an initializer says."""
    return _slot(primary, initializer, name, colocate, shape.is_fully_defined(), shape, dtype)


def create_zeros_slot(primary: Any, name: str, colocate: bool = True) -> Any:
    """A slot of the shape and dtype of `primary` that starts at zero."""
    dtype, shape = primary.dtype, primary.shape
    if shape.is_fully_defined():
        start = Zeros()
        return create_slot_with_initializer(primary, start, shape, dtype, name, colocate)
    known = primary.initialized_value() if isinstance(primary, Variable) else primary
    return create_slot(primary, zeros(shape_of(known), dtype.base_dtype), name, colocate)


def _slot(
    primary: Any,
    start: Any,
    name: str,
    colocate: bool,
    validate_shape: bool,
    shape: TensorShape | None = None,
    dtype: Any = None,
) -> Any:
    use_resource = None
    if is_resource(primary):
        use_resource = True
    elif isinstance(primary, RefVariable):
        use_resource = False
    place: AbstractContextManager[Any] = colocate_with(primary.op) if colocate else nullcontext()
    with variable_scope(None, f"{primary.op.name}/{name}"), place:
        scope = get_variable_scope()
        # A slot is never split into parts: its variable is a part already, if there are any.
        partitioner = scope.partitioner
        scope.set_partitioner(None)
        slot = get_variable(
            "",
            initializer=start,
            trainable=False,
            use_resource=use_resource,
            shape=shape if callable(start) else None,
            dtype=dtype,
            validate_shape=validate_shape,
        )
        scope.set_partitioner(partitioner)
        return slot
