"""`tf.gfile.GFile`: a file that opens itself when it is first read or written.

Holds a binary file of Python's for reading and one for writing; directories and sizes come from
`paths`.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO

from pantarhei.core import errors
from pantarhei.core.text import as_bytes, as_str_any
from pantarhei.files.gfile.paths import Stat
from pantarhei.files.gfile.system_errors import Path, system_errors, text

_MODES = ("r", "w", "a", "r+", "w+", "a+")


class GFile:
    """A file that is opened when it is first read or written.

    So `GFile("x", "w")` alone neither creates nor empties the file, the first `write` does. Reading
    and writing in one of the modes "r+", "w+" and "a+" have a position each: writing starts on
    an emptied file in the first two, at the end in the third. In text mode bytes are decoded as
    UTF-8; `readline` leaves out carriage returns, `read` does not. After `close` the next call
    opens the file anew.

    Args:
        name: The path.
        mode: "r", "w", "a", "r+", "w+" or "a+"; with "b" the contents are `bytes`.

    Raises:
        tf.errors.InvalidArgumentError: If the mode is none of these.

    >>> import pantarhei as tf
    >>> with tf.gfile.GFile("notes.txt", "w") as f:
    ...     f.write("one\\ntwo\\n")
    >>> with tf.gfile.GFile("notes.txt") as f:
    ...     print([line for line in f])
    ['one\\n', 'two\\n']
    """

    def __init__(self, name: Path, mode: str = "r") -> None:
        plain_mode = mode.replace("b", "")
        if plain_mode not in _MODES:
            words = "mode is not " + " or ".join(map(repr, _MODES))
            raise errors.InvalidArgumentError(None, None, words)
        self._name = name
        self._mode = mode
        self._may_read = plain_mode not in ("w", "a")
        self._may_write = plain_mode != "r"
        self._reader: BinaryIO | None = None
        self._writer: BinaryIO | None = None

    @property
    def name(self) -> Path:
        """The path, as it was given."""
        return self._name

    @property
    def mode(self) -> str:
        """The mode, as it was given."""
        return self._mode

    def _open_reader(self) -> BinaryIO:
        if self._reader is None:
            if not self._may_read:
                raise errors.PermissionDeniedError(None, None, "File isn't open for reading")
            path = text(self._name)
            with system_errors(path):
                self._reader = open(path, "rb")  # noqa: SIM115 (close() closes it)
        return self._reader

    def _open_writer(self) -> BinaryIO:
        if self._writer is None:
            if not self._may_write:
                raise errors.PermissionDeniedError(None, None, "File isn't open for writing")
            path = text(self._name)
            with system_errors(path):
                self._writer = open(path, "ab" if "a" in self._mode else "wb")  # noqa: SIM115
        return self._writer

    def _contents(self, value: bytes) -> Any:
        return value if "b" in self._mode else as_str_any(value)

    def size(self) -> int:
        """Return the size of the file on disk, in bytes.

        Raises:
            tf.errors.NotFoundError: If there is no such file.
        """
        return Stat(self._name).length

    def read(self, n: int = -1) -> Any:
        """Read `n` bytes from the current position on; -1 reads to the end.

        Returns:
            `bytes` in a binary mode, else `str`.

        Raises:
            tf.errors.NotFoundError: If there is no such file.
            tf.errors.PermissionDeniedError: If the mode is for writing only.
            OverflowError: If `n` is negative and not -1.
            UnicodeDecodeError: In text mode, if the bytes read are not valid UTF-8.
        """
        reader = self._open_reader()
        if n < -1:
            raise OverflowError(f"read(): n must be -1 or a number of bytes, got {n}")
        with system_errors(text(self._name)):
            return self._contents(reader.read(n))

    def readline(self) -> Any:
        """Read a line with the newline at its end; an empty one means the end of the file."""
        reader = self._open_reader()
        with system_errors(text(self._name)):
            return self._contents(reader.readline().replace(b"\r", b""))

    def readlines(self) -> list[Any]:
        """Read the lines that are left."""
        return list(self)

    def __iter__(self) -> Iterator[Any]:
        """The file is the iterator over its lines."""
        return self

    def __next__(self) -> Any:
        """The next line."""
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def write(self, file_content: str | bytes) -> None:
        """Write text (encoded as UTF-8) or bytes, in any mode that writes.

        Raises:
            tf.errors.NotFoundError: If the directory does not exist.
            tf.errors.PermissionDeniedError: If the mode is for reading only.
            TypeError: If the content is neither text nor bytes.
        """
        writer = self._open_writer()
        with system_errors(text(self._name)):
            writer.write(as_bytes(file_content))

    def seek(self, offset: int | None = None, whence: int = 0, position: int | None = None) -> None:
        """Move the position of reading.

        Args:
            offset: A number of bytes.
            whence: Counted from the start (0), from the current position (1) or from the end (2).
            position: The old name of `offset`.

        Raises:
            tf.errors.OutOfRangeError: If the position is behind the end of the file.
            tf.errors.InvalidArgumentError: If it is before the start, or `whence` is none of these.
            tf.errors.PermissionDeniedError: If the mode is for writing only.
        """
        reader = self._open_reader()
        if offset is not None and position is not None:
            raise TypeError("seek(): offset and position may not be set simultaneously.")
        offset = position if offset is None else offset
        if offset is None:
            raise TypeError("seek(): offset argument required")
        if whence not in (0, 1, 2):
            words = f"Invalid whence argument: {whence}. Valid values are 0, 1, or 2."
            raise errors.InvalidArgumentError(None, None, words)
        size = self.size()
        target = (0, reader.tell(), size)[whence] + offset
        if target < 0:
            words = f"Seeking to a negative position: {target}"
            raise errors.InvalidArgumentError(None, None, words)
        reader.seek(min(target, size))
        if target > size:
            raise errors.OutOfRangeError(None, None, "reached end of file")

    def tell(self) -> int:
        """Return the position of reading or, in a mode that only writes, that of writing."""
        return self._open_reader().tell() if self._may_read else self._open_writer().tell()

    def seekable(self) -> bool:
        """Return True: `seek` and `tell` work on every file."""
        return True

    def flush(self) -> None:
        """Flush what was written to the operating system."""
        if self._writer is not None:
            with system_errors(text(self._name)):
                self._writer.flush()

    def close(self) -> None:
        """Close the file; what was written is on its way to the disk."""
        reader, self._reader = self._reader, None
        writer, self._writer = self._writer, None
        if reader is not None:
            reader.close()
        if writer is not None:
            with system_errors(text(self._name)):
                writer.close()

    def __enter__(self) -> "GFile":
        """The file itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()


class FastGFile(GFile):
    """The same as `GFile`, under a name that old programs use.

    >>> import pantarhei as tf
    >>> with tf.gfile.FastGFile("model.bin", "wb") as f:
    ...     f.write(b"weights")
    >>> tf.gfile.FastGFile("model.bin", "rb").read()
    b'weights'
    """
