"""Sparse tensors fed, fetched and asked about."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._tools import evaluate, nodes, raised, runs, session, value


def _tensor(tf: Any) -> Any:
    return tf.SparseTensor([[0, 1], [2, 0]], [1.5, 2.5], [3, 2])


def fetched_in_structures(tf: Any) -> Any:
    x = _tensor(tf)
    return evaluate(tf, {"one": x, "two": [x, x.values], "three": (x.dense_shape,)})


def value_by_eval(tf: Any) -> Any:
    x = _tensor(tf)
    with tf.Session():
        return value(x.eval())


def fed_in_every_form(tf: Any) -> Any:
    x = tf.sparse_placeholder(tf.float32)
    y = tf.sparse_tensor_to_dense(x)
    parts = ([[0, 1]], [2.0], [1, 3])
    with tf.Session() as sess:
        return [
            value(sess.run(y, {x: fed}))
            for fed in (
                parts,
                list(parts),
                tf.SparseTensorValue(*parts),
                tuple(np.array(part) for part in parts),
                sess.run(tf.SparseTensor(*parts)),
            )
        ]


def what_is_fetched_can_be_fed(tf: Any) -> Any:
    x = tf.sparse_placeholder(tf.int64, [3, 4])
    with tf.Session() as sess:
        found = sess.run(x, {x: ([[1, 1]], [7], [3, 4])})
        return [value(found), value(sess.run(tf.sparse_reduce_sum(x), {x: found}))]


def nodes_of_placeholders(tf: Any) -> Any:
    found = []
    for shape in (None, [3, 4], [None, 4], ()):
        x = tf.sparse_placeholder(tf.float32, shape, name="sparse")
        found.append([str(x.shape), str(x.indices.shape), str(x.dense_shape.shape)])
    tf.sparse_placeholder(tf.string)
    return [found, nodes(tf.get_default_graph())]


def what_a_tensor_knows(tf: Any) -> Any:
    x = _tensor(tf)
    return [
        str(x),
        x.dtype.name,
        str(x.shape),
        str(x.get_shape()),
        x.op.name,
        x.graph is tf.get_default_graph(),
        nodes(tf.get_default_graph()),
    ]


def refused_parts(tf: Any) -> Any:
    return [
        raised(lambda: tf.SparseTensor([1, 2], [1, 2], [3]), words=5),
        raised(lambda: tf.SparseTensor([[1], [2]], [1, 2, 3], [3]), words=4),
        raised(lambda: tf.SparseTensor([[1], [2]], [1, 2], [3, 3]), words=4),
        raised(lambda: tf.SparseTensor([[1.0]], [1], [3]), words=5),
        raised(lambda: tf.SparseTensor(tf.constant([[1]]), [1], [3]), words=8),
        raised(lambda: tf.SparseTensor.from_value([1]), words=5),
    ]


def where_a_tensor_is_needed(tf: Any) -> Any:
    x = _tensor(tf)
    return [
        raised(lambda: tf.convert_to_tensor(x), words=5),
        raised(lambda: tf.identity(x), words=5),
        raised(lambda: tf.sparse_tensor_to_dense([1.0]), words=5),
        raised(lambda: tf.sparse_add(1.0, 2.0), words=5),
        raised(lambda: -x, words=5),
        type(tf.convert_to_tensor_or_sparse_tensor(x)).__name__,
        type(tf.convert_to_tensor_or_sparse_tensor([1.0])).__name__,
        raised(lambda: tf.convert_to_tensor_or_sparse_tensor(x, tf.int32), words=6),
    ]


def names_of_operators(tf: Any) -> Any:
    x = _tensor(tf)
    x * [1.0, 2.0]
    x / 2.0
    tf.sparse_add(x, x)
    return nodes(tf.get_default_graph())


def control_inputs_may_be_sparse(tf: Any) -> Any:
    x = _tensor(tf)
    with tf.control_dependencies([x.op]):
        tf.constant(1.0, name="after")
    return nodes(tf.get_default_graph())[-1]


def regression_on_sparse_features(tf: Any) -> Any:
    tf.set_random_seed(1)
    x = tf.sparse_placeholder(tf.float64, [None, 3])
    y = tf.placeholder(tf.float64, [None, 1])
    w = tf.get_variable("w", [3, 1], tf.float64, tf.zeros_initializer())
    loss = tf.reduce_mean(tf.square(tf.sparse_tensor_dense_matmul(x, w) - y))
    step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    fed: Any = {x: ([[0, 0], [1, 2], [2, 1], [2, 2]], [1.0, 2.0, -1.0, 0.5], [3, 3])}
    fed[y] = np.array([[1.0], [2.0], [0.0]])
    return runs(tf, [step, loss], 4, fed)


def words_by_embedding(tf: Any) -> Any:
    table = tf.get_variable(
        "table", [4, 2], tf.float64, tf.constant_initializer(np.arange(8.0).reshape(4, 2))
    )
    ids = tf.sparse_placeholder(tf.int64)
    loss = tf.reduce_sum(tf.nn.embedding_lookup_sparse(table, ids, None, combiner="sum") ** 2)
    step = tf.train.AdagradOptimizer(0.1).minimize(loss)
    fed = {ids: ([[0, 0], [0, 1], [1, 0]], [3, 1, 3], [2, 2])}
    with session(tf) as sess:
        sess.run(step, fed)
        return [value(sess.run(loss, fed)), value(sess.run(table))]
