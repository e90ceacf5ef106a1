"""What TensorFlow 1.15 wrote, from `tests/golden/summaries.json`. Knows that file only."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import Any

from tests.support.paths import GOLDEN

PATH = GOLDEN / "summaries.json"


@cache
def golden() -> dict[str, Any]:
    """Everything that was recorded."""
    found: dict[str, Any] = json.loads(PATH.read_text())
    return found


def data(encoded: str) -> bytes:
    """Bytes as they were before they were put into the file."""
    return base64.b64decode(encoded)
