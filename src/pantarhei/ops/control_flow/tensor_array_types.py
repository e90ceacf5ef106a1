"""The operations on tensor arrays: made, written, read, and differentiated by arrays of gradients.

An array is known by its handle; the order of reads and writes by the flow, a number that each
operation passes on. The arrays are in ops/control_flow/element_arrays.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape, as_shape, unknown_shape
from pantarhei.graph.definitions.opdef import OpDef
from pantarhei.graph.definitions.shape_rules import with_rank
from pantarhei.graph.operation import Operation
from pantarhei.graph.tensor_operators import OPERATORS
from pantarhei.ops.control_flow.element_arrays import ElementArray
from pantarhei.program.ir import Array, ProgramError, Type

_SCALAR = as_shape([])
_HANDLE = as_shape([2])


class TensorArrayV3(OpDef):
    """A new tensor array."""

    signature = (
        "size: int32 -> handle: resource, flow: float32 | dtype: type "
        "| element_shape: shape = None | dynamic_size: bool = False "
        "| clear_after_read: bool = True | identical_element_shapes: bool = False "
        "| tensor_array_name: string = ''"
    )
    pure = False
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 0, 0)
        return [_HANDLE, _SCALAR]

    def lower(self, b: Any, op: Operation, size: Any) -> Any:
        attributes = op.attributes

        def make(size: Array) -> list[ElementArray]:
            return [
                ElementArray(
                    f"{attributes['tensor_array_name'] or op.name}_0",
                    attributes["dtype"],
                    int(size),
                    attributes["element_shape"],
                    attributes["dynamic_size"],
                    attributes["clear_after_read"],
                    attributes["identical_element_shapes"],
                )
            ]

        fixed = size.constant is not None and not attributes["dynamic_size"]
        known = int(size.constant) if fixed else None
        return b.handle(make, [size], op, known), b.constant(np.float32(0))


class TensorArrayGradFamily(OpDef, abstract=True):
    """The tensor array of the gradients of another."""

    pure = False
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [_HANDLE, _SCALAR]


class TensorArrayGradV3(TensorArrayGradFamily):
    """The gradients of one source: the same array for every request."""

    signature = (
        "handle: resource, flow_in: float32 -> grad_handle: resource, flow_out: float32 "
        "| source: string"
    )

    def lower(self, b: Any, op: Operation, handle: Any, flow: Any) -> Any:
        source = op.attributes["source"]

        def find(array: Any) -> list[ElementArray]:
            return [array[()].gradient(source)]

        return b.handle(find, [handle], (handle.root, source), handle.size), flow


class TensorArraySizeV3(OpDef):
    """How many elements there are."""

    signature = "handle: resource, flow_in: float32 -> size: int32"
    pure = False
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [_SCALAR]

    def lower(self, b: Any, op: Operation, handle: Any, flow: Any) -> Any:
        if handle.size is not None:
            return b.constant(np.int32(handle.size))
        return b.call(_size, [handle], [Type(np.dtype(np.int32), ())])


class TensorArrayWriteV3(OpDef):
    """Writes one element."""

    signature = (
        "handle: resource, index: int32, value: T, flow_in: float32 -> flow_out: float32 | T: type"
    )
    pure = False

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 1, 0)
        return [_SCALAR]

    def grad(self, op: Operation, flow: Any) -> list[Any]:
        return [None, None, gradient_array(op, flow, op.attributes["T"]).read(op.inputs[1]), flow]

    def lower(self, b: Any, op: Operation, handle: Any, index: Any, value: Any, flow: Any) -> Any:
        b.later(_write, [handle, index, value])
        return flow


class TensorArrayReadV3(OpDef):
    """Reads one element."""

    signature = "handle: resource, index: int32, flow_in: float32 -> value: dtype | dtype: type"
    pure = False

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 1, 0)
        return [unknown_shape()]

    def grad(self, op: Operation, g: Any) -> list[Any]:
        array = gradient_array(op, g, op.attributes["dtype"])
        return [None, None, array.write(op.inputs[1], g).flow]

    def lower(self, b: Any, op: Operation, handle: Any, index: Any, flow: Any) -> Any:
        read = _typed(_read, op)
        type = b.content(handle)
        if type is None:
            return b.host(read, [handle, index], None)
        return b.call(read, [handle, index], [type])


class TensorArrayGatherV3(OpDef):
    """Reads several elements into one tensor."""

    signature = (
        "handle: resource, indices: int32, flow_in: float32 -> value: dtype | dtype: type "
        "| element_shape: shape = None"
    )
    pure = False

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 1, 1)
        return [as_shape([None]).concatenate(op.attributes["element_shape"])]

    def grad(self, op: Operation, g: Any) -> list[Any]:
        array = gradient_array(op, g, op.attributes["dtype"])
        return [None, None, array.scatter(op.inputs[1], g).flow]

    def lower(self, b: Any, op: Operation, handle: Any, indices: Any, flow: Any) -> Any:
        gather = _typed(_gather, op)
        shape = op.attributes["element_shape"]
        if shape.is_fully_defined():
            dtype = op.attributes["dtype"].numpy
            type = Type(dtype, (*indices.shape, *shape.as_list()))
            return b.call(gather, [handle, indices], [type])
        return b.host(gather, [handle, indices], None)


class TensorArrayScatterV3(OpDef):
    """Writes the rows of a tensor as elements."""

    signature = (
        "handle: resource, indices: int32, value: T, flow_in: float32 -> flow_out: float32 "
        "| T: type"
    )
    pure = False

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 1, 1)
        return [_SCALAR]

    def grad(self, op: Operation, flow: Any) -> list[Any]:
        return [None, None, gradient_array(op, flow, op.attributes["T"]).gather(op.inputs[1]), flow]

    def lower(self, b: Any, op: Operation, handle: Any, indices: Any, value: Any, flow: Any) -> Any:
        b.later(_scatter, [handle, indices, value])
        return flow


class TensorArrayConcatV3(OpDef):
    """Reads all elements one after another into one tensor."""

    signature = (
        "handle: resource, flow_in: float32 -> value: dtype, lengths: int64 | dtype: type "
        "| element_shape_except0: shape = None"
    )
    pure = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [unknown_shape(), as_shape([None])]

    def grad(self, op: Operation, g: Any, _: Any) -> list[Any]:
        array = gradient_array(op, g, op.attributes["dtype"], flow=op.inputs[1])
        return [None, array.split(g, lengths=op.outputs[1]).flow]

    def lower(self, b: Any, op: Operation, handle: Any, flow: Any) -> Any:
        return b.host(_typed(_concat, op), [handle], None)


class TensorArraySplitV3(OpDef):
    """Writes parts of a tensor as elements."""

    signature = (
        "handle: resource, value: T, lengths: int64, flow_in: float32 -> flow_out: float32 "
        "| T: type"
    )
    pure = False

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 2, 1)
        return [_SCALAR]

    def grad(self, op: Operation, flow: Any) -> list[Any]:
        return [None, gradient_array(op, flow, op.attributes["T"]).concat(), None, flow]

    def lower(self, b: Any, op: Operation, handle: Any, value: Any, lengths: Any, flow: Any) -> Any:
        b.later(_split, [handle, value, lengths])
        return flow


class TensorArrayCloseV3(OpDef):
    """Drops the elements."""

    signature = "handle: resource ->"
    pure = False
    differentiable = False

    def lower(self, b: Any, op: Operation, handle: Any) -> None:
        b.later(_close, [handle])


def gradient_array(op: Operation, g: Any, dtype: Any, flow: Any = None) -> Any:
    """The array of gradients, for one call of `tf.gradients`, of the array that `op` works on."""
    reads = op.type == "TensorArrayReadV3" or op.type == "TensorArrayGatherV3"
    flow = flow if flow is not None else op.inputs[2] if reads else g
    array = OPERATORS["tensor_array"](
        dtype, handle=op.inputs[0], flow=flow, colocate_with_first_write_call=False
    )
    return array.grad(source_of(g), flow=flow)


def source_of(g: Any) -> str:
    """The name scope of the call of `tf.gradients` that made a gradient."""
    parts = g.name.split("/")
    places = [place for place, part in enumerate(parts) if part.startswith("gradients")]
    if not places:
        raise ValueError(
            "Expected op/tensor name to start with gradients (excluding scope), got: "
            f"{g.name}. This means that a tf.gradients op with this op in its dependency path has "
            "a custom name that does not start with 'gradients'. Please make sure all calls to "
            "tf.gradients that have non-empty 'name' arguments use names that start with "
            "'gradients'."
        )
    return "/".join(parts[: places[-1] + 1])


def _typed(function: Any, op: Operation) -> Any:
    """A function that reads, for an array of the dtype that the operation expects."""

    def call(array: Any, *arguments: Array) -> Any:
        held, wanted = array[()].dtype, op.attributes["dtype"]
        if held != wanted:
            raise ProgramError(
                f"TensorArray dtype is {held.name} but Op requested dtype {wanted.name}."
            )
        return function(array[()], *arguments)

    return call


def _size(array: Any) -> list[Array]:
    return [np.array(len(array[()].elements), np.int32)]


def _write(array: Any, index: Array, value: Array) -> list[Array]:
    array[()].write(int(index), value)
    return []


def _read(array: ElementArray, index: Array) -> list[Array]:
    return [array.read(int(index))]


def _gather(array: ElementArray, indices: Array) -> list[Array]:
    return [array.gather(indices)]


def _scatter(array: Any, indices: Array, value: Array) -> list[Array]:
    if len(indices) != len(value):
        raise ProgramError(
            f"Expected len(indices) == values.shape[0], but saw: {len(indices)} vs. {len(value)}"
        )
    for index, each in zip(indices.tolist(), value, strict=True):
        array[()].write(index, np.asarray(each))
    return []


def _concat(array: ElementArray) -> tuple[Array, Array]:
    return array.concat()


def _split(array: Any, value: Array, lengths: Array) -> list[Array]:
    if not value.ndim:
        raise ProgramError("Expected value to be at least a vector, but received shape: []")
    if lengths.sum() != len(value):
        raise ProgramError(
            "Expected sum of lengths to be equal to values.shape[0], but sum of lengths is "
            f"{lengths.sum()} and value's shape is: {list(value.shape)} "
        )
    if len(array[()].elements) != len(lengths) and not array[()].dynamic_size:
        raise ProgramError(
            "TensorArray's size is not equal to the size of lengths "
            f"({len(array[()].elements)} vs. {len(lengths)}), and the TensorArray is not marked "
            "as dynamically resizeable"
        )
    start = 0
    for index, length in enumerate(lengths.tolist()):
        array[()].write(index, value[start : start + length])
        start += length
    return []


def _close(array: Any) -> list[Array]:
    array[()].close()
    return []
