"""The extent of one axis while a graph is described: a number, or unknown.

TensorFlow 1's arithmetic and comparison on what may be unknown: the result is then unknown too (a
`Dimension` without value, or None for a truth value). Independent of whole shapes.
"""

import operator
from collections.abc import Callable
from typing import Any, NoReturn

from pantarhei.core.dtypes import DType


class Dimension:
    """The extent of a tensor along one axis: an integer from 0 up, or unknown (None).

    Arithmetic gives dimensions, unknown if an operand is; comparisons give None if an operand is
    unknown. Integers mix freely with dimensions.

    Args:
        value: An integer, None, another dimension, or text that reads as an integer.

    Raises:
        TypeError: if `value` cannot be an extent, a type for instance.
        ValueError: if `value` is negative or not whole.

    Example:
        >>> import pantarhei as tf
        >>> tf.Dimension(3) * 2 + 1
        Dimension(7)
        >>> tf.Dimension(3) + tf.Dimension(None)
        Dimension(None)
        >>> print(tf.Dimension(None), tf.Dimension(None) == 3)
        ? None
    """

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value: int | None
        if value is None:
            self._value = None
        elif isinstance(value, Dimension):
            self._value = value._value
        elif isinstance(value, DType):
            raise TypeError(f"Cannot convert {value} to Dimension")
        else:
            self._value = int(value)
            if not isinstance(value, str | bytes) and self._value != value:
                raise ValueError(f"Ambiguous dimension: {value}")
            if self._value < 0:
                raise ValueError(f"Dimension {self._value} must be >= 0")

    @property
    def value(self) -> int | None:
        """The extent, or None if it is unknown."""
        return self._value

    def __repr__(self) -> str:
        return f"Dimension({self._value!r})"

    def __str__(self) -> str:
        return "?" if self._value is None else str(self._value)

    def __int__(self) -> int:
        return self._value  # type: ignore[return-value]  # unknown: Python raises TypeError

    def __index__(self) -> int:
        return self._value  # type: ignore[return-value]  # unknown: Python raises TypeError

    def __reduce__(self) -> tuple[Any, ...]:
        return Dimension, (self._value,)

    def is_compatible_with(self, other: Any) -> bool:
        """Whether `other` may be the same extent: it is equal, or one of the two is unknown.

        Raises:
            TypeError: if `other` cannot be an extent.
            ValueError: if `other` cannot be an extent.
        """
        theirs = as_dimension(other)._value
        return self._value is None or theirs is None or self._value == theirs

    def assert_is_compatible_with(self, other: Any) -> None:
        """Does nothing if `other` may be the same extent.

        Raises:
            ValueError: if both are known and differ.
        """
        if not self.is_compatible_with(other):
            raise ValueError(f"Dimensions {self} and {other} are not compatible")

    def merge_with(self, other: Any) -> "Dimension":
        """The dimension known from this one or from `other`.

        Raises:
            ValueError: if both are known and differ.

        Example:
            >>> import pantarhei as tf
            >>> tf.Dimension(None).merge_with(8)
            Dimension(8)
        """
        theirs = as_dimension(other)
        self.assert_is_compatible_with(theirs)
        return Dimension(theirs if self._value is None else self)

    def _calculated(self, other: Any, compute: Callable[[int, int], int]) -> "Dimension":
        """The result of an operator; NotImplemented if `other` cannot be an extent."""
        try:
            theirs = as_dimension(other)._value
        except (TypeError, ValueError):
            unsupported: Dimension = NotImplemented  # an operator may return it
            return unsupported
        if self._value is None or theirs is None:
            return Dimension(None)
        return Dimension(compute(self._value, theirs))

    def _compared(self, other: Any, compare: Callable[[int, int], bool]) -> bool | None:
        """The result of an ordering, None if one of the two is unknown."""
        theirs = as_dimension(other)._value
        return None if self._value is None or theirs is None else compare(self._value, theirs)

    def __add__(self, other: Any) -> "Dimension":
        return self._calculated(other, operator.add)

    def __radd__(self, other: Any) -> "Dimension":
        return self._calculated(other, operator.add)

    def __sub__(self, other: Any) -> "Dimension":
        return self._calculated(other, operator.sub)

    def __rsub__(self, other: Any) -> "Dimension":
        return as_dimension(other) - self

    def __mul__(self, other: Any) -> "Dimension":
        return self._calculated(other, operator.mul)

    def __rmul__(self, other: Any) -> "Dimension":
        return self._calculated(other, operator.mul)

    def __floordiv__(self, other: Any) -> "Dimension":
        return self._calculated(other, operator.floordiv)

    def __rfloordiv__(self, other: Any) -> "Dimension":
        return as_dimension(other) // self

    def __mod__(self, other: Any) -> "Dimension":
        return self._calculated(as_dimension(other), operator.mod)

    def __rmod__(self, other: Any) -> "Dimension":
        return as_dimension(other) % self

    def __truediv__(self, other: Any) -> NoReturn:
        _refuse_true_division("Dimension", type(other).__name__)

    def __rtruediv__(self, other: Any) -> NoReturn:
        _refuse_true_division(type(other).__name__, "Dimension")

    # Equality and ordering of an unknown extent are unknown too, hence the wider result.
    def __eq__(self, other: object) -> bool | None:  # type: ignore[override]
        try:
            return self._compared(other, operator.eq)
        except (TypeError, ValueError):
            return NotImplemented

    def __ne__(self, other: object) -> bool | None:  # type: ignore[override]
        try:
            return self._compared(other, operator.ne)
        except (TypeError, ValueError):
            return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # an unknown extent may still become any other

    def __lt__(self, other: Any) -> bool | None:
        return self._compared(other, operator.lt)

    def __le__(self, other: Any) -> bool | None:
        return self._compared(other, operator.le)

    def __gt__(self, other: Any) -> bool | None:
        return self._compared(other, operator.gt)

    def __ge__(self, other: Any) -> bool | None:
        return self._compared(other, operator.ge)


def _refuse_true_division(left: str, right: str) -> NoReturn:
    raise TypeError(
        f"unsupported operand type(s) for /: '{left}' and '{right}', please use // instead"
    )


def as_dimension(value: Any) -> Dimension:
    """`value` itself if it is a dimension, else the dimension with that extent (None: unknown)."""
    return value if isinstance(value, Dimension) else Dimension(value)


def dimension_value(dimension: Any) -> Any:
    """The value of a `Dimension`; anything else (an integer, None) as it is."""
    return dimension.value if isinstance(dimension, Dimension) else dimension
