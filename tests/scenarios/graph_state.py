"""What a graph carries while it is described: scopes, devices, collections, seeds, defaults."""

from __future__ import annotations

from typing import Any

from ._tools import cases, evaluate, names, nodes, raised


def _controls(op):
    return sorted(control.name for control in getattr(op, "op", op).control_inputs)


def control_dependencies_nested(tf: Any) -> Any:
    a, b, c = (tf.no_op(name=n) for n in "abc")
    with tf.control_dependencies([a]):
        one = tf.no_op()
        with tf.control_dependencies([b, c]):
            two = tf.no_op()
            with tf.control_dependencies([a]):
                three = tf.no_op()
        four = tf.no_op()
    return [_controls(op) for op in (one, two, three, four, tf.no_op())]


def control_dependencies_none_clears(tf: Any) -> Any:
    a, b = tf.no_op(name="a"), tf.no_op(name="b")
    with tf.control_dependencies([a]):
        with tf.control_dependencies(None):
            one = tf.no_op()
            with tf.control_dependencies([b]):
                two = tf.no_op()
        three = tf.no_op()
    return [_controls(op) for op in (one, two, three)]


def control_dependencies_on_tensors_and_variables(tf: Any) -> Any:
    v = tf.get_variable("v", initializer=1.0)
    r = tf.get_variable("r", initializer=1.0, use_resource=True)
    c = tf.constant(1.0, name="c")
    slices = tf.IndexedSlices(tf.constant([1.0], name="x"), tf.constant([0], name="i"))
    with tf.control_dependencies([v, c, slices]):
        one = tf.no_op()
    with tf.control_dependencies([r]):
        two = tf.no_op()
    with tf.control_dependencies([]):
        three = tf.no_op()
    return [_controls(op) for op in (one, two, three)]


def control_dependency_dropped_when_an_input_has_it(tf: Any) -> Any:
    a = tf.constant(1.0, name="a")
    with tf.control_dependencies([a]):
        one = tf.identity(a, name="one")
        two = tf.identity(one, name="two")
        three = tf.constant(2.0, name="three")
        four = tf.add(two, three, name="four")
    return [_controls(op) for op in (one, two, three, four)]


def control_dependencies_and_variables(tf: Any) -> Any:
    a = tf.no_op(name="a")
    with tf.control_dependencies([a]):
        tf.get_variable("v", initializer=1.0)
        tf.Variable(tf.zeros([2]), name="w")
        tf.get_variable("u", [2], initializer=tf.zeros_initializer())
    return nodes(tf.get_default_graph())


def control_dependency_errors(tf: Any) -> Any:
    def entered(what):
        with tf.control_dependencies(what):
            pass

    with tf.Graph().as_default():
        other = tf.no_op(name="other")
    return [
        raised(lambda: entered([3]), words=8),
        raised(lambda: entered(["nothing"]), words=8),
        raised(lambda: entered([other]), words=1),
        raised(lambda: entered([None]), words=4),
    ]


def group_and_tuple_nodes(tf: Any) -> Any:
    a, b = tf.constant(1.0, name="a"), tf.constant(2.0, name="b")
    with tf.device("/cpu:0"):
        c = tf.no_op(name="c")
    tf.group(a, b)
    tf.group(a, c, name="both")
    tf.group([a, [b]])
    tf.group()
    tf.tuple([a, b, None], name="pair")
    tf.tuple([a], control_inputs=[c])
    tf.identity_n([a, b])
    return nodes(tf.get_default_graph())


def with_dependencies(tf: Any) -> Any:
    a = tf.no_op(name="a")
    with tf.control_dependencies([a]):
        b = tf.identity(tf.constant(1.0))
    return [b.name, _controls(b), nodes(tf.get_default_graph())]


DEVICES = ["/cpu:0", "/gpu:1", "/device:CPU:0", "/job:worker/task:2", "/job:ps", "cpu", "", None]


@cases(**{str(i): {"device": device} for i, device in enumerate(DEVICES)})
def device_text(tf: Any, device: Any) -> Any:
    return _or_error(lambda: _placed(tf, device))


def _or_error(call):
    try:
        return call()
    except ValueError as error:
        return [type(error).__name__, str(error).split()[:3]]


def _placed(tf: Any, device: Any) -> Any:
    with tf.device(device):
        return tf.constant(1.0).device


