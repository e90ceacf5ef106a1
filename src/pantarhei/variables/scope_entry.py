"""Entering variable scopes: `with tf.variable_scope(...)`, and the older `variable_op_scope`."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any

from pantarhei.graph.default_graph import get_default_graph, graph_of
from pantarhei.graph.scopes import name_scope
from pantarhei.platform.logging import warning
from pantarhei.variables.modes import AUTO_REUSE
from pantarhei.variables.scope import Getter, ScopeState, VariableScope, scope_state


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
                self._unique_name = scope_state().unopened(self._default_name or "")
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
        state = scope_state()
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
        state = scope_state()
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
def _current(state: ScopeState, scope: VariableScope) -> Iterator[None]:
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
    initializer: Any = None,
    regularizer: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    custom_getter: Getter | None = None,
    reuse: Any = None,
    dtype: Any = None,
    use_resource: bool | None = None,
    constraint: Any = None,
) -> Iterator[VariableScope]:
    """The older form of `variable_scope`, with the values in front."""
    warning(
        "tf.variable_op_scope(values, name, default_name) is deprecated, use "
        "tf.variable_scope(name, default_name, values)"
    )
    with variable_scope(
        *(name_or_scope, default_name, values, initializer, regularizer, caching_device),
        *(partitioner, custom_getter, reuse, dtype, use_resource, constraint),
    ) as scope:
        yield scope
