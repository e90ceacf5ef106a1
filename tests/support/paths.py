"""Where things are in a checkout; so no test depends on the working directory or on its folder."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
GOLDEN = ROOT / "tests" / "golden"
DOCS = ROOT / "docs"
EXAMPLES = ROOT / "examples"
