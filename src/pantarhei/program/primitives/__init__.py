"""The vocabulary of the program language, one family a module; `TABLE` holds all of it by name.

    elementwise     one output element from the operands' elements at the same place, broadcast
    arrays          shape, order and place of elements: reshape, transpose, slice, gather, scatter
    reductions      sums, extrema, searches and scans along axes
    contractions    matrix products
    factorizations  inverses, solutions and factors of matrices
    windows         convolution and pooling, with their gradients
    draws           counter-based random numbers

Each primitive is a type rule and a reference implementation in NumPy: the specification of every
engine.
"""

from __future__ import annotations

from pantarhei.program.ir import Primitive
from pantarhei.program.primitives import (
    arrays,
    contractions,
    draws,
    elementwise,
    factorizations,
    reductions,
    windows,
)

TABLE: dict[str, Primitive] = {
    primitive.name: primitive
    for family in (elementwise, arrays, reductions, contractions, factorizations, windows, draws)
    for primitive in family.PRIMITIVES
}
