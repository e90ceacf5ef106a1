"""This library on the engine that the first argument names; `callable` may be the second."""

from __future__ import annotations

import sys

import pantarhei as tf
from bench.peers.protocol import serve
from bench.peers.session_nets import SessionStep


def build(net, parameters):
    """A step in a session on the engine."""
    config = tf.ConfigProto(engine=sys.argv[1])
    return SessionStep(tf, net, parameters, config, "callable" in sys.argv[2:])


if __name__ == "__main__":
    serve(build, tf.version.PACKAGE)
