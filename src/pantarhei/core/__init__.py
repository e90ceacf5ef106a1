"""Floor 0: facts that need no graph. Element types, static shapes, error classes.

Imports nothing from the rest of the package; every other floor may import this one.
"""
