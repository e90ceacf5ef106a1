"""`tf.compat`: text and bytes, paths, and the tuples of types to test numbers with.

Python's and NumPy's types only; independent of graphs and tensors.
"""

import numbers
import os
from typing import Any

import numpy as np

__all__ = [
    "as_bytes",
    "as_str_any",
    "as_text",
    "bytes_or_text_types",
    "complex_types",
    "integral_types",
    "path_to_str",
    "real_types",
]

# NumPy's scalars are named beside the abstract classes because not all of them register there.
integral_types = (numbers.Integral, np.integer)
real_types = (numbers.Real, np.integer, np.floating)
complex_types = (numbers.Complex, np.number)
bytes_or_text_types = (bytes, str)


def as_bytes(bytes_or_text: bytes | bytearray | str, encoding: str = "utf-8") -> bytes:
    """Turn text into bytes; bytes stay what they are.

    Args:
        bytes_or_text: `bytes`, `bytearray` or `str`.
        encoding: How text is encoded.

    Returns:
        A `bytes` object.

    Raises:
        TypeError: If the value is neither bytes nor text.

    >>> import pantarhei as tf
    >>> tf.compat.as_bytes("épée")
    b'\\xc3\\xa9p\\xc3\\xa9e'
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    if isinstance(bytes_or_text, bytes | bytearray):
        return bytes(bytes_or_text)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


def as_text(bytes_or_text: bytes | str, encoding: str = "utf-8") -> str:
    """Turn bytes into text; text stays what it is.

    Args:
        bytes_or_text: `bytes` or `str`.
        encoding: How bytes are decoded.

    Returns:
        A `str` object.

    Raises:
        TypeError: If the value is neither bytes nor text.
        UnicodeDecodeError: If the bytes are not valid in the encoding.

    >>> import pantarhei as tf
    >>> tf.compat.as_text(b"\\xc3\\xa9p\\xc3\\xa9e")
    'épée'
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text.decode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


def as_str_any(value: Any) -> str:
    """Turn anything into text: bytes are decoded as UTF-8, all else goes through `str`.

    Args:
        value: Any object.

    Returns:
        A `str` object.

    >>> import pantarhei as tf
    >>> tf.compat.as_str_any(b"layer"), tf.compat.as_str_any(3)
    ('layer', '3')
    """
    return as_text(value) if isinstance(value, bytes) else str(value)


def path_to_str(path: Any) -> Any:
    """Turn a path object into text; anything that is not one is returned as it is.

    Args:
        path: A `pathlib.Path` or another `os.PathLike`, or any other value.

    Returns:
        The path as `str`, or the value itself.

    >>> import pantarhei as tf
    >>> from pathlib import PurePosixPath
    >>> tf.compat.path_to_str(PurePosixPath("runs/./first"))
    'runs/first'
    """
    return as_str_any(path.__fspath__()) if isinstance(path, os.PathLike) else path
