"""Cases of reductions, positions of extremes, cumulative sums, segments, norms and clipping."""

from __future__ import annotations

from typing import Any

from tests.cases.row import (
    HALVES,
    away,
    booleans,
    call,
    case,
    distinct,
    integers,
    normal,
    positive,
    values,
)

NAN, INFINITY = float("nan"), float("inf")
SINGLE_UP = ("float64", "float32", "float16")

# name, domain of a (2, 3, 4) input, order
REDUCTIONS = [
    ("reduce_sum", normal(2, 3, 4), 2),
    ("reduce_mean", normal(2, 3, 4), 2),
    ("reduce_prod", away(2, 3, 4), 1),
    ("reduce_min", distinct(2, 3, 4), 1),
    ("reduce_max", distinct(2, 3, 4), 1),
    ("reduce_logsumexp", normal(2, 3, 4), 2),
    ("reduce_any", booleans(2, 3, 4), 0),
    ("reduce_all", booleans(2, 3, 4), 0),
    ("norm", away(2, 3, 4), 2),
    ("math.reduce_euclidean_norm", away(2, 3, 4), 0),
    ("math.reduce_std", distinct(2, 3, 4), 1),
    ("math.reduce_variance", distinct(2, 3, 4), 1),
    ("count_nonzero", values([[[0.0, 1.0], [2.0, 0.0]]] * 3), 0),
]

# suffix, options
AXES: list[tuple[str, Any]] = [
    ("_everything", {}),
    ("_axis", {"axis": 1}),
    ("_axis_negative", {"axis": -1}),
    ("_axes", {"axis": [0, 2]}),
    ("_keepdims", {"axis": [-1], "keepdims": True}),
]
FEW_AXES = ["norm", "math.reduce_std", "math.reduce_variance", "math.reduce_euclidean_norm"]


def title(path: str) -> str:
    """The case's name for a function's path."""
    return path.split(".")[-1]


OVER_AXES = [
    case(title(path) + suffix, call(path, **options), domain, order=order,
         tolerance={"float32": 5e-6} if path == "reduce_logsumexp" else {})
    for path, domain, order in REDUCTIONS
    for suffix, options in AXES
    if not (path in FEW_AXES and suffix == "_axes")
    and not (path == "norm" and suffix == "_keepdims")
]  # fmt: skip

