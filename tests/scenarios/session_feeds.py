"""What may be fed to a run: which tensors, by which keys, with which values."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np

from ._tools import both_kinds, evaluate, raised, session, value


def placeholder_from_list_array_and_scalar(tf: Any) -> Any:
    x = tf.placeholder(tf.float32)
    with tf.Session() as sess:
        return [
            value(sess.run(x * 2.0, {x: fed}))
            for fed in (1.0, [1.0, 2.0], np.ones((2, 1)), np.float32(3), [[1], [2]], True)
        ]


def values_are_cast_to_the_dtype(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [])
    n = tf.placeholder(tf.int32, [])
    flag = tf.placeholder(tf.bool, [])
    wide = tf.placeholder(tf.float64, [])
    fed = {x: np.float64(0.1), n: np.int64(7), flag: 1, wide: np.float32(0.1)}
    return evaluate(tf, [x, n, flag, wide], fed)


def float_to_integer_placeholder(tf: Any) -> Any:
    n = tf.placeholder(tf.int32, [])
    with tf.Session() as sess:
        return [
            raised(lambda: sess.run(n + 1, {n: 1.5}), words=12),
            value(sess.run(n + 1, {n: np.float64(2.7)})),
            value(sess.run(n + 1, {n: np.array(2.7)})),
        ]


def string_values(tf: Any) -> Any:
    s = tf.placeholder(tf.string)
    with tf.Session() as sess:
        return [
            value(sess.run(tf.identity(s), {s: fed}))
            for fed in ("a", b"a", ["a", b"b"], np.array(["x", "yz"]), np.array([b"q"]))
        ]


def key_by_name(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [], name="x")
    return evaluate(tf, x + 1.0, {"x:0": 5.0})


def key_by_operation_name_is_refused(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [], name="x")
    with tf.Session() as sess:
        return [
            raised(lambda: sess.run(x + 1.0, {"x": 5.0}), words=8),
            raised(lambda: sess.run(x + 1.0, {x.op: 5.0}), words=8),
            raised(lambda: sess.run(x + 1.0, {"y:0": 5.0}), words=8),
        ]


def constant(tf: Any) -> Any:
    c = tf.constant(2.0)
    return [evaluate(tf, c * 10.0, {c: 3.0}), evaluate(tf, c, {c: 4.0})]


def constant_with_another_shape_and_dtype(tf: Any) -> Any:
    c = tf.constant([1.0, 2.0])
    with tf.Session() as sess:
        return [
            raised(lambda: sess.run(c * 1.0, {c: [1.0, 2.0, 3.0]}), words=6),
            value(sess.run(c * 1.0, {c: [5, 6]})),
        ]


def tensor_in_the_middle(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None], name="x")
    hidden = x * 2.0
    y = hidden + 1.0
    return evaluate(tf, [y, hidden], {hidden: [10.0, 20.0]})


def tensor_in_the_middle_cuts_what_is_behind_it(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [], name="x")
    bad = tf.check_numerics(x / 0.0, "never run")
    return evaluate(tf, bad + 1.0, {bad: 1.0})


def gradient_in_the_middle(tf: Any) -> Any:
    x = tf.constant(3.0)
    hidden = x * x
    y = hidden * hidden
    (gradient,) = tf.gradients(y, hidden)
    return evaluate(tf, [y, gradient], {hidden: 5.0})


def incoming_gradient(tf: Any) -> Any:
    x = tf.constant(3.0)
    incoming = tf.placeholder(tf.float32, [])
    (gradient,) = tf.gradients(x * x, x, grad_ys=incoming)
    return evaluate(tf, gradient, {incoming: 10.0})


@both_kinds
def variable(tf: Any, resource: Any) -> Any:
    v = tf.get_variable("v", initializer=1.0, use_resource=resource)
    with session(tf) as sess:
        return [value(sess.run(v + 1.0, {v: 10.0})), value(sess.run(v + 1.0))]


@both_kinds
def read_of_a_variable(tf: Any, resource: Any) -> Any:
    v = tf.get_variable("v", initializer=1.0, use_resource=resource)
    with session(tf) as sess:
        return [value(sess.run(v + 1.0, {v.value(): 10.0})), value(sess.run(v.value() + 1.0))]


def uninitialized_variable_that_is_fed(tf: Any) -> Any:
    v = tf.get_variable("v", initializer=1.0)
    with tf.Session() as sess:
        return value(sess.run(v.value() * 2.0, {v.value(): 10.0}))


def fed_and_fetched(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [2], name="x")
    return evaluate(tf, [x, x + 1.0, x], {x: [1.0, 2.0]})


def fed_alone_needs_nothing_else(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, name="x")
    return evaluate(tf, x, {x: [1.0, 2.0]})


def feed_that_no_fetch_needs(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [], name="x")
    y = tf.placeholder(tf.float32, [], name="y")
    return evaluate(tf, x + 1.0, {x: 1.0, y: 2.0})


def same_tensor_by_two_keys(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [], name="x")
    with tf.Session() as sess:
        return raised(lambda: sess.run(x + 1.0, {x: 1.0, "x:0": 2.0}), words=3)


def placeholder_with_default(tf: Any) -> Any:
    x = tf.placeholder_with_default([1.0, 2.0], [None], name="x")
    return [evaluate(tf, x * 2.0), evaluate(tf, x * 2.0, {x: [5.0]})]


def placeholder_with_default_tensor(tf: Any) -> Any:
    y = tf.constant(3.0) * 2.0
    x = tf.placeholder_with_default(y, [], name="x")
    return [evaluate(tf, x * 2.0), evaluate(tf, x * 2.0, {x: 1.0}), evaluate(tf, x, {y: 2.0})]


def nested_tuple_keys(tf: Any) -> Any:
    a = tf.placeholder(tf.float32, [])
    b = tf.placeholder(tf.float32, [])
    c = tf.placeholder(tf.float32, [])
    return evaluate(tf, a + 10.0 * b + 100.0 * c, {(a, (b, c)): (1.0, (2.0, 3.0))})


def named_tuple_key(tf: Any) -> Any:
    Pair = collections.namedtuple("Pair", "a b")
    key = Pair(tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, []))
    return evaluate(tf, key.a - key.b, {key: (5.0, 3.0)})


def nested_dictionary_is_not_a_key_but_its_structure_may_be_fed(tf: Any) -> Any:
    a = tf.placeholder(tf.float32, [])
    b = tf.placeholder(tf.float32, [])
    with tf.Session() as sess:
        return raised(lambda: sess.run(a + b, {(a, b): (1.0,)}), words=3)


def partially_known_shape(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 2])
    with tf.Session() as sess:
        return [
            value(sess.run(tf.shape(x), {x: np.zeros((0, 2))})),
            value(sess.run(tf.shape(x), {x: np.zeros((5, 2))})),
            raised(lambda: sess.run(tf.shape(x), {x: np.zeros((5, 3))}), words=16),
            raised(lambda: sess.run(tf.shape(x), {x: np.zeros(2)}), words=15),
        ]


def indexed_slices_fed_as_tuple(tf: Any) -> Any:
    slices = tf.IndexedSlices(
        tf.placeholder(tf.float32, [None, 1]), tf.placeholder(tf.int32, [None])
    )
    dense = tf.reduce_sum(slices.values) + tf.cast(tf.reduce_sum(slices.indices), tf.float32)
    return evaluate(tf, dense, {slices: ([[1.0], [2.0]], [3, 4])})


def fed_array_may_be_changed_afterwards(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [2])
    v = tf.get_variable("v", [2], initializer=tf.zeros_initializer())
    fed = np.array([1.0, 2.0], np.float32)
    with session(tf) as sess:
        sess.run(v.assign(x), {x: fed})
        fed[:] = 100.0
        return value(sess.run(v))


def fed_array_not_contiguous(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, None])
    fed = np.arange(12, dtype=np.float32).reshape(3, 4)
    with tf.Session() as sess:
        return [value(sess.run(x + 0.0, {x: fed.T[::2]})), value(sess.run(x, {x: fed[::-1, 1:3]}))]


def is_feedable(tf: Any) -> Any:
    c = tf.constant(1.0, name="c")
    graph = tf.get_default_graph()
    before = graph.is_feedable(c)
    graph.prevent_feeding(c)
    with tf.Session() as sess:
        refused = raised(lambda: sess.run(c, {c: 2.0}), words=9)
    return [before, graph.is_feedable(c), graph.is_fetchable(c), refused]


def is_fetchable(tf: Any) -> Any:
    c = tf.constant(1.0, name="c")
    graph = tf.get_default_graph()
    graph.prevent_fetching(c.op)
    with tf.Session() as sess:
        refused = [
            raised(lambda: sess.run(c), words=9),
            raised(lambda: sess.run(c.op), words=9),
        ]
    return [graph.is_fetchable(c), graph.is_fetchable(c.op), refused]
