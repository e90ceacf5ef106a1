"""Conditions, cases, assertions, Python functions and custom gradients: nodes, values, errors."""

from __future__ import annotations

import collections
import functools
from typing import Any

import numpy as np

from ._tools import cases, names, nodes, nodes_outside_gradients, raised, session, value

Point = collections.namedtuple("Point", ["a", "b"])


def _inputs(tf):
    x = tf.placeholder(tf.float32, (), name="x")
    m = tf.placeholder(tf.float32, (None, 2), name="m")
    return x, m


def _outcome(tf, make):
    """The nodes that ``make(x, m)`` adds, its values for both signs, or its error."""
    x, m = _inputs(tf)
    found: dict[str, Any] = {}
    made: list[Any] = []
    found["error"] = raised(lambda: made.append(make(x, m)), words=6)
    found["nodes"] = nodes(tf.get_default_graph())
    if made:
        with session(tf) as sess:
            found["values"] = [
                value(sess.run(made[0], {x: sign, m: [[1.0, 2.0], [3.0, 4.0]]}))
                for sign in (3.0, 0.5, -3.0)
            ]
    return found


BRANCHES = {
    "no_ops": lambda tf, x, m: tf.cond(x > 0, tf.no_op, tf.no_op),
    "outside": lambda tf, x, m: tf.cond(x > 0, lambda: x, lambda: m[0, 0]),
    "inside": lambda tf, x, m: tf.cond(x > 0, lambda: x * 2.0, lambda: tf.exp(x)),
    "constants": lambda tf, x, m: tf.cond(x > 0, lambda: 1, lambda: 2),
    "list": lambda tf, x, m: tf.cond(x > 0, lambda: [x, x], lambda: [-x, x + 1.0]),
    "single_list": lambda tf, x, m: tf.cond(x > 0, lambda: [x], lambda: [-x]),
    "strict": lambda tf, x, m: tf.cond(x > 0, lambda: [x], lambda: [-x], strict=True),
    "nested_structure": lambda tf, x, m: tf.cond(
        x > 0, lambda: {"a": x, "b": (m,)}, lambda: {"a": -x, "b": (m[:1],)}
    ),
    "named_tuple": lambda tf, x, m: tf.cond(x > 0, lambda: Point(x, m), lambda: Point(-x, -m)),
    "nested": lambda tf, x, m: tf.cond(
        x > 0,
        lambda: tf.cond(x > 2, lambda: x * 2, lambda: x * 3),
        lambda: tf.cond(x < -2, lambda: x * 4, lambda: x * 5),
    ),
    "slices": lambda tf, x, m: tf.convert_to_tensor(
        tf.cond(
            x > 0,
            lambda: tf.IndexedSlices(m, tf.constant([0, 1]), tf.constant([3, 2])),
            lambda: tf.IndexedSlices(m + 1.0, tf.constant([1, 2]), tf.constant([3, 2])),
        )
    ),
    "named": lambda tf, x, m: tf.cond(x > 0, lambda: x, lambda: x, name="choice"),
    "old_names": lambda tf, x, m: tf.cond(x > 0, fn1=lambda: x, fn2=lambda: -x),
    "different_dtypes": lambda tf, x, m: tf.cond(x > 0, lambda: 1, lambda: 2.0),
    "different_structures": lambda tf, x, m: tf.cond(x > 0, lambda: (x, x), lambda: [x, x]),
    "nothing": lambda tf, x, m: tf.cond(x > 0, lambda: None, lambda: x),
    "empty": lambda tf, x, m: tf.cond(x > 0, list, list),
    "python_bool": lambda tf, x, m: tf.cond(True, lambda: x, lambda: x),
    "not_callable": lambda tf, x, m: tf.cond(x > 0, x, x),
    "one_function": lambda tf, x, m: tf.cond(x > 0, lambda: x),
    "matrix_condition": lambda tf, x, m: tf.cond(m > 0, lambda: x, lambda: x),
    "number_condition": lambda tf, x, m: tf.cond(x, lambda: x, lambda: x),
    "case_with_default": lambda tf, x, m: tf.case(
        [(x < 0, lambda: -x), (x > 1, lambda: x * 10.0)], default=lambda: x
    ),
    "case_exclusive": lambda tf, x, m: tf.case(
        [(x < 0, lambda: -x), (x > 1, lambda: x * 10.0)], default=lambda: x, exclusive=True
    ),
    "case_without_default": lambda tf, x, m: tf.case(
        [(x < 0, lambda: -x), (x > 1, lambda: x * 10.0), (x > 0, lambda: x)]
    ),
    "case_of_a_dict": lambda tf, x, m: tf.case(
        {x > 1: lambda: x, x < 0: lambda: -x}, default=lambda: x * 3.0, exclusive=True
    ),
    "case_of_something_else": lambda tf, x, m: tf.case(3),
    "case_of_lists": lambda tf, x, m: tf.case([[x < 1, lambda: x]]),
    "case_of_python_bools": lambda tf, x, m: tf.case([(True, lambda: x)]),
    "case_of_numbers": lambda tf, x, m: tf.case([(x, lambda: x)]),
    "case_of_tensors": lambda tf, x, m: tf.case([(x < 1, x)]),
}


