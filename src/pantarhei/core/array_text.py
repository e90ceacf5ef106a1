"""Arrays as text, the way TensorFlow's kernels write them in `Print` and `Assert`."""

from __future__ import annotations

from typing import Any

import numpy as np

from pantarhei.core import dtypes

Array = np.ndarray[Any, np.dtype[Any]]

_ESCAPES = {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"} | {
    ord(each): f"\\{each}" for each in "\"'\\"
}


def element_text(element: Any) -> str:
    """One element: floats with the fewest of 6 or 9 (15 or 17) digits that identify it."""
    if isinstance(element, bytes):
        return "".join(
            _ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}")
            for byte in element
        )
    if isinstance(element, (bool, np.bool_)):
        return str(int(element))
    if isinstance(element, np.complexfloating) or element.dtype == dtypes.bfloat16.numpy:
        return "?"
    if isinstance(element, np.integer):
        return str(int(element))
    short, full, kind = (15, 17, np.float64) if element.dtype == np.float64 else (6, 9, np.float32)
    number = float(element)
    text = f"{number:.{short}g}"
    return text if kind(text) == kind(number) or number != number else f"{number:.{full}g}"


def summarized(array: Array, limit: int) -> str:
    """The first `limit` elements in nested brackets (without the outermost), dots for the rest."""
    limit = array.size if limit < 0 else limit
    flat = array.ravel()
    if array.ndim == 0:
        return element_text(flat[0]) if limit else "..."
    text, _ = _one_dimension(flat, array.shape, 0, limit, 0)
    return text + ("..." if array.size > limit else "")


def _one_dimension(
    flat: Array, shape: tuple[int, ...], axis: int, limit: int, done: int
) -> tuple[str, int]:
    """Text of one run along `axis` from element `done` on, and how many are done after it."""
    text = ""
    if axis == len(shape) - 1:
        for position in range(shape[axis]):
            if done >= limit:
                return text + ("..." if axis else ""), done
            text += (" " if position else "") + element_text(flat[done])
            done += 1
        return text, done
    for _ in range(shape[axis]):
        if done >= limit:
            break
        inner, done = _one_dimension(flat, shape, axis + 1, limit, done)
        text += f"[{inner}]"
    return text, done
