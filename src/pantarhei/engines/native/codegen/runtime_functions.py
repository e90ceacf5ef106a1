"""The functions that every call goes through and that do not depend on a program: walking a table
of kernels, and products by BLAS, which are called as kernels are.
"""

from __future__ import annotations

from pantarhei.engines.native.codegen.builder import Function, Module
from pantarhei.engines.native.codegen.kernel_function import KernelFunction

# What a table of kernels consists of: a function and its arguments.
_STEP = "{ptr, ptr}"


def write_walk(module: Module) -> None:
    """`walk(steps, count, buffers)` calls the kernels of a table."""
    f = Function(module, "walk", ("ptr", "i64", "ptr"))
    steps, count, buffers = f.parameters
    with f.when(count.differs(0)), f.loop(count) as loop:
        kernel = f.load(f.gep(steps, _STEP, loop.index), "ptr")
        arguments = f.load(f.gep(steps, _STEP, loop.index, 1), "ptr")
        f.call("void", kernel, arguments, buffers)
    f.ret()


def write_product(module: Module, type: str) -> None:
    """`product_TYPE`: products of two stacks of matrices by BLAS.

    BLAS' matrices lie by columns, so the operands are swapped. Arguments: address of gemm,
    transpositions (characters) of the right and the left operand, columns, rows, inner extent,
    leading dimensions of right, left, result; number of products; whether they are added to what
    is there; then for right, left and result the place and the bytes between two products.
    """
    f = KernelFunction(name=f"product_{type}", module=module)
    gemm = f.load(f.parameters[0], "ptr")
    f.skip()
    one, none = (f.variable(f.constant(value, type)) for value in (1, 0))
    flags = [f.variable(f.number().convert("trunc", "i8")) for _ in range(2)]
    sizes = [f.variable(f.number().convert("trunc", "i32")) for _ in range(6)]
    count = f.number()
    before = f.number().differs(0).choose(one, none)
    starts = [(f.place(), f.number()) for _ in range(3)]
    with f.loop(count) as loop:
        right, left, result = (
            f.moved(start, loop.index.binary("mul nsw", step)) for start, step in starts
        )
        operands = (one, right, sizes[3], left, sizes[4], before, result, sizes[5])
        f.call("void", gemm, *flags, *sizes[:3], *operands)
    f.ret()
