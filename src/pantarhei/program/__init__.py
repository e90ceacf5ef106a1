"""Floor 1: the program language, in which engines work.

A program is pure, typed and small: concrete shapes, single assignment, no names, no state. It
depends on NumPy only; graphs, sessions and variables do not appear.
"""
