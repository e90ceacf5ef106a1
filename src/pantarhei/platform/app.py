"""`tf.app`: start a program's `main` once its command line is parsed.

Absl's runner and the flags; independent of graphs and sessions. `tf.app.flags` is `tf.flags`.
"""

import logging as _logging
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from pantarhei.platform import flags
from pantarhei.platform.logging import get_logger

__all__ = ["flags", "run"]


def run(main: Callable[[list[str]], Any] | None = None, argv: list[str] | None = None) -> NoReturn:
    """Parse the command line, call `main` with what is not a flag, and leave the program.

    Flags without a definition are passed to `main` with the other arguments. `--help` prints the
    flags that the program defines. What `main` returns is the exit status; None is success.

    Args:
        main: Called with a list: the program's name and the arguments left over. None is the
            function `main` of the program that Python was started with.
        argv: The command line, program name first; `sys.argv` by default.

    Raises:
        SystemExit: Always, when `main` has returned.
        AttributeError: If no `main` is given and the program has none.
        absl.flags.IllegalFlagValueError: If a flag's text is not a value of its type.

    >>> import pantarhei as tf
    >>> try:
    ...     tf.app.run(main=lambda argv: print(argv[1:]), argv=["train.py", "data.csv"])
    ... except SystemExit as leaving:
    ...     print(leaving.code)
    ['data.csv']
    None
    """
    from absl import app as absl_app  # it brings a debugger, which only a program's start needs
    from absl import logging as absl_logging

    if main is None:
        main = sys.modules["__main__"].main
    # absl's runner gives the root logger a handler. What `tf.logging` writes itself would show
    # a second time there, in another format.
    get_logger()
    absl_logging.get_absl_handler().addFilter(_not_yet_written)
    absl_app.run(main=main, argv=argv, flags_parser=_parse_known_flags)


def _parse_known_flags(argv: list[str] | None) -> list[str]:
    return flags.FLAGS(sys.argv if argv is None else argv, known_only=True)


def _not_yet_written(record: _logging.LogRecord) -> bool:
    logger = get_logger()
    return record.name != logger.name or not logger.handlers
