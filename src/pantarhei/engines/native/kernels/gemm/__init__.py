"""Matrix products: micro-kernels, packed blocks, split-K, BLAS."""
