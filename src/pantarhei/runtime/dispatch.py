"""Dispatch of runs: finds or lowers the plan for a kind of run, and executes it.

A plan that can be one call is executed so (bound_run.py), any other one step by step
(execution.py). Structures of fetches and the conversion of feeds are handled by the session.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pantarhei.engines.contract import Engine
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.lowering.lower import lower
from pantarhei.lowering.lowered_values import NeedsStaticFeeds
from pantarhei.lowering.plan import Observed, Plan
from pantarhei.lowering.schedule import schedule
from pantarhei.program.ir import Array, Type
from pantarhei.runtime import device_placement
from pantarhei.runtime.bindings import NotBindable
from pantarhei.runtime.bound_run import BoundRun, in_order
from pantarhei.runtime.config import ConfigProto
from pantarhei.runtime.execution import Execution
from pantarhei.runtime.plan_cache import PlanCache, keep
from pantarhei.runtime.store import Store
from pantarhei.runtime.tracing import Watch

# Kinds of runs (fetches with fed types) whose plans are kept; the longest unused ones make room.
KINDS_KEPT = 1024
# Plans kept for one kind of run, which differ in the values of small feeds.
PLANS_KEPT = 128


@dataclass
class Outcome:
    """The fetched values of a run.

    `call` is the one call that made them, or None; `static` are the feeds for whose values it was
    made.
    """

    results: list[Any]
    call: BoundRun | None = None
    static: Sequence[Tensor] = ()


class Dispatcher:
    """The plans of a session, and their execution on its engine and store."""

    def __init__(self, store: Store, engine: Engine, config: ConfigProto) -> None:
        self.store, self.engine, self.config = store, engine, config
        self.caches: dict[Any, PlanCache] = {}
        self.placed: set[Any] = set()  # kinds of runs whose devices have been checked

    def run(
        self,
        operations: Sequence[Operation],
        tensors: Sequence[Tensor],
        feeds: Mapping[Tensor, Array],
        done: set[Operation] | None = None,
        watch: Watch | None = None,
    ) -> Outcome:
        """Runs `operations` and fetches `tensors`; the caller holds the store's lock.

        Args:
          operations: operations to run.
          tensors: tensors to fetch.
          feeds: arrays of the fed tensors.
          done: in a run in parts, the operations of earlier parts.
          watch: the watch that records the run or limits its time.
        """
        types = {tensor: Type(array.dtype, array.shape) for tensor, array in feeds.items()}
        key = (tuple(operations), tuple(tensors), frozenset(types.items()), frozenset(done or ()))
        cache = self.caches.pop(key, None) or PlanCache()
        keep(self.caches, key, cache, KINDS_KEPT)

        def lowered(observed: Observed, resuming: bool = True) -> Plan:
            return lower(
                operations,
                tensors,
                types,
                self.store.types(),
                {tensor: feeds[tensor] for tensor in cache.static},
                observed,
                self.store.resources,
                resuming,
                done or (),
            )

        while True:
            values = tuple(feeds[tensor].tobytes() for tensor in cache.static)
            plan = cache.plans.get(values)
            if plan is not None and self._fits(plan):
                break
            if plan is None:
                self._check_devices(operations, tensors, feeds, done or ())
            try:
                plan = lowered({}, resuming=False)
            except NeedsStaticFeeds as need:
                cache.specialize_on(need.tensors)
                continue
            plan.epoch = self.store.epoch
            keep(cache.plans, values, plan, PLANS_KEPT)
            break
        if watch is None and done is None:
            results = self._run_bound(plan, feeds)
            if results is not None:
                return Outcome(results, plan.bound, cache.static)
        execution = Execution if watch is None else watch.execution
        return Outcome(execution(self.store, self.engine, feeds, lowered).run(plan))

    def _check_devices(
        self,
        operations: Sequence[Operation],
        tensors: Sequence[Tensor],
        feeds: Collection[Tensor],
        done: Collection[Operation],
    ) -> None:
        """Checks, once for a kind of run, that its devices exist."""
        kind = (tuple(operations), tuple(tensors), frozenset(feeds), frozenset(done))
        if kind not in self.placed:
            targets = [*operations, *(t.op for t in tensors if t not in feeds)]
            device_placement.check(schedule(targets, feeds, done), self.config)
            self.placed.add(kind)

    def _run_bound(self, plan: Plan, feeds: Mapping[Tensor, Array]) -> list[Any] | None:
        """Runs a plan as one call; None if it cannot be one."""
        if plan.bound is None:
            fed = [tensor for tensor in plan.fed_tensors if tensor in feeds]
            try:
                plan.bound = BoundRun(plan, self.engine, self.store, fed)
            except NotBindable:
                plan.bound = False
        bound = plan.bound
        if not bound:
            return None
        return bound.run(*(in_order(feeds[tensor]) for tensor in bound.fed))

    def _fits(self, plan: Plan) -> bool:
        """Whether the variables are of the types for which a plan was made."""
        if plan.epoch == self.store.epoch:
            return True
        fits = all(self.store.type_of(key) == type for key, type in plan.expects.items())
        if fits:
            plan.epoch = self.store.epoch
        return fits
