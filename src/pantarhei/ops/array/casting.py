"""Changing dtypes: `cast` and its abbreviations, saturating casts, the same bits read otherwise."""

from __future__ import annotations

from typing import Any

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply, first_input_shape
from pantarhei.graph.definitions.shape_rules import shape_error, shown
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.sparse_tensor import SparseTensor
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value

_BITS = (
    "{bfloat16, float16, float32, float64, int64, int32, uint8, uint16, uint32, uint64, int8, "
    "int16, complex64, complex128, qint8, quint8, qint16, quint16, qint32}"
)
_KERNEL_NAMES = {"float32": "float", "float64": "double", "float16": "half"}


class Cast(OpDef):
    """The same values in another dtype."""

    signature = "x: SrcT -> y: DstT | SrcT: type | DstT: type | Truncate: bool = False"

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def grad(self, op: Operation, g: Tensor) -> Any:
        source = op.inputs[0].dtype.base_dtype
        smooth = [each.is_floating or each.is_complex for each in (source, g.dtype.base_dtype)]
        return cast(g, source) if all(smooth) else None

    def lower(self, b: Builder, op: Operation, x: Value) -> Any:
        source, target = op.attributes["SrcT"], op.attributes["DstT"]
        if source != target and dtypes.string in (source, target):
            names = [_KERNEL_NAMES.get(each.name, each.name) for each in (source, target)]
            raise ProgramError(
                "Cast {} to {} is not supported".format(*names), kind="UnimplementedError"
            )
        return x if source == target else b.cast(x, dtype=target.numpy)


