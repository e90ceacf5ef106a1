"""`tf.gfile`: values, error classes and words are TensorFlow 1.15's, taken from runs of it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pantarhei import gfile
from pantarhei.core import errors


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and in it a file, and a directory with something in it."""
    monkeypatch.chdir(tmp_path)
    Path("s.txt").write_bytes(b"0123456789\nabc\n")
    Path("full/deep").mkdir(parents=True)
    Path("full/deep/f").write_bytes(b"1")
    return tmp_path


def write(name: str, content: str | bytes, mode: str = "w") -> None:
    """Write a file through GFile."""
    with gfile.GFile(name, mode) as f:
        f.write(content)


def contents(name: str) -> bytes:
    """What is on the disk."""
    return Path(name).read_bytes()


def test_text_and_binary() -> None:
    write("u", "héllo\nwörld")
    assert contents("u") == "héllo\nwörld".encode()
    assert gfile.GFile("u").read() == "héllo\nwörld"
    assert gfile.GFile("u", "rb").read() == "héllo\nwörld".encode()
    assert gfile.GFile("u", "rb").read(2) == b"h\xc3"
    with pytest.raises(UnicodeDecodeError):
        gfile.GFile("u").read(2)


def test_bytes_in_text_mode_and_the_reverse() -> None:
    write("a", b"\x00\xff", "w")
    write("b", "text", "wb")
    assert (contents("a"), contents("b")) == (b"\x00\xff", b"text")
    with pytest.raises(TypeError, match="Expected binary or unicode string, got 3"):
        gfile.GFile("c", "w").write(3)  # type: ignore[arg-type]


def test_lines() -> None:
    write("lines", b"a\r\nb\r\n\nc", "wb")
    assert gfile.GFile("lines").readlines() == ["a\n", "b\n", "\n", "c"]
    assert list(gfile.GFile("lines", "rb")) == [b"a\n", b"b\n", b"\n", b"c"]
    assert gfile.GFile("lines").read() == "a\r\nb\r\n\nc"
    f = gfile.GFile("lines")
    assert [f.readline() for _ in range(6)] == ["a\n", "b\n", "\n", "c", "", ""]


def test_seek_and_tell() -> None:
    f = gfile.GFile("s.txt")
    assert (f.tell(), f.read(3), f.tell()) == (0, "012", 3)
    f.seek(1)
    assert (f.tell(), f.read(2)) == (1, "12")
    f.seek(6, 1)
    assert (f.tell(), f.readline(), f.tell()) == (9, "9\n", 11)
    f.seek(-2, 2)
    assert (f.tell(), f.read(), f.tell(), f.read()) == (13, "c\n", 15, "")
    f.seek(position=2)
    assert f.tell() == 2
    assert f.seekable()
    assert f.size() == 15


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"offset": 1000}, errors.OutOfRangeError, "reached end of file"),
        ({"offset": -1}, errors.InvalidArgumentError, "Seeking to a negative position: -1"),
        (
            {"offset": 0, "whence": 3},
            errors.InvalidArgumentError,
            "Invalid whence argument: 3. Valid values are 0, 1, or 2.",
        ),
        ({}, TypeError, "seek(): offset argument required"),
        (
            {"offset": 1, "position": 2},
            TypeError,
            "seek(): offset and position may not be set simultaneously.",
        ),
    ],
)
def test_seek_refuses(arguments: dict[str, int], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind) as caught:
        gfile.GFile("s.txt").seek(**arguments)
    assert str(caught.value) == words


def test_file_is_opened_by_the_first_write_and_emptied_by_it() -> None:
    f = gfile.GFile("w", "w")
    assert not os.path.exists("w")
    assert f.tell() == 0
    assert os.path.exists("w")
    f.write("abc")
    assert f.tell() == 3
    assert contents("w") == b""
    f.flush()
    assert contents("w") == b"abc"
    f.write("def")
    f.close()
    assert contents("w") == b"abcdef"
    f.write("zz")
    f.close()
    f.close()
    assert contents("w") == b"zz"


def test_with_block_without_write_creates_nothing() -> None:
    with gfile.GFile("e", "w"):
        pass
    assert not os.path.exists("e")
    write("e", "")
    assert os.path.exists("e")


def test_append() -> None:
    write("a", "one\n")
    f = gfile.GFile("a", "a")
    assert f.tell() == 4
    f.write("two\n")
    assert f.tell() == 8
    f.close()
    assert contents("a") == b"one\ntwo\n"


