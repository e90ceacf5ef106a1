"""Variables in parts: one large variable kept as several, cut along one axis.

`PartitionedVariables` is the part of the store that makes and finds them; the parts themselves are
made by the store like any other variable, under `<name>/part_<number>`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import control_dependencies, name_scope
from pantarhei.ops.array.identity import identity
from pantarhei.ops.array.indexing import slice
from pantarhei.ops.array.joining import concat
from pantarhei.ops.array.splitting import split

Partitioner = Callable[..., Any]


@dataclass(frozen=True)
class PartitionInfo:
    """Where a part lies in the whole variable; given to initializers."""

    full_shape: list[int]
    var_offset: list[int]


@dataclass(frozen=True)
class SliceInfo:
    """What is known of a part: name and shape of the whole, where the part begins, its shape."""

    full_name: str
    full_shape: list[int]
    var_offset: list[int]
    var_shape: list[int]


class PartitionedVariable:
    """A variable kept in parts; converts to the tensor of the whole. Made by `tf.get_variable`."""

    def __init__(
        self,
        name: str,
        shape: TensorShape,
        dtype: DType,
        variable_list: Sequence[Any],
        partitions: Sequence[int],
    ) -> None:
        self._name = name
        self._shape = shape
        self._dtype = dtype
        self._variable_list = list(variable_list)
        self._partitions = list(partitions)

    @property
    def name(self) -> str:
        """The name of the whole."""
        return self._name

    @property
    def dtype(self) -> DType:
        """The dtype of the parts."""
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        """The shape of the whole."""
        return self._shape

    def get_shape(self) -> TensorShape:
        """The same as `shape`."""
        return self._shape

    def __iter__(self) -> Iterator[Any]:
        return iter(self._variable_list)

    def __len__(self) -> int:
        return len(self._variable_list)

    def _get_variable_list(self) -> list[Any]:
        return self._variable_list

    def _get_partitions(self) -> list[int]:
        return self._partitions

    @property
    def _axis(self) -> int:
        return next((axis for axis, count in enumerate(self._partitions) if count > 1), 0)

    def as_tensor(self) -> Tensor:
        """The whole, its parts joined."""
        with control_dependencies(None):
            whole: Any = self._variable_list[0]
            if len(self._variable_list) > 1:
                with name_scope(f"{self._name}/ConcatPartitions/"):
                    whole = concat(self._variable_list, self._axis)
            with name_scope(None):
                return identity(whole, name=self._name)

    def _as_tensor(self, dtype: Any = None, name: Any = None, as_ref: bool = False) -> Tensor:
        if dtype is not None and not dtype.is_compatible_with(self._dtype):
            raise ValueError(
                f"Incompatible type conversion requested to type '{dtype.name}' for variable of "
                f"type '{self._dtype.name}'"
            )
        if as_ref:
            raise NotImplementedError(
                "PartitionedVariable doesn't support being used as a reference."
            )
        return self.as_tensor()

    def assign(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> list[Any]:
        """Gives every part its piece of `value`; returns what each gives."""
        return self._by_parts("assign", value, use_locking, name, read_value)

    def assign_add(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> list[Any]:
        """Adds to every part its piece of `value`; returns what each gives."""
        return self._by_parts("assign_add", value, use_locking, name, read_value)

    def assign_sub(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> list[Any]:
        """Subtracts from every part its piece of `value`; returns what each gives."""
        return self._by_parts("assign_sub", value, use_locking, name, read_value)

    def _by_parts(
        self, method: str, value: Any, use_locking: bool, name: str | None, read_value: bool
    ) -> list[Any]:
        if isinstance(value, (list, PartitionedVariable)):
            pieces: Sequence[Any] = list(value)
        else:
            sizes = [part.shape.as_list()[self._axis] for part in self._variable_list]
            pieces = split(value, sizes, axis=self._axis)
        return [
            getattr(part, method)(piece, use_locking=use_locking, name=name, read_value=read_value)
            for part, piece in zip(self._variable_list, pieces, strict=True)
        ]


class PartitionedVariables:
    """The variables in parts of a store, by name."""

    variables: dict[str, Any]
    get_single: Callable[..., Any]
    default_initializer: Callable[..., Any]

    def __init__(self) -> None:
        self.partitioned: dict[str, PartitionedVariable] = {}

    def get_partitioned(
        self,
        name: str,
        partitioner: Partitioner | None,
        shape: Any = None,
        dtype: Any = None,
        initializer: Any = None,
        reuse: Any = None,
        **arguments: Any,
    ) -> PartitionedVariable:
        """The variable with this full name, found or made in parts.

        Raises:
          ValueError: it exists, does not exist, or does not fit, as for `get_variable`.
        """
        if name in self.variables:
            raise ValueError(
                "A partitioner was provided, but an unpartitioned version of the variable was "
                f"found: {name}.  Perhaps a variable of the same name was already created without "
                "partitioning?"
            )
        shape = as_shape(shape)
        if isinstance(initializer, Tensor):
            shape = shape.merge_with(initializer.shape)
        partitions = None if partitioner is None else _counts(partitioner, shape, dtype)
        if name in self.partitioned:
            if reuse is False:
                raise ValueError(
                    f"Partitioned variable with name {name} already exists. Did you mean to set "
                    "reuse=True or reuse=tf.AUTO_REUSE in VarScope?"
                )
            return _fitting(self.partitioned[name], shape, dtype, partitions)
        if reuse is True or partitions is None:
            raise ValueError(
                f"PartitionedVariable {name} does not exist, or was not created with "
                "tf.get_variable(). Did you mean to set reuse=False or reuse=tf.AUTO_REUSE in "
                "VarScope?"
            )
        parts = []
        for number, (offset, extents) in enumerate(_pieces(shape.as_list(), partitions)):
            full_name = f"{name}/part_{number}"
            with name_scope(f"{full_name}/PartitionedInitializer"):
                value, held = self._piece_of(initializer, name, dtype, offset, extents)
            with name_scope(None):
                part = self.get_single(
                    full_name,
                    shape=extents if callable(value) else None,
                    dtype=held,
                    initializer=value,
                    partition_info=PartitionInfo(shape.as_list(), offset),
                    reuse=reuse,
                    **arguments,
                )
            part._set_save_slice_info(SliceInfo(name, shape.as_list(), offset, extents))
            parts.append(part)
        self.partitioned[name] = PartitionedVariable(name, shape, dtype, parts, partitions)
        return self.partitioned[name]

    def _piece_of(
        self, initializer: Any, name: str, dtype: DType, offset: list[int], extents: list[int]
    ) -> tuple[Any, DType]:
        """The part of an initial value, or a function that gives it, and its dtype."""
        if initializer is None:
            return self.default_initializer(name, dtype), dtype
        if callable(initializer):
            return initializer, dtype
        whole = convert_to_tensor(initializer, None if isinstance(initializer, Tensor) else dtype)
        return slice(whole, offset, extents), whole.dtype.base_dtype


def _fitting(
    found: PartitionedVariable, shape: TensorShape, dtype: DType, partitions: Any
) -> PartitionedVariable:
    name = found.name
    if not shape.is_compatible_with(found.shape):
        raise ValueError(
            f"Trying to reuse partitioned variable {name}, but specified shape {shape} and found "
            f"shape {found.shape}."
        )
    if not dtype.is_compatible_with(found.dtype):
        raise ValueError(
            f"Trying to reuse partitioned variable {name}, but specified dtype {dtype.name} and "
            f"found dtype {found.dtype.name}."
        )
    if partitions is not None and list(partitions) != found._get_partitions():
        raise ValueError(
            f"Trying to reuse partitioned variable {name}, but specified partitions {partitions} "
            f"and found partitions {found._get_partitions()}."
        )
    return found


def _counts(partitioner: Partitioner, shape: TensorShape, dtype: DType) -> Sequence[int]:
    """The number of parts along each axis, checked."""
    if not shape.is_fully_defined():
        raise ValueError(
            f"Shape of a new partitioned variable must be fully defined, but instead was {shape}."
        )
    if not shape.ndims:
        raise ValueError(f"A partitioned Variable must have rank at least 1, shape: {shape}")
    counts = partitioner(shape=shape, dtype=dtype)
    if not isinstance(counts, (list, tuple)):
        raise ValueError(f"Partitioner must return a sequence, but saw: {counts}")
    if len(counts) != shape.ndims:
        raise ValueError(
            "Partitioner returned a partition list that does not match the Variable's rank: "
            f"{counts} vs. {shape}"
        )
    if any(count < 1 for count in counts):
        raise ValueError(f"Partitioner returned zero partitions for some axes: {counts}")
    if sum(count > 1 for count in counts) > 1:
        raise ValueError(
            f"Can only slice a variable along one dimension: shape: {shape}, partitioning: {counts}"
        )
    return counts


def _pieces(full: list[Any], counts: Sequence[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Offset and shape of every part; the first parts take what is left over."""
    axis = next((axis for axis, count in enumerate(counts) if count > 1), 0)
    least, excess = divmod(full[axis], counts[axis])
    start = 0
    for number in range(counts[axis]):
        extent = least + (number < excess)
        offset = [0] * len(full)
        offset[axis] = start
        yield offset, [*full[:axis], extent, *full[axis + 1 :]]
        start += extent


