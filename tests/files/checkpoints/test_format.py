"""The format itself: whatever is written is read back bit by bit, and damaged bytes are refused."""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pantarhei as tf
from pantarhei.files.checkpoints.checkpoint_state import CheckpointState, parsed_state
from pantarhei.files.checkpoints.format import coding, table
from pantarhei.files.checkpoints.format.bundle_reader import BundleReader
from pantarhei.files.checkpoints.format.bundle_writer import Saved, merge_bundles, write_bundle
from pantarhei.files.checkpoints.format.messages import BundleEntry, TensorSlice, decoded_entry
from pantarhei.files.checkpoints.format.snappy import decompressed

DTYPES = [
    dtype
    for dtype in (tf.as_dtype(number) for number in range(1, 24))
    if dtype.name not in ("resource", "variant", "string")
]

SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
NAMES = st.text(min_size=1, max_size=12).filter(lambda name: name[0] != "\0" and name.isprintable())


@st.composite
def values(draw: Any) -> Any:
    """An array of any dtype and shape, any bits included."""
    dtype = draw(st.sampled_from([*DTYPES, tf.string]))
    shape = draw(SHAPES)
    count = int(np.prod(shape, dtype=int))
    if dtype == tf.string:
        array: Any = np.empty(count, object)
        array[:] = draw(st.lists(st.binary(max_size=300), min_size=count, max_size=count))
        return array.reshape(shape)
    size = count * dtype.numpy.itemsize
    content = draw(st.binary(min_size=size, max_size=size))
    if dtype == tf.bool:
        content = bytes(byte & 1 for byte in content)
    return np.frombuffer(content, dtype.numpy).reshape(shape)


@contextmanager
def folder() -> Iterator[Path]:
    path = tempfile.mkdtemp()
    try:
        yield Path(path)
    finally:
        shutil.rmtree(path)


def same(one: Any, other: Any) -> bool:
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if one.dtype == object:
        return one.tolist() == other.tolist()
    return one.tobytes() == other.tobytes()


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, values(), min_size=1, max_size=6))
def test_any_tensors_round_trip(tensors: dict[str, Any]) -> None:
    with folder() as place:
        write_bundle(str(place / "m"), [Saved(*item) for item in tensors.items()])
        with BundleReader(str(place / "m")) as reader:
            assert sorted(reader.names()) == sorted(tensors)
            for name, array in tensors.items():
                assert same(reader.tensor(name), array)


@settings(max_examples=25, deadline=None)
@given(st.lists(values(), min_size=1, max_size=4), st.booleans())
def test_any_variables_round_trip(initial: list[Any], sharded: bool) -> None:
    """The same through a graph and a session; dtypes that variables can have."""
    initial = [array for array in initial if array.dtype.names is None and array.size]
    if not initial:
        return
    tf.reset_default_graph()
    variables = [
        tf.Variable(tf.zeros(array.shape, tf.as_dtype(array.dtype)), name=f"v{index}")
        if array.dtype != object
        else tf.Variable(tf.fill(array.shape, ""), name=f"v{index}")
        for index, array in enumerate(initial)
    ]
    feeds = [tf.placeholder(tf.as_dtype(array.dtype), array.shape) for array in initial]
    updates = [v.assign(feed) for v, feed in zip(variables, feeds, strict=True)]
    saver = tf.train.Saver(sharded=sharded)
    with folder() as place:
        with tf.Session() as session:
            session.run(updates, dict(zip(feeds, initial, strict=True)))
            path = saver.save(session, place / "m", write_meta_graph=False)
        with tf.Session() as session:
            saver.restore(session, path)
            for variable, array in zip(variables, initial, strict=True):
                assert same(np.asarray(session.run(variable), array.dtype), array)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(1, 3), st.data())
def test_parts_cut_anew(rows: int, columns: int, data: Any) -> None:
    """A tensor saved in some parts is read in others."""
    whole = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    cuts = sorted(data.draw(st.sets(st.integers(1, rows), max_size=4)) | {0, rows})
    parts = [
        Saved("t", whole[start:stop], whole.shape, TensorSlice((start, 0), (stop - start, None)))
        for start, stop in itertools.pairwise(cuts)
    ]
    with folder() as place:
        write_bundle(str(place / "m"), parts)
        with BundleReader(str(place / "m")) as reader:
            assert same(reader.tensor("t"), whole)
            start = data.draw(st.integers(0, rows))
            extent = data.draw(st.integers(0, rows - start))
            part = reader.part("t", TensorSlice((start, 0), (extent, columns)))
            assert same(part, whole[start : start + extent])


