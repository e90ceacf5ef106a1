"""Cells around cells: several on top of each other, dropout between steps, residual connections."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pantarhei.core import nest
from pantarhei.core.shapes import as_shape
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.layers.lstm_cells import LSTMStateTuple
from pantarhei.layers.rnn_cells import RNNCell, check_cell
from pantarhei.ops.array.indexing import slice as slice_of
from pantarhei.ops.array.joining import concat
from pantarhei.ops.control_flow.tensor_array import TensorArray
from pantarhei.ops.math.division import div
from pantarhei.ops.math.rounding import floor
from pantarhei.ops.nn.dropout import dropout
from pantarhei.ops.random.stateful import random_uniform
from pantarhei.variables.scope_entry import variable_scope


class MultiRNNCell(RNNCell):
    """Cells on top of each other: each takes what the one below gives.

    Args:
      cells: the cells, the lowest first; they must not be one object, or they share variables.
      state_is_tuple: whether the state is a tuple of theirs, and not all of them side by side.

    Raises:
      ValueError: there are none, or their states cannot stand side by side. TypeError: `cells` is
      no list.

    Example:
      >>> import pantarhei as tf
      >>> cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(size) for size in (4, 3)])
      >>> cell.state_size, cell.output_size
      ((4, 3), 3)
    """

    def __init__(self, cells: Sequence[Any], state_is_tuple: bool = True) -> None:
        super().__init__()
        if not cells:
            raise ValueError("Must specify at least one cell for MultiRNNCell.")
        if not nest.is_nested(cells):
            raise TypeError(f"cells must be a list or tuple, but saw: {cells}.")
        self._cells = cells
        self._state_is_tuple = state_is_tuple
        sizes = [cell.state_size for cell in cells]
        if not state_is_tuple and any(map(nest.is_nested, sizes)):
            raise ValueError(
                "Some cells return tuples of states, but the flag state_is_tuple is not set.  "
                f"State sizes are: {sizes}"
            )

    @property
    def state_size(self) -> Any:
        """The sizes of the cells' states."""
        sizes = tuple(cell.state_size for cell in self._cells)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        """The size of what the last cell gives."""
        return self._cells[-1].output_size

    @property
    def trainable_weights(self) -> list[Any]:
        """Those of all cells."""
        if not self.trainable:
            return []
        return [each for cell in self._cells for each in getattr(cell, "trainable_weights", [])]

    @property
    def non_trainable_weights(self) -> list[Any]:
        """Those of all cells."""
        cells = self._cells
        kept = [each for cell in cells for each in getattr(cell, "non_trainable_weights", [])]
        if self.trainable:
            return kept
        return [each for cell in cells for each in getattr(cell, "trainable_weights", [])] + kept

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Zeros for all cells."""
        values = [batch_size] if isinstance(batch_size, Tensor) else None
        with name_scope(f"{type(self).__name__}ZeroState", values=values):
            if not self._state_is_tuple:
                return super().zero_state(batch_size, dtype)
            return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)

    def call(self, inputs: Any, state: Any) -> Any:
        """The output of the last cell, and the states of all."""
        place = 0
        states = []
        for index, cell in enumerate(self._cells):
            with variable_scope(f"cell_{index}"):
                if not self._state_is_tuple:
                    current = slice_of(state, [0, place], [-1, cell.state_size])
                    place += cell.state_size
                elif nest.is_nested(state):
                    current = state[index]
                else:
                    raise ValueError(
                        f"Expected state to be a tuple of length {len(self.state_size)}, but "
                        f"received: {state}"
                    )
                inputs, new = cell(inputs, current)
                states.append(new)
        return inputs, tuple(states) if self._state_is_tuple else concat(states, 1)


class _Wrapper(RNNCell):
    """A cell that does something around the call of another."""

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_cell("cell", cell)
        self.cell = cell

    @property
    def wrapped_cell(self) -> Any:
        """The cell inside."""
        return self.cell

    @property
    def state_size(self) -> Any:
        """That of the cell inside."""
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        """That of the cell inside."""
        return self.cell.output_size

    @property
    def trainable_weights(self) -> list[Any]:
        """Those of the cell inside."""
        return list(getattr(self.cell, "trainable_weights", []))

    @property
    def non_trainable_weights(self) -> list[Any]:
        """Those of the cell inside."""
        return list(getattr(self.cell, "non_trainable_weights", []))

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Zeros for the cell inside."""
        values = [batch_size] if isinstance(batch_size, Tensor) else None
        with name_scope(f"{type(self).__name__}ZeroState", values=values):
            return self.cell.zero_state(batch_size, dtype)


