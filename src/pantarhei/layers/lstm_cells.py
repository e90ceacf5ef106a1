"""Long short-term memories: the basic cell, and the one with peepholes, clipping and projection."""

from __future__ import annotations

from typing import Any, NamedTuple

from pantarhei.core import dtypes
from pantarhei.graph.operation import Tensor
from pantarhei.layers.rnn_cells import Activation, LayerRNNCell, check_call, input_depth
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.indexing import slice as slice_of
from pantarhei.ops.array.joining import concat
from pantarhei.ops.array.splitting import split
from pantarhei.ops.linalg.matrices import matmul
from pantarhei.ops.math.binary import add, multiply
from pantarhei.ops.math.clip import clip_by_value
from pantarhei.ops.math.unary import sigmoid, tanh
from pantarhei.ops.nn.bias import bias_add
from pantarhei.variables.initializers import Zeros
from pantarhei.variables.partitions import fixed_size_partitioner


class LSTMStateTuple(NamedTuple):
    """The state of a long short-term memory: its memory `c`, and what it gave, `h`.

    Example:
      >>> import pantarhei as tf
      >>> tf.nn.rnn_cell.LSTMStateTuple(c=1, h=2)
      LSTMStateTuple(c=1, h=2)
    """

    c: Any
    h: Any

    @property
    def dtype(self) -> Any:
        """The dtype of both.

        Raises:
          TypeError: if they differ.
        """
        if self.c.dtype != self.h.dtype:
            raise TypeError(f"Inconsistent internal state: {self.c.dtype} vs {self.h.dtype}")
        return self.c.dtype


