"""What the system says went wrong with a path, in the classes of `tf.errors`.

Knows error numbers and the forms that a path may have: text, bytes or a path object. Must not know
which operation was tried.
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pantarhei.core import errors
from pantarhei.core.text import as_text, path_to_str

Path = str | bytes | os.PathLike[str]

# The error class of a system error; all others are unknown errors.
_ERROR_OF_ERRNO: dict[int, Callable[[None, None, str], errors.OpError]] = {
    errno.EINVAL: errors.InvalidArgumentError,
    errno.ENAMETOOLONG: errors.InvalidArgumentError,
    errno.ENOENT: errors.NotFoundError,
    errno.ENODEV: errors.NotFoundError,
    errno.ENXIO: errors.NotFoundError,
    errno.EEXIST: errors.AlreadyExistsError,
    errno.EPERM: errors.PermissionDeniedError,
    errno.EACCES: errors.PermissionDeniedError,
    errno.EROFS: errors.PermissionDeniedError,
    errno.ENOTEMPTY: errors.FailedPreconditionError,
    errno.EISDIR: errors.FailedPreconditionError,
    errno.ENOTDIR: errors.FailedPreconditionError,
    errno.EBADF: errors.FailedPreconditionError,
    errno.EBUSY: errors.FailedPreconditionError,
    errno.EPIPE: errors.FailedPreconditionError,
    errno.ENOSPC: errors.ResourceExhaustedError,
    errno.EDQUOT: errors.ResourceExhaustedError,
    errno.EMFILE: errors.ResourceExhaustedError,
    errno.ENFILE: errors.ResourceExhaustedError,
    errno.EMLINK: errors.ResourceExhaustedError,
    errno.ENOMEM: errors.ResourceExhaustedError,
    errno.EFBIG: errors.OutOfRangeError,
    errno.EXDEV: errors.UnimplementedError,
    errno.ENOSYS: errors.UnimplementedError,
}


@contextmanager
def system_errors(path: str) -> Iterator[None]:
    """Turn what the system raises into TensorFlow's errors, said of the path at fault."""
    try:
        yield
    except shutil.SameFileError as error:
        raise errors.InvalidArgumentError(None, None, str(error)) from error
    except OSError as error:
        kind = _ERROR_OF_ERRNO.get(error.errno or 0, errors.UnknownError)
        message = f"{path}; {error.strerror or error}"
        raise kind(None, None, message) from error


def text(path: Path) -> str:
    """A path as text.

    Raises:
        TypeError: If it is neither text, bytes nor a path object.
    """
    return as_text(path_to_str(path))
