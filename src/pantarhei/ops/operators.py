"""Python's operators on tensors: the function of each, and how operands are converted.

The module comes after the family `math`, whose functions it enters into
`graph.operation.OPERATORS`.

The operand that is not a tensor takes the dtype of the one that is. An operator opens a name scope
of its own name, so that `x * 2` makes the nodes `mul/y` and `mul`. Comparisons go without.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pantarhei.core import dtypes
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.operation import OPERATORS, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.math import binary, comparison, division, unary

Function = Callable[..., Any]


def _add(x: Tensor, y: Tensor, name: str) -> Any:
    return apply("Add" if x.dtype == dtypes.string else "AddV2", x, y, name=name)


def binary_operator(name: str, function: Function) -> None:
    """Implements an operator and its reflected form by `function`."""

    def operator(x: Any, y: Any, reflected: bool = False) -> Any:
        with name_scope(None, name, [x, y]) as scope:
            if reflected:
                x = convert_to_tensor(x, dtype=y.dtype.base_dtype, name="x")
            elif not (isinstance(x, Tensor) and isinstance(y, Tensor)):
                try:
                    y = convert_to_tensor(y, dtype_hint=x.dtype.base_dtype, name="y")
                except TypeError:
                    if hasattr(type(y), f"__r{name}__"):
                        return NotImplemented  # its reflected method is called next
                    raise
            return function(x, y, name=scope)

    OPERATORS[name] = operator


for _name, _function in {
    "add": _add,
    "sub": binary.subtract,
    "mul": binary.multiply,
    "div": division.div,
    "truediv": division.truediv,
    "floordiv": division.floordiv,
    "mod": division.floormod,
    "pow": binary.pow,
    "and": comparison.logical_and,
    "or": comparison.logical_or,
    "xor": comparison.logical_xor,
}.items():
    binary_operator(_name, _function)

OPERATORS["lt"] = comparison.less
OPERATORS["le"] = comparison.less_equal
OPERATORS["gt"] = comparison.greater
OPERATORS["ge"] = comparison.greater_equal
OPERATORS["neg"] = unary.negative
OPERATORS["abs"] = unary.abs
OPERATORS["invert"] = comparison.logical_not
