"""Distinct elements of vectors, differences of vectors, counts of whole numbers, permutations.

How many elements are distinct is data: such results are found by a step of the host, unless the
vector is known beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import shape_error, with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.shapes import shape
from pantarhei.ops.host.results import host_results
from pantarhei.ops.math.reductions import reduce_max, reduce_prod
from pantarhei.ops.search.repeated_rows import may_repeat
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Array, ProgramError, Value


class Unique(NamedTuple):
    """The distinct elements, and for each element the position of its equal among them."""

    y: Tensor
    idx: Tensor


class UniqueWithCounts(NamedTuple):
    """As `Unique`, with how often each of the distinct elements occurs."""

    y: Tensor
    idx: Tensor
    count: Tensor  # type: ignore[assignment]  # hides a method of tuples, as TensorFlow's does


class ListDiff(NamedTuple):
    """The elements that remain, and their positions."""

    out: Tensor
    idx: Tensor


def _distinct(x: Array, dtype: Any) -> tuple[Array, Array, Array]:
    """Distinct elements in the order of their first occurrence; NaN equals nothing."""
    seen: dict[Any, int] = {}
    positions = np.empty(len(x), dtype)
    kept = []
    for place, element in enumerate(x.tolist()):
        key = element if element == element else (place,)
        if key not in seen:
            seen[key] = len(seen)
            kept.append(place)
        positions[place] = seen[key]
    counts = np.bincount(positions.astype(np.int64), minlength=len(kept)).astype(dtype)
    return x[np.array(kept, np.int64)], positions, counts


class UniqueDefinition(OpDef, type="Unique"):
    """The distinct elements of a vector."""

    signature = "x: T -> y: T, idx: out_idx | T: type | out_idx: index = int32"

    def infer(self, op: Operation) -> list[TensorShape]:
        return [TensorShape([None]), with_rank(op, 0, 1)]

    def lower(self, b: Builder, op: Operation, x: Value) -> list[Value]:
        if x.ndim != 1:
            raise ProgramError("unique expects a 1D vector.")
        dtype = op.attributes["out_idx"].numpy
        # Without its shape being data, such a step may be one program.
        if x.constant is None and x.dtype.kind == "i" and _may_repeat(b, op):
            return list(b.unique_repeated(x, dtype=dtype))
        return host_results(b, lambda array: _distinct(array, dtype)[:2], [x])


def _may_repeat(b: Any, op: Operation) -> bool:
    if not hasattr(type(b), "host"):
        return False
    return may_repeat(op, set(b.pending), {*b.fetched, *b.values})


class UniqueWithCountsDefinition(OpDef, type="UniqueWithCounts"):
    """The distinct elements of a vector, and how often each occurs."""

    signature = "x: T -> y: T, idx: out_idx, count: out_idx | T: type | out_idx: index = int32"

    def infer(self, op: Operation) -> list[TensorShape]:
        return [TensorShape([None]), with_rank(op, 0, 1), TensorShape([None])]

    def lower(self, b: Builder, op: Operation, x: Value) -> list[Value]:
        if x.ndim != 1:
            raise ProgramError("unique expects a 1D vector.")
        dtype = op.attributes["out_idx"].numpy
        return host_results(b, lambda array: _distinct(array, dtype), [x])


def unique(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> Unique:
    """The distinct elements of a vector, in the order in which they first occur.

    Args:
      x: a vector of any dtype.
      out_idx: dtype of the positions.
      name: name of the operation.

    Returns:
      `y`, the distinct elements, and `idx`, such that `y[idx[i]]` is `x[i]`.

    Raises:
      ValueError: `x` is not a vector.

    Example:
      >>> import pantarhei as tf
      >>> y, idx = tf.Session().run(tf.unique([7, 7, 3, 7]))
      >>> print(y, idx)
      [7 3] [0 0 1 0]
    """
    return Unique(*apply("Unique", x, out_idx=out_idx, name=name))


def unique_with_counts(
    x: Any, out_idx: Any = dtypes.int32, name: str | None = None
) -> UniqueWithCounts:
    """As `tf.unique`, with how often each of the distinct elements occurs as `count`.

    Raises:
      ValueError: `x` is not a vector.

    Example:
      >>> import pantarhei as tf
      >>> y, idx, count = tf.Session().run(tf.unique_with_counts([7, 7, 3, 7]))
      >>> print(y, count)
      [7 3] [3 1]
    """
    return UniqueWithCounts(*apply("UniqueWithCounts", x, out_idx=out_idx, name=name))


class ListDiffDefinition(OpDef, type="ListDiff"):
    """The elements of one vector that another one does not have."""

    signature = "x: T, y: T -> out: T, idx: out_idx | T: type | out_idx: index = int32"

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 0, 1)
        with_rank(op, 1, 1)
        return [TensorShape([None]), TensorShape([None])]

    def lower(self, b: Builder, op: Operation, x: Value, y: Value) -> list[Value]:
        for name, each in (("x", x), ("y", y)):
            if each.ndim != 1:
                raise ProgramError(f"{name} should be a 1D vector.")
        dtype = op.attributes["out_idx"].numpy

        def difference(first: Array, second: Array) -> Sequence[Array]:
            taken = set(second.tolist())
            kept = [each not in taken for each in first.tolist()]
            places = np.flatnonzero(np.array(kept, bool))
            return first[places], places.astype(dtype)

        return host_results(b, difference, [x, y])


def setdiff1d(x: Any, y: Any, index_dtype: Any = dtypes.int32, name: str | None = None) -> ListDiff:
    """The elements of a vector that another one does not have, in their order.

    Args:
      x: a vector.
      y: a vector of the same dtype: what is left out.
      index_dtype: dtype of the positions.
      name: name of the operation.

    Returns:
      `out`, the elements that remain, and `idx`, their positions in `x`.

    Raises:
      ValueError: an argument is not a vector.

    Example:
      >>> import pantarhei as tf
      >>> out, idx = tf.Session().run(tf.setdiff1d([1, 2, 3, 4], [2, 4]))
      >>> print(out, idx)
      [1 3] [0 2]
    """
    return ListDiff(*apply("ListDiff", x, y, out_idx=index_dtype, name=name))


class InvertPermutation(OpDef):
    """The permutation that undoes another one."""

    signature = "x: T -> y: T | T: index = int32"
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [with_rank(op, 0, 1)]

    def lower(self, b: Builder, op: Operation, x: Value) -> Value:
        if x.ndim != 1:
            raise ProgramError("invert_permutation expects a 1D vector.")
        count = x.size
        message = f"{{wrong}} is not between 0 and {count}"
        x = b.check_range(x, limit=count, message=message)
        zeros = b.constant(np.zeros(count, x.dtype))
        places = b.reshape(x, shape=(count, 1))
        uses = b.scatter(zeros, places, b.constant(np.ones(count, x.dtype)), combine="add")
        # -1 for the positions that occur once.
        twice = b.where(b.less(b.gather(uses, x, axis=0), 2), b.constant(-1, x.dtype), x)
        twice = b.check_range(twice, limit=0, low=-1, message="{wrong} is duplicated in the input.")
        places = b.reshape(b.maximum(x, twice), shape=(count, 1))
        result: Value = b.scatter(zeros, places, b.iota(size=count, dtype=x.dtype), combine="add")
        return result


def invert_permutation(x: Any, name: str | None = None) -> Tensor:
    """The permutation that undoes the permutation `x` of 0 ... n - 1.

    Args:
      x: an integer vector.
      name: name of the operation.

    Raises:
      ValueError: `x` is not a vector. InvalidArgumentError: it is not a permutation.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.invert_permutation([3, 4, 0, 2, 1]))
      array([2, 4, 3, 0, 1], dtype=int32)
    """
    result: Tensor = apply("InvertPermutation", x, name=name)
    return result


class Bincount(OpDef):
    """How often each whole number below a limit occurs, or the sum of the weights where it does."""

    signature = (
        "arr: int32, size: int32, weights: T -> bins: T | T: {int32, int64, float32, float64}"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 1, 0)
        value = constant_value(op.inputs[1])
        size = None if value is None else int(value)
        if size is not None and size < 0:
            raise shape_error(op, f"size ({size}) must be non-negative", computed=(1,))
        return [TensorShape([size])]

    def lower(self, b: Builder, op: Operation, arr: Value, size: Value, weights: Value) -> Value:
        count = int(b.static(size))
        if count < 0:
            raise ProgramError(f"size ({count}) must be non-negative")
        if weights.size not in (0, arr.size):
            raise ProgramError("Size of weights must be the same as that of arr, or 0")
        limit = int(np.iinfo(arr.dtype).max)
        arr = b.check_range(arr, limit=limit, message="Input arr must be non-negative!")
        # One bin more, which takes what is beyond the limit.
        places = b.reshape(b.minimum(arr, count), shape=(arr.size, 1))
        zeros = b.constant(np.zeros(count + 1, weights.dtype))
        if weights.size:
            each = b.reshape(weights, shape=(arr.size,))
        else:
            each = b.constant(np.ones(arr.size, weights.dtype))
        bins = b.scatter(zeros, places, each, combine="add")
        result: Value = b.slice(bins, start=(0,), stop=(count,), step=(1,))
        return result


def bincount(
    arr: Any,
    weights: Any = None,
    minlength: Any = None,
    maxlength: Any = None,
    dtype: Any = dtypes.int32,
) -> Tensor:
    """How often each whole number occurs.

    Args:
      arr: whole numbers that are not negative, int32.
      weights: of the shape of `arr`: their sums for equal numbers instead of counts.
      minlength: length that the result has at least, with zeros at the end.
      maxlength: length that it has at most: larger numbers are not counted.
      dtype: dtype of the counts, where there are no weights.

    Returns:
      A vector with one more element than the largest number, within the two limits.

    Raises:
      InvalidArgumentError: a negative number.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.bincount([1, 1, 3, 1]))
      array([0, 3, 0, 1], dtype=int32)
    """
    with name_scope("bincount"):
        numbers = convert_to_tensor(arr, name="arr", dtype=dtypes.int32)
        some = reduce_prod(shape(numbers)) > 0
        size = cast(some, dtypes.int32) * (reduce_max(numbers) + 1)
        if minlength is not None:
            limit = convert_to_tensor(minlength, name="minlength", dtype=dtypes.int32)
            size = apply("Maximum", limit, size)
        if maxlength is not None:
            limit = convert_to_tensor(maxlength, name="maxlength", dtype=dtypes.int32)
            size = apply("Minimum", limit, size)
        result: Tensor
        if weights is not None:
            weights = convert_to_tensor(weights, name="weights")
            result = apply("UnsortedSegmentSum", weights, numbers, size)
        else:
            result = apply("Bincount", numbers, size, constant([], dtype))
        return result
