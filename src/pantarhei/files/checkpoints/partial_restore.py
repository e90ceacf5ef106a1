"""Restoring what fits: which variables of a graph a checkpoint has, and what became of the others.

Compares names, dtypes and shapes, and feeds the values that fit to the updates that a saver has in
the graph already. Makes no operations.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pantarhei.files.checkpoints.any_reader import open_checkpoint
from pantarhei.files.checkpoints.checkpoint_reader import CheckpointReader
from pantarhei.files.checkpoints.format.messages import parse_shape_and_slice
from pantarhei.graph.constant import constant_value
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.program.ir import Array

# Names less alike than this are not offered as a renaming.
_LEAST_LIKENESS = 0.5

_LINES_SHOWN = 20


@dataclass(repr=False)
class RestoreReport:
    """What a partial restore has done; printing it lists all.

    Attributes:
      matched: names that were restored.
      missing: names of the graph that the checkpoint does not have; these variables are untouched.
      unused: names of the checkpoint that the graph does not have.
      wrong: why tensors of both were not restored, by name: another shape or dtype.
      likely_renames: for names of `missing`, the name in `unused` that they may have had.
    """

    matched: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    likely_renames: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [
            f"restored {len(self.matched)}, missing {len(self.missing)}, "
            f"unused {len(self.unused)}, wrong {len(self.wrong)}"
        ]
        for name in self.missing:
            likely = self.likely_renames.get(name)
            lines.append(f"  missing {name}" + (f" (was it {likely}?)" if likely else ""))
        lines += [f"  wrong   {name}: {why}" for name, why in self.wrong.items()]
        lines += [f"  unused  {name}" for name in self.unused]
        if len(lines) > _LINES_SHOWN:
            more = len(lines) - _LINES_SHOWN
            lines = [*lines[:_LINES_SHOWN], f"  ... ({more} more)"]
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(frozen=True)
class _Wanted:
    """A tensor that a saver restores: its name, which part, where it enters and what it updates."""

    name: str
    spec: str
    tensor: Tensor
    update: Operation
    shape: Any


def _wanted(restore: Operation) -> Iterator[_Wanted]:
    """What the operation `restore_all` of a saver restores."""
    waiting = list(restore.control_inputs)
    while waiting:
        op = waiting.pop(0)
        if op.type == "NoOp":
            waiting += op.control_inputs
            continue
        for value in op.inputs:
            source = value
            while source.op.type in ("Identity", "Reshape"):
                source = source.op.inputs[0]
            if source.op.type != "RestoreV2":
                continue
            names, specs = (constant_value(tensor) for tensor in source.op.inputs[1:3])
            if names is None or specs is None:
                continue
            index = source.op.outputs.index(source)
            reshaped = value.op.type == "Reshape"
            shape = None if reshaped or not op.outputs else op.inputs[0].shape
            if op.type == "AssignVariableOp" and not reshaped:
                shape = op.inputs[0].op.attributes["shape"]
            yield _Wanted(names[index].decode(), specs[index].decode(), source, op, shape)


def restore_what_fits(sess: Any, restore: Operation, prefix: str) -> RestoreReport:
    """Restores the variables that a checkpoint has, of the right shape and dtype.

    Args:
      sess: a session.
      restore: the operation with which a saver restores everything.
      prefix: of the checkpoint.

    Raises:
      NotFoundError: there is no such checkpoint. DataLossError: it has been altered or cut off.
    """
    report = RestoreReport()
    feeds: dict[Tensor, Array] = {}
    updates = []
    with open_checkpoint(prefix) as reader:
        every = list(_wanted(restore))
        for wanted in every:
            if not reader.has(wanted.name):
                _note(report.missing, wanted.name)
                continue
            fault = _mismatch(reader, wanted)
            if fault is not None:
                report.wrong[wanted.name] = fault
                continue
            feeds[wanted.tensor] = _value(reader, wanted)
            updates.append(wanted.update)
            _note(report.matched, wanted.name)
        known = {wanted.name for wanted in every}
        report.unused = [name for name in reader.names() if name not in known]
        _find_renames(report, reader, every)
    if updates:
        sess.run(updates, feeds)
    return report


def _note(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)


def _mismatch(reader: CheckpointReader, wanted: _Wanted) -> str | None:
    entry = reader.entry(wanted.name)
    dtype = wanted.tensor.dtype.base_dtype
    if entry.dtype != dtype:
        return f"{dtype.name} in the graph, {entry.dtype.name} in the checkpoint"
    shape = list(entry.shape)
    if wanted.spec:
        full, _ = parse_shape_and_slice(wanted.spec)
        return (
            f"a part of {list(full)} in the graph, {shape} in the checkpoint"
            if full != entry.shape
            else None
        )
    if wanted.shape is not None and not wanted.shape.is_compatible_with(shape):
        return f"{wanted.shape} in the graph, {shape} in the checkpoint"
    return None


def _value(reader: CheckpointReader, wanted: _Wanted) -> Array:
    if not wanted.spec:
        return reader.tensor(wanted.name)
    return reader.part(wanted.name, parse_shape_and_slice(wanted.spec)[1])


def _find_renames(
    report: RestoreReport, reader: CheckpointReader, every: Iterable[_Wanted]
) -> None:
    """Pairs missing with unused names: same dtype and shape, and names that are most alike."""
    wanted = {each.name: each for each in every}
    candidates = [
        (_likeness(missing, unused), missing, unused)
        for missing in report.missing
        for unused in report.unused
        if _mismatch_under(reader, wanted[missing], unused) is None
    ]
    taken: set[str] = set()
    for likeness, missing, unused in sorted(candidates, key=lambda each: -each[0]):
        if likeness < _LEAST_LIKENESS or missing in report.likely_renames or unused in taken:
            continue
        report.likely_renames[missing] = unused
        taken.add(unused)


def _mismatch_under(reader: CheckpointReader, wanted: _Wanted, name: str) -> str | None:
    return _mismatch(reader, _Wanted(name, wanted.spec, wanted.tensor, wanted.update, wanted.shape))


def _likeness(one: str, other: str) -> float:
    """How alike two names are, from 0 to 1; what comes after the last slash weighs most."""

    def ratio(first: Sequence[str], second: Sequence[str]) -> float:
        return difflib.SequenceMatcher(None, first, second, autojunk=False).ratio()

    ends = ratio(one.rpartition("/")[2], other.rpartition("/")[2])
    return (ratio(one, other) + ends) / 2
