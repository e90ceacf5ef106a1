"""`tf.Print`: tensors written to standard error, as text the way TensorFlow's kernel writes them.

The text goes through Python's own `sys.stderr`, whatever that is when the graph runs: in a
notebook it appears under the cell.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from pantarhei.core.array_text import summarized
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.definitions.opdef import OpDef, apply, first_input_shape
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.program.ir import Array, Value


class PrintDefinition(OpDef, type="Print"):
    """Passes its input on and writes other tensors to standard error."""

    signature = (
        "input: T, data: list(U) -> output: T | T: type | U: list(type) | message: string = '' "
        "| first_n: int = -1 | summarize: int = 3"
    )
    pure = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def grad(self, op: Operation, g: Tensor) -> list[Tensor | None]:
        return [g] + [None] * (len(op.inputs) - 1)

    def lower(self, b: Any, op: Operation, x: Value, *data: Value) -> Value:
        message, first_n, limit = (
            op.attributes[name] for name in ("message", "first_n", "summarize")
        )
        count = b.resource(lambda: [0])

        def write(*arrays: Array) -> Sequence[Array]:
            count[0] += 1
            if first_n < 0 or count[0] <= first_n:
                parts = "".join(f"[{summarized(array, limit)}]" for array in arrays)
                print(f"{message}{parts}", file=sys.stderr, flush=True)
            return []

        b.host(write, list(data), [])
        return x


def Print(
    input_: Any,
    data: Sequence[Any],
    message: str | None = None,
    first_n: int | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> Tensor:
    """`input_`, after writing `data` to standard error.

    Args:
      input_: the tensor to pass on.
      data: tensors to write.
      message: what is written before them.
      first_n: writes only in that many runs; always by default.
      summarize: how many elements of each tensor are written; 3 by default.
      name: name of the operation.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.constant(2.0)
      >>> f = tf.Print(x ** 2.0, [x], "x:")  # a run writes x:[2]
      >>> print(tf.Session().run(f))
      4.0
    """
    tensor: Tensor = apply(
        "Print", input_, data, message=message, first_n=first_n, summarize=summarize, name=name
    )
    return tensor
