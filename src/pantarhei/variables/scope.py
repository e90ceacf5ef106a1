"""Variable scopes: a prefix for the names of variables, and the defaults of `get_variable`.

The current scope is kept with the graph, per thread. Scopes do not make variables;
they pass their settings to the store, which makes or finds them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from pantarhei.core import dtypes
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.scopes import get_collection, name_scope

Getter = Callable[..., Any]
_STATE_KEY = ("__varscope",)


class VariableScope:
    """What a variable scope passes on to `get_variable`; given by `with tf.variable_scope(...)`.

    Args:
      reuse: True to find variables only, False or None to make them only, `tf.AUTO_REUSE` for both.
      name: the prefix of variables' names.
      initializer, regularizer, caching_device, partitioner, custom_getter, dtype, use_resource,
        constraint: defaults for `get_variable`.
      name_scope: the name scope that was entered together with this one.
    """

    def __init__(
        self,
        reuse: Any,
        name: str = "",
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Getter | None = None,
        name_scope: str = "",
        dtype: Any = dtypes.float32,
        use_resource: bool | None = None,
        constraint: Any = None,
    ) -> None:
        self._name = name
        self._reuse = reuse
        self._initializer = initializer
        self._regularizer = regularizer
        self._caching_device = caching_device
        self._partitioner = partitioner
        self._custom_getter = custom_getter
        self._name_scope = name_scope
        self._dtype = dtype
        self._use_resource = use_resource
        self._constraint = constraint

    @property
    def name(self) -> str:
        """The prefix of variables' names."""
        return self._name

    @property
    def original_name_scope(self) -> str:
        """The name scope that was entered together with it."""
        return self._name_scope

    @property
    def reuse(self) -> Any:
        """True: variables are found; False or None: made; `tf.AUTO_REUSE`: either."""
        return self._reuse

    @property
    def initializer(self) -> Any:
        """The default initializer."""
        return self._initializer

    @property
    def dtype(self) -> Any:
        """The default dtype."""
        return self._dtype

    @property
    def use_resource(self) -> bool | None:
        """Whether resource variables are made; None where it is not said."""
        return self._use_resource

    @property
    def regularizer(self) -> Any:
        """The default regularizer."""
        return self._regularizer

    @property
    def caching_device(self) -> Any:
        """The default caching device."""
        return self._caching_device

    @property
    def partitioner(self) -> Any:
        """The default partitioner."""
        return self._partitioner

    @property
    def custom_getter(self) -> Getter | None:
        """The function through which variables are got."""
        return self._custom_getter

    @property
    def constraint(self) -> Any:
        """The default constraint."""
        return self._constraint

    def reuse_variables(self) -> None:
        """From now on variables are found, not made."""
        self._reuse = True

    def set_initializer(self, initializer: Any) -> None:
        """Sets the default initializer."""
        self._initializer = initializer

    def set_dtype(self, dtype: Any) -> None:
        """Sets the default dtype."""
        self._dtype = dtype

    def set_use_resource(self, use_resource: bool | None) -> None:
        """Sets whether resource variables are made."""
        self._use_resource = use_resource

    def set_regularizer(self, regularizer: Any) -> None:
        """Sets the default regularizer."""
        self._regularizer = regularizer

    def set_caching_device(self, caching_device: Any) -> None:
        """Sets the default caching device."""
        self._caching_device = caching_device

    def set_partitioner(self, partitioner: Any) -> None:
        """Sets the default partitioner."""
        self._partitioner = partitioner

    def set_custom_getter(self, custom_getter: Getter | None) -> None:
        """Sets the function through which variables are got."""
        self._custom_getter = custom_getter

    def get_collection(self, name: Any) -> list[Any]:
        """What this scope and those in it have in a collection."""
        return get_collection(name, f"{self._name}/" if self._name else "")

    def trainable_variables(self) -> list[Any]:
        """The trainable variables of this scope and those in it."""
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def global_variables(self) -> list[Any]:
        """The global variables of this scope and those in it."""
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def local_variables(self) -> list[Any]:
        """The local variables of this scope and those in it."""
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def get_variable(
        self,
        var_store: Any,
        name: str,
        shape: Any = None,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        reuse: Any = None,
        **arguments: Any,
    ) -> Any:
        """The variable of this name in this scope, from a store, with this scope's defaults.

        Raises:
          ValueError: the dtypes of `initializer` and `dtype` differ; see also `tf.get_variable`.
        """
        with name_scope(None):
            if dtype is not None and initializer is not None and not callable(initializer):
                found = convert_to_tensor(initializer).dtype.base_dtype
                if found != dtype:
                    raise ValueError(
                        f"Initializer type '{found}' and explicit dtype '{dtype}' don't match."
                    )
            arguments["regularizer"] = regularizer
            for key in (
                "regularizer",
                "caching_device",
                "partitioner",
                "custom_getter",
                "use_resource",
                "constraint",
            ):
                if arguments.get(key) is None:
                    arguments[key] = getattr(self, key)
            return var_store.get_variable(
                f"{self.name}/{name}" if self.name else name,
                shape=shape,
                dtype=self._dtype if dtype is None else dtype,
                initializer=self._initializer if initializer is None else initializer,
                reuse=self._reuse if reuse is None else reuse,
                **arguments,
            )


class ScopeState(threading.local):
    """Of one graph and thread: the current scope, and how often each scope has been opened."""

    def __init__(self) -> None:
        super().__init__()
        self.current = VariableScope(False)
        self.opened: dict[str, int] = {}

    def open(self, name: str) -> None:
        self.opened[name] = self.opened.get(name, 0) + 1

    def close_within(self, name: str) -> None:
        """Scopes in this one count anew."""
        for each in self.opened:
            if each.startswith(f"{name}/"):
                self.opened[each] = 0

    def unopened(self, prefix: str) -> str:
        """`prefix`, with a number behind it if such a scope has been opened here."""
        outer = self.current.name
        full = f"{outer}/{prefix}" if outer else prefix
        if not self.opened.get(full):
            return prefix
        number = 1
        while self.opened.get(f"{full}_{number}"):
            number += 1
        return f"{prefix}_{number}"


def scope_state() -> ScopeState:
    """The state of the default graph and this thread."""
    held = get_default_graph().get_collection_ref(_STATE_KEY)
    if not held:
        held.append(ScopeState())
    state: ScopeState = held[0]
    return state


def get_variable_scope() -> VariableScope:
    """The current variable scope.

    Example:
      >>> import pantarhei as tf
      >>> with tf.variable_scope("layer"):
      ...     tf.get_variable_scope().name
      'layer'
    """
    return scope_state().current
