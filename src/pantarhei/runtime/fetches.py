"""Fetches: from a nested structure of fetches to a flat list of tensors, and back.

Lists, tuples, dicts and named tuples nest; leaves are tensors, operations, variables, sparse values
or names. The same structure comes back, with values in place of tensors and None in place of
operations.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from pantarhei.core import errors
from pantarhei.graph.graph import Graph
from pantarhei.graph.indexed_slices import IndexedSlices, IndexedSlicesValue
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.sparse_tensor import SparseTensor, SparseTensorValue

Rebuild = Callable[[Sequence[Any]], Any]

# Types that consist of several tensors: type -> (parts of a value, value from the fetched parts).
EXPANSIONS: list[tuple[type, Callable[[Any], list[Any]], Callable[[list[Any]], Any]]] = [
    (
        IndexedSlices,
        lambda fetch: [
            each for each in (fetch.values, fetch.indices, fetch.dense_shape) if each is not None
        ],
        lambda values: IndexedSlicesValue(*values, *[None] * (3 - len(values))),
    ),
    (
        SparseTensor,
        lambda fetch: [fetch.indices, fetch.values, fetch.dense_shape],
        lambda values: SparseTensorValue(*values),
    ),
]


class Fetches:
    """The fetches of one `run`: `tensors` in the order of their values, `operations` to run."""

    def __init__(self, graph: Graph, structure: Any) -> None:
        self.graph = graph
        self.tensors: list[Tensor] = []
        self.operations: list[Operation] = []
        self._positions: dict[Tensor, int] = {}
        self._rebuild = self._mapped(structure)

    def rebuild(self, values: Sequence[Any]) -> Any:
        """The structure of the fetches, filled with the values of `tensors`."""
        return self._rebuild(values)

    def _mapped(self, fetch: Any) -> Rebuild:
        if fetch is None:
            raise TypeError(
                errors.described(
                    f"Fetch argument {fetch!r} has invalid type {type(fetch)!r}",
                    cause="tf.gradients gives None where there is no path, tf.summary.merge_all "
                    "where there are no summaries, a function where it does not return",
                    cure="leave it out, or fetch the operation or tensor that is meant",
                )
            )
        if isinstance(fetch, (list, tuple)):
            return self._sequence(fetch)
        if isinstance(fetch, Mapping):
            keys = list(fetch)
            parts = [self._mapped(fetch[key]) for key in keys]
            kind: Any = type(fetch)
            if isinstance(fetch, defaultdict):
                kind = partial(defaultdict, fetch.default_factory)
            return lambda values: kind(
                (key, part(values)) for key, part in zip(keys, parts, strict=True)
            )
        if hasattr(type(fetch), "__attrs_attrs__"):
            names = [each.name for each in type(fetch).__attrs_attrs__]
            parts = [self._mapped(getattr(fetch, name)) for name in names]
            return lambda values: type(fetch)(*(part(values) for part in parts))
        for kind_, parts_of, whole in EXPANSIONS:
            if isinstance(fetch, kind_):
                parts = [self._mapped(part) for part in parts_of(fetch)]
                return lambda values: whole([part(values) for part in parts])
        return self._leaf(fetch)

    def _sequence(self, fetch: Sequence[Any]) -> Rebuild:
        parts = [self._mapped(each) for each in fetch]
        if hasattr(fetch, "_fields"):
            return lambda values: type(fetch)(*(part(values) for part in parts))
        kind = type(fetch)
        return lambda values: kind(part(values) for part in parts)  # type: ignore[call-arg]

    def _leaf(self, fetch: Any) -> Rebuild:
        try:
            element = self.graph.as_graph_element(fetch)
        except TypeError as error:
            raise TypeError(
                errors.described(
                    f"Fetch argument {fetch!r} has invalid type {type(fetch)!r}, must be a string "
                    f"or Tensor. ({error})",
                    None,
                    cause=_cause(fetch),
                    cure=_cure(fetch),
                )
            ) from None
        except (ValueError, KeyError) as error:
            raise ValueError(
                f"Fetch argument {fetch!r} cannot be interpreted as a Tensor. ({error.args[0]})"
            ) from None
        if not self.graph.is_fetchable(element):
            op = element if isinstance(element, Operation) else element.op
            raise errors.InaccessibleTensorError(
                errors.described(
                    f"Operation {op.name!r} has been marked as not fetchable. Typically this "
                    "happens when it is defined in another function or code block. Use return "
                    "values,explicit Python locals or TensorFlow collections to access it.",
                    op,
                    cause="it may belong to a branch that a run does not take",
                    cure="return it from the function given to tf.cond, and fetch that result",
                )
            )
        if isinstance(element, Operation):
            self.operations.append(element)
            return lambda values: None
        position = self._positions.setdefault(element, len(self._positions))
        if position == len(self.tensors):
            self.tensors.append(element)
        return lambda values: values[position]


def _is_value(fetch: Any) -> bool:
    return isinstance(fetch, (int, float)) or type(fetch).__module__ == "numpy"


def _cause(fetch: Any) -> str | None:
    if not _is_value(fetch):
        return None
    return (
        "this is a value, not a tensor; most often a tensor's name was reused for its value, as in "
        "`loss = session.run(loss)`"
    )


def _cure(fetch: Any) -> str | None:
    return (
        "give the value another name: `loss_value = session.run(loss)`"
        if _is_value(fetch)
        else None
    )
