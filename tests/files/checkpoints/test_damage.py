"""Files that were altered or cut off: DataLossError that names file and tensor, or the same values.

Every byte of small checkpoints is altered in turn, and they are cut off at every length; of a
larger one bytes are sampled. Nothing else may happen: no other error, no wrong number, no huge
allocation.
"""

import random
import shutil
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import pantarhei as tf
from pantarhei.files.checkpoints.format.bundle_writer import Saved, write_bundle
from pantarhei.files.checkpoints.format.messages import parse_shape_and_slice
from tests.support.paths import GOLDEN

CHECKPOINTS = GOLDEN / "checkpoints"

Values = dict[str, tuple[str, tuple[int, ...], bytes]]


def values(prefix: Path) -> Values:
    """All that a checkpoint holds, in a form that can be compared."""
    reader = tf.train.NewCheckpointReader(prefix)
    result = {}
    for name in reader.get_variable_to_shape_map():
        value = np.asarray(reader.get_tensor(name))
        content = repr(value.tolist()).encode() if value.dtype == object else value.tobytes()
        result[name] = (str(value.dtype), value.shape, content)
    return result


def files_of(prefix: Path) -> list[Path]:
    return [*prefix.parent.glob(f"{prefix.name}.*"), *prefix.parent.glob(prefix.name)]


def altered(content: bytes) -> Iterator[bytes]:
    """The content with each byte altered in turn, and cut off at each length."""
    for position, byte in enumerate(content):
        for mask in (0x01, 0x80, 0xFF):
            yield content[:position] + bytes([byte ^ mask]) + content[position + 1 :]
        yield content[:position]
    yield content + b"\0"


def assert_safe(prefix: Path, path: Path, expected: Values) -> bool:
    """Whether reading raises DataLossError; anything but that or the same values is a failure."""
    try:
        found = values(prefix)
    except tf.errors.DataLossError as error:
        assert path.name in error.message
        if ".data-" in path.name:
            assert any(repr(name) in error.message for name in expected)
        return True
    assert found == expected
    return False


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A checkpoint with numbers, strings, parts and nothing."""
    tensors = [
        Saved("a", np.arange(3, dtype=np.float32)),
        Saved("e", np.zeros((0, 2), np.int32)),
        Saved("s", np.array([b"text", b""], object)),
    ]
    for text in ("3 0,2", "3 2,1"):
        shape, part = parse_shape_and_slice(text)
        values = np.arange(part.extents[0] or 0, dtype=np.int64)
        tensors.append(Saved("p", values, shape, part))
    write_bundle(str(tmp_path / "m"), tensors, {"op": np.arange(6, dtype=np.uint32)})
    return tmp_path / "m"


def test_every_byte_of_a_small_one(small: Path) -> None:
    expected = values(small)
    assert sorted(expected) == ["a", "e", "p", "s"]
    for path in files_of(small):
        content = path.read_bytes()
        tracemalloc.start()
        raised = tried = 0
        for damaged in altered(content):
            path.write_bytes(damaged)
            raised += assert_safe(small, path, expected)
            tried += 1
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 1 << 20
        assert raised > 0.8 * tried
        path.write_bytes(content)
    assert values(small) == expected


def test_bytes_of_the_first_version(tmp_path: Path) -> None:
    path = tmp_path / "parts-v1"
    shutil.copy(CHECKPOINTS / "parts-v1", path)
    expected = values(path)
    content = path.read_bytes()
    for damaged in list(altered(content))[:: 3 if len(content) > 500 else 1]:
        path.write_bytes(damaged)
        assert_safe(path, path, expected)


def test_sampled_bytes_of_a_larger_one(tmp_path: Path) -> None:
    prefix = tmp_path / "m"
    rows = [Saved(f"layer_{number}/w", np.full((50, 50), number, "f4")) for number in range(60)]
    write_bundle(str(prefix), rows)
    expected = values(prefix)
    chance = random.Random(1)
    for path in files_of(prefix):
        content = path.read_bytes()
        for _ in range(60):
            position = chance.randrange(len(content))
            damaged = bytearray(content)
            damaged[position] ^= chance.randrange(1, 256)
            path.write_bytes(damaged)
            assert_safe(prefix, path, expected)
            path.write_bytes(content[:position])
            assert assert_safe(prefix, path, expected)
        path.write_bytes(content)


def test_restore_names_file_and_tensor_and_changes_nothing(tmp_path: Path) -> None:
    tf.reset_default_graph()
    first, second = tf.Variable([1.0], name="first"), tf.Variable([2.0], name="second")
    saver = tf.train.Saver()
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    prefix = saver.save(session, tmp_path / "m")
    path = Path(f"{prefix}.data-00000-of-00001")
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(damaged)
    session.run([first.assign([5.0]), second.assign([6.0])])
    with pytest.raises(tf.errors.DataLossError, match=r"'second' in .*data-00000-of-00001"):
        saver.restore(session, prefix)
    assert session.run([first, second]) == [5.0, 6.0]


def test_state_files(tmp_path: Path) -> None:
    """A damaged state file names what is there, or nothing."""
    path = tmp_path / "checkpoint"
    write_bundle(str(tmp_path / "m-1"), [Saved("a", np.zeros(1))])
    tf.train.update_checkpoint_state(tmp_path, str(tmp_path / "m-1"), latest_filename="checkpoint")
    tf.train.update_checkpoint_state(".", "m-1", ["m-1"], str(path), [1.5], 2.5)
    content = path.read_bytes()
    for damaged in altered(content):
        path.write_bytes(damaged)
        try:
            latest = tf.train.latest_checkpoint(tmp_path)
        except ValueError as error:
            assert "Invalid checkpoint state" in str(error)
        else:
            assert latest in (None, str(tmp_path / "m-1"))


@pytest.mark.parametrize("name", ["m.index", "m.data-00000-of-00001"])
def test_a_missing_file_is_named(small: Path, name: str) -> None:
    (small.parent / name).unlink()
    with pytest.raises(tf.errors.NotFoundError, match=r"m\.data|matching files for .*m$"):
        values(small)
