"""The gradient function of each operation type: its definition's, or one that a user registers.

A type without gradient raises a LookupError when it is differentiated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pantarhei.core import errors
from pantarhei.graph.definitions.definition import REGISTRY
from pantarhei.graph.operation import Operation

GradientFunction = Callable[..., Any]

# Gradients that users register, by the name they register them for.
GRADIENT_FUNCTIONS: dict[str, GradientFunction | None] = {}


class RegisterGradient:
    """Decorator that registers the gradient function of an operation type.

    The function takes the operation and the gradients of its outputs, and returns those of its
    inputs.

    Args:
      op_type: the type, or a name to use in `Graph.gradient_override_map`.

    Raises:
      TypeError: if `op_type` is no string. KeyError: when decorating, if there is a gradient
        already.

    Example:
      >>> import pantarhei as tf
      >>> @tf.RegisterGradient("Tenfold")
      ... def _tenfold(op, g):
      ...     return 10.0 * g
      >>> x = tf.constant(3.0)
      >>> with tf.get_default_graph().gradient_override_map({"Identity": "Tenfold"}):
      ...     y = tf.identity(x)
      >>> print(tf.Session().run(tf.gradients(y, x)[0]))
      10.0
    """

    def __init__(self, op_type: str) -> None:
        if not isinstance(op_type, str):
            raise TypeError("op_type must be a string")
        self._op_type = op_type

    def __call__(self, function: GradientFunction) -> GradientFunction:
        """Registers `function` and returns it."""
        _register(self._op_type, function)
        return function


def no_gradient(op_type: str) -> None:
    """Declares that operations of a type have no gradient: nothing flows through them.

    Raises:
      TypeError: if `op_type` is no string. KeyError: if the type has a gradient already.
    """
    if not isinstance(op_type, str):
        raise TypeError("op_type must be a string")
    _register(op_type, None)


def _register(op_type: str, function: GradientFunction | None) -> None:
    if op_type in GRADIENT_FUNCTIONS or op_type in REGISTRY:
        raise KeyError(f"Registering two gradient with name '{op_type}'!")
    GRADIENT_FUNCTIONS[op_type] = function


def get_gradient_function(op: Operation | None) -> GradientFunction | None:
    """The function that gives an operation's gradients; None if it is declared to have none.

    Raises:
      LookupError: if none is registered.
    """
    if op is None or not op.inputs:
        return None
    override = op.attributes.get("_gradient_op_type")
    name = op.type if override is None else bytes(override).decode()
    if name in GRADIENT_FUNCTIONS:
        return GRADIENT_FUNCTIONS[name]
    definition = REGISTRY.get(name)
    if definition is None:
        raise LookupError(f"gradient registry has no entry for: {name}")
    return definition.grad if definition.differentiable else None


def get_gradient_function_or_explain(op: Operation) -> GradientFunction | None:
    """`get_gradient_function`, with an error that says where the operation comes from."""
    try:
        return get_gradient_function(op)
    except LookupError:
        raise LookupError(
            errors.described(
                f"No gradient defined for operation '{op.name}' (op type: {op.type})",
                op,
                cause="it stands between the loss and what is differentiated",
                cure="register one with tf.RegisterGradient, or cut it off with tf.stop_gradient",
            )
        ) from None
