"""Sessions: run parts of a graph, keep its variables, and give a name to the place where they live.

A session turns fetches and feeds into plans, keeps the plans, and has them carried out. It knows
nothing of particular operations.
"""

from __future__ import annotations

import os
import uuid
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any

from pantarhei.engines import numpy_engine
from pantarhei.engines.contract import Engine
from pantarhei.engines.native import engine as native_engine
from pantarhei.facts import errors
from pantarhei.graph import stacks
from pantarhei.graph.graph import DEFAULT_GRAPHS, Graph, get_default_graph
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.program.ir import Array, Type
from pantarhei.runtime import placement
from pantarhei.runtime.config import ConfigProto, RunOptions
from pantarhei.runtime.execution import Execution
from pantarhei.runtime.feeds import feed_arrays
from pantarhei.runtime.fetches import Fetches
from pantarhei.runtime.partial import PartialRun
from pantarhei.runtime.store import Store
from pantarhei.runtime.tracing import Watch
from pantarhei.transforms.lower import NeedsStaticFeeds, lower
from pantarhei.transforms.plan import Facts, Plan
from pantarhei.transforms.schedule import schedule

# Name -> what sets the engine up for a session that may use a number of threads.
ENGINES: dict[str, Callable[[int], Engine]] = {
    "numpy": numpy_engine.engine,
    "native": native_engine.engine,
}

# Kinds of runs (fetches with fed types) whose plans are kept; the longest unused ones make room.
FAMILIES_KEPT = 1024
# Plans kept for one kind of run, which differ in the values of small feeds.
PLANS_KEPT = 128


def chosen_engine(config: ConfigProto) -> Engine:
    """The engine that `config`, the environment, or the default names."""
    name = config.engine or os.environ.get("PANTARHEI_ENGINE") or "numpy"
    if name not in ENGINES:
        raise ValueError(f"There is no engine named {name!r}; there are: {', '.join(ENGINES)}.")
    return ENGINES[name](config.intra_op_parallelism_threads)


