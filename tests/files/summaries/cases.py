"""Graphs of summaries, built on this project and on TensorFlow 1.15 alike.

A case is a public function: it takes the framework's module and returns the summaries that are
run, by name. Knows the public names only; keeps to Python 3.7's syntax.
"""

from __future__ import annotations

import inspect
from typing import Any, Callable

import numpy as np

Case = Callable[[Any], "dict[str, Any]"]


def all_cases() -> dict[str, Case]:
    """Every case by name, in the order of this file."""
    found = {
        name: value
        for name, value in globals().items()
        if inspect.isfunction(value) and not name.startswith("_") and name != "all_cases"
    }
    return dict(sorted(found.items(), key=lambda pair: pair[1].__code__.co_firstlineno))


def _numbers(*shape: int) -> np.ndarray:
    return np.random.RandomState(3).standard_normal(shape).astype(np.float32)


def names_and_tags(tf: Any) -> dict[str, Any]:
    x = tf.constant(1.5, name="x")
    with tf.name_scope("outer"):
        tf.summary.scalar("a b", x)
        tf.summary.scalar("a b", x, family="fam ily")
        tf.summary.histogram("loss", x, family="fam")
    tf.summary.scalar("/leading", x, collections=["mine"])
    tf.summary.scalar("twice", x)
    tf.summary.scalar("twice", 2)
    tf.summary.histogram(None, x)
    tf.summary.histogram("values", [1.0, 2.0])
    tf.summary.merge(tf.get_collection("mine"), collections=["mine"], name="of mine")
    return {
        "all": tf.summary.merge_all(),
        "of outer": tf.summary.merge_all(scope="outer", name="outer_only"),
        "mine": tf.get_collection("mine")[1],
    }


def nodes_of_media(tf: Any) -> dict[str, Any]:
    tf.summary.image("im", tf.zeros([1, 2, 2, 1]), collections=[])
    tf.summary.image("im", tf.placeholder(tf.uint8), 1, family="pictures")
    rate = tf.constant(8000.0)
    tf.summary.audio("au", tf.zeros([1, 4]), 44100)
    tf.summary.audio("au", tf.zeros([1, 4, 2]), rate, max_outputs=1, family="sounds")
    tf.summary.text("note", tf.constant("hello"))
    tf.summary.tensor_summary("kept", rate, "what it is", display_name="shown", family="f")
    return {"text": tf.get_collection("summaries")[-2], "kept": tf.get_collection("summaries")[-1]}


def scalars(tf: Any) -> dict[str, Any]:
    kinds = "float16 bfloat16 float32 float64 int8 uint8 int16 uint16 int32 int64"
    found = {kind: tf.summary.scalar(kind, tf.cast(3, kind)) for kind in kinds.split()}
    for number in (0.1, 1e30, float("nan"), float("inf"), -0.0):
        found[str(number)] = tf.summary.scalar("number", tf.constant(number))
    found["beyond float32"] = tf.summary.scalar("large", tf.constant(1e300, tf.float64))
    return found


def histograms(tf: Any) -> dict[str, Any]:
    kinds = "float16 bfloat16 float32 float64 int8 int16 int32 int64"
    spread = 30 * _numbers(50)
    found = {
        kind: tf.summary.histogram(kind, tf.cast(tf.constant(spread), kind))
        for kind in kinds.split()
    }
    found["uint8"] = tf.summary.histogram("uint8", tf.constant([0, 1, 200, 255], tf.uint8))
    found["empty"] = tf.summary.histogram("empty", tf.zeros([0]))
    found["zeros"] = tf.summary.histogram("zeros", tf.zeros([3, 2]))
    found["one"] = tf.summary.histogram("one", 1.0)
    extremes = [-1e300, -1e20, -1e-13, -0.0, 1e-13, 1e-12, 1.1e-12, 1e19, 1e20, 1e300]
    found["extremes"] = tf.summary.histogram("extremes", tf.constant(extremes, tf.float64))
    found["many"] = tf.summary.histogram("many", tf.constant(_numbers(1000)))
    return found


def images(tf: Any) -> dict[str, Any]:
    numbers = _numbers(2, 5, 4, 3)
    broken = numbers.copy()
    broken[0, 1, 2, 0], broken[0, 3, 1, 2], broken[1, 0, 0, 1] = np.nan, np.inf, -np.inf
    positive = np.abs(numbers)
    found = {
        "negative": tf.summary.image("negative", tf.constant(numbers)),
        "positive": tf.summary.image("positive", tf.constant(positive)),
        "only negative": tf.summary.image("only_negative", tf.constant(-positive)),
        "one of two": tf.summary.image("one", tf.constant(numbers), max_outputs=1),
        "gray": tf.summary.image("gray", tf.constant(numbers[..., :1])),
        "alpha": tf.summary.image("alpha", tf.constant(np.concatenate([positive] * 2, 3)[..., :4])),
        "black": tf.summary.image("black", tf.zeros([1, 2, 2, 1])),
        "dark": tf.summary.image("dark", tf.constant(positive * np.float32(1e-7))),
        "broken": tf.summary.image("broken", tf.constant(broken)),
        "all broken": tf.summary.image("all_broken", tf.constant(broken * np.float32(np.nan))),
        "none": tf.summary.image("none", tf.zeros([0, 2, 2, 1])),
    }
    for kind in ("float16", "float64"):
        found[kind] = tf.summary.image(kind, tf.constant(numbers.astype(kind)))
    pixels = np.arange(24, dtype=np.uint8).reshape([1, 4, 2, 3]) * 10
    found["uint8"] = tf.summary.image("uint8", tf.constant(pixels))
    return found


def sounds(tf: Any) -> dict[str, Any]:
    halves = (np.arange(-6, 7, dtype=np.float32) / 2 / 32768).reshape(1, 13)
    loud = np.array([[-2, -1, -0.99999, 0, 0.5, 0.99999, 1, 2]], np.float32)
    wave = _numbers(4, 6, 2) / 4
    return {
        "halves": tf.summary.audio("halves", tf.constant(halves), 8000),
        "loud": tf.summary.audio("loud", tf.constant(loud), 44100.0),
        "two channels": tf.summary.audio("two_channels", tf.constant(wave), 11025.5),
        "one of four": tf.summary.audio("one", tf.constant(wave[..., 0]), 10, max_outputs=1),
    }


def tensors(tf: Any) -> dict[str, Any]:
    plugin = tf.SummaryMetadata.PluginData(plugin_name="mine", content=b"\x00\xff")
    metadata = tf.SummaryMetadata(plugin_data=plugin, display_name="replaced")
    arrays = {
        "bool": np.array([True, False]),
        "int64": np.array([[1, 2], [3, 4]]),
        "complex64": np.array(1 + 2j, np.complex64),
        "float16": np.array([0.5], np.float16),
        "empty": np.zeros([0, 3], np.float32),
    }
    found = {
        name: tf.summary.tensor_summary(name, tf.constant(array)) for name, array in arrays.items()
    }
    found["strings"] = tf.summary.tensor_summary("strings", tf.constant([["a", "b"], ["c", ""]]))
    found["metadata"] = tf.summary.tensor_summary(
        "metadata", tf.constant(1.0), summary_metadata=metadata, display_name="shown"
    )
    found["text"] = tf.summary.text("text", tf.constant(["*one*", "two"]))
    return found
