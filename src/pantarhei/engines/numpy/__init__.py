"""The reference engine: each primitive runs as a NumPy function."""
