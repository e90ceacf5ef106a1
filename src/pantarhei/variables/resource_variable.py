"""Resource variables: reads are operations of their own, so each is ordered by where it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn

from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import (
    add_to_collections,
    colocate_with,
    control_dependencies,
    device,
    name_scope,
)
from pantarhei.ops.array.identity import identity
from pantarhei.ops.state import reference as state
from pantarhei.ops.state.resource_gather import gather_elements, gather_rows
from pantarhei.ops.state.slice_updates import assign_slice
from pantarhei.variables.definitions import definition_of, element, fill
from pantarhei.variables.initial_values import guarded
from pantarhei.variables.modes import VariableAggregation, VariableSynchronization, checked_modes
from pantarhei.variables.variable import (
    Variable,
    check_control_flow,
    checked_collections,
    variable_name_scope,
)


class BaseResourceVariable(Variable):
    """What resource variables and the results of their updates have in common."""

    _handle: Tensor
    _dtype: DType
    _shape: TensorShape
    _graph_element: Tensor
    _cached_value: Tensor | None = None

    @property
    def handle(self) -> Tensor:
        """The tensor of dtype `resource` by which operations reach it."""
        return self._handle

    @property
    def create(self) -> Operation:
        """The operation that gives it its initial value."""
        return self.initializer

    @property
    def op(self) -> Operation:
        """The operation that holds it."""
        return self._handle.op

    @property
    def dtype(self) -> DType:
        """The dtype of its value."""
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        """What is known of its shape."""
        return self._shape

    def set_shape(self, shape: Any) -> NoReturn:
        """Raises NotImplementedError: the shape is settled when a resource variable is made."""
        raise NotImplementedError("ResourceVariable does not implement set_shape()")

    def _read_variable_op(self) -> Tensor:
        tensor: Tensor = apply("ReadVariableOp", self._handle, dtype=self._dtype)
        return tensor

    def value(self) -> Tensor:
        """A new read of its value, where the variable is placed."""
        if self._cached_value is not None:
            return self._cached_value
        with colocate_with(None, ignore_existing=True), device(self._handle.device):
            return self._read_variable_op()

    def read_value(self) -> Tensor:
        """A new read of its value, ordered by the control dependencies of this place."""
        with name_scope("Read"), device(self._handle.device):
            value = self._read_variable_op()
        return identity(value)

    def sparse_read(self, indices: Any, name: str | None = None) -> Tensor:
        """Rows of its value; what `tf.gather` makes of a resource variable."""
        with name_scope(name or "Gather") as scope:
            value = gather_rows(self._handle, indices, self._dtype, scope)
        return identity(value)

    def gather_nd(self, indices: Any, name: str | None = None) -> Tensor:
        """Elements or blocks of its value; what `tf.gather_nd` makes of a resource variable."""
        with name_scope(name or "GatherNd") as scope:
            value = gather_elements(self._handle, indices, self._dtype, scope)
        return identity(value)

    def is_initialized(self, name: str | None = None) -> Tensor:
        """Whether it has a value, as a bool scalar."""
        tensor: Tensor = apply("VarIsInitializedOp", self._handle, name=name)
        return tensor

    def _as_graph_element(self) -> Tensor:
        return self._graph_element

    def _ref(self) -> Tensor:
        return self.read_value().op.inputs[0]

    @contextmanager
    def _after_cached_value(self) -> Iterator[None]:
        with ExitStack() as stack:
            if self._cached_value is not None:
                stack.enter_context(control_dependencies([self._cached_value]))
            yield

    def _lazy_read(self, op: Operation) -> _UnreadVariable:
        return _UnreadVariable(self, op)

    def assign(
        self,
        value: Any,
        use_locking: bool | None = None,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Gives it a new value; returns what stands for it afterwards, or the operation.

        Raises:
          TypeError, ValueError: the dtype or the shape does not fit.
        """
        tensor = convert_to_tensor(value, self._dtype)
        self._shape.assert_is_compatible_with(tensor.shape)
        op = apply("AssignVariableOp", self._handle, tensor, name=name)
        return self._lazy_read(op) if read_value else op

    def assign_add(
        self,
        delta: Any,
        use_locking: bool | None = None,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Adds to it; returns what stands for it afterwards, or the operation."""
        return self._accumulated("AssignAddVariableOp", delta, name, read_value)

    def assign_sub(
        self,
        delta: Any,
        use_locking: bool | None = None,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Subtracts from it; returns what stands for it afterwards, or the operation."""
        return self._accumulated("AssignSubVariableOp", delta, name, read_value)

    def _accumulated(self, op_type: str, delta: Any, name: str | None, read_value: bool) -> Any:
        with self._after_cached_value():
            op = apply(op_type, self._handle, convert_to_tensor(delta, self._dtype), name=name)
        return self._lazy_read(op) if read_value else op

    def count_up_to(self, limit: int) -> Tensor:
        """Its value, which is then raised by one; see `tf.count_up_to`."""
        return state.count_up_to(self, limit)

    def _scattered(
        self, kind: str, indices: Any, updates: Any, use_locking: bool, name: Any
    ) -> Any:
        updates = convert_to_tensor(updates, self._dtype)
        return self._lazy_read(
            apply(f"ResourceScatter{kind}", self._handle, indices, updates, name=name)
        )

    def _strided_slice_assign(
        self, begin: Any, end: Any, strides: Any, value: Any, name: str, **masks: int
    ) -> Any:
        with self._after_cached_value():
            value = convert_to_tensor(value, self._dtype)
            index = (begin, end, strides)
            return self._lazy_read(assign_slice(self._handle, index, value, name, masks))

    def __bool__(self) -> bool:
        return bool(self.read_value())

    def _refused(self, other: Any) -> NoReturn:
        raise RuntimeError(
            "Variable += value not supported (nor -=, *=, /=, **=). Use "
            "variable.assign_add(value) and its kin to modify the variable value and "
            "variable = variable + value to get a new Tensor object."
        )

    __iadd__ = __isub__ = __imul__ = __itruediv__ = __ipow__ = _refused


class ResourceVariable(BaseResourceVariable):
    """A resource variable; made by `tf.Variable(..., use_resource=True)` and `tf.get_variable`.

    Raises:
      ValueError: no initial value, or arguments that do not fit. TypeError: its dtype does not fit.
    """

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
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
            self._make(scope, initial_value, dtype, shape)
            self._make_reads(scope, caching_device)
        add_to_collections(collections, self)

    @classmethod
    def from_proto(cls, variable_def: Any, import_scope: str | None = None) -> ResourceVariable:
        """The variable of the default graph that a `VariableDef` describes.

        Args:
          variable_def: the message.
          import_scope: the name scope into which its graph was imported.

        Raises:
          KeyError: the operations that it names are not in the graph. ValueError: it describes a
          variable of the other kind.
        """
        if not variable_def.is_resource:
            raise ValueError("Trying to restore Variable as ResourceVariable.")
        variable = cls.__new__(cls)
        variable._handle = handle = element(variable_def.variable_name, import_scope)
        variable._shape = handle.op.attributes["shape"]
        variable._dtype = handle.op.attributes["dtype"]
        # Files of earlier versions do not name the read.
        name = variable_def.snapshot_name or (
            f"{variable_def.variable_name.partition(':')[0]}/Read/ReadVariableOp:0"
        )
        read = element(name, import_scope)
        if read.op.type != "ReadVariableOp":
            variable._cached_value = read
        while read.op.type != "ReadVariableOp" and read.op.inputs:
            read = read.op.inputs[0]
        variable._graph_element = read
        fill(variable, variable_def, import_scope)
        return variable

    def to_proto(self, export_scope: str | None = None) -> Any:
        """A `VariableDef` that describes it.

        Args:
          export_scope: a name scope that is left out of the names.

        Returns:
          The message; None if the variable is not in that scope.
        """
        read = self._graph_element if self._cached_value is None else self._cached_value
        return definition_of(self, self._handle, read, True, export_scope)

    def _make(self, scope: str, initial_value: Any, dtype: Any, shape: Any) -> None:
        """The initial value, then the handle."""
        name = scope[:-1]
        with get_default_graph().attribute_scope({"_class": [f"loc:@{name}".encode()]}):
            with name_scope("Initializer"), device(None):
                self._initial_value = convert_to_tensor(
                    initial_value() if callable(initial_value) else initial_value,
                    dtype,
                    name="initial_value",
                )
            if shape is None:
                shape = self._initial_value.shape
            elif not self._initial_value.shape.is_compatible_with(shape):
                raise ValueError(
                    f"The initial value's shape ({self._initial_value.shape}) is not compatible "
                    f"with the explicitly supplied `shape` argument ({shape})."
                )
            self._shape = as_shape(shape)
            self._dtype = self._initial_value.dtype.base_dtype
            self._handle = apply(
                "VarHandleOp", shape=shape, dtype=self._dtype, shared_name=name, name=scope
            )
        check_control_flow(self._initial_value, scope)

    def _make_reads(self, scope: str, caching_device: Any) -> None:
        """The test for a value, the initializer, the read that is fetched."""
        with name_scope("IsInitialized"):
            self._is_initialized_op = apply("VarIsInitializedOp", self._handle)
        place = self._handle.device
        with (
            name_scope("Assign") as assign,
            colocate_with(None, ignore_existing=True),
            device(place),
        ):
            initial_value = guarded(scope, self._initial_value)
            self._initializer_op = apply(
                "AssignVariableOp", self._handle, initial_value, name=assign
            )
        with name_scope("Read"):
            with device(place):
                self._graph_element = self._read_variable_op()
            if caching_device is not None:
                with colocate_with(None, ignore_existing=True), device(caching_device):
                    self._cached_value = identity(self._graph_element)


class _UnreadVariable(BaseResourceVariable):
    """A resource variable as it is after an update: its reads wait for the update."""

    def __init__(self, variable: BaseResourceVariable, update: Operation) -> None:
        self._handle = variable.handle
        self._dtype = variable.dtype
        self._shape = variable.shape
        self._trainable = True
        self._synchronization = VariableSynchronization.AUTO
        self._aggregation = VariableAggregation.NONE
        self._constraint = self._initial_value = self._initializer_op = None
        self._update = update
        self._graph_element = self._read_variable_op()

    @property
    def name(self) -> str:
        """The name of the update."""
        return self._update.name

    @property
    def op(self) -> Operation:
        """The update."""
        return self._update

    def _read_variable_op(self) -> Tensor:
        with control_dependencies([self._update]):
            return super()._read_variable_op()

    def value(self) -> Tensor:
        """A new read, after the update."""
        return self._read_variable_op()

    def read_value(self) -> Tensor:
        """A new read, after the update."""
        return self._read_variable_op()
