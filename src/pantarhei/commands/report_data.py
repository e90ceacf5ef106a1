"""What a report shows, read from event files: numbers and texts that JSON can hold.

Reads the kinds of summaries; independent of how they are drawn.
"""

from __future__ import annotations

import base64
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pantarhei.commands.events import number_of
from pantarhei.commands.progress import progress
from pantarhei.commands.report_graph import graph_content
from pantarhei.core import errors
from pantarhei.core.messages import library_module, message_class
from pantarhei.files.event_file import summary_iterator

# Steps of a tag that are kept of what is larger than a number.
KEPT = 50

# Operations of a traced run that are listed.
_OPERATIONS = 100

_SIGNATURES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif"}


class Log:
    """The content of event files, run by run."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.scalars: dict[str, dict[str, dict[str, list[Any]]]] = {}
        self.samples: dict[str, dict[str, dict[str, list[Any]]]] = {
            kind: {} for kind in ("histograms", "images", "audio", "texts")
        }
        self.graphs: dict[str, Any] = {}
        self.traces: dict[str, dict[str, Any]] = {}
        self.others: Counter[str] = Counter()
        self._plugins: dict[tuple[str, str], str] = {}
        self._runs: dict[str, None] = {}

    def read(self, paths: Sequence[Path], root: Path, prefix: str) -> None:
        """Adds what files hold; a damaged one counts as far as it can be read.

        Args:
          paths: of the files.
          root: the folder in which runs have their names.
          prefix: what comes before these names.
        """
        for path in paths:
            name = (Path(prefix) / path.parent.relative_to(root)).as_posix()
            try:
                for event in progress(summary_iterator(path), f"reading {path.name}", "events"):
                    self._add(name, event)
            except errors.OpError as error:
                self.faults.append(f"{path}: {error.message}; what stands before it was read")

    def _add(self, run: str, event: Any) -> None:
        kind = event.WhichOneof("what") or "nothing"
        self._runs[run] = None
        if kind == "summary":
            for value in event.summary.value:
                plugin = value.metadata.plugin_data.plugin_name
                if plugin:
                    self._plugins[run, value.tag] = plugin
                self._add_value(run, event, value, self._plugins.get((run, value.tag), ""))
        elif kind == "graph_def":
            self.graphs[run] = graph_content(event.graph_def)
        elif kind == "meta_graph_def":
            meta = message_class("MetaGraphDef").FromString(event.meta_graph_def)
            if run not in self.graphs:  # the graph stands in an event of its own, too
                self.graphs[run] = graph_content(meta.graph_def.SerializeToString())
        elif kind == "tagged_run_metadata":
            tagged = event.tagged_run_metadata
            self.traces.setdefault(run, {})[tagged.tag] = _trace(tagged.run_metadata)
        elif kind != "file_version":
            self.others[kind] += 1

    def _add_value(self, run: str, event: Any, value: Any, plugin: str) -> None:
        number = number_of(value, plugin)
        if number is not None:
            curve = self.scalars.setdefault(value.tag, {}).setdefault(
                run, {"step": [], "time": [], "value": []}
            )
            curve["step"].append(event.step)
            curve["time"].append(event.wall_time)
            curve["value"].append(plain(np.float32(number)))
            return
        found = _sample(value, plugin)
        if found is None:
            self.others[f"summaries of {plugin or value.WhichOneof('value') or 'nothing'}"] += 1
            return
        kind, content = found
        of_tag = self.samples[kind].setdefault(value.tag, {}).setdefault(run, [])
        of_tag.append({"step": event.step, "time": event.wall_time, **content})

    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.scalars or any(self.samples.values()) or self.graphs or self.traces)

    def described(self) -> str:
        """What was found, in words."""
        values = sum(len(each["step"]) for tag in self.scalars.values() for each in tag.values())
        counts = [
            (values, f"values of {len(self.scalars)} scalars"),
            *(
                (sum(len(each) for tag in tags.values() for each in tag.values()), kind)
                for kind, tags in self.samples.items()
            ),
            (len(self.graphs), "graph(s)"),
            (sum(map(len, self.traces.values())), "traced run(s)"),
            *((count, f"of {kind}") for kind, count in sorted(self.others.items())),
        ]
        return ", ".join(f"{count:,} {kind}" for count, kind in counts if count) or "no event"

    def content(self, title: str) -> dict[str, Any]:
        """What the page is given."""
        samples = {
            kind: {
                tag: {
                    run: {"found": len(each), "kept": _spread(each)} for run, each in runs.items()
                }
                for tag, runs in tags.items()
            }
            for kind, tags in self.samples.items()
        }
        return {
            "title": title,
            "runs": list(self._runs),
            "scalars": self.scalars,
            **samples,
            "graphs": self.graphs,
            "traces": self.traces,
            "others": dict(self.others),
            "faults": self.faults,
        }


def plain(number: Any) -> Any:
    """A float as JSON has it: the shortest text that means it; NaN and infinities as words."""
    return float(str(number)) if math.isfinite(number) else str(number)


def _spread(samples: list[Any]) -> list[Any]:
    if len(samples) <= KEPT:
        return samples
    places = np.linspace(0, len(samples) - 1, KEPT).round().astype(int)
    return [samples[place] for place in places]


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _image(content: bytes) -> str:
    kinds = (kind for start, kind in _SIGNATURES.items() if content.startswith(start))
    return _data(f"image/{next(kinds, 'png')}", content)


def _sample(value: Any, plugin: str) -> tuple[str, dict[str, Any]] | None:
    """The kind of what is not a number, and what is kept of it; None if it is not shown."""
    kind = value.WhichOneof("value")
    if kind == "histo":
        limits = list(value.histo.bucket_limit)
        edges = [value.histo.min, *limits[:-1], value.histo.max] if limits else []
        return _histogram(edges, list(value.histo.bucket))
    if kind == "image":
        return "images", {"data": _image(value.image.encoded_image_string)}
    if kind == "audio":
        content = value.audio.encoded_audio_string
        return "audio", {"data": _data(value.audio.content_type or "audio/wav", content)}
    if kind != "tensor" or plugin not in ("text", "histograms", "images", "audio"):
        return None
    array = library_module("tensorboard.util.tensor_util", "report", "tensorboard").make_ndarray(
        value.tensor
    )
    if plugin == "text":
        return "texts", {"text": [_text(each) for each in np.ravel(array)]}
    if plugin == "histograms":
        rows = np.asarray(array, np.float64).reshape(-1, 3)
        return _histogram([*rows[:1, 0], *rows[:, 1]], list(rows[:, 2]))
    if plugin == "images" and array.size > 2:  # width, height, images
        return "images", {"data": _image(array.ravel()[2])}
    if plugin == "audio" and array.size:
        return "audio", {"data": _data("audio/wav", array.ravel()[0])}
    return None


def _text(each: Any) -> str:
    return each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each)


def _histogram(edges: list[float], counts: list[float]) -> tuple[str, dict[str, Any]]:
    """Edges and counts; buckets of nothing at the ends, which reach to infinity, left out."""
    full = [place for place, count in enumerate(counts) if count]
    if full:
        first, last = full[0], full[-1] + 1
        low, high = edges[0], edges[-1]
        edges, counts = edges[first : last + 1], counts[first:last]
        edges[0], edges[-1] = max(edges[0], low), min(edges[-1], high)
    else:
        edges, counts = [], []
    return "histograms", {
        "edges": [plain(float(each)) for each in edges],
        "counts": [plain(float(each)) for each in counts],
    }


def _trace(serialized: bytes) -> list[list[Any]]:
    """Device, name, start and length in microseconds of what took longest."""
    metadata = message_class("RunMetadata").FromString(serialized)
    rows = [
        [device.device, node.node_name, node.all_start_micros, node.all_end_rel_micros]
        for device in metadata.step_stats.dev_stats
        for node in device.node_stats
    ]
    begin = min((row[2] for row in rows), default=0)
    rows.sort(key=lambda row: -row[3])
    return [[device, name, at - begin, span] for device, name, at, span in rows[:_OPERATIONS]]
