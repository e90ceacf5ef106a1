"""Rows of the table of public names: arranging of tensors, control flow, assertions, printing.

The form is described in `pantarhei.api.table`.
"""

ROWS = """\
ops.array.arranging
    reverse: tf
    reverse_sequence: tf
    roll: tf
ops.array.block_paddings
    required_space_to_batch_paddings: tf
ops.array.blocks
    batch_to_space: tf
    batch_to_space_nd: tf
    depth_to_space: tf nn
    space_to_batch: tf nn
    space_to_batch_nd: tf
    space_to_depth: tf nn
ops.array.broadcasting
    broadcast_dynamic_shape: tf
    broadcast_static_shape: tf
    broadcast_to: tf
    tile: tf
ops.array.casting
    bitcast: tf
    cast: tf dtypes
    saturate_cast: tf dtypes
    to_bfloat16: tf
    to_complex128: tf
    to_complex64: tf
    to_double: tf
    to_float: tf
    to_int32: tf
    to_int64: tf
ops.array.constant
    constant: tf
ops.array.diagonals
    diag: tf linalg.tensor_diag
    diag_part: tf linalg.tensor_diag_part
    eye: tf linalg
    matrix_band_part: tf linalg.band_part
    matrix_diag: tf linalg.diag
    matrix_diag_part: tf linalg.diag_part
    matrix_set_diag: tf linalg.set_diag
ops.array.filling
    fill: tf
    ones: tf
    ones_like: tf
    range: tf
    zeros: tf
    zeros_like: tf
ops.array.identity
    guarantee_const: tf
    identity: tf
    identity_n: tf
    no_op: tf
    stop_gradient: tf
ops.array.indexing
    batch_gather: tf
    boolean_mask: tf
    gather: tf
    slice: tf
ops.array.joining
    concat: tf
    parallel_stack: tf
    split: tf
    stack: tf
    unstack: tf
ops.array.padding
    pad: tf
ops.array.partitioning
    dynamic_partition: tf
    dynamic_stitch: tf
ops.array.placeholder
    placeholder: tf
    placeholder_with_default: tf
ops.array.scattering
    gather_nd: tf
    scatter_nd: tf
    tensor_scatter_add: tf
    tensor_scatter_sub: tf
    tensor_scatter_update: tf
ops.array.search
    arg_max: tf
    arg_min: tf
    argmax: tf math
    argmin: tf math
    argsort: tf
    in_top_k: math nn
    searchsorted: tf
    sort: tf
    top_k: math nn
ops.array.sequences
    linspace: tf tf.lin_space
    meshgrid: tf
    one_hot: tf
    sequence_mask: tf
ops.array.shapes
    expand_dims: tf
    rank: tf
    reshape: tf
    shape: tf
    shape_n: tf
    size: tf
    squeeze: tf
ops.array.slicing
    newaxis: tf
    strided_slice: tf
ops.array.transposing
    matrix_transpose: tf linalg.transpose
    transpose: tf
ops.control_flow.case
    case: tf
ops.control_flow.checks
    Assert: tf debugging
    check_numerics: tf debugging
    ensure_shape: tf
    verify_tensor_all_finite: tf
ops.control_flow.cond
    cond: tf
ops.control_flow.dependencies
    group: tf
    tuple: tf
ops.control_flow.functional
    foldl: tf
    foldr: tf
    map_fn: tf
    scan: tf
ops.control_flow.tensor_array
    TensorArray: tf
ops.control_flow.while_loop
    while_loop: tf
ops.debug.assertions
    assert_equal: tf debugging
    assert_greater: tf debugging
    assert_greater_equal: tf debugging
    assert_less: tf debugging
    assert_less_equal: tf debugging
    assert_negative: tf debugging
    assert_non_negative: tf debugging
    assert_non_positive: tf debugging
    assert_none_equal: tf debugging
    assert_positive: tf debugging
ops.debug.assertions_of_kind
    assert_integer: tf debugging
    assert_near: tf debugging
    assert_rank: tf debugging
    assert_rank_at_least: tf debugging
    assert_rank_in: debugging
    assert_scalar: tf debugging
    assert_type: tf debugging
    is_numeric_tensor: tf debugging
ops.debug.monotonic
    is_non_decreasing: tf math
    is_strictly_increasing: tf math
ops.debug.printing
    Print: tf
ops.host.functions
    numpy_node: tf
    py_func: tf
"""
