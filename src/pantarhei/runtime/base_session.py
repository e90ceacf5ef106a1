"""What all sessions share: they run parts of a graph and keep its variables.

A session turns fetches and feeds into plans, keeps the plans, and has them carried out. It knows
nothing of particular operations.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from pantarhei.core import errors, nest
from pantarhei.graph import stacks
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.graph import Graph
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.lowering.lower import NeedsStaticFeeds, lower
from pantarhei.lowering.plan import Facts, Plan
from pantarhei.lowering.schedule import schedule
from pantarhei.program.ir import Array, Type
from pantarhei.runtime import device_placement as placement
from pantarhei.runtime.bindings import NotBindable
from pantarhei.runtime.bound_run import BoundRun, in_order
from pantarhei.runtime.config import ConfigProto, RunOptions
from pantarhei.runtime.engines import chosen_engine
from pantarhei.runtime.execution import Execution
from pantarhei.runtime.fast_path import IMMUTABLE, MISSED, Shortcut, key_of
from pantarhei.runtime.feeds import feed_arrays
from pantarhei.runtime.fetches import Fetches
from pantarhei.runtime.partial import PartialRun
from pantarhei.runtime.store import Store
from pantarhei.runtime.tracing import Watch

# Kinds of runs (fetches with fed types) whose plans are kept; the longest unused ones make room.
FAMILIES_KEPT = 1024
# Plans kept for one kind of run, which differ in the values of small feeds.
PLANS_KEPT = 128


class _Family:
    """The plans for one set of fetches and fed types; they differ in values of feeds and in
    state."""

    def __init__(self) -> None:
        self.static: list[Tensor] = []
        self.plans: dict[Any, Plan] = {}


@dataclass
class _Outcome:
    """What a run gave: the values of the tensors; if one call made it, the call and the tensors
    whose values it was made for."""

    results: list[Any]
    call: BoundRun | None = None
    static: Sequence[Tensor] = ()


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
        self._shortcuts: dict[tuple[Any, ...], Shortcut] = {}
        self._placed: set[Any] = set()  # kinds of runs whose devices have been looked at

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
        self._shortcuts.clear()
        self._placed.clear()
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
        if options is not None or run_metadata is not None:
            return self._run(fetches, feed_dict, Watch(options, run_metadata))
        try:
            key = key_of(fetches, () if feed_dict is None else feed_dict)
            shortcut = self._shortcuts.get(key)
        except TypeError:  # a nested structure, or what cannot be fetched or fed
            return self._run(fetches, feed_dict)
        if shortcut is not None:
            with self._store.lock:
                values = () if feed_dict is None else feed_dict.values()
                results = MISSED if self._closed else shortcut.run(values)
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
        """The long way; `key`: under which a shortcut may be kept for the next time."""
        self._check_open()
        wanted = Fetches(self._graph, fetches)
        feeds = feed_arrays(self._graph, feed_dict)
        outcome = self._values(wanted, feeds, watch)
        if key is not None and outcome.call is not None:
            self._remember(key, wanted, feed_dict or {}, feeds, outcome)
        return wanted.rebuild(outcome.results)

    def _remember(
        self,
        key: tuple[Any, ...],
        wanted: Fetches,
        feed_dict: Mapping[Any, Any],
        feeds: Mapping[Tensor, Array],
        outcome: _Outcome,
    ) -> None:
        """Keeps a shortcut to the call that has just been made, where keys are single tensors."""
        assert outcome.call is not None
        if any(map(nest.is_nested, feed_dict)) or len(feed_dict) != len(feeds):
            return
        if {*outcome.call.fed, *outcome.call.unused, *outcome.static} != {*feeds}:
            return
        values = dict(zip(feeds, feed_dict.values(), strict=True))
        static = {tensor: values[tensor] for tensor in outcome.static}
        if not all(isinstance(value, IMMUTABLE) for value in static.values()):
            return
        shortcut = self._shortcuts.get(key)
        if shortcut is None or static:
            shortcut = Shortcut(wanted, list(feeds), static, outcome.call.unused)
        shortcut.add(outcome.call)
        if len(self._shortcuts) >= FAMILIES_KEPT:
            self._shortcuts.clear()
        self._shortcuts[key] = shortcut

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

        shortcut: Shortcut | None = None

        def call(*values: Any) -> Any:
            nonlocal shortcut
            if shortcut is not None and len(values) == len(tensors):
                with self._store.lock:
                    results = MISSED if self._closed else shortcut.run(values)
                if results is not MISSED:
                    return results
            return run(values)

        def run(values: Sequence[Any], watch: Watch | None = None) -> Any:
            nonlocal shortcut
            self._check_open()
            feeds = feed_arrays(self._graph, dict(zip(tensors, values, strict=False)))
            outcome = self._values(wanted, feeds, watch)
            if outcome.call is not None and [*outcome.call.fed] == tensors == [*feeds]:
                shortcut = Shortcut(wanted, tensors, {}) if shortcut is None else shortcut
                shortcut.add(outcome.call)
            return wanted.rebuild(outcome.results)

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
        wanted = Fetches(self._graph, fetches)
        tensors = {
            self._graph.as_graph_element(each, allow_operation=False) for each in feeds or ()
        }
        handle = os.urandom(16).hex()
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
            arrays = self._execute(wanted.operations, every, known, part.done).results
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
        self, wanted: Fetches, feeds: Mapping[Tensor, Array], watch: Watch | None = None
    ) -> _Outcome:
        allowed = self._config.operation_timeout_in_ms
        if allowed:
            watch = watch or Watch(None, None)
            watch.allowed = watch.allowed or allowed
        with self._store.lock:
            self._check_open()  # another thread may have closed it meanwhile
            outcome = self._execute(wanted.operations, wanted.tensors, feeds, watch=watch)
        if outcome.call is None:
            # What is fed comes back as it was made of what was fed; results of rank 0 are scalars.
            outcome.results = [
                array if tensor in feeds else _scalar(array)
                for tensor, array in zip(wanted.tensors, outcome.results, strict=True)
            ]
        return outcome

    def _execute(
        self,
        operations: Sequence[Operation],
        tensors: Sequence[Tensor],
        feeds: Mapping[Tensor, Array],
        done: set[Operation] | None = None,
        watch: Watch | None = None,
    ) -> _Outcome:
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
                    self._check_devices(operations, tensors, feeds, done or ())
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
            if watch is None and done is None:
                results = self._run_standing(plan, feeds)
                if results is not None:
                    return _Outcome(results, plan.standing, family.static)
            execution = Execution if watch is None else watch.execution
            return _Outcome(execution(self._store, self._engine, feeds, lowered).run(plan))

    def _check_devices(
        self,
        operations: Sequence[Operation],
        tensors: Sequence[Tensor],
        feeds: Collection[Tensor],
        done: Collection[Operation],
    ) -> None:
        """Whether what a run needs can be placed; looked at once, whatever is fed."""
        kind = (tuple(operations), tuple(tensors), frozenset(feeds), frozenset(done))
        if kind not in self._placed:
            targets = [*operations, *(t.op for t in tensors if t not in feeds)]
            placement.check(schedule(targets, feeds, done), self._config)
            self._placed.add(kind)

    def _run_standing(self, plan: Plan, feeds: Mapping[Tensor, Array]) -> list[Array] | None:
        """Runs a plan as one call, where it can be one."""
        if plan.standing is None:
            fed = [tensor for tensor in plan.fed_tensors if tensor in feeds]
            try:
                plan.standing = BoundRun(plan, self._engine, self._store, fed)
            except NotBindable:
                plan.standing = False
        standing = plan.standing
        if not standing:
            return None
        return standing.run(*(in_order(feeds[tensor]) for tensor in standing.fed))

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
