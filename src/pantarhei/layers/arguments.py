"""Arguments of layers in the forms that users may give them: numbers or tuples, names or
functions.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from pantarhei.ops.math import unary
from pantarhei.ops.nn import activations, softmax
from pantarhei.variables import initializers

# Default initializers; they have no state.
ZEROS = initializers.Zeros()
ONES = initializers.Ones()

_ACTIVATIONS = {
    "elu": activations.elu,
    "exponential": unary.exp,
    "relu": activations.relu,
    "selu": activations.selu,
    "sigmoid": unary.sigmoid,
    "softmax": softmax.softmax,
    "softplus": activations.softplus,
    "softsign": activations.softsign,
    "tanh": unary.tanh,
}


def whole_numbers(value: Any, count: int, name: str) -> tuple[int, ...]:
    """`count` ints from one int or a sequence of them.

    Raises:
      ValueError: anything else; `name` is the argument.
    """
    if isinstance(value, int):
        return (value,) * count
    message = f"The `{name}` argument must be a tuple of {count} integers. Received: {value}"
    try:
        numbers = tuple(value)
    except TypeError:
        raise ValueError(message) from None
    if len(numbers) != count:
        raise ValueError(message)
    try:
        return tuple(int(each) for each in numbers)
    except (TypeError, ValueError):
        raise ValueError(message) from None


def padding_name(value: str, causal: bool = False) -> str:
    """ "valid" or "same" (or "causal"), in lower case; ValueError for anything else."""
    name = value.lower()
    if name not in ("valid", "same", "causal") or (name == "causal" and not causal):
        raise ValueError(
            'The `padding` argument must be a list/tuple or one of "valid", "same" (or "causal", '
            f"only for `Conv1D). Received: {name}"
        )
    return name


def data_format_name(value: str) -> str:
    """ "channels_last" or "channels_first", in lower case; ValueError for anything else."""
    name = value.lower()
    if name not in ("channels_first", "channels_last"):
        raise ValueError(
            'The `data_format` argument must be one of "channels_first", "channels_last". '
            f"Received: {value}"
        )
    return name


def layout(data_format: str, space: int) -> str:
    """What operations call a data format."""
    letters = "DHW"[3 - space :]
    return f"N{letters}C" if data_format == "channels_last" else f"NC{letters}"


def initializer(value: Any) -> Any:
    """An initializer, from one, its class, its name in `tf.initializers`, or None."""
    if isinstance(value, str):
        public = import_module("pantarhei.initializers")  # made from the table of public names
        if value not in public.__all__:
            raise ValueError(f"Unknown initializer: {value}")
        return getattr(public, value)()
    return value() if inspect.isclass(value) else value


def activation(value: Any) -> Any:
    """A function of a tensor, from one, its name, or None."""
    if value is None or value == "linear":
        return None
    if isinstance(value, str):
        if value not in _ACTIVATIONS:
            raise ValueError(f"Unknown activation function:{value}")
        return _ACTIVATIONS[value]
    return value
