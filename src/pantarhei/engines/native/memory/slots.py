"""Slots: the numbers of the arrays in the table of buffers, through which kernels address memory.

Slots are numbered: inputs, arrays that are returned, constants, results of NumPy, the arena (the
workspace), the cell that guards write to. Until the arena is planned, each buffer in it has a
number of its own behind these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pantarhei.engines.native.codegen.ops import TYPES
from pantarhei.engines.native.kernels.conv import pooling
from pantarhei.engines.native.schedule.aliasing import AliasedSchedule
from pantarhei.engines.native.schedule.schedule import HostCallStep, WindowStep
from pantarhei.program.ir import Array, Node, Type, Value

# Bytes of the cell that guards write to.
FAULT_BYTES = 8


class Slot(int):
    """A number in the table of buffers.

    In the arguments of kernels a slot is followed by an offset in bytes; this class marks the
    pair, so that buffers can be moved and checked whatever kernel reads them.
    """


@dataclass
class Arrays:
    """The arrays of a program, in the order of their slots.

    Args:
      inputs: types of the arrays that are given.
      outputs: types of the arrays that are returned, and not given.
      constants: arrays that are known.
      host_results: types of what NumPy returns.
      results: slot of each output of the program.
      donations: number of an output -> slot of the donated input that holds it.
      returned: the values in `outputs`.
    """

    inputs: list[Type] = field(default_factory=list)
    outputs: list[Type] = field(default_factory=list)
    constants: list[Array] = field(default_factory=list)
    host_results: list[Type] = field(default_factory=list)
    results: list[int] = field(default_factory=list)
    donations: dict[int, int] = field(default_factory=dict)
    returned: list[Value] = field(default_factory=list)

    @property
    def hosted(self) -> int:
        """How many arrays NumPy returns."""
        return len(self.host_results)

    @property
    def workspace_slot(self) -> Slot:
        """The slot of the arena."""
        return Slot(
            len(self.inputs) + len(self.outputs) + len(self.constants) + len(self.host_results)
        )

    @property
    def fault_slot(self) -> Slot:
        """The slot of the cell that guards write to."""
        return Slot(self.workspace_slot + 1)

    def name(self, slot: int) -> str:
        """What a slot is called in print."""
        for name, arrays in (
            ("input", self.inputs),
            ("output", self.outputs),
            ("constant", self.constants),
            ("host", self.host_results),
        ):
            if slot < len(arrays):
                return f"{name}{slot}"
            slot -= len(arrays)
        return ("arena", "fault")[slot] if slot < 2 else f"buffer{slot - 2}"

    def sizes(self) -> list[int]:
        """Bytes of the array in each slot; the arena, which is not planned yet, has none."""
        types = [*self.inputs, *self.outputs], self.host_results
        given, hosted = ([each.size * each.dtype.itemsize for each in part] for part in types)
        return [*given, *(each.nbytes for each in self.constants), *hosted, 0, FAULT_BYTES]


@dataclass
class SlottedSchedule:
    """An aliased schedule with the slots of all arrays outside the arena.

    Args:
      aliased: what runs.
      arrays: the arrays.
      slots: slots of buffers outside the arena.
      copied: views that are returned, and the slots to which they are copied in the end.
      moved: results, and the donated inputs to which they are copied in the end.
      literals: constants of one number.
      positions: id of a node that finds places of maxima -> slot of the numbers of its elements.
    """

    aliased: AliasedSchedule
    arrays: Arrays
    slots: dict[Value, Slot] = field(default_factory=dict)
    copied: dict[Value, Slot] = field(default_factory=dict)
    moved: dict[Value, Value] = field(default_factory=dict)
    literals: dict[Value, Any] = field(default_factory=dict)
    positions: dict[int, Slot] = field(default_factory=dict)


def uniform(array: Array) -> Any:
    """The one number that all elements of a small array are; None where they are not."""
    if not 0 < array.size <= 1024:
        return None
    first = array.ravel()[:1]
    same = first.tobytes() * array.size == array.tobytes()
    return first[0].item() if same else None


def number_slots(aliased: AliasedSchedule) -> SlottedSchedule:
    """Numbers the arrays outside the arena."""
    made = SlottedSchedule(aliased, Arrays())
    program, arrays, slots = aliased.schedule.program, made.arrays, made.slots
    for value in program.inputs:
        slots[value] = Slot(len(arrays.inputs))
        arrays.inputs.append(value.type)
    for value, input in aliased.donations.items():
        if value in aliased.in_place:
            slots[value] = slots[input]
        else:
            made.moved[value] = input
    _returned(made)
    for node in program.nodes:
        if node.constant is not None:
            _constant(made, node, node.constant)
    for step in aliased.schedule.steps:
        if isinstance(step, WindowStep) and step.node.kind == "window_argmax":
            made.positions[id(step.node)] = arrays.workspace_slot
            arrays.constants.append(pooling.positions_of(step.node))
    for step in aliased.schedule.steps:
        if isinstance(step, HostCallStep):
            for value in step.node.values:
                slots[value] = arrays.workspace_slot
                arrays.host_results.append(value.type)
    arrays.results = [made.copied.get(each, slots.get(each, -1)) for each in aliased.outputs]
    for number, value in enumerate(aliased.outputs):
        if value in aliased.donations:
            arrays.results[number] = slots[aliased.donations[value]]
            arrays.donations[number] = arrays.results[number]
    return made


def _returned(made: SlottedSchedule) -> None:
    """Numbers the arrays that are returned; what is no whole buffer is copied to its array."""
    aliased, arrays = made.aliased, made.arrays
    for value in dict.fromkeys(aliased.outputs):
        if value in aliased.external or value in aliased.donations:
            continue
        slot = arrays.workspace_slot
        arrays.outputs.append(value.type)
        arrays.returned.append(value)
        early = value in aliased.persistent and value not in aliased.in_place
        if aliased.schedule.views[value].buffer == value and not early:
            made.slots[value] = slot
        else:
            made.copied[value] = slot


def _constant(made: SlottedSchedule, node: Node, array: Array) -> None:
    made.slots[Value(node)] = made.arrays.workspace_slot
    if array.dtype in TYPES:
        array = np.array(array, order="C", copy=None) if _COPY_NONE else np.array(array, order="C")
        number = uniform(array)
        if number is not None:
            made.literals[Value(node)] = number
    made.arrays.constants.append(array)


_COPY_NONE = np.lib.NumpyVersion(np.__version__) >= "2.0.0"
