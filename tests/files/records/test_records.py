"""TFRecord files: those of TensorFlow 1.15 are read and written alike, damage has its place."""

import os
import struct
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pantarhei as tf
from tests.files.summaries.golden import data, golden

RECORDS = [b"", b"a", b"hello" * 100, bytes(range(256))]
OFFSETS = [0, 16, 33, 549, 821]  # where each record begins, and the end
Compression = tf.python_io.TFRecordCompressionType


def write(path, records, options=None):
    with tf.python_io.TFRecordWriter(str(path), options) as writer:
        for record in records:
            writer.write(record)


def read(path, options=None):
    return list(tf.python_io.tf_record_iterator(str(path), options))


@pytest.mark.parametrize("compression", ["", "GZIP", "ZLIB"])
def test_files_of_tensorflow(tmp_path, compression):
    theirs = data(golden()["records"][compression])
    (tmp_path / "theirs").write_bytes(theirs)
    assert read(tmp_path / "theirs", compression) == RECORDS
    write(tmp_path / "ours", RECORDS, compression)
    ours = (tmp_path / "ours").read_bytes()
    if compression:  # how well they are compressed is the library's affair
        bits = 47  # of either format
        assert zlib.decompress(ours, bits) == zlib.decompress(theirs, bits)
        assert ours[:3] == theirs[:3] if compression == "GZIP" else ours[:1] == theirs[:1]
    else:
        assert ours == theirs
        assert len(ours) == OFFSETS[-1]


@settings(deadline=None, max_examples=30)
@given(
    records=st.lists(st.binary(max_size=300)),
    compression=st.sampled_from(["", "GZIP", "ZLIB"]),
    size=st.integers(1, 100),
)
def test_what_is_written_is_read(tmp_path_factory, records, compression, size):
    path = tmp_path_factory.mktemp("records") / "file"
    options = tf.python_io.TFRecordOptions(
        compression, input_buffer_size=size, output_buffer_size=size + 1, compression_level=9
    )
    write(path, records, options)
    assert read(path, options) == records


def begun_before(position):
    """The index of the record that a byte of the file belongs to."""
    return max(index for index, offset in enumerate(OFFSETS) if offset <= position)


def read_one_by_one(path, options=None):
    """The records before the first damage, and the error; None where there is none."""
    found = []
    try:
        for record in tf.python_io.tf_record_iterator(str(path), options):
            found.append(record)
    except tf.errors.DataLossError as error:
        return found, error
    return found, None


def test_every_altered_byte_is_noticed(tmp_path):
    path = tmp_path / "file"
    write(path, RECORDS)
    whole = path.read_bytes()
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x40]) + whole[position + 1 :])
        found, error = read_one_by_one(path)
        index = begun_before(position)
        assert found == RECORDS[:index]
        in_data = position - OFFSETS[index] >= 12
        assert error.message == f"corrupted record at {OFFSETS[index] + 12 * in_data}"
        assert str(path) in str(error)


def test_every_cut_is_noticed_or_between_records(tmp_path):
    path = tmp_path / "file"
    write(path, RECORDS)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        found, error = read_one_by_one(path)
        index = begun_before(length)
        assert found == RECORDS[:index]
        if length in OFFSETS:
            assert error is None
        else:
            assert error.message == f"truncated record at {OFFSETS[index]}"


@pytest.mark.parametrize("compression", ["GZIP", "ZLIB"])
def test_damaged_compressed_files(tmp_path, compression):
    path = tmp_path / "file"
    write(path, [os.urandom(100) for _ in range(20)], compression)
    whole = path.read_bytes()
    records = read(path, compression)
    for position in range(10, len(whole) - 10, 37):
        path.write_bytes(whole[:position])
        found, error = read_one_by_one(path, compression)
        assert found == records[: len(found)]
        assert error is None or "record at" in str(error)
        altered = bytearray(whole)
        altered[position] ^= 0xFF
        path.write_bytes(altered)
        found, error = read_one_by_one(path, compression)
        assert found == records[: len(found)]
        assert "record at" in str(error)


def test_a_file_that_is_not_compressed_says_so(tmp_path):
    write(tmp_path / "file", RECORDS)
    _, error = read_one_by_one(tmp_path / "file", "GZIP")
    assert error.message == "inflate() failed with error -3: incorrect header check"
    assert "the compressed data of the record at 0 are damaged" in str(error)


def test_a_length_that_lies_costs_no_memory(tmp_path):
    from pantarhei.files.checkpoints.format.coding import crc32c, masked

    length = struct.pack("<Q", 1 << 60)
    header = length + struct.pack("<I", masked(crc32c(length)))
    (tmp_path / "file").write_bytes(header + b"x" * 100)
    tracemalloc.start()
    _, error = read_one_by_one(tmp_path / "file")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert error.message == "truncated record at 0"
    assert most < 10 << 20


def test_flushed_records_can_be_read(tmp_path):
    for compression in ("", "GZIP", "ZLIB"):
        path = str(tmp_path / f"file{compression}")
        writer = tf.io.TFRecordWriter(path, compression)
        writer.write(b"first")
        writer.flush()
        assert read(path, compression) == [b"first"]
        writer.write(b"second")
        writer.close()
        assert read(path, compression) == [b"first", b"second"]


def test_options():
    name = tf.python_io.TFRecordOptions.get_compression_type_string
    for compression in (None, "", Compression.NONE):
        assert name(compression) == ""
    assert name(Compression.GZIP) == name("GZIP") == "GZIP"
    assert name(tf.python_io.TFRecordOptions(Compression.ZLIB)) == "ZLIB"
    for wrong in ("gzip", 3, "BZ2"):
        with pytest.raises(ValueError, match=f'Not a valid compression_type: "{wrong}"'):
            tf.python_io.TFRecordOptions(wrong)


def test_faults(tmp_path):
    with pytest.raises(tf.errors.NotFoundError, match=r"none; No such file or directory"):
        read(tmp_path / "none")
    with pytest.raises(tf.errors.NotFoundError, match=r"No such file or directory"):
        tf.python_io.TFRecordWriter(str(tmp_path / "none" / "file"))
    writer = tf.python_io.TFRecordWriter(str(tmp_path / "file"))
    with pytest.raises(TypeError, match="expected bytes, str found"):
        writer.write("text")  # type: ignore[arg-type]
    writer.close()
    for call in (lambda: writer.write(b""), writer.flush, writer.close):
        with pytest.raises(tf.errors.FailedPreconditionError, match="previously closed"):
            call()
