"""`tf.flags` (and `tf.app.flags`): a program's command line, declared where it is used.

This is absl's flags library, and every name that is not written here is absl's. Two things differ,
as in TensorFlow: reading a flag before the command line was parsed parses it, and the five oldest
`DEFINE_` functions also take the argument names of TensorFlow's first releases.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any

from absl import flags as _absl_flags

from pantarhei.platform.logging import warning

_absl_flags.disclaim_key_flags()  # a flag belongs to the program that defines it, not to this file

_OLD_ARGUMENT_NAMES = {"flag_name": "name", "default_value": "default", "docstring": "help"}


class _FlagValues(_absl_flags.FlagValues):
    """absl's flags, but that reading one parses `sys.argv` if nothing was parsed yet.

    Programs that never call `tf.app.run` read `FLAGS.x` at the top level, which absl refuses.
    """

    def __init__(self, shared: _absl_flags.FlagValues) -> None:
        # A view, not a copy: what absl's own modules define and parse has to show here.
        object.__setattr__(self, "__dict__", shared.__dict__)

    def __getattr__(self, name: str) -> Any:
        if name in self and not self.is_parsed():
            self(sys.argv)
        return super().__getattr__(name)


FLAGS = _FlagValues(_absl_flags.FLAGS)


def _accepting_old_names(define: Callable[..., Any]) -> Callable[..., Any]:
    """Let a `DEFINE_` function take `flag_name`, `default_value` and `docstring`."""

    @functools.wraps(define)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if old := sorted(_OLD_ARGUMENT_NAMES.keys() & kwargs.keys()):
            warning(
                "Use of the keyword argument names (flag_name, default_value, docstring) is "
                "deprecated, please use (name, default, help) instead."
            )
            for name in old:
                kwargs[_OLD_ARGUMENT_NAMES[name]] = kwargs.pop(name)
        return define(*args, **kwargs)

    return wrapper


DEFINE_string = _accepting_old_names(_absl_flags.DEFINE_string)
DEFINE_integer = _accepting_old_names(_absl_flags.DEFINE_integer)
DEFINE_float = _accepting_old_names(_absl_flags.DEFINE_float)
DEFINE_boolean = _accepting_old_names(_absl_flags.DEFINE_boolean)
DEFINE_bool = DEFINE_boolean


def __getattr__(name: str) -> Any:
    if name in _absl_flags.__all__:
        return getattr(_absl_flags, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_absl_flags.__all__)
