"""Results that a function of arrays gives: at once where all arrays are known, else in the run.

For operations whose results have shapes that depend on data, or that are not arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pantarhei.program.builder import NotStatic
from pantarhei.program.ir import Array, Type, Value


def host_results(
    b: Any,
    function: Callable[..., Sequence[Array]],
    inputs: Sequence[Value],
    types: Sequence[Type] | None = None,
) -> list[Value]:
    """The results of `function(*arrays)` as values.

    Args:
      b: the builder that lowers an operation.
      function: gives an array for each output of the operation.
      inputs: what it is called with.
      types: those of the results; None where they depend on data.

    Raises:
      NotStatic: no run is planned; only what the graph alone determines is needed.
    """
    if not hasattr(type(b), "host"):
        raise NotStatic(inputs[0])
    known = [each.constant for each in inputs]
    if all(each is not None for each in known):
        return [b.constant(each) for each in function(*known)]
    result: list[Value] = b.host(function, inputs, types)
    return result
