"""Runs of plans that are one call of machine code, on variables that stay where they are.

What a training loop does again and again: nothing is looked up, and nothing allocated but what is
handed to the user. A plan that has host steps, questions or parts without machine code is carried
out step by step instead; see execution.py. So is a run whose data have a fault: then it says which.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pantarhei.engines.contract import DONE, Engine
from pantarhei.engines.numpy.engine import EngineFault
from pantarhei.engines.recycler import maker
from pantarhei.graph.operation import Tensor
from pantarhei.lowering.plan import Plan, Segment
from pantarhei.program import philox
from pantarhei.program.ir import Array
from pantarhei.runtime.bindings import Cell, NotBindable, bind_arrays, donations
from pantarhei.runtime.execution import fault_error, prepared
from pantarhei.runtime.store import Store


class BoundRun:
    """A plan as one call.

    Args:
      plan: what is to be run.
      engine: the session's.
      store: where the variables are.
      fed: the tensors that are fed; `run` takes the arrays of those that the plan needs, which
        are in `fed` of this object, in this order.

    Raises:
      NotBindable: the plan has to be carried out in another way.
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
        self.makers = [maker(type) for type in fresh]
        self.random = list(self.bindings.random.values())
        # Where everything that is fetched is a number, these are read without more ado.
        cells = [each.array for each in self.bindings.readers if isinstance(each, Cell)]
        simple = len(cells) == len(self.bindings.readers) and not fresh and not self.random
        self.numbers = cells if simple else None
        try:
            given = [*self.bindings.fed, *self.bindings.random, *self.bindings.fresh]
            self.enter, self.bind = bound.function(given)
        except EngineFault as fault:
            raise fault_error(fault) from None
        for place, array in self.bindings.fixed.items():
            self.bind(place, array)

    def run(self, *fed: Array) -> list[Any] | None:
        """What is fetched; None where feeds or variables do not fit: then nothing has run.

        The caller holds the store's lock.
        """
        if self.version != self.store.version and not self._settle():
            return None
        if self.numbers is not None:
            return [cell[()] for cell in self.numbers] if self.enter(*fed) == DONE else None
        try:
            filled = [make() for make in self.makers]
        except MemoryError:
            return None  # step by step it is told what does not fit
        states = [self.store.random_state(each.key, each.seeds) for each in self.random]
        if self.enter(*fed, *states, *filled) != DONE:
            return None
        for source, state in zip(self.random, states, strict=True):
            self.store.random[source.key] = philox.skip(state, source.reserved)
        return [each.read(self.store, filled) for each in self.bindings.readers]

    def _settle(self) -> bool:
        """Takes the variables' places; False if one has no value, or another type."""
        variables = self.bindings.variables
        if any(self.store.type_of(key) != self.types[place] for place, key in variables.items()):
            return False
        for place, key in variables.items():
            self.bind(place, self.store.alone(key))
        self.version = self.store.version
        return True


def in_order(array: Array) -> Array:
    """An array as calls take it: itself, or a copy in C order and aligned."""
    flags = array.flags
    return array if flags.c_contiguous and flags.aligned else np.require(array, None, ("C", "A"))


def _only_segment(plan: Plan) -> Segment:
    if plan.question is not None or len(plan.steps) != 1:
        raise NotBindable("the plan has more than one step")
    (segment,) = plan.steps
    if not isinstance(segment, Segment):
        raise NotBindable("the plan's step is no program")
    return segment
