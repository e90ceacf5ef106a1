"""Watched runs: records when each operation ran, and ends runs that take too long.

The reference engine is watched node by node, the native one kernel by kernel. Other runs do not
use this module.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pantarhei.core import dtypes, errors
from pantarhei.core.messages import message_class
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.lowering.plan import HostStep, Plan, Segment
from pantarhei.program.ir import Array, Node, Type
from pantarhei.runtime.config import RunOptions
from pantarhei.runtime.execution import Execution, prepared

DEVICE = "/job:localhost/replica:0/task:0/device:CPU:0"

# Types of operations that the label of a fused kernel lists.
TYPES_LISTED = 12


@dataclass
class Record:
    """One thing that ran: from when to when, in nanoseconds, and the types of its results."""

    name: str
    label: str
    start: int
    end: int
    types: Sequence[Type]


class Watch:
    """Watches one run: records a trace, enforces a time limit, fills the message.

    Args:
      options: a `tf.RunOptions`, or None.
      run_metadata: the `tf.RunMetadata` that the run fills, or None.

    Raises:
      TypeError: they are anything else.
    """

    def __init__(self, options: RunOptions | None, run_metadata: Any) -> None:
        if options is not None and not isinstance(options, RunOptions):
            raise TypeError(f"options must be a tf.RunOptions, but got {type(options)}")
        if run_metadata is not None and not isinstance(run_metadata, message_class("RunMetadata")):
            raise TypeError(f"run_metadata must be a tf.RunMetadata, but got {type(run_metadata)}")
        options = RunOptions() if options is None else options
        self.metadata = run_metadata
        self.tracing = run_metadata is not None and options.trace_level != RunOptions.NO_TRACE
        self.allowed = options.timeout_in_ms
        self.started = time.perf_counter_ns()
        # The difference between the clock of the date and the one that measures.
        self.date = time.time_ns() - self.started
        self.records: list[Record] = []

    def execution(self, *arguments: Any) -> WatchedExecution:
        """An execution that this watches; arguments are those of `Execution`."""
        return WatchedExecution(self, *arguments)

    def note_nodes(self, nodes: Sequence[Node], start: int) -> None:
        """Records what an engine ran as one kernel: one node, or several that are fused."""
        ops = [node.origin for node in nodes if isinstance(node.origin, Operation)]
        name, label = _fused_label(list(dict.fromkeys(ops)), nodes[-1].kind)
        self.note(name, label, start, nodes[-1].types)

    def note(self, name: str, label: str, start: int, types: Sequence[Type]) -> None:
        """Records, if tracing, a kernel or step that has just ended; then checks the time limit.

        Raises:
          tf.errors.DeadlineExceededError: the run has taken longer than it was allowed.
        """
        end = time.perf_counter_ns()
        if self.tracing:
            self.records.append(Record(name, label, start, end, types))
        if 0 < self.allowed * 1_000_000 < end - self.started:
            raise errors.DeadlineExceededError(
                None,
                None,
                "Timed out waiting for notification",
                cause=f"the run took longer than the {self.allowed} ms that its options or its "
                f"session's configuration allow; it was at {name}",
                cure="allow more time; variables are as they were before the run",
            )

    def report(self) -> None:
        """Fills the message with the records."""
        if self.metadata is None:
            return
        self.metadata.Clear()
        if not self.tracing:
            return
        device = self.metadata.step_stats.dev_stats.add(device=DEVICE)
        for record in self.records:
            elapsed = record.end - record.start
            micros = max(1, round(elapsed / 1000))  # viewers do not show durations of 0
            entry = device.node_stats.add(
                node_name=record.name,
                timeline_label=record.label,
                all_start_micros=(self.date + record.start) // 1000,
                op_end_rel_micros=micros,
                all_end_rel_micros=micros,
                all_start_nanos=self.date + record.start,
                op_end_rel_nanos=elapsed,
                all_end_rel_nanos=elapsed,
            )
            for slot, type in enumerate(record.types):
                _describe(entry.output.add(slot=slot).tensor_description, type)


def _describe(description: Any, type: Type) -> None:
    dtype = dtypes.string if type.dtype == object else dtypes.as_dtype(type.dtype)
    description.dtype = dtype.as_datatype_enum
    for extent in type.shape:
        description.shape.dim.add(size=extent)
    description.allocation_description.requested_bytes = type.size * type.dtype.itemsize
    description.allocation_description.allocator_name = "cpu"


def _label(op: Any, kind: str) -> tuple[str, str]:
    """Name and label of something that ran for an operation: "y = Add(x, y/read)"."""
    if not isinstance(op, Operation):
        return kind, f"{kind} = {kind}()"
    inputs = ", ".join(_input_name(tensor) for tensor in op.inputs)
    return op.name, f"{op.name} = {op.type}({inputs})"


def _fused_label(ops: list[Operation], kind: str) -> tuple[str, str]:
    """Name and label of one kernel for several operations, named after the last of them."""
    if len(ops) < 2:
        return _label(ops[0] if ops else None, kind)
    types = "+".join(op.type for op in ops[:TYPES_LISTED])
    more = "" if len(ops) <= TYPES_LISTED else "+..."
    inside = {op.name for op in ops}
    inputs = dict.fromkeys(
        _input_name(tensor) for op in ops for tensor in op.inputs if tensor.op.name not in inside
    )
    return ops[-1].name, f"{ops[-1].name} = {types}{more}({', '.join(inputs)})"


def _input_name(tensor: Tensor) -> str:
    return tensor.op.name if tensor.value_index == 0 else tensor.name


class WatchedExecution(Execution):
    """An execution whose steps are recorded, and which ends at its time limit.

    The clock is read after every node or kernel and after every host step: none is interrupted,
    and nothing is committed after the limit.
    """

    def __init__(self, watch: Watch, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.watch = watch

    def run(self, plan: Plan) -> list[Array]:
        """Executes `plan`, then reports the trace."""
        results = super().run(plan)
        self.watch.report()
        return results

    def _segment(self, segment: Segment, arrays: Sequence[Array]) -> list[Array]:
        if not (self.watch.tracing or self.watch.allowed):
            return super()._segment(segment, arrays)
        # Compiled again for this watch; the engine caches the kernels.
        compiled = self.engine.compile_observed(
            prepared(segment.program, self.engine), self.watch.note_nodes
        )
        return super()._segment(replace(segment, compiled=compiled), arrays)

    def _host(self, step: HostStep, arrays: Sequence[Array]) -> list[Array]:
        start = time.perf_counter_ns()
        results = super()._host(step, arrays)
        name, label = _label(step.op, step.op.type)
        self.watch.note(name, label, start, [Type(each.dtype, each.shape) for each in results])
        return results
