"""How a graph names its nodes, shows them as text, and finds them again."""

from __future__ import annotations

import functools
from typing import Any

from ._tools import both_kinds, cases, names, nodes, raised


def default_names(tf: Any) -> Any:
    made = [tf.constant(1.0), tf.constant(2), tf.placeholder(tf.float32), tf.no_op()]
    a, b = made[0], tf.constant(1.0)
    made += [b, a + b, a * 2.0, -a, a + b]
    return [*names(made), nodes(tf.get_default_graph())]


def names_made_unique(tf: Any) -> Any:
    return names([tf.constant(0, name=n) for n in ("a", "a", "a_1", "a", "b", "a_1", "a_1_1")])


def names_unique_whatever_the_case(tf: Any) -> Any:
    return names([tf.constant(0, name=n) for n in ("a", "A", "a", "A_1", "Ab", "aB", "AB")])


def names_ending_with_a_slash(tf: Any) -> Any:
    made = [tf.constant(0, name="a/"), tf.constant(0, name="b/c")]
    made.append(tf.constant(0, name="b/c"))
    return [*names(made), raised(lambda: tf.constant(0, name="a/"), words=5)]


def names_refused(tf: Any) -> Any:
    return [
        raised(functools.partial(tf.constant, 0, name=name), words=6)
        for name in ("a b", "a:0", "-a", "_a", "a&", "ä", "/a", "a\\b", "$")
    ]


def names_accepted(tf: Any) -> Any:
    wanted = ("a.b", "a-b", "a_b", "0a", ".a", "A9", "a", "x/y/z")
    return names([tf.constant(0, name=name) for name in wanted])


def unique_name(tf: Any) -> Any:
    graph = tf.get_default_graph()
    made = [
        graph.unique_name("a"),
        graph.unique_name("a"),
        graph.unique_name("A"),
        graph.unique_name("a", mark_as_used=False),
        graph.unique_name("a"),
        graph.unique_name("b/c"),
        graph.unique_name("b"),
    ]
    with graph.name_scope("s"):
        made += [graph.unique_name("a"), graph.unique_name("a")]
    return made


def name_scopes(tf: Any) -> Any:
    made = []
    with tf.name_scope("a") as outer:
        made += [outer, tf.constant(0).name, tf.constant(0, name="c").name]
        with tf.name_scope("b") as inner:
            made += [inner, tf.constant(0).name]
        with tf.name_scope("b") as again:
            made += [again, tf.constant(0).name]
    with tf.name_scope("a") as second:
        made += [second, tf.constant(0).name]
    return made


def name_scope_entered_again(tf: Any) -> Any:
    made = []
    with tf.name_scope("a") as scope:
        made.append(tf.constant(0, name="c").name)
    with tf.name_scope("other"):
        with tf.name_scope(scope) as again:
            made += [again, tf.constant(0, name="c").name]
            with tf.name_scope("inner") as inner:
                made += [inner, tf.constant(0).name]
        made.append(tf.constant(0).name)
    with tf.name_scope("a/") as by_text:
        made += [by_text, tf.constant(0, name="c").name]
    return made


def name_scope_none_and_empty(tf: Any) -> Any:
    made = []
    graph = tf.get_default_graph()
    with tf.name_scope("a"):
        with graph.name_scope(None) as root:
            made += [root, tf.constant(0).name]
        with graph.name_scope("") as empty:
            made += [empty, tf.constant(0).name]
        with tf.name_scope(None, "default") as default:
            made += [default, tf.constant(0).name]
        with tf.name_scope(None, "default", [1.0]) as default:
            made += [default, tf.constant(0).name]
        with tf.name_scope("given", "default") as given:
            made += [given, graph.get_name_scope()]
    return [*made, graph.get_name_scope()]


def name_scope_and_operation_share_names(tf: Any) -> Any:
    made = [tf.constant(0, name="a").name]
    with tf.name_scope("a") as scope:
        made.append(scope)
    made.append(tf.constant(0, name="a").name)
    with tf.name_scope("b") as scope:
        made.append(scope)
    made.append(tf.constant(0, name="b").name)
    return made


def name_scope_errors(tf: Any) -> Any:
    def entered(*args):
        with tf.name_scope(*args):
            pass

    with tf.Graph().as_default():
        other = tf.constant(1.0, name="other")
    mine = tf.constant(1.0, name="mine")
    return [
        raised(lambda: entered("a b"), words=4),
        raised(lambda: entered("_a"), words=4),
        raised(lambda: entered(3), words=0),
        raised(lambda: entered("x", "y", [mine, other]), words=3),
    ]


