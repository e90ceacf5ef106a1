"""Matrix products: the primitives that BLAS implements.

Operands are stacks of matrices; leading axes broadcast. A transposed operand is read, not copied.
"""

from __future__ import annotations

import numpy as np

from pantarhei.program.ir import Array, Primitive, ProgramError, Type


def _product(x: Type, y: Type, *, transpose_x: bool = False, transpose_y: bool = False) -> Type:
    if x.dtype != y.dtype or len(x.shape) < 2 or len(y.shape) < 2:
        raise ProgramError(f"matmul needs two stacks of matrices of one dtype, not {x} and {y}")
    rows, inner = x.shape[-2:] if not transpose_x else x.shape[:-3:-1]
    other, columns = y.shape[-2:] if not transpose_y else y.shape[:-3:-1]
    if inner != other:
        shapes = (f"[{','.join(map(str, each.shape))}]" for each in (x, y))
        raise ProgramError("Matrix size-incompatible: In[0]: {}, In[1]: {}".format(*shapes))
    try:
        stack = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    except ValueError:
        raise ProgramError(f"matmul cannot broadcast the stacks of {x} and {y}") from None
    return Type(x.dtype, (*stack, rows, columns))


def _matmul(x: Array, y: Array, *, transpose_x: bool = False, transpose_y: bool = False) -> Array:
    x = np.swapaxes(x, -1, -2) if transpose_x else x
    y = np.swapaxes(y, -1, -2) if transpose_y else y
    return np.asarray(np.matmul(x, y), x.dtype)


PRIMITIVES = [Primitive("matmul", _product, _matmul)]
