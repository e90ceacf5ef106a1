"""`tf.Variable`: what both kinds of variables have in common, and the call that makes one.

Operators go to the value of the variable. Calling `tf.Variable(...)` calls the graph's creators,
the innermost first, and at last the default one, registered by the module of both kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.graph import Graph
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.stacks import get_default_session
from pantarhei.graph.tensor_operators import OPERATORS, TensorOperators
from pantarhei.ops.control_flow.cond import cond
from pantarhei.variables.modes import VariableAggregation, VariableSynchronization
from pantarhei.variables.scattering import ScatterMethods

Creator = Callable[..., Any]

CREATORS_KEY = ("__variable_creators",)


class VariableType(type):
    """Makes `Variable(...)` go through the creators; subclasses are made as usual."""

    default_creator: ClassVar[Creator]
    from_definition: ClassVar[Creator]

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """A new variable."""
        if cls is not Variable:
            return super().__call__(*args, **kwargs)
        return VariableType._create(*args, **kwargs)

    @staticmethod
    def _create(
        initial_value: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        expected_shape: Any = None,
        import_scope: str | None = None,
        constraint: Callable[[Any], Any] | None = None,
        use_resource: bool | None = None,
        synchronization: Any = VariableSynchronization.AUTO,
        aggregation: Any = VariableAggregation.NONE,
        shape: Any = None,
    ) -> Any:
        arguments = dict(locals())
        create: Creator = VariableType.default_creator
        for creator in get_default_graph().get_collection(CREATORS_KEY):
            create = _wrapped(creator, create)
        return create(**arguments)


def _wrapped(creator: Creator, inner: Creator) -> Creator:
    return lambda **kwargs: creator(inner, **kwargs)


class Variable(ScatterMethods, TensorOperators, metaclass=VariableType):
    """State that a session keeps between runs: a tensor whose value runs may change.

    Args:
      initial_value: a tensor, what converts to one, or a function without arguments that gives one.
      trainable: whether optimizers change it by default; True by default.
      collections: names of the collections that it is put in; the global variables by default.
      validate_shape: whether its shape is that of the initial value, for good.
      caching_device: a device where its value is cached for readers.
      name: its name; `Variable` by default.
      variable_def: a `VariableDef` of a variable whose operations are in the graph already; goes
        with `import_scope` alone.
      dtype: of the value; by default the initial value's.
      expected_shape: no longer looked at.
      import_scope: the name scope into which the graph of `variable_def` was imported.
      constraint: a function that optimizers apply to it after every step.
      use_resource: whether reads are operations of their own; by default what the scope says.
      synchronization: recorded.
      aggregation: recorded.
      shape: its shape, where it is less definite than that of the initial value.

    Raises:
      ValueError: no initial value, or one of unknown shape.

    Example:
      >>> import pantarhei as tf
      >>> v = tf.Variable([1.0, 2.0])
      >>> grow = v.assign_add([1.0, 1.0])
      >>> session = tf.Session()
      >>> session.run(tf.global_variables_initializer())
      >>> session.run(grow)
      array([2., 3.], dtype=float32)
    """

    __array_priority__ = 100
    __hash__ = object.__hash__

    _trainable: bool
    _synchronization: VariableSynchronization
    _aggregation: VariableAggregation
    _constraint: Callable[[Any], Any] | None
    _initial_value: Any
    _initializer_op: Any
    _save_slice_info: Any = None

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        expected_shape: Any = None,
        import_scope: str | None = None,
        constraint: Callable[[Any], Any] | None = None,
        use_resource: bool | None = None,
        synchronization: Any = VariableSynchronization.AUTO,
        aggregation: Any = VariableAggregation.NONE,
        shape: Any = None,
    ) -> None:
        raise self._not_told("__init__")

    def _not_told(self, method: str) -> TypeError:
        return TypeError(f"{type(self).__name__} is no kind of variable: it has no {method}.")

    # --- what the two kinds do in their own way -------------------------------------------------

    def assign(
        self, value: Any, use_locking: Any = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Gives it a new value.

        Args:
          value: of its dtype and shape.
          use_locking: kept with the operation; here every update is whole.
          name: name of the operation.
          read_value: whether to return what stands for it afterwards; otherwise the operation.

        Raises:
          TypeError, ValueError: the dtype or the shape does not fit.
        """
        raise self._not_told("assign")

    def assign_add(
        self, delta: Any, use_locking: Any = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Adds to it; see `assign`."""
        raise self._not_told("assign_add")

    def assign_sub(
        self, delta: Any, use_locking: Any = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Subtracts from it; see `assign`."""
        raise self._not_told("assign_sub")

    def count_up_to(self, limit: int) -> Tensor:
        """Its value, which is then raised by one; see `tf.count_up_to`."""
        raise self._not_told("count_up_to")

    def set_shape(self, shape: Any) -> None:
        """Adds to what is known of its shape."""
        raise self._not_told("set_shape")

    @staticmethod
    def from_proto(variable_def: Any, import_scope: str | None = None) -> Any:
        """The variable of the default graph that a `VariableDef` describes.

        Args:
          variable_def: the message.
          import_scope: the name scope into which its graph was imported.

        Raises:
          KeyError: the operations that it names are not in the graph.
        """
        return VariableType.from_definition(variable_def, import_scope)

    def to_proto(self, export_scope: str | None = None) -> Any:
        """A `VariableDef` that describes it.

        Args:
          export_scope: a name scope that is left out of the names.

        Returns:
          The message; None if the variable is not in that scope.
        """
        raise self._not_told("to_proto")

    def value(self) -> Tensor:
        """The tensor through which its value is read."""
        raise self._not_told("value")

    def read_value(self) -> Tensor:
        """A new read of its value, ordered by the control dependencies of this place."""
        raise self._not_told("read_value")

    def is_initialized(self, name: str | None = None) -> Tensor:
        """Whether it has a value, as a bool scalar."""
        raise self._not_told("is_initialized")

    @property
    def op(self) -> Operation:
        """The operation that holds it."""
        raise self._not_told("op")

    @property
    def dtype(self) -> DType:
        """The dtype of its value."""
        raise self._not_told("dtype")

    @property
    def shape(self) -> TensorShape:
        """What is known of its shape."""
        raise self._not_told("shape")

    def _as_graph_element(self) -> Any:
        """The tensor that represents it where a tensor or operation of the graph is needed."""
        raise self._not_told("_as_graph_element")

    # --- what is known of it ------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Its name, with the number of the output: `scope/weights:0`."""
        return f"{self.op.name}:0"

    @property
    def _shared_name(self) -> str:
        return self.name.partition(":")[0]

    @property
    def graph(self) -> Graph:
        """The graph that it belongs to."""
        return self.op.graph

    @property
    def device(self) -> str:
        """The requested device."""
        return self.op.device

    @property
    def initializer(self) -> Operation:
        """The operation that gives it its initial value."""
        op: Operation = self._initializer_op
        return op

    @property
    def initial_value(self) -> Tensor:
        """The initial value, as a tensor."""
        tensor: Tensor = self._initial_value
        return tensor

    @property
    def constraint(self) -> Callable[[Any], Any] | None:
        """What optimizers apply to it after every step, or None."""
        return self._constraint

    @property
    def trainable(self) -> bool:
        """Whether optimizers change it by default."""
        return self._trainable

    @property
    def synchronization(self) -> VariableSynchronization:
        """When copies would be brought together."""
        return self._synchronization

    @property
    def aggregation(self) -> VariableAggregation:
        """How updates of copies would be combined."""
        return self._aggregation

    def get_shape(self) -> TensorShape:
        """The same as `shape`."""
        return self.shape

    def __repr__(self) -> str:
        return f"<tf.Variable '{self.name}' shape={self.shape} dtype={self.dtype.name}>"

    # --- its value ----------------------------------------------------------------------------

    def eval(self, session: Any = None) -> Any:
        """Its value in `session`, or in the default session.

        Raises:
          ValueError: there is no session.
        """
        return self._as_graph_element().eval(session=session)

    def load(self, value: Any, session: Any = None) -> None:
        """Gives it a value in `session`, or in the default session, without new operations.

        Raises:
          ValueError: there is no session.
        """
        session = session or get_default_session()
        if session is None:
            raise ValueError(
                "Either session argument should be provided or default session should be "
                "established"
            )
        session.run(self.initializer, {self.initializer.inputs[1]: value})

    def initialized_value(self) -> Any:
        """Its value if it has one, else its initial value: what initial values may depend on."""
        with outside_conditions():
            return cond(self.is_initialized(), self.read_value, lambda: self.initial_value)

    def _as_tensor(self, dtype: Any = None, name: Any = None, as_ref: bool = False) -> Any:
        if dtype is not None and not dtype.is_compatible_with(self.dtype):
            raise ValueError(
                f"Incompatible type conversion requested to type '{dtype.name}' for variable of "
                f"type '{self.dtype.name}'"
            )
        return self._ref() if as_ref else self.value()

    def _ref(self) -> Tensor:
        """The reference or handle by which operations update it."""
        raise self._not_told("_ref")

    def _set_save_slice_info(self, info: Any) -> None:
        self._save_slice_info = info

    def _get_save_slice_info(self) -> Any:
        return self._save_slice_info

    # --- operators ------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Any]:
        raise TypeError("'Variable' object is not iterable.")

    def _operand(self) -> Tensor:
        return self.value()

    def __getitem__(self, item: Any) -> Any:
        return OPERATORS["getitem"](self.value(), item, variable=self)

    def _strided_slice_assign(
        self, begin: Any, end: Any, strides: Any, value: Any, name: str, **masks: int
    ) -> Any:
        """Gives a part of it a new value; what `v[...].assign(value)` calls."""
        raise self._not_told("_strided_slice_assign")


def outside_conditions() -> Any:
    """Context for what a variable needs: in the current name scope, after no other operation."""
    return get_default_graph().control_dependencies(None)


def checked_collections(
    initial_value: Any, collections: Any, constraint: Any, trainable: bool
) -> list[Any]:
    """The collections that a new variable goes into, after a look at its arguments.

    Raises:
      ValueError: in TensorFlow's words.
    """
    if initial_value is None:
        raise ValueError("initial_value must be specified.")
    if collections is None:
        collections = [GraphKeys.GLOBAL_VARIABLES]
    if not isinstance(collections, (list, tuple, set)):
        raise ValueError(
            "collections argument to Variable constructor must be a list, tuple, or set. "
            f"Got {collections} of type {type(collections)}"
        )
    if constraint is not None and not callable(constraint):
        raise ValueError("The `constraint` argument must be a callable.")
    if trainable and GraphKeys.TRAINABLE_VARIABLES not in collections:
        return [*collections, GraphKeys.TRAINABLE_VARIABLES]
    return list(collections)


@contextmanager
def variable_name_scope(name: str | None, initial_value: Any) -> Iterator[str]:
    """Context in which a variable's operations are made; gives its name with a slash behind it.

    Raises:
      ValueError: the name is empty.
    """
    values = [] if callable(initial_value) else [initial_value]
    with outside_conditions(), name_scope(name, "Variable", values) as scope:
        if not scope:
            raise ValueError("'' is not a valid node name")
        yield scope


def check_control_flow(initial_value: Tensor, name: str) -> None:
    """Raises ValueError if an initial value would exist in one branch of a condition only."""
    if initial_value.op._get_control_flow_context() is not None:
        raise ValueError(
            f"Initializer for variable {name} is from inside a control-flow construct, such as a "
            "loop or conditional. When creating a variable inside a loop or conditional, use a "
            "lambda as the initializer."
        )