class BasicLSTMCell(LayerRNNCell):
    """Long short-term memory. Source: Hochreiter and Schmidhuber 1997; Zaremba et al. 2014.

    Args:
      num_units: size of memory and output.
      forget_bias: added to the forget gate, so that nothing is forgotten at first.
      state_is_tuple: whether the state is an `LSTMStateTuple`, and not both side by side.
      activation: tanh by default.
      reuse: whether variables that are there already are used.
      name: of the layer.
      dtype: of the variables; that of the first input by default.

    Example:
      >>> import pantarhei as tf
      >>> cell = tf.nn.rnn_cell.BasicLSTMCell(4)
      >>> output, state = cell(tf.ones([2, 3]), cell.zero_state(2, tf.float32))
      >>> state.c.shape.as_list()
      [2, 4]
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Activation | None = None,
        reuse: bool | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(reuse, name, dtype, **kwargs)
        self._units = num_units
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation or tanh

    @property
    def state_size(self) -> Any:
        """The number of units, for memory and output."""
        return LSTMStateTuple(self._units, self._units) if self._state_is_tuple else 2 * self._units

    @property
    def output_size(self) -> int:
        """The number of units."""
        return self._units

    def build(self, input_shape: Any) -> None:
        """Makes `kernel` and `bias`."""
        depth, columns = input_depth(input_shape, self.dtype), 4 * self._units
        self._kernel = self.add_variable("kernel", shape=[depth + self._units, columns])
        self._bias = self.add_variable("bias", shape=[columns], initializer=Zeros())

    def call(self, inputs: Tensor, state: Any) -> Any:
        """The output and the next state."""
        check_call(inputs, state)
        one = constant(1, dtype=dtypes.int32)
        c, h = state if self._state_is_tuple else split(state, 2, axis=one)
        gates = bias_add(matmul(concat([inputs, h], 1), self._kernel), self._bias)
        i, j, f, o = split(value=gates, num_or_size_splits=4, axis=one)
        forget = constant(self._forget_bias, dtype=f.dtype)
        kept = multiply(c, sigmoid(add(f, forget)))
        new_c = add(kept, multiply(sigmoid(i), self._activation(j)))
        new_h = multiply(self._activation(new_c), sigmoid(o))
        if self._state_is_tuple:
            return new_h, LSTMStateTuple(new_c, new_h)
        return new_h, concat([new_c, new_h], 1)


class LSTMCell(LayerRNNCell):
    """Long short-term memory with peepholes, clipping and a projection. Source: Sak et al. 2014.

    Args:
      num_units: size of the memory.
      use_peepholes: whether the gates read the memory.
      cell_clip: bound of the memory's values.
      initializer: of weights and projection.
      num_proj: size of the output, if it is projected.
      proj_clip: bound of the projected values.
      num_unit_shards: in how many parts the weights are made.
      num_proj_shards: in how many parts the projection is made.
      forget_bias: added to the forget gate, so that nothing is forgotten at first.
      state_is_tuple: whether the state is an `LSTMStateTuple`, and not both side by side.
      activation: tanh by default.
      reuse: whether variables that are there already are used.
      name: of the layer.
      dtype: of the variables; that of the first input by default.

    Example:
      >>> import pantarhei as tf
      >>> cell = tf.nn.rnn_cell.LSTMCell(4, use_peepholes=True, num_proj=2)
      >>> output, state = cell(tf.ones([3, 5]), cell.zero_state(3, tf.float32))
      >>> output.shape.as_list(), state.c.shape.as_list()
      ([3, 2], [3, 4])
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: int | None = None,
        num_proj_shards: int | None = None,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Activation | None = None,
        reuse: bool | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(reuse, name, dtype, **kwargs)
        self._units = num_units
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = initializer
        self._projected = num_proj
        self._proj_clip = proj_clip
        self._shards = (num_unit_shards, num_proj_shards)
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation or tanh

    @property
    def state_size(self) -> Any:
        """Sizes of memory and output."""
        size = self.output_size
        return LSTMStateTuple(self._units, size) if self._state_is_tuple else self._units + size

    @property
    def output_size(self) -> int:
        """The number of units, or of what they are projected to."""
        return self._projected or self._units

    def build(self, input_shape: Any) -> None:
        """Makes `kernel`, `bias`, and the weights of peepholes and projection."""
        depth, units = input_depth(input_shape, self.dtype), self._units
        self._kernel = self.add_variable(
            "kernel",
            shape=[depth + self.output_size, 4 * units],
            initializer=self._initializer,
            partitioner=_partitioner(self._shards[0]),
        )
        self._bias = self.add_variable("bias", shape=[4 * units], initializer=Zeros())
        if self._use_peepholes:
            self._w_f, self._w_i, self._w_o = (
                self.add_variable(f"w_{gate}_diag", shape=[units], initializer=self._initializer)
                for gate in "fio"
            )
        if self._projected is not None:
            self._projection = self.add_variable(
                "projection/kernel",
                shape=[units, self._projected],
                initializer=self._initializer,
                partitioner=_partitioner(self._shards[1]),
            )

    def call(self, inputs: Tensor, state: Any) -> Any:
        """The output and the next state."""
        check_call(inputs, state)
        if self._state_is_tuple:
            c, m = state
        else:
            c = slice_of(state, [0, 0], [-1, self._units])
            m = slice_of(state, [0, self._units], [-1, self.output_size])
        gates = bias_add(matmul(concat([inputs, m], 1), self._kernel), self._bias)
        i, j, f, o = split(value=gates, num_or_size_splits=4, axis=1)
        if self._use_peepholes:
            kept = sigmoid(f + self._forget_bias + self._w_f * c) * c
            c = kept + sigmoid(i + self._w_i * c) * self._activation(j)
        else:
            c = sigmoid(f + self._forget_bias) * c + sigmoid(i) * self._activation(j)
        if self._cell_clip is not None:
            c = clip_by_value(c, -self._cell_clip, self._cell_clip)
        if self._use_peepholes:
            m = sigmoid(o + self._w_o * c) * self._activation(c)
        else:
            m = sigmoid(o) * self._activation(c)
        if self._projected is not None:
            m = matmul(m, self._projection)
            if self._proj_clip is not None:
                m = clip_by_value(m, -self._proj_clip, self._proj_clip)
        return m, LSTMStateTuple(c, m) if self._state_is_tuple else concat([c, m], 1)


def _partitioner(shards: int | None) -> Any:
    return None if shards is None else fixed_size_partitioner(shards)
