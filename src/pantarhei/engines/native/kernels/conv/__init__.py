"""Convolution and pooling: sliding register blocks, im2col, loop nests; choose.py decides."""
