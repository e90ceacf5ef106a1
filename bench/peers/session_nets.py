"""The nets for what speaks TensorFlow 1: this library, TensorFlow 1.15, and 2 by its v1 names.

`tf` is handed in; the same lines build the graph for all of them.
"""

from __future__ import annotations

import time


class SessionStep:
    """A training step, with all data fed, by `Session.run` or by what `make_callable` returns."""

    def __init__(self, tf, net, parameters, config=None, as_callable=False):
        clock = time.perf_counter
        begin = clock()
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.x = tf.placeholder(tf.float32, [None, *input_extents(net)])
            self.y = tf.placeholder(tf.float32, [None, output_extent(net)])
            self.loss = loss(tf, net, self.x, self.y, parameters)
            described = clock()
            self.train = optimizer(tf, net).minimize(self.loss)
            differentiated = clock()
            self.session = tf.Session(config=config)
            self.session.run(tf.global_variables_initializer())
        self.callable = None
        if as_callable:
            self.callable = self.session.make_callable([self.train, self.loss], [self.x, self.y])
        self.phases = {
            "describe": described - begin,
            "differentiate": differentiated - described,
            "initialize": clock() - differentiated,
        }

    def __call__(self, batch):
        """Trains on a batch; the loss before."""
        if self.callable is not None:
            return float(self.callable(batch["x"], batch["y"])[1])
        feeds = {self.x: batch["x"], self.y: batch["y"]}
        _, value = self.session.run([self.train, self.loss], feeds)
        return float(value)


def input_extents(net):
    """Extents of one example."""
    if net["kind"] == "lenet":
        return [28, 28, 1]
    if net["kind"] == "lstm":
        return [net["steps"], net["inputs"]]
    return [net["sizes"][0]]


def output_extent(net):
    """Extent of one target."""
    return 10 if net["loss"] == "softmax" else net["sizes"][-1]


def optimizer(tf, net):
    """The net's optimizer."""
    if net["optimizer"] == "adam":
        return tf.train.AdamOptimizer(net["rate"])
    return tf.train.GradientDescentOptimizer(net["rate"])


def loss(tf, net, x, y, parameters):
    """The mean loss of the net over a batch."""
    variables = {name: tf.Variable(value, name=name) for name, value in parameters.items()}
    outputs = {"dense": dense, "lenet": lenet, "lstm": lstm}[net["kind"]](tf, net, x, variables)
    if net["loss"] == "softmax":
        losses = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=outputs)
        return tf.reduce_mean(losses)
    return tf.reduce_mean(tf.square(outputs - y))


def activation(tf, name):
    """An activation by name."""
    return {"relu": tf.nn.relu, "tanh": tf.tanh, "sigmoid": tf.sigmoid, "linear": tf.identity}[name]


def dense(tf, net, x, variables):
    """Layers one after the other."""
    depth = len(net["sizes"]) - 1
    h = x
    for number in range(depth):
        h = tf.matmul(h, variables[f"w{number}"]) + variables[f"b{number}"]
        name = net["activation"] if number < depth - 1 else net["last"]
        if name != "linear":
            h = activation(tf, name)(h)
    return h


def lenet(tf, net, x, v):
    """Convolution and pooling twice, then two dense layers."""
    for w, b in (("w0", "b0"), ("w1", "b1")):
        x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, v[w], [1, 1, 1, 1], "SAME"), v[b]))
        x = tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    x = tf.nn.relu(tf.matmul(tf.reshape(x, [-1, 7 * 7 * 64]), v["w2"]) + v["b2"])
    return tf.matmul(x, v["w3"]) + v["b3"]


def lstm(tf, net, x, v):
    """Steps one after the other in the graph, as `BasicLSTMCell` under `static_rnn` makes them."""
    units = net["units"]
    h = c = tf.zeros([tf.shape(x)[0], units])
    for inputs in tf.unstack(x, net["steps"], axis=1):
        gates = tf.nn.bias_add(tf.matmul(tf.concat([inputs, h], 1), v["w0"]), v["b0"])
        i, j, f, o = tf.split(gates, 4, axis=1)
        c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
        h = tf.tanh(c) * tf.sigmoid(o)
    return tf.matmul(h, v["w1"]) + v["b1"]
