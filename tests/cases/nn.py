"""Cases of softmax, cross entropies, dropout, bias, convolution, pooling and normalization."""

from __future__ import annotations

from typing import Any

from tests.cases.row import (
    HALVES,
    booleans,
    call,
    case,
    distinct,
    integers,
    normal,
    positive,
    uniform,
    values,
)

EVERY_VARIANT = ("known", "partial", "unknown")
NAN, INFINITY = float("nan"), float("inf")
SINGLE_UP = ("float64", "float32", "float16")
LOGITS = normal(4, 3)
LABELS = values([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.2, 0.3, 0.5], [0.0, 0.0, 1.0]])
CLASSES = values([2, 0, 1, 1], "int32")
TARGETS = uniform(0.0, 1.0, 4, 3)

SOFTMAX = [
    case("softmax", call("nn.softmax"), LOGITS, order=2, dtypes=SINGLE_UP, variants=EVERY_VARIANT),
    case("softmax_axis", call("nn.softmax", axis=0), LOGITS, order=2),
    case("softmax_dim", call("nn.softmax", dim=1), normal(2, 3, 2), order=1),
    case("softmax_vector", call("nn.softmax"), normal(3), order=1),
    case("softmax_three", call("nn.softmax"), normal(2, 2, 3), order=1),
    case("softmax_scalar", call("nn.softmax"), normal(), raises=True),
    case("softmax_axis_too_large", call("nn.softmax", axis=2), LOGITS, raises=True),
    case("softmax_far", call("nn.softmax"), values([[1000.0, 1001.0], [-1000.0, 0.0]]), order=1),
    case("softmax_infinite", call("nn.softmax"), values([[INFINITY, 0.0], [-INFINITY, 0.0]])),
    case("softmax_empty", call("nn.softmax"), normal(0, 3), order=1),
    case("log_softmax", call("nn.log_softmax"), LOGITS, order=2, dtypes=SINGLE_UP),
    case("log_softmax_axis", call("nn.log_softmax", axis=0), LOGITS, order=1),
    case("log_softmax_far", call("nn.log_softmax"), values([[1000.0, 1001.0], [-1000.0, 0.0]])),
    case("log_of_softmax", lambda tf, x: tf.log(tf.nn.softmax(x)), LOGITS, order=1),
]  # fmt: skip


def entropy(name, **options):
    """Builds a cross entropy of ``(labels, logits)`` with its keyword arguments."""

    def build(tf, labels, logits):
        return getattr(tf.nn, name)(labels=labels, logits=logits, **options)

    return build


