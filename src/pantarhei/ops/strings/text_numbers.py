"""Numbers as they are written in text: what may stand for one, and what it is worth."""

from __future__ import annotations

import re

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.dtypes import DType

_WHOLE = re.compile(rb"\s*-?[0-9]+\s*")
_FLOATING = re.compile(
    rb"\s*[-+]?((([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?)|inf|nan|0x[0-9a-f]+)\s*", re.IGNORECASE
)


def number(text: bytes, dtype: DType) -> float | int | None:
    """The number that a text stands for; None where it stands for none of this dtype."""
    if dtype.is_integer:
        if not _WHOLE.fullmatch(text):
            return None
        value = int(text)
        return value if int(dtype.min) <= value <= int(dtype.max) else None
    if not _FLOATING.fullmatch(text):
        return None
    if b"x" in text.lower():
        return float(int(text.strip(), 16))
    if dtype == dtypes.float32:
        with np.errstate(over="ignore"):
            return float(np.float32(text.strip().decode()))
    return float(text)
