"""docs/reading.md stays a path that can be read in an hour."""

import re

from tests.support.paths import DOCS

MOST_FILES, MOST_LINES = 25, 3500


def test_the_reading_path_is_short() -> None:
    text = (DOCS / "reading.md").read_text(encoding="utf-8")
    files = dict.fromkeys(re.findall(r"\]\((\.\./src/[^)]+)\)", text))
    lines = sum(len((DOCS / name).read_text(encoding="utf-8").splitlines()) for name in files)
    assert 10 <= len(files) <= MOST_FILES
    assert lines <= MOST_LINES, f"{len(files)} files, {lines} lines"