class _Family:
    """The plans for one set of fetches and fed types; they differ in values of feeds and in
    state."""

    def __init__(self) -> None:
        self.static: list[Tensor] = []
        self.plans: dict[Any, Plan] = {}


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
        self._store = Store()
        self._families: dict[Any, _Family] = {}
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
            self._store = Store()
        self._families.clear()
        self._partial_runs.clear()

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
          feed_dict: values (arrays or what converts to them) in place of those of tensors.
          options: a `tf.RunOptions`: whether to record times, and how long the run may take.
          run_metadata: a `tf.RunMetadata`, which the run empties; where `options` ask for a trace,
            its `step_stats` tell what ran when. `docs/profiling.md` says more.

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
        self._check_open()
        plain = options is None and run_metadata is None
        watch = None if plain else Watch(options, run_metadata)
        wanted = Fetches(self._graph, fetches)
        feeds = feed_arrays(self._graph, feed_dict)
        return wanted.rebuild(self._values(wanted.operations, wanted.tensors, feeds, watch))

    def make_callable(
        self,
        fetches: Any,
        feed_list: Sequence[Any] | None = None,
        accept_options: bool = False,
    ) -> Callable[..., Any]:
        """A function that runs `fetches` with its arguments fed to the tensors of `feed_list`.

        The structure is taken apart once, so calling it costs less than `run`.

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
        wanted = Fetches(self._graph, fetches)
        tensors = [
            self._graph.as_graph_element(each, allow_operation=False) for each in feed_list or ()
        ]

        def call(*values: Any) -> Any:
            self._check_open()
            feeds = feed_arrays(self._graph, dict(zip(tensors, values, strict=False)))
            return wanted.rebuild(self._values(wanted.operations, wanted.tensors, feeds))

        def watched(*values: Any, options: Any = None, run_metadata: Any = None) -> Any:
            self._check_open()
            plain = options is None and run_metadata is None
            watch = None if plain else Watch(options, run_metadata)
            feeds = feed_arrays(self._graph, dict(zip(tensors, values, strict=False)))
            return wanted.rebuild(self._values(wanted.operations, wanted.tensors, feeds, watch))

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
        wanted = Fetches(self._graph, fetches)
        tensors = {
            self._graph.as_graph_element(each, allow_operation=False) for each in feeds or ()
        }
        handle = str(uuid.uuid4())
        self._partial_runs[handle] = PartialRun({*wanted.tensors, *wanted.operations}, tensors)
        return handle

    def partial_run(
        self, handle: str, fetches: Any, feed_dict: Mapping[Any, Any] | None = None
    ) -> Any:
        """Goes on with a run in parts: what earlier parts computed is not computed again.

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
        wanted = Fetches(self._graph, fetches)
        feeds = feed_arrays(self._graph, feed_dict)
        part.check([*wanted.tensors, *wanted.operations], list(feeds))
        known = {**part.values, **feeds}
        targets = [*wanted.operations, *(t.op for t in wanted.tensors if t not in known)]
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
        every = list(dict.fromkeys([*wanted.tensors, *on_the_way]))
        with self._store.lock:
            arrays = self._execute(wanted.operations, every, known, part.done)
        part.values.update(feeds)
        part.values.update(zip(every, arrays, strict=True))
        part.done.update(ops)
        part.fetched.update(wanted.tensors, wanted.operations)
        return wanted.rebuild([_scalar(array.copy()) for array in arrays])

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")
        if self._graph.version == 0:
            raise RuntimeError(
                "The Session graph is empty.  Add operations to the graph before calling run()."
            )

    def _values(
        self,
        operations: Sequence[Operation],
        tensors: Sequence[Tensor],
        feeds: Mapping[Tensor, Array],
        watch: Watch | None = None,
    ) -> list[Any]:
        with self._store.lock:
            self._check_open()  # another thread may have closed it meanwhile
            arrays = self._execute(operations, tensors, feeds, watch=watch)
        # What is fed comes back as it was made of what was fed; results of rank 0 are scalars.
        return [
            array if tensor in feeds else _scalar(array)
            for tensor, array in zip(tensors, arrays, strict=True)
        ]

    def _execute(
        self,
        operations: Sequence[Operation],
        tensors: Sequence[Tensor],
        feeds: Mapping[Tensor, Array],
        done: set[Operation] | None = None,
        watch: Watch | None = None,
    ) -> list[Array]:
        types = {tensor: Type(array.dtype, array.shape) for tensor, array in feeds.items()}
        key = (tuple(operations), tuple(tensors), frozenset(types.items()), frozenset(done or ()))
        family = self._family(key)

        def lowered(facts: Facts, resuming: bool = True) -> Plan:
            return lower(
                operations,
                tensors,
                types,
                self._store.types(),
                {tensor: feeds[tensor] for tensor in family.static},
                facts,
                self._store.resources,
                resuming,
                done or (),
            )

        while True:
            values = tuple(feeds[tensor].tobytes() for tensor in family.static)
            plan = family.plans.get(values)
            if plan is None or not self._fits(plan):
                if plan is None:
                    targets = [*operations, *(t.op for t in tensors if t not in feeds)]
                    placement.check(schedule(targets, feeds, done or ()), self._config)
                try:
                    plan = lowered({}, resuming=False)
                except NeedsStaticFeeds as need:
                    family.static += sorted(need.tensors, key=lambda tensor: tensor.name)
                    family.plans.clear()
                    continue
                plan.epoch = self._store.epoch
                while len(family.plans) >= PLANS_KEPT:
                    family.plans.pop(next(iter(family.plans)))
                family.plans[values] = plan
            execution = Execution if watch is None else watch.execution
            return execution(self._store, self._engine, feeds, lowered).run(plan)

    def _family(self, key: Any) -> _Family:
        family = self._families.pop(key, None) or _Family()
        self._families[key] = family
        if len(self._families) > FAMILIES_KEPT:
            self._families.pop(next(iter(self._families)))
        return family

    def _fits(self, plan: Plan) -> bool:
        """Whether the variables are of the types for which a plan was made."""
        if plan.epoch == self._store.epoch:
            return True
        fits = all(self._store.type_of(key) == type for key, type in plan.expects.items())
        if fits:
            plan.epoch = self._store.epoch
        return fits


def _scalar(array: Array) -> Any:
    return array[()] if array.ndim == 0 else array


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
            DEFAULT_GRAPHS.items.append(graph)

    def close(self) -> None:
        """Ends the session; it is no longer the default."""
        if not self._closed:
            InteractiveSession._active -= 1
        super().close()
        if self in stacks.SESSIONS.items:
            stacks.SESSIONS.items.remove(self)
        if self._explicit_graph is not None and self._explicit_graph in DEFAULT_GRAPHS.items:
            DEFAULT_GRAPHS.items.remove(self._explicit_graph)
