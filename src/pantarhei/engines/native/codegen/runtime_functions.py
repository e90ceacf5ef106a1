"""The functions in LLVM's language that do not depend on a program: what every call goes through.

Kernels and products are called with their arguments and the table of buffers; see emit.py.
"""

from __future__ import annotations

# `walk` calls kernels: a table of functions and their arguments, and how many.
FIXED = """
define void @walk(ptr %steps, i64 %count, ptr %buffers) nounwind {
entry:
  %none = icmp eq i64 %count, 0
  br i1 %none, label %done, label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %step = getelementptr {ptr, ptr}, ptr %steps, i64 %i
  %kernel = load ptr, ptr %step
  %place = getelementptr {ptr, ptr}, ptr %steps, i64 %i, i32 1
  %arguments = load ptr, ptr %place
  call void %kernel(ptr %arguments, ptr %buffers)
  %next = add nuw nsw i64 %i, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %loop, label %done
done:
  ret void
}
"""

# A stack of matrix products by BLAS, whose matrices lie by columns: the operands are swapped.
# Arguments: address of gemm, transpositions (characters) of the right and the left operand,
# columns, rows, inner extent, leading dimensions of right, left, result; number of products;
# whether they are added to what is there; then for right, left and result: buffer, offset and
# distance between two products, in bytes.
PRODUCT = """
define void @product_{TYPE}(ptr %a, ptr %buffers) nounwind {{
entry:
  %flags = alloca [2 x i8]
  %sizes = alloca [6 x i32]
  %one = alloca {TYPE}
  %none = alloca {TYPE}
  store {TYPE} 1.0, ptr %one
  store {TYPE} 0.0, ptr %none
  %adding.place = getelementptr i64, ptr %a, i64 10
  %adding = load i64, ptr %adding.place
  %adds = icmp ne i64 %adding, 0
  %before = select i1 %adds, ptr %one, ptr %none
  %gemm = load ptr, ptr %a
{COPIES}
  %flag0 = getelementptr i8, ptr %flags, i64 0
  %flag1 = getelementptr i8, ptr %flags, i64 1
{SIZES}
  %count.place = getelementptr i64, ptr %a, i64 9
  %count = load i64, ptr %count.place
{OPERANDS}
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %x0 = mul nsw i64 %i, %step0
  %p0 = getelementptr i8, ptr %start0, i64 %x0
  %x1 = mul nsw i64 %i, %step1
  %p1 = getelementptr i8, ptr %start1, i64 %x1
  %x2 = mul nsw i64 %i, %step2
  %p2 = getelementptr i8, ptr %start2, i64 %x2
  call void %gemm(ptr %flag0, ptr %flag1, ptr %size0, ptr %size1, ptr %size2, ptr %one, ptr %p0, \
ptr %size3, ptr %p1, ptr %size4, ptr %before, ptr %p2, ptr %size5)
  %next = add nuw nsw i64 %i, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %loop, label %done
done:
  ret void
}}
"""


def product(type: str) -> str:
    """The function for products of matrices of one type."""

    def argument(number: int, name: str) -> str:
        place = f"  %{name}.place = getelementptr i64, ptr %a, i64 {number}\n"
        return place + f"  %{name} = load i64, ptr %{name}.place\n"

    copies = sizes = operands = ""
    for index in range(2):
        copies += argument(1 + index, f"wide{index}")
        copies += f"  %narrow{index} = trunc i64 %wide{index} to i8\n"
        copies += f"  %to{index} = getelementptr i8, ptr %flags, i64 {index}\n"
        copies += f"  store i8 %narrow{index}, ptr %to{index}\n"
    for index in range(6):
        sizes += argument(3 + index, f"long{index}")
        sizes += f"  %short{index} = trunc i64 %long{index} to i32\n"
        sizes += f"  %size{index} = getelementptr i32, ptr %sizes, i64 {index}\n"
        sizes += f"  store i32 %short{index}, ptr %size{index}\n"
    for index in range(3):
        operands += argument(11 + 3 * index, f"buffer{index}")
        operands += argument(12 + 3 * index, f"offset{index}")
        operands += argument(13 + 3 * index, f"step{index}")
        operands += f"  %slot{index} = getelementptr ptr, ptr %buffers, i64 %buffer{index}\n"
        operands += f"  %base{index} = load ptr, ptr %slot{index}\n"
        operands += f"  %start{index} = getelementptr i8, ptr %base{index}, i64 %offset{index}\n"
    return PRODUCT.format(TYPE=type, COPIES=copies, SIZES=sizes, OPERANDS=operands)
