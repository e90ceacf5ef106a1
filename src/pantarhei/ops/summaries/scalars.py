"""Summaries: what a run shows of its tensors, as serialized `Summary` messages.

Each operation gives one string scalar. Tags are names of operations, so they are unique in a graph
and follow its name scopes. Converts numbers to messages; images and sounds are encoded in
media_summaries, files are written by the face.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.messages import message_class
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import add_to_collection, get_collection, name_scope
from pantarhei.program.ir import Array, ProgramError, Type, Value

_NOT_IN_TAGS = re.compile(r"[^-/\w\.]")
_LARGEST = float(np.finfo(np.float64).max)


class SummaryFamily(OpDef, abstract=True):
    """Gives one serialized `Summary`; `fill` says what is in it."""

    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [TensorShape([])]

    def fill(self, summary: Any, op: Operation, *arrays: Array) -> None:
        """Adds to a new message what the operation says about the inputs' arrays."""
        raise LookupError(f"Nothing says what a '{op.type}' contains.")

    def lower(self, b: Any, op: Operation, *inputs: Value) -> Value:
        new_message = message_class("Summary")  # imported here: a run fails before it has begun

        def write(*arrays: Array) -> list[Array]:
            summary = new_message()
            self.fill(summary, op, *arrays)
            return [np.array(summary.SerializeToString(), object)]

        (serialized,) = b.host(write, list(inputs), [Type(np.dtype(object), ())])
        return serialized


def tag_text(tag: Array) -> str:
    """A tag as text; it has to be a scalar."""
    if tag.ndim:
        raise ProgramError("Tags must be a scalar")
    text: str = tag.item().decode()
    return text


def dimensions(array: Array) -> str:
    """A shape as TensorFlow's kernels write it."""
    return f"[{','.join(map(str, array.shape))}]"


class ScalarSummary(SummaryFamily):
    """One number for each tag."""

    signature = "tags: string, values: T -> summary: string | T: real"

    def fill(self, summary: Any, op: Operation, *arrays: Array) -> None:
        tags, values = arrays
        if tags.shape != values.shape:
            shown = f" (tag '{tags.item().decode()}')" if tags.ndim == 0 else ""
            raise ProgramError(
                "tags and values not the same shape: "
                f"{dimensions(tags)} != {dimensions(values)}{shown}"
            )
        for tag, number in zip(tags.ravel(), values.ravel(), strict=True):
            summary.value.add(tag=tag.decode(), simple_value=float(number))


@cache
def bucket_limits() -> Array:
    """Upper limits of a histogram's buckets: each a tenth wider than the last, on both sides of
    zero."""
    positive = []
    limit = 1e-12
    while limit < 1e20:
        positive.append(limit)
        limit *= 1.1
    positive.append(_LARGEST)
    return np.array([-limit for limit in reversed(positive)] + [0.0] + positive)


class HistogramSummary(SummaryFamily):
    """How the elements of a tensor are spread."""

    signature = "tag: string, values: T -> summary: string | T: real = float32"

    def fill(self, summary: Any, op: Operation, *arrays: Array) -> None:
        tag = tag_text(arrays[0])
        values = arrays[1].ravel().astype(np.float64)
        # The first value that is not finite is the one to be named.
        strange = values[~np.isfinite(values)]
        if strange.size:
            kind = "Nan" if np.isnan(strange[0]) else "Infinity"
            raise ProgramError(f"{kind} in summary histogram for: {op.name}")
        write_histogram(summary.value.add(tag=tag).histo, values)


def write_histogram(histogram: Any, values: Array) -> None:
    """Fills a `HistogramProto` with float64 values; a row of empty buckets is written as one."""
    limits = bucket_limits()
    histogram.min = values.min(initial=_LARGEST)
    histogram.max = values.max(initial=-_LARGEST)
    histogram.num = values.size
    # Added up one after the other, as TensorFlow does: the same last digits.
    with np.errstate(over="ignore"):
        histogram.sum = np.cumsum(values)[-1] if values.size else 0.0
        histogram.sum_squares = np.cumsum(values * values)[-1] if values.size else 0.0
    found = np.minimum(np.searchsorted(limits, values, side="right"), limits.size - 1)
    counts = np.bincount(found, minlength=limits.size)
    followed_by_empty = np.append(counts[1:] == 0, False)
    kept = ~((counts == 0) & followed_by_empty)
    histogram.bucket_limit.extend(limits[kept])
    histogram.bucket.extend(counts[kept])