def devices_are_merged(tf: Any) -> Any:
    made = []
    with tf.device("/job:worker/task:1"):
        made.append(tf.no_op().device)
        with tf.device("/gpu:0"):
            made.append(tf.no_op().device)
            with tf.device("/cpu:1"):
                made.append(tf.no_op().device)
            with tf.device(None):
                made.append(tf.no_op().device)
            with tf.device("/job:ps"):
                made.append(tf.no_op().device)
        with tf.device(""):
            made.append(tf.no_op().device)
    return [*made, tf.no_op().device]


def device_functions(tf: Any) -> Any:
    def by_type(op):
        return "/gpu:0" if op.type == "MatMul" else "/cpu:0"

    with tf.device(by_type):
        c = tf.constant([[1.0]])
        product = tf.matmul(c, c)
    with tf.device("/job:worker"), tf.device(by_type):
        inner = tf.no_op()
    with tf.device(by_type), tf.device("/job:worker/gpu:3"):
        outer = tf.no_op()
    return [c.device, product.device, product.op.device, inner.device, outer.device]


def device_of_a_variable(tf: Any) -> Any:
    with tf.device("/cpu:0"):
        v = tf.get_variable("v", initializer=1.0)
        r = tf.get_variable("r", initializer=1.0, use_resource=True)
    total = v + 1.0
    return [v.device, v.op.device, v.initializer.device, r.device, total.device]


def colocation(tf: Any) -> Any:
    a = tf.constant(1.0, name="a")
    with tf.colocate_with(a):
        b = tf.constant(2.0, name="b")
        with tf.colocate_with(b):
            c = tf.constant(3.0, name="c")
        with tf.colocate_with(None, ignore_existing=True):
            d = tf.constant(4.0, name="d")
    with tf.device("/cpu:0"):
        e = tf.constant(1.0, name="e")
    with tf.colocate_with(e):
        f = tf.constant(1.0, name="f")
    v = tf.get_variable("v", [2])
    groups = [
        [t.op.name, [g.decode() for g in t.op.colocation_groups()]] for t in (a, b, c, d, e, f)
    ]
    initial = tf.get_default_graph().get_operation_by_name("v/Initializer/random_uniform")
    return [
        *groups,
        f.device,
        [g.decode() for g in v.op.colocation_groups()],
        [g.decode() for g in v.initializer.colocation_groups()],
        [g.decode() for g in v.value().op.colocation_groups()],
        [g.decode() for g in initial.colocation_groups()],
    ]


def collections(tf: Any) -> Any:
    graph = tf.get_default_graph()
    tf.add_to_collection("mine", 1)
    tf.add_to_collection("mine", "two")
    graph.add_to_collections(["mine", "yours"], 3)
    copy = tf.get_collection("mine")
    copy.append("lost")
    reference = tf.get_collection_ref("mine")
    reference.append("kept")
    made = [tf.get_collection("mine"), tf.get_collection("yours"), tf.get_collection("nobody")]
    made += [sorted(graph.get_all_collection_keys()), sorted(graph.collections)]
    graph.clear_collection("mine")
    return [*made, tf.get_collection("mine"), sorted(graph.get_all_collection_keys())]


def collection_by_scope(tf: Any) -> Any:
    with tf.name_scope("a"):
        x = tf.constant(1.0, name="x")
    y = tf.constant(1.0, name="ab")
    for thing in (x, y, "text", 3):
        tf.add_to_collection("mine", thing)
    return [
        names(tf.get_collection("mine", "a")),
        names(tf.get_collection("mine", "a/")),
        names(tf.get_collection("mine", "b")),
        len(tf.get_collection("mine")),
    ]


def graph_keys(tf: Any) -> Any:
    wanted = (
        "GLOBAL_VARIABLES LOCAL_VARIABLES MODEL_VARIABLES TRAINABLE_VARIABLES SUMMARIES "
        "QUEUE_RUNNERS TABLE_INITIALIZERS ASSET_FILEPATHS MOVING_AVERAGE_VARIABLES "
        "REGULARIZATION_LOSSES CONCATENATED_VARIABLES SAVERS WEIGHTS BIASES ACTIVATIONS UPDATE_OPS "
        "LOSSES SAVEABLE_OBJECTS INIT_OP LOCAL_INIT_OP READY_OP SUMMARY_OP GLOBAL_STEP TRAIN_OP "
        "EVAL_STEP COND_CONTEXT WHILE_CONTEXT METRIC_VARIABLES VARIABLES"
    )
    return [[key, getattr(tf.GraphKeys, key)] for key in wanted.split()]


