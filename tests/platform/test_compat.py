"""`tf.compat`: conversions and the tuples of types."""

from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pytest

from pantarhei import compat


@pytest.mark.parametrize("value", ["é", b"\xc3\xa9", bytearray(b"\xc3\xa9")])
def test_as_bytes(value: Any) -> None:
    converted = compat.as_bytes(value)
    assert converted == b"\xc3\xa9"
    assert type(converted) is bytes


@pytest.mark.parametrize("value", ["é", b"\xc3\xa9"])
def test_as_text(value: Any) -> None:
    assert compat.as_text(value) == "é"
    assert compat.as_str(value) == "é"


def test_encodings() -> None:
    assert compat.as_bytes("é", "latin-1") == b"\xe9"
    assert compat.as_text(b"\xe9", encoding="latin-1") == "é"
    with pytest.raises(UnicodeDecodeError):
        compat.as_text(b"\xe9")


@pytest.mark.parametrize(
    ("convert", "value"),
    [
        (compat.as_bytes, 3),
        (compat.as_bytes, None),
        (compat.as_text, 3),
        (compat.as_text, (1, 2)),
        (compat.as_text, bytearray(b"a")),
    ],
)
def test_what_is_neither_text_nor_bytes_is_refused(convert: Any, value: Any) -> None:
    with pytest.raises(TypeError) as caught:
        convert(value)
    assert str(caught.value) == f"Expected binary or unicode string, got {value!r}"


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (b"a", "a"), (3, "3"), (None, "None"), ([b"a"], "[b'a']")]
)
def test_as_str_any(value: Any, text: str) -> None:
    assert compat.as_str_any(value) == text


def test_path_to_str() -> None:
    assert compat.path_to_str(PurePosixPath("./a/../b")) == "a/../b"
    assert compat.path_to_str("./a") == "./a"
    assert compat.path_to_str(b"a") == b"a"
    assert compat.path_to_str(3) == 3


@pytest.mark.parametrize(
    ("value", "integral", "real", "complex_"),
    [
        (1, True, True, True),
        (True, True, True, True),
        (np.int8(1), True, True, True),
        (np.uint64(1), True, True, True),
        (1.0, False, True, True),
        (np.float16(1), False, True, True),
        (1j, False, False, True),
        (np.complex64(1), False, False, True),
        (np.bool_(True), False, False, False),
        ("1", False, False, False),
    ],
)
def test_types_of_numbers(value: Any, integral: bool, real: bool, complex_: bool) -> None:
    assert isinstance(value, compat.integral_types) == integral
    assert isinstance(value, compat.real_types) == real
    assert isinstance(value, compat.complex_types) == complex_


def test_types_of_text() -> None:
    assert compat.bytes_or_text_types == (bytes, str)
