"""Conditions, loops, control dependencies, stacks and tensor arrays."""
