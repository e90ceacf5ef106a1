"""IndexedSlices: a tensor of which only some rows are there, as gradients of lookups are.

It holds its three tensors. The operations convert it to an ordinary tensor; they add
the rows up; a large or unknown result draws a warning: sparse gradients are there to avoid it.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.constant import constant_value, shape_value
from pantarhei.graph.default_graph import graph_of
from pantarhei.graph.graph import Graph
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.tensor_operators import OPERATORS

# From this number of elements on, making a dense tensor of it is worth a warning.
LARGE = 100_000_000


class IndexedSlices:
    """Rows of a larger tensor: `dense[indices[i]] = values[i]`, equal indices added up.

    Args:
      values: the rows.
      indices: an integer vector, one for each row.
      dense_shape: the shape of the larger tensor, if it is known.

    Raises:
      ValueError: the tensors are of different graphs.

    Example:
      >>> import pantarhei as tf
      >>> rows = tf.IndexedSlices(tf.constant([[1.0, 2.0]]), tf.constant([1]), tf.constant([3, 2]))
      >>> tf.Session().run(tf.convert_to_tensor(rows))
      array([[0., 0.],
             [1., 2.],
             [0., 0.]], dtype=float32)
    """

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        graph_of([each for each in (values, indices, dense_shape) if each is not None])
        self._values = values
        self._indices = indices
        self._dense_shape = dense_shape

    @property
    def values(self) -> Any:
        """The rows."""
        return self._values

    @property
    def indices(self) -> Any:
        """Where each row is in the larger tensor."""
        return self._indices

    @property
    def dense_shape(self) -> Any:
        """The shape of the larger tensor as an integer vector, or None."""
        return self._dense_shape

    @property
    def shape(self) -> TensorShape:
        """What is known of the shape of the larger tensor."""
        if self._dense_shape is None:
            return TensorShape([None]).concatenate(self._values.shape[1:])
        return shape_value(self._dense_shape)

    def get_shape(self) -> TensorShape:
        """The same as `shape`."""
        return self.shape

    @property
    def name(self) -> str:
        """The name of `values`."""
        name: str = self._values.name
        return name

    @property
    def device(self) -> str:
        """The device on which `values` is produced."""
        device: str = self._values.device
        return device

    @property
    def op(self) -> Operation:
        """The operation that gives `values`."""
        op: Operation = self._values.op
        return op

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        dtype: DType = self._values.dtype
        return dtype

    @property
    def graph(self) -> Graph:
        """The graph that contains the tensors."""
        graph: Graph = self._values.graph
        return graph

    def consumers(self) -> list[Operation]:
        """The operations that take `values`."""
        consumers: list[Operation] = self._values.consumers()
        return consumers

    def __str__(self) -> str:
        shape = "" if self._dense_shape is None else f", dense_shape={self._dense_shape}"
        return f"IndexedSlices(indices={self._indices}, values={self._values}{shape})"

    def __neg__(self) -> IndexedSlices:
        return IndexedSlices(-self._values, self._indices, self._dense_shape)

    def _as_tensor(
        self, dtype: Any = None, name: str | None = None, as_ref: bool = False
    ) -> Tensor:
        """The larger tensor, zero where no row is."""
        if dtype is not None and not dtype.is_compatible_with(self.dtype):
            raise ValueError(
                f"Tensor conversion requested dtype {dtype.name} for IndexedSlices with dtype "
                f"{self.dtype.name}"
            )
        if self._dense_shape is None:
            raise ValueError(
                "Tensor conversion requested for IndexedSlices without dense_shape: " + str(self)
            )
        known = constant_value(self._dense_shape)
        if known is None:
            warnings.warn(
                "Converting sparse IndexedSlices to a dense Tensor of unknown shape. "
                "This may consume a large amount of memory.",
                stacklevel=2,
            )
        elif (elements := int(known.astype(object).prod())) >= LARGE:
            warnings.warn(
                f"Converting sparse IndexedSlices to a dense Tensor with {elements} elements. "
                "This may consume a large amount of memory.",
                stacklevel=2,
            )
        dense: Tensor = OPERATORS["densify"](
            self._values, self._indices, self._dense_shape, name=name
        )
        return dense


class IndexedSlicesValue(NamedTuple):
    """What a session gives for an `IndexedSlices`: its three tensors as arrays."""

    values: Any
    indices: Any
    dense_shape: Any
