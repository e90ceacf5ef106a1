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
    stream = kind()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress_of_bytes("reading", 2048) as count:
        count(512)
        assert stream.getvalue() == ""
        time.sleep(1.01)
        count(512)
        assert ("reading:  50%" in stream.getvalue()) == drawn


def test_items_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    assert list(progress(iter("abc"), "reading", "letters")) == ["a", "b", "c"]
    assert "reading" not in stream.getvalue()
