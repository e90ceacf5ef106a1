"""Variables to save: the same programs for TensorFlow 1.15, which records them, and for the tests.

A row is a function of the module `tf`; it gives variables and the options of the Saver. Values are
computed without randomness, so that files of the same row can be compared byte by byte.
"""

import numpy as np

NUMERIC = [
    "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "bool",
    "complex64", "complex128",
]  # fmt: skip


def _values(count, dtype, start=0):
    """Numbers that use many bits of each dtype, extremes included."""
    if dtype == "bool":
        return np.arange(start, start + count) % 3 == 0
    if np.dtype(dtype).kind in "iu":
        limits = np.iinfo(dtype)
        values = np.linspace(float(limits.min) / 2, float(limits.max) / 2, count).astype(dtype)
        values[0], values[-1] = limits.min, limits.max
        return values
    values = (np.arange(start, start + count) - 3.0) / 7.0
    if np.dtype(dtype).kind == "c":
        values = values * (1 - 2j)
    values = values.astype(dtype)
    values[0], values[1], values[2] = np.nan, np.inf, -0.0
    return values


def dtypes(tf):
    variables = [
        tf.Variable(_values(6, name).reshape(2, 3), name="of_" + name, dtype=name)
        for name in NUMERIC
    ]
    return variables, {}


def shapes(tf):
    return [
        tf.Variable(np.float32(1.5), name="scalar"),
        tf.Variable(np.int64(-7), name="global_step"),
        tf.Variable(np.zeros((0, 3), np.float32), name="empty"),
        tf.Variable(np.zeros((3, 0, 2), np.int32), name="empty_inside"),
        tf.Variable(np.arange(24.0).reshape(1, 2, 3, 4, 1), name="scope/deep/rank5"),
    ], {}


def strings(tf):
    long = b"x" * 300
    return [
        tf.Variable(b"one", name="scalar"),
        tf.Variable([b"", b"a\0b", "\u00fcber".encode("utf-8"), long], name="vector"),
        tf.Variable([[b"a"], [b"bc"]], name="matrix"),
        tf.Variable(np.zeros((0,), object).astype(bytes), name="none", dtype=tf.string),
    ], {}


def brain_float(tf):
    return [tf.Variable(tf.cast([1.0, -2.5, 3e38], tf.bfloat16), name="b")], {}


def parts(tf):
    def whole(shape, dtype=None, partition_info=None):
        values = np.arange(np.prod(partition_info.full_shape), dtype=np.float32)
        start = partition_info.var_offset
        index = tuple(slice(at, at + extent) for at, extent in zip(start, shape))
        return tf.constant(values.reshape(partition_info.full_shape)[index])

    three = tf.fixed_size_partitioner(3)
    rows = tf.get_variable("rows", [7, 2], initializer=whole, partitioner=three)
    columns = tf.get_variable(
        "columns", [2, 70], initializer=whole, partitioner=tf.fixed_size_partitioner(2, axis=1)
    )
    return [*rows, *columns, tf.Variable(np.array([1, 2], np.float32), name="v")], {}


def sharded(tf):
    with tf.device("/cpu:0"):
        first = tf.Variable(_values(5, "float32"), name="first")
    return [
        first,
        tf.Variable(_values(4, "int32"), name="second"),
        tf.Variable([b"text"], name="z"),
    ], {"sharded": True}


def many(tf):
    variables = [
        tf.Variable(np.array([number], np.int32), name=f"layer_{number}/weights")
        for number in range(40)
    ]
    return variables, {}


def resources(tf):
    return [
        tf.Variable(_values(6, "float64"), name="r", use_resource=True),
        tf.Variable(np.int64(3), name="count", use_resource=True),
    ], {}


ROWS = {
    each.__name__: each
    for each in (dtypes, shapes, strings, brain_float, parts, sharded, many, resources)
}

# Rows that are recorded in the first version of the format too.
OF_FIRST_VERSION = ("first_version", "parts", "many")


def first_version(tf):
    """What the first version of the format can hold."""
    names = ["float32", "float64", "int32", "uint8", "int16", "int8", "int64", "bool", "complex64"]
    variables = [
        tf.Variable(_values(6, name).reshape(2, 3), name="of_" + name, dtype=name) for name in names
    ]
    return [*variables, tf.Variable(np.float32(1.5), name="scalar")], {}


ROWS["first_version"] = first_version


def of_objects(tf):
    """Variables that are saved as parts of objects."""
    return [
        tf.Variable(_values(4, "float32"), name="scope/first", use_resource=True),
        tf.Variable(_values(5, "int32"), name="second", use_resource=True),
    ]
