"""Functions applied along the first dimension of tensors: `map_fn`, `foldl`, `foldr`, `scan`.

Each is a loop that reads the elements from tensor arrays, one in every iteration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pantarhei.core import nest
from pantarhei.core.dimensions import Dimension
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.ops.control_flow.tensor_array import TensorArray
from pantarhei.ops.control_flow.while_loop import while_loop


def map_fn(
    fn: Callable[[Any], Any],
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
) -> Any:
    """`fn` of every element along the first dimension, side by side.

    Args:
      fn: takes one element of `elems`, in its structure; returns a tensor or a structure of them.
      elems: a tensor, or a structure of tensors of the same first extent.
      dtype: dtypes of the results, in the structure that `fn` returns; those of `elems` by default.
      parallel_iterations: see `tf.while_loop`.
      back_prop: whether gradients flow through the loop.
      swap_memory: see `tf.while_loop`.
      infer_shape: whether all results have one shape.
      name: name scope; `map` by default.

    Returns:
      A tensor, or tensors in the structure of `dtype`.

    Raises:
      TypeError: `fn` is not callable, it returns another structure. ValueError: `elems` are
      scalars.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.map_fn(lambda x: x * x, tf.constant([1, 2, 3])))
      array([1, 4, 9], dtype=int32)
    """
    _check_callable(fn)
    flat = nest.flatten(elems)
    with name_scope(name, "map", flat):
        flat = _converted(flat)
        kinds = dtype or nest.pack(elems, [each.dtype for each in flat])
        if flat[0].shape.ndims == 0:
            if len(flat) == 1:
                raise ValueError("elems must be a 1+ dimensional Tensor, not a scalar")
            raise ValueError("elements in elems must be 1+ dimensional Tensors, not scalars")
        count = _extent(flat[0])
        sources = _unstacked([_array(each, count) for each in flat], flat)
        i = constant(0)
        results = [
            TensorArray(kind, size=count, dynamic_size=False, infer_shape=infer_shape)
            for kind in nest.flatten(kinds)
        ]

        def body(i: Tensor, arrays: list[TensorArray]) -> Any:
            values = fn(nest.pack(elems, [each.read(i) for each in sources]))
            nest.assert_same_structure(dtype or elems, values)
            pairs = zip(arrays, nest.flatten(values), strict=True)
            arrays = [array.write(i, value) for array, value in pairs]
            return i + 1, arrays

        _, arrays = while_loop(
            lambda i, _: i < count,
            body,
            (i, results),
            parallel_iterations=parallel_iterations or 10,
            back_prop=back_prop,
            swap_memory=swap_memory,
            maximum_iterations=count,
        )
        return nest.pack(kinds, _stacked(arrays, flat))


def foldl(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """`fn(... fn(fn(initializer, elems[0]), elems[1]) ..., elems[-1])`.

    Args:
      fn: takes what has been folded so far and an element, returns what is folded then.
      elems: a tensor, or a structure of tensors of the same first extent.
      initializer: what to begin with; the first element by default.
      parallel_iterations: see `tf.while_loop`.
      back_prop: whether gradients flow through the loop.
      swap_memory: see `tf.while_loop`.
      name: name scope; `foldl` by default.

    Raises:
      TypeError: `fn` is not callable.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.foldl(lambda a, x: 10 * a + x, tf.constant([1, 2, 3]))))
      123
    """
    _check_callable(fn)
    with name_scope(name, "foldl", nest.flatten(elems)):
        sources, count = _sources(elems)
        if initializer is None:
            start = nest.map_structure(lambda each: each.read(0), sources)
            i = constant(1)
        else:
            start, i = initializer, constant(0)

        def body(i: Tensor, folded: Any) -> Any:
            element = nest.map_structure(lambda each: each.read(i), sources)
            folded = fn(folded, element)
            return [i + 1, folded]

        return while_loop(
            lambda i, _: i < count,
            body,
            [i, start],
            parallel_iterations=parallel_iterations,
            back_prop=back_prop,
            swap_memory=swap_memory,
            maximum_iterations=count,
        )[1]


def foldr(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """`fn(... fn(fn(initializer, elems[-1]), elems[-2]) ..., elems[0])`.

    Args:
      fn: takes what has been folded so far and an element, returns what is folded then.
      elems: a tensor, or a structure of tensors of the same first extent.
      initializer: what to begin with; the last element by default.
      parallel_iterations: see `tf.while_loop`.
      back_prop: whether gradients flow through the loop.
      swap_memory: see `tf.while_loop`.
      name: name scope; `foldr` by default.

    Raises:
      TypeError: `fn` is not callable.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.foldr(lambda a, x: 10 * a + x, tf.constant([1, 2, 3]))))
      321
    """
    _check_callable(fn)
    with name_scope(name, "foldr", nest.flatten(elems)):
        sources, count = _sources(elems)
        if initializer is None:
            i = count - 1
            start = nest.map_structure(lambda each: each.read(i), sources)
        else:
            start, i = initializer, count

        def body(i: Tensor, folded: Any) -> Any:
            i -= 1
            element = nest.map_structure(lambda each: each.read(i), sources)
            return [i, fn(folded, element)]

        return while_loop(
            lambda i, _: i > 0,
            body,
            [i, start],
            parallel_iterations=parallel_iterations,
            back_prop=back_prop,
            swap_memory=swap_memory,
            maximum_iterations=count,
        )[1]


def scan(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """What `foldl` goes through, side by side.

    Args:
      fn: takes the last result and an element, returns the next result in the structure of the
        last.
      elems: a tensor, or a structure of tensors of the same first extent.
      initializer: what to begin with; by default the first element, which is the first result then.
      parallel_iterations: see `tf.while_loop`.
      back_prop: whether gradients flow through the loop.
      swap_memory: see `tf.while_loop`.
      infer_shape: whether all results have one shape.
      reverse: whether to go from the last element to the first.
      name: name scope; `scan` by default.

    Returns:
      Tensors of the first extent of `elems`, in the structure of `initializer`.

    Raises:
      TypeError: `fn` is not callable, it returns another structure.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.scan(lambda a, x: a + x, tf.constant([1, 2, 3])))
      array([1, 3, 6], dtype=int32)
    """
    _check_callable(fn)
    flat = nest.flatten(elems)
    structure = elems if initializer is None else initializer
    with name_scope(name, "scan", flat):
        flat = _converted(flat)
        known = flat[0].shape.as_list()[0]
        count: Any = shape_of(flat[0])[0] if known is None else known
        sources = _unstacked([_array(each, count, each.shape[1:]) for each in flat], flat)
        if initializer is None:
            start = [each.read(count - 1 if reverse else 0) for each in sources]
            i = 1
        else:
            start, i = [convert_to_tensor(each) for each in nest.flatten(initializer)], 0
        results = [
            TensorArray(
                each.dtype,
                size=count,
                element_shape=each.shape if infer_shape else None,
                dynamic_size=False,
                infer_shape=infer_shape,
            )
            for each in start
        ]
        if initializer is None:
            results = [
                array.write(count - 1 if reverse else 0, each)
                for array, each in zip(results, start, strict=True)
            ]

        def body(i: Tensor, folded: list[Tensor], arrays: list[TensorArray]) -> Any:
            element = nest.pack(elems, [each.read(i) for each in sources])
            result = fn(nest.pack(structure, folded), element)
            nest.assert_same_structure(structure, result)
            following = nest.flatten(result)
            pairs = zip(arrays, following, strict=True)
            arrays = [array.write(i, each) for array, each in pairs]
            return (i - 1 if reverse else i + 1), following, arrays

        def goes_on(i: Tensor, _: Any, __: Any) -> Any:
            return i >= 0 if reverse else i < count

        _, _, arrays = while_loop(
            goes_on,
            body,
            (count - 1 - i if reverse else i, start, results),
            parallel_iterations=parallel_iterations,
            back_prop=back_prop,
            swap_memory=swap_memory,
            maximum_iterations=count,
        )
        return nest.pack(structure, _stacked(arrays, flat))


def _check_callable(fn: Any) -> None:
    if not callable(fn):
        raise TypeError("fn must be callable.")


def _converted(elems: Sequence[Any]) -> list[Tensor]:
    return [convert_to_tensor(each, name="elem") for each in elems]


def _extent(tensor: Tensor) -> Any:
    """The first extent: a number where it is known, else a tensor."""
    known = None if tensor.shape.ndims is None else tensor.shape.as_list()[0]
    return known or shape_of(tensor)[0]


def _sources(elems: Any) -> tuple[Any, Any]:
    """Tensor arrays of the elements, in the structure of `elems`, and how many they hold."""
    flat = _converted(nest.flatten(elems))
    count = _extent(flat[0])
    elems = nest.pack(elems, flat)
    return nest.map_structure(lambda each: _array(each, count).unstack(each), elems), count


def _array(elem: Any, count: Any, element_shape: TensorShape | None = None) -> TensorArray:
    """A tensor array for the elements of a tensor."""
    return TensorArray(
        elem.dtype,
        size=count,
        dynamic_size=False,
        element_shape=element_shape,
        infer_shape=True,
    )


def _unstacked(arrays: Sequence[TensorArray], elems: Sequence[Tensor]) -> list[TensorArray]:
    return [array.unstack(elem) for array, elem in zip(arrays, elems, strict=True)]


def _stacked(arrays: Sequence[TensorArray], elems: Sequence[Tensor]) -> list[Tensor]:
    """What arrays hold, of the first extent of `elems`."""
    results = [array.stack() for array in arrays]
    extent = Dimension(elems[0].shape.with_rank_at_least(1)[0])
    for each in elems[1:]:
        extent.merge_with(each.shape.with_rank_at_least(1)[0])  # raises if they differ
    for result in results:
        result.set_shape(TensorShape([extent]).concatenate(result.shape[1:]))
    return results
