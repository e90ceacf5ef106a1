"""Bars: on a terminal only, and only for what takes longer than a second."""

import io
import sys
import time

import pytest

from pantarhei.commands.progress import progress, progress_of_bytes


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("kind", "drawn"), [(Terminal, True), (io.StringIO, False)])
def test_bar(kind: type[io.StringIO], drawn: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", kind())
    with progress_of_bytes("reading", 2048) as count:
        count(512)
        assert sys.stderr.getvalue() == ""
        time.sleep(1.01)
        count(512)
        assert ("reading:  50%" in sys.stderr.getvalue()) == drawn


def test_items_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert list(progress(iter("abc"), "reading", "letters")) == ["a", "b", "c"]
    assert "reading" not in sys.stderr.getvalue()
