"""Initializers whose values are matrices of a kind: orthogonal, identity."""

from __future__ import annotations

import math
from typing import Any

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.operation import Tensor
from pantarhei.ops.array.diagonals import diag_part, eye
from pantarhei.ops.array.indexing import slice
from pantarhei.ops.array.shapes import reshape
from pantarhei.ops.array.transposing import matrix_transpose
from pantarhei.ops.linalg.decompositions import qr
from pantarhei.ops.math.unary import sign
from pantarhei.ops.random.stateful import random_normal
from pantarhei.variables.initializers import Initializer, floating, whole


class Orthogonal(Initializer):
    """A random matrix with orthonormal rows or columns, times `gain`.

    For more than two dimensions all but the last are taken together as rows. The numbers come from
    the QR decomposition of normal numbers, its signs made unique.

    Source: A. Saxe, J. McClelland, S. Ganguli, "Exact solutions to the nonlinear dynamics of
    learning in deep linear neural networks", ICLR 2014.

    Args:
      gain: a factor.
      seed: see `tf.set_random_seed`.
      dtype: a floating dtype, used where the caller gives none.

    Raises:
      ValueError: `dtype` is not a floating one; when called, fewer than two dimensions.

    Example:
      >>> import pantarhei as tf
      >>> q = tf.orthogonal_initializer(seed=1)([3, 3])
      >>> product = tf.Session().run(tf.matmul(q, q, transpose_a=True))
      >>> [round(float(x), 4) for x in product.diagonal()]
      [1.0, 1.0, 1.0]
    """

    def __init__(
        self, gain: float = 1.0, seed: int | None = None, dtype: Any = dtypes.float32
    ) -> None:
        self.gain, self.seed = gain, seed
        self.dtype = floating(dtype)

    def fill(self, shape: Any, dtype: Any, partition_info: Any) -> Tensor:
        """The matrix, in the shape."""
        if len(shape) < 2:
            raise ValueError("The tensor to initialize must be at least two-dimensional")
        rows, columns = math.prod(int(extent) for extent in shape[:-1]), int(shape[-1])
        tall = (max(rows, columns), min(rows, columns))
        q, r = qr(random_normal(tall, dtype=dtype, seed=self.seed))
        q = q * sign(diag_part(r))
        if rows < columns:
            q = matrix_transpose(q)
        scaled: Tensor = self.gain * reshape(q, shape)
        return scaled

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an initializer like this one."""
        return {"gain": self.gain, "seed": self.seed, "dtype": self.dtype.name}


class Identity(Initializer):
    """The identity matrix times `gain`.

    Raises:
      ValueError: `dtype` is not a floating one; when called, the shape is not that of a matrix.
    """

    def __init__(self, gain: float = 1.0, dtype: Any = dtypes.float32) -> None:
        self.gain = gain
        self.dtype = floating(dtype)

    def fill(self, shape: Any, dtype: Any, partition_info: Any) -> Tensor:
        """The matrix, or a part of it."""
        full = whole(shape, partition_info)
        if len(full) != 2:
            raise ValueError("Identity matrix initializer can only be used for 2D matrices.")
        if isinstance(full, TensorShape):
            full = full.as_list()
        rows, columns = full
        matrix = eye(rows, columns, dtype=dtype)
        if partition_info is not None:
            matrix = slice(matrix, partition_info.var_offset, shape)
        scaled: Tensor = self.gain * matrix
        return scaled

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an initializer like this one."""
        return {"gain": self.gain, "dtype": self.dtype.name}
