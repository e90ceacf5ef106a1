"""Contractions of tensors along axes: tensordot and einsum, as matrix products.

Both bring the contracted axes together, make two matrices (or stacks of them) and multiply these,
with the operations that TensorFlow makes for it.
"""

from __future__ import annotations

import re
import string
from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.filling import range as range_
from pantarhei.ops.array.indexing import gather
from pantarhei.ops.array.joining import concat, stack
from pantarhei.ops.array.shapes import expand_dims, rank, reshape, shape
from pantarhei.ops.array.transposing import transpose
from pantarhei.ops.linalg.matrices import matmul, trace
from pantarhei.ops.math.comparison import where
from pantarhei.ops.math.reductions import reduce_prod, reduce_sum
from pantarhei.ops.search.distinct import setdiff1d

# --- tensordot ----------------------------------------------------------------------------------


def _integer(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _pair_of_axes(a: Tensor, axes: Any) -> tuple[Any, Any]:
    """The contracted axes of both tensors, as lists where they are known."""
    if _integer(axes):
        count = int(axes)
        if count < 0:
            raise ValueError("'axes' must be at least 0.")
        if a.shape.ndims is None:
            number = rank(a)
            last = range_(number - count, number, dtype=dtypes.int32)
            return last, range_(count, dtype=dtypes.int32)
        if count > a.shape.ndims:
            raise ValueError(
                f"'axes' must not be larger than the number of dimensions of tensor {a}."
            )
        return list(range(a.shape.ndims - count, a.shape.ndims)), list(range(count))
    if isinstance(axes, (list, tuple)):
        if len(axes) != 2:
            raise ValueError("'axes' must be an integer or have length 2.")
        first, second = axes
        if _integer(first) and _integer(second):
            first, second = [first], [second]
        if len(first) != len(second):
            raise ValueError(
                f"Different number of contraction axes 'a' and 'b', {len(first)} != {len(second)}."
            )
        return first, second
    both = convert_to_tensor(axes, name="axes", dtype=dtypes.int32)
    return both[0], both[1]


def _as_matrix(a: Tensor, axes: Any, axes_first: bool) -> tuple[Tensor, Any, list[Any] | None]:
    """`a` as a matrix with the contracted axes on one side; the extents of the others, twice.

    The extents are a list where all of them are known, else a tensor; and what is known of them.
    """
    listed = isinstance(axes, (list, tuple))
    known: list[Any] | None = None
    if a.shape.ndims is not None and listed:
        extents = a.shape.as_list()
        axes = [axis if axis >= 0 else axis + len(extents) for axis in axes]
        free = [axis for axis in range(len(extents)) if axis not in axes]
        known = [extents[axis] for axis in free]
        if None not in extents:
            sizes = [_product([extents[each] for each in some]) for some in (free, axes)]
            listing = [*axes, *free] if axes_first else [*free, *axes]
            matrix = reshape(transpose(a, listing), sizes[::-1] if axes_first else sizes)
            return matrix, known, known
        axes = convert_to_tensor(axes, dtype=dtypes.int32, name="axes")
        others: Any = convert_to_tensor(free, dtype=dtypes.int32, name="free")
        extent_tensor = shape(a)
    else:
        extent_tensor = shape(a)
        number = rank(a)
        axes = convert_to_tensor(axes, dtype=dtypes.int32, name="axes")
        axes = where(axes >= 0, axes, axes + number)
        others = setdiff1d(range_(number), axes).out
    free_extents = gather(extent_tensor, others)
    axis_extents = gather(extent_tensor, axes)
    free_size, axis_size = reduce_prod(free_extents), reduce_prod(axis_extents)
    if axes_first:
        order, size = concat([axes, others], 0), stack([axis_size, free_size])
    else:
        order, size = concat([others, axes], 0), stack([free_size, axis_size])
    return reshape(transpose(a, order), size), free_extents, known


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Tensor:
    """Sums of products over some axes of two tensors.

    Args:
      a: a tensor.
      b: a tensor of the same dtype.
      axes: a number n, for the last n axes of `a` and the first n of `b`; or two lists: the axes of
        `a` and the axes of `b` that go with them.
      name: name of the operation.

    Returns:
      A tensor with the other axes of `a`, then those of `b`.

    Raises:
      ValueError: axes that the tensors do not have, or not equally many, or extents that differ.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.tensordot([[1, 2], [3, 4]], [10, 1], 1))
      array([12, 34], dtype=int32)
    """
    with name_scope(name, "Tensordot", [a, b, axes]) as scope:
        x, y = convert_to_tensor(a, name="a"), convert_to_tensor(b, name="b")
        first, second = _pair_of_axes(x, axes)
        left, left_extents, left_known = _as_matrix(x, first, axes_first=False)
        right, right_extents, right_known = _as_matrix(y, second, axes_first=True)
        product = matmul(left, right)
        if isinstance(left_extents, list) and isinstance(right_extents, list):
            return reshape(product, left_extents + right_extents, name=scope)
        extents = [
            convert_to_tensor(each, dtype=dtypes.int32) for each in (left_extents, right_extents)
        ]
        result = reshape(product, concat(extents, 0), name=scope)
        if left_known is not None and right_known is not None:
            result.set_shape(left_known + right_known)
        return result


# --- einsum -------------------------------------------------------------------------------------


def einsum(equation: str, *inputs: Any, **options: Any) -> Tensor:
    """Sums of products of elements, described by labels for the axes.

    Args:
      equation: labels of the inputs' axes, comma between inputs, after `->` those of the result:
        `"ij,jk->ik"` is the product of two matrices. Labels that the result lacks are summed over.
        Without `->`, the result has those labels that occur once, sorted. `...` stands for further
        axes.
      *inputs: one tensor for each group of labels.
      **options: `name`, the scope of the operations.

    Raises:
      ValueError: an equation that is none, or does not fit the ranks. TypeError: another option.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.einsum("ij,j->i", [[1, 2], [3, 4]], [10, 1]))
      array([12, 34], dtype=int32)
    """
    name = options.pop("name", None)
    if options:
        unknown = ", ".join(sorted(options))
        raise TypeError(f"invalid keyword arguments for this function: {unknown}")
    with name_scope(name, "einsum", [equation, inputs]):
        tensors = [convert_to_tensor(each) for each in inputs]
        labels, result_labels = _resolved(equation, [each.shape.ndims for each in tensors])
        if len(labels) == 1 and "->" not in equation and re.fullmatch(r"(.)\1", labels[0]):
            return trace(tensors[0])
        for each in labels:
            if len(set(each)) < len(each):
                raise ValueError(f"Subscript not supported: an axis appears more than once: {each}")
        for label in sorted(set("".join(labels)) - set(result_labels)):
            if sum(label in each for each in labels) > 2:
                return _all_at_once(tensors, labels, result_labels)
        found, left = tensors[0], labels[0]
        for tensor, right in zip(tensors[1:], labels[1:], strict=True):
            summed = (set(left) & set(right)) - set(result_labels)
            found, left = _of_two(found, left, tensor, right, summed)
        if set(left) - set(result_labels):
            axes = [axis for axis, label in enumerate(left) if label not in result_labels]
            found = reduce_sum(found, axis=axes)
            left = "".join(label for label in left if label in result_labels)
        if sorted(left) != sorted(result_labels):
            raise ValueError(f"Invalid equation: {equation}")
        return _transposed(found, [left.index(label) for label in result_labels])


def _resolved(equation: str, ranks: list[int | None]) -> tuple[list[str], str]:
    """The labels of the inputs and of the result, with labels of their own for `...`."""
    text = equation.replace(" ", "")
    match = re.match("^([a-zA-Z,.]+)(->[a-zA-Z.]*)?$", text)
    if not match:
        raise ValueError(f"Indices have incorrect format: {text}")
    labels = match.group(1).split(",")
    result = match.group(2)[2:] if match.group(2) else None
    if len(ranks) != len(labels):
        raise ValueError(
            f'Got {len(ranks)} arguments for equation "{text}", expecting {len(labels)}'
        )
    further = ""
    if "..." in text:
        unused = "".join(each for each in string.ascii_letters if each not in "".join(labels))
        for index, each in enumerate(labels):
            if "..." in each:
                own = _labels_of_ellipsis(each, ranks[index], unused)
                labels[index] = each.replace("...", own)
                further = max(further, own, key=len)
        if any("." in each for each in labels):
            raise ValueError('period "." found outside of ellipsis')
        if result is not None:
            result = result.replace("...", further)
            if "." in result:
                raise ValueError('period "." found outside of ellipsis')
    if result is None:
        named = [label for each in labels for label in each if label not in further]
        result = further + "".join(sorted(each for each in set(named) if named.count(each) == 1))
    return labels, result


def _labels_of_ellipsis(labels: str, number: int | None, unused: str) -> str:
    """Labels, out of the unused ones, for the axes that `...` stands for."""
    if labels.count("...") != 1:
        raise ValueError("Unable to resolve ellipsis. Excess number found.")
    if number is None:
        raise ValueError("Unable to statically infer ellipsis axes.")
    missing = number - len(labels.replace("...", ""))
    if missing < 0:
        raise ValueError("Ellipses lengths do not match.")
    if len(unused) < missing:
        raise ValueError("Unable to resolve ellipsis, too many distinct labels.")
    return unused[-missing:] if missing else ""


def _of_two(
    x: Tensor, x_labels: str, y: Tensor, y_labels: str, summed: set[str]
) -> tuple[Tensor, str]:
    """The product of two tensors, summed over some labels of both; and its labels."""
    for name, tensor, labels in (("t0", x, x_labels), ("t1", y, y_labels)):
        if len(labels) != tensor.shape.ndims:
            raise ValueError(
                f"Tensor {name} of rank {tensor.shape.ndims} does not match einsum reduction of "
                f"length {len(labels)}"
            )
    shared = (set(x_labels) & set(y_labels)) - summed
    only_x, only_y = set(x_labels) - shared - summed, set(y_labels) - shared - summed
    # Shared labels first; what is summed over is last in the left factor, next in the right one.
    x_order = sorted(x_labels, key=lambda a: (-1 if a in shared else int(a not in only_x), a))
    y_order = sorted(y_labels, key=lambda a: (-1 if a in shared else int(a not in summed), a))
    x = _transposed(x, [x_labels.index(label) for label in x_order])
    y = _transposed(y, [y_labels.index(label) for label in y_order])
    if not summed:
        for _ in only_y:
            x = expand_dims(x, -1)
        for _ in only_x:
            y = expand_dims(y, len(shared))
        product: Tensor = apply("Mul", x, y)
        return product, "".join([*x_order, *y_order[len(shared) :]])
    x_extents = _extents(x)
    rows, inner = (
        _product(x_extents[len(shared) : -len(summed)]),
        _product(x_extents[-len(summed) :]),
    )
    x = _reshaped(x, [*x_extents[: len(shared)], rows, inner])
    y_extents = _extents(y)
    columns = _product(y_extents[len(shared) + len(summed) :])
    y = _reshaped(y, [*y_extents[: len(shared)], inner, columns])
    kept_x, kept_y = len(shared) + len(only_x), len(y_order) - len(only_y)
    product = _reshaped(matmul(x, y), x_extents[:kept_x] + y_extents[kept_y:])
    return product, "".join(x_order[:kept_x] + y_order[kept_y:])


def _transposed(x: Tensor, order: list[int]) -> Tensor:
    return x if order == list(range(len(order))) else transpose(x, order)


def _reshaped(x: Tensor, extents: list[Any]) -> Tensor:
    """`x` under another shape, unless it has it already."""
    known = x.shape.as_list()
    if len(known) == len(extents) and all(
        not isinstance(new, Tensor) and new in (old, -1)
        for old, new in zip(known, extents, strict=True)
    ):
        return x
    return reshape(x, tuple(extents))


def _extents(x: Tensor) -> list[Any]:
    """The extents of `x`, tensors for those that are not known."""
    extents: list[Any] = x.shape.as_list()
    if None in extents:
        computed = shape(x)
        extents = [computed[axis] if each is None else each for axis, each in enumerate(extents)]
    return extents


def _product(extents: list[Any]) -> Any:
    result: Any = 1
    for each in extents:
        result = result * each
    return result


def _all_at_once(tensors: list[Tensor], labels: list[str], result_labels: str) -> Tensor:
    """The product over all labels at once, where one is summed over in more than two inputs."""
    every = set("".join(labels))
    if set(result_labels) - every:
        raise ValueError(f"Unknown output axes: {set(result_labels) - every}")
    order = sorted(every - set(result_labels)) + list(result_labels)
    extents_of: dict[str, set[int]] = {label: set() for label in order}
    moved: list[Tensor] = []
    shapes: list[list[int]] = []
    for index, (tensor, own) in enumerate(zip(tensors, labels, strict=True)):
        if tensor.shape.ndims != len(own):
            raise ValueError(
                f"Input {index} with axes {own} has incorrect number of dimensions "
                f"(expected {len(own)}, got {tensor.shape.ndims})"
            )
        known = dict(zip(own, tensor.shape.as_list(), strict=True))
        for label, extent in known.items():
            extents_of[label] |= {extent} if extent is not None and extent > 1 else set()
        places = [own.index(label) for label in order if label in own]
        moved.append(_transposed(tensor, places))
        shapes.append([(known[label] or -1) if label in own else 1 for label in order])
    for label, found in extents_of.items():
        if len(found) > 1:
            raise ValueError(f"Dimension mismatch on axis: {label}")
    product: Any = 1
    for factor in [reshape(*each) for each in zip(moved, shapes, strict=True)]:
        product = product * factor
    return reduce_sum(product, list(range(len(order) - len(result_labels))))
