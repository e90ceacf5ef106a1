"""The operators of tensors and variables (`x @ w`): methods that look up operations by name.

The modules of operations register them in `OPERATORS`, so that the graph imports none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Name of an operator ("add", "getitem", ...) -> its implementation, filled by the ops.
OPERATORS: dict[str, Callable[..., Any]] = {}


def _operator(name: str, reflected: bool = False) -> Callable[..., Any]:
    if reflected:
        return lambda self, other: OPERATORS[name](other, self._operand(), reflected=True)
    return lambda self, *others: OPERATORS[name](self._operand(), *others)


class TensorOperators:
    """Python's operators, applied to the tensor that an object is or holds."""

    def _operand(self) -> Any:
        """The tensor to which operators are applied."""
        return self

    __add__ = _operator("add")
    __radd__ = _operator("add", True)
    __sub__ = _operator("sub")
    __rsub__ = _operator("sub", True)
    __mul__ = _operator("mul")
    __rmul__ = _operator("mul", True)
    __truediv__ = _operator("truediv")
    __rtruediv__ = _operator("truediv", True)
    __div__ = _operator("div")
    __rdiv__ = _operator("div", True)
    __floordiv__ = _operator("floordiv")
    __rfloordiv__ = _operator("floordiv", True)
    __mod__ = _operator("mod")
    __rmod__ = _operator("mod", True)
    __pow__ = _operator("pow")
    __rpow__ = _operator("pow", True)
    __matmul__ = _operator("matmul")
    __rmatmul__ = _operator("matmul", True)
    __lt__ = _operator("lt")
    __le__ = _operator("le")
    __gt__ = _operator("gt")
    __ge__ = _operator("ge")
    __and__ = _operator("and")
    __rand__ = _operator("and", True)
    __or__ = _operator("or")
    __ror__ = _operator("or", True)
    __xor__ = _operator("xor")
    __rxor__ = _operator("xor", True)
    __invert__ = _operator("invert")
    __neg__ = _operator("neg")
    __abs__ = _operator("abs")
