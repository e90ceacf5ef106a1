"""Networks that are kept in files: built in the same way by this package and by TensorFlow 1.15.

A function takes the module (`tf`) and fills its default graph. Those in `FROZEN` return a tensor to
go on from, feeds and the names of results; those in `TRAINED` a loss, a train operation and feeds.
Runs on Python 3.7 too, and knows nothing of files.
"""

from __future__ import annotations

from typing import Any, Callable

import numpy as np


def mlp(tf: Any) -> tuple[Any, dict[str, Any], list[str]]:
    """Layers by hand, on variables of both kinds."""
    x = tf.placeholder(tf.float32, [None, 6], name="x")
    with tf.variable_scope("hidden"):
        w = tf.get_variable("w", [6, 5], initializer=tf.random_normal_initializer(seed=1))
        b = tf.get_variable("b", [5], initializer=tf.constant_initializer(0.1), use_resource=True)
        hidden = tf.nn.relu(tf.matmul(x, w) + b)
    logits = tf.layers.dense(hidden, 3, kernel_initializer=tf.random_normal_initializer(seed=2))
    tf.nn.softmax(logits, name="probabilities")
    tf.argmax(logits, 1, name="label")
    feeds = {"x:0": np.random.RandomState(0).randn(4, 6).astype(np.float32)}
    return logits, feeds, ["probabilities:0", "label:0"]


def convnet(tf: Any) -> tuple[Any, dict[str, Any], list[str]]:
    """Convolutions, pooling, batch normalisation that asks whether it trains, dropout."""
    x = tf.placeholder(tf.float32, [None, 8, 8, 2], name="x")
    training = tf.placeholder_with_default(False, [], name="training")
    y = tf.layers.conv2d(x, 4, 3, padding="same", kernel_initializer=_normal(tf, 1))
    y = tf.layers.batch_normalization(y, training=training)
    y = tf.nn.relu6(y)
    y = tf.layers.max_pooling2d(y, 2, 2)
    y = tf.layers.separable_conv2d(
        y, 3, 3, depthwise_initializer=_normal(tf, 2), pointwise_initializer=_normal(tf, 3)
    )
    y = tf.layers.dropout(tf.layers.flatten(y), 0.5, training=training, seed=3)
    logits = tf.layers.dense(y, 3, kernel_initializer=_normal(tf, 4), name="logits")
    tf.identity(logits, name="output")
    feeds = {"x:0": np.random.RandomState(1).randn(2, 8, 8, 2).astype(np.float32)}
    return logits, feeds, ["output:0"]


def condition(tf: Any) -> tuple[Any, dict[str, Any], list[str]]:
    """Conditions in each other, in old control flow: switches and merges."""
    x = tf.placeholder(tf.float32, [3], name="x")
    w = tf.get_variable("w", [3], initializer=tf.constant_initializer([1.0, 2.0, 3.0]))

    def positive() -> Any:
        return tf.cond(tf.reduce_sum(x) > 5.0, lambda: x * w * 100.0, lambda: x + w)

    y = tf.cond(tf.reduce_sum(x) > 0.0, positive, lambda: tf.exp(x) - w)
    tf.identity(y, name="y")
    return y, {"x:0": np.array([1.0, -0.5, 2.0], np.float32)}, ["y:0"]


def kinds(tf: Any) -> tuple[Any, dict[str, Any], list[str]]:
    """Constants and casts of every dtype, strings, shapes, gathers."""
    tf.placeholder(tf.float32, [None], name="unused")
    for dtype in ("float16", "bfloat16", "float64", "int8", "uint8", "int16", "uint16", "int64"):
        for name, value in (("one", 3), ("many", [[1, 2], [3, 100]]), ("same", [7, 7, 7])):
            held = tf.constant(value, tf.as_dtype(dtype))
            if dtype == "bfloat16":  # its arrays have a type that files of NumPy cannot hold
                held = tf.cast(held, tf.float32)
            tf.identity(held, name=f"{dtype}_{name}")
    tf.identity(tf.constant([1 + 2j, 3], tf.complex64), name="complex64_many")
    tf.identity(tf.constant(1 - 2j, tf.complex128), name="complex128_one")
    tf.identity(tf.constant([b"a", b"\xff\x00", b""]), name="string_many")
    tf.identity(tf.constant([[True, False]]), name="bool_many")
    tf.zeros([0, 3], name="empty")
    table = tf.get_variable("table", [5, 2], initializer=_normal(tf, 1), use_resource=True)
    tf.identity(tf.nn.embedding_lookup(table, [4, 0]), name="looked_up")
    names = [op.name for op in tf.get_default_graph().get_operations() if op.type == "Identity"]
    names = [name for name in names if "/" not in name]
    return None, {}, [f"{name}:0" for name in [*names, "empty"]]


