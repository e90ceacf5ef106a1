"""`tf.train.checkpoints_iterator`: the checkpoints of a folder as they appear."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from pantarhei.files.checkpoints.checkpoint_state import latest_checkpoint
from pantarhei.files.gfile.system_errors import Path
from pantarhei.platform import logging

# How often the folder is looked at, in seconds.
_INTERVAL = 1.0


def checkpoints_iterator(
    checkpoint_dir: Path,
    min_interval_secs: float = 0,
    timeout: float | None = None,
    timeout_fn: Callable[[], bool] | None = None,
) -> Iterator[str]:
    """The latest checkpoint of a folder, again and again when there is a new one.

    Args:
      checkpoint_dir: the folder.
      min_interval_secs: the least time between two of them, in seconds.
      timeout: how long one is waited for, in seconds; for ever by default.
      timeout_fn: called then: whether this is the end; without it, it is.

    Example:
      >>> import pantarhei as tf
      >>> list(tf.train.checkpoints_iterator("nowhere", timeout=0))
      []
    """
    last: str | None = None
    while True:
        found = _new_checkpoint(checkpoint_dir, last, timeout)
        if found is not None:
            start = time.time()
            last = found
            yield found
            time.sleep(max(0.0, start + min_interval_secs - time.time()))
        elif timeout_fn is None:
            logging.info("Timed-out waiting for a checkpoint.")
            return
        elif timeout_fn():
            return


def _new_checkpoint(folder: Path, last: str | None, timeout: float | None) -> str | None:
    """The latest checkpoint when it is another one than `last`; None if the time is over."""
    logging.info("Waiting for new checkpoint at %s", folder)
    end = None if timeout is None else time.time() + timeout
    while True:
        found = latest_checkpoint(folder)
        if found is not None and found != last:
            logging.info("Found new checkpoint at %s", found)
            return found
        if end is not None and time.time() + _INTERVAL > end:
            return None
        time.sleep(_INTERVAL)
