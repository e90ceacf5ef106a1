"""`tf.make_template`: a function whose variables are made by its first call, then shared."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from pantarhei.graph.creation_site import creation_site
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.scopes import get_collection
from pantarhei.platform.logging import info
from pantarhei.variables.scope import Getter, VariableScope
from pantarhei.variables.scope_entry import variable_scope


class Template:
    """A function with variables of its own; made by `tf.make_template`.

    Args:
      name: name of the scope that its variables are in, with a number behind it if it is taken.
      func: the function; it makes its variables by `tf.get_variable`.
      create_scope_now: whether the scope is opened now, not by the first call.
      unique_name: the name of the scope, exactly.
      custom_getter: passed on to the scope.
    """

    def __init__(
        self,
        name: str,
        func: Callable[..., Any],
        create_scope_now: bool = False,
        unique_name: str | None = None,
        custom_getter: Getter | None = None,
    ) -> None:
        if name is None:
            raise ValueError("name cannot be None.")
        self._name = name
        self._func = func
        self._unique_name = unique_name
        self._custom_getter = custom_getter
        self._site = creation_site()
        self._variable_scope: VariableScope | None = None
        self._called = False
        if create_scope_now:
            with self._new_scope(auxiliary_name_scope=False) as scope:
                self._variable_scope = scope

    def _new_scope(self, **arguments: Any) -> variable_scope:
        return variable_scope(
            self._unique_name, self._name, custom_getter=self._custom_getter, **arguments
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function gives; its variables are those of the first call.

        Raises:
          ValueError: a later call makes a trainable variable.
        """
        if self._variable_scope is not None:
            with variable_scope(self._variable_scope, reuse=self._called):
                return self._result(args, kwargs)
        with self._new_scope() as scope:
            self._variable_scope = scope
            return self._result(args, kwargs)

    def _result(self, args: Any, kwargs: Any) -> Any:
        before = [len(get_collection(key)) for key in _COUNTED]
        try:
            result = self._func(*args, **kwargs)
            if self._called:
                self._check_new(before)
        except Exception as error:
            error.add_note(f"The template '{self._name}' was made at {self._site}.")
            raise
        self._called = True
        return result

    def _check_new(self, before: list[int]) -> None:
        trainable, others = (
            get_collection(key)[count:] for key, count in zip(_COUNTED, before, strict=True)
        )
        if trainable:
            raise ValueError(
                "Trainable variable created when calling a template after the first time, perhaps "
                f"you used tf.Variable when you meant tf.get_variable: {trainable}"
            )
        if others:
            info(
                "New variables created when calling a template after the first time, perhaps you "
                f"used tf.Variable when you meant tf.get_variable: {others}"
            )

    @property
    def name(self) -> str:
        """The name it was made with."""
        return self._name

    @property
    def func(self) -> Callable[..., Any]:
        """The function."""
        return self._func

    @property
    def variable_scope(self) -> VariableScope | None:
        """The scope of its variables; None before the first call."""
        return self._variable_scope

    var_scope = variable_scope

    @property
    def variable_scope_name(self) -> str | None:
        """The prefix of its variables' names; None before the first call."""
        if self._variable_scope is None:
            return None
        name = self._variable_scope.name
        return f"{name}/" if name and not name.endswith("/") else name

    def _collected(self, key: str) -> list[Any]:
        return get_collection(key, self.variable_scope_name) if self._called else []

    @property
    def global_variables(self) -> list[Any]:
        """Its global variables."""
        return self._collected(GraphKeys.GLOBAL_VARIABLES)

    @property
    def local_variables(self) -> list[Any]:
        """Its local variables."""
        return self._collected(GraphKeys.LOCAL_VARIABLES)

    @property
    def trainable_variables(self) -> list[Any]:
        """Its trainable variables."""
        return self._collected(GraphKeys.TRAINABLE_VARIABLES)

    @property
    def variables(self) -> list[Any]:
        """All its variables, the global ones first."""
        return self.global_variables + self.local_variables

    @property
    def non_trainable_variables(self) -> list[Any]:
        """Its global variables that are not trainable."""
        trainable = set(self.trainable_variables)
        return [each for each in self.global_variables if each not in trainable]

    weights = variables
    trainable_weights = trainable_variables
    non_trainable_weights = non_trainable_variables


_COUNTED = (GraphKeys.TRAINABLE_VARIABLES, GraphKeys.GLOBAL_VARIABLES)


def make_template(
    name_: str,
    func_: Callable[..., Any],
    create_scope_now_: bool = False,
    unique_name_: str | None = None,
    custom_getter_: Getter | None = None,
    **kwargs: Any,
) -> Template:
    """A function whose variables are made by its first call and shared by all others.

    Args:
      name_: name of the scope that its variables are in, with a number behind it if it is taken.
      func_: the function; it makes its variables by `tf.get_variable`.
      create_scope_now_: whether the scope is opened now, not by the first call.
      unique_name_: the name of the scope, exactly.
      custom_getter_: passed on to the scope.
      **kwargs: passed to every call.

    Raises:
      ValueError: `name_` is None.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> scale = tf.make_template("scale", lambda x: x * tf.get_variable("w", []))
      >>> left, right = scale(1.0), scale(2.0)
      >>> tf.global_variables()
      [<tf.Variable 'scale/w:0' shape=() dtype=float32_ref>]
    """
    if kwargs:
        func_ = functools.partial(func_, **kwargs)
    return Template(name_, func_, create_scope_now_, unique_name_, custom_getter_)
