"""Variables by reference: TensorFlow 1's own kind, the default.

Reading one is an alias: a consumer of `v/read` reads the value that `v` has at that moment.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape, unknown_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import add_to_collections, colocate_with, device, name_scope
from pantarhei.ops.array.identity import identity
from pantarhei.ops.state import reference as state
from pantarhei.ops.state.slice_updates import assign_slice
from pantarhei.platform.logging import WARN, log_first_n
from pantarhei.variables.definitions import definition_of, element, fill
from pantarhei.variables.initial_values import guarded
from pantarhei.variables.modes import checked_modes
from pantarhei.variables.variable import (
    Variable,
    check_control_flow,
    checked_collections,
    variable_name_scope,
)


def _new_tensor(
    symbol: str, method: str, function: Callable[[Any, Any], Any]
) -> Callable[..., Any]:
    """An operator in place, which makes a new tensor and warns of that."""

    def apply_and_warn(self: Any, other: Any) -> Any:
        log_first_n(
            WARN,
            f"`variable {symbol} x` makes a new tensor and leaves the variable as it is; to update "
            f"the variable use its method `{method}`.",
            1,
        )
        return function(self, other)

    return apply_and_warn


class RefVariable(Variable):
    """A variable by reference; made by `tf.Variable` and `tf.get_variable`.

    Raises:
      ValueError: no initial value, or one of unknown shape. TypeError: its dtype does not fit.
    """

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        dtype: Any = None,
        constraint: Callable[[Any], Any] | None = None,
        synchronization: Any = None,
        aggregation: Any = None,
        shape: Any = None,
    ) -> None:
        self._synchronization, self._aggregation, self._trainable = checked_modes(
            synchronization, aggregation, trainable, name
        )
        collections = checked_collections(initial_value, collections, constraint, self._trainable)
        self._constraint = constraint
        with variable_name_scope(name, initial_value) as scope:
            self._variable = self._made(scope, initial_value, dtype, shape, validate_shape)
            if validate_shape and not self.initial_value.shape.is_fully_defined():
                raise ValueError(f"initial_value must have a shape specified: {self.initial_value}")
            self._initializer_op = apply(
                "Assign",
                self._variable,
                guarded(scope, self.initial_value),
                validate_shape=validate_shape,
            ).op
            place = colocate_with(self._variable.op)
            with place if caching_device is None else device(caching_device):
                self._snapshot = identity(self._variable, name="read")
        add_to_collections(collections, self)

    def _made(
        self, scope: str, initial_value: Any, dtype: Any, shape: Any, validate_shape: bool
    ) -> Tensor:
        """The reference, after the initial value."""

        def hold(shape: Any) -> Tensor:
            if shape is None:
                shape = self.initial_value.shape if validate_shape else unknown_shape()
            held = self.initial_value.dtype.base_dtype
            tensor: Tensor = apply("VariableV2", shape=shape, dtype=held, name=scope)
            return tensor

        if not callable(initial_value):
            self._initial_value = convert_to_tensor(initial_value, dtype, name="initial_value")
            check_control_flow(self._initial_value, scope)
            return hold(shape)
        with get_default_graph().attribute_scope({"_class": [f"loc:@{scope[:-1]}".encode()]}):
            with name_scope("Initializer"), device(None):
                self._initial_value = convert_to_tensor(
                    initial_value(), dtype, name="initial_value"
                )
            return hold(shape)

    @classmethod
    def from_proto(cls, variable_def: Any, import_scope: str | None = None) -> RefVariable:
        """The variable of the default graph that a `VariableDef` describes.

        Args:
          variable_def: the message.
          import_scope: the name scope into which its graph was imported.

        Raises:
          KeyError: the operations that it names are not in the graph.
        """
        variable = cls.__new__(cls)
        variable._variable = element(variable_def.variable_name, import_scope)
        variable._snapshot = element(variable_def.snapshot_name, import_scope)
        fill(variable, variable_def, import_scope)
        return variable

    def to_proto(self, export_scope: str | None = None) -> Any:
        """A `VariableDef` that describes it.

        Args:
          export_scope: a name scope that is left out of the names.

        Returns:
          The message; None if the variable is not in that scope.
        """
        return definition_of(self, self._variable, self._snapshot, False, export_scope)

    def value(self) -> Tensor:
        """The tensor `v/read`: the value that it has when it is used."""
        return self._snapshot

    def read_value(self) -> Tensor:
        """A new read of its value, ordered by the control dependencies of this place."""
        return identity(self._variable, name="read")

    def is_initialized(self, name: str | None = None) -> Tensor:
        """Whether it has a value, as a bool scalar."""
        return state.is_variable_initialized(self, name)

    @property
    def op(self) -> Operation:
        """The operation that holds it."""
        return self._variable.op

    @property
    def dtype(self) -> DType:
        """The dtype of the reference: `float32_ref` for a variable of floats."""
        return self._variable.dtype

    @property
    def shape(self) -> TensorShape:
        """What is known of its shape."""
        return self._variable.shape

    def set_shape(self, shape: Any) -> None:
        """Adds to what is known of its shape.

        Raises:
          ValueError: `shape` contradicts what is known.
        """
        self._variable.set_shape(shape)
        self._snapshot.set_shape(shape)

    def _ref(self) -> Tensor:
        return self._variable

    def _as_graph_element(self) -> Tensor:
        return self._variable

    def assign(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Gives it a new value; returns what stands for it afterwards, or the operation.

        Raises:
          TypeError: the dtype does not fit. ValueError: the shape does not fit.
        """
        result = state.assign(self._variable, value, use_locking=use_locking, name=name)
        return result if read_value else result.op

    def assign_add(
        self,
        delta: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Adds to it; returns what stands for it afterwards, or the operation."""
        result = state.assign_add(self._variable, delta, use_locking, name)
        return result if read_value else result.op

    def assign_sub(
        self,
        delta: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Subtracts from it; returns what stands for it afterwards, or the operation."""
        result = state.assign_sub(self._variable, delta, use_locking, name)
        return result if read_value else result.op

    def count_up_to(self, limit: int) -> Tensor:
        """Its value, which is then raised by one; see `tf.count_up_to`."""
        return state.count_up_to(self._variable, limit)

    def _strided_slice_assign(
        self, begin: Any, end: Any, strides: Any, value: Any, name: str, **masks: int
    ) -> Tensor:
        tensor: Tensor = assign_slice(self._variable, (begin, end, strides), value, name, masks)
        return tensor

    def _scattered(
        self, kind: str, indices: Any, updates: Any, use_locking: bool, name: Any
    ) -> Any:
        return apply(
            f"Scatter{kind}", self._variable, indices, updates, use_locking=use_locking, name=name
        )

    __iadd__ = _new_tensor("+=", "assign_add", operator.add)
    __isub__ = _new_tensor("-=", "assign_sub", operator.sub)
    __imul__ = _new_tensor("*=", "assign", operator.mul)
    __itruediv__ = _new_tensor("/=", "assign", operator.truediv)
    __ipow__ = _new_tensor("**=", "assign", operator.pow)
