"""The variables that `get_variable` has made, by name: it finds them or makes them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from traceback import format_list
from typing import Any

from pantarhei.core import dtypes, errors
from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.scopes import add_to_collection, colocate_with, name_scope
from pantarhei.variables.creation import resource_variables_enabled
from pantarhei.variables.initializers import GlorotUniform, Zeros
from pantarhei.variables.modes import (
    VariableAggregation,
    VariableSynchronization,
    checked_modes,
)
from pantarhei.variables.partitions import PartitionedVariables
from pantarhei.variables.scope import get_variable_scope
from pantarhei.variables.scope_entry import variable_scope
from pantarhei.variables.variable import Variable, outside_conditions

_STORE_KEY = ("__variable_store",)


class VariableStore(PartitionedVariables):
    """The variables of one graph that `get_variable` has made."""

    def __init__(self) -> None:
        super().__init__()
        self.variables: dict[str, Any] = {}

    def get_variable(
        self,
        name: str,
        custom_getter: Callable[..., Any] | None = None,
        trainable: bool | None = None,
        synchronization: Any = VariableSynchronization.AUTO,
        aggregation: Any = VariableAggregation.NONE,
        **arguments: Any,
    ) -> Any:
        """The variable with this full name, through the custom getter if there is one."""
        if custom_getter is not None and not callable(custom_getter):
            raise ValueError(f"Passed a custom_getter which is not callable: {custom_getter}")
        synchronization, aggregation, trainable = checked_modes(
            synchronization, aggregation, trainable, name
        )
        arguments["dtype"] = getattr(arguments["dtype"], "base_dtype", arguments["dtype"])
        arguments.update(
            trainable=trainable, synchronization=synchronization, aggregation=aggregation
        )
        if custom_getter is None:
            return self.get(name, **arguments)
        parameters = inspect.signature(custom_getter).parameters.values()
        if not any(
            each.name == "constraint" or each.kind == each.VAR_KEYWORD for each in parameters
        ):
            del arguments["constraint"]
        return custom_getter(getter=self.get, name=name, **arguments)

    def get(
        self,
        name: str,
        shape: Any = None,
        dtype: Any = dtypes.float32,
        initializer: Any = None,
        reuse: Any = None,
        partitioner: Any = None,
        **arguments: Any,
    ) -> Any:
        """The variable with this full name: what custom getters call in the end."""
        arguments.update(shape=shape, dtype=dtype, initializer=initializer, reuse=reuse)
        is_scalar = shape is not None and as_shape(shape).ndims == 0
        if partitioner is not None and not is_scalar:
            if not callable(partitioner):
                raise ValueError(f"Partitioner must be callable, but received: {partitioner}")
            with name_scope(None):
                return self.get_partitioned(name, partitioner, **arguments)
        if reuse is True and partitioner is None and name in self.partitioned:
            return self.get_partitioned(name, None, **arguments)
        if f"{name}/part_0" in self.variables:
            raise ValueError(
                "No partitioner was provided, but a partitioned version of the variable was "
                f"found: {name}/part_0. Perhaps a variable of the same name was already created "
                "with partitioning?"
            )
        return self.get_single(name, **arguments)

    def get_single(
        self,
        name: str,
        shape: Any = None,
        dtype: Any = dtypes.float32,
        initializer: Any = None,
        regularizer: Any = None,
        reuse: Any = None,
        partition_info: Any = None,
        use_resource: bool | None = None,
        **arguments: Any,
    ) -> Any:
        """The variable with this full name, found or made as one piece."""
        if shape is not None and initializer is not None and not callable(initializer):
            raise ValueError("If initializer is a constant, do not specify shape.")
        dtype = dtypes.as_dtype(dtype)
        shape = as_shape(shape)
        if name in self.variables:
            if reuse is False:
                raise ValueError(_exists(name, self.variables[name]))
            return _shared(name, self.variables[name], shape, dtype)
        if reuse is True:
            raise ValueError(
                errors.described(
                    f"Variable {name} does not exist, or was not created with tf.get_variable(). "
                    "Did you mean to set reuse=tf.AUTO_REUSE in VarScope?",
                    cause=_similar(name, self.variables),
                    cure="tf.AUTO_REUSE makes a variable the first time and shares it afterwards",
                )
            )
        if initializer is None:
            initializer = self.default_initializer(name, dtype)
        with outside_conditions():
            value, held = _first_value(initializer, shape, dtype, partition_info)
        if use_resource is None:
            use_resource = resource_variables_enabled()
        variable = Variable(
            initial_value=value, name=name, dtype=held, use_resource=use_resource, **arguments
        )
        self.variables[name] = variable
        if regularizer:
            _regularize(name, variable, regularizer)
        return variable

    def default_initializer(self, name: str, dtype: DType) -> Any:
        """Glorot's uniform numbers for floats, zeros for all else that has a zero.

        Raises:
          ValueError: there is no default for the dtype.
        """
        if dtype.is_floating:
            return GlorotUniform()
        if dtype.is_integer or dtype.is_unsigned or dtype.is_bool or dtype == dtypes.string:
            return Zeros()
        raise ValueError(f"An initializer for variable {name} of {dtype.base_dtype} is required")


def _exists(name: str, variable: Any) -> str:
    lines = "".join(format_list(variable.op.traceback))
    return errors.described(
        f"Variable {name} already exists, disallowed. Did you mean to set reuse=True or "
        f"reuse=tf.AUTO_REUSE in VarScope? Originally defined at:\n\n{lines}".rstrip(),
        cause="the graph is built a second time, as when a notebook's cell runs again, or two "
        "parts of it have one name",
        cure="call tf.reset_default_graph() before building again; for two variables use two "
        "tf.variable_scope, for one that is shared reuse=tf.AUTO_REUSE",
    )


def _similar(name: str, variables: Iterable[str]) -> str:
    """What there is instead of the requested variable."""
    names = list(variables)
    from difflib import get_close_matches  # imported when used: for this message only

    near = get_close_matches(name, names, n=3, cutoff=0.5) or names[:3]
    if not near:
        return "no variable has been made by tf.get_variable in this graph"
    return f"reuse=True makes no variable; there are {len(names)}, such as {', '.join(near)}"


def _shared(name: str, variable: Any, shape: TensorShape, dtype: DType) -> Any:
    """The variable that exists, if it fits the request."""
    if not shape.is_compatible_with(variable.shape):
        raise ValueError(
            f"Trying to share variable {name}, but specified shape {shape} and found shape "
            f"{variable.shape}."
        )
    if not dtype.is_compatible_with(variable.dtype):
        raise ValueError(
            f"Trying to share variable {name}, but specified dtype {dtype.name} and found dtype "
            f"{variable.dtype.name}."
        )
    return variable


def _first_value(
    initializer: Any, shape: TensorShape, dtype: DType, partition_info: Any
) -> tuple[Any, DType | None]:
    """The initial value, or a function that gives it, and the dtype to convert it to."""
    if not callable(initializer):
        return initializer, None
    if inspect.isclass(initializer):
        initializer = initializer()
    if shape.is_fully_defined():
        extents = shape.as_list()
        return (
            lambda: initializer(extents, dtype=dtype, partition_info=partition_info),
            dtype.base_dtype,
        )
    parameters = inspect.signature(initializer).parameters.values()
    if all(each.default is not each.empty for each in parameters):
        return initializer, None
    raise ValueError(
        errors.described(
            "The initializer passed is not valid. It should be a callable with no arguments and "
            "the shape should not be provided or an instance of `tf.keras.initializers.*' and "
            "`shape` should be fully defined.",
            cause=f"the shape that get_variable was given is {shape}",
            cure="tf.get_variable(name, [rows, columns]) with numbers, or initializer=value",
        )
    )


def _regularize(name: str, variable: Any, regularizer: Callable[[Any], Any]) -> None:
    with colocate_with(variable.op), name_scope(f"{name}/Regularizer/"), outside_conditions():
        loss = regularizer(variable)
    if loss is not None:
        add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)


def default_store() -> VariableStore:
    """The store of the default graph."""
    held = get_default_graph().get_collection_ref(_STORE_KEY)
    if not held:
        held.append(VariableStore())
    store: VariableStore = held[0]
    return store


def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Callable[[Any], Any] | None = None,
    trainable: bool | None = None,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Callable[..., Any] | None = None,
    constraint: Callable[[Any], Any] | None = None,
    synchronization: Any = VariableSynchronization.AUTO,
    aggregation: Any = VariableAggregation.NONE,
) -> Any:
    """The variable of this name in the current variable scope: made, or found if the scope reuses.

    Args:
      name: its name in the scope.
      shape: its shape; not with an `initializer` that is a value.
      dtype: its dtype; the scope's by default, which is float32 at the top.
      initializer: a function `(shape, dtype, partition_info)`, a value, or a function without
        arguments; by default the scope's, then Glorot's uniform numbers for floats and zeros else.
      regularizer: a function of the variable whose result becomes a regularization loss.
      trainable: whether optimizers change it; True by default.
      collections: names of the collections that it is put in; the global variables by default.
      caching_device: a device where its value is cached for readers.
      partitioner: a function `(shape, dtype)` that gives the number of parts along each axis.
      validate_shape: whether the shape of the initial value has to be known.
      use_resource: whether reads are operations of their own.
      custom_getter: a function that is called in place of this one, with `getter` as an argument.
      constraint: a function that optimizers apply to it after every step.
      synchronization: recorded.
      aggregation: recorded.

    Raises:
      ValueError: it exists and the scope does not reuse, it does not exist and the scope reuses, or
      it exists with another shape or dtype; its shape is not known.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> with tf.variable_scope("layer"):
      ...     tf.get_variable("weights", [2, 3])
      <tf.Variable 'layer/weights:0' shape=(2, 3) dtype=float32_ref>
    """
    return get_variable_scope().get_variable(
        default_store(),
        name,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=trainable,
        collections=collections,
        caching_device=caching_device,
        partitioner=partitioner,
        validate_shape=validate_shape,
        use_resource=use_resource,
        custom_getter=custom_getter,
        constraint=constraint,
        synchronization=synchronization,
        aggregation=aggregation,
    )


def get_local_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Callable[[Any], Any] | None = None,
    trainable: bool = False,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Callable[..., Any] | None = None,
    constraint: Callable[[Any], Any] | None = None,
    synchronization: Any = VariableSynchronization.AUTO,
    aggregation: Any = VariableAggregation.NONE,
) -> Any:
    """Like `get_variable`, for a variable that is local to a process: not saved, not trained.

    Args:
      trainable: ignored.
      The others: see `get_variable`.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> counter = tf.get_local_variable("count", [], tf.int32)
      >>> tf.local_variables()
      [<tf.Variable 'count:0' shape=() dtype=int32_ref>]
    """
    collections = [*(collections or []), GraphKeys.LOCAL_VARIABLES]
    return get_variable(
        *(name, shape, dtype, initializer, regularizer, False, collections, caching_device),
        *(partitioner, validate_shape, use_resource, custom_getter, constraint),
        *(synchronization, aggregation),
    )


def create_partitioned_variables(
    shape: Sequence[int],
    slicing: Sequence[int],
    initializer: Any,
    dtype: Any = dtypes.float32,
    trainable: bool = True,
    collections: Any = None,
    name: str | None = None,
    reuse: Any = None,
) -> list[Any]:
    """The parts of a variable, cut as `slicing` says; `get_variable` with a partitioner is newer.

    Args:
      shape: shape of the whole.
      slicing: how many parts along each axis; more than one along one axis only.
      initializer: see `get_variable`.
      dtype: of the parts.
      trainable: whether optimizers change them.
      collections: names of the collections that they are put in.
      name: the name of the whole; `PartitionedVariable` by default.
      reuse: see `variable_scope`.

    Raises:
      ValueError: `slicing` does not fit `shape`.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> parts = tf.create_partitioned_variables([3, 2], [2, 1], tf.zeros_initializer())
      >>> [part.name for part in parts]
      ['PartitionedVariable/part_0:0', 'PartitionedVariable/part_1:0']
    """
    if len(shape) != len(slicing):
        raise ValueError(
            "The 'shape' and 'slicing' of a partitioned Variable must have the length: shape: "
            f"{shape}, slicing: {slicing}"
        )
    if not shape:
        raise ValueError(f"A partitioned Variable must have rank at least 1: shape: {shape}")
    with variable_scope(name, "PartitionedVariable", reuse=reuse) as scope, name_scope(None):
        return list(
            default_store().get_partitioned(
                scope.name,
                lambda **_: slicing,
                shape=shape,
                dtype=dtypes.as_dtype(dtype),
                initializer=scope.initializer if initializer is None else initializer,
                reuse=scope.reuse,
                regularizer=scope.regularizer,
                trainable=trainable,
                collections=collections,
                caching_device=scope.caching_device,
                use_resource=scope.use_resource,
                constraint=scope.constraint,
            )
        )


def no_regularizer(_: Any) -> None:
    """A regularizer that adds nothing, where the scope's is not wanted."""
    return
