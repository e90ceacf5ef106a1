"""Assertions about what tensors are: their rank, their dtype, how near they are to others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pantarhei.core import dtypes, errors
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops import operators as _operators  # noqa: F401 - tolerances are computed with them
from pantarhei.ops.array.identity import no_op
from pantarhei.ops.array.shapes import rank as rank_of
from pantarhei.ops.array.shapes import shape
from pantarhei.ops.control_flow.checks import Assert
from pantarhei.ops.control_flow.dependencies import with_dependencies
from pantarhei.ops.math.comparison import equal, greater_equal, less, logical_or
from pantarhei.ops.math.reductions import reduce_all
from pantarhei.ops.math.unary import abs


def assert_near(
    x: Any,
    y: Any,
    rtol: Any = None,
    atol: Any = None,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless `|x - y| < atol + rtol * |y|` holds for all elements.

    Args:
      x: floating numbers.
      y: numbers of the same dtype.
      rtol: relative tolerance; ten times the dtype's epsilon by default.
      atol: absolute tolerance; the same.
      data: what the error shows; both tensors by default.
      summarize: how many elements of each tensor it shows.
      message: what it begins with.
      name: name scope; `assert_near` by default.

    Raises:
      tf.errors.InvalidArgumentError: when it runs.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.debugging.assert_near(1.0, 1.0 + 1e-7))
    """
    with name_scope(name, "assert_near", [x, y, rtol, atol]):
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, name="y", dtype=x.dtype)
        if not (x.dtype.is_floating or x.dtype.is_complex):
            raise ValueError(
                errors.described(
                    f"data type {x.dtype.as_numpy_dtype!r} not inexact",
                    x.op,
                    cause="only floating and complex numbers have a distance between neighbours",
                    cure="compare integers with tf.debugging.assert_equal",
                )
            )
        default = 10 * np.finfo(x.dtype.as_numpy_dtype).eps
        rtol = convert_to_tensor(default if rtol is None else rtol, name="rtol", dtype=x.dtype)
        atol = convert_to_tensor(default if atol is None else atol, name="atol", dtype=x.dtype)
        if data is None:
            data = [
                message or "",
                f"x and y not equal to tolerance rtol = {rtol}, atol = {atol}",
                f"x ({x.name}) = ",
                x,
                f"y ({y.name}) = ",
                y,
            ]
        tolerance = atol + rtol * abs(y)
        condition = reduce_all(less(abs(x - y), tolerance))
        return Assert(condition, data, summarize=summarize)


class _RankFault(Exception):
    """The static rank is not as asserted."""


def _ranked(
    x: Tensor,
    ranks: Sequence[Tensor],
    fits: Callable[[int, Sequence[int]], bool],
    condition: Callable[[Tensor], Tensor],
    data: Sequence[Any],
    summarize: int | None,
) -> Operation:
    """The assertion about the rank of `x`; nothing to run where the static ranks suffice."""
    for each in ranks:
        assert_type(each, dtypes.int32)
    known = [constant_value(each) for each in ranks]
    if all(each is not None for each in known):
        if any(each.ndim for each in known if each is not None):
            raise ValueError("Rank must be a scalar.")
        if x.shape.ndims is not None:
            if not fits(x.shape.ndims, [int(each) for each in known if each is not None]):
                raise _RankFault
            return no_op(name="static_checks_determined_all_ok")
    holds = condition(rank_of(x))
    for each, value in zip(ranks, known, strict=True):
        if value is None:
            scalar = assert_rank(each, 0, data=["Rank must be a scalar. Received rank: ", each])
            holds = with_dependencies([scalar], holds)
    return Assert(holds, data, summarize=summarize)


def _one_rank(
    wording: str,
    op_name: str,
    fits: Callable[[int, int], bool],
    compare: Callable[..., Tensor],
    x: Any,
    rank: Any,
    data: Sequence[Any] | None,
    summarize: int | None,
    message: str | None,
    name: str | None,
) -> Operation:
    with name_scope(name, op_name, [x, rank, *(data or [])]):
        x = convert_to_tensor(x, name="x")
        rank = convert_to_tensor(rank, name="rank")
        message = message or ""
        if data is None:
            data = [message, f"Tensor {x.name} {wording}", rank, "Received shape: ", shape(x)]
        try:
            return _ranked(
                x,
                [rank],
                lambda actual, given: fits(actual, given[0]),
                lambda actual: compare(actual, rank),
                data,
                summarize,
            )
        except _RankFault:
            raise ValueError(
                f"{message}.  Tensor {x.name} {wording} {constant_value(rank)}.  "
                f"Received rank {x.shape.ndims}, shape {x.shape}"
            ) from None


