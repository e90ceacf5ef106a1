"""Regular expressions over strings: whole matches, and replacements."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.definitions.opdef import OpDef, apply, first_input_shape, register
from pantarhei.graph.definitions.shape_rules import with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.host.results import host_results
from pantarhei.ops.strings.text import STRING, OfString, each_string
from pantarhei.program.ir import Array, ProgramError, Type, Value


def _matches(given: dict[str, Any]) -> Callable[[bytes], bool]:
    pattern = _compiled(given["pattern"])
    return lambda text: pattern.fullmatch(text) is not None


def _replaced(given: dict[str, Any]) -> Callable[[bytes], bytes]:
    return _replacement(given["pattern"], given["rewrite"], given["replace_global"])


def _compiled(pattern: Any) -> re.Pattern[bytes]:
    written = pattern.encode() if isinstance(pattern, str) else bytes(pattern)
    try:
        return re.compile(written)
    except re.error as error:
        shown = written.decode("latin1")
        raise ProgramError(f"Invalid pattern: {shown}, error: {error}") from error


def _replacement(pattern: Any, rewrite: Any, everywhere: bool) -> Callable[[bytes], bytes]:
    compiled = _compiled(pattern)
    template = rewrite.encode() if isinstance(rewrite, str) else bytes(rewrite)

    def filled(match: re.Match[bytes]) -> bytes:
        def part(code: re.Match[bytes]) -> bytes:
            if code[1] == b"\\":
                return b"\\"
            return match[int(code[1])] or b""

        return re.sub(rb"\\(\\|[0-9])", part, template)

    largest = max((int(each) for each in re.findall(rb"\\([0-9])", template)), default=0)
    if largest > compiled.groups:  # TensorFlow then gives up on every string
        return lambda text: b"" if compiled.search(text) else text
    return lambda text: compiled.sub(filled, text, count=0 if everywhere else 1)


for _row in (
    OfString("StaticRegexFullMatch", "input: string -> output: bool | pattern: string", _matches),
    OfString(
        "StaticRegexReplace",
        "input: string -> output: string "
        "| pattern: string | rewrite: string | replace_global: bool = True",
        _replaced,
    ),
):
    register(_row)


class RegexFullMatch(OpDef):
    """Whether a pattern matches the whole of each string."""

    signature = "input: string, pattern: string -> output: bool"
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 1, 0)
        return first_input_shape(op)

    def lower(self, b: Any, op: Operation, x: Value, pattern: Value) -> Value:
        def run(texts: Array, written: Array) -> list[Array]:
            matches = _matches({"pattern": written.item()})
            return [each_string(texts, matches, np.dtype(bool))]

        return host_results(b, run, [x, pattern], [Type(np.dtype(bool), x.shape)])[0]


class RegexReplace(OpDef):
    """Each string with what a pattern matches replaced."""

    signature = (
        "input: string, pattern: string, rewrite: string -> output: string "
        "| replace_global: bool = True"
    )
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        with_rank(op, 1, 0)
        with_rank(op, 2, 0)
        return first_input_shape(op)

    def lower(self, b: Any, op: Operation, *inputs: Value) -> Value:
        everywhere = op.attributes["replace_global"]

        def run(texts: Array, pattern: Array, rewrite: Array) -> list[Array]:
            replace = _replacement(pattern.item(), rewrite.item(), everywhere)
            return [each_string(texts, replace, STRING)]

        return host_results(b, run, inputs, [Type(STRING, inputs[0].shape)])[0]


def regex_full_match(input: Any, pattern: Any, name: str | None = None) -> Tensor:
    """Whether a pattern matches the whole of each string.

    Args:
      input: strings.
      pattern: a regular expression.
      name: name of the operation.

    Raises:
      tf.errors.InvalidArgumentError: when it runs and the pattern is none.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.strings.regex_full_match(["aab", "aa"], "a+b"))
      array([ True, False])
    """
    result: Tensor
    if isinstance(pattern, (str, bytes)):
        result = apply("StaticRegexFullMatch", input, pattern=pattern, name=name)
    else:
        result = apply("RegexFullMatch", input, pattern, name=name)
    return result


def regex_replace(
    input: Any, pattern: Any, rewrite: Any, replace_global: bool = True, name: str | None = None
) -> Tensor:
    r"""Each string with what a pattern matches replaced.

    Args:
      input: strings.
      pattern: a regular expression.
      rewrite: what it is replaced by; `\1` to `\9` stand for the groups, `\0` for all of it.
      replace_global: whether every match is replaced, or only the first.
      name: name of the operation.

    Raises:
      tf.errors.InvalidArgumentError: when it runs and the pattern is none.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.regex_replace("10 cats", "[0-9]+", r"<\0>")))
      b'<10> cats'
    """
    result: Tensor
    if isinstance(pattern, (str, bytes)) and isinstance(rewrite, (str, bytes)):
        result = apply(
            "StaticRegexReplace",
            input,
            pattern=pattern,
            rewrite=rewrite,
            replace_global=replace_global,
            name=name,
        )
    else:
        result = apply(
            "RegexReplace", input, pattern, rewrite, replace_global=replace_global, name=name
        )
    return result