@pytest.mark.parametrize(
    ("mode", "after"),
    [("r+", b"XY"), ("w+", b"XY"), ("a+", b"0123456789\nabc\nXY"), ("rb+", b"XY"), ("w+b", b"XY")],
)
def test_modes_that_read_and_write(mode: str, after: bytes) -> None:
    f = gfile.GFile("s.txt", mode)
    assert f.read(3) in ("012", b"012")
    f.write("XY")
    assert f.tell() == 3
    f.close()
    assert contents("s.txt") == after
    assert f.read() in (after, after.decode())


def test_reading_opens_again_after_close() -> None:
    f = gfile.GFile("s.txt")
    f.read()
    f.close()
    assert f.read(4) == "0123"


def test_name_and_mode() -> None:
    f = gfile.GFile(name="s.txt", mode="rb")
    assert (f.name, f.mode) == ("s.txt", "rb")
    assert gfile.GFile(b"s.txt").read(2) == "01"
    assert gfile.GFile(Path("s.txt")).read(2) == "01"
    assert gfile.Open is gfile.GFile
    assert gfile.FastGFile("s.txt").read(2) == "01"


MODE_WORDS = "mode is not 'r' or 'w' or 'a' or 'r+' or 'w+' or 'a+'"


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: gfile.GFile("no").read(), errors.NotFoundError, "no; No such file or directory"),
        (lambda: gfile.GFile("no").size(), errors.NotFoundError, "no; No such file or directory"),
        (
            lambda: gfile.GFile("full").read(),
            errors.FailedPreconditionError,
            "full; Is a directory",
        ),
        (lambda: write("full", ""), errors.FailedPreconditionError, "full; Is a directory"),
        (lambda: write("no/x", ""), errors.NotFoundError, "no/x; No such file or directory"),
        (lambda: gfile.GFile("s.txt", "x"), errors.InvalidArgumentError, MODE_WORDS),
        (lambda: gfile.GFile("s.txt", "rt"), errors.InvalidArgumentError, MODE_WORDS),
        (
            lambda: gfile.GFile("s.txt").write("x"),
            errors.PermissionDeniedError,
            "File isn't open for writing",
        ),
        (
            lambda: gfile.GFile("s.txt", "w").read(),
            errors.PermissionDeniedError,
            "File isn't open for reading",
        ),
        (
            lambda: gfile.GFile("s.txt", "w").seek(0),
            errors.PermissionDeniedError,
            "File isn't open for reading",
        ),
        (
            lambda: gfile.MkDir("q/w"),
            errors.NotFoundError,
            "q/w; No such file or directory",
        ),
        (
            lambda: gfile.MakeDirs("s.txt/x"),
            errors.FailedPreconditionError,
            "s.txt/x; Not a directory",
        ),
        (
            lambda: gfile.ListDirectory("no"),
            errors.NotFoundError,
            "Could not find directory no",
        ),
        (
            lambda: gfile.ListDirectory("s.txt"),
            errors.NotFoundError,
            "Could not find directory s.txt",
        ),
        (lambda: gfile.Remove("no"), errors.NotFoundError, "no; No such file or directory"),
        (lambda: gfile.Remove("full"), errors.FailedPreconditionError, "full; Is a directory"),
        (lambda: gfile.DeleteRecursively("no"), errors.NotFoundError, "no not found"),
        (
            lambda: gfile.DeleteRecursively("s.txt"),
            errors.FailedPreconditionError,
            "s.txt; Not a directory",
        ),
        (lambda: gfile.Copy("s.txt", "full"), errors.AlreadyExistsError, "file already exists"),
        (
            lambda: gfile.Copy("no", "new"),
            errors.NotFoundError,
            "no; No such file or directory",
        ),
        (
            lambda: gfile.Copy("s.txt", "no/x"),
            errors.NotFoundError,
            "no/x; No such file or directory",
        ),
        (
            lambda: gfile.Copy("s.txt", "full", overwrite=True),
            errors.FailedPreconditionError,
            "full; Is a directory",
        ),
        (
            lambda: gfile.Copy("full", "new"),
            errors.InvalidArgumentError,
            "new; Invalid argument: cannot copy 'full', it is a directory",
        ),
        (lambda: gfile.Rename("no", "x"), errors.NotFoundError, "no; No such file or directory"),
        (lambda: gfile.Rename("s.txt", "full"), errors.AlreadyExistsError, "file already exists"),
        (
            lambda: gfile.Rename("s.txt", "no/x"),
            errors.NotFoundError,
            "s.txt; No such file or directory",
        ),
        (
            lambda: gfile.Rename("s.txt", "full", True),
            errors.FailedPreconditionError,
            "s.txt; Is a directory",
        ),
        (
            lambda: gfile.Rename("full", "s.txt", True),
            errors.FailedPreconditionError,
            "full; Not a directory",
        ),
        (lambda: gfile.Stat("no"), errors.NotFoundError, "no; No such file or directory"),
        (lambda: gfile.Glob("no/*"), errors.NotFoundError, "no; No such file or directory"),
    ],
)
def test_errors(call: Callable[[], Any], kind: type[errors.OpError], words: str) -> None:
    with pytest.raises(errors.OpError) as caught:
        call()
    assert type(caught.value) is kind
    assert caught.value.message == words
    assert Path("full/deep/f").exists()
    assert not Path("new").exists()


