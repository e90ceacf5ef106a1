"""Pantarhei: describe a computation as a graph, differentiate it, run it in a session.

    import pantarhei as tf

The names and meanings are TensorFlow 1.15's. Each block below takes the public names of one module;
`tf.train` and its like are imported when they are first used, so that a program waits only for what
it needs.
"""

from typing import TYPE_CHECKING

from pantarhei import late_names as _late_names
from pantarhei.autodiff.custom_gradient import custom_gradient
from pantarhei.autodiff.gradients import AggregationMethod, UnconnectedGradients, gradients
from pantarhei.autodiff.hessians import hessians
from pantarhei.autodiff.registry import RegisterGradient, no_gradient
from pantarhei.core import errors, version
from pantarhei.core.dtypes import (
    DType,
    as_dtype,
    bfloat16,
    bool,
    complex64,
    complex128,
    double,
    float16,
    float32,
    float64,
    half,
    int8,
    int16,
    int32,
    int64,
    qint8,
    qint16,
    qint32,
    quint8,
    quint16,
    resource,
    string,
    uint8,
    uint16,
    uint32,
    uint64,
    variant,
)
from pantarhei.core.shapes import Dimension, TensorShape, dimension_at_index, dimension_value
from pantarhei.core.version import VERSION
from pantarhei.files.graphs import graph_def as _graphdef
from pantarhei.graph.convert import convert_to_tensor, register_tensor_conversion_function
from pantarhei.graph.default_graph import get_default_graph, reset_default_graph
from pantarhei.graph.devices import DeviceSpec
from pantarhei.graph.graph import Graph
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.keys import GraphKeys
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import (
    add_to_collection,
    add_to_collections,
    colocate_with,
    container,
    control_dependencies,
    device,
    get_collection,
    get_collection_ref,
    name_scope,
    op_scope,
    set_random_seed,
)
from pantarhei.graph.stacks import get_default_session
from pantarhei.ops import older_types as _older_types
from pantarhei.ops import operators as _operators
from pantarhei.ops.array.arranging import reverse, reverse_sequence, roll
from pantarhei.ops.array.blocks import (
    batch_to_space,
    batch_to_space_nd,
    depth_to_space,
    space_to_batch,
    space_to_batch_nd,
    space_to_depth,
)
from pantarhei.ops.array.broadcasting import (
    broadcast_dynamic_shape,
    broadcast_static_shape,
    broadcast_to,
    tile,
)
from pantarhei.ops.array.casting import (
    bitcast,
    cast,
    saturate_cast,
    to_bfloat16,
    to_complex64,
    to_complex128,
    to_double,
    to_float,
    to_int32,
    to_int64,
)
from pantarhei.ops.array.constant import constant
from pantarhei.ops.array.diagonals import (
    diag,
    diag_part,
    eye,
    matrix_band_part,
    matrix_diag,
    matrix_diag_part,
    matrix_set_diag,
)
from pantarhei.ops.array.filling import fill, ones, ones_like, range, zeros, zeros_like
from pantarhei.ops.array.identity import guarantee_const, identity, identity_n, no_op, stop_gradient
from pantarhei.ops.array.indexing import batch_gather, boolean_mask, gather, slice
from pantarhei.ops.array.joining import concat, parallel_stack, stack
from pantarhei.ops.array.padding import pad, required_space_to_batch_paddings
from pantarhei.ops.array.partitioning import dynamic_partition, dynamic_stitch
from pantarhei.ops.array.placeholder import placeholder, placeholder_with_default
from pantarhei.ops.array.scattering import (
    gather_nd,
    scatter_nd,
    tensor_scatter_add,
    tensor_scatter_sub,
    tensor_scatter_update,
)
from pantarhei.ops.array.sequences import linspace, meshgrid, one_hot, sequence_mask
from pantarhei.ops.array.sequences import linspace as lin_space
from pantarhei.ops.array.shapes import expand_dims, rank, reshape, shape, shape_n, size, squeeze
from pantarhei.ops.array.slicing import newaxis, strided_slice
from pantarhei.ops.array.splitting import split, unstack
from pantarhei.ops.array.transposing import matrix_transpose, transpose
from pantarhei.ops.control_flow import loop_operations as _loops
from pantarhei.ops.control_flow import stacks as _stacks
from pantarhei.ops.control_flow import tensor_array_types as _tensor_array_types
from pantarhei.ops.control_flow.case import case
from pantarhei.ops.control_flow.checks import (
    Assert,
    check_numerics,
    ensure_shape,
    verify_tensor_all_finite,
)
from pantarhei.ops.control_flow.cond import cond
from pantarhei.ops.control_flow.dependencies import group, tuple
from pantarhei.ops.control_flow.functional import foldl, foldr, map_fn, scan
from pantarhei.ops.control_flow.tensor_array import TensorArray
from pantarhei.ops.control_flow.while_loop import while_loop
from pantarhei.ops.debug.assertions import (
    assert_equal,
    assert_greater,
    assert_greater_equal,
    assert_less,
    assert_less_equal,
    assert_negative,
    assert_non_negative,
    assert_non_positive,
    assert_none_equal,
    assert_positive,
)
from pantarhei.ops.debug.assertions_of_kind import (
    assert_integer,
    assert_near,
    assert_rank,
    assert_rank_at_least,
    assert_scalar,
    assert_type,
    is_numeric_tensor,
)
from pantarhei.ops.debug.monotonic import is_non_decreasing, is_strictly_increasing
from pantarhei.ops.debug.printing import Print
from pantarhei.ops.evaluation.confusion import confusion_matrix
from pantarhei.ops.host.functions import numpy_node, py_func
from pantarhei.ops.linalg.contractions import einsum, tensordot
from pantarhei.ops.linalg.decompositions import qr, self_adjoint_eig, self_adjoint_eigvals, svd
from pantarhei.ops.linalg.matrices import cross, matmul, trace
from pantarhei.ops.linalg.norms import norm
from pantarhei.ops.linalg.solving import (
    cholesky,
    cholesky_solve,
    matrix_determinant,
    matrix_inverse,
    matrix_solve,
    matrix_triangular_solve,
)
from pantarhei.ops.math import unary_gradients as _unary_gradients
from pantarhei.ops.math.binary import (
    accumulate_n,
    add,
    add_n,
    atan2,
    maximum,
    minimum,
    multiply,
    pow,
    scalar_mul,
    squared_difference,
    subtract,
)
from pantarhei.ops.math.clip import (
    clip_by_average_norm,
    clip_by_global_norm,
    clip_by_norm,
    clip_by_value,
    global_norm,
)
from pantarhei.ops.math.comparison import (
    equal,
    greater,
    greater_equal,
    is_finite,
    is_inf,
    is_nan,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    not_equal,
    where,
    where_v2,
)
from pantarhei.ops.math.complex_numbers import angle, complex, imag, real
from pantarhei.ops.math.division import (
    div,
    div_no_nan,
    divide,
    floor_div,
    floordiv,
    floormod,
    mod,
    realdiv,
    truediv,
    truncatediv,
    truncatemod,
)
from pantarhei.ops.math.reductions import (
    reduce_all,
    reduce_any,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from pantarhei.ops.math.rounding import ceil, floor, rint, round
from pantarhei.ops.math.scans import cumprod, cumsum
from pantarhei.ops.math.segments import (
    segment_max,
    segment_mean,
    segment_min,
    segment_prod,
    segment_sum,
)
from pantarhei.ops.math.special_functions import (
    betainc,
    digamma,
    erf,
    erfc,
    igamma,
    igammac,
    lbeta,
    lgamma,
    polygamma,
    zeta,
)
from pantarhei.ops.math.statistics import count_nonzero, reduce_logsumexp
from pantarhei.ops.math.trigonometry import (
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atanh,
    cos,
    cosh,
    sin,
    sinh,
    tan,
)
from pantarhei.ops.math.unary import (
    abs,
    conj,
    exp,
    expm1,
    log,
    log1p,
    log_sigmoid,
    negative,
    reciprocal,
    rsqrt,
    sigmoid,
    sign,
    sqrt,
    square,
    tanh,
)
from pantarhei.ops.math.unsorted_segments import (
    unsorted_segment_max,
    unsorted_segment_mean,
    unsorted_segment_min,
    unsorted_segment_prod,
    unsorted_segment_sqrt_n,
    unsorted_segment_sum,
)
from pantarhei.ops.nn.patches import extract_image_patches
from pantarhei.ops.parsing.decoding import decode_csv, decode_raw
from pantarhei.ops.parsing.example_features import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    SparseFeature,
    VarLenFeature,
)
from pantarhei.ops.parsing.examples import parse_example, parse_single_example
from pantarhei.ops.parsing.sequence_examples import parse_single_sequence_example
from pantarhei.ops.random.distributions import multinomial, random_gamma, random_poisson
from pantarhei.ops.random.stateful import (
    get_seed,
    random_crop,
    random_normal,
    random_shuffle,
    random_uniform,
    truncated_normal,
)
from pantarhei.ops.search.distinct import (
    bincount,
    invert_permutation,
    setdiff1d,
    unique,
    unique_with_counts,
)
from pantarhei.ops.search.extrema import arg_max, arg_min, argmax, argmin
from pantarhei.ops.search.sorting import argsort, searchsorted, sort
from pantarhei.ops.state.reference import (
    assign,
    assign_add,
    assign_sub,
    count_up_to,
    is_variable_initialized,
)
from pantarhei.ops.state.scatter_nd_updates import (
    batch_scatter_update,
    scatter_nd_add,
    scatter_nd_sub,
    scatter_nd_update,
)
from pantarhei.ops.state.scatter_updates import (
    scatter_add,
    scatter_div,
    scatter_max,
    scatter_min,
    scatter_mul,
    scatter_sub,
    scatter_update,
)
from pantarhei.ops.strings.formatting import print_v2 as print
from pantarhei.sparse_names import *  # noqa: F403  # they would be thirty lines
from pantarhei.text_names import *  # noqa: F403  # and so would these be fifteen
from pantarhei.variables.collections import (
    all_variables,
    assert_variables_initialized,
    global_variables,
    global_variables_initializer,
    initialize_all_variables,
    initialize_local_variables,
    initialize_variables,
    local_variables,
    local_variables_initializer,
    model_variables,
    moving_average_variables,
    report_uninitialized_variables,
    trainable_variables,
    variables_initializer,
)
from pantarhei.variables.creation import (
    disable_resource_variables,
    enable_resource_variables,
    resource_variables_enabled,
    variable_creator_scope,
)
from pantarhei.variables.initializers import Constant as constant_initializer
from pantarhei.variables.initializers import GlorotNormal as glorot_normal_initializer
from pantarhei.variables.initializers import GlorotUniform as glorot_uniform_initializer
from pantarhei.variables.initializers import Ones as ones_initializer
from pantarhei.variables.initializers import RandomNormal as random_normal_initializer
from pantarhei.variables.initializers import RandomUniform as random_uniform_initializer
from pantarhei.variables.initializers import TruncatedNormal as truncated_normal_initializer
from pantarhei.variables.initializers import UniformUnitScaling as uniform_unit_scaling_initializer
from pantarhei.variables.initializers import VarianceScaling as variance_scaling_initializer
from pantarhei.variables.initializers import Zeros as zeros_initializer
from pantarhei.variables.matrix_initializers import Orthogonal as orthogonal_initializer
from pantarhei.variables.modes import AUTO_REUSE, VariableAggregation, VariableSynchronization
from pantarhei.variables.partitions import (
    fixed_size_partitioner,
    min_max_variable_partitioner,
    variable_axis_size_partitioner,
)
from pantarhei.variables.scope import (
    VariableScope,
    get_variable_scope,
    variable_op_scope,
    variable_scope,
)
from pantarhei.variables.store import (
    create_partitioned_variables,
    get_local_variable,
    get_variable,
    no_regularizer,
)
from pantarhei.variables.template import make_template
from pantarhei.variables.variable import Variable

if TYPE_CHECKING:
    from pantarhei import (
        bitwise,
        compat,
        debugging,
        dtypes,
        graph_util,
        initializers,
        io,
        layers,
        linalg,
        losses,
        math,
        nn,
        random,
        sparse,
        strings,
        summary,
        train,
    )
    from pantarhei.files import gfile, python_io, saved_model
    from pantarhei.files.graphs.importing import import_graph_def
    from pantarhei.platform import app, flags, logging
    from pantarhei.platform.logging import get_logger
    from pantarhei.runtime.config import (
        ConfigProto,
        GPUOptions,
        GraphOptions,
        OptimizerOptions,
        RunOptions,
    )
    from pantarhei.runtime.session import InteractiveSession, Session


def __getattr__(name: str) -> object:
    """A name that is imported when it is first used."""
    return _late_names.public_name(__name__, globals(), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_late_names.MODULES, *_late_names.OF_MODULES})


NoGradient = NotDifferentiable = no_gradient

__version__ = VERSION
