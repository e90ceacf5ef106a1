"""What holds for all tests.

Every program that a session compiles passes the verifier first. Machine code is kept beside
pytest's own cache, never in the user's. No test leaves anything in the checkout.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

os.environ["PANTARHEI_VERIFY"] = "1"
os.environ["PANTARHEI_CACHE"] = str(ROOT / ".pytest_cache" / "pantarhei")

# Made by tools while tests run, not by tests.
MADE_BY_TOOLS = {"__pycache__", ".pytest_cache", ".hypothesis", ".mypy_cache", ".ruff_cache"}


def entries(folder: Path) -> set[Path]:
    """What lies in the checkout's folders that people and programs write to."""
    found = {path for path in folder.iterdir() if path.name not in MADE_BY_TOOLS}
    for name in ("docs", "examples", "out", "tests"):
        found.update(folder.glob(f"{name}/*"))
    return {path for path in found if path.name not in MADE_BY_TOOLS}


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_left_in_the_checkout() -> Iterator[None]:
    before = entries(ROOT)
    yield
    left = entries(ROOT) - before
    assert not left, f"a test left {sorted(map(str, left))}; tests write to tmp_path only"
