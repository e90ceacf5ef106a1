"""What features of examples may look like, and the arguments of parsing operations that follow."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pantarhei.core import dtypes
from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Tensor
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.shapes import reshape
from pantarhei.ops.sparse.indicators import sparse_merge

_ALLOWED = (dtypes.float32, dtypes.int64, dtypes.string)
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.\-/]")


class VarLenFeature(NamedTuple):
    """A feature of which every example has any number of values; it becomes a SparseTensor.

    Attributes:
      dtype: float32, int64 or string.
    """

    dtype: Any


class SparseFeature(NamedTuple):
    """Values and their positions, which examples hold as two features or more.

    Attributes:
      index_key: the feature that holds the positions, or a list of features, one for each axis.
      value_key: the feature that holds the values.
      dtype: of the values: float32, int64 or string.
      size: the extent of the axis, or a list of extents.
      already_sorted: whether the positions of each example are in order.
    """

    index_key: Any
    value_key: str
    dtype: Any
    size: Any
    already_sorted: bool = False


class FixedLenFeature(NamedTuple):
    """A feature of which every example has the same number of values.

    Attributes:
      shape: the shape of the values of one example.
      dtype: float32, int64 or string.
      default_value: what an example without the feature gets; None if all must have it.
    """

    shape: Any
    dtype: Any
    default_value: Any = None


class FixedLenSequenceFeature(NamedTuple):
    """A feature of which every example has any number of blocks of values of one shape.

    Shorter sequences of a batch are filled up.

    Attributes:
      shape: the shape of one block.
      dtype: float32, int64 or string.
      allow_missing: whether an example may lack the feature.
      default_value: what shorter sequences are filled up with; 0 or "" by default.
    """

    shape: Any
    dtype: Any
    allow_missing: bool = False
    default_value: Any = None


class DenseFeature(NamedTuple):
    """A feature that becomes an ordinary tensor."""

    key: str
    dtype: DType
    shape: TensorShape
    default: Any
    may_lack: bool


@dataclass
class Wanted:
    """The arguments of an operation: features that become sparse tensors, and ordinary ones."""

    sparse: dict[str, DType] = field(default_factory=dict)
    dense: list[DenseFeature] = field(default_factory=list)

    def add_sparse(self, key: str, dtype: Any) -> None:
        """Adds a feature as a sparse tensor; it may be added again with the same dtype."""
        found = self.sparse.get(key)
        if found is not None and found != dtypes.as_dtype(dtype):
            named = (repr(dtypes.as_dtype(each)) for each in (found, dtype))
            raise ValueError("Conflicting type {} vs {} for feature {}.".format(*named, key))
        self.sparse[key] = _checked_dtype(dtype, "sparse_types")


def _checked_dtype(dtype: Any, parameter: str) -> DType:
    found = dtypes.as_dtype(dtype)
    if found not in _ALLOWED:
        raise TypeError(
            f"Value passed to parameter '{parameter}' has DataType {found.name} not in list of "
            "allowed values: float32, int64, string"
        )
    return found


def name_of(key: str) -> str:
    """A key as part of the name of an operation."""
    return _NOT_IN_NAMES.sub("_", key)


def with_sequences(features: Mapping[str, Any]) -> dict[str, Any]:
    """The features of plain examples: blocks of a sequence lie along a first axis."""
    result = dict(features)
    for key, each in features.items():
        if isinstance(each, FixedLenSequenceFeature):
            if not each.allow_missing:
                raise ValueError(
                    "Unsupported: FixedLenSequenceFeature requires allow_missing to be True."
                )
            result[key] = each._replace(shape=[None, *as_shape(each.shape).as_list()])
    return result


def wanted(features: Mapping[str, Any] | None, kinds: Iterable[type]) -> Wanted:
    """The features in the order of their keys; only some kinds are allowed.

    Raises:
      ValueError: a feature is of another kind, or lacks something. TypeError: a dtype is not
        float32, int64 or string.
    """
    result = Wanted()
    for key, each in sorted((features or {}).items()):
        kind = type(each)
        if kind not in _ADD:
            raise ValueError(f"Invalid feature {key}:{each}.")
        if kind not in kinds:
            shown = repr(each).replace("<dtype: ", "tf.").replace(">", "")
            raise ValueError(f"Unsupported {kind.__name__} {shown}.")
        if kind is SparseFeature:
            for part in ("index_key", "value_key"):
                if not getattr(each, part):
                    raise ValueError(f"Missing {part} for SparseFeature {each}.")
        if not each.dtype:
            raise ValueError(f"Missing type for feature {key}.")
        _ADD[kind](result, key, each)
    return result


def _add_var_len(result: Wanted, key: str, each: VarLenFeature) -> None:
    result.add_sparse(key, each.dtype)


def _add_sparse(result: Wanted, key: str, each: SparseFeature) -> None:
    keys = [each.index_key] if isinstance(each.index_key, str) else list(each.index_key)
    if len(keys) > 1:
        logging.getLogger("tensorflow").warning(
            "SparseFeature is a complicated feature config and should only be used after careful "
            "consideration of VarLenFeature."
        )
    for index_key in sorted(keys):
        result.add_sparse(index_key, dtypes.int64)
    result.add_sparse(each.value_key, each.dtype)


def _add_fixed_len(result: Wanted, key: str, each: FixedLenFeature) -> None:
    if each.shape is None:
        raise ValueError(f"Missing shape for feature {key}.")
    shape = as_shape(each.shape)
    if shape.ndims and shape.dims is not None and shape.dims[0].value is None:
        raise ValueError(
            f"First dimension of shape for feature {key} unknown. Consider using "
            "FixedLenSequenceFeature."
        )
    if not shape.is_fully_defined():
        raise ValueError(
            f"All dimensions of shape for feature {key} need to be known but received {each.shape}."
        )
    dtype = _checked_dtype(each.dtype, "dense_defaults")
    result.dense.append(DenseFeature(key, dtype, shape, each.default_value, False))


def _add_sequence(result: Wanted, key: str, each: FixedLenSequenceFeature) -> None:
    if each.shape is None:
        raise ValueError(f"Missing shape for feature {key}.")
    dtype = _checked_dtype(each.dtype, "dense_defaults")
    shape = as_shape(each.shape)
    result.dense.append(DenseFeature(key, dtype, shape, each.default_value, each.allow_missing))


_ADD: dict[type, Any] = {
    VarLenFeature: _add_var_len,
    SparseFeature: _add_sparse,
    FixedLenFeature: _add_fixed_len,
    FixedLenSequenceFeature: _add_sequence,
}


def default_tensor(each: DenseFeature, shaped: bool = True) -> Tensor:
    """The default of a feature as an operation takes it; empty where there is none."""
    extents = each.shape.as_list() if each.shape.ndims else []
    if extents and extents[0] is None:
        if each.default is None:
            return convert_to_tensor("" if each.dtype == dtypes.string else 0, each.dtype)
        padding = convert_to_tensor(each.default, each.dtype, f"padding_{name_of(each.key)}")
        return reshape(padding, [])
    if each.default is None:
        return constant([], dtype=each.dtype)
    if isinstance(each.default, Tensor):
        return each.default
    value = convert_to_tensor(each.default, each.dtype, f"key_{name_of(each.key)}")
    return reshape(value, extents) if shaped else value


def with_sparse_features(features: Mapping[str, Any], parsed: dict[str, Any]) -> dict[str, Any]:
    """What was parsed under the requested keys: positions and values are put together."""
    for key, each in sorted(features.items()):
        if isinstance(each, SparseFeature):
            positions: Any = each.index_key
            if isinstance(positions, str):
                ids = parsed[positions]
            else:
                ids = [parsed[one] for one in positions]
            parsed[key] = sparse_merge(
                ids, parsed[each.value_key], each.size, already_sorted=each.already_sorted
            )
    return {key: parsed[key] for key in parsed if key in features}
