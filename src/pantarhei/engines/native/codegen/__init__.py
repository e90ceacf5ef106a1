"""LLVM text and machine code: builder, scalar operations, compiler, object cache."""
