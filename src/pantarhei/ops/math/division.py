"""Division in all its meanings: true, truncated, floored, guarded against zero, and remainders."""

from __future__ import annotations

from typing import Any

from pantarhei.core import dtypes
from pantarhei.core.dtypes import DType
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import apply, register
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.casting import cast
from pantarhei.ops.math.binary import (
    ARITHMETIC,
    Binary,
    conjugates,
    same_dtypes,
    zero_of,
    zero_where,
)
from pantarhei.program.ir import Builder, Value

_REMAINDERS = "{int32, int64, bfloat16, float16, float32, float64}"
_GUARDED = "{float16, float32, float64, complex64, complex128}"


def _quotient_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    x, y = conjugates(op)
    return g / y, g * (-x / y / y)


def _guarded_quotient_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    x, y = conjugates(op)
    return div_no_nan(g, y), g * div_no_nan(div_no_nan(-x, y), y)


def _remainder_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    x, y = conjugates(op)
    return g, g * -floor_div(x, y)


def _nonzero(x: Tensor) -> Any:
    return cast(apply("NotEqual", x, cast(0.0, x.dtype)), x.dtype)


def _xdivy_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    x, y = op.inputs
    return xdivy(_nonzero(x), y) * g, xdivy(-x, y * y) * g


def _xlogy_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    x, y = op.inputs
    return xlogy(_nonzero(x), y) * g, xdivy(x, y) * g


def _div_no_nan(b: Builder, x: Value, y: Value) -> Any:
    return b.where(b.equal(y, zero_of(b, y)), zero_of(b, x), b.divide(x, y))


for _row in (
    Binary("RealDiv", ARITHMETIC, lambda b, x, y: b.divide(x, y), _quotient_gradient),
    Binary("Div", ARITHMETIC, lambda b, x, y: b.divide(x, y), _quotient_gradient),
    Binary("FloorDiv", ARITHMETIC, lambda b, x, y: b.floor_divide(x, y), differentiable=False),
    Binary("TruncateDiv", ARITHMETIC, lambda b, x, y: b.divide(x, y), differentiable=False),
    Binary("FloorMod", _REMAINDERS, lambda b, x, y: b.mod(x, y), _remainder_gradient),
    Binary("Mod", _REMAINDERS, lambda b, x, y: b.fmod(x, y)),
    Binary("TruncateMod", _REMAINDERS, lambda b, x, y: b.fmod(x, y)),
    Binary("DivNoNan", _GUARDED, _div_no_nan, _guarded_quotient_gradient),
    Binary("Xdivy", _GUARDED, lambda b, x, y: zero_where(b, x, b.divide(x, y)), _xdivy_gradient),
    Binary(
        "Xlogy",
        _GUARDED,
        lambda b, x, y: zero_where(b, x, b.multiply(x, b.log(y))),
        _xlogy_gradient,
    ),
):
    register(_row)

# What true division computes in; None where the operands' own dtype will do.
_TRUE_DIVISION: dict[DType, DType | None] = {
    dtypes.uint8: dtypes.float32,
    dtypes.int8: dtypes.float32,
    dtypes.uint16: dtypes.float32,
    dtypes.int16: dtypes.float32,
    dtypes.int32: dtypes.float64,
    dtypes.int64: dtypes.float64,
    dtypes.bfloat16: None,
    dtypes.float16: None,
    dtypes.float32: None,
    dtypes.float64: None,
    dtypes.complex64: None,
    dtypes.complex128: None,
}


def _check_same(x: Tensor, y: Tensor) -> DType:
    ours, theirs = x.dtype.base_dtype, y.dtype.base_dtype
    if ours != theirs:
        raise TypeError(f"x and y must have the same dtype, got {ours!r} != {theirs!r}")
    return ours


def truediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y, element by element; integers are divided as floating-point numbers.

    Args:
      x: numeric tensor. Small integers become float32, int32 and int64 become float64.
      y: tensor of the same dtype.
      name: name of the operation; `truediv` by default.

    Raises:
      TypeError: if the dtypes differ.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.truediv([7, 8], [2, 4]))
      array([3.5, 2. ])
    """
    with name_scope(name, "truediv", [x, y]) as scope:
        x, y = convert_to_tensor(x, name="x"), convert_to_tensor(y, name="y")
        dtype = _check_same(x, y)
        if dtype not in _TRUE_DIVISION:
            raise TypeError(f"Invalid dtype {dtype!r} in __truediv__")
        target = _TRUE_DIVISION[dtype]
        if target is not None:
            x, y = cast(x, target), cast(y, target)
        tensor: Tensor = apply("RealDiv", x, y, name=scope)
        return tensor


def div(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y as Python 2 divides: integers give integers, rounded down.

    Raises:
      TypeError: if the dtypes differ. InvalidArgumentError: when it runs, for integers by 0.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.div([7, -7], [2, 2]))
      array([ 3, -4], dtype=int32)
    """
    with name_scope(name, "div", [x, y]) as scope:
        x, y = same_dtypes(x, y)
        dtype = _check_same(x, y)
        exact = dtype.is_floating or dtype.is_complex
        tensor: Tensor = apply("RealDiv" if exact else "FloorDiv", x, y, name=scope)
        return tensor


def divide(x: Any, y: Any, name: str | None = None) -> Any:
    """x / y as Python 3 divides; a Python number if both are Python numbers and there is no name.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.divide(tf.constant([7, 8]), 2))
      array([3.5, 4. ])
    """
    return x / y if name is None else truediv(x, y, name)


def realdiv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y for floating and complex tensors.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.realdiv([1.0, 3.0], 2.0))
      array([0.5, 1.5], dtype=float32)
    """
    tensor: Tensor = apply("RealDiv", x, y, name=name)
    return tensor


def floordiv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x // y: the quotient rounded down, in the operands' dtype. No gradient flows through it.

    Raises:
      TypeError: if the dtypes differ. InvalidArgumentError: when it runs, for integers by 0.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.floordiv([7, -7], 2))
      array([ 3, -4], dtype=int32)
    """
    with name_scope(name, "floordiv", [x, y]) as scope:
        return floor_div(x, y, name=scope)


def floor_div(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The same as `floordiv`; the operation is named `FloorDiv` by default.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.floor_div([7.5, -7.5], 2.0))
      array([ 3., -4.], dtype=float32)
    """
    tensor: Tensor = apply("FloorDiv", x, y, name=name)
    return tensor


def truncatediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The quotient of integers rounded towards 0.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.truncatediv([7, -7], 2))
      array([ 3, -3], dtype=int32)
    """
    tensor: Tensor = apply("TruncateDiv", x, y, name=name)
    return tensor


def floormod(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x % y: the remainder, with the sign of y, so that `floordiv(x, y) * y + floormod(x, y)` is x.

    Raises:
      TypeError: if the dtypes differ. InvalidArgumentError: when it runs, for integers modulo 0.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.floormod([7, -7], 3))
      array([1, 2], dtype=int32)
    """
    tensor: Tensor = apply("FloorMod", x, y, name=name)
    return tensor


def truncatemod(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The remainder with the sign of x, so that `truncatediv(x, y) * y + truncatemod(x, y)` is x.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.truncatemod([7, -7], 3))
      array([ 1, -1], dtype=int32)
    """
    tensor: Tensor = apply("TruncateMod", x, y, name=name)
    return tensor


def div_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y, but 0 where y is 0.

    Raises:
      TypeError: if the dtypes differ.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.div_no_nan([1.0, 3.0], [0.0, 2.0]))
      array([0. , 1.5], dtype=float32)
    """
    with name_scope(name, "div_no_nan", [x, y]) as scope:
        x, y = same_dtypes(x, y)
        tensor: Tensor = apply("DivNoNan", x, y, name=scope)
        return tensor


divide_no_nan = div_no_nan


def reciprocal_no_nan(x: Any, name: str | None = None) -> Tensor:
    """1 / x, but 0 where x is 0.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.math.reciprocal_no_nan([2.0, 0.0]))
      array([0.5, 0. ], dtype=float32)
    """
    with name_scope(name, "reciprocal_no_nan", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        one = convert_to_tensor(1, dtype=x.dtype.base_dtype, name="one")
        tensor: Tensor = apply("DivNoNan", one, x, name=scope)
        return tensor


def xdivy(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y, but 0 where x is 0, whatever y is.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.math.xdivy([0.0, 3.0], [0.0, 2.0]))
      array([0. , 1.5], dtype=float32)
    """
    tensor: Tensor = apply("Xdivy", x, y, name=name)
    return tensor


def xlogy(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x * log(y), but 0 where x is 0, whatever y is.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.math.xlogy([0.0, 1.0], [0.0, 2.0])).round(3)
      array([0.   , 0.693], dtype=float32)
    """
    tensor: Tensor = apply("Xlogy", x, y, name=name)
    return tensor
