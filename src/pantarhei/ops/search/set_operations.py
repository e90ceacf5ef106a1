"""Sets in the rows of a tensor.

Their sizes depend on data, so they are found by a function of the host, unless the data are known
while a run is planned, as shapes are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.host.results import host_results
from pantarhei.program.ir import Array, ProgramError, Value

_OPERATIONS: dict[str, Callable[[Array, Array], Array]] = {
    "a-b": np.setdiff1d,
    "b-a": lambda a, b: np.setdiff1d(b, a),
    "intersection": np.intersect1d,
    "union": np.union1d,
}


class DenseToDenseSetOperation(OpDef):
    """A set made of two sets for each row; the result is sparse: positions, elements, shape."""

    signature = (
        "set1: T, set2: T -> result_indices: int64, result_values: T, result_shape: int64 "
        "| set_operation: string | validate_indices: bool = True "
        "| T: {int8, int16, int32, int64, uint8, uint16, string}"
    )
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        """As many rows as there are elements, each with as many indices as the sets have axes."""
        ranks = [tensor.shape.ndims for tensor in op.inputs]
        rank = ranks[1] if ranks[0] is None else ranks[0]
        return [as_shape([None, rank]), as_shape([None]), as_shape([rank])]

    def lower(self, b: Any, op: Operation, first: Value, second: Value) -> Sequence[Value]:
        """The positions, elements and shape of the result."""
        operation = _OPERATIONS[op.attributes["set_operation"]]
        if first.shape[:-1] != second.shape[:-1]:
            raise ProgramError(f"Mismatched group shapes {first.shape[:-1]}, {second.shape[:-1]}.")

        def combined(a: Array, c: Array) -> list[Array]:
            return _combined(operation, a, c)

        return host_results(b, combined, [first, second])


def _combined(
    operation: Callable[[Array, Array], Array], first: Array, second: Array
) -> list[Array]:
    places: list[tuple[int, ...]] = []
    elements: list[Any] = []
    longest = 0
    for row in np.ndindex(first.shape[:-1]):
        result = operation(first[row], second[row])
        places += [(*row, index) for index in range(len(result))]
        elements += result.tolist()
        longest = max(longest, len(result))
    return [
        np.array(places, np.int64).reshape(len(places), first.ndim),
        np.array(elements, first.dtype),
        np.array([*first.shape[:-1], longest], np.int64),
    ]


def set_difference(a: Any, b: Any) -> tuple[Tensor, Tensor, Tensor]:
    """The elements of each row of `a` that are not in the same row of `b`.

    Args:
      a: sets of integers or strings along the last axis.
      b: sets of the same dtype; the other dimensions are those of `a`.

    Returns:
      Positions of the elements, the elements, and the shape that they would fill.
    """
    positions, elements, shape = apply("DenseToDenseSetOperation", a, b, set_operation="a-b")
    return positions, elements, shape