def name_scope_underscore_inside(tf: Any) -> Any:
    with tf.name_scope("a"), tf.name_scope("_inner") as scope:
        return [scope, tf.constant(0).name, tf.constant(0, name="_b").name]


def op_scope(tf: Any) -> Any:
    with tf.op_scope([tf.constant(1.0)], None, "default") as scope:
        return [scope, tf.constant(0).name]


def control_inputs_do_not_name(tf: Any) -> Any:
    with tf.name_scope("a"), tf.control_dependencies([tf.no_op(name="first")]):
        return [tf.no_op().name, tf.identity(1.0).name, tf.identity(tf.constant(1.0), "id").name]


def texts_of_tensors(tf: Any) -> Any:
    made = [
        tf.constant(1.0, name="c"),
        tf.placeholder(tf.int32, [None, 3], name="p"),
        tf.placeholder(tf.string, name="unknown"),
        tf.constant([[True]], name="flags"),
        tf.zeros([0, 2], tf.complex64, name="empty"),
        tf.placeholder(tf.float64, [None], name="vector"),
        tf.placeholder(tf.bfloat16, [], name="brain"),
    ]
    return [[repr(t), str(t)] for t in made]


def texts_of_operations(tf: Any) -> Any:
    c = tf.constant(1.0, name="c")
    total = tf.add(c, tf.constant(2.0, name="d"), name="total")
    return [repr(c.op), repr(total.op), str(c.op), str(total.op), repr(tf.no_op())]


@both_kinds
def texts_of_variables(tf: Any, resource: Any) -> Any:
    made = [
        tf.get_variable("v", [2, 3], use_resource=resource),
        tf.Variable(1, name="n", use_resource=resource),
        tf.get_variable("d", [], tf.float64, use_resource=resource),
    ]
    return [[repr(v), str(v), repr(v.value()), repr(v.op), str(v.dtype)] for v in made]


def texts_of_shapes(tf: Any) -> Any:
    made = [
        tf.TensorShape([]),
        tf.TensorShape([2]),
        tf.TensorShape([None, 3]),
        tf.TensorShape(None),
        tf.TensorShape([2, None, 4]),
    ]
    dimensions = [tf.Dimension(3), tf.Dimension(None)]
    return [[repr(s), str(s)] for s in made + dimensions]


def texts_of_dtypes(tf: Any) -> Any:
    known = "float16 float32 float64 int8 int16 int32 int64 uint8 bool string complex64 resource"
    made = [getattr(tf, name) for name in known.split()]
    made += [tf.as_dtype("float32_ref"), tf.as_dtype(float), tf.as_dtype(bool)]
    texts = [[repr(d), str(d), d.name, d.size, d.is_floating, d.is_integer] for d in made]
    return [*texts, raised(lambda: tf.as_dtype(int), words=9)]


def texts_of_indexed_slices(tf: Any) -> Any:
    slices = tf.IndexedSlices(
        tf.constant([[1.0]], name="values"),
        tf.constant([2], name="indices"),
        tf.constant([3, 1], name="shape"),
    )
    return [str(slices), slices.name, slices.dtype.name, slices.op.name]


def text_of_a_graph(tf: Any) -> Any:
    graph = tf.get_default_graph()
    return [repr(graph).split(" at ")[0].split(".")[-1], graph.version, graph.building_function]


def texts_of_lists(tf: Any) -> Any:
    a = tf.constant([1.0, 2.0], name="a")
    parts = tf.split(a, 2, name="parts")
    return [repr(parts), str(parts[0].op.outputs), repr(parts[1].op.inputs[1]), names(parts)]


def order_of_operations(tf: Any) -> Any:
    a = tf.placeholder(tf.float32, name="a")
    b = a * 2.0 + 3.0
    tf.reduce_mean(b)
    tf.nn.relu(b)[0]
    tf.concat([[1.0], [2.0]], 0)
    graph = tf.get_default_graph()
    return [names(graph.get_operations()), graph.version]


def operation_by_name(tf: Any) -> Any:
    c = tf.constant(1.0, name="c")
    graph = tf.get_default_graph()
    return [
        graph.get_operation_by_name("c") is c.op,
        raised(lambda: graph.get_operation_by_name("d"), words=20),
        raised(lambda: graph.get_operation_by_name("c:0"), words=14),
        raised(lambda: graph.get_operation_by_name(c), words=5),
        raised(lambda: graph.get_operation_by_name(None), words=5),
    ]


