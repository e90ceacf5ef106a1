"""Graphs with Savers, and their nodes: recorded with TensorFlow 1.15, and compared."""

import contextlib
import re


def _variable(tf, name="v", **options):
    return tf.Variable([1.0, 2.0], name=name, **options)


def plain(tf):
    _variable(tf)
    tf.get_variable("a/w", [2, 2], use_resource=True)
    _variable(tf, "x", use_resource=True)
    tf.train.Saver()


def reshaped(tf):
    _variable(tf)
    _variable(tf, "x", use_resource=True)
    tf.Variable(tf.placeholder(tf.float32), validate_shape=False, name="u")
    tf.train.Saver(reshape=True)


def in_parts(tf):
    _variable(tf)
    three = tf.fixed_size_partitioner(3)
    tf.get_variable("p", [4, 2], partitioner=tf.fixed_size_partitioner(2))
    tf.get_variable("q", [5, 2], use_resource=True, partitioner=three)
    tf.train.Saver(restore_sequentially=True)


def by_names(tf):
    parts = tf.get_variable("p", [4, 2], partitioner=tf.fixed_size_partitioner(2))
    tf.train.Saver({"z": parts, "y": _variable(tf)}, name="mine", filename="file")


def sharded(tf):
    with tf.device("/cpu:0"):
        _variable(tf)
    _variable(tf, "w")
    _variable(tf, "r", use_resource=True)
    tf.train.Saver(sharded=True)
    tf.train.Saver([_variable(tf, "k")], sharded=True)


def several(tf):
    variable = _variable(tf)
    tf.train.Saver()
    tf.train.Saver([variable])
    tf.train.Saver({"a": variable.op.outputs[0]})


def in_scopes(tf):
    with tf.variable_scope("outer"):
        _variable(tf)
    with tf.name_scope("inner"):
        tf.train.Saver()


GRAPHS = (plain, reshaped, in_parts, by_names, sharded, several, in_scopes)

FAULTS = {
    "nothing": lambda tf, v: tf.train.Saver([]),
    "twice": lambda tf, v: tf.train.Saver([v, v]),
    "two names": lambda tf, v: tf.train.Saver({"a": v, "b": v}),
    "no list": lambda tf, v: tf.train.Saver(3),
    "number in list": lambda tf, v: tf.train.Saver([3]),
    "number as name": lambda tf, v: tf.train.Saver({3: v}),
    "tensor in list": lambda tf, v: tf.train.Saver([v + 1]),
    "tensor in dict": lambda tf, v: tf.train.Saver({"a": v + 1}),
    "number in dict": lambda tf, v: tf.train.Saver({"a": 3}),
    "no part": lambda tf, v: tf.train.Saver({"a": [v]}),
    "not built": lambda tf, v: tf.train.Saver(defer_build=True).save(tf.Session(), "q"),
    "deferred": lambda tf, v: tf.train.Saver([v], defer_build=True),
}


def described(tf):
    """For each graph its nodes, for each fault the error."""
    result = {}
    for build in GRAPHS:
        tf.reset_default_graph()
        build(tf)
        result[build.__name__] = _nodes(tf)
    for name, fault in FAULTS.items():
        tf.reset_default_graph()
        variable = _variable(tf)
        try:
            fault(tf, variable)
        except Exception as error:
            result[name] = [type(error).__name__, str(error).split("\n")[0]]
    return result


def _nodes(tf):
    return [_node(tf, op) for op in tf.get_default_graph().get_operations()]


def _node(tf, op):
    said: dict[str, object] = {}
    if op.type in ("SaveV2", "RestoreV2"):
        said["dtypes"] = [dtype.name for dtype in op.get_attr("dtypes")]
    if op.type == "Assign":
        said = {name: op.get_attr(name) for name in ("validate_shape", "use_locking")}
    if op.type == "Const" and op.outputs[0].dtype in (tf.string, tf.int32):
        value = str(tf.Session().run(op.outputs[0]))
        said["value"] = re.sub("_temp_[0-9a-f]+/", "", value)
    with contextlib.suppress(ValueError):  # most operations have no such attribute
        said["class"] = str(op.get_attr("_class"))
    return [
        op.name,
        op.type,
        [tensor.name for tensor in op.inputs],
        sorted(each.name for each in op.control_inputs),
        op.device,
        [str(tensor.shape) for tensor in op.outputs],
        said,
    ]