def test_merged_checkpoints(tmp_path: Path) -> None:
    whole = np.arange(8.0).reshape(4, 2)
    for index in range(2):
        part = TensorSlice((2 * index, 0), (2, None))
        rows = [
            Saved(f"only{index}", np.full(3, index)),
            Saved("shared", whole[2 * index : 2 * index + 2], whole.shape, part),
        ]
        write_bundle(str(tmp_path / f"part{index}"), rows)
    merge_bundles([str(tmp_path / f"part{index}") for index in range(2)], str(tmp_path / "m"), True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "m.data-00000-of-00002", "m.data-00001-of-00002", "m.index",
    ]  # fmt: skip
    with BundleReader(str(tmp_path / "m")) as reader:
        assert same(reader.tensor("shared"), whole)
        assert reader.tensor("only1").tolist() == [1, 1, 1]


def test_parts_that_leave_a_gap_are_refused(tmp_path: Path) -> None:
    row = Saved("t", np.zeros((1, 2)), (3, 2), TensorSlice((0, 0), (1, None)))
    write_bundle(str(tmp_path / "m"), [row])
    with (
        BundleReader(str(tmp_path / "m")) as reader,
        pytest.raises(tf.errors.DataLossError, match="do not cover"),
    ):
        reader.tensor("t")


def test_a_name_cannot_be_saved_twice(tmp_path: Path) -> None:
    rows = [Saved("t", np.zeros(1)), Saved("t", np.ones(1))]
    with pytest.raises(tf.errors.InvalidArgumentError, match="duplicate key: t"):
        write_bundle(str(tmp_path / "m"), rows)
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------ tables and codes


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.binary(max_size=20), st.binary(max_size=50), max_size=60))
def test_tables(items: dict[bytes, bytes]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "BLOCK_SIZE", 128)  # so that there are several blocks
        content = table.encoded_table(sorted(items.items()))
    assert dict(table.decoded_table(content)) == items


@given(st.integers(0, 2**64 - 1))
def test_varints(number: int) -> None:
    code = coding.varint(number)
    assert coding.read_varint(code, 0) == (number, len(code))


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1))
def test_codes_sort_like_numbers(one: int, other: int) -> None:
    codes = coding.ordered_signed(one), coding.ordered_signed(other)
    assert (codes[0] < codes[1]) == (one < other)
    assert (codes[0] == codes[1]) == (one == other)


@given(st.binary(max_size=8), st.binary(max_size=8))
def test_codes_sort_like_bytes(one: bytes, other: bytes) -> None:
    assert (coding.ordered_bytes(one) < coding.ordered_bytes(other)) == (one < other)


@given(st.integers(0, 2**32 - 1))
def test_masks(crc: int) -> None:
    assert coding.unmasked(coding.masked(crc)) == crc


def test_known_checksum() -> None:
    assert coding.crc32c(b"123456789") == 0xE3069283  # the check value of RFC 3720


@given(st.binary(max_size=60))
def test_bytes_that_are_no_message(data: bytes) -> None:
    try:
        entry = decoded_entry(data)
    except coding.Malformed:
        return
    assert isinstance(entry, BundleEntry)


@given(st.binary(max_size=80))
def test_bytes_that_are_not_compressed(data: bytes) -> None:
    with suppress(coding.Malformed):
        assert len(decompressed(data)) <= 64 * len(data)


def test_compressed_bytes() -> None:
    # a literal of 4, a copy of 8 from 4 before, one of 3 from 1 before
    data = b"\x0f" + b"\x0cabcd" + b"\x11\x04" + b"\x0a\x01\x00"
    assert decompressed(data) == b"abcdabcdabcd" + b"ddd"


@given(st.text(), st.lists(st.text(), max_size=3), st.lists(st.floats(allow_nan=False), max_size=2))
def test_states(latest: str, kept: list[str], times: list[float]) -> None:
    state = CheckpointState(latest, kept, times, 1.5)
    assert parsed_state(str(state)) == state
