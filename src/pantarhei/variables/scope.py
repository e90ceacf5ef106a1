"""Variable scopes: a prefix for the names of variables, and the defaults of `get_variable`.

The current scope is kept with the graph, per thread. Scopes do not make variables;
they pass their settings to the store, which makes or finds them.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any

from pantarhei.core import dtypes
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.default_graph import get_default_graph, graph_of
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.scopes import get_collection, name_scope
from pantarhei.platform.logging import warning
from pantarhei.variables.modes import AUTO_REUSE

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


class _ScopeState(threading.local):
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


def _state() -> _ScopeState:
    held = get_default_graph().get_collection_ref(_STATE_KEY)
    if not held:
        held.append(_ScopeState())
    state: _ScopeState = held[0]
    return state


def get_variable_scope() -> VariableScope:
    """The current variable scope.

    Example:
      >>> import pantarhei as tf
      >>> with tf.variable_scope("layer"):
      ...     tf.get_variable_scope().name
      'layer'
    """
    return _state().current


class variable_scope:
    """Context in which `get_variable` puts a prefix before names, and finds or makes variables.

    Args:
      name_or_scope: the prefix, or a scope to be entered again; None to use `default_name`.
      default_name: a prefix that gets a number behind it where it has been used.
      values: tensors among which the graph is found.
      initializer, regularizer, caching_device, partitioner, custom_getter, dtype, use_resource,
        constraint: defaults for `get_variable`; the outer scope's where they are None.
      reuse: True to find variables only, `tf.AUTO_REUSE` to find or make them; else as outside.
      auxiliary_name_scope: whether a name scope is entered together with it.

    Raises:
      TypeError, ValueError: arguments that do not fit, `reuse` without a name, or no valid name.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> def tower(x):
      ...     with tf.variable_scope("tower", reuse=tf.AUTO_REUSE):
      ...         return x * tf.get_variable("w", [])
      >>> left, right = tower(1.0), tower(2.0)
      >>> tf.global_variables()
      [<tf.Variable 'tower/w:0' shape=() dtype=float32_ref>]
    """

    def __init__(
        self,
        name_or_scope: str | VariableScope | None,
        default_name: str | None = None,
        values: Iterable[Any] | None = None,
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Getter | None = None,
        reuse: Any = None,
        dtype: Any = None,
        use_resource: bool | None = None,
        constraint: Any = None,
        auxiliary_name_scope: bool = True,
    ) -> None:
        if default_name is None and name_or_scope is None:
            raise TypeError("If default_name is None then name_or_scope is required")
        if reuse not in (True, False, None, AUTO_REUSE):
            raise ValueError("The reuse parameter must be True or False or None.")
        if not isinstance(auxiliary_name_scope, bool):
            raise TypeError(
                "The auxiliary_name_scope must be `True` or `False`, while get "
                f"{auxiliary_name_scope}"
            )
        self._name_or_scope = name_or_scope
        self._default_name = default_name
        self._unique_name: str | None = None
        self._graph = graph_of(list(values or []))
        self._reuse = reuse or None
        self._constraint = constraint
        self._settings = {
            "initializer": initializer,
            "regularizer": regularizer,
            "caching_device": caching_device,
            "partitioner": partitioner,
            "dtype": dtype,
            "use_resource": use_resource,
        }
        self._custom_getter = custom_getter
        self._auxiliary_name_scope = auxiliary_name_scope
        self._entered: list[ExitStack] = []

    def __enter__(self) -> VariableScope:
        with ExitStack() as stack:
            stack.enter_context(self._graph.as_default())
            scope = self._enter(stack)
            self._entered.append(stack.pop_all())
        return scope

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._entered.pop().__exit__(kind, value, traceback)

    def _enter(self, stack: ExitStack) -> VariableScope:
        given = self._name_or_scope
        if given is None:
            if self._reuse:
                raise ValueError("reuse=True cannot be used without a name_or_scope")
            entered: str | None = stack.enter_context(self._name_scope(self._default_name or ""))
            if self._unique_name is None:
                self._unique_name = _state().unopened(self._default_name or "")
            return stack.enter_context(self._below(self._unique_name, entered))
        if not isinstance(given, (str, VariableScope)):
            raise TypeError("VariableScope: name_or_scope must be a string or VariableScope.")
        last = given if isinstance(given, str) else given.name.split("/")[-1]
        entered = None
        if last or not self._auxiliary_name_scope:
            entered = stack.enter_context(self._name_scope(last))
        if isinstance(given, VariableScope):
            return stack.enter_context(self._again(given))
        return stack.enter_context(self._below(given, entered))

    def _name_scope(self, name: str) -> name_scope:
        if self._auxiliary_name_scope:
            return name_scope(name)
        current = get_default_graph().get_name_scope()
        return name_scope(f"{current}/" if current else "")

    @contextmanager
    def _below(self, name: str, entered: str | None) -> Iterator[VariableScope]:
        """Enters a scope in the current one."""
        state = _state()
        outer = state.current
        full = f"{outer.name}/{name}" if outer.name else name
        scope = self._changed(
            outer,
            reuse=self._reuse or outer.reuse,
            name=full,
            name_scope=name if entered is None else entered,
        )
        state.open(full)
        with _current(state, scope):
            yield scope
        state.close_within(full)

    @contextmanager
    def _again(self, given: VariableScope) -> Iterator[VariableScope]:
        """Enters a scope once more, wherever it was entered first."""
        state = _state()
        scope = self._changed(
            given,
            reuse=self._reuse or given.reuse,
            name=given.name,
            name_scope=given.original_name_scope,
        )
        state.open(given.name)
        opened = dict(state.opened)
        with _current(state, scope):
            yield scope
        state.opened = opened

    def _changed(self, base: VariableScope, **fixed: Any) -> VariableScope:
        """A scope with the settings of `base` where this one says nothing."""
        settings = {
            key: getattr(base, key) if value is None else value
            for key, value in self._settings.items()
        }
        getter = base.custom_getter
        if self._custom_getter is not None:
            getter = _nested(self._custom_getter, getter)
        return VariableScope(**fixed, **settings, custom_getter=getter, constraint=self._constraint)


@contextmanager
def _current(state: _ScopeState, scope: VariableScope) -> Iterator[None]:
    outer, state.current = state.current, scope
    try:
        yield
    finally:
        if state.current is not scope:
            raise RuntimeError("Improper nesting of variable_scope.")
        state.current = outer


def _nested(inner: Getter, outer: Getter | None) -> Getter:
    """A getter that goes through `inner`, then through `outer`."""
    if outer is None:
        return inner

    def wrapped(getter: Getter, *args: Any, **kwargs: Any) -> Any:
        return inner(functools.partial(outer, getter), *args, **kwargs)

    return wrapped


@contextmanager
def variable_op_scope(
    values: Iterable[Any],
    name_or_scope: str | VariableScope | None,
    default_name: str | None = None,
    **settings: Any,
) -> Iterator[VariableScope]:
    """The older form of `variable_scope`, with the values in front."""
    warning(
        "tf.variable_op_scope(values, name, default_name) is deprecated, use "
        "tf.variable_scope(name, default_name, values)"
    )
    with variable_scope(name_or_scope, default_name, values, **settings) as scope:
        yield scope
