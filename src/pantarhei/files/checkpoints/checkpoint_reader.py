"""What readers of all formats have in common: tensors by name, whole or in parts.

Assembles slices of entries. Subclasses supply entries and values.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np

from pantarhei.core import errors
from pantarhei.files.checkpoints.format.coding import Malformed
from pantarhei.files.checkpoints.format.messages import BundleEntry, Header, TensorSlice
from pantarhei.program.ir import Array


class CheckpointReader(ABC):
    """A checkpoint, open for reading.

    Attributes:
      prefix: the name of the checkpoint.
      header: the checkpoint's own header.
    """

    prefix: str
    header: Header

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._exit = ExitStack()

    def __enter__(self) -> CheckpointReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes its files."""
        self._exit.close()

    # --- supplied by subclasses -------------------------------------------------------------------

    @property
    @abstractmethod
    def index_path(self) -> str:
        """The file that lists the tensors."""

    @abstractmethod
    def _keys(self) -> list[bytes]:
        """The keys of all tensors and parts, in order."""

    @abstractmethod
    def _has_key(self, key: bytes) -> bool:
        """Whether there is a tensor or part under a key."""

    @abstractmethod
    def _decoded(self, key: bytes, name: str) -> BundleEntry:
        """What is under a key that is there; `name` is for errors."""

    @abstractmethod
    def _value(self, name: str, key: bytes, entry: BundleEntry) -> Array:
        """The value of a tensor or part that was not saved in parts itself."""

    # --- what is there ----------------------------------------------------------------------------

    def raw_entries(self) -> Iterator[tuple[bytes, BundleEntry]]:
        """All entries by key, those of parts too."""
        for key in self._keys():
            yield key, self._decoded(key, key.decode("utf-8", "replace"))

    def names(self) -> list[str]:
        """The names of the tensors, in order."""
        return [key.decode("utf-8", "replace") for key in self._keys() if key[0]]

    def has(self, name: str) -> bool:
        """Whether there is a tensor of that name."""
        return bool(name) and name[0] != "\0" and self._has_key(name.encode())

    def entry(self, name: str) -> BundleEntry:
        """What is known of a tensor.

        Raises:
          NotFoundError: there is none of that name.
        """
        if not self.has(name):
            raise errors.NotFoundError(None, None, f"Key {name} not found in checkpoint")
        return self._decoded(name.encode(), name)

    def loss(self, name: str, path: str, what: str) -> errors.DataLossError:
        """The error for a tensor whose bytes in the file `path` are not sound."""
        return errors.DataLossError(
            None, None, f"{what} (tensor {name!r} in {path}, which has been altered or cut off)"
        )

    # --- values ---------------------------------------------------------------------------------

    def tensor(self, name: str) -> Array:
        """The value of a tensor, put together if it was saved in parts.

        Raises:
          NotFoundError: there is none of that name. DataLossError: its bytes are not sound.
        """
        entry = self.entry(name)
        if not entry.slices:
            return self._value(name, name.encode(), entry)
        whole = TensorSlice((0,) * len(entry.shape), entry.shape)
        return self._assembled(name, entry, whole)

    def part(self, name: str, part: TensorSlice) -> Array:
        """A part of a tensor, whether or not it was saved in parts.

        Raises:
          NotFoundError, DataLossError: as for `tensor`. InvalidArgumentError: there is no such
          part.
        """
        entry = self.entry(name)
        try:
            index = part.within(entry.shape)
        except Malformed as fault:
            raise errors.InvalidArgumentError(
                None, None, f"tensor_name = {name}; {fault}"
            ) from None
        if entry.slices:
            return self._assembled(name, entry, part)
        return np.array(self._value(name, name.encode(), entry)[index])

    def _assembled(self, name: str, entry: BundleEntry, wanted: TensorSlice) -> Array:
        """What the saved parts give of the part `wanted`."""
        path = self.index_path
        target = wanted.within(entry.shape)
        shape = tuple(axis.stop - axis.start for axis in target)
        pieces = []
        for part in entry.slices:
            key = part.key(name)
            if not self._has_key(key):
                raise self.loss(name, path, "a part is not there")
            try:
                source = part.within(entry.shape)
            except Malformed as fault:
                raise self.loss(name, path, str(fault)) from None
            held = self._decoded(key, name)
            if held.shape != tuple(axis.stop - axis.start for axis in source):
                raise self.loss(name, path, "a part is of another shape than its slice")
            if held.dtype != entry.dtype:
                raise self.loss(name, path, "a part is of another dtype")
            inside, outside = _overlap(source, target)
            if all(axis.stop > axis.start for axis in inside):
                pieces.append((outside, self._value(name, key, held)[inside]))
        if sum(piece.size for _, piece in pieces) < np.prod(shape, dtype=object):
            raise self.loss(name, path, "the saved parts do not cover the tensor")
        result = np.empty(shape, entry.dtype.numpy)
        covered = np.zeros(shape, bool) if len(pieces) > 1 else None
        for outside, piece in pieces:
            result[outside] = piece
            if covered is not None:
                covered[outside] = True
        if covered is not None and not covered.all():
            raise self.loss(name, path, "the saved parts do not cover the tensor")
        return result


def _overlap(
    source: tuple[slice, ...], target: tuple[slice, ...]
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """What two parts of a whole have in common, as an index into the one and into the other."""
    inside, outside = [], []
    for one, other in zip(source, target, strict=True):
        start, stop = max(one.start, other.start), min(one.stop, other.stop)
        inside.append(slice(start - one.start, max(stop, start) - one.start))
        outside.append(slice(start - other.start, max(stop, start) - other.start))
    return tuple(inside), tuple(outside)
