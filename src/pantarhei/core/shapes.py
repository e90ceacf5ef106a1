"""Static shapes: `TensorShape`, what is known of a tensor's extents while a graph is described.

Merges, compares, joins and broadcasts partly known shapes. Independent of tensors
or ops; the shape rules of ops are built from these pieces.
"""

import itertools
import math
from collections.abc import Iterator
from typing import Any, overload

from pantarhei.core.dimensions import Dimension, as_dimension, dimension_value

__all__ = [
    "Dimension",
    "TensorShape",
    "as_dimension",
    "as_shape",
    "broadcast_conflict",
    "broadcast_shape",
    "dimension_at_index",
    "dimension_value",
    "unknown_shape",
]


class TensorShape:
    """What is known of a tensor's shape: each extent, only the rank, or nothing.

    Iterating and indexing give `Dimension`s, slicing gives a `TensorShape`; `as_list` gives plain
    integers and None. Two shapes are equal if every extent of both is known and the same, or if
    nothing is known of either.

    Args:
        dims: None (rank unknown), one extent, an iterable of extents (None: unknown), or a shape.

    Raises:
        TypeError: if `dims` is text or cannot be extents.
        ValueError: if an extent is negative or not whole.

    Example:
        >>> import pantarhei as tf
        >>> shape = tf.TensorShape([None, 20])
        >>> shape
        TensorShape([Dimension(None), Dimension(20)])
        >>> print(shape, shape.rank, shape[1], tf.TensorShape(None))
        (?, 20) 2 20 <unknown>
    """

    __slots__ = ("_dims",)

    def __init__(self, dims: Any) -> None:
        self._dims: tuple[Dimension, ...] | None
        if dims is None:
            self._dims = None
        elif isinstance(dims, str | bytes):
            raise TypeError(
                "A string has ambiguous TensorShape, please wrap in a list or convert to an int: "
                f"{dims!s}"  # as TensorFlow shows it
            )
        elif isinstance(dims, TensorShape):
            self._dims = dims._dims
        else:
            try:
                extents = iter(dims)
            except TypeError:  # a single extent
                self._dims = (as_dimension(dims),)
            else:
                self._dims = tuple(as_dimension(extent) for extent in extents)

    @property
    def rank(self) -> int | None:
        """The number of axes, or None if it is unknown."""
        return None if self._dims is None else len(self._dims)

    @property
    def ndims(self) -> int | None:
        """The same as `rank`."""
        return self.rank

    @property
    def dims(self) -> list[Dimension] | None:
        """A list of the dimensions, or None if the rank is unknown."""
        return None if self._dims is None else list(self._dims)

    def as_list(self) -> list[int | None]:
        """The extents as integers, None where unknown.

        Raises:
            ValueError: if the rank is unknown.

        Example:
            >>> import pantarhei as tf
            >>> tf.TensorShape([None, 20]).as_list()
            [None, 20]
        """
        if self._dims is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return [dim.value for dim in self._dims]

    def is_fully_defined(self) -> bool:
        """Whether the rank and every extent are known."""
        return self._dims is not None and all(dim.value is not None for dim in self._dims)

    def num_elements(self) -> int | None:
        """The product of the extents, or None if one is unknown."""
        known = [dim.value for dim in self._dims or () if dim.value is not None]
        return math.prod(known) if self.is_fully_defined() else None

    def __repr__(self) -> str:
        return f"TensorShape({self.dims!r})"

    def __str__(self) -> str:
        if self._dims is None:
            return "<unknown>"
        extents = ", ".join(str(dim) for dim in self._dims)
        return f"({extents},)" if len(self._dims) == 1 else f"({extents})"

    def __len__(self) -> int:
        if self._dims is None:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return len(self._dims)

    def __bool__(self) -> bool:
        return self._dims is not None

    def __iter__(self) -> Iterator[Dimension]:
        if self._dims is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return iter(self._dims)

    @overload
    def __getitem__(self, key: int) -> Dimension: ...

    @overload
    def __getitem__(self, key: slice) -> "TensorShape": ...

    def __getitem__(self, key: int | slice) -> "Dimension | TensorShape":
        if self._dims is not None:
            return TensorShape(self._dims[key]) if isinstance(key, slice) else self._dims[key]
        if not isinstance(key, slice):
            return Dimension(None)
        if key.step is not None:
            raise ValueError("Steps are not yet handled")
        start = 0 if key.start is None else key.start
        if key.stop is None or start < 0 or key.stop < 0:
            return unknown_shape()
        return unknown_shape(rank=key.stop - start)

    def __eq__(self, other: object) -> bool:
        try:
            return self._dims == as_shape(other)._dims
        except TypeError:
            return NotImplemented

    def __ne__(self, other: object) -> bool:
        try:
            theirs = as_shape(other)._dims
        except TypeError:
            return NotImplemented
        if self._dims is None or theirs is None:
            raise ValueError("The inequality of unknown TensorShapes is undefined.")
        return self._dims != theirs

    __hash__ = None  # type: ignore[assignment]  # see Dimension

    def __reduce__(self) -> tuple[Any, ...]:
        return TensorShape, (self.dims,)

    def __add__(self, other: Any) -> "TensorShape":
        return self.concatenate(other)

    def __radd__(self, other: Any) -> "TensorShape":
        return as_shape(other).concatenate(self)

    def concatenate(self, other: Any) -> "TensorShape":
        """The axes of this shape followed by those of `other`; unknown if one of them is.

        Example:
            >>> import pantarhei as tf
            >>> print(tf.TensorShape([None]) + [3, 4])
            (?, 3, 4)
        """
        theirs = as_shape(other)._dims
        if self._dims is None or theirs is None:
            return unknown_shape()
        return TensorShape(self._dims + theirs)

    def merge_with(self, other: Any) -> "TensorShape":
        """The shape known from this one or from `other`.

        Raises:
            ValueError: if a tensor cannot have both shapes.

        Example:
            >>> import pantarhei as tf
            >>> print(tf.TensorShape([None, 20]).merge_with([32, None]))
            (32, 20)
        """
        shape = as_shape(other)
        if self._dims is None:
            return shape
        if shape._dims is None:
            return self
        if not self.is_compatible_with(shape):
            raise ValueError(f"Shapes {self} and {shape} are not compatible")
        pairs = zip(self._dims, shape._dims, strict=True)
        return TensorShape(mine.merge_with(theirs) for mine, theirs in pairs)

    def most_specific_compatible_shape(self, other: Any) -> "TensorShape":
        """The most that can be said of a tensor which has either this shape or `other`.

        Example:
            >>> import pantarhei as tf
            >>> print(tf.TensorShape([2, 1]).most_specific_compatible_shape([5, 1]))
            (?, 1)
        """
        theirs = as_shape(other)._dims
        if self._dims is None or theirs is None or len(self._dims) != len(theirs):
            return unknown_shape()
        pairs = zip(self._dims, theirs, strict=True)
        return TensorShape(mine if mine == other else None for mine, other in pairs)

    def is_compatible_with(self, other: Any) -> bool:
        """Whether a tensor could have this shape and also `other`.

        Example:
            >>> import pantarhei as tf
            >>> shape = tf.TensorShape([None, 20])
            >>> shape.is_compatible_with([32, 20]), shape.is_compatible_with([32])
            (True, False)
        """
        theirs = as_shape(other)._dims
        if self._dims is None or theirs is None:
            return True
        return len(self._dims) == len(theirs) and all(
            mine.is_compatible_with(other) for mine, other in zip(self._dims, theirs, strict=True)
        )

    def _admits(self, extents: tuple[int, ...]) -> bool:
        """Whether an array of these extents fits. Called for every feed, so makes no dimensions."""
        if self._dims is None:
            return True
        return len(self._dims) == len(extents) and all(
            dim.value in (None, extent) for dim, extent in zip(self._dims, extents, strict=True)
        )

    def assert_is_compatible_with(self, other: Any) -> None:
        """Does nothing if a tensor could have both shapes.

        Raises:
            ValueError: if it could not.
        """
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are incompatible")

    def assert_same_rank(self, other: Any) -> None:
        """Does nothing if the ranks are equal or one is unknown.

        Raises:
            ValueError: if they differ.
        """
        other = as_shape(other)
        if None not in (self.rank, other.rank) and self.rank != other.rank:
            raise ValueError(f"Shapes {self} and {other} must have the same rank")

    def assert_has_rank(self, rank: int) -> None:
        """Does nothing if the rank is `rank` or unknown.

        Raises:
            ValueError: if it is another.
        """
        if self.rank not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def assert_is_fully_defined(self) -> None:
        """Does nothing if the rank and every extent are known.

        Raises:
            ValueError: if something is unknown.
        """
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def with_rank(self, rank: int) -> "TensorShape":
        """This shape; if nothing is known of it, `rank` unknown extents.

        Raises:
            ValueError: if the rank is known and another.
        """
        self.assert_has_rank(rank)
        return unknown_shape(rank) if self._dims is None else self

    def with_rank_at_least(self, rank: int) -> "TensorShape":
        """This shape.

        Raises:
            ValueError: if the rank is known and less than `rank`.
        """
        if self.rank is not None and self.rank < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank: int) -> "TensorShape":
        """This shape.

        Raises:
            ValueError: if the rank is known and more than `rank`.
        """
        if self.rank is not None and self.rank > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self


