"""The kinds of kernels: loop nests, matrix products, convolutions, gather and scatter, random.

kernel.py says what a kernel is; gemm/choose.py and conv/choose.py decide which one does what.
"""
