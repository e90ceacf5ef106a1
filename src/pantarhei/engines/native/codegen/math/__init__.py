"""Elementary functions as polynomial approximations in LLVM text."""
