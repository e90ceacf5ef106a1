"""Machine code on disk: what is there is not compiled again, and what is wrong there is never run.

Compilers made one after the other stand for processes; two real ones write at once.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import pantarhei as tf
from pantarhei.engines.native.codegen import jit
from pantarhei.engines.native.codegen import object_cache as cache
from pantarhei.engines.native.codegen.loop_nest import Access, ElementOperation, Result, Structure
from pantarhei.engines.native.codegen.object_cache import ObjectCache
from pantarhei.engines.native.runtime import engine
from pantarhei.engines.numpy import engine as numpy_engine
from pantarhei.program.ir import Program, Type
from tests.engines.agreement import agree, builder


def structure(*names: str) -> Structure:
    """One function after the other on every element of a vector."""
    operations = []
    place: Any = ("load", 0)
    for number, name in enumerate(names):
        operations.append(ElementOperation(name, "float", ((place, "float"),)))
        place = ("op", number)
    access = Access("float", 1)
    return Structure(
        (False,), (access,), tuple(operations), (Result("", (place, "float"), access),)
    )


NEGATIVE = structure("negative")


def call(address: int, array: Any) -> Any:
    """What a function of `structure` makes of an array."""
    result = np.full_like(array, -99)
    numbers = (array.size, 0, 0, 0, 1, 0, 0)
    arguments = (ctypes.c_int64 * len(numbers))(*numbers)
    buffers = (ctypes.c_int64 * 2)(array.ctypes.data, result.ctypes.data)
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(address)(arguments, buffers)
    return result


def works(compiler: jit.Compiler) -> bool:
    """Whether the function for `NEGATIVE` negates."""
    array = np.arange(100, dtype=np.float32)
    return np.array_equal(call(compiler.kernels([NEGATIVE])[NEGATIVE], array), -array)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for machine code."""
    monkeypatch.setenv("PANTARHEI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "kernels"


def built_for(*structures: Structure) -> int:
    """How many pieces a new process would compile for these, beside those for every call."""
    compiler = jit.Compiler()
    before = compiler.built
    addresses = compiler.kernels(structures)
    assert all(addresses.values())
    return compiler.built - before


# --- what is found --------------------------------------------------------------------------------


def test_what_is_there_is_not_compiled(folder: Path) -> None:
    first, second = jit.Compiler(), jit.Compiler()
    assert works(first) and first.built > 1
    assert second.built == 0
    assert works(second) and second.built == 0
    assert jit.Compiler().built == 0


def test_functions_are_shared_one_by_one(folder: Path) -> None:
    """Whoever asks for other functions too finds those that are there."""
    square, cube = structure("square"), structure("cube")
    assert built_for(NEGATIVE, square) == 2
    assert built_for(square, cube) == 1
    assert built_for(cube, NEGATIVE, square) == 0


def test_another_structure_is_another_piece(folder: Path) -> None:
    assert built_for(NEGATIVE) == 1
    assert built_for(structure("negative", "square")) == 1
    stepping = replace(NEGATIVE, loads=(Access("float", 2),))
    assert built_for(stepping) == 1
    summing = replace(NEGATIVE.results[0], kind="sum", access=Access("float", 0))
    assert built_for(replace(NEGATIVE, reduced=(True,), results=(summing,))) == 1


@pytest.mark.parametrize("change", ["text", "processor", "pipeline"])
def test_all_that_decides_the_code_is_in_the_key(
    change: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert built_for(NEGATIVE) == 1
    if change == "text":
        made = jit.piece_of
        longer = lambda each: made(each)._replace(text=made(each).text + "\n")  # noqa: E731
        monkeypatch.setattr(jit, "piece_of", longer)
        assert built_for(NEGATIVE) == 1
        return
    if change == "processor":
        other = lambda: "x86-64"  # noqa: E731
        pytest.importorskip("llvmlite.binding")
        monkeypatch.setattr("llvmlite.binding.get_host_cpu_name", other)
    else:
        monkeypatch.setattr(jit, "PIPELINE", "another one")
    assert jit.Compiler().built > 0


def test_off_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANTARHEI_CACHE", "off")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert built_for(NEGATIVE) == built_for(NEGATIVE) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/pantarhei/kernels"),
        ("linux", {}, "/home/me/.cache/pantarhei/kernels"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "/home/me/.cache/pantarhei/kernels"),
        ("darwin", {"XDG_CACHE_HOME": "/x"}, "/home/me/Library/Caches/pantarhei/kernels"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/pantarhei/kernels"),
        ("win32", {}, "/home/me/AppData/Local/pantarhei/kernels"),
        ("linux", {"PANTARHEI_CACHE": "/named"}, "/named/kernels"),
    ],
)
def test_folder_of_the_platform(
    platform: str, variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "PANTARHEI_CACHE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/home/me", **variables}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert cache.chosen_folder() == expected


