"""TensorFlow 1.15, on Python 3.7; the first argument may be `callable`."""

from __future__ import annotations

import sys

import tensorflow as tf

from bench.peers.protocol import serve
from bench.peers.session_nets import SessionStep


def build(net, parameters):
    """A step in a session."""
    return SessionStep(tf, net, parameters, as_callable="callable" in sys.argv[1:])


if __name__ == "__main__":
    serve(build, tf.__version__)