SOFTMAX_ENTROPY = "softmax_cross_entropy_with_logits"
# The gradient takes for granted that each row of labels sums to 1, and the second gradient that
# labels are constant: difference quotients agree for the logits alone.
CROSS_ENTROPIES = [
    case("softmax_entropy", entropy(SOFTMAX_ENTROPY), LABELS, LOGITS, order=1,
         numeric=False),
    case("softmax_entropy_logits_only",
         lambda tf, x: tf.nn.softmax_cross_entropy_with_logits(labels=[[0.0, 1.0, 0.0]] * 4,
                                                               logits=x), LOGITS, order=2),
    case("softmax_entropy_dim", entropy(SOFTMAX_ENTROPY, dim=0), LABELS, LOGITS),
    case("softmax_entropy_v2", entropy(SOFTMAX_ENTROPY + "_v2"), LABELS, LOGITS, order=1,
         dtypes=SINGLE_UP, variants=EVERY_VARIANT, numeric=False),
    case("softmax_entropy_v2_axis", entropy(SOFTMAX_ENTROPY + "_v2", axis=0), LABELS, LOGITS,
         order=1, numeric=False),
    case("softmax_entropy_v2_three", entropy(SOFTMAX_ENTROPY + "_v2"), uniform(0, 1, 2, 2, 3),
         normal(2, 2, 3), order=1, numeric=False),
    case("softmax_entropy_v2_vector", entropy(SOFTMAX_ENTROPY + "_v2"), uniform(0, 1, 3),
         normal(3), order=1, numeric=False),
    case("softmax_entropy_v2_broadcast", entropy(SOFTMAX_ENTROPY + "_v2"), uniform(0, 1, 1, 3),
         LOGITS),
    case("softmax_entropy_v2_far", entropy(SOFTMAX_ENTROPY + "_v2"), values([[0.0, 1.0]]),
         values([[1000.0, -1000.0]]), order=1),
    case("softmax_entropy_v2_empty", entropy(SOFTMAX_ENTROPY + "_v2"), normal(0, 3), normal(0, 3),
         order=1),
    case("softmax_entropy_shapes_differ", entropy(SOFTMAX_ENTROPY + "_v2"), normal(4, 2), LOGITS,
         raises=True),
    case("softmax_entropy_positional",
         lambda tf, x, y: tf.nn.softmax_cross_entropy_with_logits(x, y), LOGITS, LOGITS,
         raises=True),
    case("softmax_entropy_int_labels", entropy(SOFTMAX_ENTROPY), CLASSES, LOGITS, raises=True),
    case("softmax_entropy_v2_mean",
         lambda tf, labels, x: tf.reduce_mean(
             tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=x)), LABELS, LOGITS,
         order=1, numeric=False),
    case("softmax_entropy_v2_logits_only",
         lambda tf, x: tf.nn.softmax_cross_entropy_with_logits_v2(labels=[[0.2, 0.3, 0.5]] * 4,
                                                                  logits=x), LOGITS, order=2),
    case("sparse_entropy", entropy("sparse_" + SOFTMAX_ENTROPY), CLASSES, LOGITS, order=1,
         dtypes=SINGLE_UP, variants=EVERY_VARIANT),
    case("sparse_entropy_int64", entropy("sparse_" + SOFTMAX_ENTROPY), CLASSES.of("int64"), LOGITS,
         order=1),
    case("sparse_entropy_three", entropy("sparse_" + SOFTMAX_ENTROPY), integers(0, 3, 2, 2),
         normal(2, 2, 3), order=1),
    case("sparse_entropy_vector", entropy("sparse_" + SOFTMAX_ENTROPY), values(1, "int32"),
         normal(3), order=1),
    case("sparse_entropy_out_of_range", entropy("sparse_" + SOFTMAX_ENTROPY),
         values([3, 0, 1, 1], "int32"), LOGITS, raises=True),
    case("sparse_entropy_rank", entropy("sparse_" + SOFTMAX_ENTROPY), values([[1]], "int32"),
         LOGITS, raises=True),
    case("sparse_entropy_positional",
         lambda tf, x, y: tf.nn.sparse_softmax_cross_entropy_with_logits(x, y), LOGITS, CLASSES,
         raises=True),
    case("sigmoid_entropy", entropy("sigmoid_cross_entropy_with_logits"), TARGETS, LOGITS, order=2,
         dtypes=SINGLE_UP),
    case("sigmoid_entropy_far", entropy("sigmoid_cross_entropy_with_logits"),
         values([1.0, 0.0, 1.0]), values([-1000.0, 1000.0, 0.0]), order=1, numeric=False),
    case("sigmoid_entropy_shapes_differ", entropy("sigmoid_cross_entropy_with_logits"),
         normal(4, 1), LOGITS, raises=True),
    case("sigmoid_entropy_positional",
         lambda tf, x, y: tf.nn.sigmoid_cross_entropy_with_logits(x, y), LOGITS, LOGITS,
         raises=True),
    case("weighted_entropy",
         lambda tf, x, y: tf.nn.weighted_cross_entropy_with_logits(x, y, 2.5), TARGETS, LOGITS,
         order=2),
    case("log_poisson_loss", lambda tf, x, y: tf.nn.log_poisson_loss(x, y), positive(4), normal(4),
         order=1),
]  # fmt: skip

