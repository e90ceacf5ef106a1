"""The nodes with which a `Saver` saves and restores, under TensorFlow's names and in its order.

Works on the graph and what is to be saved; independent of files, folders and sessions.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pantarhei.files.checkpoints import operations  # noqa: F401 - defines the operations used here
from pantarhei.files.checkpoints.saveables import SaveableObject
from pantarhei.graph.definitions.opdef import apply
from pantarhei.graph.devices import DeviceSpec, canonical
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import control_dependencies, device, name_scope
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.identity import identity
from pantarhei.ops.array.placeholder import placeholder_with_default
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.ops.control_flow.dependencies import group, with_dependencies
from pantarhei.ops.strings.joining import string_join

# The second version of the file format.
V2 = 2


@dataclass
class SaverNodes:
    """The names by which a saver finds its nodes, and how it keeps old checkpoints.

    The fields of TensorFlow's `SaverDef`, which may replace it.
    """

    filename_tensor_name: str = ""
    save_tensor_name: str = ""
    restore_op_name: str = ""
    max_to_keep: int = 0
    sharded: bool = False
    keep_checkpoint_every_n_hours: float = 0.0
    version: int = V2


def make_nodes(
    saveables: Sequence[SaveableObject],
    name: str | None,
    filename: str | None,
    sharded: bool,
    reshape: bool,
) -> tuple[str, str, str]:
    """Makes the nodes; returns the names of file name, saving and restoring."""
    with name_scope(name, "save", [saveable.op for saveable in saveables]):
        path = placeholder_with_default(filename or "model", shape=(), name="filename")
        path = placeholder_with_default(path, shape=(), name="Const")
        if sharded:
            shards = _by_device(saveables)
            save = _save_sharded(path, shards)
            restore = _restore_sharded(path, shards, reshape)
        else:
            save = _save(path, saveables)
            restore = _restore(path, saveables, reshape, "restore_all")
    return path.name, save.name, restore.name


def _save(path: Tensor, saveables: Sequence[SaveableObject]) -> Tensor:
    """The file name, once everything is saved there."""
    specs = [spec for saveable in saveables for spec in saveable.specs]
    tensors = [spec.tensor for spec in specs]
    save = apply(
        "SaveV2", path, [spec.name for spec in specs], [spec.slice_spec for spec in specs], tensors
    )
    result: Tensor = with_dependencies([save], path)
    return result


def _restore(
    path: Tensor, saveables: Sequence[SaveableObject], reshape: bool, name: str
) -> Operation:
    """The operation after which everything is restored."""
    specs = [spec for saveable in saveables for spec in saveable.specs]
    with device("cpu:0"):
        tensors = apply(
            "RestoreV2",
            path,
            [spec.name for spec in specs],
            [spec.slice_spec for spec in specs],
            dtypes=[spec.dtype.base_dtype for spec in specs],
        )
    updates = []
    for saveable in saveables:
        shapes = [_shape(spec.tensor) for spec in saveable.specs] if reshape else None
        own, tensors = tensors[: len(saveable.specs)], tensors[len(saveable.specs) :]
        updates.append(saveable.restore(own, shapes))
    return group(*updates, name=name)


def _shape(tensor: Any) -> Any:
    shape = tensor.get_shape()
    return shape if shape.is_fully_defined() else shape_of(tensor)


# ------------------------------------------------------------------------- a file for each device

_Shards = list[tuple[str, list[SaveableObject]]]


def _by_device(saveables: Sequence[SaveableObject]) -> _Shards:
    """What is to be saved on each device, by the devices' names."""
    result: dict[str, list[SaveableObject]] = {}
    for saveable in saveables:
        places = {canonical(spec.tensor.device) for spec in saveable.specs}
        if len(places) != 1:
            raise ValueError(
                f"All tensors of a saveable object must be on the same device: {saveable.name}"
            )
        result.setdefault(places.pop(), []).append(saveable)
    return sorted(result.items())


def _on_cpu(place: str) -> str:
    return DeviceSpec.from_string(place).replace(device_type="CPU", device_index=0).to_string()


def _save_sharded(path: Tensor, shards: _Shards) -> Tensor:
    """The file name, once the parts are saved in a folder of their own and merged."""
    folder = string_join([path, f"_temp_{uuid.uuid4().hex}/part"])
    count = constant(len(shards), name="num_shards")
    names, saved = [], []
    place = ""
    for number, (where, saveables) in enumerate(shards):
        place = _on_cpu(where)
        with device(place):
            names.append(apply("ShardedFilename", folder, number, count))
            saved.append(_save(names[-1], saveables))
    with control_dependencies([tensor.op for tensor in saved]), device(place):
        merge = apply("MergeV2Checkpoints", names, path, delete_old_dirs=True)
        with control_dependencies([merge]):
            return identity(path)


def _restore_sharded(path: Tensor, shards: _Shards, reshape: bool) -> Operation:
    parts = []
    for place, saveables in shards:
        with device(place):
            parts.append(_restore(path, saveables, reshape, "restore_shard"))
    return group(*parts, name="restore_all")
