"""Constants: Python numbers, strings, lists and arrays as tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core import dtypes, nest
from pantarhei.core.dimensions import Dimension
from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.definitions.opdef import REGISTRY, OpDef, apply
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.tensor_operators import OPERATORS
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Array, Value


class Const(OpDef):
    """A value written into the graph."""

    signature = "-> output: dtype | value: tensor | dtype: type"
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        value, dtype = op.attributes["value"], op.attributes["dtype"]
        if value.dtype != dtype.numpy:
            raise ValueError(f"Const of {dtype.name} holds a value of {value.dtype.name}")
        return [as_shape(value.shape)]

    def lower(self, b: Builder, op: Operation) -> Value:
        return b.constant(op.attributes["value"])


# Python kinds that a dtype accepts in a list, and how TensorFlow calls what it does not.
_ACCEPTED: dict[str, tuple[type, ...]] = {
    "integer": (int, np.integer, bool, np.bool_),
    "floating": (int, float, np.integer, np.floating),
    "complex": (int, float, complex, np.number),
    "bool": (bool, np.bool_),
    "string": (str, bytes),
}


def _kind(dtype: DType) -> str:
    for kind in ("integer", "floating", "complex", "bool"):
        if getattr(dtype, f"is_{kind}"):
            return kind
    return "string"


def _check_elements(values: Any, dtype: DType) -> None:
    kind = _kind(dtype)
    accepted = _ACCEPTED[kind]
    waiting = [values]
    while waiting:
        each = waiting.pop()
        if isinstance(each, (list, tuple)):
            waiting.extend(reversed(each))
        elif isinstance(each, np.ndarray):
            continue
        elif not isinstance(each, accepted) or (kind == "integer" and isinstance(each, bool)):
            raise TypeError(
                f"Expected {dtype.name}, got {each!r} of type '{type(each).__name__}' instead."
            )


def _strings(values: Any) -> Array:
    raw = np.asarray(values, object)
    encoded = np.empty(raw.shape, object)
    for position in np.ndindex(raw.shape):
        each: Any = raw[position]
        encoded[position] = each.encode() if isinstance(each, str) else bytes(each)
    return encoded


def _plain(values: Any) -> Any:
    """Lists with Dimensions and shapes in them as lists of numbers."""
    if isinstance(values, TensorShape):
        if not values.is_fully_defined():
            raise ValueError(f"Cannot convert a partially known TensorShape to a Tensor: {values}")
        return values.as_list()
    if isinstance(values, (list, tuple)):
        return [_plain(each) for each in values]
    if isinstance(values, Dimension):
        if values.value is None:
            raise ValueError(f"Cannot convert an unknown Dimension to a Tensor: {values}")
        return values.value
    return values


def as_array(values: Any, dtype: Any = None) -> Array:
    """`values` as the array of a constant, with TensorFlow's choice of dtype.

    Python integers become int32 (int64 where they need it), floats float32; arrays keep their
    dtype.

    Raises:
      TypeError: an element does not fit `dtype`. ValueError: rows of different lengths, or None.
    """
    wanted = None if dtype is None else dtypes.as_dtype(dtype).base_dtype
    if isinstance(values, (np.ndarray, np.generic)) or hasattr(values, "__array__"):
        array = np.asarray(values)
        if array.dtype.kind in "USO":
            return _strings(array)
        return array if wanted is None else array.astype(wanted.numpy)
    if values is None:
        raise ValueError("None values not supported.")
    values = _plain(values)
    if wanted is not None:
        _check_elements(values, wanted)
        if wanted == dtypes.string:
            return _strings(values)
        return _rectangular(values, wanted.numpy)
    array = _rectangular(values, None)
    if array.dtype.kind in "US" and not _holds_number(values):
        return _strings(values)
    if array.dtype.kind in "US":
        array = np.asarray(values, object)
    if array.dtype == object:
        raise _unconvertible(values)
    if array.dtype == np.int64 and not _holds_numpy(values):
        small = array.size == 0 or (array.min() >= -(2**31) and array.max() < 2**31)
        return array.astype(np.int32) if small else array
    if array.dtype == np.float64 and not _holds_numpy(values):
        return array.astype(np.float32)
    return array


def _holds_number(values: Any) -> bool:
    return any(isinstance(each, (bool, int, float)) for each in nest.flatten(values))


def _holds_numpy(values: Any) -> bool:
    while isinstance(values, (list, tuple)) and values:
        values = values[0]
    return isinstance(values, np.ndarray)


def _rectangular(values: Any, dtype: Any) -> Array:
    try:
        array = np.asarray(values, dtype)
    except OverflowError:
        array = np.asarray(values)
        if array.dtype == object or dtype is None:
            raise OverflowError("Python int too large to convert to C long") from None
        return array.astype(dtype)  # wraps around, as whole numbers do
    except ValueError:
        raise _irregular(values, dtype) from None
    if dtype is None and array.size == 0 and isinstance(values, list):
        return array.astype(np.float32)
    return array


def _irregular(values: Any, dtype: Any) -> Exception:
    """The error for lists of different lengths."""
    if dtype is not None:
        return ValueError(f"setting an array element with a sequence. Rows differ: {values!r}")
    found: list[int] = []
    level = [values]
    while all(isinstance(each, list) and len(each) == len(level[0]) for each in level):
        found.append(len(level[0]))
        level = [each for row in level for each in row]
    wanted: list[int] = []
    first = values
    while isinstance(first, list):
        wanted.append(len(first))
        first = first[0] if first else None
    if found == wanted:
        return _unconvertible(values)
    return ValueError(
        f"Argument must be a dense tensor: {values!r} - got shape {found}, but wanted {wanted}."
    )


def _unconvertible(values: Any) -> TypeError:
    return TypeError(
        f"Failed to convert object of type {type(values)} to Tensor. Contents: {values}. "
        "Consider casting elements to a supported type."
    )


def constant(
    value: Any,
    dtype: Any = None,
    shape: Any = None,
    name: str = "Const",
    verify_shape: bool = False,
) -> Tensor:
    """A tensor with the same value in every run.

    Args:
      value: a number, string, array, or nested list.
      dtype: element type; by default int32, float32, bool or string for Python values, the array's
        own
        for arrays.
      shape: shape of the result; the last element of `value` is repeated to fill it.
      verify_shape: whether `value` must have exactly `shape`.
      name: name of the operation.

    Raises:
      TypeError: elements of the wrong kind, or (with `verify_shape`) of the wrong shape.
      ValueError: more elements than `shape` holds.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.constant(-1.0, shape=[2, 3]))
      array([[-1., -1., -1.],
             [-1., -1., -1.]], dtype=float32)
    """
    if isinstance(value, Tensor):
        raise TypeError("List of Tensors when single Tensor expected")
    array = as_array(value, dtype)
    if shape is not None:
        extents = as_shape(shape)
        extents.assert_is_fully_defined()
        array = _shaped(array, tuple(each or 0 for each in extents.as_list()), verify_shape)
    if array.flags.writeable:
        array = array.copy()
        array.flags.writeable = False
    kind = dtypes.as_dtype(array.dtype)
    attributes = {"value": array, "dtype": kind}
    graph = get_default_graph()
    return graph.add_operation(REGISTRY["Const"], [], [kind], attributes, name).outputs[0]


def _shaped(array: Array, shape: tuple[int, ...], verify: bool) -> Array:
    if verify and array.shape != shape:
        raise TypeError(f"Expected Tensor's shape: {shape}, got {array.shape}.")
    size = int(np.prod(shape))
    if size == 0:
        return np.empty(shape, array.dtype)
    if array.size > size or (array.size == 0 and size):
        raise ValueError(
            f"Too many elements provided. Needed at most {size}, but received {array.size}"
        )
    if array.size == 1:
        return np.broadcast_to(array.reshape(()), shape)  # takes no memory, however large
    flat = np.empty(size, array.dtype)
    flat[: array.size] = array.ravel()
    flat[array.size :] = array.ravel()[-1] if array.size else 0
    return flat.reshape(shape)


def autopack(values: Any, dtype: Any, name: str) -> Tensor:
    """A nested list that holds tensors as one tensor; numbers take the tensors' dtype."""
    found = _first_dtype(values)
    if dtype is not None and dtypes.as_dtype(dtype).base_dtype != found:
        values = _cast_tensors(values, dtypes.as_dtype(dtype))
    dtype = found if dtype is None else dtype
    packed: Tensor = _pack(values, dtypes.as_dtype(dtype), name)
    return packed


