"""What goes wrong, in TensorFlow's classes: `OpError`, its subclasses, and their codes.

Formats errors: TensorFlow's words first, then the op, the line that created it, the
cause and the cure, in at most twelve lines. `described` is the one place that lays this out; it
serves ValueError and TypeError too. Of an op it reads only a name and a few optional attributes,
so that errors can describe any graph.
"""

import textwrap
import warnings
from typing import Any

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16

_most_lines = 12


def described(
    message: str, op: Any = None, cause: str | None = None, cure: str | None = None
) -> str:
    """Lays out the text of an error: message, op, creation line, forward op, cause, cure.

    Args:
        message: TensorFlow's words. Its later lines are cut if the text would grow too long.
        op: The operation concerned, or None. Its `name` is shown, and if it has them its `type`,
            the shapes of its `inputs`, its `creation_site`, and the ops it was made for
            (`_original_op`: for an op of a gradient, the forward op).
        cause: Why it happened, one line.
        cure: What to change, one line.

    Returns:
        At most twelve lines. An op that `message` already describes is not repeated.

    Example:
        >>> from pantarhei.core.errors import described
        >>> print(described("Matrix size-incompatible", cure="Transpose the second matrix."))
        Matrix size-incompatible
          Cure: Transpose the second matrix.
    """
    of_op = [line for line in _lines_about(op) if line not in message]
    advice = [f"  Cause: {_one_line(cause)}"] if cause else []
    advice += [f"  Cure: {_one_line(cure)}"] if cure else []
    space = _most_lines - len(advice)
    head = message.splitlines() or [""]
    head = _shortened(head, max(3, space - len(of_op)))
    return "\n".join([*head, *_shortened(of_op, space - len(head)), *advice])


def _lines_about(op: Any) -> list[str]:
    """The op and where it was created, then the op it was made for, and so on."""
    lines: list[str] = []
    label = "Op"
    while op is not None:
        kind = getattr(op, "type", None)
        inputs = [str(shape) for x in getattr(op, "inputs", ()) if (shape := _shape_of(x))]
        lines.append(
            f"  {label}: '{op.name}'"
            + (f" ({kind})" if kind else "")
            + (f", inputs: {', '.join(_shortened(inputs, 4))}" if inputs else "")
        )
        site = getattr(op, "creation_site", None)
        if site:
            lines.append(f"    created at {textwrap.shorten(str(site), 160, placeholder=' ...')}")
        op = getattr(op, "_original_op", None)
        label = "Made for op"
    return lines


def _shape_of(tensor: Any) -> str | None:
    shape = getattr(tensor, "shape", None)
    return None if shape is None else str(shape)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _shortened(lines: list[str], most: int) -> list[str]:
    """The first lines, with a note of how many were left out if they are more than `most`."""
    if len(lines) <= most:
        return lines
    kept = max(most - 1, 0)
    return [*lines[:kept], f"  ... ({len(lines) - kept} more)"]


class OpError(Exception):
    """An op failed while a graph was run; the subclasses say how.

    Args:
        node_def: The op as a protocol message, if one is known.
        op: The `Operation` that failed, or None.
        message: What happened, in TensorFlow's words.
        error_code: One of the codes of `tf.errors`.
        cause: Why it happened, one line, if that is known.
        cure: What to change, one line, if that is known.

    Example:
        >>> import pantarhei as tf
        >>> error = tf.errors.NotFoundError(None, None, "weights.ckpt; No such file")
        >>> error.message, error.error_code == tf.errors.NOT_FOUND
        ('weights.ckpt; No such file', True)
    """

    def __init__(
        self,
        node_def: Any,
        op: Any,
        message: str,
        error_code: int | None,
        *,
        cause: str | None = None,
        cure: str | None = None,
    ) -> None:
        super().__init__(message)
        self._node_def = node_def
        self._op = op
        self._message = message
        self._error_code = error_code
        self.cause = cause
        self.cure = cure

    @property
    def message(self) -> str:
        """What happened, without the op and the advice that `str` adds."""
        return self._message

    @property
    def op(self) -> Any:
        """The operation that failed, or None."""
        return self._op

    @property
    def node_def(self) -> Any:
        """The op that failed as a protocol message, or None."""
        if self._node_def is None:
            return getattr(self._op, "node_def", None)
        return self._node_def

    @property
    def error_code(self) -> int | None:
        """TensorFlow's number of this kind of error."""
        return self._error_code

    def __str__(self) -> str:
        return described(self._message, self._op, self.cause, self.cure)

    def __reduce__(self) -> tuple[Any, ...]:
        # Subclasses differ in their arguments, so a copy is restored without calling __init__.
        return _restored, (type(self), self.args), self.__dict__


