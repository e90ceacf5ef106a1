"""Opens a checkpoint of whichever format there is under a name."""

from __future__ import annotations

import glob
import os

from pantarhei.files.checkpoints.checkpoint_reader import CheckpointReader
from pantarhei.files.checkpoints.durable import index_path
from pantarhei.files.checkpoints.format.bundle_reader import BundleReader
from pantarhei.files.checkpoints.format.first_version_reader import FirstVersionReader


def exists(prefix: str) -> bool:
    """Whether there is a checkpoint of that name."""
    return any(glob.glob(pattern) for pattern in (index_path(prefix), prefix))


def open_checkpoint(prefix: str) -> CheckpointReader:
    """The checkpoint `prefix`, open for reading.

    Raises:
      NotFoundError: there is none. DataLossError: it is not sound.
    """
    if not os.path.isfile(index_path(prefix)) and os.path.isfile(prefix):
        return FirstVersionReader(prefix)
    return BundleReader(prefix)
