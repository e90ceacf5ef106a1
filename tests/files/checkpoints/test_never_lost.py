"""Nothing is lost: killed while it saves, or with a full disk, a run has its last checkpoint.

Every write, flush, renaming and removal that saving does is an event. A process is killed at each
of them in turn, in the middle of writes too; and each of them fails in turn. What the folder names
as the latest checkpoint then has to hold one state of the variables as a whole, the old or the new.
"""

import errno
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pantarhei as tf
from pantarhei.files.checkpoints import durable
from pantarhei.files.checkpoints.format import bundle_writer
from pantarhei.files.checkpoints.format.bundle_reader import BundleReader
from pantarhei.files.checkpoints.format.bundle_writer import Saved, write_bundle


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flushing is an event below; a process that is killed loses nothing that it has written."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


Action = Callable[[int], None]


class Watched:
    """A file whose writes are events, before them, in their middle, and after them."""

    def __init__(self, file: Any, event: Callable[[], None]) -> None:
        self.file = file
        self.event = event

    def write(self, data: Any) -> None:
        data = bytes(data)
        self.event()
        self.file.write(data[: len(data) // 2])
        self.file.flush()
        self.event()
        self.file.write(data[len(data) // 2 :])
        self.file.flush()
        self.event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


@contextmanager
def events(action: Action) -> Iterator[list[int]]:
    """Inside, `action` is called with the number of each event; the list has their count."""
    count = [0]

    def event() -> None:
        count[0] += 1
        action(count[0])

    def around(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            event()
            result = function(*arguments, **named)
            event()
            return result

        return call

    with pytest.MonkeyPatch.context() as patch:
        opened = durable.open_new
        patch.setattr(durable, "open_new", lambda path: Watched(opened(path), event))
        for name in ("replace", "fsync", "remove", "rmdir"):
            patch.setattr(os, name, around(getattr(os, name)))
        yield count


class Program:
    """A program that saves: two variables that always hold the same number."""

    def __init__(self, folder: Path, sharded: bool, step: bool) -> None:
        tf.reset_default_graph()
        self.folder = folder
        self.step = step
        with tf.device("/cpu:0"):
            first = tf.Variable(tf.zeros([3]), name="first")
        self.variables = [first, tf.Variable([b"0"], name="second")]
        self.number = tf.placeholder(tf.float32, ())
        self.text = tf.placeholder(tf.string, ())
        self.update = tf.group(
            first.assign(tf.fill([3], self.number)),
            self.variables[1].assign(tf.reshape(self.text, [1])),
        )
        self.saver = tf.train.Saver(sharded=sharded, max_to_keep=1)
        self.session = tf.Session()

    def save(self, number: int) -> None:
        feeds = {self.number: number, self.text: str(number).encode()}
        self.session.run(self.update, feeds)
        self.folder.mkdir(exist_ok=True)
        self.saver.save(
            self.session,
            self.folder / "model",
            global_step=number if self.step else None,
            write_meta_graph=False,
        )

    def restored(self) -> int:
        """The number that the latest checkpoint holds, in all of it."""
        latest = tf.train.latest_checkpoint(self.folder)
        assert latest is not None
        with tf.Session() as session:
            self.saver.restore(session, latest)
            numbers, texts = session.run(self.variables)
        assert np.unique(numbers).tolist() == [float(texts[0])]
        return int(texts[0])


KINDS = [
    pytest.param(False, True, id="under new names"),
    pytest.param(False, False, id="under the same name"),
    pytest.param(True, True, id="sharded"),
    pytest.param(True, False, id="sharded, under the same name"),
]


def nothing(number: int) -> None:
    pass


def count_of_events(program: Program) -> int:
    program.save(1)
    with events(nothing) as count:
        program.save(2)
    assert program.restored() == 2
    return count[0]


def killed_at(program: Program, at: int) -> bool:
    """Whether a child process was killed at an event while it saved."""

    def kill(number: int) -> None:
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        try:
            with events(kill):
                program.save(2)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
@pytest.mark.parametrize(("sharded", "step"), KINDS)
def test_killed_while_saving(sharded: bool, step: bool, tmp_path: Path) -> None:
    program = Program(tmp_path / "run", sharded, step)
    count = count_of_events(program)
    assert count > 20
    seen = set()
    for at in range(1, count + 1):
        shutil.rmtree(program.folder)
        program.save(1)
        assert killed_at(program, at)
        seen.add(program.restored())
        program.save(3)  # what was left behind does not disturb the next run
        assert program.restored() == 3
        orphans = [path.name for path in program.folder.iterdir() if "tempstate" in path.name]
        assert orphans == []
    assert seen == {1, 2}


@pytest.mark.parametrize(("sharded", "step"), KINDS)
def test_full_disk(sharded: bool, step: bool, tmp_path: Path) -> None:
    program = Program(tmp_path / "run", sharded, step)
    count = count_of_events(program)
    failed = 0
    for at in range(1, count + 1):
        shutil.rmtree(program.folder)
        program.save(1)

        def fail(number: int, at: int = at) -> None:
            if number == at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with events(fail):
            try:
                program.save(2)
            except tf.errors.ResourceExhaustedError as error:
                assert os.strerror(errno.ENOSPC) in error.message
                failed += 1
        assert program.restored() in (1, 2)
        program.save(3)
        assert program.restored() == 3
        orphans = [path.name for path in program.folder.iterdir() if "tempstate" in path.name]
        assert orphans == []
    assert failed > 10


def test_an_unsafe_way_of_saving_is_caught(tmp_path: Path) -> None:
    """The test above would fail if files were replaced one after the other."""
    program = Program(tmp_path / "run", False, False)

    def careless(prefix: str, data: Any, index: str) -> None:
        durable.replace(index, durable.index_path(prefix))
        for source, target in data:
            durable.replace(source, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(durable, "commit", careless)
        count = count_of_events(program)
        lost = 0
        for at in range(1, count + 1):
            shutil.rmtree(program.folder)
            program.save(1)
            assert killed_at(program, at)
            try:
                program.restored()
            except (tf.errors.OpError, AssertionError, ValueError):
                lost += 1
    assert lost


def test_two_processes_save_to_one_folder(tmp_path: Path) -> None:
    """Both save under one name and under their own, at the same time; nothing is mixed up."""
    program = Program(tmp_path, False, False)
    program.save(1)
    children = []
    for number in (2, 3):
        child = os.fork()
        if child == 0:
            try:
                for _ in range(20):
                    program.save(number)
            except BaseException:
                os._exit(1)
            os._exit(0)
        children.append(child)
    for _ in range(20):
        assert program.restored() in (1, 2, 3)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    assert program.restored() in (2, 3)


def test_a_file_that_was_tidied_up_before_it_was_in_use_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between a file's making and its lock, another process may take it for an orphan."""
    opened = durable.open_new
    removed: list[Any] = []

    def open_slowly(path: str) -> Any:
        file = opened(path)
        if not removed:
            removed.extend(durable.remove_orphans(str(tmp_path)))
        return file

    monkeypatch.setattr(durable, "open_new", open_slowly)
    file = durable.TemporaryFile(str(tmp_path / "a"))
    assert removed and removed != [file.path]
    assert durable.remove_orphans(str(tmp_path)) == [] and os.path.exists(file.path)
    file.discard()


def test_files_in_use_are_not_tidied_up(tmp_path: Path) -> None:
    used = durable.TemporaryFile(str(tmp_path / "a"))
    left = durable.TemporaryFile(str(tmp_path / "b"))
    left.close()
    assert durable.remove_orphans(str(tmp_path)) == [left.path]
    assert os.path.exists(used.path)
    used.discard()


def test_a_fault_of_the_disk_while_writing_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system tells of it once, to whichever flush comes first."""
    faults = [OSError(errno.EIO, "Input/output error")]

    def fsync(handle: int) -> None:
        if faults:
            raise faults.pop()

    write_bundle(str(tmp_path / "m"), [Saved("v", np.zeros(3))])
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(durable, "_AHEAD", 100)
    with pytest.raises(tf.errors.OpError, match="Input/output error"):
        write_bundle(str(tmp_path / "m"), [Saved("v", np.ones(300)), Saved("w", np.ones(3))])
    assert not faults
    with BundleReader(str(tmp_path / "m")) as reader:
        assert reader.tensor("v").tolist() == [0, 0, 0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.data-00000-of-00001", "m.index"]
    write_bundle(str(tmp_path / "m"), [Saved("v", np.ones(300))])
    with BundleReader(str(tmp_path / "m")) as reader:
        assert reader.tensor("v").sum() == 300


def test_pieces_are_one_tensor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.arange(1000)
    write_bundle(str(tmp_path / "whole"), [Saved("v", values)])
    monkeypatch.setattr(bundle_writer, "_PIECE", 7)
    monkeypatch.setattr(durable, "_AHEAD", 64)
    write_bundle(str(tmp_path / "pieces"), [Saved("v", values)])
    for end in (".index", ".data-00000-of-00001"):
        whole, pieces = ((tmp_path / f"{name}{end}").read_bytes() for name in ("whole", "pieces"))
        assert whole == pieces
