"""Rows of the table of public names: mathematics, linear algebra and neural networks.

The form is described in `pantarhei.api.table`.
"""

ROWS = """\
ops.evaluation.confusion
    confusion_matrix: tf math
ops.linalg.contractions
    einsum: tf linalg
    tensordot: tf linalg
ops.linalg.decompositions
    qr: tf linalg
    self_adjoint_eig: tf linalg.eigh
    self_adjoint_eigvals: tf linalg.eigvalsh
    svd: tf linalg
ops.linalg.matrices
    cross: tf linalg
    matmul: tf linalg
    matvec: linalg
    trace: tf linalg
ops.linalg.norms
    norm: tf linalg
ops.linalg.solving
    adjoint: linalg
    cholesky: tf linalg
    cholesky_solve: tf linalg
    logdet: linalg
    matrix_determinant: tf linalg.det
    matrix_inverse: tf linalg.inv
    matrix_solve: tf linalg.solve
    matrix_triangular_solve: tf linalg.triangular_solve
    slogdet: linalg
ops.math.binary
    accumulate_n: tf math
    add: tf math
    add_n: tf math
    atan2: tf math
    maximum: tf math
    minimum: tf math
    multiply: tf math
    multiply_no_nan: math
    nextafter: math
    pow: tf math
    scalar_mul: tf math
    squared_difference: tf math
    subtract: tf math
ops.math.bits
    bitwise_and: bitwise
    bitwise_or: bitwise
    bitwise_xor: bitwise
    invert: bitwise
    left_shift: bitwise
    right_shift: bitwise
ops.math.clip
    clip_by_average_norm: tf
    clip_by_global_norm: tf
    clip_by_norm: tf
    clip_by_value: tf
    global_norm: tf linalg
ops.math.comparison
    equal: tf math
    greater: tf math
    greater_equal: tf math
    is_finite: tf debugging math
    is_inf: tf debugging math
    is_nan: tf debugging math
    less: tf math
    less_equal: tf math
    logical_and: tf math
    logical_not: tf math
    logical_or: tf math
    logical_xor: tf math
    not_equal: tf math
    where: tf
    where_v2: tf
ops.math.complex_numbers
    angle: tf math
    complex: tf dtypes
    imag: tf math
    real: tf math
ops.math.distinct
    bincount: tf math
    invert_permutation: tf math
    setdiff1d: tf
    unique: tf
    unique_with_counts: tf
ops.math.division
    div: tf
    div_no_nan: tf math.divide_no_nan
    divide: tf math
    floor_div: tf
    floordiv: tf math
    floormod: tf math tf.mod math.mod
    realdiv: tf
    reciprocal_no_nan: math
    truediv: tf math
    truncatediv: tf
    truncatemod: tf
    xdivy: math
    xlogy: math
ops.math.reductions
    reduce_all: tf math
    reduce_any: tf math
    reduce_max: tf math
    reduce_mean: tf math
    reduce_min: tf math
    reduce_prod: tf math
    reduce_sum: tf math
ops.math.rounding
    ceil: tf math
    floor: tf math
    rint: tf math
    round: tf math
ops.math.scans
    cumprod: tf math
    cumsum: tf math
ops.math.segments
    segment_max: tf math
    segment_mean: tf math
    segment_min: tf math
    segment_prod: tf math
    segment_sum: tf math
    unsorted_segment_max: tf math
    unsorted_segment_mean: tf math
    unsorted_segment_min: tf math
    unsorted_segment_prod: tf math
    unsorted_segment_sqrt_n: tf math
    unsorted_segment_sum: tf math
ops.math.special_functions
    bessel_i0: math
    bessel_i0e: math
    bessel_i1: math
    bessel_i1e: math
    betainc: tf math
    digamma: tf math
    erf: tf math
    erfc: tf math
    igamma: tf math
    igammac: tf math
    lbeta: tf math
    lgamma: tf math
    polygamma: tf math
    polyval: math
    zeta: tf math
ops.math.statistics
    count_nonzero: tf math
    reduce_euclidean_norm: math
    reduce_logsumexp: tf math
    reduce_std: math
    reduce_variance: math
ops.math.trigonometry
    acos: tf math
    acosh: tf math
    asin: tf math
    asinh: tf math
    atan: tf math
    atanh: tf math
    cos: tf math
    cosh: tf math
    sin: tf math
    sinh: tf math
    tan: tf math
ops.math.unary
    abs: tf math
    conj: tf math
    exp: tf math
    expm1: tf math
    log: tf math
    log1p: tf math
    log_sigmoid: tf math nn
    negative: tf math
    reciprocal: tf math
    rsqrt: tf math
    sigmoid: tf math nn
    sign: tf math
    sqrt: tf math
    square: tf math
    tanh: tf math nn
ops.nn.activations
    crelu: nn
    elu: nn
    leaky_relu: nn
    relu: nn
    relu6: nn
    selu: nn
    softplus: math nn
    softsign: math nn
ops.nn.bias
    bias_add: nn
    relu_layer: nn
    xw_plus_b: nn
ops.nn.convolve
    conv1d: nn
    conv2d: nn
    conv2d_backprop_filter: nn
    conv2d_backprop_input: nn
    conv2d_transpose: nn
    conv3d: nn
ops.nn.dilated_convolution
    atrous_conv2d: nn
    convolution: nn
    depthwise_conv2d: nn
    depthwise_conv2d_native: nn
    pool: nn
    separable_conv2d: nn
ops.nn.dropout
    dropout: nn
ops.nn.embedding
    embedding_lookup: nn
ops.nn.fused_normalization
    fused_batch_norm: nn
    local_response_normalization: nn nn.lrn
ops.nn.losses
    l2_loss: nn
    log_poisson_loss: nn
    sigmoid_cross_entropy_with_logits: nn
    softmax_cross_entropy_with_logits: nn
    softmax_cross_entropy_with_logits_v2: nn
    sparse_softmax_cross_entropy_with_logits: nn
    weighted_cross_entropy_with_logits: nn
ops.nn.normalization
    batch_normalization: nn
    l2_normalize: math nn
    moments: nn
    normalize_moments: nn
    sufficient_statistics: nn
    weighted_moments: nn
    zero_fraction: math nn
ops.nn.patches
    extract_image_patches: tf
ops.nn.pooling
    avg_pool: nn
    avg_pool1d: nn
    max_pool: nn
    max_pool1d: nn
    max_pool_with_argmax: nn
ops.nn.softmax
    log_softmax: math nn
    softmax: math nn
"""
