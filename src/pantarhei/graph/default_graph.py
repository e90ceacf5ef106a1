"""The default graph of a thread, and the one graph that a set of tensors belongs to.

Threads that have entered no graph share one, which is made when it is first needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pantarhei.core import errors
from pantarhei.graph import elements
from pantarhei.graph.graph import Graph
from pantarhei.graph.operation import Operation
from pantarhei.graph.stacks import GRAPHS


class _Bottom:
    """The default graph of every thread that has not entered another."""

    graph: Graph | None = None


def get_default_graph() -> Graph:
    """The graph that new operations go into on this thread."""
    top: Graph | None = GRAPHS.get()
    if top is not None:
        return top
    if _Bottom.graph is None:
        _Bottom.graph = Graph()
    return _Bottom.graph


def reset_default_graph() -> None:
    """Starts a new default graph.

    Raises:
      AssertionError: inside a `with graph.as_default()` block.
    """
    if GRAPHS.items:
        raise AssertionError(
            "Do not use tf.reset_default_graph() to clear nested graphs. If you need a cleared "
            "graph, exit the nesting and create a new graph."
        )
    _Bottom.graph = None


def graph_of(values: Sequence[Any], graph: Graph | None = None) -> Graph:
    """The one graph that all tensors among `values` are of; the default graph if there is none.

    Raises:
      ValueError: if two are of different graphs.
    """
    first: Any = None
    for value in values:
        found = elements.graph_element(value)
        if found is None:
            continue
        if graph is not None and first is None and found.graph is not graph:
            raise ValueError(_foreign(found, f"{found} is not from the passed-in graph.", graph))
        if graph is None or first is None:
            graph, first = found.graph, found
        elif found.graph is not graph:
            raise ValueError(
                _foreign(found, f"{found} must be from the same graph as {first}.", graph)
            )
    return get_default_graph() if graph is None else graph


def _foreign(found: Any, message: str, graph: Graph) -> str:
    op = found if isinstance(found, Operation) else found.op
    return errors.described(
        message,
        op,
        cause=f"two graphs are mixed: {found.graph} and {graph}",
        cure="build everything inside one `with graph.as_default():`, or call "
        "tf.reset_default_graph() only before building",
    )
