"""Operations that give a string, or a number, for each string: cases, parts, codes.

Each row of the first table is a function of one string; others have definitions of their own.
Strings are bytes, as TensorFlow's are; where `unit` or `encoding` say so they are read as UTF-8.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

import numpy as np

from pantarhei.core.shapes import TensorShape, broadcast_shape
from pantarhei.graph.definitions.opdef import OpDef, apply, first_input_shape, register
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.array.shapes import renamed
from pantarhei.ops.host.results import host_results
from pantarhei.ops.strings.text_numbers import number
from pantarhei.program.ir import Array, ProgramError, Type, Value

STRING = np.dtype(object)


def each_string(texts: Array, function: Callable[[bytes], Any], dtype: np.dtype[Any]) -> Array:
    """What a function gives for each string."""
    result = np.empty(texts.size, dtype)
    for place, text in enumerate(texts.ravel()):
        result[place] = function(text)
    return result.reshape(texts.shape)


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", errors="replace")


class OfString(OpDef, abstract=True):
    """A row: type, signature, and what makes of the attributes a function of one string."""

    differentiable = False

    def __init__(
        self, type: str, signature: str, function: Callable[[dict[str, Any]], Callable[..., Any]]
    ) -> None:
        self.type = type
        self.signature = signature  # type: ignore[misc]
        self._function = function

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def lower(self, b: Any, op: Operation, x: Value) -> Value:
        dtype = op.outputs[0].dtype.base_dtype.numpy
        function = self._function(op.attributes)

        def run(texts: Array) -> list[Array]:
            return [each_string(texts, function, dtype)]

        return host_results(b, run, [x], [Type(dtype, x.shape)])[0]


def _length(given: dict[str, Any]) -> Callable[[bytes], int]:
    return len if given["unit"] == "BYTE" else lambda text: len(_decoded(text))


def _cased(method: str) -> Callable[[dict[str, Any]], Callable[[bytes], bytes]]:
    def of(given: dict[str, Any]) -> Callable[[bytes], bytes]:
        if given["encoding"]:
            return lambda text: getattr(_decoded(text), method)().encode()
        return lambda text: getattr(text, method)()

    return of


def _to_number(given: dict[str, Any]) -> Callable[[bytes], float | int]:
    def convert(text: bytes) -> float | int:
        found = number(text, given["out_type"])
        if found is None:
            shown = text.decode("latin1")
            raise ProgramError(f"StringToNumberOp could not correctly convert string: {shown}")
        return found

    return convert


def _encoded64(given: dict[str, Any]) -> Callable[[bytes], bytes]:
    def encode(text: bytes) -> bytes:
        code = base64.urlsafe_b64encode(text)
        return code if given["pad"] else code.rstrip(b"=")

    return encode


def _decoded64(_: dict[str, Any]) -> Callable[[bytes], bytes]:
    def decode(text: bytes) -> bytes:
        code = text.rstrip(b"=")
        if len(code) % 4 == 1:
            raise ProgramError("Base64 string length cannot be 1 modulo 4.")
        try:
            return base64.b64decode(code + b"=" * (-len(code) % 4), b"-_", validate=True)
        except binascii.Error as error:
            raise ProgramError("Invalid character found in base64.") from error

    return decode


for _row in (
    OfString("StringLength", "input: string -> output: int32 | unit: string = 'BYTE'", _length),
    OfString(
        "StringLower", "input: string -> output: string | encoding: string = ''", _cased("lower")
    ),
    OfString(
        "StringUpper", "input: string -> output: string | encoding: string = ''", _cased("upper")
    ),
    OfString("StringStrip", "input: string -> output: string", lambda _: lambda text: text.strip()),
    OfString(
        "StringToNumber",
        "string_tensor: string -> output: out_type "
        "| out_type: {float32, float64, int32, int64} = float32",
        _to_number,
    ),
    OfString("EncodeBase64", "input: string -> output: string | pad: bool = False", _encoded64),
    OfString("DecodeBase64", "input: string -> output: string", _decoded64),
):
    register(_row)


# --- parts ----------------------------------------------------------------------------------------


class Substr(OpDef):
    """A part of each string."""

    signature = "input: string, pos: T, len: T -> output: string | T: index | unit: string = 'BYTE'"
    differentiable = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [broadcast_shape(op.inputs[0].shape, op.inputs[1].shape)]

    def lower(self, b: Any, op: Operation, *inputs: Value) -> Value:
        shape = np.broadcast_shapes(inputs[0].shape, inputs[1].shape)
        characters = op.attributes["unit"] != "BYTE"

        def run(texts: Array, places: Array, lengths: Array) -> list[Array]:
            result = np.empty(int(np.prod(shape)), object)
            rows = [np.broadcast_to(each, shape).ravel() for each in (texts, places, lengths)]
            for index, (text, place, length) in enumerate(zip(*rows, strict=True)):
                whole: Any = _decoded(text) if characters else text
                start = place + len(whole) if place < 0 else place
                if not 0 <= start <= len(whole):
                    raise ProgramError(
                        f"pos {place} out of range for string b'{text.decode('latin1')}' at index "
                        f"{index}"
                    )
                part = whole[start : start + length]
                result[index] = part.encode() if characters else part
            return [result.reshape(shape)]

        return host_results(b, run, inputs, [Type(STRING, shape)])[0]


# --- public functions -----------------------------------------------------------------------------


def string_length(input: Any, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """The length of each string.

    Args:
      input: strings.
      name: name of the operation.
      unit: "BYTE", or "UTF8_CHAR" for characters.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.strings.length(["cat", "Straße"]))
      array([3, 7], dtype=int32)
    """
    result: Tensor = apply("StringLength", input, unit=unit, name=name)
    return result


def string_lower(input: Any, encoding: str = "", name: str | None = None) -> Tensor:
    """Each string in small letters.

    Args:
      input: strings.
      encoding: "" for ASCII, or "utf-8".
      name: name of the operation.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.strings.lower("Cat")))
      b'cat'
    """
    result: Tensor = apply("StringLower", input, encoding=encoding, name=name)
    return result


def string_upper(input: Any, encoding: str = "", name: str | None = None) -> Tensor:
    """Each string in capital letters; see `tf.strings.lower`.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.strings.upper("Cat")))
      b'CAT'
    """
    result: Tensor = apply("StringUpper", input, encoding=encoding, name=name)
    return result


def string_strip(input: Any, name: str | None = None) -> Tensor:
    """Each string without white space at its ends.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.strings.strip("  cat ")))
      b'cat'
    """
    result: Tensor = apply("StringStrip", input, name=name)
    return result


def string_to_number(
    string_tensor: Any = None, out_type: Any = "float32", name: str | None = None, input: Any = None
) -> Tensor:
    """The number that each string stands for.

    Args:
      string_tensor: strings.
      out_type: float32, float64, int32 or int64.
      name: name of the operation.
      input: the new name of `string_tensor`.

    Raises:
      tf.errors.InvalidArgumentError: when it runs and a string stands for no such number.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.string_to_number(["1.5", "-2e3"]))
      array([ 1.5e+00, -2.0e+03], dtype=float32)
    """
    texts = renamed("string_tensor", string_tensor, "input", input)
    result: Tensor = apply("StringToNumber", texts, out_type=out_type, name=name)
    return result


def substr(input: Any, pos: Any, len: Any, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """A part of each string.

    Args:
      input: strings.
      pos: where the part begins, an integer for all or one for each; negative ones count from the
        end.
      len: how long it is; less where the string ends.
      name: name of the operation.
      unit: "BYTE", or "UTF8_CHAR" to count characters.

    Raises:
      tf.errors.InvalidArgumentError: when it runs and a part begins behind the end.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.substr(["hello", "world"], 1, 3))
      array([b'ell', b'orl'], dtype=object)
    """
    result: Tensor = apply("Substr", input, pos, len, unit=unit, name=name)
    return result


def encode_base64(input: Any, pad: bool = False, name: str | None = None) -> Tensor:
    """Each string in the letters of web-safe base64.

    Args:
      input: strings.
      pad: whether `=` fills it up.
      name: name of the operation.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.encode_base64("cats")))
      b'Y2F0cw'
    """
    result: Tensor = apply("EncodeBase64", input, pad=pad, name=name)
    return result


def decode_base64(input: Any, name: str | None = None) -> Tensor:
    """The strings that web-safe base64 stands for.

    Raises:
      tf.errors.InvalidArgumentError: when it runs and a string is no such code.

    Example:
      >>> import pantarhei as tf
      >>> print(tf.Session().run(tf.decode_base64("Y2F0cw")))
      b'cats'
    """
    result: Tensor = apply("DecodeBase64", input, name=name)
    return result