SPECIALLY = [
    case("reduce_sum_halves", call("reduce_sum", 1), normal(2, 3), order=1, dtypes=HALVES),
    case("reduce_mean_halves", call("reduce_mean", 1), normal(2, 3), order=1, dtypes=SINGLE_UP),
    case("reduce_max_halves", call("reduce_max", 1), distinct(2, 3), order=1, dtypes=HALVES),
    case("reduce_sum_ints", call("reduce_sum", 1), integers(-9, 9, 2, 3).generic(),
         dtypes=("int32", "int64", "int16", "int8")),
    case("reduce_mean_ints_floor", call("reduce_mean"), values([1, 2, 4], "int32")),
    case("reduce_mean_ints_negative", call("reduce_mean"), values([-1, -2, -4], "int32")),
    case("reduce_prod_ints", call("reduce_prod", 1), integers(-3, 5, 2, 3)),
    case("reduce_max_ints", call("reduce_max", 0), integers(-9, 9, 2, 3).generic(),
         dtypes=("int32", "int64")),
    case("reduce_min_ints", call("reduce_min", 0), integers(-9, 9, 2, 3).generic(),
         dtypes=("int32", "int64")),
    case("reduce_sum_bool_raises", call("reduce_sum"), booleans(3), raises=True),
    case("reduce_all_floats_raises", call("reduce_all"), normal(3), raises=True),
    case("reduce_sum_scalar", call("reduce_sum"), normal(), order=1),
    case("reduce_sum_python", lambda tf: tf.reduce_sum([[1.0, 2.0], [3.0, 4.0]], 0)),
    case("reduce_sum_axis_empty_list", call("reduce_sum", []), normal(2, 3), order=1),
    case("reduce_sum_axis_tensor", lambda tf, x, axis: tf.reduce_sum(x, axis), normal(2, 3),
         values(0, "int32"), order=1),
    case("reduce_sum_axis_constant", lambda tf, x: tf.reduce_sum(x, tf.constant([0, 1])),
         normal(2, 3), order=1),
    case("reduce_sum_axis_tuple", call("reduce_sum", axis=(0, 1)), normal(2, 3, 2), order=1),
    case("reduce_sum_axis_too_large", call("reduce_sum", 2), normal(2, 3), raises=True),
    case("reduce_sum_axis_too_small", call("reduce_sum", -3), normal(2, 3), raises=True),
    case("reduce_sum_keep_dims", call("reduce_sum", keep_dims=True), normal(2, 3), order=1),
    case("reduce_sum_reduction_indices", call("reduce_sum", reduction_indices=[1]), normal(2, 3),
         order=1),
    case("reduce_mean_keep_dims_axis", call("reduce_mean", 0, keep_dims=True), normal(2, 3),
         order=1),
    case("reduce_max_both_keepdims_raises", call("reduce_max", keepdims=True, keep_dims=True),
         normal(2, 3), raises=True),
    case("reduce_sum_named", call("reduce_sum", name="total"), normal(2, 3)),
    case("reduce_sum_unknown_rank", call("reduce_sum"), normal(2, 3), order=2,
         variants=("unknown", "constant")),
    case("reduce_mean_unknown_rank", call("reduce_mean", -1), normal(2, 3), order=2,
         variants=("unknown", "constant")),
    *[
        case("reduce_" + name + "_empty", call("reduce_" + name), normal(0, 3), order=0)
        for name in ("sum", "prod", "mean", "max", "min", "logsumexp")
    ],
    *[
        case("reduce_" + name + "_empty_axis", call("reduce_" + name, 0), normal(0, 3), order=0)
        for name in ("sum", "mean", "max")
    ],
    case("reduce_sum_empty_gradient", call("reduce_sum", 0), normal(0, 3), order=1),
    case("reduce_any_empty", call("reduce_any"), booleans(0)),
    case("reduce_all_empty", call("reduce_all"), booleans(0)),
    case("reduce_max_ties", call("reduce_max"), values([1.0, 3.0, 3.0]), order=1, numeric=False),
    case("reduce_min_ties", call("reduce_min", 0), values([[1.0, 2.0], [1.0, 3.0]]), order=1,
         numeric=False),
    case("reduce_prod_with_zero", call("reduce_prod"), values([2.0, 0.0, 3.0]), order=1),
    case("reduce_prod_with_zeros", call("reduce_prod"), values([2.0, 0.0, 0.0]), order=1),
    case("reduce_sum_special", call("reduce_sum", 1), values([[NAN, 1.0], [INFINITY, 1.0],
         [INFINITY, -INFINITY]])),
    case("reduce_max_infinities", call("reduce_max", 1),
         values([[-INFINITY, 1.0], [INFINITY, 1.0]])),
    case("reduce_logsumexp_far", call("reduce_logsumexp"), values([1000.0, 1000.5]), order=1),
    case("reduce_logsumexp_infinite", call("reduce_logsumexp"), values([-INFINITY, -INFINITY])),
    case("reduce_max_second_order", call("reduce_max", 1), distinct(2, 3), order=2),
    case("count_nonzero_ints", call("count_nonzero"), integers(-1, 2, 2, 3)),
    case("count_nonzero_dtype", call("count_nonzero", dtype="int32"), normal(2, 3)),
    case("count_nonzero_bools", call("count_nonzero", 0), booleans(2, 3)),
    case("reduce_join_free_mean_of_square", lambda tf, x: tf.reduce_mean(tf.square(x)),
         normal(2, 3), order=2),
    case("norm_keepdims", call("norm", axis=1, keepdims=True), away(2, 3), order=1),
    case("norm_one", call("norm", 1), away(2, 3), order=1),
    case("norm_infinity", call("norm", float("inf")), distinct(2, 3), order=1),
    case("norm_three", call("norm", 3, axis=1), away(2, 3), order=1),
    case("norm_frobenius", call("norm", "fro", axis=[0, 1]), away(2, 3), order=1),
    case("norm_unknown_name", call("norm", "other"), away(2, 3), raises=True),
    case("nn_zero_fraction", call("nn.zero_fraction"), values([0.0, 1.0, 0.0, 2.0])),
]  # fmt: skip