@cases(**{name: {"branch": name} for name in BRANCHES})
def branches(tf, branch):
    return _outcome(tf, lambda x, m: BRANCHES[branch](tf, x, m))


def condition_among_contexts(tf):
    x, _ = _inputs(tf)
    v = tf.Variable(1.0, name="v")
    with tf.control_dependencies([v.initializer]), tf.name_scope("scope"):
        tf.cond(x > 0, lambda: tf.constant(1.0) + x, lambda: x)

    def inside():
        with tf.control_dependencies([v.initializer]):
            a = tf.constant(4.0)
        with tf.control_dependencies([a]):
            b = tf.constant(5.0) + x
        with tf.control_dependencies(None):
            c = tf.constant(6.0)
        return b + c

    with tf.device("/cpu:0"):
        tf.cond(x > 0, inside, lambda: x)
    return nodes(tf.get_default_graph())


def derivatives_through_a_condition(tf):
    x, m = _inputs(tf)
    y = tf.cond(x > 0, lambda: x * x * tf.reduce_sum(m), lambda: tf.exp(x))
    first = tf.gradients(y, [x, m])
    outside = nodes_outside_gradients(tf.get_default_graph())
    second = tf.gradients(first[0], x)
    with session(tf) as sess:
        feeds = [{x: number, m: [[1.0, 2.0]]} for number in (2.0, -2.0)]
        found = [value(sess.run([y, first, second], feed)) for feed in feeds]
    return [found, outside]


RELATIONS = (
    *("equal", "none_equal", "less", "less_equal", "greater", "greater_equal", "near"),
    *("negative", "positive", "non_negative", "non_positive"),
)


@cases(**{name: {"relation": name} for name in RELATIONS})
def assertions(tf, relation):
    function = getattr(tf.debugging, "assert_" + relation)
    x, m = _inputs(tf)
    others = [] if "negative" in relation or "positive" in relation else [2.0]

    def numbers(*known):
        return known if others else known[:1]

    found = [
        raised(lambda: function(m, *others).name, words=4),
        raised(lambda: function(x, *others, message="told", name="mine").name, words=4),
        raised(lambda: function(*numbers([1, -2], [1, -3])), words=4),
        raised(lambda: function(*numbers([1.0, 2.0], [1.0, 2.0])), words=4),
        raised(lambda: function(m, *others, data=["seen", x], summarize=1), words=4),
    ]
    made = function(m, *others)
    with session(tf) as sess:
        for number in (-1.0, 0.0, 2.0, 3.0):
            found.append(
                raised(functools.partial(sess.run, made, {m: [[number, number]]}), words=9)
            )
    return [found, nodes(tf.get_default_graph())]


def assertions_of_kind(tf):
    x, m = _inputs(tf)
    unknown = tf.placeholder(tf.float32)
    rank = tf.placeholder(tf.int32, [])
    found = [
        raised(lambda: tf.assert_rank(m, 2), words=9),
        raised(lambda: tf.assert_rank(m, 1, message="told"), words=9),
        raised(lambda: tf.assert_rank(unknown, 1), words=9),
        raised(lambda: tf.assert_rank(m, rank), words=9),
        raised(lambda: tf.assert_rank(m, 1.0), words=9),
        raised(lambda: tf.assert_rank(m, [1]), words=9),
        raised(lambda: tf.assert_rank_at_least(m, 3), words=9),
        raised(lambda: tf.assert_rank_at_least(unknown, 1), words=9),
        raised(lambda: tf.debugging.assert_rank_in(m, [1, 2]), words=9),
        raised(lambda: tf.debugging.assert_rank_in(m, [0, 1]), words=7),
        raised(lambda: tf.debugging.assert_rank_in(unknown, [0, 1]), words=9),
        raised(lambda: tf.assert_type(x, tf.int32), words=9),
        raised(lambda: tf.assert_type(x, tf.float32), words=9),
        raised(lambda: tf.assert_integer(x), words=9),
        raised(lambda: tf.assert_integer(rank), words=9),
        raised(lambda: tf.assert_scalar(m), words=9),
        raised(lambda: tf.assert_scalar(1), words=9),
    ]
    return [found, nodes(tf.get_default_graph())]


