"""The engines by name, and the choice of one for a session."""

from __future__ import annotations

import os
from collections.abc import Callable

from pantarhei.engines.contract import Engine
from pantarhei.engines.numpy import engine as numpy_engine
from pantarhei.runtime.config import ConfigProto


def _native(threads: int) -> Engine:
    # Imported when used: a session on the other engine does not need its modules.
    from pantarhei.engines.native.runtime.engine import engine

    return engine(threads)


# Name -> the function from a number of threads to the engine for a session.
ENGINES: dict[str, Callable[[int], Engine]] = {
    "numpy": numpy_engine.engine,
    "native": _native,
}


def chosen_engine(config: ConfigProto) -> Engine:
    """The engine that `config`, the environment, or the default names."""
    name = config.engine or os.environ.get("PANTARHEI_ENGINE") or "native"
    if name not in ENGINES:
        raise ValueError(f"There is no engine named {name!r}; there are: {', '.join(ENGINES)}.")
    return ENGINES[name](config.intra_op_parallelism_threads)
