"""The names of sparse tensors in `tf` itself: classes, and functions with the prefix `sparse_`."""

from pantarhei.graph.sparse_tensor import SparseTensor, SparseTensorValue
from pantarhei.ops.sparse.arithmetic import sparse_add, sparse_maximum, sparse_minimum
from pantarhei.ops.sparse.arranging import (
    sparse_reorder,
    sparse_reset_shape,
    sparse_reshape,
    sparse_transpose,
)
from pantarhei.ops.sparse.contractions import sparse_softmax, sparse_tensor_dense_matmul
from pantarhei.ops.sparse.empty_rows import sparse_fill_empty_rows
from pantarhei.ops.sparse.indicators import sparse_merge, sparse_to_indicator
from pantarhei.ops.sparse.parts import sparse_concat, sparse_retain, sparse_slice, sparse_split
from pantarhei.ops.sparse.reductions import (
    sparse_reduce_max,
    sparse_reduce_max_sparse,
    sparse_reduce_sum,
    sparse_reduce_sum_sparse,
)
from pantarhei.ops.sparse.segments import (
    sparse_segment_mean,
    sparse_segment_sqrt_n,
    sparse_segment_sum,
)
from pantarhei.ops.sparse.tensors import (
    convert_to_tensor_or_sparse_tensor,
    sparse_placeholder,
    sparse_tensor_to_dense,
    sparse_to_dense,
)

__all__ = [
    "SparseTensor",
    "SparseTensorValue",
    "convert_to_tensor_or_sparse_tensor",
    "sparse_add",
    "sparse_concat",
    "sparse_fill_empty_rows",
    "sparse_maximum",
    "sparse_merge",
    "sparse_minimum",
    "sparse_placeholder",
    "sparse_reduce_max",
    "sparse_reduce_max_sparse",
    "sparse_reduce_sum",
    "sparse_reduce_sum_sparse",
    "sparse_reorder",
    "sparse_reset_shape",
    "sparse_reshape",
    "sparse_retain",
    "sparse_segment_mean",
    "sparse_segment_sqrt_n",
    "sparse_segment_sum",
    "sparse_slice",
    "sparse_softmax",
    "sparse_split",
    "sparse_tensor_dense_matmul",
    "sparse_tensor_to_dense",
    "sparse_to_dense",
    "sparse_to_indicator",
    "sparse_transpose",
]
