"""`tf.sparse`: sparse tensors, under the names that need no prefix."""

from pantarhei.graph.sparse_tensor import SparseTensor
from pantarhei.ops.sparse.arithmetic import sparse_add as add
from pantarhei.ops.sparse.arithmetic import sparse_maximum as maximum
from pantarhei.ops.sparse.arithmetic import sparse_minimum as minimum
from pantarhei.ops.sparse.arranging import sparse_expand_dims as expand_dims
from pantarhei.ops.sparse.arranging import sparse_reorder as reorder
from pantarhei.ops.sparse.arranging import sparse_reset_shape as reset_shape
from pantarhei.ops.sparse.arranging import sparse_reshape as reshape
from pantarhei.ops.sparse.arranging import sparse_transpose as transpose
from pantarhei.ops.sparse.contractions import sparse_softmax as softmax
from pantarhei.ops.sparse.contractions import sparse_tensor_dense_matmul as matmul
from pantarhei.ops.sparse.contractions import sparse_tensor_dense_matmul as sparse_dense_matmul
from pantarhei.ops.sparse.empty_rows import sparse_fill_empty_rows as fill_empty_rows
from pantarhei.ops.sparse.indicators import sparse_merge as merge
from pantarhei.ops.sparse.indicators import sparse_to_indicator as to_indicator
from pantarhei.ops.sparse.parts import sparse_concat as concat
from pantarhei.ops.sparse.parts import sparse_retain as retain
from pantarhei.ops.sparse.parts import sparse_slice as slice
from pantarhei.ops.sparse.parts import sparse_split as split
from pantarhei.ops.sparse.reductions import sparse_reduce_max as reduce_max
from pantarhei.ops.sparse.reductions import sparse_reduce_max_sparse as reduce_max_sparse
from pantarhei.ops.sparse.reductions import sparse_reduce_sum as reduce_sum
from pantarhei.ops.sparse.reductions import sparse_reduce_sum_sparse as reduce_sum_sparse
from pantarhei.ops.sparse.segments import sparse_segment_mean as segment_mean
from pantarhei.ops.sparse.segments import sparse_segment_sqrt_n as segment_sqrt_n
from pantarhei.ops.sparse.segments import sparse_segment_sum as segment_sum
from pantarhei.ops.sparse.tensors import from_dense
from pantarhei.ops.sparse.tensors import sparse_eye as eye
from pantarhei.ops.sparse.tensors import sparse_placeholder as placeholder
from pantarhei.ops.sparse.tensors import sparse_tensor_to_dense as to_dense

__all__ = [
    "SparseTensor",
    "add",
    "concat",
    "expand_dims",
    "eye",
    "fill_empty_rows",
    "from_dense",
    "matmul",
    "maximum",
    "merge",
    "minimum",
    "placeholder",
    "reduce_max",
    "reduce_max_sparse",
    "reduce_sum",
    "reduce_sum_sparse",
    "reorder",
    "reset_shape",
    "reshape",
    "retain",
    "segment_mean",
    "segment_sqrt_n",
    "segment_sum",
    "slice",
    "softmax",
    "sparse_dense_matmul",
    "split",
    "to_dense",
    "to_indicator",
    "transpose",
]