DROPOUT = [
    case("dropout", call("nn.dropout", 0.5, seed=7), normal(4, 5), order=1, numeric=False),
    case("dropout_keep_prob", call("nn.dropout", keep_prob=0.75, seed=1), normal(4, 5), order=1,
         numeric=False),
    case("dropout_rate", call("nn.dropout", rate=0.25, seed=1), normal(4, 5), order=1,
         numeric=False),
    case("dropout_noise_shape", call("nn.dropout", 0.5, noise_shape=[4, 1], seed=3), normal(4, 5),
         order=1, numeric=False),
    case("dropout_noise_shape_none",
         lambda tf, x: tf.nn.dropout(x, 0.5, noise_shape=[None, 1], seed=3), normal(4, 5),
         variants=("known",)),
    case("dropout_nothing", call("nn.dropout", 1.0), normal(4, 5), order=1),
    case("dropout_rate_zero", call("nn.dropout", rate=0.0), normal(4, 5), order=1),
    case("dropout_tensor", lambda tf, x, keep: tf.nn.dropout(x, keep, seed=5), normal(4, 5),
         values(0.5), numeric=False),
    case("dropout_seeds_of_graph", lambda tf, x: (tf.set_random_seed(11), tf.nn.dropout(x, 0.5))[1],
         normal(4, 5), variants=("known",)),
    case("dropout_zero_raises", call("nn.dropout", 0.0), normal(4), raises=True),
    case("dropout_above_one_raises", call("nn.dropout", 1.5), normal(4), raises=True),
    case("dropout_rate_one_raises", call("nn.dropout", rate=1.0), normal(4), raises=True),
    case("dropout_neither_raises", call("nn.dropout"), normal(4), raises=True),
    case("dropout_ints_raise", call("nn.dropout", 0.5), integers(0, 9, 4), raises=True),
]  # fmt: skip

IMAGE = normal(2, 5, 4, 2)
FILTER = normal(3, 2, 2, 3)

CONVOLUTIONS_OF: list[tuple[str, Any, int]] = [
    ("_same", {"strides": [1, 1, 1, 1], "padding": "SAME"}, 2),
    ("_valid", {"strides": [1, 1, 1, 1], "padding": "VALID"}, 2),
    ("_strides", {"strides": [1, 2, 2, 1], "padding": "SAME"}, 2),
    ("_strides_valid", {"strides": [1, 2, 1, 1], "padding": "VALID"}, 1),
    ("_strides_int", {"strides": 2, "padding": "SAME"}, 1),
    ("_strides_pair", {"strides": [2, 1], "padding": "VALID"}, 1),
    ("_nhwc", {"strides": 1, "padding": "SAME", "data_format": "NHWC"}, 1),
    ("_explicit", {"strides": 1, "padding": [[0, 0], [1, 2], [0, 1], [0, 0]]}, 1),
]  # fmt: skip