def test_a_step_with_another_batch_size_compiles_nothing() -> None:
    """Its mean divides by another number, and its gradient multiplies by another one."""
    tf.reset_default_graph()
    x = tf.placeholder(tf.float32, (None, 20))
    y = tf.placeholder(tf.int64, (None,))
    hidden = tf.layers.dense(x, 30, tf.nn.tanh)
    logits = tf.layers.dense(hidden, 5)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    loss = tf.reduce_mean(losses) / tf.to_float(tf.shape(x)[0])
    step = tf.train.AdamOptimizer(0.01).minimize(loss)
    counts = []
    with tf.Session(config=tf.ConfigProto(engine="native")) as session:
        session.run(tf.global_variables_initializer())
        for size in (32, 33, 57, 64, 101):  # equal to no other extent: equal spaces share loops
            feeds = {x: np.ones((size, 20)), y: np.arange(size) % 5}
            session.run([loss, step], feeds)
            counts.append((jit.compiler().built, len(jit.compiler()._kernels)))
    assert len(set(counts)) == 1


# --- what is wrong --------------------------------------------------------------------------------

DATA = b"some machine code" * 3


def one_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


@pytest.fixture
def piece(folder: Path) -> Path:
    """The file of a piece that was written under the key `key`."""
    ObjectCache(str(folder)).write("key", DATA)
    assert ObjectCache(str(folder)).read("key") == DATA
    return one_file(folder)


def test_every_changed_byte_is_noticed(folder: Path, piece: Path) -> None:
    whole = piece.read_bytes()
    reader = ObjectCache(str(folder))
    for index in range(len(whole)):
        for change in (0x01, 0x80, 0xFF):
            piece.write_bytes(whole[:index] + bytes([whole[index] ^ change]) + whole[index + 1 :])
            assert reader.read("key") is None
    for length in range(len(whole)):
        piece.write_bytes(whole[:length])
        assert reader.read("key") is None
    piece.write_bytes(whole + b"\0")
    assert reader.read("key") is None
    piece.write_bytes(whole)
    assert reader.read("key") == DATA


def test_a_piece_under_another_name_is_foreign(folder: Path, piece: Path) -> None:
    ObjectCache(str(folder)).write("other", b"other code")
    (other,) = set(folder.iterdir()) - {piece}
    other.replace(piece)
    assert ObjectCache(str(folder)).read("key") is None


def _altered(place: float) -> Callable[[Path], None]:
    def alter(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[int(place * (len(content) - 1))] ^= 0x10
        path.write_bytes(content)

    return alter


def _link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def _open_to_all(path: Path) -> None:
    path.chmod(0o666)


DAMAGES = {
    **{f"byte at {place}": _altered(place) for place in (0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 1)},
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "link": _link,
    "writable by all": _open_to_all,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_piece_is_built_again(damage: str, folder: Path) -> None:
    if os.name != "posix" and damage in ("link", "writable by all"):
        pytest.skip("the platform does not tell")
    built_for()
    before = set(folder.iterdir())
    assert built_for(NEGATIVE) == 1
    (path,) = set(folder.iterdir()) - before
    DAMAGES[damage](path)
    repairing = jit.Compiler()
    assert repairing.built == 0 and works(repairing) and repairing.built == 1
    assert built_for(NEGATIVE) == 0


def test_a_folder_that_others_can_write_is_not_used(folder: Path) -> None:
    assert built_for(NEGATIVE) == 1
    folder.chmod(0o777)
    with pytest.warns(RuntimeWarning, match="can be written by other users") as said:
        assert built_for(NEGATIVE) == 1
    assert len(said) == 1
    folder.chmod(0o700)
    assert built_for(NEGATIVE) == 0


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="the platform does not tell")
def test_a_folder_of_another_user_is_not_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert built_for(NEGATIVE) == 1
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    with pytest.warns(RuntimeWarning, match="can be written by other users"):
        assert built_for(NEGATIVE) == 1


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_the_folder_is_the_users_alone(folder: Path) -> None:
    before = os.umask(0)
    try:
        built_for(NEGATIVE)
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())


