"""docs/coverage.md says what is there today."""

from pathlib import Path
from types import SimpleNamespace

import pytest

import coverage_table
import record_api
from tests.support.programs import run_program


def test_page_is_up_to_date(tmp_path: Path) -> None:
    tool = Path(coverage_table.__file__)
    program = (
        f"import runpy, sys\nsys.path.append({str(tool.parent)!r})\n"
        f"runpy.run_path({str(tool)!r}, run_name='__main__')\n"
    )
    done = run_program(program, "--check", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_stale_page_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(coverage_table, "PAGE", tmp_path / "coverage.md")
    assert coverage_table.main([]) == 0
    assert coverage_table.main(["--check"]) == 0
    with (tmp_path / "coverage.md").open("a", encoding="utf-8") as page:
        page.write("| `tf.gone` | 1 | 1 |\n")
    assert coverage_table.main(["--check"]) == 1
    assert "run `make docs`" in capsys.readouterr().out


def test_totals_are_weighted_by_use(tmp_path: Path) -> None:
    usage = tmp_path / "usage.csv"
    usage.write_text("symbol,files,repos\ntf.no,1,1\ntf.nn.relu,30,9\ntf.nn.no,10,3\n")
    root = SimpleNamespace(nn=SimpleNamespace(relu=abs))
    recording = tmp_path / "recording.json.gz"
    kinds = ("tf.nn.relu", "function"), ("tf.nn.no", "function"), ("tf.gone", "constant")
    members = ("tf.nn", "module"), ("tf.Gone.method", "method")
    record_api.write(recording, {name: [kind, None] for name, kind in (*kinds, *members)})
    names = coverage_table.count_names(recording, root)
    assert names == {"tf.nn": (1, 2), "tf": (0, 1)}
    page = coverage_table.render(coverage_table.read_usage(usage, root), names)
    assert "| **all** | **1 of 3 (33.3 %)** | **1 of 3** | **73.2 %** | **69.2 %** |" in page
    assert "| `tf.nn` | 1 of 2 | 1 of 2 | 75.0 % | 75.0 % |" in page
    assert "| `tf.nn.no` | 10 | 3 |\n| `tf.no` | 1 | 1 |\n" in page