CONVOLUTION = [
    case("bias_add", call("nn.bias_add"), normal(2, 3), normal(3), order=2, variants=EVERY_VARIANT),
    case("bias_add_image", call("nn.bias_add"), normal(2, 2, 2, 3), normal(3), order=1,
         dtypes=HALVES),
    case("bias_add_nhwc", call("nn.bias_add", data_format="NHWC"), normal(2, 2, 2, 3), normal(3),
         order=1),
    case("bias_add_differ", call("nn.bias_add"), normal(2, 3), normal(2), raises=True),
    case("bias_add_vector", call("nn.bias_add"), normal(3), normal(3), raises=True),
    case("bias_add_matrix", call("nn.bias_add"), normal(2, 3), normal(1, 3), raises=True),
    case("bias_add_unknown_format", call("nn.bias_add", data_format="OTHER"), normal(2, 3),
         normal(3), raises=True),
    *[
        case("conv2d" + suffix, call("nn.conv2d", **options), IMAGE, FILTER, order=order)
        for suffix, options, order in CONVOLUTIONS_OF
    ],
    case("conv2d_dilations", call("nn.conv2d", strides=1, padding="SAME", dilations=[1, 2, 1, 1]),
         IMAGE, FILTER),
    case("conv2d_dilations_valid", call("nn.conv2d", strides=1, padding="VALID", dilations=2),
         normal(1, 6, 6, 1), normal(2, 2, 1, 1)),
    case("conv2d_one_by_one", call("nn.conv2d", strides=1, padding="VALID"), IMAGE,
         normal(1, 1, 2, 4), order=1),
    case("conv2d_unknown_rank", call("nn.conv2d", strides=1, padding="SAME"), IMAGE, FILTER,
         order=1, variants=("unknown", "constant")),
    case("conv2d_empty_batch", call("nn.conv2d", strides=1, padding="SAME"), normal(0, 4, 4, 2),
         FILTER, order=1),
    case("conv2d_channels_differ", call("nn.conv2d", strides=1, padding="SAME"),
         normal(1, 4, 4, 3), FILTER, raises=True),
    case("conv2d_matrix", call("nn.conv2d", strides=1, padding="SAME"), normal(4, 4), FILTER,
         raises=True),
    case("conv2d_too_large", call("nn.conv2d", strides=1, padding="VALID"), normal(1, 2, 2, 2),
         FILTER, raises=True),
    case("conv2d_unknown_padding", call("nn.conv2d", strides=1, padding="OTHER"), IMAGE, FILTER,
         raises=True),
    case("conv2d_batch_stride", call("nn.conv2d", strides=[2, 1, 1, 1], padding="SAME"), IMAGE,
         FILTER, raises=True),
    case("conv2d_ints", call("nn.conv2d", strides=1, padding="SAME"), integers(0, 9, 1, 4, 4, 1),
         integers(0, 9, 2, 2, 1, 1), raises=True),
    case("conv1d", call("nn.conv1d", stride=1, padding="SAME"), normal(2, 5, 2), normal(3, 2, 3),
         order=1),
    case("conv2d_transpose",
         lambda tf, x, w: tf.nn.conv2d_transpose(x, w, [2, 4, 6, 2], [1, 2, 2, 1]),
         normal(2, 2, 3, 3), FILTER, order=1),
    case("conv2d_transpose_valid",
         lambda tf, x, w: tf.nn.conv2d_transpose(x, w, [2, 4, 4, 2], [1, 1, 1, 1], "VALID"),
         normal(2, 2, 3, 3), FILTER, order=1),
    case("conv2d_transpose_wrong_shape",
         lambda tf, x, w: tf.nn.conv2d_transpose(x, w, [2, 9, 9, 2], [1, 2, 2, 1]),
         normal(2, 2, 3, 3), FILTER, raises=True),
    case("depthwise_conv2d", call("nn.depthwise_conv2d", [1, 1, 1, 1], "SAME"), IMAGE,
         normal(2, 2, 2, 2), order=1),
    case("depthwise_conv2d_strides", call("nn.depthwise_conv2d", [1, 2, 2, 1], "VALID"), IMAGE,
         normal(2, 2, 2, 1), order=1),
    case("separable_conv2d",
         lambda tf, x, d, p: tf.nn.separable_conv2d(x, d, p, [1, 1, 1, 1], "SAME"), IMAGE,
         normal(2, 2, 2, 2), normal(1, 1, 4, 3), order=1),
    case("atrous_conv2d", call("nn.atrous_conv2d", 2, "VALID"), normal(1, 6, 6, 1),
         normal(2, 2, 1, 2), order=1),
]  # fmt: skip

# ksize, strides, padding
WINDOWS = [
    ("", [1, 2, 2, 1], [1, 2, 2, 1], "VALID"),
    ("_same", [1, 2, 2, 1], [1, 2, 2, 1], "SAME"),
    ("_overlapping", [1, 3, 2, 1], [1, 1, 1, 1], "SAME"),
    ("_overlapping_valid", [1, 3, 3, 1], [1, 2, 1, 1], "VALID"),
]
POOLING = [
    case(name + suffix, call("nn." + name, size, strides, padding), distinct(2, 5, 4, 2), order=2)
    for name in ("max_pool", "avg_pool")
    for suffix, size, strides, padding in WINDOWS
] + [
    case("max_pool_int_window", call("nn.max_pool", 2, 2, "VALID"), distinct(1, 4, 4, 1), order=1),
    case("avg_pool_int_window", call("nn.avg_pool", 2, 2, "SAME"), distinct(1, 3, 3, 1), order=1),
    case("max_pool_halves", call("nn.max_pool", 2, 2, "VALID"), distinct(1, 4, 4, 1),
         dtypes=SINGLE_UP),
    case("max_pool_ties", call("nn.max_pool", 2, 2, "VALID"),
         values([[[[1.0], [1.0]], [[1.0], [0.0]]]]), order=1, numeric=False),
    case("max_pool_unknown_rank", call("nn.max_pool", 2, 2, "SAME"), distinct(1, 3, 3, 1), order=1,
         variants=("unknown",)),
    case("max_pool_too_large", call("nn.max_pool", 5, 1, "VALID"), normal(1, 4, 4, 1),
         raises=True),
    case("max_pool_matrix", call("nn.max_pool", 2, 2, "VALID"), normal(4, 4), raises=True),
    case("avg_pool_halves", call("nn.avg_pool", 2, 1, "VALID"), normal(1, 3, 3, 1),
         dtypes=SINGLE_UP),
    case("pool_max", call("nn.pool", [2, 2], "MAX", "VALID"), distinct(1, 4, 4, 1), order=1),
    case("max_pool_with_argmax", call("nn.max_pool_with_argmax", [1, 2, 2, 1], [1, 2, 2, 1],
         "VALID"), distinct(1, 4, 4, 1).of("float32")),
]  # fmt: skip


