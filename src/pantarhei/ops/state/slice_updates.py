"""Updates of a part of a variable: `v[1:3, ::2].assign(value)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import shown
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.slicing import lowered_spec
from pantarhei.program.ir import ProgramError, Value

_INDEX = (
    "T: type | Index: index | begin_mask: int = 0 | end_mask: int = 0 | ellipsis_mask: int = 0 "
    "| new_axis_mask: int = 0 | shrink_axis_mask: int = 0"
)


class StridedSliceAssign(OpDef):
    """Gives a part of a variable a new value."""

    signature = (
        "ref: Ref(T), begin: Index, end: Index, strides: Index, value: T -> output_ref: Ref(T) "
        f"| {_INDEX}"
    )
    pure = False
    writes = True
    differentiable = False
    by_reference: ClassVar[bool] = True

    def infer(self, op: Operation) -> list[TensorShape]:
        return [op.inputs[0].shape]

    def lower(self, b: Any, op: Operation, ref: Any, *inputs: Value) -> Any:
        *index, value = inputs
        old = b.read(ref)
        ranges, part = lowered_spec(b, op, old.shape, index)
        if value.shape != part:
            raise ProgramError(
                f"sliced l-value shape {shown(part)} does not match r-value shape "
                f"{shown(value.shape)}. Automatic broadcasting not yet implemented.",
                kind="UnimplementedError",
            )
        extents = tuple(map(len, ranges))
        axes = np.meshgrid(*(np.asarray(each, np.int64) for each in ranges), indexing="ij")
        places = np.stack(axes, axis=-1) if axes else np.zeros((0,), np.int64)
        new = b.scatter(old, b.constant(places), b.reshape(value, shape=extents), combine="set")
        b.write(ref, new)
        return ref if self.by_reference else None


class ResourceStridedSliceAssign(StridedSliceAssign):
    """Gives a part of a resource variable a new value."""

    signature = f"ref: resource, begin: Index, end: Index, strides: Index, value: T -> | {_INDEX}"
    by_reference = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return []


def assign_slice(
    ref: Tensor, index: Sequence[Any], value: Any, name: str, masks: Mapping[str, int]
) -> Any:
    """Gives a part of a variable a new value.

    Args:
      ref: the reference, or the handle.
      index: begin, end and strides of the part.
      value: of the part's shape.
      name: name of the operation.
      masks: those of the strided slice.

    Returns:
      The new reference; the operation for a handle.
    """
    by_reference = ref.dtype.base_dtype.name != "resource"
    op_type = "StridedSliceAssign" if by_reference else "ResourceStridedSliceAssign"
    return apply(op_type, ref, *index, value, name=name, **masks)
