"""Methods of variables that update them at positions: `v.scatter_add(slices)` and its kin."""

from __future__ import annotations

from typing import Any

from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.ops.state.scatter_nd_updates import batch_scatter_update


class ScatterMethods:
    """The scatter methods, written once; the kind of variable says how each is carried out."""

    def _scattered(
        self, kind: str, indices: Any, updates: Any, use_locking: bool, name: Any
    ) -> Any:
        """Makes the operation `Scatter<kind>`; what stands for the variable afterwards."""
        raise TypeError(f"{type(self).__name__} cannot be updated at positions.")

    def _by_slices(self, kind: str, sparse_delta: Any, use_locking: bool, name: Any) -> Any:
        if not isinstance(sparse_delta, IndexedSlices):
            raise TypeError(f"sparse_delta is not IndexedSlices: {sparse_delta}")
        return self._scattered(kind, sparse_delta.indices, sparse_delta.values, use_locking, name)

    def scatter_sub(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """Subtracts `IndexedSlices` from it; returns what stands for it afterwards.

        Raises:
          TypeError: `sparse_delta` is no IndexedSlices.
        """
        return self._by_slices("Sub", sparse_delta, use_locking, name)

    def scatter_add(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """Adds `IndexedSlices` to it; returns what stands for it afterwards.

        Raises:
          TypeError: `sparse_delta` is no IndexedSlices.
        """
        return self._by_slices("Add", sparse_delta, use_locking, name)

    def scatter_max(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """Keeps the larger of it and `IndexedSlices`; returns what stands for it afterwards.

        Raises:
          TypeError: `sparse_delta` is no IndexedSlices.
        """
        return self._by_slices("Max", sparse_delta, use_locking, name)

    def scatter_min(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """Keeps the smaller of it and `IndexedSlices`; returns what stands for it afterwards.

        Raises:
          TypeError: `sparse_delta` is no IndexedSlices.
        """
        return self._by_slices("Min", sparse_delta, use_locking, name)

    def scatter_mul(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """Multiplies it by `IndexedSlices`; returns what stands for it afterwards.

        Raises:
          TypeError: `sparse_delta` is no IndexedSlices.
        """
        return self._by_slices("Mul", sparse_delta, use_locking, name)

    def scatter_div(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """Divides it by `IndexedSlices`; returns what stands for it afterwards.

        Raises:
          TypeError: `sparse_delta` is no IndexedSlices.
        """
        return self._by_slices("Div", sparse_delta, use_locking, name)

    def scatter_update(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """Gives it new rows from `IndexedSlices`; returns what stands for it afterwards.

        Raises:
          TypeError: `sparse_delta` is no IndexedSlices.
        """
        return self._by_slices("Update", sparse_delta, use_locking, name)

    def batch_scatter_update(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """Gives it new elements, batch by batch; see `tf.batch_scatter_update`."""
        return batch_scatter_update(
            self, sparse_delta.indices, sparse_delta.values, use_locking, name
        )

    def scatter_nd_sub(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Subtracts `updates` at the positions `indices`."""
        return self._scattered("NdSub", indices, updates, True, name)

    def scatter_nd_add(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Adds `updates` at the positions `indices`."""
        return self._scattered("NdAdd", indices, updates, True, name)

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Sets `updates` at the positions `indices`."""
        return self._scattered("NdUpdate", indices, updates, True, name)