class TensorSummaryV2(SummaryFamily):
    """A tensor as it is, with a message that says which part of TensorBoard shows it."""

    signature = (
        "tag: string, tensor: T, serialized_summary_metadata: string -> summary: string | T: type"
    )

    def fill(self, summary: Any, op: Operation, *arrays: Array) -> None:
        tag, array, metadata = arrays
        value = summary.value.add(tag=tag_text(tag))
        value.tensor.dtype = op.inputs[1].dtype.base_dtype.as_datatype_enum
        value.tensor.tensor_shape.SetInParent()
        for extent in array.shape:
            value.tensor.tensor_shape.dim.add().size = extent
        if array.dtype == object:
            value.tensor.string_val.extend(array.ravel())
        elif array.size:
            value.tensor.tensor_content = np.ascontiguousarray(array).tobytes()
        value.metadata.ParseFromString(metadata.item())
        value.metadata.SetInParent()


class MergeSummary(SummaryFamily):
    """The values of several summaries in one."""

    signature = "inputs: N * string -> summary: string | N: int"

    def fill(self, summary: Any, op: Operation, *arrays: Array) -> None:
        for array in arrays:
            for serialized in array.ravel():
                part = message_class("Summary")()
                try:
                    part.ParseFromString(serialized)
                except Exception as error:  # protobuf's class depends on its version
                    raise ProgramError("Could not parse one of the summary inputs") from error
                summary.value.extend(part.value)
        seen = set()
        for value in summary.value:
            if value.tag in seen:
                raise ProgramError(f"Duplicate tag {value.tag} found in summary inputs")
            seen.add(value.tag)


def clean_tag(name: str | None) -> str | None:
    """A name with what operations' names may not hold replaced by underscores."""
    if name is None:
        return None
    cleaned = _NOT_IN_TAGS.sub("_", name).lstrip("/")
    if cleaned != name:
        logging.getLogger("tensorflow").info(
            "Summary name %s is illegal; using %s instead.", name, cleaned
        )
    return cleaned


@contextmanager
def summary_scope(
    name: str | None,
    family: str | None = None,
    default_name: str | None = None,
    values: Sequence[Any] | None = None,
) -> Iterator[tuple[str, str]]:
    """Opens the name scope of a summary and gives its tag and the scope's name.

    The family comes first in the tag, so that TensorBoard groups by it, and is in the scope
    too, so that equal names in two families stay apart.
    """
    name, family = clean_tag(name), clean_tag(family)
    with name_scope(name if family is None else f"{family}/{name}", default_name, values) as scope:
        tag = scope.rstrip("/")
        yield tag if family is None else f"{family}/{tag}", scope


def collected(summary: Tensor, collections: Sequence[str] | None) -> Tensor:
    """The summary, after it was added to collections: `GraphKeys.SUMMARIES` by default."""
    for key in [GraphKeys.SUMMARIES] if collections is None else collections:
        add_to_collection(key, summary)
    return summary


def scalar(
    name: str,
    tensor: Any,
    collections: Sequence[str] | None = None,
    family: str | None = None,
) -> Tensor:
    """A summary of a single number.

    Args:
      name: name of the operation, and with the name scopes the tag that TensorBoard shows.
      tensor: a real scalar.
      collections: keys of collections the summary is added to; `GraphKeys.SUMMARIES` by default.
      family: a first part of the tag; TensorBoard groups by it.

    Returns:
      A string scalar: a serialized `Summary`.

    Raises:
      TypeError: the tensor is not of a real dtype.
      tf.errors.InvalidArgumentError: when it runs and the tensor is not a scalar.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> loss = tf.summary.scalar("loss", 0.5)
      >>> tf.Summary.FromString(tf.Session().run(loss)).value[0].simple_value
      0.5
    """
    with summary_scope(name, family, values=[tensor]) as (tag, scope):
        return collected(apply("ScalarSummary", tag, tensor, name=scope), collections)


def histogram(
    name: str | None,
    values: Any,
    collections: Sequence[str] | None = None,
    family: str | None = None,
) -> Tensor:
    """A summary of how the elements of a tensor are spread.

    Args:
      name, collections, family: as for `tf.summary.scalar`.
      values: a real tensor of any shape.

    Returns:
      A string scalar: a serialized `Summary`.

    Raises:
      TypeError: the tensor is not of a real dtype.
      tf.errors.InvalidArgumentError: when it runs and an element is not finite.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> spread = tf.Session().run(tf.summary.histogram("weights", [1.0, 2.0, 4.0]))
      >>> found = tf.Summary.FromString(spread).value[0].histo
      >>> found.min, found.max, found.num, found.sum
      (1.0, 4.0, 3.0, 7.0)
    """
    with summary_scope(name, family, "HistogramSummary", [values]) as (tag, scope):
        return collected(apply("HistogramSummary", tag, values, name=scope), collections)


