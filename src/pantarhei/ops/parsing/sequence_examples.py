"""Serialized `SequenceExample` messages as tensors: a context, and lists of features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.operation import Operation
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.host.results import host_results
from pantarhei.ops.parsing.example_features import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    VarLenFeature,
    Wanted,
    default_tensor,
    wanted,
)
from pantarhei.ops.parsing.examples import parsed_tensors
from pantarhei.ops.parsing.sequence_batches import (
    context_batch,
    context_feature,
    dense_batch,
    list_feature,
    sparse_batch,
)
from pantarhei.ops.strings.example_values import (
    as_sparse_parts,
    block_size,
    check_count,
    context_row,
    kind_of,
    list_rows,
    message,
    padded,
    row_of_type,
)
from pantarhei.program.ir import Array, ProgramError, Value

_ATTRIBUTES = (
    "Ncontext_sparse: int = 0 | Ncontext_dense: int = 0 | Nfeature_list_sparse: int = 0 "
    "| Nfeature_list_dense: int = 0 | context_sparse_types: list(type) = [] "
    "| Tcontext_dense: list(type) = [] | feature_list_dense_types: list(type) = [] "
    "| context_dense_shapes: list(shape) = [] | feature_list_sparse_types: list(type) = [] "
    "| feature_list_dense_shapes: list(shape) = []"
)
_OUTPUTS = (
    "context_sparse_indices: Ncontext_sparse * int64, "
    "context_sparse_values: list(context_sparse_types), "
    "context_sparse_shapes: Ncontext_sparse * int64, "
    "context_dense_values: list(Tcontext_dense), "
    "feature_list_sparse_indices: Nfeature_list_sparse * int64, "
    "feature_list_sparse_values: list(feature_list_sparse_types), "
    "feature_list_sparse_shapes: Nfeature_list_sparse * int64, "
    "feature_list_dense_values: list(feature_list_dense_types)"
)


def _repeated(shapes: Sequence[Any], types: Sequence[DType]) -> list[TensorShape]:
    return [TensorShape(shape) for shape in shapes for _ in types]


def _by_part(parts: Sequence[Sequence[Array]]) -> list[Array]:
    """All positions, then all values, then all shapes."""
    return [array for kind in zip(*parts, strict=True) for array in kind]


# --- one example ----------------------------------------------------------------------------------


class ParseSingleSequenceExample(OpDef):
    """The context and the lists of one serialized message."""

    signature = (
        "serialized: string, feature_list_dense_missing_assumed_empty: string, "
        "context_sparse_keys: Ncontext_sparse * string, "
        "context_dense_keys: Ncontext_dense * string, "
        "feature_list_sparse_keys: Nfeature_list_sparse * string, "
        "feature_list_dense_keys: Nfeature_list_dense * string, "
        f"context_dense_defaults: list(Tcontext_dense), debug_name: string -> {_OUTPUTS} "
        f"| {_ATTRIBUTES}"
    )
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        op.inputs[0].shape.assert_has_rank(0)
        given = op.attributes
        lists = TensorShape([None])
        return [
            *_repeated(([None, 1], [None], [1]), given["context_sparse_types"]),
            *given["context_dense_shapes"],
            *_repeated(([None, 2], [None], [2]), given["feature_list_sparse_types"]),
            *(lists.concatenate(shape) for shape in given["feature_list_dense_shapes"]),
        ]

    def lower(self, b: Any, op: Operation, *inputs: Value) -> list[Value]:
        def parse(*arrays: Array) -> list[Array]:
            return _one_sequence_example(op.attributes, *arrays)

        return host_results(b, parse, inputs)


def _split(arrays: Sequence[Array], counts: Sequence[int]) -> list[list[Any]]:
    result, start = [], 0
    for count in counts:
        result.append(list(arrays[start : start + count]))
        start += count
    return result


def _one_sequence_example(
    given: Mapping[str, Any], serialized: Array, lacking: Array, *rest: Array
) -> list[Array]:
    counts = [
        given[f"N{part}"]
        for part in (
            "context_sparse",
            "context_dense",
            "feature_list_sparse",
            "feature_list_dense",
            "context_dense",
        )
    ]
    *keys, defaults = _split(rest[:-1], counts)
    names = [[key.item().decode() for key in group] for group in keys]
    name = rest[-1].item().decode()
    may_lack = {key.decode() for key in lacking.ravel()}
    found = message("SequenceExample", serialized.item())
    context, lists = found.context.feature, found.feature_lists.feature_list
    rows = [
        context_row(context, key, dtype, f"Name: {name}, Context feature: {key}.  ")
        for key, dtype in zip(names[0], given["context_sparse_types"], strict=True)
    ]
    sparse = [
        (np.arange(len(row), dtype=np.int64)[:, None], row, np.array([len(row)], np.int64))
        for row in rows
    ]
    dense = [
        _context_value(context, *each, name)
        for each in zip(
            names[1], given["Tcontext_dense"], given["context_dense_shapes"], defaults, strict=True
        )
    ]
    sparse_lists = [
        as_sparse_parts(list_rows(lists, key, dtype, f"Name: {name}, Feature List: {key}"), dtype)
        for key, dtype in zip(names[2], given["feature_list_sparse_types"], strict=True)
    ]
    dense_lists = []
    types, shapes = given["feature_list_dense_types"], given["feature_list_dense_shapes"]
    for key, dtype, shape in zip(names[3], types, shapes, strict=True):
        if key not in lists and key not in may_lack:
            raise ProgramError(
                f"Name: {name}, Feature list '{key}' is required but could not be found.  Did you "
                "mean to include it in feature_list_dense_missing_assumed_empty or "
                "feature_list_dense_defaults?"
            )
        dense_lists.append(_list_values(lists, key, dtype, shape, name))
    return [*_by_part(sparse), *dense, *_by_part(sparse_lists), *dense_lists]


def _context_value(
    features: Any, key: str, dtype: DType, shape: TensorShape, default: Array, name: str
) -> Array:
    extents: Any = shape.as_list()
    if kind_of(features, key) is None:
        if default.size == 0:
            raise ProgramError(
                f"Name: {name}, Context feature '{key}' is required but could not be found."
            )
        return default.reshape(extents)
    row = row_of_type(features[key], dtype, f"Name: {name}, Context feature: {key}.  ")
    check_count(row, shape, dtype, f"Name: {name}, Key: {key}, Index: 0.  ")
    return row.reshape(extents)


def _list_values(lists: Any, key: str, dtype: DType, shape: TensorShape, name: str) -> Array:
    rows = []
    for index, feature in enumerate(lists[key].feature if key in lists else []):
        where = f"Name: {name}, Feature list: {key}, Index: {index}.  "
        row = row_of_type(feature, dtype, where)
        check_count(row, shape, dtype, f"Name: {name}, Key: {key}, Index: {index}.  ")
        rows.append(row)
    return padded(rows, block_size(shape), dtype, 0).reshape(len(rows), *shape.as_list())


# --- a batch --------------------------------------------------------------------------------------


class ParseSequenceExample(OpDef):
    """The contexts and the lists of a batch of serialized messages."""

    signature = (
        "serialized: string, debug_name: string, context_dense_defaults: list(Tcontext_dense) "
        f"-> {_OUTPUTS}, feature_list_dense_lengths: Nfeature_list_dense * int64 "
        "| feature_list_dense_missing_assumed_empty: list(string) "
        "| context_sparse_keys: list(string) | context_dense_keys: list(string) "
        "| feature_list_sparse_keys: list(string) | feature_list_dense_keys: list(string) "
        f"| {_ATTRIBUTES}"
    )
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        batch = op.inputs[0].shape.with_rank(1)
        given = op.attributes
        lists = batch.concatenate([None])
        return [
            *_repeated(([None, 2], [None], [2]), given["context_sparse_types"]),
            *(batch.concatenate(shape) for shape in given["context_dense_shapes"]),
            *_repeated(([None, 3], [None], [3]), given["feature_list_sparse_types"]),
            *(lists.concatenate(shape) for shape in given["feature_list_dense_shapes"]),
            *(batch for _ in given["feature_list_dense_types"]),
        ]

    def lower(self, b: Any, op: Operation, *inputs: Value) -> list[Value]:
        def parse(*arrays: Array) -> list[Array]:
            return _sequence_examples(op.attributes, *arrays)

        return host_results(b, parse, inputs)


def _sequence_examples(
    given: Mapping[str, Any], serialized: Array, names: Array, *defaults: Array
) -> list[Array]:
    labels = [each.decode() for each in names] if names.size else ["<unknown>"] * len(serialized)
    found = []
    for text, label in zip(serialized, labels, strict=True):
        try:
            found.append(message("SequenceExample", text))
        except ProgramError as error:
            raise ProgramError(f"Invalid protocol message input, example id: {label}") from error
    contexts = list(zip((each.context.feature for each in found), labels, strict=True))
    lists = list(zip((each.feature_lists.feature_list for each in found), labels, strict=True))
    sparse = [
        as_sparse_parts([context_feature(each, key, dtype) for each in contexts], dtype)
        for key, dtype in zip(
            given["context_sparse_keys"], given["context_sparse_types"], strict=True
        )
    ]
    dense = [
        context_batch(contexts, *each)
        for each in zip(
            given["context_dense_keys"],
            given["Tcontext_dense"],
            given["context_dense_shapes"],
            defaults,
            strict=True,
        )
    ]
    sparse_lists = [
        sparse_batch([list_feature(each, key, dtype) for each in lists], dtype)
        for key, dtype in zip(
            given["feature_list_sparse_keys"], given["feature_list_sparse_types"], strict=True
        )
    ]
    dense_lists = [
        dense_batch(lists, *each, given["feature_list_dense_missing_assumed_empty"])
        for each in zip(
            given["feature_list_dense_keys"],
            given["feature_list_dense_types"],
            given["feature_list_dense_shapes"],
            strict=True,
        )
    ]
    values, lengths = zip(*dense_lists, strict=True) if dense_lists else ((), ())
    return [*_by_part(sparse), *dense, *_by_part(sparse_lists), *values, *lengths]


# --- public functions -----------------------------------------------------------------------------


def _wanted(
    context_features: Mapping[str, Any] | None, sequence_features: Mapping[str, Any] | None
) -> tuple[Wanted, Wanted, list[str]]:
    """What is wanted of the context and of the lists, and which lists may be missing."""
    if not (context_features or sequence_features):
        raise ValueError("Missing features.")
    context = wanted(context_features, (VarLenFeature, FixedLenFeature))
    lists = wanted(sequence_features, (VarLenFeature, FixedLenSequenceFeature))
    may_lack = []
    for each in lists.dense:
        if each.default is not None:
            raise ValueError(f"Value feature_list_dense_defaults[{each.key}] must be None")
        if each.may_lack:
            may_lack.append(each.key)
    return context, lists, may_lack


def _attributes(context: Wanted, lists: Wanted) -> dict[str, Any]:
    return {
        "context_sparse_types": list(context.sparse.values()),
        "context_dense_shapes": [each.shape for each in context.dense],
        "feature_list_sparse_types": list(lists.sparse.values()),
        "feature_list_dense_types": [each.dtype for each in lists.dense],
        "feature_list_dense_shapes": [each.shape for each in lists.dense],
    }


def parse_single_sequence_example(
    serialized: Any,
    context_features: Mapping[str, Any] | None = None,
    sequence_features: Mapping[str, Any] | None = None,
    example_name: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The context and the lists of one serialized `tf.train.SequenceExample` message.

    Args:
      serialized: a string scalar.
      context_features: a `FixedLenFeature` or `VarLenFeature` for each key of the context.
      sequence_features: a `FixedLenSequenceFeature` or `VarLenFeature` for each list.
      example_name: a string scalar: a name for error messages.
      name: name of the operation.

    Returns:
      Two dicts: the context; and for each list a tensor of shape `[length] + shape`, or a
      SparseTensor whose first axis is the list.

    Raises:
      ValueError: no features, or one that is not allowed there.
      tf.errors.InvalidArgumentError: when it runs and the message has not what is wanted.

    Example:
      >>> import pantarhei as tf
      >>> words = [tf.train.Feature(int64_list=tf.train.Int64List(value=[i])) for i in (3, 1, 4)]
      >>> lists = tf.train.FeatureLists(feature_list={"w": tf.train.FeatureList(feature=words)})
      >>> example = tf.train.SequenceExample(feature_lists=lists).SerializeToString()
      >>> wanted = {"w": tf.FixedLenSequenceFeature([], tf.int64)}
      >>> _, found = tf.parse_single_sequence_example(example, sequence_features=wanted)
      >>> tf.Session().run(found["w"])
      array([3, 1, 4])
    """
    context, lists, may_lack = _wanted(context_features, sequence_features)
    with name_scope(name, "ParseSingleSequenceExample", [serialized]):
        outputs = apply(
            "ParseSingleSequenceExample",
            serialized,
            may_lack,
            list(context.sparse),
            [each.key for each in context.dense],
            list(lists.sparse),
            [each.key for each in lists.dense],
            [default_tensor(each) for each in context.dense],
            "" if example_name is None else example_name,
            name=name,
            **_attributes(context, lists),
        )
    return parsed_tensors(context, outputs[:4]), parsed_tensors(lists, outputs[4:])