# --- what cannot be written -----------------------------------------------------------------------


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PANTARHEI_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.warns(RuntimeWarning, match="cannot be made") as said:
        compiler = jit.Compiler()
        assert works(compiler)
        compiler.kernels([structure("square")])
    assert len(said) == 1


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "PANTARHEI_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    with pytest.warns(RuntimeWarning, match="no home folder"):
        assert built_for(NEGATIVE) == 1


@pytest.mark.parametrize("failing", ["open", "replace"])
def test_a_folder_that_can_only_be_read(
    failing: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there is used; what is not is compiled, with one warning and nothing left behind."""
    assert built_for(NEGATIVE) == 1
    before = set(folder.iterdir())
    opened = os.open

    def open_to_read(path: Any, flags: int, *mode: Any) -> int:
        if flags & os.O_CREAT:
            raise OSError(30, "Read-only file system")
        return opened(path, flags, *mode)

    def no_space(*paths: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, open_to_read if failing == "open" else no_space)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert built_for(NEGATIVE) == 0
    with pytest.warns(RuntimeWarning, match="cannot be written") as said:
        assert built_for(NEGATIVE, structure("square"), structure("cube")) == 2
    assert len(said) == 1
    assert set(folder.iterdir()) == before


# --- how much is kept -----------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "limit"), [("FILES_KEPT", 8), ("BYTES_KEPT", 8 * 100)])
def test_what_was_unused_for_longest_goes(
    name: str, limit: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, name, limit)
    monkeypatch.setattr(cache, "WRITTEN_BETWEEN", 1)
    kept = ObjectCache(str(folder))
    for number in range(20):
        kept.write(str(number), b"x" * 43)
        for path in folder.iterdir():  # a moment passes
            facts = path.stat()
            os.utime(path, (facts.st_atime, facts.st_mtime - 2 * cache.DAY))
        assert kept.read("0") is not None
        assert len(list(folder.iterdir())) <= 8
    assert [str(n) for n in range(20) if kept.read(str(n)) is not None][-1] == "19"


# --- two processes --------------------------------------------------------------------------------

PROCESS = """
import sys
import numpy as np
import pantarhei as tf

sys.stdin.readline()
x = tf.placeholder(tf.float32, (None,))
y = tf.reduce_sum(tf.tanh(x) * 2.0 + tf.exp(-x))
with tf.Session(config=tf.ConfigProto(engine="native")) as session:
    print(float(session.run(y, {x: np.ones(10)})))
from pantarhei.engines.native.codegen import jit
print(jit.compiler().built)
"""


def _start(folder: Path) -> subprocess.Popen[str]:
    source = str(Path(tf.__file__).parents[1])
    surroundings = {**os.environ, "PYTHONPATH": source, "PANTARHEI_CACHE": str(folder.parent)}
    pipe = subprocess.PIPE
    command = [sys.executable, "-W", "error", "-c", PROCESS]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, env=surroundings, text=True)


def test_two_processes_at_once(folder: Path) -> None:
    processes = [_start(folder) for _ in range(2)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate()[0].split() for process in processes]
    assert all(process.returncode == 0 for process in processes)
    assert answers[0][0] == answers[1][0]
    assert not list(folder.glob("new-*"))
    third, _ = _start(folder).communicate("go\n")
    assert third.split() == [answers[0][0], "0"]


# --- machines that lack something -----------------------------------------------------------------


def _without_llvmlite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)


def _without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)


def _without_pointers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jit, "_cython_blas", lambda: SimpleNamespace(__pyx_capi__={}))


def _without_target(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> object:
        raise RuntimeError("No available targets are compatible with triple")

    monkeypatch.setattr("llvmlite.binding.Target.from_default_triple", unknown)


@pytest.mark.parametrize(
    ("lack", "words"),
    [
        (_without_llvmlite, "llvmlite.* cannot be imported"),
        (_without_scipy, "scipy.* cannot be imported"),
        (_without_pointers, "LLVM or BLAS does not work on this machine"),
        (_without_target, "No available targets"),
    ],
)
def test_one_warning_and_the_reference_engine(
    lack: Callable[[pytest.MonkeyPatch], None],
    words: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jit, "_compiler", None)
    monkeypatch.setattr(engine, "_warned", False)
    lack(monkeypatch)
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    with pytest.warns(RuntimeWarning, match=words) as said:
        for _ in range(2):
            run = engine.compile(_program())
            agree(run([array])[0], numpy_engine.compile(_program())([array])[0])
    assert len(said) == 1


def _program() -> Program:
    b = builder()
    x = b.input(Type(np.dtype(np.float32), (3, 4)))
    return b.finish([b.sum(b.tanh(x), axes=(0,))])
