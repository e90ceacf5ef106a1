"""Partial runs: one run in several calls, each operation executed at most once."""

from __future__ import annotations

from dataclasses import dataclass, field

from pantarhei.core import errors
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.program.ir import Array


@dataclass
class PartialRun:
    """The fetches and feeds announced for a partial run, and the values computed so far."""

    fetches: set[Tensor | Operation]
    feeds: set[Tensor]
    values: dict[Tensor, Array] = field(default_factory=dict)
    done: set[Operation] = field(default_factory=set)
    fetched: set[Tensor | Operation] = field(default_factory=set)

    def check(self, fetches: list[Tensor | Operation], feeds: list[Tensor]) -> None:
        """Raises InvalidArgumentError for what was not announced, or is fetched or fed again."""
        for tensor in feeds:
            if tensor not in self.feeds:
                raise errors.InvalidArgumentError(
                    None,
                    tensor.op,
                    f"The feed {tensor.name} was not specified in partial_run_setup.",
                )
            if tensor in self.values:
                raise errors.InvalidArgumentError(
                    None, tensor.op, f"The feed {tensor.name} has already been fed."
                )
        for fetch in fetches:
            op = fetch if isinstance(fetch, Operation) else fetch.op
            if fetch not in self.fetches:
                raise errors.InvalidArgumentError(
                    None, op, f"The fetch {fetch.name} was not specified in partial_run_setup."
                )
            if fetch in self.fetched:
                raise errors.InvalidArgumentError(
                    None, op, f"The fetch {fetch.name} has already been fetched."
                )