def normalize(tf, x, mean, variance, offset, scale):
    """The general form of batch normalization."""
    return tf.nn.batch_normalization(x, mean, variance, offset, scale, 1e-3)


def train_normalization(tf, x, scale, offset):
    """Fused batch normalization by the batch's own statistics: output, mean, variance."""
    return tf.nn.fused_batch_norm(x, scale, offset, epsilon=0.01)[:3]


def apply_normalization(tf, x, scale, offset, mean, variance):
    """Fused batch normalization by given statistics."""
    return tf.nn.fused_batch_norm(
        x, scale, offset, mean, variance, epsilon=0.01, is_training=False
    )[0]


SINGLE = ("float32",)
NORMALIZATION = [
    case("batch_normalization", normalize, normal(4, 3), normal(3), positive(3), normal(3),
         normal(3), order=2),
    case("batch_normalization_image", normalize, normal(2, 2, 2, 3), normal(3), positive(3),
         normal(3), normal(3), order=1),
    case("batch_normalization_no_scale",
         lambda tf, x, m, v, b: tf.nn.batch_normalization(x, m, v, b, None, 1e-3), normal(4, 3),
         normal(3), positive(3), normal(3), order=1),
    case("batch_normalization_no_offset",
         lambda tf, x, m, v, s: tf.nn.batch_normalization(x, m, v, None, s, 1e-3), normal(4, 3),
         normal(3), positive(3), normal(3), order=1),
    case("batch_normalization_plain",
         lambda tf, x, m, v: tf.nn.batch_normalization(x, m, v, None, None, 1e-3), normal(4, 3),
         normal(3), positive(3), order=1),
    case("batch_normalization_of_moments",
         lambda tf, x: tf.nn.batch_normalization(x, *tf.nn.moments(x, [0]), None, None, 1e-3),
         normal(4, 3), order=1),
    case("fused_batch_norm_training", train_normalization, normal(2, 3, 2, 3), positive(3),
         normal(3), dtypes=SINGLE),
    case("fused_batch_norm_training_gradient", lambda *inputs: train_normalization(*inputs)[0],
         normal(2, 3, 2, 3), positive(3), normal(3), order=1, dtypes=SINGLE,
         tolerance={"float32": 1e-5}),
    case("fused_batch_norm_inference", apply_normalization, normal(2, 3, 2, 3), positive(3),
         normal(3), normal(3), positive(3), order=1, dtypes=SINGLE, tolerance={"float32": 1e-5}),
    case("fused_batch_norm_nchw", call("nn.fused_batch_norm", data_format="NCHW"),
         normal(1, 2, 2, 3), positive(2), normal(2), dtypes=SINGLE, raises=True),
    case("local_response_normalization", call("nn.lrn"), normal(1, 2, 2, 6), order=1,
         dtypes=SINGLE),
    case("lrn_arguments", call("nn.local_response_normalization", 2, 1.0, 0.5, 0.75),
         normal(1, 2, 2, 6), order=1, dtypes=SINGLE, tolerance={"float32": 5e-6}),
    case("nn_l2_then_softmax", lambda tf, x: tf.nn.softmax(tf.nn.l2_normalize(x, 1)), normal(2, 3),
         order=2),
    case("sigmoid_of_bools_cast", lambda tf, x: tf.sigmoid(tf.cast(x, tf.float32)), booleans(4)),
]  # fmt: skip

CASES = [
    *SOFTMAX,
    *CROSS_ENTROPIES,
    *DROPOUT,
    *CONVOLUTION,
    *POOLING,
    *NORMALIZATION,
]
