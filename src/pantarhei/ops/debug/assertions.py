"""Assertions about tensors: relations, ranks and types, checked while building where that is
possible.

What static shapes and constants determine is decided at once, by an error; the rest becomes an
`Assert` to wait for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pantarhei.core import errors
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.identity import no_op
from pantarhei.ops.control_flow.checks import Assert
from pantarhei.ops.math.comparison import equal, greater, greater_equal, less, less_equal, not_equal
from pantarhei.ops.math.reductions import reduce_all


def _relation(
    symbol: str,
    op_name: str,
    compare: Callable[..., Tensor],
    x: Any,
    y: Any,
    data: Sequence[Any] | None,
    summarize: int | None,
    message: str | None,
    name: str | None,
) -> Operation:
    """The assertion that `compare(x, y)` holds everywhere; an error where it never can."""
    with name_scope(name, op_name, [x, y]):
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, name="y")
        if data is None:
            data = [
                f"Condition x {symbol} y did not hold element-wise:",
                f"x ({x.name}) = ",
                x,
                f"y ({y.name}) = ",
                y,
            ]
        if message is not None:
            data = [message, *data]
        condition = reduce_all(compare(x, y))
        holds = constant_value(condition)
        if holds is not None and not holds:
            raise errors.InvalidArgumentError(
                None,
                None,
                "\n".join(map(_known_text, data)),
                cause="both values are the same in every run, so every run would fail",
            )
        return Assert(condition, data, summarize=summarize)


def _known_text(each: Any) -> str:
    value = constant_value(each) if isinstance(each, Tensor) else None
    return str(each if value is None else value)


def _sign(
    symbol: str,
    op_name: str,
    relation: Callable[..., Operation],
    zero_first: bool,
    x: Any,
    data: Sequence[Any] | None,
    summarize: int | None,
    message: str | None,
    name: str | None,
) -> Operation:
    """The assertion that x stands in a relation to zero."""
    with name_scope(name, op_name, [x]):
        x = convert_to_tensor(x, name="x")
        if data is None:
            text = f"Condition x {symbol} 0 did not hold element-wise:"
            shown = f"x ({x.name}) = "
            # In this one assertion TensorFlow runs the two lines together.
            lines = [text + shown] if symbol == "<=" else [text, shown]
            data = [message or "", *lines, x]
        zero = convert_to_tensor(0, dtype=x.dtype)
        pair = (zero, x) if zero_first else (x, zero)
        return relation(*pair, data=data, summarize=summarize)


def assert_equal(
    x: Any,
    y: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless `x == y` holds for all elements, broadcast.

    Args:
      x: numbers.
      y: numbers of the same dtype.
      data: what the error shows; both tensors by default.
      summarize: how many elements of each tensor it shows.
      message: what it begins with.
      name: name scope; `assert_equal` by default.

    Raises:
      tf.errors.InvalidArgumentError: when it runs; at once where both values are known.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.assert_equal(1, 1))
    """
    # TensorFlow opens the scope here for this one case; so the names of all others have a number.
    with name_scope(name, "assert_equal", [x, y]):
        if x is y:
            return no_op()
    return _relation("==", "assert_equal", equal, x, y, data, summarize, message, name)


def assert_none_equal(
    x: Any,
    y: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless `x != y` holds for all elements, broadcast.

    Args:
      x: numbers.
      y: numbers of the same dtype.
      data: what the error shows; both tensors by default.
      summarize: how many elements of each tensor it shows.
      message: what it begins with.
      name: name scope; `assert_none_equal` by default.

    Raises:
      tf.errors.InvalidArgumentError: when it runs; at once where both values are known.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.assert_none_equal(1, 2))
    """
    return _relation("!=", "assert_none_equal", not_equal, x, y, data, summarize, message, name)


def assert_less(
    x: Any,
    y: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless `x < y` holds for all elements, broadcast.

    Args:
      x: numbers.
      y: numbers of the same dtype.
      data: what the error shows; both tensors by default.
      summarize: how many elements of each tensor it shows.
      message: what it begins with.
      name: name scope; `assert_less` by default.

    Raises:
      tf.errors.InvalidArgumentError: when it runs; at once where both values are known.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.assert_less(1, 2))
    """
    return _relation("<", "assert_less", less, x, y, data, summarize, message, name)


