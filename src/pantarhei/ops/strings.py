"""Operations on strings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pantarhei.facts.shapes import TensorShape, as_shape
from pantarhei.graph.opdef import OpDef, apply
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.shape_rules import merged
from pantarhei.ops.host_results import host_results
from pantarhei.program.ir import Array, ProgramError, Type, Value


class StringJoin(OpDef):
    """Joins strings element by element; single strings go with every element."""

    signature = "inputs: N * string -> output: string | N: int | separator: string = ''"
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        shapes = [tensor.shape for tensor in op.inputs if tensor.shape.ndims != 0]
        if not shapes:
            return [as_shape([])]
        result = shapes[0]
        for shape in shapes[1:]:
            result = merged(op, result, shape)
        return [result]

    def lower(self, b: Any, op: Operation, *inputs: Value) -> Value:
        separator = op.attributes["separator"]
        glue = separator if isinstance(separator, bytes) else separator.encode()
        shapes = {value.shape for value in inputs if value.shape}
        if len(shapes) > 1:
            raise ProgramError("Input shapes do not match: " + " vs. ".join(map(str, shapes)))
        shape = shapes.pop() if shapes else ()

        def join(*arrays: Array) -> list[Array]:
            rows = [np.broadcast_to(array, shape).ravel() for array in arrays]
            result: Any = np.empty(len(rows[0]), object)
            for index, parts in enumerate(zip(*rows, strict=True)):
                result[index] = glue.join(parts)
            return [result.reshape(shape)]

        return host_results(b, join, inputs, [Type(inputs[0].dtype, shape)])[0]


def string_join(inputs: Sequence[Any], separator: str = "", name: str | None = None) -> Tensor:
    """Joins strings of several tensors, element by element.

    Args:
      inputs: string tensors of one shape, or scalars.
      separator: what is put between them.
      name: name of the operation.

    Example:
      >>> import pantarhei as tf
      >>> from pantarhei.ops.strings import string_join
      >>> print(tf.Session().run(string_join(["a", "b"], separator="-")))
      b'a-b'
    """
    tensor: Tensor = apply("StringJoin", list(inputs), separator=separator, name=name)
    return tensor
