"""The kinds of kernels: loop nests, matrix products, convolutions, gather and scatter, random."""