# ------------------------------------------------------------------------------- partitioners


def fixed_size_partitioner(num_shards: int, axis: int = 0) -> Partitioner:
    """A partitioner for `num_shards` parts along `axis`.

    Args:
      num_shards: how many parts.
      axis: which axis is cut.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> v = tf.get_variable("v", [3, 2], partitioner=tf.fixed_size_partitioner(2))
      >>> [part.shape.as_list() for part in v]
      [[2, 2], [1, 2]]
    """

    def partitioner(shape: TensorShape, **_: Any) -> list[int]:
        counts = [1] * len(shape)
        counts[axis] = min(num_shards, int(shape.as_list()[axis] or 0))
        return counts

    return partitioner


def variable_axis_size_partitioner(
    max_shard_bytes: int, axis: int = 0, bytes_per_string_element: int = 16, max_shards: Any = None
) -> Partitioner:
    """A partitioner for parts of at most `max_shard_bytes` bytes, cut along `axis`.

    Args:
      max_shard_bytes: the size of a part.
      axis: which axis is cut.
      bytes_per_string_element: what a string counts.
      max_shards: the largest number of parts, which goes before their size.

    Raises:
      ValueError: a limit is not positive.
    """
    if max_shard_bytes < 1 or bytes_per_string_element < 1:
        raise ValueError("Both max_shard_bytes and bytes_per_string_element must be positive.")
    if max_shards and max_shards < 1:
        raise ValueError("max_shards must be positive.")

    def partitioner(shape: TensorShape, dtype: DType) -> list[int]:
        extents = [int(extent) for extent in shape.as_list()]  # type: ignore[arg-type]
        element = bytes_per_string_element if dtype.name == "string" else dtype.size
        counts = [1] * len(extents)
        if 0 in extents:
            return counts
        row_bytes = math.prod(extents) // extents[axis] * element
        rows = max(1, max_shard_bytes // row_bytes)
        count = math.ceil(extents[axis] / rows)
        counts[axis] = min(count, max_shards) if max_shards else count
        return counts

    return partitioner


def min_max_variable_partitioner(
    max_partitions: int = 1,
    axis: int = 0,
    min_slice_size: int = 256 << 10,
    bytes_per_string_element: int = 16,
) -> Partitioner:
    """A partitioner for as many parts as there can be of at least `min_slice_size` bytes.

    Args:
      max_partitions: the largest number of parts.
      axis: which axis is cut.
      min_slice_size: the smallest size of a part, in bytes.
      bytes_per_string_element: what a string counts.

    Raises:
      ValueError: the axis does not exist, or the dtype has no size.
    """

    def partitioner(shape: TensorShape, dtype: DType) -> list[int]:
        if axis >= len(shape):
            raise ValueError(
                f"Can not partition variable along axis {axis} when shape is only {shape}"
            )
        extents = [int(extent) for extent in shape.as_list()]  # type: ignore[arg-type]
        element = bytes_per_string_element if dtype.name == "string" else dtype.size
        parts = math.ceil(math.prod(extents) * element / min_slice_size)
        counts = [1] * len(extents)
        counts[axis] = max(1, min(parts, max_partitions, extents[axis]))
        return counts

    return partitioner
