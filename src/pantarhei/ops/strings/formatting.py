"""`tf.print` and `tf.strings.format`: templates filled with tensors, written when the graph runs.

Text goes through Python's own `sys.stdout` and `sys.stderr`, whatever they are when the graph runs:
in a notebook it appears under the cell. `tf.Print` writes single elements in the same way.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from pantarhei.core import dtypes, nest
from pantarhei.core.array_text import element_text
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.program.ir import Array, ProgramError, Type, Value

# What may be given as a level: numbers of the standard library's logging and of absl's.
_LEVELS = {20: "info", 30: "warning", 40: "error", 0: "info", -1: "warning", -2: "error"}
_LOG_FUNCTIONS = {"info": "info", "warning": "warning", "warn": "warning", "error": "error"}
_AS_BEFORE: Any = "1.25" if int(np.__version__.split(".")[0]) >= 2 else False
_SEVERITIES = {"log(info)": 0, "log(warning)": 1, "log(error)": 2}


def formatted(array: Array, ends: int) -> str:
    """An array in nested brackets, with the first and last `ends` items of each axis."""
    ends = array.size if ends < 0 else min(ends, array.size)
    if array.ndim == 0:
        return _element(array[()]) if ends else "..."
    return _along(array, 0, ends)


def _along(array: Array, depth: int, ends: int) -> str:
    """The text of `array`, which lies `depth` brackets deep."""
    if array.ndim == 0:
        return _element(array[()])
    extent = len(array)
    head = [_along(array[index, ...], depth + 1, ends) for index in range(min(ends, extent))]
    tail = [
        _along(array[index, ...], depth + 1, ends)
        for index in range(max(ends, extent - ends), extent)
    ]
    gap = ["..."] if extent > 2 * ends else []
    # Rows come on lines of their own, matrices with an empty line between them, and so on.
    between = " " if array.ndim == 1 else "\n" * (array.ndim - 1) + " " * (depth + 1)
    if not head and gap:
        return f"[{between}...]"
    return f"[{between.join([*head, *gap, *tail])}]"


def _element(element: Any) -> str:
    text = element_text(element)
    return f'"{text}"' if isinstance(element, bytes) else text


class StringFormat(OpDef):
    """A template with the texts of tensors in place of its placeholders."""

    signature = (
        "inputs: list(T) -> output: string | T: list(type) | template: string = '%s' "
        "| placeholder: string = '%s' | summarize: int = 3"
    )
    pure = False
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [TensorShape([])]

    def lower(self, b: Any, op: Operation, *inputs: Value) -> Value:
        template, placeholder, ends = (
            _text(op.attributes[name]) for name in ("template", "placeholder", "summarize")
        )
        pieces = template.split(placeholder)

        def fill(*arrays: Array) -> list[Array]:
            texts = [*(formatted(array, ends) for array in arrays), ""]
            text = "".join(piece + text for piece, text in zip(pieces, texts, strict=True))
            return [np.array(text.encode(), object)]

        result: list[Value] = b.host(fill, inputs, [Type(np.dtype(object), ())])
        return result[0]


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


class PrintV2(OpDef):
    """Writes a string to a stream, a log or a file."""

    signature = "input: string -> | output_stream: string = 'stderr' | end: string = '\\n'"
    pure = False
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        if op.inputs[0].shape.ndims not in (None, 0):
            raise ValueError(f"Shape must be rank 0 but is rank {op.inputs[0].shape.ndims}")
        return []

    def lower(self, b: Any, op: Operation, line: Value) -> list[Value]:
        target, end = (_text(op.attributes[name]) for name in ("output_stream", "end"))

        def write(array: Array) -> list[Array]:
            text: bytes = array.item()
            _write(text.decode("utf-8", "backslashreplace") + end, target, op.name)
            return []

        b.host(write, [line], [])
        return []


def _write(text: str, target: str, name: str) -> None:
    if target.startswith("file://"):
        _append(text, target.removeprefix("file://"))
        return
    stream = sys.stdout if target == "stdout" else sys.stderr
    if target in _SEVERITIES:
        severity = _SEVERITIES[target]
        if severity < int(os.environ.get("TF_CPP_MIN_LOG_LEVEL") or 0):
            return
        text = f"{datetime.now():%Y-%m-%d %H:%M:%S.%f}: {'IWE'[severity]} {name}] {text}\n"
    stream.write(text)
    stream.flush()


def _append(text: str, path: str) -> None:
    try:
        with open(path, "a", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        kinds = {
            errno.ENOENT: "NotFoundError",
            errno.EACCES: "PermissionDeniedError",
            errno.ENOSPC: "ResourceExhaustedError",
        }
        kind = kinds.get(error.errno or 0, "FailedPreconditionError")
        raise ProgramError(f"{path}; {error.strerror}", kind) from error


def string_format(
    template: str,
    inputs: Any,
    placeholder: str = "{}",
    summarize: int | None = 3,
    name: str | None = None,
) -> Tensor:
    """A string: `template` with the texts of tensors in place of its placeholders.

    Args:
      template: text with one placeholder for each tensor.
      inputs: a tensor, or a list of tensors.
      placeholder: what stands for a tensor in the template.
      summarize: so many first and last items of each axis are shown; all where it is negative, 3
        where it is None.
      name: name of the operation.

    Returns:
      A string tensor of rank 0.

    Raises:
      ValueError: there are more or fewer placeholders than tensors.

    Example:
      >>> import pantarhei as tf
      >>> text = tf.strings.format("x = {}, y = {}", [tf.range(10), tf.constant("a")])
      >>> print(tf.Session().run(text).decode())
      x = [0 1 2 ... 7 8 9], y = "a"
    """
    tensors = [inputs] if _is_tensor(inputs) else list(inputs)
    if template.count(placeholder) != len(tensors):
        raise ValueError(
            f"{template.count(placeholder)} placeholder(s) in template does not match "
            f"{len(tensors)} tensor(s) provided as input"
        )
    tensor: Tensor = apply(
        "StringFormat",
        tensors,
        template=template,
        placeholder=placeholder,
        summarize=summarize,
        name=name,
    )
    return tensor


def print_v2(
    *inputs: Any,
    output_stream: Any = None,
    summarize: int | None = 3,
    sep: str = " ",
    end: str = os.linesep,
    name: str | None = None,
    **unknown: Any,
) -> Operation:
    """An operation that writes tensors and Python objects when it runs.

    It runs where it is fetched, or where something is made under
    `tf.control_dependencies([operation])`.

    Args:
      *inputs: tensors, and Python objects, which may hold tensors in lists, tuples and dicts.
      output_stream: `sys.stderr` (by default) or `sys.stdout`, which are looked up when it runs, so
        that a notebook shows the text under its cell; `tf.logging.info`, `warning` or `error` for a
        line with time and level on standard error (TF_CPP_MIN_LOG_LEVEL=1 hides the first, 2 the
        second too); or "file://" and a path, to which the text is appended.
      summarize: so many first and last items of each axis are shown; all where it is negative, 3
        where it is None.
      sep: what comes between the inputs.
      end: what comes after the last.
      name: name of the operation.

    Returns:
      The operation.

    Raises:
      ValueError: there is no such stream or argument. tf.errors.OpError: when it runs and the file
      cannot be written.

    Example:
      >>> import sys, pantarhei as tf
      >>> x = tf.reshape(tf.range(20), [2, 10])
      >>> line = tf.print("x:", x, {"half": x[0, :2] / 2}, output_stream=sys.stdout)
      >>> tf.Session().run(line)
      x: [[0 1 2 ... 7 8 9]
       [10 11 12 ... 17 18 19]] {'half': [0 0.5]}
    """
    if unknown:
        raise ValueError(f"Unrecognized keyword arguments for tf.print: {unknown}")
    target = _target(sys.stderr if output_stream is None else output_stream)
    if len(inputs) == 1 and _is_string(inputs[0]):
        text = inputs[0]
    else:
        template, placeholder, tensors = _template(inputs, sep)
        label = f"{name}_format" if name else None
        text = string_format(template, tensors, placeholder, summarize, label)
    operation: Operation = apply("PrintV2", text, output_stream=target, end=end, name=name)
    return operation


def _target(stream: Any) -> str:
    """The name in the graph of a stream, a level of logging or a file."""
    if isinstance(stream, str) and stream.startswith("file://"):
        return stream
    if stream in (sys.stdout, sys.__stdout__):
        return "stdout"
    if stream in (sys.stderr, sys.__stderr__):
        return "stderr"
    if isinstance(stream, int) and stream in _LEVELS:
        return f"log({_LEVELS[stream]})"
    # Functions of any module for logging: this library's, the standard one, absl's.
    home = getattr(stream, "__module__", None) or ""
    level = _LOG_FUNCTIONS.get(getattr(stream, "__name__", ""))
    if level and home.split(".")[-1] == "logging":
        return f"log({level})"
    raise ValueError(
        f"Unsupported output stream, logging level, or file.{stream}. Supported streams are "
        "sys.stdout, sys.stderr, tf.logging.info, tf.logging.warning, tf.logging.error. File needs "
        "to be in the form of 'file://<filepath>'."
    )


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor) or (hasattr(value, "_as_tensor") and hasattr(value, "dtype"))


def _is_string(value: Any) -> bool:
    return _is_tensor(value) and value.shape.ndims == 0 and value.dtype == dtypes.string


def _template(inputs: Sequence[Any], sep: str) -> tuple[str, str, list[Any]]:
    """The text with a placeholder for each tensor, the placeholder, and the tensors in order."""
    tensors = [each for each in nest.flatten(list(inputs)) if _is_tensor(each)]
    without = (
        nest.map_structure(lambda each: "" if _is_tensor(each) else each, each) for each in inputs
    )
    placeholder = _absent_from(" ".join(_shown(each) for each in without))
    parts: Iterator[str] = (
        each
        if isinstance(each, str)
        else _shown(nest.map_structure(lambda x: placeholder if _is_tensor(x) else x, each))
        for each in inputs
    )
    template = sep.join(parts)
    # Printed as strings within their structures, placeholders have quotes, which tensors have not.
    return template.replace(f"'{placeholder}'", placeholder), placeholder, tensors


def _shown(value: Any) -> str:
    import pprint  # imported when used: few programs print

    # Scalars of NumPy are shown as the numbers they are, as they were before NumPy 2.
    with np.printoptions(legacy=_AS_BEFORE):
        return pprint.pformat(value)


def _absent_from(text: str) -> str:
    """A placeholder that does not occur in `text`; its digits are TensorFlow's, which go by seed
    5."""
    import random  # imported when used: what it needs takes a millisecond

    digits = random.Random(5)
    placeholder = "{}"
    while placeholder in text:
        placeholder += str(digits.randint(0, 9))
    return placeholder
