"""Checks the devices that operations are placed on: this process has CPU devices only."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pantarhei.core import errors
from pantarhei.graph.operation import Operation
from pantarhei.runtime.config import ConfigProto

_LOCAL = "/job:localhost/replica:0/task:0/device:"
_PART = re.compile(r"/(?:(job|replica|task):([^/]+)|(?:device:)?([A-Za-z_]+):(\d+|\*))")


def available(config: ConfigProto) -> list[str]:
    """Full names of the devices of this process."""
    return [f"{_LOCAL}CPU:{index}" for index in range(config.device_count.get("CPU", 1) or 1)]


def exists(device: str, config: ConfigProto) -> bool:
    """Whether a device string, perhaps a partial one, names a device of this process."""
    if not re.fullmatch(rf"(?:{_PART.pattern})*", device):
        return False
    count = len(available(config))
    for part, value, kind, index in _PART.findall(device):
        if part == "job" and value != "localhost":
            return False
        if part in ("replica", "task") and value != "0":
            return False
        if kind and (kind.upper() != "CPU" or (index != "*" and int(index) >= count)):
            return False
    return True


def check(ops: Iterable[Operation], config: ConfigProto) -> None:
    """Raises InvalidArgumentError for the first operation on a device that does not exist.

    With `allow_soft_placement` such operations run on the CPU.
    """
    if config.allow_soft_placement:
        return
    for op in ops:
        if op.device and not exists(op.device, config):
            raise errors.InvalidArgumentError(
                None,
                op,
                f"Cannot assign a device for operation {op.name}: node {op.name} was explicitly "
                f"assigned to {op.device} but available devices are "
                f"[ {', '.join(available(config))} ]. Make sure the device specification refers "
                "to a valid device.",
                cause="the operation was made inside a tf.device that does not exist here",
                cure="tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) uses the CPU",
            )
