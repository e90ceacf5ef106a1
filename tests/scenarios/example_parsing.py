"""Serialized examples parsed: every kind of feature, and what does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._tools import cases, nodes_outside_gradients, raised, value


class Messages:
    """Serialized messages, and features under short names."""

    def __init__(self, tf: Any) -> None:
        self.tf = tf
        self.fixed = tf.FixedLenFeature
        self.var = tf.VarLenFeature
        self.sequence = tf.FixedLenSequenceFeature
        self.sparse = tf.SparseFeature
        self.batch = [
            self.example(v=self.floats(1, 2)),
            self.example(v=self.floats()),
            self.example(),
            self.example(v=self.floats(3)),
        ]
        self.placed = [
            self.example(i=self.integers(3, 0), v=self.floats(1, 2)),
            self.example(i=self.integers(1), v=self.floats(7)),
        ]
        self.first = self.lists(
            {"c": self.integers(5)},
            a=[self.floats(1, 2), self.floats(3, 4)],
            w=[self.texts(b"x"), self.texts(), self.texts(b"y", b"z")],
        )
        self.second = self.lists({"c": self.integers(6)}, a=[self.floats(5, 6)], w=[])
        self.third = self.lists({"c": self.integers(7)})
        self.unset = self.lists({}, a=[tf.train.Feature(), self.floats(1)])

    def floats(self, *values: float) -> Any:
        """A feature of floating-point numbers."""
        return self.tf.train.Feature(float_list=self.tf.train.FloatList(value=values))

    def integers(self, *values: int) -> Any:
        """A feature of whole numbers."""
        return self.tf.train.Feature(int64_list=self.tf.train.Int64List(value=values))

    def texts(self, *values: bytes) -> Any:
        """A feature of strings."""
        return self.tf.train.Feature(bytes_list=self.tf.train.BytesList(value=values))

    def example(self, **features: Any) -> bytes:
        """A serialized Example."""
        held = self.tf.train.Features(feature=features)
        return bytes(self.tf.train.Example(features=held).SerializeToString())

    def lists(self, context: dict[str, Any], **features: Any) -> bytes:
        """A serialized SequenceExample."""
        train = self.tf.train
        held = {key: train.FeatureList(feature=each) for key, each in features.items()}
        example = train.SequenceExample(
            context=train.Features(feature=context),
            feature_lists=train.FeatureLists(feature_list=held),
        )
        return bytes(example.SerializeToString())


def _plain(tf: Any, parse: Any) -> Any:
    """What is parsed, the static shapes and the nodes; or the error."""
    with tf.Session() as sess:

        def run() -> Any:
            tensors = parse(tf, Messages(tf))
            found.append(value(sess.run(tensors)))

        found: list[Any] = []
        error = raised(run, words=5)
        if not found:
            return error
        return [found[0], nodes_outside_gradients(tf.get_default_graph())]


_EMPTY = np.array([], object)

_EXAMPLES: dict[str, Any] = {
    "var": lambda tf, m: tf.parse_example(m.batch, {"v": m.var(tf.float32)}),
    "var0": lambda tf, m: tf.parse_example([m.example()], {"v": m.var(tf.float32)}),
    "var_none": lambda tf, m: tf.parse_example(_EMPTY, {"v": m.var(tf.float32)}),
    "var_type": lambda tf, m: tf.parse_example(
        [m.example(v=m.integers(1))], {"v": m.var(tf.float32)}
    ),
    "var_single": lambda tf, m: tf.parse_single_example(m.batch[0], {"v": m.var(tf.float32)}),
    "var_single_empty": lambda tf, m: tf.parse_single_example(m.batch[2], {"v": m.var(tf.float32)}),
    "var_single_type": lambda tf, m: tf.parse_single_example(
        m.example(v=m.integers(1)), {"v": m.var(tf.float32)}
    ),
    "var_single_names": lambda tf, m: tf.parse_single_example(
        m.batch[0], {"v": m.var(tf.float32)}, example_names="n"
    ),
    "seq": lambda tf, m: tf.parse_example(m.batch, {"v": m.sequence([], tf.float32, True)}),
    "seq_pad": lambda tf, m: tf.parse_example(
        m.batch, {"v": m.sequence([], tf.float32, True, -1.0)}
    ),
    "seq_2": lambda tf, m: tf.parse_example(
        [m.batch[0], m.batch[1]], {"v": m.sequence([2], tf.float32, True)}
    ),
    "seq_2_bad": lambda tf, m: tf.parse_example(m.batch, {"v": m.sequence([2], tf.float32, True)}),
    "seq_nomissing": lambda tf, m: tf.parse_example(m.batch, {"v": m.sequence([2], tf.float32)}),
    "seq_type": lambda tf, m: tf.parse_example(
        [m.example(v=m.integers(1))], {"v": m.sequence([], tf.float32, True)}
    ),
    "seq_single": lambda tf, m: tf.parse_single_example(
        m.batch[0], {"v": m.sequence([], tf.float32, True)}
    ),
    "seq_single_empty": lambda tf, m: tf.parse_single_example(
        m.batch[2], {"v": m.sequence([], tf.float32, True)}
    ),
    "seq_single_bad": lambda tf, m: tf.parse_single_example(
        m.batch[3], {"v": m.sequence([2], tf.float32, True)}
    ),
    "seq_single_names": lambda tf, m: tf.parse_single_example(
        m.batch[0], {"v": m.sequence([], tf.float32, True)}, example_names="n"
    ),
    "seq_str": lambda tf, m: tf.parse_example(
        [m.example(v=m.texts(b"a")), m.example(v=m.texts(b"b", b"c"))],
        {"v": m.sequence([], tf.string, True)},
    ),
    "sf": lambda tf, m: tf.parse_example(m.placed, {"s": m.sparse("i", "v", tf.float32, 5)}),
    "sf_sorted": lambda tf, m: tf.parse_example(
        m.placed, {"s": m.sparse("i", "v", tf.float32, 5, True)}
    ),
    "sf_2": lambda tf, m: tf.parse_example(
        [m.example(i=m.integers(3, 0), j=m.integers(1, 1), v=m.floats(1, 2))],
        {"s": m.sparse(["i", "j"], "v", tf.float32, [5, 6])},
    ),
    "sf_single": lambda tf, m: tf.parse_single_example(
        m.placed[0], {"s": m.sparse("i", "v", tf.float32, 5)}
    ),
    "sf_and_var": lambda tf, m: tf.parse_single_example(
        m.placed[0], {"s": m.sparse("i", "v", tf.float32, 5), "i": m.var(tf.int64)}
    ),
    "sf_misfit": lambda tf, m: tf.parse_example(
        [m.example(i=m.integers(3, 0), v=m.floats(1))], {"s": m.sparse("i", "v", tf.float32, 5)}
    ),
}

_SEQUENCES: dict[str, Any] = {
    "sse": lambda tf, m: tf.parse_single_sequence_example(
        m.first,
        {"c": m.fixed([], tf.int64)},
        {"a": m.sequence([2], tf.float32), "w": m.var(tf.string)},
    ),
    "sse_missing": lambda tf, m: tf.parse_single_sequence_example(
        m.first, {}, {"zz": m.sequence([2], tf.float32)}
    ),
    "sse_missing_ok": lambda tf, m: tf.parse_single_sequence_example(
        m.first, {}, {"zz": m.sequence([2], tf.float32, True)}
    ),
    "sse_missing_var": lambda tf, m: tf.parse_single_sequence_example(
        m.first, {}, {"zz": m.var(tf.float32)}
    ),
    "sse_missing_ctx": lambda tf, m: tf.parse_single_sequence_example(
        m.first, {"q": m.fixed([], tf.int64)}
    ),
    "sse_ctx_default": lambda tf, m: tf.parse_single_sequence_example(
        m.first, {"q": m.fixed([], tf.int64, 9), "v": m.var(tf.int64)}
    ),
    "sse_ctx_type": lambda tf, m: tf.parse_single_sequence_example(
        m.first, {"c": m.fixed([], tf.float32)}
    ),
    "sse_ctx_n": lambda tf, m: tf.parse_single_sequence_example(
        m.first, {"c": m.fixed([2], tf.int64)}
    ),
    "sse_n": lambda tf, m: tf.parse_single_sequence_example(
        m.first, {}, {"a": m.sequence([3], tf.float32)}
    ),
    "sse_type": lambda tf, m: tf.parse_single_sequence_example(
        m.first, {}, {"a": m.sequence([2], tf.int64)}
    ),
    "sse_type_var": lambda tf, m: tf.parse_single_sequence_example(
        m.first, {}, {"w": m.var(tf.int64)}
    ),
    "sse_kind_unset": lambda tf, m: tf.parse_single_sequence_example(
        m.unset, {}, {"a": m.sequence([1], tf.float32)}
    ),
    "sse_kind_unset_var": lambda tf, m: tf.parse_single_sequence_example(
        m.unset, {}, {"a": m.var(tf.float32)}
    ),
    "sse_default": lambda tf, m: tf.parse_single_sequence_example(
        m.first, {}, {"a": m.sequence([2], tf.float32, False, 1.0)}
    ),
    "sse_garbage": lambda tf, m: tf.parse_single_sequence_example(
        b"garbage", {}, {"a": m.sequence([2], tf.float32)}
    ),
    "sse_name": lambda tf, m: tf.parse_single_sequence_example(
        m.first, {}, {"zz": m.sequence([2], tf.float32)}, example_name="nm"
    ),
    "sse_none": lambda tf, m: tf.parse_single_sequence_example(m.first),
    "sse_fixed_in_list": lambda tf, m: tf.parse_single_sequence_example(
        m.first, {}, {"a": m.fixed([2], tf.float32)}
    ),
    "pse": lambda tf, m: tf.io.parse_sequence_example(
        [m.first, m.second],
        {"c": m.fixed([], tf.int64), "v": m.var(tf.int64)},
        {"a": m.sequence([2], tf.float32), "w": m.var(tf.string)},
    ),
    "pse_missing": lambda tf, m: tf.io.parse_sequence_example(
        [m.first, m.third], {}, {"a": m.sequence([2], tf.float32)}
    ),
    "pse_missing_ok": lambda tf, m: tf.io.parse_sequence_example(
        [m.first, m.third], {}, {"a": m.sequence([2], tf.float32, True)}
    ),
    "pse_missing_ok_string": lambda tf, m: tf.io.parse_sequence_example(
        [m.lists({}, w=[m.texts(b"x")]), m.third], {}, {"w": m.sequence([], tf.string, True)}
    ),
    "pse_type": lambda tf, m: tf.io.parse_sequence_example(
        [m.first, m.second], {}, {"a": m.sequence([2], tf.int64)}, example_names=["n1", "n2"]
    ),
    "pse_n": lambda tf, m: tf.io.parse_sequence_example(
        [m.first, m.second], {}, {"a": m.sequence([3], tf.float32)}
    ),
    "pse_ctx_missing": lambda tf, m: tf.io.parse_sequence_example(
        [m.first, m.second], {"q": m.fixed([], tf.int64)}
    ),
    "pse_ctx_type": lambda tf, m: tf.io.parse_sequence_example(
        [m.first, m.second], {"c": m.fixed([], tf.float32)}
    ),
    "pse_ctx_n": lambda tf, m: tf.io.parse_sequence_example(
        [m.first, m.second], {"c": m.fixed([2], tf.int64)}
    ),
    "pse_garbage": lambda tf, m: tf.io.parse_sequence_example(
        [b"garbage"], {}, {"a": m.sequence([2], tf.float32)}
    ),
    "pse_empty_var": lambda tf, m: tf.io.parse_sequence_example(
        [m.third], {}, {"w": m.var(tf.string)}
    ),
    "pse_empty": lambda tf, m: tf.io.parse_sequence_example(
        _EMPTY, {}, {"w": m.var(tf.string), "a": m.sequence([2], tf.float32)}
    ),
}


@cases(**{name: {"name": name} for name in _EXAMPLES})
def examples(tf: Any, name: str) -> Any:
    return _plain(tf, _EXAMPLES[name])


@cases(**{name: {"name": name} for name in _SEQUENCES})
def sequence_examples(tf: Any, name: str) -> Any:
    return _plain(tf, _SEQUENCES[name])
