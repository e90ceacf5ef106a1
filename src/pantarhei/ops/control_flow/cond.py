"""Conditions: `tf.cond`. Each branch is built in a context of its own (contexts.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pantarhei.core import nest
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.identity import identity
from pantarhei.ops.control_flow.contexts import CondContext
from pantarhei.ops.control_flow.switching import merge
from pantarhei.ops.control_flow.tensor_array import TensorArray


def cond(
    pred: Any,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    strict: bool = False,
    name: str | None = None,
    fn1: Callable[[], Any] | None = None,
    fn2: Callable[[], Any] | None = None,
) -> Any:
    """`true_fn()` where `pred` holds, else `false_fn()`; only that branch runs.

    Both functions are called once, now. What they make runs only with their branch; what they
    merely refer to runs in any case.

    Args:
      pred: a bool scalar tensor.
      true_fn: returns a tensor, an operation, or a nested structure of them.
      false_fn: the same, with the same structure and dtypes.
      strict: whether a list of one result is returned as a list.
      name: name scope; `cond` by default.
      fn1: old name of `true_fn`.
      fn2: old name of `false_fn`.

    Returns:
      What the branches return, merged.

    Raises:
      TypeError: a function is missing or not callable, `pred` is a Python bool. ValueError: the
      branches return different structures or dtypes.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.placeholder(tf.float32, ())
      >>> y = tf.cond(x < 0.0, lambda: -x, lambda: x)
      >>> print(tf.Session().run(y, {x: -3.0}))
      3.0
    """
    true_fn, false_fn = (
        _branch(true_fn, fn1, "true_fn", "fn1"),
        _branch(false_fn, fn2, "false_fn", "fn2"),
    )
    with name_scope(name, "cond", [pred]):
        if isinstance(pred, bool):
            raise TypeError("pred must not be a Python bool")
        false_pivot, true_pivot = apply("Switch", pred, pred)
        graph = true_pivot.graph
        graph.prevent_fetching(true_pivot.op)
        pivots = (identity(true_pivot, name="switch_t"), identity(false_pivot, name="switch_f"))
        pred = identity(pred, name="pred_id")
        for each in (*pivots, pred):
            graph.prevent_fetching(each.op)
        contexts = [CondContext(pred, pivots[0], 1)]
        then, then_results = contexts[0].build(true_fn)
        if then is None:
            raise ValueError("true_fn must have a return value.")
        contexts.append(CondContext(pred, pivots[1], 0))
        other, other_results = contexts[1].build(false_fn)
        if other is None:
            raise ValueError("false_fn must have a return value.")
        if not strict:
            then, other = _unpacked(then), _unpacked(other)
            then_results, other_results = _unpacked(then_results), _unpacked(other_results)
        nest.assert_same_structure(then, other)
        pairs = list(zip(_tensors(other_results), _tensors(then_results), strict=True))
        if not pairs:
            raise ValueError("true_fn and false_fn must return at least one result.")
        _check_dtypes(pairs)
        merged = iter([merge(pair)[0] for pair in pairs])
        if contexts[0].outer is None:
            for context in contexts:
                graph.add_to_collection(GraphKeys.COND_CONTEXT, context)
        pairs = list(zip(nest.flatten(then), nest.flatten(then_results), strict=True))
        return nest.pack(then, [_filled(made, each, merged) for made, each in pairs])


def _tensors(results: Any) -> list[Tensor]:
    """The tensors of a branch's results, one for each merge."""
    return [part for each in nest.flatten(results) for part in _parts(each)]


def _parts(value: Any) -> list[Any]:
    if not isinstance(value, IndexedSlices):
        return [value]
    parts = [value.values, value.indices, value.dense_shape]
    return [each for each in parts if each is not None]


def _filled(made: Any, value: Any, merged: Iterator[Tensor]) -> Any:
    """What stands for a branch's result after the merges."""
    if isinstance(made, TensorArray):
        return made.with_flow(next(merged))
    parts = [next(merged) for _ in _parts(value)]
    return IndexedSlices(*parts) if isinstance(value, IndexedSlices) else parts[0]


def _branch(
    function: Callable[[], Any] | None, old: Callable[[], Any] | None, name: str, old_name: str
) -> Callable[[], Any]:
    if function is not None and old is not None:
        raise TypeError(f"cond(): {name} and {old_name} may not be set simultaneously.")
    function = old if function is None else function
    if function is None:
        raise TypeError(f"cond(): {name} argument required")
    if not callable(function):
        raise TypeError(f"{name} must be callable.")
    return function


def _unpacked(result: Any) -> Any:
    return result[0] if isinstance(result, (list, tuple)) and len(result) == 1 else result


def _check_dtypes(pairs: Sequence[tuple[Any, Any]]) -> None:
    for false, true in pairs:
        if false.dtype.base_dtype != true.dtype.base_dtype:
            raise ValueError(
                "Outputs of true_fn and false_fn must have the same type: "
                f"{true.dtype.name}, {false.dtype.name}"
            )
