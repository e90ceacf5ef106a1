"""Traces of runs in Chrome's format: a bar for each kernel or host step, arrows for data flow.

Only the fields of `tf.RunMetadata` are used, so traces of TensorFlow are converted as well. The
result opens in chrome://tracing and in Perfetto.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pantarhei.graph.graph import Graph

# "name = Type(first, second)", the form of `timeline_label`.
_LABEL = re.compile(r"(.*) = (.*)\((.*)\)", re.DOTALL)


@dataclass
class Bar:
    """A kernel or step that ran: its lane, times, inputs and bytes of results."""

    name: str
    label: str  # the name, perhaps with more details
    kind: str
    inputs: list[str]
    process: int
    start: int
    duration: int
    bytes: int
    lane: int = 0
    used_until: int = field(init=False)

    def __post_init__(self) -> None:
        self.used_until = self.end

    @property
    def end(self) -> int:
        """When it was done."""
        return self.start + self.duration


class Timeline:
    """A traced run in the format of Chrome's viewer.

    Args:
      step_stats: the field `step_stats` of the `tf.RunMetadata` that a run has filled.
      graph: the graph that was run; has types and inputs of operations that a trace only names.

    Example:
      >>> import json, pantarhei as tf
      >>> from pantarhei.python.client import timeline
      >>> x = tf.placeholder(tf.float32, (2,), name="x")
      >>> metadata = tf.RunMetadata()
      >>> options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
      >>> y = tf.Session().run(tf.exp(-x), {x: [1, 2]}, options, metadata)
      >>> trace = timeline.Timeline(metadata.step_stats).generate_chrome_trace_format()
      >>> [each["name"] for each in json.loads(trace)["traceEvents"] if each["ph"] == "X"]
      ['Neg+Exp']
    """

    def __init__(self, step_stats: Any, graph: Graph | None = None) -> None:
        self._devices = [each.device for each in step_stats.dev_stats]
        self._bars: list[Bar] = []
        known = {} if graph is None else {op.name: op for op in graph.get_operations()}
        for process, device in enumerate(step_stats.dev_stats):
            for entry in device.node_stats:
                self._bars.append(_bar(entry, process, known))
        self._bars.sort(key=lambda bar: (bar.process, bar.start))
        _share_lanes(self._bars)

    def generate_chrome_trace_format(
        self, show_dataflow: bool = True, show_memory: bool = False
    ) -> str:
        """The trace as JSON.

        Args:
          show_dataflow: whether arrows lead from an operation to those that use its results.
          show_memory: whether a curve shows the bytes of results that are still to be used.

        Example: see `tf.python.client.timeline.Timeline`.
        """
        events = [
            {"ph": "M", "name": "process_name", "pid": process, "args": {"name": f"{name} Compute"}}
            for process, name in enumerate(self._devices)
        ]
        events += [_complete(bar) for bar in self._bars]
        if show_dataflow:
            events += self._arrows()
        if show_memory:
            events += self._memory()
        return json.dumps({"traceEvents": events, "displayTimeUnit": "ns"}, indent=1)

    def _uses(self) -> Iterator[tuple[Bar, Bar]]:
        """Pairs of bars: one that made a result, and one that used it later."""
        makers: dict[str, Bar] = {}
        for bar in sorted(self._bars, key=lambda bar: bar.start):
            for name in dict.fromkeys(each.lstrip("^").split(":")[0] for each in bar.inputs):
                if name in makers and name != bar.name:
                    yield makers[name], bar
            makers[bar.name] = bar

    def _arrows(self) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        for number, (maker, user) in enumerate(self._uses()):
            shared = {"cat": "DataFlow", "name": maker.name, "id": number}
            events.append(
                {"ph": "s", **shared, "pid": maker.process, "tid": maker.lane, "ts": maker.end}
            )
            events.append(
                {"ph": "t", **shared, "pid": user.process, "tid": user.lane, "ts": user.start}
            )
        return events

    def _memory(self) -> list[dict[str, Any]]:
        for maker, user in self._uses():
            maker.used_until = max(maker.used_until, user.end)
        changes = [(bar.end, bar.bytes, bar.process) for bar in self._bars]
        changes += [(bar.used_until, -bar.bytes, bar.process) for bar in self._bars]
        totals = dict.fromkeys(range(len(self._devices)), 0)
        events = []
        # At one instant, allocations count before releases.
        for instant, change, process in sorted(changes, key=lambda each: (each[0], -each[1])):
            totals[process] += change
            events.append(
                {
                    "ph": "C",
                    "cat": "Memory",
                    "name": "bytes of results",
                    "pid": process,
                    "tid": 0,
                    "ts": instant,
                    "args": {"bytes": totals[process]},
                }
            )
        return events


def _bar(entry: Any, process: int, known: dict[str, Any]) -> Bar:
    label = _LABEL.fullmatch(entry.timeline_label)
    title, kind, inputs = entry.node_name, "unknown", []
    if label is not None:
        title, kind = label[1], label[2]
        inputs = [each for each in label[3].split(", ") if each]
    elif entry.node_name in known:
        op = known[entry.node_name]
        kind, inputs = op.type, [tensor.name for tensor in op.inputs]
    return Bar(
        entry.node_name,
        title,
        kind,
        inputs,
        process,
        entry.all_start_micros,
        entry.all_end_rel_micros,
        sum(
            each.tensor_description.allocation_description.requested_bytes for each in entry.output
        ),
    )


def _share_lanes(bars: list[Bar]) -> None:
    """Puts each bar, in the order of their starts, on the first lane of its process that is
    free."""
    free_from: dict[int, list[int]] = {}
    for bar in bars:
        lanes = free_from.setdefault(bar.process, [])
        bar.lane = next((lane for lane, end in enumerate(lanes) if end <= bar.start), len(lanes))
        lanes[bar.lane : bar.lane + 1] = [bar.end]


def _complete(bar: Bar) -> dict[str, Any]:
    details = {"name": bar.label, "op": bar.kind}
    details |= {f"input{number}": name for number, name in enumerate(bar.inputs)}
    return {
        "ph": "X",
        "cat": "Op",
        "name": bar.kind,
        "pid": bar.process,
        "tid": bar.lane,
        "ts": bar.start,
        "dur": bar.duration,
        "args": details,
    }