class ResidualWrapper(_Wrapper):
    """Adds a cell's input to its output. Source: Wu et al. 2016, "Google's Neural Machine".

    Args:
      cell: the cell.
      residual_fn: takes input and output, returns the new output; their sum by default.

    Example:
      >>> import pantarhei as tf
      >>> cell = tf.nn.rnn_cell.ResidualWrapper(tf.nn.rnn_cell.GRUCell(3))
      >>> output, _ = cell(tf.ones([2, 3]), cell.zero_state(2, tf.float32))
      >>> output.shape.as_list()
      [2, 3]
    """

    def __init__(
        self, cell: Any, residual_fn: Callable[[Any, Any], Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(cell, **kwargs)
        self._residual = residual_fn or _sum

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """The output with the input added, and the next state."""
        outputs, state = self.cell(inputs, state, scope=scope)
        return self._residual(inputs, outputs), state


def _sum(inputs: Any, outputs: Any) -> Any:
    nest.assert_same_structure(inputs, outputs)
    for one, two in zip(nest.flatten(inputs), nest.flatten(outputs), strict=True):
        one.shape.assert_is_compatible_with(two.shape)
    return nest.map_structure(lambda one, two: one + two, inputs, outputs)


class DropoutWrapper(_Wrapper):
    """Drops out elements of a cell's input, state and output.

    Args:
      cell: the cell.
      input_keep_prob: the probability of keeping an element of the input; a number or tensor.
      output_keep_prob: of the output.
      state_keep_prob: of the next state; the memory `c` of an `LSTMStateTuple` is left alone.
      variational_recurrent: whether the same elements are dropped in all steps of a run. Source:
        Gal and Ghahramani 2015.
      input_size: sizes of the input, needed for that.
      dtype: of the random numbers, needed for that.
      seed: of the random numbers.
      dropout_state_filter_visitor: takes a part of the state, says whether it is dropped out: True,
        False, or a structure of them.

    Raises:
      TypeError: `cell` is no cell. ValueError: a probability is not one, something is missing.

    Example:
      >>> import pantarhei as tf
      >>> keep = tf.placeholder_with_default(1.0, ())
      >>> cell = tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.GRUCell(3), output_keep_prob=keep)
      >>> output, _ = cell(tf.ones([2, 3]), cell.zero_state(2, tf.float32))
      >>> output.shape.as_list()
      [2, 3]
    """

    def __init__(
        self,
        cell: Any,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        variational_recurrent: bool = False,
        input_size: Any = None,
        dtype: Any = None,
        seed: int | None = None,
        dropout_state_filter_visitor: Callable[[Any], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cell, dtype=dtype, **kwargs)
        if dropout_state_filter_visitor is not None and not callable(dropout_state_filter_visitor):
            raise TypeError("dropout_state_filter_visitor must be callable")
        self._filter = dropout_state_filter_visitor or _without_memory
        self._seed = seed
        with name_scope("DropoutWrapperInit"):
            self._keep = {
                "input": _probability("input_keep_prob", input_keep_prob),
                "state": _probability("state_keep_prob", state_keep_prob),
                "output": _probability("output_keep_prob", output_keep_prob),
            }
        self._noise: dict[str, list[Tensor]] | None = None
        if variational_recurrent:
            if dtype is None:
                raise ValueError("When variational_recurrent=True, dtype must be provided")
            sizes = {"state": cell.state_size, "output": cell.output_size}
            if _drops(self._keep["input"]):
                if input_size is None:
                    raise ValueError(
                        "When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, "
                        "input_size must be provided"
                    )
                sizes = {"input": input_size, **sizes}
            self._noise = {
                what: [
                    random_uniform(
                        concat(([1], _extents(size)), 0),
                        seed=self._seed_of(what, index),
                        dtype=dtype,
                    )
                    for index, size in enumerate(nest.flatten(size))
                ]
                for what, size in sizes.items()
            }

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """The output and the next state, with elements dropped out."""
        if _drops(self._keep["input"]):
            inputs = self._dropped(inputs, "input")
        output, new = self.cell(inputs, state, scope=scope)
        if _drops(self._keep["state"]):
            new = self._dropped(new, "state", list(_chosen(self._filter, new)))
        if _drops(self._keep["output"]):
            output = self._dropped(output, "output")
        return output, new

    def _seed_of(self, what: str, index: int) -> int | None:
        """A seed for one random operation, TensorFlow's for the seed that was given."""
        if self._seed is None:
            return None
        text = f"{self._seed}{what}_{index}".encode()
        return int(hashlib.md5(text, usedforsecurity=False).hexdigest()[:8], 16) & 0x7FFFFFFF

    def _dropped(self, values: Any, what: str, chosen: list[bool] | None = None) -> Any:
        flat = nest.flatten(values)
        chosen = [True] * len(flat) if chosen is None else chosen
        results = [
            self._dropped_one(each, what, index) if drop else each
            for index, (each, drop) in enumerate(zip(flat, chosen, strict=True))
        ]
        return nest.pack(values, results)

    def _dropped_one(self, value: Tensor, what: str, index: int) -> Tensor:
        keep = self._keep[what]
        if self._noise is None:
            return dropout(value, rate=1.0 - keep, seed=self._seed_of(what, index))
        kept = floor(keep + self._noise[what][index])
        result: Tensor = div(value, keep) * kept
        result.set_shape(value.shape)
        return result


def _probability(name: str, value: Any) -> Any:
    """A probability as a number where it is known now, else as a tensor."""
    tensor = convert_to_tensor(value)
    known = constant_value(tensor)
    if known is None:
        return tensor
    if not 0 <= known <= 1:
        raise ValueError(f"Parameter {name} must be between 0 and 1: {int(known)}")
    return float(known)


def _extents(size: Any) -> list[Any]:
    return as_shape([size] if isinstance(size, int) else size).as_list()


def _drops(keep: Any) -> bool:
    return not isinstance(keep, float) or keep < 1


def _without_memory(part: Any) -> Any:
    if isinstance(part, LSTMStateTuple):
        return LSTMStateTuple(c=False, h=True)
    return not isinstance(part, TensorArray)


def _chosen(visit: Callable[[Any], Any], part: Any) -> Iterator[bool]:
    """For each leaf of a state, whether it is dropped out."""
    found = visit(part)
    if nest.is_nested(found):
        for each, inner in zip(found, part, strict=True):
            yield from [each] * len(nest.flatten(inner))
    elif found is True and nest.is_nested(part):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from _chosen(visit, inner)
    else:
        yield from [bool(found)] * len(nest.flatten(part))
