"""The namespace `tf.nn.rnn_cell`: cells of recurrent networks, and cells around cells."""

from pantarhei.layers.lstm_cells import BasicLSTMCell, LSTMCell, LSTMStateTuple
from pantarhei.layers.rnn_cells import BasicRNNCell, GRUCell, RNNCell
from pantarhei.layers.rnn_wrappers import DropoutWrapper, MultiRNNCell, ResidualWrapper

__all__ = [
    "BasicLSTMCell",
    "BasicRNNCell",
    "DropoutWrapper",
    "GRUCell",
    "LSTMCell",
    "LSTMStateTuple",
    "MultiRNNCell",
    "RNNCell",
    "ResidualWrapper",
]
