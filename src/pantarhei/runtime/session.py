"""Sessions as users make them: as a context, or as the default from then on."""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from types import TracebackType

from pantarhei.graph import stacks
from pantarhei.graph.graph import Graph
from pantarhei.runtime.base_session import BaseSession
from pantarhei.runtime.config import ConfigProto


class Session(BaseSession):
    """Owns the variables of a graph and runs parts of it.

    As a context manager it is the default session inside, and is closed at the end.

    Args:
      target: "" - there are no remote sessions.
      graph: the graph to run; the default graph by default.
      config: a `tf.ConfigProto`.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> c = tf.constant(5.0) * tf.constant(6.0)
      >>> with tf.Session() as session:
      ...     print(session.run(c))
      30.0
    """

    _contexts: ExitStack | None = None

    def __enter__(self) -> Session:
        if self._contexts is not None:
            raise RuntimeError(
                "Session context managers are not re-entrant. Use `Session.as_default()` if you "
                "want to enter a session multiple times."
            )
        with ExitStack() as stack:
            stack.enter_context(self.graph.as_default())
            stack.enter_context(self.as_default())
            self._contexts = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        contexts, self._contexts = self._contexts, None
        try:
            if contexts is not None:
                contexts.__exit__(kind, value, traceback)
        finally:
            self.close()


class InteractiveSession(BaseSession):
    """A session that is the default from the moment it is made; for notebooks and shells.

    Example:
      >>> import pantarhei as tf
      >>> session = tf.InteractiveSession()
      >>> print((tf.constant(2.0) + 3.0).eval())
      5.0
      >>> session.close()
    """

    _active = 0

    def __init__(
        self, target: str = "", graph: Graph | None = None, config: ConfigProto | None = None
    ) -> None:
        super().__init__(target, graph, config)
        if InteractiveSession._active:
            warnings.warn(
                "An interactive session is already active. This can cause out-of-memory errors in "
                "some cases. You must explicitly call `InteractiveSession.close()` to release "
                "resources held by the other session(s).",
                stacklevel=2,
            )
        InteractiveSession._active += 1
        self._explicit_graph = graph
        stacks.SESSIONS.items.append(self)
        if graph is not None:
            stacks.GRAPHS.items.append(graph)

    def close(self) -> None:
        """Ends the session; it is no longer the default."""
        if not self._closed:
            InteractiveSession._active -= 1
        super().close()
        if self in stacks.SESSIONS.items:
            stacks.SESSIONS.items.remove(self)
        if self._explicit_graph is not None and self._explicit_graph in stacks.GRAPHS.items:
            stacks.GRAPHS.items.remove(self._explicit_graph)