def parse_sequence_example(
    serialized: Any,
    context_features: Mapping[str, Any] | None = None,
    sequence_features: Mapping[str, Any] | None = None,
    example_names: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The contexts and the lists of a batch of serialized `tf.train.SequenceExample` messages.

    Args:
      serialized: a string vector.
      context_features, sequence_features: as for `tf.parse_single_sequence_example`.
      example_names: a string vector of names for error messages.
      name: name of the operation.

    Returns:
      Three dicts: the contexts; for each list a tensor of shape `[batch, length] + shape`, of which
      shorter lists are filled up, or a SparseTensor; and for each of the former the lengths.

    Raises:
      ValueError, tf.errors.InvalidArgumentError: as `tf.parse_single_sequence_example`.

    Example:
      >>> import pantarhei as tf
      >>> words = [tf.train.Feature(int64_list=tf.train.Int64List(value=[i])) for i in (3, 1, 4)]
      >>> lists = tf.train.FeatureLists(feature_list={"w": tf.train.FeatureList(feature=words)})
      >>> example = tf.train.SequenceExample(feature_lists=lists).SerializeToString()
      >>> wanted = {"w": tf.FixedLenSequenceFeature([], tf.int64, allow_missing=True)}
      >>> _, found, lengths = tf.io.parse_sequence_example([example, b""], sequence_features=wanted)
      >>> print(*tf.Session().run([found["w"], lengths["w"]]))
      [[3 1 4]
       [0 0 0]] [3 0]
    """
    context, lists, may_lack = _wanted(context_features, sequence_features)
    with name_scope(name, "ParseSequenceExample", [serialized]):
        outputs = apply(
            "ParseSequenceExample",
            serialized,
            [] if example_names is None else example_names,
            [default_tensor(each, shaped=False) for each in context.dense],
            feature_list_dense_missing_assumed_empty=may_lack,
            context_sparse_keys=list(context.sparse),
            context_dense_keys=[each.key for each in context.dense],
            feature_list_sparse_keys=list(lists.sparse),
            feature_list_dense_keys=[each.key for each in lists.dense],
            Ncontext_sparse=len(context.sparse),
            Ncontext_dense=len(context.dense),
            Nfeature_list_sparse=len(lists.sparse),
            Nfeature_list_dense=len(lists.dense),
            name=name,
            **_attributes(context, lists),
        )
    lengths = dict(zip((each.key for each in lists.dense), outputs[8], strict=True))
    return parsed_tensors(context, outputs[:4]), parsed_tensors(lists, outputs[4:8]), lengths