def assert_rank(
    x: Any,
    rank: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless `x` has that rank.

    Args:
      x: a tensor.
      rank: an int32 scalar.
      data: what the error shows; the tensor's shape by default.
      summarize: how many elements of each tensor it shows.
      message: what it begins with.
      name: name scope; `assert_rank` by default.

    Raises:
      ValueError: the static shape has another rank. tf.errors.InvalidArgumentError: when it runs.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.assert_rank([1.0, 2.0], 1))
    """
    return _one_rank(
        "must have rank",
        "assert_rank",
        lambda actual, given: actual == given,
        equal,
        x,
        rank,
        data,
        summarize,
        message,
        name,
    )


def assert_rank_at_least(
    x: Any,
    rank: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless `x` has that rank or a higher one; see `tf.assert_rank`."""
    return _one_rank(
        "must have rank at least",
        "assert_rank_at_least",
        lambda actual, given: actual >= given,
        greater_equal,
        x,
        rank,
        data,
        summarize,
        message,
        name,
    )


def assert_rank_in(
    x: Any,
    ranks: Sequence[Any],
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless `x` has one of several ranks; see `tf.assert_rank`."""
    with name_scope(name, "assert_rank_in", [x, *ranks, *(data or [])]):
        x = convert_to_tensor(x, name="x")
        given = [convert_to_tensor(rank, name="rank") for rank in ranks]
        message = message or ""
        if data is None:
            data = [
                message,
                f"Tensor {x.name} must have rank in",
                *given,
                "Received shape: ",
                shape(x),
            ]

        def one_of(actual: Tensor) -> Tensor:
            if not given:
                return convert_to_tensor(False)
            holds = equal(given[0], actual)
            for each in given[1:]:
                holds = logical_or(holds, equal(each, actual))
            return holds

        try:
            return _ranked(x, given, lambda actual, all: actual in all, one_of, data, summarize)
        except _RankFault:
            wanted = tuple(int(constant_value(each)) for each in given)  # type: ignore[arg-type]
            raise ValueError(
                f"{message}.  Tensor {x.name} must have rank in {wanted}.  "
                f"Received rank {x.shape.ndims}, shape {x.shape}"
            ) from None


def assert_scalar(tensor: Any, name: str | None = None, message: str | None = None) -> Tensor:
    """`tensor`, which has to be known to be a scalar.

    Raises:
      ValueError: it is not.
    """
    with name_scope(name, "assert_scalar", [tensor]) as scope:
        tensor = convert_to_tensor(tensor, name=scope)
        if tensor.shape.ndims != 0:
            raise ValueError(
                f"{message or ''}Expected scalar shape for {tensor.name}, saw shape: "
                f"{tensor.shape}."
            )
        return tensor


def assert_integer(x: Any, message: str | None = None, name: str | None = None) -> Operation:
    """An operation without effect; an error where `x` is of no integer dtype.

    Raises:
      TypeError: it is not.
    """
    with name_scope(name, "assert_integer", [x]):
        x = convert_to_tensor(x, name="x")
        if not x.dtype.is_integer:
            raise TypeError(
                f'{message or ""}  Expected "x" to be integer type.  Found: {x.name} of dtype '
                f"{x.dtype!r}"
            )
        return no_op("statically_determined_was_integer")


def assert_type(
    tensor: Any, tf_type: Any, message: str | None = None, name: str | None = None
) -> Operation:
    """An operation without effect; an error where `tensor` is of another dtype.

    Args:
      tensor: a tensor.
      tf_type: the dtype it has to have.
      message: what the error begins with.
      name: name scope; `assert_type` by default.

    Raises:
      TypeError: it has another one.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.assert_type(1.0, tf.float32))
    """
    with name_scope(name, "assert_type", [tensor]):
        tensor = convert_to_tensor(tensor, name="tensor")
        if tensor.dtype != tf_type:
            raise TypeError(f"{message or ''}  {tensor.name} must be of type {tf_type!s}")
        return no_op("statically_determined_correct_type")


def is_numeric_tensor(tensor: Any) -> bool:
    """Whether an object is a tensor of numbers."""
    return isinstance(tensor, Tensor) and (
        tensor.dtype.is_floating or tensor.dtype.is_integer or tensor.dtype.is_complex
    )
