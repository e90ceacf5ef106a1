"""The base of sessions, which run parts of a graph and keep its variables.

A session checks fetches and feeds and returns values in the structure of the fetches; plans are
made and executed in dispatch.py, repeated runs take the fast path (fast_path.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from pantarhei.core import errors, nest
from pantarhei.graph import stacks
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.graph import Graph
from pantarhei.graph.operation import Tensor
from pantarhei.lowering.schedule import schedule
from pantarhei.program.ir import Array
from pantarhei.runtime.config import ConfigProto, RunOptions
from pantarhei.runtime.dispatch import KINDS_KEPT, Dispatcher, Outcome
from pantarhei.runtime.engines import chosen_engine
from pantarhei.runtime.fast_path import IMMUTABLE, MISSED, FastPath, key_of
from pantarhei.runtime.feeds import feed_arrays
from pantarhei.runtime.fetches import Fetches
from pantarhei.runtime.partial import PartialRun
from pantarhei.runtime.store import Store
from pantarhei.runtime.tracing import Watch


class BaseSession:
    """What `Session` and `InteractiveSession` share."""

    def __init__(
        self, target: str = "", graph: Graph | None = None, config: ConfigProto | None = None
    ) -> None:
        if graph is not None and not isinstance(graph, Graph):
            raise TypeError(f"graph must be a tf.Graph, but got {type(graph)}")
        if config is not None and not isinstance(config, ConfigProto):
            raise TypeError(f"config must be a tf.ConfigProto, but got {type(config)}")
        if target:
            raise errors.NotFoundError(
                None,
                None,
                "No session factory registered for the given session options: "
                f"{{target: {target!r}}}",
                cause="sessions run in this process; there is no server to connect to",
                cure='tf.Session() or tf.Session("")',
            )
        self._graph = get_default_graph() if graph is None else graph
        self._config = ConfigProto() if config is None else config
        self._engine = chosen_engine(self._config)
        self._closed = False
        self._reset()

    def _reset(self) -> None:
        """Begins with no variables and no plans."""
        self._store = Store()
        self._dispatcher = Dispatcher(self._store, self._engine, self._config)
        self._fast_paths: dict[tuple[Any, ...], FastPath] = {}
        self._partial_runs: dict[str, PartialRun] = {}

    @property
    def graph(self) -> Graph:
        """The graph that this session runs."""
        return self._graph

    @property
    def graph_def(self) -> Any:
        """Its graph as a `GraphDef`; see `Graph.as_graph_def`."""
        return self._graph.as_graph_def()

    @property
    def sess_str(self) -> bytes:
        """The target it was made for; always this process."""
        return b""

    def close(self) -> None:
        """Ends the session; its variables are gone. Closing twice does nothing.

        A run of another thread is waited for; the next one finds the session closed.
        """
        with self._store.lock:
            self._closed = True
            self._reset()

    def as_default(self) -> AbstractContextManager[Any]:
        """Context in which `eval` and `run` of tensors and operations use this session.

        It does not close the session.
        """
        return stacks.SESSIONS.pushed(self)

    def run(
        self,
        fetches: Any,
        feed_dict: Mapping[Any, Any] | None = None,
        options: RunOptions | None = None,
        run_metadata: Any = None,
    ) -> Any:
        """Runs what is needed for `fetches` and returns their values.

        Operations without an order between them read variables as they were before the run; a
        fetched variable is shown as it is after it.

        Args:
          fetches: a tensor, operation, variable or name, or a nested structure (list, tuple, named
            tuple, dict) of them.
          feed_dict: values (arrays, or convertible to them) in place of those of tensors.
          options: a `tf.RunOptions`: whether to record times, and how long the run may take.
          run_metadata: a `tf.RunMetadata`, which the run empties; where `options` request a
            trace, its `step_stats` list what ran when. `docs/profiling.md` says more.

        Returns:
          The values in the same structure: arrays, NumPy scalars for rank 0, None for operations.

        Raises:
          RuntimeError: the session is closed, or its graph is empty. TypeError, ValueError: fetches
          or feeds do not fit. tf.errors.OpError: an operation failed, or the time was up; variables
          are as they were before.

        Example:
          >>> import pantarhei as tf
          >>> x = tf.placeholder(tf.float32, (None,))
          >>> tf.Session().run({"double": x + x}, feed_dict={x: [1, 2]})
          {'double': array([2., 4.], dtype=float32)}
        """
        if options is not None or run_metadata is not None:
            return self._run(fetches, feed_dict, Watch(options, run_metadata))
        try:
            key = key_of(fetches, () if feed_dict is None else feed_dict)
            fast_path = self._fast_paths.get(key)
        except TypeError:  # a nested structure, or one that cannot be fetched or fed
            return self._run(fetches, feed_dict)
        if fast_path is not None:
            with self._store.lock:
                values = () if feed_dict is None else feed_dict.values()
                results = MISSED if self._closed else fast_path.run(values)
            if results is not MISSED:
                return results
        return self._run(fetches, feed_dict, key=key)

    def _run(
        self,
        fetches: Any,
        feed_dict: Mapping[Any, Any] | None,
        watch: Watch | None = None,
        key: tuple[Any, ...] | None = None,
    ) -> Any:
        """Runs through the dispatcher; `key`: under which a fast path may be kept."""
        self._check_open()
        requested = Fetches(self._graph, fetches)
        feeds = feed_arrays(self._graph, feed_dict)
        outcome = self._values(requested, feeds, watch)
        if key is not None and outcome.call is not None:
            self._remember(key, requested, feed_dict or {}, feeds, outcome)
        return requested.rebuild(outcome.results)

    def _remember(
        self,
        key: tuple[Any, ...],
        requested: Fetches,
        feed_dict: Mapping[Any, Any],
        feeds: Mapping[Tensor, Array],
        outcome: Outcome,
    ) -> None:
        """Keeps a fast path to the call that was just made, where keys are single tensors."""
        assert outcome.call is not None
        if any(map(nest.is_nested, feed_dict)) or len(feed_dict) != len(feeds):
            return
        if {*outcome.call.fed, *outcome.call.unused, *outcome.static} != {*feeds}:
            return
        values = dict(zip(feeds, feed_dict.values(), strict=True))
        static = {tensor: values[tensor] for tensor in outcome.static}
        if not all(isinstance(value, IMMUTABLE) for value in static.values()):
            return
        fast_path = self._fast_paths.get(key)
        if fast_path is None or static:
            fast_path = FastPath(requested, list(feeds), static, outcome.call.unused)
        fast_path.add(outcome.call)
        if len(self._fast_paths) >= KINDS_KEPT:
            self._fast_paths.clear()
        self._fast_paths[key] = fast_path

    def make_callable(
        self,
        fetches: Any,
        feed_list: Sequence[Any] | None = None,
        accept_options: bool = False,
    ) -> Callable[..., Any]:
        """A function that runs `fetches` with its arguments fed to the tensors of `feed_list`.

        The structure is analyzed once, so calling it costs less than `run`.

        Args:
          fetches: as for `run`.
          feed_list: tensors to feed.
          accept_options: whether the function also takes `options` and `run_metadata`, as `run`
            does.

        Example:
          >>> import pantarhei as tf
          >>> x = tf.placeholder(tf.float32, ())
          >>> square = tf.Session().make_callable(x * x, [x])
          >>> print(square(3.0), square(4.0))
          9.0 16.0
        """
        if feed_list is not None and not isinstance(feed_list, (list, tuple)):
            raise TypeError("`feed_list` must be a list or tuple.")
        self._check_open()
        requested = Fetches(self._graph, fetches)
        tensors = [
            self._graph.as_graph_element(each, allow_operation=False) for each in feed_list or ()
        ]

        fast_path: FastPath | None = None

        def call(*values: Any) -> Any:
            nonlocal fast_path
            if fast_path is not None and len(values) == len(tensors):
                with self._store.lock:
                    results = MISSED if self._closed else fast_path.run(values)
                if results is not MISSED:
                    return results
            return run(values)

        def run(values: Sequence[Any], watch: Watch | None = None) -> Any:
            nonlocal fast_path
            self._check_open()
            feeds = feed_arrays(self._graph, dict(zip(tensors, values, strict=False)))
            outcome = self._values(requested, feeds, watch)
            if outcome.call is not None and [*outcome.call.fed] == tensors == [*feeds]:
                fast_path = FastPath(requested, tensors, {}) if fast_path is None else fast_path
                fast_path.add(outcome.call)
            return requested.rebuild(outcome.results)

        def watched(*values: Any, options: Any = None, run_metadata: Any = None) -> Any:
            plain = options is None and run_metadata is None
            return call(*values) if plain else run(values, Watch(options, run_metadata))

        return watched if accept_options else call

    def partial_run_setup(self, fetches: Any, feeds: Sequence[Any] | None = None) -> str:
        """Announces a run in parts.

        Args:
          fetches: all that its parts will fetch, as for `run`.
          feeds: all tensors that its parts will feed.

        Returns:
          The handle to give to `partial_run`.
        """
        self._check_open()
        requested = Fetches(self._graph, fetches)
        tensors = {
            self._graph.as_graph_element(each, allow_operation=False) for each in feeds or ()
        }
        handle = os.urandom(16).hex()
        self._partial_runs[handle] = PartialRun(
            {*requested.tensors, *requested.operations}, tensors
        )
        return handle

    def partial_run(
        self, handle: str, fetches: Any, feed_dict: Mapping[Any, Any] | None = None
    ) -> Any:
        """Continues a run in parts: what earlier parts computed is not computed again.

        Args:
          handle: from `partial_run_setup`.
          fetches: some of what was announced and not fetched yet.
          feed_dict: values for some of the tensors announced and not fed yet.

        Raises:
          tf.errors.InvalidArgumentError: something was not announced, or comes a second time.

        Example:
          >>> import pantarhei as tf
          >>> a, b = tf.placeholder(tf.float32, ()), tf.placeholder(tf.float32, ())
          >>> first = a + 1.0
          >>> second = first * b
          >>> session = tf.Session()
          >>> handle = session.partial_run_setup([first, second], [a, b])
          >>> value = session.partial_run(handle, first, {a: 1.0})
          >>> print(session.partial_run(handle, second, {b: value * 10.0}))
          40.0
        """
        self._check_open()
        if handle not in self._partial_runs:
            raise errors.InvalidArgumentError(
                None, None, "Must run 'setup' before performing partial runs!"
            )
        part = self._partial_runs[handle]
        requested = Fetches(self._graph, fetches)
        feeds = feed_arrays(self._graph, feed_dict)
        part.check([*requested.tensors, *requested.operations], list(feeds))
        known = {**part.values, **feeds}
        targets = [*requested.operations, *(t.op for t in requested.tensors if t not in known)]
        ops = schedule(targets, known, part.done)
        on_the_way = [
            tensor
            for op in ops
            for tensor in op.outputs
            if tensor not in known
            and not tensor.dtype._is_ref_dtype
            and tensor.dtype.name != "resource"
            and self._graph.is_fetchable(tensor)
        ]
        every = list(dict.fromkeys([*requested.tensors, *on_the_way]))
        with self._store.lock:
            arrays = self._dispatcher.run(requested.operations, every, known, part.done).results
        part.values.update(feeds)
        part.values.update(zip(every, arrays, strict=True))
        part.done.update(ops)
        part.fetched.update(requested.tensors, requested.operations)
        return requested.rebuild([_scalar(array.copy()) for array in arrays])

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")
        if self._graph.version == 0:
            raise RuntimeError(
                "The Session graph is empty.  Add operations to the graph before calling run()."
            )

    def _values(
        self, requested: Fetches, feeds: Mapping[Tensor, Array], watch: Watch | None = None
    ) -> Outcome:
        allowed = self._config.operation_timeout_in_ms
        if allowed:
            watch = watch or Watch(None, None)
            watch.allowed = watch.allowed or allowed
        with self._store.lock:
            self._check_open()  # another thread may have closed it meanwhile
            outcome = self._dispatcher.run(
                requested.operations, requested.tensors, feeds, watch=watch
            )
        if outcome.call is None:
            # Fed tensors are returned as arrays, results of rank 0 as scalars.
            outcome.results = [
                array if tensor in feeds else _scalar(array)
                for tensor, array in zip(requested.tensors, outcome.results, strict=True)
            ]
        return outcome


def _scalar(array: Array) -> Any:
    return array[()] if array.ndim == 0 else array
