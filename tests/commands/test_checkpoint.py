"""`pantarhei checkpoint`: tables, archives, differences, and what cannot be read."""

import signal
import subprocess
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from pantarhei.commands import checkpoint
from pantarhei.commands.main import main
from pantarhei.files.checkpoints.format.bundle_writer import Saved, write_bundle
from tests.support.paths import GOLDEN
from tests.support.programs import environment

CHECKPOINTS = GOLDEN / "checkpoints"


def strings(*values: bytes) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    numbers = np.array([[1.0, 3.0], [np.nan, np.inf]], np.float32)
    rows = [
        Saved("w", numbers),
        Saved("file", np.arange(300, dtype=np.int64)),
        Saved("text", strings(b"a", b"bcd")),
        Saved("z", np.array([1 + 2j])),
    ]
    write_bundle(str(tmp_path / "m"), rows)
    return tmp_path / "m"


@pytest.mark.parametrize("suffix", ["", ".index", ".data-00000-of-00001"])
def test_table(prefix: Path, suffix: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checkpoint", f"{prefix}{suffix}"]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["name", "dtype", "shape", "size", "mean", "std", "least", "most", "not", "finite"],
        ["file", "int64", "300", "2.3", "KiB", "149.5", "86.6", "0", "299"],
        ["text", "string", "2", "4", "B", "-", "-", "-", "-", "-"],
        ["w", "float32", "2x2", "16", "B", "2", "1", "1", "3", "2"],
        ["z", "complex128", "1", "16", "B", "-", "-", "-", "-", "-"],
        ["4", "tensors,", "307", "elements,", "2.4", "KiB"],
    ]


