"""Feeds: checks fed values and converts them to arrays of the right dtype and shape."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np

from pantarhei.core import errors, nest
from pantarhei.graph.graph import Graph
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.operation import Tensor
from pantarhei.graph.sparse_tensor import SparseTensor
from pantarhei.program.ir import Array

# Types that consist of several tensors: type of the key -> pairs (tensor, array) for key and value.
EXPANSIONS: list[tuple[type, Any]] = [
    (
        IndexedSlices,
        lambda key, value: [
            (part, each)
            for part, each in zip((key.values, key.indices, key.dense_shape), value, strict=False)
            if part is not None
        ],
    ),
    (
        SparseTensor,
        lambda key, value: list(
            zip((key.indices, key.values, key.dense_shape), value, strict=True)
        ),
    ),
]


def flattened(feed_dict: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    """Pairs of one key and one value; nested keys are taken apart together with their values."""
    if not isinstance(feed_dict, Mapping):
        raise TypeError("input must be a dictionary")
    pairs: dict[Any, Any] = {}
    for key, value in feed_dict.items():
        for part, part_value in _pairs(key, value):
            if part in pairs:
                raise ValueError(f"Could not flatten dictionary: key {part} is not unique.")
            pairs[part] = part_value
    return [pair for key, value in pairs.items() for pair in _expanded(key, value)]


def _pairs(key: Any, value: Any) -> list[tuple[Any, Any]]:
    if not nest.is_nested(key):
        return [(key, value)]
    keys, values = nest.flatten(key), nest.flatten(value)
    if len(keys) != len(values):
        raise ValueError(
            f"Could not flatten dictionary. Key had {len(keys)} elements, but value had "
            f"{len(values)} elements. Key: {keys}, value: {values}."
        )
    return list(zip(keys, values, strict=True))


def _expanded(key: Any, value: Any) -> list[tuple[Any, Any]]:
    for kind, expand in EXPANSIONS:
        if isinstance(key, kind):
            return list(expand(key, value))
    return [(key, value)]


def feed_arrays(graph: Graph, feed_dict: Mapping[Any, Any] | None) -> dict[Tensor, Array]:
    """The fed tensors with their arrays.

    Raises:
      TypeError: a key is no tensor, or a value is a tensor or of the wrong type. ValueError: a
      shape does not fit, or the tensor may not be fed.
    """
    feeds: dict[Tensor, Array] = {}
    for key, value in flattened({} if feed_dict is None else feed_dict):
        tensor = _tensor(graph, key)
        feeds[tensor] = feed_array(tensor, value)
        if not graph.is_feedable(tensor):
            raise ValueError(f"Tensor {tensor} may not be fed.")
    return feeds


def _tensor(graph: Graph, key: Any) -> Tensor:
    try:
        tensor: Tensor = graph.as_graph_element(key, allow_operation=False)
    except Exception as error:
        words = str(error.args[0] if error.args else error)
        message = f"Cannot interpret feed_dict key as Tensor: {words}"
        if "\n" not in words:  # else it has an explanation already
            message = errors.described(message, **_advice(graph, key))
        raise TypeError(message) from None
    return tensor


def _advice(graph: Graph, key: Any) -> dict[str, str]:
    """Why a key is no tensor, and what key would be."""
    fed = [op.name for op in graph.get_operations() if op.type.startswith("Placeholder")]
    if not isinstance(key, (str, bytes)):
        return {
            "cause": f"the key {key!r} is of type {type(key).__name__}; keys of feed_dict are "
            "tensors, or the names of tensors",
            "cure": "feed_dict={x: value}, where x is what tf.placeholder returned; perhaps its "
            "name was reused for something else",
        }
    name = (key if isinstance(key, str) else key.decode(errors="replace")).partition(":")[0]
    known = {op.name for op in graph.get_operations()}
    if name in known:
        return {
            "cause": f"{name!r} is an operation; its first output is '{name}:0'",
            "cure": f"feed_dict={{'{name}:0': value}}",
        }
    near = get_close_matches(name, known, n=1) or fed[:1]
    return {
        "cause": f"this graph has no operation named {name!r}; its placeholders are "
        f"{', '.join(map(repr, fed[:5])) or 'none'}",
        "cure": f"feed_dict={{'{near[0]}:0': value}}, or the tensor itself as the key"
        if near
        else "make a tf.placeholder in this graph, and use what it returns as the key",
    }


def feed_array(tensor: Tensor, value: Any) -> Array:
    """`value` as an array for `tensor`."""
    if isinstance(value, Tensor) or hasattr(value, "_as_graph_element"):
        raise TypeError(
            errors.described(
                "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include "
                "Python scalars, strings, lists, numpy ndarrays, or TensorHandles. For reference, "
                f"the tensor object was {value!s} which was passed to the feed with key "
                f"{tensor!s}.",
                tensor.op,
                cause="a tensor has a value only while a session runs",
                cure="feed what session.run(tensor) returns; or build on the tensor itself",
            )
        )
    dtype = tensor.dtype.base_dtype
    whole = isinstance(value, int) and not isinstance(value, bool) and dtype.is_integer
    if whole and not int(dtype.min) <= value <= int(dtype.max):
        raise TypeError(
            errors.described(
                f"Type of feed value {value!s} with type {type(value)} is not compatible with "
                f"Tensor type {dtype.as_numpy_dtype}. Try explicitly setting the type of the feed "
                "tensor to a larger type (e.g. int64).",
                tensor.op,
                cause=_range(tensor),
                cure=f"tf.placeholder(tf.int64, ...), and tf.cast(..., tf.{dtype.name}) if that "
                "is needed; or feed a number in that range",
            )
        )
    array = _converted(tensor, value, dtype.numpy)
    if not tensor.shape._admits(array.shape):
        raise ValueError(
            errors.described(
                f"Cannot feed value of shape {array.shape!r} for Tensor {tensor.name!r}, which has "
                f"shape {str(tensor.shape)!r}",
                tensor.op,
                cure=_shape_cure(tensor, array),
            )
        )
    return array


def _converted(tensor: Tensor, value: Any, dtype: np.dtype[Any]) -> Array:
    if dtype.kind == "O":
        array = np.asarray(value, object)
        encoded = np.empty(array.shape, object)
        for position in np.ndindex(array.shape):
            each: Any = array[position]
            encoded[position] = each.encode() if isinstance(each, str) else each
        return encoded
    try:
        if np.iscomplexobj(value) and dtype.kind != "c":
            raise TypeError(f"can't convert complex to {dtype.name}")
        return np.asarray(value, dtype)
    except NotImplementedError:  # a tensor among the elements
        raise ValueError(
            errors.described(
                "setting an array element with a sequence.",
                tensor.op,
                cause=f"what is fed for {tensor.name!r} holds tensors, which have no values yet",
                cure="run them first and feed what session.run returns",
            )
        ) from None
    except OverflowError as error:
        raise OverflowError(
            errors.described(
                str(error),
                tensor.op,
                cause=_range(tensor),
                cure="feed numbers in that range; np.asarray(value).astype(...) wraps around",
            )
        ) from None
    except (TypeError, ValueError) as error:
        shape = getattr(value, "shape", None)
        message = str(error) if shape is None else f"{error} (an array of shape {shape})"
        raise type(error)(
            errors.described(
                message,
                tensor.op,
                cause=f"the value fed for {tensor.name!r} cannot be made an array of "
                f"{tensor.dtype.base_dtype.name}",
                cure="feed a number, or a list or array of numbers whose rows have one length",
            )
        ) from None


def _range(tensor: Tensor) -> str:
    """The range of an integer tensor."""
    dtype = tensor.dtype.base_dtype
    return f"{tensor.name!r} is {dtype.name}, which holds {dtype.min} to {dtype.max}"


def _shape_cure(tensor: Tensor, array: Array) -> str | None:
    """How the array could be given a shape that fits."""
    batch, column = (1, *array.shape), (*array.shape, 1)
    if tensor.shape.is_compatible_with(batch):
        return f"feed a batch: value[None] has shape {batch}"
    if tensor.shape.is_compatible_with(column):
        return f"add an axis: value[..., None] has shape {column}"
    extents = [-1 if extent is None else extent for extent in tensor.shape.as_list()]
    try:
        shape = array.reshape(extents).shape
    except ValueError:  # more than one extent is free, or they do not come out even
        return None
    arguments = ", ".join(map(str, extents)) or "()"
    return f"if the order of its elements is right, value.reshape({arguments}) has shape {shape}"