PLACES: list[tuple[str, Any]] = [
    ("", {}), ("_axis", {"axis": 1}), ("_axis_negative", {"axis": -1}),
    ("_int32", {"axis": 2, "output_type": "int32"}),
]  # fmt: skip

POSITIONS = [
    *[
        case(name + suffix, call(name, **options), distinct(2, 3, 4))
        for name in ("argmax", "argmin")
        for suffix, options in PLACES
    ],
    case("argmax_dimension", call("argmax", dimension=1), distinct(2, 3)),
    case("argmax_ints", call("argmax", 1), integers(-9, 9, 2, 5).generic(),
         dtypes=("int32", "int64", "uint8")),
    case("argmax_halves", call("argmax", 1), distinct(2, 3), dtypes=HALVES),
    case("argmax_not_a_number", call("argmax", 1), values([[NAN, 1.0, 2.0], [3.0, NAN, 1.0]]),
         dtypes=HALVES),
    case("argmin_not_a_number", call("argmin", 1), values([[NAN, 1.0, 2.0], [3.0, NAN, 1.0]]),
         dtypes=HALVES),
    case("argmax_ties", call("argmax"), values([1.0, 3.0, 3.0])),
    case("argmax_vector", call("argmax", 0), distinct(5)),
    case("argmax_axis_too_large", call("argmax", 2), distinct(2, 3), raises=True),
    case("argmax_empty_raises", call("argmax", 0), normal(0, 3), raises=True),
    case("argmax_of_nothing", call("argmax", 1), normal(0, 3)),
    case("argmin_ties", call("argmin"), values([3.0, 1.0, 1.0])),
    case("argmax_bool_raises", call("argmax"), booleans(3), raises=True),
    case("top_k", call("nn.top_k", 2), distinct(2, 5), order=1),
    case("top_k_default", call("nn.top_k"), distinct(5)),
    case("top_k_ties", call("nn.top_k", 3), values([1.0, 2.0, 2.0, 1.0])),
    case("top_k_ints", call("nn.top_k", 2, sorted=True), integers(0, 100, 2, 5)),
    case("top_k_too_many", call("nn.top_k", 6), distinct(2, 5), raises=True),
    case("top_k_scalar", call("nn.top_k", 1), normal(), raises=True),
    case("in_top_k", call("nn.in_top_k", 2), distinct(3, 5).of("float32"), integers(0, 5, 3)),
    case("in_top_k_ties", call("nn.in_top_k", 1), values([[1.0, 1.0], [0.0, 1.0]], "float32"),
         values([1, 0], "int32")),
    case("in_top_k_out_of_range", call("nn.in_top_k", 1), values([[1.0, 2.0]], "float32"),
         values([5], "int32")),
    case("sort", call("sort"), distinct(2, 5), order=1),
    case("sort_descending", call("sort", direction="DESCENDING"), distinct(2, 5)),
    case("argsort", call("argsort"), distinct(2, 5)),
    case("argsort_axis", call("argsort", axis=0), distinct(3, 2)),
    case("unique", call("unique"), integers(0, 4, 8)),
    case("unique_int64", call("unique", out_idx="int64"), integers(0, 4, 8).of("int64")),
    case("unique_floats", call("unique"), values([1.0, 2.0, 1.0])),
    case("unique_empty", call("unique"), integers(0, 4, 0)),
    case("unique_matrix", call("unique"), integers(0, 4, 2, 2), raises=True),
    case("unique_with_counts", call("unique_with_counts"), integers(0, 4, 8)),
    case("bincount", call("math.bincount"), integers(0, 4, 8)),
    case("setdiff1d", call("setdiff1d"), values([1, 2, 3, 4, 2], "int32"), values([2, 9], "int32")),
]  # fmt: skip