def _restored(cls: type[OpError], args: tuple[Any, ...]) -> OpError:
    return cls.__new__(cls, *args)


class InaccessibleTensorError(ValueError):
    """A tensor was used outside the function or loop body that it belongs to."""


class OperatorNotAllowedInGraphError(TypeError):
    """A tensor was used where Python needs its value at once, such as in `if`."""


class _CodedError(OpError):
    """What the classes below share: each is made for one code."""

    _code: int

    def __init__(
        self,
        node_def: Any,
        op: Any,
        message: str,
        error_code: int | None = None,
        *,
        cause: str | None = None,
        cure: str | None = None,
    ) -> None:
        code = self._code if error_code is None else error_code
        super().__init__(node_def, op, message, code, cause=cause, cure=cure)


class CancelledError(_CodedError):
    """The run, or a part of it, was called off."""

    _code = CANCELLED


class UnknownError(_CodedError):
    """Something failed and nothing more precise is known."""

    _code = UNKNOWN


class InvalidArgumentError(_CodedError):
    """An op received a value or a shape that it cannot take."""

    _code = INVALID_ARGUMENT


class DeadlineExceededError(_CodedError):
    """The run took longer than it was given."""

    _code = DEADLINE_EXCEEDED


class NotFoundError(_CodedError):
    """Something that was asked for, such as a file, does not exist."""

    _code = NOT_FOUND


class AlreadyExistsError(_CodedError):
    """Something that was to be made is there already."""

    _code = ALREADY_EXISTS


class PermissionDeniedError(_CodedError):
    """The caller may not do this, such as read a file."""

    _code = PERMISSION_DENIED


class ResourceExhaustedError(_CodedError):
    """There is not enough left of something, such as memory."""

    _code = RESOURCE_EXHAUSTED


class FailedPreconditionError(_CodedError):
    """The state does not allow it: a variable without a value, for one."""

    _code = FAILED_PRECONDITION


class AbortedError(_CodedError):
    """The run was broken off, often by another one."""

    _code = ABORTED


class OutOfRangeError(_CodedError):
    """The input has come to its end."""

    _code = OUT_OF_RANGE


class UnimplementedError(_CodedError):
    """An op has no kernel for what was asked."""

    _code = UNIMPLEMENTED


class InternalError(_CodedError):
    """An invariant of the system does not hold: a fault in Pantarhei."""

    _code = INTERNAL


class UnavailableError(_CodedError):
    """A service cannot be reached now; trying again may help."""

    _code = UNAVAILABLE


class DataLossError(_CodedError):
    """Stored data is damaged or lost."""

    _code = DATA_LOSS


class UnauthenticatedError(_CodedError):
    """The caller has not shown who they are."""

    _code = UNAUTHENTICATED


_by_code: dict[int, type[OpError]] = {cls._code: cls for cls in _CodedError.__subclasses__()}
_codes: dict[type[BaseException], int] = {cls: code for code, cls in _by_code.items()}


def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """The class of error that a code stands for.

    Raises:
        KeyError: if no class has that code.

    Example:
        >>> import pantarhei as tf
        >>> tf.errors.exception_type_from_error_code(3).__name__
        'InvalidArgumentError'
    """
    return _by_code[error_code]


def error_code_from_exception_type(cls: type[BaseException]) -> int:
    """The code of a class of error; `UNKNOWN`, with a warning, if it has none.

    Example:
        >>> import pantarhei as tf
        >>> tf.errors.error_code_from_exception_type(tf.errors.OutOfRangeError)
        11
    """
    if cls in _codes:
        return _codes[cls]
    warnings.warn("Unknown class exception", stacklevel=2)
    return UNKNOWN
