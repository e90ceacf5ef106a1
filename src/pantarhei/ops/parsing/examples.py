"""Serialized `Example` messages as tensors: `parse_example`, `parse_single_example`.

Features become tensors here; where records come from does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.operation import Operation
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.sparse_tensor import SparseTensor
from pantarhei.ops.array.indexing import slice as sliced
from pantarhei.ops.array.shapes import expand_dims, squeeze
from pantarhei.ops.host.results import host_results
from pantarhei.ops.parsing.example_features import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    SparseFeature,
    VarLenFeature,
    Wanted,
    default_tensor,
    name_of,
    wanted,
    with_sequences,
    with_sparse_features,
)
from pantarhei.ops.strings.example_values import (
    FIELDS,
    NAMES,
    as_sparse_parts,
    block_size,
    flat,
    kind_of,
    listed,
    message,
    padded,
)
from pantarhei.program.ir import Array, ProgramError, Type, Value

_KINDS = (VarLenFeature, SparseFeature, FixedLenFeature, FixedLenSequenceFeature)


def _sparse_row(features: Any, key: str, dtype: DType, where: str) -> Array:
    """The values of a feature that becomes sparse; `where` begins the text of an error."""
    field, name = FIELDS[dtype]
    kind = kind_of(features, key)
    if kind is None:
        return flat([], dtype)
    if kind != field:
        raise ProgramError(
            f"{where}Data types don't match. Expected type: {name}, Actual type: {NAMES[kind]}"
        )
    return flat(getattr(features[key], field).value, dtype)


def _dense_row(
    features: Any, key: str, dtype: DType, shape: TensorShape, default: Array, names: Sequence[str]
) -> Array:
    """The values of a feature that becomes dense.

    `names` are the name of the example and where the fault is, as the texts of errors begin.
    """
    example, where = names
    field, name = FIELDS[dtype]
    kind = kind_of(features, key)
    variable = bool(shape.ndims) and shape.as_list()[0] is None
    if kind is None:
        if variable:
            return flat([], dtype)
        if default.size == 0:
            raise ProgramError(
                f"{example}Feature: {key} (data type: {name}) is required but could not be found."
            )
        return default.ravel()
    if kind != field:
        raise ProgramError(
            f"{where}Data types don't match. Data type: {NAMES[kind]} but expected type: {name}"
        )
    values = getattr(features[key], field).value
    size = block_size(shape)
    if variable and len(values) % max(size, 1):
        raise ProgramError(
            f"{where}Number of {name} values is not a multiple of stride length. Saw {len(values)} "
            f"values but output shape is: {listed(shape)}"
        )
    if not variable and len(values) != size:
        raise ProgramError(
            f"{where}Number of {name} values != expected.  Values size: {len(values)} but output "
            f"shape: {listed(shape)}"
        )
    return flat(values, dtype)


def _fixed_types(op: Operation, batch: tuple[int, ...]) -> list[Type] | None:
    """The types of the results, where no example changes them."""
    types, shapes = op.attributes["Tdense"], op.attributes["dense_shapes"]
    known = not op.attributes["sparse_types"] and all(each.is_fully_defined() for each in shapes)
    if not known:
        return None
    return [
        Type(dtype.numpy, (*batch, *shape.as_list()))
        for dtype, shape in zip(types, shapes, strict=True)
    ]


class ParseExample(OpDef):
    """Features of a batch of serialized examples, sparse and dense ones."""

    signature = (
        "serialized: string, names: string, sparse_keys: Nsparse * string, "
        "dense_keys: Ndense * string, dense_defaults: list(Tdense) "
        "-> sparse_indices: Nsparse * int64, sparse_values: list(sparse_types), "
        "sparse_shapes: Nsparse * int64, dense_values: list(Tdense) "
        "| Nsparse: int | Ndense: int | sparse_types: list(type) | Tdense: list(type) "
        "| dense_shapes: list(shape)"
    )
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        batch = op.inputs[0].shape.with_rank(1)
        shapes = [TensorShape(each) for each in ([None, 2], [None], [2])]
        sparse = [shape for shape in shapes for _ in op.attributes["sparse_types"]]
        return sparse + [batch.concatenate(shape) for shape in op.attributes["dense_shapes"]]

    def lower(self, b: Any, op: Operation, *inputs: Value) -> list[Value]:
        number, count = op.attributes["Nsparse"], op.attributes["Ndense"]
        types, shapes = op.attributes["Tdense"], op.attributes["dense_shapes"]
        sparse_types = op.attributes["sparse_types"]

        def parse(serialized: Array, names: Array, *rest: Array) -> list[Array]:
            keys = [key.item().decode() for key in rest[: number + count]]
            defaults = rest[number + count :]
            dense = list(zip(keys[number:], types, shapes, defaults, strict=True))
            sparse = list(zip(keys[:number], sparse_types, strict=True))
            rows: list[list[Array]] = [[] for _ in keys]
            for index, text in enumerate(serialized):
                features = message("Example", text).features.feature
                name = names[index].decode() if names.size else "<unknown>"
                for place, (key, dtype) in enumerate(sparse):
                    where = f"Name: {name}, Key: {key}, Index: {index}.  "
                    rows[place].append(_sparse_row(features, key, dtype, where))
                for place, each in enumerate(dense, start=number):
                    where = f"Name: {name}, Key: {each[0]}, Index: {index}.  "
                    row = _dense_row(features, *each, (f"Name: {name}, ", where))
                    rows[place].append(row)
            parts = [
                as_sparse_parts(*pair) for pair in zip(rows[:number], sparse_types, strict=True)
            ]
            return [array for kind in zip(*parts, strict=True) for array in kind] + [
                _stacked(found, dtype, shape, default)
                for found, (_, dtype, shape, default) in zip(rows[number:], dense, strict=True)
            ]

        return host_results(b, parse, inputs, _fixed_types(op, inputs[0].shape))


def _stacked(rows: list[Array], dtype: DType, shape: TensorShape, default: Array) -> Array:
    """The rows of a batch as one array; sequences are filled up with the default."""
    extents = shape.as_list() if shape.ndims else []
    width = block_size(shape)
    if extents and extents[0] is None:
        length = max((len(row) // max(width, 1) for row in rows), default=0)
        extents, width = [length, *extents[1:]], length * width
    return padded(rows, width, dtype, default if default.ndim == 0 else 0).reshape(
        len(rows), *extents
    )


class ParseSingleExample(OpDef):
    """Features of one serialized example, sparse and dense ones."""

    signature = (
        "serialized: string, dense_defaults: list(Tdense) "
        "-> sparse_indices: num_sparse * int64, sparse_values: list(sparse_types), "
        "sparse_shapes: num_sparse * int64, dense_values: list(Tdense) "
        "| num_sparse: int | sparse_keys: list(string) | dense_keys: list(string) "
        "| sparse_types: list(type) | Tdense: list(type) | dense_shapes: list(shape)"
    )
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        op.inputs[0].shape.assert_has_rank(0)
        shapes = [TensorShape(each) for each in ([None, 1], [None], [1])]
        sparse = [shape for shape in shapes for _ in op.attributes["sparse_types"]]
        return sparse + list(op.attributes["dense_shapes"])

    def lower(self, b: Any, op: Operation, *inputs: Value) -> list[Value]:
        keys, types = op.attributes["dense_keys"], op.attributes["Tdense"]
        shapes = op.attributes["dense_shapes"]
        sparse_keys, sparse_types = op.attributes["sparse_keys"], op.attributes["sparse_types"]

        def parse(serialized: Array, *defaults: Array) -> list[Array]:
            features = message("Example", serialized.item()).features.feature
            rows = [
                _sparse_row(features, key, dtype, f"Key: {key}.  ")
                for key, dtype in zip(sparse_keys, sparse_types, strict=True)
            ]
            results = [np.arange(len(row), dtype=np.int64)[:, None] for row in rows] + rows
            results += [np.array([len(row)], np.int64) for row in rows]
            for each in zip(keys, types, shapes, defaults, strict=True):
                where = f"Key: {each[0]}.  "
                try:
                    row = _dense_row(features, *each, ("", where))
                except ProgramError as error:
                    if "Number of" in str(error):
                        raise ProgramError(f"{where}Can't parse serialized Example.") from error
                    raise
                extents = [-1 if extent is None else extent for extent in each[2].as_list()]
                results.append(row.reshape(extents))
            return results

        return host_results(b, parse, inputs, _fixed_types(op, ()))


def parsed_tensors(found: Wanted, outputs: Sequence[Any]) -> dict[str, Any]:
    """The outputs of a parsing operation under their keys."""
    indices, values, shapes, dense = outputs
    parts = zip(indices, values, shapes, strict=True)
    tensors: list[Any] = [SparseTensor(*each) for each in parts]
    keys = [*found.sparse, *(each.key for each in found.dense)]
    return dict(zip(keys, [*tensors, *dense], strict=True))


def parse_example(
    serialized: Any,
    features: Mapping[str, Any],
    name: str | None = None,
    example_names: Any = None,
) -> dict[str, Any]:
    """The features of a batch of serialized `tf.train.Example` messages.

    Args:
      serialized: a string vector.
      features: a `FixedLenFeature`, `VarLenFeature`, `FixedLenSequenceFeature` or `SparseFeature`
        for each key that is wanted.
      name: name of the operation.
      example_names: a string vector of names for error messages.

    Returns:
      For each key a tensor of shape `[batch] + shape`, or of shape `[batch, length] + shape` for
      sequences, of which shorter ones are filled up; or a SparseTensor for the other two.

    Raises:
      ValueError: no features, or one without dtype or known shape. TypeError: a dtype is not
        float32, int64 or string.
      tf.errors.InvalidArgumentError: when it runs and an example has not what is wanted.

    Example:
      >>> import pantarhei as tf
      >>> size = tf.train.Feature(int64_list=tf.train.Int64List(value=[3, 4]))
      >>> example = tf.train.Example(features=tf.train.Features(feature={"size": size}))
      >>> wanted = {"size": tf.FixedLenFeature([2], tf.int64)}
      >>> parsed = tf.parse_example([example.SerializeToString()] * 2, wanted)
      >>> tf.Session().run(parsed["size"])
      array([[3, 4],
             [3, 4]])
    """
    if not features:
        raise ValueError(f"Missing: features was {features}.")
    features = with_sequences(features)
    found = wanted(features, _KINDS)
    names = [] if example_names is None else example_names
    return with_sparse_features(features, _parsed(serialized, found, names, name))


def _parsed(serialized: Any, found: Wanted, names: Any, name: str | None) -> dict[str, Any]:
    with name_scope(name, "ParseExample", [serialized, names]):
        outputs = apply(
            "ParseExample",
            serialized,
            names,
            list(found.sparse),
            [each.key for each in found.dense],
            [default_tensor(each) for each in found.dense],
            sparse_types=list(found.sparse.values()),
            dense_shapes=[each.shape for each in found.dense],
            name=name,
        )
        return parsed_tensors(found, outputs)


def parse_single_example(
    serialized: Any,
    features: Mapping[str, Any],
    name: str | None = None,
    example_names: Any = None,
) -> dict[str, Any]:
    """The features of one serialized `tf.train.Example` message.

    Args:
      serialized: a string scalar.
      features, name: as for `tf.parse_example`.
      example_names: a string scalar: a name for error messages.

    Returns:
      For each key a tensor or SparseTensor, without the axis of a batch.

    Raises:
      ValueError, TypeError, tf.errors.InvalidArgumentError: as `tf.parse_example`.

    Example:
      >>> import pantarhei as tf
      >>> label = tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"cat"]))
      >>> example = tf.train.Example(features=tf.train.Features(feature={"label": label}))
      >>> wanted = {"label": tf.FixedLenFeature([], tf.string)}
      >>> parsed = tf.parse_single_example(example.SerializeToString(), wanted)
      >>> tf.Session().run(parsed["label"])
      b'cat'
    """
    if not features:
        raise ValueError("Missing features.")
    features = with_sequences(features)
    found = wanted(features, _KINDS)
    if example_names is None:
        with name_scope(name, "ParseSingleExample", [serialized]):
            serialized = convert_to_tensor(serialized, dtypes.string, "serialized")
            outputs = apply(
                "ParseSingleExample",
                serialized,
                [default_tensor(each) for each in found.dense],
                num_sparse=len(found.sparse),
                sparse_keys=list(found.sparse),
                sparse_types=list(found.sparse.values()),
                dense_keys=[each.key for each in found.dense],
                dense_shapes=[each.shape for each in found.dense],
                name=name,
            )
            parsed = parsed_tensors(found, outputs)
        return with_sparse_features(features, parsed)
    with name_scope(name, "ParseSingleExample", [serialized, example_names]):
        batch = expand_dims(convert_to_tensor(serialized), 0)
        names = expand_dims(convert_to_tensor(example_names), 0)
        parsed = _parsed(batch, found, names, name)
        for each in found.dense:
            parsed[each.key] = squeeze(parsed[each.key], [0], name=f"Squeeze_{name_of(each.key)}")
        for key in found.sparse:
            parsed[key] = _without_batch(parsed[key], name_of(key))
    return with_sparse_features(features, parsed)


def _without_batch(sparse: SparseTensor, name: str) -> SparseTensor:
    """A sparse batch of one example without its first axis."""
    indices = sliced(sparse.indices, [0, 1], [-1, -1], name=f"Slice_Indices_{name}")
    shape = sliced(sparse.dense_shape, [1], [-1], name=f"Squeeze_Shape_{name}")
    return SparseTensor(indices, sparse.values, shape)
