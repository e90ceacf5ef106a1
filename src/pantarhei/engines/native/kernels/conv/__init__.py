"""Convolution and pooling: im2col, direct, sliding window."""