def _sinh(x):
    return np.sinh(x)


def python_functions(tf):
    def run(function, inputs, kinds, **options):
        tensor = tf.py_func(function, inputs, kinds, **options)
        with tf.Session() as sess:
            return value(sess.run(tensor))

    c = tf.constant
    made = [
        tf.py_func(_sinh, [c(1.0)], tf.float32, name="mine"),
        tf.py_func(_sinh, [c(1.0)], tf.float32, stateful=False),
        tf.py_func(_sinh, [c(1.0)], [tf.float32])[0],
    ]
    return [
        [[tensor.name, tensor.op.type, str(tensor.shape)] for tensor in made],
        run(lambda x: (x, x * 2), [c([1.0, 2.0])], [tf.float32, tf.float32]),
        run(lambda x: [x, x * 2], [c([1.0, 2.0])], [tf.float32, tf.float32]),
        run(lambda: 1.5, [], tf.float64),
        run(lambda: 1, [], tf.int64),
        run(lambda: True, [], tf.bool),
        run(lambda: "text", [], tf.string),
        run(lambda x: x.decode() + "!", [c("text")], tf.string),
        run(lambda x: x + c_array, [c([1.0, 2.0])], tf.float32),
        raised(lambda: run(lambda: np.zeros(2), [], tf.float32), words=4),
        raised(lambda: run(lambda: None, [], tf.float32), words=0),
        raised(lambda: tf.py_func(3, [], tf.float32), words=5),
        raised(lambda: tf.py_func(_sinh, c(1.0), tf.float32), words=4),
        value(tf.gradients(made[0], made[0].op.inputs[0])),
    ]


c_array = np.ones(2, np.float32)


@cases(
    **{
        kind.__name__: {"kind": kind}
        for kind in (
            *(ValueError, TypeError, StopIteration, MemoryError),
            *(NotImplementedError, KeyError, RuntimeError, ZeroDivisionError),
        )
    }
)
def python_functions_that_fail(tf, kind):
    def fail():
        raise kind("why")

    tensor = tf.py_func(fail, [], tf.float32)
    with tf.Session() as sess:
        return raised(lambda: sess.run(tensor), words=2)


def custom_gradients(tf):
    @tf.custom_gradient
    def product(a, b):
        return a * b, lambda g: (g * b * 10.0, g * a * 100.0)

    @tf.custom_gradient
    def scaled(a):
        v = tf.get_variable("v", initializer=5.0, use_resource=True)

        def backward(first, second, variables=None):
            return first * 7.0, [first * 11.0 for _ in variables]

        return [a * v, a], backward

    @tf.custom_gradient
    def forgetful(a):
        return a * tf.get_variable("w", initializer=5.0, use_resource=True), lambda g: g

    x = tf.constant(2.0, name="x")
    y = product(x, tf.constant(3.0))
    tf.get_variable_scope().set_use_resource(True)
    pair = scaled(x)
    grads = tf.gradients([y, *pair], [x, *tf.trainable_variables()])
    found = [names([y, *pair]), raised(lambda: forgetful(x), words=8)]
    found.append(raised(lambda: product(x, b=x), words=8))
    with session(tf) as sess:
        found.append(value(sess.run([y, pair, grads])))
    return [found, nodes_outside_gradients(tf.get_default_graph())]


def second_derivatives(tf):
    x = tf.placeholder(tf.float32, (3,), name="x")
    m = tf.placeholder(tf.float32, (2, 2), name="m")
    found = tf.hessians([tf.reduce_prod(x), x[0] * x[1]], x)
    found += tf.hessians(tf.reduce_sum(tf.matmul(m, m)), [m])
    with tf.Session() as sess:
        return value(sess.run(found, {x: [1.0, 2.0, 3.0], m: [[1.0, 2.0], [3.0, 4.0]]}))
