"""Matrix products: micro-kernels of packed operands, split-K, BLAS; choose.py decides."""
