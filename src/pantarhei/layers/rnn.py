"""Recurrent networks: a cell applied to one time step after another.

`dynamic_rnn` is a loop over the steps of a tensor, `static_rnn` is written out over a list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pantarhei.core import dtypes, nest
from pantarhei.core.shapes import TensorShape, as_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import control_dependencies, name_scope
from pantarhei.layers.base import known_extent
from pantarhei.layers.rnn_cells import check_cell, joined, static_shape
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.filling import range as range_of
from pantarhei.ops.array.filling import zeros
from pantarhei.ops.array.identity import identity
from pantarhei.ops.array.joining import concat, stack
from pantarhei.ops.array.shapes import rank
from pantarhei.ops.array.shapes import shape as shape_of
from pantarhei.ops.array.transposing import transpose
from pantarhei.ops.control_flow.checks import Assert
from pantarhei.ops.control_flow.cond import cond
from pantarhei.ops.control_flow.tensor_array import TensorArray
from pantarhei.ops.control_flow.while_loop import while_loop
from pantarhei.ops.math.binary import maximum, minimum
from pantarhei.ops.math.comparison import equal, where
from pantarhei.ops.math.reductions import reduce_all, reduce_max, reduce_min
from pantarhei.variables.scope_entry import variable_scope


def dynamic_rnn(
    cell: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[Any, Any]:
    """A recurrent network as a loop over the time steps.

    Args:
      cell: an `RNNCell`.
      inputs: of shape (batch, time, depth ...), or (time, batch, depth ...) if `time_major`; or a
        structure of such tensors.
      sequence_length: how long each sequence of the batch is, an int vector; behind its end outputs
        are zeros, and the state stays as it is.
      initial_state: the state to begin with; zeros by default.
      dtype: of these zeros and of the outputs.
      parallel_iterations: see `tf.while_loop`; 32 by default.
      swap_memory: see `tf.while_loop`.
      time_major: whether time is the first axis of inputs and outputs.
      scope: variable scope; `rnn` by default.

    Returns:
      The outputs of all steps, in the shape of the inputs, and the last state.

    Raises:
      TypeError: `cell` is no cell. ValueError: neither state nor dtype is given, shapes do not fit.

    Example:
      >>> import pantarhei as tf
      >>> cell = tf.nn.rnn_cell.GRUCell(3)
      >>> outputs, state = tf.nn.dynamic_rnn(cell, tf.ones([2, 5, 4]), dtype=tf.float32)
      >>> outputs.shape.as_list(), state.shape.as_list()
      ([2, 5, 3], [2, 3])
    """
    check_cell("cell", cell)
    with variable_scope(scope or "rnn") as opened:
        _keep_at_hand(opened)
        flat = nest.flatten(inputs)
        if not time_major:
            flat = [_time_first(each) for each in [convert_to_tensor(each) for each in flat]]
        if sequence_length is not None:
            sequence_length = cast(sequence_length, dtypes.int32)
            if sequence_length.shape.ndims not in (None, 1):
                raise ValueError(
                    "sequence_length must be a vector of length batch_size, but saw shape: "
                    f"{sequence_length.shape}"
                )
            sequence_length = identity(sequence_length, name="sequence_length")
        batch = _batch_size(flat)
        if initial_state is None:
            if not dtype:
                raise ValueError("If there is no initial_state, you must give a dtype.")
            initial_state = _initial(cell, batch, dtype)
        if sequence_length is not None:
            with control_dependencies([_check_shape(sequence_length, [batch])]):
                sequence_length = identity(sequence_length, name="CheckSeqLen")
        outputs, state = _Unrolling(cell, nest.pack(inputs, flat), initial_state, dtype).run(
            sequence_length, parallel_iterations or 32, swap_memory
        )
        if not time_major:
            outputs = nest.map_structure(_time_first, outputs)
        return outputs, state


def _keep_at_hand(scope: Any) -> None:
    """Has variables read where they are used, outside of loops around."""
    context = get_default_graph()._get_control_flow_context()
    if scope.caching_device is None and (context is None or context.loop is None):
        scope.set_caching_device(lambda op: op.device)


def _time_first(x: Tensor) -> Tensor:
    """`x` with its first two axes swapped."""
    if x.shape.ndims is not None and x.shape.ndims < 2:
        return x
    result = transpose(x, concat(([1, 0], range_of(2, rank(x))), axis=0))
    if x.shape.ndims is not None:
        batch, time, *rest = x.shape.as_list()
        result.set_shape([time, batch, *rest])
    return result


def _batch_size(flat: Sequence[Tensor]) -> Any:
    """The second extent of time-major inputs: a number where one of them has it."""
    for each in flat:
        if each.shape.ndims is None:
            continue
        if each.shape.ndims < 2:
            raise ValueError(f"Expected input tensor {each} to have rank at least 2")
        known = known_extent(each.shape, 1)
        if known is not None:
            return known
    return shape_of(flat[0])[1]


def _initial(cell: Any, batch: Any, dtype: Any) -> Any:
    if hasattr(cell, "get_initial_state"):
        return cell.get_initial_state(inputs=None, batch_size=batch, dtype=dtype)
    return cell.zero_state(batch, dtype)


def _check_shape(x: Tensor, shape: list[Any]) -> Any:
    found, wanted = shape_of(x), stack(shape)
    return Assert(
        reduce_all(equal(found, wanted)),
        [f"Expected shape for Tensor {x.name} is ", wanted, " but saw shape: ", found],
    )


def _state_dtype(dtype: Any, state: Any) -> Any:
    if dtype is not None:
        return dtype
    kinds = [each.dtype for each in nest.flatten(state)]
    if not kinds:
        raise ValueError("Unable to infer dtype from empty state.")
    if any(kind != kinds[0] for kind in kinds):
        raise ValueError(
            "State has tensors of different inferred_dtypes. Unable to infer a single "
            "representative dtype."
        )
    return kinds[0]


class _Unrolling:
    """One call of `dynamic_rnn`: a cell, time-major inputs, and the state to begin with."""

    def __init__(self, cell: Any, inputs: Any, state: Any, dtype: Any) -> None:
        self.cell = cell
        self.inputs = inputs
        self.flat = nest.flatten(inputs)
        self.state = state
        self.dtype = dtype

    def run(self, lengths: Any, parallel_iterations: int, swap_memory: bool) -> tuple[Any, Any]:
        """The outputs, time-major, and the last state."""
        sizes = nest.flatten(self.cell.output_size)
        steps = shape_of(self.flat[0])[0]
        batch = _batch_size(self.flat)
        shapes = self._input_shapes()
        known_steps, known_batch = shapes[0].as_list()[:2]
        blank = nest.pack(self.cell.output_size, [self._zeros(batch, size) for size in sizes])
        shortest, longest = (
            (None, steps) if lengths is None else (reduce_min(lengths), reduce_max(lengths))
        )
        time = constant(0, dtype=dtypes.int32, name="time")
        with name_scope("dynamic_rnn") as base:
            pass
        outputs = self._output_arrays(base, steps, known_batch)
        sources = self._input_arrays(base, steps)

        def step(time: Tensor, arrays: Any, state: Any) -> Any:
            read = [array.read(time) for array in sources]
            for each, shape in zip(read, shapes, strict=True):
                each.set_shape(shape[1:])
            current = nest.pack(self.inputs, read)
            if lengths is None:
                output, new = self.cell(current, state)
            else:
                output, new = _step(
                    time,
                    lengths,
                    shortest,
                    longest,
                    blank,
                    state,
                    lambda: self.cell(current, state),
                    skip=True,
                )
            written = tuple(
                array.write(time, each)
                for array, each in zip(arrays, nest.flatten(output), strict=True)
            )
            return time + 1, written, new

        bound = minimum(steps, maximum(1, longest))
        _, arrays, state = while_loop(
            lambda time, *_: time < bound,
            step,
            (time, outputs, self.state),
            parallel_iterations=parallel_iterations,
            maximum_iterations=steps,
            swap_memory=swap_memory,
        )
        stacked = [array.stack() for array in arrays]
        for each, size in zip(stacked, sizes, strict=True):
            each.set_shape(static_shape([known_steps, known_batch], size))
        return nest.pack(self.cell.output_size, stacked), state

    def _output_arrays(self, base: str, steps: Tensor, batch: int | None) -> tuple[Any, ...]:
        """An array of the steps' outputs for each part of the cell's output."""
        kind = _state_dtype(self.dtype, self.state)
        return tuple(
            TensorArray(
                kind,
                size=steps,
                element_shape=as_shape([batch]).concatenate(_as_shape(size)),
                tensor_array_name=f"{base}output_{index}",
            )
            for index, size in enumerate(nest.flatten(self.cell.output_size))
        )

    def _input_arrays(self, base: str, steps: Tensor) -> list[Any]:
        """The inputs, an array of steps for each part."""
        arrays = [
            TensorArray(
                each.dtype,
                size=steps,
                element_shape=each.shape[1:],
                tensor_array_name=f"{base}input_{index}",
            )
            for index, each in enumerate(self.flat)
        ]
        return [array.unstack(each) for array, each in zip(arrays, self.flat, strict=True)]

    def _zeros(self, batch: Any, size: Any) -> Tensor:
        return zeros(stack(joined(batch, size)), _state_dtype(self.dtype, self.state))

    def _input_shapes(self) -> list[TensorShape]:
        shapes = [each.shape.with_rank_at_least(3) for each in self.flat]
        first = shapes[0].as_list()
        for shape in shapes:
            extents = shape.as_list()
            if None in extents[2:]:
                raise ValueError(
                    "Input size (depth of inputs) must be accessible via shape inference, but saw "
                    "value None."
                )
            if extents[0] != first[0]:
                raise ValueError(
                    "Time steps is not the same for all the elements in the input in a batch."
                )
            if extents[1] != first[1]:
                raise ValueError("Batch_size is not the same for all the elements in the input.")
        return shapes


def _as_shape(size: Any) -> TensorShape:
    if isinstance(size, Tensor):
        known = constant_value(size)
        return as_shape(None if known is None else known.tolist())
    return as_shape([size] if isinstance(size, int) else size)


def _step(
    time: Any,
    lengths: Tensor,
    shortest: Any,
    longest: Any,
    blank: Any,
    state: Any,
    call: Callable[[], Any],
    skip: bool = False,
) -> tuple[Any, Any]:
    """A step in which sequences that have ended give zeros and keep their state."""
    flat_state, flat_blank = nest.flatten(state), nest.flatten(blank)
    ended = time >= lengths

    def chosen(old: Any, new: Any) -> Any:
        if isinstance(old, TensorArray) or old.shape.ndims == 0:
            return new
        with get_default_graph().colocate_with(new):
            return where(ended, old, new)

    def some(outputs: Sequence[Any], states: Sequence[Any]) -> list[Any]:
        outputs = [chosen(old, new) for old, new in zip(flat_blank, outputs, strict=True)]
        return outputs + [chosen(old, new) for old, new in zip(flat_state, states, strict=True)]

    def called() -> tuple[list[Any], list[Any]]:
        output, new = call()
        nest.assert_same_structure(blank, output)
        nest.assert_same_structure(state, new)
        return nest.flatten(output), nest.flatten(new)

    def some_or_all() -> Any:
        outputs, new = called()
        return cond(time < shortest, lambda: outputs + new, lambda: some(outputs, new))

    if skip:
        outputs, new = called()
        found = some(outputs, new)
    else:
        found = cond(time >= longest, lambda: flat_blank + flat_state, some_or_all)
    outputs, states = found[: len(flat_blank)], found[len(flat_blank) :]
    for each, like in zip(outputs, flat_blank, strict=True):
        each.set_shape(like.shape)
    for each, like in zip(states, flat_state, strict=True):
        if not isinstance(each, TensorArray):
            each.set_shape(like.shape)
    return nest.pack(blank, outputs), nest.pack(state, states)


def static_rnn(
    cell: Any,
    inputs: Any,
    initial_state: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """A recurrent network written out, one set of operations for each time step.

    Args:
      cell: an `RNNCell`.
      inputs: a list of tensors of shape (batch, depth), or of structures of them.
      initial_state: the state to begin with; zeros by default.
      dtype: of these zeros and of the outputs.
      sequence_length: how long each sequence of the batch is, an int vector; behind its end outputs
        are zeros, and the state stays as it is.
      scope: variable scope; `rnn` by default.

    Returns:
      The list of outputs, and the last state.

    Raises:
      TypeError: `cell` is no cell, `inputs` no list. ValueError: there are no inputs, neither state
      nor dtype is given, shapes do not fit.

    Example:
      >>> import pantarhei as tf
      >>> inputs = tf.unstack(tf.ones([2, 5, 4]), axis=1)
      >>> outputs, state = tf.nn.static_rnn(
      ...     tf.nn.rnn_cell.BasicRNNCell(3), inputs, dtype=tf.float32
      ... )
      >>> len(outputs), state.shape.as_list()
      (5, [2, 3])
    """
    check_cell("cell", cell)
    if not nest.is_nested(inputs):
        raise TypeError("inputs must be a sequence")
    if not inputs:
        raise ValueError("inputs must not be empty")
    outputs = []
    with variable_scope(scope or "rnn") as opened:
        _keep_at_hand(opened)
        first = nest.flatten(inputs)[0]
        known = _known_batch(nest.flatten(inputs))
        batch: Any = known or shape_of(first)[0]
        if initial_state is None:
            if not dtype:
                raise ValueError("If no initial_state is provided, dtype must be specified")
            initial_state = _initial(cell, batch, dtype)
        state = initial_state
        if sequence_length is not None:
            sequence_length = convert_to_tensor(sequence_length, name="sequence_length")
            if sequence_length.shape.ndims not in (None, 1):
                raise ValueError("sequence_length must be a vector of length batch_size")
            blank = nest.map_structure(
                lambda size: _blank(batch, known, size, _state_dtype(dtype, state)),
                cell.output_size,
            )
            sequence_length = cast(sequence_length, dtypes.int32)
            shortest, longest = reduce_min(sequence_length), reduce_max(sequence_length)
        for time, each in enumerate(inputs):
            if time:
                opened.reuse_variables()
            if sequence_length is None:
                output, state = cell(each, state)
            else:
                output, state = _step(
                    time,
                    sequence_length,
                    shortest,
                    longest,
                    blank,
                    state,
                    lambda each=each, state=state: cell(each, state),  # type: ignore[misc]
                )
            outputs.append(output)
        return outputs, state


def _known_batch(flat: Sequence[Tensor]) -> int | None:
    """The batch's size where shapes give it; all of them are checked."""
    if flat[0].shape.ndims == 1:
        return known_extent(flat[0].shape, 0)
    known: int | None = None
    for each in flat:
        batch, *depths = each.shape.with_rank_at_least(2).as_list()
        if None in depths:
            raise ValueError(
                f"Input size (dimension {depths.index(None)} of inputs) must be accessible via "
                "shape inference, but saw value None."
            )
        if known is not None and batch is not None and batch != known:
            raise ValueError(f"Dimensions {known} and {batch} are not compatible")
        known = batch if known is None else known
    return known


def _blank(batch: Any, known: int | None, size: Any, dtype: Any) -> Tensor:
    output = zeros(stack(joined(batch, size)), dtype)
    output.set_shape(static_shape(known, size))
    return output
