"""Arithmetic: elementwise functions, reductions, scans and segments, with their gradients."""