def test_copying_a_file_onto_itself_leaves_it() -> None:
    with pytest.raises(errors.InvalidArgumentError, match="same file"):
        gfile.Copy("s.txt", "./s.txt", overwrite=True)
    assert contents("s.txt") == b"0123456789\nabc\n"


def test_paths_are_text_bytes_or_path_objects() -> None:
    assert gfile.Exists("s.txt") and gfile.Exists(b"s.txt") and gfile.Exists(Path("s.txt"))
    with pytest.raises(TypeError, match="Expected binary or unicode string, got None"):
        gfile.Exists(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Expected binary or unicode string, got None"):
        gfile.GFile(None).read()  # type: ignore[arg-type]


def test_exists_and_is_directory() -> None:
    os.symlink("nowhere", "dangling")
    os.symlink("full", "link")
    paths = ["s.txt", "full", "no", "", "s.txt/x", "dangling", "link"]
    assert [gfile.Exists(path) for path in paths] == [True, True, False, False, False, False, True]
    assert [path for path in paths if gfile.IsDirectory(path)] == ["full", "link"]


def test_making_what_exists_changes_nothing() -> None:
    for make in (gfile.MkDir, gfile.MakeDirs):
        for path in ("new", "new", "full", "s.txt", ""):
            make(path)
    assert os.path.isdir("new")
    assert contents("s.txt")[:3] == b"012"
    gfile.MakeDirs("a/b/c/")
    assert os.path.isdir("a/b/c")


def test_copy_rename_remove() -> None:
    gfile.Copy("s.txt", "copy")
    write("other", "x")
    gfile.Copy("s.txt", "other", overwrite=True)
    assert contents("copy") == contents("other") == contents("s.txt")
    write("third", "3")
    gfile.Rename("third", "copy", overwrite=True)
    assert contents("copy") == b"3"
    gfile.Rename("full", "moved")
    assert os.listdir("moved") == ["deep"]
    gfile.Remove("copy")
    gfile.DeleteRecursively("moved")
    assert sorted(gfile.ListDirectory(".")) == ["other", "s.txt"]


def test_stat() -> None:
    status = gfile.Stat("s.txt")
    assert (status.length, status.is_directory) == (15, False)
    assert status.mtime_nsec == os.stat("s.txt").st_mtime_ns
    assert gfile.Stat("full").is_directory


def test_walk() -> None:
    write("full/g", "1")
    down = [("full", ["deep"], ["g"]), ("full/deep", [], ["f"])]
    assert list(gfile.Walk("full")) == down
    assert list(gfile.Walk("full", in_order=False)) == down[::-1]
    assert [path for path, _, _ in gfile.Walk("full/")] == ["full/", "full/deep"]
    assert list(gfile.Walk("no")) == list(gfile.Walk("s.txt")) == []


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("g*.txt", ["./g1.txt", "./g2.txt", "./g[1].txt"]),
        ("./g?.txt", ["./g1.txt", "./g2.txt"]),
        ("d/g[12].txt", ["d/g1.txt", "d/g2.txt"]),
        ("d/g[!1].txt", ["d/g2.txt"]),
        ("d/g[^1].txt", ["d/g2.txt"]),
        ("d/g\\[1\\].txt", ["d/g[1].txt"]),
        ("d/*.txt", ["d/.hid.txt", "d/g1.txt", "d/g2.txt", "d/g[1].txt"]),
        ("d/g1.txt", ["d/g1.txt"]),
        ("d/nope", []),
        ("d/zz*", []),
        ("*/deep/f", ["./full/deep/f"]),
        ("fu*/*", ["./full/deep"]),
        ("**/deep", ["./full/deep"]),
        ("d/../g1*", ["d/../g1.txt"]),
        ("d/g{1,2}.txt", []),
        ("", []),
        (["d/g2*", "d/g1*"], ["d/g2.txt", "d/g1.txt"]),
    ],
)
def test_glob(pattern: str | list[str], found: list[str]) -> None:
    os.mkdir("d")
    for name in ("g1.txt", "g2.txt", "g[1].txt", ".hid.txt", "gx.dat"):
        write(name, "1")
        write(f"d/{name}", "1")
    assert gfile.Glob(pattern) == found
