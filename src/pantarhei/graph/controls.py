"""What `Graph.control_dependencies` puts on the graph's stack: the operations that come first."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pantarhei.graph.operation import Operation

if TYPE_CHECKING:
    from pantarhei.graph.graph import Graph


class ControlDependencies:
    """Context in which new operations wait for `control_inputs`.

    An operation that already takes something made inside the context waits through it, and gets no
    edge of its own; `seen` holds what was made inside.
    """

    def __init__(self, graph: Graph, control_inputs: list[Operation] | None) -> None:
        self._graph = graph
        self.clears = control_inputs is None
        self.control_inputs = control_inputs or []
        self.seen: set[Operation] = set()
        self._outer: list[ControlDependencies] = []
        self._outer_context: Any = None

    def __enter__(self) -> None:
        if self.clears:
            self._outer = self._graph._control_stack
            self._graph._control_stack = []
            self._outer_context = self._graph._get_control_flow_context()
            self._graph._set_control_flow_context(None)
        self._graph._control_stack.append(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._graph._control_stack.remove(self)
        if self.clears:
            self._graph._control_stack = self._outer
            self._graph._set_control_flow_context(self._outer_context)


def edges_for(stack: Iterable[ControlDependencies], inputs: set[Operation]) -> list[Operation]:
    """The control inputs a new operation with these input operations gets."""
    edges: list[Operation] = []
    for controls in stack:
        if not inputs & controls.seen:
            edges += [op for op in controls.control_inputs if op not in inputs]
    return list(dict.fromkeys(edges))
