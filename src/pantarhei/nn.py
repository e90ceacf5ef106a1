"""The namespace `tf.nn`: activations, losses, convolution, pooling, normalisation, embeddings."""

from pantarhei import rnn_cell
from pantarhei.autodiff.swish import swish
from pantarhei.layers.rnn import dynamic_rnn, static_rnn
from pantarhei.layers.rnn_bidirectional import bidirectional_dynamic_rnn
from pantarhei.ops.array.blocks import depth_to_space, space_to_batch, space_to_depth
from pantarhei.ops.math.unary import log_sigmoid, sigmoid, tanh
from pantarhei.ops.nn.activations import (
    crelu,
    elu,
    leaky_relu,
    relu,
    relu6,
    selu,
    softplus,
    softsign,
)
from pantarhei.ops.nn.bias import bias_add, relu_layer, xw_plus_b
from pantarhei.ops.nn.convolve import (
    conv1d,
    conv2d,
    conv2d_backprop_filter,
    conv2d_backprop_input,
    conv2d_transpose,
    conv3d,
)
from pantarhei.ops.nn.depthwise_convolution import (
    depthwise_conv2d,
    depthwise_conv2d_native,
    separable_conv2d,
)
from pantarhei.ops.nn.dilated_convolution import atrous_conv2d, convolution, pool
from pantarhei.ops.nn.dropout import dropout
from pantarhei.ops.nn.embedding import embedding_lookup
from pantarhei.ops.nn.fused_normalization import fused_batch_norm, local_response_normalization, lrn
from pantarhei.ops.nn.losses import (
    l2_loss,
    log_poisson_loss,
    sigmoid_cross_entropy_with_logits,
    weighted_cross_entropy_with_logits,
)
from pantarhei.ops.nn.normalization import (
    batch_normalization,
    l2_normalize,
    moments,
    normalize_moments,
    sufficient_statistics,
    weighted_moments,
    zero_fraction,
)
from pantarhei.ops.nn.pooling import avg_pool, avg_pool1d, max_pool, max_pool1d
from pantarhei.ops.nn.pooling_positions import max_pool_with_argmax
from pantarhei.ops.nn.softmax import log_softmax, softmax
from pantarhei.ops.nn.softmax_cross_entropy import (
    softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
)
from pantarhei.ops.search.extrema import in_top_k, top_k
from pantarhei.ops.sparse.embedding import embedding_lookup_sparse, safe_embedding_lookup_sparse

__all__ = [
    "atrous_conv2d",
    "avg_pool",
    "avg_pool1d",
    "batch_normalization",
    "bias_add",
    "bidirectional_dynamic_rnn",
    "conv1d",
    "conv2d",
    "conv2d_backprop_filter",
    "conv2d_backprop_input",
    "conv2d_transpose",
    "conv3d",
    "convolution",
    "crelu",
    "depth_to_space",
    "depthwise_conv2d",
    "depthwise_conv2d_native",
    "dropout",
    "dynamic_rnn",
    "elu",
    "embedding_lookup",
    "embedding_lookup_sparse",
    "fused_batch_norm",
    "in_top_k",
    "l2_loss",
    "l2_normalize",
    "leaky_relu",
    "local_response_normalization",
    "log_poisson_loss",
    "log_sigmoid",
    "log_softmax",
    "lrn",
    "max_pool",
    "max_pool1d",
    "max_pool_with_argmax",
    "moments",
    "normalize_moments",
    "pool",
    "relu",
    "relu6",
    "relu_layer",
    "rnn_cell",
    "safe_embedding_lookup_sparse",
    "selu",
    "separable_conv2d",
    "sigmoid",
    "sigmoid_cross_entropy_with_logits",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2",
    "softplus",
    "softsign",
    "space_to_batch",
    "space_to_depth",
    "sparse_softmax_cross_entropy_with_logits",
    "static_rnn",
    "sufficient_statistics",
    "swish",
    "tanh",
    "top_k",
    "weighted_cross_entropy_with_logits",
    "weighted_moments",
    "xw_plus_b",
    "zero_fraction",
]
