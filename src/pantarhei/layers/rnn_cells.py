"""Recurrent cells: one step of a recurrent network, as a layer of an input and a state.

layers/rnn.py iterates over the steps. Long short-term memories are in
layers/lstm_cells.py, cells around cells in layers/rnn_wrappers.py.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from pantarhei.core import dtypes, nest
from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.layers.base import InputSpec, Layer, known_extent
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.filling import zeros
from pantarhei.ops.array.joining import concat
from pantarhei.ops.array.shapes import expand_dims
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.ops.array.splitting import split
from pantarhei.ops.linalg.matrices import matmul
from pantarhei.ops.math.unary import sigmoid, tanh
from pantarhei.ops.nn.bias import bias_add
from pantarhei.variables.initializers import Constant, Zeros
from pantarhei.variables.scope import get_variable_scope
from pantarhei.variables.scope_entry import variable_scope

Activation = Callable[[Tensor], Tensor]

_WANTED = {
    "output_size": "'output_size' property is missing",
    "state_size": "'state_size' property is missing",
    "zero_state": "either 'zero_state' or 'get_initial_state' method is required",
}


def check_cell(name: str, cell: Any) -> None:
    """Raises TypeError if `cell`, an argument of this name, is not what a cell has to be."""
    missing = [words for each, words in _WANTED.items() if not hasattr(cell, each)]
    if not hasattr(cell, "zero_state") and hasattr(cell, "get_initial_state"):
        missing.remove(_WANTED["zero_state"])
    if not callable(cell):
        missing.append("is not callable")
    if missing:
        raise TypeError(f"The argument {name!r} ({cell}) is not an RNNCell: {', '.join(missing)}.")


class RNNCell(Layer):
    """Base of cells. Override `state_size`, `output_size` and `call`.

    `call` takes an input of shape (batch, depth) and a state, of the structure and sizes that
    `state_size` names, and returns an output and the next state.

    Example:
      >>> import pantarhei as tf
      >>> class Sum(tf.nn.rnn_cell.RNNCell):
      ...     state_size = output_size = 1
      ...     def call(self, inputs, state):
      ...         total = state + tf.reduce_sum(inputs, 1, keepdims=True)
      ...         return total, total
      >>> outputs, _ = tf.nn.dynamic_rnn(Sum(), tf.ones([1, 3, 2]), dtype=tf.float32)
      >>> tf.Session().run(outputs)[0, :, 0]
      array([2., 4., 6.], dtype=float32)
    """

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """The output and the next state.

        Args:
          inputs: a tensor of shape (batch, depth), or a structure of them.
          state: of the structure of `state_size`, each of shape (batch, size).
          scope: the variable scope, the first time.
        """
        if scope is not None:
            with variable_scope(scope, custom_getter=self._noted) as opened:
                return super().__call__(inputs, state, scope=opened)
        with variable_scope(get_variable_scope(), custom_getter=self._noted):
            return super().__call__(inputs, state)

    def _noted(self, getter: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Counts the variables that `call` makes by itself among those of the cell."""
        variable = getter(*args, **kwargs)
        weights = self._trainable_weights if variable.trainable else self._non_trainable_weights
        if not any(each is variable for each in weights):
            weights.append(variable)
        return variable

    @property
    @abstractmethod
    def state_size(self) -> Any:
        """Sizes of the state: an int, a shape, or a structure of them."""

    @property
    @abstractmethod
    def output_size(self) -> Any:
        """Sizes of the output."""

    def get_initial_state(
        self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
    ) -> Any:
        """The state to begin with: zeros.

        Args:
          inputs: a tensor whose first extent is the batch's size, and whose dtype is taken.
          batch_size: the batch's size.
          dtype: of the state.

        Raises:
          ValueError: size and dtype are not given, or given in two ways.
        """
        if inputs is not None:
            inputs = convert_to_tensor(inputs, name="inputs")
            known = known_extent(inputs.shape, 0)
            if batch_size is not None:
                given = constant_value(batch_size) if isinstance(batch_size, Tensor) else batch_size
                if known != given:
                    raise ValueError(
                        "batch size from input tensor is different from the input param. Input "
                        f"tensor batch: {known}, batch_size: {batch_size}"
                    )
            if dtype is not None and inputs.dtype != dtype:
                raise ValueError(
                    "dtype from input tensor is different from the input param. Input tensor "
                    f"dtype: {inputs.dtype}, dtype: {dtype}"
                )
            batch_size = known or shape_of(inputs)[0]
            dtype = inputs.dtype
        if batch_size is None or dtype is None:
            raise ValueError(
                "batch_size and dtype cannot be None while constructing initial state: "
                f"batch_size={batch_size}, dtype={dtype}"
            )
        return self.zero_state(batch_size, dtype)

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Zeros in the structure of `state_size`.

        Args:
          batch_size: an int or an int scalar.
          dtype: of the state.
        """
        values = [batch_size] if isinstance(batch_size, Tensor) else None
        with name_scope(f"{type(self).__name__}ZeroState", values=values):
            return nest.map_structure(
                lambda size: _zeros_of(batch_size, size, dtype), self.state_size
            )


def _zeros_of(batch_size: Any, size: Any, dtype: Any) -> Tensor:
    result = zeros(joined(batch_size, size), dtype=dtype)
    result.set_shape(static_shape(batch_size, size))
    return result


def joined(prefix: Any, suffix: Any) -> Tensor:
    """The extents of a batch and of its elements as one vector.

    Raises:
      ValueError: they are not known, and no tensors.
    """
    parts = [_vector(prefix)[0], _vector(suffix)[0]]
    if None in parts:
        raise ValueError(f"Provided a prefix or suffix of None: {prefix} and {suffix}")
    return concat(parts, 0)


def static_shape(prefix: Any, suffix: Any) -> TensorShape:
    """What is known of the shape that has these extents, one after another."""
    return _vector(prefix)[1].concatenate(_vector(suffix)[1])


def _vector(extents: Any) -> tuple[Tensor | None, TensorShape]:
    """Extents as a vector, if there are any, and what is known of them."""
    if isinstance(extents, Tensor):
        known = constant_value(extents)
        shape = as_shape([None] if known is None else known.ravel().tolist())
        return expand_dims(extents, 0) if extents.shape.ndims == 0 else extents, shape
    single = isinstance(extents, int) or extents is None
    shape = as_shape([extents] if single else extents)
    defined = shape.is_fully_defined()
    return constant(shape.as_list(), dtype=dtypes.int32) if defined else None, shape


class LayerRNNCell(RNNCell):
    """A cell that makes its variables in `build`."""

    def __init__(self, reuse: bool | None, name: str | None, dtype: Any, **kwargs: Any) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        check_floating(self.dtype)
        self.input_spec = InputSpec(ndim=2)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """See `RNNCell.__call__`."""
        return Layer.__call__(self, inputs, state, scope=scope)


def check_floating(dtype: Any) -> None:
    """Raises ValueError if cells cannot compute with a dtype."""
    if dtype is not None and not (dtype.is_floating or dtype.is_complex):
        raise ValueError(f"RNN cell only supports floating point inputs, but saw dtype: {dtype}")


def check_call(inputs: Any, state: Any) -> None:
    """Raises ValueError if a cell cannot compute with the dtypes of what it is given."""
    for each in nest.flatten([inputs, state]):
        check_floating(each.dtype)


def input_depth(input_shape: Any, dtype: Any) -> int:
    """The last extent of an input, which has to be known, of a dtype that cells compute with."""
    check_floating(dtype)
    depth = known_extent(input_shape, -1)
    if depth is None:
        raise ValueError(f"Expected inputs.shape[-1] to be known, saw shape: {input_shape}")
    return depth


class BasicRNNCell(LayerRNNCell):
    """The plain recurrent cell: output = new state = activation(W [input, state] + b).

    Args:
      num_units: size of state and output.
      activation: tanh by default.
      reuse: whether variables that are there already are used.
      name: of the layer.
      dtype: of the variables; that of the first input by default.

    Example:
      >>> import pantarhei as tf
      >>> cell = tf.nn.rnn_cell.BasicRNNCell(4)
      >>> output, state = cell(tf.ones([2, 3]), cell.zero_state(2, tf.float32))
      >>> output.shape.as_list()
      [2, 4]
    """

    def __init__(
        self,
        num_units: int,
        activation: Activation | None = None,
        reuse: bool | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(reuse, name, dtype, **kwargs)
        self._units = num_units
        self._activation = activation or tanh

    @property
    def state_size(self) -> int:
        """The number of units."""
        return self._units

    @property
    def output_size(self) -> int:
        """The number of units."""
        return self._units

    def build(self, input_shape: Any) -> None:
        """Makes `kernel` and `bias`."""
        depth = input_depth(input_shape, self.dtype)
        self._kernel = self.add_variable("kernel", shape=[depth + self._units, self._units])
        self._bias = self.add_variable("bias", shape=[self._units], initializer=Zeros())

    def call(self, inputs: Tensor, state: Tensor) -> Any:
        """The output and the next state, which are the same."""
        check_call(inputs, state)
        gates = matmul(concat([inputs, state], 1), self._kernel)
        output = self._activation(bias_add(gates, self._bias))
        return output, output


class GRUCell(LayerRNNCell):
    """The gated recurrent unit. Source: Cho et al. 2014, "Learning Phrase Representations".

    Args:
      num_units: size of state and output.
      activation: tanh by default.
      reuse: whether variables that are there already are used.
      kernel_initializer: of the weights.
      bias_initializer: of the biases; ones for the gates and zeros for the candidate by default.
      name: of the layer.
      dtype: of the variables; that of the first input by default.

    Example:
      >>> import pantarhei as tf
      >>> cell = tf.nn.rnn_cell.GRUCell(4)
      >>> output, state = cell(tf.ones([2, 3]), cell.zero_state(2, tf.float32))
      >>> output.shape.as_list()
      [2, 4]
    """

    def __init__(
        self,
        num_units: int,
        activation: Activation | None = None,
        reuse: bool | None = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(reuse, name, dtype, **kwargs)
        self._units = num_units
        self._activation = activation or tanh
        self._kernel_initializer = kernel_initializer
        self._bias_initializer = bias_initializer

    @property
    def state_size(self) -> int:
        """The number of units."""
        return self._units

    @property
    def output_size(self) -> int:
        """The number of units."""
        return self._units

    def build(self, input_shape: Any) -> None:
        """Makes kernel and bias of the gates and of the candidate."""
        rows, units = input_depth(input_shape, self.dtype) + self._units, self._units
        self._weights = []
        for name, columns, bias in (
            ("gates", 2 * units, Constant(1.0)),
            ("candidate", units, Zeros()),
        ):
            kernel = self.add_variable(
                f"{name}/kernel", shape=[rows, columns], initializer=self._kernel_initializer
            )
            offset = self.add_variable(
                f"{name}/bias", shape=[columns], initializer=self._bias_initializer or bias
            )
            self._weights.append((kernel, offset))

    def call(self, inputs: Tensor, state: Tensor) -> Any:
        """The output and the next state, which are the same."""
        check_call(inputs, state)
        (gate_kernel, gate_bias), (kernel, bias) = self._weights
        gates = sigmoid(bias_add(matmul(concat([inputs, state], 1), gate_kernel), gate_bias))
        reset, update = split(value=gates, num_or_size_splits=2, axis=1)
        kept = reset * state
        candidate = bias_add(matmul(concat([inputs, kept], 1), kernel), bias)
        new = self._activation(candidate)
        state = update * state + (1 - update) * new
        return state, state


__all__ = [
    "BasicRNNCell",
    "GRUCell",
    "LayerRNNCell",
    "RNNCell",
    "check_call",
    "check_cell",
    "input_depth",
    "joined",
    "static_shape",
]
