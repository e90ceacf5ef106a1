"""Cases of operations on sparse tensors."""

from __future__ import annotations

from typing import Any, Callable

from tests.cases.row import FLOATS, case, normal, positive, values

PLACES = values([[0, 1], [1, 0], [1, 3], [2, 2]], "int64")
OTHERS = values([[0, 1], [0, 2], [2, 2]], "int64")
SHAPE = values([3, 4], "int64")
KNOWN = ("known", "partial", "unknown")


def one(path: str, *arguments: Any, **options: Any) -> Callable[..., Any]:
    """Builds ``tf.<path>(sparse, *rest, *arguments, **options)`` of three parts and the rest."""

    def build(tf: Any, indices: Any, values: Any, shape: Any, *rest: Any) -> Any:
        function = getattr(tf.sparse, path)
        return function(tf.SparseTensor(indices, values, shape), *rest, *arguments, **options)

    return build


def two(path: str, *arguments: Any, **options: Any) -> Callable[..., Any]:
    """Builds ``tf.<path>(sparse, sparse, *arguments, **options)`` of two times three parts."""

    def build(tf: Any, *parts: Any) -> Any:
        function = getattr(tf.sparse, path)
        first, second = tf.SparseTensor(*parts[:3]), tf.SparseTensor(*parts[3:])
        return function(first, second, *arguments, **options)

    return build


def fixed(path: str, *arguments: Any, **options: Any) -> Callable[..., Any]:
    """As ``one``, with the shape as a constant."""

    def build(tf: Any, indices: Any, values: Any, *rest: Any) -> Any:
        return one(path, *arguments, **options)(tf, indices, values, [3, 4], *rest)

    return build


def joined(axis: int, expand: bool = False) -> Callable[..., Any]:
    """Concatenates two sparse tensors."""

    def build(tf: Any, *parts: Any) -> Any:
        tensors = [tf.SparseTensor(*parts[:3]), tf.SparseTensor(*parts[3:])]
        return tf.sparse.concat(axis, tensors, expand_nonconcat_dim=expand)

    return build


def split(count: int, axis: int) -> Callable[..., Any]:
    """Splits a sparse tensor."""

    def build(tf: Any, *parts: Any) -> Any:
        return tf.sparse_split(sp_input=tf.SparseTensor(*parts), num_split=count, axis=axis)

    return build


def operator(name: str) -> Callable[..., Any]:
    """Builds ``sparse <operator> dense``."""

    def build(tf: Any, indices: Any, values: Any, shape: Any, dense: Any) -> Any:
        return getattr(tf.SparseTensor(indices, values, shape), name)(dense)

    return build


def asked(tf: Any, *parts: Any) -> Any:
    """Shape, rank and size."""
    x = tf.SparseTensor(*parts)
    return tf.shape(x), tf.rank(x), tf.size(x)


def shifted(tf: Any, indices: Any, values: Any, shape: Any) -> Any:
    """A slice that begins and ends within."""
    return tf.sparse_slice(tf.SparseTensor(indices, values, shape), [1, 0], [2, 3])


def looked_up(combiner: str, weighted: bool = False, **options: Any) -> Callable[..., Any]:
    """Rows of a table, combined by the rows of sparse numbers."""

    def build(tf: Any, table: Any, indices: Any, weights: Any) -> Any:
        ids = tf.SparseTensor(indices, tf.constant([3, 0, 3, 1], tf.int64), [3, 4])
        shares = tf.SparseTensor(indices, weights, [3, 4]) if weighted else None
        return tf.nn.embedding_lookup_sparse(table, ids, shares, combiner=combiner, **options)

    return build


def safely(combiner: str, weighted: bool = False, **options: Any) -> Callable[..., Any]:
    """As ``looked_up``, with numbers and weights that are left out, and an empty row."""

    def build(tf: Any, table: Any, indices: Any, weights: Any, shape: Any) -> Any:
        ids = tf.SparseTensor(indices, tf.constant([3, -1, 3, 1], tf.int64), shape)
        shares = tf.SparseTensor(indices, weights - 0.5, shape) if weighted else None
        return tf.nn.safe_embedding_lookup_sparse(table, ids, shares, combiner=combiner, **options)

    return build


PARTS = (PLACES, normal(4), SHAPE)
SECOND = (OTHERS, normal(3), SHAPE)
UNSORTED = (values([[2, 1], [0, 3], [2, 0], [1, 1]], "int64"), normal(4), SHAPE)

