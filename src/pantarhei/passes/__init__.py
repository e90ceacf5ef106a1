"""Simplification: a program becomes a smaller one that means the same, to the bit.

driver                 the passes, in order; dumps
dead_code              nodes that nobody needs
movements              elements that stay where they are, or are moved twice
folding                what is known already
identities             laws of arithmetic
products               matrix products that read transposed operands
common_subexpressions  nodes that are equal
rewriting              one sweep with a table of rules; patterns: the expressions that rules find
appender               nodes written anew, for passes without a table, those of engines too
"""

from __future__ import annotations

from pantarhei.passes.driver import PASSES, Pass, Step, simplify

__all__ = ["PASSES", "Pass", "Step", "simplify"]
