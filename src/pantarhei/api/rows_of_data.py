"""Rows of the table of public names: parsing, random, sparse, state, strings, summaries.

The form is described in `pantarhei.api.table`.
"""

ROWS = """\
ops.parsing.decoding
    decode_csv: tf io
    decode_raw: tf io
ops.parsing.example_features
    FixedLenFeature: tf io
    FixedLenSequenceFeature: tf io
    SparseFeature: tf io
    VarLenFeature: tf io
ops.parsing.examples
    parse_example: tf io
    parse_single_example: tf io
ops.parsing.sequence_examples
    parse_sequence_example: io
    parse_single_sequence_example: tf io
ops.random.distributions
    categorical: random
    multinomial: tf random
    random_gamma: tf random.gamma
    random_poisson: tf random.poisson
ops.random.stateful
    get_seed: tf random
    random_crop: tf
    random_normal: tf random.normal
    random_shuffle: tf random.shuffle
    random_uniform: tf random.uniform
    truncated_normal: tf random
ops.random.stateless
    stateless_categorical: random
    stateless_multinomial: random
    stateless_random_normal: random.stateless_normal
    stateless_random_uniform: random.stateless_uniform
    stateless_truncated_normal: random
ops.sparse.arithmetic
    sparse_add: tf sparse.add
    sparse_maximum: tf sparse.maximum
    sparse_minimum: tf sparse.minimum
ops.sparse.arranging
    sparse_expand_dims: sparse.expand_dims
    sparse_reorder: tf sparse.reorder
    sparse_reset_shape: tf sparse.reset_shape
    sparse_reshape: tf sparse.reshape
    sparse_transpose: tf sparse.transpose
ops.sparse.contractions
    sparse_softmax: tf sparse.softmax
    sparse_tensor_dense_matmul: tf sparse.matmul sparse.sparse_dense_matmul
ops.sparse.embedding
    embedding_lookup_sparse: nn
    safe_embedding_lookup_sparse: nn
ops.sparse.indicators
    sparse_merge: tf sparse.merge
    sparse_to_indicator: tf sparse.to_indicator
ops.sparse.parts
    sparse_concat: tf sparse.concat
    sparse_fill_empty_rows: tf sparse.fill_empty_rows
    sparse_retain: tf sparse.retain
    sparse_slice: tf sparse.slice
    sparse_split: tf sparse.split
ops.sparse.reductions
    sparse_reduce_max: tf sparse.reduce_max
    sparse_reduce_max_sparse: tf sparse.reduce_max_sparse
    sparse_reduce_sum: tf sparse.reduce_sum
    sparse_reduce_sum_sparse: tf sparse.reduce_sum_sparse
ops.sparse.segments
    sparse_segment_mean: tf sparse.segment_mean
    sparse_segment_sqrt_n: tf sparse.segment_sqrt_n
    sparse_segment_sum: tf sparse.segment_sum
ops.sparse.tensors
    convert_to_tensor_or_sparse_tensor: tf
    from_dense: sparse
    sparse_eye: sparse.eye
    sparse_placeholder: tf sparse.placeholder
    sparse_tensor_to_dense: tf sparse.to_dense
    sparse_to_dense: tf
ops.state.reference
    assign: tf
    assign_add: tf
    assign_sub: tf
    count_up_to: tf
    is_variable_initialized: tf
ops.state.scatter_nd_updates
    batch_scatter_update: tf
    scatter_nd_add: tf
    scatter_nd_sub: tf
    scatter_nd_update: tf
ops.state.scatter_updates
    scatter_add: tf
    scatter_div: tf
    scatter_max: tf
    scatter_min: tf
    scatter_mul: tf
    scatter_sub: tf
    scatter_update: tf
ops.strings.formatting
    print_v2: tf.print
    string_format: strings.format
ops.strings.joining
    as_string: tf strings
    reduce_join: tf strings
    string_join: tf strings.join
    string_split: tf
ops.strings.text
    decode_base64: tf
    encode_base64: tf
    regex_full_match: strings
    regex_replace: tf strings
    string_length: strings.length
    string_lower: strings.lower
    string_strip: tf strings.strip
    string_to_number: tf strings.to_number
    string_upper: strings.upper
    substr: tf strings
ops.summaries.media
    audio: summary
    image: summary
ops.summaries.scalars
    histogram: summary
    merge: summary
    merge_all: summary
    scalar: summary
    tensor_summary: summary
    text: summary
"""
