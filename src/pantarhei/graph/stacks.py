"""Stacks of defaults, one per thread: of graphs and of sessions.

A session is anything with `run` and `graph`; this module makes neither. Below the stack of graphs
lies one more default, in default_graph.py.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class DefaultStack(threading.local):
    """A per-thread stack whose top is the default."""

    def __init__(self, what: str = "") -> None:
        super().__init__()
        self.items: list[Any] = []
        self.enforce_nesting = True
        self.what = what

    def get(self) -> Any:
        """The top of the stack, or None."""
        return self.items[-1] if self.items else None

    @contextmanager
    def pushed(self, item: Any) -> Iterator[Any]:
        """Makes `item` the default while the context is open."""
        self.items.append(item)
        try:
            yield item
        finally:
            if self.items and self.enforce_nesting:
                if self.items[-1] is not item:
                    raise AssertionError(
                        f"Nesting violated for default stack of {type(item)} objects"
                    )
                self.items.pop()
            elif item in self.items:
                self.items.remove(item)


GRAPHS = DefaultStack("graph")
SESSIONS = DefaultStack("session")


def get_default_session() -> Any:
    """The session that `Tensor.eval` and `Operation.run` use on this thread, or None."""
    return SESSIONS.get()


def session_for(graph: Any, session: Any, verb: str, call: str) -> Any:
    """`session`, or the default one, checked to be of `graph`.

    Raises:
      ValueError: in TensorFlow's words, if there is none or its graph is another.
    """
    what = "evaluate tensor" if verb == "eval" else "execute operation"
    if session is None:
        session = get_default_session()
        if session is None:
            raise ValueError(
                f"Cannot {what} using `{call}`: No default session is registered. "
                f"Use `with sess.as_default()`{'' if verb == 'eval' else ':'} or pass an explicit "
                f"session to `{verb}(session=sess)`"
            )
        if session.graph is not graph:
            raise ValueError(
                f"Cannot use the default session to {what}: the "
                f"{'tensor' if verb == 'eval' else 'operation'}'s graph is different from the "
                f"session's graph. Pass an explicit session to `{verb}(session=sess)`."
            )
    elif session.graph is not graph:
        raise ValueError(
            f"Cannot use the given session to {what}: the "
            f"{'tensor' if verb == 'eval' else 'operation'}'s graph is different from the "
            "session's graph."
        )
    return session
