"""Laws of partly known shapes, on random ones: what is said must hold for every actual shape."""

import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pantarhei.core.dimensions import Dimension
from pantarhei.core.shapes import TensorShape, broadcast_conflict, broadcast_shape

EXTENTS = st.one_of(st.none(), st.integers(0, 4))
SHAPES = st.one_of(st.none(), st.lists(EXTENTS, max_size=3)).map(TensorShape)
ACTUAL = st.lists(st.integers(0, 3), max_size=3)


def said_of(data, actual):
    """A true statement about an actual shape: some extents, or all, left open."""
    if data.draw(st.booleans()):
        return TensorShape([data.draw(st.sampled_from([n, None])) for n in actual])
    return TensorShape(None)


@pytest.mark.parametrize(
    "compute", [operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod]
)
@given(a=EXTENTS, b=EXTENTS)
def test_arithmetic_is_that_of_integers_or_unknown(compute, a, b):
    if a is None or b is None:
        expected = None
    elif (b == 0 and compute in (operator.floordiv, operator.mod)) or (
        compute is operator.sub and a < b
    ):
        with pytest.raises((ZeroDivisionError, ValueError)):
            compute(Dimension(a), Dimension(b))
        return
    else:
        expected = compute(a, b)
    assert compute(Dimension(a), Dimension(b)).value == expected
    assert compute(Dimension(a), b).value == expected
    if a is not None:
        assert compute(a, Dimension(b)).value == expected


@given(a=SHAPES, b=SHAPES)
def test_merge_is_symmetric_and_only_of_compatible_shapes(a, b):
    if a.is_compatible_with(b):
        merged = a.merge_with(b)
        assert repr(merged) == repr(b.merge_with(a))
        assert repr(merged.merge_with(b)) == repr(merged)
    else:
        with pytest.raises(ValueError, match="are not compatible"):
            a.merge_with(b)


@given(data=st.data(), actual=ACTUAL)
def test_merge_of_true_statements_is_true_and_loses_nothing(data, actual):
    a, b = said_of(data, actual), said_of(data, actual)
    merged = a.merge_with(b)
    assert merged.is_compatible_with(actual)
    assert merged.rank == (None if a.rank is None and b.rank is None else len(actual))
    if merged.rank is not None:
        for axis, extent in enumerate(merged.as_list()):
            assert (extent is None) == (a[axis].value is None and b[axis].value is None)


@given(a=ACTUAL, b=ACTUAL)
def test_broadcast_of_known_shapes_is_numpys(a, b):
    try:
        expected = list(np.broadcast_shapes(tuple(a), tuple(b)))
    except ValueError:
        assert broadcast_conflict(a, b) is not None
        with pytest.raises(ValueError, match="Incompatible shapes for broadcasting"):
            broadcast_shape(a, b)
    else:
        assert broadcast_conflict(a, b) is None
        assert broadcast_shape(a, b).as_list() == expected


@given(data=st.data(), a=ACTUAL, b=ACTUAL)
def test_broadcast_of_true_statements_is_true(data, a, b):
    try:
        actual = np.broadcast_shapes(tuple(a), tuple(b))
    except ValueError:
        return
    assert broadcast_shape(said_of(data, a), said_of(data, b)).is_compatible_with(actual)
