"""Rewriting: one sweep over a program with a table of rules.

Nodes come in the order in which they run, so what a rule looks at has been rewritten already. What
a rule builds comes next, before everything that uses it, and may be rewritten again; so one sweep
is enough, and its cost is that of the nodes it meets. Nodes that nothing has changed stay as they
are. What a replaced node made is of the same type as before, and the new nodes have its origin.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pantarhei.passes.appender import with_operands
from pantarhei.passes.patterns import (
    Application,
    Bound,
    Number,
    binder,
    orders,
    parsed,
    written,
)
from pantarhei.program.ir import Builder, Node, Primitive, Program, Value, VerificationError
from pantarhei.program.primitives import TABLE

# What a rule puts in the place of a node; None where it does not apply after all.
Replacement = Callable[..., Value | None]

REAL = "biuf"
FLOATS = "f"
WHOLE = "iu"


@dataclass(frozen=True)
class Example:
    """Inputs (name and type), an expression of them, and what it becomes."""

    inputs: str
    before: str
    after: str


@dataclass(frozen=True)
class Rule:
    """One row of a table: an expression and what may stand in its place, to the bit.

    Args:
      name: how it is counted, shown and spoken of.
      pattern: the expression, as in `patterns`; or several.
      replacement: text, or a function `(builder, node, **what the names stand for)`. Its value may
        have a smaller shape than the node; then it is broadcast.
      example: what tests check, and documentation shows.
      kinds: kinds (`dtype.kind`) of the node's dtype for which it holds.
      when: what else has to hold, as a function of what the names stand for.
    """

    name: str
    pattern: str | tuple[str, ...]
    replacement: str | Replacement
    example: Example
    kinds: str = "biufcSUOV"
    when: Callable[..., bool] | None = None


@dataclass(frozen=True)
class Matcher:
    """One pattern of a rule, ready for use."""

    rule: Rule
    bind: Callable[[Node], Bound | None]
    build: Replacement


# What the first operand that is not just any value is: a primitive, or a constant.
Key = Primitive | str


class Rules:
    """A table of rules, found by the primitive of the node and what one of its operands is."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rows = tuple(rules)
        self.found: dict[Primitive, dict[Key, list[Matcher]]] = {}
        for rule in self.rows:
            texts = (rule.pattern,) if isinstance(rule.pattern, str) else rule.pattern
            for text in texts:
                for pattern in orders(parsed(text)):
                    assert isinstance(pattern, Application)
                    by_operand = self.found.setdefault(pattern.primitive, {})
                    by_operand.setdefault(_key(pattern), []).append(
                        Matcher(rule, binder(pattern), _builder_of(rule))
                    )


def _key(pattern: Application) -> Key:
    for operand in pattern.operands:
        if isinstance(operand, Application):
            return operand.primitive
        if isinstance(operand, Number) or operand.constant:
            return "constant"
    return "any"


def _builder_of(rule: Rule) -> Replacement:
    if not isinstance(rule.replacement, str):
        return rule.replacement
    build = written(rule.replacement)
    return lambda builder, node, **bound: build(builder, bound)


class Sweep:
    """Rewrites one program; `fired` counts how often each rule applied."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.fired: Counter[str] = Counter()
        self.builder = Builder(TABLE)
        # By the id of a node that is gone: the value, or the node of several, in its place.
        self.instead: dict[int, Value | Node] = {}
        self.gone: list[Node] = []  # kept, so that no other node can get such an id

    def run(self, program: Program) -> Program:
        """The program with every rule applied wherever its pattern is found."""
        found, instead = self.rules.found, self.instead
        waiting = program.nodes[::-1]
        nodes: list[Node] = []
        while waiting:
            node = waiting.pop()
            if node.primitive is None:
                nodes.append(node)
                continue
            renewed = self._renewed(node) if instead else node
            if renewed is None:  # it has become a constant
                waiting += self._fresh()
                continue
            by_operand = found.get(node.primitive)
            value = self._rewritten(renewed, by_operand) if by_operand else None
            if value is None:
                nodes.append(renewed)
                continue
            self._replace(node, value)
            if self.builder.nodes:
                waiting += self._fresh()
        if not instead:
            return program
        outputs = [self._resolved(value) for value in program.outputs]
        return Program(program.inputs, nodes, outputs)

    def _rewritten(self, node: Node, by_operand: Mapping[Key, list[Matcher]]) -> Value | None:
        for operand in node.operands:
            inner = operand.node
            key = inner.primitive or ("constant" if inner.constant is not None else "input")
            if key in by_operand:
                value = self._first(node, by_operand[key])
                if value is not None:
                    return value
        return self._first(node, by_operand["any"]) if "any" in by_operand else None

    def _first(self, node: Node, matchers: list[Matcher]) -> Value | None:
        """What the first rule that applies puts in the place of a node."""
        for matcher in matchers:
            rule = matcher.rule
            if node.types[0].dtype.kind not in rule.kinds:
                continue
            bound = matcher.bind(node)
            if bound is None or (rule.when is not None and not rule.when(**bound)):
                continue
            self.builder.origin = node.origin
            value = matcher.build(self.builder, node, **bound)
            if value is None:
                continue
            if value.dtype != node.types[0].dtype:
                raise VerificationError(f"{rule.name!r} turns {node.types[0]} into {value.type}")
            if value.node.types[value.index].shape != node.types[0].shape:
                value = self.builder.broadcast_to(value, shape=node.types[0].shape)
            self.fired[rule.name] += 1
            return value
        return None

    def _fresh(self) -> list[Node]:
        """What has been built since the last time, the last first."""
        nodes = self.builder.nodes[::-1]
        self.builder.nodes = []
        self.builder.interned.clear()  # what it holds may be gone soon
        return nodes

    def _renewed(self, node: Node) -> Node | None:
        """The node with operands of today; None where these are all known and it is too."""
        operands, changed, known = [], False, True
        for operand in node.operands:
            if id(operand.node) in self.instead:
                changed = True
                operand = self._resolved(operand)
            operands.append(operand)
            known = known and operand.node.constant is not None
        if not changed:
            return node
        if known and len(node.types) == 1:
            assert node.primitive is not None
            self.builder.origin = node.origin
            value = self.builder.apply(node.primitive, operands, node.attributes)
            if value.node.constant is not None:
                self.fired["constant operands"] += 1
                self._replace(node, value)
                return None
            self._fresh()
        renewed = with_operands(node, tuple(operands))
        self._replace(node, Value(renewed) if len(node.types) == 1 else renewed)
        return renewed

    def _replace(self, node: Node, value: Value | Node) -> None:
        self.instead[id(node)] = value
        self.gone.append(node)

    def _resolved(self, value: Value) -> Value:
        """What stands for a value today."""
        instead = self.instead.get(id(value.node))
        while instead is not None:
            value = instead if isinstance(instead, Value) else Value(instead, value.index)
            instead = self.instead.get(id(value.node))
        return value


def sweep(rules: Rules) -> Callable[[Program], tuple[Program, Mapping[str, int]]]:
    """One sweep with a table, as a function."""

    def run(program: Program) -> tuple[Program, Mapping[str, int]]:
        rewriting = Sweep(rules)
        return rewriting.run(program), rewriting.fired

    return run
