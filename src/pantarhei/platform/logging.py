"""`tf.logging`: messages under the logger named "tensorflow", as old programs expect them.

A thin face on the standard library's `logging`: its levels, its formatting of arguments, its
handlers. The logger keeps TensorFlow's name because programs and their users filter on it. Knows
nothing of graphs or sessions.
"""

import logging as _logging
import sys
import threading
from collections import Counter
from logging import DEBUG, ERROR, FATAL, INFO, WARN
from typing import Any

__all__ = [
    "DEBUG",
    "ERROR",
    "FATAL",
    "INFO",
    "WARN",
    "TaskLevelStatusMessage",
    "debug",
    "error",
    "fatal",
    "flush",
    "get_logger",
    "get_verbosity",
    "info",
    "log",
    "log_every_n",
    "log_first_n",
    "log_if",
    "set_verbosity",
    "vlog",
    "warn",
    "warning",
]

_LOGGER_NAME = "tensorflow"

_lock = threading.Lock()
_configured = False

# Calls of `log_first_n` or `log_every_n` per line of a program.
_calls_per_line: Counter[tuple[str, int]] = Counter()


def get_logger() -> _logging.Logger:
    """Return the logger that all of `tf.logging` writes to.

    On the first call it gets a handler that writes "LEVEL:tensorflow:message" to standard error,
    unless the program has configured the root logger before. In an interactive interpreter the
    handler writes to standard output, and the level is INFO.

    Returns:
        The standard library's logger named "tensorflow".

    >>> import pantarhei as tf
    >>> tf.logging.get_logger().name
    'tensorflow'
    """
    global _configured
    logger = _logging.getLogger(_LOGGER_NAME)
    with _lock:
        if not _configured:
            _configured = True
            if not _logging.getLogger().handlers:
                _add_handler(logger)
    return logger


def _add_handler(logger: _logging.Logger) -> None:
    interactive = hasattr(sys, "ps1") or bool(sys.flags.interactive)
    if interactive:
        logger.setLevel(INFO)
    handler = _logging.StreamHandler(sys.stdout if interactive else sys.stderr)
    handler.setFormatter(_logging.Formatter(_logging.BASIC_FORMAT))
    logger.addHandler(handler)


def _emit(level: int, msg: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    # Two frames up, over the public function, is the line that the record shall name.
    kwargs["stacklevel"] = kwargs.get("stacklevel", 1) + 2
    get_logger().log(level, msg, *args, **kwargs)


def log(level: int, msg: object, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at a level.

    Args:
        level: `DEBUG`, `INFO`, `WARN`, `ERROR`, `FATAL`, or another number.
        msg: The message, with %-placeholders for the arguments.
        *args: What fills the placeholders.
        **kwargs: `exc_info`, `extra`, `stack_info`, as the standard library takes them.

    >>> import pantarhei as tf
    >>> tf.logging.log(tf.logging.DEBUG, "step %d", 3)
    """
    _emit(level, msg, args, kwargs)


def vlog(level: int, msg: object, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at a level; the same as `log`.

    >>> import pantarhei as tf
    >>> tf.logging.vlog(tf.logging.DEBUG, "step %d", 3)
    """
    _emit(level, msg, args, kwargs)


def debug(msg: object, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at level `DEBUG`.

    >>> import pantarhei as tf
    >>> tf.logging.debug("weights of %s drawn", "dense")
    """
    _emit(DEBUG, msg, args, kwargs)


def info(msg: object, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at level `INFO`, which shows after `set_verbosity(tf.logging.INFO)`.

    >>> import pantarhei as tf
    >>> tf.logging.info("loss = %.3f", 0.25)
    """
    _emit(INFO, msg, args, kwargs)


def warning(msg: object, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at level `WARN`: it shows unless the verbosity is lowered.

    >>> import pantarhei as tf
    >>> tf.logging.warning("%d rows have no label", 2)
    """
    _emit(WARN, msg, args, kwargs)


def warn(msg: object, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at level `WARN`; the same as `warning`.

    >>> import pantarhei as tf
    >>> tf.logging.warn("%d rows have no label", 2)
    """
    _emit(WARN, msg, args, kwargs)


def error(msg: object, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at level `ERROR`.

    >>> import pantarhei as tf
    >>> tf.logging.error("cannot read %s", "train.csv")
    """
    _emit(ERROR, msg, args, kwargs)


def fatal(msg: object, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at level `FATAL`, shown as CRITICAL; the program goes on.

    >>> import pantarhei as tf
    >>> tf.logging.fatal("no input left")
    """
    _emit(FATAL, msg, args, kwargs)


def TaskLevelStatusMessage(msg: object) -> None:
    """Log a message about the task as a whole, at level `ERROR`.

    >>> import pantarhei as tf
    >>> tf.logging.TaskLevelStatusMessage("the worker was restarted")
    """
    _emit(ERROR, msg, (), {})


def log_if(level: int, msg: object, condition: object, *args: Any) -> None:
    """Log `msg % args` at a level if a condition holds.

    >>> import pantarhei as tf
    >>> tf.logging.log_if(tf.logging.INFO, "step %d", 7 % 5 == 0, 7)
    """
    if condition:
        _emit(level, msg, args, {})


def log_first_n(level: int, msg: object, n: int, *args: Any) -> None:
    """Log `msg % args` at a level the first `n` times that the calling line comes by.

    >>> import pantarhei as tf
    >>> for step in range(100):
    ...     tf.logging.log_first_n(tf.logging.DEBUG, "step %d", 3, step)
    """
    if _earlier_calls() < n:
        _emit(level, msg, args, {})


def log_every_n(level: int, msg: object, n: int, *args: Any) -> None:
    """Log `msg % args` at a level once in `n` times that the calling line comes by, at first.

    >>> import pantarhei as tf
    >>> for step in range(100):
    ...     tf.logging.log_every_n(tf.logging.DEBUG, "step %d", 25, step)
    """
    if _earlier_calls() % n == 0:
        _emit(level, msg, args, {})


def _earlier_calls() -> int:
    """How often the line that called the public function has done so before."""
    frame = sys._getframe(2)
    line = frame.f_code.co_filename, frame.f_lineno
    with _lock:
        earlier = _calls_per_line[line]
        _calls_per_line[line] += 1
    return earlier


def get_verbosity() -> int:
    """Return the level from which on messages show: `WARN` until it is set.

    >>> import pantarhei as tf
    >>> tf.logging.get_verbosity() == tf.logging.get_logger().getEffectiveLevel()
    True
    """
    return get_logger().getEffectiveLevel()


def set_verbosity(v: int | str) -> None:
    """Set the level from which on messages show.

    Args:
        v: `tf.logging.DEBUG`, `INFO`, `WARN`, `ERROR` or `FATAL`, a number or a level's name.

    Raises:
        ValueError: If there is no level of that name.

    >>> import pantarhei as tf
    >>> before = tf.logging.get_verbosity()
    >>> tf.logging.set_verbosity(tf.logging.ERROR)
    >>> tf.logging.get_verbosity()
    40
    >>> tf.logging.set_verbosity(before)
    """
    get_logger().setLevel(v)


def flush() -> None:
    """Have the logger's handlers write out what they hold.

    >>> import pantarhei as tf
    >>> tf.logging.flush()
    """
    for handler in get_logger().handlers:
        handler.flush()