CASES = [
    case("sparse_to_dense", one("to_dense"), *PARTS, order=2, variants=KNOWN),
    case("sparse_to_dense_fixed", fixed("to_dense"), *PARTS[:2], order=1, variants=KNOWN),
    case("sparse_to_dense_default", one("to_dense"), *PARTS, normal(), order=2),
    case("sparse_to_dense_unsorted", one("to_dense", validate_indices=False), *UNSORTED, order=1),
    case("sparse_to_dense_out_of_order", one("to_dense"), *UNSORTED, raises=True),
    case("sparse_to_dense_repeated", one("to_dense"), values([[1, 1], [1, 1]], "int64"),
         normal(2), SHAPE, raises=True),
    case("sparse_to_dense_out_of_range", one("to_dense"), values([[1, 1], [3, 1]], "int64"),
         normal(2), SHAPE, raises=True),
    case("sparse_to_dense_vector", lambda tf, i, n, v: tf.sparse_to_dense(i, n, v, -1.0),
         values([1, 2, 5], "int32"), values([7], "int32"), normal(3), variants=KNOWN),
    case("sparse_to_dense_one_value", lambda tf, i, n, v: tf.sparse_to_dense(i, n, v),
         values([[1], [2]], "int64"), values([4], "int64"), values(7, "int32")),
    case("sparse_from_dense", lambda tf, x: tf.sparse.from_dense(x),
         values([[0.0, 1.5], [0.0, -2.0], [3.0, 0.0]]), order=1, numeric=False),
    case("sparse_eye", lambda tf: (tf.sparse.eye(3), tf.sparse.eye(2, 4, tf.int32))),
    case("sparse_shape_rank_size", asked, *PARTS, variants=KNOWN),
    case("sparse_cast", lambda tf, *x: tf.cast(tf.SparseTensor(*x), tf.int32), *PARTS),

    case("sparse_reorder", one("reorder"), *UNSORTED, order=1, variants=KNOWN),
    case("sparse_reorder_fixed", fixed("reorder"), *UNSORTED[:2], order=1),
    case("sparse_reshape", one("reshape", [2, -1]), *PARTS, order=1, variants=KNOWN),
    case("sparse_reshape_fixed", fixed("reshape", [2, 3, -1]), *PARTS[:2], order=1),
    case("sparse_reshape_by_tensor", one("reshape"), *PARTS, values([6, 2], "int32")),
    case("sparse_reshape_misfit", fixed("reshape", [5, 5]), *PARTS[:2], raises=True),
    case("sparse_reshape_misfit_in_a_run", one("reshape", [5, -1]), *PARTS, raises=True),
    case("sparse_transpose", one("transpose"), *PARTS, order=1, variants=KNOWN[1:]),
    case("sparse_transpose_fixed", fixed("transpose", [1, 0]), *PARTS[:2], order=1),
    case("sparse_expand_dims", fixed("expand_dims", 1), *PARTS[:2], order=1),
    case("sparse_expand_dims_last", fixed("expand_dims"), *PARTS[:2]),
    case("sparse_reset_shape", one("reset_shape"), *PARTS, order=1),
    case("sparse_reset_shape_larger", one("reset_shape", [3, 9]), *PARTS),
    case("sparse_reset_shape_fixed", fixed("reset_shape", [4, 9]), *PARTS[:2]),
    case("sparse_reset_shape_too_small", fixed("reset_shape", [2, 9]), *PARTS[:2], raises=True),

    case("sparse_slice", shifted, *PARTS, order=2, variants=KNOWN),
    case("sparse_slice_wrong_length", one("slice", [1], [2]), *PARTS, raises=True),
    case("sparse_split", split(3, 1), *PARTS, variants=KNOWN),
    case("sparse_split_too_many", split(5, 1), *PARTS, raises=True),
    case("sparse_concat_0", joined(0), *PARTS, *SECOND, variants=KNOWN),
    case("sparse_concat_1", joined(1), *PARTS, *SECOND, variants=KNOWN),
    case("sparse_concat_last_unsorted", joined(-1), *UNSORTED, *SECOND),
    case("sparse_concat_expanded", joined(1, True), *PARTS, *SECOND[:2],
         values([5, 3], "int64")),
    case("sparse_concat_misfit", joined(1), *PARTS, *SECOND[:2], values([5, 3], "int64"),
         raises=True),
    case("sparse_retain", one("retain"), *PARTS, values([True, False, False, True]), order=1,
         variants=KNOWN),
    case("sparse_fill_empty_rows", one("fill_empty_rows"),
         values([[1, 1], [3, 0], [1, 0]], "int64"), normal(3), values([5, 2], "int64"), normal(),
         order=1, variants=KNOWN),
    case("sparse_fill_empty_rows_out_of_range", one("fill_empty_rows", 0.0), PLACES, normal(4),
         values([2, 4], "int64"), dtypes=["float32"], raises=True),

    case("sparse_add", two("add"), *PARTS, *SECOND, order=2, variants=KNOWN),
    case("sparse_add_threshold", two("add", 0.75), *PARTS, *SECOND, order=1),
    case("sparse_add_misfit", two("add"), *PARTS, *SECOND[:2], values([3, 5], "int64"),
         raises=True),
    case("sparse_add_dense", one("add"), *PARTS, normal(3, 4), order=2, variants=KNOWN),
    case("sparse_add_dense_misfit", one("add"), *PARTS, normal(4, 4), raises=True),
    case("sparse_maximum", two("maximum"), *PARTS, *SECOND, variants=KNOWN),
    case("sparse_minimum", two("minimum"), *PARTS, *SECOND),
    case("sparse_mul", operator("__mul__"), *PARTS, normal(3, 4), order=2, variants=KNOWN),
    case("sparse_mul_row", operator("__mul__"), *PARTS, normal(4), order=1),
    case("sparse_mul_column", operator("__mul__"), *PARTS, normal(3, 1), order=1),
    case("sparse_mul_misfit", operator("__mul__"), *PARTS, normal(3), raises=True),
    case("sparse_truediv", operator("__truediv__"), *PARTS, positive(4), order=1),
    case("sparse_truediv_integers", operator("__truediv__"), PLACES, values([1, 2, 3, 4], "int32"),
         SHAPE, values([1, 2, 3, 4], "int32")),
    case("sparse_matmul", one("sparse_dense_matmul"), *PARTS, normal(4, 2), order=2,
         variants=KNOWN),
    case("sparse_matmul_fixed", fixed("sparse_dense_matmul"), *UNSORTED[:2], normal(4, 2), order=1),
    *[
        case(f"sparse_matmul_adjoint_{a:d}{b:d}",
             one("sparse_dense_matmul", adjoint_a=a, adjoint_b=b), *UNSORTED,
             normal(*[3 if a else 4, 2][:: -1 if b else 1]), order=1)
        for a, b in ((True, False), (False, True), (True, True))
    ],
    case("sparse_matmul_misfit", fixed("sparse_dense_matmul"), *PARTS[:2], normal(3, 2),
         raises=True),
    case("sparse_matmul_misfit_in_a_run", one("sparse_dense_matmul"), *PARTS, normal(3, 2),
         raises=True),
    case("sparse_matmul_out_of_range", one("sparse_dense_matmul"), PLACES, normal(4),
         values([3, 3], "int64"), normal(3, 2), raises=True),
    case("sparse_softmax", one("softmax"), *PARTS, order=1, variants=KNOWN),
    case("sparse_softmax_rank_1", one("softmax"), values([[1]], "int64"), normal(1),
         values([3], "int64"), raises=True),

    case("sparse_reduce_sum", one("reduce_sum"), *PARTS, order=2, variants=KNOWN),
    case("sparse_reduce_sum_0", one("reduce_sum", 0), *UNSORTED, order=2),
    case("sparse_reduce_sum_fixed", fixed("reduce_sum", -1), *UNSORTED[:2], order=1),
    case("sparse_reduce_sum_kept", one("reduce_sum", [1], keepdims=True), *PARTS, order=1),
    case("sparse_reduce_sum_no_such_axis", one("reduce_sum", 5), *PARTS, raises=True),
    case("sparse_reduce_max", one("reduce_max", 1), *UNSORTED, variants=KNOWN),
    case("sparse_reduce_max_all", one("reduce_max", keepdims=True), *PARTS),
    case("sparse_reduce_sum_sparse", one("reduce_sum_sparse", 1), *PARTS),
    case("sparse_reduce_sum_sparse_kept", one("reduce_sum_sparse", 1, keepdims=True), *PARTS),
    case("sparse_reduce_sum_sparse_all", one("reduce_sum_sparse"), *PARTS),
    case("sparse_reduce_max_sparse", one("reduce_max_sparse", 0), *PARTS),
]  # fmt: skip

TABLE = (normal(5, 2), values([[0, 0], [0, 1], [1, 0], [1, 3]], "int64"), positive(4))
GAPS = (TABLE[0], values([[0, 0], [0, 1], [2, 0], [2, 3]], "int64"), TABLE[2],
        values([4, 4], "int64"))  # fmt: skip
CASES += [
    *[
        case(f"embedding_lookup_sparse_{combiner}{'_weighted' * weighted}",
             looked_up(combiner, weighted), *TABLE, order=1, dtypes=FLOATS)
        for combiner in ("sum", "mean", "sqrtn")
        for weighted in (False, True)
    ],
    case("embedding_lookup_sparse_max_norm", looked_up("sum", max_norm=0.5), *TABLE, order=1),
    case("safe_embedding_lookup_sparse", safely("mean"), *GAPS, order=1),
    case("safe_embedding_lookup_sparse_weighted", safely("sqrtn", True), *GAPS, order=1),
    case("safe_embedding_lookup_sparse_default", safely("sum", default_id=2), *GAPS),
]  # fmt: skip