def tensor_by_name(tf: Any) -> Any:
    c = tf.constant(1.0, name="c")
    graph = tf.get_default_graph()
    return [
        graph.get_tensor_by_name("c:0") is c,
        raised(lambda: graph.get_tensor_by_name("c"), words=20),
        raised(lambda: graph.get_tensor_by_name("d:0"), words=24),
        raised(lambda: graph.get_tensor_by_name("c:1"), words=26),
        raised(lambda: graph.get_tensor_by_name("c:x"), words=16),
        raised(lambda: graph.get_tensor_by_name("c:0:0"), words=8),
        raised(lambda: graph.get_tensor_by_name(c), words=6),
        raised(lambda: graph.get_tensor_by_name(3), words=6),
    ]


def graph_elements(tf: Any) -> Any:
    c = tf.constant(1.0, name="c")
    v = tf.get_variable("v", initializer=1.0)
    graph = tf.get_default_graph()
    with tf.Graph().as_default():
        other = tf.constant(1.0, name="other")
    return [
        graph.as_graph_element(c) is c,
        graph.as_graph_element(c.op) is c.op,
        graph.as_graph_element("c") is c.op,
        graph.as_graph_element("c:0") is c,
        graph.as_graph_element(v).name,
        raised(lambda: graph.as_graph_element(other), words=9),
        raised(lambda: graph.as_graph_element(other.op), words=1),
        raised(lambda: graph.as_graph_element("c", allow_operation=False), words=9),
        raised(lambda: graph.as_graph_element("c:0", allow_tensor=False), words=9),
        raised(lambda: graph.as_graph_element(c, allow_tensor=False), words=8),
        raised(lambda: graph.as_graph_element(c, False, False), words=5),
        raised(lambda: graph.as_graph_element(1.5), words=8),
        raised(lambda: graph.as_graph_element("d"), words=12),
    ]


@cases(
    constant={"make": lambda tf: tf.constant([1.0, 2.0])},
    matmul={"make": lambda tf: tf.matmul([[1.0]], [[2.0]], transpose_b=True)},
    placeholder={"make": lambda tf: tf.placeholder(tf.float32, [None, 2])},
    reduce={"make": lambda tf: tf.reduce_sum([[1.0]], 1, keepdims=True)},
    cast={"make": lambda tf: tf.cast([1.0], tf.int32)},
    random={"make": lambda tf: tf.random_uniform([2], seed=4).op.inputs[0].op.inputs[0]},
    strided={"make": lambda tf: tf.constant([1.0, 2.0])[1:]},
    concat={"make": lambda tf: tf.concat([[1.0], [2.0]], 0)},
    stack={"make": lambda tf: tf.stack([tf.constant(1.0), 2.0], axis=0)},
    variable={"make": lambda tf: tf.get_variable("v", [2]).op.outputs[0]},
)
def attributes(tf: Any, make: Any) -> Any:
    op = make(tf).op
    wanted = {
        "Const": ["dtype"],
        "MatMul": ["T", "transpose_a", "transpose_b"],
        "Placeholder": ["dtype"],
        "Sum": ["T", "Tidx", "keep_dims"],
        "Cast": ["SrcT", "DstT", "Truncate"],
        "RandomUniform": ["T", "dtype", "seed", "seed2"],
        "StridedSlice": ["T", "Index", "begin_mask", "end_mask", "shrink_axis_mask"],
        "ConcatV2": ["N", "T", "Tidx"],
        "Pack": ["N", "T", "axis"],
        "VariableV2": ["dtype", "container", "shared_name"],
    }
    if op.type not in wanted:
        return [op.type]
    found = [[name, op.get_attr(name)] for name in wanted[op.type]]
    plain = [v.decode() if isinstance(v, bytes) else getattr(v, "name", v) for _, v in found]
    return [op.type, wanted[op.type], plain]


def attribute_that_does_not_exist(tf: Any) -> Any:
    op = tf.constant(1.0, name="c").op
    return [
        raised(lambda: op.get_attr("nothing"), words=5),
        raised(lambda: tf.no_op().outputs[0], words=0),
        raised(lambda: op.inputs[0], words=0),
    ]


def neighbours(tf: Any) -> Any:
    a = tf.constant(1.0, name="a")
    b = tf.constant(2.0, name="b")
    with tf.control_dependencies([b]):
        total = tf.add(a, a, name="total")
    product = tf.multiply(a, total, name="product")
    return [
        names(total.op.inputs),
        names(total.op.outputs),
        names(total.op.control_inputs),
        names(a.consumers()),
        names(total.consumers()),
        names(product.consumers()),
        [total.value_index, total.op.type, total.dtype.name, total.graph is tf.get_default_graph()],
        [len(total.op.inputs), total.op.inputs[1] is a, product.op.inputs[1] is total],
        [hash(a) == hash(a), a in {a: 1}, b in {a: 1}],
    ]