def loops(tf: Any) -> tuple[Any, dict[str, Any], list[str]]:
    """Loops in each other, conditions in loops, loops in conditions; arrays, maps and scans."""
    x = tf.placeholder(tf.float32, [None], name="x")
    w = tf.get_variable("w", [3], initializer=_normal(tf, 1))

    def outer(i: Any, y: Any) -> Any:
        def inner(j: Any, z: Any) -> Any:
            grown = tf.cond(tf.reduce_sum(z) > 3.0, lambda: z - 1.0, lambda: z * x + w)
            return j + 1, grown

        return i + 1, tf.while_loop(lambda j, _: j < i, inner, [0, y])[1]

    y = tf.while_loop(lambda i, _: i < 5, outer, [0, x])[1]
    y = tf.cond(
        tf.reduce_sum(y) > 1e6,
        lambda: y,
        lambda: tf.while_loop(lambda a: tf.reduce_max(a) < 20.0, lambda a: a * a + 1.0, [y]),
    )
    mapped = tf.map_fn(lambda e: e * w[0] + y[0], x)
    scanned = tf.scan(lambda a, e: a * 0.5 + e, mapped)
    folded = tf.foldr(lambda a, e: a * 0.5 + e, scanned, initializer=tf.constant(2.0))
    array = tf.TensorArray(tf.float32, size=0, dynamic_size=True, infer_shape=False)
    array = tf.while_loop(lambda i, _: i < 4, lambda i, a: (i + 1, a.write(i, y[:i])), [0, array])[
        1
    ]
    tf.identity(array.concat(), name="parts")
    total = tf.add(tf.reduce_sum(scanned) * folded, y, name="total")
    return total, {"x:0": np.array([0.5, -1.0, 0.25], np.float32)}, ["parts:0", "total:0"]


def recurrent(tf: Any) -> tuple[Any, dict[str, Any], list[str]]:
    """Recurrent layers on top of each other, over sequences of different lengths."""
    x = tf.placeholder(tf.float32, [None, None, 3], name="x")
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    cells = [tf.nn.rnn_cell.BasicLSTMCell(4), tf.nn.rnn_cell.GRUCell(3)]
    outputs, state = tf.nn.dynamic_rnn(
        tf.nn.rnn_cell.MultiRNNCell(cells), x, lengths, dtype=tf.float32
    )
    tf.identity(outputs, name="outputs")
    tf.identity(state[0].c, name="memory")
    feeds = {
        "x:0": np.random.RandomState(2).randn(2, 6, 3).astype(np.float32),
        "lengths:0": np.array([6, 4], np.int32),
    }
    return outputs, feeds, ["outputs:0", "memory:0"]


def _normal(tf: Any, seed: int) -> Any:
    return tf.random_normal_initializer(stddev=0.5, seed=seed)


FROZEN: dict[str, Callable[[Any], Any]] = {
    "mlp": mlp,
    "convnet": convnet,
    "condition": condition,
    "kinds": kinds,
    "loops": loops,
    "recurrent": recurrent,
}


def train_mlp(tf: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Adam with a decaying rate, moving averages, clipped gradients."""
    logits, feeds, _ = mlp(tf)
    labels = tf.placeholder(tf.int64, [None], name="labels")
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    loss = tf.reduce_mean(losses) + 1e-3 * tf.add_n(
        [tf.nn.l2_loss(v) for v in tf.trainable_variables()]
    )
    step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(0.1, step, 2, 0.9)
    optimizer = tf.train.AdamOptimizer(rate)
    pairs = optimizer.compute_gradients(loss)
    clipped, _ = tf.clip_by_global_norm([gradient for gradient, _ in pairs], 1.0)
    train = optimizer.apply_gradients(zip(clipped, [v for _, v in pairs]), global_step=step)
    averages = tf.train.ExponentialMovingAverage(0.9, step)
    with tf.control_dependencies([train]):
        train = averages.apply(tf.trainable_variables())
    feeds["labels:0"] = np.array([0, 2, 1, 2])
    return loss, train, feeds


def train_convnet(tf: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Momentum; batch normalisation whose averages are updated; no dropout while training."""
    logits, feeds, _ = convnet(tf)
    labels = tf.placeholder(tf.float32, [None, 3], name="labels")
    loss = tf.losses.softmax_cross_entropy(labels, logits)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train = tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss)
    feeds["labels:0"] = np.eye(3, dtype=np.float32)[:2]
    return loss, train, feeds


def train_condition(tf: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Gradients through conditions; plain descent, RMSProp on a resource variable."""
    y, feeds, _ = condition(tf)
    scale = tf.get_variable("scale", [3], initializer=tf.ones_initializer(), use_resource=True)
    loss = tf.reduce_sum(tf.square(tf.tanh(y * scale) - tf.sigmoid(y)))
    variables = tf.trainable_variables()
    train = tf.group(
        tf.train.GradientDescentOptimizer(0.1).minimize(loss, var_list=variables[:1]),
        tf.train.RMSPropOptimizer(0.01).minimize(loss, var_list=variables[1:]),
    )
    return loss, train, feeds


def train_loops(tf: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Gradients through loops, conditions and tensor arrays."""
    total, feeds, _ = loops(tf)
    scale = tf.get_variable("scale", [3], initializer=tf.ones_initializer())
    shift = tf.get_variable("shift", [3], initializer=tf.zeros_initializer(), use_resource=True)
    step = lambda i, y: (i + 1, tf.tanh(y * 0.5 + shift))  # noqa: E731
    squashed = tf.while_loop(lambda i, _: i < 3, step, [0, total * scale * 1e-4])[1]
    loss = tf.reduce_sum(tf.square(squashed - 0.1))
    return loss, tf.train.GradientDescentOptimizer(0.01).minimize(loss), feeds


def train_recurrent(tf: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Adam on a recurrent network."""
    outputs, feeds, _ = recurrent(tf)
    loss = tf.reduce_mean(tf.square(outputs - 0.5))
    return loss, tf.train.AdamOptimizer(0.02).minimize(loss), feeds


TRAINED: dict[str, Callable[[Any], Any]] = {
    "train_mlp": train_mlp,
    "train_convnet": train_convnet,
    "train_condition": train_condition,
    "train_loops": train_loops,
    "train_recurrent": train_recurrent,
}
