"""Reads and writes the recordings of the op cases.

``cases.json`` has one line per case; arrays stand in it as ``[dtype, offset, shape]`` and lie, one
flat array per dtype, in ``cases.npz`` (bfloat16 as float32, which holds it exactly).
Must not know: the framework, or the table of cases. Runs on Python 3.7 too.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent.parent / "golden"
STORED_AS = {"bfloat16": "float32"}


class Recordings:
    """All recordings; ``records`` maps a case's name to its record with arrays in place."""

    def __init__(self, records: dict[str, Any] | None = None) -> None:
        self.records: dict[str, Any] = dict(records or {})

    def write(self, folder: Path = FOLDER) -> None:
        """Writes both files."""
        pools: dict[str, list[Any]] = {}
        sizes: dict[str, int] = {}

        def pack(part: Any) -> Any:
            if isinstance(part, Array):
                stored = STORED_AS.get(part.dtype, part.dtype)
                offset = sizes.get(stored, 0)
                pools.setdefault(stored, []).append(part.data.reshape(-1).astype(stored))
                sizes[stored] = offset + part.data.size
                return [part.dtype, offset, list(part.data.shape)]
            if isinstance(part, dict):
                return {key: pack(value) for key, value in part.items()}
            if isinstance(part, (list, tuple)):
                return [pack(entry) for entry in part]
            return part

        lines = []
        for name in sorted(self.records):
            packed = json.dumps(pack(self.records[name]), separators=(",", ":"))
            lines.append(json.dumps(name) + ":" + packed)
        (folder / "cases.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
        flat = {name: np.concatenate(arrays) for name, arrays in sorted(pools.items())}
        np.savez_compressed(str(folder / "cases.npz"), **flat)  # type: ignore[arg-type]

    @classmethod
    def read(cls, folder: Path = FOLDER) -> Recordings:
        """Reads both files; no recordings if there are none."""
        if not (folder / "cases.json").exists():
            return cls()
        with np.load(str(folder / "cases.npz")) as stored:
            pools = {name: stored[name] for name in stored.files}

        def unpack(reference: Any) -> Any:
            if reference is None:
                return None
            dtype, offset, shape = reference
            size = int(np.prod(shape, dtype=np.int64))
            pool = pools[STORED_AS.get(dtype, dtype)]
            return Array(dtype, pool[offset : offset + size].reshape(shape))

        records = json.loads((folder / "cases.json").read_text())
        for record in records.values():
            for run in record["runs"].values():
                for key, references in run.items():
                    run[key] = [unpack(reference) for reference in references]
        return cls(records)


class Array:
    """A recorded array and the name of its dtype."""

    def __init__(self, dtype: str, data: Any) -> None:
        self.dtype = dtype
        self.data = data

    @classmethod
    def of(cls, array: Any, dtype: str) -> Array:
        """An array as it came out of a session."""
        return cls(dtype, np.asarray(array).astype(STORED_AS.get(dtype, dtype)))


@functools.lru_cache(maxsize=None)
def recorded() -> dict[str, Any]:
    """The committed recordings by case name, read once."""
    return Recordings.read().records