def tensor_summary(
    name: str,
    tensor: Any,
    summary_description: str | None = None,
    collections: Sequence[str] | None = None,
    summary_metadata: Any = None,
    family: str | None = None,
    display_name: str | None = None,
) -> Tensor:
    """A summary that holds a tensor as it is, for a plugin of TensorBoard.

    Args:
      name, collections, family: as for `tf.summary.scalar`.
      tensor: a tensor of any dtype and shape.
      summary_description: what it is about, in Markdown.
      summary_metadata: a `tf.SummaryMetadata` that names the plugin.
      display_name: what TensorBoard shows instead of the tag.

    Returns:
      A string scalar: a serialized `Summary`.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> kept = tf.Session().run(tf.summary.tensor_summary("kept", [1, 2]))
      >>> tf.Summary.FromString(kept).value[0].tensor.tensor_shape.dim[0].size
      2
    """
    metadata = message_class("SummaryMetadata")()
    if summary_metadata is not None:
        metadata.CopyFrom(summary_metadata)
    if summary_description is not None:
        metadata.summary_description = summary_description
    if display_name is not None:
        metadata.display_name = display_name
    with summary_scope(name, family, values=[tensor]) as (tag, scope):
        summary = apply("TensorSummaryV2", tag, tensor, metadata.SerializeToString(), name=scope)
        return collected(summary, collections)


def text(name: str, tensor: Tensor, collections: Sequence[str] | None = None) -> Tensor:
    """A summary of text, which TensorBoard shows as Markdown; matrices of text become tables.

    Args:
      name, collections: as for `tf.summary.scalar`.
      tensor: a string tensor.

    Returns:
      A string scalar: a serialized `Summary`.

    Raises:
      ValueError: the tensor is not of dtype string.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> note = tf.Session().run(tf.summary.text("note", tf.constant("rate *0.1*")))
      >>> tf.Summary.FromString(note).value[0].metadata.plugin_data.plugin_name
      'text'
    """
    if tensor.dtype != dtypes.string:
        raise ValueError(f"Expected tensor {tensor.name} to have dtype string, got {tensor.dtype}")
    metadata = message_class("SummaryMetadata")()
    metadata.plugin_data.plugin_name = "text"
    return tensor_summary(name, tensor, collections=collections, summary_metadata=metadata)


def merge(
    inputs: Sequence[Any], collections: Sequence[str] | None = None, name: str | None = None
) -> Tensor:
    """One summary of all that is in several.

    Args:
      inputs: summaries; at least one.
      collections: keys of collections the result is added to; none by default.
      name: name of the operation.

    Returns:
      A string scalar: a serialized `Summary`.

    Raises:
      ValueError: there are no inputs.
      tf.errors.InvalidArgumentError: when it runs and two values have the same tag, or an input
        is not a summary.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> both = tf.summary.merge([tf.summary.scalar("x", 1.0), tf.summary.scalar("y", 2.0)])
      >>> [value.tag for value in tf.Summary.FromString(tf.Session().run(both)).value]
      ['x', 'y']
    """
    if isinstance(inputs, (list, tuple)) and not inputs:
        raise ValueError(
            "List argument 'inputs' to 'MergeSummary' Op with length 0 shorter than minimum "
            "length 1."
        )
    name = clean_tag(name)
    with name_scope(name, "Merge", inputs):
        return collected(apply("MergeSummary", inputs, name=name), collections or [])


def merge_all(
    key: str = GraphKeys.SUMMARIES, scope: str | None = None, name: str | None = None
) -> Tensor | None:
    """One summary of all that the default graph has collected.

    Args:
      key: the collection.
      scope: a regular expression for the beginning of the names that are wanted.
      name: name of the operation.

    Returns:
      A string scalar, or None if nothing was collected.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> tf.summary.merge_all() is None
      True
      >>> _ = tf.summary.scalar("loss", 0.5)
      >>> tf.summary.merge_all()
      <tf.Tensor 'Merge/MergeSummary:0' shape=() dtype=string>
    """
    summaries = get_collection(key, scope=scope)
    return merge(summaries, name=name) if summaries else None
