"""The programs in the pages of `docs/` run, one after the other as they stand on a page."""

import contextlib
import io
import re

import pytest

import pantarhei as tf
from tests.support.paths import DOCS, SOURCE

PAGES = ("summaries.md",)


@pytest.mark.parametrize("page", PAGES)
def test_programs_of_a_page_run_and_print_what_it_says(page, tmp_path, monkeypatch):
    pytest.importorskip("tensorboard")
    monkeypatch.chdir(tmp_path)
    text = (DOCS / page).read_text(encoding="utf-8")
    programs = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert programs
    names = {"__name__": "__main__"}
    printed = io.StringIO()
    with tf.Graph().as_default(), contextlib.redirect_stdout(printed):
        for program in programs:
            exec(compile(program, page, "exec"), names)
    assert printed.getvalue().split("\n")[:-1] == re.findall(r"print\(.*\)  # (.+)", text)


@pytest.mark.parametrize("page", ("reading.md", "stages.md"))
def test_programs_of_a_page_run(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    programs = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert programs
    with tf.Graph().as_default(), contextlib.redirect_stdout(io.StringIO()) as printed:
        for program in programs:
            exec(compile(program, page, "exec"), {"__name__": "__main__"})
    assert printed.getvalue()


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_what_a_page_points_to_exists(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (DOCS / target).exists(), target


def test_places_in_the_glossary_exist() -> None:
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    places = re.findall(r"`([a-z_/]+(?:\.py|/))`", text)
    missing = [each for each in places if not (SOURCE / "pantarhei" / each).exists()]
    assert len(places) > 40 and not missing
