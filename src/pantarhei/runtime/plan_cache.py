"""Bounded caches of plans by the values they are specialized on; the oldest entries go first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from pantarhei.graph.operation import Tensor
from pantarhei.lowering.plan import Observed, Plan

# Plans kept for one specialization point; data that never repeats must not fill the memory.
SPECIALIZATIONS_KEPT = 64

K = TypeVar("K")
V = TypeVar("V")


def keep(cache: dict[K, V], key: K, value: V, limit: int) -> None:
    """Adds the newest entry of a cache and removes the oldest ones above `limit`."""
    cache[key] = value
    while len(cache) > limit:
        del cache[next(iter(cache))]


class PlanCache:
    """The plans of one kind of run, which differ in the values of the feeds in `static`."""

    def __init__(self) -> None:
        self.static: list[Tensor] = []
        self.plans: dict[Any, Plan] = {}

    def specialize_on(self, tensors: Iterable[Tensor]) -> None:
        """Makes plans depend on the values of these feeds too."""
        self.static += sorted(tensors, key=lambda tensor: tensor.name)
        self.plans.clear()


def specialized(plan: Plan, value: Any, key: Any, lower_again: Callable[[Observed], Plan]) -> Plan:
    """The plan that continues where `plan` ends, for the value observed there.

    `key` identifies the value; `lower_again` makes the plan for all observed values.
    """
    point = plan.specialization_point
    assert point is not None
    if key not in point.plans:
        before = plan.observed.get(point.op.name, [])
        observed = {**plan.observed, point.op.name: [*before, value]}
        keep(point.plans, key, lower_again(observed), SPECIALIZATIONS_KEPT)
    return point.plans[key]