SUMS: list[tuple[str, Any]] = [
    ("", {}), ("_axis", {"axis": 1}), ("_negative", {"axis": -1}),
    ("_exclusive", {"axis": 1, "exclusive": True}),
    ("_reverse", {"axis": 1, "reverse": True}),
    ("_both", {"exclusive": True, "reverse": True}),
]  # fmt: skip

CUMULATIVE = [
    *[
        case("cumsum" + suffix, call("cumsum", **options), normal(2, 3), order=2)
        for suffix, options in SUMS
    ],
    *[
        case("cumprod" + suffix, call("cumprod", **options), away(2, 3), order=1)
        for suffix, options in [
            ("", {}), ("_axis", {"axis": 1}), ("_exclusive", {"axis": 1, "exclusive": True}),
            ("_reverse", {"axis": 1, "reverse": True}),
        ]
    ],
    case("cumsum_ints", call("cumsum"), integers(-9, 9, 6).generic(), dtypes=("int32", "int64")),
    case("cumsum_empty", call("cumsum"), normal(0), order=1),
    case("cumsum_axis_too_large", call("cumsum", 2), normal(2, 3), raises=True),
    case("cumsum_scalar", call("cumsum"), normal(), raises=True),
]  # fmt: skip

ROWS = normal(5, 2)
SORTED_IDS = values([0, 0, 1, 3, 3], "int32")
IDS = values([2, 0, 1, 0, 2], "int32")
SEGMENTS = [
    case("segment_sum", call("segment_sum"), ROWS, SORTED_IDS, order=2),
    case("segment_mean", call("segment_mean"), ROWS, SORTED_IDS, order=1),
    case("segment_max", call("segment_max"), distinct(5, 2), SORTED_IDS, order=1),
    case("segment_min", call("segment_min"), distinct(5, 2), SORTED_IDS, order=1),
    case("segment_prod", call("segment_prod"), ROWS, SORTED_IDS),
    case("segment_sum_unsorted_raises", call("segment_sum"), ROWS, IDS, raises=True),
    case("segment_sum_int64", call("segment_sum"), ROWS, SORTED_IDS.of("int64"), order=1),
    case("unsorted_segment_sum", call("unsorted_segment_sum", 4), ROWS, IDS, order=2),
    case("unsorted_segment_mean", call("unsorted_segment_mean", 4), ROWS, IDS, order=1),
    case("unsorted_segment_max", call("unsorted_segment_max", 3), distinct(5, 2), IDS, order=1),
    case("unsorted_segment_max_of_nothing", call("unsorted_segment_max", 4), distinct(5, 2), IDS),
    case("unsorted_segment_min", call("unsorted_segment_min", 3), distinct(5, 2), IDS, order=1),
    case("unsorted_segment_prod", call("unsorted_segment_prod", 3), away(5, 2), IDS, order=1),
    case("unsorted_segment_sqrt_n", call("unsorted_segment_sqrt_n", 3), ROWS, IDS, order=1),
    case("unsorted_segment_sum_drops_negative", call("unsorted_segment_sum", 3), ROWS,
         values([2, -1, 1, 0, -1], "int32"), order=1),
    case("unsorted_segment_sum_out_of_range", call("unsorted_segment_sum", 2), ROWS, IDS,
         raises=True),
    case("unsorted_segment_sum_matrix_ids", call("unsorted_segment_sum", 3), normal(2, 2, 3),
         values([[0, 1], [2, 0]], "int32"), order=1),
]  # fmt: skip