def _first_dtype(values: Any) -> DType:
    waiting = [values]
    while waiting:
        each = waiting.pop()
        if hasattr(each, "dtype") and (isinstance(each, Tensor) or hasattr(each, "_as_tensor")):
            return dtypes.as_dtype(each.dtype).base_dtype
        if isinstance(each, (list, tuple)):
            waiting.extend(reversed(each))
    raise TypeError("no tensor in the list")


def _cast_tensors(values: Any, dtype: DType) -> Any:
    """The nested lists with their tensors cast, in order."""
    if isinstance(values, (list, tuple)):
        return [_cast_tensors(each, dtype) for each in values]
    if isinstance(values, Tensor) or hasattr(values, "_as_tensor"):
        tensor = convert_to_tensor(values)
        return tensor if tensor.dtype.base_dtype == dtype else apply("Cast", tensor, DstT=dtype)
    return values


def _pack(values: Any, dtype: DType, name: str) -> Any:
    """The list as one tensor if there is a tensor in it; as it is if there is none.

    Lists without tensors open their name scopes too: the names of constants beside them show it.
    """
    parts = []
    must_pack = False
    with get_default_graph().name_scope(name) as scope:
        for index, each in enumerate(values):
            part: Any = each
            if isinstance(each, Tensor) or hasattr(each, "_as_tensor"):
                part = convert_to_tensor(each)
                if part.dtype.base_dtype != dtype:
                    raise TypeError(
                        f"Cannot convert a list containing a tensor of dtype {part.dtype} to "
                        f"{dtype} (Tensor is: {part!r})"
                    )
            elif isinstance(each, (list, tuple)):
                part = _pack(each, dtype, str(index))
            must_pack = must_pack or isinstance(part, Tensor)
            parts.append(part)
        if not must_pack:
            return values
        tensors = [
            part if isinstance(part, Tensor) else constant(part, dtype, name=str(index))
            for index, part in enumerate(parts)
        ]
        return OPERATORS["pack"](tensors, name=scope)


OPERATORS["constant"] = constant
OPERATORS["autopack"] = autopack
