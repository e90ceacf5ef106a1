"""Calls of machine code: contexts, entry, bound executables, threads."""