class Bitcast(OpDef):
    """The same bits read as another dtype; a last axis appears or disappears with the size."""

    signature = f"input: T -> output: type | T: {_BITS} | type: {_BITS}"
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        shape = op.inputs[0].shape
        old, new = op.inputs[0].dtype.size, op.attributes["type"].size
        if shape.ndims is None or old == new:
            return [shape]
        if old > new:
            return [shape.concatenate([old // new])]
        if shape.ndims == 0:
            raise shape_error(op, "Shape must be at least rank 1 but is rank 0")
        last = shape.as_list()[-1]
        if last not in (None, new // old):
            raise shape_error(
                op, f"Cannot bitcast due to shape. {last} does not match {new // old}"
            )
        return [as_shape(shape.as_list()[:-1])]

    def lower(self, b: Builder, op: Operation, x: Value) -> Any:
        target = op.attributes["type"].numpy
        old, new = x.dtype.itemsize, target.itemsize
        shape = x.shape
        if old > new:
            shape = (*shape, old // new)
        elif old < new:
            if not shape or shape[-1] != new // old:
                raise ProgramError(
                    f"Cannot bitcast from {op.inputs[0].dtype.as_datatype_enum} to "
                    f"{op.attributes['type'].as_datatype_enum}: {shown(x.shape)}"
                )
            shape = shape[:-1]
        return b.bitcast(x, shape=shape, dtype=target)


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """The values of x in another dtype.

    Floating-point numbers are cut towards 0 when they become integers, integers wrap around,
    complex numbers lose their imaginary part, and whatever is not 0 is True. Nothing is made where
    x has the dtype already.

    Args:
      x: Tensor, IndexedSlices, SparseTensor, or what converts to a tensor.
      dtype: the dtype wanted.
      name: name of the operation; `Cast` by default.

    Returns:
      A Tensor; IndexedSlices for IndexedSlices, a SparseTensor for a SparseTensor.

    Raises:
      TypeError: if `dtype` is no dtype. UnimplementedError: when it runs, for strings.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.cast([1.8, -2.2], tf.int32))
      array([ 1, -2], dtype=int32)
    """
    target = dtypes.as_dtype(dtype).base_dtype
    stays = isinstance(x, Tensor) or (hasattr(x, "_as_tensor") and hasattr(x, "dtype"))
    if stays and not isinstance(x, IndexedSlices) and x.dtype == target:
        return x
    with name_scope(name, "Cast", [x]) as scope:
        if isinstance(x, IndexedSlices):
            return IndexedSlices(cast(x.values, target, name=scope), x.indices, x.dense_shape)
        if isinstance(x, SparseTensor):
            return SparseTensor(x.indices, cast(x.values, target, name=scope), x.dense_shape)
        x = convert_to_tensor(x, name="x")
        return x if x.dtype.base_dtype == target else apply("Cast", x, DstT=target, name=scope)


def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Any:
    """The values in another dtype, those beyond its range as its smallest or largest number.

    Args:
      value: numeric tensor.
      dtype: the dtype wanted.
      name: name of the operation; `saturate_cast` by default.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.saturate_cast([-3.0, 5.0, 300.0], tf.uint8))
      array([  0,   5, 255], dtype=uint8)
    """
    with name_scope(name, "saturate_cast", [value]) as scope:
        value = convert_to_tensor(value, name="value")
        target = dtypes.as_dtype(dtype).base_dtype
        if value.dtype.min < target.min:
            lowest = convert_to_tensor(target.min, dtype=value.dtype, name="min")
            value = apply("Maximum", value, lowest)
        if value.dtype.max > target.max:
            highest = convert_to_tensor(target.max, dtype=value.dtype, name="max")
            value = apply("Minimum", value, highest)
        return cast(value, target, name=scope)


def bitcast(input: Any, type: Any, name: str | None = None) -> Tensor:
    """The same bits read as another dtype.

    Args:
      input: numeric tensor. For a larger dtype its last axis holds the parts and disappears.
      type: the dtype wanted. For a smaller one a last axis with the parts appears.
      name: name of the operation; `Bitcast` by default.

    Raises:
      ValueError: if the last axis is not as long as a larger dtype needs.

    Example:
      >>> import pantarhei as tf
      >>> hex(tf.Session().run(tf.bitcast(1.0, tf.int32)))
      '0x3f800000'
    """
    tensor: Tensor = apply("Bitcast", input, type=type, name=name)
    return tensor


def to_float(x: Any, name: str | None = "ToFloat") -> Any:
    """The same as `cast(x, tf.float32)`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.to_float([1, 2]))
      array([1., 2.], dtype=float32)
    """
    return cast(x, dtypes.float32, name)


def to_double(x: Any, name: str | None = "ToDouble") -> Any:
    """The same as `cast(x, tf.float64)`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.to_double([1, 2]))
      array([1., 2.])
    """
    return cast(x, dtypes.float64, name)


def to_int32(x: Any, name: str | None = "ToInt32") -> Any:
    """The same as `cast(x, tf.int32)`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.to_int32([1.9, -1.9]))
      array([ 1, -1], dtype=int32)
    """
    return cast(x, dtypes.int32, name)


def to_int64(x: Any, name: str | None = "ToInt64") -> Any:
    """The same as `cast(x, tf.int64)`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.to_int64([1.9, -1.9]))
      array([ 1, -1])
    """
    return cast(x, dtypes.int64, name)


def to_bfloat16(x: Any, name: str | None = "ToBFloat16") -> Any:
    """The same as `cast(x, tf.bfloat16)`.

    Example:
      >>> import pantarhei as tf
      >>> float(tf.Session().run(tf.to_bfloat16(1.001)))
      1.0
    """
    return cast(x, dtypes.bfloat16, name)


def to_complex64(x: Any, name: str | None = "ToComplex64") -> Any:
    """The same as `cast(x, tf.complex64)`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.to_complex64([1.0]))
      array([1.+0.j], dtype=complex64)
    """
    return cast(x, dtypes.complex64, name)


def to_complex128(x: Any, name: str | None = "ToComplex128") -> Any:
    """The same as `cast(x, tf.complex128)`.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.to_complex128([1.0]))
      array([1.+0.j])
    """
    return cast(x, dtypes.complex128, name)