NORMS_AND_CLIPPING = [
    case("l2_loss", call("nn.l2_loss"), normal(2, 3), order=2, dtypes=SINGLE_UP),
    case("l2_loss_empty", call("nn.l2_loss"), normal(0), order=1),
    case("l2_normalize", call("nn.l2_normalize", 1), away(2, 3), order=2),
    case("l2_normalize_dim", call("nn.l2_normalize", dim=0), away(2, 3), order=1),
    case("l2_normalize_all", call("nn.l2_normalize"), away(2, 3), order=1),
    case("l2_normalize_zero", call("nn.l2_normalize", 0), values([0.0, 0.0]), order=1,
         numeric=False),
    case("math_l2_normalize_epsilon", call("math.l2_normalize", 0, epsilon=1.0), normal(3)),
    case("global_norm", lambda tf, x, y: tf.global_norm([x, y]), away(2, 3), away(2), order=2),
    case("global_norm_none", lambda tf, x: tf.global_norm([x, None]), away(2, 3), order=1),
    case("clip_by_norm", call("clip_by_norm", 1.0), away(2, 3), order=1),
    case("clip_by_norm_small", call("clip_by_norm", 100.0), away(2, 3), order=1),
    case("clip_by_norm_axes", call("clip_by_norm", 1.0, axes=[1]), away(2, 3), order=1),
    case("clip_by_norm_zero", call("clip_by_norm", 1.0), values([0.0, 0.0]), order=1,
         numeric=False),
    case("clip_by_average_norm", call("clip_by_average_norm", 0.1), away(2, 3), order=1,
         dtypes=("float32",)),
    case("clip_by_global_norm", lambda tf, x, y: tf.clip_by_global_norm([x, y], 1.0), away(2, 3),
         away(2), order=1),
    case("clip_by_global_norm_small", lambda tf, x: tf.clip_by_global_norm([x, None], 100.0),
         away(2, 3), order=1),
    case("clip_by_global_norm_use_norm",
         lambda tf, x, y: tf.clip_by_global_norm([x], 1.0, use_norm=y), away(2, 3), positive(),
         order=1),
    case("clip_by_global_norm_nan", lambda tf, x: tf.clip_by_global_norm([x], 1.0),
         values([NAN, 1.0])),
    case("clip_by_global_norm_infinite", lambda tf, x: tf.clip_by_global_norm([x], 1.0),
         values([INFINITY, 1.0])),
    case("clip_by_global_norm_not_a_list", call("clip_by_global_norm", 1.0), normal(2, 3),
         raises=True),
    case("clip_by_norm_slices",
         lambda tf, x: tf.clip_by_norm(tf.IndexedSlices(x, tf.constant([0, 2])), 1.0), away(2, 3)),
    case("moments", call("nn.moments", [0]), normal(4, 3), order=1),
    # The variance takes the mean for a constant, so its second derivative is not one.
    case("moments_second_order", call("nn.moments", [0]), normal(4, 3), order=2, numeric=False),
    case("moments_axes", call("nn.moments", [0, 1]), normal(2, 3, 2), order=1),
    case("moments_keep_dims", call("nn.moments", [1], keep_dims=True), normal(2, 3), order=1),
    case("moments_keepdims", call("nn.moments", [1], keepdims=True), normal(2, 3), order=1),
    case("moments_float16", call("nn.moments", [0]), normal(4, 3), dtypes=("float16",)),
    case("weighted_moments", lambda tf, x, w: tf.nn.weighted_moments(x, [0], w),
         normal(4, 3), positive(4, 3), order=1),
    case("sufficient_statistics", call("nn.sufficient_statistics", [0]), normal(4, 3)),
    case("normalize_moments", lambda tf, x: tf.nn.normalize_moments(4.0, x, x * x, None),
         normal(3), dtypes=("float32",)),
]  # fmt: skip

CASES = [
    *OVER_AXES,
    *SPECIALLY,
    *POSITIONS,
    *CUMULATIVE,
    *SEGMENTS,
    *NORMS_AND_CLIPPING,
]