def finalized_graph(tf: Any) -> Any:
    graph = tf.get_default_graph()
    c = tf.constant(1.0)
    before = graph.finalized
    graph.finalize()
    return [
        before,
        graph.finalized,
        raised(lambda: tf.constant(2.0), words=9),
        raised(lambda: c + 1.0, words=9),
        raised(lambda: tf.get_variable("v", []), words=9),
        raised(lambda: tf.add_to_collection("mine", 1), words=9),
        _evaluate_only(tf, c),
    ]


def _evaluate_only(tf: Any, tensor: Any) -> Any:
    with tf.Session() as sess:
        return float(sess.run(tensor))


SEEDED = {
    "default": {},
    "graph": {"graph_seed": 7},
    "op": {"op_seed": 9},
    "both": {"graph_seed": 7, "op_seed": 9},
    "zero_op": {"op_seed": 0},
    "zero_graph": {"graph_seed": 0},
    "zero_both": {"graph_seed": 0, "op_seed": 0},
    "large": {"graph_seed": 2**33 + 5, "op_seed": 2**31},
    "negative": {"op_seed": -3},
}


@cases(**SEEDED)
def seeds_of_a_random_op(tf: Any, graph_seed: Any = None, op_seed: Any = None) -> Any:
    if graph_seed is not None:
        tf.set_random_seed(graph_seed)
    tf.constant(0.0)
    first = tf.random_uniform([2], seed=op_seed, name="first")
    second = tf.random_normal([2], seed=op_seed, name="second")
    graph = tf.get_default_graph()
    made = [tf.get_seed(op_seed), graph.seed]
    for name in ("first/RandomUniform", "second/RandomStandardNormal"):
        op = graph.get_operation_by_name(name)
        made.append([op.get_attr("seed"), op.get_attr("seed2")])
    return made + names([first, second])


def seeds_depend_on_the_number_of_operations(tf: Any) -> Any:
    tf.set_random_seed(1)
    made = [tf.random_uniform([1]), tf.constant(1.0) + 2.0, tf.random_uniform([1])]
    made += [tf.random_shuffle([1, 2]), tf.get_variable("v", [1]), tf.multinomial([[1.0]], 1)]
    made += [tf.nn.dropout(made[1], 0.5), tf.truncated_normal([1])]
    operations = tf.get_default_graph().get_operations()
    random = ("RandomUniform", "RandomShuffle", "Multinomial", "TruncatedNormal")
    return [
        [i, op.name, op.get_attr("seed"), op.get_attr("seed2")]
        for i, op in enumerate(operations)
        if op.type in random
    ]


def seed_set_late(tf: Any) -> Any:
    first = tf.random_uniform([1])
    tf.set_random_seed(5)
    second = tf.random_uniform([1])
    operations = [t.op.inputs[0].op.inputs[0].op for t in (first, second)]
    return [[op.type, op.get_attr("seed"), op.get_attr("seed2")] for op in operations]


def default_graphs(tf: Any) -> Any:
    root = tf.get_default_graph()
    one, two = tf.Graph(), tf.Graph()
    with one.as_default() as entered:
        made = [entered is one, tf.get_default_graph() is one]
        a = tf.constant(1.0)
        with two.as_default():
            b = tf.constant(1.0)
        c = tf.constant(1.0)
        made.append(tf.get_default_graph() is one)
    made += [tf.get_default_graph() is root, a.graph is one, b.graph is two, c.name, b.name]
    return made


def reset_default_graph(tf: Any) -> Any:
    before = tf.get_default_graph()
    tf.constant(1.0)
    tf.reset_default_graph()
    after = tf.get_default_graph()
    return [before is after, tf.constant(1.0).name, len(after.get_operations())]


def reset_default_graph_inside_a_graph(tf: Any) -> Any:
    def nested():
        with tf.Graph().as_default():
            tf.reset_default_graph()

    def in_session():
        with tf.Session():
            tf.reset_default_graph()

    return [raised(nested, words=8), raised(in_session, words=8)]


