"""Checkpoints as operations of a graph: saving, restoring, and what sharded saving needs.

The definitions have no public functions: `saver_nodes` makes these operations for a `Saver`. They
run on the host; variables come to them, and go from them, like all other values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pantarhei.core import errors
from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape, as_shape, unknown_shape
from pantarhei.files.checkpoints.any_reader import open_checkpoint
from pantarhei.files.checkpoints.format.bundle_writer import Saved, merge_bundles, write_bundle
from pantarhei.files.checkpoints.format.coding import Malformed
from pantarhei.files.checkpoints.format.messages import parse_shape_and_slice
from pantarhei.files.checkpoints.object_graph import names_to_keys
from pantarhei.graph.constant import constant_value
from pantarhei.graph.definitions.opdef import OpDef
from pantarhei.graph.operation import Operation
from pantarhei.platform import logging
from pantarhei.program.ir import Array, Value
from pantarhei.runtime.store import RANDOM_STATES


def _told(op: Operation, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with the operation added to its errors."""

    def call(*arrays: Array) -> Any:
        try:
            return function(*arrays)
        except errors.OpError as error:
            kind: Any = type(error)
            raise kind(None, op, error.message, cause=error.cause, cure=error.cure) from None

    return call


def _texts(array: Array) -> list[str]:
    return [each.decode() for each in array.ravel()]


def _specified(name: str, spec: str) -> Any:
    """The whole's shape and the part that a spec names; raises InvalidArgumentError."""
    try:
        shape, part = parse_shape_and_slice(spec)
        part.within(shape)
    except (ValueError, Malformed) as fault:
        raise errors.InvalidArgumentError(
            None, None, f"tensor_name = {name}; shape_and_slice = {spec!r} cannot be read: {fault}"
        ) from None
    return shape, part


class SaveV2(OpDef):
    """Writes tensors into a checkpoint."""

    signature = (
        "prefix: string, tensor_names: string, shape_and_slices: string, tensors: list(dtypes) -> "
        "| dtypes: list(type)"
    )
    pure = False
    differentiable = False

    def lower(self, b: Any, op: Operation, *inputs: Value) -> None:
        states: dict[str, Array] = b.resources.get(RANDOM_STATES, {})

        def save(prefix: Array, names: Array, specs: Array, *arrays: Array) -> Sequence[Array]:
            tensors = []
            for name, spec, array in zip(_texts(names), _texts(specs), arrays, strict=True):
                shape, part = _specified(name, spec) if spec else (None, None)
                tensors.append(Saved(name, array, shape, part))
            write_bundle(prefix.item().decode(), tensors, states)
            return []

        b.host(_told(op, save), inputs, [])


class RestoreV2(OpDef):
    """Reads tensors from a checkpoint."""

    signature = (
        "prefix: string, tensor_names: string, shape_and_slices: string -> tensors: list(dtypes) "
        "| dtypes: list(type)"
    )
    pure = False
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        specs = constant_value(op.inputs[2])
        if specs is None:
            return [unknown_shape() for _ in op.outputs]
        shapes = []
        for spec in _texts(specs):
            if not spec:
                shapes.append(unknown_shape())
                continue
            full, part = parse_shape_and_slice(spec)
            axes = zip(part.extents, full, strict=True)
            shapes.append(as_shape([whole if own is None else own for own, whole in axes]))
        return shapes

    def lower(self, b: Any, op: Operation, *inputs: Value) -> Any:
        types = op.attributes["dtypes"]

        def restore(prefix: Array, names: Array, specs: Array) -> Sequence[Array]:
            return restored(prefix.item().decode(), _texts(names), _texts(specs), types)

        return b.host(_told(op, restore), inputs, None)


def restored(
    prefix: str, names: Sequence[str], specs: Sequence[str], types: Sequence[DType]
) -> list[Array]:
    """Values from a checkpoint.

    Args:
      prefix: of the checkpoint.
      names: of the tensors.
      specs: which part of each; "" for all of it.
      types: the dtype that each is to have.

    Raises:
      NotFoundError: the checkpoint or a tensor is not there. InvalidArgumentError: one is of
      another dtype or shape. DataLossError: the files have been altered or cut off.
    """
    with open_checkpoint(prefix) as reader:
        missing = [name for name in names if not reader.has(name)]
        keys = names_to_keys(reader) if missing else {}
        if keys:
            logging.warning(
                "%s is a checkpoint of objects; it is read by names of variables", prefix
            )
            names = [keys.get(name, name) for name in names]
            missing = [name for name in names if not reader.has(name)]
        if missing:
            raise errors.NotFoundError(
                None,
                None,
                f"Key {min(missing)} not found in checkpoint",
                cause=f"not in {prefix}: {_shortened(missing)}; there are: "
                f"{_shortened(reader.names())}",
                cure="restore(..., partial=True) restores what there is, and reports the rest",
            )
        result = []
        for name, spec, dtype in zip(names, specs, types, strict=True):
            entry = reader.entry(name)
            if entry.dtype != dtype:
                raise errors.InvalidArgumentError(
                    None,
                    None,
                    f"tensor_name = {name}; expected dtype {_kernel_name(dtype)} does not equal "
                    f"original dtype {_kernel_name(entry.dtype)}",
                )
            if not spec:
                result.append(reader.tensor(name))
                continue
            shape, part = _specified(name, spec)
            if shape != entry.shape:
                raise errors.InvalidArgumentError(
                    None,
                    None,
                    f"tensor_name = {name}; shape in shape_and_slice spec {_extents(shape)} does "
                    f"not match the shape stored in checkpoint: {_extents(entry.shape)}",
                )
            result.append(reader.part(name, part))
        return result


def _extents(shape: Sequence[int]) -> str:
    return "[" + ",".join(map(str, shape)) + "]"


def _kernel_name(dtype: DType) -> str:
    """The name of a dtype as TensorFlow's kernels write it."""
    return {"float32": "float", "float64": "double", "float16": "half"}.get(dtype.name, dtype.name)


def _shortened(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


class MergeV2Checkpoints(OpDef):
    """Makes one checkpoint of the parts that were saved apart."""

    signature = (
        "checkpoint_prefixes: string, destination_prefix: string -> | delete_old_dirs: bool = True"
    )
    pure = False
    differentiable = False

    def lower(self, b: Any, op: Operation, *inputs: Value) -> None:
        def merge(prefixes: Array, destination: Array) -> Sequence[Array]:
            target = destination.item().decode()
            merge_bundles(_texts(prefixes), target, op.attributes["delete_old_dirs"])
            return []

        b.host(_told(op, merge), inputs, [])


class ShardedFilename(OpDef):
    """The name of one part of several."""

    signature = "basename: string, shard: int32, num_shards: int32 -> filename: string"
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [as_shape([])]

    def lower(self, b: Any, op: Operation, *inputs: Value) -> Value:
        def name(base: Array, shard: Array, count: Array) -> Sequence[Array]:
            text = f"{base.item().decode()}-{shard.item():05}-of-{count.item():05}"
            return [np.array(text.encode(), object)]

        value: Value = b.host(name, inputs, [inputs[0].type])[0]
        return value
