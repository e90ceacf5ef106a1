"""Rare cases in functions of their own, so that the loops around them still become vectors.

Common arguments are computed without branches; where the outcome is NaN a second function looks at
the element again. LLVM is given forms of it for vectors, which only test whether any element needs
that. This module writes those functions; what they compute is their callers' business.
"""

from __future__ import annotations

from collections.abc import Callable

from pantarhei.engines.native.codegen.scalar import Code, Scalar

# Numbers of elements in a vector, from NEON's doubles to AVX-512's floats.
LANES = (2, 4, 8, 16)
PURE = "nounwind willreturn readnone"
WIDEST = '"prefer-vector-width"="512"'
# Without this LLVM would drop functions that nothing calls yet.
KEPT = "llvm.compiler.used"

# The name of a table of constants that rare cases read.
TABLE = "table"

# The block of a scalar function in which the rare case is computed.
BLOCK = "rare"


def again(
    name: str, usual: Scalar, operands: tuple[Scalar, ...], rare: Callable[..., Scalar]
) -> Scalar:
    """`usual` where it is a number, and what `rare` makes of the operands where it is NaN.

    One `name` stands for one function and one type. The operands have the type of `usual`; `rare`
    starts in the block `BLOCK` and may open others.
    """
    code, type = usual.code, usual.type
    if name not in code.helpers:
        code.helpers[name] = _scalar(code, name, type, len(operands), rare) + "".join(
            _vector(code, name, type, len(operands), lanes) for lanes in LANES
        )
        _keep(code)
    parameters = (usual, *operands)
    shape = "v" * len(parameters)
    forms = ",".join(f"_ZGV_LLVM_N{lanes}{shape}_{name}({name}_{lanes})" for lanes in LANES)
    arguments = ", ".join(f"{type} {each.name}" for each in parameters)
    note = f'{PURE} "vector-function-abi-variant"="{forms}"'
    return code.emit(f"call {type} @{name}({arguments}) {note}", type)


def _scalar(code: Code, name: str, type: str, count: int, rare: Callable[..., Scalar]) -> str:
    body = Code(declarations=code.declarations)
    operands = [Scalar(body, f"%x{index}", type) for index in range(count)]
    result = rare(*operands)
    parameters = ", ".join(f"{type} {each.name}" for each in operands)
    return "\n".join(
        [
            f"define internal {type} @{name}({type} %usual, {parameters}) noinline {PURE} {{",
            "entry:",
            f"  %isnan = fcmp uno {type} %usual, %usual",
            f"  br i1 %isnan, label %{BLOCK}, label %done",
            f"{BLOCK}:",
            *body.lines,
            f"  ret {type} {result.name}",
            "done:",
            f"  ret {type} %usual",
            "}\n",
        ]
    )


def _vector(code: Code, name: str, type: str, count: int, lanes: int) -> str:
    vector = f"<{lanes} x {type}>"
    isnan = f"llvm.vector.reduce.or.v{lanes}i1"
    code.declarations.add(f"declare i1 @{isnan}(<{lanes} x i1>)")
    names = [f"%x{index}" for index in range(count)]
    parts = [f"  {each}.i = extractelement {vector} {each}, i32 %i" for each in names]
    arguments = ", ".join([f"{type} %usual.i", *(f"{type} {each}.i" for each in names)])
    parameters = ", ".join(f"{vector} {each}" for each in names)
    head = f"define internal {vector} @{name}_{lanes}({vector} %usual, {parameters})"
    return f"""{head} {PURE} {WIDEST} {{
entry:
  %isnan = fcmp uno {vector} %usual, zeroinitializer
  %any = call i1 @{isnan}(<{lanes} x i1> %isnan)
  br i1 %any, label %loop, label %done
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %before = phi {vector} [ %usual, %entry ], [ %after, %loop ]
  %usual.i = extractelement {vector} %usual, i32 %i
{chr(10).join(parts)}
  %value = call {type} @{name}({arguments}) {PURE}
  %after = insertelement {vector} %before, {type} %value, i32 %i
  %next = add nuw nsw i32 %i, 1
  %more = icmp ult i32 %next, {lanes}
  br i1 %more, label %loop, label %done
done:
  %result = phi {vector} [ %usual, %entry ], [ %after, %loop ]
  ret {vector} %result
}}
"""


def _keep(code: Code) -> None:
    """Names the functions that LLVM must not drop: one list for the whole module."""
    names = sorted(each for each in code.helpers if each != KEPT)
    kept = [f"ptr @{name}_{lanes}" for name in names for lanes in LANES]
    code.helpers[KEPT] = (
        f"@{KEPT} = appending global [{len(kept)} x ptr] [{', '.join(kept)}], "
        'section "llvm.metadata"'
    )


def entry(code: Code, numbers: list[int], type: str, index: Scalar) -> Scalar:
    """A number of a constant table; a module has one."""
    listed = ", ".join(f"{type} {number}" for number in numbers)
    kind = f"[{len(numbers)} x {type}]"
    code.declarations.add(f"@{TABLE} = private unnamed_addr constant {kind} [{listed}]")
    place = code.emit(f"getelementptr {kind}, ptr @{TABLE}, i64 0, i64 {index.name}", "ptr")
    return code.emit(f"load {type}, ptr {place.name}", type)
