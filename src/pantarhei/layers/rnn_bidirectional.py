"""Recurrent networks that go over their inputs in both directions."""

from __future__ import annotations

from typing import Any

from pantarhei.core import nest
from pantarhei.graph.operation import Tensor
from pantarhei.layers.rnn import dynamic_rnn
from pantarhei.layers.rnn_cells import check_cell
from pantarhei.ops.array.arranging import reverse, reverse_sequence
from pantarhei.variables.scope_entry import variable_scope


def bidirectional_dynamic_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Two recurrent networks over the same inputs, one from the end to the beginning.

    Args:
      cell_fw: the cell that goes forward.
      cell_bw: the cell that goes backward.
      inputs: see `dynamic_rnn`.
      sequence_length: see `dynamic_rnn`; each sequence is reversed up to its length.
      initial_state_fw: the state of `cell_fw` to begin with.
      initial_state_bw: the state of `cell_bw` to begin with.
      dtype: see `dynamic_rnn`.
      parallel_iterations: see `dynamic_rnn`.
      swap_memory: see `tf.while_loop`.
      time_major: see `dynamic_rnn`.
      scope: variable scope; `bidirectional_rnn` by default.

    Returns:
      The outputs of both, those of the second reversed again, and the last states of both.

    Raises:
      TypeError: a cell is no cell. ValueError: see `dynamic_rnn`.

    Example:
      >>> import pantarhei as tf
      >>> cells = [tf.nn.rnn_cell.GRUCell(3) for _ in range(2)]
      >>> outputs, _ = tf.nn.bidirectional_dynamic_rnn(
      ...     *cells, tf.ones([2, 5, 4]), dtype=tf.float32
      ... )
      >>> tf.concat(outputs, 2).shape.as_list()
      [2, 5, 6]
    """
    check_cell("cell_fw", cell_fw)
    check_cell("cell_bw", cell_bw)
    axes = (0, 1) if time_major else (1, 0)
    common = {
        "sequence_length": sequence_length,
        "dtype": dtype,
        "parallel_iterations": parallel_iterations,
        "swap_memory": swap_memory,
        "time_major": time_major,
    }

    def reversed_in_time(x: Tensor) -> Tensor:
        if sequence_length is None:
            return reverse(x, axis=[axes[0]])
        return reverse_sequence(x, sequence_length, seq_axis=axes[0], batch_axis=axes[1])

    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as inner:
            forward, state_fw = dynamic_rnn(
                cell_fw, inputs, initial_state=initial_state_fw, scope=inner, **common
            )
        with variable_scope("bw") as inner:
            backward, state_bw = dynamic_rnn(
                cell_bw,
                nest.map_structure(reversed_in_time, inputs),
                initial_state=initial_state_bw,
                scope=inner,
                **common,
            )
    return (forward, nest.map_structure(reversed_in_time, backward)), (state_fw, state_bw)