def assert_less_equal(
    x: Any,
    y: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless `x <= y` holds for all elements, broadcast.

    Args:
      x: numbers.
      y: numbers of the same dtype.
      data: what the error shows; both tensors by default.
      summarize: how many elements of each tensor it shows.
      message: what it begins with.
      name: name scope; `assert_less_equal` by default.

    Raises:
      tf.errors.InvalidArgumentError: when it runs; at once where both values are known.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.assert_less_equal(1, 1))
    """
    return _relation("<=", "assert_less_equal", less_equal, x, y, data, summarize, message, name)


def assert_greater(
    x: Any,
    y: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless `x > y` holds for all elements, broadcast.

    Args:
      x: numbers.
      y: numbers of the same dtype.
      data: what the error shows; both tensors by default.
      summarize: how many elements of each tensor it shows.
      message: what it begins with.
      name: name scope; `assert_greater` by default.

    Raises:
      tf.errors.InvalidArgumentError: when it runs; at once where both values are known.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.assert_greater(2, 1))
    """
    return _relation(">", "assert_greater", greater, x, y, data, summarize, message, name)


def assert_greater_equal(
    x: Any,
    y: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless `x >= y` holds for all elements, broadcast.

    Args:
      x: numbers.
      y: numbers of the same dtype.
      data: what the error shows; both tensors by default.
      summarize: how many elements of each tensor it shows.
      message: what it begins with.
      name: name scope; `assert_greater_equal` by default.

    Raises:
      tf.errors.InvalidArgumentError: when it runs; at once where both values are known.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.assert_greater_equal(1, 1))
    """
    return _relation(
        ">=", "assert_greater_equal", greater_equal, x, y, data, summarize, message, name
    )


def assert_negative(
    x: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless `x < 0` holds for all elements.

    Args:
      x: numbers.
      data: what the error shows; the tensor by default.
      summarize: how many elements of it are shown.
      message: what the error begins with.
      name: name scope; `assert_negative` by default.

    Raises:
      tf.errors.InvalidArgumentError: when it runs; at once where the value is known.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.assert_negative(-1))
    """
    return _sign("<", "assert_negative", assert_less, False, x, data, summarize, message, name)


def assert_positive(
    x: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless `x > 0` holds for all elements.

    Args:
      x: numbers.
      data: what the error shows; the tensor by default.
      summarize: how many elements of it are shown.
      message: what the error begins with.
      name: name scope; `assert_positive` by default.

    Raises:
      tf.errors.InvalidArgumentError: when it runs; at once where the value is known.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.assert_positive(1))
    """
    return _sign(">", "assert_positive", assert_less, True, x, data, summarize, message, name)


def assert_non_negative(
    x: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless `x >= 0` holds for all elements.

    Args:
      x: numbers.
      data: what the error shows; the tensor by default.
      summarize: how many elements of it are shown.
      message: what the error begins with.
      name: name scope; `assert_non_negative` by default.

    Raises:
      tf.errors.InvalidArgumentError: when it runs; at once where the value is known.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.assert_non_negative(0))
    """
    return _sign(
        ">=", "assert_non_negative", assert_less_equal, True, x, data, summarize, message, name
    )


def assert_non_positive(
    x: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless `x <= 0` holds for all elements.

    Args:
      x: numbers.
      data: what the error shows; the tensor by default.
      summarize: how many elements of it are shown.
      message: what the error begins with.
      name: name scope; `assert_non_positive` by default.

    Raises:
      tf.errors.InvalidArgumentError: when it runs; at once where the value is known.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.assert_non_positive(0))
    """
    return _sign(
        "<=", "assert_non_positive", assert_less_equal, False, x, data, summarize, message, name
    )