def as_shape(shape: Any) -> TensorShape:
    """`shape` itself if it is a `TensorShape`, else the shape made of it."""
    return shape if isinstance(shape, TensorShape) else TensorShape(shape)


def unknown_shape(rank: int | None = None) -> TensorShape:
    """A shape of which only the rank is known, or nothing."""
    return TensorShape(None if rank is None else [None] * rank)


def dimension_at_index(shape: TensorShape, index: int) -> Dimension:
    """The dimension of one axis; an unknown one if the rank is unknown.

    Example:
        >>> import pantarhei as tf
        >>> tf.dimension_at_index(tf.TensorShape([2, 3]), 1)
        Dimension(3)
    """
    return shape[index]


def _aligned(a: TensorShape, b: TensorShape) -> list[tuple[int | None, int | None]]:
    """The extents of two shapes of known rank in pairs, axes aligned at the last, 1 for none."""
    pairs = itertools.zip_longest(reversed(a.as_list()), reversed(b.as_list()), fillvalue=1)
    return list(pairs)[::-1]


def broadcast_conflict(a: Any, b: Any) -> tuple[int, int] | None:
    """The first pair of extents that keeps two shapes from being broadcast, or None.

    Example:
        >>> from pantarhei.core.shapes import broadcast_conflict
        >>> broadcast_conflict([8, 2], [8, 3]), broadcast_conflict([8, 2], [1, None])
        ((2, 3), None)
    """
    a, b = as_shape(a), as_shape(b)
    if a.rank is None or b.rank is None:
        return None
    for left, right in _aligned(a, b):
        if left is not None and right is not None and left != right and 1 not in (left, right):
            return left, right
    return None


def broadcast_shape(a: Any, b: Any) -> TensorShape:
    """The shape of an elementwise result, by NumPy's rules, as far as it is known.

    An unknown extent against one above 1 gives the known one (the run checks it); against 0 or 1
    it stays unknown.

    Raises:
        ValueError: if two known extents differ and neither is 1.

    Example:
        >>> from pantarhei.core.shapes import broadcast_shape
        >>> print(broadcast_shape([None, 1, 3], [5, 3]), broadcast_shape([None], [1]))
        (?, 5, 3) (?,)
    """
    a, b = as_shape(a), as_shape(b)
    if a.rank is None or b.rank is None:
        return unknown_shape()
    if broadcast_conflict(a, b):
        raise ValueError(f"Incompatible shapes for broadcasting: {a} and {b}")
    return TensorShape(_broadcast_extent(left, right) for left, right in _aligned(a, b))


def _broadcast_extent(left: int | None, right: int | None) -> int | None:
    """The extent of the result along one axis, for extents that do not conflict."""
    if left is None or right is None:
        known = right if left is None else left
        return known if known is not None and known > 1 else None
    return right if left == 1 else left
