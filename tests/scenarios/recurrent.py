"""Recurrent networks: nodes, variables, values and gradients; errors of cells and networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._tools import cases, names, nodes, raised, session, value

INPUTS = np.random.RandomState(0).randn(2, 5, 3)


def _basic(tf, x, lengths):
    return tf.nn.dynamic_rnn(tf.nn.rnn_cell.BasicRNNCell(4), x, dtype=tf.float64)


def _lengths(tf, x, lengths):
    cell = tf.nn.rnn_cell.BasicLSTMCell(4, forget_bias=0.5)
    return tf.nn.dynamic_rnn(cell, x, lengths, dtype=tf.float64)


def _gated_with_state(tf, x, lengths):
    cell = tf.nn.rnn_cell.GRUCell(2, activation=tf.nn.relu)
    state = tf.fill([2, 2], tf.constant(0.5, tf.float64))
    return tf.nn.dynamic_rnn(cell, x, initial_state=state, scope="gated")


def _projected(tf, x, lengths):
    cell = tf.nn.rnn_cell.LSTMCell(
        4, use_peepholes=True, cell_clip=0.3, num_proj=3, proj_clip=0.2, name="memory"
    )
    return tf.nn.dynamic_rnn(cell, x, dtype=tf.float64)


def _stacked(tf, x, lengths):
    cells = [tf.nn.rnn_cell.LSTMCell(4), tf.nn.rnn_cell.ResidualWrapper(_gru(tf, 4))]
    return tf.nn.dynamic_rnn(tf.nn.rnn_cell.MultiRNNCell(cells), x, lengths, dtype=tf.float64)


def _side_by_side(tf, x, lengths):
    cells = [
        tf.nn.rnn_cell.LSTMCell(4, state_is_tuple=False),
        tf.nn.rnn_cell.BasicLSTMCell(2, state_is_tuple=False),
    ]
    cell = tf.nn.rnn_cell.MultiRNNCell(cells, state_is_tuple=False)
    return tf.nn.dynamic_rnn(cell, x, dtype=tf.float64)


def _both_ways(tf, x, lengths):
    outputs, _ = tf.nn.bidirectional_dynamic_rnn(
        _gru(tf, 2), _gru(tf, 3), x, lengths, dtype=tf.float64
    )
    return tf.concat(outputs, 2), None


def _time_major(tf, x, lengths):
    return tf.nn.dynamic_rnn(_gru(tf, 3), x, dtype=tf.float64, time_major=True)


def _written_out(tf, x, lengths):
    steps = tf.unstack(x, 5, axis=1)
    outputs, state = tf.nn.static_rnn(_gru(tf, 3), steps, dtype=tf.float64)
    return tf.stack(outputs), state


def _written_out_with_lengths(tf, x, lengths):
    steps = tf.unstack(x, 5, axis=1)
    outputs, state = tf.nn.static_rnn(
        tf.nn.rnn_cell.BasicLSTMCell(2), steps, dtype=tf.float64, sequence_length=lengths
    )
    return tf.stack(outputs), state.h


def _same_elements_dropped(tf, x, lengths):
    cell = tf.nn.rnn_cell.DropoutWrapper(
        tf.nn.rnn_cell.BasicLSTMCell(4),
        input_keep_prob=0.8,
        output_keep_prob=0.5,
        state_keep_prob=0.7,
        variational_recurrent=True,
        input_size=3,
        dtype=tf.float64,
        seed=5,
    )
    return tf.nn.dynamic_rnn(cell, x, dtype=tf.float64)


def _nothing_dropped(tf, x, lengths):
    keep = tf.placeholder_with_default(np.float64(1.0), [])
    cell = tf.nn.rnn_cell.DropoutWrapper(_gru(tf, 3), output_keep_prob=keep)
    return tf.nn.dynamic_rnn(cell, x, dtype=tf.float64)


def _gru(tf, units):
    return tf.nn.rnn_cell.GRUCell(units)


NETWORKS = {
    "basic": _basic,
    "lengths": _lengths,
    "gated_with_state": _gated_with_state,
    "projected": _projected,
    "stacked": _stacked,
    "side_by_side": _side_by_side,
    "both_ways": _both_ways,
    "time_major": _time_major,
    "written_out": _written_out,
    "written_out_with_lengths": _written_out_with_lengths,
    "same_elements_dropped": _same_elements_dropped,
    "nothing_dropped": _nothing_dropped,
}


@cases(**{name: {"name": name} for name in NETWORKS})
def network(tf, name):
    """The forward nodes, the variables, outputs, last state, and gradients of all variables."""
    tf.set_random_seed(3)
    x = tf.placeholder(tf.float64, [None, None if name != "time_major" else 5, 3], name="x")
    if "written_out" in name:
        x = tf.placeholder(tf.float64, [None, 5, 3], name="x")
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    outputs, state = NETWORKS[name](tf, x, lengths)
    found: Any = {
        "nodes": nodes(tf.get_default_graph()),
        "variables": names(tf.trainable_variables()),
        "shape": str(outputs.shape),
    }
    loss = tf.reduce_sum(outputs * outputs)
    grads = tf.gradients(loss, tf.trainable_variables())
    feeds = {x: INPUTS, lengths: [5, 3]}
    with session(tf) as sess:
        sess.run(tf.global_variables_initializer())
        # A loop's operations may run in any order in TensorFlow: one fetch at a time.
        found["outputs"] = value(sess.run(outputs, feeds))
        found["state"] = None if state is None else value(sess.run(state, feeds))
        found["gradients"] = [value(sess.run(grad, feeds)) for grad in grads]
    return found


def _ones(tf, *shape):
    return tf.ones(shape)


WRONG = {
    "no_cell": lambda tf: tf.nn.dynamic_rnn(1, _ones(tf, 2, 3, 4), dtype=tf.float32),
    "no_dtype": lambda tf: tf.nn.dynamic_rnn(_gru(tf, 2), _ones(tf, 2, 3, 4)),
    "flat_inputs": lambda tf: tf.nn.dynamic_rnn(_gru(tf, 2), _ones(tf, 2, 3), dtype=tf.float32),
    "unknown_depth": lambda tf: tf.nn.dynamic_rnn(
        _gru(tf, 2), tf.placeholder(tf.float32, [2, 3, None]), dtype=tf.float32
    ),
    "lengths_of_rank_2": lambda tf: tf.nn.dynamic_rnn(
        _gru(tf, 2), _ones(tf, 2, 3, 4), [[1]], dtype=tf.float32
    ),
    "no_list": lambda tf: tf.nn.static_rnn(_gru(tf, 2), _ones(tf, 2, 3), dtype=tf.float32),
    "empty_list": lambda tf: tf.nn.static_rnn(_gru(tf, 2), [], dtype=tf.float32),
    "static_without_dtype": lambda tf: tf.nn.static_rnn(_gru(tf, 2), [_ones(tf, 2, 3)]),
    "no_cells": lambda tf: tf.nn.rnn_cell.MultiRNNCell([]),
    "cells_no_list": lambda tf: tf.nn.rnn_cell.MultiRNNCell(_gru(tf, 2)),
    "tuples_side_by_side": lambda tf: tf.nn.rnn_cell.MultiRNNCell(
        [tf.nn.rnn_cell.BasicLSTMCell(2)], state_is_tuple=False
    ),
    "keep_more_than_all": lambda tf: tf.nn.rnn_cell.DropoutWrapper(_gru(tf, 2), 2.0),
    "filter_not_callable": lambda tf: tf.nn.rnn_cell.DropoutWrapper(
        _gru(tf, 2), dropout_state_filter_visitor=1
    ),
    "variational_without_dtype": lambda tf: tf.nn.rnn_cell.DropoutWrapper(
        _gru(tf, 2), 0.5, variational_recurrent=True
    ),
    "variational_without_size": lambda tf: tf.nn.rnn_cell.DropoutWrapper(
        _gru(tf, 2), 0.5, variational_recurrent=True, dtype=tf.float32
    ),
    "integers": lambda tf: _gru(tf, 2)(tf.ones([2, 3], tf.int32), tf.ones([2, 2], tf.int32)),
    "state_of_other_dtype": lambda tf: (
        tf.nn.rnn_cell.LSTMStateTuple(tf.constant(1), tf.constant(1.0)).dtype
    ),
}


@cases(**{name: {"name": name} for name in WRONG})
def wrong(tf, name):
    """Errors of networks and cells."""
    return raised(lambda: WRONG[name](tf), words=4)
