"""`tf.python_io`: TFRecord files, written and read one record after the other.

Compression, and how a file is opened; the format of a record is in records.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, ClassVar

from pantarhei.core import errors
from pantarhei.files.gfile.system_errors import Path, system_errors
from pantarhei.files.gfile.system_errors import text as path_text
from pantarhei.files.records import READ_SIZE, Inflated, Read, framed, read_records

__all__ = ["TFRecordCompressionType", "TFRecordOptions", "TFRecordWriter", "tf_record_iterator"]

# Added to the window's size to say that gzip's header and trailer are wanted.
_GZIP = 16


class TFRecordCompressionType:
    """How records are compressed."""

    NONE = 0
    ZLIB = 1
    GZIP = 2


class TFRecordOptions:
    """How a file of records is compressed.

    Args:
      compression_type: "GZIP", "ZLIB" or "" for none; or one of `TFRecordCompressionType`.
      flush_mode: how `TFRecordWriter.flush` ends what it has compressed: zlib's mode, by default
        `zlib.Z_SYNC_FLUSH`, after which a reader finds all that was written.
      input_buffer_size: bytes that are read from a file at once.
      output_buffer_size: bytes that are gathered before they are written to a file.
      window_bits, compression_level, compression_method, mem_level, compression_strategy: zlib's.

    Raises:
      ValueError: there is no such compression.

    Example:
      >>> import pantarhei as tf
      >>> tf.python_io.TFRecordOptions("GZIP").compression_type
      'GZIP'
    """

    compression_type_map: ClassVar[dict[int, str]] = {
        TFRecordCompressionType.ZLIB: "ZLIB",
        TFRecordCompressionType.GZIP: "GZIP",
        TFRecordCompressionType.NONE: "",
    }

    def __init__(
        self,
        compression_type: str | int | None = None,
        flush_mode: int | None = None,
        input_buffer_size: int | None = None,
        output_buffer_size: int | None = None,
        window_bits: int | None = None,
        compression_level: int | None = None,
        compression_method: int | None = None,
        mem_level: int | None = None,
        compression_strategy: int | None = None,
    ) -> None:
        self.get_compression_type_string(compression_type)
        self.compression_type = compression_type
        self.flush_mode = flush_mode
        self.input_buffer_size = input_buffer_size
        self.output_buffer_size = output_buffer_size
        self.window_bits = window_bits
        self.compression_level = compression_level
        self.compression_method = compression_method
        self.mem_level = mem_level
        self.compression_strategy = compression_strategy

    @classmethod
    def get_compression_type_string(cls, options: Any) -> str:
        """The name of a compression, "" for none.

        Args:
          options: a `TFRecordOptions`, a value of `TFRecordCompressionType`, a name or None.

        Raises:
          ValueError: there is no such compression.
        """
        if isinstance(options, TFRecordOptions):
            return cls.get_compression_type_string(options.compression_type)
        if not options:
            return ""
        names = cls.compression_type_map
        if options not in names and options not in names.values():
            raise ValueError(f'Not a valid compression_type: "{options}"')
        name: str = names.get(options, options)
        return name

    def _window(self) -> int:
        gzip = self.get_compression_type_string(self) == "GZIP"
        return (self.window_bits or zlib.MAX_WBITS) + (_GZIP if gzip else 0)

    def _compressor(self) -> Any:
        """zlib's object that compresses; None where nothing is compressed."""
        if not self.get_compression_type_string(self):
            return None

        def chosen(value: int | None, default: int) -> int:
            return default if value is None else value

        return zlib.compressobj(
            chosen(self.compression_level, zlib.Z_DEFAULT_COMPRESSION),
            chosen(self.compression_method, zlib.DEFLATED),
            self._window(),
            chosen(self.mem_level, 9),
            chosen(self.compression_strategy, zlib.Z_DEFAULT_STRATEGY),
        )


def _as_options(options: Any) -> TFRecordOptions:
    return options if isinstance(options, TFRecordOptions) else TFRecordOptions(options)


class TFRecordWriter:
    """Writes a file of records; also a context that closes it.

    Args:
      path: the file; one that exists is replaced.
      options: a `TFRecordOptions`, or a compression as it takes it.

    Raises:
      tf.errors.OpError: the file cannot be opened, in the class that says why.
      ValueError: there is no such compression.

    Example:
      >>> import os, tempfile, pantarhei as tf
      >>> path = os.path.join(tempfile.mkdtemp(), "greetings")
      >>> with tf.python_io.TFRecordWriter(path) as writer:
      ...     writer.write(b"hello")
      ...     writer.write(b"world")
      >>> list(tf.python_io.tf_record_iterator(path))
      [b'hello', b'world']
    """

    def __init__(self, path: Path, options: Any = None) -> None:
        self._path = path_text(path)
        self._options = _as_options(options)
        self._compressor = self._options._compressor()
        buffering = self._options.output_buffer_size or READ_SIZE
        with system_errors(self._path):
            self._file = open(self._path, "wb", buffering)  # noqa: SIM115  # closed by `close`

    def write(self, record: bytes) -> None:
        """Adds a record.

        Raises:
          TypeError: it is not bytes.
          tf.errors.FailedPreconditionError: the file is closed.
          tf.errors.OpError: it cannot be written, in the class that says why.
        """
        if not isinstance(record, bytes):
            raise TypeError(f"expected bytes, {type(record).__name__} found")
        self._check_open()
        data = framed(record)
        try:
            self._file.write(data if self._compressor is None else self._compressor.compress(data))
        except OSError:
            with system_errors(self._path):
                raise

    def flush(self) -> None:
        """Flushes all records to the system: another process can read them then."""
        self._check_open()
        with system_errors(self._path):
            if self._compressor is not None:
                mode = self._options.flush_mode
                self._file.write(
                    self._compressor.flush(zlib.Z_SYNC_FLUSH if mode is None else mode)
                )
            self._file.flush()

    def close(self) -> None:
        """Writes what is left and closes the file."""
        self._check_open()
        with system_errors(self._path):
            try:
                if self._compressor is not None:
                    self._file.write(self._compressor.flush(zlib.Z_FINISH))
            finally:
                self._file.close()

    def _check_open(self) -> None:
        if self._file.closed:
            raise errors.FailedPreconditionError(
                None, None, "Writer not initialized or previously closed"
            )

    def __enter__(self) -> TFRecordWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def tf_record_iterator(path: Path, options: Any = None) -> Iterator[bytes]:
    """The records of a file.

    Args:
      path: the file.
      options: a `TFRecordOptions`, or a compression as it takes it.

    Yields:
      The records as bytes.

    Raises:
      tf.errors.NotFoundError: there is no such file.
      tf.errors.DataLossError: a record is damaged or cut off; the text says at which offset (in
        the data before compression).

    Example: see `TFRecordWriter`.
    """
    options = _as_options(options)
    name = path_text(path)
    with system_errors(name):
        file = open(name, "rb")  # noqa: SIM115  # closed below, when the records are read
    with file:
        read: Read = file.read
        if options.get_compression_type_string(options):
            size = options.input_buffer_size or READ_SIZE
            read = Inflated(file, options._window(), size).read
        yield from read_records(read, name)