def gradient_override(tf: Any) -> Any:
    if "ScenarioDouble" not in _registered:
        tf.RegisterGradient("ScenarioDouble")(lambda op, grad: grad * 100.0)
        _registered.add("ScenarioDouble")
    x = tf.constant(3.0)
    graph = tf.get_default_graph()
    with graph.gradient_override_map({"Square": "ScenarioDouble", "Identity": "ScenarioDouble"}):
        y = tf.square(x)
        with graph.gradient_override_map({"Square": "ScenarioDouble"}):
            z = tf.identity(x)
    plain = tf.square(x)
    return [
        evaluate(tf, tf.gradients(y, x) + tf.gradients(z, x) + tf.gradients(plain, x)),
        y.op.get_attr("_gradient_op_type").decode(),
        raised(lambda: plain.op.get_attr("_gradient_op_type"), words=3),
    ]


_registered = set()  # type: set[Any]


def gradient_override_errors(tf: Any) -> Any:
    graph = tf.get_default_graph()

    def entered(what):
        with graph.gradient_override_map(what):
            pass

    return [
        raised(lambda: entered(3), words=5),
        raised(lambda: entered({3: "a"}), words=3),
        raised(lambda: entered({"a": 3}), words=3),
    ]


def set_shape(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, name="x")
    made = [str(x.shape), x.shape.ndims, x.get_shape() == tf.TensorShape(None)]
    x.set_shape([None, 3])
    made.append(str(x.shape))
    x.set_shape([2, None])
    made += [str(x.shape), x.shape.as_list(), x.shape.ndims]
    made.append(raised(lambda: x.set_shape([5, 3]), words=11))
    made.append(raised(lambda: x.set_shape([2, 3, 4]), words=6))
    made.append(raised(lambda: tf.placeholder(tf.float32).shape.as_list(), words=4))
    made.append(raised(lambda: len(tf.placeholder(tf.float32).shape), words=5))
    return [*made, str(tf.placeholder(tf.float32, [None, 2]).shape[0]), repr(x.shape[1])]


def shapes_inferred(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 3])
    w = tf.placeholder(tf.float32, [3, None])
    u = tf.placeholder(tf.float32)
    made = [
        tf.matmul(x, w),
        x + 1.0,
        x + tf.zeros([2, 1]),
        x + u,
        tf.reshape(x, [-1]),
        tf.reshape(x, [2, -1]),
        tf.reshape(u, [-1, 4]),
        tf.reshape(x, tf.shape(u)),
        tf.reshape(x, [tf.shape(x)[0], 3, 1]),
        tf.transpose(x),
        tf.transpose(u),
        tf.reduce_sum(x),
        tf.reduce_sum(x, 0),
        tf.reduce_sum(x, tf.placeholder(tf.int32, [])),
        tf.concat([x, x], 0),
        tf.concat([x, x], 1),
        tf.stack([x, x]),
        tf.expand_dims(x, -1),
        tf.squeeze(tf.zeros([1, 2, 1])),
        tf.squeeze(u),
        x[0],
        x[:, 0],
        x[:2],
        x[tf.newaxis],
        u[0],
        tf.gather(x, [0, 1]),
        tf.gather(x, tf.placeholder(tf.int32, [None, 5])),
        tf.one_hot(tf.placeholder(tf.int32, [None]), 10),
        tf.argmax(x, 1),
        tf.shape(x),
        tf.shape(u),
        tf.size(u),
        tf.tile(x, [2, 2]),
        tf.pad(x, [[1, 1], [2, 2]]),
        tf.where(x > 0.0),
        tf.fill(tf.stack([tf.shape(x)[0], 4]), 0.0),
        tf.zeros_like(u),
        tf.range(tf.placeholder(tf.int32, [])),
        tf.range(10),
        tf.split(x, 3, 1)[0],
        tf.tensordot(x, w, 1),
        tf.boolean_mask(x, tf.placeholder(tf.bool, [None])),
        tf.random_uniform(tf.shape(x)),
        tf.random_normal([2, 3]),
        tf.py_func(lambda a: a, [x], tf.float32),
        tf.placeholder_with_default([1.0, 2.0], [None]),
        tf.nn.softmax(x),
        tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.placeholder(tf.int32, [None]), logits=x
        ),
        tf.nn.embedding_lookup(tf.zeros([7, 2]), tf.placeholder(tf.int32, [None, None])),
    ]
    return [str(t.shape) for t in made]
