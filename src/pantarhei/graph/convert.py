"""Turning Python objects into tensors: what every public function does with its arguments.

Tensors stay; objects with `_as_tensor(dtype, name, as_ref)` (variables, IndexedSlices) say what
they are; registered conversions are tried by priority; lists that hold tensors are packed;
everything else becomes a constant, through the function that the operations register.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.dimensions import Dimension
from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.tensor_operators import OPERATORS

ConversionFunction = Callable[..., Any]
_CONVERSIONS: list[tuple[int, int, Any, ConversionFunction]] = []


def register_tensor_conversion_function(
    base_type: Any, conversion_func: ConversionFunction, priority: int = 100
) -> None:
    """Makes `convert_to_tensor` use `conversion_func(value, dtype, name, as_ref)` for a type.

    Args:
      base_type: a class, or a tuple of them, whose instances the function converts.
      conversion_func: returns a tensor, or NotImplemented to let the next one try.
      priority: smaller ones are tried first.

    Raises:
      TypeError: if `base_type` is no class or `conversion_func` cannot be called.
    """
    types = base_type if isinstance(base_type, tuple) else (base_type,)
    if not all(isinstance(each, type) for each in types):
        raise TypeError("base_type must be a type or a tuple of types.")
    if not callable(conversion_func):
        raise TypeError("conversion_func must be callable.")
    if any(issubclass(each, (int, float, str, list, tuple, np.ndarray)) for each in types):
        raise TypeError(
            "Cannot register conversions for Python numeric types and NumPy scalars and arrays."
        )
    _CONVERSIONS.append((priority, len(_CONVERSIONS), base_type, conversion_func))
    _CONVERSIONS.sort(key=lambda entry: entry[:2])


def convert_to_tensor(
    value: Any,
    dtype: Any = None,
    name: str | None = None,
    preferred_dtype: Any = None,
    dtype_hint: Any = None,
    as_ref: bool = False,
) -> Tensor:
    """The tensor that `value` is or stands for; a constant for arrays, numbers, strings and lists.

    Args:
      value: tensor, variable, array, number, string, list (which may hold tensors).
      dtype: required dtype; by default the value decides.
      name: name of a new constant; `Const` by default.
      preferred_dtype: used where the value leaves it open and can be converted; same as
        `dtype_hint`.
      as_ref: whether a variable may be given as the reference to it.

    Raises:
      ValueError: a tensor is of another dtype. TypeError: there is no conversion.

    Example:
      >>> import pantarhei as tf
      >>> tf.convert_to_tensor([[1, 2], [3, 4]]).shape
      TensorShape([Dimension(2), Dimension(2)])
    """
    wanted = None if dtype is None else dtypes.as_dtype(dtype)
    hint = preferred_dtype if dtype_hint is None else dtype_hint
    if isinstance(value, Tensor):
        if wanted is not None and not wanted.is_compatible_with(value.dtype):
            raise ValueError(
                f"Tensor conversion requested dtype {wanted.name} for Tensor with dtype "
                f"{value.dtype.name}: {value!r}"
            )
        return value
    if wanted is None and hint is not None:
        try:
            hinted: Tensor | None = _converted(value, dtypes.as_dtype(hint), name, as_ref)
        except (TypeError, ValueError):
            hinted = None
        if hinted is not None and hinted.dtype.is_compatible_with(dtypes.as_dtype(hint)):
            return hinted
    tensor: Tensor = _converted(value, wanted, name, as_ref)
    if wanted is not None and not wanted.is_compatible_with(tensor.dtype):
        raise RuntimeError(
            f"Conversion of {value!r} returned incompatible dtype: requested = {wanted.name}, "
            f"actual = {tensor.dtype.name}"
        )
    return tensor


def _converted(value: Any, dtype: DType | None, name: str | None, as_ref: bool) -> Any:
    if hasattr(value, "_as_tensor"):
        result = value._as_tensor(dtype=dtype, name=name, as_ref=as_ref)
        if result is not NotImplemented:
            return result
    for _, _, base_type, function in _CONVERSIONS:
        if isinstance(value, base_type):
            result = function(value, dtype=dtype, name=name, as_ref=as_ref)
            if result is not NotImplemented:
                return result
    if isinstance(value, Operation):
        raise TypeError(f"Can't convert Operation '{value.name}' to Tensor")
    if isinstance(value, (list, tuple)) and holds_tensor(value):
        return OPERATORS["autopack"](value, dtype, name or "packed")
    default = "shape_as_tensor" if isinstance(value, (TensorShape, Dimension)) else "Const"
    return OPERATORS["constant"](value, dtype=dtype, name=name or default)


def holds_tensor(value: Any) -> bool:
    """Whether a tensor or an object that stands for one is somewhere in nested lists."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Tensor) or hasattr(each, "_as_tensor"):
            return True
        if isinstance(each, (list, tuple)):
            waiting.extend(each)
    return False


def convert_n_to_tensor(
    values: Sequence[Any],
    dtype: Any = None,
    name: str | None = None,
    preferred_dtype: Any = None,
    as_ref: bool = False,
) -> list[Tensor]:
    """Converts each of `values`; new constants are named `name_0`, `name_1` ...

    Raises:
      TypeError: if `values` is no sequence.
    """
    if not isinstance(values, (list, tuple)):
        raise TypeError("values must be a sequence.")
    return [
        convert_to_tensor(
            value,
            dtype,
            None if name is None else f"{name}_{index}",
            preferred_dtype,
            as_ref=as_ref,
        )
        for index, value in enumerate(values)
    ]


__all__ = ["convert_n_to_tensor", "convert_to_tensor", "register_tensor_conversion_function"]
