"""`tf.name_scope` and its kin: contexts on the default graph, given as functions and classes."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any

from pantarhei.graph.default_graph import get_default_graph, graph_of


class name_scope:
    """Context that puts a prefix before the names of what is made inside.

    Args:
      name: the prefix; with a slash at the end an existing scope is entered again.
      default_name: used where `name` is None.
      values: tensors among which the graph is found.

    Raises:
      ValueError: neither `name` nor `default_name` is given, but `values` are.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> with tf.name_scope("layer"):
      ...     tf.constant(1.0, name="bias").name
      'layer/bias:0'
    """

    def __init__(
        self, name: str | None, default_name: str | None = None, values: Iterable[Any] | None = None
    ) -> None:
        self._name = default_name if name is None else name
        self._values = None if values is None else list(values)
        self._stack = ExitStack()
        if self._name is None and self._values is not None:
            raise ValueError(
                f"At least one of name ({name}) and default_name ({default_name}) must be provided."
            )
        if self._name is not None and not isinstance(self._name, str):
            raise TypeError("name for name_scope must be a string.")

    @property
    def name(self) -> str | None:
        """The prefix that was given."""
        return self._name

    def __enter__(self) -> str:
        graph = graph_of(self._values or [])
        with ExitStack() as stack:
            stack.enter_context(graph.as_default())
            scope = stack.enter_context(graph.name_scope(self._name))
            self._stack = stack.pop_all()
        return scope

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, value, traceback)


def op_scope(
    values: Iterable[Any], name: str | None, default_name: str | None = None
) -> name_scope:
    """`tf.name_scope` with its arguments in the old order.

    Args:
      values: tensors among which the graph is found.
      name: the prefix.
      default_name: used where `name` is None.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> with tf.op_scope([], None, "layer"):
      ...     tf.constant(1.0, name="bias").name
      'layer/bias:0'
    """
    return name_scope(name, default_name, values)


def control_dependencies(control_inputs: Any) -> AbstractContextManager[None]:
    """Context in which operations run after `control_inputs`; see `Graph.control_dependencies`.

    Example:
      >>> import pantarhei as tf
      >>> with tf.control_dependencies([tf.no_op(name="first")]):
      ...     tf.constant(1.0).op.control_inputs
      [<tf.Operation 'first' type=NoOp>]
    """
    return get_default_graph().control_dependencies(control_inputs)


def device(device_name_or_function: Any) -> AbstractContextManager[None]:
    """Context in which operations ask for a device; see `Graph.device`."""
    return get_default_graph().device(device_name_or_function)


def colocate_with(op: Any, ignore_existing: bool = False) -> AbstractContextManager[None]:
    """Context in which operations are placed where `op` is."""
    return get_default_graph().colocate_with(op, ignore_existing)


def container(container_name: str) -> AbstractContextManager[str]:
    """Context in which stateful operations keep their state in a container."""
    return get_default_graph().container(container_name)


def set_random_seed(seed: int | None) -> None:
    """Sets the graph-level seed, from which random operations made after it take theirs.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> tf.set_random_seed(1)
      >>> tf.get_default_graph().seed
      1
    """
    get_default_graph().seed = seed


def add_to_collection(name: Any, value: Any) -> None:
    """Appends `value` to a collection of the default graph."""
    get_default_graph().add_to_collection(name, value)


def add_to_collections(names: Any, value: Any) -> None:
    """Appends `value` to several collections of the default graph."""
    get_default_graph().add_to_collections(names, value)


def get_collection(key: Any, scope: str | None = None) -> list[Any]:
    """A copy of a collection of the default graph; see `Graph.get_collection`."""
    return get_default_graph().get_collection(key, scope)


def get_collection_ref(key: Any) -> list[Any]:
    """The list itself that holds a collection of the default graph."""
    return get_default_graph().get_collection_ref(key)