@pytest.mark.parametrize("name", ["dtypes", "strings", "brain_float", "parts-v1", "sharded"])
def test_recorded_checkpoints(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checkpoint", str(CHECKPOINTS / name)]) == 0
    assert capsys.readouterr().out.count("\n") > 2


def test_archive(prefix: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = prefix.parent / "out.npz"
    assert main(["checkpoint", str(prefix), "--npz", str(out)]) == 0
    assert capsys.readouterr().out.endswith(f"wrote {out}; converted: text\n")
    with np.load(out) as archive:
        assert sorted(archive) == ["file", "text", "w", "z"]
        assert archive["file"].tolist() == list(range(300))
        assert archive["text"].tolist() == [b"a", b"bcd"]
        assert archive["w"].dtype == np.float32


def test_strings_that_an_archive_would_cut(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_bundle(str(tmp_path / "m"), [Saved("t", strings(b"a\0"))])
    assert main(["checkpoint", str(tmp_path / "m"), "--npz", str(tmp_path / "out")]) == 1
    assert "t has strings that end in zero bytes" in capsys.readouterr().err


def test_difference(prefix: Path, capsys: pytest.CaptureFixture[str]) -> None:
    numbers = np.array([[1.0, 3.5], [np.nan, np.inf]], np.float32)
    rows = [
        Saved("w", numbers),
        Saved("more", np.zeros(1)),
        Saved("text", strings(b"a", b"x")),
        Saved("file", np.arange(3)),
    ]
    other = prefix.parent / "other"
    write_bundle(str(other), rows)
    assert main(["checkpoint", str(prefix), "--diff", str(other)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "- z",
        "+ more",
        "! file: int64 300 and int64 3",
        "! text: 1 of 2 strings",
        "! w: 1 of 4 elements, by at most 0.5",
        "0 the same, 3 different, 1 only in the first, 1 only in the second",
    ]
    assert main(["checkpoint", str(prefix), "--diff", str(prefix)]) == 0
    assert capsys.readouterr().out.startswith("4 the same, 0 different")


def test_what_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text").write_text("no checkpoint" * 9)
    for name, said in [
        ("nothing", f"there is no checkpoint {tmp_path / 'nothing'}: looked for "),
        ("text", "not an sstable"),
        (".", f"no latest checkpoint in {tmp_path}: looked for a file 'checkpoint' naming it"),
    ]:
        assert main(["checkpoint", str(tmp_path / name)]) == 1
        assert said in capsys.readouterr().err


SAFE = ["float32", "float64", "float16", "bfloat16", "int8", "int32", "int64", "uint16", "bool"]


def test_safetensors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library = pytest.importorskip("safetensors")
    arrays = {name: np.arange(6).reshape(2, 3).astype(np.dtype(name)) for name in SAFE}
    arrays |= {"scalar": np.array(2.5), "none": np.zeros((0, 3)), "c64": np.array([1 + 2j], "F")}
    write_bundle(str(tmp_path / "m"), [Saved(name, each) for name, each in arrays.items()])
    out = tmp_path / "m.safetensors"
    assert main(["checkpoint", str(tmp_path / "m"), "--safetensors", str(out)]) == 0
    assert capsys.readouterr().out.endswith(f"wrote {out}\n")
    assert out.stat().st_mode == (tmp_path / "m.index").stat().st_mode
    found = dict(library.deserialize(out.read_bytes()))
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        assert tuple(found[name]["shape"]) == array.shape
        assert bytes(found[name]["data"]) == array.tobytes()
    assert found["bfloat16"]["dtype"] == "BF16" and found["c64"]["dtype"] == "C64"
    assert arrays["bfloat16"].dtype == ml_dtypes.bfloat16


def test_what_safetensors_cannot_hold(prefix: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("safetensors")
    out = prefix.parent / "out"
    assert main(["checkpoint", str(prefix), "--safetensors", str(out)]) == 1
    printed = capsys.readouterr()
    assert "cannot hold 2 of 4 tensors: text (string), z (complex128)" in printed.err
    assert printed.out == "" and not out.exists()


def test_a_missing_library_is_named(
    prefix: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    out = prefix.parent / "missing"
    assert main(["checkpoint", str(prefix), "--safetensors", str(out)]) == 1
    assert "`pip install pantarhei[safetensors]`" in capsys.readouterr().err


def test_statistics_do_not_depend_on_the_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.random.default_rng(0).normal(1e4, 1, 1000)
    array[::7] = np.nan
    whole = checkpoint._statistics(array, lambda count: None)
    told: list[int] = []
    monkeypatch.setattr(checkpoint, "_PIECE", 13)
    assert checkpoint._statistics(array, told.append) == whole
    assert sum(told) == array.nbytes
    good = array[np.isfinite(array)]
    assert whole[:2] == [f"{good.mean():.4g}", f"{good.std():.4g}"] and whole[4] == "143"


def test_checkpoints_nearby_are_named(prefix: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (prefix.parent, prefix.parent / "other"):
        assert main(["checkpoint", str(path)]) == 1
        assert capsys.readouterr().err.endswith(f"; there are: {prefix}\n")


def test_files_of_another_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = tmp_path / "events.out.tfevents.1.host"
    events.write_bytes(b"")
    assert main(["checkpoint", str(events)]) == 1
    assert f"`pantarhei events {events}` shows it" in capsys.readouterr().err


def test_outputs_that_cannot_be_written(prefix: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in prefix.parent.iterdir()}
    for out, said in [
        (prefix.parent, "it is a folder"),
        (f"{prefix}.index", "it is what is read"),
        (prefix.parent / "none" / "out", f"there is no folder {prefix.parent / 'none'}"),
    ]:
        assert main(["checkpoint", str(prefix), "--npz", str(out)]) == 1
        printed = capsys.readouterr()
        assert said in printed.err and printed.out == ""
    assert {path: path.read_bytes() for path in prefix.parent.iterdir()} == before


def test_a_failure_leaves_an_older_output(
    prefix: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = prefix.parent / "out.npz"
    out.write_bytes(b"older")
    names = sorted(prefix.parent.iterdir())

    def fail(*arguments: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np.lib.format, "write_array", fail)
        assert main(["checkpoint", str(prefix), "--npz", str(out)]) == 1
    assert f"cannot write {out}: No space left on device" in capsys.readouterr().err
    assert out.read_bytes() == b"older" and sorted(prefix.parent.iterdir()) == names
    assert main(["checkpoint", str(prefix), "--npz", str(out)]) == 0
    assert np.load(out)["file"].size == 300


def test_interrupted(prefix: Path) -> None:
    """Ctrl-C while a file is written: status 130, no trace in the folder."""
    before = sorted(prefix.parent.iterdir())
    code = (
        "import os, signal, sys, numpy as np; from pantarhei.commands.main import main;"
        # Whoever runs the tests may have been started with the signal ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler);"
        f"np.lib.format.write_array = lambda *a, **b: os.kill(os.getpid(), {int(signal.SIGINT)});"
        "sys.exit(main(sys.argv[1:]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, "checkpoint", str(prefix), "--npz", str(prefix) + ".npz"],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 130 and ran.stderr == "pantarhei checkpoint: interrupted\n"
    assert sorted(prefix.parent.iterdir()) == before
