"""Loops: nodes of the forward graph, values, gradients, errors; tensor arrays; maps and folds."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._tools import cases, nodes, nodes_outside_gradients, raised, session, signatures, value


def _inputs(tf):
    x = tf.placeholder(tf.float32, (None,), name="x")
    m = tf.placeholder(tf.float32, (None, 2), name="m")
    return x, m


FEEDS = {"x:0": [1.0, 2.0], "m:0": [[0.5, -1.0], [2.0, 0.25], [1.5, -0.5]]}


def _doubled(tf, x, m):
    return tf.while_loop(lambda i, y: i < 5, lambda i, y: (i + 1, y * 2.0), [0, x])[1]


def _no_iteration(tf, x, m):
    return tf.while_loop(lambda i, y: i < 0, lambda i, y: (i + 1, y * 2.0), [0, x])[1]


def _product(tf, x, m):
    w = tf.constant([[1.0, 2.0], [0.3, 0.4]])
    step = lambda i, y: (i + 1, tf.tanh(tf.matmul(y, w)))  # noqa: E731
    return tf.while_loop(lambda i, y: i < 3, step, [tf.constant(0), m], back_prop=True)[1]


def _invariants(tf, x, m):
    c = tf.constant(3.0)
    step = lambda i, y, z: [i + 1, y * x + c, z + tf.reduce_sum(y)]  # noqa: E731
    found = tf.while_loop(
        lambda i, y, z: i < 3, step, [0, x, 0.0], maximum_iterations=10, name="invariants"
    )
    return found[1] + found[2]


def _stopped_early(tf, x, m):
    return tf.while_loop(
        lambda y: True, lambda y: y * x, [x], maximum_iterations=3, parallel_iterations=1
    )


def _nested(tf, x, m):
    def body(i, y):
        step = lambda j, z: (j + 1, z * x + 1.0)  # noqa: E731
        return i + 1, tf.while_loop(lambda j, z: j < i, step, [0, y])[1]

    return tf.while_loop(lambda i, y: i < 4, body, [0, x])[1]


def _condition_in_loop(tf, x, m):
    def body(i, y):
        return i + 1, tf.cond(tf.equal(i % 2, 0), lambda: y * x, lambda: y + tf.sin(x))

    return tf.while_loop(lambda i, y: i < 3, body, [0, x])[1]


def _loop_in_condition(tf, x, m):
    def loop():
        return tf.while_loop(lambda a: tf.reduce_sum(a) < 100.0, lambda a: a * 2.0, [x])

    return tf.cond(x[0] > 0.0, loop, lambda: x - 1.0)


def _growing(tf, x, m):
    return tf.while_loop(
        lambda i, y: i < 4,
        lambda i, y: (i + 1, tf.concat([y, y[:i] * 0.5], 0)),
        [1, m],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 2])],
    )[1]


def _unused_exit(tf, x, m):
    body = lambda i, a, b: (i + 1, a * b[0], b + 1.0)  # noqa: E731
    return tf.while_loop(lambda i, a, b: i < 3, body, [0, 2.0, x])[1]


def _not_from_first(tf, x, m):
    body = lambda i, a, b: (i + 1, x * 3.0, a + b)  # noqa: E731
    return tf.while_loop(lambda i, a, b: i < 3, body, [0, x, x])[2]


def _structures(tf, x, m):
    body = lambda i, d: (i + 1, {"a": d["a"] * 2.0, "b": (d["b"][0] + d["a"],)})  # noqa: E731
    first = (0, {"a": x, "b": (tf.constant([1.0]),)})
    shapes = (
        tf.TensorShape([]),
        {"a": tf.TensorShape([None]), "b": (tf.TensorShape([None]),)},
    )
    return tf.while_loop(lambda i, d: i < 3, body, first, shape_invariants=shapes)[1]["b"][0]


def _gathered(tf, x, m):
    step = lambda i, y: (i + 1, y + tf.reduce_sum(tf.gather(m, [i % 2, 1])))  # noqa: E731
    return tf.while_loop(lambda i, y: i < 4, step, [0, 0.0])[1] + x


def _controls(tf, x, m):
    a = tf.constant(1.0, name="a")

    def body(i, y):
        with tf.control_dependencies([a]):
            return i + 1, y * tf.constant(2.0)

    with tf.control_dependencies([tf.no_op(name="n"), a]):
        return tf.while_loop(lambda i, y: i < 4, body, [0, x])[1]


def _outputs(tf, x, m):
    y, z = tf.while_loop(
        lambda y, z: tf.reduce_all(tf.less(y, 50.0)), lambda y, z: (z + y, y), (x, x)
    )
    return y - z


LOOPS = {
    "doubled": _doubled,
    "no_iteration": _no_iteration,
    "product": _product,
    "invariants": _invariants,
    "stopped_early": _stopped_early,
    "nested": _nested,
    "condition_in_loop": _condition_in_loop,
    "loop_in_condition": _loop_in_condition,
    "growing": _growing,
    "unused_exit": _unused_exit,
    "not_from_first": _not_from_first,
    "structures": _structures,
    "gathered": _gathered,
    "controls": _controls,
    "outputs": _outputs,
}


def _array_written(tf, x, m):
    array = tf.TensorArray(tf.float32, size=3, element_shape=[2])
    body = lambda i, a: (i + 1, a.write(i, m[i] * x))  # noqa: E731
    return tf.while_loop(lambda i, a: i < 3, body, [0, array])[1].stack()


def _array_read(tf, x, m):
    array = tf.TensorArray(tf.float32, size=tf.shape(m)[0]).unstack(m)
    body = lambda i, s: (i + 1, s * 0.5 + array.read(i))  # noqa: E731
    return tf.while_loop(lambda i, s: i < array.size(), body, [0, x])[1]


def _array_grows(tf, x, m):
    array = tf.TensorArray(
        tf.float32, size=0, dynamic_size=True, clear_after_read=False, infer_shape=False
    )
    body = lambda i, a: (i + 1, a.write(i, m[:i, 0]))  # noqa: E731
    array = tf.while_loop(lambda i, a: i < 4, body, [1, array.write(0, x)])[1]
    return tf.concat([array.concat(), array.read(2)], 0)


def _array_split(tf, x, m):
    array = tf.TensorArray(tf.float32, size=2, infer_shape=False, clear_after_read=False)
    array = array.split(m, [1, 2])
    return array.read(1) * array.read(0)


def _array_gathered(tf, x, m):
    array = tf.TensorArray(tf.float32, size=4, clear_after_read=False).scatter([3, 1, 0], m)
    return array.gather([0, 3]) + array.read(1)


def _mapped(tf, x, m):
    return tf.map_fn(lambda row: tf.reduce_sum(row * row) + x[0], m)


def _mapped_together(tf, x, m):
    numbers = tf.constant([1, 2, 3])
    a, _ = tf.map_fn(
        lambda e: (e[0] * tf.cast(e[1], tf.float32), e[1] + 1),
        (m, numbers),
        dtype=(tf.float32, tf.int32),
    )
    return a


def _folded(tf, x, m):
    return tf.foldl(lambda a, row: a * 0.5 + row, m) + tf.foldl(lambda a, row: a * row, m, x)


def _folded_back(tf, x, m):
    return tf.foldr(lambda a, row: a * 0.5 + row, m) + tf.foldr(lambda a, row: a * row, m, x)


def _scanned(tf, x, m):
    return tf.scan(lambda a, row: a * 0.5 + row, m)


def _scanned_back(tf, x, m):
    return tf.scan(lambda a, row: a * row, m, initializer=x, reverse=True)


ARRAYS = {
    "written": _array_written,
    "read": _array_read,
    "grows": _array_grows,
    "split": _array_split,
    "gathered": _array_gathered,
    "mapped": _mapped,
    "mapped_together": _mapped_together,
    "folded": _folded,
    "folded_back": _folded_back,
    "scanned": _scanned,
    "scanned_back": _scanned_back,
}


def _cases(table):
    return cases(**{name: {"name": name} for name in table})


@_cases(LOOPS)
def loop(tf, name):
    """Nodes and static shapes before gradients, value and gradients."""
    return _observed(tf, LOOPS[name])


@_cases(ARRAYS)
def array(tf, name):
    """The same for tensor arrays and what is made of them."""
    return _observed(tf, ARRAYS[name])


def _observed(tf, make):
    x, m = _inputs(tf)
    y = make(tf, x, m)
    graph = tf.get_default_graph()
    found: dict[str, Any] = {"nodes": nodes(graph), "signatures": signatures(graph)}
    grads = tf.gradients(y, [x, m])
    found["added"] = [each for each in nodes_outside_gradients(graph) if "gradients" in str(each)]
    with session(tf) as sess:
        found["value"] = value(sess.run(y, FEEDS))
        found["gradients"] = [
            None if g is None else value(sess.run(tf.convert_to_tensor(g), FEEDS)) for g in grads
        ]
    return found


def updates_in_the_body(tf):
    """Variables that the body assigns to: every iteration sees what the last one left."""
    v = tf.Variable(1.0, name="v")
    r = tf.get_variable("r", initializer=2.0, use_resource=True)

    def body(i, a):
        with tf.control_dependencies([a]):
            grown = tf.assign_add(v, a)
        with tf.control_dependencies([grown]):
            scaled = r.assign(r * 1.5)
        with tf.control_dependencies([scaled]):
            return i + 1, grown + r.read_value()

    _, y = tf.while_loop(lambda i, a: i < 4, body, [0, 1.5], parallel_iterations=1)
    with session(tf) as sess:
        sess.run(tf.global_variables_initializer())
        return [value(each) for _ in range(2) for each in (sess.run(y), *sess.run([v, r]))]


def reads_in_the_body(tf):
    """A variable of reference kind that is read in the body after an update of that iteration."""
    v = tf.Variable(1.0, name="v")

    def body(i, a):
        with tf.control_dependencies([tf.assign_add(v, a)]):
            return i + 1, tf.identity(v) * 2.0

    _, y = tf.while_loop(lambda i, a: i < 4, body, [0, 1.5], parallel_iterations=1)
    with session(tf) as sess:
        sess.run(tf.global_variables_initializer())
        return [value(sess.run(y)), value(sess.run(v)), value(sess.run(y))]


def training(tf):
    """Descent through a loop whose weights are variables of both kinds."""
    v = tf.get_variable("v", initializer=[0.1, -0.2])
    r = tf.get_variable("r", initializer=[[0.5, -0.3], [0.2, 0.4]], use_resource=True)
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    body = lambda i, y: (i + 1, tf.tanh(tf.matmul(y, r) + v))  # noqa: E731
    y = tf.while_loop(lambda i, y: i < 3, body, [0, x])[1]
    loss = tf.reduce_mean(tf.square(y - 0.5))
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    feeds = {x: np.array([[1.0, 2.0], [-0.5, 0.25]], np.float32)}
    losses = []
    with session(tf) as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(3):
            losses.append(value(sess.run(loss, feeds)))
            sess.run(train, feeds)
        return [losses, value(sess.run(v)), value(sess.run(r))]


def gradients_in_the_body(tf):
    """A body that differentiates, also through a loop in it; and the gradient of the first."""
    x = tf.placeholder(tf.float32, [2], name="x")

    def descent(i, y):
        return i + 1, y - 0.1 * tf.gradients(tf.reduce_sum(y * y * y), y)[0]

    def through_loop(i, y):
        _, w = tf.while_loop(lambda j, w: j < 2, lambda j, w: (j + 1, w * y), [0, y])
        return i + 1, y - 0.01 * tf.gradients(w, y)[0]

    _, y = tf.while_loop(lambda i, y: i < 5, descent, [0, x])
    _, u = tf.while_loop(lambda i, y: i < 3, through_loop, [0, x])
    fetches = [y, u, *tf.gradients(y, x)]
    with session(tf) as sess:
        return [value(each) for each in sess.run(fetches, {x: [0.5, -0.2]})]


def sparse_gradients(tf):
    """Rows of a table that iterations look up: the gradient collects rows."""
    table = tf.get_variable("table", initializer=np.arange(12.0).reshape(4, 3))

    def body(i, s):
        return i + 1, s + tf.reduce_sum(tf.nn.embedding_lookup(table, [i, 1]) * 0.5)

    _, total = tf.while_loop(lambda i, s: i < 3, body, [0, tf.constant(0.0, tf.float64)])
    (grad,) = tf.gradients(total, table)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(total)
    with session(tf) as sess:
        sess.run(tf.global_variables_initializer())
        found = [type(grad).__name__, value(sess.run(tf.convert_to_tensor(grad)))]
        sess.run(train)
        return [*found, value(sess.run(table))]


def fetched_from_inside(tf):
    """What is inside a loop cannot be fetched or fed."""
    _doubled(tf, *_inputs(tf))
    graph = tf.get_default_graph()
    inside = [op.name for op in graph.get_operations() if not graph.is_fetchable(op)]
    unfed = [
        t.name for op in graph.get_operations() for t in op.outputs if not graph.is_feedable(t)
    ]
    return {"unfetchable": inside, "unfeedable": unfed}


def second_gradient(tf):
    """The gradient of a gradient through a loop is refused."""
    x, m = _inputs(tf)
    (first,) = tf.gradients(_doubled(tf, x, m), x)
    return raised(lambda: tf.gradients(first, x))


WRONG = {
    "condition_not_callable": lambda tf: tf.while_loop(1, lambda i: i, [0]),
    "body_not_callable": lambda tf: tf.while_loop(lambda i: i < 1, 1, [0]),
    "no_variables": lambda tf: tf.while_loop(lambda: True, list, []),
    "no_parallel": lambda tf: tf.while_loop(
        lambda i: i < 1, lambda i: i, [0], parallel_iterations=0
    ),
    "fewer_results": lambda tf: tf.while_loop(lambda i, j: i < 3, lambda i, j: i, [0, 1]),
    "more_results": lambda tf: tf.while_loop(lambda i, j: i < 3, lambda i, j: (i, j, j), [0, 1]),
    "condition_no_truth": lambda tf: tf.while_loop(lambda i: i, lambda i: i, [0]),
    "condition_no_scalar": lambda tf: tf.while_loop(lambda i: i < [1, 2], lambda i: i, [0]),
    "shape_changes": lambda tf: tf.while_loop(
        lambda x: True, lambda x: tf.concat([x, x], 0), [tf.ones([2])]
    ),
    "invariant_too_narrow": lambda tf: tf.while_loop(
        lambda x: True, lambda x: x, [tf.ones([2])], shape_invariants=[tf.TensorShape([3])]
    ),
    "invariant_of_other_structure": lambda tf: tf.while_loop(
        lambda x: True, lambda x: x, [tf.ones([2])], shape_invariants=[[]]
    ),
    "most_no_scalar": lambda tf: tf.while_loop(
        lambda x: True, lambda x: x, [1.0], maximum_iterations=[2]
    ),
    "map_not_callable": lambda tf: tf.map_fn(1, tf.ones([2])),
    "map_of_scalar": lambda tf: tf.map_fn(lambda x: x, tf.constant(1.0)),
    "map_of_scalars": lambda tf: tf.map_fn(lambda x: x, [tf.constant(1.0), tf.constant(2.0)]),
    "fold_not_callable": lambda tf: tf.foldl(1, tf.ones([2])),
    "scan_not_callable": lambda tf: tf.scan(1, tf.ones([2])),
    "array_without_size": lambda tf: tf.TensorArray(tf.float32),
    "array_with_handle_and_name": lambda tf: tf.TensorArray(
        tf.float32, handle=tf.constant(1), tensor_array_name="a"
    ),
    "array_of_other_shape": lambda tf: tf.TensorArray(tf.float32, size=2, element_shape=[2]).write(
        0, [1.0]
    ),
}


@_cases(WRONG)
def wrong(tf, name):
    """Errors when the graph is made."""
    return raised(lambda: WRONG[name](tf), words=4)


def _array(tf, size=2, **options):
    return tf.TensorArray(tf.float32, size=size, **options)


WRONG_WHEN_RUN = {
    "read_behind_end": lambda tf: _array(tf).write(0, 1.0).read(5),
    "write_behind_end": lambda tf: _array(tf).write(5, 1.0).flow,
    "read_twice": lambda tf: _read_twice(tf),
    "written_twice": lambda tf: _array(tf).write(0, 1.0).write(0, 2.0).flow,
    "written_after_read": lambda tf: _written_after_read(tf),
    "never_written": lambda tf: _array(tf).write(0, 1.0).read(1),
    "shapes_differ": lambda tf: (
        _array(tf, infer_shape=False).write(0, [1.0]).write(1, [1.0, 2.0]).stack()
    ),
    "lengths_do_not_sum": lambda tf: _array(tf).split([1.0, 2.0, 3.0], [1, 1]).flow,
}


def _read_twice(tf):
    array = _array(tf).write(0, 1.0)
    first = array.read(0)
    with tf.control_dependencies([first]):
        return array.read(0)


def _written_after_read(tf):
    array = _array(tf, clear_after_read=False).write(0, 1.0)
    with tf.control_dependencies([array.read(0)]):
        return array.write(0, 2.0).flow


@_cases(WRONG_WHEN_RUN)
def wrong_when_run(tf, name):
    """Errors of tensor arrays; their numbers, which grow from run to run, are left out."""
    fetch = WRONG_WHEN_RUN[name](tf)
    with session(tf) as sess:
        found = raised(lambda: sess.run(fetch), words=8)
    words = found.get("words", "").split()
    found["words"] = " ".join(word for word in words if not word.startswith("TensorArray_"))
    return found
