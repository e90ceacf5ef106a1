"""SparseTensor: a tensor of which only the elements that are not zero are there, with positions.

It holds its three tensors and infers its shape from them. Operations on it are in ops/sparse_*;
feeds and fetches take it apart.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pantarhei.core import dtypes
from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape
from pantarhei.graph import stacks
from pantarhei.graph.constant import shape_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.graph import Graph
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.graph.tensor_operators import OPERATORS


class SparseTensorValue(NamedTuple):
    """The arrays of a SparseTensor: what is fed for one, and what a run gives for one.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.sparse_placeholder(tf.float32)
      >>> value = tf.SparseTensorValue([[0, 1]], [2.0], [1, 3])
      >>> tf.Session().run(tf.sparse_tensor_to_dense(x), {x: value})
      array([[0., 2., 0.]], dtype=float32)
    """

    indices: Any
    values: Any
    dense_shape: Any


class SparseTensor:
    """Elements with their positions; all others are zero, or not there.

    Args:
      indices: an int64 matrix, one row for each element: its position. Most operations expect the
        rows in order and none twice, as `tf.sparse_reorder` gives them.
      values: a vector: the elements.
      dense_shape: an int64 vector: the shape of the whole.

    Raises:
      ValueError: ranks or extents do not fit.

    Example:
      >>> import pantarhei as tf
      >>> x = tf.SparseTensor([[0, 0], [1, 2]], [1, 2], [3, 4])
      >>> tf.Session().run(tf.sparse_tensor_to_dense(x))
      array([[1, 0, 0, 0],
             [0, 0, 2, 0],
             [0, 0, 0, 0]], dtype=int32)
    """

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        with name_scope(None, "SparseTensor", [indices, values, dense_shape]):
            self._indices = convert_to_tensor(indices, dtypes.int64, "indices")
            self._values = convert_to_tensor(values, name="values", as_ref=True)
            self._dense_shape = convert_to_tensor(dense_shape, dtypes.int64, "dense_shape")
        positions = self._indices.shape.with_rank(2)
        count = self._values.shape.with_rank(1)
        extents = self._dense_shape.shape.with_rank(1)
        positions[0].merge_with(count[0])
        positions[1].merge_with(extents[0])

    @classmethod
    def from_value(cls, sparse_tensor_value: Any) -> SparseTensor:
        """The SparseTensor of a `tf.SparseTensorValue`.

        Raises:
          TypeError: it is not one.

        Example:
          >>> import pantarhei as tf
          >>> tf.SparseTensor.from_value(tf.SparseTensorValue([[0]], [1.0], [2])).dtype
          tf.float32
        """
        if not isinstance(sparse_tensor_value, (SparseTensor, SparseTensorValue)):
            raise TypeError(f"Neither a SparseTensor nor SparseTensorValue: {sparse_tensor_value}.")
        value = sparse_tensor_value
        return SparseTensor(value.indices, value.values, value.dense_shape)

    @property
    def indices(self) -> Tensor:
        """The positions of the elements, one row for each."""
        return self._indices

    @property
    def values(self) -> Tensor:
        """The elements."""
        return self._values

    @property
    def dense_shape(self) -> Tensor:
        """The shape of the whole as an int64 vector."""
        return self._dense_shape

    @property
    def shape(self) -> TensorShape:
        """What is known of the shape of the whole."""
        return shape_value(self._dense_shape)

    def get_shape(self) -> TensorShape:
        """The same as `shape`."""
        return self.shape

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._values.dtype

    @property
    def op(self) -> Operation:
        """The operation that gives `values`."""
        return self._values.op

    @property
    def graph(self) -> Graph:
        """The graph that contains the tensors."""
        graph: Graph = self._indices.graph
        return graph

    def consumers(self) -> list[Operation]:
        """The operations that take one of the three tensors."""
        parts = (self._indices, self._values, self._dense_shape)
        return list(dict.fromkeys(op for part in parts for op in part.consumers()))

    def eval(self, feed_dict: Any = None, session: Any = None) -> SparseTensorValue:
        """Its value in `session`, or in the default session.

        Raises:
          ValueError: there is no session, or its graph is another one.
        """
        session = stacks.session_for(self.graph, session, "eval", "eval()")
        value: SparseTensorValue = session.run(self, feed_dict)
        return value

    def __str__(self) -> str:
        return (
            f"SparseTensor(indices={self._indices}, values={self._values}, "
            f"dense_shape={self._dense_shape})"
        )

    __repr__ = __str__

    def __mul__(self, other: Any) -> SparseTensor:
        return self._elementwise("mul", other)

    def __truediv__(self, other: Any) -> SparseTensor:
        return self._elementwise("truediv", other)

    def _elementwise(self, name: str, dense: Any) -> SparseTensor:
        with name_scope(None, name, [self._indices, dense]) as scope:
            dense = convert_to_tensor(dense, self.dtype.base_dtype, "y")
            values = OPERATORS[f"sparse_{name}"](self, dense, name=scope)
            return SparseTensor(self._indices, values, self._dense_shape)


__all__ = ["SparseTensor", "SparseTensorValue"]
