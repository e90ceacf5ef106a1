"""Runs of plans that are one call of machine code, on variables updated in place.

The common case in a training loop: a call allocates only the arrays that it returns. A plan with
host steps, specialization points or parts without machine code is executed step by step instead
(execution.py). So is a run that finds a fault in its data: that execution raises the error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pantarhei.engines.contract import DONE, Engine
from pantarhei.engines.numpy.engine import EngineFault
from pantarhei.engines.output_pool import allocator
from pantarhei.graph.operation import Tensor
from pantarhei.lowering.plan import Plan, Segment
from pantarhei.program import philox
from pantarhei.program.ir import Array
from pantarhei.runtime.bindings import NotBindable, ScalarReader, bind_arrays, donations
from pantarhei.runtime.execution import fault_error, prepared
from pantarhei.runtime.store import Store


class BoundRun:
    """A plan as one call.

    Args:
      plan: the plan to run.
      engine: the session's.
      store: where the variables are.
      fed: the tensors that are fed; the attribute `fed` has those that the plan uses, in this
        order: `run` takes their arrays.

    Raises:
      NotBindable: the plan has to be executed step by step.
    """

    def __init__(self, plan: Plan, engine: Engine, store: Store, fed: Sequence[Tensor]) -> None:
        segment = _only_segment(plan)
        bound = None
        if engine.bind is not None:
            program = prepared(segment.program, engine)
            bound = engine.bind(program, donations(plan, segment))
        if bound is None:
            raise NotBindable("parts of the program have no machine code")
        self.bindings = bind_arrays(plan, segment, bound, fed)
        self.store = store
        self.unused = self.bindings.unused
        self.fed = [tensor for tensor in fed if tensor not in self.unused]
        self.types = bound.types
        self.version = -1
        fresh = [bound.types[place] for place in self.bindings.fresh]
        self.allocators = [allocator(type) for type in fresh]
        self.random = list(self.bindings.random.values())
        # If all that is fetched are scalars, a run reads them directly.
        scalars = [each.array for each in self.bindings.readers if isinstance(each, ScalarReader)]
        simple = len(scalars) == len(self.bindings.readers) and not fresh and not self.random
        self.scalars = scalars if simple else None
        try:
            given = [*self.bindings.fed, *self.bindings.random, *self.bindings.fresh]
            self.enter, self.bind = bound.function(given)
        except EngineFault as fault:
            raise fault_error(fault) from None
        for place, array in self.bindings.fixed.items():
            self.bind(place, array)

    def run(self, *fed: Array) -> list[Any] | None:
        """The fetched values; None if arrays do not fit or have a fault: then nothing has changed.

        The caller holds the store's lock.
        """
        if self.version != self.store.version and not self._bind_variables():
            return None
        if self.scalars is not None:
            return [array[()] for array in self.scalars] if self.enter(*fed) == DONE else None
        try:
            filled = [allocate() for allocate in self.allocators]
        except MemoryError:
            return None  # the execution step by step raises an error that names the operation
        states = [self.store.random_state(each.key, each.seeds) for each in self.random]
        if self.enter(*fed, *states, *filled) != DONE:
            return None
        for source, state in zip(self.random, states, strict=True):
            self.store.random[source.key] = philox.skip(state, source.reserved)
        return [each.read(self.store, filled) for each in self.bindings.readers]

    def _bind_variables(self) -> bool:
        """Binds the variables' arrays; False if one has no value, or another type."""
        variables = self.bindings.variables
        if any(self.store.type_of(key) != self.types[place] for place, key in variables.items()):
            return False
        for place, key in variables.items():
            self.bind(place, self.store.exclusive(key))
        self.version = self.store.version
        return True


def in_order(array: Array) -> Array:
    """The array in the form that calls need: itself, or a copy in C order and aligned."""
    flags = array.flags
    return array if flags.c_contiguous and flags.aligned else np.require(array, None, ("C", "A"))


def _only_segment(plan: Plan) -> Segment:
    if plan.specialization_point is not None or len(plan.steps) != 1:
        raise NotBindable("the plan has more than one step")
    (segment,) = plan.steps
    if not isinstance(segment, Segment):
        raise NotBindable("the plan's step is not a segment")
    return segment
